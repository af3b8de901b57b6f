package gateway

import (
	"context"
	"maps"
	"sync"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

const (
	// spendAge is how long a figure from the database is used, and spendStale how long
	// where the database cannot be asked.
	spendAge     = time.Second
	spendStale   = 30 * time.Second
	spendTimeout = 2 * time.Second
)

// spending is what upstreams have spent today: the database's figures of all processes, which
// are some seconds old, and what this process adds to them.
type spending struct {
	read    func(ctx context.Context, day usage.Day) (map[uuid.UUID]int64, error)
	observe func(FleetEvent)

	mu  sync.Mutex
	day usage.Day
	// at is when stored was asked for, tried when the last read began.
	at, tried time.Time
	reading   chan struct{}
	err       error
	// stored are the figures that were read last, and first those that were read first.
	stored, first map[uuid.UUID]int64
	// own is what this process has spent today, ownStored and ownFirst what it had when
	// stored and first were asked for.
	own, ownStored, ownFirst map[uuid.UUID]int64
}

func (s *spending) add(day usage.Day, id uuid.UUID, micros int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if day < s.day {
		return // the day ended while the call did
	}
	s.begin(day)
	s.own[id] += micros
}

// begin starts a day, where it is another one.
func (s *spending) begin(day usage.Day) {
	if s.day != day || s.own == nil {
		s.day, s.at, s.tried, s.err = day, time.Time{}, time.Time{}, nil
		s.stored, s.first, s.ownFirst, s.ownStored = nil, nil, nil, nil
		s.own = map[uuid.UUID]int64{}
	}
}

// over returns which upstreams have spent their daily limit. Only those that have one
// cause a read. An error is a fault of ours.
func (s *spending) over(ctx context.Context, list []*Upstream, now time.Time) (map[uuid.UUID]bool, error) {
	day := usage.DayOf(now)
	var limited []*Upstream
	for _, u := range list {
		if u.DailyLimitMicros != nil {
			limited = append(limited, u)
		}
	}
	if len(limited) == 0 {
		return nil, nil //nolint:nilnil // an empty set
	}
	if err := s.refresh(ctx, day, now); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	over := map[uuid.UUID]bool{}
	for _, u := range limited {
		if s.day == day && s.spent(u.ID) >= *u.DailyLimitMicros {
			over[u.ID] = true
		}
	}
	return over, nil
}

// spent is the greater of two figures that are both no more than what was really spent: what
// was stored last and what this process has added since, and the same since the day's first
// read. The second holds what this process has spent and not yet stored.
func (s *spending) spent(id uuid.UUID) int64 {
	return max(s.stored[id]+s.own[id]-s.ownStored[id], s.first[id]+s.own[id]-s.ownFirst[id])
}

// refresh reads the day's figures where they are older than a second. One caller reads;
// those that have a figure go on with it meanwhile.
func (s *spending) refresh(ctx context.Context, day usage.Day, now time.Time) error {
	s.mu.Lock()
	s.begin(day)
	known := s.stored != nil && aged(s.at, now) < spendStale
	if known && (aged(s.tried, now) < spendAge || s.reading != nil) {
		s.mu.Unlock()
		return nil
	}
	if reading := s.reading; reading != nil {
		s.mu.Unlock()
		<-reading // bounded by the reader's own timeout
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.stored == nil {
			return s.err
		}
		return nil
	}
	reading, own := make(chan struct{}), maps.Clone(s.own)
	s.reading, s.tried = reading, now
	s.mu.Unlock()

	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), spendTimeout)
	stored, err := s.read(asking, day)
	cancel()

	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = nil
	close(reading)
	s.err = err
	if err != nil {
		s.observe(FleetEvent{Kind: SpendUnread, Err: err})
		if known {
			return nil
		}
		return err
	}
	if s.day != day {
		return nil
	}
	if stored == nil {
		stored = map[uuid.UUID]int64{}
	}
	s.at, s.stored, s.ownStored = now, stored, own
	if s.first == nil {
		s.first, s.ownFirst = stored, own
	}
	return nil
}
