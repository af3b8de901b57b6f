package limits_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"codexible/limits"
	"codexible/limits/limitstest"
)

// A remote is a shared counter that can be taken away: it then fails at once or hangs until its caller gives up.
type remote struct {
	limits.Counter
	state atomic.Int32
	calls atomic.Int64
}

const (
	answering = iota
	failing
	hanging
)

func (r *remote) Hit(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	if err := r.reach(ctx); err != nil {
		return limits.Decision{}, err
	}
	return r.Counter.Hit(ctx, s, limit)
}

func (r *remote) Peek(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	if err := r.reach(ctx); err != nil {
		return limits.Decision{}, err
	}
	return r.Counter.Peek(ctx, s, limit)
}

func (r *remote) reach(ctx context.Context) error {
	r.calls.Add(1)
	switch r.state.Load() {
	case failing:
		return errors.New("connection refused")
	case hanging:
		<-ctx.Done()
		return ctx.Err()
	default:
		return nil
	}
}

// A journal is a log that several goroutines write.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) count(s string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.buf.String(), s)
}

func startFailover(t *testing.T) (*limits.Failover, *remote, *journal) {
	shared, log := &remote{Counter: limits.NewLocal(time.Now)}, new(journal)
	f := limits.StartFailover(shared, limits.NewLocal(time.Now), slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(f.Close)
	return f, shared, log
}

func TestFailoverKeepsThePromisesOfACounter(t *testing.T) {
	limitstest.Run(t, func(t *testing.T) (limits.Counter, *limitstest.Clock) {
		clock := limitstest.NewClock()
		f := limits.StartFailover(limits.NewLocal(clock.Now), limits.NewLocal(clock.Now), slog.New(slog.DiscardHandler))
		t.Cleanup(f.Close)
		return f, clock
	})
}

func TestCallsAreDecidedWithin50msOfTheFirstFailure(t *testing.T) {
	for name, state := range map[string]int32{"failing": failing, "hanging": hanging} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, shared, _ := startFailover(t)
				shared.state.Store(state)
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						began := time.Now()
						if !pass(t, f, numbered(1), 1_000) {
							t.Error("refused a call that had room")
						}
						if took := time.Since(began); took >= 50*time.Millisecond {
							t.Errorf("decided after %v", took)
						}
					})
				}
				wg.Wait()
				if f.Mode() != limits.ModeDegraded {
					t.Errorf("mode %q", f.Mode())
				}
			})
		})
	}
}

func TestNoCallTriesTheSharedCounterWhileItIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, _ := startFailover(t)
		shared.state.Store(hanging)
		pass(t, f, numbered(1), 1_000)
		calls, began := shared.calls.Load(), time.Now()
		for n := range 1_000 {
			pass(t, f, numbered(n), 1_000)
			if _, err := f.Peek(t.Context(), numbered(n), 1_000); err != nil {
				t.Fatal(err)
			}
		}
		if more := shared.calls.Load() - calls; more != 0 {
			t.Errorf("%d calls went to the shared counter", more)
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the calls waited for %v", waited)
		}
	})
}

func TestPeekSurvivesTheLossOfTheSharedCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, _ := startFailover(t)
		pass(t, f, numbered(1), 5)
		shared.state.Store(failing)
		d, err := f.Peek(t.Context(), numbered(1), 5)
		if want := (limits.Decision{Allowed: true, Limit: 5, Remaining: 4}); err != nil || d != want {
			t.Errorf("got %+v, %v, want %+v", d, err, want)
		}
		if f.Mode() != limits.ModeDegraded {
			t.Errorf("mode %q", f.Mode())
		}
	})
}

func TestEachAbsenceIsOneWarningAndEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, log := startFailover(t)
		if f.Mode() != limits.ModeShared {
			t.Fatalf("mode %q before anything failed", f.Mode())
		}
		for absence := 1; absence <= 3; absence++ {
			shared.state.Store(failing)
			for range 50 {
				pass(t, f, limitstest.NewSubject(), 5)
			}
			time.Sleep(time.Hour) // of the bubble's time
			if f.Mode() != limits.ModeDegraded {
				t.Fatalf("mode %q while away", f.Mode())
			}
			shared.state.Store(answering)
			time.Sleep(3 * time.Second)
			if f.Mode() != limits.ModeShared {
				t.Fatalf("mode %q three seconds after the return", f.Mode())
			}
			if got := log.count("level=WARN"); got != absence {
				t.Errorf("%d warnings after %d absences", got, absence)
			}
			if got := log.count("level=INFO"); got != absence {
				t.Errorf("%d returns logged after %d absences", got, absence)
			}
		}
	})
}

