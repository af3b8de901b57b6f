package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// chore is work that nobody waits for. Each does a little at a time, so that it
// never holds the database for long.
type chore struct {
	name  string
	every time.Duration
	work  func(ctx context.Context) error
}

// chores lists what a running service does beside answering.
func (s *service) chores() []chore {
	return []chore{
		{name: "forget idle rate windows", every: time.Minute, work: func(context.Context) error {
			s.local.Sweep()
			return nil
		}},
		{name: "remove idempotency keys past their 24 hours", every: 5 * time.Minute, work: func(ctx context.Context) error {
			return inSteps(func() (int64, error) { return s.books.SweepReplays(ctx, sweepStep) })
		}},
	}
}

// sweepStep is how many rows one transaction of a chore removes.
const sweepStep = 1000

// inSteps repeats a step that removes up to sweepStep rows until one finds fewer.
func inSteps(step func() (removed int64, err error)) error {
	for {
		if removed, err := step(); err != nil || removed < sweepStep {
			return err
		}
	}
}

// keepHouse does each chore at its interval until ctx ends, and returns when the
// last has stopped. A chore that fails is logged and tried again at its next turn.
func keepHouse(ctx context.Context, log *slog.Logger, list []chore) {
	var working sync.WaitGroup
	for _, c := range list {
		working.Go(func() {
			ticker := time.NewTicker(c.every)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
				if err := c.work(ctx); err != nil && ctx.Err() == nil {
					log.WarnContext(ctx, "a chore failed and will be tried again", "chore", c.name, "error", err)
				}
			}
		})
	}
	working.Wait()
}
