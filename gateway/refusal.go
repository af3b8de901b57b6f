package gateway

import "time"

// Refusal is an answer of the gateway's own, in the shape of no wire yet.
type Refusal struct { //nolint:errname // the word of the contract; only inspect returns it as an error
	Reason Reason
	// Message says what happened and what to do next.
	Message string
	// RetryAfter is when another try makes sense; zero where none was said.
	RetryAfter time.Duration
	// ResetsAt is when used up credits come back; zero for other reasons.
	ResetsAt time.Time
}

// Reason is why the gateway refuses a call.
type Reason uint8

// The reasons, in the order in which the contract lists them.
const (
	ReasonBadKey Reason = iota
	ReasonSuspended
	ReasonScope
	ReasonAddress
	ReasonCredits
	ReasonRate
	ReasonConcurrency
	ReasonModel
	ReasonBody
	// ReasonParameter: the body asks for what customers may not share.
	ReasonParameter
	ReasonTooLarge
	// ReasonSlowBody: the body arrived too slowly.
	ReasonSlowBody
	ReasonNoUpstream
	// ReasonAway: our database is away, or we are stopping.
	ReasonAway
	// ReasonUpstream: the upstream answered with what cannot be passed on.
	ReasonUpstream
	// ReasonUpgrade: the path takes no WebSocket.
	ReasonUpgrade
	// ReasonNotFound: there is no such path, or it does not take the method.
	ReasonNotFound
	ReasonMethod
	// ReasonInternal: a fault of ours.
	ReasonInternal
	numReasons
)

// Error is the sentence.
func (r *Refusal) Error() string { return r.Message }
