package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The statements of this file are reports, written by hand: they join and sum
// several tables, and each is one statement so that its figures are of one moment.

// Today reads a user's day: what is used, what the plan gives. It is exact.
func (s *Store) Today(ctx context.Context, userID uuid.UUID, day usage.Day) (t usage.Today, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT COALESCE(`+wholeCredits+`, 0) AS credits_used, p.daily_credit_limit AS daily_limit, COALESCE(d.requests, 0) AS request_count
			FROM users AS u JOIN plans AS p ON p.id = u.plan_id LEFT JOIN user_days AS d ON d.day = ? AND d.user_id = u.id WHERE u.id = ?`,
			string(day), userID).Scan(&t).Error
	})
	t.Day = day
	return t, err
}

// Overview reads one of a user's keys and the user's day in one query: both are
// exact. keys.ErrNotFound where the user has no such key.
func (s *Store) Overview(ctx context.Context, userID, keyID uuid.UUID, day usage.Day) (keys.Key, usage.Today, error) {
	type overview struct {
		keys.Key
		usage.Today
	}
	rows, err := listTotals(ctx, s, func(o *overview) []any {
		return append(keyDest(&o.Key), &o.CreditsUsed, &o.DailyLimit, &o.RequestCount)
	},
		`SELECT `+keyColumns+`, COALESCE(`+wholeCredits+`, 0), p.daily_credit_limit, COALESCE(d.requests, 0)
		FROM api_keys AS k JOIN users AS u ON u.id = k.user_id JOIN plans AS p ON p.id = u.plan_id
		LEFT JOIN user_days AS d ON d.day = ? AND d.user_id = k.user_id WHERE k.id = ? AND k.user_id = ?`, string(day), keyID, userID)
	if err == nil && len(rows) == 0 {
		err = keys.ErrNotFound
	}
	if err != nil {
		return keys.Key{}, usage.Today{}, err
	}
	rows[0].Day = day
	return rows[0].Key, rows[0].Today, nil
}

// History reads a user's days, all keys together: one row per day of the range, oldest first.
func (s *Store) History(ctx context.Context, userID uuid.UUID, span usage.Range) ([]usage.DayTotal, error) {
	rows, err := listTotals(ctx, s, func(t *usage.DayTotal) []any { return []any{&t.Day, &t.Credits, &t.Requests, &t.CostMicros} },
		"SELECT d.day, "+wholeCredits+", d.requests, d.cost_micros FROM user_days AS d WHERE d.user_id = ? AND d.day BETWEEN ? AND ?", userID, string(span.From()), string(span.To()))
	if err != nil {
		return nil, err
	}
	return usage.Fill(span, rows), nil
}

// MaxModels is how many models are listed of a user: their names are the callers' choice.
const MaxModels = 1000

// ModelOrder is by what models are listed.
type ModelOrder string

// The orders.
const (
	DearestFirst      ModelOrder = "SUM(cost_micros)"
	MostRequestsFirst ModelOrder = "SUM(requests)"
)

// Models reads what a user used of each model in an order, MaxModels at the most.
func (s *Store) Models(ctx context.Context, userID uuid.UUID, span usage.Range, order ModelOrder) (rows []usage.ModelTotal, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT model, SUM(requests) AS requests, SUM(prompt_tokens) AS prompt_tokens, SUM(completion_tokens) AS completion_tokens,
			SUM(cost_micros) AS cost_micros FROM daily_usage WHERE user_id = ? AND day BETWEEN ? AND ? GROUP BY model ORDER BY `+string(order)+` DESC, model LIMIT ?`,
			userID, string(span.From()), string(span.To()), MaxModels).Scan(&rows).Error
	})
	return rows, err
}

// Hourly reads a user's requests in each UTC hour of a day.
func (s *Store) Hourly(ctx context.Context, userID uuid.UUID, day usage.Day) (hours [usage.HoursADay]int64, err error) {
	dest := make([]any, usage.HoursADay)
	for hour := range hours {
		dest[hour] = &hours[hour]
	}
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		rows, err := db.Raw("SELECT "+strings.Join(hourColumns(), ", ")+" FROM user_days WHERE day = ? AND user_id = ?", string(day), userID).Rows()
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		if rows.Next() {
			return errors.Join(rows.Scan(dest...), rows.Err())
		}
		return rows.Err()
	})
	return hours, err
}

// Charges lists a user's single charges since a day, the newest first. It walks
// from each day's last charge back along the charges themselves, by the primary
// key, with no index that every charge would have to maintain. A day ends the
// walk through it: around midnight two instances may both go on from the same
// charge of the day before.
func (s *Store) Charges(ctx context.Context, userID uuid.UUID, since usage.Day, limit, offset int) ([]usage.Record, error) {
	records, err := listTotals(ctx, s, chargeDest, fmt.Sprintf(walkCharges, chargeColumns), walkArgs(userID, since, limit, offset)...)
	for i := range records {
		records[i].Millionths += records[i].Credits * usage.Millionths
	}
	return records, err
}

// walkCharges is the walk of Charges, with the columns of the charges c that it finds.
const walkCharges = `WITH RECURSIVE walk AS (
			SELECT ` + chargeColumns + `, 1 AS n FROM usage AS c WHERE c.day >= ?
				AND c.id = (SELECT d.last_charge_id FROM user_days AS d WHERE d.user_id = ? AND d.last_charge_id IS NOT NULL ORDER BY d.day DESC LIMIT 1)
			UNION ALL
			SELECT ` + chargeColumns + `, w.n + 1 FROM walk AS w LEFT JOIN usage AS p ON p.id = w.previous_id AND p.day = w.day
				JOIN usage AS c ON c.id = COALESCE(p.id, (SELECT d.last_charge_id FROM user_days AS d WHERE d.user_id = ? AND d.day < w.day AND d.last_charge_id IS NOT NULL ORDER BY d.day DESC LIMIT 1))
				WHERE c.day >= ? AND w.n < ?)
		SELECT %s FROM walk AS c WHERE c.n > ? ORDER BY c.n`

func walkArgs(userID uuid.UUID, since usage.Day, limit, offset int) []any {
	return []any{string(since), userID, userID, string(since), limit + offset, offset}
}
