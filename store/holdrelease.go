package store

import (
	"context"
	"fmt"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ReleaseHold ends an open hold without a charge for an operator, and records it
// in the audit log in the same transaction. A hold that was released before is
// returned as it is; one that ended otherwise is usage.ErrHoldEnded.
func (s *Store) ReleaseHold(ctx context.Context, by accounts.Actor, id uuid.UUID) (usage.Hold, error) {
	h, err := s.Hold(ctx, id)
	if err != nil {
		return h, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		user, err := tx.account(h.UserID)
		if err != nil {
			return err
		}
		var row holdRow
		if err := tx.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, usage.ErrNoHold)
		}
		switch {
		case row.Status == usage.HoldReleased:
			h.Status = usage.HoldReleased
			return nil
		case row.Status != usage.HoldOpen, !tx.at.Before(row.ExpiresAt):
			return usage.ErrHoldEnded
		}
		err = tx.Model(&row).UpdateColumns(map[string]any{"status": usage.HoldReleased, "draws": "", "ended_at": tx.at}).Error
		if err != nil {
			return err
		}
		h.Credits, h.Delivered, h.ExpiresAt = row.Credits, row.Delivered, row.ExpiresAt.UTC() // it may have been extended meanwhile
		h.Status, h.Draws, h.End.At = usage.HoldReleased, nil, tx.at
		return tx.recordChange(entry{action: "hold.released", subject: accounts.SubjectUser, id: h.UserID, target: user.Email,
			details: fmt.Sprintf("Released a hold of %d credits of %s. A settlement of it is refused.", h.Credits, user.Email),
			after:   map[string]any{"hold": id, "key": h.KeyID, "credits": h.Credits}})
	})
	return h, err
}

// CountOpenHolds is how many holds of a user are open and before their deadline.
func (s *Store) CountOpenHolds(ctx context.Context, userID uuid.UUID) (n int64, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Model(&holdRow{}).Where("user_id = ? AND status = 'open' AND expires_at > ?", userID, s.now()).Count(&n).Error
	})
	return n, err
}
