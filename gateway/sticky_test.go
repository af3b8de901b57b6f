package gateway

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// berths is a store of places in memory that can be away.
type berths struct {
	mu     sync.Mutex
	places map[[32]byte]Place
	err    error
	asked  int
	hang   bool
}

func (b *berths) do(ctx context.Context, change func()) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if b.err == nil {
		change()
	}
	return b.err
}

func (b *berths) Place(ctx context.Context, session [32]byte) (p Place, err error) {
	err = b.do(ctx, func() { p = b.places[session] })
	return p, err
}

func (b *berths) PutPlace(ctx context.Context, session [32]byte, p Place) error {
	return b.do(ctx, func() { b.places[session] = p })
}

func (b *berths) DropPlace(ctx context.Context, session [32]byte) error {
	return b.do(ctx, func() { delete(b.places, session) })
}

func TestASessionIsNamedByTheFirstOfItsNames(t *testing.T) {
	key, other := fleetID(1), fleetID(2)
	all := map[string][]string{"X-Claude-Code-Session-Id": {"1"}, "Session-Id": {"2"}, "Thread-Id": {"3"}, "X-Session-Affinity": {"4"}}
	seen := map[[32]byte]bool{}
	for _, name := range []string{"X-Claude-Code-Session-Id", "Session-Id", "Thread-Id", "X-Session-Affinity", ""} {
		s := SessionOf(key, all, "body")
		only := SessionOf(key, map[string][]string{name: all[name]}, "")
		if name == "" {
			only = SessionOf(key, nil, "body")
		}
		if s != only || s.ID == ([32]byte{}) || seen[s.ID] || s == SessionOf(other, all, "body") {
			t.Errorf("with %q the session is %x", name, s.ID)
		}
		seen[s.ID] = true
		delete(all, name)
	}
	for says, s := range map[string]Session{
		"nothing": SessionOf(key, nil, ""), "an empty header": SessionOf(key, map[string][]string{"Session-Id": {""}}, ""),
		"too long": SessionOf(key, map[string][]string{"Session-Id": {string(make([]byte, 1025))}}, ""),
	} {
		if s.ID != ([32]byte{}) {
			t.Errorf("%s names the session %x", says, s.ID)
		}
	}
}

// stickyHarbour draws other upstreams each time, so that only a session leads back.
func stickyHarbour(t *testing.T, store StickyStore) *harbour {
	h := newHarbour(t, store, fleetUpstream(1, 2), fleetUpstream(2, 2), fleetUpstream(3, 2))
	var turn int64
	h.draw = func(n int64) int64 { turn++; return turn / 3 % n } // a route of three draws three times
	return h
}

// tryOf makes a call of a session that serves, and returns where.
func tryOf(t *testing.T, h *harbour, s Session) Try {
	t.Helper()
	r := fleetRoute(t, h, fleetModel(1, 2, 3), s)
	try, ok := r.Next()
	if !ok {
		t.Fatal("nothing can be called")
	}
	r.Served(t.Context(), try)
	return try
}

func TestASessionGoesWhereItWasServedForAnHourSinceItLastWas(t *testing.T) {
	h := stickyHarbour(t, nil)
	s := Session{ID: [32]byte{1}, User: fleetID(9)}
	// The first key of each upstream rests while the session begins: it stays with the second.
	for _, n := range []int{1, 2, 3} {
		u := fleetUpstream(n, 2)
		h.rests.limited(&u, &u.Keys[0], time.Second, h.now)
	}
	begun := tryOf(t, h, s)
	if begun.Sticky || begun.Key.Name != "1" {
		t.Fatalf("the first call goes to key %s, sticky %t", begun.Key.Name, begun.Sticky)
	}
	for range 10 {
		h.pass(time.Hour - time.Second)
		if try := tryOf(t, h, s); try.place() != begun.place() || !try.Sticky {
			t.Fatalf("the session moves from %v to %v", begun.place(), try.place())
		}
	}
	others := map[string]bool{}
	for range 10 {
		try := tryOf(t, h, Session{})
		if try.Sticky {
			t.Fatal("a call without a session is sticky")
		}
		others[try.Name] = true
	}
	if len(others) != 3 {
		t.Errorf("calls without a session go to %v", others)
	}
	h.pass(time.Hour)
	if try := tryOf(t, h, s); try.Sticky {
		t.Error("the session is sticky an hour after it was last served")
	}
}

