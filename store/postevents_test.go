package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// tellings are the events of the ledger in a few words.
func tellings(t *testing.T, s *store.Store) (all []string) {
	t.Helper()
	store.RefusalsWritten(s)
	for _, e := range store.Written(t, s) {
		d := dataOf(t, e)
		switch {
		case d.Credits != nil && e.Type == events.ThresholdReached:
			all = append(all, fmt.Sprintf("%s %d%% %d/%d", d.Credits.Limit, d.Credits.Threshold, d.Credits.CreditsUsed, d.Credits.CreditLimit))
		case d.Credits != nil:
			all = append(all, fmt.Sprintf("refused %s %d/%d", d.Credits.Limit, d.Credits.CreditsUsed, d.Credits.CreditLimit))
		case d.Grant != nil:
			all = append(all, fmt.Sprintf("grant %d", d.Grant.Credits))
		}
		if d.User == nil || d.User.Email == "" || d.User.ID != e.UserID || e.Once == "" {
			t.Errorf("%s does not say whose it is: %s", e.Type, e.Data)
		}
	}
	return all
}

var ledgerEvents = []events.Type{events.ThresholdReached, events.QuotaExceeded, events.GrantUsedUp}

func TestChargesTellOfThresholdsRefusalsAndUsedUpGrantsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		clock.Set(time.Date(2026, 3, 30, 12, 0, 0, 0, time.UTC))
		plan := must[accounts.Plan](t)(s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new("Small"), DailyCreditLimit: new(int64(100)), MonthlyCreditLimit: new(new(int64(250)))}))
		c := storetest.NewCustomer(t, s, plan.Name)
		settle(t, s, clock.Now(), c.Charge(49))
		webhook := store.AddReceiver(t, s, ledgerEvents...)
		want := func(more ...string) {
			t.Helper()
			already := len(store.Waiting(t, s, webhook)) - len(more)
			if diff := cmp.Diff(more, tellings(t, s)[max(already, 0):]); diff != "" {
				t.Fatal(diff)
			}
		}
		post := func(credits int64, want usage.Outcome) {
			t.Helper()
			if r := must[[]usage.Receipt](t)(s.Post(ctx, clock.Now, usage.ChargeEntries(c.Charge(credits)))); r[0].Outcome != want {
				t.Fatal(r[0])
			}
			store.RefusalsWritten(s)
		}
		post(1, usage.Accepted)
		want("day 50% 50/100")
		post(10, usage.Accepted)
		if all := tellings(t, s); len(all) != 1 {
			t.Fatal("a charge that reaches nothing has an event", all)
		}
		post(50, usage.OverQuota)
		want("refused day 60/100")
		post(50, usage.OverQuota)
		post(40, usage.Accepted) // the month has 100 of 250
		want("day 80% 100/100", "day 100% 100/100")
		must[usage.GrantRecord](t)(first(s.Grant(ctx, ada, usage.NewGrant{UserID: c.User.ID, Credits: 30})))
		post(20, usage.Accepted)
		post(10, usage.Accepted)
		want("grant 30")
		clock.Add(24 * time.Hour)
		post(25, usage.Accepted)
		want("month 50% 125/250")
		if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: 30, Reason: "late"}); err != nil {
			t.Fatal(err)
		}
		want("day 50% 55/100")
		if _, _, _, err := s.Correct(ctx, ada, usage.NewCorrection{UserID: c.User.ID, Credits: -30, Reason: "not late"}); err != nil {
			t.Fatal(err)
		}
		post(30, usage.Accepted)
		post(70, usage.OverQuota)
		want("refused day 55/100")
		clock.Add(24 * time.Hour) // another day and month
		post(50, usage.Accepted)
		want("day 50% 50/100")
		if n := len(store.Waiting(t, s, webhook)); n != len(tellings(t, s)) {
			t.Error(n, "deliveries")
		}
	})
}

func TestThresholdsAreThoseOfTheSettingsAndNobodyHearsWhatNobodyWants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, now := storetest.NewCustomer(t, s, "Pro"), clock.Now()
		settle(t, s, now, c.Charge(200))
		store.AddReceiver(t, s, events.GrantUsedUp)
		settle(t, s, now, c.Charge(1))
		if all := tellings(t, s); all != nil {
			t.Fatal(all)
		}
		must[accounts.Settings](t)(s.ChangeSettings(context.Background(), ada, accounts.SettingsChange{UsageThresholds: new([]int{90, 81, 90})}))
		store.AddReceiver(t, s)
		settle(t, s, now, c.Charge(1), c.Charge(1), c.Charge(40))
		if diff := cmp.Diff([]string{"day 81% 243/250", "day 90% 243/250"}, tellings(t, s)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAKeysOwnLimitHasARefusalOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		must[keys.Key](t)(s.ChangeKey(ctx, ada, c.Key.ID, [16]byte{}, keys.KeyChange{Limits: keys.LimitsChange{keys.DailyCreditLimit: new(int64(5))}}))
		store.AddReceiver(t, s, events.QuotaExceeded)
		for range 2 {
			must[[]usage.Receipt](t)(s.Post(ctx, clock.Now, usage.ChargeEntries(c.Charge(6))))
		}
		if diff := cmp.Diff([]string{"refused key 0/5"}, tellings(t, s)); diff != "" {
			t.Fatal(diff)
		}
		if e := store.Written(t, s)[0]; e.SubjectID != c.Key.ID || dataOf(t, e).Key.Prefix != c.Key.Prefix {
			t.Error(string(e.Data))
		}
	})
}

func TestAThresholdOfChargesAtOnceOnTwoInstancesIsAnEventOnce(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		stores := []*store.Store{storetest.Connect(t, url, time.Now), storetest.Connect(t, url, time.Now)}
		c := storetest.NewCustomer(t, stores[0], "Pro")
		store.AddReceiver(t, stores[0], ledgerEvents...)
		stores[1].Changed(accounts.Change{Subject: accounts.SubjectWebhook})
		var posting sync.WaitGroup
		for i := range 60 {
			posting.Go(func() {
				if _, err := stores[i%2].Post(context.Background(), time.Now, usage.ChargeEntries(c.Charge(5))); err != nil {
					t.Error(err)
				}
			})
		}
		posting.Wait()
		store.RefusalsWritten(stores[1])
		if diff := cmp.Diff([]string{"day 50% 125/250", "day 80% 200/250", "day 100% 250/250", "refused day 250/250"}, tellings(t, stores[0])); diff != "" {
			t.Error(diff)
		}
	})
}

func first[T any](v T, _ bool, err error) (T, error) { return v, err }
