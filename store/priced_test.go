package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// newPrice stores a price of a model from a moment on: dollars a million tokens read and
// written, a tenth of the first for a cached token, a cent a web search, and a credit at a cent.
func newPrice(t *testing.T, s *store.Store, model string, from time.Time, in, out int64) *catalog.Price {
	t.Helper()
	p := catalog.Price{ID: uuid.Must(uuid.NewV7()), Model: model, ValidFrom: from, Source: catalog.SourceManual, CreatedAt: from, CreatedBy: "test"}
	p.Terms.Base.Rates = catalog.Rates{Input: in * catalog.PicosPerMicro, Output: out * catalog.PicosPerMicro, CacheRead: new(in * catalog.PicosPerMicro / 10)}
	p.Terms.PerWebSearch = catalog.PicosPerUSD / 100
	p.Terms.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: 120 * catalog.Hundredths, CreditValue: usage.MicrosPerUSD / 100}
	if err := store.PutPrices(context.Background(), s, p); err != nil {
		t.Fatal(err)
	}
	return &p
}

// pricedCharge is a charge that a price makes of tokens.
func pricedCharge(t *testing.T, c storetest.Customer, p *catalog.Price, tokens usage.Tokens) usage.Charge {
	t.Helper()
	q, err := p.Quote(&tokens)
	if err != nil {
		t.Fatal(err)
	}
	return usage.Charge{UserID: c.User.ID, KeyID: c.Key.ID, Model: p.Model, Millionths: q.Millionths, CostMicros: q.CostMicros,
		PromptTokens: tokens.Prompt(), CompletionTokens: tokens.Completion(), Priced: &usage.Priced{PriceID: p.ID, Tokens: tokens}}
}

// pricedDayCharges is how many charges priceDays makes: four a day, and one and two of the holds.
const pricedDayCharges = 15

// pricedDays are the customer and the prices of priceDays.
type pricedDays struct {
	c           storetest.Customer
	old, fresh  *catalog.Price
	held, late  uuid.UUID
	heldAt      time.Time
	settlement  uuid.UUID
	adjustments uuid.UUID
}

// priceDays leaves priced charges beside charges by hand on three days over which the
// price changes, a hold of before midnight that is settled after it, and a settlement of
// a hold whose expiry has charged.
func priceDays(t *testing.T, s *store.Store) (d pricedDays) {
	t.Helper()
	d.c = storetest.NewCustomer(t, s, "Business")
	midnight := storetest.Start.Truncate(24*time.Hour).AddDate(0, 0, 1)
	d.old, d.fresh = newPrice(t, s, "opus", storetest.Start.AddDate(0, 0, -1), 5, 25), newPrice(t, s, "opus", midnight, 7, 30)
	for day := range 3 {
		at, p := storetest.Start.AddDate(0, 0, day), d.old
		if day > 0 {
			p = d.fresh
		}
		hand := d.c.Charge(1)
		hand.Model = "opus"
		post(t, s, at, usage.ChargeEntries(hand,
			pricedCharge(t, d.c, p, usage.Tokens{Input: 1001, CacheRead: 50_000, CacheWrite: 7, CacheWrite1h: 9, AudioInput: 3, Output: 700, AudioOutput: 11, Reasoning: 600, WebSearches: 2}),
			pricedCharge(t, d.c, p, usage.Tokens{Input: 3, Output: 1, ServiceTier: "default"}))...)
		post(t, s, at.Add(time.Minute), usage.ChargeEntries(pricedCharge(t, d.c, p, usage.Tokens{Input: int64(day)}))...)
	}
	hold := func(at time.Time, onExpiry usage.OnExpiry) uuid.UUID {
		e := holdOf(d.c, 20)
		e.Model, e.OnExpiry, e.Priced = "opus", onExpiry, &usage.Priced{PriceID: d.old.ID}
		return post(t, s, at, e)[0].HoldID
	}
	settle := func(at time.Time, id uuid.UUID, p *catalog.Price, tokens usage.Tokens) {
		c := pricedCharge(t, d.c, p, tokens)
		if r := post(t, s, at, usage.Entry{Kind: usage.KindSettle, Charge: c, HoldID: id, OwnerID: service}); r[0].Outcome != usage.Accepted {
			t.Fatalf("%+v", r)
		}
	}
	d.heldAt = midnight.Add(-time.Minute)
	d.held, d.late = hold(d.heldAt, usage.ReleaseOnExpiry), hold(d.heldAt, usage.ChargeOnExpiry)
	extend := onHold(d.c, usage.KindExtend, d.late, 0)
	extend.Delivered = 4_500_000
	post(t, s, d.heldAt, extend)
	settle(midnight.Add(time.Minute), d.held, d.old, usage.Tokens{Input: 20_000, Output: 1000})
	post(t, s, midnight.Add(time.Hour), usage.Entry{Kind: usage.KindExpire, Charge: d.c.Charge(0)})
	settle(midnight.AddDate(0, 0, 1), d.late, d.old, usage.Tokens{Input: 1000, Output: 10})
	for _, h := range []struct {
		id   uuid.UUID
		into *uuid.UUID
	}{{d.held, &d.settlement}, {d.late, &d.adjustments}} {
		hold, err := s.Hold(context.Background(), h.id)
		if err != nil {
			t.Fatal(err)
		}
		*h.into = hold.End.ChargeID
	}
	return d
}

