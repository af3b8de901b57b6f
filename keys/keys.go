package keys

import (
	"encoding/json"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Status is whether a key was switched off or revoked. Expiry is a matter of time, not of status.
type Status string

// The states of a key. A disabled key can be enabled again, a revoked one never.
const (
	StatusActive   Status = "active"
	StatusDisabled Status = "disabled"
	StatusRevoked  Status = "revoked"
)

// DefaultLabel names a key that was given no label; MaxLabelLength is in characters.
const (
	DefaultLabel   = "Default"
	MaxLabelLength = 100
)

// MaxGrace is the longest time that a rotated secret goes on working.
const MaxGrace = 7 * 24 * time.Hour

// Sentinels of the keys, returned by the store.
var (
	ErrNotFound = fault.New(fault.NotFound, "This key does not exist.")
	ErrRotated  = fault.New(fault.Conflict, "This key was rotated by another request at the same time. Load the list of keys, and rotate again if you did not receive the new secret.")
)

// ErrSessionOver is the error for a session that is unknown or has ended.
var ErrSessionOver = fault.New(fault.Unauthorized, "This session is unknown or has ended. Sign in again.")

// ErrTooManyKeys is the error for a user who has as many keys as the plan allows.
func ErrTooManyKeys(email, plan string, most int64) *fault.Error {
	return fault.Newf(fault.Conflict, "%s has %d keys that are not revoked, the maximum of the plan %s. Revoke one that is not needed, then create this one.", email, most, plan)
}

// Key is the record of an API key: everything but its secret.
type Key struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Prefix     string
	Label      string
	Status     Status
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
	Scopes     Scopes
	// Addresses are where requests with the key may come from; empty for everywhere.
	Addresses Addresses
	// Models are those that the key may use, within the plan's; nil for all.
	Models catalog.Allowance
	// CreatedBy is an e-mail, or "cli" or "system"; empty for a key from before it was recorded.
	CreatedBy string
	// CreatedByKeyID is the API key that made this one; nil where none did.
	CreatedByKeyID *uuid.UUID
	// Metadata is a JSON object, {} where none was given.
	Metadata json.RawMessage

	Limits
}

// Expired reports whether the key's own expiry has passed.
func (k *Key) Expired(now time.Time) bool { return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) }

// NewKey is what is needed to create a key. The caller mints the secret, and
// shows it once.
type NewKey struct {
	UserID    uuid.UUID
	Label     string
	ExpiresAt *time.Time
	// Scopes are the names of the key's scopes; nil for those that the role of its user has by default.
	Scopes []string
	// Addresses are addresses and networks; none for everywhere.
	Addresses []string
	// Models are the names of those that the key may use; nil for all.
	Models []string
	// Limits are the key's own; nil for none.
	Limits
	// Status is StatusActive where empty.
	Status Status
	// Metadata is a JSON object; nil for {}.
	Metadata json.RawMessage
	Secret   Secret
	// ByOwner reports whether the user acts with one of the user's own keys: the key gets nothing that the acting key does not have.
	ByOwner bool
}

// KeyChange holds what to change of a key; nil leaves a field as it is.
type KeyChange struct {
	Label *string
	// ExpiresAt points to the new expiry, or to nil to remove it.
	ExpiresAt **time.Time
	// Scopes replace the key's, by name.
	Scopes []string
	// Addresses replace the key's; an empty list that is not nil allows every address.
	Addresses []string
	// Models points to the names of those that the key may use, or to nil for all.
	Models *[]string
	// Limits replace the key's, each by itself.
	Limits LimitsChange
	// Status is StatusActive or StatusDisabled; revoking is another change.
	Status *Status
	// Metadata replaces the key's; nil leaves it as it is.
	Metadata json.RawMessage
}

// Rotation replaces a key's secret. Grace is how long the old one goes on working.
type Rotation struct {
	KeyID  uuid.UUID
	Grace  time.Duration
	Secret Secret
}

