package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func grant(t *testing.T, s *store.Store, n usage.NewGrant) usage.GrantRecord {
	t.Helper()
	g, duplicate, err := s.Grant(context.Background(), ada, n)
	if err != nil || duplicate {
		t.Fatal(duplicate, err)
	}
	return g
}

func TestAGrantIsGivenOnceForAnIdempotencyKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c, other := context.Background(), storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		n := usage.NewGrant{UserID: c.User.ID, Credits: 5, ExpiresAt: new(clock.Now().Add(time.Hour)), Note: "a gift", IdempotencyKey: "order-1"}
		first := grant(t, s, n)
		again, duplicate, err := s.Grant(ctx, ada, n)
		if diff := cmp.Diff(first, again); diff != "" || !duplicate || err != nil {
			t.Error(diff, duplicate, err)
		}
		for name, change := range map[string]func(*usage.NewGrant){
			"credits": func(n *usage.NewGrant) { n.Credits++ }, "note": func(n *usage.NewGrant) { n.Note = "" }, "no end": func(n *usage.NewGrant) { n.ExpiresAt = nil },
			"end": func(n *usage.NewGrant) { n.ExpiresAt = new(n.ExpiresAt.Add(time.Second)) },
		} {
			changed := n
			change(&changed)
			if _, _, err := s.Grant(ctx, ada, changed); !errors.Is(err, usage.ErrGrantReplay) {
				t.Errorf("with another %s: %v", name, err)
			}
		}
		n.UserID = other.User.ID
		grant(t, s, n)
		for _, n := range []usage.NewGrant{{UserID: c.User.ID}, {UserID: c.User.ID, Credits: usage.MaxCredits + 1}, {UserID: c.User.ID, Credits: 1, ExpiresAt: new(clock.Now())}} {
			_, _, err := s.Grant(ctx, ada, n)
			wantKind(t, err, fault.Invalid)
		}
		if _, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: uuid.New(), Credits: 1}); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Error(err)
		}
		entries, err := s.Audit(ctx, store.AuditQuery{Action: "grant.created", Limit: 10})
		if err != nil || len(entries) != 2 {
			t.Errorf("%+v, %v", entries, err)
		}
	})
}

