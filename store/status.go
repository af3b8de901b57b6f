package store

import (
	"context"

	"codexible/usage"

	"gorm.io/gorm"
)

// Status is the service in three numbers.
type Status struct {
	Users        int64
	ActiveKeys   int64
	CreditsToday int64
}

// Status returns users, active keys and today's credits, counted at most a second
// ago, or a hundred times as long ago as counting takes, and never over a minute.
// A change of users or keys has them counted again: who made it sees it.
func (s *Store) Status(ctx context.Context) (Status, error) {
	status, err := s.status.get(ctx, string(usage.DayOf(s.now())), s.countStatus)
	return status, s.classify(err)
}

func (s *Store) countStatus(ctx context.Context) (value Status, err error) {
	today := usage.DayOf(s.now())
	// By hand: three counts of one moment. Active keys are counted as all but the others: counting all reads no rows.
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		return s.dialect.onOneCore(db, func(db *gorm.DB) error {
			return db.Raw(`SELECT (SELECT COUNT(*) FROM users) AS users,
				(SELECT COUNT(*) FROM api_keys) - (SELECT COUNT(*) FROM api_keys WHERE status IN ('disabled', 'revoked')) AS active_keys,
				(SELECT COALESCE(SUM(`+wholeCredits+`), 0) FROM user_days AS d WHERE d.day = ?) AS credits_today`, string(today)).Scan(&value).Error
		})
	})
	return value, err
}
