// Package accounts says who may do what: users with their plans, roles and
// status, the operator's console sessions, and the record of every change.
package accounts

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"codexible/fault"

	"github.com/google/uuid"
)

// Role is what a user's keys may do beyond reading their own data.
type Role string

// The roles. A service checks other people's keys, an admin manages everything, a
// viewer sees what an admin sees, secrets aside, and changes nothing.
const (
	RoleUser    Role = "user"
	RoleService Role = "service"
	RoleViewer  Role = "viewer"
	RoleAdmin   Role = "admin"
)

// Roles lists every role, the least powerful first.
func Roles() []Role { return []Role{RoleUser, RoleService, RoleViewer, RoleAdmin} }

// Operates reports whether the role signs in to the console and reads everything.
func (r Role) Operates() bool { return r == RoleAdmin || r == RoleViewer }

// Status is whether a user's keys work.
type Status string

// The states of a user. Users are suspended, never deleted.
const (
	StatusActive    Status = "active"
	StatusSuspended Status = "suspended"
)

// Statuses lists every state of a user.
func Statuses() []Status { return []Status{StatusActive, StatusSuspended} }

// Sentinels of the accounts, returned by the store.
var (
	ErrUserNotFound  = fault.New(fault.NotFound, "This user does not exist.")
	ErrPlanNotFound  = fault.New(fault.NotFound, "This plan does not exist.")
	ErrEmailTaken    = fault.New(fault.Conflict, "A user with this e-mail address already exists. Choose another e-mail address, or change that user.")
	ErrExternalTaken = fault.New(fault.Conflict, "A user with this external id already exists. Choose another external id, or change that user.")
	ErrErased        = fault.New(fault.Conflict, "This user was erased and can no longer be changed. Create another user.")
	ErrLastOperator  = fault.New(fault.Conflict, "This is the last admin who can sign in to the console. Make another user an admin with a password first, then erase this one.")
	ErrConfirm       = fault.Field("confirm", "must be the e-mail address of the user, which is erased for good")
	ErrPlanTaken     = fault.New(fault.Conflict, "A plan with this name already exists. Choose another name, or change that plan.")
)

// Plan is what a customer may use: credits a UTC day and month, requests a minute
// and at once, and feature flags. PriceCents is a month's price in cents.
type Plan struct {
	ID                 uuid.UUID
	Name               string
	DailyCreditLimit   int64
	PriceCents         int64
	RateLimitPerMinute int64
	// MonthlyCreditLimit is in credits a calendar month in UTC, for all keys of a user together; nil for no such limit.
	MonthlyCreditLimit *int64
	// UserRateLimitPerMinute is for all keys of a user together; nil for no such limit.
	UserRateLimitPerMinute *int64
	// UserConcurrencyLimit is the most requests at once of all keys of a user together: their open holds; nil for no such limit.
	UserConcurrencyLimit *int64
	// MaxKeys is how many keys a user may have that are not revoked.
	MaxKeys int64
	// Models are the names of those that it may use; nil for all.
	Models []string
	// Position is the place in lists, the lowest first.
	Position int64
	// IsDefault marks the plan that is chosen for a new user unless another is; at most one is.
	IsDefault bool
	// Features is a JSON object, {} where none was given.
	Features json.RawMessage
	// Archived plans take no new users; who has one keeps it.
	Archived  bool
	CreatedAt time.Time
}

// User is a customer, a service of ours, or an operator.
type User struct {
	ID    uuid.UUID
	Email string
	// Name is empty where none was given.
	Name      string
	PlanID    uuid.UUID
	Role      Role
	Status    Status
	CreatedAt time.Time
	// ExternalID is the operator's own id of the user, unique; empty for none.
	ExternalID string
	// Metadata is a JSON object, {} where none was given.
	Metadata json.RawMessage
	// Note is for operators alone: the user never sees it.
	Note string
	// ErasedAt is when what is known of the person was removed; nil for everybody else.
	ErasedAt *time.Time
}

