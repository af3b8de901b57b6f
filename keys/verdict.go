package keys

import (
	"net/netip"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/limits"
	"codexible/usage"

	"github.com/google/uuid"
)

// Code is the answer to «may this request pass?».
type Code string

// The codes, in the order in which they are decided.
const (
	NotFound          Code = "NOT_FOUND"
	Revoked           Code = "REVOKED"
	Disabled          Code = "DISABLED"
	Expired           Code = "EXPIRED"
	Suspended         Code = "SUSPENDED"
	InsufficientScope Code = "INSUFFICIENT_SCOPE"
	AddressNotAllowed Code = "IP_NOT_ALLOWED"
	RateLimited       Code = "RATE_LIMITED"
	// ModelNotAllowed: the plan or the key may not use the model.
	ModelNotAllowed Code = "MODEL_NOT_ALLOWED"
	// ConcurrencyLimited: the key or the user has as many open holds as it may.
	ConcurrencyLimited Code = "CONCURRENCY_LIMITED"
	QuotaExceeded      Code = "QUOTA_EXCEEDED"
	Valid              Code = "VALID"
)

// Codes lists every code in the order of decision.
func Codes() []Code {
	return []Code{NotFound, Revoked, Disabled, Expired, Suspended, InsufficientScope, AddressNotAllowed, RateLimited, ModelNotAllowed, ConcurrencyLimited, QuotaExceeded, Valid}
}

// Verdict is the whole answer to a verification. Identity is nil for NotFound.
type Verdict struct {
	Code     Code
	Identity *Identity
	Rate     Rate
	usage.Figures

	// Day is the day of the figures.
	Day       usage.Day
	Duplicate bool
	// HoldID and HoldStatus are those of the hold that was made; zero where none was.
	HoldID     uuid.UUID
	HoldStatus usage.HoldStatus
	// PriceID is the price of what was charged or held; zero for none, and for a duplicate.
	PriceID uuid.UUID
}

// RateLimit is how many requests a minute the key may make: the smaller of the
// plan's limit and the key's own.
func (id *Identity) RateLimit() int64 {
	if own := id.Key.RateLimitPerMinute; own != nil {
		return min(*own, id.Plan.RateLimitPerMinute)
	}
	return id.Plan.RateLimitPerMinute
}

// Rate is the window that has the least room of those that a request counts in.
type Rate struct {
	limits.Decision
	// OfUser reports whether it is the window of all keys of the user together.
	OfUser bool
}

// Access is what a request needs of its key.
type Access struct {
	// Scope is what the request needs, AnyScope where every key will do. The zero Scope lets nobody in.
	Scope Scope
	// Address is where the request comes from. Where it is not known, a key with allowed addresses is refused.
	Address netip.Addr
	// Reads is true for a request that changes nothing: a viewer may make it where an admin may.
	// With the scopes admin and keys a viewer may make no other.
	Reads bool
	// Sessions is true where a customer's session will do as well as a key. Elsewhere a session is an unknown key.
	Sessions bool
}

// Decide says whether a request may use the key: Valid, or the first code that
// refuses it. It decides all that needs neither a counter nor the ledger,
// for every front alike.
func (id *Identity) Decide(want Access, now time.Time) Code {
	switch {
	case id == nil, id.SecretEndsAt != nil && !now.Before(*id.SecretEndsAt), id.BySession && !id.sessionOpens(want, now):
		return NotFound
	case id.Key.Status == StatusDisabled:
		return Disabled
	case id.Key.Status != StatusActive:
		return Revoked
	case id.Key.Expired(now):
		return Expired
	case id.User.Status != accounts.StatusActive:
		return Suspended
	case !id.may(want):
		return InsufficientScope
	case !id.Key.Addresses.Allow(want.Address):
		return AddressNotAllowed
	}
	return Valid
}

// sessionOpens reports whether a session lets a request in: sessions are for customers alone.
func (id *Identity) sessionOpens(want Access, now time.Time) bool {
	return want.Sessions && !id.Key.Expired(now) && id.User.Status == accounts.StatusActive && id.User.Role == accounts.RoleUser
}

// may reports whether the key has a scope and its user the role that the scope needs.
func (id *Identity) may(want Access) bool {
	return want.Scope == AnyScope || id.Key.Scopes.Has(want.Scope) && id.roleFits(want)
}

func (id *Identity) roleFits(want Access) bool {
	return want.Scope.fits(id.User.Role) && (want.Reads || id.User.Role != accounts.RoleViewer || want.Scope != ScopeAdmin && want.Scope != ScopeKeys)
}

// refusals say why a key does not let its bearer in. Codes that refuse later have none.
var refusals = map[Code]*fault.Error{
	NotFound:          fault.New(fault.Unauthorized, "This API key is unknown. Check it, or ask for another one."),
	Revoked:           fault.New(fault.Unauthorized, "This API key was revoked. Use another one."),
	Disabled:          fault.New(fault.Unauthorized, "This API key is disabled. Enable it with another key, or ask the operator."),
	Expired:           fault.New(fault.Unauthorized, "This API key has expired. Use another one."),
	Suspended:         fault.New(fault.Forbidden, "This account is suspended. Contact support to have it reactivated."),
	AddressNotAllowed: fault.New(fault.AddressNotAllowed, "This API key cannot be used from this address. Use it from an allowed address, or add this address to the key."),
}

var errViewer = fault.New(fault.Forbidden, "A key of a user with the role viewer only reads. Use a key of a user with the role admin.")

// Refusal is the error for the bearer of the key who wanted that access; nil for Valid.
func (id *Identity) Refusal(code Code, want Access) *fault.Error {
	if code != InsufficientScope {
		return refusals[code]
	}
	if role := want.Scope.Role(); !id.roleFits(want) {
		if id.User.Role == accounts.RoleViewer && want.Scope != ScopeService {
			return errViewer
		}
		return fault.Newf(fault.Forbidden, "This path needs a key of a user with the role %s. Use such a key.", role)
	}
	return fault.Newf(fault.InsufficientScope, "This path needs a key with the scope %s, which this key does not have. Use another key.", want.Scope)
}

// CodeOf is the code that a refusal was made from; empty where it is none.
func CodeOf(f *fault.Error) Code {
	if f.Kind == fault.InsufficientScope {
		return InsufficientScope
	}
	for code, refusal := range refusals {
		if f.Is(refusal) {
			return code
		}
	}
	return ""
}

func (v *Verdict) settle(r usage.Receipt, priced *usage.Priced) {
	v.Figures, v.Day, v.HoldID, v.HoldStatus = r.Figures, r.Day, r.HoldID, r.HoldStatus
	switch r.Outcome {
	case usage.OverQuota:
		v.Code = QuotaExceeded
	case usage.Concurrent:
		v.Code = ConcurrencyLimited
	case usage.Duplicate:
		v.Duplicate = true
	case usage.Accepted:
		if priced != nil {
			v.PriceID = priced.PriceID
		}
	case usage.Mismatch, usage.OverRange, usage.NoHold, usage.HoldEnded, usage.BelowHold, usage.BelowZero:
	}
}
