// Package limits says how often a subject may call: at most so many times in any 60 seconds.
//
// There is one definition of the window, and every Counter follows it. A hit counts in the whole second it fell in, and
// such a one-second bucket stops counting only when it lies wholly outside the last 60 seconds: 60 buckets and the current
// one. So no 60 seconds ever hold more than the limit. A hit stops counting between 60 and 61 seconds after it was made,
// at most one second later than with an exact log of every hit. Refused calls do not count. A subject costs
// one number pair for each second in which it hit, 61 pairs at most, whatever its limit.
//
// When the clock is set back, the buckets move back with it: no hit stops counting early, and none counts for longer than
// 61 seconds of that clock.
package limits

import (
	"context"
	"time"
)

// Window is the span in which a subject may hit as often as its limit says.
const Window = 60 * time.Second

// Counter counts hits and decides whether one more fits. It is safe for concurrent use. A refusal is a Decision;
// an error means that nothing could be decided, and never that the subject is over its limit.
type Counter interface {
	// Hit counts one call of the subject if it fits under limit calls in the window, and says what was decided.
	// A limit below 1 refuses every call.
	Hit(ctx context.Context, s Subject, limit int64) (Decision, error)
	// Peek says what Hit would decide, with the places that remain before that hit, and counts nothing.
	Peek(ctx context.Context, s Subject, limit int64) (Decision, error)
}

// Decision is what a Counter decided and the state of the window after it.
type Decision struct {
	Allowed   bool
	Limit     int64 // calls in any 60 seconds
	Remaining int64 // calls that would still be let through at this moment, never negative

	// ResetSeconds is the whole number of seconds, rounded up, until another call is allowed: 0 if one is allowed now,
	// otherwise 1 to 60. For a refused call it is also Retry-After. After exactly 60 seconds a caller may get 1 once more,
	// because a hit can count for up to 61 seconds.
	ResetSeconds int64
}

// Mode is who counts.
type Mode string

// The modes of a counter.
const (
	ModeLocal    Mode = "local"    // this process alone, because nothing shared is configured
	ModeShared   Mode = "shared"   // all instances together
	ModeDegraded Mode = "degraded" // this process alone, because the shared counter is away
)
