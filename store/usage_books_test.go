package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// books are random charges of several days, users, keys, models, plans and upstreams, by
// hand, priced and of the gateway, with adjustments, corrections and what was uncollected.
type books struct {
	random    *rand.Rand
	customers []storetest.Customer
	keys      [][]keys.Key
	prices    []*catalog.Price
	upstreams []uuid.UUID
	span      usage.Range
	// groups are the figures by every dimension, entries those of single rows.
	groups map[fullKey]figures
	rows   int
}

// fullKey is a group of every dimension.
type fullKey struct {
	sumKey

	plan uuid.UUID
}

// figures are what is summed up.
type figures struct {
	Requests, Credits, Corrected, CostMicros, Uncollected int64
	Tokens                                                usage.Tokens
}

func (f figures) plus(o figures) figures {
	return figures{f.Requests + o.Requests, f.Credits + o.Credits, f.Corrected + o.Corrected, f.CostMicros + o.CostMicros, f.Uncollected + o.Uncollected, addTokens(f.Tokens, o.Tokens)}
}

func newBooks(t *testing.T, s *store.Store, clock *storetest.Clock) *books {
	t.Helper()
	b := &books{random: rand.New(rand.NewPCG(7, 9)), upstreams: []uuid.UUID{uuid.New(), uuid.New()}, groups: map[fullKey]figures{}}
	for _, plan := range []string{"Business", "Starter", "Starter"} {
		c := storetest.NewCustomer(t, s, plan)
		other, _ := storetest.NewKey(t, s, c.User)
		b.customers, b.keys = append(b.customers, c), append(b.keys, []keys.Key{c.Key, other})
	}
	for _, model := range []string{"opus", "sonnet"} {
		b.prices = append(b.prices, newPrice(t, s, model, clock.Now(), 5, 25))
	}
	first := clock.Now()
	b.span = storetest.Span(usage.DayOf(first), usage.DayOf(first).Add(9))
	var late []usage.Entry
	for range 96 {
		b.chargeAtRandom(t, s, clock.Now())
		if e, open := b.interrupted(t, s, clock); open {
			late = append(late, e)
		}
		clock.Add(time.Hour)
	}
	for _, e := range late { // the real usage is learnt on other days
		clock.Add(time.Hour)
		post(t, s, clock.Now(), e)
	}
	for i, n := range []int64{-2, 3, -1, 5} {
		c := b.customers[i%len(b.customers)]
		if _, _, _, err := s.Correct(context.Background(), accounts.ActorCLI, usage.NewCorrection{UserID: c.User.ID, Credits: n, Reason: "test", Day: usage.DayOf(first).Add(i % 3)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.CloseDays(context.Background()); err != nil {
		t.Fatal(err)
	}
	balanced(t, s)
	b.readRows(t, s)
	return b
}

// charge is a random charge by hand or by a price.
func (b *books) charge(t *testing.T) usage.Charge {
	t.Helper()
	i := b.random.IntN(len(b.customers))
	c := b.customers[i]
	c.Key = b.keys[i][b.random.IntN(2)]
	hand := c.Charge(1 + b.random.Int64N(3))
	hand.Model, hand.PromptTokens, hand.CompletionTokens, hand.CostMicros = []string{"opus", "own"}[b.random.IntN(2)], b.random.Int64N(99), b.random.Int64N(99), b.random.Int64N(999)
	if b.random.IntN(2) == 0 {
		return hand
	}
	return pricedCharge(t, c, b.prices[b.random.IntN(2)], usage.Tokens{
		Input: b.random.Int64N(900), CacheRead: b.random.Int64N(900), CacheWrite: b.random.Int64N(9), CacheWrite1h: b.random.Int64N(9), AudioInput: b.random.Int64N(9),
		Output: b.random.Int64N(900), AudioOutput: b.random.Int64N(9), Reasoning: b.random.Int64N(9), WebSearches: b.random.Int64N(2),
	})
}

func (b *books) chargeAtRandom(t *testing.T, s *store.Store, at time.Time) {
	t.Helper()
	e := usage.Entry{Charge: b.charge(t)}
	if b.random.IntN(2) == 0 {
		e.Call = &usage.Call{RequestID: uuid.New(), Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: b.upstreams[b.random.IntN(2)]}
	}
	post(t, s, at, e)
	if b.random.IntN(4) > 0 {
		return
	}
	// A settlement far beyond its hold leaves something uncollected where the plan is small.
	hold := usage.Entry{Kind: usage.KindHold, Charge: b.charge(t), OwnerID: service, TTL: usage.DefaultHoldTTL, OnExpiry: usage.ReleaseOnExpiry}
	hold.Credits, hold.Millionths, hold.Priced, hold.CostMicros, hold.PromptTokens, hold.CompletionTokens = 1, 0, nil, 0, 0, 0
	r := post(t, s, at, hold)[0]
	if r.Outcome == usage.Accepted {
		post(t, s, at, usage.Entry{Kind: usage.KindSettle, Charge: usage.Charge{UserID: hold.UserID, KeyID: hold.KeyID, Millionths: 30_500_001, Model: "opus"}, HoldID: r.HoldID, OwnerID: service})
	}
}

// interrupted makes a call whose process dies, and the settlement that comes later.
func (b *books) interrupted(t *testing.T, s *store.Store, clock *storetest.Clock) (late usage.Entry, open bool) {
	t.Helper()
	if b.random.IntN(4) > 0 {
		return late, false
	}
	c := b.charge(t)
	hold := usage.Entry{Kind: usage.KindHold, Charge: usage.Charge{UserID: c.UserID, KeyID: c.KeyID, Credits: 4, Model: c.Model}, OwnerID: service, TTL: usage.DefaultHoldTTL, OnExpiry: usage.ChargeOnExpiry}
	r := post(t, s, clock.Now(), hold)[0]
	if r.Outcome != usage.Accepted {
		return late, false
	}
	extend := usage.Entry{Kind: usage.KindExtend, Charge: usage.Charge{UserID: c.UserID, KeyID: c.KeyID}, HoldID: r.HoldID, OwnerID: service, TTL: usage.DefaultHoldTTL, Delivered: 2_500_000}
	post(t, s, clock.Now(), extend)
	clock.Add(20 * time.Minute)
	post(t, s, clock.Now(), usage.Entry{Kind: usage.KindExpire, Charge: usage.Charge{UserID: c.UserID, KeyID: c.KeyID}})
	late = usage.Entry{Kind: usage.KindSettle, Charge: c, HoldID: r.HoldID, OwnerID: service}
	if b.random.IntN(2) == 0 {
		post(t, s, clock.Now().Add(time.Minute), late)
		return late, false
	}
	return late, true
}

// readRows adds up the single rows, as another export reads them.
func (b *books) readRows(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	plans, hours := map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]store.ChargeLine{}
	adjusted, missed := 0, int64(0)
	for _, c := range b.customers {
		plans[c.User.ID] = c.User.PlanID
		list, err := s.Corrections(ctx, c.User.ID, 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range list {
			b.add(fullKey{sumKey{day: o.Day, hour: store.NoHour, user: o.UserID}, plans[o.UserID]}, figures{Corrected: o.Credits})
		}
	}
	err := s.EachCharge(ctx, store.ChargeQuery{Span: b.span}, func(l store.ChargeLine) error {
		k := fullKey{sumKey{day: l.Day, hour: int64(l.CreatedAt.Hour()), user: l.UserID, key: l.KeyID, model: l.Model}, plans[l.UserID]}
		f := figures{Requests: 1, Credits: l.Credits, CostMicros: l.CostMicros, Uncollected: l.Uncollected, Tokens: usage.Tokens{Input: l.PromptTokens, Output: l.CompletionTokens}}
		if l.Priced != nil {
			f.Tokens = l.Priced.Tokens
			f.Tokens.ServiceTier = ""
		}
		if l.Call != nil {
			k.via = l.Call.UpstreamID
		}
		if l.AdjustsID != uuid.Nil {
			adjusted++
			f.Requests = 0
			if of, known := hours[l.AdjustsID]; known && of.Day == l.Day {
				k.hour = int64(of.CreatedAt.Hour())
			}
		}
		hours[l.ID] = l
		missed += max(l.Uncollected, 0)
		b.add(k, f)
		return nil
	})
	if err != nil || adjusted < 5 || missed < usage.Millionths {
		t.Fatalf("%v: the books have %d adjustments, and %d millionths uncollected", err, adjusted, missed)
	}
}

func (b *books) add(k fullKey, f figures) {
	b.groups[k] = b.groups[k].plus(f)
	b.rows++
}

// divided are the groups of a division that a condition keeps, without those of nothing.
func (b *books) divided(by []store.SumBy, keep func(fullKey) bool) map[fullKey]figures {
	groups := map[fullKey]figures{}
	for k, f := range b.groups {
		if keep == nil || keep(k) {
			k = fullKey{divided(k.sumKey, by), k.plan}
			if !slices.Contains(by, store.SumByHour) {
				k.hour = store.NoHour
			}
			if !slices.Contains(by, store.SumByPlan) {
				k.plan = uuid.Nil
			}
			groups[k] = groups[k].plus(f)
		}
	}
	return groups
}

// sums reads all pages of a division.
func sums(t *testing.T, s *store.Store, q store.UsageSumQuery) map[fullKey]figures {
	t.Helper()
	got := map[fullKey]figures{}
	for {
		page, err := s.UsageSums(context.Background(), q)
		if err != nil {
			t.Fatal(q.By, err)
		}
		for _, u := range page {
			k := fullKey{sumKey{u.Day, u.Hour, u.UserID, u.KeyID, u.UpstreamID, u.Model}, u.PlanID}
			if _, twice := got[k]; twice {
				t.Fatalf("%v: %v comes twice", q.By, k)
			}
			got[k] = summed(u)
		}
		if len(page) < q.Limit {
			return got
		}
		q.After = &page[len(page)-1]
	}
}

func summed(u store.UsageSum) figures {
	return figures{u.Requests, u.Credits, u.Corrected, u.CostMicros, u.Uncollected, u.Tokens}
}

// divisions are all sets of dimensions but the empty one.
func divisions() (list [][]store.SumBy) {
	for set := 1; set < 1<<len(store.SumDimensions()); set++ {
		var by []store.SumBy
		for i, d := range store.SumDimensions() {
			if set&(1<<i) != 0 {
				by = append(by, d)
			}
		}
		list = append(list, by)
	}
	return list
}

var groupsCompared = cmp.AllowUnexported(fullKey{}, sumKey{})

func total(groups map[fullKey]figures) (sum figures) {
	for _, f := range groups {
		sum = sum.plus(f)
	}
	return sum
}

func TestEveryDivisionOfUsageIsTheSumOfTheSingleCharges(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		b := newBooks(t, s, clock)
		all := total(b.groups)
		for _, by := range divisions() {
			got := sums(t, s, store.UsageSumQuery{Span: b.span, By: by, Limit: 17})
			if diff := cmp.Diff(b.divided(by, nil), got, groupsCompared); diff != "" {
				t.Fatalf("%v (-rows +sums): %s", by, diff)
			}
			if diff := cmp.Diff(all, total(got)); diff != "" {
				t.Fatalf("%v is %s", by, diff)
			}
			each := map[fullKey]figures{}
			if err := s.EachUsageSum(context.Background(), store.UsageSumQuery{Span: b.span, By: by}, func(u store.UsageSum) error {
				each[fullKey{sumKey{u.Day, u.Hour, u.UserID, u.KeyID, u.UpstreamID, u.Model}, u.PlanID}] = summed(u)
				return nil
			}); err != nil || cmp.Diff(got, each, groupsCompared) != "" {
				t.Fatalf("%v: an export differs from the pages: %v", by, err)
			}
		}
	})
}

func TestFiltersOfUsageLeaveTheirRowsOfEveryDivision(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		b := newBooks(t, s, clock)
		user, key := b.customers[2].User, b.keys[2][1]
		for says, c := range map[string]struct {
			query store.UsageSumQuery
			keep  func(fullKey) bool
		}{
			"user":                {store.UsageSumQuery{UserID: user.ID}, func(k fullKey) bool { return k.user == user.ID }},
			"key":                 {store.UsageSumQuery{KeyID: key.ID}, func(k fullKey) bool { return k.key == key.ID }},
			"model":               {store.UsageSumQuery{Model: "opus"}, func(k fullKey) bool { return k.model == "opus" }},
			"plan":                {store.UsageSumQuery{PlanID: user.PlanID}, func(k fullKey) bool { return k.plan == user.PlanID }},
			"plan, key and model": {store.UsageSumQuery{PlanID: user.PlanID, KeyID: key.ID, Model: "opus"}, func(k fullKey) bool { return k.key == key.ID && k.model == "opus" }},
			"nobody":              {store.UsageSumQuery{UserID: uuid.New()}, func(fullKey) bool { return false }},
		} {
			for _, by := range divisions() {
				q := c.query
				q.Span, q.By, q.Limit = b.span, by, 1000
				if diff := cmp.Diff(b.divided(by, c.keep), sums(t, s, q), groupsCompared); diff != "" {
					t.Fatalf("%s, %v (-rows +sums): %s", says, by, diff)
				}
			}
			entries := listed(t, s, store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: b.span, UserID: c.query.UserID, KeyID: c.query.KeyID, PlanID: c.query.PlanID, Model: c.query.Model}, Limit: 9})
			if diff := cmp.Diff(b.divided(store.SumDimensions(), c.keep), addedUp(entries), groupsCompared); diff != "" {
				t.Errorf("%s (-rows +listed): %s", says, diff)
			}
		}
	})
}

