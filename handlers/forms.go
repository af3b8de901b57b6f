package handlers

import (
	"time"

	"codexible/keys"
	"codexible/store"
	"codexible/usage"
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

// GrantForm is a grant as the admin endpoints list it.
func GrantForm(g usage.GrantRecord, now time.Time) any { return grantAt(g, now) }

// CreatedGrantForm is the answer to a new grant.
func CreatedGrantForm(g usage.GrantRecord, now time.Time, duplicate bool) any {
	return createdGrant{grantAt(g, now), duplicate}
}

// RevokedGrantForm is the answer to the revocation of a grant that had so many credits left.
func RevokedGrantForm(left int64) any { return revokedGrant{true, left} }

// CorrectionForm is the answer to a correction, after which the day has used so many credits.
func CorrectionForm(c usage.CorrectionRecord, used int64, duplicate bool) any {
	return madeCorrection{correctionOf(c), used, duplicate}
}

// HoldForm is an open hold as the admin endpoints list it.
func HoldForm(h *usage.Hold) any { return adminHoldOf(h) }

// ReleasedForm is the answer to the release of a hold.
func ReleasedForm() any { return released{true} }
