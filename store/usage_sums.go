package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

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
// is NoHour: corrections belong to a user and a day alone, and charges by hand to no upstream.
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
	// hour is the hour of a charge c, and token a number of its tokens.
	hour  string
	token func(field string) string
}

// sumRow is what a statement of sums is read to.
type sumRow struct {
	UsageSum

	prompt, completion int64
}

// UsageSums lists a page of the sums of usage, in the order of SumDimensions. Together the
// sums of any division are the same. They come from the daily totals where these suffice;
// what was uncollected, hours and upstreams come from the single charges, which a retention
// may have removed: then hours and upstreams of such days are refused.
func (s *Store) UsageSums(ctx context.Context, q UsageSumQuery) ([]UsageSum, error) {
	q.By = slices.DeleteFunc(SumDimensions(), func(by SumBy) bool { return !slices.Contains(q.By, by) })
	if q.single() {
		kept, err := s.KeptFrom(ctx)
		if err != nil {
			return nil, err
		}
		if kept > q.Span.From() {
			return nil, errChargesGone(kept)
		}
	}
	if q.After != nil && slices.Contains(q.By, SumByDay) {
		span, ok := usage.Span(max(q.After.Day, q.Span.From()), q.Span.To())
		if !ok {
			return nil, nil
		}
		q.Span = span
	}
	statement, args := q.statement(s.dialect.sumWords())
	rows, err := listTotals(ctx, s, q.dest, statement, args...)
	sums := make([]UsageSum, len(rows))
	for i := range rows {
		r := &rows[i]
		t := &r.Tokens
		t.Input, t.Output = r.prompt-t.CacheRead-t.CacheWrite-t.CacheWrite1h-t.AudioInput, r.completion-t.AudioOutput
		sums[i] = r.UsageSum
	}
	return sums, err
}

// EachUsageSum visits every sum, a page at a time.
func (s *Store) EachUsageSum(ctx context.Context, q UsageSumQuery, visit func(UsageSum) error) error {
	q.Limit = sumExportPage
	return eachPage(ctx, sumExportPage, func(ctx context.Context, last *UsageSum) ([]UsageSum, error) {
		q.After = last
		return s.UsageSums(ctx, q)
	}, visit)
}

// sumExportPage is how many sums one statement of an export reads: each statement adds up
// what follows again.
const sumExportPage = 10_000

// dest is where the columns of statement are read to.
func (q *UsageSumQuery) dest(r *sumRow) []any {
	r.Hour = NoHour
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

// statement is by hand: a sum over several tables, a page along the dimensions.
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
	text := "SELECT " + strings.Join(slices.Concat(grouped, names, figures), ", ") + " FROM (SELECT " + strings.Join(slices.Concat(columns, sums), ", ") +
		" FROM (" + sources + ") AS r"
	if len(columns) > 0 {
		text += " GROUP BY " + strings.Join(columns, ", ")
	}
	text += ") AS g" + joins.String()
	if len(columns) == 0 {
		return text, args
	}
	if q.After != nil {
		text += " WHERE (" + strings.Join(grouped, ", ") + ") > (?" + strings.Repeat(", ?", len(grouped)-1) + ")"
		for _, by := range q.By {
			args = append(args, sumDimensions[by].value(q.After))
		}
	}
	return text + " ORDER BY " + strings.Join(grouped, ", ") + " LIMIT ?", append(args, q.Limit)
}

// sources are all that is summed up, each with every dimension and every figure.
func (q *UsageSumQuery) sources(words sumWords) (text string, args []any) {
	join := ""
	plan := words.noID
	if q.PlanID != uuid.Nil || slices.Contains(q.By, SumByPlan) {
		plan = "u.plan_id"
	}
	add := func(alias, dimensions string, figures map[string]string, table, condition string, more ...any) {
		if text != "" {
			text += " UNION ALL "
		}
		columns := []string{dimensions, plan + " AS plan_id"}
		for _, figure := range sumFigures {
			columns = append(columns, cmp.Or(figures[figure], "0")+" AS "+figure)
		}
		text += "SELECT " + strings.Join(columns, ", ")
		join = ""
		if plan == "u.plan_id" {
			join = " JOIN users AS u ON u.id = " + alias + ".user_id"
		}
		where, with := narrowed(" WHERE "+alias+".day BETWEEN ? AND ?"+condition, append([]any{string(q.Span.From()), string(q.Span.To())}, more...),
			alias, q.UserID, q.KeyID, q.PlanID, q.Model)
		text += " FROM " + table + " AS " + alias + join + where
		args = append(args, with...)
	}
	charge := map[string]string{"uncollected": "c.uncollected"}
	only := " AND c.uncollected <> 0"
	hour, upstream := "-1", words.noID
	if q.single() {
		only, hour, upstream = "", words.hour, "COALESCE(c.upstream_id, "+words.noID+")"
		charge = map[string]string{
			"requests": "CASE WHEN c.adjusts_id IS NULL THEN 1 ELSE 0 END", "credits": "c.credits", "cost_micros": "c.cost_micros", "uncollected": "c.uncollected",
			"prompt": "c.prompt_tokens", "completion": "c.completion_tokens",
		}
		for _, bucket := range []string{"cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output", "reasoning"} {
			charge[bucket] = words.token(bucket + "_tokens")
		}
		charge["web_searches"] = words.token("web_searches")
	} else {
		const totals = "t.day, -1 AS hour, t.user_id, t.key_id, t.model, "
		add("t", totals+words.noID+" AS upstream_id", map[string]string{
			"requests": "t.requests", "credits": "t.credits", "cost_micros": "t.cost_micros", "prompt": "t.prompt_tokens", "completion": "t.completion_tokens",
		}, "daily_usage", "")
		add("t", totals+words.noID+" AS upstream_id", map[string]string{
			"cache_read": "t.cache_read", "cache_write": "t.cache_write", "cache_write_1h": "t.cache_write_1h", "audio_input": "t.audio_input",
			"audio_output": "t.audio_output", "reasoning": "t.reasoning", "web_searches": "t.web_searches",
		}, "daily_tokens", "")
	}
	dimensions := "c.day, " + hour + " AS hour, c.user_id, c.key_id, c.model, " + upstream + " AS upstream_id"
	end := firstID(q.Span.To().End().Add(idSlack))
	add("c", dimensions, charge, "usage", " AND c.id >= ? AND c.id < ?"+only, firstID(q.Span.From().Start().Add(-idSlack)), end)
	add("c", dimensions, charge, "usage", " AND c.adjusts_id IS NOT NULL AND c.id >= ?"+only, end)
	if q.KeyID == uuid.Nil && q.Model == "" {
		add("o", "o.day, -1 AS hour, o.user_id, "+words.noID+" AS key_id, '' AS model, "+words.noID+" AS upstream_id", map[string]string{"corrected": "o.credits"}, "corrections", "")
	}
	return text, args
}
