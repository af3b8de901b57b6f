package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"codexible/keys"
	"codexible/store"
	"codexible/usage"
)

// job is a background job. Each turn does a little, so that it never holds the
// database for long.
type job struct {
	name  string
	every time.Duration
	// atStart also runs it at once, atEnd once more at shutdown.
	atStart, atEnd bool
	work           func(ctx context.Context) error
}

// jobs lists everything that the service does beside answering requests and
// following change events.
func (s *service) jobs() []job {
	list := []job{
		{name: "write when keys were last used", every: keys.FlushInterval, work: func(ctx context.Context) error {
			_ = s.verifier.Flush(ctx) // what cannot be written is kept for the next turn; while the database is unavailable every turn fails
			return nil
		}},
		{name: "drop unused identities from the cache", every: time.Minute, work: func(context.Context) error {
			s.verifier.Sweep()
			return nil
		}},
		{name: "record how many requests were refused", every: 10 * time.Second, atEnd: true, work: s.monitor.WriteRefusals},
		{name: "observe the service's health", every: time.Minute, atStart: true, work: s.monitor.Observe},
		{name: "store the totals of past days for the console", every: 5 * time.Minute, atStart: true, work: func(ctx context.Context) error {
			_, err := s.store.CloseDays(ctx)
			return err
		}},
		{name: "delete expired sessions", every: 5 * time.Minute, atStart: true, work: s.store.SweepSessions},
		{name: "drop idle rate windows", every: time.Minute, work: func(context.Context) error {
			s.local.Sweep()
			return nil
		}},
		{name: "remove idempotency keys past their 24 hours", every: 5 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.store.SweepReplays(ctx, sweepStep) })
		}},
		{name: "tell of keys that expire within 7 days", every: 5 * time.Minute, atStart: true, work: s.store.TellExpiring},
		{name: "remove events older than 30 days", every: 10 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.store.SweepEvents(ctx, sweepStep) })
		}},
		{name: "count charges in the totals", every: time.Second, work: s.store.CountTotals},
		{name: "renew the holds of open calls", every: renewInterval, work: s.gateway.Renew},
		{name: "end holds whose time has passed", every: expiryInterval, work: s.expireHolds},
		{name: "remove holds that ended 30 days ago", every: 5 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.store.SweepHolds(ctx, sweepStep) })
		}},
		{name: "give up deliveries of disabled webhooks, and mails while mail is off, after 3 days", every: 10 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.store.FailAbandoned(ctx, sweepStep) })
		}},
		{name: "forget mails that are no longer tried", every: time.Hour, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.store.SweepMailTurns(ctx, sweepStep) })
		}},
		{name: "compare the schema with this version's", every: 30 * time.Second, work: s.schema.check},
		{name: "recompute every total from the single charges", every: time.Minute, work: s.reconcileWhenDue},
	}
	if days := s.Config.UsageRetentionDays; days > 0 {
		list = append(list, job{name: "remove charges past their retention", every: time.Hour, work: func(ctx context.Context) error {
			return retain(ctx, s.store, days)
		}})
	}
	if days := s.Config.RequestLogRetentionDays; days > 0 {
		list = append(list, job{name: "remove requests past the retention of the log", every: 10 * time.Minute, work: func(ctx context.Context) error {
			return retainRequests(ctx, s.store, days)
		}})
	}
	if s.certificate != nil {
		list = append(list, job{name: "reload a renewed certificate", every: certificateCheckInterval, work: func(ctx context.Context) error {
			s.certificate.refresh(ctx)
			return nil
		}})
	}
	if s.Config.BackupDir != "" {
		list = append(list, job{name: "make a scheduled backup when one is due", every: backupCheckInterval, work: s.backUp})
	}
	return list
}

// retain removes the single charges that are more than this number of days old.
func retain(ctx context.Context, s *store.Store, days int) error {
	before := usage.DayOf(s.Now()).Add(-days)
	return inSteps(func() (int64, error) { return s.Retain(ctx, before, sweepStep) })
}

// retainRequests removes the requests that arrived more than this number of days ago.
func retainRequests(ctx context.Context, s *store.Store, days int) error {
	before := s.Now().AddDate(0, 0, -days)
	return inSteps(func() (int64, error) { return s.SweepRequests(ctx, before, sweepStep) })
}

