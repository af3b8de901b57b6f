package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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
	keys.Identity
	features string
}

func (r *identityRow) fields() []any {
	return append(keyDest(&r.Key), &r.SecretEndsAt, &r.User.Email, &r.User.Name, &r.User.Role, &r.User.Status, &r.User.CreatedAt,
		&r.Plan.ID, &r.Plan.Name, &r.Plan.DailyCreditLimit, &r.Plan.RateLimitPerMinute, &r.Plan.UserRateLimitPerMinute, &r.Plan.MaxKeys,
		&r.Plan.PriceCents, &r.Plan.Position, &r.Plan.IsDefault, &r.Plan.Archived, &r.features)
}

// IdentityByHash reads all that a request with a key is decided on;
// keys.ErrNotFound where no key has this secret.
func (s *Store) IdentityByHash(ctx context.Context, hash keys.Hash) (*keys.Identity, error) {
	// Who guesses keys asks for many that do not exist: those cost a short statement of one index.
	if known, err := list(ctx, s, func(one *int64) []any { return []any{one} }, "SELECT 1 FROM key_secrets WHERE hash = ?", hash[:]); err != nil || len(known) == 0 {
		return nil, cmp.Or[error](err, keys.ErrNotFound)
	}
	rows, err := list(ctx, s, (*identityRow).fields, `SELECT `+keyColumns+`, x.ends_at, u.email, u.name, u.role, u.status, u.created_at,
		p.id, p.name, p.daily_credit_limit, p.rate_limit_per_minute, p.user_rate_limit_per_minute, p.max_keys, p.price_cents, p.position, p.is_default, p.archived, p.features
		FROM key_secrets AS x JOIN api_keys AS k ON k.id = x.key_id JOIN users AS u ON u.id = k.user_id JOIN plans AS p ON p.id = u.plan_id
		WHERE x.hash = ?`, hash[:])
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, keys.ErrNotFound
	}
	id := &rows[0].Identity
	id.User.ID, id.User.PlanID, id.Plan.Features = id.Key.UserID, id.Plan.ID, []byte(rows[0].features)
	return id, nil
}

// UsableKeys lists a user's keys that are not revoked, the newest first. Each
// state is read along its index, so revoked keys cost nothing however many there are.
func (s *Store) UsableKeys(ctx context.Context, userID uuid.UUID, p Page) ([]keys.Key, error) {
	after := p.After
	if after == uuid.Nil {
		after = uuid.Max
	}
	one := "SELECT * FROM (SELECT " + keyColumns + " FROM api_keys AS k WHERE k.user_id = ? AND k.status = ? AND k.id < ? ORDER BY k.id DESC LIMIT ?) AS part"
	return list(ctx, s, keyDest, "SELECT * FROM ("+one+" UNION ALL "+one+") AS k ORDER BY k.id DESC LIMIT ?",
		userID, keys.StatusActive, after, p.Limit, userID, keys.StatusDisabled, after, p.Limit, p.Limit)
}

// owned is a key with its owner's e-mail and status.
type owned struct {
	keys.Key
	UserEmail  string
	UserStatus accounts.Status
}

// search is what the key itself is found by; its owner is searched in users.
func (o *owned) search() string { return searchText(o.Label, o.Prefix) }

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

func keyWhere(db *gorm.DB, id, userID uuid.UUID) (owned, error) {
	statement, args := "SELECT "+keyColumns+", u.email, u.status FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.id = ?", []any{id}
	if userID != uuid.Nil {
		statement, args = statement+" AND k.user_id = ?", append(args, userID)
	}
	rows, err := listOn(db, (*owned).fields, statement, args...)
	if err == nil && len(rows) == 0 {
		err = keys.ErrNotFound
	}
	if err != nil {
		return owned{}, err
	}
	return rows[0], nil
}

func (o *owned) fields() []any { return append(keyDest(&o.Key), &o.UserEmail, &o.UserStatus) }

// heldKey reads and holds a key that can still be changed; another user's key
// and a revoked one answer as none. Who changes a key holds its owner first, so
// that nobody who holds several keys waits for somebody who waits for one of them.
func (c *change) heldKey(id, userID uuid.UUID) (owned, error) {
	k, err := keyWhere(c.DB, id, userID)
	if err != nil {
		return owned{}, err
	}
	if err := c.lock("users", k.UserID); err != nil {
		return owned{}, err
	}
	if err := c.lock("api_keys", id); err != nil {
		return owned{}, err
	}
	if k, err = keyWhere(c.DB, id, userID); err == nil && k.Status == keys.StatusRevoked {
		err = keys.ErrNotFound
	}
	return k, err
}

// CreateKey makes a key for a user; the secret is stored as its hash alone. A
// user has at most as many keys that are not revoked as the plan allows.
func (s *Store) CreateKey(ctx context.Context, by accounts.Actor, n keys.NewKey) (k keys.Key, err error) {
	if n, err = n.Normalize(s.now()); err != nil {
		return k, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if err := tx.lock("users", n.UserID); err != nil { // whose keys are counted
			return err
		}
		u, err := s.userWhere(tx.DB, "u.id = ?", n.UserID)
		if err != nil {
			return err
		}
		if k, err = tx.newKey(n, u); err != nil {
			return err
		}
		if err := tx.roomForKey(u); err != nil {
			return err
		}
		if err := tx.insertKey(owned{Key: k, UserEmail: u.Email}); err != nil {
			return err
		}
		if err := tx.putSecret(k.ID, n.Secret); err != nil {
			return err
		}
		return tx.recordChange((&owned{Key: k}).entry("key.created", fmt.Sprintf("Created key %s (%s) of %s.", k.Prefix, k.Label, u.Email), nil, keyFields(k)))
	})
	return k, err
}

