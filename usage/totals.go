package usage

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// DayReader reads a user's exact day from the books.
type DayReader interface {
	Today(ctx context.Context, userID uuid.UUID, day Day) (Today, error)
}

// SharedTotals is a cache of days that all instances share. A miss is no error;
// a failure is, and sends the question to the books.
type SharedTotals interface {
	Get(ctx context.Context, userID uuid.UUID, day Day) (used int64, found bool, err error)
	// Put keeps the greatest total it was told for a day: totals only grow.
	Put(ctx context.Context, userID uuid.UUID, day Day, used int64) error
}

// Totals remembers what users have used today, for answers that may be a moment
// old; the ledger never asks it.
type Totals struct {
	books  DayReader
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
}

type seenTotal struct {
	used int64
	at   time.Time
}

// NewTotals makes a memory over the books. maxAge is how old an answer may be;
// zero where this process alone charges, and so knows every change. shared may
// be nil.
func NewTotals(books DayReader, shared SharedTotals, maxAge time.Duration, now func() time.Time) *Totals {
	return &Totals{books: books, shared: shared, maxAge: maxAge, now: now}
}

// Note remembers a user's day as a receipt told it.
func (t *Totals) Note(userID uuid.UUID, day Day, used int64) {
	t.shard(userID).note(userID, day, used, t.now())
}

// Used is what a user has used on a day, at most maxAge old.
func (t *Totals) Used(ctx context.Context, userID uuid.UUID, day Day) (int64, error) {
	s := t.shard(userID)
	if seen, found := s.look(userID, day); found && (t.maxAge == 0 || t.now().Sub(seen.at) <= t.maxAge) {
		return seen.used, nil
	}
	asked := t.now()
	if t.shared != nil {
		if used, found, err := t.shared.Get(ctx, userID, day); err == nil && found {
			return s.note(userID, day, used, asked), nil
		}
	}
	today, err := t.books.Today(ctx, userID, day)
	if err != nil {
		return 0, err
	}
	if t.shared != nil {
		_ = t.shared.Put(ctx, userID, day, today.CreditsUsed) // a cache that does not answer is asked again next time
	}
	return s.note(userID, day, today.CreditsUsed, asked), nil
}

func (t *Totals) shard(userID uuid.UUID) *totalShard { return &t.shards[userID[15]%totalShards] }

func (s *totalShard) look(userID uuid.UUID, day Day) (seenTotal, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		return seenTotal{}, false
	}
	seen, found := s.rows[userID]
	return seen, found
}

// note keeps the greater total: receipts may be noted out of their order. A new
// day begins with an empty map, so yesterday's users do not stay.
func (s *totalShard) note(userID uuid.UUID, day Day, used int64, at time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case day < s.day:
		return used
	case day > s.day:
		s.day, s.rows = day, map[uuid.UUID]seenTotal{}
	}
	seen := s.rows[userID]
	seen.used, seen.at = max(seen.used, used), at
	s.rows[userID] = seen
	return seen.used
}
