package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// fourKeys gives a customer on a plan of limit credits three more keys, and a charge on each.
func fourKeys(t *testing.T, s *store.Store, limit int64) (c storetest.Customer, on []usage.Charge) {
	t.Helper()
	name := "Plan " + uuid.NewString()
	storetest.NewPlan(t, s, name, limit)
	c = storetest.NewCustomer(t, s, name)
	on = charges(c.Charge(1))
	for range 3 {
		k, _ := storetest.NewKey(t, s, c.User)
		charge := c.Charge(1)
		charge.KeyID = k.ID
		on = append(on, charge)
	}
	return c, on
}

// flood sends n charges from 64 goroutines through the meters in turn and
// counts what was accepted; each may pass on the way.
func flood(t *testing.T, meters []*usage.Meter, on []usage.Charge, n int64, each func(i int64)) (accepted map[usage.Day]int64) {
	t.Helper()
	var next atomic.Int64
	var mu sync.Mutex
	accepted = map[usage.Day]int64{}
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
				each(i)
				r, err := meters[i%int64(len(meters))].Charge(context.Background(), on[i%int64(len(on))])
				if err != nil {
					t.Error(err)
					return
				}
				if r.CreditsUsed > r.DailyLimit {
					t.Errorf("%d of %d credits are used", r.CreditsUsed, r.DailyLimit)
				}
				if r.Outcome == usage.Accepted {
					mu.Lock()
					accepted[r.Day]++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return accepted
}

func startMeter(t *testing.T, s *store.Store, now func() time.Time) *usage.Meter {
	t.Helper()
	m := usage.NewMeter(s, nil, now, nil)
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

func still(int64) {}

func wantToday(t *testing.T, s *store.Store, c storetest.Customer, day usage.Day, credits, limit, requests int64) {
	t.Helper()
	got, err := s.Today(context.Background(), c.User.ID, day)
	want := usage.Today{CreditsUsed: credits, DailyLimit: limit, RequestCount: requests, Day: day}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestChargesAtOnceNeverExceedThePlan(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		meters := []*usage.Meter{startMeter(t, s, clock.Now)}
		t.Run("on a key never used before", func(t *testing.T) {
			c, on := fourKeys(t, s, 1000)
			got := flood(t, meters, on, 5000, still)
			if diff := cmp.Diff(map[usage.Day]int64{"2026-03-04": 1000}, got); diff != "" {
				t.Error(diff)
			}
			wantToday(t, s, c, "2026-03-04", 1000, 1000, 1000)
		})
		t.Run("on a warm key, with whole charges alone", func(t *testing.T) {
			c, on := fourKeys(t, s, 1000)
			flood(t, meters, on, 10, still)
			for i := range on {
				on[i].Credits = 7
			}
			got := flood(t, meters, on, 1000, still)
			if diff := cmp.Diff(map[usage.Day]int64{"2026-03-04": 141}, got); diff != "" { // 10 + 141 · 7 = 997
				t.Error(diff)
			}
			wantToday(t, s, c, "2026-03-04", 997, 1000, 151)
		})
		t.Run("across midnight", func(t *testing.T) {
			c, on := fourKeys(t, s, 1000)
			clock.Set(storetest.Start.Add(12*time.Hour - time.Microsecond))
			got := flood(t, meters, on, 5000, func(i int64) {
				if i == 2500 {
					clock.Set(storetest.Start.Add(12 * time.Hour))
				}
			})
			if diff := cmp.Diff(map[usage.Day]int64{"2026-03-04": 1000, "2026-03-05": 1000}, got); diff != "" {
				t.Error(diff)
			}
			wantToday(t, s, c, "2026-03-04", 1000, 1000, 1000)
			wantToday(t, s, c, "2026-03-05", 1000, 1000, 1000)
		})
		agree(t, storetest.Raw(t, url))
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Errorf("the totals do not balance: %v", r.Differences)
		}
	})
}

