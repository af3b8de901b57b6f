package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

// promptly is how long may pass after a context has ended.
const promptly = 5 * time.Second

func TestAStatementEndsWithItsRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := store.Endless(ctx, s)
		if took := time.Since(began); took > promptly {
			t.Errorf("it ended after %v", took)
		}
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("it ended by %v", err)
		}
		if err := s.Ping(context.Background()); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
}

func TestACountInTheBackgroundEndsWithTheStore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		over := store.CountInBackground(s)
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		for _, end := range []<-chan error{over, closed} {
			select {
			case <-end:
			case <-time.After(promptly):
				t.Fatal("the count, or the store that waits for it, goes on")
			}
		}
	})
}

func TestManyModelsOfADayAreCountedTogetherBeyondTheDearest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		const models = 1100
		ctx := context.Background()
		u, k := customer(t, s, "ada@example.com", "Business")
		free := make([]usage.Charge, models)
		for i := range free {
			free[i] = usage.Charge{UserID: u.ID, KeyID: k.ID, Model: fmt.Sprintf("model-%04d", i), CostMicros: int64(1000 + i)}
		}
		free[models-1].Credits = 3
		must[[]usage.Receipt](t)(s.Post(ctx, s.Now, usage.ChargeEntries(free...)))
		today := usage.DayOf(clock.Now())
		span := usage.LastDays(today, 3)
		read := func() (total int64, rest store.GroupDay) {
			sums := must[[]store.GroupDay](t)(s.Groups(ctx, store.ByModel, span))
			if len(sums) != 1000 || sums[1].Name != "model-1099" || sums[1].Credits != 3 || sums[0].Name != store.OtherModels {
				t.Fatalf("%d groups, first %v and %v", len(sums), sums[0], sums[1])
			}
			for _, g := range sums {
				total += g.Requests
			}
			return total, sums[0]
		}
		total, rest := read()
		if total != models-1 || rest.Requests != 100 {
			t.Errorf("%d requests in the groups, %d of others", total, rest.Requests)
		}
		clock.Add(48 * time.Hour)
		if n := must[int](t)(s.CloseDays(ctx)); n != 2 {
			t.Errorf("%d days were closed", n)
		}
		closed, closedRest := read()
		if closed != total || closedRest != rest {
			t.Errorf("once closed %d requests, the others %v; before %d, %v", closed, closedRest, total, rest)
		}
		if list := must[[]usage.ModelTotal](t)(s.Models(ctx, u.ID, span, store.DearestFirst)); len(list) != store.MaxModels || list[0].Model != "model-1099" {
			t.Errorf("%d models of the user are listed, first %v", len(list), list[0])
		}
		if list := must[[]store.GroupDay](t)(s.UserModels(ctx, u.ID, span)); len(list) != 1000 {
			t.Errorf("%d models of the user are summed up", len(list))
		}
	})
}
