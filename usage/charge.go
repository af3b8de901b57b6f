package usage

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"codexible/fault"

	"github.com/google/uuid"
)

// Bounds of a charge, from the contract.
const (
	MaxCredits        = 1_000_000_000
	MaxTokens         = 1_000_000_000
	MaxModelLength    = 200
	MaxIdempotencyKey = 255
	// ReplayWindow is how long an idempotency key answers as its first charge did.
	ReplayWindow = 24 * time.Hour
	// UnknownModel stands where a charge named none.
	UnknownModel = "unknown"
)

// ErrReplayMismatch says that an idempotency key came again with another body.
var ErrReplayMismatch = fault.New(fault.Conflict, "This idempotency key was used for another charge within the last 24 hours. Send a new key with a new charge, or repeat the first charge unchanged.")

// ErrCostRange says that a charge would take the cost of a user's day beyond MaxDayCostUSD.
var ErrCostRange = fault.Field("cost_usd", fmt.Sprintf("must not raise the day's cost above %d dollars; send the real cost", MaxDayCostUSD))

// Charge is one metered request before it is decided.
type Charge struct {
	UserID           uuid.UUID
	KeyID            uuid.UUID
	Credits          int64
	Model            string
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	// IdempotencyKey makes a repeat within ReplayWindow answer as the first; empty for none. Its scope is KeyID.
	IdempotencyKey string
}

// Fingerprint is equal for two charges that an idempotency key may join: the
// same credits, model, tokens and cost.
func (c *Charge) Fingerprint() [16]byte {
	b := make([]byte, 0, 4*8+MaxModelLength)
	for _, n := range [...]int64{c.Credits, c.PromptTokens, c.CompletionTokens, c.CostMicros} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	sum := sha256.Sum256(append(b, c.Model...))
	return [16]byte(sum[:16])
}

// Outcome is what became of a charge.
type Outcome uint8

// The outcomes. Only Accepted records anything.
const (
	// OverQuota: the charge does not fit into what is left of the day.
	OverQuota Outcome = iota
	// Accepted: the charge is on disk and counts.
	Accepted
	// Duplicate: an earlier charge with this idempotency key was accepted; these are its figures.
	Duplicate
	// Mismatch: an earlier, different charge has this idempotency key.
	Mismatch
	// OverRange: the day's cost would pass MaxDayCostUSD.
	OverRange
)

// String names the outcome as logs and metrics do.
func (o Outcome) String() string {
	return [...]string{"over_quota", "accepted", "duplicate", "mismatch", "over_range"}[o]
}

// Receipt answers a charge: what became of it, and the user's day after it (a
// duplicate has the day as it was after the first).
type Receipt struct {
	Outcome     Outcome
	CreditsUsed int64
	DailyLimit  int64
	Day         Day
}

// Remaining is how many credits the day has left; never negative, also after
// the plan shrank below what was used.
func (r Receipt) Remaining() int64 { return max(r.DailyLimit-r.CreditsUsed, 0) }
