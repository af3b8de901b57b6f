package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

// serving opens a migrated store as the process that serves does: its totals follow the charges.
func serving(t *testing.T, url string, clock *storetest.Clock) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Now: clock.Now, Synchronous: "NORMAL", CountLater: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func counted(t *testing.T, url string) (requests int64) {
	t.Helper()
	db := storetest.Raw(t, url)
	defer func() { _ = db.Close() }()
	return storetest.Count(t, db, "SELECT COALESCE(SUM(requests), 0) FROM user_days")
}

func wantBalanced(t *testing.T, s *store.Store) {
	t.Helper()
	if r := reconcile(t, s); len(r.Differences) != 0 {
		t.Errorf("the totals do not balance: %v", r.Differences)
	}
}

func TestTotalsFollowTheChargesAndAreExactWhenTheyAreRead(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	for range 3 {
		settle(t, s, clock.Now(), c.Charge(2), c.Charge(3))
		clock.Add(time.Hour)
	}
	if n := counted(t, url); n != 0 {
		t.Errorf("%d charges are counted before anybody reads totals", n)
	}
	wantToday(t, s, c, "2026-03-04", 15, 250, 6)
	if n := counted(t, url); n != 6 {
		t.Errorf("%d charges are counted by a read, want 6", n)
	}
	hours, err := s.Hourly(context.Background(), c.User.ID, "2026-03-04")
	if first := storetest.Start.Hour(); err != nil || hours[first] != 2 || hours[first+1] != 2 || hours[first+2] != 2 {
		t.Errorf("%v by the hour: %v", hours, err)
	}
	settle(t, s, clock.Now(), c.Charge(235))
	if r := settle(t, s, clock.Now(), c.Charge(1))[0]; r.Outcome != usage.OverQuota {
		t.Errorf("a charge beyond the limit is %v", r.Outcome)
	}
	wantBalanced(t, s)
}

func TestChargesThatWereNotCountedBeforeACrashAreCountedAfterIt(t *testing.T) {
	for name, next := range map[string]func(t *testing.T, s *store.Store, c storetest.Customer){
		"by a read": func(t *testing.T, s *store.Store, c storetest.Customer) {
			wantToday(t, s, c, "2026-03-04", 7, 250, 1)
		},
		"by a charge": func(t *testing.T, s *store.Store, c storetest.Customer) {
			if r := settle(t, s, storetest.Start, c.Charge(244))[0]; r.Outcome != usage.OverQuota || r.CreditsUsed != 7 {
				t.Errorf("the next charge is decided on %d used: %v", r.CreditsUsed, r.Outcome)
			}
		},
		"by a correction": func(t *testing.T, s *store.Store, c storetest.Customer) {
			_, used, _, err := s.Correct(context.Background(), ada, usage.NewCorrection{UserID: c.User.ID, Credits: -5, Reason: "an outage"})
			if err != nil || used != 2 {
				t.Errorf("after the correction %d are used: %v", used, err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
			storetest.Migrate(t, url)
			killed := serving(t, url, clock)
			c := storetest.NewCustomer(t, killed, "Pro")
			settle(t, killed, clock.Now(), c.Charge(7))
			// The process that is not closed stands for one that was killed: the next finds its charge uncounted.
			s := serving(t, url, clock)
			next(t, s, c)
			wantBalanced(t, s)
		})
	}
}

func TestAReadOfTotalsWaitsForNoWriterWhereNoChargeWaits(t *testing.T) {
	ctx, url, clock := context.Background(), storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	wantToday(t, s, c, "2026-03-04", 0, 250, 0) // looks for charges of before a crash
	db := storetest.Raw(t, url)
	defer func() { _ = db.Close() }()
	writer, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = writer.Rollback() }()
	if _, err := writer.ExecContext(ctx, "UPDATE users SET name = name"); err != nil {
		t.Fatal(err)
	}
	wantToday(t, s, c, "2026-03-04", 0, 250, 0)
}

func TestAProcessThatCountsAtOnceCountsWhatAnotherLeft(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s, other := serving(t, url, clock), storetest.Connect(t, url, clock.Now)
	c := storetest.NewCustomer(t, s, "Pro")
	for range 3 {
		settle(t, s, clock.Now(), c.Charge(10))
		wantToday(t, other, c, "2026-03-04", settle(t, other, clock.Now(), c.Charge(1))[0].CreditsUsed, 250, counted(t, url))
		settle(t, s, clock.Now(), c.Charge(10))
	}
	wantToday(t, s, c, "2026-03-04", 63, 250, 9)
	wantBalanced(t, s)
	wantBalanced(t, other)
}

