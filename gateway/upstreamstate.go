package gateway

import (
	"time"

	"github.com/google/uuid"
)

// UpstreamState is what was learnt of an upstream; the zero UpstreamState where nothing was.
type UpstreamState struct {
	// RestsUntil is until when no call goes to the upstream; zero where it does not rest.
	RestsUntil time.Time
	// Failures is how many calls failed within the window that rests an upstream.
	Failures int
	// Keys are the keys of which something was learnt.
	Keys []KeyState
}

// KeyState is what was learnt of an upstream's key.
type KeyState struct {
	ID uuid.UUID
	// RestsUntil is until when the key is not tried; zero where it does not rest.
	RestsUntil time.Time
}

// TestResult is what a small call of an upstream gave.
type TestResult struct {
	// OK is whether the upstream answered as it should.
	OK bool
	// Status is the answer's; 0 where there was none.
	Status int
	// FirstByte is how long the head of the answer took; zero where there was none.
	FirstByte time.Duration
	// Message says what happened, without any secret.
	Message string
}