// expiryInterval is how often due holds are looked for: they end within a second.
const expiryInterval = 500 * time.Millisecond

// expireHolds ends the holds whose deadline has passed. Several instances may do it
// at once: the ledger ends each hold once.
func (s *service) expireHolds(ctx context.Context) error {
	users, err := s.store.DueHolds(ctx, sweepStep)
	if err != nil {
		return err
	}
	var ending errgroup.Group
	ending.SetLimit(usage.MaxBatch)
	for _, user := range users {
		ending.Go(func() error { return s.holds.Expire(ctx, user) })
	}
	return ending.Wait()
}

// reconcileInterval is the time between two recounts. The result is in the
// database, so one of many instances recounts, and a restart delays nothing.
const reconcileInterval = 24 * time.Hour

// reconcileWhenDue recounts if the latest recount is a day old, and sets the metric.
func (s *service) reconcileWhenDue(ctx context.Context) error {
	last, found, err := s.store.LastReconcile(ctx)
	if err != nil {
		return err
	}
	if found && s.store.Now().Sub(last.At) < reconcileInterval {
		s.reconciled.Set(float64(last.Differences))
		return nil
	}
	return s.reconcile(ctx)
}

// reconcile recounts the totals and logs the differences.
func (s *service) reconcile(ctx context.Context) error {
	r, err := s.store.Reconcile(ctx)
	if err != nil {
		return err
	}
	s.reconciled.Set(float64(len(r.Differences)))
	if len(r.Differences) == 0 {
		s.Log.InfoContext(ctx, "every total agrees with the single charges", "charges", r.Charges, "days", r.Days, "days_gone", r.DaysGone)
		return nil
	}
	s.Log.ErrorContext(ctx, "totals differ from the single charges: `codexible usage reconcile` lists them all",
		"differences", len(r.Differences), "first", r.Differences[0].String())
	return nil
}

// schemaCheck keeps the result of the last check of the live schema's migrations.
type schemaCheck struct {
	database Database
	problem  atomic.Pointer[error]
}

// check checks that every migration of this version is applied. A database that a
// newer version has migrated further is accepted: during an update both run. An
// unavailable database leaves the last result as it is.
func (c *schemaCheck) check(ctx context.Context) error {
	return c.database.WithMigrator(func(m *store.Migrator) error {
		status, err := m.Status(ctx)
		if err != nil {
			return err
		}
		c.problem.Store(nil)
		for _, step := range status {
			if step.AppliedAt == nil {
				problem := fmt.Errorf("migration %s_%s was rolled back", step.Version, step.Name)
				c.problem.Store(&problem)
				return problem
			}
		}
		return nil
	})
}

// state returns the result of the last check.
func (c *schemaCheck) state(context.Context) error {
	if problem := c.problem.Load(); problem != nil {
		return *problem
	}
	return nil
}

// sweepStep is how many rows one transaction of a job removes.
const sweepStep = 1000

// inSteps repeats a step that removes up to sweepStep rows until one finds fewer.
func inSteps(step func() (removed int64, err error)) error {
	for {
		if removed, err := step(); err != nil || removed < sweepStep {
			return err
		}
	}
}

// runJobs runs each job at its interval until ctx ends, and returns when all have
// stopped. A job that fails is logged and runs again at its next turn.
func runJobs(ctx context.Context, log *slog.Logger, list []job) {
	var working sync.WaitGroup
	for _, j := range list {
		run := func(ctx context.Context) {
			if err := j.work(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "a background job failed and will be tried again", "job", j.name, "error", err)
			}
		}
		working.Go(func() {
			if j.atStart {
				run(ctx)
			}
			regularly(ctx, j.every, run)
			if j.atEnd {
				last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTurn)
				defer cancel()
				run(last)
			}
		})
	}
	working.Wait()
}

// lastTurn bounds a job's last turn at shutdown.
const lastTurn = 5 * time.Second

// regularly calls work at an interval until ctx ends, first after one interval.
func regularly(ctx context.Context, every time.Duration, work func(context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			work(ctx)
		}
	}
}