func TestSeveralInstancesOnOneDatabaseNeverExceedThePlanTogether(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		var meters []*usage.Meter
		var s *store.Store
		for range 3 {
			s = storetest.Connect(t, url, clock.Now)
			meters = append(meters, startMeter(t, s, clock.Now))
		}
		c, on := fourKeys(t, s, 1000)
		other, onOther := fourKeys(t, s, 400)
		got := flood(t, meters, append(on, onOther...), 5000, still)
		if diff := cmp.Diff(map[usage.Day]int64{"2026-03-04": 1400}, got); diff != "" {
			t.Error(diff)
		}
		wantToday(t, s, c, "2026-03-04", 1000, 1000, 1000)
		wantToday(t, s, other, "2026-03-04", 400, 400, 400)
		agree(t, storetest.Raw(t, url))
		if r := reconcile(t, s); len(r.Differences) != 0 {
			t.Errorf("the totals do not balance: %v", r.Differences)
		}
	})
}

// agree proves that every table of totals adds up to the same.
func agree(t *testing.T, db *sql.DB) {
	t.Helper()
	sums := func(query string) (sums [5]int64) {
		if err := db.QueryRowContext(context.Background(), query).Scan(&sums[0], &sums[1], &sums[2], &sums[3], &sums[4]); err != nil {
			t.Fatal(err)
		}
		return sums
	}
	want := sums("SELECT COUNT(*), COALESCE(SUM(credits), 0), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(cost_micros), 0) FROM usage")
	got := sums("SELECT COALESCE(SUM(requests), 0), COALESCE(SUM(credits), 0), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(cost_micros), 0) FROM daily_usage")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("daily_usage does not agree with the charges: %s", diff)
	}
	hours := make([]string, usage.HoursADay)
	for hour := range hours {
		hours[hour] = fmt.Sprintf("SUM(h%02d)", hour)
	}
	got = sums("SELECT COALESCE(SUM(requests), 0), COALESCE(SUM(millionths / 1000000), 0), COALESCE(SUM(cost_micros), 0), COALESCE(" + strings.Join(hours, " + ") + ", 0), COUNT(*) FROM user_days")
	if got[0] != want[0] || got[1] != want[1] || got[2] != want[4] || got[3] != want[0] {
		t.Errorf("the users' days say %d requests, %d credits, %d cost, %d by the hour; the charges %v", got[0], got[1], got[2], got[3], want)
	}
}

// receiptOf is the receipt of a user without holds, grants and a month.
func receiptOf(outcome usage.Outcome, used, limit int64, day usage.Day, charged int64) usage.Receipt {
	r := usage.Receipt{Outcome: outcome, Day: day, Figures: usage.Figures{
		CreditsUsed: used, DailyLimit: limit, Room: max(limit-used, 0), Month: usage.Month{Limit: usage.NoLimit},
	}}
	if outcome != usage.Duplicate && outcome != usage.Mismatch { // those are of the first
		r.UserRoom = r.Room
	}
	if outcome == usage.Accepted {
		r.Charged = charged
	}
	return r
}

func settle(t *testing.T, s *store.Store, at time.Time, batch ...usage.Charge) []usage.Receipt {
	t.Helper()
	receipts, err := s.Post(context.Background(), usage.At(at), usage.ChargeEntries(batch...))
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

func TestARefusedChargeWritesNothingAtAll(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now)
		c, on := fourKeys(t, s, 10)
		settle(t, s, storetest.Start, on[0], on[1])
		repeat := c.Charge(1)
		repeat.IdempotencyKey = "once"
		settle(t, s, storetest.Start, repeat)
		changed := repeat
		changed.Credits = 2
		before := everything(t, url)
		rows := countRows(t, url)
		large := c.Charge(8)
		large.IdempotencyKey, large.Model = "large", "never seen"
		receipts := settle(t, s, storetest.Start.Add(time.Hour), large, repeat, changed, c.Charge(1_000_000_000))
		want := []usage.Receipt{
			receiptOf(usage.OverQuota, 3, 10, "2026-03-04", 0), receiptOf(usage.Duplicate, 3, 10, "2026-03-04", 0),
			receiptOf(usage.Mismatch, 3, 10, "2026-03-04", 0), receiptOf(usage.OverQuota, 3, 10, "2026-03-04", 0),
		}
		if diff := cmp.Diff(want, receipts); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(rows, countRows(t, url)); diff != "" {
			t.Error(diff)
		}
		if dialectOf(url) == "postgres" && string(before) != string(everything(t, url)) {
			t.Error("a row was changed")
		}
		// Only an accepted charge takes its idempotency key.
		large.Credits = 7
		if r := settle(t, s, storetest.Start.Add(2*time.Hour), large); r[0].Outcome != usage.Accepted || r[0].CreditsUsed != 10 {
			t.Errorf("after a refusal the same idempotency key is %v", r[0])
		}
	})
}

