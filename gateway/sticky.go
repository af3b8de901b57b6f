package gateway

import (
	"container/list"
	"context"
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Session is what calls of one conversation have in common.
type Session struct {
	// ID is the SHA-256 of the customer's key and what names the session; zero for none.
	ID   [sha256.Size]byte
	User uuid.UUID
}

// maxSessionName bounds what may name a session; a longer one names none.
const maxSessionName = 1024

// SessionOf is the session that the first of these names: X-Claude-Code-Session-Id,
// Session-Id, Thread-Id, X-Session-Affinity, and what the body says. The header's names are
// in canonical form. User is left to the caller.
func SessionOf(key uuid.UUID, header map[string][]string, fromBody string) Session {
	for _, name := range [...]string{"X-Claude-Code-Session-Id", "Session-Id", "Thread-Id", "X-Session-Affinity"} {
		if values := header[name]; len(values) > 0 && values[0] != "" {
			return session(key, values[0])
		}
	}
	return session(key, fromBody)
}

func session(key uuid.UUID, name string) Session {
	if name == "" || len(name) > maxSessionName {
		return Session{}
	}
	return Session{ID: sha256.Sum256(append(key[:], name...))}
}

// of is the session's id for one model: caches of prompts belong to a model, and the models
// of a session may have different upstreams. Zero for no session.
func (s Session) of(model string) [sha256.Size]byte {
	if s.ID == ([sha256.Size]byte{}) {
		return s.ID
	}
	return sha256.Sum256(append(s.ID[:], model...))
}

// Place is where a session is served; Key is zero where the upstream has no keys.
type Place struct{ Upstream, Key uuid.UUID }

// StickyStore is where instances share the places of sessions. A place is kept for
// StickyTime since it was last put.
type StickyStore interface {
	// Place returns where a session is served; the zero Place where that is not known.
	Place(ctx context.Context, session [sha256.Size]byte) (Place, error)
	PutPlace(ctx context.Context, session [sha256.Size]byte, p Place) error
	DropPlace(ctx context.Context, session [sha256.Size]byte) error
}

const (
	// StickyTime is how long a session keeps its place after it was last served.
	StickyTime = time.Hour

	maxSessions       = 100_000
	maxSessionsOfUser = 1000

	// stickyRead bounds a question to the store, stickyWrite a change, which nobody waits for.
	stickyRead  = 5 * time.Millisecond
	stickyWrite = time.Second
	// stickyWrites is how many changes may be under way; those beyond it are dropped.
	stickyWrites = 64
	// stickyPut is how long the store is left with an older time of a place.
	stickyPut = time.Minute
	// stickyAway is how long a store that failed is not asked.
	stickyAway = time.Second
)

// sticky are the places of sessions, the last used ones.
type sticky struct {
	store      StickyStore
	now        func() time.Time
	background *tasks
	writing    chan struct{}
	// awayUntil is until when the store is not asked, in nanoseconds of Unix time.
	awayUntil atomic.Int64

	mu       sync.Mutex
	sessions map[[sha256.Size]byte]*seat
	// used are the seats, the last used one in front, and users those of each user.
	used  *list.List
	users map[uuid.UUID]*list.List
}

// seat is the place of one session.
type seat struct {
	session      [sha256.Size]byte
	user         uuid.UUID
	place        Place
	served, put  time.Time
	used, ofUser *list.Element
}

func newSticky(store StickyStore, now func() time.Time, background *tasks) *sticky {
	return &sticky{
		store: store, now: now, background: background, writing: make(chan struct{}, stickyWrites),
		sessions: map[[sha256.Size]byte]*seat{}, used: list.New(), users: map[uuid.UUID]*list.List{},
	}
}

// place is where a session was last served; the zero Place for none, or where the store
// does not answer at once.
func (s *sticky) place(ctx context.Context, session [sha256.Size]byte) Place {
	if session == ([sha256.Size]byte{}) {
		return Place{}
	}
	now := s.now()
	s.mu.Lock()
	at, kept := s.sessions[session], Place{}
	if at != nil && aged(at.served, now) < StickyTime {
		kept = at.place
	}
	s.mu.Unlock()
	if kept != (Place{}) {
		return kept
	}
	if s.store == nil || now.UnixNano() < s.awayUntil.Load() {
		return Place{}
	}
	asking, cancel := context.WithTimeout(ctx, stickyRead)
	defer cancel()
	p, err := s.store.Place(asking, session)
	if err != nil {
		if ctx.Err() == nil {
			s.away()
		}
		return Place{}
	}
	return p
}

// away leaves the store alone for a moment.
func (s *sticky) away() { s.awayUntil.Store(s.now().Add(stickyAway).UnixNano()) }

// serve keeps where a session was served.
func (s *sticky) serve(ctx context.Context, session [sha256.Size]byte, user uuid.UUID, p Place) {
	if session == ([sha256.Size]byte{}) {
		return
	}
	now := s.now()
	s.mu.Lock()
	at := s.sessions[session]
	if at == nil {
		at = s.seat(session, user)
	}
	put := at.place != p || aged(at.put, now) >= stickyPut
	if put {
		at.put = now
	}
	at.place, at.served = p, now
	s.used.MoveToFront(at.used)
	s.users[at.user].MoveToFront(at.ofUser)
	s.mu.Unlock()
	if put {
		s.write(ctx, func(ctx context.Context) error { return s.store.PutPlace(ctx, session, p) })
	}
}

// seat makes room for a session.
func (s *sticky) seat(session [sha256.Size]byte, user uuid.UUID) *seat {
	of := s.users[user]
	if of == nil {
		of = list.New()
		s.users[user] = of
	}
	if of.Len() >= maxSessionsOfUser {
		s.remove(of.Back().Value.(*seat))
	}
	if s.used.Len() >= maxSessions {
		s.remove(s.used.Back().Value.(*seat))
		if s.users[user] == nil {
			s.users[user] = of // the only session of the user was the oldest of all
		}
	}
	at := &seat{session: session, user: user}
	at.used, at.ofUser = s.used.PushFront(at), of.PushFront(at)
	s.sessions[session] = at
	return at
}

func (s *sticky) remove(at *seat) {
	delete(s.sessions, at.session)
	s.used.Remove(at.used)
	of := s.users[at.user]
	of.Remove(at.ofUser)
	if of.Len() == 0 {
		delete(s.users, at.user)
	}
}

// drop forgets a session's place, if it is this one. Where this process knows none, stored
// is whether the store has it.
func (s *sticky) drop(ctx context.Context, session [sha256.Size]byte, p Place, stored bool) {
	if session == ([sha256.Size]byte{}) {
		return
	}
	s.mu.Lock()
	at := s.sessions[session]
	if at != nil {
		stored = at.place == p
	}
	if at != nil && stored {
		s.remove(at)
	}
	s.mu.Unlock()
	if stored {
		s.write(ctx, func(ctx context.Context) error { return s.store.DropPlace(ctx, session) })
	}
}

// write changes the store in the background. A change that finds too many others under way
// is dropped: a place that is not shared costs a cache of a prompt and nothing else.
func (s *sticky) write(ctx context.Context, change func(ctx context.Context) error) {
	if s.store == nil || s.now().UnixNano() < s.awayUntil.Load() {
		return
	}
	select {
	case s.writing <- struct{}{}:
	default:
		return
	}
	s.background.begin(func() {
		defer func() { <-s.writing }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stickyWrite)
		defer cancel()
		if change(ctx) != nil {
			s.away()
		}
	})
}
