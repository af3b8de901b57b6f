package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/catalog"
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
	return append(append(keyDest(&r.Key), &r.SecretEndsAt), r.ownerFields()...)
}

// ownerColumns are a user's and the plan's.
const ownerColumns = `u.email, u.name, u.role, u.status, u.created_at, COALESCE(u.external_id, ''), u.metadata,
		p.id, p.name, p.daily_credit_limit, p.monthly_credit_limit, p.rate_limit_per_minute, p.user_rate_limit_per_minute, p.user_concurrency_limit, p.max_keys, p.models, p.price_cents, p.position, p.is_default, p.archived, p.features`

// ownerFields are where ownerColumns are read to.
func (r *identityRow) ownerFields() []any {
	return []any{&r.User.Email, &r.User.Name, &r.User.Role, &r.User.Status, &r.User.CreatedAt, &r.User.ExternalID, (*storedObject)(&r.User.Metadata),
		&r.Plan.ID, &r.Plan.Name, &r.Plan.DailyCreditLimit, &r.Plan.MonthlyCreditLimit, &r.Plan.RateLimitPerMinute,
		&r.Plan.UserRateLimitPerMinute, &r.Plan.UserConcurrencyLimit, &r.Plan.MaxKeys, (*storedModels)(&r.Plan.Models), &r.Plan.PriceCents, &r.Plan.Position, &r.Plan.IsDefault, &r.Plan.Archived, &r.features}
}

