package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// UsageLine is one line of an export: a key's day, or a user's day with a model.
type UsageLine struct {
	Day              usage.Day
	UserID           uuid.UUID
	Email            string
	KeyID            uuid.UUID
	Prefix, Label    string
	Model            string
	Requests         int64
	Credits          int64
	PromptTokens     int64
	CompletionTokens int64
	CostMicros       int64
}

// UsageQuery narrows an export. Zero values leave a condition out.
type UsageQuery struct {
	Span          usage.Range
	UserID, KeyID uuid.UUID
	PlanID        uuid.UUID
	// Model makes the lines a user's days with this model; ByModel those with any.
	Model   string
	ByModel bool
}

const (
	// exportPage is how many rows of the totals one statement of an export reads.
	exportPage = 2000
	// exportPatience is how long a statement of an export may take.
	exportPatience = 15 * time.Second
)

// EachUsage visits every line of an export in the order of the days, users, and
// keys or models. The rows of the totals are read a page at a time, along their
// primary key, and added up as they come: no row is read twice, and no statement
// stays open while the lines travel.
func (s *Store) EachUsage(ctx context.Context, q UsageQuery, visit func(UsageLine) error) error {
	lines := exportLines{byModel: q.ByModel || q.Model != "", visit: visit}
	err := eachPage(ctx, exportPage, func(ctx context.Context, last *UsageLine) ([]UsageLine, error) {
		if last == nil {
			last = &UsageLine{Day: q.Span.From()}
		}
		statement, args := q.statement(last)
		return listTotals(ctx, s, (*UsageLine).fields, statement, args...)
	}, lines.add)
	if err != nil {
		return err
	}
	return lines.flush()
}

// exportLines adds up the rows of the totals that make one line: those of a user's
// key on a day, or of a user on a day by their models.
type exportLines struct {
	byModel bool
	visit   func(UsageLine) error
	// of is what the lines have in common, models are the lines by their models: one without a model where lines are of keys.
	of     UsageLine
	models map[string]*UsageLine
}

func (x *exportLines) add(row UsageLine) error {
	if x.byModel {
		row.KeyID, row.Prefix, row.Label = uuid.Nil, "", ""
	} else {
		row.Model = ""
	}
	if x.of.Day != row.Day || x.of.UserID != row.UserID || x.of.KeyID != row.KeyID {
		if err := x.flush(); err != nil {
			return err
		}
		x.of, x.models = row, map[string]*UsageLine{}
	}
	line := x.models[row.Model]
	if line == nil {
		x.models[row.Model] = &row
		return nil
	}
	line.Requests += row.Requests
	line.Credits += row.Credits
	line.PromptTokens += row.PromptTokens
	line.CompletionTokens += row.CompletionTokens
	line.CostMicros += row.CostMicros
	return nil
}

// flush visits the lines that are complete.
func (x *exportLines) flush() error {
	for _, model := range slices.Sorted(maps.Keys(x.models)) {
		if err := x.visit(*x.models[model]); err != nil {
			return err
		}
	}
	x.models = nil
	return nil
}

// eachPage visits every row of an export. read gives the rows that follow the last
// one of the page before, nil for the first page; a page that is not full ends it.
func eachPage[Row any](ctx context.Context, size int, read func(ctx context.Context, last *Row) ([]Row, error), visit func(Row) error) error {
	return eachPageWithin(ctx, exportPatience, size, read, visit)
}

// eachPageWithin is eachPage for statements that may take longer.
func eachPageWithin[Row any](ctx context.Context, patience time.Duration, size int, read func(ctx context.Context, last *Row) ([]Row, error), visit func(Row) error) error {
	readInTime := func(last *Row) ([]Row, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return read(ctx, last)
	}
	var last *Row
	for {
		page, err := readInTime(last)
		if err != nil {
			return err
		}
		for _, row := range page {
			if err := visit(row); err != nil {
				return err
			}
		}
		if len(page) < size {
			return nil
		}
		last = &page[len(page)-1]
	}
}

// statement reads the rows of the totals after one of them, by hand: a page along the whole primary key.
func (q UsageQuery) statement(after *UsageLine) (string, []any) {
	where, args := " WHERE t.day <= ? AND (t.day, t.user_id, t.key_id, t.model) > (?, ?, ?, ?)", []any{string(q.Span.To()), string(after.Day), after.UserID, after.KeyID, after.Model}
	where, args = narrowed(where, args, "t", q.UserID, q.KeyID, q.PlanID, q.Model)
	return `SELECT t.day, t.user_id, u.email, t.key_id, k.prefix, k.label, t.model, t.requests, t.credits, t.prompt_tokens, t.completion_tokens, t.cost_micros
		FROM daily_usage AS t JOIN users AS u ON u.id = t.user_id JOIN api_keys AS k ON k.id = t.key_id` + where +
		" ORDER BY t.day, t.user_id, t.key_id, t.model LIMIT ?", append(args, exportPage)
}

// narrowed adds conditions on a table's rows, and on their users u: one for each value that is not zero.
func narrowed(where string, args []any, table string, user, key, plan uuid.UUID, model string) (string, []any) {
	and := func(column string, wanted bool, value any) {
		if wanted {
			where += " AND " + column + " = ?"
			args = append(args, value)
		}
	}
	and(table+".user_id", user != uuid.Nil, user)
	and(table+".key_id", key != uuid.Nil, key)
	and("u.plan_id", plan != uuid.Nil, plan)
	and(table+".model", model != "", model)
	return where, args
}

// fields are where the columns of statement are read to.
func (l *UsageLine) fields() []any {
	return []any{&l.Day, &l.UserID, &l.Email, &l.KeyID, &l.Prefix, &l.Label, &l.Model, &l.Requests, &l.Credits, &l.PromptTokens, &l.CompletionTokens, &l.CostMicros}
}
