package handlers

import (
	"context"

	"codexible/accounts"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/store"

	"github.com/google/uuid"
)

type serviceStatus struct {
	UserCount        int64       `json:"user_count" example:"1204"`
	ActiveTokenCount int64       `json:"active_token_count" example:"3317"`
	CreditsToday     int64       `json:"today_credits_used" example:"48210"`
	Integration      integration `json:"integration" doc:"Always empty."`
}

type integration struct {
	Enabled             bool    `json:"enabled"`
	UpstreamURL         string  `json:"upstream_url" example:""`
	ManagementURL       string  `json:"management_url" example:""`
	UpstreamReachable   bool    `json:"upstream_reachable"`
	ManagementReachable bool    `json:"management_reachable"`
	LastError           *string `json:"last_error" example:"null"`
}

func (a *api) adminStatus(ctx context.Context, _ nothing) (serviceStatus, error) {
	s, err := a.Store.Status(ctx)
	return serviceStatus{UserCount: s.Users, ActiveTokenCount: s.ActiveKeys, CreditsToday: s.CreditsToday}, err
}

// adminPage has the search and the page of a long list.
type adminPage struct {
	Text   string    `query:"q" maxLength:"200" doc:"Search text: a part of the e-mail address, name, label or prefix, case-insensitive. A text shorter than three characters matches only at the start."`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of rows to return."`
	Offset int       `query:"offset" minimum:"0" maximum:"10000" default:"0" doc:"Number of rows to skip."`
	After  uuid.UUID `query:"after" doc:"The id of the last row of the previous page. Use it to page through any number of rows."`
}

func (p adminPage) page() store.Page {
	return store.Page{Limit: p.Limit, Offset: p.Offset, After: p.After}
}

type adminUser struct {
	ID               uuid.UUID        `json:"id"`
	Email            string           `json:"email" example:"ada@example.com"`
	Name             *string          `json:"name" doc:"null if none was given." example:"Ada Lovelace"`
	Status           accounts.Status  `json:"status" enum:"active,suspended"`
	Plan             string           `json:"plan" example:"Pro"`
	Role             accounts.Role    `json:"role" enum:"user,service,viewer,admin"`
	ExternalID       *string          `json:"external_id" doc:"Your own id of the user; null if none was given." example:"crm-4711"`
	Metadata         openapi.Metadata `json:"metadata" example:"{\"team\":\"search\"}"`
	Note             string           `json:"note" doc:"Only operators see it." example:"Pays by invoice."`
	ErasedAt         *openapi.Instant `json:"erased_at" doc:"When what was known of the person was removed; null for everybody else." example:"null"`
	KeyCount         int64            `json:"key_count" doc:"Active keys." example:"2"`
	CreditsUsedToday int64            `json:"credits_used_today" example:"89"`
	CreatedAt        openapi.Instant  `json:"created_at"`
}

func adminUserOf(u store.UserLine) adminUser {
	return adminUser{
		ID: u.ID, Email: u.Email, Name: optionalText(u.Name), Status: u.Status, Plan: u.PlanName, Role: u.Role,
		ExternalID: optionalText(u.ExternalID), Metadata: openapi.Metadata(u.Metadata), Note: u.Note, ErasedAt: optionalInstant(u.ErasedAt),
		KeyCount: u.KeyCount, CreditsUsedToday: u.CreditsUsedToday, CreatedAt: openapi.Instant(u.CreatedAt),
	}
}

// byExternalID narrows a list to a user.
type byExternalID struct {
	adminPage
	ExternalID string `query:"external_id" format:"printable" minLength:"0" maxLength:"200" doc:"Your own id of a user, exactly: only that user."`
}

func (a *api) adminUsers(ctx context.Context, r byExternalID) ([]adminUser, error) {
	users, err := a.Store.Users(ctx, store.UserQuery{Text: r.Text, ExternalID: r.ExternalID, Page: r.page()})
	return each(users, adminUserOf), err
}

