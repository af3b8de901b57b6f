// Package limitstest holds the promises of limits.Counter as one suite of tests that every implementation runs.
package limitstest

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/limits"

	"pgregory.net/rapid"
)

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows a moment within a second, not at its beginning.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, time.March, 1, 11, 59, 30, 400_000_000, time.UTC)}
}

// Now is the time the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the clock by d, back if d is negative.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// NewSubject returns a subject that nobody has hit yet, on any server.
func NewSubject() limits.Subject {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return limits.Key(id)
}

// Run proves the promises on the counter that open returns, together with the clock that this counter reads. It is opened
// once for each promise and may hold other subjects already.
func Run(t *testing.T, open func(t *testing.T) (limits.Counter, *Clock)) {
	t.Helper()
	for _, promise := range []struct {
		name  string
		prove func(*testing.T, limits.Counter, *Clock)
	}{
		{"decisions are those of a list of hit seconds", decisionsFollowTheModel},
		{"no 60 seconds exceed the limit and places return within 61", windowsHoldAtAnyMoment},
		{"exactly the limit passes of many concurrent calls", exactUnderConcurrency},
		{"the last place says when room returns", resetsAreReturned},
		{"a limit below one refuses", noLimitNoCall},
	} {
		t.Run(promise.name, func(t *testing.T) {
			c, clock := open(t)
			promise.prove(t, c, clock)
		})
	}
}

// RunWithStepsBack proves that the decisions are also those of the list when the clock steps back now and then. It is for
// counters that decide from one clock.
func RunWithStepsBack(t *testing.T, open func(t *testing.T) (limits.Counter, *Clock)) {
	t.Helper()
	c, clock := open(t)
	rapid.Check(t, func(t *rapid.T) { follow(t, c, clock, true) })
}

// A model is the second of every counted hit of one subject, oldest first: the definition of the window, written out.
type model struct{ seconds []int64 }

func (m *model) peek(second, limit int64) limits.Decision {
	if n := len(m.seconds); n > 0 {
		second = max(second, m.seconds[n-1])
	}
	live := m.live(second)
	d := limits.Decision{Limit: limit, Remaining: max(limit-int64(len(live)), 0)}
	if d.Allowed = d.Remaining > 0; !d.Allowed {
		d.ResetSeconds = min(live[int64(len(live))-limit]+61-second, 60)
	}
	return d
}

func (m *model) live(second int64) []int64 {
	return slices.DeleteFunc(slices.Clone(m.seconds), func(s int64) bool { return s+61 <= second })
}

func (m *model) hit(second, limit int64) limits.Decision {
	if n := len(m.seconds); n > 0 {
		for i, back := 0, max(m.seconds[n-1]-second, 0); i < n; i++ {
			m.seconds[i] -= back
		}
	}
	m.seconds = m.live(second)
	allowed := m.peek(second, limit).Allowed
	if allowed {
		m.seconds = append(m.seconds, second)
	}
	d := m.peek(second, limit)
	d.Allowed = allowed
	return d
}

// moves are steps of time in milliseconds: none, small ones, and ones that just reach or pass the window.
func moves() *rapid.Generator[int] {
	return rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 3_000), rapid.IntRange(0, 30_000), rapid.IntRange(59_000, 62_500))
}

func decisionsFollowTheModel(t *testing.T, c limits.Counter, clock *Clock) {
	rapid.Check(t, func(t *rapid.T) { follow(t, c, clock, false) })
}

// follow compares every decision on three subjects with their models.
func follow(t *rapid.T, c limits.Counter, clock *Clock, stepsBack bool) {
	subjects := []limits.Subject{NewSubject(), NewSubject(), NewSubject()}
	models := make([]model, len(subjects))
	limit := rapid.SampledFrom([]int64{1, 2, 3, 7, 20})
	compare := func(i, hits int) {
		limit := limit.Draw(t, "limit")
		want := models[i].peek(clock.Now().Unix(), limit)
		if got := peek(t, c, subjects[i], limit); got != want {
			t.Fatalf("peek: got %+v, want %+v, hits in %v", got, want, models[i].seconds)
		}
		for range hits {
			want := models[i].hit(clock.Now().Unix(), limit)
			if got := hit(t, c, subjects[i], limit); got != want {
				t.Fatalf("hit: got %+v, want %+v, hits in %v", got, want, models[i].seconds)
			}
		}
	}
	for range rapid.IntRange(1, 30).Draw(t, "steps") {
		move := time.Duration(moves().Draw(t, "milliseconds")) * time.Millisecond
		if stepsBack && rapid.IntRange(0, 9).Draw(t, "back") == 0 {
			// A counter may have dropped who had not called for a window, and sees the step at the next hit: with
			// fresh subjects for those, and a hit for the others, the step means the same to every counter.
			for i := range models {
				if models[i].peek(clock.Now().Unix(), 1).Allowed {
					subjects[i], models[i] = NewSubject(), model{}
				}
			}
			clock.Move(-3 * move)
			for i := range models {
				compare(i, 1)
			}
		} else {
			clock.Move(move)
		}
		compare(rapid.IntRange(0, len(subjects)-1).Draw(t, "subject"), rapid.IntRange(0, 8).Draw(t, "hits"))
	}
}

