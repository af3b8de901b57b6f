package usage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// library holds the figures of users and keys, and counts how often it is read.
type library struct {
	mu      sync.Mutex
	figures map[uuid.UUID]Figures
	asked   int
	err     error
	// reading runs while figures are read, after they were looked up.
	reading func()
}

func (l *library) Figures(_ context.Context, userID, keyID uuid.UUID) (Figures, error) {
	l.mu.Lock()
	l.asked++
	f, ofKey := l.figures[keyID]
	if !ofKey {
		f = l.figures[userID]
	}
	err, reading := l.err, l.reading
	l.mu.Unlock()
	if reading != nil {
		reading()
	}
	return f, err
}

type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

func (h *hand) pass(d time.Duration) { h.at = h.at.Add(d) }

const today, yesterday, tomorrow = Day("2026-03-04"), Day("2026-03-03"), Day("2026-03-05")

func used(credits int64) Figures { return Figures{CreditsUsed: credits} }

func wantUsed(t *testing.T, totals *Totals, of FiguresOf, day Day, want int64) {
	t.Helper()
	if got, err := totals.Figures(context.Background(), of, day); err != nil || got.CreditsUsed != want {
		t.Errorf("used on %s: %d, %v, want %d", day, got.CreditsUsed, err, want)
	}
}

// cached is a ledger, its cache and the clock of both. One user has used 7.
func cached(maxAge time.Duration) (FiguresOf, *library, *Totals, *hand) {
	of, clock := FiguresOf{UserID: uuid.New(), KeyID: uuid.New()}, &hand{noon}
	ledger := &library{figures: map[uuid.UUID]Figures{of.UserID: used(7)}}
	return of, ledger, NewTotals(ledger, maxAge, clock.now), clock
}

// post has the totals see that an entry was answered with figures.
func (t *Totals) post(of FiguresOf, day Day, f Figures) {
	r := Receipt{Outcome: Accepted, Day: day, Figures: f, KeyLimited: of.Limited, UserRoom: 50}
	t.posted(t.now(), []Entry{{Charge: Charge{UserID: of.UserID, KeyID: of.KeyID}}}, []Receipt{r}, nil)
}

func TestTotalsReadTheLedgerOnceWhereThisProcessAloneCharges(t *testing.T) {
	of, ledger, totals, clock := cached(0)
	wantUsed(t, totals, of, today, 7)
	clock.pass(11 * time.Hour)
	wantUsed(t, totals, of, today, 7)
	totals.post(of, today, used(9))
	wantUsed(t, totals, of, today, 9)
	if ledger.asked != 1 {
		t.Errorf("the ledger was read %d times", ledger.asked)
	}
	wantUsed(t, totals, FiguresOf{UserID: uuid.New()}, today, 0)
	if ledger.asked != 2 {
		t.Error("another user's figures came from the cache")
	}
}

func TestFiguresMayFall(t *testing.T) {
	of, ledger, totals, _ := cached(0)
	for _, n := range []int64{3, 9, 5} {
		totals.post(of, today, used(n))
	}
	wantUsed(t, totals, of, today, 5)
	if ledger.asked != 0 {
		t.Error("the ledger was read")
	}
}

func TestOfABatchTheLastFiguresCount(t *testing.T) {
	of, _, totals, _ := cached(0)
	e := Entry{Charge: Charge{UserID: of.UserID}}
	receipt := func(outcome Outcome, credits int64) Receipt {
		return Receipt{Outcome: outcome, Day: today, Figures: used(credits)}
	}
	totals.posted(noon, []Entry{e, e, e, e}, []Receipt{receipt(Accepted, 20), receipt(Accepted, 10), receipt(Duplicate, 1), receipt(Mismatch, 2)}, nil)
	wantUsed(t, totals, of, today, 10)
}

func TestAChargeOfUnknownOutcomeIsReturnedOnceItIsKnown(t *testing.T) {
	of, ledger, totals, clock := cached(0)
	totals.post(of, today, used(3))
	totals.posted(noon, []Entry{{Charge: Charge{UserID: of.UserID, KeyID: of.KeyID}}}, nil, errors.New("gone"))
	ledger.figures[of.UserID] = used(3)
	wantUsed(t, totals, of, today, 3) // just recorded
	clock.pass(uncertainAge + 1)
	wantUsed(t, totals, of, today, 3)
	ledger.figures[of.UserID] = used(8) // it is posted after its caller has gone
	clock.pass(uncertainAge + 1)
	wantUsed(t, totals, of, today, 8)
	ledger.figures[of.UserID] = used(9) // another one, at the very end
	clock.at = noon.Add(uncertainLife)
	wantUsed(t, totals, of, today, 9)
	asked := ledger.asked
	clock.pass(time.Hour)
	wantUsed(t, totals, of, today, 9)
	if ledger.asked != asked {
		t.Error("the ledger is read for ever")
	}
}

func TestTotalsOfYesterdayDoNotStay(t *testing.T) {
	of, ledger, totals, _ := cached(0)
	totals.post(of, yesterday, used(200))
	totals.post(of, today, used(1))
	totals.post(of, yesterday, used(201)) // a receipt that comes late
	wantUsed(t, totals, of, today, 1)
	if ledger.asked != 0 {
		t.Error("today was dropped for yesterday")
	}
	if rows := len(totals.shard(of.row()).rows); rows != 1 {
		t.Errorf("%d rows are kept", rows)
	}
	ledger.figures[of.UserID] = used(201)
	for _, day := range []Day{yesterday, tomorrow, today} {
		wantUsed(t, totals, of, day, 201)
	}
	if ledger.asked != 3 {
		t.Errorf("the ledger was read %d times for three days that are not cached", ledger.asked)
	}
}

