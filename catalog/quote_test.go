package catalog_test

import (
	"fmt"
	"math/big"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	march    = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	byCost   = catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 10_000}
	fiveTo25 = catalog.Rates{Input: perMillion("5"), Output: perMillion("25"), CacheRead: own("0.5"), CacheWrite: own("6.25"), CacheWrite1h: own("10")}
)

// perMillion reads dollars per million tokens.
func perMillion(text string) int64 {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	r.Mul(r, big.NewRat(catalog.PicosPerMicro, 1))
	if !r.IsInt() {
		panic(text + " is finer than a pico-dollar")
	}
	return r.Num().Int64()
}

func own(text string) *int64 {
	rate := perMillion(text)
	return &rate
}

func price(terms catalog.Terms) *catalog.Price {
	return &catalog.Price{ID: uuid.MustParse("0195a2b3-c4d5-7e6f-8899-aabbccddeeff"), Model: "m", ValidFrom: march, Terms: terms}
}

// TestQuotesByHand has sums that can be done on paper; the comments do them.
func TestQuotesByHand(t *testing.T) {
	large := catalog.Rates{Input: perMillion("2.5"), Output: perMillion("11.25"), CacheRead: own("0.25")}
	tiered := catalog.Terms{
		Base:         catalog.Set{Rates: catalog.Rates{Input: perMillion("1.25"), Output: perMillion("10"), CacheRead: own("0.125")}, Bands: []catalog.Band{{Above: 272_000, Rates: large}}},
		Tiers:        map[string]catalog.Set{"flex": {Rates: catalog.Rates{Input: perMillion("0.625"), Output: perMillion("5"), CacheRead: own("0.0625")}}, "priority": {Rates: catalog.Rates{Input: perMillion("2.5"), Output: perMillion("20")}}},
		PerWebSearch: catalog.PicosPerUSD / 100,
		Charge:       byCost,
	}
	for name, c := range map[string]struct {
		terms      catalog.Terms
		used       usage.Tokens
		tier       string
		dearest    bool
		above      int64
		micros     int64
		millionths int64
	}{
		// 1 000 × 5 + 40 000 × 0.5 + 2 000 × 6.25 + 8 000 × 10 + 600 × 25 = 5 000 + 20 000 + 12 500 + 80 000 + 15 000
		// = 132 500 micro-dollars = 0.1325 dollars; a credit is a cent: 13.25 credits.
		"a cached call with writes for five minutes and an hour": {
			terms: catalog.Terms{Base: catalog.Set{Rates: fiveTo25}, Charge: byCost},
			used:  usage.Tokens{Input: 1000, CacheRead: 40_000, CacheWrite: 2000, CacheWrite1h: 8000, Output: 600}, micros: 132_500, millionths: 13_250_000,
		},
		// 272 000 read tokens are not above the threshold: 72 000 × 1.25 + 200 000 × 0.125 + 1 000 × 10 = 90 000 + 25 000 + 10 000.
		"just below the band": {terms: tiered, used: usage.Tokens{Input: 72_000, CacheRead: 200_000, Output: 1000, Reasoning: 900}, micros: 125_000, millionths: 12_500_000},
		// One more, and the band reprices all of it: 72 001 × 2.5 + 200 000 × 0.25 + 1 000 × 11.25 = 180 002.5 + 50 000 + 11 250 = 241 252.5,
		// to even 241 252 micro-dollars; credits are made of the exact sum: 24.12525. Reasoning is a part of the output and costs nothing more.
		"the band reprices the whole call": {terms: tiered, used: usage.Tokens{Input: 72_001, CacheRead: 200_000, Output: 1000, Reasoning: 900}, above: 272_000, micros: 241_252, millionths: 24_125_250},
		// The flex tier has no band: 300 000 × 0.625 + 1 000 × 5 = 187 500 + 5 000.
		"the flex tier": {terms: tiered, used: usage.Tokens{Input: 300_000, Output: 1000, ServiceTier: "flex"}, tier: "flex", micros: 192_500, millionths: 19_250_000},
		// No tier is called batch: the dearest for this call is priority, 1 000 × 2.5 + 100 × 20 = 4 500.
		"a tier without a price is the dearest": {terms: tiered, used: usage.Tokens{Input: 1000, Output: 100, ServiceTier: "batch"}, tier: "priority", dearest: true, micros: 4500, millionths: 450_000},
		// 1 000 × 1.25 + 3 × 10 000 micro-dollars = 31 250.
		"web searches": {terms: tiered, used: usage.Tokens{Input: 1000, WebSearches: 3}, micros: 31_250, millionths: 3_125_000},
		// 3 tokens at 0.003625 dollars a million are 10 875 pico-dollars: no micro-dollar, and one millionth of a credit (1.0875).
		"next to nothing": {
			terms: catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: perMillion("0.003625")}}, Charge: byCost},
			used:  usage.Tokens{Input: 3}, micros: 0, millionths: 1,
		},
		// 0.05 dollars a request, twice, and 150 % at 0.02 dollars a credit: 0.15 dollars are 7.5 credits.
		"a request's price and a percentage": {
			terms: catalog.Terms{PerRequest: catalog.PicosPerUSD / 20, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 150 * catalog.Hundredths, CreditValue: 20_000}},
			used:  usage.Tokens{Requests: 2}, micros: 100_000, millionths: 7_500_000,
		},
		// The customer pays 2.5 credits for each of 3 requests, whatever 1 000 × 5 micro-dollars are.
		"credits by the request": {
			terms: catalog.Terms{Base: catalog.Set{Rates: fiveTo25}, Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: 2_500_000, CreditValue: 10_000}},
			used:  usage.Tokens{Input: 1000, Requests: 3}, micros: 5000, millionths: 7_500_000,
		},
		// Audio and caches without a rate of their own have the input's, audio that was written the output's: 400 × 5 + 100 × 25.
		"buckets without a rate": {
			terms: catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: perMillion("5"), Output: perMillion("25")}}, Charge: byCost},
			used:  usage.Tokens{CacheRead: 100, CacheWrite: 100, CacheWrite1h: 100, AudioInput: 100, AudioOutput: 100}, micros: 4500, millionths: 450_000,
		},
	} {
		q, err := price(c.terms).Quote(&c.used)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if q.CostMicros != c.micros || q.Millionths != c.millionths || q.Tier != c.tier || q.Dearest != c.dearest || q.Above != c.above {
			t.Errorf("%s costs %d micro-dollars and %d millionths of a credit in tier %q (dearest %v) above %d", name, q.CostMicros, q.Millionths, q.Tier, q.Dearest, q.Above)
		}
	}
}