// listed reads all pages of a list, which has every row once and in its order.
func listed(t *testing.T, s *store.Store, q store.ChargeListQuery) (all []store.ChargeEntry) {
	t.Helper()
	for {
		page, next, err := s.ChargeList(context.Background(), q)
		if err != nil || len(page) > q.Limit {
			t.Fatal(len(page), err)
		}
		all = append(all, page...)
		if next == uuid.Nil {
			break
		}
		q.After = next
	}
	for i := 1; i < len(all); i++ {
		if all[i-1].ID.String() >= all[i].ID.String() {
			t.Fatalf("%s comes before %s", all[i-1].ID, all[i].ID)
		}
	}
	return all
}

// addedUp are the groups of listed rows by every dimension.
func addedUp(entries []store.ChargeEntry) map[fullKey]figures {
	groups := map[fullKey]figures{}
	for i := range entries {
		e := &entries[i]
		k := fullKey{sumKey{e.Day, e.Hour, e.UserID, e.KeyID, e.UpstreamID, e.Model}, e.PlanID}
		f := figures{Requests: e.Requests(), Credits: e.Credits, CostMicros: e.CostMicros, Uncollected: e.Uncollected, Tokens: usage.Tokens{Input: e.PromptTokens, Output: e.CompletionTokens}}
		if e.Priced != nil {
			f.Tokens = e.Priced.Tokens
		}
		if e.Kind == store.EntryCorrection {
			f = figures{Corrected: e.Credits}
		}
		groups[k] = groups[k].plus(f)
	}
	return groups
}

