package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/store/storetest"
	"codexible/usage"
)

func TestADayThatSomebodyElseChangedIsDecidedOnAnew(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Pro")
		decided := func(credits int64, outcome usage.Outcome, used int64) {
			t.Helper()
			got := settle(t, s, clock.Now(), c.Charge(credits))[0]
			if want := receiptOf(outcome, used, 250, "2026-03-04", credits); got != want {
				t.Errorf("a charge of %d: %+v, want %+v", credits, got, want)
			}
		}
		decided(10, usage.Accepted, 10)
		decided(10, usage.Accepted, 20)
		storetest.Exec(t, url, "UPDATE user_days SET millionths = 240000000") // another process
		decided(11, usage.OverQuota, 240)
		decided(10, usage.Accepted, 250)
		decided(1, usage.OverQuota, 250)
		if _, err := storetest.Connect(t, url, clock.Now).Post(context.Background(), clock.Now, usage.ChargeEntries(c.Charge(0))); err != nil { // another instance
			t.Error(err)
		}
		clock.Add(24 * time.Hour)
		if got := settle(t, s, clock.Now(), c.Charge(250))[0]; got.Outcome != usage.Accepted || got.CreditsUsed != 250 || got.Day != "2026-03-05" {
			t.Errorf("the next day gives the whole plan again: %+v", got)
		}
	})
}

func TestABatchThatCouldNotBeWrittenIsNotCountedLater(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	storetest.Exec(t, url, "CREATE TRIGGER refuse BEFORE INSERT ON daily_usage WHEN new.model = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
	settle(t, s, clock.Now(), c.Charge(100))
	refused := c.Charge(100)
	refused.Model = "refused"
	if _, err := s.Post(context.Background(), clock.Now, usage.ChargeEntries(c.Charge(50), refused)); err == nil {
		t.Fatal("the batch was written")
	}
	if got := settle(t, s, clock.Now(), c.Charge(150))[0]; got.Outcome != usage.Accepted || got.CreditsUsed != 250 {
		t.Errorf("after a batch that failed: %+v, want all 250 credits used", got)
	}
	wantToday(t, s, c, "2026-03-04", 250, 250, 2)
	if r := reconcile(t, s); len(r.Differences) != 0 {
		t.Errorf("the totals do not balance: %v", r.Differences)
	}
}
