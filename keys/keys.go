package keys

import (
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Status is whether a key was revoked. Expiry is a matter of time, not of status.
type Status string

// The states of a key.
const (
	StatusActive  Status = "active"
	StatusRevoked Status = "revoked"
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
	ErrNotFound = fault.New(fault.NotFound, "There is no such key.")
	ErrRotated  = fault.New(fault.Conflict, "This key was rotated by another request at the same moment. Read the key list, and rotate again if the new secret did not reach you.")
)

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
}

// Expired tells whether the key's own expiry has passed.
func (k *Key) Expired(now time.Time) bool { return k.ExpiresAt != nil && !now.Before(*k.ExpiresAt) }

// NewKey is what is needed to create a key. The caller mints the secret, and
// shows it once.
type NewKey struct {
	UserID    uuid.UUID
	Label     string
	ExpiresAt *time.Time
	Secret    Secret
}

// KeyChange holds what to change of a key; nil leaves a field as it is.
type KeyChange struct {
	Label *string
	// ExpiresAt points to the new expiry, or to nil to remove it.
	ExpiresAt **time.Time
}

// Rotation replaces a key's secret. Grace is how long the old one goes on working.
type Rotation struct {
	KeyID  uuid.UUID
	Grace  time.Duration
	Secret Secret
}

// Normalize fills the default label and reports every problem at once; an
// expiry has to lie after now.
func (n NewKey) Normalize(now time.Time) (NewKey, error) {
	n.Label = accounts.Clean(n.Label)
	if n.Label == "" {
		n.Label = DefaultLabel
	}
	return n, check(&n.Label, n.ExpiresAt, now)
}

// Normalize cleans and checks a change.
func (c KeyChange) Normalize(now time.Time) (KeyChange, error) {
	if c.Label != nil {
		label := accounts.Clean(*c.Label)
		c.Label = &label
	}
	var expiry *time.Time
	if c.ExpiresAt != nil {
		expiry = *c.ExpiresAt
	}
	return c, check(c.Label, expiry, now)
}

func check(label *string, expiry *time.Time, now time.Time) error {
	problems := map[string]string{}
	if label != nil {
		if problem := accounts.CheckText(*label, 1, MaxLabelLength); problem != "" {
			problems["label"] = problem
		}
	}
	switch {
	case expiry == nil:
	case !usage.TakesTime(*expiry):
		problems["expires_at"] = "must be a time " + usage.Bounds
	case !expiry.After(now):
		problems["expires_at"] = "must lie in the future"
	}
	if len(problems) > 0 {
		return fault.InvalidFields(problems)
	}
	return nil
}

// Identity is all that a request with a key is decided on. It is shared and
// never changed after it was read.
type Identity struct {
	Key  Key
	User accounts.User
	Plan accounts.Plan
	// SecretEndsAt is when a rotated secret stops; nil for the key's own secret.
	SecretEndsAt *time.Time
}