// Normalize fills the defaults that need no user, writes the addresses in their
// canonical form and reports every problem at once; an expiry has to lie after now.
func (n NewKey) Normalize(now time.Time) (NewKey, error) {
	n.Label = accounts.Clean(n.Label)
	if n.Label == "" {
		n.Label = DefaultLabel
	}
	if n.Status == "" {
		n.Status = StatusActive
	}
	if n.Metadata == nil {
		n.Metadata = json.RawMessage("{}")
	}
	c := KeyChange{Metadata: n.Metadata, Label: &n.Label, ExpiresAt: &n.ExpiresAt, Scopes: n.Scopes, Addresses: n.Addresses, Models: &n.Models, Limits: setting(n.Limits), Status: &n.Status}
	c, err := c.Normalize(now)
	n.Label, n.Scopes, n.Addresses = *c.Label, c.Scopes, c.Addresses
	return n, err
}

// Normalize cleans and checks a change, and writes scopes and addresses in their
// canonical form.
func (c KeyChange) Normalize(now time.Time) (KeyChange, error) {
	problems := map[string]string{}
	add := func(field, problem string) {
		if problem != "" {
			problems[field] = problem
		}
	}
	if c.Label != nil {
		label := accounts.Clean(*c.Label)
		c.Label = &label
		add("label", accounts.CheckText(label, 1, MaxLabelLength))
	}
	if c.ExpiresAt != nil && *c.ExpiresAt != nil {
		add("expires_at", checkExpiry(**c.ExpiresAt, now))
	}
	if c.Scopes != nil {
		scopes, known := ParseScopes(c.Scopes)
		if !known || scopes == 0 {
			add("scopes", "must be one or more of "+strings.Join(ScopeNames(), ", "))
		}
		c.Scopes = scopes.Names()
	}
	if c.Addresses != nil {
		addresses, problem := ParseAddresses(c.Addresses)
		add("allowed_addresses", problem)
		c.Addresses = addresses.Texts()
	}
	if c.Models != nil {
		if _, err := catalog.ParseAllowance(modelsField, *c.Models); err != nil {
			add(modelsField, fault.As(err).Fields[modelsField])
		}
	}
	for name, limit := range c.Limits {
		least, most := name.Bounds()
		add(string(name), accounts.CheckRange(limit, least, most))
	}
	if c.Status != nil && *c.Status != StatusActive && *c.Status != StatusDisabled {
		add("status", "must be active or disabled")
	}
	add("metadata", accounts.CheckMetadata(c.Metadata))
	if len(problems) > 0 {
		return c, fault.InvalidFields(problems)
	}
	return c, nil
}

// modelsField is what requests call the models of a key.
const modelsField = "models"

func checkExpiry(expiry, now time.Time) string {
	switch {
	case !usage.TakesTime(expiry):
		return "must be a time " + usage.Bounds
	case !expiry.After(now):
		return "must be in the future"
	}
	return ""
}

// Apply gives the key with the change made. The change is normalised.
func (c KeyChange) Apply(k Key) Key {
	if c.Label != nil {
		k.Label = *c.Label
	}
	if c.ExpiresAt != nil {
		k.ExpiresAt = *c.ExpiresAt
	}
	if c.Scopes != nil {
		k.Scopes, _ = ParseScopes(c.Scopes)
	}
	if c.Addresses != nil {
		k.Addresses, _ = ParseAddresses(c.Addresses)
	}
	if c.Models != nil {
		k.Models = *c.Models
	}
	c.Limits.apply(&k.Limits)
	if c.Status != nil {
		k.Status = *c.Status
	}
	if c.Metadata != nil {
		k.Metadata = c.Metadata
	}
	return k
}

// Identity is all that a request with a key is decided on. It is shared and
// never changed after it was read.
type Identity struct {
	Key  Key
	User accounts.User
	Plan accounts.Plan
	// SecretEndsAt is when a rotated secret stops; nil for the key's own secret.
	SecretEndsAt *time.Time
	// BySession reports whether a customer's session stands in the place of a key: Key then has its id, its
	// times and what a key of the user may do by default, and is no row of the keys.
	BySession bool
	// Encoded is what Parts.Encode made of the rest; nil without it.
	Encoded []byte
}