func TestQuotesOutOfRangeAreRefused(t *testing.T) {
	dear := catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: catalog.MaxRate, Output: catalog.MaxRate}}, Charge: byCost}
	for _, c := range []struct {
		terms catalog.Terms
		used  usage.Tokens
		fits  bool
	}{
		{dear, usage.Tokens{Input: 1_000_000}, true},
		{dear, usage.Tokens{Input: 1_000_001}, false},
		{dear, usage.Tokens{Input: usage.MaxTokens, Output: usage.MaxTokens}, false}, // 2 × 10^21 pico-dollars leave 64 bits
		{catalog.Terms{Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: usage.MaxCredits * usage.Millionths, CreditValue: 1}}, usage.Tokens{Requests: 1}, true},
		{catalog.Terms{Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: usage.MaxCredits * usage.Millionths, CreditValue: 1}}, usage.Tokens{Requests: 2}, false},
		{catalog.Terms{Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: usage.MaxCredits * usage.Millionths, CreditValue: 1}}, usage.Tokens{Requests: usage.MaxRequests}, false},
		{catalog.Terms{PerRequest: catalog.PicosPerUSD, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}}, usage.Tokens{Requests: 10}, true},
		{catalog.Terms{PerRequest: catalog.PicosPerUSD, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}}, usage.Tokens{Requests: 11}, false},
		{catalog.Terms{PerRequest: catalog.PicosPerUSD, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}}, usage.Tokens{Requests: usage.MaxRequests}, false},
	} {
		if err := c.terms.Check(); err != nil {
			t.Fatal(err)
		}
		q, err := price(c.terms).Quote(&c.used)
		if (err == nil) != c.fits {
			t.Errorf("%+v at %+v: %+v, %v", c.used, c.terms, q, err)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v is not the caller's", err)
		}
	}
}

