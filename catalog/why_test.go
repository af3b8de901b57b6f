package catalog_test

import (
	"math/big"
	"testing"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestThePartsOfAChargeAddUpToIt charges random usage at random prices to a day, as the ledger
// does, and adds the parts of each charge up.
func TestThePartsOfAChargeAddUpToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var day int64 // in millionths
		for range rapid.IntRange(1, 4).Draw(t, "charges") {
			p := price(drawTerms(t))
			used := drawTokens(t)
			quote, err := p.Quote(&used)
			if err != nil {
				continue
			}
			collected := quote.Millionths
			if rapid.Bool().Draw(t, "partly collected") {
				collected = rapid.Int64Range(0, quote.Millionths).Draw(t, "collected")
			}
			c := usage.Record{Millionths: collected, Uncollected: quote.Millionths - collected, Credits: usage.WholeCredits(day+collected) - usage.WholeCredits(day), Priced: &usage.Priced{PriceID: p.ID, Tokens: used}}
			day += collected
			parts, q := catalog.Why(&c, p)
			if q == nil || q.Millionths != quote.Millionths {
				t.Fatalf("the quote is %+v, want %+v", q, quote)
			}
			checkParts(t, &c, p, parts)
		}
	})
}

func checkParts(t *rapid.T, c *usage.Record, p *catalog.Price, parts []catalog.Part) {
	var sum, lines int64
	for _, part := range parts {
		sum += part.Millionths
		switch {
		case part.OfUsage():
			lines++
			if part.Count <= 0 || part.Millionths < 0 || part.Rate < 0 {
				t.Fatalf("a line is %+v", part)
			}
			// The rate is rounded down, so the line costs at least what the rate says, and less than with one millionth more.
			unit := int64(1)
			if part.OfTokens() {
				unit = 1_000_000
			}
			least, most := new(big.Int).Mul(big.NewInt(part.Count), big.NewInt(part.Rate)), new(big.Int).Mul(big.NewInt(part.Count), big.NewInt(part.Rate+1))
			if paid := new(big.Int).Mul(big.NewInt(part.Millionths), big.NewInt(unit)); paid.Cmp(most) > 0 || new(big.Int).Add(paid, big.NewInt(unit)).Cmp(least) <= 0 {
				if part.Rate < usage.MaxCredits*usage.Millionths { // a rate beyond that is shown as the bound
					t.Fatalf("%+v does not cost what its rate says", part)
				}
			}
		case part.Name == catalog.PartCall:
			if part.Millionths <= 0 || part.Millionths >= lines {
				t.Fatalf("%d lines lose %d millionths", lines, part.Millionths)
			}
		case part.Name == catalog.PartDay:
			if part.Millionths <= -usage.Millionths || part.Millionths >= usage.Millionths || part.Millionths == 0 {
				t.Fatalf("the day's rounding moves a charge by %d millionths", part.Millionths)
			}
		case part.Name != catalog.PartUncollected || part.Millionths != -c.Uncollected:
			t.Fatalf("a part is %+v", part)
		}
	}
	if want := c.Credits * usage.Millionths; sum != want {
		t.Fatalf("the parts %+v add up to %d, want %d (%+v)", parts, sum, want, p.Terms)
	}
}

func TestPartsOfChargesWithoutAPriceAndOfAdjustments(t *testing.T) {
	p := price(catalog.Terms{Base: catalog.Set{Rates: fiveTo25}, Charge: byCost})
	tokens := usage.Tokens{Input: 1000, Output: 100} // 5 000 and 2 500 micro-dollars: 0.75 credits
	priced := &usage.Priced{PriceID: p.ID, Tokens: tokens}
	line := func(name string, millionths int64) catalog.Part { return catalog.Part{Name: name, Millionths: millionths} }
	lines := []catalog.Part{{Name: "input", Count: 1000, Rate: 500_000_000, Millionths: 500_000}, {Name: "output", Count: 100, Rate: 2_500_000_000, Millionths: 250_000}}
	flat := *p
	flat.Terms.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: 2_500_000, CreditValue: 10_000}
	for says, c := range map[string]struct {
		record usage.Record
		price  *catalog.Price
		want   []catalog.Part
		quoted bool
	}{
		"by hand":                       {usage.Record{Millionths: 3_000_000, Credits: 3}, nil, []catalog.Part{line(catalog.PartAmount, 3_000_000)}, false},
		"by hand, without the price":    {usage.Record{Millionths: 3_000_000, Credits: 3, Priced: priced}, nil, []catalog.Part{line(catalog.PartAmount, 3_000_000)}, false},
		"a price that named no tokens":  {usage.Record{Millionths: 3_000_000, Credits: 3}, p, []catalog.Part{line(catalog.PartAmount, 3_000_000)}, false},
		"in a credit that was begun":    {usage.Record{Millionths: 750_000, Credits: 0, Priced: priced}, p, append(lines[:2:2], line(catalog.PartDay, -750_000)), true},
		"an adjustment that gives back": {usage.Record{Millionths: -250_000, Credits: -1, AdjustsID: uuid.UUID{1}, Priced: priced}, p, append(lines[:2:2], line(catalog.PartAdjusted, -1_000_000), line(catalog.PartDay, -750_000)), true},
		"partly collected":              {usage.Record{Millionths: 500_000, Uncollected: 250_000, Credits: 1, Priced: priced}, p, append(lines[:2:2], line(catalog.PartUncollected, -250_000), line(catalog.PartDay, 500_000)), true},
		"by request":                    {usage.Record{Millionths: 2_500_000, Credits: 3, Priced: priced}, &flat, []catalog.Part{{Name: "request", Count: 1, Rate: 2_500_000, Millionths: 2_500_000}, line(catalog.PartDay, 500_000)}, true},
	} {
		parts, q := catalog.Why(&c.record, c.price)
		if diff := cmp.Diff(c.want, parts); diff != "" || (q != nil) != c.quoted {
			t.Errorf("%s: %s (quoted: %t)", says, diff, q != nil)
		}
	}
}
