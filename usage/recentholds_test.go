package usage

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
)

// holding is a ledger that holds and settles everything, and reads one hold.
type holding struct {
	made  uuid.UUID
	reads int
	last  Entry
	// stored is the hold that another process made.
	stored Hold
}

func (h *holding) Post(_ context.Context, now func() time.Time, entries []Entry) ([]Receipt, error) {
	h.last = entries[0]
	return []Receipt{{Outcome: Accepted, HoldID: h.made, Day: DayOf(now()), ExpiresAt: now().Add(h.last.TTL)}}, nil
}

func (h *holding) Hold(_ context.Context, id uuid.UUID) (Hold, error) {
	h.reads++
	if id == h.stored.ID && id != uuid.Nil {
		return h.stored, nil
	}
	return Hold{}, ErrNoHold
}

func TestAHoldOfThisProcessIsSettledWithoutARead(t *testing.T) {
	ledger := &holding{made: uuid.New()}
	m := startMeter(t, ledger, nil)
	holds := NewHolds(ledger, m)
	user, key, owner := uuid.New(), uuid.New(), uuid.New()
	if _, err := m.Post(context.Background(), Entry{Kind: KindHold, Charge: Charge{UserID: user, KeyID: key}, OwnerID: owner}); err != nil {
		t.Fatal(err)
	}
	if _, err := holds.Settle(context.Background(), owner, ledger.made, Charge{Credits: 1}); err != nil || ledger.reads != 0 {
		t.Errorf("%v after %d reads", err, ledger.reads)
	}
	if e := ledger.last; e.UserID != user || e.KeyID != key || e.OwnerID != owner || e.HoldID != ledger.made {
		t.Errorf("the settlement is decided as %+v", e)
	}
	if _, err := holds.Settle(context.Background(), owner, uuid.New(), Charge{}); !errors.Is(err, ErrNoHold) || ledger.reads != 1 {
		t.Errorf("a hold of another process: %v after %d reads", err, ledger.reads)
	}
}

func TestAHoldTellsWhatItWasPricedBy(t *testing.T) {
	owner, price := uuid.New(), uuid.New()
	stored := Hold{ID: uuid.New(), OwnerID: owner, Model: "there", PriceID: uuid.New(), CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ledger := &holding{made: uuid.New(), stored: stored}
	m := startMeter(t, ledger, nil)
	holds := NewHolds(ledger, m)
	c := Charge{UserID: uuid.New(), KeyID: uuid.New(), Model: "here", Priced: &Priced{PriceID: price}}
	receipt, err := m.Post(context.Background(), Entry{Kind: KindHold, Charge: c, OwnerID: owner, TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		owner, id uuid.UUID
		want      HoldTerms
		err       error
		reads     int
	}{
		{"of this process", owner, ledger.made, HoldTerms{"here", price, receipt.ExpiresAt.Add(-time.Minute)}, nil, 0},
		{"of this process, for the operator", uuid.Nil, ledger.made, HoldTerms{"here", price, receipt.ExpiresAt.Add(-time.Minute)}, nil, 0},
		{"of this process, for another owner", uuid.New(), ledger.made, HoldTerms{}, ErrNoHold, 0},
		{"of another process", owner, stored.ID, HoldTerms{"there", stored.PriceID, stored.CreatedAt}, nil, 1},
		{"of another process, for another owner", uuid.New(), stored.ID, HoldTerms{}, ErrNoHold, 1},
		{"of nobody", owner, uuid.New(), HoldTerms{}, ErrNoHold, 1},
	}
	for _, test := range tests {
		ledger.reads = 0
		if terms, err := holds.Terms(context.Background(), test.owner, test.id); terms != test.want || !errors.Is(err, test.err) || ledger.reads != test.reads {
			t.Errorf("a hold %s: %+v, %v after %d reads", test.name, terms, err, ledger.reads)
		}
	}
}

func TestRecentHoldsAreBounded(t *testing.T) {
	var r recentHolds
	for range mostRecentHolds + 1 {
		r.add([]Entry{{Kind: KindHold}}, []Receipt{{Outcome: Accepted, HoldID: uuid.New()}})
	}
	if len(r.holds) != 1 {
		t.Errorf("%d holds are kept beyond the bound", len(r.holds))
	}
	r.add([]Entry{{Kind: KindHold}, {Kind: KindCharge}}, []Receipt{{Outcome: OverQuota, HoldID: uuid.New()}, {Outcome: Accepted}})
	if len(r.holds) != 1 {
		t.Error("what is no hold is kept")
	}
}