func TestAPricedChargeKeepsWhatItUsedAndItsPrice(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start.AddDate(0, 0, 2))
		s := storetest.Connect(t, url, clock.Now)
		d := priceDays(t, s)
		if r := reconcile(t, s); len(r.Differences) > 0 {
			t.Fatal(r.Differences)
		}
		records, err := s.Charges(ctx, d.c.User.ID, "2026-03-01", 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := map[usage.Day]map[uuid.UUID]*usage.TokenTotal{}
		byHand := 0
		for _, r := range records {
			if r.Priced == nil {
				byHand++
				continue
			}
			sum := &usage.TokenTotal{PriceID: r.Priced.PriceID, Day: r.Day, Requests: r.Requests(), Credits: r.Credits, CostMicros: r.CostMicros, Tokens: r.Priced.Tokens}
			sum.Tokens.ServiceTier = ""
			if want[r.Day] == nil {
				want[r.Day] = map[uuid.UUID]*usage.TokenTotal{}
			}
			if had := want[r.Day][r.Priced.PriceID]; had != nil {
				had.Add(sum)
			} else {
				want[r.Day][r.Priced.PriceID] = sum
			}
		}
		if len(records) != pricedDayCharges || byHand != 4 {
			t.Errorf("%d charges, %d by hand", len(records), byHand)
		}
		totals, err := s.TokenTotals(ctx, store.TokenQuery{Span: storetest.Span("2026-03-01", "2026-03-31"), By: store.ByDay})
		if err != nil {
			t.Fatal(err)
		}
		priced := 0
		for _, total := range totals {
			if total.PriceID == uuid.Nil {
				continue
			}
			priced++
			if diff := cmp.Diff(want[total.Day][total.PriceID], &total); diff != "" {
				t.Error(diff)
			}
		}
		if priced != 4 { // the fourth has the old price, the fifth both, the sixth the fresh one
			t.Errorf("%d rows of days and prices: %+v", priced, totals)
		}
	})
}

func TestAChargeExplainsItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		d := priceDays(t, s)
		settled, err := s.ChargeByID(ctx, d.settlement)
		if err != nil {
			t.Fatal(err)
		}
		// The price of the hold's moment counts, although another was in force at the settlement.
		if settled.Hold == nil || settled.Hold.ID != d.held || !settled.Hold.CreatedAt.Equal(d.heldAt) || settled.Day != "2026-03-05" ||
			settled.Priced.PriceID != d.old.ID || settled.Hold.PriceID != d.old.ID || settled.Email != d.c.User.Email || settled.Prefix != d.c.Key.Prefix {
			t.Errorf("%+v of hold %+v", settled, settled.Hold)
		}
		if diff := cmp.Diff(d.old.Terms, settled.Price.Terms); diff != "" {
			t.Error(diff)
		}
		q, err := settled.Price.Quote(&settled.Priced.Tokens)
		if err != nil || q.Millionths != settled.Millionths || q.CostMicros != settled.CostMicros {
			t.Errorf("quoted %+v, %v; charged %d millionths of %d micro-dollars", q, err, settled.Millionths, settled.CostMicros)
		}
		records, err := s.Charges(ctx, d.c.User.ID, "2026-03-01", 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			c, err := s.ChargeByID(ctx, r.ID)
			r.CreatedAt = r.CreatedAt.UTC()
			if diff := cmp.Diff(r, c.Record); err != nil || diff != "" {
				t.Error(err, diff)
			}
			if r.AdjustsID != uuid.Nil && (c.Hold == nil || c.Hold.ID != d.late || r.AdjustsID != d.adjustments) {
				t.Errorf("the adjustment %+v is of hold %+v", r, c.Hold)
			}
			if (c.Price == nil) != (r.Priced == nil) {
				t.Errorf("%+v has the price %+v", r, c.Price)
			}
		}
		if _, err := s.ChargeByID(ctx, d.held); !errors.Is(err, usage.ErrNoCharge) {
			t.Error(err)
		}
	})
}

// Every way to divide them, what calls used adds up to the totals of all charges.
func TestWhatCallsUsedAddsUpHoweverItIsDivided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, span := context.Background(), storetest.Span("2026-03-01", "2026-03-31")
		chargeDays(t, s, clock)
		d := priceDays(t, s)
		clock.Set(storetest.Start.AddDate(0, 0, 5))
		if _, err := s.CloseDays(ctx); err != nil {
			t.Fatal(err)
		}
		for name, q := range map[string]store.TokenQuery{"all users": {}, "one user": {UserID: d.c.User.ID}, "one plan": {PlanID: d.c.User.PlanID}, "one model": {Model: "opus"}} {
			q.Span = span
			want := usage.TokenTotal{}
			for _, by := range []store.Grouping{store.ByModel, store.ByPlan, store.ByDay} {
				q.By = by
				totals, err := s.TokenTotals(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				sum := usage.TokenTotal{}
				for i := range totals {
					total := &totals[i]
					sum.Add(total)
					if byHand := total.PriceID == uuid.Nil; byHand && total.Tokens != (usage.Tokens{Input: total.Tokens.Input, Output: total.Tokens.Output}) || total.Requests < 0 || total.Tokens.Input < 0 {
						t.Errorf("%s by %s: %+v", name, by, total)
					}
					if named := []bool{total.Model != "", total.PlanID != uuid.Nil, total.Day != ""}; cmp.Diff(named, []bool{by == store.ByModel, by == store.ByPlan, by == store.ByDay}) != "" {
						t.Errorf("%s by %s: %+v", name, by, total)
					}
				}
				if by == store.ByModel {
					want = sum
				}
				if diff := cmp.Diff(want, sum); diff != "" || sum.Requests < 14 {
					t.Errorf("%s by %s: %d requests, %s", name, by, sum.Requests, diff)
				}
			}
			summaries, err := s.Summaries(ctx, span)
			if err != nil {
				t.Fatal(err)
			}
			var all usage.DayTotal
			for _, day := range summaries {
				all.Requests, all.Credits, all.CostMicros = all.Requests+day.Requests, all.Credits+day.Credits, all.CostMicros+day.CostMicros
			}
			if name == "all users" && (all.Requests != want.Requests || all.Credits != want.Credits || all.CostMicros != want.CostMicros) {
				t.Errorf("the console's days add up to %+v, what calls used to %+v", all, want)
			}
		}
	})
}

