package store_test

import (
	"context"
	"testing"

	"codexible/store/storetest"
	"codexible/usage"
)

func TestAChargeBeyondTheRangeOfADaysCostIsRefusedAloneAndTheTotalsAgree(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s, db := storetest.Connect(t, url, clock.Now), storetest.Raw(t, url)
		rich, other := storetest.NewCustomer(t, s, "Pro"), storetest.NewCustomer(t, s, "Pro")
		charge := func(c storetest.Customer, micros int64) usage.Charge {
			made := c.Charge(1)
			made.CostMicros = micros
			return made
		}
		settle := func(want []usage.Outcome, charges ...usage.Charge) {
			t.Helper()
			receipts, err := s.Post(ctx, clock.Now, usage.ChargeEntries(charges...))
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range receipts {
				if r.Outcome != want[i] {
					t.Errorf("charge %d is %s, want %s", i, r.Outcome, want[i])
				}
			}
		}
		settle([]usage.Outcome{usage.Accepted}, charge(rich, usage.MaxDayCostUSD*usage.MicrosPerUSD-10))
		settle([]usage.Outcome{usage.OverRange, usage.Accepted, usage.Accepted, usage.OverRange}, charge(rich, 11), charge(other, 11), charge(rich, 10), charge(rich, 1))
		if n := storetest.Count(t, db, "SELECT COUNT(*) FROM usage"); n != 3 {
			t.Errorf("%d charges are kept, want 3", n)
		}
		if r, err := s.Reconcile(ctx); err != nil || len(r.Differences) != 0 {
			t.Errorf("the totals differ: %v, %v", r.Differences, err)
		}
	})
}
