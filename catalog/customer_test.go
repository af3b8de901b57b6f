package catalog_test

import (
	"testing"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
)

func TestPartsOfAPriceInCreditsAreRoundedDownWithinTheBounds(t *testing.T) {
	const most = usage.MaxCredits * usage.Millionths
	for says, c := range map[string]struct {
		charge catalog.Charge
		picos  int64
		want   int64
	}{
		// 0.07 dollars a credit at 150 %: a dollar is 21.428571… credits.
		"a dollar":      {catalog.Charge{Mode: catalog.ByCost, Percent: 15_000, CreditValue: 70_000}, catalog.PicosPerUSD, 21_428_571},
		"less than one": {catalog.Charge{Mode: catalog.ByCost, Percent: 10_000, CreditValue: 10_000}, 9_999, 0},
		"one millionth": {catalog.Charge{Mode: catalog.ByCost, Percent: 10_000, CreditValue: 10_000}, 10_000, 1},
		"free":          {catalog.Charge{Mode: catalog.ByCost, CreditValue: 10_000}, catalog.PicosPerUSD, 0},
		"beyond bounds": {catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}, catalog.MaxRate * catalog.PicosPerMicro, most},
		"by request":    {catalog.Charge{Mode: catalog.ByRequest, Credits: 5, CreditValue: 1}, catalog.PicosPerUSD, 0},
	} {
		if got := c.charge.Millionths(c.picos); got != c.want {
			t.Errorf("%s is %d millionths, want %d", says, got, c.want)
		}
	}
	if got := byCost.PerMillion(perMillion("3")); got != 300*usage.Millionths { // 3 dollars at a cent
		t.Errorf("3 dollars a million tokens are %d millionths", got)
	}
	if got := byCost.PerMillion(catalog.MaxRate); got != 100_000_000*usage.Millionths {
		t.Errorf("the highest rate is %d millionths", got)
	}
}

func TestATypicalCallIsPricedAsAnyCall(t *testing.T) {
	// 4 000 tokens at 5 dollars a million, 16 000 at 0.5 and 1 000 at 25 are 0.053 dollars: 5.3 credits.
	if q, ok := price(catalog.Terms{Base: catalog.Set{Rates: fiveTo25}, Charge: byCost}).Typical(); !ok || q.Millionths != 5_300_000 {
		t.Errorf("a typical call costs %d millionths, %t", q.Millionths, ok)
	}
	dear := catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: catalog.MaxRate}}, PerRequest: catalog.MaxFee, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: catalog.MaxPercent, CreditValue: 1}}
	if _, ok := price(dear).Typical(); ok {
		t.Error("a typical call of more than the bounds of a call has a price")
	}
}

func TestTheModelsOnOfferAreThoseThatAreAllowed(t *testing.T) {
	plan := id(9)
	book := catalog.NewBook([]catalog.Model{{Name: "small"}, {Name: "large", Aliases: []string{"latest"}}, {Name: "hidden", Plans: []uuid.UUID{id(8)}}, {Name: "shown", Plans: []uuid.UUID{plan}}}, nil)
	for _, c := range []struct {
		lists []catalog.Allowance
		want  string
	}{
		{nil, "large shown small"}, {[]catalog.Allowance{nil, {"latest", "hidden"}}, "large"}, {[]catalog.Allowance{{"small"}, {"large"}}, ""},
	} {
		var names catalog.Allowance
		for _, m := range book.Offered(plan, c.lists...) {
			names = append(names, m.Name)
		}
		if names.String() != c.want {
			t.Errorf("with %v: %s, want %s", c.lists, names, c.want)
		}
	}
}
