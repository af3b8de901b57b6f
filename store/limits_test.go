package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

func TestAKeysOwnLimitsAreGivenAndRelaxedAsItsOtherLimits(t *testing.T) {
	eachPolicy(t, func(p policies) {
		if _, err := p.ChangePlan(context.Background(), ada, p.customer.User.PlanID, accounts.PlanChange{MaxKeys: new(int64(100))}); err != nil {
			t.Fatal(err)
		}
		for _, name := range keys.LimitNames() {
			t.Run(string(name), func(t *testing.T) {
				p.t = t
				p.givesNoMore(name)
				p.relaxedByAnOperatorAlone(name)
			})
		}
	})
}

// limitsOf are limits of which one is set; limitTo is the change to that.
func limitsOf(name keys.LimitName, n *int64) keys.Limits {
	return keys.KeyChange{Limits: keys.LimitsChange{name: n}}.Apply(keys.Key{}).Limits
}

func limitTo(name keys.LimitName, n *int64) keys.KeyChange {
	return keys.KeyChange{Limits: keys.LimitsChange{name: n}}
}

func (p policies) givesNoMore(name keys.LimitName) {
	p.t.Helper()
	narrow := p.must(p.make(accounts.Actor{}, keys.NewKey{Limits: limitsOf(name, new(int64(5)))}))
	by := actor(p.customer.User, narrow)
	p.refused("create without the limit", second(p.make(by, keys.NewKey{})))
	p.refused("create with a wider limit", second(p.make(by, keys.NewKey{Limits: limitsOf(name, new(int64(6)))})))
	made := p.must(p.make(by, keys.NewKey{Limits: limitsOf(name, new(int64(4)))}))
	p.allowed("widen within the acting key", p.own(by, made.ID, limitTo(name, new(int64(5)))))
	for what, n := range map[string]*int64{"a wider limit": new(int64(6)), "none": nil} {
		p.refused("change to "+what, p.own(by, made.ID, limitTo(name, n)))
		p.refused("change of itself to "+what, p.own(by, narrow.ID, limitTo(name, n)))
	}
	p.refused("tighten a wider key", p.own(by, p.customer.Key.ID, limitTo(name, new(int64(1)))))
	_, err := p.RotateKey(context.Background(), by, keys.Rotation{KeyID: p.customer.Key.ID, Secret: keys.Mint()}, p.customer.User.ID)
	p.refused("rotate a wider key", err)
	p.allowed("tighten itself", p.own(by, narrow.ID, limitTo(name, new(int64(4)))))
	p.refused("widen itself again", p.own(by, narrow.ID, limitTo(name, new(int64(5)))))
	p.refused("rename what is wider since", p.own(by, made.ID, keys.KeyChange{Label: new("x")}))
}

func (p policies) relaxedByAnOperatorAlone(name keys.LimitName) {
	p.t.Helper()
	key := p.must(p.make(p.by, keys.NewKey{}))
	own := func(n *int64) error { return p.own(p.by, key.ID, limitTo(name, n)) }
	p.allowed("an owner tightens", own(new(int64(5))))
	p.allowed("an owner loosens again", own(nil))
	p.operator(key.ID, limitTo(name, new(int64(5))))
	p.refused("an owner removes what an operator has set", own(nil))
	p.refused("an owner loosens what an operator has set", own(new(int64(6))))
	p.allowed("an owner tightens further", own(new(int64(4))))
	p.refused("an owner loosens beyond what an operator has set", own(new(int64(6))))
	p.allowed("an owner loosens up to what an operator has set", own(new(int64(5))))
	p.operator(key.ID, limitTo(name, nil))
	p.allowed("after an operator has removed it", own(new(int64(7))))
	p.allowed("an owner's own limit stays the owner's", own(nil))
	p.allowed("an owner tightens", own(new(int64(3))))
	p.operator(key.ID, limitTo(name, new(int64(3)))) // which it was before
	p.refused("an owner removes what an operator has confirmed", own(nil))
	made := p.must(p.make(accounts.Actor{}, keys.NewKey{Limits: limitsOf(name, new(int64(2)))}))
	p.refused("an owner loosens what an operator made", p.own(p.by, made.ID, limitTo(name, new(int64(3)))))
	p.allowed("another limit is free", p.own(p.by, made.ID, limitTo(keys.LimitNames()[0], new(int64(1)))))
}

// limited is a customer with two keys, whose entries are posted at moments of the test's choice.
type limited struct {
	*store.Store
	t        *testing.T
	customer storetest.Customer
	second   keys.Key
}

func eachLimited(t *testing.T, test func(l limited)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c := storetest.NewCustomer(t, s, "Starter")
		k, _ := storetest.NewKey(t, s, c.User)
		test(limited{s, t, c, k})
	})
}

func (l limited) plan(c accounts.PlanChange) {
	l.t.Helper()
	if _, err := l.ChangePlan(context.Background(), ada, l.customer.User.PlanID, c); err != nil {
		l.t.Fatal(err)
	}
}