// newKey is the key that a wish makes, and the refusal where the acting key may not give it.
func (c *change) newKey(n keys.NewKey, u UserLine) (k keys.Key, err error) {
	k = keys.Key{ID: c.store.ids.mint(c.at), UserID: u.ID, Prefix: n.Secret.Prefix(), Label: n.Label, Status: n.Status, CreatedAt: c.at, ExpiresAt: inMicros(n.ExpiresAt),
		Scopes: keys.DefaultScopes(u.Role), CreatedBy: c.by.Name}
	if c.by.KeyID != uuid.Nil {
		k.CreatedByKeyID = &c.by.KeyID
	}
	k = keys.KeyChange{Scopes: n.Scopes, Addresses: n.Addresses}.Apply(k)
	if err := k.Scopes.Given(0, u.Role, n.ByOwner); err != nil {
		return k, err
	}
	if c.by.KeyID != uuid.Nil { // whoever revokes the acting key with what it made waits for this one, or this one for that
		if err := c.lock("api_keys", c.by.KeyID); err != nil {
			return k, err
		}
	}
	acting, err := c.acting(n.ByOwner)
	if err == nil && n.ByOwner && acting != nil {
		err = k.Within(acting, "create")
	}
	return k, err
}

// roomForKey counts the user's keys; the caller holds the user.
func (c *change) roomForKey(u UserLine) error {
	var counted struct{ Have, Most int64 }
	err := c.Raw(`SELECT p.max_keys AS most, (SELECT COUNT(*) FROM api_keys AS k WHERE k.user_id = ? AND k.status IN ('active', 'disabled')) AS have
		FROM plans AS p WHERE p.id = ?`, u.ID, u.PlanID).Scan(&counted).Error
	if err == nil && counted.Have >= counted.Most {
		err = keys.ErrTooManyKeys(u.Email, u.PlanName, counted.Most)
	}
	return err
}

func inMicros(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	whole := t.UTC().Truncate(time.Microsecond)
	return &whole
}

func (o *owned) entry(action, details string, before, after map[string]any) entry {
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
		"last_used_at": o.LastUsedAt, "expires_at": o.ExpiresAt, "revoked_at": o.RevokedAt, "search": o.search(), "scopes": o.Scopes.String(),
		"allowed_addresses": o.Addresses.String(), "created_by": o.CreatedBy, "created_by_key_id": o.CreatedByKeyID,
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

// ChangeKey changes a key's label, expiry, scopes, addresses or status. userID
// is the owner who asks with a key of that user's, or zero where an operator acts.
func (s *Store) ChangeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID, c keys.KeyChange) (after keys.Key, err error) {
	if c, err = c.Normalize(s.now()); err != nil {
		return after, err
	}
	if c.ExpiresAt != nil {
		c.ExpiresAt = new(inMicros(*c.ExpiresAt))
	}
	err = s.changing(ctx, by, func(tx *change) error {
		k, err := tx.heldKey(id, userID)
		if err != nil {
			return err
		}
		before := k.Key
		k.Key = c.Apply(before)
		if err := tx.mayChange(before, k.Key, userID != uuid.Nil); err != nil {
			return err
		}
		err = tx.Table("api_keys").Where("id = ?", id).UpdateColumns(map[string]any{
			"label": k.Label, "expires_at": k.ExpiresAt, "scopes": k.Scopes.String(), "allowed_addresses": k.Addresses.String(), "status": k.Status,
		}).Error
		if err != nil {
			return err
		}
		if before.Label != k.Label {
			if err := tx.reindexKey(k); err != nil {
				return err
			}
		}
		after = k.Key
		return tx.recordChange(k.changeEntry(before, c))
	})
	return after, err
}

// changeEntry records a change. What an operator has named is in it though it
// was so before: from then on it is a limit that the owner cannot loosen.
func (o *owned) changeEntry(before keys.Key, c keys.KeyChange) entry {
	was, is := changedFields(keyFields(before), keyFields(o.Key))
	action, details := "key.changed", fmt.Sprintf("Changed key %s of %s: %s.", o.Prefix, o.UserEmail, listChanges(was, is))
	switch {
	case c.Status == nil:
	case *c.Status == keys.StatusDisabled && before.Status != keys.StatusDisabled:
		action = "key.disabled"
	case *c.Status == keys.StatusActive && before.Status != keys.StatusActive:
		action = "key.enabled"
	}
	now := keyFields(o.Key)
	for field, named := range map[string]bool{
		fieldScopes: c.Scopes != nil, fieldAddresses: c.Addresses != nil, fieldExpiry: c.ExpiresAt != nil, fieldStatus: c.Status != nil,
	} {
		if named {
			is[field] = now[field]
		}
	}
	return o.entry(action, details, was, is)
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
		return tx.recordChange(o.entry("key.rotated", fmt.Sprintf("Rotated key %s of %s to %s; the old secret stops %s.", old, o.UserEmail, o.Prefix, stops(r.Grace)),
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

// The fields of a key as the audit log calls them.
const (
	fieldScopes    = "scopes"
	fieldAddresses = "allowed_addresses"
	fieldExpiry    = "expires_at"
	fieldStatus    = "status"
)

func keyFields(k keys.Key) map[string]any {
	expires := ""
	if k.ExpiresAt != nil {
		expires = k.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	return map[string]any{
		"label": k.Label, fieldExpiry: expires, fieldScopes: k.Scopes.String(), fieldAddresses: k.Addresses.String(), fieldStatus: string(k.Status),
	}
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
