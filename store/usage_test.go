package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// chargeThreeDays charges two customers in turn on three days, and gives the
// first one's charges, the newest first.
func chargeThreeDays(t *testing.T, s *store.Store) (c, other storetest.Customer, newestFirst []usage.Record) {
	t.Helper()
	c, other = storetest.NewCustomer(t, s, "Business"), storetest.NewCustomer(t, s, "Business")
	for n := range 12 {
		at := storetest.Start.Add(time.Duration(n/4*24+n%4) * time.Hour)
		charge := c.Charge(int64(n + 1))
		charge.Model, charge.PromptTokens, charge.CompletionTokens, charge.CostMicros = []string{"a", "b", "c"}[n%3], int64(n), int64(2*n), int64(100*n)
		settle(t, s, at, other.Charge(1), charge, other.Charge(1))
		settle(t, s, at, other.Charge(1))
		newestFirst = append([]usage.Record{{UserID: c.User.ID, KeyID: c.Key.ID, Model: charge.Model, Credits: charge.Credits, Millionths: charge.Credits * usage.Millionths, PromptTokens: charge.PromptTokens,
			CompletionTokens: charge.CompletionTokens, CostMicros: charge.CostMicros, Day: usage.DayOf(at), CreatedAt: at}}, newestFirst...)
	}
	return c, other, newestFirst
}

func TestSingleChargesAreListedNewestFirstPageByPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, other, want := chargeThreeDays(t, s)
		read := func(user uuid.UUID, since usage.Day, limit, offset int) []usage.Record {
			t.Helper()
			records, err := s.Charges(context.Background(), user, since, limit, offset)
			if err != nil {
				t.Fatal(err)
			}
			for i := range records {
				if i+1 < len(records) && records[i].PreviousID != records[i+1].ID {
					t.Errorf("charge %d points to %s, want %s", i, records[i].PreviousID, records[i+1].ID)
				}
				if i > 0 && records[i].ID.String() >= records[i-1].ID.String() {
					t.Errorf("the ids do not fall: %s, %s", records[i-1].ID, records[i].ID)
				}
				if records[i].CreatedAt.Location() != time.UTC {
					t.Errorf("the time is in %v", records[i].CreatedAt.Location())
				}
			}
			for i := range records {
				records[i].ID, records[i].PreviousID = uuid.Nil, uuid.Nil
			}
			return records
		}
		for _, q := range []struct {
			since         usage.Day
			limit, offset int
			want          []usage.Record
		}{
			{"2026-03-04", 500, 0, want}, {"2026-03-01", 500, 0, want}, {"2026-03-05", 500, 0, want[:8]}, {"2026-03-06", 500, 0, want[:4]}, {"2026-03-07", 500, 0, nil},
			{"2026-03-04", 1, 0, want[:1]}, {"2026-03-04", 5, 0, want[:5]}, {"2026-03-04", 5, 5, want[5:10]}, {"2026-03-04", 5, 10, want[10:]}, {"2026-03-04", 5, 12, nil},
			{"2026-03-05", 5, 5, want[5:8]}, {"2026-03-05", 5, 10_000, nil},
		} {
			got := read(c.User.ID, q.since, q.limit, q.offset)
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(q.want, got); diff != "" {
				t.Errorf("%d charges since %s from %d: %s", q.limit, q.since, q.offset, diff)
			}
		}
		if got := read(other.User.ID, "2026-03-04", 500, 0); len(got) != 36 || got[0].UserID != other.User.ID {
			t.Errorf("the other customer has %d charges, want 36", len(got))
		}
		if got := read(uuid.New(), "2026-03-04", 500, 0); len(got) != 0 {
			t.Errorf("nobody has %d charges", len(got))
		}
	})
}

func TestTheHistoryHasZerosWhereNothingWasUsed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, _, _ := chargeThreeDays(t, s)
		got, err := s.History(context.Background(), c.User.ID, storetest.Span("2026-03-02", "2026-03-07"))
		want := []usage.DayTotal{{Day: "2026-03-02"}, {Day: "2026-03-03"}, {Day: "2026-03-04", Credits: 10, Requests: 4, CostMicros: 600},
			{Day: "2026-03-05", Credits: 26, Requests: 4, CostMicros: 2200}, {Day: "2026-03-06", Credits: 42, Requests: 4, CostMicros: 3800}, {Day: "2026-03-07"}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		got, err = s.History(context.Background(), uuid.New(), usage.LastDays("2026-03-04", 1))
		if diff := cmp.Diff([]usage.DayTotal{{Day: "2026-03-04"}}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestModelsAreListedDearestFirst(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, _, _ := chargeThreeDays(t, s)
		cheap := c.Charge(1)
		cheap.Model = "0"
		settle(t, s, storetest.Start, cheap)
		got, err := s.Models(context.Background(), c.User.ID, storetest.Span("2026-03-04", "2026-03-06"), store.DearestFirst)
		want := []usage.ModelTotal{ // n = 2, 5, 8, 11; 1, 4, 7, 10; 0, 3, 6, 9
			{Model: "c", Requests: 4, PromptTokens: 26, CompletionTokens: 52, CostMicros: 2600}, {Model: "b", Requests: 4, PromptTokens: 22, CompletionTokens: 44, CostMicros: 2200},
			{Model: "a", Requests: 4, PromptTokens: 18, CompletionTokens: 36, CostMicros: 1800}, {Model: "0", Requests: 1},
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		got, err = s.Models(context.Background(), c.User.ID, storetest.Span("2026-03-06", "2026-03-06"), store.DearestFirst)
		want = []usage.ModelTotal{{Model: "c", Requests: 2, PromptTokens: 19, CompletionTokens: 38, CostMicros: 1900}, {Model: "b", Requests: 1, PromptTokens: 10, CompletionTokens: 20, CostMicros: 1000},
			{Model: "a", Requests: 1, PromptTokens: 9, CompletionTokens: 18, CostMicros: 900}}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestAnHourIsTheOneInUTCInWhichTheChargeWasDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c := storetest.NewCustomer(t, s, "Business")
		var want [usage.HoursADay]int64
		midnight := storetest.Start.Truncate(24 * time.Hour)
		for hour := range usage.HoursADay {
			for n := range hour%3 + 1 {
				settle(t, s, midnight.Add(time.Duration(hour)*time.Hour+time.Duration(n)*59*time.Minute/2), c.Charge(1))
				want[hour]++
			}
		}
		settle(t, s, midnight.Add(-time.Microsecond), c.Charge(1))
		settle(t, s, midnight.Add(24*time.Hour), c.Charge(1))
		got, err := s.Hourly(context.Background(), c.User.ID, "2026-03-04")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
		got, err = s.Hourly(context.Background(), c.User.ID, "2027-01-01")
		if diff := cmp.Diff([usage.HoursADay]int64{}, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

func TestTodayOfAUserWhoUsedNothingIsZeroOfThePlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c := storetest.NewCustomer(t, s, "Starter")
		settle(t, s, storetest.Start, c.Charge(75))
		wantToday(t, s, c, "2026-03-04", 75, 75, 1)
		wantToday(t, s, c, "2026-03-05", 0, 75, 0)
		wantToday(t, s, c, "2026-03-03", 0, 75, 0)
	})
}
