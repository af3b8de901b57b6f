package demo

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/usage"
)

// monthly is the limit of a month of the plan Business, above all that a demo uses in one.
const monthly = 15_000

// limitMonths gives one plan of the demo a limit of a month.
func limitMonths(ctx context.Context, s *store.Store) error {
	plans, err := s.Plans(ctx)
	if err != nil {
		return err
	}
	for _, p := range plans {
		if p.Name == "Business" {
			limit := new(int64(monthly))
			if _, err := s.ChangePlan(ctx, accounts.ActorSystem, p.ID, accounts.PlanChange{MonthlyCreditLimit: &limit}); err != nil {
				return err
			}
		}
	}
	return nil
}

// giveGrants gives the customers of one plan credits beside the plan: some that end, and some
// that do not. Nobody has used any, so the figures of the days are those of the plans.
func giveGrants(ctx context.Context, s *store.Store, customers []customer, now time.Time) error {
	end := usage.DayOf(now).Add(24).Start()
	for _, c := range customers {
		if c.Plan != "Business" {
			continue
		}
		for _, n := range []usage.NewGrant{{Credits: 300, ExpiresAt: &end, Note: "Trial of the larger models"}, {Credits: 100, Note: "Thanks for a report"}} {
			n.UserID = c.key.UserID
			if _, _, err := s.Grant(ctx, accounts.ActorSystem, n); err != nil {
				return err
			}
		}
	}
	return nil
}
