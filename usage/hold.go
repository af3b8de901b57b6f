package usage

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// Bounds of a hold, from the contract.
const (
	MinHoldTTL     = 10 * time.Second
	MaxHoldTTL     = time.Hour
	DefaultHoldTTL = 10 * time.Minute
	// HoldsKept is how long an ended hold is kept, and its settlement answered again.
	HoldsKept = 30 * 24 * time.Hour
)

// HoldStatus is whether a hold is open, or how it ended.
type HoldStatus string

// The states of a hold.
const (
	// HoldOpen: the credits are set aside. Past its deadline an open hold sets nothing aside.
	HoldOpen HoldStatus = "open"
	// HoldSettled: the real charge has ended it.
	HoldSettled HoldStatus = "settled"
	// HoldReleased: it was ended without a charge.
	HoldReleased HoldStatus = "released"
	// HoldExpired: its deadline ended it, with a charge of what was delivered where ChargeID is set.
	// A hold of the gateway has a charge also where nothing was delivered.
	HoldExpired HoldStatus = "expired"
)

// OnExpiry is what the end of a hold's time does.
type OnExpiry string

// What the end of a hold's time does.
const (
	// ReleaseOnExpiry gives the credits back.
	ReleaseOnExpiry OnExpiry = "release"
	// ChargeOnExpiry charges what the last extension recorded as delivered.
	ChargeOnExpiry OnExpiry = "charge"
)

// Draw is what a hold or a charge takes from one grant, in whole credits.
type Draw struct {
	GrantID uuid.UUID
	Credits int64
}

// Hold is credits set aside for a call whose price is not known yet.
type Hold struct {
	ID     uuid.UUID
	UserID uuid.UUID
	KeyID  uuid.UUID
	// OwnerID is the user whose service made the hold; only that user's keys end it. It is
	// zero for those of the gateway, which no service ends.
	OwnerID uuid.UUID
	// Credits are set aside; Draws are the part of them that grants give, the rest is the plan's.
	// After its end Draws are what its charge took of grants, an adjustment included.
	Credits int64
	Draws   []Draw
	// Delivered is what was delivered so far, in millionths of a credit.
	Delivered int64
	// DeliveredTokens and DeliveredMicros are the tokens and the cost of it; nil and 0 where they are not known.
	DeliveredTokens *Tokens
	DeliveredMicros int64
	OnExpiry        OnExpiry
	Model           string
	// PriceID is the price of the model when the hold was made; zero where it had none.
	PriceID   uuid.UUID
	RequestID string
	CreatedAt time.Time
	ExpiresAt time.Time

	Status HoldStatus
	// End is how the hold ended; zero while it is open.
	End HoldEnd
}

// HoldEnd is what the end of a hold charged and answered.
type HoldEnd struct {
	At time.Time
	// Fingerprint is that of the settlement; zero where none ended the hold.
	Fingerprint [16]byte
	// ChargeID and Day are those of the charge; zero where nothing was charged.
	ChargeID uuid.UUID
	Day      Day
	// Collected and Uncollected are millionths: what was charged, and what did not fit.
	Collected   int64
	Uncollected int64
	// Charged is what was charged in whole credits.
	Charged int64
	// Figures are those that the settlement was answered with.
	Figures Figures
}

// granted is the part of the hold that grants give.
func (h *Hold) granted() int64 { return granted(h.Draws) }

func granted(draws []Draw) (credits int64) {
	for _, d := range draws {
		credits += d.Credits
	}
	return credits
}

// due reports whether the hold's time is over.
func (h *Hold) due(at time.Time) bool { return !at.Before(h.ExpiresAt) }

// ofGateway reports whether the gateway made the hold, and no service: its expiry always
// makes a charge, which says that the call was interrupted.
func (h *Hold) ofGateway() bool { return h.OwnerID == uuid.Nil }

// takes reports whether the hold's expiry takes something.
func (h *Hold) takes() bool {
	return h.Delivered > 0 && (h.OnExpiry == ChargeOnExpiry || h.ofGateway())
}

// expiry is what the hold's expiry charges. That of the gateway's has the tokens and the
// cost of what was delivered.
func (h *Hold) expiry(a *Account) Charge {
	c := Charge{Millionths: h.Delivered}
	if !h.ofGateway() {
		return c
	}
	c.Call = &Call{RequestID: h.ID, Outcome: CallInterrupted, Source: SourceEstimated}
	c.CostMicros = min(h.DeliveredMicros, MaxDayCostUSD*MicrosPerUSD-a.Day.CostMicros)
	if h.priced() {
		c.Priced = &Priced{PriceID: h.PriceID, Tokens: *h.DeliveredTokens}
	}
	return c
}

// priced reports whether the charge of the expiry of a gateway's hold has tokens.
func (h *Hold) priced() bool { return h.DeliveredTokens != nil && h.PriceID != uuid.Nil }

// charged reports whether the hold's expiry made a charge.
func (h *Hold) charged() bool { return h.Status == HoldExpired && h.End.ChargeID != uuid.Nil }

// fingerprint is equal for two requests that an idempotency key may join: the
// charge's fields, the hold's time and what its expiry does.
func (e *Entry) fingerprint() [16]byte {
	if e.Kind != KindHold {
		return e.Fingerprint()
	}
	c := e.Charge
	if c.Priced != nil && c.Priced.Tokens == (Tokens{}) { // credits, of a model that has a price
		c.Priced = nil
	}
	base := c.Fingerprint()
	b := binary.BigEndian.AppendUint64(base[:], uint64(e.TTL))
	sum := sha256.Sum256(append(b, e.OnExpiry...))
	return [16]byte(sum[:16])
}
