package store

import (
	"context"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Uncollected is what did not fit of a user's charges on these days, in millionths of a credit.
func (s *Store) Uncollected(ctx context.Context, userID uuid.UUID, span usage.Range) (millionths int64, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) error { // by hand: a sum
		return db.Raw("SELECT COALESCE(SUM(uncollected), 0) FROM user_days WHERE user_id = ? AND day >= ? AND day <= ?",
			userID, string(span.From()), string(span.To())).Scan(&millionths).Error
	})
	return millionths, err
}

// uncollectedDays is how many days UncollectedLately sums.
const uncollectedDays = 7

// UncollectedLately is what did not fit of all users' charges on the last 7 days,
// in millionths of a credit. It is summed in the background when it was dear, and
// is then up to a minute old.
func (s *Store) UncollectedLately(ctx context.Context) (int64, error) {
	span := usage.LastDays(usage.DayOf(s.now()), uncollectedDays)
	millionths, err := s.uncollected.get(ctx, string(span.To()), func(ctx context.Context) (millionths int64, err error) {
		err = s.readingTotals(ctx, func(db *gorm.DB) error {
			return s.dialect.onOneCore(db, func(db *gorm.DB) error {
				return db.Raw("SELECT COALESCE(SUM(uncollected), 0) FROM user_days WHERE day >= ? AND day <= ? AND uncollected <> 0",
					string(span.From()), string(span.To())).Scan(&millionths).Error
			})
		})
		return millionths, err
	})
	return millionths, s.classify(err)
}

// LedgerStats are counts for the metrics, over all users and instances.
type LedgerStats struct {
	HoldStats

	// Corrections is how many were ever made.
	Corrections int64
}

// ledgerStatsAge is the least age of LedgerStats before they are counted again.
const ledgerStatsAge = 5 * time.Second

// ledgerAges are those of LedgerStats: counting takes at most a fiftieth of the time of one connection.
func ledgerAges(took time.Duration) (renewed, over time.Duration) {
	over = min(max(ledgerStatsAge, 100*took), maxCacheAge)
	return over, over
}

// LedgerStats returns counts that are 5 seconds old at most, or as old as a hundred
// times what counting takes, and never over a minute.
func (s *Store) LedgerStats(ctx context.Context) (LedgerStats, error) {
	stats, err := s.ledgerStats.get(ctx, "", func(ctx context.Context) (stats LedgerStats, err error) {
		if stats.HoldStats, err = s.HoldStats(ctx); err != nil {
			return stats, err
		}
		err = s.reading(ctx, func(db *gorm.DB) error {
			return db.Raw("SELECT COUNT(*) FROM corrections").Scan(&stats.Corrections).Error
		})
		return stats, err
	})
	return stats, s.classify(err)
}