func TestChargesAreCountedWhereTheClockWasSetBack(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(10))
	for _, change := range []time.Duration{-3 * time.Hour, time.Minute, -time.Minute, 5 * time.Hour, time.Second} {
		if _, err := s.Today(context.Background(), c.User.ID, "2026-03-04"); err != nil { // counts what waits
			t.Fatal(err)
		}
		clock.Add(change)
		settle(t, s, clock.Now(), c.Charge(1), c.Charge(2))
		settle(t, s, clock.Now(), c.Charge(3))
	}
	wantToday(t, s, c, "2026-03-04", 40, 250, 16)
	wantBalanced(t, s)
}

func TestAChangeOfTheUserDropsNoChargeThatWaits(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(240))
	if _, err := s.ChangeUser(context.Background(), ada, c.User.ID, accounts.UserChange{Name: new("Another name")}); err != nil {
		t.Fatal(err)
	}
	if r := settle(t, s, clock.Now(), c.Charge(11))[0]; r.Outcome != usage.OverQuota || r.CreditsUsed != 240 {
		t.Errorf("the next charge is decided on %d used: %v", r.CreditsUsed, r.Outcome)
	}
	wantBalanced(t, s)
}

func TestNoMoreChargesWaitThanTheBound(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	storetest.NewPlan(t, s, "Large", 1_000_000)
	c := storetest.NewCustomer(t, s, "Large")
	batch := make([]usage.Charge, usage.MaxBatch)
	for i := range batch {
		batch[i] = c.Charge(1)
		batch[i].Model = fmt.Sprintf("model-%d", i%7)
	}
	for range store.MostUncounted/usage.MaxBatch + 1 {
		settle(t, s, clock.Now(), batch...)
	}
	if n := counted(t, url); n < store.MostUncounted {
		t.Errorf("%d charges are counted, want at least %d", n, store.MostUncounted)
	}
	wantBalanced(t, s)
}

func TestABatchThatFailsLeavesTheUncountedChargesAsTheyWere(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(5))
	storetest.Exec(t, url, "CREATE TRIGGER refuse BEFORE INSERT ON usage WHEN new.model = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END")
	refused := c.Charge(100)
	refused.Model = "refused"
	for range 2 {
		if _, err := s.Post(context.Background(), clock.Now, usage.ChargeEntries(c.Charge(50), refused)); err == nil {
			t.Fatal("the batch was written")
		}
		settle(t, s, clock.Now(), c.Charge(1))
	}
	wantToday(t, s, c, "2026-03-04", 7, 250, 3)
	wantBalanced(t, s)
}

func TestTheWayBackCountsTheChargesThatWait(t *testing.T) {
	url, clock := storetest.SQLiteURL(t), storetest.NewClock(storetest.Start)
	storetest.Migrate(t, url)
	s := serving(t, url, clock)
	c := storetest.NewCustomer(t, s, "Pro")
	settle(t, s, clock.Now(), c.Charge(5))
	wantToday(t, s, c, "2026-03-04", 5, 250, 1)
	clock.Add(time.Hour)
	settle(t, s, clock.Now(), c.Charge(3), c.Charge(4))
	m := newMigrator(t, url, storetest.Files())
	takenBack(t, m, "0006")
	db := storetest.Raw(t, url)
	defer func() { _ = db.Close() }()
	hour := storetest.Start.Hour()
	for query, want := range map[string]int64{
		"SELECT credits FROM user_days": 12, "SELECT requests FROM user_days": 3, "SELECT SUM(credits) FROM daily_usage": 12, "SELECT SUM(credits) FROM model_usage": 12,
		fmt.Sprintf("SELECT h%02d FROM user_days", hour): 1, fmt.Sprintf("SELECT h%02d FROM user_days", hour+1): 2,
		"SELECT COUNT(*) FROM user_days AS d JOIN usage AS u ON u.id = d.last_charge_id WHERE u.credits = 4": 1,
	} {
		if got := storetest.Count(t, db, query); got != want {
			t.Errorf("%s is %d, want %d", query, got, want)
		}
	}
}
