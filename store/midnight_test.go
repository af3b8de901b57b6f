package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// midnight is when the second day of these tests begins.
var midnight = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)

func TestABatchThatWaitedOverMidnightBelongsToTheDayOfItsDecision(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, usage.At(midnight))
		c := storetest.NewCustomer(t, s, "Pro")
		settle(t, s, midnight.Add(-time.Hour), c.Charge(250))
		next := midnight.Add(-time.Second)
		if strings.HasPrefix(url, "sqlite:") {
			next = midnight // it asks once, when it holds the lock
		}
		ticking := func() (at time.Time) { // whoever asks again hears that a second is gone
			at, next = next, next.Add(time.Second)
			return at
		}
		got, err := s.Post(context.Background(), ticking, usage.ChargeEntries(c.Charge(1)))
		if want := receiptOf(usage.Accepted, 1, 250, "2026-03-05", 1); err != nil || got[0] != want {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Errorf("the totals do not balance: %v", r.Differences)
		}
	})
}

// Two instances whose clocks differ may both go on from the last charge of a day.
func TestEveryChargeIsListedHoweverTheClocksWentAroundMidnight(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, usage.At(midnight))
		c := storetest.NewCustomer(t, s, "Pro")
		for i, at := range []time.Duration{-3 * time.Second, time.Second, -2 * time.Second, -time.Second, 2 * time.Second, 26 * time.Hour} {
			charge := c.Charge(int64(i) + 1)
			settle(t, s, midnight.Add(at), charge)
		}
		listed := func(since usage.Day, limit, offset int) (credits []int64) {
			list, err := s.Charges(context.Background(), c.User.ID, since, limit, offset)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				credits = append(credits, r.Credits)
			}
			return credits
		}
		for _, want := range []struct {
			since         usage.Day
			limit, offset int
			credits       []int64
		}{
			{"2026-03-01", 100, 0, []int64{6, 5, 2, 4, 3, 1}},
			{"2026-03-05", 100, 0, []int64{6, 5, 2}},
			{"2026-03-06", 100, 0, []int64{6}},
			{"2026-03-07", 100, 0, nil},
			{"2026-03-01", 2, 2, []int64{2, 4}},
		} {
			if diff := cmp.Diff(want.credits, listed(want.since, want.limit, want.offset)); diff != "" {
				t.Errorf("since %s, %d after %d: %s", want.since, want.limit, want.offset, diff)
			}
		}
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Errorf("the totals do not balance: %v", r.Differences)
		}
	})
}

func TestARecountLeavesADayToTheRetentionThatHasBegunIt(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, usage.At(midnight))
		c := storetest.NewCustomer(t, s, "Pro")
		settle(t, s, midnight.Add(-time.Hour), c.Charge(1), c.Charge(1))
		if n, err := s.Retain(context.Background(), "2026-03-05", 1); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r, err := store.ReconcileDay(context.Background(), s, "2026-03-04")
		if err != nil || r.Days != 0 || r.DaysGone != 1 || r.KeptFrom != "2026-03-05" || len(r.Differences) != 0 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// On Postgres a sweep runs beside the batches.
func TestASweepLeavesAnIdempotencyKeyThatABatchRenews(t *testing.T) {
	url := storetest.PostgresURL(t)
	clock := storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	charge := c.Charge(1)
	charge.IdempotencyKey = "daily"
	settle(t, s, clock.Now(), charge)
	clock.Add(2 * usage.ReplayWindow)

	ctx := context.Background()
	renewing, err := storetest.Raw(t, url).BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = renewing.Rollback() }()
	if _, err := renewing.ExecContext(ctx, "UPDATE idempotency_keys SET created_at = $1", clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.SweepReplays(ctx, 10); n != 0 || err != nil {
		t.Errorf("a sweep removed %d, %v; it waits for no batch, and takes nothing from it", n, err)
	}
	if err := renewing.Commit(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.SweepReplays(ctx, 10); n != 0 || err != nil {
		t.Errorf("a sweep removed %d, %v, want none: the key is new", n, err)
	}
	clock.Add(2 * usage.ReplayWindow)
	if n, err := s.SweepReplays(ctx, 10); n != 1 || err != nil {
		t.Errorf("a sweep removed %d, %v, want the one whose window is over", n, err)
	}
}
