package usage

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// DayReader reads a user's exact day from the ledger.
type DayReader interface {
	Today(ctx context.Context, userID uuid.UUID, day Day) (Today, error)
}

// SharedTotals is a cache of days that all instances share. A miss is no error;
// a failure is, and the ledger is read instead.
type SharedTotals interface {
	Get(ctx context.Context, userID uuid.UUID, day Day) (used int64, found bool, err error)
	// Put keeps the greatest total of a day: totals only grow.
	Put(ctx context.Context, userID uuid.UUID, day Day, used int64) error
}

// Totals caches what users have used today, for answers that may be a moment old;
// the ledger never reads it.
type Totals struct {
	ledger DayReader
	shared SharedTotals
	now    func() time.Time
	maxAge time.Duration
	shards [totalShards]totalShard
}

const totalShards = 64

type totalShard struct {
	mu   sync.Mutex
	day  Day
	rows map[uuid.UUID]seenTotal
	// uncertain maps each user with a charge of unknown outcome to the time until which that charge may still be settled.
	uncertain map[uuid.UUID]time.Time
}

type seenTotal struct {
	used int64
	at   time.Time
}

// NewTotals returns a cache of the ledger's totals. maxAge bounds the age of a
// returned total; zero for no bound, where this process alone charges and so sees
// every change. shared may be nil.
func NewTotals(ledger DayReader, shared SharedTotals, maxAge time.Duration, now func() time.Time) *Totals {
	return &Totals{ledger: ledger, shared: shared, maxAge: maxAge, now: now}
}

// Record caches a user's day from a receipt.
func (t *Totals) Record(userID uuid.UUID, day Day, used int64) {
	t.shard(userID).record(userID, day, used, t.now())
}

const (
	// uncertainLife is how long a charge may still be settled after its caller has gone.
	uncertainLife = settleTimeout + time.Second
	// uncertainAge is the greatest age of a returned total in that time.
	uncertainAge = time.Second
)

// MarkUncertain records that a charge of a user has an unknown outcome. Until the outcome
// is certain, the user's cached total is valid for uncertainAge only.
func (t *Totals) MarkUncertain(userID uuid.UUID) {
	s := t.shard(userID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uncertain == nil {
		s.uncertain = map[uuid.UUID]time.Time{}
	}
	s.uncertain[userID] = t.now().Add(uncertainLife)
}

// Used is what a user has used on a day, at most maxAge old.
func (t *Totals) Used(ctx context.Context, userID uuid.UUID, day Day) (int64, error) {
	s := t.shard(userID)
	seen, until, found := s.cached(userID, day)
	if found && (t.maxAge == 0 || t.now().Sub(seen.at) <= t.maxAge) && (until.IsZero() || t.certain(s, userID, seen, until)) {
		return seen.used, nil
	}
	asked := t.now()
	if t.shared != nil {
		if used, found, err := t.shared.Get(ctx, userID, day); err == nil && found {
			return s.record(userID, day, used, asked), nil
		}
	}
	today, err := t.ledger.Today(ctx, userID, day)
	if err != nil {
		return 0, err
	}
	if t.shared != nil {
		_ = t.shared.Put(ctx, userID, day, today.CreditsUsed) // a cache that does not answer is tried again next time
	}
	return s.record(userID, day, today.CreditsUsed, asked), nil
}

// certain reports whether a cached total may be returned for a user who is uncertain
// until an instant: one that was read after it may, and ends the uncertainty.
func (t *Totals) certain(s *totalShard, userID uuid.UUID, seen seenTotal, until time.Time) bool {
	if !seen.at.Before(until) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.uncertain[userID].Equal(until) { // else another charge became uncertain since
			delete(s.uncertain, userID)
		}
		return true
	}
	now := t.now()
	return now.Before(until) && now.Sub(seen.at) <= uncertainAge
}

func (t *Totals) shard(userID uuid.UUID) *totalShard { return &t.shards[userID[15]%totalShards] }

func (s *totalShard) cached(userID uuid.UUID, day Day) (seen seenTotal, uncertainUntil time.Time, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		return seen, uncertainUntil, false
	}
	seen, found = s.rows[userID]
	if len(s.uncertain) > 0 {
		uncertainUntil = s.uncertain[userID]
	}
	return seen, uncertainUntil, found
}

// record keeps the greater total: receipts may arrive out of their order. A new
// day begins with an empty map, so yesterday's users do not stay.
func (s *totalShard) record(userID uuid.UUID, day Day, used int64, at time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case day < s.day:
		return used
	case day > s.day:
		s.day, s.rows, s.uncertain = day, map[uuid.UUID]seenTotal{}, nil
	}
	seen := s.rows[userID]
	seen.used, seen.at = max(seen.used, used), at
	s.rows[userID] = seen
	return seen.used
}