func TestFiguresAreNeverOlderThanTheirAge(t *testing.T) {
	for _, c := range []struct {
		name    string
		maxAge  time.Duration
		limited bool
		figures Figures
	}{
		{"where other instances charge", time.Second, false, used(7)},
		{"with holds, which end by themselves", 0, false, Figures{CreditsUsed: 7, Held: 1}},
		{"with grants, which end by themselves", 0, false, Figures{CreditsUsed: 7, Granted: 1}},
		{"of a key with a limit, which other keys of the user change", 0, true, used(7)},
	} {
		t.Run(c.name, func(t *testing.T) {
			of, ledger, totals, clock := cached(c.maxAge)
			of.Limited = c.limited
			totals.post(of, today, c.figures)
			ledger.figures[of.UserID] = used(50)
			clock.pass(time.Second)
			wantUsed(t, totals, of, today, 7)
			clock.pass(time.Microsecond)
			wantUsed(t, totals, of, today, 50)
		})
	}
}

func TestAKeyWithALimitHasFiguresOfItsOwn(t *testing.T) {
	of, ledger, totals, _ := cached(0)
	limited := FiguresOf{UserID: of.UserID, KeyID: uuid.New(), Limited: true}
	totals.post(limited, today, Figures{CreditsUsed: 10, Room: 2})
	for _, c := range []struct {
		of   FiguresOf
		room int64
	}{{limited, 2}, {of, 50}} {
		if f, err := totals.Figures(context.Background(), c.of, today); err != nil || f.Room != c.room || f.CreditsUsed != 10 {
			t.Errorf("%+v has %+v, %v, want a room of %d", c.of, f, err, c.room)
		}
	}
	if ledger.asked != 0 {
		t.Error("the ledger was read")
	}
}

func TestDroppedFiguresAreReadAgain(t *testing.T) {
	for name, drop := range map[string]func(*Totals, FiguresOf){
		"a user": func(totals *Totals, of FiguresOf) { totals.Drop(of.UserID) },
		"all":    func(totals *Totals, _ FiguresOf) { totals.DropAll() },
	} {
		t.Run(name, func(t *testing.T) {
			of, ledger, totals, clock := cached(0)
			wantUsed(t, totals, of, today, 7)
			ledger.figures[of.UserID] = used(2)
			drop(totals, of)
			wantUsed(t, totals, of, today, 2)
			clock.pass(1)
			wantUsed(t, totals, of, today, 2)
			wantUsed(t, totals, of, today, 2)
			if ledger.asked != 3 { // the second was asked for at the moment of the drop
				t.Errorf("the ledger was read %d times", ledger.asked)
			}
		})
	}
}

func TestFiguresOfBeforeADropDoNotComeBack(t *testing.T) {
	t.Run("by a read that was on its way", func(t *testing.T) {
		of, ledger, totals, clock := cached(0)
		ledger.reading = func() {
			clock.pass(time.Millisecond)
			totals.Drop(of.UserID)
		}
		wantUsed(t, totals, of, today, 7)
		ledger.reading, ledger.figures[of.UserID] = nil, used(2)
		clock.pass(time.Millisecond)
		wantUsed(t, totals, of, today, 2)
	})
	t.Run("by a batch that was on its way", func(t *testing.T) {
		of, ledger, totals, clock := cached(0)
		began := clock.at
		clock.pass(time.Millisecond)
		ledger.figures[of.UserID] = used(2)
		totals.Drop(of.UserID)
		clock.pass(time.Millisecond)
		totals.posted(began, []Entry{{Charge: Charge{UserID: of.UserID}}}, []Receipt{{Outcome: Accepted, Day: today, Figures: used(7)}}, nil)
		wantUsed(t, totals, of, today, 2)
	})
}

func TestAReadThatABatchOvertookIsNotCached(t *testing.T) {
	of, ledger, totals, clock := cached(0)
	ledger.reading = func() {
		clock.pass(time.Millisecond)
		totals.post(of, today, used(9))
	}
	wantUsed(t, totals, of, today, 7)
	wantUsed(t, totals, of, today, 9)
	if ledger.asked != 1 {
		t.Errorf("the ledger was read %d times", ledger.asked)
	}
}

func TestALedgerThatFailsIsAnErrorAndNotZero(t *testing.T) {
	of, ledger, totals, _ := cached(0)
	ledger.err = errors.New("gone")
	if f, err := totals.Figures(context.Background(), of, today); !errors.Is(err, ledger.err) {
		t.Errorf("%+v, %v", f, err)
	}
	ledger.err = nil
	wantUsed(t, totals, of, today, 7)
}

func TestTotalsAreSafeForConcurrentUse(t *testing.T) {
	totals := NewTotals(&library{figures: map[uuid.UUID]Figures{}}, 0, func() time.Time { return noon })
	users := []uuid.UUID{{15: 1}, {15: 1, 0: 1}, {15: 2}}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 500 {
				of := FiguresOf{UserID: users[(n+i)%len(users)]}
				totals.post(of, today, used(5))
				if n%100 == 99 {
					totals.DropAll()
				}
				if _, err := totals.Figures(context.Background(), of, today); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
