package handlers

import (
	"encoding/json"
	"math/big"
	"testing"

	"codexible/catalog"
	"codexible/usage"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"
)

// drawTerms are any terms of a price, with bands and tiers.
func drawTerms(t *rapid.T) catalog.Terms {
	rate := rapid.Int64Range(0, 30_000_000)
	rates := func() catalog.Rates {
		r := catalog.Rates{Input: rate.Draw(t, "input"), Output: rate.Draw(t, "output")}
		for b := range usage.NumBuckets {
			if rapid.Bool().Draw(t, "own") {
				r.SetOwn(b, rate.Draw(t, "rate"))
			}
		}
		return r
	}
	terms := catalog.Terms{
		Base:       catalog.Set{Rates: rates(), Bands: []catalog.Band{{Above: rapid.Int64Range(1, 300_000).Draw(t, "above"), Rates: rates()}}},
		Tiers:      map[string]catalog.Set{"flex": {Rates: rates()}},
		PerRequest: rapid.Int64Range(0, catalog.MaxFee/1000).Draw(t, "request"), PerWebSearch: rapid.Int64Range(0, catalog.MaxFee/1000).Draw(t, "search"),
		Charge: catalog.Charge{Mode: catalog.ByCost, Percent: rapid.Int64Range(0, 50_000).Draw(t, "percent"), CreditValue: rapid.Int64Range(1, 1_000_000).Draw(t, "value")},
	}
	if rapid.Bool().Draw(t, "by request") {
		terms.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: rapid.Int64Range(0, 5_000_000).Draw(t, "credits"), CreditValue: 10_000}
	}
	return terms
}

// A price reads back from its form as it is, and its quote has the figures of the
// catalog to the last digit: the lines multiply and add up exactly.
func TestFormsOfPricesAndQuotesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := catalog.Price{Model: "m", Terms: drawTerms(t)}
		form, err := json.Marshal(termsOf(&p.Terms))
		if err != nil {
			t.Fatal(err)
		}
		read, err := ReadPrice([]byte(`{"model":"m",`+string(form[1:])), 1)
		if err != nil || !read.Terms.Same(&p.Terms) {
			t.Fatalf("%s is read as %s, %v", form, read.Terms.AppendText(nil), err)
		}
		tokens := usage.Tokens{
			Input: rapid.Int64Range(0, 400_000).Draw(t, "input"), CacheRead: rapid.Int64Range(0, 400_000).Draw(t, "cache read"), Output: rapid.Int64Range(0, 100_000).Draw(t, "output"),
			CacheWrite1h: rapid.Int64Range(0, 10_000).Draw(t, "cache write"), WebSearches: rapid.Int64Range(0, 9).Draw(t, "searches"), Requests: rapid.Int64Range(0, 9).Draw(t, "requests"),
			ServiceTier: rapid.SampledFrom([]string{"", "flex", "priority"}).Draw(t, "tier"),
		}
		q, err := p.Quote(&tokens)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(quotedOf(&q, &p))
		if err != nil {
			t.Fatal(err)
		}
		answer, sum := gjson.ParseBytes(text), new(big.Rat)
		for _, l := range answer.Get("lines").Array() {
			cost := rational(t, l, "cost_usd")
			product := new(big.Rat)
			if l.Get("tokens").Type == gjson.Null {
				product.Mul(rational(t, l, "count"), rational(t, l, "usd_each"))
			} else {
				product.Mul(rational(t, l, "tokens"), rational(t, l, "usd_per_million"))
				product.Mul(product, big.NewRat(1, 1_000_000))
			}
			if product.Cmp(cost) != 0 {
				t.Fatalf("a line does not multiply: %s", l.Raw)
			}
			sum.Add(sum, cost)
		}
		if sum.Cmp(rational(t, answer, "exact_cost_usd")) != 0 || sum.Cmp(big.NewRat(q.Picos, catalog.PicosPerUSD)) != 0 {
			t.Fatalf("the lines add up to %s: %s", sum, text)
		}
		if rational(t, answer, "cost_usd").Cmp(big.NewRat(q.CostMicros, usage.MicrosPerUSD)) != 0 || rational(t, answer, "credits").Cmp(big.NewRat(q.Millionths, usage.Millionths)) != 0 {
			t.Fatalf("%+v is %s", q, text)
		}
	})
}

func rational(t *rapid.T, object gjson.Result, field string) *big.Rat {
	r, ok := new(big.Rat).SetString(object.Get(field).Raw)
	if !ok {
		t.Fatalf("%s of %s is no number", field, object.Raw)
	}
	return r
}
