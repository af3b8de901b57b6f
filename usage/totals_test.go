package usage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// library holds what users have used, and counts how often it is read.
type library struct {
	used  map[uuid.UUID]int64
	asked int
	err   error
}

func (l *library) Today(_ context.Context, userID uuid.UUID, day Day) (Today, error) {
	l.asked++
	return Today{CreditsUsed: l.used[userID], Day: day}, l.err
}

// shelf is a shared cache in memory that can be made to fail.
type shelf struct {
	rows map[string]int64
	err  error
	puts int
}

func (s *shelf) Get(_ context.Context, userID uuid.UUID, day Day) (int64, bool, error) {
	used, found := s.rows[userID.String()+string(day)]
	return used, found && s.err == nil, s.err
}

func (s *shelf) Put(_ context.Context, userID uuid.UUID, day Day, used int64) error {
	s.puts++
	if s.err == nil {
		s.rows[userID.String()+string(day)] = used
	}
	return s.err
}

type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

const today, yesterday, tomorrow = Day("2026-03-04"), Day("2026-03-03"), Day("2026-03-05")

func wantUsed(t *testing.T, totals *Totals, userID uuid.UUID, day Day, want int64) {
	t.Helper()
	if got, err := totals.Used(context.Background(), userID, day); err != nil || got != want {
		t.Errorf("used on %s: %d, %v, want %d", day, got, err, want)
	}
}

func TestTotalsReadTheLedgerOnceWhereThisProcessAloneCharges(t *testing.T) {
	user, ledger, clock := uuid.New(), &library{used: map[uuid.UUID]int64{}}, &hand{noon}
	ledger.used[user] = 7
	totals := NewTotals(ledger, nil, 0, clock.now)
	wantUsed(t, totals, user, today, 7)
	clock.at = noon.Add(11 * time.Hour)
	wantUsed(t, totals, user, today, 7)
	totals.Record(user, today, 9)
	wantUsed(t, totals, user, today, 9)
	if ledger.asked != 1 {
		t.Errorf("the ledger was read %d times", ledger.asked)
	}
	wantUsed(t, totals, uuid.New(), today, 0)
	if ledger.asked != 2 {
		t.Error("another user's total came from the cache")
	}
}

func TestAChargeOfUnknownOutcomeIsReturnedOnceItIsKnown(t *testing.T) {
	user, ledger, clock := uuid.New(), &library{used: map[uuid.UUID]int64{}}, &hand{noon}
	totals := NewTotals(ledger, nil, 0, clock.now)
	totals.Record(user, today, 3)
	totals.MarkUncertain(user)
	wantUsed(t, totals, user, today, 3) // just recorded
	clock.at = clock.at.Add(uncertainAge + 1)
	wantUsed(t, totals, user, today, 3)
	ledger.used[user] = 8 // it is settled after its caller has gone
	clock.at = clock.at.Add(uncertainAge + 1)
	wantUsed(t, totals, user, today, 8)
	ledger.used[user] = 9 // another one, at the very end
	clock.at = noon.Add(uncertainLife)
	wantUsed(t, totals, user, today, 9)
	asked := ledger.asked
	clock.at = clock.at.Add(time.Hour)
	wantUsed(t, totals, user, today, 9)
	if ledger.asked != asked {
		t.Error("the ledger is read for ever")
	}
}

func TestTotalsKeepTheGreatestThatWasRecorded(t *testing.T) {
	user, ledger := uuid.New(), &library{used: map[uuid.UUID]int64{}}
	totals := NewTotals(ledger, nil, 0, func() time.Time { return noon })
	for _, used := range []int64{3, 9, 5} {
		totals.Record(user, today, used)
	}
	wantUsed(t, totals, user, today, 9)
}