// What priced charges used stays when a retention removes them, and is still compared with
// the totals of all charges.
func TestRetentionKeepsWhatPricedChargesUsed(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start.AddDate(0, 0, 3))
		s := storetest.Connect(t, url, clock.Now)
		priceDays(t, s)
		used := func() []usage.TokenTotal {
			totals, err := s.TokenTotals(ctx, store.TokenQuery{Span: storetest.Span("2026-03-01", "2026-03-31"), By: store.ByDay})
			if err != nil {
				t.Fatal(err)
			}
			return totals
		}
		was := used()
		if removed, err := s.Retain(ctx, "2026-03-06", 100); err != nil || removed != 11 {
			t.Fatal(removed, err)
		}
		if diff := cmp.Diff(was, used()); diff != "" {
			t.Error(diff)
		}
		if r := reconcile(t, s); len(r.Differences) > 0 || r.DaysGone != 2 || r.Charges != pricedDayCharges-11 {
			t.Errorf("%d charges, %d days gone, %v", r.Charges, r.DaysGone, r.Differences)
		}
		storetest.Exec(t, url, "UPDATE daily_tokens SET cost_micros = cost_micros + 1000000 WHERE day = '2026-03-04'")
		if r := reconcile(t, s); len(r.Differences) != 1 || r.Differences[0].Table != "daily_tokens" {
			t.Errorf("a day whose charges are gone: %v", r.Differences)
		}
	})
}

// The days of all users are read once, and again after an adjustment of one of them.
func TestWhatAllUsedFollowsEveryChange(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		d := priceDays(t, s)
		held := holdOf(d.c, 20)
		held.OnExpiry, held.Priced, held.Model, held.TTL = usage.ChargeOnExpiry, &usage.Priced{PriceID: d.fresh.ID}, "opus", usage.MinHoldTTL
		at := storetest.Start.AddDate(0, 0, 3)
		id := post(t, s, at, held)[0].HoldID
		extend := onHold(d.c, usage.KindExtend, id, 0)
		extend.Delivered, extend.TTL = 9_000_000, usage.MinHoldTTL
		post(t, s, at, extend)
		post(t, s, at.Add(time.Minute), usage.Entry{Kind: usage.KindExpire, Charge: d.c.Charge(0)})
		clock.Set(at.AddDate(0, 0, 2))
		for _, step := range []struct {
			name string
			do   func()
		}{
			{"before any day is summed up", func() {}},
			{"once they are", func() { closeDays(t, s) }},
			{"after a settlement that gives back on a past day", func() {
				e := usage.Entry{Kind: usage.KindSettle, Charge: pricedCharge(t, d.c, d.fresh, usage.Tokens{Input: 1000, Output: 10}), HoldID: id, OwnerID: service}
				if r := post(t, s, clock.Now(), e)[0]; r.Outcome != usage.Accepted || r.Charged != 1 { // of nine
					t.Fatalf("%+v", r)
				}
			}},
			{"once that day is summed up again", func() { closeDays(t, s) }},
			{"after a charge of today", func() {
				post(t, s, clock.Now(), usage.ChargeEntries(pricedCharge(t, d.c, d.fresh, usage.Tokens{Input: 5}))...)
			}},
			{"once more", func() {}},
		} {
			step.do()
			for _, by := range []store.Grouping{"", store.ByModel, store.ByPlan, store.ByDay} {
				q := store.TokenQuery{Span: storetest.Span("2026-03-01", "2026-03-31"), By: by}
				all, err := s.TokenTotals(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				q.UserID = d.c.User.ID // there is no other
				one, err := s.TokenTotals(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(one, all); diff != "" || len(one) < 3 {
					t.Errorf("%s, by %q: (-read +kept)\n%s", step.name, by, diff)
				}
			}
		}
	})
}

func closeDays(t *testing.T, s *store.Store) {
	t.Helper()
	if closed, err := s.CloseDays(context.Background()); err != nil || closed == 0 {
		t.Fatalf("%d days were summed up: %v", closed, err)
	}
}
