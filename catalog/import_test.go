package catalog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/fault"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func rated(dollars string) catalog.Terms {
	return catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: perMillion(dollars)}}}
}

// items says what a preview changes, an item a line.
func items(p catalog.Preview) (lines []string) {
	rate := func(p *catalog.Price) string {
		if p == nil {
			return "-"
		}
		return fmt.Sprintf("%d at %d%%", p.Terms.Base.Rates.Input/catalog.PicosPerMicro, p.Terms.Charge.Percent/catalog.Hundredths)
	}
	for _, item := range p.Items {
		lines = append(lines, fmt.Sprintf("%s %s: %s, %s from %s", item.Action, item.After.Model, rate(item.Before), rate(item.After), item.After.ValidFrom.Format("2 Jan")))
	}
	for _, u := range p.Unread {
		lines = append(lines, u.Model+" "+u.Reason)
	}
	return lines
}

func TestAnImportSaysWhatItChanges(t *testing.T) {
	april, may, june := march.AddDate(0, 1, 0), march.AddDate(0, 2, 0), march.AddDate(0, 3, 0)
	twice := rated("1")
	twice.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: 200 * catalog.Hundredths, CreditValue: 10_000}
	models := []catalog.Model{{ID: id(1), Name: "large", Aliases: []string{"second", "first"}}}
	book := catalog.NewBook(models, []catalog.Price{{ID: id(2), Model: "kept", ValidFrom: march, Terms: twice}, {ID: id(3), Model: "planned", ValidFrom: june, Terms: twice}})
	for name, c := range map[string]struct {
		listed []catalog.Listed
		only   []string
		want   []string
	}{
		"a price for nobody":        {[]catalog.Listed{{Model: "b", Terms: rated("2")}, {Model: "a", Terms: rated("1")}}, nil, []string{"new a: -, 1 at 100% from 1 Apr", "new b: -, 2 at 100% from 1 Apr"}},
		"the same rates":            {[]catalog.Listed{{Model: "kept", Terms: rated("1")}}, nil, []string{"unchanged kept: 1 at 200%, 1 at 200% from 1 Mar"}},
		"other rates, what is paid": {[]catalog.Listed{{Model: "kept", Terms: rated("3")}}, nil, []string{"changed kept: 1 at 200%, 3 at 200% from 1 Apr"}},
		"the last that has begun":   {[]catalog.Listed{{Model: "kept", ValidFrom: april, Terms: rated("3")}, {Model: "kept", ValidFrom: march, Terms: rated("9")}, {Model: "kept", Terms: rated("8")}}, nil, []string{"changed kept: 1 at 200%, 3 at 200% from 1 Apr"}},
		"a later one keeps its date": {[]catalog.Listed{{Model: "kept", ValidFrom: may, Terms: rated("3")}, {Model: "kept", ValidFrom: march, Terms: rated("1")}}, nil,
			[]string{"unchanged kept: 1 at 200%, 1 at 200% from 1 Mar", "changed kept: 1 at 200%, 3 at 200% from 1 May"}},
		"there and back": {[]catalog.Listed{{Model: "kept", Terms: rated("3")}, {Model: "kept", ValidFrom: may, Terms: rated("1")}}, nil,
			[]string{"changed kept: 1 at 200%, 3 at 200% from 1 Apr", "changed kept: 3 at 200%, 1 at 200% from 1 May"}},
		"one later alone":          {[]catalog.Listed{{Model: "later", ValidFrom: may, Terms: rated("3")}}, nil, []string{"new later: -, 3 at 100% from 1 May"}},
		"before one that is set":   {[]catalog.Listed{{Model: "planned", Terms: rated("3")}}, nil, []string{"new planned: -, 3 at 100% from 1 Apr"}},
		"twice for one moment":     {[]catalog.Listed{{Model: "a", ValidFrom: may, Terms: rated("1")}, {Model: "a", ValidFrom: may, Terms: rated("2")}}, nil, []string{"new a: -, 2 at 100% from 1 May", "a is listed twice for the same moment; the last price counts"}},
		"too far ahead":            {[]catalog.Listed{{Model: "a", ValidFrom: april.Add(catalog.MaxAhead + time.Hour), Terms: rated("1")}}, nil, []string{"a valid_from must be at most five years ahead"}},
		"wrong":                    {[]catalog.Listed{{Model: "a b", Terms: rated("1")}, {Model: "a", Terms: rated("-1")}}, nil, []string{"a usd_per_million must have prices from 0 to 1000000 dollars a million tokens", "a b model must have 1 to 200 printable characters without blanks"}},
		"an alias":                 {[]catalog.Listed{{Model: "first", Terms: rated("1")}}, nil, []string{"new large: -, 1 at 100% from 1 Apr"}},
		"two aliases":              {[]catalog.Listed{{Model: "first", Terms: rated("1")}, {Model: "second", Terms: rated("2")}}, nil, []string{"new large: -, 2 at 100% from 1 Apr", "first is a name of the model large, which takes the price of second"}},
		"an alias beside the name": {[]catalog.Listed{{Model: "second", Terms: rated("1")}, {Model: "large", Terms: rated("2")}}, nil, []string{"new large: -, 2 at 100% from 1 Apr", "second is a name of the model large, which takes the price of large"}},
		"some": {[]catalog.Listed{{Model: "vendor/a", Terms: rated("1")}, {Model: "vendor/b", Terms: rated("1")}, {Model: "a", Terms: rated("1")}, {Model: "first", Terms: rated("1")}, {Model: "x", Terms: rated("-1")}},
			[]string{"vendor/*", "large"}, []string{"new large: -, 1 at 100% from 1 Apr", "new vendor/a: -, 1 at 100% from 1 Apr", "new vendor/b: -, 1 at 100% from 1 Apr"}},
		"another name of one":            {[]catalog.Listed{{Model: "vendor", Also: []string{"vendor-1", "first"}, Terms: rated("1")}}, nil, []string{"new large: -, 1 at 100% from 1 Apr", "new vendor: -, 1 at 100% from 1 Apr"}},
		"another name that is listed":    {[]catalog.Listed{{Model: "vendor", Also: []string{"large"}, Terms: rated("1")}, {Model: "large", Terms: rated("2")}}, nil, []string{"new large: -, 2 at 100% from 1 Apr", "new vendor: -, 1 at 100% from 1 Apr"}},
		"another name of the same model": {[]catalog.Listed{{Model: "first", Also: []string{"second"}, Terms: rated("1")}, {Model: "first", Also: []string{"second"}, ValidFrom: may, Terms: rated("2")}}, nil, []string{"new large: -, 1 at 100% from 1 Apr", "changed large: 1 at 100%, 2 at 100% from 1 May"}},
		"another name, at two moments":   {[]catalog.Listed{{Model: "vendor", Also: []string{"large"}, Terms: rated("1")}, {Model: "vendor", Also: []string{"large"}, ValidFrom: may, Terms: rated("2")}}, []string{"large"}, []string{"new large: -, 1 at 100% from 1 Apr", "changed large: 1 at 100%, 2 at 100% from 1 May"}},
		"a pattern without a model":      {[]catalog.Listed{{Model: "a", Terms: rated("1")}}, []string{"a", "b*"}, []string{"new a: -, 1 at 100% from 1 Apr", "b* selects no model of the list"}},
		"a model that could not be read": {nil, []string{"unread"}, []string{"unread costs nothing"}},
		"nothing":                        {nil, nil, []string{"unread costs nothing"}},
	} {
		list := catalog.Import{Source: "a list", Listed: c.listed, Only: c.only, Charge: byCost}
		if c.listed == nil {
			list.Unread = []catalog.Unread{{Model: "unread", Reason: "costs nothing"}}
		}
		if diff := cmp.Diff(c.want, items(book.Preview(list, april))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever is listed and whatever is set: after an import the listed prices are in force,
// nothing that customers pay by has changed, and the same import changes nothing.
func TestASecondImportChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minted := byte(0)
		moment := rapid.Map(rapid.IntRange(-3, 3), func(n int) time.Time { return march.Add(time.Duration(n) * time.Hour) })
		rate := rapid.SampledFrom([]string{"1", "2", "3"})
		models := []catalog.Model{{ID: id(1), Name: "a", Aliases: []string{"b", "c"}}}
		prices := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) catalog.Price {
			terms := rated(rate.Draw(t, "rate"))
			terms.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: rapid.Int64Range(1, 3).Draw(t, "percent"), CreditValue: 1}
			minted++
			return catalog.Price{ID: id(minted), Model: rapid.SampledFrom([]string{"a", "b", "d"}).Draw(t, "model"), ValidFrom: moment.Draw(t, "from"), Terms: terms}
		}), 0, 6).Draw(t, "prices")
		list := catalog.Import{Source: "a list", Charge: byCost, Listed: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) catalog.Listed {
			return catalog.Listed{Model: rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "model"), Also: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "f"}), 0, 2).Draw(t, "also"), ValidFrom: moment.Draw(t, "from"), Terms: rated(rate.Draw(t, "rate"))}
		}), 0, 8).Draw(t, "listed")}
		before := catalog.NewBook(models, prices)
		preview := before.Preview(list, march)
		after := catalog.NewBook(models, append(prices, preview.Set(func(time.Time) uuid.UUID { minted++; return id(minted) }, "somebody")...))
		for _, item := range preview.Items {
			if p := after.PriceAt(item.After.Model, item.After.ValidFrom); !p.Terms.Same(&item.After.Terms) {
				t.Fatalf("%s is not in force", items(preview))
			}
			if item.Before != nil && item.Before.Terms.Charge != item.After.Terms.Charge {
				t.Fatalf("%s changes what customers pay", items(preview))
			}
		}
		again := after.Preview(list, march.Add(time.Minute))
		if again.Count(catalog.ActionUnchanged) != len(again.Items) || len(again.Items) != len(preview.Items) || cmp.Diff(preview.Unread, again.Unread) != "" {
			t.Fatalf("first %s, then %s", items(preview), items(again))
		}
	})
}

