package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestAPlanReadsBackAsCreated(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		clock.Add(time.Second)
		made, err := s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new(" Größe XL "), DailyCreditLimit: new(int64(1_000_000_000)), MonthlyCreditLimit: new(new(int64(0))), PriceCents: new(int64(9)), RateLimitPerMinute: new(int64(7)),
			UserRateLimitPerMinute: new(new(int64(8))), UserConcurrencyLimit: new(new(int64(6))), MaxKeys: new(int64(9)), Models: new([]string{"large", "größe"}), Position: new(int64(1)),
			Features: json.RawMessage(`{"beta": [1, "a"], "a\"": null}`), Archived: new(true)})
		want := accounts.Plan{ID: made.ID, Name: "Größe XL", DailyCreditLimit: 1_000_000_000, MonthlyCreditLimit: new(int64(0)), PriceCents: 9, RateLimitPerMinute: 7, UserRateLimitPerMinute: new(int64(8)),
			UserConcurrencyLimit: new(int64(6)), MaxKeys: 9, Models: []string{"large", "größe"}, Position: 1,
			Features: json.RawMessage(`{"beta": [1, "a"], "a\"": null}`), Archived: true, CreatedAt: storetest.Start.Add(time.Second)}
		if diff := cmp.Diff(want, made); diff != "" || err != nil {
			t.Fatal(err, diff)
		}
		read, err := s.Plan(ctx, made.ID)
		if diff := cmp.Diff(want, read); diff != "" || err != nil {
			t.Error(err, diff)
		}
		plans, err := s.Plans(ctx)
		var names []string
		for _, p := range plans {
			names = append(names, p.Name)
		}
		if diff := cmp.Diff([]string{"Starter", "Pro", "Größe XL", "Business"}, names); diff != "" || err != nil {
			t.Error("the plans are not in the order of their positions:", err, diff)
		}
	})
}

func TestOnePlanAtMostIsTheDefaultEvenOfTwoSetAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		defaults := func(want ...string) {
			t.Helper()
			plans, err := s.Plans(ctx)
			var names []string
			for _, p := range plans {
				if p.IsDefault {
					names = append(names, p.Name)
				}
			}
			if diff := cmp.Diff(want, names); diff != "" || err != nil {
				t.Error(err, diff)
			}
		}
		defaults("Starter")
		if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Pro"), accounts.PlanChange{IsDefault: new(true)}); err != nil {
			t.Fatal(err)
		}
		defaults("Pro")
		made, err := s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new("Trial"), DailyCreditLimit: new(int64(5)), IsDefault: new(true)})
		if err != nil || made.Position != 3 {
			t.Fatalf("position %d, %v; want the place after the others", made.Position, err)
		}
		defaults("Trial")
		if _, err := s.ChangePlan(ctx, ada, made.ID, accounts.PlanChange{Archived: new(true)}); err != nil {
			t.Fatal(err)
		}
		defaults() // an archived plan takes no new users
		_, err = s.ChangePlan(ctx, ada, made.ID, accounts.PlanChange{IsDefault: new(true)})
		wantKind(t, err, fault.Invalid)
		var both sync.WaitGroup
		for _, name := range []string{"Starter", "Business"} {
			both.Go(func() {
				if _, err := s.ChangePlan(ctx, ada, planID(t, s, name), accounts.PlanChange{IsDefault: new(true)}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		plans, err := s.Plans(ctx)
		n := 0
		for _, p := range plans {
			if p.IsDefault {
				n++
			}
		}
		if err != nil || n != 1 {
			t.Errorf("%d plans are the default, %v", n, err)
		}
	})
}

func TestAnOptionalLimitOfAPlanIsRemovedAndNoOther(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, none := context.Background(), (*int64)(nil)
		set := accounts.PlanChange{MonthlyCreditLimit: new(new(int64(1))), UserRateLimitPerMinute: new(new(int64(2))), UserConcurrencyLimit: new(new(int64(3))), Models: new([]string{"large"})}
		for name, c := range map[string]struct {
			remove accounts.PlanChange
			want   [4]bool // which of month, requests a minute, at once and models are left
		}{
			"month":      {accounts.PlanChange{MonthlyCreditLimit: &none}, [4]bool{false, true, true, true}},
			"per minute": {accounts.PlanChange{UserRateLimitPerMinute: &none}, [4]bool{true, false, true, true}},
			"at once":    {accounts.PlanChange{UserConcurrencyLimit: &none}, [4]bool{true, true, false, true}},
			"nothing":    {accounts.PlanChange{PriceCents: new(int64(1))}, [4]bool{true, true, true, true}},
			"models":     {accounts.PlanChange{Models: new([]string(nil))}, [4]bool{true, true, true, false}},
		} {
			for _, change := range []accounts.PlanChange{set, c.remove} {
				if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Pro"), change); err != nil {
					t.Fatal(err)
				}
			}
			p, err := s.Plan(ctx, planID(t, s, "Pro"))
			if got := [4]bool{p.MonthlyCreditLimit != nil, p.UserRateLimitPerMinute != nil, p.UserConcurrencyLimit != nil, p.Models != nil}; got != c.want || err != nil {
				t.Errorf("after removing %s: %v, %v, want %v", name, got, err, c.want)
			}
		}
	})
}

