package console

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/views"
)

// Plans lists the plans and how many users each has.
func (c *Console) Plans(ctx context.Context, v *Visit) (Reply, error) {
	plans, err := c.Store.Plans(ctx)
	if err != nil {
		return Reply{}, err
	}
	users, err := c.Store.UsersByPlan(ctx)
	if err != nil {
		return Reply{}, err
	}
	order := v.sorting("", views.PlanHeads())
	p := views.Plans{Frame: v.frame("Plans", views.SectionPlans), Heads: order.heads(func(sort string) string { return views.WithQuery(v.Path, "sort", sort) })}
	for _, plan := range plans {
		p.Lines = append(p.Lines, views.PlanLine{Plan: plan, Users: users[plan.ID]})
	}
	p.Lines = rows[views.PlanLine]{p.Lines, func(l *views.PlanLine) string { return l.Name }, planRank}.sorted(&order)
	return show(views.PlansPage(p))
}

// planRank is what plans are sorted by. No limit is the largest.
func planRank(l *views.PlanLine, column string) rank {
	switch column {
	case "credits":
		return byNumber(l.DailyCreditLimit)
	case "rate":
		return byNumber(l.RateLimitPerMinute)
	case "user_rate":
		if l.UserRateLimitPerMinute == nil {
			return byNumber(math.MaxInt64)
		}
		return byNumber(*l.UserRateLimitPerMinute)
	case "keys":
		return byNumber(l.MaxKeys)
	case "price":
		return byNumber(l.PriceCents)
	case "users":
		return byNumber(l.Users)
	case "status":
		return byFlag(l.Archived)
	}
	return byText(strings.ToLower(l.Name))
}

// planOf reads the plan of the path and how many users it has.
func (c *Console) planOf(ctx context.Context, v *Visit) (accounts.Plan, int64, error) {
	plan, err := c.Store.Plan(ctx, v.ID)
	if err != nil {
		return plan, 0, err
	}
	users, err := c.Store.UsersByPlan(ctx)
	return plan, users[v.ID], err
}

func (v *Visit) planForm(title string) views.Form {
	return views.Form{Frame: v.frame(title, views.SectionPlans, views.Link{Text: "Plans", Path: "/admin/plans"}), Action: v.Path, Cancel: "/admin/plans"}
}

// planFields are a plan's fields, with the values of the form or of the plan.
func planFields(v *Visit, plan accounts.Plan) []views.Field {
	value := func(name, current string) string {
		if v.Post {
			return v.Form.Get(name)
		}
		return current
	}
	features := string(plan.Features)
	if features == "" {
		features = "{}"
	}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	position := ""
	if plan.ID != uuid.Nil {
		position = number(plan.Position)
	}
	return []views.Field{
		{Name: "name", Label: "Name", Value: value("name", plan.Name), Required: true, MaxLength: accounts.MaxPlanNameLength},
		{Name: "daily_credit_limit", Label: "Credits per day", Type: "number", Min: "0", Max: number(accounts.MaxDailyCredits), Value: value("daily_credit_limit", number(plan.DailyCreditLimit)), Hint: "For all keys of a user together. Resets at 00:00 UTC."},
		{Name: "monthly_credit_limit", Label: "Credits per month", Type: "number", Min: "0", Max: number(accounts.MaxMonthlyCredits), Value: value("monthly_credit_limit", optionalNumber(plan.MonthlyCreditLimit)), Hint: "Optional, beside the credits per day. Resets on the first day of the month at 00:00 UTC. No limit if left empty."},
		{Name: "rate_limit_per_minute", Label: "Requests per minute, per key", Type: "number", Min: number(accounts.MinRatePerMinute), Max: number(accounts.MaxRatePerMinute), Value: value("rate_limit_per_minute", number(plan.RateLimitPerMinute)), Hint: "Sliding window: never more than this in any 60 s."},
		{Name: "user_rate_limit_per_minute", Label: "Requests per minute, per user", Type: "number", Min: number(accounts.MinRatePerMinute), Max: number(accounts.MaxRatePerMinute), Value: value("user_rate_limit_per_minute", optionalNumber(plan.UserRateLimitPerMinute)), Hint: "Optional. For all keys of a user together. No limit if left empty."},
		{Name: "user_concurrency_limit", Label: "Requests at once, per user", Type: "number", Min: number(accounts.MinConcurrency), Max: number(accounts.MaxConcurrency), Value: value("user_concurrency_limit", optionalNumber(plan.UserConcurrencyLimit)), Hint: "Optional. How many holds all keys of a user may have open together. No limit if left empty."},
		{Name: "max_keys", Label: "Maximum keys", Type: "number", Min: number(accounts.MinMaxKeys), Max: number(accounts.MaxMaxKeys), Value: value("max_keys", number(plan.MaxKeys)), Hint: "How many keys a user may have. Revoked keys do not count."},
		modelsField(v, plan.Models, planModels),
		{Name: "price", Label: "Price per month, in USD", Value: value("price", strings.TrimPrefix(strings.ReplaceAll(views.Price(plan.PriceCents), ",", ""), "$")), Hint: "Shown here and in the API. Codexible does not send invoices."},
		{Name: "position", Label: "Position", Type: "number", Min: "0", Max: number(accounts.MaxPosition), Value: value("position", position), Hint: "Optional. Plans are listed by position, the lowest first; a new plan comes last."},
		{Name: "is_default", Label: "Default plan", Type: "select", Value: value("is_default", strconv.FormatBool(plan.IsDefault)), Options: []views.Option{{Value: "false", Label: "No"}, {Value: "true", Label: "Yes: new users get it unless another is chosen"}}},
		{Name: "features", Label: "Features", Type: "textarea", Value: value("features", features), Hint: `A JSON object for your product to read, such as {"priority": true}.`},
	}
}

