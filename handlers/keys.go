package handlers

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/store"

	"github.com/google/uuid"
)

// keyItem is a key as its owner sees it.
type keyItem struct {
	ID         uuid.UUID        `json:"id"`
	Prefix     string           `json:"prefix" doc:"The first characters of the key, for display." example:"codexible_01234567"`
	Label      string           `json:"label" example:"Laptop"`
	Status     keys.Status      `json:"status" enum:"active,disabled"`
	CreatedAt  openapi.Instant  `json:"created_at"`
	LastUsedAt *openapi.Instant `json:"last_used_at" doc:"Accurate to a minute. null if the key was never used."`
	ExpiresAt  *openapi.Instant `json:"expires_at" doc:"null if the key does not expire."`
	keyPolicy
	CreatedBy      string     `json:"created_by" doc:"Your e-mail address, or operator. Empty if it was not recorded." example:"ada@example.com"`
	CreatedByKeyID *uuid.UUID `json:"created_by_key_id" doc:"The key of yours that created this one; null if none did."`
}

// keyPolicy is what a key may do, from where, and how much.
type keyPolicy struct {
	Scopes    []string  `json:"scopes" enum:"models,usage,keys,charge,service,admin" doc:"What the key can do: models (call models), usage (read usage), keys (manage keys), charge (charge itself), service (verify other users' keys, needs the role service), admin (manage everything, needs the role admin)." example:"[\"models\",\"usage\"]"`
	Addresses []string  `json:"allowed_addresses" doc:"Addresses and networks from which the key can be used. Empty: any address." example:"[\"203.0.113.7\",\"10.0.0.0/8\"]"`
	Models    *[]string `json:"models" doc:"Models that the key can use, within the plan's; null for all." example:"[\"coder-large\"]"`
	// The smaller of the key's and the plan's limit counts.
	DailyCreditLimit   *int64 `json:"daily_credit_limit" doc:"Credits a day of this key, within the plan's; null for no limit of its own." example:"50"`
	RateLimitPerMinute *int64 `json:"rate_limit_per_minute" doc:"Requests a minute of this key, at most the plan's; null for the plan's." example:"30"`
	ConcurrencyLimit   *int64 `json:"concurrency_limit" doc:"Requests at once (open holds) of this key; null for no limit of its own." example:"4"`

	Metadata openapi.Metadata `json:"metadata" doc:"What was kept beside the key." example:"{\"team\":\"search\"}"`
}

func keyPolicyOf(k keys.Key) keyPolicy {
	return keyPolicy{
		Scopes: k.Scopes.Names(), Addresses: k.Addresses.Texts(), Models: optionalNames(k.Models),
		DailyCreditLimit: k.DailyCreditLimit, RateLimitPerMinute: k.RateLimitPerMinute, ConcurrencyLimit: k.ConcurrencyLimit, Metadata: openapi.Metadata(k.Metadata),
	}
}

// byOperator is what a customer sees as the creator of a key that an operator made.
const byOperator = "operator"

// keyItemOf converts keys for the owner with this e-mail; it hides the e-mails of operators.
func keyItemOf(owner string) func(keys.Key) keyItem {
	return func(k keys.Key) keyItem {
		item := keyItem{
			ID: k.ID, Prefix: k.Prefix, Label: k.Label, Status: k.Status, CreatedAt: openapi.Instant(k.CreatedAt), LastUsedAt: optionalInstant(k.LastUsedAt),
			ExpiresAt: optionalInstant(k.ExpiresAt), keyPolicy: keyPolicyOf(k), CreatedBy: k.CreatedBy,
		}
		switch k.CreatedBy {
		case "":
		case owner:
			item.CreatedByKeyID = k.CreatedByKeyID
		default:
			item.CreatedBy = byOperator
		}
		return item
	}
}

type listKeysRequest struct {
	caller
	Limit int       `query:"limit" minimum:"1" maximum:"200" default:"100" doc:"Maximum number of keys to return."`
	After uuid.UUID `query:"after" doc:"The id of the last key of the previous page."`
}

// listKeys lists the keys that are not revoked, the newest first.
func (a *api) listKeys(ctx context.Context, r listKeysRequest) ([]keyItem, error) {
	list, err := a.Store.UsableKeys(ctx, r.userID(), store.Page{Limit: r.Limit, After: r.After})
	return each(list, keyItemOf(r.identity.User.Email)), err
}

