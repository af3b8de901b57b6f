package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var atCost = catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 10_000}

// rates are terms of so many pico-dollars per token of the input, and no charge.
func rates(input int64) catalog.Terms {
	return catalog.Terms{Base: catalog.Set{Rates: catalog.Rates{Input: input, Output: 5 * input}}}
}

func charged(input int64, charge catalog.Charge) catalog.Terms {
	t := rates(input)
	t.Charge = charge
	return t
}

func setPrice(t *testing.T, s *store.Store, n catalog.NewPrice) catalog.Price {
	t.Helper()
	p, err := s.SetPrice(context.Background(), ada, n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPriceReadsBackAsSet(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		changes := &recorder{changes: make(chan accounts.Change, 10)}
		s.Subscribe(changes)
		terms := catalog.Terms{
			Base:       catalog.Set{Rates: catalog.Rates{Input: 3625, Output: catalog.MaxRate, CacheRead: new(int64(1)), AudioOutput: new(int64(0))}, Bands: []catalog.Band{{Above: 272_000, Rates: catalog.Rates{Input: 7}}}},
			Tiers:      map[string]catalog.Set{"flex": {Rates: catalog.Rates{Output: 9}}},
			PerRequest: 1, PerWebSearch: catalog.MaxFee,
			Charge: catalog.Charge{Mode: catalog.ByRequest, Credits: 1_500_000, CreditValue: 10_000},
		}
		p := setPrice(t, s, catalog.NewPrice{Model: "claude", Terms: terms})
		want := catalog.Price{ID: p.ID, Model: "claude", ValidFrom: clock.Now(), Terms: terms, Source: catalog.SourceManual, CreatedAt: clock.Now(), CreatedBy: ada.Name}
		if diff := cmp.Diff(want, p); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(&want, readBook(t, s).Price(p.ID)); diff != "" {
			t.Error(diff)
		}
		if got, want := <-changes.changes, (accounts.Change{Subject: accounts.SubjectPrice, ID: p.ID}); got != want {
			t.Errorf("the change is of %v, not %v", got, want)
		}
		wantAudit(t, s, "price.set claude: Set the price of claude from 2026-03-04 12:00:00 UTC.")
		newModel(t, s, "large", "big")
		later := setPrice(t, s, catalog.NewPrice{Model: "big", ValidFrom: new(clock.Now().Add(catalog.MaxAhead)), Terms: terms, Source: "a list"})
		if later.Model != "large" || !later.ValidFrom.Equal(clock.Now().Add(catalog.MaxAhead)) || later.Source != "a list" {
			t.Errorf("%+v", later)
		}
		early := setPrice(t, s, catalog.NewPrice{Model: "claude", ValidFrom: new(clock.Now().Add(-catalog.ClockSkew)), Terms: terms})
		if !early.ValidFrom.Equal(clock.Now()) {
			t.Errorf("a price of a minute ago begins at %s", early.ValidFrom)
		}
		if got := readBook(t, s).PriceAt("claude", clock.Now()); got.ID != early.ID {
			t.Errorf("of two prices of one moment %+v is in force, not the later", got)
		}
		for name, n := range map[string]catalog.NewPrice{
			"the past":     {Model: "claude", ValidFrom: new(clock.Now().Add(-catalog.ClockSkew - time.Microsecond)), Terms: terms},
			"far ahead":    {Model: "claude", ValidFrom: new(clock.Now().Add(catalog.MaxAhead + time.Microsecond)), Terms: terms},
			"no name":      {Terms: terms},
			"no charge":    {Model: "claude", Terms: rates(1)},
			"a long list":  {Model: "claude", Terms: terms, Source: string(make([]byte, 300))},
			"a rate below": {Model: "claude", Terms: charged(-1, atCost)},
		} {
			if _, err := s.SetPrice(ctx, ada, n); fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAModelKeepsItsPricesUnderAnotherName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, m := context.Background(), newModel(t, s, "old", "other")
		setPrice(t, s, catalog.NewPrice{Model: "new", Terms: charged(9, atCost)})
		setPrice(t, s, catalog.NewPrice{Model: "old", Terms: charged(1, atCost)})
		clock.Add(time.Hour)
		setPrice(t, s, catalog.NewPrice{Model: "old", Terms: charged(2, atCost), Source: "a list"})
		midnight := clock.Now().Add(12 * time.Hour)
		setPrice(t, s, catalog.NewPrice{Model: "old", ValidFrom: &midnight, Terms: charged(3, atCost)})
		clock.Add(time.Hour)
		renamed := clock.Now()
		for range 2 { // a second time nothing is set: the prices are there
			if _, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Name: new("new")}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Name: new("old")}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Name: new("new"), Aliases: new([]string{"old"})}); err != nil {
			t.Fatal(err)
		}
		book := readBook(t, s)
		for _, c := range []struct {
			at    time.Time
			input int64
		}{{renamed.Add(-time.Microsecond), 9}, {renamed, 2}, {midnight.Add(-time.Microsecond), 2}, {midnight, 3}} {
			if p := book.PriceAt("old", c.at); p.Model != "new" || p.Terms.Base.Rates.Input != c.input {
				t.Errorf("at %s the price is %+v, want %d", c.at, p, c.input)
			}
		}
		if n := len(book.Prices("new")); n != 3 {
			t.Errorf("there are %d prices of the name, want its own and the two that came along", n)
		}
		if p := book.PriceAt("new", renamed); p.Source != "a list" || !p.ValidFrom.Equal(renamed) {
			t.Errorf("%+v", p)
		}
		entries, err := s.Audit(ctx, store.AuditQuery{Action: "price.set", Limit: 10})
		if err != nil || len(entries) != 6 {
			t.Errorf("%d prices were set, want four and the two that came along, %v", len(entries), err)
		}
	})
}

