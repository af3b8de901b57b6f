package keys

import "codexible/accounts"

// Limits are a key's own, beside the plan's; nil for none.
type Limits struct {
	// DailyCreditLimit is in credits a day.
	DailyCreditLimit *int64
	// RateLimitPerMinute is in requests.
	RateLimitPerMinute *int64
	// ConcurrencyLimit is the most requests at once: its open holds.
	ConcurrencyLimit *int64
}

// LimitName is a limit of a key as JSON and the audit log call it.
type LimitName string

// The limits of a key.
const (
	DailyCreditLimit   LimitName = "daily_credit_limit"
	RateLimitPerMinute LimitName = "rate_limit_per_minute"
	ConcurrencyLimit   LimitName = "concurrency_limit"
)

// LimitNames lists every limit of a key.
func LimitNames() []LimitName {
	return []LimitName{DailyCreditLimit, RateLimitPerMinute, ConcurrencyLimit}
}

// Bounds are the least and the most that the limit may be.
func (n LimitName) Bounds() (least, most int64) {
	switch n {
	case RateLimitPerMinute:
		return accounts.MinRatePerMinute, accounts.MaxRatePerMinute
	case ConcurrencyLimit:
		return accounts.MinConcurrency, accounts.MaxConcurrency
	case DailyCreditLimit:
	}
	return 0, accounts.MaxDailyCredits
}

// Limit is the limit with a name; nil for none.
func (l Limits) Limit(n LimitName) *int64 { return *limitOf(&l, n) }

func limitOf(l *Limits, n LimitName) **int64 {
	switch n {
	case RateLimitPerMinute:
		return &l.RateLimitPerMinute
	case ConcurrencyLimit:
		return &l.ConcurrencyLimit
	case DailyCreditLimit:
	}
	return &l.DailyCreditLimit
}

// Within reports whether each limit is no wider than the other's; none is wider than any.
func (l Limits) Within(most Limits) bool { return l.wider(most) == "" }

// wider names the first limit that is wider than most's; empty for none.
func (l Limits) wider(most Limits) LimitName {
	for _, n := range LimitNames() {
		if wide, limit := l.Limit(n), most.Limit(n); limit != nil && (wide == nil || *wide > *limit) {
			return n
		}
	}
	return ""
}

// LimitsChange holds what to set of a key's limits: a limit that it does not name
// stays as it is, nil removes one.
type LimitsChange map[LimitName]*int64

// setting is the change that sets every limit to these.
func setting(l Limits) LimitsChange {
	c := LimitsChange{}
	for _, n := range LimitNames() {
		c[n] = l.Limit(n)
	}
	return c
}

func (c LimitsChange) apply(l *Limits) {
	for n, limit := range c {
		*limitOf(l, n) = limit
	}
}

// bounds are the limits that the change sets; none where it names none.
func (c LimitsChange) bounds() (l Limits) {
	c.apply(&l)
	return l
}
