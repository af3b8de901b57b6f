package keys

import (
	"fmt"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
)

// Who may give what. With an API key its owner makes, changes, enables and
// rotates only keys that are no wider than that key, and tightens the key
// itself. Operators are bound by the roles alone.

// Within is the refusal where k may do something that the acting key may not;
// nil where it is no wider. what says what the acting key wants to do with k.
func (k *Key) Within(acting *Key, what string) error {
	if !k.Scopes.Within(acting.Scopes) {
		return wider("This key cannot %s a key with the scope %s, which it does not have itself. Omit the scope, or use a key that has it.", what, missing(k.Scopes, acting.Scopes))
	}
	if !k.Addresses.Within(acting.Addresses) {
		return wider("This key cannot %s a key for addresses outside its own: %s. Send allowed_addresses within these.", what, acting.Addresses)
	}
	if !k.Models.Within(acting.Models) {
		return wider("This key cannot %s a key for models that it cannot use itself. Send models within its own: %s.", what, strings.Join(acting.Models, ", "))
	}
	if later(k.ExpiresAt, acting.ExpiresAt) {
		return wider("This key cannot %s a key that expires later than itself. Send an expires_at of %s or earlier.", what, acting.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if n := k.wider(acting.Limits); n != "" {
		return wider("This key cannot %s a key whose %s is greater than its own, %d, or is not set. Send a %s of %d or less.", what, n, *acting.Limit(n), n, *acting.Limit(n))
	}
	return nil
}

// Given is the refusal where the scopes of a new or changed key cannot be had
// by a user with this role, or not without an operator; nil where they can.
// before are the scopes that the key had.
func (s Scopes) Given(before Scopes, role accounts.Role, byOwner bool) error {
	added := s &^ before
	if byOwner && added.Has(ScopeCharge) {
		return wider("Only an operator can grant the scope charge. Omit it, or ask an operator.")
	}
	for scope := ScopeModels; scope < scopeEnd; scope++ {
		if added.Has(scope) && !scope.fits(role) {
			return fault.Field("scopes", fmt.Sprintf("must not contain %s: it is only for users with the role %s", scope, scope.Role()))
		}
	}
	return nil
}

// ErrOperatorLimit refuses to loosen with an API key what an operator has limited.
var ErrOperatorLimit = fault.New(fault.InsufficientScope, "An operator has limited this key, so only an operator can relax the limit. Create another key, or ask an operator.")

// LimitedBy is ErrOperatorLimit where k goes beyond what an operator has set of it; limit holds what was set.
func (k *Key) LimitedBy(limit Limit) error {
	switch {
	case limit.Scopes != nil && !k.Scopes.Within(*limit.Scopes), limit.Addresses != nil && !k.Addresses.Within(*limit.Addresses),
		limit.Models != nil && !k.Models.Within(*limit.Models), limit.ExpiresAt != nil && later(k.ExpiresAt, limit.ExpiresAt), !k.Limits.Within(limit.Limits.bounds()), limit.Disabled && k.Status == StatusActive:
		return ErrOperatorLimit
	}
	return nil
}

// Limit is what an operator has set of a key; a nil field was never set.
type Limit struct {
	Scopes    *Scopes
	Addresses *Addresses
	// Models points to nil where the operator allowed all.
	Models *catalog.Allowance
	// ExpiresAt is nil where ExpirySet and the operator removed the expiry.
	ExpiresAt *time.Time
	ExpirySet bool
	// Limits are those that were set or removed last.
	Limits   LimitsChange
	Disabled bool
}

func wider(format string, args ...any) error {
	return fault.Newf(fault.InsufficientScope, format, args...)
}

// later reports whether a key that ends then outlives one that ends at limit; nil is never.
func later(end, limit *time.Time) bool {
	return limit != nil && (end == nil || end.After(*limit))
}

func missing(wanted, held Scopes) string { return strings.Join((wanted &^ held).Names(), ", ") }
