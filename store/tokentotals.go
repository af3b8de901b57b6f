package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The sums of a row of daily_tokens.
var (
	tokenSumNames = []string{"requests", "credits", "cost_micros", "prompt_tokens", "completion_tokens", "cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output",
		"reasoning", "web_searches"}
	tokenSumColumns = strings.Join(tokenSumNames, ", ")
	intoDailyTokens = "INSERT INTO daily_tokens (day, user_id, key_id, model, price_id, " + tokenSumColumns + ") "
)

// tokenSums are the values of tokenSumColumns.
func tokenSums(t *usage.TokenTotal) [12]int64 {
	u := &t.Tokens
	return [...]int64{t.Requests, t.Credits, t.CostMicros, u.Prompt(), u.Completion(), u.CacheRead, u.CacheWrite, u.CacheWrite1h, u.AudioInput, u.AudioOutput, u.Reasoning, u.WebSearches}
}

// addTokenSums are the assignments that add columns of the same names to those of tokenSumColumns.
func addTokenSums(table, added string) string {
	var sums []string
	for _, column := range tokenSumNames {
		sums = append(sums, column+" = "+table+column+" + "+added+column)
	}
	return strings.Join(sums, ", ")
}

// tokenRow is what tokenSumColumns are read to, with what names the row.
type tokenRow struct {
	usage.TokenTotal

	prompt, completion int64
}

// sums are where tokenSumColumns are read to.
func (r *tokenRow) sums() []any {
	t := &r.Tokens
	return []any{&r.Requests, &r.Credits, &r.CostMicros, &r.prompt, &r.completion, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.AudioInput, &t.AudioOutput, &t.Reasoning, &t.WebSearches}
}

func totalsOfRows(rows []tokenRow) []usage.TokenTotal {
	if len(rows) == 0 {
		return nil
	}
	totals := make([]usage.TokenTotal, len(rows))
	for i := range rows {
		rows[i].SetTokens(rows[i].prompt, rows[i].completion, rows[i].Tokens)
		totals[i] = rows[i].TokenTotal
	}
	return totals
}

// ByDay divides by days alone; byPlanAndModel by both at once.
const (
	ByDay          Grouping = "day"
	byPlanAndModel Grouping = "plan and model"
)

// TokenQuery narrows and divides what calls used. Zero values leave a condition out.
type TokenQuery struct {
	Span usage.Range
	// By is ByModel where it is empty, ByPlan or ByDay. A past day of a plan is of the users who
	// had it when the day was first read.
	By     Grouping
	UserID uuid.UUID
	PlanID uuid.UUID
	Model  string
}

// maxTokenRows is how many sums by price are read at once: those that cost most. The
// others are a part of what no price made.
const maxTokenRows = 20_000

// TokenTotals sums up what calls used: for each model, plan or day a row for every price
// that made credits of it, and one without a price for charges by hand and at the expiry
// of a hold. Together the rows are all charges of the span; corrections are none. The days
// are in their order, the models and plans those first that cost most, maxGroups models at
// the most and the rest as OtherModels.
func (s *Store) TokenTotals(ctx context.Context, q TokenQuery) (list []usage.TokenTotal, err error) {
	if err := s.CountTotals(ctx); err != nil {
		return nil, err
	}
	q.By = cmp.Or(q.By, ByModel)
	if q.UserID != uuid.Nil {
		list, err = s.readTokens(ctx, q)
	} else {
		list, err = s.tokensOfAll(ctx, q)
	}
	return inOrder(list), err
}

// readTokens reads the sums of a query in one moment.
func (s *Store) readTokens(ctx context.Context, q TokenQuery) (list []usage.TokenTotal, err error) {
	var priced, all []usage.TokenTotal
	err = s.classify(s.snapshot(ctx, func(db *gorm.DB) (err error) {
		if priced, err = q.priced(db); err != nil {
			return err
		}
		all, err = q.all(db)
		return err
	}))
	if err != nil {
		return nil, err
	}
	return join(priced, all), nil
}

// groups are the columns by which a query divides.
func (q TokenQuery) groups() (columns string, into func(*tokenRow) []any) {
	switch q.By {
	case ByPlan:
		return "u.plan_id", func(r *tokenRow) []any { return []any{&r.PlanID} }
	case ByDay:
		return "t.day", func(r *tokenRow) []any { return []any{&r.Day} }
	case byPlanAndModel:
		return "u.plan_id, t.model", func(r *tokenRow) []any { return []any{&r.PlanID, &r.Model} }
	case ByModel:
	}
	return "t.model", func(r *tokenRow) []any { return []any{&r.Model} }
}

