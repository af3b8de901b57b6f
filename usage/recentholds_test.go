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
}

func (h *holding) Post(_ context.Context, now func() time.Time, entries []Entry) ([]Receipt, error) {
	h.last = entries[0]
	return []Receipt{{Outcome: Accepted, HoldID: h.made, Day: DayOf(now())}}, nil
}

func (h *holding) Hold(context.Context, uuid.UUID) (Hold, error) {
	h.reads++
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
