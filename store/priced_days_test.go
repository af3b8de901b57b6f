package store_test

import (
	"context"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

const (
	randomUsers = 4
	randomDays  = 250
)

// randomPrice is a price of either mode, with a band and some rates of their own.
func randomPrice(r *rand.Rand, model string, from time.Time) catalog.Price {
	rates := func() (rates catalog.Rates) {
		for b := range usage.NumBuckets {
			if own := r.Int64N(30_000_000); b == usage.Input || b == usage.Output || r.IntN(2) == 0 {
				rates.SetOwn(b, own)
			}
		}
		return rates
	}
	p := catalog.Price{ID: uuid.Must(uuid.NewV7()), Model: model, ValidFrom: from, CreatedAt: from, Source: catalog.SourceManual}
	p.Terms.Base = catalog.Set{Rates: rates(), Bands: []catalog.Band{{Above: 20_000, Rates: rates()}}}
	p.Terms.PerRequest, p.Terms.PerWebSearch = r.Int64N(2_000_000_000), r.Int64N(20_000_000_000)
	p.Terms.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: r.Int64N(30_000), CreditValue: 1 + r.Int64N(30_000)}
	if r.IntN(3) == 0 {
		p.Terms.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: r.Int64N(3_000_000), CreditValue: 1 + r.Int64N(30_000)}
	}
	return p
}

func randomTokens(r *rand.Rand) usage.Tokens {
	some := func(most int64) int64 { return max(r.Int64N(2*most)-most, 0) } // half of them are none
	t := usage.Tokens{Input: some(20_000), CacheRead: some(30_000), CacheWrite: some(3000), CacheWrite1h: some(3000), AudioInput: some(500), Output: some(5000),
		AudioOutput: some(500), WebSearches: some(4), Requests: some(4)}
	t.Reasoning = r.Int64N(t.Output + 1)
	return t
}

// exactly is what usage costs in dollars and in credits, without any rounding.
func exactly(p *catalog.Price, t usage.Tokens) (dollars, credits *big.Rat) {
	rates := p.Terms.Base.Rates
	if t.Input+t.CacheRead+t.CacheWrite+t.CacheWrite1h+t.AudioInput > 20_000 {
		rates = p.Terms.Base.Bands[0].Rates
	}
	requests := max(t.Requests, 1)
	picos := new(big.Rat)
	add := func(count, rate int64) { picos.Add(picos, new(big.Rat).Mul(big.NewRat(count, 1), big.NewRat(rate, 1))) }
	own := func(rate *int64, instead int64) int64 {
		if rate != nil {
			return *rate
		}
		return instead
	}
	add(t.Input, rates.Input)
	add(t.CacheRead, own(rates.CacheRead, rates.Input))
	add(t.CacheWrite, own(rates.CacheWrite, rates.Input))
	add(t.CacheWrite1h, own(rates.CacheWrite1h, rates.Input))
	add(t.AudioInput, own(rates.AudioInput, rates.Input))
	add(t.Output, rates.Output)
	add(t.AudioOutput, own(rates.AudioOutput, rates.Output))
	add(requests, p.Terms.PerRequest)
	add(t.WebSearches, p.Terms.PerWebSearch)
	dollars = picos.Quo(picos, big.NewRat(1_000_000_000_000, 1))
	c := p.Terms.Charge
	if c.Mode == catalog.ByRequest {
		return dollars, big.NewRat(c.Credits*requests, 1_000_000)
	}
	credits = new(big.Rat).Mul(dollars, big.NewRat(c.Percent, 10_000))
	return dollars, credits.Quo(credits, big.NewRat(c.CreditValue, 1_000_000))
}

// exactDay is a user's day without any rounding, and what the receipts of it said.
type exactDay struct {
	calls            int64
	dollars, credits *big.Rat
	charged, last    int64
}

// A thousand days of priced calls, charged at once or by holds, at prices that change in
// the middle of a day: each day's credits are the same wherever they are kept, and the
// customer pays less than one credit of rounding.
func TestAThousandRandomDaysAddUpAndRoundByLessThanACredit(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		seed := rand.Uint64()
		t.Log("seed", seed)
		r := rand.New(rand.NewPCG(seed, 1))
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		plan := storetest.NewPlan(t, s, "Large", accounts.MaxDailyCredits)
		customers, days := make([]storetest.Customer, randomUsers), map[uuid.UUID]map[usage.Day]*exactDay{}
		for i := range customers {
			customers[i] = storetest.NewCustomer(t, s, plan.Name)
			days[customers[i].User.ID] = map[usage.Day]*exactDay{}
		}
		prices := map[string]*catalog.Price{}
		for n := range randomDays {
			at := storetest.Start.AddDate(0, 0, n)
			for range 2 {
				model := []string{"opus", "sonnet"}[r.IntN(2)]
				if p := randomPrice(r, model, at); prices[model] == nil || r.IntN(4) == 0 {
					prices[model] = &p
					if err := store.PutPrices(ctx, s, p); err != nil {
						t.Fatal(err)
					}
				}
				for _, c := range customers {
					if days[c.User.ID][usage.DayOf(at)] == nil {
						days[c.User.ID][usage.DayOf(at)] = &exactDay{dollars: new(big.Rat), credits: new(big.Rat)}
					}
				}
				postRandomCalls(t, s, r, at, customers, prices, days)
				at = at.Add(3 * time.Hour)
			}
		}
		clock.Set(storetest.Start.AddDate(0, 0, randomDays))
		for _, c := range customers {
			checkExactDays(t, s, c, days[c.User.ID])
		}
		if got := reconcile(t, s); len(got.Differences) > 0 {
			t.Errorf("%d differences, such as %s", len(got.Differences), got.Differences[0])
		}
	})
}