type createUserRequest struct {
	caller
	Email string        `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254" doc:"Unique, case-insensitive." example:"ada@example.com"`
	Name  string        `json:"name" maxLength:"100" example:"Ada Lovelace"`
	Plan  string        `json:"plan" required:"true" minLength:"1" maxLength:"100" doc:"A plan's name, case-insensitive." example:"Pro"`
	Role  accounts.Role `json:"role" enum:"user,service,viewer,admin" default:"user"`

	ExternalID string           `json:"external_id" format:"printable" minLength:"0" maxLength:"200" doc:"Your own id of the user, unique." example:"crm-4711"`
	Metadata   openapi.Metadata `json:"metadata" maxLength:"4096" doc:"A JSON object, at most 4096 bytes, nested at most 8 deep." example:"{\"team\":\"search\"}"`
	Note       string           `json:"note" format:"note" maxLength:"2000" doc:"Only operators see it." example:"Pays by invoice."`
}

func (a *api) adminCreateUser(ctx context.Context, r createUserRequest) (adminUser, error) {
	u, err := a.Store.CreateUser(ctx, r.by, accounts.NewUser{Email: r.Email, Name: r.Name, Plan: r.Plan, Role: r.Role, ExternalID: r.ExternalID, Metadata: []byte(r.Metadata), Note: r.Note})
	return adminUserOf(u), err
}

type changeUserRequest struct {
	caller
	ID     uuid.UUID             `path:"id" doc:"The user's id, or external: and your own id of the user."`
	Name   openapi.Patch[string] `json:"name" maxLength:"100" doc:"null or an empty string removes it." example:"Ada King"`
	Plan   *string               `json:"plan" minLength:"1" maxLength:"100" doc:"A plan's name, case-insensitive." example:"Business"`
	Status *accounts.Status      `json:"status" enum:"active,suspended" doc:"Users are suspended, never deleted."`
	Role   *accounts.Role        `json:"role" enum:"user,service,viewer,admin"`

	Email      *string               `json:"email" format:"email" minLength:"3" maxLength:"254" doc:"Unique, case-insensitive." example:"ada@example.com"`
	ExternalID openapi.Patch[string] `json:"external_id" format:"printable" minLength:"0" maxLength:"200" doc:"Your own id of the user, unique. null or an empty string removes it." example:"crm-4711"`
	Metadata   openapi.Metadata      `json:"metadata" maxLength:"4096" doc:"A JSON object, at most 4096 bytes, nested at most 8 deep. Replaces the previous one." example:"{\"team\":\"search\"}"`
	Note       openapi.Patch[string] `json:"note" format:"note" maxLength:"2000" doc:"Only operators see it. null or an empty string removes it." example:"Pays by invoice."`
}

// patchedText is what a change makes of a text that null removes; nil where it leaves it.
func patchedText(p openapi.Patch[string]) *string {
	if p.Given && p.Value == nil {
		return new(string)
	}
	return p.Value
}

func (a *api) adminChangeUser(ctx context.Context, r changeUserRequest) (adminUser, error) {
	change := accounts.UserChange{Plan: r.Plan, Status: r.Status, Role: r.Role, Name: patchedText(r.Name),
		Email: r.Email, ExternalID: patchedText(r.ExternalID), Metadata: []byte(r.Metadata), Note: patchedText(r.Note)}
	u, err := a.Store.ChangeUser(ctx, r.by, r.ID, change)
	return adminUserOf(u), err
}

type adminKey struct {
	ID         uuid.UUID        `json:"id"`
	UserID     uuid.UUID        `json:"user_id"`
	UserEmail  string           `json:"user_email" example:"ada@example.com"`
	Prefix     string           `json:"prefix" example:"codexible_01234567"`
	Label      string           `json:"label" example:"Laptop"`
	Status     keys.Status      `json:"status" enum:"active,disabled,revoked"`
	CreatedAt  openapi.Instant  `json:"created_at"`
	LastUsedAt *openapi.Instant `json:"last_used_at"`
	RevokedAt  *openapi.Instant `json:"revoked_at"`
	ExpiresAt  *openapi.Instant `json:"expires_at" doc:"null if the key does not expire."`
	keyPolicy
	CreatedBy      string     `json:"created_by" doc:"An e-mail address, or cli or system. Empty if it was not recorded." example:"ada@example.com"`
	CreatedByKeyID *uuid.UUID `json:"created_by_key_id" doc:"The key that created this one; null if none did."`
}

