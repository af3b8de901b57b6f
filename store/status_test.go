package store_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// statusUsers is how many users the status counts.
func statusUsers(t *testing.T, s *store.Store) int64 {
	t.Helper()
	status, err := s.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return status.Users
}

func TestTheStatusIsAtMostASecondOld(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s, elsewhere := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		users := func() int64 { return statusUsers(t, s) }
		before := users()
		createUser(t, elsewhere, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		if users() != before {
			t.Error("the numbers were counted twice within a second")
		}
		clock.Add(time.Second)
		if users() != before+1 {
			t.Error("the numbers are older than a second")
		}
	})
}

func TestACountThatTakesLongIsKeptAHundredTimesAsLongButNotOverMidnight(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s, elsewhere := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		users := func() int64 { return statusUsers(t, s) }
		took := 100 * time.Millisecond
		store.AfterReads(t, s, func() { clock.Add(took) })
		before := users()
		createUser(t, elsewhere, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		clock.Add(4 * time.Second)
		if users() != before {
			t.Error("numbers that took 100 ms to count are counted again within 5 s")
		}
		clock.Add(7 * time.Second)
		if users() != before+1 {
			t.Error("numbers that took 100 ms to count are older than 10 s")
		}
		took = 500 * time.Millisecond
		midnight := clock.Now().Truncate(24 * time.Hour).Add(24 * time.Hour)
		clock.Set(midnight.Add(-10 * time.Second))
		users()
		createUser(t, elsewhere, accounts.NewUser{Email: "bob@example.com", Plan: "Pro"})
		clock.Set(midnight)
		if users() != before+2 {
			t.Error("on a new day the numbers are those of the day before")
		}
	})
}

func TestWhoChangesUsersOrKeysSeesItInTheStatus(t *testing.T) {
	ctx := context.Background()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		expect := func(what string, users, active int64) {
			t.Helper()
			for range 2 { // counted, and cached
				status, err := s.Status(ctx)
				if diff := cmp.Diff(store.Status{Users: users, ActiveKeys: active}, status); diff != "" || err != nil {
					t.Errorf("%s: %v %s", what, err, diff)
				}
			}
		}
		store.AfterReads(t, s, func() { clock.Add(100 * time.Millisecond) }) // numbers that are kept for 10 s
		expect("at first", 0, 0)
		c := storetest.NewCustomer(t, s, "Pro")
		expect("with a user and a key", 1, 1)
		if err := s.RevokeKey(ctx, ada, c.Key.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		expect("with the key revoked", 1, 0)
	})
}

// A count that reads the rows before a change and ends after it must not be kept.
func TestACountThatAChangeOvertakesIsNotKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		overtaken := false
		store.AfterReads(t, s, func() {
			if !overtaken {
				overtaken = true
				createUser(t, s, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
			}
		})
		if before := statusUsers(t, s); before != 0 {
			t.Fatalf("%d users before any was made", before)
		}
		if after := statusUsers(t, s); after != 1 {
			t.Errorf("the status counts %d users, want the one that was made while it was counted", after)
		}
	})
}

func TestTheStatusFollowsTheChangesOfOtherInstances(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start) // it stands: nothing grows old
		s, elsewhere := storetest.Connect(t, url, clock.Now), storetest.Connect(t, url, clock.Now)
		w := &recorder{up: make(chan struct{}, 1), changes: make(chan accounts.Change, 10)}
		ctx, stop := context.WithCancel(context.Background())
		var watching sync.WaitGroup
		watching.Go(func() { s.Watch(ctx, w) })
		defer watching.Wait()
		defer stop()
		<-w.up
		if before := statusUsers(t, s); before != 0 {
			t.Fatalf("%d users before any was made", before)
		}
		createUser(t, elsewhere, accounts.NewUser{Email: "ada@example.com", Plan: "Pro"})
		<-w.changes
		if after := statusUsers(t, s); after != 1 {
			t.Errorf("the status counts %d users, want the one that another instance made", after)
		}
	})
}

// recorder is a watcher that records its notifications.
type recorder struct {
	up      chan struct{}
	changes chan accounts.Change
}

func (w *recorder) Changed(c accounts.Change) { w.changes <- c }

func (w *recorder) Up(up bool) {
	if up {
		select {
		case w.up <- struct{}{}:
		default:
		}
	}
}
