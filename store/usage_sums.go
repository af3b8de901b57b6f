package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// SumBy is a dimension by which sums of usage are divided.
type SumBy string

// The dimensions, in the order in which sums are sorted by them.
const (
	SumByDay      SumBy = "day"
	SumByHour     SumBy = "hour"
	SumByUser     SumBy = "user"
	SumByKey      SumBy = "key"
	SumByModel    SumBy = "model"
	SumByPlan     SumBy = "plan"
	SumByUpstream SumBy = "upstream"
)

// SumDimensions lists every dimension.
func SumDimensions() []SumBy {
	return []SumBy{SumByDay, SumByHour, SumByUser, SumByKey, SumByModel, SumByPlan, SumByUpstream}
}

// UsageSumQuery narrows and divides sums of usage. Zero values leave a condition out.
type UsageSumQuery struct {
	Span          usage.Range
	By            []SumBy
	UserID, KeyID uuid.UUID
	PlanID        uuid.UUID
	Model         string
	// After is the last sum of the page before; nil for the first page.
	After *UsageSum
	Limit int
}

// UsageSum is the sum of a group. A dimension that the group has none of is zero, and Hour
// is NoHour: corrections belong to a user and a day alone, and charges by hand to no
// upstream. An adjustment of a charge of the same day belongs to the charge's hour and upstream.
// The plan is the one that the user has at present.
type UsageSum struct {
	Day        usage.Day
	Hour       int64
	UserID     uuid.UUID
	KeyID      uuid.UUID
	Model      string
	PlanID     uuid.UUID
	UpstreamID uuid.UUID

	Email, Prefix, Label, Plan, Upstream string

	Requests int64
	// Credits are those of charges, in whole credits; Corrected are those of corrections.
	Credits, Corrected int64
	CostMicros         int64
	// Uncollected is in millionths of a credit.
	Uncollected int64
	// Tokens have the charges by hand as plain input and output.
	Tokens usage.Tokens
}

// NoHour is the hour of what belongs to a day alone.
const NoHour = -1

// errChargesGone says that the single charges of a day were removed by the retention.
func errChargesGone(kept usage.Day) error {
	return fault.Field("from", "must not be before "+string(kept)+": older charges are not kept one by one; ask for later days, or divide by neither hour nor upstream")
}

// sumDimension is how a dimension is read: the expression of it on a source, as which a
// null is sorted first, and the type of its value.
type sumDimension struct {
	column string
	dest   func(*UsageSum) any
	value  func(*UsageSum) any
}

var sumDimensions = map[SumBy]sumDimension{
	SumByDay:      {"day", func(u *UsageSum) any { return &u.Day }, func(u *UsageSum) any { return string(u.Day) }},
	SumByHour:     {"hour", func(u *UsageSum) any { return &u.Hour }, func(u *UsageSum) any { return u.Hour }},
	SumByUser:     {"user_id", func(u *UsageSum) any { return &u.UserID }, func(u *UsageSum) any { return u.UserID }},
	SumByKey:      {"key_id", func(u *UsageSum) any { return &u.KeyID }, func(u *UsageSum) any { return u.KeyID }},
	SumByModel:    {"model", func(u *UsageSum) any { return &u.Model }, func(u *UsageSum) any { return u.Model }},
	SumByPlan:     {"plan_id", func(u *UsageSum) any { return &u.PlanID }, func(u *UsageSum) any { return u.PlanID }},
	SumByUpstream: {"upstream_id", func(u *UsageSum) any { return &u.UpstreamID }, func(u *UsageSum) any { return u.UpstreamID }},
}

// single reports whether the sums need the single charges: no total has an hour or an upstream.
func (q *UsageSumQuery) single() bool {
	return slices.Contains(q.By, SumByHour) || slices.Contains(q.By, SumByUpstream)
}

// sumFigures are the sums of a source, in the order of UsageSum.figures.
var sumFigures = []string{
	"requests", "credits", "corrected", "cost_micros", "uncollected", "prompt", "completion", "cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output",
	"reasoning", "web_searches",
}

func (u *UsageSum) figures(prompt, completion *int64) []any {
	t := &u.Tokens
	return []any{&u.Requests, &u.Credits, &u.Corrected, &u.CostMicros, &u.Uncollected, prompt, completion, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.AudioInput, &t.AudioOutput,
		&t.Reasoning, &t.WebSearches}
}

// sumWords is what the sources of sums say in a database's own words.
type sumWords struct {
	// noID is the id that is zero.
	noID string
	// hour is the hour of a charge, by the alias of its table.
	hour func(charge string) string
	// token is a number of the tokens of a charge c, which is joined with its buckets.
	token   func(field string) string
	buckets func(fields []string) (join string)
}

// sumRow is what a statement of sums is read to.
type sumRow struct {
	UsageSum

	prompt, completion int64
}

// UsageSums lists a page of the sums of usage, in the order of SumDimensions. Together the
// sums of any division are the same. They come from the daily totals where these suffice;
// hours and upstreams come from the single charges, which a retention may have removed:
// then those of such days are refused. What was uncollected on them is known by user alone,
// and has neither key nor model.
func (s *Store) UsageSums(ctx context.Context, q UsageSumQuery) (sums []UsageSum, err error) {
	q.By = slices.DeleteFunc(SumDimensions(), func(by SumBy) bool { return !slices.Contains(q.By, by) })
	if err := s.CountTotals(ctx); err != nil {
		return nil, err
	}
	if err := s.NeedCharges(ctx, &q); err != nil {
		return nil, err
	}
	if slices.Contains(q.By, SumByDay) {
		sums, err = s.sumsByDay(ctx, q)
	} else {
		sums, err = s.readSums(ctx, q)
	}
	if err == nil { // while they were read, a retention may have begun to remove charges
		err = s.NeedCharges(ctx, &q)
	}
	return sums, err
}