// newKey has the optional fields of a new key.
type newKey struct {
	Label     *string      `json:"label" minLength:"1" maxLength:"100" doc:"What the key is for. If absent: Default." example:"Laptop"`
	ExpiresAt *time.Time   `json:"expires_at" doc:"When the key expires. If absent: never." example:"2030-01-01T00:00:00Z"`
	Scopes    []string     `json:"scopes" enum:"models,usage,keys,charge,service,admin" maxItems:"6" doc:"What the key can do. If absent: models, usage and keys; for a user with the role service: service; with the role admin: admin, models, usage and keys. Only an operator can grant charge." example:"[\"models\",\"usage\"]"`
	Addresses []string     `json:"allowed_addresses" maxLength:"50" maxItems:"32" doc:"Addresses and networks (IPv4, IPv6) from which the key can be used. If absent: any address." example:"[\"203.0.113.7\",\"10.0.0.0/8\"]"`
	Status    *keys.Status `json:"status" enum:"active,disabled" doc:"If absent: active. A disabled key is rejected like a revoked one until it is enabled."`
	Models    []string     `json:"models" maxLength:"200" maxItems:"200" doc:"Models that the key can use, by name or alias, at least one and within the plan's. If absent or null: all of the plan's." example:"[\"coder-large\"]"`
	// A limit that is absent or null leaves the plan's alone.
	DailyCreditLimit   *int64 `json:"daily_credit_limit" minimum:"0" maximum:"1000000000" doc:"Credits a day of this key, within the plan's. If absent: no limit of its own." example:"50"`
	RateLimitPerMinute *int64 `json:"rate_limit_per_minute" minimum:"1" maximum:"1000000" doc:"Requests a minute of this key. The smaller of this and the plan's limit counts. If absent: the plan's." example:"30"`
	ConcurrencyLimit   *int64 `json:"concurrency_limit" minimum:"1" maximum:"1000000" doc:"Requests at once (open holds) of this key. If absent: no limit of its own." example:"4"`

	Metadata openapi.Metadata `json:"metadata" maxLength:"4096" doc:"A JSON object, at most 4096 bytes, nested at most 8 deep." example:"{\"team\":\"search\"}"`
}

func (n newKey) of(userID uuid.UUID) keys.NewKey {
	key := keys.NewKey{UserID: userID, ExpiresAt: n.ExpiresAt, Scopes: n.Scopes, Addresses: n.Addresses, Models: n.Models, Metadata: []byte(n.Metadata),
		Limits: keys.Limits{DailyCreditLimit: n.DailyCreditLimit, RateLimitPerMinute: n.RateLimitPerMinute, ConcurrencyLimit: n.ConcurrencyLimit}}
	if n.Label != nil {
		key.Label = *n.Label
	}
	if n.Status != nil {
		key.Status = *n.Status
	}
	return key
}

type createKeyRequest struct {
	caller
	newKey
}

// mintedKey is the only response with a key in clear.
type mintedKey struct {
	ID     uuid.UUID `json:"id"`
	Key    string    `json:"key" doc:"The full key. It is shown only in this response and never stored." example:"codexible_0123456789abcdef0123456789abcdef"`
	Prefix string    `json:"prefix" doc:"The first characters of the key, for display." example:"codexible_01234567"`
	Label  string    `json:"label" example:"Laptop"`
}

func mintedOf(k keys.Key, secret keys.Secret) mintedKey {
	return mintedKey{ID: k.ID, Key: secret.Reveal(), Prefix: k.Prefix, Label: k.Label}
}

func (a *api) createKey(ctx context.Context, r createKeyRequest) (mintedKey, error) {
	key := r.of(r.userID())
	key.ByOwner = true
	return a.mint(ctx, r.by, key)
}

func (a *api) mint(ctx context.Context, by accounts.Actor, key keys.NewKey) (mintedKey, error) {
	key.Secret = keys.Mint()
	k, err := a.Store.CreateKey(ctx, by, key)
	if err != nil {
		return mintedKey{}, err
	}
	return mintedOf(k, key.Secret), nil
}

// keyChange has the fields of a key that can be changed.
type keyChange struct {
	Label     *string                  `json:"label" minLength:"1" maxLength:"100" doc:"What the key is for." example:"Build server"`
	ExpiresAt openapi.Patch[time.Time] `json:"expires_at" doc:"When the key expires; null for never." example:"2030-01-01T00:00:00Z"`
	Scopes    []string                 `json:"scopes" enum:"models,usage,keys,charge,service,admin" maxItems:"6" doc:"What the key can do. Replaces the previous scopes. Only an operator can grant charge." example:"[\"models\",\"usage\"]"`
	Addresses []string                 `json:"allowed_addresses" maxLength:"50" maxItems:"32" doc:"Addresses and networks from which the key can be used. Replaces the previous list; [] for any address." example:"[\"203.0.113.7\",\"10.0.0.0/8\"]"`
	Models    openapi.Patch[[]string]  `json:"models" maxLength:"200" maxItems:"200" doc:"Models that the key can use, by name or alias, at least one and within the plan's. Replaces the previous list; null for all of the plan's." example:"[\"coder-large\"]"`
	Status    *keys.Status             `json:"status" enum:"active,disabled" doc:"A disabled key is rejected like a revoked one until it is enabled."`

	DailyCreditLimit   openapi.Patch[int64] `json:"daily_credit_limit" minimum:"0" maximum:"1000000000" doc:"Credits a day of this key, within the plan's; null for no limit of its own." example:"50"`
	RateLimitPerMinute openapi.Patch[int64] `json:"rate_limit_per_minute" minimum:"1" maximum:"1000000" doc:"Requests a minute of this key. The smaller of this and the plan's limit counts; null for the plan's." example:"30"`
	ConcurrencyLimit   openapi.Patch[int64] `json:"concurrency_limit" minimum:"1" maximum:"1000000" doc:"Requests at once (open holds) of this key; null for no limit of its own." example:"4"`

	Metadata openapi.Metadata `json:"metadata" maxLength:"4096" doc:"A JSON object, at most 4096 bytes, nested at most 8 deep. Replaces the previous one." example:"{\"team\":\"search\"}"`
}