func TestTheListOfSingleChargesIsWhatTheSumsAddUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		b := newBooks(t, s, clock)
		q := store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: b.span}, Limit: 7}
		entries := listed(t, s, q)
		if diff := cmp.Diff(b.groups, addedUp(entries), groupsCompared); diff != "" || len(entries) != b.rows {
			t.Errorf("%d of %d rows (-rows +listed): %s", len(entries), b.rows, diff)
		}
		var each []store.ChargeEntry
		if err := s.EachListed(context.Background(), q.ChargeQuery, func(e *store.ChargeEntry) error { each = append(each, *e); return nil }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(entries, each); diff != "" {
			t.Errorf("an export differs from the pages: %s", diff)
		}
		for n := range 10 { // a day alone has its adjustments and corrections that were made later
			q.Span = usage.OneDay(b.span.From().Add(n))
			keep := func(k fullKey) bool { return k.day == q.Span.From() }
			if diff := cmp.Diff(b.divided(store.SumDimensions(), keep), addedUp(listed(t, s, q)), groupsCompared); diff != "" {
				t.Errorf("%s (-rows +listed): %s", q.Span.From(), diff)
			}
		}
	})
}

func TestPagesOfUsageLoseAndRepeatNothingWhileChargesArrive(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		b := newBooks(t, s, clock)
		before := listed(t, s, store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: b.span}, Limit: 1000})
		arrive := func() { b.chargeAtRandom(t, s, b.span.To().Start().Add(12*time.Hour)) }
		q, seen := store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: b.span}, Limit: 7}, map[uuid.UUID]int{}
		for next := uuid.Max; next != uuid.Nil && len(seen) < 10*len(before); q.After = next {
			page, after, err := s.ChargeList(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				seen[page[i].ID]++
			}
			if next = after; len(seen) < 2*len(before) {
				arrive()
			}
		}
		for i := range before {
			if n := seen[before[i].ID]; n != 1 {
				t.Errorf("the %s %s was listed %d times", before[i].Kind, before[i].ID, n)
			}
		}
		for _, by := range [][]store.SumBy{{store.SumByDay, store.SumByHour, store.SumByKey}, {store.SumByUser, store.SumByModel}, {store.SumByModel, store.SumByUpstream}} {
			q, groups := store.UsageSumQuery{Span: b.span, By: by, Limit: 3}, map[fullKey]int{}
			for {
				page, err := s.UsageSums(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range page {
					groups[fullKey{sumKey{u.Day, u.Hour, u.UserID, u.KeyID, u.UpstreamID, u.Model}, u.PlanID}]++
				}
				if len(page) < q.Limit {
					break
				}
				q.After = &page[len(page)-1]
				arrive()
			}
			for k := range b.divided(by, nil) {
				if groups[k] != 1 {
					t.Errorf("%v: %v was summed up %d times", by, k, groups[k])
				}
			}
		}
	})
}