func TestAUserHasSoManyOpenGrants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		ending := grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1, ExpiresAt: new(clock.Now().Add(time.Hour))})
		revoked := grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1})
		for range usage.MaxOpenGrants - 2 {
			grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1})
		}
		full := func() {
			t.Helper()
			if _, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: c.User.ID, Credits: 1}); !errors.Is(err, usage.ErrTooManyGrants) {
				t.Errorf("one more: %v", err)
			}
		}
		full()
		if left, err := s.RevokeGrant(ctx, ada, c.User.ID, revoked.ID); left != 1 || err != nil {
			t.Error(left, err)
		}
		grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1})
		full()
		clock.Set(*ending.ExpiresAt)
		grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1})
		full()
		settle(t, s, clock.Now(), c.Charge(251)) // one is used up
		grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1})
		full()
		list, err := s.Grants(ctx, c.User.ID, 100, 0)
		if err != nil || len(list) != usage.MaxOpenGrants+3 || list[0].ID == ending.ID || list[len(list)-1].ID != ending.ID {
			t.Errorf("%d are listed, %v", len(list), err)
		}
		if list, err = s.Grants(ctx, c.User.ID, 1, usage.MaxOpenGrants+2); err != nil || len(list) != 1 || list[0].ID != ending.ID {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

// The plan's credits are used first, then the grant whose end is the earliest. What
// a hold draws stays its own past the end of the grant, and past its revocation.
func TestGrantsAreUsedInTheOrderOfTheirEndsAndHoldsKeepTheirs(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Starter")
		forever := grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 10})
		later := grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 10, ExpiresAt: new(clock.Now().Add(2 * time.Minute))})
		sooner := grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 10, ExpiresAt: new(clock.Now().Add(time.Minute))})
		wantGrant := func(g usage.GrantRecord, used, held, left int64) {
			t.Helper()
			list, err := s.Grants(ctx, c.User.ID, 10, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range list {
				if l.ID == g.ID && (l.Used != used || l.Held != held || l.Left(clock.Now()) != left) {
					t.Errorf("of %d credits %d are used, %d held and %d left, want %d, %d and %d", l.Credits, l.Used, l.Held, l.Left(clock.Now()), used, held, left)
				}
			}
		}
		settle(t, s, clock.Now(), c.Charge(79)) // 75 of the plan
		wantGrant(sooner, 4, 0, 6)
		held := post(t, s, clock.Now(), holdOf(c, 12))[0]
		wantGrant(sooner, 4, 6, 0)
		wantGrant(later, 0, 6, 4)
		if held.Granted != 14 || held.Room != 14 {
			t.Errorf("%+v", held)
		}
		clock.Add(time.Minute) // the first is at its end
		if left, err := s.RevokeGrant(ctx, ada, c.User.ID, later.ID); left != 4 || err != nil {
			t.Error(left, err)
		}
		if _, err := s.RevokeGrant(ctx, ada, c.User.ID, later.ID); !errors.Is(err, usage.ErrNoGrant) {
			t.Errorf("a second time: %v", err)
		}
		if _, err := s.RevokeGrant(ctx, ada, service, forever.ID); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Errorf("of nobody: %v", err)
		}
		if _, err := s.RevokeGrant(ctx, ada, storetest.NewCustomer(t, s, "Pro").User.ID, forever.ID); !errors.Is(err, usage.ErrNoGrant) {
			t.Errorf("of somebody else: %v", err)
		}
		if r := post(t, s, clock.Now(), onHold(c, usage.KindSettle, held.HoldID, 14_000_000))[0]; r.Charged != 14 || r.Uncollected != 0 || r.Granted != 8 {
			t.Errorf("%+v", r)
		}
		wantGrant(sooner, 10, 0, 0)
		wantGrant(later, 6, 0, 0)
		wantGrant(forever, 2, 0, 8)
		if r := settle(t, s, clock.Now(), c.Charge(9), c.Charge(8)); r[0].Outcome != usage.OverQuota || r[1].Outcome != usage.Accepted || r[1].CreditsUsed != 101 {
			t.Errorf("%+v", r)
		}
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COALESCE(SUM(granted), 0) FROM user_days"); n != 26 {
			t.Errorf("grants gave %d of the day, want 26", n)
		}
		wantBalanced(t, s)
	})
}

// Credits given and taken beside batches of another instance are never lost.
func TestGrantsAndCorrectionsBesideChargesOfAnotherInstanceAllCount(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		c, on := fourKeys(t, s, 1000)
		meters := []*usage.Meter{startMeter(t, s, clock.Now), startMeter(t, storetest.Connect(t, url, clock.Now), clock.Now)}
		settle(t, s, clock.Now().AddDate(0, 0, -1), c.Charge(500))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 40 {
				day := usage.DayOf(clock.Now().AddDate(0, 0, -(i % 2)))
				if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: int64(2 - i%4), Day: day, Reason: "beside charges"}); err != nil && i%4 != 2 { // 0 is none
					t.Error(err)
				}
				if i%10 == 0 {
					if _, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: c.User.ID, Credits: 10}); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		var accepted atomic.Int64
		charging := func(n int64) {
			var next atomic.Int64
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					for i := next.Add(1); i <= n; i = next.Add(1) {
						r, err := meters[i%2].Charge(ctx, on[i%4])
						if err != nil {
							t.Error(err)
						} else if r.Outcome == usage.Accepted {
							accepted.Add(1)
						}
					}
				})
			}
			wg.Wait()
		}
		charging(3000)
		<-done
		charging(100)
		f, err := s.Figures(ctx, c.User.ID, c.Key.ID)
		if err != nil || f.Room != 0 || f.Granted != 0 {
			t.Errorf("%+v, %v: want every credit used", f, err)
		}
		// Today has ten corrections of two, the day before ten of one and ten of minus one.
		wantToday(t, s, c, "2026-03-04", accepted.Load()+20, 1000, accepted.Load())
		wantToday(t, s, c, "2026-03-03", 500, 1000, 1)
		wantBalanced(t, s)
	})
}