func countRows(t *testing.T, url string) map[string]int64 {
	t.Helper()
	db, rows := storetest.Raw(t, url), map[string]int64{}
	for _, table := range []string{"usage", "daily_usage", "user_days", "idempotency_keys", "audit_log"} {
		rows[table] = storetest.Count(t, db, "SELECT COUNT(*) FROM "+table)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestARepeatAnswersAsTheFirstForADayAndIsDecidedAnewAfter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, on := fourKeys(t, s, 100)
		charge, sameTextOtherKey := on[0], on[1]
		charge.IdempotencyKey, sameTextOtherKey.IdempotencyKey = "once", "once"
		charge.Credits, charge.Model, charge.PromptTokens, charge.CompletionTokens, charge.CostMicros = 5, "gpt-5", 10, 20, 30
		first := settle(t, s, storetest.Start, charge)[0]
		want := receiptOf(usage.Accepted, 5, 100, "2026-03-04", 5)
		if first != want {
			t.Fatalf("the first is %v", first)
		}
		settle(t, s, storetest.Start.Add(time.Minute), c.Charge(40))
		if _, err := s.ChangeUser(context.Background(), ada, c.User.ID, accounts.UserChange{Plan: new("Business")}); err != nil {
			t.Fatal(err)
		}
		want = receiptOf(usage.Duplicate, 5, 100, "2026-03-04", 0)
		for _, later := range []time.Duration{0, time.Second, 13 * time.Hour, 24*time.Hour - time.Microsecond} {
			if got := settle(t, s, storetest.Start.Add(later), charge)[0]; got != want {
				t.Errorf("after %v the repeat is %v, want %v", later, got, want)
			}
		}
		for name, change := range map[string]func(*usage.Charge){
			"credits": func(c *usage.Charge) { c.Credits++ }, "model": func(c *usage.Charge) { c.Model = "" }, "prompt": func(c *usage.Charge) { c.PromptTokens++ },
			"completion": func(c *usage.Charge) { c.CompletionTokens++ }, "cost": func(c *usage.Charge) { c.CostMicros++ },
		} {
			other := charge
			change(&other)
			if got := settle(t, s, storetest.Start.Add(time.Hour), other)[0]; got.Outcome != usage.Mismatch {
				t.Errorf("with another %s the repeat is %v", name, got)
			}
		}
		if got := settle(t, s, storetest.Start.Add(time.Hour), sameTextOtherKey)[0]; got.Outcome != usage.Accepted {
			t.Errorf("the same text on another key is %v", got)
		}
		if n, err := s.SweepReplays(context.Background(), 10); err != nil || n != 0 {
			t.Errorf("%d idempotency keys were swept before their time: %v", n, err)
		}
		next := storetest.Start.Add(24 * time.Hour)
		if got := settle(t, s, next, charge)[0]; got.Outcome != usage.Accepted || got.Day != "2026-03-05" || got.CreditsUsed != 5 {
			t.Errorf("after a day the repeat is %v, want it decided anew", got)
		}
		if got := settle(t, s, next.Add(time.Hour), charge)[0]; got.Outcome != usage.Duplicate || got.Day != "2026-03-05" {
			t.Errorf("the repeat of that is %v", got)
		}
		clock.Set(next.Add(2 * time.Hour))
		if n, err := s.SweepReplays(context.Background(), 10); err != nil || n != 1 {
			t.Errorf("%d idempotency keys were swept, want the one whose day is over: %v", n, err)
		}
		if got := settle(t, s, clock.Now(), charge)[0]; got.Outcome != usage.Duplicate {
			t.Errorf("the sweep took a key that still counts: %v", got)
		}
	})
}

