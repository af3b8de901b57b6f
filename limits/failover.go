package limits

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	// patience is how long a request waits for the shared counter. It leaves room for the local decision within the 50 ms
	// that a request may lose when the shared counter goes away.
	patience = 25 * time.Millisecond

	// connecting is how long a probe waits for the first answer after an absence, which may need a connection.
	connecting = time.Second

	// While the shared counter is away it is probed at intervals that double from the first to the last.
	firstProbe, lastProbe = 100 * time.Millisecond, 2 * time.Second

	// calm is how long the shared counter has to answer before its next absence starts with short intervals again.
	calm = time.Minute
)

// Failover is a Counter that counts with all instances together as long as the shared counter answers, and in this process
// alone while it does not. Its callers never see an error. The first call that fails, or gets no answer within 25 ms, is
// decided locally like all that follow; none of them waits or tries. A probe in the background returns to the shared
// counter within about two seconds of its return.
//
// What this instance lets through is counted locally all the time, and a call needs room in both windows: it takes its place
// in the local one first and gives it back if the shared counter refuses. So whatever the shared counter loses or misses,
// one instance never lets a subject pass more often than its limit.
type Failover struct {
	shared Counter
	local  *Local
	log    *slog.Logger

	away atomic.Bool
	lost chan struct{} // signals watch that away was set; room for one
	stop context.CancelFunc
	done chan struct{}
}

var _ Counter = (*Failover)(nil)

// StartFailover probes the shared counter once and starts the goroutine that probes it while it is away; Close ends that.
// Each absence is logged in one warning when it begins, and its end in one line of information.
func StartFailover(shared Counter, local *Local, log *slog.Logger) *Failover {
	ctx, stop := context.WithCancel(context.Background())
	f := &Failover{shared: shared, local: local, log: log, lost: make(chan struct{}, 1), stop: stop, done: make(chan struct{})}
	if err := f.probe(ctx); err != nil {
		f.lose(err)
	}
	go f.watch(ctx)
	return f
}

// Close ends the probing and waits for it. The counter goes on answering, but once it counts locally it stays so.
func (f *Failover) Close() {
	f.stop()
	<-f.done
}

// Mode is ModeShared or ModeDegraded.
func (f *Failover) Mode() Mode {
	if f.away.Load() {
		return ModeDegraded
	}
	return ModeShared
}

// Hit implements Counter; the error is always nil. Whatever the deadline of ctx, it returns within 50 ms.
func (f *Failover) Hit(ctx context.Context, s Subject, limit int64) (Decision, error) {
	local, second := f.local.hit(s, limit)
	if !local.Allowed || f.away.Load() {
		return local, nil
	}
	d, err := ask(context.WithoutCancel(ctx), patience, f.shared.Hit, s, limit)
	if err != nil {
		f.lose(err)
		return local, nil
	}
	if !d.Allowed {
		f.local.giveBack(s, second)
		return d, nil
	}
	return both(d, local), nil
}

// Peek implements Counter; the error is always nil. Whatever the deadline of ctx, it returns within 50 ms.
func (f *Failover) Peek(ctx context.Context, s Subject, limit int64) (Decision, error) {
	local, _ := f.local.Peek(ctx, s, limit)
	if f.away.Load() || !local.Allowed {
		return local, nil
	}
	d, err := ask(context.WithoutCancel(ctx), patience, f.shared.Peek, s, limit)
	if err != nil {
		f.lose(err)
		return local, nil
	}
	return both(d, local), nil
}

// both is the decision of two windows that must both have room.
func both(a, b Decision) Decision {
	return Decision{
		Allowed:      a.Allowed && b.Allowed,
		Limit:        a.Limit,
		Remaining:    min(a.Remaining, b.Remaining),
		ResetSeconds: max(a.ResetSeconds, b.ResetSeconds),
	}
}

// ask calls the shared counter once. A request calls without its own deadline: one that is given up must not appear as a
// counter that is away.
func ask(ctx context.Context, patience time.Duration, question question, s Subject, limit int64) (Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return question(ctx, s, limit)
}

type question func(ctx context.Context, s Subject, limit int64) (Decision, error)

// probe calls twice: the first answer may take the time of a connection, the second has to come as fast as a request needs it.
// It hits, on a subject of its own, because a server that answers but cannot write must not pass.
func (f *Failover) probe(ctx context.Context) error {
	const plenty = 1_000_000
	for _, patience := range []time.Duration{connecting, patience} {
		if _, err := ask(ctx, patience, f.shared.Hit, Subject{}, plenty); err != nil {
			return err
		}
	}
	return nil
}

// lose switches to local counting and says so, once for each absence.
func (f *Failover) lose(err error) {
	if f.away.CompareAndSwap(false, true) {
		f.log.Warn("rate limits: the shared counter is away, this instance counts by itself until it answers again", "error", err)
		f.lost <- struct{}{}
	}
}

func (f *Failover) watch(ctx context.Context) {
	defer close(f.done)
	var (
		wait     time.Duration
		returned time.Time
	)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.lost:
		}
		left := f.local.now()
		if left.Sub(returned) > calm {
			wait = firstProbe / 2
		}
		for {
			wait = min(2*wait, lastProbe)
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if f.probe(ctx) == nil {
				break
			}
		}
		returned = f.local.now()
		f.log.Info("rate limits: the shared counter answers again", "away", returned.Sub(left).Round(time.Millisecond))
		f.away.Store(false)
	}
}
