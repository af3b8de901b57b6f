package valkey

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/drills"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// following notifies l of what other instances publish, until the test ends.
func following(t *testing.T, n *ChangeFeed, l ChangeListener) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { n.Follow(ctx, l) })
	t.Cleanup(func() {
		cancel()
		ended.Wait()
	})
}

// verifierOver is a verifier with parts of its own over a store.
func verifierOver(t *testing.T, s *store.Store, now func() time.Time) *keys.Verifier {
	t.Helper()
	meter := usage.NewMeter(s, now, nil)
	t.Cleanup(func() { _ = meter.Close(context.Background()) })
	return keys.NewVerifier(keys.Parts{Directory: s, Meter: meter, Totals: usage.NewTotals(s, nil, 0, now), Counter: limits.NewLocal(now), Now: now})
}

// The verifier here hears of changes through Valkey alone, and its clock stands
// still, so nothing that it caches grows old.
func TestAChangeReachesOtherInstancesThroughValkeyAlone(t *testing.T) {
	ctx, server := context.Background(), openTestServer(t)
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		u, err := s.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		secret := keys.Mint()
		k, err := s.CreateKey(ctx, accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret, Scopes: []string{"models", "usage", "keys", "charge"}})
		if err != nil {
			t.Fatal(err)
		}
		publisher, receiver := StartFeed(ctx, server.Changes()), StartFeed(ctx, server.Changes())
		t.Cleanup(func() { _ = errors.Join(publisher.Close(), receiver.Close()) })
		s.Subscribe(publisher)
		elsewhere := verifierOver(t, s, clock.Now)
		following(t, receiver, elsewhere)

		code := func() keys.Code {
			_, code, err := elsewhere.Identify(ctx, secret.Reveal(), keys.Access{Scope: keys.AnyScope})
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		if got := code(); got != keys.Valid {
			t.Fatalf("before the change: %s", got)
		}
		// Nobody says when the subscription stands, so the change is repeated until it is heard of.
		suspended := accounts.StatusSuspended
		drills.Eventually(t, 5*time.Second, "the suspension to be heard of", func() bool {
			if _, err := s.ChangeUser(ctx, accounts.ActorCLI, u.ID, accounts.UserChange{Status: &suspended}); err != nil {
				t.Fatal(err)
			}
			return code() == keys.Suspended
		})
		if err := s.RevokeKey(ctx, accounts.ActorCLI, k.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		drills.Eventually(t, time.Second, "the revocation to be heard of within a second", func() bool { return code() == keys.Revoked })
	})
}

func TestClosingPublishesTheChangesThatWait(t *testing.T) {
	ctx, server := context.Background(), openTestServer(t)
	var heard heardChanges
	receiver := StartFeed(ctx, server.Changes())
	t.Cleanup(func() { _ = receiver.Close() })
	following(t, receiver, &heard)
	first := accounts.Change{Subject: accounts.SubjectPlan, ID: uuid.New()}
	ready := StartFeed(ctx, server.Changes())
	drills.Eventually(t, 5*time.Second, "the subscription", func() bool {
		ready.Changed(first)
		return heard.has(first)
	})
	if err := ready.Close(); err != nil {
		t.Fatal(err)
	}
	sender := StartFeed(ctx, server.Changes())
	sent := make([]accounts.Change, 100)
	for i := range sent {
		sent[i] = accounts.Change{Subject: accounts.SubjectKey, ID: uuid.New()}
		sender.Changed(sent[i])
	}
	if err := sender.Close(); err != nil {
		t.Fatal(err)
	}
	sender.Changed(first) // a request that was cut off may still come: it neither blocks nor breaks
	drills.Eventually(t, time.Second, "everything to arrive", func() bool {
		for _, c := range sent {
			if !heard.has(c) {
				return false
			}
		}
		return true
	})
}

type heardChanges struct {
	mu   sync.Mutex
	seen map[accounts.Change]bool
}

func (h *heardChanges) Changed(c accounts.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil {
		h.seen = map[accounts.Change]bool{}
	}
	h.seen[c] = true
}

func (h *heardChanges) has(c accounts.Change) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen[c]
}

// paper is a ledger that accepts everything and that nobody may read.
type paper struct{ used int64 }

func (p *paper) Settle(_ context.Context, now func() time.Time, charges []usage.Charge) (receipts []usage.Receipt, err error) {
	for _, c := range charges {
		if c.Credits > 100 {
			receipts = append(receipts, usage.Receipt{Outcome: usage.OverQuota, CreditsUsed: p.used, Day: usage.DayOf(now())})
			continue
		}
		p.used += c.Credits
		receipts = append(receipts, usage.Receipt{Outcome: usage.Accepted, CreditsUsed: p.used, Day: usage.DayOf(now())})
	}
	return receipts, nil
}

func (p *paper) Today(context.Context, uuid.UUID, usage.Day) (usage.Today, error) {
	return usage.Today{}, errors.New("the ledger was read")
}

