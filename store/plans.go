package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"codexible/accounts"
	"codexible/catalog"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func planRowOf(p accounts.Plan) planRow {
	return planRow{
		ID: p.ID, Name: p.Name, NameFolded: accounts.Fold(p.Name), DailyCreditLimit: p.DailyCreditLimit, PriceCents: p.PriceCents,
		MonthlyCreditLimit: p.MonthlyCreditLimit, RateLimitPerMinute: p.RateLimitPerMinute, UserRateLimitPerMinute: p.UserRateLimitPerMinute,
		UserConcurrencyLimit: p.UserConcurrencyLimit, MaxKeys: p.MaxKeys, Models: storedAllowance(p.Models),
		Position: p.Position, IsDefault: p.IsDefault, Features: string(p.Features), Archived: p.Archived, CreatedAt: p.CreatedAt,
	}
}

func (r *planRow) plan() accounts.Plan {
	return accounts.Plan{
		ID: r.ID, Name: r.Name, DailyCreditLimit: r.DailyCreditLimit, PriceCents: r.PriceCents,
		MonthlyCreditLimit: r.MonthlyCreditLimit, RateLimitPerMinute: r.RateLimitPerMinute, UserRateLimitPerMinute: r.UserRateLimitPerMinute,
		UserConcurrencyLimit: r.UserConcurrencyLimit, MaxKeys: r.MaxKeys, Models: allowanceOf(r.Models),
		Position: r.Position, IsDefault: r.IsDefault, Archived: r.Archived, CreatedAt: r.CreatedAt,
		// A plan that was made while features were not checked may hold bytes that are no text.
		Features: []byte(strings.ToValidUTF8(r.Features, "\ufffd")),
	}
}

// Plans lists every plan by its position.
func (s *Store) Plans(ctx context.Context) (plans []accounts.Plan, err error) {
	var rows []planRow
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Order("position, id").Find(&rows).Error
	})
	for i := range rows {
		plans = append(plans, rows[i].plan())
	}
	return plans, err
}

// Plan reads one plan; accounts.ErrPlanNotFound where it does not exist.
func (s *Store) Plan(ctx context.Context, id uuid.UUID) (p accounts.Plan, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		p, err = planWhere(db, "id = ?", id)
		return err
	})
	return p, err
}

func planWhere(db *gorm.DB, condition ...any) (accounts.Plan, error) {
	var row planRow
	err := db.Take(&row, condition...).Error
	return row.plan(), missing(err, accounts.ErrPlanNotFound)
}

// planByName finds a plan for a user to move to: by name without case, not archived.
func planByName(db *gorm.DB, name string) (accounts.Plan, error) {
	p, err := planWhere(db, "name_folded = ?", accounts.Fold(name))
	switch {
	case errors.Is(err, accounts.ErrPlanNotFound):
		return p, fieldError("plan", fmt.Sprintf("must be the name of a plan; there is no plan %q", name))
	case err == nil && p.Archived:
		return p, fieldError("plan", fmt.Sprintf("must be a plan that takes new users; %q is archived", p.Name))
	}
	return p, err
}

// checkedPlan cleans and checks a change of a plan, its models included.
func checkedPlan(c accounts.PlanChange) (accounts.PlanChange, error) {
	c, err := c.Normalize()
	if err != nil || c.Models == nil {
		return c, err
	}
	_, err = catalog.ParseAllowance("models", *c.Models)
	return c, err
}

// CreatePlan makes a plan. ErrPlanTaken where the name exists.
func (s *Store) CreatePlan(ctx context.Context, by accounts.Actor, c accounts.PlanChange) (p accounts.Plan, err error) {
	if c, err = checkedPlan(c); err != nil {
		return p, err
	}
	if p, err = c.NewPlan(); err != nil {
		return p, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if err := tx.takeDefaultPlanTurn(c); err != nil {
			return err
		}
		p.ID, p.CreatedAt = s.ids.mint(tx.at), tx.at
		if c.Position == nil { // after the others
			if err := tx.Model(&planRow{}).Select("COALESCE(MAX(position) + 1, 0)").Scan(&p.Position).Error; err != nil {
				return err
			}
			p.Position = min(p.Position, accounts.MaxPosition)
		}
		if p.IsDefault {
			if err := tx.clearDefaultPlan(p.ID); err != nil {
				return err
			}
		}
		if err := tx.insertPlan(p); err != nil {
			return err
		}
		return tx.recordChange(entry{action: "plan.created", subject: accounts.SubjectPlan, id: p.ID, target: p.Name,
			details: fmt.Sprintf("Created plan %s with %d credits a day.", p.Name, p.DailyCreditLimit), after: planFields(p)})
	})
	return p, err
}

