package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
)

var (
	vendor = uuid.UUID{0xee, 1}
	spare  = uuid.UUID{0xee, 2}
)

// requestAt is the id of a request that arrived at a moment: the n-th of its millisecond.
func requestAt(at time.Time, n byte) (id uuid.UUID) {
	millis := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(millis >> (40 - 8*i))
	}
	id[6], id[8], id[15] = 0x70, 0x80, n
	return id
}

func upstreamDay(day usage.Day, upstream uuid.UUID, requests, failures, micros int64) gateway.UpstreamDay {
	return gateway.UpstreamDay{Day: day, UpstreamID: upstream, Requests: requests, Failures: failures, CostMicros: micros}
}

// fullRecord is a request with every field.
func fullRecord(c storetest.Customer, at time.Time) gateway.Record {
	return gateway.Record{
		ID: requestAt(at, 1), At: at, UserID: c.User.ID, KeyID: c.Key.ID, Model: "opus", Endpoint: gateway.Messages, Streamed: true, ClientRequestID: "it's mine",
		UpstreamID: spare, Upstream: "spare", UpstreamKey: "main",
		Attempts: []gateway.Attempt{
			{Upstream: "vendor", Key: "main", Status: 529, Error: "overloaded", Start: 10, Took: 2000, CostMicros: 3}, {Upstream: "spare", Key: "main", Status: 200, Start: 2010, Took: 9000},
		},
		Sticky: true, Status: 200, Outcome: usage.CallComplete, Source: usage.SourceReported, Tokens: &usage.Tokens{Input: 10, CacheRead: 90, Output: 20}, PriceID: uuid.UUID{7},
		Held: 12, Credits: 3, Uncollected: 5, CostMicros: 99, FirstByte: time.Second, FirstToken: 2 * time.Second, Took: 3 * time.Second,
	}
}

func writeRequests(t *testing.T, s *store.Store, records ...gateway.Record) {
	t.Helper()
	if err := s.WriteRequests(context.Background(), records, nil); err != nil {
		t.Fatal(err)
	}
}

func TestARequestOfTheLogIsReadAsItWasWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Business")
		full := fullRecord(c, clock.Now())
		refused := gateway.Record{ID: requestAt(clock.Now(), 2), At: clock.Now(), UserID: c.User.ID, KeyID: c.Key.ID, Model: "nonsense", Status: 404, Outcome: usage.CallRefused, Code: "model_not_found"}
		days := []gateway.UpstreamDay{upstreamDay("2026-03-04", spare, 1, 0, 96), upstreamDay("2026-03-04", vendor, 1, 1, 3)}
		for range 2 { // the answer to the first was lost
			if err := s.WriteRequests(ctx, []gateway.Record{full, refused}, days); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []gateway.Record{full, refused} {
			got, err := s.Request(ctx, want.ID)
			if diff := cmp.Diff(want, got.Record, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if got.Email != c.User.Email || got.Prefix != c.Key.Prefix || got.EndpointName != want.Endpoint.String() {
				t.Errorf("%+v", got)
			}
		}
		if _, err := s.Request(ctx, uuid.UUID{1}); !errors.Is(err, store.ErrNoRequest) {
			t.Errorf("a request that never was: %v", err)
		}
		if err := s.WriteRequests(ctx, nil, days[:1]); err != nil {
			t.Fatal(err)
		}
		spent, err := s.Spent(ctx, "2026-03-04")
		if diff := cmp.Diff(map[uuid.UUID]int64{spare: 192, vendor: 3}, spent); diff != "" || err != nil {
			t.Error(err, diff)
		}
		got, err := s.UpstreamDays(ctx, storetest.Span("2026-03-01", "2026-03-31"))
		if diff := cmp.Diff([]gateway.UpstreamDay{upstreamDay("2026-03-04", vendor, 1, 1, 3), upstreamDay("2026-03-04", spare, 2, 0, 192)}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		history, err := s.UpstreamHistory(ctx, spare, storetest.Span("2026-03-03", "2026-03-05"))
		if diff := cmp.Diff([]usage.DayTotal{{Day: "2026-03-03"}, {Day: "2026-03-04", Requests: 2, CostMicros: 192}, {Day: "2026-03-05"}}, history); diff != "" || err != nil {
			t.Error(err, diff)
		}
		if spent, err := s.Spent(ctx, "2026-03-05"); len(spent) != 0 || err != nil {
			t.Error(spent, err)
		}
	})
}

func TestRequestsAreListedByEachFilterPageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c, other := context.Background(), storetest.NewCustomer(t, s, "Business"), storetest.NewCustomer(t, s, "Business")
		second, _ := storetest.NewKey(t, s, c.User)
		var all []gateway.Record
		for n := range 12 {
			r := fullRecord(c, clock.Now().Add(time.Duration(n)*time.Minute))
			if n%2 == 1 {
				r.UserID, r.KeyID = other.User.ID, other.Key.ID
			}
			if n%4 == 0 {
				r.KeyID, r.Model = second.ID, "sonnet"
			}
			if n%3 == 0 {
				r.UpstreamID, r.Outcome = vendor, usage.CallUpstreamError
			}
			if n%5 == 0 {
				r.Status = 500 + n
			}
			all = append(all, r)
		}
		writeRequests(t, s, all...)
		for name, q := range map[string]store.RequestQuery{
			"all": {}, "a user": {UserID: c.User.ID}, "a key": {KeyID: second.ID}, "a model": {Model: "sonnet"}, "an upstream": {UpstreamID: vendor},
			"an outcome": {Outcome: usage.CallUpstreamError}, "a user and an outcome": {UserID: c.User.ID, Outcome: usage.CallUpstreamError},
			"an upstream and a model": {UpstreamID: spare, Model: "sonnet"}, "a time": {Since: clock.Now().Add(2 * time.Minute), Until: clock.Now().Add(9 * time.Minute)},
			"nobody": {UserID: uuid.UUID{1}}, "a class of statuses": {LeastStatus: 500, MostStatus: 599}, "a user and statuses": {UserID: c.User.ID, LeastStatus: 500, MostStatus: 510},
		} {
			var want []uuid.UUID
			for i := len(all) - 1; i >= 0; i-- {
				r := &all[i]
				if (q.UserID == uuid.Nil || q.UserID == r.UserID) && (q.KeyID == uuid.Nil || q.KeyID == r.KeyID) && (q.UpstreamID == uuid.Nil || q.UpstreamID == r.UpstreamID) &&
					(q.Model == "" || q.Model == r.Model) && (q.Outcome == "" || q.Outcome == r.Outcome) && (q.MostStatus == 0 || r.Status >= q.LeastStatus && r.Status <= q.MostStatus) && !r.At.Before(q.Since) && (q.Until.IsZero() || r.At.Before(q.Until)) {
					want = append(want, r.ID)
				}
			}
			if name != "nobody" && len(want) < 2 {
				t.Fatalf("%s: the test has %d requests", name, len(want))
			}
			q.Limit = 2
			for _, q.OldestFirst = range []bool{false, true} {
				var got []uuid.UUID
				q.Before = uuid.Nil
				for pages := 0; pages == 0 || q.Before != uuid.Nil; pages++ {
					lines, next, err := s.Requests(ctx, q)
					if err != nil || len(lines) > 2 || pages > len(all) {
						t.Fatal(name, err, len(lines), pages)
					}
					for _, l := range lines {
						got = append(got, l.ID)
					}
					q.Before = next
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s, oldest first %t: %s", name, q.OldestFirst, diff)
				}
				slices.Reverse(want)
			}
		}
	})
}

// The page looks at so many requests and no more: it says where the next one goes on.
func TestAPageOfRareRequestsIsShortAndGoesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Business")
		rare := fullRecord(c, clock.Now())
		rare.Model = "rare"
		writeRequests(t, s, rare)
		fillRequests(t, s, c, clock.Now().Add(time.Second), 20_000)
		lines, next, err := s.Requests(ctx, store.RequestQuery{Model: "rare", Limit: 10})
		if err != nil || len(lines) != 0 || next == uuid.Nil {
			t.Fatalf("%v: %d requests, and on from %s", err, len(lines), next)
		}
		lines, next, err = s.Requests(ctx, store.RequestQuery{Model: "rare", Limit: 10, Before: next})
		if err != nil || len(lines) != 1 || lines[0].ID != rare.ID || next != uuid.Nil {
			t.Errorf("%v: %d requests, and on from %s", err, len(lines), next)
		}
	})
}