func TestModelsOfASessionHavePlacesOfTheirOwn(t *testing.T) {
	h := stickyHarbour(t, nil)
	s := Session{ID: [32]byte{1}}
	small := fleetModel(2)
	small.Name = "small"
	place := tryOf(t, h, s).place()
	for range 4 {
		r := fleetRoute(t, h, small, s)
		try, _ := r.Next()
		r.Served(t.Context(), try)
		if again := tryOf(t, h, s); again.place() != place || !again.Sticky {
			t.Fatalf("the small model moves the session from %v to %v", place, again.place())
		}
	}
}

func TestASessionLeavesAnUpstreamThatFailsOrCannotBeCalled(t *testing.T) {
	s := Session{ID: [32]byte{1}}
	for says, leave := range map[string]func(h *harbour, at Try){
		"it failed": func(h *harbour, _ Try) {
			r := fleetRoute(t, h, fleetModel(1, 2, 3), s)
			try, _ := r.Next()
			r.Failed(try, Failure{Status: 500})
		},
		"it rests": func(h *harbour, at Try) {
			for range 5 {
				h.rests.failed(at.Upstream.ID, h.now)
			}
		},
		"it is disabled": func(h *harbour, at Try) {
			for i := range h.stored {
				h.stored[i].Enabled = h.stored[i].ID != at.Upstream.ID
			}
			h.change(h.stored...)
		},
	} {
		h := stickyHarbour(t, nil)
		h.draw = func(int64) int64 { return 0 }
		at := tryOf(t, h, s)
		h.draw = func(n int64) int64 { return n - 1 }
		leave(h, at)
		try := tryOf(t, h, s)
		if try.Sticky || try.Upstream.ID == at.Upstream.ID {
			t.Errorf("%s: the session stays", says)
		}
		if again := tryOf(t, h, s); !again.Sticky || again.place() != try.place() {
			t.Errorf("%s: the session does not stay with the other", says)
		}
	}
}

func TestAfterA429ASessionStaysWithItsUpstream(t *testing.T) {
	h := stickyHarbour(t, nil)
	s := Session{ID: [32]byte{1}}
	at := tryOf(t, h, s)
	r := fleetRoute(t, h, fleetModel(1, 2, 3), s)
	try, _ := r.Next()
	r.Failed(try, Failure{Status: 429})
	next, ok := r.Next()
	if !ok || next.Upstream.ID != at.Upstream.ID || next.Key.ID == at.Key.ID || next.Sticky {
		t.Errorf("after %v comes %v, sticky %t", at.place(), next.place(), next.Sticky)
	}
}

func TestInstancesShareThePlacesOfSessions(t *testing.T) {
	store := &berths{places: map[[32]byte]Place{}}
	one, two := stickyHarbour(t, store), stickyHarbour(t, store)
	for n := range 20 {
		s := Session{ID: [32]byte{byte(n), 1}}
		at := tryOf(t, one, s)
		one.settle()
		if try := tryOf(t, two, s); try.place() != at.place() || !try.Sticky {
			t.Fatalf("one instance serves it at %v, the other at %v", at.place(), try.place())
		}
		two.settle()
		// What fails at the one is not where the other begins.
		r := fleetRoute(t, one, fleetModel(1, 2, 3), s)
		try, _ := r.Next()
		r.Failed(try, Failure{Status: 429})
		one.settle()
		if p := store.places[s.of("large")]; p != (Place{}) {
			t.Fatalf("a place that failed is kept: %v", p)
		}
		one.pass(2 * time.Minute)
	}
}

func TestAPlaceIsSharedAgainOnlyWhenItChangedOrAMinutePassed(t *testing.T) {
	store := &berths{places: map[[32]byte]Place{}}
	h := stickyHarbour(t, store)
	s := Session{ID: [32]byte{1}}
	for range 5 {
		tryOf(t, h, s)
		h.settle()
	}
	if store.asked != 2 { // the first call's question and its place
		t.Errorf("five calls ask the store %d times", store.asked)
	}
	h.pass(time.Minute)
	tryOf(t, h, s)
	h.settle()
	if store.asked != 3 {
		t.Errorf("a minute later the store has been asked %d times", store.asked)
	}
}

