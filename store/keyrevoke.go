package store

import (
	"context"
	"fmt"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"

	"github.com/google/uuid"
)

// maxRevoked is how many keys one revocation takes along; maxDescendants how
// many it reads to find them, revoked ones included.
const (
	maxRevoked     = 10_000
	maxDescendants = 50_000
)

var errTooManyMade = fault.Newf(fault.Conflict, "This key and the keys it created have created more than %d keys. Revoke some of those first, then this one.", maxRevoked)

// RevokeKey ends a key for good. One that is revoked answers keys.ErrNotFound.
// userID is the owner who acts with an own key, or zero where an
// operator acts.
func (s *Store) RevokeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		_, err := tx.revokeOne(id, userID)
		return err
	})
}

// RevokeKeyWithCreated ends a key as RevokeKey does, and with it the keys that
// it made, and those that these made; it answers how many others ended. Of an
// owner who asks, the owner's keys alone are taken along.
func (s *Store) RevokeKeyWithCreated(ctx context.Context, by accounts.Actor, id, userID uuid.UUID) (also int64, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		k, err := tx.revokeOne(id, userID)
		if err != nil {
			return err
		}
		also, err = tx.revokeCreated(k, userID)
		return err
	})
	return also, err
}

func (c *change) revokeOne(id, userID uuid.UUID) (owned, error) {
	k, err := c.heldKey(id, userID)
	if err != nil {
		return k, err
	}
	if _, err := c.acting(userID != uuid.Nil); err != nil {
		return k, err
	}
	return k, c.revoke(k, "")
}

func (c *change) revoke(k owned, because string) error {
	err := c.Model(&keyRow{}).Where("id = ?", k.ID).UpdateColumns(map[string]any{"status": keys.StatusRevoked, "revoked_at": c.at}).Error
	if err != nil {
		return err
	}
	return c.recordChange(k.entry("key.revoked", fmt.Sprintf("Revoked key %s (%s) of %s%s.", k.Prefix, k.Label, k.userEmail, because),
		map[string]any{fieldStatus: string(k.Status)}, map[string]any{fieldStatus: string(keys.StatusRevoked)}))
}

// revokeCreated revokes what a held key made, and what that made. Keys are held
// in the order of their ids; a key is always younger than its maker, so what is
// made meanwhile by one of them is found in the next round.
func (c *change) revokeCreated(maker owned, userID uuid.UUID) (also int64, err error) {
	because := ", together with key " + maker.Prefix + ", through which it was created"
	for range maxRevoked {
		ids, err := c.created(maker.ID, userID)
		if err != nil {
			return 0, err
		}
		before := also
		for _, id := range ids {
			if err := c.lock("api_keys", id); err != nil {
				return 0, err
			}
			k, err := keyWhere(c.DB, id, userID)
			if err != nil {
				return 0, err
			}
			if k.Status == keys.StatusRevoked {
				continue
			}
			if err := c.revoke(k, because); err != nil {
				return 0, err
			}
			also++
		}
		if also == before {
			return also, nil
		}
		if also > maxRevoked {
			break
		}
	}
	return 0, errTooManyMade
}

// created lists the keys that a key made, and that those made, as far as they
// are not revoked, in the order of their ids.
func (c *change) created(maker, userID uuid.UUID) ([]uuid.UUID, error) {
	of, args := "", []any{maker, maxDescendants + 1}
	if userID != uuid.Nil {
		of, args = " AND k.user_id = ?", []any{maker, userID, maxDescendants + 1}
	}
	var rows []struct {
		ID     uuid.UUID
		Status keys.Status
	}
	// By hand: a walk from key to key.
	err := c.Raw(`WITH RECURSIVE made (id) AS (SELECT k.id FROM api_keys AS k WHERE k.id = ? UNION SELECT k.id FROM made AS m JOIN api_keys AS k ON k.created_by_key_id = m.id`+of+`)
		SELECT k.id, k.status FROM (SELECT m.id FROM made AS m LIMIT ?) AS m JOIN api_keys AS k ON k.id = m.id ORDER BY k.id`, args...).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	if len(rows) > maxDescendants {
		return nil, errTooManyMade
	}
	var ids []uuid.UUID
	for _, r := range rows {
		if r.ID != maker && r.Status != keys.StatusRevoked {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) > maxRevoked {
		return nil, errTooManyMade
	}
	return ids, nil
}
