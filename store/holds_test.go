package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// service is the user whose service makes the holds of these tests.
var service = uuid.UUID{15: 9}

// post decides entries in one batch.
func post(t *testing.T, s *store.Store, at time.Time, entries ...usage.Entry) []usage.Receipt {
	t.Helper()
	receipts, err := s.Post(context.Background(), usage.At(at), entries)
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// holdOf holds credits on a customer's key for ten minutes.
func holdOf(c storetest.Customer, credits int64) usage.Entry {
	return usage.Entry{Kind: usage.KindHold, Charge: c.Charge(credits), OwnerID: service, TTL: usage.DefaultHoldTTL, OnExpiry: usage.ReleaseOnExpiry}
}

// onHold is an entry on a hold: it settles it by millionths of a credit, extends it to so many, or releases it.
func onHold(c storetest.Customer, kind usage.Kind, hold uuid.UUID, millionths int64) usage.Entry {
	e := usage.Entry{Kind: kind, Charge: usage.Charge{UserID: c.User.ID, KeyID: c.Key.ID, Millionths: millionths}, HoldID: hold, OwnerID: service, Delivered: -1}
	if kind == usage.KindExtend {
		e.TTL = usage.DefaultHoldTTL
	}
	return e
}

// furnishLedger leaves a row in each table of holds, grants and corrections: the
// charge of a hold takes what the plan has left and draws on a grant.
func furnishLedger(ctx context.Context, s *store.Store, c storetest.Customer, at time.Time) error {
	if _, _, err := s.Grant(ctx, ada, usage.NewGrant{UserID: c.User.ID, Credits: 100, Note: "it's a gift", IdempotencyKey: "gift"}); err != nil {
		return err
	}
	if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: 1, Reason: "it's a test", IdempotencyKey: "fix"}); err != nil {
		return err
	}
	today, err := s.Today(ctx, c.User.ID, usage.DayOf(at))
	if err != nil {
		return err
	}
	held, err := s.Post(ctx, usage.At(at), []usage.Entry{holdOf(c, today.DailyLimit-today.CreditsUsed+5), holdOf(c, 1)})
	if err != nil {
		return err
	}
	return second(s.Post(ctx, usage.At(at), []usage.Entry{onHold(c, usage.KindSettle, held[0].HoldID, (today.DailyLimit-today.CreditsUsed+4)*usage.Millionths+1)}))
}