// optionalNumber is the value of a field that may be left empty.
func optionalNumber(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

// fieldValues are the fields of a form, whose values are read by name.
type fieldValues []views.Field

func (f fieldValues) field(name string) *views.Field {
	return &f[slices.IndexFunc(f, func(field views.Field) bool { return field.Name == name })]
}

// whole reads a whole number; nil for an empty field.
func (f fieldValues) whole(name string) *int64 {
	field := f.field(name)
	text := strings.TrimSpace(field.Value)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		field.Problem = "Must be a whole number."
	}
	return &n
}

// needed reads a whole number from a required field.
func (f fieldValues) needed(name string) *int64 {
	n := f.whole(name)
	if n == nil {
		f.field(name).Problem = "Must be a whole number."
	}
	return n
}

// readPlan reads the fields, and puts every problem beside its field.
func readPlan(v *Visit, fields []views.Field) (change accounts.PlanChange, ok bool) {
	form, name, isDefault := fieldValues(fields), v.Form.Get("name"), v.Form.Get("is_default") == "true"
	change.Name, change.IsDefault = &name, &isDefault
	change.DailyCreditLimit, change.RateLimitPerMinute = form.needed("daily_credit_limit"), form.needed("rate_limit_per_minute")
	month, userRate, atOnce := form.whole("monthly_credit_limit"), form.whole("user_rate_limit_per_minute"), form.whole("user_concurrency_limit")
	change.MonthlyCreditLimit, change.UserRateLimitPerMinute, change.UserConcurrencyLimit = &month, &userRate, &atOnce
	change.Models = new(modelNames(v.Form.Get("models")))
	change.MaxKeys, change.Position = form.needed("max_keys"), form.whole("position")
	cents, err := readCents(form.field("price").Value)
	if err != nil {
		form.field("price").Problem = "Must be an amount of dollars such as 30 or 29.90."
	}
	change.PriceCents = &cents
	change.Features = json.RawMessage(strings.TrimSpace(form.field("features").Value))
	if problem := accounts.CheckFeatures(change.Features); problem != "" {
		form.field("features").Problem = sentence(problem)
	}
	if slices.ContainsFunc(fields, func(f views.Field) bool { return f.Problem != "" }) {
		return change, false
	}
	if _, err = change.Normalize(); err == nil {
		return change, true
	}
	withProblems(fields, err)
	if problem := fault.As(err).Fields["price_cents"]; problem != "" {
		form.field("price").Problem = "Must be 0 to " + views.Price(accounts.MaxPriceCents) + "."
	}
	return change, false
}

var errCents = errors.New("not an amount of dollars and cents")

// readCents reads dollars with at most two decimals as cents, without floating point.
func readCents(text string) (int64, error) {
	dollars, cents, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(text), "$"), ".")
	if len(cents) > 2 || strings.HasPrefix(dollars, "-") {
		return 0, errCents
	}
	return strconv.ParseInt(dollars+cents+strings.Repeat("0", 2-len(cents)), 10, 64)
}