func TestRepeatsInOneBatchAndAtOnceChargeOnce(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, s, "Pro")
		charge := c.Charge(2)
		charge.IdempotencyKey = "in one batch"
		different := charge
		different.Credits = 3
		receipts := settle(t, s, storetest.Start, charge, charge, different, charge)
		for i, want := range []usage.Outcome{usage.Accepted, usage.Duplicate, usage.Mismatch, usage.Duplicate} {
			if receipts[i].Outcome != want || receipts[i].CreditsUsed != 2 {
				t.Errorf("charge %d is %v, want %v", i, receipts[i], want)
			}
		}
		// On two instances at once, each text four times.
		meters := []*usage.Meter{startMeter(t, s, clock.Now), startMeter(t, storetest.Connect(t, url, clock.Now), clock.Now)}
		var accepted, duplicates atomic.Int64
		var wg sync.WaitGroup
		for i := range 80 {
			wg.Go(func() {
				one := c.Charge(1)
				one.IdempotencyKey = fmt.Sprintf("at once %d", i/4)
				r, err := meters[i%2].Charge(context.Background(), one)
				switch {
				case err != nil:
					t.Error(err)
				case r.Outcome == usage.Accepted:
					accepted.Add(1)
				case r.Outcome == usage.Duplicate:
					duplicates.Add(1)
				}
			})
		}
		wg.Wait()
		if accepted.Load() != 20 || duplicates.Load() != 60 {
			t.Errorf("%d accepted, %d duplicates, want 20 and 60", accepted.Load(), duplicates.Load())
		}
		wantToday(t, s, c, "2026-03-04", 22, 250, 21)
	})
}

func TestABatchOfManyUsersKeysAndModelsAddsUpEverywhere(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now)
		var batch []usage.Charge
		for n := range 5 {
			_, on := fourKeys(t, s, 1_000_000)
			for i := range 40 {
				c := on[i%len(on)]
				c.Credits, c.Model = int64(i), fmt.Sprintf("model-%d", i%3)
				c.PromptTokens, c.CompletionTokens, c.CostMicros = int64(n*i), 1_000_000_000, 1_000_000_000_000
				batch = append(batch, c)
			}
		}
		for hour := range 3 {
			settle(t, s, storetest.Start.Add(time.Duration(hour)*time.Hour), batch...)
		}
		settle(t, s, storetest.Start.Add(24*time.Hour), batch[:100]...)
		db := storetest.Raw(t, url)
		agree(t, db)
		for table, want := range map[string]int64{"usage": 700, "user_days": 5 + 3, "daily_usage": 5*12 + 3*12} {
			if n := storetest.Count(t, db, "SELECT COUNT(*) FROM "+table); n != want {
				t.Errorf("%s has %d rows, want %d", table, n, want)
			}
		}
	})
}

func TestABatchOfTheLargestSizeIsSettled(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, on := fourKeys(t, s, 1_000_000)
		var batch []usage.Charge
		for i := range usage.MaxBatch {
			charge := on[i%len(on)]
			charge.IdempotencyKey, charge.Model = strconv.Itoa(i), fmt.Sprint("model ", i)
			batch = append(batch, charge)
		}
		for _, want := range []usage.Outcome{usage.Accepted, usage.Duplicate} {
			for i, r := range settle(t, s, storetest.Start, batch...) {
				if r.Outcome != want {
					t.Fatalf("charge %d is %v, want %v", i, r, want)
				}
			}
		}
		wantToday(t, s, c, "2026-03-04", usage.MaxBatch, 1_000_000, usage.MaxBatch)
	})
}