func TestAHoldIsKeptAsItGoes(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Pro")
		e := holdOf(c, 9)
		e.Model, e.RequestID, e.Priced = "gpt-5", "req-42", &usage.Priced{PriceID: newPrice(t, s, "gpt-5", clock.Now(), 1, 10).ID}
		made := post(t, s, clock.Now(), e, holdOf(c, 1), holdOf(c, 2))
		ids := []uuid.UUID{made[0].HoldID, made[1].HoldID, made[2].HoldID}
		kept := func(id uuid.UUID) usage.Hold {
			t.Helper()
			h, err := s.Hold(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		want := usage.Hold{ID: ids[0], UserID: c.User.ID, KeyID: c.Key.ID, OwnerID: service, Credits: 9, OnExpiry: usage.ReleaseOnExpiry, Model: "gpt-5", RequestID: "req-42",
			PriceID: e.Priced.PriceID, CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(usage.DefaultHoldTTL), Status: usage.HoldOpen}
		if diff := cmp.Diff(want, kept(ids[0])); diff != "" {
			t.Error(diff)
		}
		clock.Add(time.Minute)
		extend := onHold(c, usage.KindExtend, ids[0], 20_000_000)
		extend.Delivered = 1_500_000
		post(t, s, clock.Now(), extend)
		want.Credits, want.Delivered, want.ExpiresAt = 20, 1_500_000, clock.Now().Add(usage.DefaultHoldTTL)
		if diff := cmp.Diff(want, kept(ids[0])); diff != "" {
			t.Error(diff)
		}
		open := func(q store.HoldQuery) (list []uuid.UUID) {
			t.Helper()
			q.Limit = 10
			holds, err := s.OpenHolds(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range holds {
				list = append(list, h.ID)
			}
			return list
		}
		for _, q := range []struct {
			query store.HoldQuery
			want  []uuid.UUID
		}{
			{store.HoldQuery{}, []uuid.UUID{ids[2], ids[1], ids[0]}}, {store.HoldQuery{UserID: c.User.ID, KeyID: c.Key.ID, OwnerID: service}, []uuid.UUID{ids[2], ids[1], ids[0]}},
			{store.HoldQuery{After: ids[2]}, []uuid.UUID{ids[1], ids[0]}}, {store.HoldQuery{OwnerID: c.User.ID}, nil}, {store.HoldQuery{KeyID: c.User.ID}, nil},
			{store.HoldQuery{UserID: c.Key.ID}, nil},
		} {
			if diff := cmp.Diff(q.want, open(q.query)); diff != "" {
				t.Errorf("%+v: %s", q.query, diff)
			}
		}
		settled := post(t, s, clock.Now(), onHold(c, usage.KindSettle, ids[0], 3_250_000), onHold(c, usage.KindRelease, ids[1], 0))
		if stats, err := s.HoldStats(ctx); err != nil || stats.Open != 1 || stats.Credits != 2 {
			t.Errorf("%+v, %v", stats, err)
		}
		h := kept(ids[0])
		if h.Status != usage.HoldSettled || h.PriceID != want.PriceID || h.End.Charged != 4 || h.End.Collected != 3_250_000 || h.End.Figures != settled[0].Figures || !h.End.At.Equal(clock.Now()) || h.End.Day != "2026-03-04" {
			t.Errorf("the settled hold is %+v", h)
		}
		if h := kept(ids[1]); h.Status != usage.HoldReleased || h.End.ChargeID != uuid.Nil {
			t.Errorf("the released hold is %+v", h)
		}
		// Another instance answers repeats, and another body.
		other := storetest.Connect(t, url, clock.Now)
		again := post(t, other, clock.Now(), onHold(c, usage.KindSettle, ids[0], 3_250_000), onHold(c, usage.KindSettle, ids[0], 3_250_001), onHold(c, usage.KindSettle, ids[1], 1),
			onHold(c, usage.KindRelease, ids[1], 0), onHold(c, usage.KindRelease, ids[0], 0), onHold(c, usage.KindExtend, ids[0], 0), onHold(c, usage.KindSettle, service, 1))
		for i, outcome := range []usage.Outcome{usage.Duplicate, usage.Mismatch, usage.HoldEnded, usage.Accepted, usage.HoldEnded, usage.HoldEnded, usage.NoHold} {
			if again[i].Outcome != outcome {
				t.Errorf("answer %d is %v, want %v", i, again[i].Outcome, outcome)
			}
		}
		if _, err := s.Hold(ctx, service); !errors.Is(err, usage.ErrNoHold) {
			t.Errorf("a hold that does not exist: %v", err)
		}
		wantBalanced(t, s)
	})
}

func TestEndedHoldsAreKeptThirtyDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		made := post(t, s, clock.Now(), holdOf(c, 1), holdOf(c, 1), holdOf(c, 1))
		post(t, s, clock.Now(), onHold(c, usage.KindSettle, made[0].HoldID, 1), onHold(c, usage.KindRelease, made[1].HoldID, 0))
		sweep := func(want int64) {
			t.Helper()
			if n, err := s.SweepHolds(ctx, 10); n != want || err != nil {
				t.Errorf("%d holds were removed, %v, want %d", n, err, want)
			}
		}
		clock.Add(usage.HoldsKept)
		sweep(0)
		if r := post(t, s, clock.Now(), onHold(c, usage.KindSettle, made[0].HoldID, 1)); r[0].Outcome != usage.Duplicate {
			t.Errorf("a repeat within thirty days is %+v", r[0])
		}
		clock.Add(time.Hour)
		if n, err := s.SweepHolds(ctx, 1); n != 1 || err != nil { // the third ended an hour ago, by the repeat
			t.Error(n, err)
		}
		sweep(1)
		sweep(0)
		if r := post(t, s, clock.Now(), onHold(c, usage.KindSettle, made[0].HoldID, 1)); r[0].Outcome != usage.NoHold {
			t.Errorf("a repeat after that is %+v", r[0])
		}
		clock.Add(usage.HoldsKept)
		sweep(1)
		wantBalanced(t, s)
	})
}