// NewPlan shows the form of a plan and creates it.
func (c *Console) NewPlan(ctx context.Context, v *Visit) (Reply, error) {
	form := v.planForm("Create a plan")
	form.Submit, form.Fields = "Create the plan", planFields(v, accounts.Plan{RateLimitPerMinute: accounts.DefaultRatePerMinute, MaxKeys: accounts.DefaultMaxKeys})
	if !v.Post {
		return show(views.FormPage(form))
	}
	change, ok := readPlan(v, form.Fields)
	if !ok {
		return showAgain(views.FormPage(form))
	}
	_, err := c.Store.CreatePlan(ctx, v.By, change)
	return planAnswer(form, err, "plan-created")
}

func planAnswer(form views.Form, err error, done string) (Reply, error) {
	switch {
	case err == nil:
		return leadTo("/admin/plans", "done", done)
	case errors.Is(err, accounts.ErrPlanTaken):
		form.Fields[0].Problem = accounts.ErrPlanTaken.Message
	case !withProblems(form.Fields, err):
		return Reply{}, err
	}
	return showAgain(views.FormPage(form))
}

// EditPlan changes a plan. The form says how many users that affects.
func (c *Console) EditPlan(ctx context.Context, v *Visit) (Reply, error) {
	plan, users, err := c.planOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form := v.planForm("Edit " + plan.Name)
	form.Submit, form.Fields = "Save", planFields(v, plan)
	form.Consequences = []string{
		affected(users),
		"If a user has already used more credits today or this month than the new limit, their next charge is refused until that limit resets. Past charges and open holds do not change.",
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	change, ok := readPlan(v, form.Fields)
	if !ok {
		return showAgain(views.FormPage(form))
	}
	_, err = c.Store.ChangePlan(ctx, v.By, plan.ID, change)
	return planAnswer(form, err, "plan-changed")
}

func affected(users int64) string {
	switch users {
	case 0:
		return "No user is on this plan."
	case 1:
		return "1 user is on this plan. The change applies from their next request."
	}
	return views.Number(users) + " users are on this plan. The change applies from their next request."
}

func unaffected(users int64) string {
	if users == 0 {
		return affected(0)
	}
	return "The " + views.Count(users, "user") + " on it and their keys are not affected."
}

// optionalLimits says how the limits differ that a plan need not have.
func optionalLimits(from, to accounts.Plan) (list []string) {
	text := func(n *int64) string {
		if n == nil {
			return "unlimited"
		}
		return views.Number(*n)
	}
	for _, limit := range []struct {
		what     string
		from, to *int64
	}{
		{"Credits per month", from.MonthlyCreditLimit, to.MonthlyCreditLimit},
		{"Requests per minute of all keys together", from.UserRateLimitPerMinute, to.UserRateLimitPerMinute},
		{"Requests at once of all keys together", from.UserConcurrencyLimit, to.UserConcurrencyLimit},
	} {
		if text(limit.from) != text(limit.to) {
			list = append(list, limit.what+": "+text(limit.to)+" instead of "+text(limit.from)+".")
		}
	}
	if was, is := catalog.Allowance(from.Models), catalog.Allowance(to.Models); !was.Equal(is) {
		list = append(list, "Models: "+views.Models(is)+" instead of "+views.Models(was)+".")
	}
	return list
}

// ArchivePlan shows the confirmation, and archives a plan: it takes no new users.
func (c *Console) ArchivePlan(ctx context.Context, v *Visit) (Reply, error) {
	return c.setArchived(ctx, v, true)
}

// RestorePlan shows the confirmation, and restores an archived plan.
func (c *Console) RestorePlan(ctx context.Context, v *Visit) (Reply, error) {
	return c.setArchived(ctx, v, false)
}

func (c *Console) setArchived(ctx context.Context, v *Visit, archived bool) (Reply, error) {
	plan, users, err := c.planOf(ctx, v)
	if err != nil {
		return Reply{}, err
	}
	form, done := v.planForm("Archive "+plan.Name), "plan-archived"
	form.Submit, form.Danger = "Archive this plan", true
	form.Consequences = []string{
		"No more users can be moved to this plan, here or through the API.",
		unaffected(users),
		"You can restore the plan at any time.",
	}
	if !archived {
		form, done = v.planForm("Restore "+plan.Name), "plan-restored"
		form.Submit, form.Consequences = "Restore this plan", []string{"Users can be moved to this plan again, here and through the API."}
	}
	if !v.Post {
		return show(views.FormPage(form))
	}
	if _, err := c.Store.ChangePlan(ctx, v.By, plan.ID, accounts.PlanChange{Archived: &archived}); err != nil {
		return Reply{}, err
	}
	return leadTo("/admin/plans", "done", done)
}