// postRandomCalls posts a batch of calls of every customer, some of them as holds that a
// second batch settles.
func postRandomCalls(t *testing.T, s *store.Store, r *rand.Rand, at time.Time, customers []storetest.Customer, prices map[string]*catalog.Price, days map[uuid.UUID]map[usage.Day]*exactDay) {
	t.Helper()
	var entries, settlements []usage.Entry
	for _, c := range customers {
		day := days[c.User.ID][usage.DayOf(at)]
		for range 1 + r.IntN(4) {
			for _, p := range prices {
				tokens := randomTokens(r)
				dollars, credits := exactly(p, tokens)
				day.calls++
				day.dollars.Add(day.dollars, dollars)
				day.credits.Add(day.credits, credits)
				e := usage.Entry{Charge: pricedCharge(t, c, p, tokens)}
				if r.IntN(2) == 0 {
					entries = append(entries, e)
					continue
				}
				held := holdOf(c, r.Int64N(10))
				held.Model, held.Priced = p.Model, &usage.Priced{PriceID: p.ID}
				e.Kind, e.OwnerID = usage.KindSettle, service
				e.HoldID = post(t, s, at, held)[0].HoldID
				settlements = append(settlements, e)
				break
			}
		}
	}
	for _, batch := range [][]usage.Entry{entries, settlements} {
		for i, receipt := range post(t, s, at, batch...) {
			if receipt.Outcome != usage.Accepted {
				t.Fatalf("%+v: %+v", batch[i], receipt)
			}
			day := days[batch[i].UserID][usage.DayOf(at)]
			day.charged, day.last = day.charged+receipt.Charged, receipt.CreditsUsed
		}
	}
}

func checkExactDays(t *testing.T, s *store.Store, c storetest.Customer, days map[usage.Day]*exactDay) {
	t.Helper()
	ctx, span := context.Background(), storetest.Span(usage.DayOf(storetest.Start), usage.DayOf(storetest.Start).Add(randomDays-1))
	kept := map[string]map[usage.Day]usage.DayTotal{"user_days": {}, "daily_usage": {}, "daily_tokens": {}, "the charges": {}}
	read := func(name string) func(list []usage.DayTotal, err error) {
		return func(list []usage.DayTotal, err error) {
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range list {
				kept[name][d.Day] = d
			}
		}
	}
	add := func(name string, day usage.Day, requests, credits, cost int64) {
		had := kept[name][day]
		kept[name][day] = usage.DayTotal{Day: day, Requests: had.Requests + requests, Credits: had.Credits + credits, CostMicros: had.CostMicros + cost}
	}
	read("user_days")(s.History(ctx, c.User.ID, span))
	read("daily_usage")(s.KeyHistory(ctx, c.User.ID, c.Key.ID, span))
	totals, err := s.TokenTotals(ctx, store.TokenQuery{Span: span, By: store.ByDay, UserID: c.User.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, total := range totals {
		if total.PriceID == uuid.Nil {
			t.Errorf("%+v is without a price", total)
		}
		add("daily_tokens", total.Day, total.Requests, total.Credits, total.CostMicros)
	}
	charges, err := s.Charges(ctx, c.User.ID, span.From(), 100_000, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range charges {
		add("the charges", charges[i].Day, 1, charges[i].Credits, charges[i].CostMicros)
	}
	one, halfMicro := big.NewRat(1, 1), big.NewRat(1, 2_000_000)
	for day, exact := range days {
		figures := kept["user_days"][day]
		for name, rows := range kept {
			if rows[day] != figures || rows[day].Requests != exact.calls {
				t.Errorf("%s: %s says %+v of %d calls, user_days %+v", day, name, rows[day], exact.calls, figures)
			}
		}
		if exact.charged != figures.Credits || exact.last != figures.Credits {
			t.Errorf("%s: the receipts add up to %d credits and end with %d, %d are kept", day, exact.charged, exact.last, figures.Credits)
		}
		rounding := new(big.Rat).Sub(big.NewRat(figures.Credits, 1), exact.credits)
		if most := big.NewRat(-exact.calls, 1_000_000); rounding.Cmp(one) >= 0 || rounding.Cmp(most) <= 0 {
			t.Errorf("%s: %d credits for exactly %s of %d calls", day, figures.Credits, exact.credits.FloatString(9), exact.calls)
		}
		off := new(big.Rat).Sub(big.NewRat(figures.CostMicros, 1_000_000), exact.dollars)
		if most := new(big.Rat).Mul(halfMicro, big.NewRat(exact.calls, 1)); off.Abs(off).Cmp(most) > 0 {
			t.Errorf("%s: %d micro-dollars for exactly %s dollars", day, figures.CostMicros, exact.dollars.FloatString(9))
		}
	}
	if len(days) != randomDays {
		t.Errorf("%d days", len(days))
	}
}
