package usage_test

import (
	"testing"
	"time"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// Every step of a hold's life is counted once, by the entry that made it: the
// expiry by whichever entry found it.
func TestEveryStepOfAHoldIsCountedOnce(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	user, key := uuid.New(), uuid.New()
	account := &usage.Account{DailyLimit: 100, MonthlyLimit: usage.NoLimit, ConcurrencyLimit: usage.NoLimit}
	ended := map[uuid.UUID]*usage.Hold{}
	step := func(says string, want usage.Moved, e usage.Entry) uuid.UUID {
		t.Helper()
		e.UserID, e.KeyID = user, key
		p := usage.Decide(at, []usage.Entry{e}, usage.State{Accounts: map[uuid.UUID]*usage.Account{user: account}, Named: ended}, uuid.New)
		for _, h := range p.Changed {
			if h.Status != usage.HoldOpen {
				ended[h.ID] = h
			}
		}
		if diff := cmp.Diff(want, p.Receipts[0].Moved); diff != "" {
			t.Errorf("%s (-want +got):\n%s", says, diff)
		}
		return p.Receipts[0].HoldID
	}
	hold := func(credits int64, onExpiry usage.OnExpiry) usage.Entry {
		return usage.Entry{Kind: usage.KindHold, Charge: usage.Charge{Credits: credits}, TTL: time.Minute, OnExpiry: onExpiry}
	}
	of := func(kind usage.Kind, id uuid.UUID, millionths int64) usage.Entry {
		return usage.Entry{Kind: kind, Charge: usage.Charge{Millionths: millionths}, HoldID: id, TTL: time.Minute, Delivered: -1}
	}

	first := step("a hold", usage.Moved{Held: 10}, hold(10, usage.ReleaseOnExpiry))
	step("a hold that does not fit", usage.Moved{}, hold(91, usage.ReleaseOnExpiry))
	step("an extension", usage.Moved{Held: 5}, of(usage.KindExtend, first, 15_000_000))
	step("an extension of the time alone", usage.Moved{}, of(usage.KindExtend, first, 0))
	step("a settlement", usage.Moved{Uncollected: 1_500_000}, of(usage.KindSettle, first, 101_500_000))
	step("the same again", usage.Moved{}, of(usage.KindSettle, first, 101_500_000))

	account.DailyLimit = 200
	second := step("a hold", usage.Moved{Held: 20}, hold(20, usage.ReleaseOnExpiry))
	step("a release", usage.Moved{Released: 1}, of(usage.KindRelease, second, 0))
	step("the same again", usage.Moved{}, of(usage.KindRelease, second, 0))

	third := step("a hold", usage.Moved{Held: 30}, hold(30, usage.ChargeOnExpiry))
	step("a hold of nothing", usage.Moved{}, hold(0, usage.ReleaseOnExpiry))
	step("what was delivered", usage.Moved{}, usage.Entry{Kind: usage.KindExtend, HoldID: third, TTL: time.Minute, Delivered: 103_000_000})
	at = at.Add(time.Minute)
	step("a charge after both deadlines", usage.Moved{Expired: 2, Uncollected: 3_000_000}, usage.Entry{Charge: usage.Charge{Credits: 1}})
	step("another", usage.Moved{}, usage.Entry{Kind: usage.KindExpire})
	step("a late settlement that costs less", usage.Moved{Uncollected: -3_000_000}, of(usage.KindSettle, third, 5_000_000))
}