// NewUser is what is needed to create a user. Plan is a plan's name, compared
// without case; an empty Role is RoleUser.
type NewUser struct {
	Email string
	Name  string
	Plan  string
	Role  Role
	// PasswordHash lets the user sign in to the console; empty for none.
	PasswordHash string
	// ExternalID, Metadata and Note are as User has them; nil Metadata is {}.
	ExternalID string
	Metadata   json.RawMessage
	Note       string
}

// UserChange holds what to change of a user; nil leaves a field as it is. An
// empty Name, ExternalID or Note removes it.
type UserChange struct {
	Email  *string
	Name   *string
	Plan   *string
	Status *Status
	Role   *Role

	ExternalID *string
	Metadata   json.RawMessage
	Note       *string
}

// PlanChange holds what to set or change of a plan; nil leaves a field as it
// is, and on creation takes the default.
type PlanChange struct {
	Name               *string
	DailyCreditLimit   *int64
	PriceCents         *int64
	RateLimitPerMinute *int64
	// These three point to the new limit, or to nil to remove it.
	MonthlyCreditLimit     **int64
	UserRateLimitPerMinute **int64
	UserConcurrencyLimit   **int64
	MaxKeys                *int64
	// Models points to the names of the models that it may use, or to nil for all.
	Models    *[]string
	Position  *int64
	IsDefault *bool
	Features  json.RawMessage
	Archived  *bool
}

// Bounds of the contract.
const (
	MinEmailLength       = 3
	MaxEmailLength       = 254
	MaxNameLength        = 100
	MaxPlanNameLength    = 100
	MaxDailyCredits      = 1_000_000_000
	MaxMonthlyCredits    = 1_000_000_000
	MaxPriceCents        = 1_000_000_000
	MinRatePerMinute     = 1
	MaxRatePerMinute     = 1_000_000
	DefaultRatePerMinute = 100
	MinConcurrency       = 1
	MaxConcurrency       = 1_000_000
	MinMaxKeys           = 1
	MaxMaxKeys           = 10_000
	DefaultMaxKeys       = 20
	MaxPosition          = 1_000_000
)

// Fold gives the form in which names are compared: without case. E-mails are
// compared as FoldEmail gives them.
func Fold(s string) string { return strings.ToLower(s) }

// Normalize cleans the new user's fields, fills the defaults and reports every
// problem at once as a fault of kind Invalid.
func (n NewUser) Normalize() (NewUser, error) {
	n.Email, n.Name, n.Plan, n.Note = CleanEmail(n.Email), Clean(n.Name), Clean(n.Plan), CleanNote(n.Note)
	if n.Metadata == nil {
		n.Metadata = json.RawMessage("{}")
	}
	if n.Role == "" {
		n.Role = RoleUser
	}
	problems := problems{}
	problems.add("email", CheckEmail(n.Email))
	problems.add("name", CheckText(n.Name, 0, MaxNameLength))
	problems.add("plan", CheckText(n.Plan, 1, MaxPlanNameLength))
	problems.add("external_id", CheckExternalID(n.ExternalID))
	problems.add("metadata", CheckMetadata(n.Metadata))
	problems.add("note", CheckNote(n.Note))
	if !slices.Contains(Roles(), n.Role) {
		problems.add("role", roleRule)
	}
	return n, problems.err()
}

// Normalize cleans and checks a change of a user.
func (c UserChange) Normalize() (UserChange, error) {
	problems := problems{}
	if c.Email != nil {
		c.Email = new(CleanEmail(*c.Email))
		problems.add("email", CheckEmail(*c.Email))
	}
	if c.ExternalID != nil {
		problems.add("external_id", CheckExternalID(*c.ExternalID))
	}
	problems.add("metadata", CheckMetadata(c.Metadata))
	if c.Note != nil {
		c.Note = new(CleanNote(*c.Note))
		problems.add("note", CheckNote(*c.Note))
	}
	if c.Name != nil {
		c.Name = cleaned(*c.Name)
		problems.add("name", CheckText(*c.Name, 0, MaxNameLength))
	}
	if c.Plan != nil {
		c.Plan = cleaned(*c.Plan)
		problems.add("plan", CheckText(*c.Plan, 1, MaxPlanNameLength))
	}
	if c.Status != nil && !slices.Contains(Statuses(), *c.Status) {
		problems.add("status", "must be active or suspended")
	}
	if c.Role != nil && !slices.Contains(Roles(), *c.Role) {
		problems.add("role", roleRule)
	}
	return c, problems.err()
}