func TestUsageBehindARetentionKeepsItsTotalsAndRefusesWhatIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, b := context.Background(), newBooks(t, s, clock)
		all, kept := total(b.groups), b.span.From().Add(3)
		if gone := total(b.divided(nil, func(k fullKey) bool { return k.day < kept })); gone.Uncollected == 0 {
			t.Fatal("nothing was uncollected on the days that are removed")
		}
		if n, err := s.Retain(ctx, kept, 3); err != nil || n != 3 { // it has only begun
			t.Fatal(n, err)
		}
		later := storetest.Span(kept, b.span.To())
		for _, by := range divisions() {
			q := store.UsageSumQuery{Span: b.span, By: by, Limit: 1000}
			if slices.Contains(by, store.SumByHour) || slices.Contains(by, store.SumByUpstream) {
				if _, err := s.UsageSums(ctx, q); err == nil {
					t.Errorf("%v: sums of charges that are gone", by)
				}
				q.Span = later
				keep := func(k fullKey) bool { return k.day >= kept }
				if diff := cmp.Diff(b.divided(by, keep), sums(t, s, q), groupsCompared); diff != "" {
					t.Errorf("%v of the days that are kept: %s", by, diff)
				}
				continue
			}
			if diff := cmp.Diff(all, total(sums(t, s, q))); diff != "" {
				t.Errorf("%v: %s", by, diff)
			}
		}
		if _, _, err := s.ChargeList(ctx, store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: b.span}, Limit: 10}); err == nil {
			t.Error("single charges that are gone are listed")
		}
		listed(t, s, store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: later}, Limit: 10})
	})
}