// windowsHoldAtAnyMoment knows nothing of seconds and buckets: it keeps the moment of every hit.
func windowsHoldAtAnyMoment(t *testing.T, c limits.Counter, clock *Clock) {
	rapid.Check(t, func(t *rapid.T) {
		s, limit := NewSubject(), rapid.Int64Range(1, 12).Draw(t, "limit")
		var passed []time.Time
		within := func(d time.Duration) (n int64) {
			for _, at := range passed {
				if clock.Now().Sub(at) < d {
					n++
				}
			}
			return n
		}
		for range rapid.IntRange(1, 60).Draw(t, "calls") {
			clock.Move(time.Duration(moves().Draw(t, "milliseconds")) * time.Millisecond)
			switch d := hit(t, c, s, limit); {
			case d.Allowed && within(limits.Window) >= limit:
				t.Fatalf("passed %d in 60 seconds, limit %d", within(limits.Window)+1, limit)
			case !d.Allowed && within(limits.Window+time.Second) < limit:
				t.Fatalf("refused with %d in 61 seconds, limit %d", within(limits.Window+time.Second), limit)
			case d.Allowed:
				passed = append(passed, clock.Now())
			}
		}
	})
}

func exactUnderConcurrency(t *testing.T, c limits.Counter, _ *Clock) {
	const callers, callsEach, limit = 64, 40, 1000
	s := NewSubject()
	var passed atomic.Int64
	var wg sync.WaitGroup
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
	wg.Wait()
	if got := passed.Load(); got != limit {
		t.Errorf("%d of %d calls passed, limit %d", got, callers*callsEach, limit)
	}
}

func resetsAreReturned(t *testing.T, c limits.Counter, clock *Clock) {
	s := NewSubject()
	expect := func(what string, got, want limits.Decision) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	expect("first", hit(t, c, s, 2), limits.Decision{Allowed: true, Limit: 2, Remaining: 1})
	clock.Move(10 * time.Second)
	expect("last place", hit(t, c, s, 2), limits.Decision{Allowed: true, Limit: 2, ResetSeconds: 51})
	clock.Move(50 * time.Second)
	expect("last second of the first", hit(t, c, s, 2), limits.Decision{Limit: 2, ResetSeconds: 1})
	clock.Move(time.Second)
	expect("room again", peek(t, c, s, 2), limits.Decision{Allowed: true, Limit: 2, Remaining: 1})
	expect("taken again", hit(t, c, s, 2), limits.Decision{Allowed: true, Limit: 2, ResetSeconds: 10})
	expect("a smaller limit", hit(t, c, s, 1), limits.Decision{Limit: 1, ResetSeconds: 60})
	expect("a larger limit", hit(t, c, s, 1_000_000), limits.Decision{Allowed: true, Limit: 1_000_000, Remaining: 999_997})
}

func noLimitNoCall(t *testing.T, c limits.Counter, _ *Clock) {
	s, want := NewSubject(), limits.Decision{ResetSeconds: 60}
	if got := hit(t, c, s, 0); got != want {
		t.Errorf("unknown subject: got %+v, want %+v", got, want)
	}
	hit(t, c, s, 1)
	if got := hit(t, c, s, 0); got != want {
		t.Errorf("known subject: got %+v, want %+v", got, want)
	}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
}

func hit(t fataler, c limits.Counter, s limits.Subject, limit int64) limits.Decision {
	t.Helper()
	d, err := c.Hit(context.Background(), s, limit)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func peek(t fataler, c limits.Counter, s limits.Subject, limit int64) limits.Decision {
	t.Helper()
	d, err := c.Peek(context.Background(), s, limit)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
