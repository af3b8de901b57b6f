package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"codexible/keys"
	"codexible/store"
	"codexible/usage"
	"codexible/valkey"
)

// job is work that nobody waits for. Each does a little at a time, so that it
// never holds the database for long.
type job struct {
	name  string
	every time.Duration
	// atStart runs it at once too, atEnd once more when the service stops.
	atStart, atEnd bool
	work           func(ctx context.Context) error
}

// jobs lists everything that a running service does beside answering and
// listening to the change events of other instances.
func (s *service) jobs() []job {
	list := []job{
		{name: "write when keys were last used", every: keys.FlushInterval, work: func(ctx context.Context) error {
			_ = s.verifier.Flush(ctx) // what cannot be written is kept for the next turn, and while the database is away every turn fails
			return nil
		}},
		{name: "forget identities that nobody asks for", every: time.Minute, work: func(context.Context) error {
			s.verifier.Sweep()
			return nil
		}},
		{name: "record how many requests were refused", every: 10 * time.Second, atEnd: true, work: s.monitor.WriteRefusals},
		{name: "observe the service's health", every: time.Minute, atStart: true, work: s.monitor.Observe},
		{name: "sum up past days for the console", every: 5 * time.Minute, atStart: true, work: func(ctx context.Context) error {
			_, err := s.books.CloseDays(ctx)
			return err
		}},
		{name: "delete expired sessions", every: 5 * time.Minute, atStart: true, work: s.books.SweepSessions},
		{name: "forget idle rate windows", every: time.Minute, work: func(context.Context) error {
			s.local.Sweep()
			return nil
		}},
		{name: "remove idempotency keys past their 24 hours", every: 5 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.books.SweepReplays(ctx, sweepStep) })
		}},
		{name: "compare the schema with this version's", every: 30 * time.Second, work: s.schema.check},
		{name: "recount every total from the single charges", every: time.Minute, work: s.reconcileWhenDue},
	}
	if days := s.Config.UsageRetentionDays; days > 0 {
		list = append(list, job{name: "remove charges past their retention", every: time.Hour, work: func(ctx context.Context) error {
			return retain(ctx, s.books, days)
		}})
	}
	if s.shared != nil {
		list = append(list, job{name: "share settled totals with the other instances", every: valkey.ShareInterval, work: func(ctx context.Context) error {
			s.shared.Share(ctx)
			return nil
		}})
	}
	if s.certificate != nil {
		list = append(list, job{name: "look for a renewed certificate", every: certificateLook, work: func(ctx context.Context) error {
			s.certificate.refresh(ctx)
			return nil
		}})
	}
	if s.Config.BackupDir != "" {
		list = append(list, job{name: "make a scheduled backup when one is due", every: backupLook, work: s.backUp})
	}
	return list
}

// retain removes the single charges of the days that are more than so many days ago.
func retain(ctx context.Context, books *store.Store, days int) error {
	before := usage.DayOf(books.Now()).Add(-days)
	return inSteps(func() (int64, error) { return books.Retain(ctx, before, sweepStep) })
}

// reconcileInterval is how old the latest recount may be. The result is in the
// database, so of many instances one recounts, and a restart puts nothing off.
const reconcileInterval = 24 * time.Hour

// reconcileWhenDue recounts where nobody has for a day, and shows the latest result.
func (s *service) reconcileWhenDue(ctx context.Context) error {
	last, found, err := s.books.LastReconcile(ctx)
	if err != nil {
		return err
	}
	if found && s.books.Now().Sub(last.At) < reconcileInterval {
		s.reconciled.Set(float64(last.Differences))
		return nil
	}
	return s.reconcile(ctx)
}

// reconcile recounts the totals in the background. It has to find nothing.
func (s *service) reconcile(ctx context.Context) error {
	r, err := s.books.Reconcile(ctx)
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

// schemaState is what the last look at the live schema's history said.
type schemaState struct {
	database Database
	problem  atomic.Pointer[error]
}

// check looks whether every migration of this version is applied. A database
// that a newer version has migrated on is served all the same: during an update
// both run. That the database is away is not told here.
func (c *schemaState) check(ctx context.Context) error {
	return c.database.WithMigrator(func(m *store.Migrator) error {
		status, err := m.Status(ctx)
		if err != nil {
			return err
		}
		c.problem.Store(nil)
		for _, step := range status {
			if step.AppliedAt == nil {
				problem := fmt.Errorf("migration %s_%s was taken back", step.Version, step.Name)
				c.problem.Store(&problem)
				return problem
			}
		}
		return nil
	})
}

// state is what the last look said.
func (c *schemaState) state(context.Context) error {
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

// runJobs does each job at its interval until ctx ends, and returns when the
// last has stopped. A job that fails is logged and tried again at its next turn.
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

// lastTurn bounds the last turn of a job while the service stops.
const lastTurn = 5 * time.Second

// regularly does some work at an interval, for the first time after one, until ctx ends.
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
