package store

import (
	"context"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Figures reads a user's exact figures as they are for a key: what a decision of
// this moment would be made on.
func (s *Store) Figures(ctx context.Context, userID, keyID uuid.UUID) (usage.Figures, error) {
	account, at, err := s.account(ctx, userID)
	return account.Figures(keyID, at), err
}

// Credits are a user's figures with the grants that they are made of, of one moment.
type Credits struct {
	usage.Figures

	Day    usage.Day
	Grants []usage.OpenGrant
}

// Credits reads a user's figures as they are for a key, with the open grants in the order of use.
func (s *Store) Credits(ctx context.Context, userID, keyID uuid.UUID) (Credits, error) {
	account, at, err := s.account(ctx, userID)
	return Credits{account.Figures(keyID, at), usage.DayOf(at), account.OpenGrants(at)}, err
}

// account reads a user's account as a decision of this moment would find it.
func (s *Store) account(ctx context.Context, userID uuid.UUID) (account usage.Account, at time.Time, err error) {
	at = s.now()
	type row struct {
		usage.Account

		more bool
	}
	rows, err := listTotals(ctx, s, func(r *row) []any {
		return []any{&r.DailyLimit, &r.MonthlyLimit, &r.ConcurrencyLimit, &r.Day.Millionths, &r.Day.Granted, &r.Day.CostMicros, &r.more}
	}, selectFigures, string(usage.DayOf(at)), userID)
	if err == nil && len(rows) == 0 {
		err = accounts.ErrUserNotFound
	}
	if err != nil {
		return account, at, err
	}
	account = rows[0].Account
	if rows[0].more || account.MonthlyLimit != usage.NoLimit { // several statements: they have to see one moment
		err := s.classify(s.snapshot(ctx, func(db *gorm.DB) (err error) {
			if account, err = readAccount(db, at, userID); err != nil {
				return err
			}
			return s.dialect.eachUncounted(db, userID, func(c *usage.Record) { addUncounted(&account, usage.DayOf(at), c) })
		}))
		if err != nil {
			return usage.Account{}, at, err
		}
	}
	account.Open(at)
	return account, at, nil
}

// selectFigures reads what the figures of most users are made of, and whether there is more. By hand: it is on the path of requests.
var selectFigures = `SELECT p.daily_credit_limit, COALESCE(p.monthly_credit_limit, -1), COALESCE(p.user_concurrency_limit, -1),
	COALESCE(d.millionths, 0), COALESCE(d.granted, 0), COALESCE(d.cost_micros, 0), EXISTS (` + fmt.Sprintf(selectMore, "= u.id") + `)
	FROM users AS u JOIN plans AS p ON p.id = u.plan_id LEFT JOIN user_days AS d ON d.day = ? AND d.user_id = u.id WHERE u.id = ?`

// addUncounted adds a charge to an account whose totals do not count it yet.
func addUncounted(a *usage.Account, today usage.Day, c *usage.Record) {
	switch {
	case c.Day == today:
		a.Day.Millionths += c.Millionths
		a.Day.Granted += c.Granted
		a.Day.CostMicros += c.CostMicros
		if limits := a.Keys[c.KeyID]; limits != nil {
			limits.Used += c.Credits
		}
	case c.Day < today && c.Day >= today.StartOfMonth():
		a.EarlierDays += c.Credits - c.Granted
	}
}

// readDay reads what most accounts are made of; accounts.ErrUserNotFound where
// the user does not exist.
func readDay(db *gorm.DB, at time.Time, user uuid.UUID) (row accountRow, err error) {
	err = visitRows(db, row.scan, "SELECT "+accountColumns+"JOIN plans AS p ON p.id = u.plan_id LEFT JOIN user_days AS d ON d.day = ? AND d.user_id = u.id WHERE u.id = ?", string(usage.DayOf(at)), user)
	if err == nil && row.user == uuid.Nil {
		err = accounts.ErrUserNotFound
	}
	return row, err
}

// readAccount reads a user's whole account outside the meter.
func readAccount(db *gorm.DB, at time.Time, user uuid.UUID) (usage.Account, error) {
	day := usage.DayOf(at)
	row, err := readDay(db, at, user)
	if err != nil {
		return row.Account, err
	}
	found := ledgerAccounts{user: &row.Account}
	for _, part := range []struct {
		visit     func(scanner) error
		statement string
		args      []any
	}{
		{found.addHold, fmt.Sprintf(selectOpenHolds, "= ?"), []any{user}},
		{found.addGrant, fmt.Sprintf(selectOpenGrants, "?", "= ?"), []any{at, user}},
		{found.addKey, fmt.Sprintf(selectKeyLimits, "?", "= ?"), []any{string(day), user}},
		{found.addEarlierDays, fmt.Sprintf(selectEarlierDays, "?", "?", "= ?"), []any{string(day.StartOfMonth()), string(day), user}},
	} {
		if err := visitRows(db, part.visit, part.statement, part.args...); err != nil {
			return row.Account, err
		}
	}
	return row.Account, nil
}

// visitRows visits the rows of a statement.
func visitRows(db *gorm.DB, visit func(scanner) error, statement string, args ...any) error {
	rows, err := db.Raw(statement, args...).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Hold reads a hold, open or ended; usage.ErrNoHold where it does not exist.
func (s *Store) Hold(ctx context.Context, id uuid.UUID) (usage.Hold, error) {
	holds, err := s.holds(ctx, fmt.Sprintf(selectHolds, "= ?"), id)
	if err != nil || len(holds) == 0 {
		return usage.Hold{}, orMissing(err, usage.ErrNoHold)
	}
	return *holds[0], nil
}

func orMissing(err, missing error) error {
	if err != nil {
		return err
	}
	return missing
}

// HoldQuery narrows a list of holds; zero fields narrow nothing.
type HoldQuery struct {
	OwnerID, UserID, KeyID uuid.UUID
	// After is the last hold of the page before.
	After uuid.UUID
	Limit int
}

// OpenHolds lists open holds whose deadline has not passed, the newest first.
func (s *Store) OpenHolds(ctx context.Context, q HoldQuery) ([]*usage.Hold, error) {
	where, args := q.where(s.now())
	return s.holds(ctx, "SELECT "+holdColumns+" FROM holds AS h"+where+" ORDER BY h.id DESC LIMIT ?", append(args, q.Limit)...)
}

// where are the conditions of a list of open holds.
func (q HoldQuery) where(now time.Time) (where string, args []any) {
	where, args = " WHERE h.status = 'open' AND h.expires_at > ?", []any{now}
	and := func(condition string, id uuid.UUID) {
		if id != uuid.Nil {
			where += " AND " + condition
			args = append(args, id)
		}
	}
	and("h.owner_id = ?", q.OwnerID)
	and("h.user_id = ?", q.UserID)
	and("h.key_id = ?", q.KeyID)
	and("h.id < ?", q.After)
	return where, args
}

func (s *Store) holds(ctx context.Context, statement string, args ...any) (list []*usage.Hold, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return visitRows(db, func(row scanner) error {
			h, err := scanHold(row)
			list = append(list, h)
			return err
		}, statement, args...)
	})
	return list, err
}

