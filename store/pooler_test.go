package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"
)

// openOptions opens a database as the options say, until the test ends.
func openOptions(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	o.Secrets, o.Patience = storetest.Secrets(), time.Hour
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestAPoolerIsFoundAtTheStartUnlessItIsSaidWhatItDoes(t *testing.T) {
	pooled, direct := storetest.PooledURL(t)
	for _, c := range []struct {
		name    string
		options store.Options
		changes store.ChangesBy
		said    bool
	}{
		{"without a pooler", store.Options{URL: direct}, store.ChangesNotified, false},
		{"through one", store.Options{URL: pooled}, store.ChangesPolled, true},
		{"through one, and past it", store.Options{URL: pooled, DirectURL: direct}, store.ChangesNotified, true},
		{"said to share", store.Options{URL: direct, Pooling: store.PoolingTransaction}, store.ChangesPolled, true},
	} {
		var log bytes.Buffer
		c.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		s := openOptions(t, c.options)
		if err := s.Ping(context.Background()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if by := s.ChangesBy(); by != c.changes || strings.Contains(log.String(), "through a pooler") != c.said {
			t.Errorf("%s changes are %s, and the log says %q", c.name, by, log.String())
		}
	}
	var log bytes.Buffer // a way past a pooler says that there is one, also while it does not answer
	openOptions(t, store.Options{URL: "postgres://nobody@127.0.0.1:1/none", DirectURL: direct, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if !strings.Contains(log.String(), "through a pooler") {
		t.Errorf("while a pooler is away the log says %q", log.String())
	}
	if err := openOptions(t, store.Options{URL: pooled, Pooling: store.PoolingSession}).Ping(context.Background()); fault.As(err).Kind != fault.Unavailable {
		t.Errorf("PgBouncer takes what only a session keeps: %v", err)
	}
}

func TestThroughAPoolerChargesOfTwoInstancesAtOnceAreExact(t *testing.T) {
	pooled, direct := storetest.PooledURL(t)
	a, b := openOptions(t, store.Options{URL: pooled}), openOptions(t, store.Options{URL: pooled})
	c := storetest.NewCustomer(t, a, "Pro")
	meters := []*usage.Meter{startMeter(t, a, time.Now), startMeter(t, b, time.Now)}
	const senders, each = 20, 20
	var accepted atomic.Int64
	var sending sync.WaitGroup
	for n := range senders {
		sending.Go(func() {
			for range each {
				receipt, err := meters[n%2].Charge(context.Background(), c.Charge(1))
				if err != nil {
					t.Error(err)
					return
				}
				if receipt.Outcome == usage.Accepted {
					accepted.Add(1)
				}
			}
		})
	}
	sending.Wait()
	if accepted.Load() != 250 {
		t.Errorf("of %d charges %d were accepted, and the plan has 250 credits", senders*each, accepted.Load())
	}
	if n := storetest.Count(t, storetest.Raw(t, direct), "SELECT SUM(credits) FROM usage"); n != 250 {
		t.Errorf("%d credits are written", n)
	}
	if r, err := a.Reconcile(context.Background()); err != nil || len(r.Differences) != 0 {
		t.Errorf("reconcile: %v %v", err, r.Differences)
	}
}

func TestThroughAPoolerTheChangesOfAnotherInstanceArrive(t *testing.T) {
	pooled, direct := storetest.PooledURL(t)
	s := openOptions(t, store.Options{URL: pooled})
	w := &recorder{up: make(chan struct{}, 1), changes: make(chan accounts.Change, 10)}
	ctx, stop := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { s.Watch(ctx, w) })
	defer watching.Wait()
	defer stop()
	<-w.up
	// Either kind of instance tells the other.
	for name, elsewhere := range map[string]string{"ada": pooled, "eve": direct} {
		u := createUser(t, openOptions(t, store.Options{URL: elsewhere}), accounts.NewUser{Email: name + "@example.com", Plan: "Pro"})
		select {
		case c := <-w.changes:
			if c.ID != u.ID {
				t.Errorf("heard of %v, want user %v", c, u.ID)
			}
		case <-time.After(5 * time.Second): // usually a quarter of a second: only a loss is to fail here
			t.Fatal("the change does not arrive")
		}
	}
}

func TestThroughAPoolerATransactionHasTheLimitsOfASession(t *testing.T) {
	pooled, _ := storetest.PooledURL(t)
	got := store.LimitsInTransaction(t, openOptions(t, store.Options{URL: pooled}))
	if want := "15s 5s 30s"; got != want {
		t.Errorf("in a transaction statement_timeout, lock_timeout and idle_in_transaction_session_timeout are %s, want %s", got, want)
	}
}

func TestAPoolerOutlivesStatementsThatAreCancelledAtOnce(t *testing.T) {
	pooled, _ := storetest.PooledURL(t)
	s := openOptions(t, store.Options{URL: pooled})
	var asking sync.WaitGroup
	for n := range 8 {
		asking.Go(func() {
			for round := range 25 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(n*round%17)*500*time.Microsecond)
				_, err := s.Users(ctx, store.UserQuery{})
				if err == nil {
					_, err = s.Reconcile(ctx)
				}
				if err != nil && fault.As(err).Kind != fault.Unavailable {
					t.Errorf("a cancelled statement is %v", err)
				}
				cancel()
			}
		})
	}
	asking.Wait()
	if err := s.Ping(context.Background()); err != nil {
		t.Errorf("after 200 cancelled statements: %v", err)
	}
}