func (l limited) key(k keys.Key, c keys.LimitsChange) {
	l.t.Helper()
	if _, err := l.ChangeKey(context.Background(), ada, k.ID, uuid.Nil, keys.KeyChange{Limits: c}); err != nil {
		l.t.Fatal(err)
	}
}

func (l limited) post(at time.Time, e usage.Entry, want usage.Outcome) usage.Receipt {
	l.t.Helper()
	receipts, err := l.Post(context.Background(), usage.At(at), []usage.Entry{e})
	if err != nil {
		l.t.Fatal(err)
	}
	if receipts[0].Outcome != want {
		l.t.Errorf("%s, want %s: %+v", receipts[0].Outcome, want, receipts[0])
	}
	return receipts[0]
}

func (l limited) charge(k keys.Key, credits int64) usage.Entry {
	return usage.Entry{Charge: usage.Charge{UserID: k.UserID, KeyID: k.ID, ChargerID: k.ID, Credits: credits, Model: "m"}}
}

func (l limited) hold(k keys.Key, credits int64) usage.Entry {
	e := l.charge(k, credits)
	e.Kind, e.OwnerID, e.TTL, e.OnExpiry = usage.KindHold, l.customer.User.ID, usage.MinHoldTTL, usage.ReleaseOnExpiry
	return e
}

func (l limited) release(at time.Time, r usage.Receipt) {
	l.t.Helper()
	l.post(at, usage.Entry{Kind: usage.KindRelease, Charge: usage.Charge{UserID: l.customer.User.ID}, HoldID: r.HoldID}, usage.Accepted)
}

func TestAPlansMonthBoundsItsDays(t *testing.T) {
	eachLimited(t, func(l limited) {
		first, last := storetest.Start, storetest.Start.AddDate(0, 1, -storetest.Start.Day()) // the month's last day
		l.plan(accounts.PlanChange{MonthlyCreditLimit: new(new(int64(100)))})
		l.post(first, l.charge(l.customer.Key, 60), usage.Accepted)
		if r := l.post(first, l.charge(l.second, 16), usage.OverQuota); r.Limit != usage.LimitDay || r.Month != (usage.Month{Limit: 100, Used: 60}) {
			t.Errorf("the day of 75 credits: %+v", r)
		}
		l.post(last, l.hold(l.second, 10), usage.Accepted) // a hold counts in the month that is
		if r := l.post(last, l.charge(l.customer.Key, 31), usage.OverQuota); r.Limit != usage.LimitMonth || r.Room != 30 || r.Month != (usage.Month{Limit: 100, Used: 60, Held: 10}) {
			t.Errorf("the month of 100 credits: %+v", r)
		}
		l.post(last, l.charge(l.customer.Key, 30), usage.Accepted)
		l.plan(accounts.PlanChange{MonthlyCreditLimit: new(new(int64(50)))})
		if r := l.post(last, l.charge(l.customer.Key, 1), usage.OverQuota); r.Room != 0 {
			t.Errorf("a limit below what was used leaves %d credits", r.Room)
		}
		l.post(last.AddDate(0, 0, 1), l.charge(l.customer.Key, 50), usage.Accepted) // of the next month
		l.post(last.AddDate(0, 0, 1), l.charge(l.customer.Key, 1), usage.OverQuota)
		l.plan(accounts.PlanChange{MonthlyCreditLimit: new((*int64)(nil))})
		l.post(last.AddDate(0, 0, 1), l.charge(l.customer.Key, 25), usage.Accepted)
	})
}

func TestRequestsAtOnceAreTheOpenHoldsOfTheKeyAndOfTheUser(t *testing.T) {
	eachLimited(t, func(l limited) {
		at, one, other := storetest.Start, l.customer.Key, l.second
		l.plan(accounts.PlanChange{UserConcurrencyLimit: new(new(int64(3)))})
		l.key(one, keys.LimitsChange{keys.ConcurrencyLimit: new(int64(1))})
		held := l.post(at, l.hold(one, 5), usage.Accepted)
		l.post(at, l.hold(one, 0), usage.Concurrent) // of this key
		l.post(at, l.hold(other, 0), usage.Accepted)
		l.post(at, l.hold(other, 0), usage.Accepted)
		l.post(at, l.hold(other, 0), usage.Concurrent) // of all keys together
		l.post(at, l.charge(one, 1), usage.Accepted)   // a charge is none of them
		l.release(at, held)
		l.post(at, l.hold(one, 0), usage.Accepted)
		l.post(at, l.hold(one, 0), usage.Concurrent)
		l.key(one, keys.LimitsChange{keys.ConcurrencyLimit: new(int64(9))})
		l.post(at, l.hold(one, 0), usage.Concurrent) // the smaller counts: the plan's
		l.plan(accounts.PlanChange{UserConcurrencyLimit: new((*int64)(nil))})
		l.post(at, l.hold(one, 0), usage.Accepted)
		l.plan(accounts.PlanChange{UserConcurrencyLimit: new(new(int64(1)))}) // which ends none
		l.post(at, l.hold(one, 0), usage.Concurrent)
		l.post(at.Add(usage.MinHoldTTL), l.hold(one, 0), usage.Accepted) // nor do expired holds count
	})
}

