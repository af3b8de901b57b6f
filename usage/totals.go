package usage

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
)

// FiguresReader reads a user's exact figures from the ledger, as they are for a key.
type FiguresReader interface {
	Figures(ctx context.Context, userID, keyID uuid.UUID) (Figures, error)
}

// Totals caches the figures of users, for answers that may be a moment old;
// the ledger never reads it. Figures of a key with a daily limit of its own are
// cached for that key, those of all others for their user.
type Totals struct {
	ledger FiguresReader
	now    func() time.Time
	maxAge time.Duration
	shards [totalShards]totalShard
}

const totalShards = 64

type totalShard struct {
	mu   sync.Mutex
	day  Day
	rows map[uuid.UUID]cachedFigures
	// dropped is the last Drop: figures that were asked for before it may be of before it.
	dropped time.Time
	// uncertain maps each row with an entry of unknown outcome to the time until which that entry may still be posted.
	uncertain map[uuid.UUID]time.Time
}

type cachedFigures struct {
	Figures

	at time.Time
}

// FiguresOf says whose figures are asked for. Limited is whether the key has a daily limit of its own.
type FiguresOf struct {
	UserID, KeyID uuid.UUID
	Limited       bool
}

// row is under which id the figures are cached.
func (of FiguresOf) row() uuid.UUID {
	if of.Limited {
		return of.KeyID
	}
	return of.UserID
}

// NewTotals returns a cache of the ledger's figures. maxAge bounds the age of
// returned figures; zero for no bound, where this process alone posts entries and so
// sees every change. Figures that change by time or by other keys are never older
// than changingAge.
func NewTotals(ledger FiguresReader, maxAge time.Duration, now func() time.Time) *Totals {
	return &Totals{ledger: ledger, maxAge: maxAge, now: now}
}

// changingAge is the greatest age of figures that change without an entry: grants
// and holds end, and a key's figures change by the user's other keys.
const changingAge = time.Second

// posted caches the figures of a batch in the order in which it was decided. The
// batch began to be posted at an instant. After an error it is not known whether it was posted.
func (t *Totals) posted(began time.Time, entries []Entry, receipts []Receipt, err error) {
	now := t.now()
	for i := range entries {
		e := &entries[i]
		if err != nil {
			t.markUncertain(e.UserID, now)
			t.markUncertain(e.KeyID, now)
			continue
		}
		r := &receipts[i]
		if r.Outcome == Duplicate || r.Outcome == Mismatch { // those figures are of the first
			continue
		}
		ofUser := r.Figures
		if r.KeyLimited {
			t.shard(e.KeyID).record(e.KeyID, r.Day, r.Figures, began, now)
			ofUser.Room = r.UserRoom
		}
		t.shard(e.UserID).record(e.UserID, r.Day, ofUser, began, now)
	}
}

const (
	// uncertainLife is how long an entry may still be posted after its caller has gone.
	uncertainLife = postTimeout + time.Second
	// uncertainAge is the greatest age of returned figures in that time.
	uncertainAge = time.Second
)

// markUncertain records that an entry has an unknown outcome. Until the outcome
// is certain, the cached figures are valid for uncertainAge only.
func (t *Totals) markUncertain(row uuid.UUID, now time.Time) {
	s := t.shard(row)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uncertain == nil {
		s.uncertain = map[uuid.UUID]time.Time{}
	}
	s.uncertain[row] = now.Add(uncertainLife)
}

// Drop removes what is cached of a user or a key: for changes that no entry made.
func (t *Totals) Drop(id uuid.UUID) {
	t.shard(id).drop(t.now(), func(row uuid.UUID) bool { return row == id })
}

// DropAll removes everything that is cached.
func (t *Totals) DropAll() {
	for i := range t.shards {
		t.shards[i].drop(t.now(), func(uuid.UUID) bool { return true })
	}
}

func (s *totalShard) drop(now time.Time, drops func(row uuid.UUID) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = now
	maps.DeleteFunc(s.rows, func(row uuid.UUID, _ cachedFigures) bool { return drops(row) })
}

// Figures are those of a day, at most maxAge old.
func (t *Totals) Figures(ctx context.Context, of FiguresOf, day Day) (Figures, error) {
	s := t.shard(of.row())
	seen, until, found := s.cached(of.row(), day)
	if found && t.fresh(of, seen) && (until.IsZero() || t.certain(s, of.row(), seen, until)) {
		return seen.Figures, nil
	}
	asked := t.now()
	f, err := t.ledger.Figures(ctx, of.UserID, of.KeyID)
	if err != nil {
		return Figures{}, err
	}
	s.record(of.row(), day, f, asked, asked)
	return f, nil
}

func (t *Totals) fresh(of FiguresOf, seen cachedFigures) bool {
	age := t.now().Sub(seen.at)
	if (of.Limited || seen.Granted > 0 || seen.Held > 0) && age > changingAge {
		return false
	}
	return t.maxAge == 0 || age <= t.maxAge
}

// certain reports whether cached figures may be returned for a row that is uncertain
// until an instant: those that were read after it may, and end the uncertainty.
func (t *Totals) certain(s *totalShard, row uuid.UUID, seen cachedFigures, until time.Time) bool {
	if !seen.at.Before(until) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.uncertain[row].Equal(until) { // else another entry became uncertain since
			delete(s.uncertain, row)
		}
		return true
	}
	now := t.now()
	return now.Before(until) && now.Sub(seen.at) <= uncertainAge
}

func (t *Totals) shard(row uuid.UUID) *totalShard { return &t.shards[row[15]%totalShards] }

func (s *totalShard) cached(row uuid.UUID, day Day) (seen cachedFigures, uncertainUntil time.Time, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.day != day {
		return seen, uncertainUntil, false
	}
	seen, found = s.rows[row]
	if len(s.uncertain) > 0 {
		uncertainUntil = s.uncertain[row]
	}
	return seen, uncertainUntil, found
}

// record keeps the figures of the latest moment. They were asked for at an
// instant, and are those of a later one. A new day begins with an empty map, so
// yesterday's users do not stay.
func (s *totalShard) record(row uuid.UUID, day Day, f Figures, asked, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case day < s.day:
		return
	case day > s.day:
		s.day, s.rows, s.uncertain = day, map[uuid.UUID]cachedFigures{}, nil
	}
	switch seen, found := s.rows[row]; {
	case !asked.After(s.dropped):
		delete(s.rows, row)
	case !found || !at.Before(seen.at):
		s.rows[row] = cachedFigures{f, at}
	}
}
