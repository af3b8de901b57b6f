package views

import (
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"
)

// Users is the list of users with its filters.
type Users struct {
	Frame
	Search             Field
	Plan, Role, Status Field
	// Sort is kept by the filters; ByEmail and ByCreated turn it.
	Sort               string
	ByEmail, ByCreated SortHead
	Lines              []UserLine
	Pager              Pager
	// Filtered tells that something is searched for: an empty list then means something else.
	Filtered bool
}

// UserLine is a user as lists show them.
type UserLine struct {
	accounts.User
	PlanName   string
	ActiveKeys int64
	UsedToday  int64
	DailyLimit int64
}

func (u UserLine) path() string { return "/admin/users/" + u.ID.String() }

// User is a user's own page.
type User struct {
	Frame
	User    UserLine
	Plan    accounts.Plan
	Range   RangeChoice
	Chart   Chart
	Models  []usage.ModelTotal
	Keys    []KeyLine
	Charges []usage.Record
	// KeyLabels names the keys of the charges.
	KeyLabels map[string]string
	Pager     Pager
	Audit     []accounts.AuditEntry
	Now       time.Time
}

// RangeChoice is a row of links that choose the days a page shows.
type RangeChoice struct {
	Links   []Link
	Current string
}

// KeyLine is a key as lists show it.
type KeyLine struct {
	keys.Key
	Email string
	// UserStatus is the owner's: no key of a suspended user works.
	UserStatus accounts.Status
}

func (k KeyLine) path() string { return "/admin/keys/" + k.ID.String() }

// Form is a page with a form: what is created or changed, and what that means.
type Form struct {
	Frame
	// Intro is a sentence above the fields; Consequences are what will happen, a sentence each.
	Intro        string
	Consequences []string
	Action       string
	Fields       []Field
	// Once makes the form count once, however often it is sent; empty where that does not matter.
	Once   string
	Submit string
	Danger bool
	Cancel string
}
