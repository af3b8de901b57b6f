package store_test

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// front is a process in front of a database: what decides on requests with keys.
type front struct {
	*keys.Verifier
	store *store.Store
}

// newFront puts a verifier over a store and notifies it of changes, as the program does.
func newFront(t *testing.T, s *store.Store, now func() time.Time) front {
	t.Helper()
	totals := usage.NewTotals(s, time.Second, now)
	meter := usage.NewMeter(s, totals, now, nil)
	t.Cleanup(func() {
		if err := meter.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	v := keys.NewVerifier(keys.Parts{Directory: s, Meter: meter, Totals: totals, Counter: limits.NewLocal(now), Now: now})
	ctx, stop := context.WithCancel(context.Background())
	up, done := make(chan bool, 10), make(chan struct{})
	s.Subscribe(v)
	go func() {
		defer close(done)
		s.Watch(ctx, upTo{v, up})
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	<-up
	return front{v, s}
}

// upTo passes the changes on and signals when they begin.
type upTo struct {
	*keys.Verifier
	up chan bool
}

func (u upTo) Up(up bool) {
	u.Verifier.Up(up)
	u.up <- up
}

func (f front) verify(t *testing.T, secret keys.Secret, credits int64) keys.Verdict {
	t.Helper()
	v, err := f.Verify(context.Background(), keys.Request{Secret: secret.Reveal(), Charge: usage.Charge{Credits: credits, Model: "gpt-5"}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (f front) wantCode(t *testing.T, secret keys.Secret, want keys.Code) {
	t.Helper()
	if v := f.verify(t, secret, 0); v.Code != want {
		t.Errorf("%s is %s, want %s", secret, v.Code, want)
	}
}

func TestWhatIsDoneToAKeyItsUserOrPlanIsSeenByTheNextRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, f, c := context.Background(), newFront(t, s, clock.Now), storetest.NewCustomer(t, s, "Starter")
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		f.wantCode(t, c.Secret, keys.Valid)
		do(second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Status: new(accounts.StatusSuspended)})))
		f.wantCode(t, c.Secret, keys.Suspended)
		do(second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Status: new(accounts.StatusActive), Plan: new("Pro")})))
		if v := f.verify(t, c.Secret, 0); v.Code != keys.Valid || v.DailyLimit != 250 || v.Identity.Plan.Name != "Pro" {
			t.Errorf("%s with %d credits on %s", v.Code, v.DailyLimit, v.Identity.Plan.Name)
		}
		do(second(s.ChangePlan(ctx, ada, planID(t, s, "Pro"), accounts.PlanChange{DailyCreditLimit: new(int64(9)), RateLimitPerMinute: new(int64(77))})))
		if v := f.verify(t, c.Secret, 0); v.DailyLimit != 9 || v.Rate.Limit != 77 {
			t.Errorf("the plan gives %d credits and %d requests", v.DailyLimit, v.Rate.Limit)
		}
		expiry := new(clock.Now().Add(time.Hour))
		do(second(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{ExpiresAt: &expiry})))
		clock.Add(time.Hour)
		f.wantCode(t, c.Secret, keys.Expired)
		do(second(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{ExpiresAt: new((*time.Time)(nil))})))
		f.wantCode(t, c.Secret, keys.Valid)
		rotated := keys.Mint()
		f.wantCode(t, rotated, keys.NotFound)
		do(second(s.RotateKey(ctx, ada, keys.Rotation{KeyID: c.Key.ID, Grace: time.Minute, Secret: rotated}, uuid.Nil)))
		f.wantCode(t, rotated, keys.Valid)
		f.wantCode(t, c.Secret, keys.Valid)
		clock.Add(time.Minute)
		f.wantCode(t, c.Secret, keys.NotFound)
		do(s.RevokeKey(ctx, ada, c.Key.ID, c.User.ID))
		f.wantCode(t, rotated, keys.Revoked)
	})
}