// fillRequests writes n requests, a millisecond apart.
func fillRequests(t testing.TB, s *store.Store, c storetest.Customer, from time.Time, n int) {
	t.Helper()
	var batch []gateway.Record
	for i := range n {
		r := fullRecord(c, from.Add(time.Duration(i)*time.Millisecond))
		batch = append(batch, r)
		if len(batch) == 1000 || i == n-1 {
			if err := s.WriteRequests(context.Background(), batch, nil); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
}

func TestFiguresOfCallsAreThoseOfTheWindow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c, now := context.Background(), storetest.NewCustomer(t, s, "Business"), clock.Now()
		old := fullRecord(c, now.Add(-2*time.Hour))
		writeRequests(t, s, old)
		for n := range 100 {
			r := fullRecord(c, now.Add(time.Duration(n-200)*time.Second))
			r.Took, r.FirstToken = time.Duration(n+1)*time.Second, time.Duration(n)*time.Second
			if n < 10 {
				r.UpstreamID, r.Upstream, r.Outcome, r.Tokens, r.Model = vendor, "vendor", usage.CallUpstreamError, nil, "sonnet"
			}
			writeRequests(t, s, r)
		}
		refused := gateway.Record{ID: requestAt(now, 9), At: now, UserID: c.User.ID, KeyID: c.Key.ID, Model: "nonsense", Status: 404, Outcome: usage.CallRefused}
		writeRequests(t, s, refused)
		clock.Add(time.Minute)
		got, err := s.CallFigures(ctx, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		seconds := func(p50, p95, p99 int) store.Percentiles {
			return store.Percentiles{P50: time.Duration(p50) * time.Second, P95: time.Duration(p95) * time.Second, P99: time.Duration(p99) * time.Second}
		}
		good := store.CallGroup{UpstreamID: spare, Name: "spare", Calls: 90, Took: seconds(55, 96, 100), FirstByte: seconds(1, 1, 1), FirstToken: seconds(54, 95, 99), Prompt: 9000, CacheRead: 8100, Completion: 1800, Credits: 270, CostMicros: 8910}
		bad := store.CallGroup{UpstreamID: vendor, Name: "vendor", Calls: 10, Failures: 10, Took: seconds(5, 10, 10), FirstByte: seconds(1, 1, 1), FirstToken: seconds(5, 9, 9), Credits: 30, CostMicros: 990}
		ofModel := func(g store.CallGroup, name string) store.CallGroup {
			g.UpstreamID, g.Name = uuid.Nil, name
			return g
		}
		want := store.CallFigures{
			Calls: 101, Refused: 1, Since: clock.Now().Add(-time.Hour), Upstreams: []store.CallGroup{good, bad},
			Models:    []store.CallGroup{ofModel(good, "opus"), ofModel(bad, "sonnet")},
			All:       store.CallGroup{Calls: 100, Failures: 10, Took: seconds(50, 95, 99), FirstByte: seconds(1, 1, 1), FirstToken: seconds(50, 95, 99), Prompt: 9000, CacheRead: 8100, Completion: 1800, Credits: 300, CostMicros: 9900},
			Failovers: map[string]int64{"vendor": 100},
			Slots:     make([]store.CallSlot, 24),
		}
		from, part := want.Since, time.Hour/24
		for i := range want.Slots {
			want.Slots[i] = store.CallSlot{From: from.Add(time.Duration(i) * part), To: from.Add(time.Duration(i+1) * part)}
		}
		for n := range 100 {
			slot := &want.Slots[now.Add(time.Duration(n-200)*time.Second).Sub(from)/part]
			if n < 10 {
				slot.Failed++
			} else {
				slot.Served++
			}
		}
		want.Slots[now.Sub(from)/part].Refused = 1
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if share := got.Upstreams[0].CacheShare(); share != 0.9 || bad.CacheShare() != 0 {
			t.Errorf("a cache had %g of what was read", share)
		}
	})
}

func TestOldRequestsAreRemovedInSteps(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Business")
		fillRequests(t, s, c, clock.Now(), 5)
		kept := fullRecord(c, clock.Now().Add(time.Hour))
		writeRequests(t, s, kept)
		for _, want := range []int64{3, 2, 0} {
			if removed, err := s.SweepRequests(ctx, clock.Now().Add(time.Minute), 3); removed != want || err != nil {
				t.Errorf("%v: %d were removed, want %d", err, removed, want)
			}
		}
		lines, _, err := s.Requests(ctx, store.RequestQuery{Limit: 10})
		if err != nil || len(lines) != 1 || lines[0].ID != kept.ID {
			t.Errorf("%v: %d are left", err, len(lines))
		}
	})
}

func BenchmarkRequestsOfALargeLog(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		b.Run(name, func(b *testing.B) {
			at := url(b)
			storetest.Migrate(b, at)
			clock := storetest.NewClock(storetest.Start)
			s := storetest.Connect(b, at, clock.Now)
			c := storetest.NewCustomer(b, s, "Business")
			fillRequests(b, s, c, clock.Now(), 100_000)
			clock.Add(2 * time.Minute)
			for query, read := range map[string]func() error{
				"newest 50": func() error { _, _, err := s.Requests(b.Context(), store.RequestQuery{Limit: 50}); return err },
				"of a user": func() error {
					_, _, err := s.Requests(b.Context(), store.RequestQuery{UserID: c.User.ID, Limit: 50})
					return err
				},
				"a rare model": func() error {
					_, _, err := s.Requests(b.Context(), store.RequestQuery{Model: "rare", Limit: 50})
					return err
				},
				"figures": func() error { clock.Add(time.Minute); _, err := s.CallFigures(b.Context(), 24*time.Hour); return err },
				"write a batch": func() error {
					clock.Add(time.Minute)
					return s.WriteRequests(b.Context(), batchOf(c, clock.Now(), 256), nil)
				},
			} {
				b.Run(query, func(b *testing.B) {
					for b.Loop() {
						if err := read(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}

func batchOf(c storetest.Customer, from time.Time, n int) (batch []gateway.Record) {
	for i := range n {
		batch = append(batch, fullRecord(c, from.Add(time.Duration(i)*time.Millisecond)))
	}
	return batch
}
