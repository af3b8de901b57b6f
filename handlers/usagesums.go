package handlers

import (
	"context"
	"slices"
	"strconv"

	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type usageSumsRequest struct {
	GroupBy []string `query:"group_by" required:"true" minItems:"1" maxItems:"7" enum:"day,hour,user,key,model,plan,upstream" doc:"By what the sums are divided, separated by commas. hour is the hour of the day in UTC; plan is the one that the user has at present; upstream is the one that served a call under /v1."`
	usageFilter
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of sums to return. Has no effect on CSV."`
	After string `query:"after" format:"printable" minLength:"1" maxLength:"4096" doc:"next of the previous page, with the same group_by. Has no effect on CSV."`
}

type usageSumList struct {
	Usage []usageSum `json:"usage" doc:"Sorted by what they are divided by, in the order day, hour, user, key, model, plan, upstream. Groups of which nothing was used are left out."`
	Next  *string    `json:"next" doc:"Where the next page goes on, for after; null at the end." example:"null"`
}

type usageSum struct {
	Date       *usage.Day `json:"date" doc:"This field and the ones to upstream are null unless the sums are divided by them." example:"2026-03-04"`
	Hour       *int64     `json:"hour" minimum:"0" maximum:"23" doc:"In UTC; null for corrections, which belong to a user and a day." example:"14"`
	UserID     *uuid.UUID `json:"user_id"`
	Email      *string    `json:"email" example:"ada@example.com"`
	KeyID      *uuid.UUID `json:"key_id" doc:"null for corrections, and for what was uncollected on days whose single charges a retention has removed."`
	KeyPrefix  *string    `json:"key_prefix" example:"codexible_01234567"`
	KeyLabel   *string    `json:"key_label" example:"Laptop"`
	Model      *string    `json:"model" doc:"null where key_id would be." example:"coder-large"`
	PlanID     *uuid.UUID `json:"plan_id" doc:"The plan that the user has at present."`
	Plan       *string    `json:"plan" example:"Pro"`
	UpstreamID *uuid.UUID `json:"upstream_id" doc:"null for charges of other calls than those under /v1."`
	Upstream   *string    `json:"upstream" doc:"null if it was deleted." example:"openai"`
	usageFigures
}

// usageFigures are what a sum and a single charge have in common: the sums of the charges'
// are the sums', to the last digit.
type usageFigures struct {
	Requests         int64                 `json:"requests" doc:"Charges, without adjustments and corrections." example:"420"`
	Credits          int64                 `json:"credits" doc:"Whole credits, adjustments and corrections included." example:"89"`
	CorrectedCredits int64                 `json:"corrected_credits" doc:"The part of credits that operators took, or gave back if it is negative." example:"0"`
	Uncollected      openapi.SignedCredits `json:"uncollected" doc:"Credits that did not fit into what the customer had left. Negative where an adjustment collected them later." example:"0"`
	CostUSD          openapi.USD           `json:"cost_usd" doc:"What it cost the operator, in dollars." example:"1.2475"`
	Tokens           sumTokens             `json:"tokens" doc:"By what they are priced as. Charges without a price count as input_tokens and output_tokens."`
}

// sumTokens are the buckets of a sum.
type sumTokens struct {
	Input        int64 `json:"input_tokens" doc:"Tokens that models read and that were neither cached nor audio." example:"510000"`
	CacheRead    int64 `json:"cache_read_tokens" example:"8000"`
	CacheWrite   int64 `json:"cache_write_tokens" example:"0"`
	CacheWrite1h int64 `json:"cache_write_1h_tokens" example:"0"`
	AudioInput   int64 `json:"audio_input_tokens" example:"0"`
	Output       int64 `json:"output_tokens" doc:"Tokens that models wrote, reasoning included and audio not." example:"140000"`
	AudioOutput  int64 `json:"audio_output_tokens" example:"0"`
	Reasoning    int64 `json:"reasoning_tokens" doc:"The part of output_tokens that is reasoning." example:"0"`
	WebSearches  int64 `json:"web_searches" example:"0"`
}

func sumTokensOf(t *usage.Tokens) sumTokens {
	return sumTokens{
		Input: t.Input, CacheRead: t.CacheRead, CacheWrite: t.CacheWrite, CacheWrite1h: t.CacheWrite1h, AudioInput: t.AudioInput,
		Output: t.Output, AudioOutput: t.AudioOutput, Reasoning: t.Reasoning, WebSearches: t.WebSearches,
	}
}

// figureColumns are the columns of usageFigures in CSV.
var figureColumns = []string{
	"requests", "credits", "corrected_credits", "uncollected", "cost_usd", "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens",
	"audio_input_tokens", "output_tokens", "audio_output_tokens", "reasoning_tokens", "web_searches",
}

func (f *usageFigures) numbers() []string {
	t := &f.Tokens
	numbers := []string{
		whole(f.Requests), whole(f.Credits), whole(f.CorrectedCredits), string(usage.AppendUSD(nil, int64(f.Uncollected))), string(usage.AppendUSD(nil, int64(f.CostUSD))),
	}
	for _, n := range []int64{t.Input, t.CacheRead, t.CacheWrite, t.CacheWrite1h, t.AudioInput, t.Output, t.AudioOutput, t.Reasoning, t.WebSearches} {
		numbers = append(numbers, whole(n))
	}
	return numbers
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// sumCells are the columns of each dimension in CSV, and what is in them.
var sumCells = map[store.SumBy]struct {
	columns []string
	of      func(*store.UsageSum) []string
}{
	store.SumByDay:      {[]string{"date"}, func(u *store.UsageSum) []string { return []string{string(u.Day)} }},
	store.SumByHour:     {[]string{"hour"}, func(u *store.UsageSum) []string { return []string{hourCell(u.Hour)} }},
	store.SumByUser:     {[]string{"user_id", "email"}, func(u *store.UsageSum) []string { return []string{idCell(u.UserID), u.Email} }},
	store.SumByKey:      {[]string{"key_id", "key_prefix", "key_label"}, func(u *store.UsageSum) []string { return []string{idCell(u.KeyID), u.Prefix, u.Label} }},
	store.SumByModel:    {[]string{"model"}, func(u *store.UsageSum) []string { return []string{u.Model} }},
	store.SumByPlan:     {[]string{"plan_id", "plan"}, func(u *store.UsageSum) []string { return []string{idCell(u.PlanID), u.Plan} }},
	store.SumByUpstream: {[]string{"upstream_id", "upstream"}, func(u *store.UsageSum) []string { return []string{idCell(u.UpstreamID), u.Upstream} }},
}

func hourCell(hour int64) string {
	if hour == store.NoHour {
		return ""
	}
	return whole(hour)
}

func idCell(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

func optionalHour(hour int64) *int64 {
	if hour == store.NoHour {
		return nil
	}
	return &hour
}

func usageSumOf(u *store.UsageSum) usageSum {
	s := usageSum{
		Hour: optionalHour(u.Hour), UserID: optionalID(u.UserID), Email: optionalText(u.Email), KeyID: optionalID(u.KeyID), KeyPrefix: optionalText(u.Prefix), KeyLabel: optionalText(u.Label),
		Model: optionalText(u.Model), PlanID: optionalID(u.PlanID), Plan: optionalText(u.Plan), UpstreamID: optionalID(u.UpstreamID), Upstream: optionalText(u.Upstream),
		usageFigures: figuresOf(u),
	}
	if u.Day != "" {
		s.Date = &u.Day
	}
	return s
}

func figuresOf(u *store.UsageSum) usageFigures {
	return usageFigures{u.Requests, u.Credits + u.Corrected, u.Corrected, openapi.SignedCredits(u.Uncollected), openapi.USD(u.CostMicros), sumTokensOf(&u.Tokens)}
}

// report checks the request before anything of it is read.
func (r *usageSumsRequest) report(ctx context.Context, db *store.Store) (*usageRows[store.UsageSum], error) {
	filter, err := r.query(ctx, db)
	if err != nil {
		return nil, err
	}
	q := store.UsageSumQuery{Span: filter.Span, UserID: filter.UserID, KeyID: filter.KeyID, PlanID: filter.PlanID, Model: filter.Model, Limit: r.Limit + 1}
	var columns []string
	for _, by := range store.SumDimensions() {
		if slices.Contains(r.GroupBy, string(by)) {
			q.By = append(q.By, by)
			columns = append(columns, sumCells[by].columns...)
		}
	}
	if q.After, err = readSumCursor(r.After, q.By); err != nil {
		return nil, err
	}
	if err := db.NeedCharges(ctx, &q); err != nil {
		return nil, err
	}
	return &usageRows[store.UsageSum]{
		name: "usage", span: q.Span, columns: append(columns, figureColumns...),
		item: func(u *store.UsageSum) any { return usageSumOf(u) },
		cells: func(u *store.UsageSum) (texts, numbers []string) {
			for _, by := range q.By {
				texts = append(texts, sumCells[by].of(u)...)
			}
			figures := figuresOf(u)
			return texts, figures.numbers()
		},
		page: func(ctx context.Context) ([]store.UsageSum, any, error) {
			sums, err := db.UsageSums(ctx, q)
			if err != nil || len(sums) <= r.Limit {
				return sums, nil, err
			}
			sums = sums[:r.Limit]
			return sums, sumCursor(&sums[r.Limit-1], q.By), nil
		},
		each: func(ctx context.Context, visit func(*store.UsageSum) error) error {
			return db.EachUsageSum(ctx, q, func(u store.UsageSum) error { return visit(&u) })
		},
	}, nil
}

func (a *api) adminUsage(x *exchange) error {
	var r usageSumsRequest
	if err := x.route.binder.Bind(x, &r); err != nil {
		return err
	}
	report, err := r.report(x.ctx, a.Store)
	if err != nil {
		return err
	}
	return answerUsage(x, report)
}