// from is the table t with the conditions of the query.
func (q TokenQuery) from(table string) (string, []any) {
	from := " FROM " + table + " AS t"
	if q.By == ByPlan || q.By == byPlanAndModel || q.PlanID != uuid.Nil {
		from += " JOIN users AS u ON u.id = t.user_id"
	}
	from += " WHERE t.day BETWEEN ? AND ?"
	args := []any{string(q.Span.From()), string(q.Span.To())}
	return narrowed(from, args, "t", q.UserID, uuid.Nil, q.PlanID, q.Model)
}

func (q TokenQuery) priced(db *gorm.DB) ([]usage.TokenTotal, error) {
	columns, group := q.groups()
	from, args := q.from("daily_tokens")
	rows, err := listOn(db, func(r *tokenRow) []any { return append(append(group(r), &r.PriceID), r.sums()...) },
		"SELECT "+columns+", t.price_id, SUM(t."+strings.Join(tokenSumNames, "), SUM(t.")+")"+from+" GROUP BY "+columns+
			", t.price_id ORDER BY SUM(t.cost_micros) DESC, SUM(t.credits) DESC, t.price_id LIMIT ?", append(args, maxTokenRows)...)
	return totalsOfRows(rows), err
}

// all sums up what all charges used, priced or not. Models are the callers' choice: the
// rest of them is one.
func (q TokenQuery) all(db *gorm.DB) ([]usage.TokenTotal, error) {
	columns, group := q.groups()
	from, args := q.from("daily_usage")
	sums := "SUM(t.requests) AS requests, SUM(t.credits) AS credits, SUM(t.cost_micros) AS cost_micros, SUM(t.prompt_tokens) AS prompt, SUM(t.completion_tokens) AS completion"
	statement := "SELECT " + columns + ", " + sums + from + " GROUP BY " + columns
	if named, byModel := strings.CutSuffix(columns, "t.model"); byModel {
		plan := strings.ReplaceAll(named, "u.", "")
		statement = "SELECT " + plan + `CASE WHEN place > ? THEN ? ELSE model END AS model, SUM(requests), SUM(credits), SUM(cost_micros), SUM(prompt), SUM(completion) FROM
			(SELECT s.*, ROW_NUMBER() OVER (ORDER BY cost_micros DESC, credits DESC, model) AS place FROM (` + statement + `) AS s) AS r GROUP BY 1`
		if plan != "" {
			statement += ", 2"
		}
		args = append([]any{maxGroups, OtherModels}, args...)
	}
	rows, err := listOn(db, func(r *tokenRow) []any {
		return append(group(r), &r.Requests, &r.Credits, &r.CostMicros, &r.prompt, &r.completion)
	}, statement, args...)
	return totalsOfRows(rows), err
}

// tokenGroup is by what sums are divided, prices apart.
type tokenGroup struct {
	model string
	plan  uuid.UUID
	day   usage.Day
}

func groupOf(t *usage.TokenTotal) tokenGroup { return tokenGroup{t.Model, t.PlanID, t.Day} }

// join lists the sums by price, and for each group what is left of all charges.
func join(priced, all []usage.TokenTotal) []usage.TokenTotal {
	places := map[tokenGroup]int{}
	for i := range all {
		places[groupOf(&all[i])] = i
	}
	for i := range priced {
		group := groupOf(&priced[i])
		place, found := places[group]
		if !found { // its model is one of the rest
			group.model, priced[i].Model = OtherModels, OtherModels
			place, found = places[group]
		}
		if found {
			takeOff(&all[place], &priced[i])
		}
	}
	for i := range all {
		if t := &all[i]; t.Requests != 0 || t.Credits != 0 || t.CostMicros != 0 || t.Tokens != (usage.Tokens{}) {
			priced = append(priced, *t)
		}
	}
	return priced
}

// takeOff takes priced calls off all calls, of which alone the prompt and the completion are known.
func takeOff(all, priced *usage.TokenTotal) {
	all.Requests -= priced.Requests
	all.Credits -= priced.Credits
	all.CostMicros -= priced.CostMicros
	all.Tokens.Input -= priced.Tokens.Prompt()
	all.Tokens.Output -= priced.Tokens.Completion()
}

// inOrder sorts days as they follow each other, and groups by what they cost.
func inOrder(list []usage.TokenTotal) []usage.TokenTotal {
	cost := map[tokenGroup]int64{}
	for i := range list {
		cost[groupOf(&list[i])] += list[i].CostMicros
	}
	slices.SortFunc(list, func(a, b usage.TokenTotal) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(cost[groupOf(&b)], cost[groupOf(&a)]), cmp.Compare(a.Model, b.Model),
			slices.Compare(a.PlanID[:], b.PlanID[:]), slices.Compare(b.PriceID[:], a.PriceID[:]))
	})
	return list
}
