package handlers

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

// keyItem is a key in its owner's list.
type keyItem struct {
	callingKey
	ExpiresAt *instant `json:"expires_at" doc:"null where the key does not expire."`
}

func keyItemOf(k keys.Key) keyItem {
	return keyItem{callingKeyOf(k), optionalInstant(k.ExpiresAt)}
}

type listKeysRequest struct{ caller }

func (a *api) listKeys(ctx context.Context, r listKeysRequest) ([]keyItem, error) {
	list, err := a.Store.ActiveKeys(ctx, r.userID())
	return each(list, keyItemOf), err
}

type createKeyRequest struct {
	caller
	Label     *string    `json:"label" minLength:"1" maxLength:"100" doc:"What the key is for; Default unless given." example:"Laptop"`
	ExpiresAt *time.Time `json:"expires_at" doc:"When the key stops working; never unless given." example:"2030-01-01T00:00:00Z"`
}

// mintedKey is the only answer that ever holds a key.
type mintedKey struct {
	ID     uuid.UUID `json:"id"`
	Key    string    `json:"key" doc:"The key in clear. It is shown this once and stored nowhere." example:"codexible_0123456789abcdef0123456789abcdef"`
	Prefix string    `json:"prefix" doc:"The beginning of the key, for display." example:"codexible_01234567"`
	Label  string    `json:"label" example:"Laptop"`
}

func mintedOf(k keys.Key, secret keys.Secret) mintedKey {
	return mintedKey{ID: k.ID, Key: secret.Reveal(), Prefix: k.Prefix, Label: k.Label}
}

func (a *api) createKey(ctx context.Context, r createKeyRequest) (mintedKey, error) {
	wish := keys.NewKey{UserID: r.userID(), ExpiresAt: r.ExpiresAt}
	if r.Label != nil {
		wish.Label = *r.Label
	}
	return a.mint(ctx, r.by, wish)
}

func (a *api) mint(ctx context.Context, by accounts.Actor, wish keys.NewKey) (mintedKey, error) {
	wish.Secret = keys.Mint()
	k, err := a.Store.CreateKey(ctx, by, wish)
	if err != nil {
		return mintedKey{}, err
	}
	return mintedOf(k, wish.Secret), nil
}

// keyWish is what of a key can be changed.
type keyWish struct {
	Label     *string          `json:"label" minLength:"1" maxLength:"100" doc:"What the key is for." example:"Build server"`
	ExpiresAt patch[time.Time] `json:"expires_at" doc:"When the key stops working; null for never." example:"2030-01-01T00:00:00Z"`
}

func (w keyWish) change() keys.KeyChange {
	c := keys.KeyChange{Label: w.Label}
	if w.ExpiresAt.Given {
		c.ExpiresAt = &w.ExpiresAt.Value
	}
	return c
}

type changeKeyRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The key's id."`
	keyWish
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

type deleted struct {
	Deleted bool `json:"deleted" example:"true"`
}

func (a *api) revokeKey(ctx context.Context, r keyRequest) (deleted, error) {
	err := a.Store.RevokeKey(ctx, r.by, r.ID, r.userID())
	return deleted{err == nil}, err
}

type rotateKeyRequest struct {
	caller
	ID           uuid.UUID `path:"id" doc:"The key's id, which stays."`
	GraceSeconds int64     `json:"grace_seconds" minimum:"0" maximum:"604800" default:"0" doc:"How long the old secret goes on working, 7 days at most." example:"3600"`
}

func (a *api) rotateKey(ctx context.Context, r rotateKeyRequest) (mintedKey, error) {
	return a.rotate(ctx, r, r.userID())
}

// rotate gives a key of owner a new secret; of anybody where owner is zero.
func (a *api) rotate(ctx context.Context, r rotateKeyRequest, owner uuid.UUID) (mintedKey, error) {
	secret := keys.Mint()
	k, err := a.Store.RotateKey(ctx, r.by, keys.Rotation{KeyID: r.ID, Grace: time.Duration(r.GraceSeconds) * time.Second, Secret: secret}, owner)
	if err != nil {
		return mintedKey{}, err
	}
	return mintedOf(k, secret), nil
}