func adminKeyOf(k store.KeyLine) adminKey {
	return adminKey{
		ID: k.ID, UserID: k.UserID, UserEmail: k.UserEmail, Prefix: k.Prefix, Label: k.Label, Status: k.Status,
		CreatedAt: openapi.Instant(k.CreatedAt), LastUsedAt: optionalInstant(k.LastUsedAt), RevokedAt: optionalInstant(k.RevokedAt), ExpiresAt: optionalInstant(k.ExpiresAt),
		keyPolicy: keyPolicyOf(k.Key), CreatedBy: k.CreatedBy, CreatedByKeyID: k.CreatedByKeyID,
	}
}

func (a *api) adminKeys(ctx context.Context, r byExternalID) ([]adminKey, error) {
	list, err := a.Store.Keys(ctx, store.KeyQuery{Text: soughtText(r.Text), ExternalID: r.ExternalID, Page: r.page()})
	return each(list, adminKeyOf), err
}

type adminCreateKeyRequest struct {
	caller
	UserID uuid.UUID `json:"user_id" required:"true" doc:"The user that gets the key."`
	newKey
}

func (a *api) adminCreateKey(ctx context.Context, r adminCreateKeyRequest) (mintedKey, error) {
	return a.mint(ctx, r.by, r.of(r.UserID))
}

func (a *api) adminChangeKey(ctx context.Context, r changeKeyRequest) (updated, error) {
	_, err := a.Store.ChangeKey(ctx, r.by, r.ID, uuid.Nil, r.change())
	return updated{err == nil}, err
}

func (a *api) adminRevokeKey(ctx context.Context, r revokeKeyRequest) (deleted, error) {
	return a.revoke(ctx, r, uuid.Nil)
}

func (a *api) adminRotateKey(ctx context.Context, r rotateKeyRequest) (mintedKey, error) {
	return a.rotate(ctx, r, uuid.Nil)
}

type adminPlan struct {
	ID                 uuid.UUID      `json:"id"`
	Name               string         `json:"name" example:"Pro"`
	DailyCreditLimit   int64          `json:"daily_credit_limit" example:"250"`
	MonthlyCreditLimit *int64         `json:"monthly_credit_limit" doc:"Credits per calendar month in UTC; null for no limit." example:"5000"`
	PriceCents         int64          `json:"price_cents" doc:"Price per month, in cents." example:"3000"`
	RateLimitPerMinute int64          `json:"rate_limit_per_minute" doc:"For each key." example:"100"`
	UserRateLimit      *int64         `json:"user_rate_limit_per_minute" doc:"For all keys of a user together; null for no limit." example:"300"`
	UserConcurrency    *int64         `json:"user_concurrency_limit" doc:"Requests at once (open holds) of all keys of a user together; null for no limit." example:"10"`
	MaxKeys            int64          `json:"max_keys" doc:"Maximum number of keys per user, except revoked ones." example:"20"`
	Models             *[]string      `json:"models" doc:"Models that users on the plan can use; null for all." example:"[\"coder-large\"]"`
	Position           int64          `json:"position" doc:"Place in lists, the lowest first." example:"1"`
	IsDefault          bool           `json:"is_default" doc:"Whether new users get this plan unless another is chosen. At most one plan is the default."`
	Features           openapi.Object `json:"features" doc:"Feature flags." example:"{\"priority\":true}"`
	Archived           bool           `json:"archived" doc:"Whether the plan is closed for new users. Users who have it keep it."`
}

func adminPlanOf(p accounts.Plan) adminPlan {
	return adminPlan{
		ID: p.ID, Name: p.Name, DailyCreditLimit: p.DailyCreditLimit, PriceCents: p.PriceCents,
		MonthlyCreditLimit: p.MonthlyCreditLimit, RateLimitPerMinute: p.RateLimitPerMinute, UserRateLimit: p.UserRateLimitPerMinute,
		UserConcurrency: p.UserConcurrencyLimit, MaxKeys: p.MaxKeys, Models: optionalNames(p.Models), Features: openapi.Object(p.Features), Archived: p.Archived,
		Position: p.Position, IsDefault: p.IsDefault,
	}
}

func (a *api) adminPlans(ctx context.Context, _ nothing) ([]adminPlan, error) {
	plans, err := a.Store.Plans(ctx)
	return each(plans, adminPlanOf), err
}

