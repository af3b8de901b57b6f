package server

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// streamEndTime is how long the last events of calls may take that are ended at STREAM_SHUTDOWN_TIMEOUT.
const streamEndTime = 10 * time.Second

// shutdown ends the requests in progress.
type shutdown struct {
	// requests and calls are how long requests and calls of models may go on.
	requests, calls time.Duration
	// open are the calls in progress.
	open interface {
		Wait(ctx context.Context) error
	}
	// endCalls ends all calls that are open when its context ends, in a way that their clients understand.
	endCalls func(ctx context.Context)
	// cutRequests and cutCalls cancel what is open then.
	cutRequests, cutCalls func()
	log                   *slog.Logger
}

// run waits for requests and calls, each as long as it may. stop ends the HTTP server: it
// returns when every connection is closed.
func (s *shutdown) run(stop func(ctx context.Context) error) error {
	ctx, give := context.WithCancel(context.Background())
	defer give()
	stopped := make(chan error, 1)
	go func() { stopped <- stop(ctx) }()
	calls := make(chan struct{})
	go func() {
		defer close(calls)
		s.waitForCalls(ctx)
	}()
	enough := time.NewTimer(s.requests)
	defer enough.Stop()
	select {
	case err := <-stopped:
		return err
	case <-enough.C:
	}
	s.cutRequests()
	select {
	case err := <-stopped:
		return err
	case <-calls:
		// The last event of a call was read: its connection closes when it was sent.
	}
	s.cutCalls()
	closing, cancel := context.WithTimeout(ctx, lastBytesTime)
	defer cancel()
	select {
	case err := <-stopped:
		return err
	case <-closing.Done():
		s.log.Warn("requests were still open at SHUTDOWN_TIMEOUT and are cut off")
		return nil
	}
}

// lastBytesTime is how long answers that were cut off may take to reach their clients.
const lastBytesTime = time.Second

// waitForCalls waits until no call is open; those that go on too long are ended.
func (s *shutdown) waitForCalls(ctx context.Context) {
	in, cancel := context.WithTimeout(ctx, s.calls)
	defer cancel()
	if err := s.open.Wait(in); !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	s.log.Warn("calls were still open at STREAM_SHUTDOWN_TIMEOUT and are ended")
	s.endCalls(in)
	end, cancel := context.WithTimeout(ctx, streamEndTime)
	defer cancel()
	_ = s.open.Wait(end)
}
