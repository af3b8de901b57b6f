package keys

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func (d *desk) wantVerdict(t *testing.T, r Request, want Code) Verdict {
	t.Helper()
	v, err := d.Verify(context.Background(), r)
	if err != nil || v.Code != want {
		t.Errorf("%s, %v, want %s", v.Code, err, want)
	}
	return v
}

func TestAHoldIsAskedOfTheLedgerWithItsOwnerAndItsTime(t *testing.T) {
	d, s, id, service := newDesk(t), Mint(), someone(), uuid.New()
	d.directory.set(s, id)
	hold := &Hold{OwnerID: service, TTL: time.Minute, OnExpiry: usage.ChargeOnExpiry, RequestID: "r"}
	for _, credits := range []int64{4, 0} { // a hold of nothing is one of the requests at once
		v := d.wantVerdict(t, Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: credits, Model: "m", ChargerID: service}, Hold: hold}, Valid)
		if v.HoldID != heldID || v.HoldStatus != usage.HoldOpen || v.Held != credits || v.Room != 11-credits || v.CreditsUsed != usedToday || v.Duplicate {
			t.Errorf("a hold of %d credits: %+v", credits, v)
		}
	}
	want := usage.Entry{
		Kind: usage.KindHold, Charge: usage.Charge{UserID: id.User.ID, KeyID: id.Key.ID, ChargerID: service, Credits: 4, Model: "m"},
		OwnerID: service, TTL: time.Minute, OnExpiry: usage.ChargeOnExpiry, RequestID: "r",
	}
	if diff := cmp.Diff(want, d.directory.posted[0]); diff != "" || len(d.directory.posted) != 2 {
		t.Errorf("%d entries: %s", len(d.directory.posted), diff)
	}
}

// The idempotency key of a charge without a charger is the key's own.
func TestAKeyThatChargesItselfIsItsCharger(t *testing.T) {
	d, id := newDesk(t), someone()
	if r, err := d.Charge(context.Background(), &id, usage.Charge{Credits: 1}); err != nil || r.Outcome != usage.Accepted {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := d.directory.posted[0].ChargerID; got != id.Key.ID {
		t.Errorf("the charger is %s, want the key %s", got, id.Key.ID)
	}
}

func TestARefusedHoldIsAVerdictThatReportsTheCredits(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	id.Plan.RateLimitPerMinute = 100
	d.directory.set(s, id)
	ask := func(credits int64, idempotencyKey string) Request {
		return Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: credits, IdempotencyKey: idempotencyKey}, Hold: &Hold{OwnerID: uuid.New(), TTL: time.Minute}}
	}
	d.wantVerdict(t, ask(11, ""), Valid)
	refused := d.wantVerdict(t, ask(12, ""), QuotaExceeded)
	d.directory.busy = true
	busy := d.wantVerdict(t, ask(12, ""), ConcurrencyLimited) // concurrency is decided before the credits
	for _, v := range []Verdict{refused, busy} {
		if v.HoldID != uuid.Nil || v.HoldStatus != "" || v.CreditsUsed != usedToday || v.DailyLimit != 20 || v.Room != 11 || v.Day != usage.DayOf(noon) || v.Identity == nil {
			t.Errorf("%s reports %+v", v.Code, v)
		}
	}
	d.wantVerdict(t, Request{Secret: s.Reveal(), Charge: usage.Charge{Credits: 1}}, Valid) // only holds count at once
	d.directory.busy = false
	if v := d.wantVerdict(t, ask(3, "again"), Valid); !v.Duplicate || v.HoldID != heldID || v.HoldStatus != usage.HoldOpen {
		t.Errorf("a repeated hold: %+v", v)
	}
}

// A change of limits is in force for figures that are only reported, too: what was
// cached of the user, the key or all users of the plan is read again.
func TestAChangeDropsTheCachedFigures(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*desk, Identity)
		limited bool
		want    int64
	}{
		"of the user":           {func(d *desk, id Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectUser, ID: id.User.ID}) }, false, 50},
		"of the key":            {func(d *desk, id Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectKey, ID: id.Key.ID}) }, true, 50},
		"of the plan":           {func(d *desk, id Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectPlan, ID: id.Plan.ID}) }, false, 50},
		"of another user":       {func(d *desk, _ Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectUser, ID: uuid.New()}) }, false, 20},
		"missed for a while":    {func(d *desk, _ Identity) { d.Up(false); d.Up(true) }, false, 50},
		"that is not delivered": {func(*desk, Identity) {}, false, 20},
	} {
		t.Run(name, func(t *testing.T) {
			d, s, id := newDesk(t), Mint(), someone()
			if c.limited {
				id.Key.DailyCreditLimit = new(int64(5))
			}
			d.directory.set(s, id)
			d.wantVerdict(t, Request{Secret: s.Reveal()}, Valid)
			d.directory.mu.Lock()
			d.directory.limit = 50
			d.directory.mu.Unlock()
			c.change(d, id)
			if v := d.wantVerdict(t, Request{Secret: s.Reveal()}, Valid); v.DailyLimit != c.want {
				t.Errorf("the limit is %d, want %d", v.DailyLimit, c.want)
			}
		})
	}
}

func TestFiguresThatWereReadBeforeAChangeAreNotKeptAfterIt(t *testing.T) {
	for name, change := range map[string]func(*desk, Identity){
		"of the user":          func(d *desk, id Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectUser, ID: id.User.ID}) },
		"of the plan":          func(d *desk, id Identity) { d.Changed(accounts.Change{Subject: accounts.SubjectPlan, ID: id.Plan.ID}) },
		"missed for a while":   func(d *desk, _ Identity) { d.Up(true) },
		"not to be seen later": func(d *desk, _ Identity) { d.Up(false) },
	} {
		t.Run(name, func(t *testing.T) {
			d, s, id := newDesk(t), Mint(), someone()
			d.directory.set(s, id)
			d.directory.reading, d.directory.answer = make(chan struct{}), make(chan struct{})
			first := make(chan Verdict)
			go func() { first <- d.wantVerdict(t, Request{Secret: s.Reveal()}, Valid) }()
			<-d.directory.reading
			d.directory.mu.Lock()
			d.directory.limit, d.directory.reading = 50, nil
			d.directory.mu.Unlock()
			d.pass(time.Millisecond)
			change(d, id)
			close(d.directory.answer)
			if v := <-first; v.DailyLimit != 20 {
				t.Errorf("who asked before the change got %d", v.DailyLimit)
			}
			d.pass(time.Millisecond)
			if v := d.wantVerdict(t, Request{Secret: s.Reveal()}, Valid); v.DailyLimit != 50 {
				t.Errorf("the limit is %d after the change, want 50", v.DailyLimit)
			}
		})
	}
}

func TestTheSmallerOfTheKeysAndThePlansRateLimitCounts(t *testing.T) {
	for _, c := range []struct {
		own  *int64
		want int64
	}{{nil, 3}, {new(int64(2)), 2}, {new(int64(3)), 3}, {new(int64(4)), 3}} {
		d, s, id := newDesk(t), Mint(), someone()
		id.Key.RateLimitPerMinute = c.own
		d.directory.set(s, id)
		for range c.want {
			if v := d.wantVerdict(t, Request{Secret: s.Reveal()}, Valid); v.Rate.Limit != c.want {
				t.Errorf("a limit of %d, want %d", v.Rate.Limit, c.want)
			}
		}
		d.wantVerdict(t, Request{Secret: s.Reveal()}, RateLimited)
	}
}