// IdentityByHash reads all that a request with a key is decided on;
// keys.ErrNotFound where no key has this secret. By hand: it is on the path of requests.
func (s *Store) IdentityByHash(ctx context.Context, hash keys.Hash) (*keys.Identity, error) {
	// Guessed keys do not exist: each costs a short statement on one index.
	if known, err := list(ctx, s, func(one *int64) []any { return []any{one} }, "SELECT 1 FROM key_secrets WHERE hash = ?", hash[:]); err != nil || len(known) == 0 {
		return nil, cmp.Or[error](err, keys.ErrNotFound)
	}
	rows, err := list(ctx, s, (*identityRow).fields, `SELECT `+keyColumns+`, x.ends_at, `+ownerColumns+`
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
// state is read along its index, so revoked keys cost nothing however many there
// are: a union, by hand.
func (s *Store) UsableKeys(ctx context.Context, userID uuid.UUID, p Page) ([]keys.Key, error) {
	after := p.After
	if after == uuid.Nil {
		after = uuid.Max
	}
	const one = "SELECT " + keyColumns + " FROM api_keys AS k WHERE k.user_id = ? AND k.status = ? AND k.id < ?"
	return list(ctx, s, keyDest, one+" UNION ALL "+one+" ORDER BY 1 DESC LIMIT ?", userID, keys.StatusActive, after, userID, keys.StatusDisabled, after, p.Limit)
}

// owned is a key with what is decided by its owner.
type owned struct {
	keys.Key
	userEmail  string
	userStatus accounts.Status
	userRole   accounts.Role
}

// Key reads one key; keys.ErrNotFound where it does not exist. With a userID other
// than zero, another user's key does not exist.
func (s *Store) Key(ctx context.Context, id, userID uuid.UUID) (k KeyLine, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		o, err := keyWhere(db, id, userID)
		k = KeyLine{o.Key, o.userEmail, o.userStatus}
		return err
	})
	return k, err
}

func keyWhere(db *gorm.DB, id, userID uuid.UUID) (owned, error) {
	var row struct {
		Key        keyRow `gorm:"embedded"`
		UserEmail  string
		UserStatus accounts.Status
		UserRole   accounts.Role
	}
	find := db.Table("api_keys AS k").Select("k.*, u.email AS user_email, u.status AS user_status, u.role AS user_role").
		Joins("JOIN users AS u ON u.id = k.user_id").Where("k.id = ?", id)
	if userID != uuid.Nil {
		find = find.Where("k.user_id = ?", userID)
	}
	if err := find.Take(&row).Error; err != nil {
		return owned{}, missing(err, keys.ErrNotFound)
	}
	return owned{row.Key.key(), row.UserEmail, row.UserStatus, row.UserRole}, nil
}

func (r *keyRow) key() keys.Key {
	return keys.Key{
		ID: r.ID, UserID: r.UserID, Prefix: r.Prefix, Label: r.Label, Status: r.Status, CreatedAt: r.CreatedAt, LastUsedAt: r.LastUsedAt,
		ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt, Scopes: keys.Scopes(r.Scopes), Addresses: keys.Addresses(r.AllowedAddresses), Models: allowanceOf(r.Models),
		CreatedBy: r.CreatedBy, CreatedByKeyID: r.CreatedByKeyID, Limits: r.Limits, Metadata: json.RawMessage(r.Metadata),
	}
}

// heldKey reads and holds a key that can still be changed; another user's key
// and a revoked one give keys.ErrNotFound. Who changes a key holds its owner first, so
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
		u, err := userByID(tx.DB, n.UserID)
		if err != nil {
			return err
		}
		if u.ErasedAt != nil {
			return accounts.ErrErased
		}
		if k, err = tx.newKey(n, u.ID, u.Role); err != nil {
			return err
		}
		if err := tx.roomForKey(&u); err != nil {
			return err
		}
		if err := tx.insertKey(k, n.Secret); err != nil {
			return err
		}
		return tx.recordChange((&owned{Key: k}).entry("key.created", fmt.Sprintf("Created key %s (%s) of %s.", k.Prefix, k.Label, u.Email), nil, keyFields(k)))
	})
	return k, err
}

// newKey is the key that the input makes, and the refusal where the acting key may not give it.
func (c *change) newKey(n keys.NewKey, userID uuid.UUID, role accounts.Role) (k keys.Key, err error) {
	k = keys.Key{ID: c.store.ids.mint(c.at), UserID: userID, Prefix: n.Secret.Prefix(), Label: n.Label, Status: n.Status, CreatedAt: c.at, ExpiresAt: inMicros(n.ExpiresAt),
		Scopes: keys.DefaultScopes(role), CreatedBy: c.by.Name, Limits: n.Limits, Metadata: n.Metadata}
	if c.by.KeyID != uuid.Nil {
		k.CreatedByKeyID = &c.by.KeyID
	}
	k = keys.KeyChange{Scopes: n.Scopes, Addresses: n.Addresses, Models: &n.Models}.Apply(k)
	if err := k.Scopes.Given(0, role, n.ByOwner); err != nil {
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
func (c *change) roomForKey(u *userRow) error {
	var counted struct {
		Plan       string
		Have, Most int64
	}
	// By hand: the plan and the count of one moment.
	err := c.Raw(`SELECT p.name AS plan, p.max_keys AS most, (SELECT COUNT(*) FROM api_keys AS k WHERE k.user_id = ? AND k.status IN ('active', 'disabled')) AS have
		FROM plans AS p WHERE p.id = ?`, u.ID, u.PlanID).Scan(&counted).Error
	if err == nil && counted.Have >= counted.Most {
		err = keys.ErrTooManyKeys(u.Email, counted.Plan, counted.Most)
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

func (c *change) insertKey(k keys.Key, secret keys.Secret) error {
	key, live := keyRowOf(k), secretRowOf(k.ID, secret)
	if err := c.Create(&key).Error; err != nil {
		return err
	}
	if err := c.indexKey(&key); err != nil {
		return err
	}
	return c.Create(&live).Error
}

// keyRowOf is a key's row. A search finds it by label and prefix; its owner is searched in users.
func keyRowOf(k keys.Key) keyRow {
	return keyRow{
		ID: k.ID, UserID: k.UserID, Prefix: k.Prefix, Label: k.Label, Status: k.Status, CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsedAt,
		ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, Search: searchText(k.Label, k.Prefix), Scopes: storedScopes(k.Scopes),
		AllowedAddresses: storedAddresses(k.Addresses), CreatedBy: k.CreatedBy, CreatedByKeyID: k.CreatedByKeyID,
		Models: storedAllowance(k.Models), Limits: k.Limits, Metadata: orObject(k.Metadata),
	}
}

func secretRowOf(keyID uuid.UUID, secret keys.Secret) secretRow {
	hash := secret.Hash()
	return secretRow{Hash: hash[:], KeyID: keyID}
}

// updateKey writes the columns named of a key.
func (c *change) updateKey(row *keyRow, columns ...string) error {
	return c.Model(&keyRow{}).Where("id = ?", row.ID).Select(columns).UpdateColumns(row).Error
}

// indexKey writes what a search finds the key by.
func (c *change) indexKey(row *keyRow) error {
	return c.store.dialect.index(c.DB, searchedKeys, rowID(row.ID), row.ID, row.Search)
}

// ChangeKey changes a key's label, expiry, scopes, addresses, models, limits or status. userID
// is the owner who acts with an own key, or zero where an operator acts.
func (s *Store) ChangeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID, c keys.KeyChange) (after keys.Key, err error) {
	return s.changeKey(ctx, by, id, userID, c, nil)
}

// changeKey changes a key, unless keep has a reason to leave it as it is.
func (s *Store) changeKey(ctx context.Context, by accounts.Actor, id, userID uuid.UUID, c keys.KeyChange, keep func(keys.Key) error) (after keys.Key, err error) {
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
		if keep != nil {
			if err := keep(before); err != nil {
				return err
			}
		}
		k.Key = c.Apply(before)
		if err := tx.mayChange(before, k, userID != uuid.Nil); err != nil {
			return err
		}
		row := keyRowOf(k.Key)
		if err := tx.updateKey(&row, "label", "expires_at", "scopes", "allowed_addresses", "models", "status", "search", "metadata",
			"daily_credit_limit", "rate_limit_per_minute", "concurrency_limit"); err != nil {
			return err
		}
		if before.Label != k.Label {
			if err := tx.indexKey(&row); err != nil {
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
	action, details := "key.changed", fmt.Sprintf("Changed key %s of %s: %s.", o.Prefix, o.userEmail, listChanges(was, is))
	switch {
	case c.Status == nil:
	case *c.Status == keys.StatusDisabled && before.Status != keys.StatusDisabled:
		action = "key.disabled"
	case *c.Status == keys.StatusActive && before.Status != keys.StatusActive:
		action = "key.enabled"
	}
	now := keyFields(o.Key)
	for field, named := range map[string]bool{
		fieldScopes: c.Scopes != nil, fieldAddresses: c.Addresses != nil, fieldModels: c.Models != nil, fieldExpiry: c.ExpiresAt != nil, fieldStatus: c.Status != nil,
	} {
		if named {
			is[field] = now[field]
		}
	}
	for name := range c.Limits {
		is[string(name)] = now[string(name)]
	}
	return o.entry(action, details, was, is)
}

// The fields of a key as the audit log calls them.
const (
	fieldScopes    = "scopes"
	fieldAddresses = "allowed_addresses"
	fieldModels    = "models"
	fieldExpiry    = "expires_at"
	fieldStatus    = "status"
	fieldMetadata  = "metadata"
	fieldNote      = "note"
)

func keyFields(k keys.Key) map[string]any {
	expires := ""
	if k.ExpiresAt != nil {
		expires = k.ExpiresAt.UTC().Format(time.RFC3339Nano)
	}
	fields := map[string]any{
		"label": k.Label, fieldExpiry: expires, fieldScopes: k.Scopes.String(), fieldAddresses: k.Addresses.String(),
		fieldModels: optionalNames(k.Models), fieldStatus: string(k.Status), fieldMetadata: metadataField(k.Metadata),
	}
	for _, name := range keys.LimitNames() {
		fields[string(name)] = optionalNumber(k.Limit(name))
	}
	return fields
}

// optionalNames are the models of a plan or key as the audit log writes them; null for all.
func optionalNames(models catalog.Allowance) any {
	if models == nil {
		return nil
	}
	return models.String()
}

// optionalNumber is an optional number as the audit log writes it.
func optionalNumber(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

// TouchKeys writes when keys were last used, in one transaction. It is SQL by
// hand: many keys, each in one statement that never moves the time back.
func (s *Store) TouchKeys(ctx context.Context, used map[uuid.UUID]time.Time) error {
	return s.touch(ctx, "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)", used)
}

func (s *Store) touch(ctx context.Context, statement string, used map[uuid.UUID]time.Time) error {
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, id := range sortedIDs(used) {
			at := used[id].UTC().Truncate(time.Microsecond)
			if err := tx.Exec(statement, at, id, at).Error; err != nil {
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
