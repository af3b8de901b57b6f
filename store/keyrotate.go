package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

// RotateKey gives a key a new secret under the same id. The old one stops at
// once, or after the grace; a grace that was still open ends. The secret that
// is replaced is the one read before the transaction: if another rotation came
// between, the answer is keys.ErrRotated and nothing changes.
func (s *Store) RotateKey(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID) (k keys.Key, err error) {
	if r.Grace < 0 || r.Grace > keys.MaxGrace {
		return k, fieldError("grace_seconds", "must be a whole number of seconds, 0 to 604800")
	}
	current, err := s.currentSecret(ctx, r.KeyID)
	if err != nil {
		return k, err
	}
	return s.rotateFrom(ctx, by, r, userID, current)
}

func (s *Store) currentSecret(ctx context.Context, keyID uuid.UUID) (hash []byte, err error) {
	var live secretRow
	err = s.read.WithContext(ctx).Take(&live, "key_id = ? AND ends_at IS NULL", keyID).Error
	return live.Hash, s.classify(missing(err, keys.ErrNotFound))
}

func (s *Store) rotateFrom(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID, current []byte) (k keys.Key, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		o, err := tx.heldKey(r.KeyID, userID)
		if err != nil {
			return err
		}
		if err := tx.mayRotate(o.Key, userID != uuid.Nil); err != nil {
			return err
		}
		if err := tx.retire(o.ID, current, r.Grace); err != nil {
			return err
		}
		live := secretRowOf(o.ID, r.Secret)
		if err := tx.Create(&live).Error; err != nil {
			return err
		}
		old := o.Prefix
		o.Prefix = r.Secret.Prefix()
		row := keyRowOf(o.Key)
		if err := tx.updateKey(&row, "prefix", "search"); err != nil {
			return err
		}
		if err := tx.indexKey(&row); err != nil {
			return err
		}
		k = o.Key
		return tx.recordChange(o.entry("key.rotated", fmt.Sprintf("Rotated key %s of %s to %s; the old secret stops %s.", old, o.userEmail, o.Prefix, stops(r.Grace)),
			map[string]any{"prefix": old}, map[string]any{"prefix": o.Prefix}))
	})
	return k, err
}

func stops(grace time.Duration) string {
	if grace == 0 {
		return "immediately"
	}
	return "after " + strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(grace.String())
}

// retire ends an open grace and the current secret, or opens a grace for it.
func (c *change) retire(keyID uuid.UUID, current []byte, grace time.Duration) error {
	if err := c.Delete(&secretRow{}, "key_id = ? AND ends_at IS NOT NULL", keyID).Error; err != nil {
		return err
	}
	end := c.Model(&secretRow{}).Where("hash = ? AND ends_at IS NULL", current)
	if grace == 0 {
		end = end.Delete(&secretRow{})
	} else {
		end = end.UpdateColumn("ends_at", c.at.Add(grace))
	}
	if end.Error == nil && end.RowsAffected == 0 {
		return keys.ErrRotated
	}
	return end.Error
}
