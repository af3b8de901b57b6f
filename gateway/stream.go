package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"codexible/usage"

	"github.com/tidwall/gjson"
)

var (
	errTooLong = errors.New("gateway: the answer is longer than answers may be")
	errCrowded = errors.New("gateway: too many long answers are read at once")
)

const (
	// chunkSize is how much is read of an upstream at once.
	chunkSize = 4 << 10
	// maxHeldBack is how much of a stream waits for the model to begin to write.
	maxHeldBack = 1 << 20
	// keptBuffer is how much memory a stream keeps for its next events.
	keptBuffer = 4 << 10
	// endTime is how long the connection of a stream that has ended is read, so that it can be used again.
	endTime = time.Second
)

// stream is an answer that is passed on event by event. It is read and closed by one goroutine;
// another one, the pump, reads the upstream.
type stream struct {
	*call

	at     *Attempt
	began  time.Time
	body   io.ReadCloser
	cancel context.CancelCauseFunc
	// chunks come from the pump, and free go back to it. stopped is closed when nobody reads any more.
	chunks  chan chunk
	free    chan []byte
	stopped chan struct{}

	frames *framer
	// out is what the client has not got yet, from read on.
	out  []byte
	read int
	// due is when something has to be done where no event arrives.
	due *time.Timer
	// lastOut is when the client got something.
	lastOut time.Time
	// sent is whether the head of the answer is on its way: nothing can be tried again then.
	sent      bool
	generated bool
	// inside is whether the client has a part of an event, and partly how long the part is.
	inside bool
	partly int
	// failure is what the upstream calls the failure that it has reported; inFailure is whether there was one.
	failure   string
	inFailure bool
	// over is whether the last byte is in out, and complete whether the upstream said so.
	over, complete bool
	closed         bool
	// early is whether the upstream ended before it sent anything that the client could use.
	early bool
	// gone is whether the client has left, and the stream is read for its usage alone.
	gone bool
}

type chunk struct {
	bytes []byte
	err   error
}

// stream begins to pass a stream on. served is false where it failed before the model began to
// write, and another upstream may be tried.
func (c *call) stream(try Try, response *http.Response, at *Attempt, began time.Time, cancel context.CancelCauseFunc) (*Answer, bool) {
	now := time.Now()
	s := &stream{
		call: c, at: at, began: began, body: response.Body, cancel: cancel, frames: newFramer(),
		chunks: make(chan chunk), free: make(chan []byte, 2), stopped: make(chan struct{}),
		lastOut: now, due: time.NewTimer(c.g.Waits.HoldBack),
	}
	c.answered.Store(true)
	c.report = usage.Report{Wire: c.wire}
	s.free <- make([]byte, chunkSize)
	go s.pump()
	if !s.prime(now.Add(c.g.Waits.HoldBack)) {
		c.answered.Store(false)
		c.prompt.Store(nil)
		c.delivered.Store(0)
		s.stop()
		if c.ctx.Err() != nil {
			at.failed(response.StatusCode, "cancelled", began)
			return c.cutOff(), true
		}
		at.failed(response.StatusCode, s.failure, began)
		c.route.Failed(try, Failure{Status: statusOf(s.failure)})
		return nil, false
	}
	s.sent = true
	if !s.inFailure {
		c.route.Served(c.ctx, try)
	}
	return &Answer{Status: response.StatusCode, Header: append(Returned(response.Header), c.headers()...), Stream: s}, true
}

// prime holds the stream back until the model begins to write, for Waits.HoldBack at most. It
// returns false where the stream failed before.
func (s *stream) prime(until time.Time) bool {
	for !s.generated && !s.over && len(s.out) < maxHeldBack {
		s.due.Reset(time.Until(until))
		select {
		case ch := <-s.chunks:
			s.take(ch)
		case <-s.ctx.Done():
			return false
		case <-s.due.C:
			s.out = append(s.out, s.adapter.keepAlive()...)
			s.g.Observer.KeptAlive(s.Endpoint)
			return true
		}
		if s.hasFailed() {
			return false
		}
	}
	return true
}

// hasFailed reports whether the stream has failed so that another upstream may be tried.
func (s *stream) hasFailed() bool {
	return !s.sent && !s.generated && s.inFailure && (s.early || retryable(s.failure))
}