func TestTotalsOfYesterdayDoNotStay(t *testing.T) {
	user, ledger := uuid.New(), &library{used: map[uuid.UUID]int64{}}
	totals := NewTotals(ledger, nil, 0, func() time.Time { return noon })
	totals.Record(user, yesterday, 200)
	totals.Record(user, today, 1)
	totals.Record(user, yesterday, 201) // a receipt that comes late
	wantUsed(t, totals, user, today, 1)
	if ledger.asked != 0 {
		t.Error("today was dropped for yesterday")
	}
	if rows := len(totals.shard(user).rows); rows != 1 {
		t.Errorf("%d rows are kept", rows)
	}
	ledger.used[user] = 201
	wantUsed(t, totals, user, yesterday, 201)
	wantUsed(t, totals, user, tomorrow, 201)
	wantUsed(t, totals, user, today, 201)
	if ledger.asked != 3 {
		t.Errorf("the ledger was read %d times for three days that are not cached", ledger.asked)
	}
}

func TestTotalsAreNeverOlderThanTheirAge(t *testing.T) {
	user, ledger, clock := uuid.New(), &library{used: map[uuid.UUID]int64{}}, &hand{noon}
	totals := NewTotals(ledger, nil, time.Second, clock.now)
	wantUsed(t, totals, user, today, 0)
	ledger.used[user] = 50 // another instance charged
	clock.at = noon.Add(time.Second)
	wantUsed(t, totals, user, today, 0)
	clock.at = noon.Add(time.Second + time.Microsecond)
	wantUsed(t, totals, user, today, 50)
	totals.Record(user, today, 60)
	clock.at = clock.at.Add(time.Second)
	wantUsed(t, totals, user, today, 60)
	if ledger.asked != 2 {
		t.Errorf("the ledger was read %d times", ledger.asked)
	}
}

func TestTotalsComeFromTheSharedCacheBeforeTheLedger(t *testing.T) {
	user, ledger, cache := uuid.New(), &library{used: map[uuid.UUID]int64{}}, &shelf{rows: map[string]int64{}}
	ledger.used[user] = 5
	clock := &hand{noon}
	wantUsed(t, NewTotals(ledger, cache, time.Second, clock.now), user, today, 5)
	if cache.puts != 1 || ledger.asked != 1 {
		t.Errorf("a miss read the ledger %d times and filled the cache %d times", ledger.asked, cache.puts)
	}
	wantUsed(t, NewTotals(ledger, cache, time.Second, clock.now), user, today, 5)
	if ledger.asked != 1 {
		t.Error("a hit read the ledger all the same")
	}
}

func TestWhereTheSharedCacheFailsTheLedgerIsRead(t *testing.T) {
	user, ledger, cache := uuid.New(), &library{used: map[uuid.UUID]int64{}}, &shelf{rows: map[string]int64{}, err: errors.New("away")}
	ledger.used[user] = 5
	wantUsed(t, NewTotals(ledger, cache, time.Second, func() time.Time { return noon }), user, today, 5)
}

func TestALedgerThatFailsIsAnErrorAndNotZero(t *testing.T) {
	ledger := &library{err: errors.New("gone")}
	totals := NewTotals(ledger, &shelf{rows: map[string]int64{}}, 0, func() time.Time { return noon })
	if used, err := totals.Used(context.Background(), uuid.New(), today); !errors.Is(err, ledger.err) {
		t.Errorf("%d, %v", used, err)
	}
	ledger.err = nil
	wantUsed(t, totals, uuid.New(), today, 0)
}

func TestTotalsAreSafeForConcurrentUse(t *testing.T) {
	totals := NewTotals(&library{used: map[uuid.UUID]int64{}}, nil, 0, func() time.Time { return noon })
	users := []uuid.UUID{{15: 1}, {15: 1, 0: 1}, {15: 2}}
	for _, u := range users {
		totals.Record(u, today, 0)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range int64(500) {
				u := users[(int(n)+i)%len(users)]
				totals.Record(u, today, n)
				if _, err := totals.Used(context.Background(), u, today); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, u := range users {
		if got, _ := totals.Used(context.Background(), u, today); got < 497 {
			t.Errorf("the greatest total is %d", got)
		}
	}
}
