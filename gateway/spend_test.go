package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// thrifty is an upstream with a daily limit.
func thrifty(n int, micros int64) Upstream {
	u := fleetUpstream(n, 1)
	u.DailyLimitMicros = &micros
	return u
}

func TestAnUpstreamOverItsDailyLimitIsNotCalled(t *testing.T) {
	h := newHarbour(t, nil, thrifty(1, 1000), fleetUpstream(2, 1))
	h.spent = map[uuid.UUID]int64{fleetID(1): 400, fleetID(2): 1 << 40}
	expect := func(says, first string) {
		t.Helper()
		if got := way(t, h, fleetModel(1, 2), Session{}, Failure{Status: 400}); got[0] != first {
			t.Errorf("%s: %v is tried first", says, got)
		}
	}
	expect("400 of 1000", "b0")
	h.Spend(fleetID(1), 599)
	expect("999 of 1000", "b0")
	h.Spend(fleetID(1), 1)
	expect("1000 of 1000", "c0")
	h.pass(time.Second)
	h.spent[fleetID(1)] = 1000 // the log of requests is written
	expect("a second later", "c0")
	h.pass(12 * time.Hour)
	h.spent[fleetID(1)] = 0
	expect("the next day", "b0")
	h.pass(time.Second)
	h.spent[fleetID(1)] = 1000 // other instances
	expect("others have spent it", "c0")
	r := fleetRoute(t, h, fleetModel(1), Session{})
	if _, ok := r.Next(); ok || r.Wait() != time.Minute {
		t.Errorf("a call waits %s for the next day", r.Wait())
	}
}

func TestWhatIsStoredAndKnownIsNotCountedTwice(t *testing.T) {
	h := newHarbour(t, nil, thrifty(1, 1000))
	h.spent = map[uuid.UUID]int64{}
	for range 9 { // each second 100 are spent here, and stored a second later
		if got := way(t, h, fleetModel(1), Session{}, Failure{Status: 400}); len(got) == 0 {
			t.Fatalf("it is over its limit with %d", h.spent[fleetID(1)])
		}
		h.Spend(fleetID(1), 100)
		h.pass(time.Second)
		h.spent[fleetID(1)] += 100
	}
	if got := way(t, h, fleetModel(1), Session{}, Failure{Status: 400}); len(got) == 0 {
		t.Fatal("it is over its limit with 900")
	}
	h.Spend(fleetID(1), 100)
	if got := way(t, h, fleetModel(1), Session{}, Failure{Status: 400}); len(got) > 0 {
		t.Fatal("it is called with 1000")
	}
}

func TestWhatIsKnownCountsUntilItIsStored(t *testing.T) {
	h := newHarbour(t, nil, thrifty(1, 1000))
	h.spent = map[uuid.UUID]int64{fleetID(1): 300}
	fleetRoute(t, h, fleetModel(1), Session{})
	h.Spend(fleetID(1), 700)
	for range 10 { // the log of requests is not written for ten seconds
		h.pass(time.Second)
		if got := way(t, h, fleetModel(1), Session{}, Failure{Status: 400}); len(got) > 0 {
			t.Fatal("it is called with 1000")
		}
	}
}

func TestSpendingThatCannotBeReadCountsAsLastReadForHalfAMinute(t *testing.T) {
	h := newHarbour(t, nil, thrifty(1, 1000), fleetUpstream(2, 1))
	h.spentErr = errors.New("away")
	if _, err := h.Route(t.Context(), fleetModel(1), usage.Chat, Session{}, false); !errors.Is(err, h.spentErr) {
		t.Errorf("without any figure: %v", err)
	}
	if _, err := h.Route(t.Context(), fleetModel(2), usage.Chat, Session{}, false); err != nil {
		t.Errorf("no upstream has a limit: %v", err)
	}
	h.spentErr = nil
	fleetRoute(t, h, fleetModel(1), Session{})
	h.spentErr = errors.New("away")
	h.pass(29 * time.Second)
	fleetRoute(t, h, fleetModel(1), Session{})
	h.pass(time.Second)
	if _, err := h.Route(t.Context(), fleetModel(1), usage.Chat, Session{}, false); !errors.Is(err, h.spentErr) {
		t.Errorf("half a minute later: %v", err)
	}
	if diff := cmp.Diff([]FleetEventKind{SpendUnread, SpendUnread, SpendUnread}, h.kinds()); diff != "" {
		t.Error(diff)
	}
}

func TestManyRoutesAtOnceReadWhatWasSpentOnce(t *testing.T) {
	var reads atomic.Int64
	release := make(chan struct{})
	h := newHarbour(t, nil, thrifty(1, 1000))
	h.spending.read = func(context.Context, usage.Day) (map[uuid.UUID]int64, error) {
		reads.Add(1)
		<-release
		return nil, nil //nolint:nilnil // nothing was spent
	}
	var done sync.WaitGroup
	for range 16 {
		done.Go(func() {
			if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok {
				t.Error("it is not called")
			}
			h.Spend(fleetID(1), 1)
		})
	}
	close(release)
	done.Wait()
	if n := reads.Load(); n != 1 {
		t.Errorf("%d reads", n)
	}
}
