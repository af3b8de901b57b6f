package store

import (
	"context"

	"codexible/usage"

	"gorm.io/gorm"
)

// KeptFrom is the first day whose single charges are there; empty where a
// retention never removed any.
func (s *Store) KeptFrom(ctx context.Context) (day usage.Day, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		day, err = keptFrom(db)
		return err
	})
	return day, err
}

func keptFrom(db *gorm.DB) (usage.Day, error) {
	var row retentionRow
	err := db.Take(&row).Error
	return row.KeptFrom, missing(err, nil)
}

// Retain removes up to limit single charges of the days before a day, the
// oldest first, and says how many there were: call it until that is none. The
// totals stay. That the charges are gone is written with the first of them, so
// a recount never takes a day that is half removed for one that differs. By hand:
// a removal by the primary key up to a limit, and a date that never moves back.
func (s *Store) Retain(ctx context.Context, before usage.Day, limit int) (removed int64, err error) {
	err = s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.dialect.countTotalsIn(tx); err != nil {
			return err
		}
		result := tx.Exec("DELETE FROM usage WHERE id IN (SELECT id FROM usage WHERE id < ? AND day < ? ORDER BY id LIMIT ?)",
			firstID(before.Start().Add(idSlack)), string(before), limit)
		removed = result.RowsAffected
		if result.Error != nil || removed == 0 {
			return result.Error
		}
		return tx.Exec(`INSERT INTO retention AS r (id, kept_from) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET kept_from = excluded.kept_from
			WHERE r.kept_from < excluded.kept_from`, string(before)).Error
	})
	return removed, s.classify(err)
}
