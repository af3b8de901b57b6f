package limits_test

import (
	"context"
	"encoding/binary"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/limits"
	"codexible/limits/limitstest"
)

func TestLocalKeepsThePromisesOfACounter(t *testing.T) { limitstest.Run(t, openLocal) }

func TestLocalKeepsThePromisesWhenTheClockStepsBack(t *testing.T) {
	limitstest.RunWithStepsBack(t, openLocal)
}

func openLocal(*testing.T) (limits.Counter, *limitstest.Clock) {
	clock := limitstest.NewClock()
	return limits.NewLocal(clock.Now), clock
}

// numbered is a different subject for every n.
func numbered(n int) limits.Subject {
	var id [16]byte
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return limits.Key(id)
}

func pass(t testing.TB, c limits.Counter, s limits.Subject, limit int64) bool {
	t.Helper()
	d, err := c.Hit(context.Background(), s, limit)
	if err != nil {
		t.Fatal(err)
	}
	return d.Allowed
}

func TestAMillionSubjectsStayUnder200MBAndGiveThemBack(t *testing.T) {
	const subjects, mostBytes, mostLeftBytes = 1_000_000, 200 << 20, 1 << 20
	clock := limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	before := liveBytes()
	for n := range subjects / 2 {
		pass(t, local, numbered(n), 100)
		pass(t, local, limits.Address(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})), 20)
	}
	if got := local.Len(); got != subjects {
		t.Fatalf("%d subjects are kept, want %d", got, subjects)
	}
	held := liveBytes() - before
	t.Logf("%d subjects hold %d MB", subjects, held>>20)
	if held > mostBytes {
		t.Errorf("%d subjects hold %d bytes, want %d at most", subjects, held, mostBytes)
	}

	clock.Move(limits.Window + time.Second)
	pass(t, local, numbered(0), 100)
	if got := local.Len(); got != 1 {
		t.Errorf("after an idle window %d subjects are kept, want 1", got)
	}
	if left := liveBytes() - before; left > mostLeftBytes {
		t.Errorf("after an idle window %d bytes are held, want %d at most", left, mostLeftBytes)
	}
	runtime.KeepAlive(local)
}

func liveBytes() int64 {
	runtime.GC()
	runtime.GC() // the second frees what the first one's finalizers and pools let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestSubjectsDieWhileOthersGoOnCalling(t *testing.T) {
	clock := limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	for n := range 10_000 {
		pass(t, local, numbered(n), 5)
	}
	for range 130 {
		clock.Move(time.Second)
		pass(t, local, numbered(0), 1_000)
	}
	if got := local.Len(); got != 1 {
		t.Errorf("%d subjects are kept, want only the one that goes on calling", got)
	}
}

func TestSweepEmptiesACounterThatNobodyCalls(t *testing.T) {
	clock := limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	for n := range 1_000 {
		pass(t, local, numbered(n), 5)
	}
	clock.Move(limits.Window)
	local.Sweep()
	if got := local.Len(); got != 1_000 {
		t.Errorf("%d subjects are kept within the window, want all 1000", got)
	}
	clock.Move(time.Second)
	local.Sweep()
	if got := local.Len(); got != 0 {
		t.Errorf("%d subjects are kept after an idle window", got)
	}
}

func TestChangingGenerationsLosesNoHit(t *testing.T) {
	for silentFrom := range 130 {
		clock := limitstest.NewClock()
		local := limits.NewLocal(clock.Now)
		var hit time.Time
		for second := range silentFrom + 62 {
			pass(t, local, numbered(0), 1_000_000) // somebody goes on calling, so the generations change
			switch {
			case second == silentFrom:
				hit = clock.Now()
				pass(t, local, numbered(1), 1)
			case second > silentFrom:
				d, _ := local.Peek(t.Context(), numbered(1), 1)
				if age := clock.Now().Sub(hit); d.Allowed != (age > limits.Window) {
					t.Fatalf("%v after the hit of second %d: %+v", age, silentFrom, d)
				}
			}
			clock.Move(time.Second)
		}
	}
}

