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

// Grant gives a user credits beside the plan. A repeat with the same idempotency
// key returns the first grant, and duplicate is true; another grant with it is usage.ErrGrantReplay.
// An erased user gets none: accounts.ErrErased.
func (s *Store) Grant(ctx context.Context, by accounts.Actor, n usage.NewGrant) (g usage.GrantRecord, duplicate bool, err error) {
	if n, err = n.Normalize(s.now()); err != nil {
		return g, false, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		user, err := tx.openAccount(n.UserID)
		if err != nil {
			return err
		}
		if n.IdempotencyKey != "" {
			var first grantRow
			err := tx.Where("user_id = ? AND idempotency_key = ?", n.UserID, n.IdempotencyKey).Take(&first).Error
			if err == nil {
				g, duplicate = first.record(), true
				return first.repeats(n)
			}
			if err = missing(err, nil); err != nil {
				return err
			}
		}
		var open int64
		err = tx.Model(&grantRow{}).Where("user_id = ? AND revoked_at IS NULL AND used < credits AND (expires_at IS NULL OR expires_at > ?)", n.UserID, tx.at).Count(&open).Error
		if err != nil {
			return err
		}
		if open >= usage.MaxOpenGrants {
			return usage.ErrTooManyGrants
		}
		row := grantRow{ID: s.ids.mint(tx.at), UserID: n.UserID, Credits: n.Credits, Note: n.Note, CreatedBy: by.Name, CreatedAt: tx.at, ExpiresAt: n.ExpiresAt,
			IdempotencyKey: orNone(n.IdempotencyKey)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		g = row.record()
		return tx.recordChange(entry{action: "grant.created", subject: accounts.SubjectUser, id: n.UserID, target: user.Email,
			details: fmt.Sprintf("Gave %s %d credits%s.", user.Email, n.Credits, until(n.ExpiresAt)), after: map[string]any{"grant": row.ID, "credits": n.Credits, "note": n.Note}})
	})
	return g, duplicate, err
}

func until(end *time.Time) string {
	if end == nil {
		return ""
	}
	return " until " + end.UTC().Format("2006-01-02 15:04 UTC")
}

func orNone(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// repeats reports whether a grant is the same as an earlier one.
func (r *grantRow) repeats(n usage.NewGrant) error {
	sameEnd := (r.ExpiresAt == nil) == (n.ExpiresAt == nil) && (r.ExpiresAt == nil || r.ExpiresAt.Equal(*n.ExpiresAt))
	if r.Credits != n.Credits || r.Note != n.Note || !sameEnd {
		return usage.ErrGrantReplay
	}
	return nil
}

func (r *grantRow) record() usage.GrantRecord {
	return usage.GrantRecord{ID: r.ID, UserID: r.UserID, Credits: r.Credits, Used: r.Used, Note: r.Note, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt,
		ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt}
}

// account reads a user and keeps batches away from the user's account until the
// transaction ends.
func (c *change) account(id uuid.UUID) (user userRow, err error) {
	if err := c.store.dialect.lockAccount(c.DB, id); err != nil {
		return user, err
	}
	return user, missing(c.Where("id = ?", id).Take(&user).Error, accounts.ErrUserNotFound)
}

// openAccount is account, and accounts.ErrErased for an erased user: what is left of one are the
// figures of the books, which nothing is to add to.
func (c *change) openAccount(id uuid.UUID) (user userRow, err error) {
	if user, err = c.account(id); err == nil && user.ErasedAt != nil {
		err = accounts.ErrErased
	}
	return user, err
}

// RevokeGrant ends a grant: what is left of it can no longer be taken. What open
// holds draw on it stays theirs. It returns the credits that were left.
// A revoked grant is usage.ErrNoGrant.
func (s *Store) RevokeGrant(ctx context.Context, by accounts.Actor, userID, id uuid.UUID) (left int64, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		user, err := tx.account(userID)
		if err != nil {
			return err
		}
		var row grantRow
		if err := tx.Where("id = ? AND user_id = ? AND revoked_at IS NULL", id, userID).Take(&row).Error; err != nil {
			return missing(err, usage.ErrNoGrant)
		}
		records := []usage.GrantRecord{row.record()}
		if err := addHeld(tx.DB, tx.at, userID, records); err != nil {
			return err
		}
		left = records[0].Left(tx.at)
		if err := tx.Model(&row).Update("revoked_at", tx.at).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "grant.revoked", subject: accounts.SubjectUser, id: userID, target: user.Email,
			details: fmt.Sprintf("Revoked %d credits that were left of a grant of %d to %s.", left, row.Credits, user.Email), after: map[string]any{"grant": row.ID}})
	})
	return left, err
}

// GrantByID reads a grant, with what open holds draw on it; usage.ErrNoGrant where it does not exist.
func (s *Store) GrantByID(ctx context.Context, id uuid.UUID) (usage.GrantRecord, error) {
	list := make([]usage.GrantRecord, 1)
	err := s.reading(ctx, func(db *gorm.DB) error {
		var row grantRow
		if err := db.Where("id = ?", id).Take(&row).Error; err != nil {
			return missing(err, usage.ErrNoGrant)
		}
		list[0] = row.record()
		return addHeld(db, s.now(), row.UserID, list)
	})
	return list[0], err
}

// Grants lists a user's grants, the newest first, with what open holds draw on them.
func (s *Store) Grants(ctx context.Context, userID uuid.UUID, limit, offset int) (list []usage.GrantRecord, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var rows []grantRow
		if err := db.Where("user_id = ?", userID).Order("id DESC").Limit(limit).Offset(offset).Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			list = append(list, rows[i].record())
		}
		return addHeld(db, s.now(), userID, list)
	})
	return list, err
}

// addHeld adds what a user's open holds draw on grants.
func addHeld(db *gorm.DB, at time.Time, userID uuid.UUID, grants []usage.GrantRecord) error {
	return visitRows(db, func(row scanner) error {
		h, err := scanHold(row)
		if err != nil || !at.Before(h.ExpiresAt) {
			return err
		}
		for _, d := range h.Draws {
			for i := range grants {
				if grants[i].ID == d.GrantID {
					grants[i].Held += d.Credits
				}
			}
		}
		return nil
	}, fmt.Sprintf(selectOpenHolds, "= ?"), userID)
}