// TestQuotesAreExact compares quotes with the same sums as rational numbers.
func TestQuotesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, used := drawTerms(t), drawTokens(t)
		if err := terms.Check(); err != nil {
			t.Fatalf("%+v: %v", terms, err)
		}
		cost := expectedCost(&terms, &used)
		q, err := price(terms).Quote(&used)
		if cost.Cmp(big.NewRat(usage.MaxCostUSD, 1)) > 0 {
			if err == nil {
				t.Fatalf("%s dollars are accepted", cost.FloatString(12))
			}
			return
		}
		credits := new(big.Rat).Mul(cost, big.NewRat(terms.Charge.Percent, 100*catalog.Hundredths))
		credits.Quo(credits, big.NewRat(terms.Charge.CreditValue, usage.MicrosPerUSD))
		if terms.Charge.Mode == catalog.ByRequest {
			credits.SetFrac64(terms.Charge.Credits*max(used.Requests, 1), usage.Millionths)
		}
		millionths := floor(credits.Mul(credits, big.NewRat(usage.Millionths, 1)))
		if fits := millionths.Cmp(big.NewInt(usage.MaxCredits*usage.Millionths)) <= 0; (err == nil) != fits {
			t.Fatalf("%s millionths of a credit: %v", millionths, err)
		} else if !fits {
			return
		}
		if millionths.Cmp(big.NewInt(q.Millionths)) != 0 {
			t.Fatalf("%d millionths of a credit, exactly %s", q.Millionths, millionths)
		}
		if got := big.NewRat(q.Picos, catalog.PicosPerUSD); got.Cmp(cost) != 0 {
			t.Fatalf("%s dollars, exactly %s", got.FloatString(12), cost.FloatString(12))
		}
		off := new(big.Rat).Sub(big.NewRat(q.CostMicros, usage.MicrosPerUSD), cost)
		switch off.Abs(off).Cmp(big.NewRat(1, 2*usage.MicrosPerUSD)) {
		case 1:
			t.Fatalf("%d micro-dollars are not the nearest to %s dollars", q.CostMicros, cost.FloatString(12))
		case 0:
			if q.CostMicros%2 != 0 {
				t.Fatalf("%d micro-dollars of a half are odd", q.CostMicros)
			}
		}
		var sum int64
		for _, l := range q.Lines {
			sum += l.Picos
			if l.Picos != l.Count*l.Rate {
				t.Fatalf("%+v", l)
			}
		}
		if sum != q.Picos {
			t.Fatalf("the lines add up to %d, not %d pico-dollars", sum, q.Picos)
		}
	})
}

// expectedCost is the cost in dollars, written from the rules and not from the code.
func expectedCost(terms *catalog.Terms, used *usage.Tokens) *big.Rat {
	of := func(set catalog.Set) *big.Rat {
		rates := set.Rates
		for _, b := range set.Bands {
			if used.Input+used.CacheRead+used.CacheWrite+used.CacheWrite1h+used.AudioInput > b.Above {
				rates = b.Rates
			}
		}
		or := func(own *int64, other int64) int64 {
			if own != nil {
				return *own
			}
			return other
		}
		sum := new(big.Int)
		for _, part := range [][2]int64{
			{used.Input, rates.Input}, {used.CacheRead, or(rates.CacheRead, rates.Input)}, {used.CacheWrite, or(rates.CacheWrite, rates.Input)},
			{used.CacheWrite1h, or(rates.CacheWrite1h, rates.Input)}, {used.AudioInput, or(rates.AudioInput, rates.Input)},
			{used.Output, rates.Output}, {used.AudioOutput, or(rates.AudioOutput, rates.Output)},
			{max(used.Requests, 1), terms.PerRequest}, {used.WebSearches, terms.PerWebSearch},
		} {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(part[0]), big.NewInt(part[1])))
		}
		return new(big.Rat).SetFrac(sum, big.NewInt(catalog.PicosPerUSD))
	}
	switch used.ServiceTier {
	case "", "default", "standard", "auto":
		return of(terms.Base)
	}
	if own, found := terms.Tiers[used.ServiceTier]; found {
		return of(own)
	}
	dearest := of(terms.Base)
	for _, set := range terms.Tiers {
		if cost := of(set); cost.Cmp(dearest) > 0 {
			dearest = cost
		}
	}
	return dearest
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Quo(r.Num(), r.Denom()) } // never negative