func TestAnImportSetsAllPricesOnceAndKeepsWhatCustomersPay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		byRequest := catalog.Charge{Mode: catalog.ByRequest, Credits: 2_000_000, CreditValue: 20_000}
		setPrice(t, s, catalog.NewPrice{Model: "changed", Terms: charged(1, byRequest)})
		same := setPrice(t, s, catalog.NewPrice{Model: "same", Terms: charged(2, byRequest)})
		clock.Add(time.Hour)
		midnight := clock.Now().Add(11 * time.Hour)
		list := catalog.Import{Source: "a list", Charge: atCost, Listed: []catalog.Listed{
			{Model: "changed", Terms: rates(5)}, {Model: "same", Terms: rates(2)}, {Model: "new", Terms: rates(7)}, {Model: "new", ValidFrom: midnight, Terms: rates(8)}, {Model: "wrong", Terms: rates(-1)},
		}}
		changes := &recorder{changes: make(chan accounts.Change, 10)}
		s.Subscribe(changes)
		done, err := s.ImportPrices(ctx, ada, list)
		if err != nil || done.Count(catalog.ActionNew) != 1 || done.Count(catalog.ActionChanged) != 2 || done.Count(catalog.ActionUnchanged) != 1 || len(done.Unread) != 1 {
			t.Fatalf("%+v, %v", done, err)
		}
		book := readBook(t, s)
		for _, c := range []struct {
			model  string
			at     time.Time
			input  int64
			charge catalog.Charge
			source string
		}{
			{"changed", clock.Now(), 5, byRequest, "a list"}, {"same", clock.Now(), 2, byRequest, "manual"}, {"new", clock.Now(), 7, atCost, "a list"}, {"new", midnight, 8, atCost, "a list"},
		} {
			p := book.PriceAt(c.model, c.at)
			if p.Terms.Base.Rates.Input != c.input || p.Terms.Charge != c.charge || p.Source != c.source || p.CreatedBy != ada.Name {
				t.Errorf("%s: %+v", c.model, p)
			}
		}
		if book.PriceAt("same", clock.Now()).ID != same.ID || book.PriceAt("changed", clock.Now().Add(-time.Microsecond)).Terms.Base.Rates.Input != 1 {
			t.Error("a price was changed")
		}
		if got := <-changes.changes; got.Subject != accounts.SubjectPrice || len(changes.changes) != 0 {
			t.Errorf("the change is %v, and %d more", got, len(changes.changes))
		}
		summary := "prices.imported a list: Imported prices from a list: 1 new, 2 changed, 1 unchanged, 1 not read."
		wantAudit(t, s, summary)
		clock.Add(time.Hour)
		again, err := s.ImportPrices(ctx, ada, list)
		if err != nil || again.Count(catalog.ActionUnchanged) != 4 || len(again.Items) != 4 {
			t.Errorf("a second time: %+v, %v", again, err)
		}
		if len(changes.changes) != 0 {
			t.Error("an import that changes nothing publishes a change")
		}
		wantAudit(t, s, summary, "price.set same: Set the price of same from 2026-03-04 12:00:00 UTC.")
		if diff := cmp.Diff(book.Priced(), readBook(t, s).Priced()); diff != "" {
			t.Error(diff)
		}
		list.Charge = catalog.Charge{}
		_, err = s.ImportPrices(ctx, ada, list)
		wantKind(t, err, fault.Invalid)
	})
}

