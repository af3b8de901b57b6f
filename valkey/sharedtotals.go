package valkey

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

const (
	// totalLife is how long a shared total is used: the total of an instance that
	// died between its commit and sharing it is wrong for no longer.
	totalLife = time.Minute
	// ShareInterval is how soon a settled total is shared.
	ShareInterval = 100 * time.Millisecond
	// SharedMaxAge is how old a shared total may be where it is used: with
	// ShareInterval at most a second.
	SharedMaxAge = 800 * time.Millisecond
	// maxUnshared bounds what waits while Valkey is away.
	maxUnshared = 100_000
)

// NewSharedTotals adds totals that all instances share to a ledger.
func NewSharedTotals(ledger usage.Ledger, cache *Totals, now func() time.Time) *SharedTotals {
	return &SharedTotals{Ledger: ledger, cache: cache, now: now, unshared: map[userDay]int64{}}
}

// SharedTotals keeps the users' totals of a day in Valkey for all instances.
// It is a usage.SharedTotals, and as the meter's ledger it records every total that
// this instance settles.
type SharedTotals struct {
	usage.Ledger

	cache *Totals
	now   func() time.Time

	mu       sync.Mutex
	unshared map[userDay]int64
}

type userDay struct {
	user uuid.UUID
	day  usage.Day
}

// Get reads a shared total.
func (t *SharedTotals) Get(ctx context.Context, userID uuid.UUID, day usage.Day) (used int64, found bool, err error) {
	return t.cache.Get(ctx, userID, string(day))
}

// Put shares a total that was read from the ledger.
func (t *SharedTotals) Put(ctx context.Context, userID uuid.UUID, day usage.Day, used int64) error {
	return t.cache.Put(ctx, t.total(userDay{userID, day}, used))
}

func (t *SharedTotals) total(of userDay, used int64) Total {
	expires := t.now().Add(totalLife)
	if end := of.day.End(); end.Before(expires) {
		expires = end
	}
	return Total{UserID: of.user, Day: string(of.day), Used: used, ExpireAt: expires}
}

// Settle passes a batch on to the ledger and records the resulting totals.
func (t *SharedTotals) Settle(ctx context.Context, now func() time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	receipts, err := t.Ledger.Settle(ctx, now, charges)
	if err != nil {
		return receipts, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range receipts {
		if r.Outcome == usage.Accepted {
			t.wait(userDay{charges[i].UserID, r.Day}, r.CreditsUsed) //nolint:gosec // a ledger answers each charge
		}
	}
	return receipts, nil
}

// wait keeps a total until it is shared; of two the later, which is the larger.
func (t *SharedTotals) wait(of userDay, used int64) {
	if known, waits := t.unshared[of]; waits || len(t.unshared) < maxUnshared {
		t.unshared[of] = max(known, used)
	}
}

// mostShared is how many totals one round trip shares.
const mostShared = 512

// Share writes what waits, many totals at a time. The first ones that cannot be
// written end the round: they wait on with the others, while their day lasts.
func (t *SharedTotals) Share(ctx context.Context) {
	t.mu.Lock()
	waiting := t.unshared
	t.unshared = map[userDay]int64{}
	t.mu.Unlock()
	today := usage.DayOf(t.now())
	maps.DeleteFunc(waiting, func(of userDay, _ int64) bool { return of.day < today })
	for days := range slices.Chunk(slices.Collect(maps.Keys(waiting)), mostShared) {
		totals := make([]Total, len(days))
		for i, of := range days {
			totals[i] = t.total(of, waiting[of])
		}
		if t.cache.Put(ctx, totals...) != nil {
			break
		}
		for _, of := range days {
			delete(waiting, of)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for of, used := range waiting {
		t.wait(of, used)
	}
}