// A retention that begins between two statements of a report must not take charges out of its sums.
func TestUsageThatARetentionRemovesWhileItIsReadIsRefused(t *testing.T) {
	for says, read := range map[string]func(*store.Store, usage.Range) error{
		"sums": func(s *store.Store, span usage.Range) error {
			_, err := s.UsageSums(context.Background(), store.UsageSumQuery{Span: span, By: []store.SumBy{store.SumByHour}, Limit: 100})
			return err
		},
		"a list": func(s *store.Store, span usage.Range) error {
			_, _, err := s.ChargeList(context.Background(), store.ChargeListQuery{ChargeQuery: store.ChargeQuery{Span: span}, Limit: 1000})
			return err
		},
	} {
		t.Run(says, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
				c := storetest.NewCustomer(t, s, "Pro")
				post(t, s, clock.Now(), usage.ChargeEntries(c.Charge(1))...)
				span := usage.OneDay(usage.DayOf(clock.Now()))
				if err := read(s, span); err != nil {
					t.Fatal(err)
				}
				begun := false
				store.AfterReads(t, s, func() {
					if begun {
						return
					}
					begun = true
					if _, err := s.Retain(context.Background(), span.To().Add(1), 100); err != nil {
						t.Error(err)
					}
				})
				if err := read(s, span); err == nil || !begun {
					t.Errorf("it is read without the charges that are gone (%v)", begun)
				}
			})
		})
	}
}