func TestTheModelsOfAPlanHaveTheirBounds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		for _, names := range [][]string{{}, {"a", "a"}, {"a b"}, make([]string, 201)} {
			change := accounts.PlanChange{Name: new("Some"), DailyCreditLimit: new(int64(1)), Models: &names}
			_, made := s.CreatePlan(context.Background(), ada, change)
			_, changed := s.ChangePlan(context.Background(), ada, planID(t, s, "Pro"), change)
			for _, err := range []error{made, changed} {
				if err == nil || fault.As(err).Fields["models"] == "" {
					t.Errorf("%d models: %v", len(names), err)
				}
			}
		}
	})
}

func TestAPlansNameIsTakenWithoutCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		_, err := s.CreatePlan(ctx, ada, accounts.PlanChange{Name: new("PRO"), DailyCreditLimit: new(int64(1))})
		if !errors.Is(err, accounts.ErrPlanTaken) {
			t.Errorf("%v", err)
		}
		_, err = s.ChangePlan(ctx, ada, planID(t, s, "Starter"), accounts.PlanChange{Name: new("business")})
		if !errors.Is(err, accounts.ErrPlanTaken) {
			t.Errorf("%v", err)
		}
		wantKind(t, err, fault.Conflict)
		if p, err := s.ChangePlan(ctx, ada, planID(t, s, "Starter"), accounts.PlanChange{Name: new("STARTER")}); err != nil || p.Name != "STARTER" {
			t.Errorf("a plan cannot change the case of its own name: %v", err)
		}
		if _, err := s.CreateUser(ctx, ada, accounts.NewUser{Email: "a@b", Plan: "Starter"}); err != nil {
			t.Errorf("the plan is not found by its name: %v", err)
		}
	})
}

func TestAPlanThatDoesNotExistIsNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		for _, id := range []uuid.UUID{uuid.New(), uuid.Nil} {
			if err := second(s.Plan(context.Background(), id)); !errors.Is(err, accounts.ErrPlanNotFound) {
				t.Errorf("%v", err)
			}
			if err := second(s.ChangePlan(context.Background(), ada, id, accounts.PlanChange{Name: new("A")})); !errors.Is(err, accounts.ErrPlanNotFound) {
				t.Errorf("%v", err)
			}
		}
	})
}

func TestAChangeOfAPlanCountsFromTheNextChargeOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Starter")
		pro := planID(t, s, "Pro")
		settle := func() (accepted bool, limit int64) {
			receipts, err := s.Post(ctx, usage.At(storetest.Start), usage.ChargeEntries(c.Charge(50)))
			if err != nil {
				t.Fatal(err)
			}
			return receipts[0].Outcome.String() == "accepted", receipts[0].DailyLimit
		}
		for _, step := range []struct {
			change func() error
			ok     bool
			limit  int64
		}{
			{func() error { return nil }, true, 75},
			{func() error { return nil }, false, 75},
			{func() error { return second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Plan: new("Pro")})) }, true, 250},
			{func() error {
				return second(s.ChangePlan(ctx, ada, pro, accounts.PlanChange{DailyCreditLimit: new(int64(149))}))
			}, false, 149},
			{func() error {
				return second(s.ChangePlan(ctx, ada, pro, accounts.PlanChange{DailyCreditLimit: new(int64(150))}))
			}, true, 150},
			{func() error {
				return second(s.ChangePlan(ctx, ada, pro, accounts.PlanChange{DailyCreditLimit: new(int64(0))}))
			}, false, 0},
		} {
			if err := step.change(); err != nil {
				t.Fatal(err)
			}
			if ok, limit := settle(); ok != step.ok || limit != step.limit {
				t.Errorf("accepted %v of %d, want %v of %d", ok, limit, step.ok, step.limit)
			}
		}
	})
}

func TestTheAuditLogCallsNoLimitOfModelsAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		for want, models := range map[string][]string{"Changed plan Pro: models from all to large small.": {"large", "small"}, "Changed plan Pro: models from large small to all.": nil} {
			before := accounts.PlanChange{Models: new([]string(nil))}
			if models == nil {
				before.Models = new([]string{"large", "small"})
			}
			for _, change := range []accounts.PlanChange{before, {Models: &models}} {
				if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Pro"), change); err != nil {
					t.Fatal(err)
				}
			}
			entries, err := s.Audit(ctx, store.AuditQuery{Action: "plan.changed", Limit: 1})
			if err != nil || len(entries) != 1 || entries[0].Details != want {
				t.Errorf("%v: %+v, want %s", err, entries, want)
			}
		}
	})
}
