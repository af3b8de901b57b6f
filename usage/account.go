package usage

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// DaySums is a user's day. Corrections are a part of its millionths.
type DaySums struct {
	// Millionths is what the day was charged, in millionths of a credit.
	Millionths int64
	// Granted is the part of its whole credits that grants gave.
	Granted int64
	// CostMicros is what the day's charges cost, in millionths of a dollar.
	CostMicros int64
}

// Used is what the day used, in whole credits.
func (d DaySums) Used() int64 { return WholeCredits(d.Millionths) }

// OfPlan is the part of the day that counts against the plan's limits.
func (d DaySums) OfPlan() int64 { return d.Used() - d.Granted }

func (d DaySums) plus(by DaySums) DaySums {
	return DaySums{d.Millionths + by.Millionths, d.Granted + by.Granted, d.CostMicros + by.CostMicros}
}

// Grant is credits beside the plan, as far as a decision needs it.
type Grant struct {
	ID      uuid.UUID
	Credits int64
	// Used is what charges have drawn from it.
	Used int64
	// ExpiresAt is its end; zero for none.
	ExpiresAt time.Time
}

// KeyLimits are the limits of one key and what it used on the day.
type KeyLimits struct {
	// DailyLimit is in credits; NoLimit for none.
	DailyLimit int64
	// ConcurrencyLimit is the most requests at once; NoLimit for none.
	ConcurrencyLimit int64
	// Used is the sum of the whole credits of the key's charges of the day.
	Used int64
}

// Account is a user as a batch finds it: the limits in force, the sums, the open
// holds and grants. Decide keeps it up to date as the batch goes.
type Account struct {
	// DailyLimit is the plan's.
	DailyLimit int64
	// MonthlyLimit and ConcurrencyLimit are the plan's; NoLimit for none.
	MonthlyLimit     int64
	ConcurrencyLimit int64
	Day              DaySums
	// EarlierDays is what the month's days before this one count against the plan. It is read
	// only where there is a MonthlyLimit.
	EarlierDays int64
	// LastChargeID is the user's last charge of any day, to which the next one points; zero for none.
	LastChargeID uuid.UUID
	// PastDays are the days before this one that the batch may change: those that corrections
	// name, and those on which the expiries of its entries' holds were charged.
	PastDays map[Day]PastDay
	// Grants are those that are neither at their end nor revoked, the earliest end first, those
	// without one last. Used up ones may be left out, but for those that an ended hold of the
	// batch drew on: a settlement may give back to them.
	Grants []Grant
	// Holds are the open ones, the oldest first, those whose deadline has passed included.
	Holds []*Hold
	// Keys are the keys that have limits of their own.
	Keys map[uuid.UUID]*KeyLimits
}

// PastDay is a day before the batch's: its sums, and its last charge.
type PastDay struct {
	DaySums

	LastChargeID uuid.UUID
}

// Figures are a user's credits as they are answered.
type Figures struct { //nolint:recvcheck // numbers alone hands out pointers
	// CreditsUsed is what the day used, all keys together, grants included.
	CreditsUsed int64
	DailyLimit  int64
	// Held is what open holds set aside.
	Held int64
	// Granted is what the open grants have left.
	Granted int64
	// Room is what a charge of this key may take.
	Room  int64
	Month Month
}

// Month is a user's calendar month against the plan.
type Month struct {
	// Limit is NoLimit where the plan has none for a month; the other fields are zero then.
	Limit, Used, Held int64
}

// AppendText writes the figures as eight numbers, for ParseFigures.
func (f Figures) AppendText(b []byte) ([]byte, error) {
	for i, n := range f.numbers() {
		if i > 0 {
			b = append(b, ' ')
		}
		b = strconv.AppendInt(b, *n, 10)
	}
	return b, nil
}

func (f *Figures) numbers() [8]*int64 {
	return [8]*int64{&f.CreditsUsed, &f.DailyLimit, &f.Held, &f.Granted, &f.Room, &f.Month.Limit, &f.Month.Used, &f.Month.Held}
}

// ParseFigures reads what AppendText wrote; false for anything else.
func ParseFigures(text string) (f Figures, ok bool) {
	for i, n := range f.numbers() {
		number, rest, more := strings.Cut(text, " ")
		value, err := strconv.ParseInt(number, 10, 64)
		if err != nil || more != (i < len(f.numbers())-1) {
			return Figures{}, false
		}
		*n, text = value, rest
	}
	return f, true
}

// Remaining is how many credits of the plan the month has left, never negative.
func (m Month) Remaining() int64 { return max(m.Limit-m.Used-m.Held, 0) }

// Open drops the holds whose deadline has passed, as Decide would end them: for
// figures that are read and not decided.
func (a *Account) Open(at time.Time) {
	a.Holds = slices.DeleteFunc(a.Holds, func(h *Hold) bool { return h.due(at) })
}

// busy reports whether the key, or the user with all keys together, has as many
// open holds as it may.
func (a *Account) busy(key uuid.UUID) bool {
	if a.ConcurrencyLimit != NoLimit && int64(len(a.Holds)) >= a.ConcurrencyLimit {
		return true
	}
	limits := a.Keys[key]
	if limits == nil || limits.ConcurrencyLimit == NoLimit {
		return false
	}
	var open int64
	for _, h := range a.Holds {
		if h.KeyID == key {
			open++
		}
	}
	return open >= limits.ConcurrencyLimit
}

// AddGrant adds a grant at its place in the order of use; nothing where the account has it.
func (a *Account) AddGrant(g Grant) {
	if slices.ContainsFunc(a.Grants, func(known Grant) bool { return known.ID == g.ID }) {
		return
	}
	after := slices.IndexFunc(a.Grants, g.before)
	if after < 0 {
		after = len(a.Grants)
	}
	a.Grants = slices.Insert(a.Grants, after, g)
}

// OpenGrant is a grant with what a charge can take of it.
type OpenGrant struct {
	Grant

	Left int64
}

// OpenGrants are the grants that have not ended and are not used up, in the order of use. What
// they have left adds up to Figures.Granted.
func (a *Account) OpenGrants(at time.Time) (open []OpenGrant) {
	for i := range a.Grants {
		g := &a.Grants[i]
		if g.Used < g.Credits && (g.ExpiresAt.IsZero() || at.Before(g.ExpiresAt)) {
			open = append(open, OpenGrant{*g, a.grantLeft(g, at)})
		}
	}
	return open
}

// before reports whether a grant is used before another: the earlier end first, those without one last.
func (g Grant) before(other Grant) bool {
	switch {
	case g.ExpiresAt.Equal(other.ExpiresAt):
		return bytes.Compare(g.ID[:], other.ID[:]) < 0
	case g.ExpiresAt.IsZero() || other.ExpiresAt.IsZero():
		return other.ExpiresAt.IsZero()
	}
	return g.ExpiresAt.Before(other.ExpiresAt)
}

// HasOpen reports whether a hold is among the account's open ones.
func (a *Account) HasOpen(id uuid.UUID) bool { return a.openHold(id) != nil }

func (a *Account) openHold(id uuid.UUID) *Hold {
	for _, h := range a.Holds {
		if h.ID == id {
			return h
		}
	}
	return nil
}

func (a *Account) setPastDay(day Day, past PastDay) {
	if a.PastDays == nil {
		a.PastDays = map[Day]PastDay{}
	}
	a.PastDays[day] = past
}
