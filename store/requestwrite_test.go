package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

func logged(id uuid.UUID, at time.Time) gateway.Record {
	return gateway.Record{ID: id, At: at, UserID: uuid.New(), KeyID: uuid.New(), Model: "m", Status: 200, Outcome: usage.CallComplete}
}

// A call is two posts, and the log is written between those of others: none of them may read its
// account again because of it, and each still waits for the disk.
func TestWritingTheLogLeavesTheLedgerAsItWas(t *testing.T) {
	clock := storetest.NewClock(storetest.Start)
	url := storetest.SQLiteURL(t)
	storetest.Migrate(t, url)
	s, err := store.Open(context.Background(), store.Options{URL: url, Now: clock.Now, Secrets: storetest.Secrets()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	customer := storetest.NewCustomer(t, s, "Pro")
	post := func() {
		if _, err := s.Post(context.Background(), clock.Now, usage.ChargeEntries(customer.Charge(1))); err != nil {
			t.Fatal(err)
		}
	}
	post()
	post()
	before := store.LedgerAccounts(s)
	if err := s.WriteRequests(context.Background(), []gateway.Record{logged(uuid.New(), clock.Now())}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Post(context.Background(), clock.Now, nil); err != nil { // it validates the accounts
		t.Fatal(err)
	}
	if after := store.LedgerAccounts(s); after != before || after == 0 {
		t.Errorf("the meter keeps %d accounts, %d before the log was written", after, before)
	}
	if level := store.Synchronous(s); level != 2 {
		t.Errorf("commits of the ledger have synchronous = %d, want 2 (FULL)", level)
	}
}

func TestTheLongestRecordIsWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		long := strings.Repeat("<", 255)
		r := logged(uuid.New(), clock.Now())
		r.Model, r.Upstream, r.UpstreamKey, r.Code, r.ClientRequestID = strings.Repeat("é", 100), long, long, long, long
		for range 3 {
			r.Attempts = append(r.Attempts, gateway.Attempt{UpstreamID: uuid.New(), Upstream: long, Key: long, Error: long, Status: 500})
		}
		r.Tokens = &usage.Tokens{Input: 1e9, CacheRead: 1e9, CacheWrite: 1e9, CacheWrite1h: 1e9, Output: 1e9}
		if err := s.WriteRequests(context.Background(), []gateway.Record{r}, nil); err != nil {
			t.Fatal(err)
		}
		line, err := s.Request(context.Background(), r.ID)
		if err != nil || len(line.Attempts) != 3 || line.Attempts[2].Error != long || line.Upstream != long {
			t.Errorf("it reads back as %+v: %v", line, err)
		}
	})
}

func TestOfABatchThatIsThereInPartTheRestIsAdded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, upstream := context.Background(), uuid.New()
		days := []gateway.UpstreamDay{{Day: usage.DayOf(clock.Now()), UpstreamID: upstream, Requests: 1, CostMicros: 5}}
		first, second := logged(uuid.New(), clock.Now()), logged(uuid.New(), clock.Now())
		for _, batch := range [][]gateway.Record{{first}, {first}, {first, second}, {second, first}} { // the second and the last are repetitions
			if err := s.WriteRequests(ctx, batch, days); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Request(ctx, second.ID); err != nil {
			t.Error(err)
		}
		if spent, err := s.Spent(ctx, usage.DayOf(clock.Now())); err != nil || spent[upstream] != 10 {
			t.Errorf("the day has %d micro-dollars, want 10: %v", spent[upstream], err)
		}
	})
}