func (c *change) insertPlan(p accounts.Plan) error {
	row := planRowOf(p)
	return taken(c.Create(&row).Error, accounts.ErrPlanTaken)
}

func taken(err, instead error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return instead
	}
	return err
}

// missing is what stands for a row that gorm has not found.
func missing(err, instead error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return instead
	}
	return err
}

// ChangePlan changes a plan; it counts from the next charge and the next request on.
func (s *Store) ChangePlan(ctx context.Context, by accounts.Actor, id uuid.UUID, c accounts.PlanChange) (after accounts.Plan, err error) {
	if c, err = checkedPlan(c); err != nil {
		return after, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if err := tx.takeDefaultPlanTurn(c); err != nil {
			return err
		}
		if err := tx.lock("plans", id); err != nil {
			return err
		}
		before, err := planWhere(tx.DB, "id = ?", id)
		if err != nil {
			return err
		}
		after = c.Apply(before)
		if after.IsDefault && after.Archived {
			return fieldError("is_default", "must be false for a plan that is archived: it takes no new users")
		}
		if after.IsDefault && !before.IsDefault {
			if err := tx.clearDefaultPlan(id); err != nil {
				return err
			}
		}
		err = tx.Model(&planRow{}).Where("id = ?", id).Select("*").Omit("id", "created_at").UpdateColumns(planRowOf(after)).Error
		if err := taken(err, accounts.ErrPlanTaken); err != nil {
			return err
		}
		was, is := changedFields(planFields(before), planFields(after))
		action := "plan.changed"
		switch {
		case after.Archived && !before.Archived:
			action = "plan.archived"
		case before.Archived && !after.Archived:
			action = "plan.restored"
		}
		return tx.recordChange(entry{action: action, subject: accounts.SubjectPlan, id: id, target: after.Name,
			details: "Changed plan " + before.Name + ": " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

// takeDefaultPlanTurn has changes that choose the default plan wait for each other.
func (c *change) takeDefaultPlanTurn(input accounts.PlanChange) error {
	if input.IsDefault == nil {
		return nil
	}
	return c.store.dialect.takeTurn(c.DB, "codexible default plan")
}

// clearDefaultPlan makes room for another default plan.
func (c *change) clearDefaultPlan(but uuid.UUID) error {
	var ids []uuid.UUID
	if err := c.Model(&planRow{}).Where("is_default = ? AND id <> ?", true, but).Pluck("id", &ids).Error; err != nil {
		return err
	}
	for _, id := range ids {
		if err := c.Model(&planRow{}).Where("id = ?", id).UpdateColumn("is_default", false).Error; err != nil {
			return err
		}
		if err := c.changed(accounts.SubjectPlan, id); err != nil {
			return err
		}
	}
	return nil
}

func planFields(p accounts.Plan) map[string]any {
	return map[string]any{
		"name": p.Name, "daily_credit_limit": p.DailyCreditLimit, "monthly_credit_limit": optionalNumber(p.MonthlyCreditLimit), "price_cents": p.PriceCents,
		"rate_limit_per_minute": p.RateLimitPerMinute, "user_rate_limit_per_minute": optionalNumber(p.UserRateLimitPerMinute),
		"user_concurrency_limit": optionalNumber(p.UserConcurrencyLimit), "max_keys": p.MaxKeys, "models": optionalNames(p.Models), "position": p.Position, "is_default": p.IsDefault,
		"features": string(p.Features), "archived": p.Archived,
	}
}