func longList(n int) catalog.Import {
	list := catalog.Import{Source: "a long list", Charge: atCost}
	for i := range n {
		list.Listed = append(list.Listed, catalog.Listed{Model: fmt.Sprintf("vendor/model-%d", i), Terms: rates(int64(i + 1))})
	}
	return list
}

func TestOfTwoImportsOfAListAtOnceOneSetsItsPrices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		const models = 500
		var both sync.WaitGroup
		var set [2]int
		for i := range set {
			both.Go(func() {
				done, err := s.ImportPrices(context.Background(), ada, longList(models))
				if err != nil {
					t.Error(err)
				}
				set[i] = done.Count(catalog.ActionNew)
			})
		}
		both.Wait()
		if n := len(readBook(t, s).Priced()); n != models || set[0]+set[1] != models || set[0]*set[1] != 0 {
			t.Errorf("%d models have a price; the two imports set %d", n, set)
		}
	})
}

func TestThereAreSoManyPricesAtMost(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, func() time.Time { return storetest.Start })
		setPrice(t, s, catalog.NewPrice{Model: "first", Terms: charged(1, atCost)})
		fill(t, url, "prices", "model", "valid_from, terms, source, created_at, created_by", catalog.MaxPrices-1)
		if _, err := s.ImportPrices(context.Background(), ada, longList(2)); !errors.Is(err, catalog.ErrTooManyPrices) {
			t.Errorf("two more: %v", err)
		}
		setPrice(t, s, catalog.NewPrice{Model: "last", Terms: charged(1, atCost)})
		if _, err := s.SetPrice(context.Background(), ada, catalog.NewPrice{Model: "more", Terms: charged(1, atCost)}); !errors.Is(err, catalog.ErrTooManyPrices) {
			t.Errorf("one more: %v", err)
		}
		if n := len(readBook(t, s).Priced()); n != catalog.MaxPrices {
			t.Errorf("%d models are priced, want %d: an import is whole or nothing", n, catalog.MaxPrices)
		}
	})
}

func TestPricesAreListedTheLastSetFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		a := setPrice(t, s, catalog.NewPrice{Model: "a", Terms: charged(1, atCost), ValidFrom: new(clock.Now().Add(time.Hour))})
		b := setPrice(t, s, catalog.NewPrice{Model: "b", Terms: charged(2, atCost)})
		c := setPrice(t, s, catalog.NewPrice{Model: "a", Terms: charged(3, atCost)})
		for name, q := range map[string]struct {
			model string
			after uuid.UUID
			limit int
			want  []catalog.Price
		}{
			"all":         {"", uuid.Nil, 10, []catalog.Price{c, b, a}},
			"a page":      {"", uuid.Nil, 2, []catalog.Price{c, b}},
			"the next":    {"", b.ID, 2, []catalog.Price{a}},
			"of a model":  {"a", uuid.Nil, 10, []catalog.Price{c, a}},
			"its next":    {"a", c.ID, 10, []catalog.Price{a}},
			"of no model": {"c", uuid.Nil, 10, nil},
		} {
			got, err := s.Prices(ctx, q.model, q.after, q.limit)
			if diff := cmp.Diff(q.want, got); diff != "" || err != nil {
				t.Error(name, err, diff)
			}
		}
	})
}