func TestAClockThatStepsBackNeitherGrantsNorBlocks(t *testing.T) {
	for _, back := range []time.Duration{time.Second, time.Minute, 24 * time.Hour, 20 * 365 * 24 * time.Hour} {
		clock := limitstest.NewClock()
		local := limits.NewLocal(clock.Now)
		for range 3 {
			pass(t, local, numbered(1), 3)
		}
		for n := range 1_000 {
			pass(t, local, numbered(100+n), 3)
		}
		clock.Move(-back)
		if pass(t, local, numbered(1), 3) {
			t.Errorf("a step back of %v granted a place", back)
		}
		clock.Move(61 * time.Second)
		if !pass(t, local, numbered(1), 3) {
			t.Errorf("a step back of %v blocks longer than the window", back)
		}
		clock.Move(61 * time.Second)
		local.Sweep()
		if got := local.Len(); got != 0 {
			t.Errorf("after a step back of %v, %d idle subjects stay", back, got)
		}
	}
}

func TestSubjectsDieAlsoAfterAStepBack(t *testing.T) {
	clock := limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	clock.Move(24 * time.Hour)
	for n := range 1_000 {
		pass(t, local, numbered(n), 5)
	}
	clock.Move(-24 * time.Hour)
	for range 130 {
		for n := range 200 { // in every shard
			pass(t, local, numbered(n), 1_000)
		}
		clock.Move(time.Second)
	}
	if got := local.Len(); got != 200 {
		t.Errorf("%d subjects are kept, want the 200 that go on calling", got)
	}
}

func TestWallClockStepsDoNotTouchAMonotonicClock(t *testing.T) {
	local := limits.NewLocal(time.Now)
	pass(t, local, numbered(1), 1)
	if pass(t, local, numbered(1), 1) {
		t.Error("the system clock's counter let a second call pass")
	}
}

// TestSubjectsOfAllShardsCountExactlyWhileTheClockRuns is for the race detector: hits, peeks, sweeps and a moving clock.
func TestSubjectsOfAllShardsCountExactlyWhileTheClockRuns(t *testing.T) {
	const callers, subjects, limit = 16, 200, 25
	clock := limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	var passed [subjects]atomic.Int64
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for n := range subjects * 4 {
				s := (n*7 + caller) % subjects
				if pass(t, local, numbered(s), limit) {
					passed[s].Add(1)
				}
				if n%100 == 0 && caller == 0 {
					clock.Move(time.Second) // 8 seconds in all, so nothing leaves the window
					local.Sweep()
				}
			}
		})
	}
	wg.Wait()
	for s := range passed {
		if got := passed[s].Load(); got != limit {
			t.Errorf("subject %d passed %d times, limit %d", s, got, limit)
		}
	}
}

func TestKnownSubjectsAreCountedWithoutAllocating(t *testing.T) {
	ctx, clock := context.Background(), limitstest.NewClock()
	local := limits.NewLocal(clock.Now)
	s := numbered(1)
	for range 200 {
		clock.Move(time.Second)
		pass(t, local, s, 1_000)
	}
	for name, call := range map[string]func(){
		"hit": func() {
			clock.Move(100 * time.Millisecond)
			_, _ = local.Hit(ctx, s, 1_000)
		},
		"refused hit":     func() { _, _ = local.Hit(ctx, s, 1) },
		"peek":            func() { _, _ = local.Peek(ctx, s, 1_000) },
		"peek at unknown": func() { _, _ = local.Peek(ctx, numbered(2), 1_000) },
		"key":             func() { _ = numbered(3) },
		"address":         func() { _ = limits.Address(netip.IPv6LinkLocalAllNodes()) },
	} {
		if got := testing.AllocsPerRun(1_000, call); got != 0 {
			t.Errorf("%s allocates %v times", name, got)
		}
	}
}
