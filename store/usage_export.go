package store

import (
	"context"
	"fmt"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
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
	// exportPage is how many lines of an export one statement reads.
	exportPage = 2000
	// exportPatience is how long a statement of an export may take.
	exportPatience = 15 * time.Second
)

// EachUsage visits every line of an export in the order of the days, a page at
// a time: no statement stays open while the lines travel.
func (s *Store) EachUsage(ctx context.Context, q UsageQuery, visit func(UsageLine) error) error {
	return eachPage(ctx, exportPage, func(ctx context.Context, last *UsageLine) (page []UsageLine, err error) {
		if last == nil {
			last = &UsageLine{Day: q.Span.From()}
		}
		statement, args := q.statement(*last) // by hand: pages by the whole primary key of one of two tables
		err = s.reading(ctx, func(db *gorm.DB) error {
			return db.Raw(statement, append(args, exportPage)...).Scan(&page).Error
		})
		return page, err
	}, visit)
}

// eachPage visits every row of an export. read gives the rows that follow the last
// one of the page before, nil for the first page; a page that is not full ends it.
func eachPage[Row any](ctx context.Context, size int, read func(ctx context.Context, last *Row) ([]Row, error), visit func(Row) error) error {
	readInTime := func(last *Row) ([]Row, error) {
		ctx, cancel := context.WithTimeout(ctx, exportPatience)
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

func (q UsageQuery) statement(after UsageLine) (string, []any) {
	byModel := q.ByModel || q.Model != ""
	table, last, more := "daily_usage", "key_id", ", k.prefix, k.label, t.key_id"
	joins, cursor := " JOIN api_keys AS k ON k.id = t.key_id", any(after.KeyID)
	if byModel {
		table, last, more, joins, cursor = "model_usage", "model", ", t.model", "", any(after.Model)
	}
	where := fmt.Sprintf(" WHERE t.day <= ? AND (t.day, t.user_id, t.%s) > (?, ?, ?)", last)
	args := []any{string(q.Span.To()), string(after.Day), after.UserID, cursor}
	and := func(condition string, wanted bool, arg any) {
		if wanted {
			where += " AND " + condition
			args = append(args, arg)
		}
	}
	and("t.user_id = ?", q.UserID != uuid.Nil, q.UserID)
	and("t.key_id = ?", q.KeyID != uuid.Nil && !byModel, q.KeyID)
	and("u.plan_id = ?", q.PlanID != uuid.Nil, q.PlanID)
	and("t.model = ?", q.Model != "", q.Model)
	return "SELECT t.day, t.user_id, u.email" + more + ", t.requests, t.credits, t.prompt_tokens, t.completion_tokens, t.cost_micros FROM " + table +
		" AS t JOIN users AS u ON u.id = t.user_id" + joins + where + fmt.Sprintf(" ORDER BY t.day, t.user_id, t.%s LIMIT ?", last), args
}
