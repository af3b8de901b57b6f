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
	// Order is kept by the filters; Heads change it.
	Order string
	Heads []Head
	// NotSorted is up to how many users the list would be sorted, where the filters find more; zero where it is.
	NotSorted int64
	Lines     []UserLine
	Pager     Pager
	// Filtered is true where a filter is set, and changes what an empty list says.
	Filtered bool
	// Bulk acts on many of the users; nil for those who change nothing.
	Bulk *Bulk
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
	Credits Credits
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
	// UserStatus is the owner's: the keys of a suspended user do not work.
	UserStatus accounts.Status
	// Picked rows have a box for bulk actions.
	Picked bool
}

func (k KeyLine) path() string { return "/admin/keys/" + k.ID.String() }

// Form is a page with one form.
type Form struct {
	Frame
	// Intro is a sentence above the fields; Consequences say what the form does, a sentence each.
	Intro        string
	Consequences []string
	Action       string
	Fields       []Field
	// Once makes the form take effect once, however often it is sent; empty where that does not matter.
	Once   string
	Submit string
	Danger bool
	Cancel string
}
