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
	// doubts maps each user with a charge of unknown outcome to the time until which that charge may still be settled.
	doubts map[uuid.UUID]time.Time
}

type seenTotal struct {
	used int64
	at   time.Time
}

// NewTotals returns a cache of the ledger's totals. maxAge bounds the age of a
// returned total; zero for no bound, where this process alone charges and so sees
// every change. shared may be nil.
func NewTotals(books DayReader, shared SharedTotals, maxAge time.Duration, now func() time.Time) *Totals {
	return &Totals{books: books, shared: shared, maxAge: maxAge, now: now}
}

// Note caches a user's day from a receipt.
func (t *Totals) Note(userID uuid.UUID, day Day, used int64) {
	t.shard(userID).note(userID, day, used, t.now())
}

const (
	// doubtLife is how long a charge may still be settled after its caller has gone.
	doubtLife = settleTimeout + time.Second
	// doubtfulAge is the greatest age of a returned total in that time.
	doubtfulAge = time.Second
)

// Doubt records that a charge of a user has an unknown outcome. Until the outcome
// is certain, the user's cached total is valid for doubtfulAge only.
func (t *Totals) Doubt(userID uuid.UUID) {
	s := t.shard(userID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.doubts == nil {
		s.doubts = map[uuid.UUID]time.Time{}
	}
	s.doubts[userID] = t.now().Add(doubtLife)
}

// Used is what a user has used on a day, at most maxAge old.
func (t *Totals) Used(ctx context.Context, userID uuid.UUID, day Day) (int64, error) {
	s := t.shard(userID)
	seen, until, found := s.look(userID, day)
	if found && (t.maxAge == 0 || t.now().Sub(seen.at) <= t.maxAge) && (until.IsZero() || t.certain(s, userID, seen, until)) {
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

// certain reports whether a total may be told of a user who was in doubt until an
// instant: one that was read after it may, and ends the doubt.
func (t *Totals) certain(s *totalShard, userID uuid.UUID, seen seenTotal, until time.Time) bool {
	if !seen.at.Before(until) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.doubts[userID].Equal(until) { // else another charge has put the user in doubt since
			delete(s.doubts, userID)
		}
		return true
	}
	now := t.now()
	return now.Before(until) && now.Sub(seen.at) <= doubtfulAge
}

func (t *Totals) shard(userID uuid.UUID) *totalShard { return &t.shards[userID[15]%totalShards] }

func (s *totalShard) look(userID uuid.UUID, day Day) (seen seenTotal, doubtUntil time.Time, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		return seen, doubtUntil, false
	}
	seen, found = s.rows[userID]
	if len(s.doubts) > 0 {
		doubtUntil = s.doubts[userID]
	}
	return seen, doubtUntil, found
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
		s.day, s.rows, s.doubts = day, map[uuid.UUID]seenTotal{}, nil
	}
	seen := s.rows[userID]
	seen.used, seen.at = max(seen.used, used), at
	s.rows[userID] = seen
	return seen.used
}