func TestPatternsSelectNames(t *testing.T) {
	book := catalog.NewBook(nil, nil)
	for pattern, names := range map[string]struct{ yes, no string }{
		"gpt-5":      {"gpt-5", "gpt-5.1 openai/gpt-5 GPT-5"},
		"*":          {"a a/b é", ""},
		"gpt-*":      {"gpt- gpt-5 gpt-5/x", "a-gpt-5 gpt"},
		"*/gpt-5":    {"openai/gpt-5 a/b/gpt-5", "gpt-5 a/gpt-5.1"},
		"a*b*c":      {"abc aXbYc abbc abcbc", "ab ac abca cba"},
		"*aa*aa*":    {"aaaa baaaab", "aaa aba"},
		"**":         {"a", ""},
		"[ab]?":      {"[ab]?", "ax a"},
		"a*a":        {"aa aba", "a ab"},
		"o*/gpt-5*o": {"openai/gpt-5-pro", "openai/gpt-5"},
	} {
		for want, list := range map[bool]string{true: names.yes, false: names.no} {
			for name := range strings.FieldsSeq(list) {
				p := book.Preview(catalog.Import{Source: "a list", Only: []string{"nothing", pattern}, Listed: []catalog.Listed{{Model: name, Terms: rated("1")}}, Charge: byCost}, march)
				if got := len(p.Items) == 1; got != want {
					t.Errorf("%s selects %s: %t", pattern, name, got)
				}
			}
		}
	}
	// A pattern of many stars is no work: each star is passed once.
	many := catalog.Import{Source: "a list", Only: []string{strings.Repeat("a*", 99) + "b"}, Listed: []catalog.Listed{{Model: strings.Repeat("a", 200), Terms: rated("1")}}, Charge: byCost}
	if p := book.Preview(many, march); len(p.Items) != 0 {
		t.Error(items(p))
	}
}