// Two instances see the same holds due at once: each ends once, charged or released.
func TestTwoInstancesExpireAHoldOnce(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		instances := []*usage.Meter{startMeter(t, s, clock.Now), startMeter(t, storetest.Connect(t, url, clock.Now), clock.Now)}
		var users []uuid.UUID
		for range 5 {
			c := storetest.NewCustomer(t, s, "Pro")
			users = append(users, c.User.ID)
			for range 4 {
				e := holdOf(c, 10)
				e.OnExpiry = usage.ChargeOnExpiry
				delivered := onHold(c, usage.KindExtend, post(t, s, clock.Now(), e, holdOf(c, 5))[0].HoldID, 0)
				delivered.Delivered = 2_250_000
				post(t, s, clock.Now(), delivered)
			}
		}
		if due, err := s.DueHolds(ctx, 10); len(due) != 0 || err != nil {
			t.Errorf("%v are due, %v", due, err)
		}
		clock.Add(usage.DefaultHoldTTL)
		if due, err := s.DueHolds(ctx, 3); len(due) != 3 || err != nil {
			t.Errorf("%v are due, %v", due, err)
		}
		var wg sync.WaitGroup
		for _, user := range users {
			for _, m := range instances {
				wg.Go(func() {
					if err := usage.NewHolds(s, m).Expire(ctx, user); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if due, err := s.DueHolds(ctx, 10); len(due) != 0 || err != nil {
			t.Errorf("%v are due, %v", due, err)
		}
		db := storetest.Raw(t, url)
		for question, want := range map[string]int64{
			"SELECT COUNT(*) FROM holds WHERE status = 'expired' AND charge_id IS NOT NULL": 20, "SELECT COUNT(*) FROM holds WHERE status = 'expired' AND charge_id IS NULL": 20,
			"SELECT COUNT(*) FROM usage": 20, "SELECT COUNT(*) FROM user_days WHERE millionths = 9000000": 5,
		} {
			if n := storetest.Count(t, db, question); n != want {
				t.Errorf("%s: %d, want %d", question, n, want)
			}
		}
		wantBalanced(t, s)
	})
}

// A settlement after the expiry has charged: what it gives back belongs to the day
// of the charge, what it takes to its own day, and a closed day follows.
func TestALateSettlementChangesTheClosedDay(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := serving(t, url, clock)
		c, other := storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		var late []usage.Entry
		for _, user := range []storetest.Customer{c, other} {
			for _, really := range []int64{4_500_000, 12_000_000} {
				e := holdOf(user, 10)
				e.OnExpiry = usage.ChargeOnExpiry
				delivered := onHold(user, usage.KindExtend, post(t, s, clock.Now(), e)[0].HoldID, 0)
				delivered.Delivered = 8_000_000
				post(t, s, clock.Now(), delivered)
				late = append(late, onHold(user, usage.KindSettle, delivered.HoldID, really))
			}
		}
		clock.Add(time.Hour)
		post(t, s, clock.Now(), usage.Entry{Kind: usage.KindExpire, Charge: c.Charge(0)}, usage.Entry{Kind: usage.KindExpire, Charge: other.Charge(0)})
		wantDay := func(day usage.Day, credits, requests int64) {
			t.Helper()
			sums, err := s.Summaries(ctx, storetest.Span(day, day))
			if err != nil || sums[0].Credits != credits || sums[0].Requests != requests {
				t.Errorf("%+v, %v, want %d credits of %d requests", sums, err, credits, requests)
			}
		}
		clock.Set(midnight.Add(time.Hour))
		if n, err := s.CloseDays(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantDay("2026-03-04", 32, 4)
		post(t, s, clock.Now(), late...)
		wantDay("2026-03-04", 32, 4) // until it is summed up again
		if n, err := s.CloseDays(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantDay("2026-03-04", 26, 4)
		clock.Set(midnight.Add(25 * time.Hour))
		if n, err := s.CloseDays(ctx); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		wantDay("2026-03-05", 8, 0)
		wantBalanced(t, s)
		// A retention removes the charges of the first day: the totals agree with one another without them.
		for removed := int64(1); removed > 0; {
			var err error
			if removed, err = s.Retain(ctx, "2026-03-05", 3); err != nil {
				t.Fatal(err)
			}
			wantBalanced(t, s)
		}
	})
}

// Figures are what a decision of the moment is made on, for each key.
func TestFiguresAreThoseOfADecision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Starter")
		limited, _ := storetest.NewKey(t, s, c.User)
		if _, err := s.ChangeKey(ctx, ada, limited.ID, c.User.ID, limitTo(keys.DailyCreditLimit, new(int64(20)))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Starter"), accounts.PlanChange{MonthlyCreditLimit: new(new(int64(90)))}); err != nil {
			t.Fatal(err)
		}
		for _, end := range []time.Duration{time.Hour, 0} {
			n := usage.NewGrant{UserID: c.User.ID, Credits: 10}
			if end > 0 {
				n.ExpiresAt = new(clock.Now().Add(end))
			}
			if _, _, err := s.Grant(ctx, ada, n); err != nil {
				t.Fatal(err)
			}
		}
		onLimited := holdOf(c, 7)
		onLimited.KeyID = limited.ID
		for _, step := range []func(){
			func() { post(t, s, clock.Now(), holdOf(c, 60), onLimited) },
			func() { post(t, s, clock.Now(), holdOf(c, 15)) }, // draws on a grant
			func() { settle(t, s, clock.Now(), c.Charge(3)) },
			func() { clock.Add(usage.DefaultHoldTTL) }, // the holds' time is over
			func() { settle(t, s, clock.Now(), c.Charge(30)) },
			func() { clock.Add(time.Hour) }, // a grant is at its end
			func() { clock.Set(midnight) },
			func() { clock.Set(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) },
		} {
			step()
			for _, key := range []uuid.UUID{c.Key.ID, limited.ID} {
				read, err := s.Figures(ctx, c.User.ID, key)
				ask := c.Charge(0)
				ask.KeyID = key
				if decided := post(t, s, clock.Now(), usage.Entry{Kind: usage.KindExpire, Charge: ask})[0].Figures; err != nil || read != decided {
					t.Errorf("%+v, %v; a decision is made on %+v", read, err, decided)
				}
			}
		}
	})
}

