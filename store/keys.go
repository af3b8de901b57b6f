package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// KeyLine is a key as lists across all users show it.
type KeyLine struct {
	keys.Key
	UserEmail string
	// UserStatus is the owner's: no key of a suspended user works.
	UserStatus accounts.Status
}

// identityRow is what one read by a secret's hash gives.
type identityRow struct {
	keys.Key
	SecretEndsAt  *time.Time
	UEmail        string
	UName         string
	URole         accounts.Role
	UStatus       accounts.Status
	UCreatedAt    time.Time
	PID           uuid.UUID
	PName         string
	PDaily        int64
	PRate         int64
	PPriceCents   int64
	PArchived     bool
	PPlanFeatures string
}

// IdentityByHash reads all that a request with a key is decided on;
// keys.ErrNotFound where no key has this secret.
func (s *Store) IdentityByHash(ctx context.Context, hash keys.Hash) (*keys.Identity, error) {
	var rows []identityRow
	err := s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT `+keyColumns+`, x.ends_at AS secret_ends_at, u.email AS u_email, u.name AS u_name, u.role AS u_role, u.status AS u_status,
			u.created_at AS u_created_at, p.id AS p_id, p.name AS p_name, p.daily_credit_limit AS p_daily, p.rate_limit_per_minute AS p_rate,
			p.price_cents AS p_price_cents, p.archived AS p_archived, p.features AS p_plan_features
			FROM key_secrets AS x JOIN api_keys AS k ON k.id = x.key_id JOIN users AS u ON u.id = k.user_id JOIN plans AS p ON p.id = u.plan_id
			WHERE x.hash = ?`, hash[:]).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, keys.ErrNotFound
	}
	r := rows[0]
	return &keys.Identity{
		Key: r.Key, SecretEndsAt: r.SecretEndsAt,
		User: accounts.User{ID: r.UserID, Email: r.UEmail, Name: r.UName, PlanID: r.PID, Role: r.URole, Status: r.UStatus, CreatedAt: r.UCreatedAt},
		Plan: accounts.Plan{ID: r.PID, Name: r.PName, DailyCreditLimit: r.PDaily, RateLimitPerMinute: r.PRate, PriceCents: r.PPriceCents,
			Archived: r.PArchived, Features: []byte(r.PPlanFeatures)},
	}, nil
}

// ActiveKeys lists a user's active keys, the newest first.
func (s *Store) ActiveKeys(ctx context.Context, userID uuid.UUID) ([]keys.Key, error) {
	return list(ctx, s, keyDest, "SELECT "+keyColumns+" FROM api_keys AS k WHERE k.user_id = ? AND k.status = 'active' ORDER BY k.id DESC", userID)
}

// owned is a key with its owner's e-mail and status.
type owned struct {
	keys.Key
	UserEmail  string
	UserStatus accounts.Status
}

// search is what the key itself is found by; its owner is searched in users.
func (o owned) search() string { return searchText(o.Label, o.Prefix) }

// Key reads one key; keys.ErrNotFound where there is none. A userID other than
// zero makes another user's key as good as none.
func (s *Store) Key(ctx context.Context, id, userID uuid.UUID) (k KeyLine, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		o, err := keyWhere(db, id, userID)
		k = KeyLine(o)
		return err
	})
	return k, err
}

func keyWhere(db *gorm.DB, id, userID uuid.UUID) (k owned, err error) {
	query := db.Table("api_keys AS k").Select(keyColumns+", u.email AS user_email, u.status AS user_status").
		Joins("JOIN users AS u ON u.id = k.user_id").Where("k.id = ?", id)
	if userID != uuid.Nil {
		query = query.Where("k.user_id = ?", userID)
	}
	if err = query.Take(&k).Error; errors.Is(err, gorm.ErrRecordNotFound) {
		err = keys.ErrNotFound
	}
	return k, err
}

// activeKey reads and holds a key that can still be changed; another user's
// key and a revoked one answer as none.
func (c *change) activeKey(id, userID uuid.UUID) (owned, error) {
	if err := c.lock("api_keys", id); err != nil {
		return owned{}, err
	}
	k, err := keyWhere(c.DB, id, userID)
	if err == nil && k.Status != keys.StatusActive {
		err = keys.ErrNotFound
	}
	return k, err
}

// CreateKey makes a key for a user; the secret is stored as its hash alone.
func (s *Store) CreateKey(ctx context.Context, by accounts.Actor, n keys.NewKey) (k keys.Key, err error) {
	if n, err = n.Normalize(s.now()); err != nil {
		return k, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		u, err := s.userWhere(tx.DB, "u.id = ?", n.UserID)
		if err != nil {
			return err
		}
		k = keys.Key{ID: s.ids.mint(tx.at), UserID: u.ID, Prefix: n.Secret.Prefix(), Label: n.Label, Status: keys.StatusActive, CreatedAt: tx.at, ExpiresAt: inMicros(n.ExpiresAt)}
		o := owned{Key: k, UserEmail: u.Email}
		if err := tx.insertKey(o); err != nil {
			return err
		}
		if err := tx.putSecret(k.ID, n.Secret); err != nil {
			return err
		}
		return tx.record(o.entry("key.created", fmt.Sprintf("Created key %s (%s) of %s.", k.Prefix, k.Label, u.Email), nil, keyFields(k)))
	})
	return k, err
}

func inMicros(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	whole := t.UTC().Truncate(time.Microsecond)
	return &whole
}

func (o owned) entry(action, details string, before, after map[string]any) entry {
	return entry{action: action, subject: accounts.SubjectKey, id: o.ID, target: o.Prefix, details: details, before: before, after: after}
}

func (c *change) insertKey(o owned) error {
	if err := c.Table("api_keys").Create(keyRow(o)).Error; err != nil {
		return err
	}
	return c.store.dialect.index(c.DB, searchedKeys, rowID(o.ID), o.ID, o.search())
}

func keyRow(o owned) map[string]any {
	return map[string]any{
		"id": o.ID, "user_id": o.UserID, "prefix": o.Prefix, "label": o.Label, "status": o.Status, "created_at": o.CreatedAt,
		"last_used_at": o.LastUsedAt, "expires_at": o.ExpiresAt, "revoked_at": o.RevokedAt, "search": o.search(),
	}
}

func (c *change) putSecret(keyID uuid.UUID, secret keys.Secret) error {
	hash := secret.Hash()
	return c.Table("key_secrets").Create(map[string]any{"hash": hash[:], "key_id": keyID, "ends_at": nil}).Error
}

// reindexKey writes what a search finds the key by.
func (c *change) reindexKey(o owned) error {
	if err := c.Table("api_keys").Where("id = ?", o.ID).UpdateColumn("search", o.search()).Error; err != nil {
		return err
	}
	return c.store.dialect.index(c.DB, searchedKeys, rowID(o.ID), o.ID, o.search())
}

// ChangeKey changes a key's label or expiry. userID is the owner, or zero where
// an admin acts.
func (s *Store) ChangeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID, c keys.KeyChange) (after keys.Key, err error) {
	if c, err = c.Normalize(s.now()); err != nil {
		return after, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		k, err := tx.activeKey(id, userID)
		if err != nil {
			return err
		}
		before := k.Key
		if c.Label != nil {
			k.Label = *c.Label
		}
		if c.ExpiresAt != nil {
			k.ExpiresAt = inMicros(*c.ExpiresAt)
		}
		err = tx.Table("api_keys").Where("id = ?", id).UpdateColumns(map[string]any{"label": k.Label, "expires_at": k.ExpiresAt}).Error
		if err != nil {
			return err
		}
		if err := tx.reindexKey(k); err != nil {
			return err
		}
		after = k.Key
		was, is := changedFields(keyFields(before), keyFields(after))
		return tx.record(k.entry("key.changed", fmt.Sprintf("Changed key %s of %s: %s.", k.Prefix, k.UserEmail, listChanges(was, is)), was, is))
	})
	return after, err
}

// RevokeKey ends a key for good. One that is not active answers keys.ErrNotFound.
func (s *Store) RevokeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		k, err := tx.activeKey(id, userID)
		if err != nil {
			return err
		}
		err = tx.Table("api_keys").Where("id = ?", id).UpdateColumns(map[string]any{"status": keys.StatusRevoked, "revoked_at": tx.at}).Error
		if err != nil {
			return err
		}
		return tx.record(k.entry("key.revoked", fmt.Sprintf("Revoked key %s (%s) of %s.", k.Prefix, k.Label, k.UserEmail),
			map[string]any{"status": string(keys.StatusActive)}, map[string]any{"status": string(keys.StatusRevoked)}))
	})
}

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
	var hashes [][]byte
	err = s.reading(ctx, func(db *gorm.DB) error {
		rows, err := db.Raw("SELECT hash FROM key_secrets WHERE key_id = ? AND ends_at IS NULL", keyID).Rows()
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			if err := rows.Scan(&hash); err != nil {
				return err
			}
			hashes = append(hashes, slices.Clone(hash))
		}
		return rows.Err()
	})
	if err == nil && len(hashes) == 0 {
		err = keys.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return hashes[0], nil
}

func (s *Store) rotateFrom(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID, current []byte) (k keys.Key, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		o, err := tx.activeKey(r.KeyID, userID)
		if err != nil {
			return err
		}
		if err := tx.retire(o.ID, current, r.Grace); err != nil {
			return err
		}
		if err := tx.putSecret(o.ID, r.Secret); err != nil {
			return err
		}
		old := o.Prefix
		o.Prefix = r.Secret.Prefix()
		if err := tx.Table("api_keys").Where("id = ?", o.ID).UpdateColumn("prefix", o.Prefix).Error; err != nil {
			return err
		}
		if err := tx.reindexKey(o); err != nil {
			return err
		}
		k = o.Key
		return tx.record(o.entry("key.rotated", fmt.Sprintf("Rotated key %s of %s to %s; the old secret stops %s.", old, o.UserEmail, o.Prefix, stops(r.Grace)),
			map[string]any{"prefix": old}, map[string]any{"prefix": o.Prefix}))
	})
	return k, err
}

func stops(grace time.Duration) string {
	if grace == 0 {
		return "at once"
	}
	return "after " + grace.String()
}

// retire ends an open grace and the current secret, or opens a grace for it.
func (c *change) retire(keyID uuid.UUID, current []byte, grace time.Duration) error {
	if err := c.Exec("DELETE FROM key_secrets WHERE key_id = ? AND ends_at IS NOT NULL", keyID).Error; err != nil {
		return err
	}
	var end *gorm.DB
	if grace == 0 {
		end = c.Exec("DELETE FROM key_secrets WHERE hash = ? AND ends_at IS NULL", current)
	} else {
		end = c.Exec("UPDATE key_secrets SET ends_at = ? WHERE hash = ? AND ends_at IS NULL", c.at.Add(grace), current)
	}
	if end.Error == nil && end.RowsAffected == 0 {
		return keys.ErrRotated
	}
	return end.Error
}

func keyFields(k keys.Key) map[string]any {
	expires := ""
	if k.ExpiresAt != nil {
		expires = k.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return map[string]any{"label": k.Label, "expires_at": expires}
}

// TouchKeys writes when keys were last used, in one transaction.
func (s *Store) TouchKeys(ctx context.Context, used map[uuid.UUID]time.Time) error {
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, id := range sortedIDs(used) {
			at := used[id].UTC().Truncate(time.Microsecond)
			err := tx.Exec("UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)", at, id, at).Error
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// sortedIDs puts rows into the order in which every writer takes them.
func sortedIDs[V any](rows map[uuid.UUID]V) []uuid.UUID {
	list := make([]uuid.UUID, 0, len(rows))
	for id := range rows {
		list = append(list, id)
	}
	slices.SortFunc(list, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return list
}
