package valkey

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"codexible/limits"
	"codexible/limits/limitstest"
)

// openCounter returns a counter that decides by the test's clock, which is the only thing about it that differs from the
// one that production uses: the script takes the second as an argument instead of asking the server.
func openCounter(t *testing.T) (limits.Counter, *limitstest.Clock) {
	c, clock := openTestServer(t).Counter(), limitstest.NewClock()
	c.now = clock.Now
	return c, clock
}

func TestCounterKeepsThePromisesOfACounter(t *testing.T) { limitstest.Run(t, openCounter) }

func TestCounterKeepsThePromisesWhenTheClockStepsBack(t *testing.T) {
	limitstest.RunWithStepsBack(t, openCounter)
}

func TestFailoverToTheCounterKeepsThePromisesOfACounter(t *testing.T) {
	limitstest.Run(t, func(t *testing.T) (limits.Counter, *limitstest.Clock) {
		c, clock := openCounter(t)
		f := limits.StartFailover(patient{c}, limits.NewLocal(clock.Now), slog.New(slog.DiscardHandler))
		t.Cleanup(f.Close)
		return f, clock
	})
}

// patient waits for its counter as long as it takes, so that a slow machine does not turn a test of decisions into one of speed.
type patient struct{ limits.Counter }

func (p patient) Hit(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	return p.Counter.Hit(context.WithoutCancel(ctx), s, limit)
}

func (p patient) Peek(ctx context.Context, s limits.Subject, limit int64) (limits.Decision, error) {
	return p.Counter.Peek(context.WithoutCancel(ctx), s, limit)
}

func TestSeveralInstancesShareOneLimitOnTheServersClock(t *testing.T) {
	const instances, callers, callsEach, limit = 3, 16, 30, 500
	s := limitstest.NewSubject()
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range instances {
		c := openTestServer(t).Counter()
		for range callers {
			wg.Go(func() {
				for range callsEach {
					d, err := c.Hit(context.Background(), s, limit)
					if err != nil {
						t.Error(err)
					}
					if d.Allowed {
						passed.Add(1)
					}
				}
			})
		}
	}
	wg.Wait()
	if got := passed.Load(); got != limit {
		t.Errorf("%d of %d calls passed, limit %d", got, instances*callers*callsEach, limit)
	}
}

func TestEntriesDieWithTheirWindowAndPeekingLeavesNone(t *testing.T) {
	server := openTestServer(t)
	c := server.Counter()
	for _, s := range []limits.Subject{
		limitstest.NewSubject(),
		limits.Address(netip.AddrFrom16(newID())),
	} {
		entry := limitKey(s)
		if _, err := c.Peek(t.Context(), s, 5); err != nil {
			t.Fatal(err)
		}
		if n := do(t, server, "EXISTS", entry); n != 0 {
			t.Errorf("%s exists after a peek", entry)
		}
		for range 3 {
			if _, err := c.Hit(t.Context(), s, 2); err != nil {
				t.Fatal(err)
			}
		}
		if left := do(t, server, "PTTL", entry); left <= 55_000 || left > 61_000 {
			t.Errorf("%s lives for %d ms, want 61 seconds after the last hit", entry, left)
		}
		if bytes := do(t, server, "STRLEN", entry); bytes > 4+2*8 {
			t.Errorf("two hits take %d bytes", bytes)
		}
	}
}