// planInput has the optional fields of a plan.
type planInput struct {
	MonthlyCreditLimit openapi.Patch[int64]    `json:"monthly_credit_limit" minimum:"0" maximum:"1000000000" doc:"Credits per calendar month in UTC, beside the daily limit; null for no limit." example:"5000"`
	PriceCents         *int64                  `json:"price_cents" minimum:"0" maximum:"1000000000" doc:"Price per month, in cents." example:"3000"`
	RateLimitPerMinute *int64                  `json:"rate_limit_per_minute" minimum:"1" maximum:"1000000" doc:"For each key. If absent in a new plan: 100." example:"100"`
	UserRateLimit      openapi.Patch[int64]    `json:"user_rate_limit_per_minute" minimum:"1" maximum:"1000000" doc:"For all keys of a user together; null for no limit." example:"300"`
	UserConcurrency    openapi.Patch[int64]    `json:"user_concurrency_limit" minimum:"1" maximum:"1000000" doc:"Requests at once (open holds) of all keys of a user together; null for no limit." example:"10"`
	MaxKeys            *int64                  `json:"max_keys" minimum:"1" maximum:"10000" doc:"Maximum number of keys per user, except revoked ones. If absent in a new plan: 20." example:"20"`
	Models             openapi.Patch[[]string] `json:"models" maxLength:"200" maxItems:"200" doc:"Models that users on the plan can use, by name or alias, at least one; null for all. If absent in a new plan: all." example:"[\"coder-large\"]"`
	Features           openapi.Object          `json:"features" maxLength:"16384" doc:"Feature flags. If absent in a new plan: {}." example:"{\"priority\":true}"`
	Archived           *bool                   `json:"archived" doc:"An archived plan is closed for new users. Users who have it keep it."`
	Position           *int64                  `json:"position" minimum:"0" maximum:"1000000" doc:"Place in lists, the lowest first. If absent in a new plan: after the others." example:"1"`
	IsDefault          *bool                   `json:"is_default" doc:"Whether new users get this plan unless another is chosen. It replaces the plan that was the default."`
}

func (i planInput) change(name *string, credits *int64) accounts.PlanChange {
	c := accounts.PlanChange{
		Name: name, DailyCreditLimit: credits, PriceCents: i.PriceCents, RateLimitPerMinute: i.RateLimitPerMinute, MaxKeys: i.MaxKeys, Models: patchedNames(i.Models),
		Position: i.Position, IsDefault: i.IsDefault,
		Features: []byte(i.Features), Archived: i.Archived,
	}
	if i.MonthlyCreditLimit.Given {
		c.MonthlyCreditLimit = &i.MonthlyCreditLimit.Value
	}
	if i.UserRateLimit.Given {
		c.UserRateLimitPerMinute = &i.UserRateLimit.Value
	}
	if i.UserConcurrency.Given {
		c.UserConcurrencyLimit = &i.UserConcurrency.Value
	}
	return c
}

type createPlanRequest struct {
	caller
	Name             string `json:"name" required:"true" minLength:"1" maxLength:"100" doc:"Unique, case-insensitive." example:"Team"`
	DailyCreditLimit int64  `json:"daily_credit_limit" required:"true" minimum:"0" maximum:"1000000000" example:"1000"`
	planInput
}

func (a *api) adminCreatePlan(ctx context.Context, r createPlanRequest) (adminPlan, error) {
	p, err := a.Store.CreatePlan(ctx, r.by, r.change(&r.Name, &r.DailyCreditLimit))
	return adminPlanOf(p), err
}

type changePlanRequest struct {
	caller
	ID               uuid.UUID `path:"id" doc:"The plan's id."`
	Name             *string   `json:"name" minLength:"1" maxLength:"100" doc:"Unique, case-insensitive." example:"Team"`
	DailyCreditLimit *int64    `json:"daily_credit_limit" minimum:"0" maximum:"1000000000" example:"1000"`
	planInput
}

func (a *api) adminChangePlan(ctx context.Context, r changePlanRequest) (adminPlan, error) {
	p, err := a.Store.ChangePlan(ctx, r.by, r.ID, r.change(r.Name, r.DailyCreditLimit))
	return adminPlanOf(p), err
}
