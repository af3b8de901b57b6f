package catalog_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func terms(dollars string) catalog.Terms {
	return catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: perMillion(dollars)}}, Charge: byCost}
}

func TestThePriceInForceIsTheLastThatHasBegun(t *testing.T) {
	april := march.AddDate(0, 1, 0)
	book := catalog.NewBook([]catalog.Model{{ID: id(1), Name: "large", Aliases: []string{"latest", "big"}}}, []catalog.Price{
		{ID: id(4), Model: "large", ValidFrom: april, Terms: terms("2")},
		{ID: id(2), Model: "large", ValidFrom: march, Terms: terms("1")},
		{ID: id(5), Model: "large", ValidFrom: april, Terms: terms("3")}, // of two that begin together the later one follows
		{ID: id(3), Model: "latest", ValidFrom: march, Terms: terms("9")},
		{ID: id(6), Model: "unlisted", ValidFrom: march, Terms: terms("4")},
	})
	for _, c := range []struct {
		model string
		at    time.Time
		price uuid.UUID
	}{
		{"large", march.Add(-time.Nanosecond), uuid.Nil},
		{"large", march, id(2)},
		{"big", april.Add(-time.Nanosecond), id(2)},
		{"large", april, id(5)},
		{"latest", april, id(5)}, // an alias means its model, also where a price has its name
		{"unlisted", april, id(6)},
		{"nobody", april, uuid.Nil},
	} {
		p := book.PriceAt(c.model, c.at)
		if p == nil {
			p = &catalog.Price{}
		}
		if p.ID != c.price {
			t.Errorf("%s at %s: %v, not %v", c.model, c.at, p.ID, c.price)
		}
	}
	if p := book.Price(id(4)); p == nil || p.Terms.Base.Rates.Input != perMillion("2") {
		t.Errorf("a price that never counted is not found: %v", p)
	}
	if names := book.Priced(); !slices.Equal(names, []string{"large", "latest", "unlisted"}) {
		t.Errorf("priced are %v", names)
	}
	if q, err := book.Quote("big", &usage.Tokens{Input: 10}, april); err != nil || q.Model != "large" || q.PriceID != id(5) || !q.At.Equal(april) || q.Picos != 30_000_000 {
		t.Errorf("%+v, %v", q, err)
	}
	if _, err := book.Quote("nobody", &usage.Tokens{}, april); err == nil || fault.KindOf(err) != fault.Invalid {
		t.Errorf("a model without a price is quoted: %v", err)
	}
}

func TestAModelIsAllowedWhereThePlanTheKeyAndTheModelItselfAgree(t *testing.T) {
	pro, starter := id(8), id(9)
	book := catalog.NewBook([]catalog.Model{
		{ID: id(1), Name: "large", Aliases: []string{"latest"}, Plans: []uuid.UUID{pro}},
		{ID: id(2), Name: "mini", Aliases: []string{"small"}},
		{ID: id(3), Name: "closed", Plans: []uuid.UUID{}},
	}, nil)
	all := catalog.Allowance(nil)
	for _, c := range []struct {
		model     string
		plan      uuid.UUID
		plans, of catalog.Allowance
		allowed   bool
	}{
		{"large", pro, all, all, true},
		{"latest", starter, all, all, false},
		{"mini", starter, all, all, true},
		{"closed", pro, all, all, false},
		{"other", starter, all, all, true},
		{"other", starter, catalog.Allowance{"mini"}, all, false},
		{"small", starter, catalog.Allowance{"mini"}, all, true},
		{"mini", starter, catalog.Allowance{"small"}, catalog.Allowance{"other", "small"}, true},
		{"mini", starter, catalog.Allowance{"mini"}, catalog.Allowance{"large"}, false},
		{"mini", starter, catalog.Allowance{}, all, false},
		{"mini", starter, all, catalog.Allowance{}, false},
	} {
		if got := book.Allows(c.model, c.plan, c.plans, c.of); got != c.allowed {
			t.Errorf("%s with the plan's %v and the key's %v: %v", c.model, c.plans, c.of, got)
		}
	}
}

func TestAModelIsFoundByItsIDAndNamesItsPlans(t *testing.T) {
	plans := []accounts.Plan{{ID: id(1), Name: "Pro"}, {ID: id(2), Name: "Starter"}, {ID: id(3), Name: "Business"}}
	book := catalog.NewBook([]catalog.Model{{ID: id(4), Name: "some", Plans: []uuid.UUID{id(3), id(1)}}, {ID: id(5), Name: "all"}, {ID: id(6), Name: "none", Plans: []uuid.UUID{}}}, nil)
	for n, want := range map[byte][]string{4: {"Pro", "Business"}, 5: nil, 6: {}} {
		if m := book.ModelByID(id(n)); m == nil || !reflect.DeepEqual(m.PlanNames(plans), want) {
			t.Errorf("model %d is %+v; want the plans %v", n, m, want)
		}
	}
	if m := book.ModelByID(id(7)); m != nil {
		t.Errorf("an unknown id is %+v", m)
	}
}

func TestAnUpstreamHasItsOwnNameForAModel(t *testing.T) {
	book := catalog.NewBook([]catalog.Model{{ID: id(1), Name: "large", Aliases: []string{"big"}, Candidates: []catalog.Candidate{{UpstreamID: id(7), Model: "vendor/large"}, {UpstreamID: id(8)}}}}, nil)
	for _, c := range []struct {
		name     string
		upstream byte
		want     string
	}{{"large", 7, "vendor/large"}, {"big", 7, "vendor/large"}, {"big", 8, "large"}, {"big", 9, "big"}, {"other", 7, "other"}, {"", 7, ""}} {
		if got := book.NameAt(c.name, id(c.upstream)); got != c.want {
			t.Errorf("%s at %d is %q, not %q", c.name, c.upstream, got, c.want)
		}
	}
}