func TestTotalsThatOneInstanceSettlesAreReturnedByTheOthers(t *testing.T) {
	ctx, server := context.Background(), openTestServer(t)
	ledger, user, now := &paper{}, uuid.New(), time.Now()
	day := usage.DayOf(now)
	here, there := NewSharedTotals(ledger, server.Totals(), time.Now), NewSharedTotals(ledger, server.Totals(), time.Now)
	clock := storetest.NewClock(now)
	totals := usage.NewTotals(ledger, there, SharedMaxAge, clock.Now)

	if _, err := totals.Used(ctx, user, day); err == nil {
		t.Error("a total that nobody shared was not read from the ledger")
	}
	settle := func(credits ...int64) {
		charges := make([]usage.Charge, len(credits))
		for i, c := range credits {
			charges[i] = usage.Charge{UserID: user, Credits: c}
		}
		if _, err := here.Settle(ctx, usage.At(now), charges); err != nil {
			t.Fatal(err)
		}
		here.Share(ctx)
	}
	for _, try := range []struct {
		settled []int64
		want    int64
	}{{[]int64{5}, 5}, {[]int64{7, 1, 200}, 13}, {[]int64{200}, 13}} {
		settle(try.settled...)
		clock.Add(SharedMaxAge + time.Millisecond)
		if used, err := totals.Used(ctx, user, day); err != nil || used != try.want {
			t.Errorf("after %v: the other instance returns %d, %v; want %d", try.settled, used, err, try.want)
		}
	}
}

func TestTotalsThatCannotBeSharedWaitForValkeyWhileTheirDayLasts(t *testing.T) {
	ctx, live := context.Background(), openTestServer(t)
	dead := open(t, "redis://127.0.0.1:"+freePort(t))
	clock := storetest.NewClock(time.Now())
	user, day := uuid.New(), usage.DayOf(clock.Now())
	totals := NewSharedTotals(&paper{}, dead.Totals(), clock.Now)
	if _, err := totals.Settle(ctx, clock.Now, []usage.Charge{{UserID: user, Credits: 5}}); err != nil {
		t.Fatal(err)
	}
	totals.Share(ctx)
	if _, err := totals.Settle(ctx, clock.Now, []usage.Charge{{UserID: user, Credits: 6}}); err != nil {
		t.Fatal(err)
	}
	totals.Share(ctx)
	if len(totals.unshared) != 1 {
		t.Fatalf("%d totals wait, want the one that could not be shared", len(totals.unshared))
	}
	totals.cache = live.Totals()
	totals.Share(ctx)
	if used, found, err := totals.Get(ctx, user, day); err != nil || !found || used != 11 {
		t.Errorf("the shared total is %d, %v, %v; want 11", used, found, err)
	}
	totals.cache = dead.Totals()
	if _, err := totals.Settle(ctx, clock.Now, []usage.Charge{{UserID: user, Credits: 1}}); err != nil {
		t.Fatal(err)
	}
	clock.Add(24 * time.Hour)
	totals.Share(ctx)
	if len(totals.unshared) != 0 {
		t.Error("a total of yesterday still waits")
	}
}

func TestTheTotalsThatWaitAreBounded(t *testing.T) {
	totals := NewSharedTotals(&paper{}, nil, time.Now)
	known := userDay{uuid.New(), "2026-03-04"}
	totals.wait(known, 1)
	for i := range maxUnshared + 10 {
		totals.wait(userDay{uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16), 1}, "2026-03-04"}, 1)
	}
	if got := len(totals.unshared); got != maxUnshared {
		t.Errorf("%d totals wait, want %d at most", got, maxUnshared)
	}
	if totals.wait(known, 9); totals.unshared[known] != 9 {
		t.Error("a total that waits already is not brought up to date when the room is full")
	}
}

// A broken message on the channel is nobody's change.
func TestMessagesThatAreNoChangesAreIgnored(t *testing.T) {
	ctx, server := context.Background(), openTestServer(t)
	var heard heardChanges
	n := StartFeed(ctx, server.Changes())
	t.Cleanup(func() { _ = n.Close() })
	following(t, n, &heard)
	sound := accounts.Change{Subject: accounts.SubjectUser, ID: uuid.New()}
	drills.Eventually(t, 5*time.Second, "a sound change after the broken ones", func() bool {
		for _, broken := range []string{"", "user", "user not-an-id", strings.Repeat("x", 1000)} {
			if err := server.Changes().Publish(ctx, []byte(broken)); err != nil {
				t.Fatal(err)
			}
		}
		n.Changed(sound)
		return heard.has(sound)
	})
	heard.mu.Lock()
	defer heard.mu.Unlock()
	for c := range heard.seen {
		if c.ID == uuid.Nil {
			t.Errorf("a broken message was taken for the change %v", c)
		}
	}
}
