package monitor

import (
	"sync/atomic"

	"codexible/fault"
	"codexible/keys"
)

// refusalCodes are the codes that a request can be refused with.
var refusalCodes = [...]keys.Code{
	keys.NotFound, keys.Revoked, keys.Disabled, keys.Expired, keys.Suspended, keys.InsufficientScope, keys.AddressNotAllowed,
	keys.RateLimited, keys.ModelNotAllowed, keys.ConcurrencyLimited, keys.QuotaExceeded,
}

// RefusalCodes returns the codes that Refusals counts.
func RefusalCodes() []keys.Code { return refusalCodes[:] }

// Refusals counts requests that were refused, by code. The zero value is ready.
type Refusals struct {
	counts [len(refusalCodes)]atomic.Int64
}

// Count counts a request that was refused with a verify code. A code that refuses nothing is not counted.
func (r *Refusals) Count(code keys.Code) {
	for i := range refusalCodes {
		if refusalCodes[i] == code {
			r.counts[i].Add(1)
		}
	}
}

// CountFault counts a request that was refused with a fault, if a key, its limits or its credits were the reason.
func (r *Refusals) CountFault(f *fault.Error) {
	switch f.Kind {
	case fault.Unauthorized, fault.Forbidden, fault.InsufficientScope, fault.AddressNotAllowed:
		code := keys.CodeOf(f)
		if code == "" && f.Kind == fault.Unauthorized {
			code = keys.NotFound
		}
		r.Count(code)
	case fault.RateLimited:
		r.Count(keys.RateLimited)
	case fault.QuotaExceeded:
		r.Count(keys.QuotaExceeded)
	default:
	}
}

// Pending is how many refusals with a code are not in the store yet.
func (r *Refusals) Pending(code keys.Code) int64 {
	for i := range refusalCodes {
		if refusalCodes[i] == code {
			return r.counts[i].Load()
		}
	}
	return 0
}

// take returns the counts by code, and sets them to zero.
func (r *Refusals) take() map[string]int64 {
	counts := map[string]int64{}
	for i := range refusalCodes {
		if n := r.counts[i].Swap(0); n > 0 {
			counts[string(refusalCodes[i])] = n
		}
	}
	return counts
}

func (r *Refusals) giveBack(counts map[string]int64) {
	for i := range refusalCodes {
		r.counts[i].Add(counts[string(refusalCodes[i])])
	}
}