func TestAStoreThatIsAwayDelaysAndFailsNoCall(t *testing.T) {
	for says, store := range map[string]*berths{"fails": {err: errors.New("away")}, "hangs": {hang: true}} {
		h := stickyHarbour(t, store)
		begun := time.Now()
		for n := range 200 {
			tryOf(t, h, Session{ID: [32]byte{byte(n), 1}})
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("%s: 200 calls take %s", says, took)
		}
		if store.asked > 2 {
			t.Errorf("%s: it is asked %d times within a second", says, store.asked)
		}
		h.pass(time.Second)
		before := store.asked
		tryOf(t, h, Session{ID: [32]byte{1, 2}})
		if store.asked == before {
			t.Errorf("%s: it is not asked again", says)
		}
	}
}

func TestTheLatestSessionsAreKeptAndAThousandOfAUser(t *testing.T) {
	h := newHarbour(t, nil)
	at := func(user, n int) [32]byte { return [32]byte{byte(user), byte(user >> 8), byte(n), byte(n >> 8), 1} }
	serve := func(user, n int) {
		h.sticky.serve(t.Context(), at(user, n), fleetID(user), Place{Upstream: fleetID(1)})
	}
	kept := func(user, n int) bool { return h.sticky.place(t.Context(), at(user, n)) != Place{} }
	for n := range 1000 {
		serve(1, n)
	}
	serve(1, 0) // used again: 1 is the oldest
	serve(1, 1000)
	if !kept(1, 0) || kept(1, 1) || !kept(1, 2) || !kept(1, 1000) {
		t.Error("a user's least recently served session is not the one that goes")
	}
	for user := 2; user <= 101; user++ {
		for n := range 1000 {
			serve(user, n)
		}
	}
	if len(h.sticky.sessions) != 100_000 || h.sticky.used.Len() != 100_000 || len(h.sticky.users) != 100 || kept(1, 1000) || !kept(2, 0) {
		t.Errorf("%d sessions of %d users are kept", len(h.sticky.sessions), len(h.sticky.users))
	}
	serve(1, 7)
	if len(h.sticky.sessions) != 100_000 || kept(2, 0) || !kept(2, 1) || !kept(1, 7) {
		t.Errorf("%d sessions are kept", len(h.sticky.sessions))
	}
}

func TestTheOldestSessionOfAllMayBeTheUsersOwn(t *testing.T) {
	h := newHarbour(t, nil)
	s := h.sticky
	for n := range maxSessions {
		s.serve(t.Context(), [32]byte{byte(n), byte(n >> 8), byte(n >> 16), 1}, uuid.UUID{byte(n), byte(n >> 8), byte(n >> 16)}, Place{Upstream: fleetID(1)})
	}
	again := [32]byte{31: 1}
	for range 2 {
		s.serve(t.Context(), again, uuid.UUID{}, Place{Upstream: fleetID(1)})
		s.drop(t.Context(), again, Place{Upstream: fleetID(1)}, false)
	}
	if s.used.Len() != maxSessions-1 || len(s.users) != maxSessions-1 {
		t.Errorf("%d sessions of %d users", s.used.Len(), len(s.users))
	}
}

func TestSessionsAtOnceStayWithinTheirBounds(t *testing.T) {
	h := newHarbour(t, &berths{places: map[[32]byte]Place{}})
	var done sync.WaitGroup
	for g := range 8 {
		done.Go(func() {
			for n := range 2000 {
				session, p := [32]byte{byte(n), byte(n >> 8), 1}, Place{Upstream: fleetID(g)}
				h.sticky.serve(t.Context(), session, fleetID(n%3), p)
				h.sticky.place(t.Context(), session)
				if n%7 == 0 {
					h.sticky.drop(t.Context(), session, p, true)
				}
			}
		})
	}
	done.Wait()
	h.settle()
	total := 0
	for user, of := range h.sticky.users {
		if of.Len() == 0 || of.Len() > maxSessionsOfUser {
			t.Errorf("%d sessions of %v", of.Len(), user)
		}
		total += of.Len()
	}
	if total != len(h.sticky.sessions) || total != h.sticky.used.Len() || total == 0 || total > 2000 {
		t.Errorf("of 2000 sessions users have %d, %d are found and %d in order", total, len(h.sticky.sessions), h.sticky.used.Len())
	}
}
