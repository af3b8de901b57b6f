package store_test

import (
	"context"
	"errors"
	"testing"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestAnExportVisitsEveryChargeOfItsDaysOnceAndTheAdjustmentsOfThemThatWereMadeLater(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start.AddDate(0, 0, 2))
		s := storetest.Connect(t, url, clock.Now)
		d := priceDays(t, s)
		other := storetest.NewCustomer(t, s, "Pro")
		post(t, s, storetest.Start, usage.ChargeEntries(other.Charge(7))...)
		visited := func(q store.ChargeQuery) (ids []uuid.UUID) {
			t.Helper()
			if err := s.EachCharge(ctx, q, func(l store.ChargeLine) error {
				whole, err := s.ChargeByID(ctx, l.ID)
				if err != nil {
					return err
				}
				whole.Hold, whole.Price = nil, nil
				if diff := cmp.Diff(whole, l); diff != "" {
					t.Error(diff)
				}
				ids = append(ids, l.ID)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			return ids
		}
		days := usage.LastDays(usage.DayOf(clock.Now()), 3)
		all := visited(store.ChargeQuery{Span: days, UserID: d.c.User.ID})
		records, err := s.Charges(ctx, d.c.User.ID, days.From(), 100, 0)
		if err != nil {
			t.Fatal(err)
		}
		wanted := map[uuid.UUID]bool{}
		for _, r := range records {
			wanted[r.ID] = true
		}
		got := map[uuid.UUID]bool{}
		for _, id := range all {
			got[id] = true
		}
		if len(got) != len(all) {
			t.Errorf("%d visits of %d charges", len(all), len(got))
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("the charges of the days (-listed +exported): %s", diff)
		}
		if n := len(visited(store.ChargeQuery{Span: days})); n != len(all)+1 {
			t.Errorf("%d charges of all users, %d of one of two", n, len(all))
		}
		sum := 0
		for day := range 3 {
			of := visited(store.ChargeQuery{Span: usage.OneDay(days.From().Add(day)), UserID: d.c.User.ID})
			sum += len(of)
		}
		if sum != len(all) {
			t.Errorf("single days have %d charges, all of them %d", sum, len(all))
		}
		for says, q := range map[string]store.ChargeQuery{"another key": {Span: days, KeyID: uuid.New()}, "another plan": {Span: days, PlanID: uuid.New()}, "another model": {Span: days, Model: "none"}, "earlier days": {Span: usage.LastDays(days.From().Add(-1), 9)}} {
			if ids := visited(q); len(ids) != 0 {
				t.Errorf("%s has %d charges", says, len(ids))
			}
		}
		if n := len(visited(store.ChargeQuery{Span: days, KeyID: d.c.Key.ID, PlanID: d.c.User.PlanID, Model: "opus"})); n == 0 {
			t.Error("the key, the plan and the model of the charges have none")
		}
		failed := errors.New("enough")
		if err := s.EachCharge(ctx, store.ChargeQuery{Span: days}, func(store.ChargeLine) error { return failed }); !errors.Is(err, failed) {
			t.Errorf("a visit that fails ends with %v", err)
		}
	})
}
