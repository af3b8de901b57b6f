package views

import (
	"strings"
	"time"

	"codexible/accounts"
	"codexible/keys"
)

// Keys is the list of keys across all users with its filters.
type Keys struct {
	Frame
	Search, State Field
	// Order is kept by the filters; Heads change it.
	Order    string
	Heads    []Head
	Lines    []KeyLine
	Pager    Pager
	Filtered bool
	Now      time.Time
	// Bulk acts on many of the keys; nil for those who change nothing.
	Bulk *Bulk
}

// Key is a key's own page.
type Key struct {
	Frame
	Key KeyLine
	// GraceEnds is when the secret that a rotation replaced stops; may be nil.
	GraceEnds *time.Time
	Chart     Chart
	Range     RangeChoice
	Audit     []accounts.AuditEntry
	Now       time.Time
}

// Secret shows a secret: the only page that ever does.
type Secret struct {
	Frame
	Secret keys.Secret
	Key    KeyLine
	// OldWorks says how long the previous secret keeps working; may be empty.
	OldWorks string
}

func (k KeyLine) working(now time.Time) bool {
	return k.Status == keys.StatusActive && !k.Expired(now) && k.UserStatus != accounts.StatusSuspended
}

// otherwise is why a key does not work: the key's own state comes before the user's.
func (k KeyLine) otherwise(now time.Time) string {
	switch {
	case k.Status == keys.StatusDisabled:
		return "Disabled"
	case k.Status != keys.StatusActive:
		return "Revoked"
	case k.Expired(now):
		return "Expired"
	}
	return "User suspended"
}

// madeBy is who created the key. Keys that are older than this field have no creator.
func (k KeyLine) madeBy() string {
	if k.CreatedBy == "" {
		return "Unknown"
	}
	return k.CreatedBy
}

// makerPath is the page of the key that created this one.
func (k KeyLine) makerPath() string { return "/admin/keys/" + k.CreatedByKeyID.String() }

// limits are the key's own: "50 credits per day, 30 requests per minute, 4 at once".
func (k KeyLine) limits() string {
	var parts []string
	if n := k.DailyCreditLimit; n != nil {
		parts = append(parts, Count(*n, "credit")+" per day")
	}
	if n := k.RateLimitPerMinute; n != nil {
		parts = append(parts, Count(*n, "request")+" per minute")
	}
	if n := k.ConcurrencyLimit; n != nil {
		parts = append(parts, Count(*n, "request")+" at once")
	}
	return strings.Join(parts, ", ")
}

// unused is how long a key has to be idle to be marked as unused.
const unused = 90 * 24 * time.Hour

// idle is true for a working key that was neither used nor created within 90 days.
func (k KeyLine) idle(now time.Time) bool {
	last := k.CreatedAt
	if k.LastUsedAt != nil {
		last = *k.LastUsedAt
	}
	return k.working(now) && now.Sub(last) > unused
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