func TestAKeysDayIsBoundedBesideThePlans(t *testing.T) {
	eachLimited(t, func(l limited) {
		at, one, other := storetest.Start, l.customer.Key, l.second
		l.key(one, keys.LimitsChange{keys.DailyCreditLimit: new(int64(10))})
		l.post(at, l.charge(one, 4), usage.Accepted)
		l.post(at, l.charge(other, 20), usage.Accepted)
		held := l.post(at, l.hold(one, 5), usage.Accepted)
		if r := l.post(at, l.charge(one, 2), usage.OverQuota); r.Limit != usage.LimitKey || r.Room != 1 || r.CreditsUsed != 24 || r.DailyLimit != 75 {
			t.Errorf("the key's 10 credits: %+v", r)
		}
		if r := l.post(at, l.charge(other, 46), usage.Accepted); r.Room != 0 {
			t.Errorf("the other key has %d credits left", r.Room)
		}
		l.release(at, held)
		if r := l.post(at, l.charge(one, 6), usage.OverQuota); r.Limit != usage.LimitDay || r.Room != 5 { // the smaller counts: the plan's
			t.Errorf("the plan's 75 credits: %+v", r)
		}
		l.post(at.AddDate(0, 0, 1), l.charge(one, 11), usage.OverQuota)
		l.post(at.AddDate(0, 0, 1), l.charge(one, 10), usage.Accepted)
		l.key(one, keys.LimitsChange{keys.DailyCreditLimit: new(int64(0))})
		l.post(at.AddDate(0, 0, 2), l.charge(one, 1), usage.OverQuota)
		l.key(one, keys.LimitsChange{keys.DailyCreditLimit: nil})
		l.post(at.AddDate(0, 0, 2), l.charge(one, 75), usage.Accepted)
	})
}

// Credits and requests at once are decided on what the database has at that
// moment; the rate limit is cached with the key, whose change is delivered.
func TestALimitThatIsChangedInOneProcessIsInForceInAnother(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		f, there := newFront(t, storetest.Connect(t, url, clock.Now), clock.Now), storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, there, "Pro")
		l := limited{Store: there, t: t, customer: c}
		ask := func(credits int64, hold bool, want keys.Code) {
			t.Helper()
			r := keys.Request{Secret: c.Secret.Reveal(), Charge: usage.Charge{Credits: credits, Model: "m"}}
			if hold {
				r.Hold = &keys.Hold{OwnerID: c.User.ID, TTL: usage.MinHoldTTL, OnExpiry: usage.ReleaseOnExpiry}
			}
			if v, err := f.Verify(context.Background(), r); err != nil || v.Code != want {
				t.Errorf("%d credits, a hold %v: %s, %v, want %s", credits, hold, v.Code, err, want)
			}
		}
		ask(1, false, keys.Valid)
		l.key(c.Key, keys.LimitsChange{keys.DailyCreditLimit: new(int64(2))})
		ask(2, false, keys.QuotaExceeded)
		l.key(c.Key, keys.LimitsChange{keys.DailyCreditLimit: nil})
		l.plan(accounts.PlanChange{MonthlyCreditLimit: new(new(int64(2)))})
		ask(2, false, keys.QuotaExceeded)
		l.plan(accounts.PlanChange{MonthlyCreditLimit: new(new(int64(100)))})
		ask(2, true, keys.Valid)
		l.key(c.Key, keys.LimitsChange{keys.ConcurrencyLimit: new(int64(1))})
		ask(1, true, keys.ConcurrencyLimited)
		l.key(c.Key, keys.LimitsChange{keys.ConcurrencyLimit: nil})
		ask(1, true, keys.Valid)
		l.plan(accounts.PlanChange{UserConcurrencyLimit: new(new(int64(2)))})
		ask(1, true, keys.ConcurrencyLimited)
		clock.Add(usage.MinHoldTTL) // the holds are over
		l.key(c.Key, keys.LimitsChange{keys.DailyCreditLimit: new(int64(50)), keys.RateLimitPerMinute: new(int64(77))})
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for v := f.verify(t, c.Secret, 0); v.Rate.Limit != 77 || v.Room != 49 || v.Month.Limit != 100; v = f.verify(t, c.Secret, 0) {
			if patience.Err() != nil {
				t.Fatalf("the limits are not seen: %+v", v)
			}
			clock.Add(time.Millisecond) // the life of a cached key is ten minutes: it does not end in this loop
		}
	})
}