func TestAServerThatLostTheScriptGetsItAgain(t *testing.T) {
	server := open(t, startProcess(t).url())
	c, s := server.Counter(), limitstest.NewSubject()
	for range 3 {
		if err := server.general.Do(t.Context(), server.general.B().ScriptFlush().Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Hit(t.Context(), s, 10); err != nil {
			t.Fatal(err)
		}
	}
	if d, err := c.Peek(t.Context(), s, 10); err != nil || d.Remaining != 7 {
		t.Errorf("got %+v, %v, want the three hits counted once each", d, err)
	}
}

// A load is several callers of a Failover, one call every few hundred microseconds each, and what they notice.
type load struct {
	stop         atomic.Bool
	calls        atomic.Int64
	refused      atomic.Int64
	firstLocally atomic.Int64 // Unix nanoseconds of the first answer in degraded mode
	wg           sync.WaitGroup
}

func startLoad(t *testing.T, f *limits.Failover) *load {
	l := new(load)
	for range 8 {
		s := limitstest.NewSubject()
		l.wg.Go(func() {
			tick := time.NewTicker(300 * time.Microsecond)
			defer tick.Stop()
			for ; !l.stop.Load(); <-tick.C {
				d, err := f.Hit(context.Background(), s, 1_000_000)
				if err != nil {
					t.Error(err)
				}
				if !d.Allowed {
					l.refused.Add(1)
				}
				l.calls.Add(1)
				if f.Mode() == limits.ModeDegraded {
					l.firstLocally.CompareAndSwap(0, time.Now().UnixNano())
				}
			}
		})
	}
	t.Cleanup(func() { l.stop.Store(true); l.wg.Wait() })
	return l
}

// more waits for a thousand calls.
func (l *load) more(t *testing.T) {
	t.Helper()
	before := l.calls.Load()
	eventually(t, "a thousand more calls", func() bool { return l.calls.Load() > before+1_000 })
}

func TestLosingTheServerUnderLoadReachesNoCaller(t *testing.T) {
	for name, loss := range map[string]struct{ take, back func(*process) }{
		"killed": {(*process).kill, (*process).start},
		"hung": {
			func(p *process) { p.signal(syscall.SIGSTOP) },
			func(p *process) { p.signal(syscall.SIGCONT) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, log := startProcess(t), new(journal)
			f := limits.StartFailover(open(t, p.url()).Counter(), limits.NewLocal(time.Now), slog.New(slog.NewTextHandler(log, nil)))
			t.Cleanup(f.Close)
			l := startLoad(t, f)
			shared := func() bool { return f.Mode() == limits.ModeShared }

			// A machine that is busy with other things may take its time once; the decision itself does not.
			quickest := time.Hour
			for range 3 {
				l.more(t)
				eventually(t, "shared decisions", shared)
				warnings := strings.Count(log.String(), "level=WARN")
				l.firstLocally.Store(0)
				lost := time.Now()
				loss.take(p)
				eventually(t, "a local decision", func() bool { return l.firstLocally.Load() != 0 })
				quickest = min(quickest, time.Duration(l.firstLocally.Load()-lost.UnixNano()))
				l.more(t)
				if got := strings.Count(log.String(), "level=WARN") - warnings; got != 1 {
					t.Errorf("%d warnings, want one:\n%s", got, log)
				}
				loss.back(p)
				eventually(t, "shared decisions again", shared)
			}
			l.more(t)
			if quickest > 50*time.Millisecond {
				t.Errorf("the first local decision came after %v", quickest)
			}
			if n := l.refused.Load(); n != 0 {
				t.Errorf("%d calls were refused, all had room", n)
			}
			t.Logf("%d calls; a local decision after %v", l.calls.Load(), quickest)
		})
	}
}

func TestAServerThatCannotWriteDoesNotCountAsWell(t *testing.T) {
	p, log := startProcess(t), new(journal)
	server := open(t, p.url())
	f := limits.StartFailover(server.Counter(), limits.NewLocal(time.Now), slog.New(slog.NewTextHandler(log, nil)))
	t.Cleanup(f.Close)
	replica := []string{"REPLICAOF", "127.0.0.1", freePort(t)}
	if err := server.general.Do(t.Context(), server.general.B().Arbitrary(replica...).Build()).Error(); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Hit(t.Context(), limitstest.NewSubject(), 5); err != nil || !d.Allowed || f.Mode() != limits.ModeDegraded {
		t.Fatalf("got %+v, %v in mode %q", d, err, f.Mode())
	}
	if err := server.general.Do(t.Context(), server.general.B().Arbitrary("REPLICAOF", "NO", "ONE").Build()).Error(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "shared decisions again", func() bool { return f.Mode() == limits.ModeShared })
	if got := strings.Count(log.String(), "level=WARN"); got != 1 {
		t.Errorf("%d warnings, want one:\n%s", got, log)
	}
}

// BenchmarkCounterHit fails when a hit allocates more than 12 times.
func BenchmarkCounterHit(b *testing.B) {
	ctx, c, s := context.Background(), openTestServer(b).Counter(), limitstest.NewSubject()
	hit := func() {
		if _, err := c.Hit(ctx, s, 1_000_000_000); err != nil {
			b.Fatal(err)
		}
	}
	if got := testing.AllocsPerRun(1_000, hit); got > 12 {
		b.Fatalf("%v allocations, want 12 at most", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		hit()
	}
}

func BenchmarkCounterHitParallel(b *testing.B) {
	c := openTestServer(b).Counter()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx, s := context.Background(), limitstest.NewSubject()
		for pb.Next() {
			if _, err := c.Hit(ctx, s, 1_000_000_000); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