// A charge of a hold takes what the hold set aside: who reads beside it sees one or
// the other, never neither.
func TestFiguresReadBesideSettlementsAreOfOneMoment(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := serving(t, url, clock)
		m := startMeter(t, s, clock.Now)
		c, _ := fourKeys(t, s, 1)
		grant(t, s, usage.NewGrant{UserID: c.User.ID, Credits: 1_000_000})
		post(t, s, clock.Now(), holdOf(c, 1))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 400 {
				r, err := m.Post(ctx, holdOf(c, 10))
				if err == nil {
					_, err = m.Post(ctx, onHold(c, usage.KindSettle, r.HoldID, 10*usage.Millionths))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
		defer func() { <-done }()
		var least, reads int64
		for reading := true; reading; reads++ {
			select {
			case <-done:
				reading = false
			default:
			}
			f, err := s.Figures(ctx, c.User.ID, c.Key.ID)
			if err != nil || f.CreditsUsed+f.Held < least {
				t.Fatalf("after %d credits used and held together: %+v, %v", least, f, err)
			}
			if least = f.CreditsUsed + f.Held; reads%20 == 0 {
				wantBalanced(t, s) // a recount beside the meter, too
			}
		}
		if least != 4001 || reads < 10 {
			t.Errorf("%d credits after %d reads", least, reads)
		}
	})
}
