package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// beginCall holds credits for a call of the gateway.
func beginCall(t *testing.T, s *store.Store, c storetest.Customer, at time.Time, price uuid.UUID) uuid.UUID {
	t.Helper()
	id := uuid.Must(uuid.NewV7())
	e := usage.Entry{Kind: usage.KindHold, Charge: c.Charge(20), HoldID: id, TTL: 2 * time.Minute, OnExpiry: usage.ChargeOnExpiry, RequestID: id.String()}
	e.Model, e.Priced = "opus", &usage.Priced{PriceID: price}
	if r := post(t, s, at, e)[0]; r.Outcome != usage.Accepted || r.HoldID != id {
		t.Fatalf("%+v", r)
	}
	return id
}

func TestACallOfTheGatewayIsInTheLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c, at := context.Background(), storetest.NewCustomer(t, s, "Business"), clock.Now()
		p, upstream := newPrice(t, s, "opus", at, 5, 25), uuid.New()
		finish := func(at time.Time, id uuid.UUID, tokens usage.Tokens) usage.Receipt {
			e := usage.Entry{Kind: usage.KindSettle, Charge: pricedCharge(t, c, p, tokens), HoldID: id}
			e.Call = &usage.Call{RequestID: id, Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: upstream}
			return post(t, s, at, e)[0]
		}
		done, dead, silent := beginCall(t, s, c, at, p.ID), beginCall(t, s, c, at, p.ID), beginCall(t, s, c, at, p.ID)
		if r := finish(at, done, usage.Tokens{Input: 10_000, Output: 500}); r.Outcome != usage.Accepted {
			t.Fatalf("%+v", r)
		}
		taken := usage.Entry{Kind: usage.KindHold, Charge: c.Charge(1), HoldID: done, TTL: time.Minute, OnExpiry: usage.ChargeOnExpiry}
		other := taken
		other.Charge, other.HoldID = storetest.NewCustomer(t, s, "Business").Charge(1), dead
		for i, r := range post(t, s, at, taken, other) {
			if r.Outcome != usage.Mismatch {
				t.Errorf("%d: a hold with the id of another is %s", i, r.Outcome)
			}
		}
		delivered := pricedCharge(t, c, p, usage.Tokens{Input: 20_000, Output: 100})
		extend := usage.Entry{Kind: usage.KindExtend, Charge: c.Charge(0), HoldID: dead, TTL: 2 * time.Minute, Delivered: delivered.Millionths,
			DeliveredTokens: &delivered.Priced.Tokens, DeliveredMicros: delivered.CostMicros}
		post(t, s, at, extend)
		if h, err := s.Hold(ctx, dead); err != nil || h.DeliveredMicros != delivered.CostMicros || cmp.Diff(&delivered.Priced.Tokens, h.DeliveredTokens) != "" {
			t.Errorf("%v: the hold has delivered %+v", err, h)
		}
		clock.Add(3 * time.Minute)
		post(t, s, clock.Now(), usage.Entry{Kind: usage.KindExpire, Charge: c.Charge(0)})
		if r := finish(clock.Now(), dead, usage.Tokens{Input: 18_000, CacheRead: 4000, Output: 900}); r.Outcome != usage.Accepted {
			t.Fatalf("%+v", r)
		}
		balanced(t, s)
		type line struct {
			usage.Call

			Adjusts bool
			Tokens  usage.Tokens
		}
		interrupted := func(id uuid.UUID) usage.Call {
			return usage.Call{RequestID: id, Outcome: usage.CallInterrupted, Source: usage.SourceEstimated}
		}
		complete := func(id uuid.UUID) usage.Call {
			return usage.Call{RequestID: id, Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: upstream}
		}
		want := []line{
			{Call: complete(done), Tokens: usage.Tokens{Input: 10_000, Output: 500}},
			{Call: interrupted(silent)},
			{Call: interrupted(dead), Tokens: usage.Tokens{Input: 20_000, Output: 100}},
			{Call: complete(dead), Adjusts: true, Tokens: usage.Tokens{Input: 2000, Output: 800}},
		}
		var got []line
		err := s.EachCharge(ctx, store.ChargeQuery{Span: storetest.Span(usage.DayOf(at), usage.DayOf(at))}, func(c store.ChargeLine) error {
			l := line{Call: *c.Call, Adjusts: c.AdjustsID != uuid.Nil}
			if c.Priced != nil {
				l.Tokens = c.Priced.Tokens
			}
			got = append(got, l)
			one, err := s.ChargeByID(ctx, c.ID)
			if one.Hold == nil || one.Hold.ID != c.Call.RequestID || cmp.Diff(c.Call, one.Call) != "" {
				t.Errorf("the charge alone has the hold %+v and the call %+v", one.Hold, one.Call)
			}
			return err
		})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

// balanced checks that a reconciliation finds no difference.
func balanced(t *testing.T, s *store.Store) {
	t.Helper()
	if r := reconcile(t, s); len(r.Differences) != 0 {
		t.Errorf("the totals do not balance: %v", r.Differences)
	}
}
