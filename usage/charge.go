package usage

import (
	"cmp"
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
var ErrReplayMismatch = fault.New(fault.Conflict, "This idempotency key was used for another charge or hold within the last 24 hours. Send a new key with a new request, or repeat the first one unchanged.")

// ErrCostRange says that a charge would take the cost of a user's day beyond MaxDayCostUSD.
var ErrCostRange = fault.Field("cost_usd", fmt.Sprintf("must not raise the day's cost above %d dollars; send the real cost", MaxDayCostUSD))

// ErrNoCharge says that a charge does not exist.
var ErrNoCharge = fault.New(fault.NotFound, "This charge does not exist, or it is older than the charges that are kept.")

// Charge is one metered request before it is decided.
type Charge struct {
	UserID uuid.UUID
	KeyID  uuid.UUID
	// ChargerID is who charges: the key itself, or the user whose service verifies it.
	ChargerID uuid.UUID
	// Credits and Millionths of a credit are the amount, added up. A charge by hand has whole credits alone.
	Credits    int64
	Millionths int64
	// Model is what the call is charged under. Asked is the name that the request has for it
	// where that can mean another model at a repeat; empty where it is Model.
	Model            string
	Asked            string
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
	// Priced is what the call used and the price that made the amount and the cost of it;
	// nil for a charge by hand. Of a hold it names the price of its model, where it has one.
	Priced *Priced
	// Call is the call of the gateway that the charge is for; nil for others.
	Call *Call
	// IdempotencyKey makes a repeat within ReplayWindow answer as the first; empty for none.
	IdempotencyKey string
}

// Priced is usage and its price.
type Priced struct {
	PriceID uuid.UUID
	Tokens  Tokens
}

// Call is a call of the gateway, as its charge records it.
type Call struct {
	// RequestID is the id of the request, and of the call's hold.
	RequestID uuid.UUID
	Outcome   CallOutcome
	Source    Source
	// UpstreamID is the upstream that the call was sent to last; zero where that is not known.
	UpstreamID uuid.UUID
}

// CallOutcome is how a call of the gateway ended.
type CallOutcome string

// How a call of the gateway ended.
const (
	CallComplete CallOutcome = "complete"
	// CallStopped: the gateway stopped it, because no credits were left.
	CallStopped       CallOutcome = "stopped"
	CallClientGone    CallOutcome = "client_gone"
	CallUpstreamError CallOutcome = "upstream_error"
	// CallInterrupted: the process died, and the hold's deadline ended the call.
	CallInterrupted CallOutcome = "interrupted"
	// CallRefused: nothing was sent to an upstream. No charge has it, only the log of requests.
	CallRefused CallOutcome = "refused"
)

// Source is where the tokens of a call come from.
type Source string

// Where the tokens of a call come from.
const (
	// SourceReported: the upstream said so.
	SourceReported Source = "reported"
	// SourceCounted: the upstream said a part, and the rest is estimated from what was delivered.
	SourceCounted   Source = "counted"
	SourceEstimated Source = "estimated"
)

// millionths is the whole amount.
func (c *Charge) millionths() int64 { return c.Credits*Millionths + c.Millionths }

// Fingerprint is equal for two charges that an idempotency key may join: the
// same amount, model, tokens and cost. Usage is compared in place of the amount and the
// cost, which another price would have made different, and the name that was asked for in
// place of the model, which a change of names would have.
func (c *Charge) Fingerprint() [16]byte {
	b := make([]byte, 0, 5*8+MaxModelLength)
	if c.Priced != nil {
		b = append(append(c.Priced.Tokens.AppendText(b), 0), cmp.Or(c.Asked, c.Model)...)
		sum := sha256.Sum256(b)
		return [16]byte(sum[:16])
	}
	for _, n := range [...]int64{c.Credits, c.PromptTokens, c.CompletionTokens, c.CostMicros} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, c.Model...)
	if c.Millionths != 0 { // absent from the fingerprints of whole charges, which older versions have stored too
		b = binary.BigEndian.AppendUint64(append(b, 0), uint64(c.Millionths))
	}
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

// Outcome is what became of an entry.
type Outcome uint8

// The outcomes. Only Accepted records anything, but for holds whose deadline has passed.
const (
	// OverQuota: the charge, hold or extension does not fit into the room; Limit says which limit leaves the least.
	OverQuota Outcome = iota
	// Accepted: the entry is on disk and counts.
	Accepted
	// Duplicate: an earlier entry with this idempotency key, or settlement of this hold, was accepted; these are its figures.
	Duplicate
	// Mismatch: an earlier, different entry has this idempotency key or settled this hold.
	Mismatch
	// OverRange: the day's cost would pass MaxDayCostUSD, or its credits MaxDayCredits.
	OverRange
	// Concurrent: the key or the user has as many open holds as it may.
	Concurrent
	// NoHold: the hold does not exist, belongs to another owner, or ended more than HoldsKept ago.
	NoHold
	// HoldEnded: the hold was released, settled or is past its deadline.
	HoldEnded
	// BelowHold: an extension asks for less than the hold has.
	BelowHold
	// BelowZero: a correction gives back more than the day has.
	BelowZero
)

var outcomes = [...]string{
	"over_quota", "accepted", "duplicate", "mismatch", "over_range", "concurrency_limited", "no_hold", "hold_ended", "below_hold", "below_zero",
}

// String names the outcome as logs and metrics do.
func (o Outcome) String() string { return outcomes[o] }

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	all := make([]Outcome, len(outcomes))
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}

// Limit names the limit that left the least room.
type Limit uint8

// The limits on credits.
const (
	LimitDay Limit = iota
	LimitMonth
	LimitKey
)

// Receipt answers an entry: what became of it, and the user's credits after it (a
// duplicate has them as they were after the first).
type Receipt struct {
	Outcome Outcome
	Figures

	Day Day
	// Limit is set where the outcome is OverQuota.
	Limit Limit
	// KeyUsed and KeyLimit are the key's own day, where Limit is LimitKey: what it used, and its limit.
	KeyUsed, KeyLimit int64
	// KeyLimited reports whether the key has a daily limit of its own, which Room then counts;
	// UserRoom is the room of the user's keys that have none.
	KeyLimited bool
	UserRoom   int64
	// Charged is in whole credits, Uncollected in millionths.
	Charged     int64
	Uncollected int64
	HoldID      uuid.UUID
	HoldStatus  HoldStatus
	// ExpiresAt is the deadline of the hold.
	ExpiresAt time.Time
	// Moved is for the metrics.
	Moved Moved
}

// Remaining is the room: never negative, also after the plan shrank below what was used.
func (r *Receipt) Remaining() int64 { return r.Room }
