package views

import (
	"time"

	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// Live is what is open: calls of this instance, and holds of all.
type Live struct {
	Frame
	Now  time.Time
	User Field
	// Calls are those of this instance, the oldest first; Open is how many there are.
	Calls []LiveCall
	Open  int64
	Users []LiveUser
	Holds []LiveHold
	Pager Pager
	Tail  Tail
	// Filtered is whether one user's are shown.
	Filtered bool
	Problems []string
}

// LiveCall is a call that this instance serves.
type LiveCall struct{ gateway.OpenCall }

// LiveUser is the open holds of a user.
type LiveUser struct {
	UserID               uuid.UUID
	Email                string
	Open, Calls, Credits int64
}

// LiveHold is an open hold with whose it is.
type LiveHold struct {
	usage.Hold

	Email, Label, Prefix string
	// Call is whether it is of a call of the gateway, Here whether this instance serves it.
	Call, Here bool
}

func (h *LiveHold) keyName() string {
	if h.Label != "" {
		return h.Label
	}
	return h.Prefix
}

// says is what made the hold.
func (h *LiveHold) says() string {
	switch {
	case h.Here:
		return "Call, on this instance"
	case h.Call:
		return "Call, on another instance"
	}
	return "A service's hold"
}

// EndPath is the page that ends a call.
func EndPath(id uuid.UUID) string { return RequestPath(id) + "/end" }

// expiry is what the end of the hold's time does: the deadline of a call is moved while
// its instance lives.
func (h *LiveHold) expiry() string {
	switch {
	case !h.Call:
		return Expiry(&h.Hold)
	case h.Delivered == 0:
		return "Charged: nothing delivered"
	}
	return "Charged: " + Count(usage.WholeCredits(h.Delivered), "credit") + " delivered"
}

// canEnd is false for calls without a hold, which no instance but this one knows: they count tokens, and are short.
func (c *LiveCall) canEnd() bool { return c.Endpoint != gateway.CountTokens }

func (c *LiveCall) streamedSays() string {
	if c.Streamed {
		return "Streamed"
	}
	return "In one piece"
}

// openSays is how many calls are open, and how many of them are shown.
func (p Live) openSays() string {
	open := Count(p.Open, "open call")
	if shown := int64(len(p.Calls)); shown < p.Open {
		return open + ", the oldest " + Number(shown) + " shown"
	}
	return open
}