func TestAnImportIsChecked(t *testing.T) {
	good := catalog.Import{Only: []string{"*"}, Charge: byCost}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*catalog.Import){
		"models":                  func(i *catalog.Import) { i.Only = make([]string, catalog.MaxPatterns+1) },
		"charge.percent":          func(i *catalog.Import) { i.Charge.Percent = catalog.MaxPercent + 1 },
		"charge.credit_value_usd": func(i *catalog.Import) { i.Charge.CreditValue = 0 },
	} {
		wrong := good
		change(&wrong)
		if f := fault.As(wrong.Check()); f.Fields[field] == "" {
			t.Errorf("%s: %v", field, f)
		}
	}
	blank := good
	blank.Only = []string{"a", "b c"}
	if f := fault.As(blank.Check()); f.Fields["models"] == "" {
		t.Error(f)
	}
}

func TestAPriceEndsWhereTheNextBegins(t *testing.T) {
	april := march.AddDate(0, 1, 0)
	book := catalog.NewBook(nil, []catalog.Price{{ID: id(1), Model: "a", ValidFrom: march}, {ID: id(2), Model: "a", ValidFrom: april}, {ID: id(3), Model: "b", ValidFrom: april}})
	if end := book.Ends(book.Price(id(1))); end == nil || !end.Equal(april) {
		t.Errorf("it ends at %v", end)
	}
	for _, last := range []byte{2, 3} {
		if end := book.Ends(book.Price(id(last))); end != nil {
			t.Errorf("the last price ends at %v", end)
		}
	}
}

func TestAPreviewHasTheMomentThatIsKept(t *testing.T) {
	list := catalog.Import{Source: "a list", Charge: byCost, Listed: []catalog.Listed{{Model: "a", Terms: rated("1")}}}
	preview := catalog.NewBook(nil, nil).Preview(list, march.Add(1999*time.Nanosecond))
	if got := preview.Items[0].After.ValidFrom; !got.Equal(march.Add(time.Microsecond)) {
		t.Errorf("the price begins at %s", got)
	}
}
