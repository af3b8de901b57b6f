package keys

import (
	"time"

	"codexible/accounts"
	"codexible/limits"
	"codexible/usage"
)

// Code is the answer to «may this request pass?».
type Code string

// The codes, in the order in which they are decided.
const (
	NotFound      Code = "NOT_FOUND"
	Revoked       Code = "REVOKED"
	Expired       Code = "EXPIRED"
	Suspended     Code = "SUSPENDED"
	RateLimited   Code = "RATE_LIMITED"
	QuotaExceeded Code = "QUOTA_EXCEEDED"
	Valid         Code = "VALID"
)

// Codes lists every code in the order of decision.
func Codes() []Code {
	return []Code{NotFound, Revoked, Expired, Suspended, RateLimited, QuotaExceeded, Valid}
}

// Verdict is the whole answer to a verification. Identity is nil for NotFound.
type Verdict struct {
	Code      Code
	Identity  *Identity
	Rate      limits.Decision
	Used      int64
	Limit     int64
	ResetsAt  time.Time
	Duplicate bool
}

// Remaining is how many credits the day has left, never negative.
func (v *Verdict) Remaining() int64 { return max(v.Limit-v.Used, 0) }

// standing decides all that needs neither a counter nor the ledger.
func (id *Identity) standing(now time.Time) Code {
	switch {
	case id == nil, id.SecretEndsAt != nil && !now.Before(*id.SecretEndsAt):
		return NotFound
	case id.Key.Status != StatusActive:
		return Revoked
	case id.Key.Expired(now):
		return Expired
	case id.User.Status != accounts.StatusActive:
		return Suspended
	}
	return Valid
}

func (v *Verdict) settle(r usage.Receipt) {
	v.Used, v.Limit, v.ResetsAt = r.CreditsUsed, r.DailyLimit, r.Day.End()
	switch r.Outcome {
	case usage.OverQuota:
		v.Code = QuotaExceeded
	case usage.Duplicate:
		v.Duplicate = true
	case usage.Accepted, usage.Mismatch, usage.OverRange:
	}
}