// Read gives the client what there is.
func (s *stream) Read(p []byte) (int, error) {
	for s.read == len(s.out) {
		if s.over {
			return 0, io.EOF
		}
		s.read = 0
		if s.out = s.out[:0]; cap(s.out) > keptBuffer {
			s.out = nil
		}
		if s.clientHasLeft() { // also where more has arrived
			return 0, ErrClientGone
		}
		if err := s.step(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.out[s.read:])
	s.read += n
	s.lastOut = time.Now()
	return n, nil
}

// step waits for whatever happens next.
func (s *stream) step() error {
	wait := s.g.Waits.KeepAlive
	if !s.inside {
		wait = max(time.Until(s.lastOut.Add(wait)), 0)
	}
	s.due.Reset(wait)
	select {
	case ch := <-s.chunks:
		s.take(ch)
	case <-s.due.C:
		s.keepAlive()
	case <-s.ctx.Done():
		return s.cutShort()
	case <-s.client.Done():
		return ErrClientGone
	}
	return nil
}

// keepAlive sends a keep-alive where the client has got nothing for a while.
func (s *stream) keepAlive() {
	if s.inside || time.Since(s.lastOut) < s.g.Waits.KeepAlive {
		return
	}
	s.out = append(s.out, s.adapter.keepAlive()...)
	s.g.Observer.KeptAlive(s.Endpoint)
}

// take takes in what the upstream sent.
func (s *stream) take(ch chunk) {
	if len(ch.bytes) > 0 {
		s.frames.feed(ch.bytes)
		for !s.over && !s.hasFailed() {
			f, ok := s.frames.next()
			if !ok {
				break
			}
			s.event(f)
		}
	}
	if cap(ch.bytes) > 0 {
		s.free <- ch.bytes[:cap(ch.bytes)]
	}
	switch {
	case ch.err == nil || s.over || s.hasFailed():
		return
	case ch.err != io.EOF && s.ctx.Err() != nil: //nolint:errorlint // readers return it bare
		return // the call was cut, which is no fault of the upstream's: whoever waits says why
	}
	if f, ok := s.frames.flush(); ok && (!f.cut || s.inside || readable(f.data)) { // the beginning of an event is of no use to the client
		s.event(f)
	}
	switch {
	case s.over:
	case ch.err == io.EOF: //nolint:errorlint // readers return it bare
		s.ended("early_end")
	default:
		s.ended(WordOf(ch.err))
	}
}

// event passes one event on, or a part of one.
func (s *stream) event(f frame) {
	if !f.whole {
		s.pass(f.raw)
		s.inside = true
		if s.partly += len(f.raw); s.partly > maxAnswer {
			s.stopInBand(usage.CallUpstreamError, "too_long", &Refusal{Reason: ReasonUpstream, Message: "The provider sent an event of its stream that does not end, so the answer was stopped. Try again."})
		}
		return
	}
	s.partly = 0
	var is signal
	if f.data != nil {
		s.report.Read(f.data)
		is = s.adapter.event(f.name, f.data)
		s.noteUsage()
		s.noteModel(f.data)
	}
	is.generated = is.generated || f.unread // it may be anything
	if is.text > 0 {
		s.delivered.Add(is.text)
	}
	if is.generated && !s.generated {
		s.generated = true
		if s.record.FirstToken == 0 {
			s.record.FirstToken = time.Since(s.ReceivedAt)
		}
	}
	if is.failed && !s.inFailure {
		s.inFailure, s.failure = true, is.code
		if s.failure == "" {
			s.failure = "error_in_stream"
		}
	}
	switch {
	case is.usageOnly && s.addsUsage() && !s.inside:
		return
	case is.final && !s.hasFailed():
		s.complete = !s.inFailure
		s.finish(s.outcome(), s.failure)
		s.pass(f.raw)
		s.over = true
	default:
		s.pass(f.raw)
		s.inside = false
		if delivered := s.delivered.Load(); delivered > s.coveredBytes && !s.gone && s.Endpoint != CountTokens && !s.grow() {
			s.stopInBand(usage.CallStopped, codeCredits, s.outOfCredits())
		}
	}
}

// readable reports whether data that stands at the end of a stream is whole.
func readable(data []byte) bool { return string(data) == "[DONE]" || gjson.ValidBytes(data) }

// pass gives bytes to the client.
func (s *stream) pass(raw []byte) {
	if !s.gone {
		s.out = append(s.out, raw...)
	}
}

// noteUsage publishes what the upstream has said of the prompt, for who estimates what was used.
func (s *stream) noteUsage() {
	if s.wire != usage.Messages || s.prompt.Load() != nil {
		return
	}
	if t, reported := s.report.Tokens(); reported != usage.Nothing {
		s.prompt.Store(&t)
	}
}

// outcome is how a stream ended that was read to its end.
func (s *stream) outcome() usage.CallOutcome {
	switch {
	case s.gone, s.clientHasLeft():
		return usage.CallClientGone
	case s.inFailure:
		return usage.CallUpstreamError
	}
	return usage.CallComplete
}

// ended is called when the upstream ends before the last event of its wire.
func (s *stream) ended(why string) {
	_, reported := s.report.Tokens()
	switch {
	case !s.sent && !s.generated && !s.inFailure: // another upstream can be tried
		s.inFailure, s.failure, s.early, s.over = true, why, true, true
	case s.wire == usage.Chat && reported == usage.Whole && why == "early_end" && !s.inFailure: // some servers end without [DONE]
		s.finish(s.outcome(), "")
		s.over = true
	case s.inFailure:
		s.finish(s.outcome(), s.failure)
		s.over = true
	case s.gone:
		s.finish(usage.CallClientGone, why)
		s.over = true
	default:
		s.stopInBand(usage.CallUpstreamError, why, &Refusal{Reason: ReasonUpstream, Message: refusals[ReasonUpstream].says})
	}
}

func (s *stream) clientHasLeft() bool {
	return s.client.Err() != nil && errors.Is(context.Cause(s.client), ErrClientGone)
}

// finish settles the call, once.
func (s *stream) finish(outcome usage.CallOutcome, code string) {
	s.at.Took = time.Since(s.began).Microseconds()
	if outcome == usage.CallUpstreamError {
		s.at.Error = code
	}
	if outcome != usage.CallComplete {
		s.record.Code = code
	}
	if outcome == usage.CallUpstreamError && !s.generated && s.delivered.Load() == 0 {
		if _, reported := s.report.Tokens(); reported == usage.Nothing { // nothing was delivered, and the provider says of no cost
			s.release()
			s.record.Outcome = outcome
			return
		}
	}
	s.settle(outcome)
}

// stopInBand settles the call and ends the stream in the way of its wire.
func (s *stream) stopInBand(outcome usage.CallOutcome, code string, why *Refusal) {
	s.cancel(nil)
	s.finish(outcome, code)
	if s.inside {
		s.pass([]byte("\n\n"))
	}
	s.pass(s.adapter.stopped(why, s.ID.String()))
	s.over = true
}

func (s *stream) outOfCredits() *Refusal {
	r := usage.Receipt{Figures: s.figures, Day: s.day}
	return &Refusal{Reason: ReasonCredits, ResetsAt: r.ResetsAt(), RetryAfter: r.ResetsAt().Sub(s.g.Now()), Message: saysUsedUp}
}

// cutShort ends a stream whose call was cut off.
func (s *stream) cutShort() error {
	switch cause := context.Cause(s.ctx); {
	case errors.Is(cause, ErrClientGone):
		return ErrClientGone
	case errors.Is(cause, errEnded):
		s.stopInBand(usage.CallStopped, codeEnded, &Refusal{Reason: ReasonAway, Message: saysEnded})
	default:
		s.stopInBand(usage.CallInterrupted, codeShutdown, &Refusal{Reason: ReasonAway, RetryAfter: time.Second, Message: saysShutdown})
	}
	return nil
}

// Close ends the stream. Before its end the client has left: the call is cancelled, or read
// to its end where the provider bills it anyway.
func (s *stream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	switch {
	case s.over:
		s.conclude()
	case s.drains.Load() && s.ctx.Err() == nil:
		s.unwatch() // what ends the client's context from here on is no reason to stop
		s.gone = true
		s.out, s.read = nil, 0
		timer := time.AfterFunc(s.g.Waits.Drain, func() { s.cut(ErrClientGone) })
		go func() {
			defer timer.Stop()
			s.drain()
			s.conclude()
		}()
	default:
		s.cancel(ErrClientGone)
		s.finish(usage.CallClientGone, "")
		s.conclude()
	}
	return nil
}

// drain reads the rest of a stream whose client has left.
func (s *stream) drain() {
	for !s.over {
		select {
		case ch := <-s.chunks:
			s.take(ch)
		case <-s.ctx.Done():
			s.finish(usage.CallClientGone, "")
			return
		}
	}
}

// conclude writes the call's line in the log and lets the pump end.
func (s *stream) conclude() {
	s.record.Status = http.StatusOK
	s.stop()
	s.end(nil)
}

// stop lets the pump end: at once, or after the little that is left of a complete stream.
func (s *stream) stop() {
	s.due.Stop()
	if !s.complete {
		s.cancel(nil)
	}
	close(s.stopped)
	s.frames.close()
}

// pump reads the upstream until it ends or nobody waits for it any more.
func (s *stream) pump() {
	defer s.cancel(nil)
	defer func() { _ = s.body.Close() }()
	for {
		var buffer []byte
		select {
		case buffer = <-s.free:
		case <-s.stopped:
			s.reachEnd()
			return
		}
		n, err := s.body.Read(buffer)
		select {
		case s.chunks <- chunk{buffer[:n], err}:
		case <-s.stopped:
			if err == nil {
				s.reachEnd()
			}
			return
		}
		if err != nil {
			return
		}
	}
}

// reachEnd reads what follows the last event, so that the connection can be used again.
func (s *stream) reachEnd() {
	timer := time.AfterFunc(endTime, func() { s.cancel(nil) })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, s.body, drainFailed)
}

// retryable reports whether another upstream may serve what one has failed to, by what it calls the failure.
func retryable(code string) bool {
	switch code {
	case "early_end", "error_in_stream", "server_error", "internal_error", "internal_server_error", "api_error", "timeout", "timeout_error", "insufficient_quota", "service_unavailable":
		return true
	}
	return strings.Contains(code, "overloaded") || strings.Contains(code, "rate_limit") || strings.HasPrefix(code, "connection")
}

// statusOf is the status that a failure inside a stream would have had as an answer.
func statusOf(code string) int {
	if strings.Contains(code, "rate_limit") || code == "insufficient_quota" {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}