const roleRule = "must be user, service, viewer or admin"

// Normalize cleans and checks a change of a plan.
func (c PlanChange) Normalize() (PlanChange, error) {
	problems := problems{}
	if c.Name != nil {
		c.Name = cleaned(*c.Name)
		problems.add("name", CheckText(*c.Name, 1, MaxPlanNameLength))
	}
	problems.add("daily_credit_limit", CheckRange(c.DailyCreditLimit, 0, MaxDailyCredits))
	problems.add("price_cents", CheckRange(c.PriceCents, 0, MaxPriceCents))
	problems.add("rate_limit_per_minute", CheckRange(c.RateLimitPerMinute, MinRatePerMinute, MaxRatePerMinute))
	problems.add("monthly_credit_limit", checkOptional(c.MonthlyCreditLimit, 0, MaxMonthlyCredits))
	problems.add("user_rate_limit_per_minute", checkOptional(c.UserRateLimitPerMinute, MinRatePerMinute, MaxRatePerMinute))
	problems.add("user_concurrency_limit", checkOptional(c.UserConcurrencyLimit, MinConcurrency, MaxConcurrency))
	problems.add("max_keys", CheckRange(c.MaxKeys, MinMaxKeys, MaxMaxKeys))
	problems.add("position", CheckRange(c.Position, 0, MaxPosition))
	if c.IsDefault != nil && *c.IsDefault && c.Archived != nil && *c.Archived {
		problems.add("is_default", "must be false for a plan that is archived: it takes no new users")
	}
	problems.add("features", CheckFeatures(c.Features))
	return c, problems.err()
}

// NewPlan applies the change to an empty plan: the way a plan is created. The
// name and the credits a day are needed.
func (c PlanChange) NewPlan() (Plan, error) {
	problems := problems{}
	if c.Name == nil {
		problems.add("name", "is required")
	}
	if c.DailyCreditLimit == nil {
		problems.add("daily_credit_limit", "is required")
	}
	if err := problems.err(); err != nil {
		return Plan{}, err
	}
	return c.Apply(Plan{RateLimitPerMinute: DefaultRatePerMinute, MaxKeys: DefaultMaxKeys, Features: json.RawMessage("{}")}), nil
}

// Apply gives the plan with the change made.
func (c PlanChange) Apply(p Plan) Plan {
	set(&p.Name, c.Name)
	set(&p.DailyCreditLimit, c.DailyCreditLimit)
	set(&p.PriceCents, c.PriceCents)
	set(&p.RateLimitPerMinute, c.RateLimitPerMinute)
	set(&p.MonthlyCreditLimit, c.MonthlyCreditLimit)
	set(&p.UserRateLimitPerMinute, c.UserRateLimitPerMinute)
	set(&p.UserConcurrencyLimit, c.UserConcurrencyLimit)
	set(&p.MaxKeys, c.MaxKeys)
	set(&p.Models, c.Models)
	set(&p.Position, c.Position)
	set(&p.IsDefault, c.IsDefault)
	set(&p.Archived, c.Archived)
	if c.Features != nil {
		p.Features = c.Features
	}
	if c.IsDefault == nil && p.Archived {
		p.IsDefault = false // it takes no new users
	}
	return p
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func cleaned(s string) *string {
	s = Clean(s)
	return &s
}

// CheckRange says what is wrong with a number where there is one; an empty answer
// means nothing is.
func CheckRange(v *int64, least, most int64) string {
	if v != nil && (*v < least || *v > most) {
		return "must be a whole number, " + between(least, most)
	}
	return ""
}

func checkOptional(v **int64, least, most int64) string {
	if v == nil {
		return ""
	}
	return CheckRange(*v, least, most)
}
