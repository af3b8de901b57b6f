package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// decided is a batch and the moment of its decision. On a clock that never shows
// one moment twice, the moments are the order of the decisions: they are taken while
// no other batch can change the user.
type decided struct {
	at       time.Time
	entries  []usage.Entry
	receipts []usage.Receipt
}

// watched is a ledger whose decisions are noted.
type watched struct {
	*store.Store

	mu  *sync.Mutex
	all *[]decided
}

func (w watched) Post(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	var at time.Time
	receipts, err := w.Store.Post(ctx, func() time.Time { at = now(); return at }, entries)
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.all = append(*w.all, decided{at, slices.Clone(entries), receipts})
	return receipts, err
}

// watchedInstances are meters of stores of their own on one database.
func watchedInstances(t *testing.T, url string, n int) (s *store.Store, meters []*usage.Meter, all *[]decided) {
	t.Helper()
	var ticks atomic.Int64
	ticking := func() time.Time { return storetest.Start.Add(time.Duration(ticks.Add(1)) * time.Microsecond) }
	var mu sync.Mutex
	all = new([]decided)
	for range n {
		s = storetest.Connect(t, url, ticking)
		m := usage.NewMeter(watched{s, &mu, all}, nil, ticking, nil)
		t.Cleanup(func() { _ = m.Close(context.Background()) })
		meters = append(meters, m)
	}
	return s, meters, all
}

func TestHoldsAndTheirSettlementsAreDecidedExactlyByThreeInstances(t *testing.T) {
	const limit, pairs = 1000, 5000
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s, meters, all := watchedInstances(t, url, 3)
		c, on := fourKeys(t, s, limit)
		var next, free atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for i := next.Add(1); i <= pairs; i = next.Add(1) {
					if !holdAndSettle(t, meters, on[i%4], i) {
						free.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if free.Load() == 0 || free.Load() == pairs {
			t.Errorf("%d of %d holds were refused: the limit was not met", free.Load(), pairs)
		}
		used := replayHolds(t, *all, limit)
		ctx := context.Background()
		f, err := s.Figures(ctx, c.User.ID, c.Key.ID)
		if err != nil || f.Held != 0 || f.CreditsUsed != usage.WholeCredits(used) || f.CreditsUsed > limit || f.Room != limit-f.CreditsUsed {
			t.Errorf("at the end %+v, %v; used %d millionths", f, err, used)
		}
		// What is left can be taken, and nothing more.
		if r := post(t, s, s.Now(), holdOf(c, f.Room+1), holdOf(c, f.Room), holdOf(c, 1)); r[0].Outcome != usage.OverQuota || r[1].Outcome != usage.Accepted || r[2].Outcome != usage.OverQuota {
			t.Errorf("of %d credits that are left: %+v", f.Room, r)
		}
		wantBalanced(t, s)
	})
}

// holdAndSettle holds up to seven credits for a call that in the end costs a little
// more or less; false where the hold was refused.
func holdAndSettle(t *testing.T, meters []*usage.Meter, on usage.Charge, i int64) bool {
	ctx := context.Background()
	e := usage.Entry{Kind: usage.KindHold, Charge: on, OwnerID: service, TTL: usage.DefaultHoldTTL, OnExpiry: usage.ReleaseOnExpiry}
	e.Credits = i%7 + 1
	r, err := meters[i%3].Post(ctx, e)
	if err != nil {
		t.Error(err)
		return false
	}
	if r.Outcome != usage.Accepted {
		return false
	}
	end := usage.Entry{Kind: usage.KindSettle, Charge: on, HoldID: r.HoldID, OwnerID: service}
	end.Credits, end.Millionths = 0, rand.Int64N((e.Credits+1)*usage.Millionths)/4
	if i%16 == 0 {
		end.Kind = usage.KindRelease
	}
	if r, err = meters[(i+1)%3].Post(ctx, end); err != nil || r.Outcome != usage.Accepted {
		t.Errorf("%+v, %v", r, err)
	}
	return true
}

// replayHolds goes through the decisions in their order with a sum and a list, and
// says where one is not what they say.
func replayHolds(t *testing.T, all []decided, limit int64) (used int64) {
	t.Helper()
	slices.SortFunc(all, func(a, b decided) int { return a.at.Compare(b.at) })
	open, held := map[uuid.UUID]int64{}, int64(0)
	for _, batch := range all {
		for i, r := range batch.receipts {
			e := &batch.entries[i]
			amount := e.Credits*usage.Millionths + e.Millionths
			room := max(limit-usage.WholeCredits(used)-held, 0)
			switch e.Kind {
			case usage.KindHold:
				fits := usage.WholeCredits(amount) <= room
				if fits != (r.Outcome == usage.Accepted) {
					t.Fatalf("a hold of %d is %v where %d millionths are used and %d credits held", e.Credits, r.Outcome, used, held)
				}
				if fits {
					open[r.HoldID] = e.Credits
					held += e.Credits
				}
			default:
				own := open[e.HoldID]
				delete(open, e.HoldID)
				held -= own
				if e.Kind == usage.KindSettle {
					collected := min(amount, (usage.WholeCredits(used)+room+own)*usage.Millionths-used)
					used += collected
					if r.Uncollected != amount-collected {
						t.Fatalf("a settlement of %d left %d uncollected, want %d", amount, r.Uncollected, amount-collected)
					}
				}
			}
			if r.CreditsUsed != usage.WholeCredits(used) || r.Held != held || r.CreditsUsed+r.Held > limit {
				t.Fatalf("%+v, where %d millionths are used and %d credits held", r, used, held)
			}
		}
	}
	return used
}

// A gateway that holds the least of a call before it, and learns the price after it.
func TestCallsAtOnceOfAGatewayAreNeitherFreeNorOverTheLimit(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		const limit, left, cost = 100, 9, 2_500_000
		s, meters, _ := watchedInstances(t, url, 2)
		c, on := fourKeys(t, s, limit)
		settle(t, s, s.Now(), c.Charge(limit-left))
		var wg sync.WaitGroup
		served := make([]uuid.UUID, 20)
		var serving sync.WaitGroup
		serving.Add(len(served))
		for i := range served {
			wg.Go(func() {
				ctx := context.Background()
				e := holdOf(c, 1)
				e.KeyID = on[i%4].KeyID
				r, err := meters[i%2].Post(ctx, e)
				serving.Done()
				serving.Wait() // all calls run at once
				if err != nil || r.Outcome != usage.Accepted {
					return
				}
				served[i] = r.HoldID
				if r, err = meters[i%2].Post(ctx, onHold(c, usage.KindSettle, r.HoldID, cost)); err != nil || r.Outcome != usage.Accepted {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
		wg.Wait()
		var calls, uncollected int64
		for _, id := range served {
			if id == uuid.Nil {
				continue
			}
			calls++
			h, err := s.Hold(context.Background(), id)
			if err != nil || h.Status != usage.HoldSettled || h.End.Collected < usage.Millionths || h.End.Collected+h.End.Uncollected != cost {
				t.Errorf("a call was served for %+v, %v", h, err)
			}
			uncollected += h.End.Uncollected
		}
		if want := calls*cost - left*usage.Millionths; calls != left || uncollected != want {
			t.Errorf("%d calls were served, and %d millionths not collected, want %d", calls, uncollected, want)
		}
		wantToday(t, s, c, "2026-03-04", limit, limit, 1+calls)
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT uncollected FROM user_days"); n != uncollected {
			t.Errorf("the day has %d millionths uncollected, want %d", n, uncollected)
		}
		wantBalanced(t, s)
	})
}