func (k keyChange) change() keys.KeyChange {
	c := keys.KeyChange{Label: k.Label, Scopes: k.Scopes, Addresses: k.Addresses, Status: k.Status, Limits: keys.LimitsChange{}, Metadata: []byte(k.Metadata)}
	if k.ExpiresAt.Given {
		c.ExpiresAt = &k.ExpiresAt.Value
	}
	c.Models = patchedNames(k.Models)
	for name, limit := range map[keys.LimitName]openapi.Patch[int64]{
		keys.DailyCreditLimit: k.DailyCreditLimit, keys.RateLimitPerMinute: k.RateLimitPerMinute, keys.ConcurrencyLimit: k.ConcurrencyLimit,
	} {
		if limit.Given {
			c.Limits[name] = limit.Value
		}
	}
	return c
}

// patchedNames are the names that a change sets; nil where it sets none.
func patchedNames(p openapi.Patch[[]string]) *[]string {
	switch {
	case !p.Given:
		return nil
	case p.Value == nil:
		return new([]string)
	}
	return p.Value
}

type changeKeyRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The key's id."`
	keyChange
}

type updated struct {
	Updated bool `json:"updated" example:"true"`
}

func (a *api) changeKey(ctx context.Context, r changeKeyRequest) (updated, error) {
	_, err := a.Store.ChangeKey(ctx, r.by, r.ID, r.userID(), r.change())
	return updated{err == nil}, err
}

type keyRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The key's id."`
}

type revokeKeyRequest struct {
	keyRequest
	WithCreated bool `query:"with_created" default:"false" doc:"Whether to also revoke the keys that this key created, directly or indirectly."`
}

type deleted struct {
	Deleted bool `json:"deleted" example:"true"`
	// Also is nil unless the keys that it created were to be revoked, too.
	Also *int64 `json:"also_revoked,omitempty" doc:"Only with with_created: how many other keys were revoked." example:"2"`
}

func (a *api) revokeKey(ctx context.Context, r revokeKeyRequest) (deleted, error) {
	return a.revoke(ctx, r, r.userID())
}

// revoke revokes a key of owner; of any user where owner is zero.
func (a *api) revoke(ctx context.Context, r revokeKeyRequest, owner uuid.UUID) (deleted, error) {
	if !r.WithCreated {
		err := a.Store.RevokeKey(ctx, r.by, r.ID, owner)
		return deleted{Deleted: err == nil}, err
	}
	also, err := a.Store.RevokeKeyWithCreated(ctx, r.by, r.ID, owner)
	return deleted{Deleted: err == nil, Also: &also}, err
}

type rotateKeyRequest struct {
	caller
	ID           uuid.UUID `path:"id" doc:"The key's id, which does not change."`
	GraceSeconds int64     `json:"grace_seconds" minimum:"0" maximum:"604800" default:"0" doc:"How long the old secret keeps working, in seconds; at most 7 days." example:"3600"`
}

func (a *api) rotateKey(ctx context.Context, r rotateKeyRequest) (mintedKey, error) {
	return a.rotate(ctx, r, r.userID())
}

// rotate gives a key of owner a new secret; of any user where owner is zero.
func (a *api) rotate(ctx context.Context, r rotateKeyRequest, owner uuid.UUID) (mintedKey, error) {
	secret := keys.Mint()
	k, err := a.Store.RotateKey(ctx, r.by, keys.Rotation{KeyID: r.ID, Grace: time.Duration(r.GraceSeconds) * time.Second, Secret: secret}, owner)
	if err != nil {
		return mintedKey{}, err
	}
	return mintedOf(k, secret), nil
}

// optionalNames are the models of a plan or key; nil for all.
func optionalNames(names []string) *[]string {
	if names == nil {
		return nil
	}
	return &names
}