func TestAVerifyChargesExactlyOnceAndReturnsTheDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		f, c := newFront(t, s, clock.Now), storetest.NewCustomer(t, s, "Starter")
		_, other := storetest.NewKey(t, s, c.User)
		if v := f.verify(t, c.Secret, 70); v.Code != keys.Valid || v.CreditsUsed != 70 || v.DailyLimit != 75 || v.Room != 5 || v.Day.End() != usage.DayOf(storetest.Start).End() {
			t.Errorf("%+v", v)
		}
		if v := f.verify(t, other, 6); v.Code != keys.QuotaExceeded || v.CreditsUsed != 70 || v.Room != 5 {
			t.Errorf("another key of the same user: %+v", v)
		}
		if v := f.verify(t, other, 5); v.Code != keys.Valid || v.CreditsUsed != 75 || v.Room != 0 {
			t.Errorf("%+v", v)
		}
		if v := f.verify(t, other, 0); v.Code != keys.Valid || v.CreditsUsed != 75 {
			t.Errorf("with 0 credits the quota is enforced: %+v", v)
		}
		clock.Add(12 * time.Hour)
		if v := f.verify(t, c.Secret, 1); v.Code != keys.Valid || v.CreditsUsed != 1 || v.Day.End() != usage.Day("2026-03-06").Start() {
			t.Errorf("on the next day: %+v", v)
		}
		wantToday(t, s, c, "2026-03-04", 75, 75, 2)
		wantToday(t, s, c, "2026-03-05", 1, 75, 1)
	})
}

func TestAHotKeyWithoutChargeTouchesNoDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c := storetest.NewCustomer(t, s, "Pro")
		f := newFront(t, s, clock.Now) // after the customer, whose changes would arrive late
		clock.Add(time.Microsecond)    // figures of the moment of a change are not cached
		f.wantCode(t, c.Secret, keys.Valid)
		if err := f.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		f.wantCode(t, c.Secret, keys.Valid)
		if _, err := f.Verify(context.Background(), keys.Request{Secret: c.Secret.Reveal(), Charge: usage.Charge{Credits: 1}}); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("a charge with the database away: %v", err)
		}
		if _, err := f.Verify(context.Background(), keys.Request{Secret: keys.Mint().Reveal()}); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("an unknown key with the database away: %v", err)
		}
	})
}

func TestLastUsesReachTheDatabaseInOneFlush(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		f, c := newFront(t, s, clock.Now), storetest.NewCustomer(t, s, "Pro")
		clock.Add(1234567 * time.Nanosecond)
		f.wantCode(t, c.Secret, keys.Valid)
		if k, err := s.Key(context.Background(), c.Key.ID, uuid.Nil); err != nil || k.LastUsedAt != nil {
			t.Errorf("a request wrote the last use itself: %v, %v", k.LastUsedAt, err)
		}
		if err := f.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		k, err := s.Key(context.Background(), c.Key.ID, uuid.Nil)
		if diff := cmp.Diff(new(storetest.Start.Add(1234*time.Microsecond)), k.LastUsedAt); diff != "" || err != nil {
			t.Error(err, diff)
		}
	})
}

// What one process changes reaches the cache of another by the database itself.
func TestARevocationInOneInstanceEndsTheKeyInAnother(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		f, there := newFront(t, storetest.Connect(t, url, clock.Now), clock.Now), storetest.Connect(t, url, clock.Now)
		c := storetest.NewCustomer(t, there, "Pro")
		f.wantCode(t, c.Secret, keys.Valid)
		if err := there.RevokeKey(context.Background(), ada, c.Key.ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for f.verify(t, c.Secret, 0).Code != keys.Revoked {
			if patience.Err() != nil {
				t.Fatal("the revocation is not seen")
			}
			clock.Add(time.Millisecond) // the entry's own life is ten minutes: it does not end in this loop
		}
	})
}