// NeedCharges fails where the sums need single charges that a retention has removed.
func (s *Store) NeedCharges(ctx context.Context, q *UsageSumQuery) error {
	if !q.single() {
		return nil
	}
	return s.NeedChargesFrom(ctx, q.Span.From())
}

// NeedChargesFrom fails where a retention has removed single charges of this day or a later one.
func (s *Store) NeedChargesFrom(ctx context.Context, from usage.Day) error {
	kept, err := s.KeptFrom(ctx)
	if err == nil && kept > from {
		err = errChargesGone(kept)
	}
	return err
}

// sumsByDay reads a page a few days at a time, so that its cost is that of its own days: one
// day first, and then as many as the days before let expect, twice as many as before at most.
func (s *Store) sumsByDay(ctx context.Context, q UsageSumQuery) (sums []UsageSum, err error) {
	first, last, limit := q.Span.From(), q.Span.To(), q.Limit
	if q.After != nil {
		first = max(first, q.After.Day)
	}
	from, days, read := first, 1, 0
	for from <= last && len(sums) < limit {
		q.Span, _ = usage.Span(from, min(from.Add(days-1), last)) // a part of a range
		q.Limit = limit - len(sums)
		more, err := s.readSums(ctx, q)
		if err != nil {
			return nil, err
		}
		sums = append(sums, more...)
		from, read = from.Add(days), read+days
		days = min(max((limit-len(sums))*read/max(len(sums), 1), 1), 2*days)
	}
	return sums, nil
}

func (s *Store) readSums(ctx context.Context, q UsageSumQuery) ([]UsageSum, error) {
	statement, args := q.statement(s.dialect.sumWords())
	rows, err := list(ctx, s, q.dest, statement, args...)
	sums, byHour := make([]UsageSum, len(rows)), slices.Contains(q.By, SumByHour)
	for i := range rows {
		r := &rows[i]
		t := &r.Tokens
		t.Input, t.Output = r.prompt-t.CacheRead-t.CacheWrite-t.CacheWrite1h-t.AudioInput, r.completion-t.AudioOutput
		sums[i] = r.UsageSum
		if !byHour {
			sums[i].Hour = NoHour
		}
	}
	return sums, err
}

// EachUsageSum visits every sum, a page at a time.
func (s *Store) EachUsageSum(ctx context.Context, q UsageSumQuery, visit func(UsageSum) error) error {
	q.Limit = sumExportPage
	return eachPageWithin(ctx, sumPatience, sumExportPage, func(ctx context.Context, last *UsageSum) ([]UsageSum, error) {
		q.After = last
		return s.UsageSums(ctx, q)
	}, visit)
}

const (
	// sumExportPage is how many sums one statement of an export reads: each statement adds up
	// what follows again.
	sumExportPage = 10_000
	// sumPatience is how long one may take: it may add up every charge of a year.
	sumPatience = 2 * time.Minute
)

// dest is where the columns of statement are read to.
func (q *UsageSumQuery) dest(r *sumRow) []any {
	var into []any
	for _, by := range q.By {
		into = append(into, sumDimensions[by].dest(&r.UsageSum))
	}
	for _, by := range q.By {
		switch by {
		case SumByUser:
			into = append(into, &r.Email)
		case SumByKey:
			into = append(into, &r.Prefix, &r.Label)
		case SumByPlan:
			into = append(into, &r.Plan)
		case SumByUpstream:
			into = append(into, &r.Upstream)
		case SumByDay, SumByHour, SumByModel:
		}
	}
	return append(into, r.figures(&r.prompt, &r.completion)...)
}

// statement is by hand: a sum over several tables, a page along the dimensions. Names are
// read for the page alone.
func (q *UsageSumQuery) statement(words sumWords) (string, []any) {
	sources, args := q.sources(words)
	var columns, grouped, names []string
	var joins strings.Builder
	for _, by := range q.By {
		column := sumDimensions[by].column
		columns, grouped = append(columns, column), append(grouped, "g."+column)
		switch by {
		case SumByUser:
			names = append(names, "gu.email")
			joins.WriteString(" JOIN users AS gu ON gu.id = g.user_id")
		case SumByKey:
			names = append(names, "COALESCE(gk.prefix, '')", "COALESCE(gk.label, '')")
			joins.WriteString(" LEFT JOIN api_keys AS gk ON gk.id = g.key_id")
		case SumByPlan:
			names = append(names, "gp.name")
			joins.WriteString(" JOIN plans AS gp ON gp.id = g.plan_id")
		case SumByUpstream:
			names = append(names, "COALESCE(gs.name, '')")
			joins.WriteString(" LEFT JOIN upstreams AS gs ON gs.id = g.upstream_id")
		case SumByDay, SumByHour, SumByModel:
		}
	}
	var sums, figures []string
	for _, figure := range sumFigures {
		sums, figures = append(sums, "CAST(COALESCE(SUM("+figure+"), 0) AS bigint) AS "+figure), append(figures, "g."+figure)
	}
	page, order := "", ""
	if by := strings.Join(columns, ", "); by != "" {
		page = " GROUP BY " + by + " ORDER BY " + by + " LIMIT ?"
		args = append(args, q.Limit)
		order = " ORDER BY " + strings.Join(grouped, ", ")
	}
	return "SELECT " + strings.Join(slices.Concat(grouped, names, figures), ", ") + " FROM (SELECT " + strings.Join(slices.Concat(columns, sums), ", ") +
		" FROM (" + sources + ") AS r" + page + ") AS g" + joins.String() + order, args
}