// HoldStats are the open holds over all users.
type HoldStats struct{ Open, Credits int64 }

// HoldStats counts the open holds and what they set aside.
func (s *Store) HoldStats(ctx context.Context) (stats HoldStats, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT COUNT(*) AS open, COALESCE(SUM(credits), 0) AS credits FROM holds WHERE status = 'open' AND expires_at > ?", s.now()).Scan(&stats).Error
	})
	return stats, err
}

// DueHolds lists up to limit users who have open holds whose deadline has passed.
func (s *Store) DueHolds(ctx context.Context, limit int) (users []uuid.UUID, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT DISTINCT user_id FROM holds WHERE status = 'open' AND expires_at <= ? LIMIT ?", s.now(), limit).Scan(&users).Error
	})
	return users, err
}

// SweepHolds removes up to limit holds that ended more than usage.HoldsKept ago,
// and says how many there were. By hand: a bounded removal along the primary key.
func (s *Store) SweepHolds(ctx context.Context, limit int) (int64, error) {
	before := s.now().Add(-usage.HoldsKept - sweepSlack)
	result := s.write.WithContext(ctx).Exec(`DELETE FROM holds WHERE id IN (SELECT id FROM holds WHERE id < ? AND status <> 'open' AND ended_at <= ?
		ORDER BY id LIMIT ?)`, firstID(before), before, limit)
	return result.RowsAffected, s.classify(result.Error)
}
