package handlers

import (
	"codexible/keys"
	"codexible/store"
)

// The command line prints these with --json.

// UserForm is a user as the admin endpoints return it.
func UserForm(u store.UserLine) any { return adminUserOf(u) }

// KeyForm is a key as the admin endpoints return it.
func KeyForm(k store.KeyLine) any { return adminKeyOf(k) }

// MintedKeyForm is the only response with a key in clear.
func MintedKeyForm(k keys.Key, secret keys.Secret) any { return mintedOf(k, secret) }

// UpdatedForm is the answer to a change of a key.
func UpdatedForm() any { return updated{true} }

// RevokedForm is the answer to a revocation; also is nil where only the key itself was to be revoked.
func RevokedForm(also *int64) any { return deleted{true, also} }
