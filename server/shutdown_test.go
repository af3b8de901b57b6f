package server

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// openCalls are calls that a test ends.
type openCalls chan struct{}

func (c openCalls) Wait(ctx context.Context) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ending is a shutdown on the clock of a test, and what it did when.
type ending struct {
	calls  openCalls
	closed chan struct{}
	began  time.Time

	mu  sync.Mutex
	did []string
}

func (e *ending) note(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.did = append(e.did, time.Since(e.began).String()+" "+what)
}

// run runs a shutdown that gives requests 15 s and calls the given time.
func (e *ending) run(t *testing.T, calls time.Duration, endCalls func(context.Context)) {
	t.Helper()
	e.calls, e.closed, e.began = make(openCalls), make(chan struct{}), time.Now()
	s := shutdown{
		requests: 15 * time.Second, calls: calls, open: e.calls, log: slog.New(slog.DiscardHandler),
		endCalls:    func(ctx context.Context) { e.note("end calls"); endCalls(ctx) },
		cutRequests: func() { e.note("cut requests") }, cutCalls: func() { e.note("cut calls") },
	}
	err := s.run(func(ctx context.Context) error {
		select {
		case <-e.closed:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if err != nil {
		t.Error(err)
	}
	e.note("return")
}

func TestAShutdownEndsRequestsAndCallsEachInItsTime(t *testing.T) {
	after := func(wait time.Duration, do func()) {
		go func() {
			<-time.After(wait)
			do()
		}()
	}
	for _, c := range []struct {
		says  string
		calls time.Duration
		given func(e *ending)
		end   func(e *ending, ctx context.Context)
		want  []string
	}{
		{says: "everything ends early", calls: 2 * time.Minute, given: func(e *ending) { after(time.Second, func() { close(e.calls); close(e.closed) }) }, want: []string{"1s return"}},
		{says: "a request does not end, and there is no call", calls: 2 * time.Minute, given: func(e *ending) { close(e.calls) },
			want: []string{"15s cut requests", "15s cut calls", "16s return"}},
		{says: "a call ends after the requests' time", calls: 2 * time.Minute, given: func(e *ending) {
			after(time.Minute, func() { close(e.calls) })
			after(time.Minute+time.Millisecond, func() { close(e.closed) })
		},
			want: []string{"15s cut requests", "1m0s cut calls", "1m0.001s return"}},
		{says: "a call has to be ended", calls: 2 * time.Minute, end: func(e *ending, _ context.Context) {
			close(e.calls)
			after(time.Millisecond, func() { close(e.closed) })
		},
			want: []string{"15s cut requests", "2m0s end calls", "2m0s cut calls", "2m0.001s return"}},
		{says: "a call cannot be ended", calls: 2 * time.Minute, end: func(_ *ending, ctx context.Context) { <-ctx.Done() },
			want: []string{"15s cut requests", "2m0s end calls", "2m10s cut calls", "2m11s return"}},
		{says: "calls have less time than requests", calls: 0, end: func(e *ending, _ context.Context) { close(e.calls); after(time.Second, func() { close(e.closed) }) },
			want: []string{"0s end calls", "1s return"}},
	} {
		t.Run(c.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := &ending{}
				if c.given != nil {
					go func() {
						synctest.Wait() // run has made the channels
						c.given(e)
					}()
				}
				e.run(t, c.calls, func(ctx context.Context) {
					if c.end != nil {
						c.end(e, ctx)
					}
				})
				if !sameLines(e.did, c.want) {
					t.Errorf("it did %q, want %q", e.did, c.want)
				}
			})
		})
	}
}

// sameLines compares what was done, whatever the order within a moment.
func sameLines(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