func drawRates(t *rapid.T, label string) (r catalog.Rates) {
	rate := rapid.OneOf(rapid.Int64Range(0, 10_000), rapid.Int64Range(0, 100_000_000), rapid.Int64Range(0, catalog.MaxRate))
	for b := range usage.NumBuckets {
		if b == usage.Input || b == usage.Output || rapid.Bool().Draw(t, fmt.Sprint(label, b, " own")) {
			r.SetOwn(b, rate.Draw(t, fmt.Sprint(label, b)))
		}
	}
	return r
}

func drawSet(t *rapid.T, label string) (s catalog.Set) {
	s.Rates = drawRates(t, label)
	above := int64(0)
	for i := range rapid.IntRange(0, 3).Draw(t, label+" bands") {
		above += rapid.Int64Range(1, 300_000).Draw(t, fmt.Sprint(label, " above ", i))
		s.Bands = append(s.Bands, catalog.Band{Above: above, Rates: drawRates(t, fmt.Sprint(label, " band ", i))})
	}
	return s
}

func drawTerms(t *rapid.T) catalog.Terms {
	terms := catalog.Terms{
		Base: drawSet(t, "base"), Tiers: map[string]catalog.Set{},
		PerRequest: rapid.Int64Range(0, catalog.MaxFee).Draw(t, "per request"), PerWebSearch: rapid.Int64Range(0, catalog.PicosPerUSD).Draw(t, "per search"),
		Charge: catalog.Charge{Mode: catalog.ByCost, Percent: rapid.Int64Range(0, catalog.MaxPercent).Draw(t, "percent"), CreditValue: rapid.Int64Range(1, catalog.MaxCreditValue).Draw(t, "value")},
	}
	if rapid.Bool().Draw(t, "by request") {
		terms.Charge.Mode, terms.Charge.Percent, terms.Charge.Credits = catalog.ByRequest, 0, rapid.Int64Range(0, 1_000_000_000).Draw(t, "credits")
	}
	for _, name := range []string{"flex", "priority"} {
		if rapid.Bool().Draw(t, name+" has prices") {
			terms.Tiers[name] = drawSet(t, name)
		}
	}
	return terms
}

func drawTokens(t *rapid.T) (u usage.Tokens) {
	count := rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, 400_000), rapid.Int64Range(0, usage.MaxTokens/5))
	for _, n := range []*int64{&u.Input, &u.CacheRead, &u.CacheWrite, &u.CacheWrite1h, &u.AudioInput, &u.Output, &u.AudioOutput} {
		*n = count.Draw(t, "tokens")
	}
	u.Requests = rapid.Int64Range(0, 5).Draw(t, "requests")
	u.WebSearches = rapid.Int64Range(0, 100).Draw(t, "searches")
	u.ServiceTier = rapid.SampledFrom([]string{"", "default", "standard", "auto", "flex", "priority", "batch"}).Draw(t, "tier")
	return u
}

func FuzzParseTerms(f *testing.F) {
	terms := catalog.Terms{Base: catalog.Set{Rates: fiveTo25, Bands: []catalog.Band{{Above: 200_000, Rates: fiveTo25}}}, Tiers: map[string]catalog.Set{"flex": {}}, Charge: byCost}
	f.Add(string(terms.AppendText(nil)))
	f.Add(`{"base":{"rates":{"input":1,"output":2}},"charge":{"mode":"request","credits":1,"credit_value":1}}`)
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := catalog.ParseTerms(text)
		if err != nil {
			return
		}
		again, err := catalog.ParseTerms(string(terms.AppendText(nil)))
		if err != nil || string(again.AppendText(nil)) != string(terms.AppendText(nil)) {
			t.Fatalf("%q reads back as %+v, %v", text, again, err)
		}
		if _, err := price(terms).Quote(&usage.Tokens{Input: 300_000, Output: 5, ServiceTier: "batch"}); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatal(err)
		}
	})
}