func TestACounterThatFlapsIsProbedAtGrowingIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, log := startFailover(t)
		shared.state.Store(failing)
		for range 600 { // a minute of calls, with a server that answers only the probes
			pass(t, f, limitstest.NewSubject(), 5)
			shared.state.Store(answering)
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			shared.state.Store(failing)
		}
		if got := log.count("level=WARN"); got > 40 {
			t.Errorf("%d warnings in a minute", got)
		}
	})
}

func TestAServiceThatStartsAloneJoinsTheOthersLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared, log := &remote{Counter: limits.NewLocal(time.Now)}, new(journal)
		shared.state.Store(failing)
		f := limits.StartFailover(shared, limits.NewLocal(time.Now), slog.New(slog.NewTextHandler(log, nil)))
		defer f.Close()
		if f.Mode() != limits.ModeDegraded || log.count("level=WARN") != 1 {
			t.Errorf("mode %q with %d warnings", f.Mode(), log.count("level=WARN"))
		}
		shared.state.Store(answering)
		time.Sleep(3 * time.Second)
		if f.Mode() != limits.ModeShared {
			t.Errorf("mode %q after the server came", f.Mode())
		}
	})
}

func TestOneInstanceNeverExceedsTheLimitAcrossAnAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, _ := startFailover(t)
		s, passed := numbered(1), 0
		burst := func() {
			for range 10 {
				if pass(t, f, s, 12) {
					passed++
				}
			}
		}
		burst()
		shared.state.Store(failing)
		burst()
		shared.Counter = limits.NewLocal(time.Now) // it comes back empty
		shared.state.Store(answering)
		time.Sleep(3 * time.Second)
		if d, _ := f.Hit(t.Context(), numbered(2), 12); d.Remaining != 11 {
			t.Errorf("a subject that did not call has %d places left", d.Remaining)
		}
		if d, _ := f.Hit(t.Context(), s, 13); !d.Allowed || d.Remaining != 0 || d.ResetSeconds == 0 {
			t.Errorf("the last place of this instance: %+v", d)
		}
		if d, _ := f.Peek(t.Context(), s, 14); !d.Allowed || d.Remaining != 1 {
			t.Errorf("one more than this instance has let through: %+v", d)
		}
		burst()
		if f.Mode() != limits.ModeShared || passed != 12 {
			t.Errorf("%d calls passed in mode %q, limit 12", passed, f.Mode())
		}
	})
}

func TestWhatOtherInstancesLetThroughCountsHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, _ := startFailover(t)
		for range 4 {
			pass(t, shared.Counter, numbered(1), 5)
		}
		d, err := f.Hit(t.Context(), numbered(1), 5)
		if want := (limits.Decision{Allowed: true, Limit: 5, ResetSeconds: 60}); err != nil || d != want {
			t.Errorf("got %+v, %v, want %+v", d, err, want)
		}
		if pass(t, f, numbered(1), 5) {
			t.Error("the sixth call of all instances passed")
		}
	})
}

func TestRefusedCallsLeaveNoTraceInThisInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shared, _ := startFailover(t)
		for range 5 {
			pass(t, shared.Counter, numbered(1), 5)
		}
		for range 5 {
			if pass(t, f, numbered(1), 5) {
				t.Error("a call over the limit of all instances passed")
			}
		}
		shared.state.Store(failing)
		d, _ := f.Peek(t.Context(), numbered(1), 5)
		if want := (limits.Decision{Allowed: true, Limit: 5, Remaining: 5}); d != want {
			t.Errorf("alone this instance says %+v, want %+v", d, want)
		}
	})
}

func TestARequestThatIsGivenUpDoesNotDegradeTheCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, log := startFailover(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if d, err := f.Hit(ctx, numbered(1), 5); err != nil || !d.Allowed {
			t.Errorf("got %+v, %v", d, err)
		}
		if f.Mode() != limits.ModeShared || log.count("level=WARN") != 0 {
			t.Errorf("mode %q with %d warnings", f.Mode(), log.count("level=WARN"))
		}
	})
}

func TestCloseEndsTheProbing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared := &remote{Counter: limits.NewLocal(time.Now)}
		shared.state.Store(failing)
		f := limits.StartFailover(shared, limits.NewLocal(time.Now), slog.New(slog.DiscardHandler))
		f.Close()
		calls := shared.calls.Load()
		time.Sleep(time.Hour)
		if more := shared.calls.Load() - calls; more != 0 {
			t.Errorf("%d probes after Close", more)
		}
		if !pass(t, f, numbered(1), 1) || pass(t, f, numbered(1), 1) {
			t.Error("a closed counter must go on deciding")
		}
	})
}
