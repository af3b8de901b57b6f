package handlers

import (
	"context"
	"time"

	"codexible/handlers/openapi"
	"codexible/usage"

	"github.com/google/uuid"
)

// ofUserRequest asks for a page of a list that belongs to a user, newest first.
type ofUserRequest struct {
	caller
	ID     uuid.UUID `path:"id" doc:"The user's id, or external: and your own id of the user."`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of rows to return."`
	Offset int       `query:"offset" minimum:"0" maximum:"10000" default:"0" doc:"Number of rows to skip."`
}

// known is the error for a user who does not exist, whose lists are empty.
func (a *api) known(ctx context.Context, user uuid.UUID, rows int, err error) error {
	if err == nil && rows == 0 {
		_, err = a.Store.User(ctx, user)
	}
	return err
}

type grant struct {
	ID        uuid.UUID        `json:"id"`
	Credits   int64            `json:"credits" example:"500"`
	Used      int64            `json:"used" doc:"What charges have taken." example:"120"`
	Held      int64            `json:"held" doc:"What open holds set aside." example:"12"`
	Left      int64            `json:"left" doc:"What a charge can take; 0 once the grant has ended or was revoked." example:"368"`
	Note      string           `json:"note" doc:"Empty if none was given." example:"Invoice 4711"`
	CreatedBy string           `json:"created_by" doc:"An e-mail address, or cli." example:"root@example.com"`
	CreatedAt openapi.Instant  `json:"created_at"`
	ExpiresAt *openapi.Instant `json:"expires_at" doc:"null if the grant has no end."`
	RevokedAt *openapi.Instant `json:"revoked_at" doc:"null if it was not revoked."`
}

func (a *api) grantOf(g usage.GrantRecord) grant { return grantAt(g, a.Now()) }

// grantAt is a grant at a moment.
func grantAt(g usage.GrantRecord, now time.Time) grant {
	return grant{
		ID: g.ID, Credits: g.Credits, Used: g.Used, Held: g.Held, Left: g.Left(now), Note: g.Note, CreatedBy: g.CreatedBy,
		CreatedAt: openapi.Instant(g.CreatedAt), ExpiresAt: optionalInstant(g.ExpiresAt), RevokedAt: optionalInstant(g.RevokedAt),
	}
}

func (a *api) adminGrants(ctx context.Context, r ofUserRequest) ([]grant, error) {
	grants, err := a.Store.Grants(ctx, r.ID, r.Limit, r.Offset)
	return each(grants, a.grantOf), a.known(ctx, r.ID, len(grants), err)
}

type createGrantRequest struct {
	caller
	ID             uuid.UUID  `path:"id" doc:"The user's id, or external: and your own id of the user."`
	Credits        int64      `json:"credits" required:"true" minimum:"1" maximum:"1000000000" example:"500"`
	ExpiresAt      *time.Time `json:"expires_at" doc:"When unused credits end. If absent: never." example:"2027-01-01T00:00:00Z"`
	Note           string     `json:"note" maxLength:"500" doc:"Only operators see it." example:"Invoice 4711"`
	IdempotencyKey string     `json:"idempotency_key" format:"printable" minLength:"1" maxLength:"255" doc:"A repeat with the same value returns the first grant and gives nothing." example:"invoice-4711"`
}

type createdGrant struct {
	grant
	Duplicate bool `json:"duplicate" doc:"Whether this is an earlier grant with the same idempotency key." example:"false"`
}

func (a *api) adminCreateGrant(ctx context.Context, r createGrantRequest) (createdGrant, error) {
	g, duplicate, err := a.Store.Grant(ctx, r.by, usage.NewGrant{UserID: r.ID, Credits: r.Credits, ExpiresAt: r.ExpiresAt, Note: r.Note, IdempotencyKey: r.IdempotencyKey})
	return createdGrant{a.grantOf(g), duplicate}, err
}

type revokeGrantRequest struct {
	caller
	ID      uuid.UUID `path:"id" doc:"The user's id, or external: and your own id of the user."`
	GrantID uuid.UUID `path:"grant_id" doc:"The grant's id."`
}

type revokedGrant struct {
	Revoked bool  `json:"revoked" example:"true"`
	Credits int64 `json:"credits" doc:"What was left of the grant. What open holds have set aside of it stays theirs." example:"368"`
}

func (a *api) adminRevokeGrant(ctx context.Context, r revokeGrantRequest) (revokedGrant, error) {
	left, err := a.Store.RevokeGrant(ctx, r.by, r.ID, r.GrantID)
	return revokedGrant{err == nil, left}, err
}

type correction struct {
	ID        uuid.UUID       `json:"id"`
	Credits   int64           `json:"credits" doc:"Credits that were taken; negative if they were given back." example:"-20"`
	Day       usage.Day       `json:"day"`
	Reason    string          `json:"reason" example:"The model returned errors."`
	CreatedBy string          `json:"created_by" doc:"An e-mail address, or cli." example:"root@example.com"`
	CreatedAt openapi.Instant `json:"created_at"`
}

func correctionOf(c usage.CorrectionRecord) correction {
	return correction{ID: c.ID, Credits: c.Credits, Day: c.Day, Reason: c.Reason, CreatedBy: c.CreatedBy, CreatedAt: openapi.Instant(c.CreatedAt)}
}

func (a *api) adminCorrections(ctx context.Context, r ofUserRequest) ([]correction, error) {
	corrections, err := a.Store.Corrections(ctx, r.ID, r.Limit, r.Offset)
	return each(corrections, correctionOf), a.known(ctx, r.ID, len(corrections), err)
}

type correctRequest struct {
	caller
	ID             uuid.UUID `path:"id" doc:"The user's id, or external: and your own id of the user."`
	Credits        int64     `json:"credits" required:"true" minimum:"-1000000000" maximum:"1000000000" doc:"Credits to take, or to give back if negative; not 0. It can pass every limit, and gives back at most what the day counts against the plan." example:"-20"`
	Reason         string    `json:"reason" required:"true" minLength:"1" maxLength:"500" example:"The model returned errors."`
	Day            usage.Day `json:"day" doc:"The day in UTC, not in the future. If absent: today."`
	IdempotencyKey string    `json:"idempotency_key" format:"printable" minLength:"1" maxLength:"255" doc:"A repeat with the same value returns the first correction and changes nothing." example:"ticket-4711"`
}

type madeCorrection struct {
	correction
	CreditsUsed int64 `json:"credits_used" doc:"What the day has used after it." example:"71"`
	Duplicate   bool  `json:"duplicate" doc:"Whether this is an earlier correction with the same idempotency key." example:"false"`
}

func (a *api) adminCorrect(ctx context.Context, r correctRequest) (madeCorrection, error) {
	c, used, duplicate, err := a.Store.Correct(ctx, r.by, usage.NewCorrection{UserID: r.ID, Credits: r.Credits, Reason: r.Reason, Day: r.Day, IdempotencyKey: r.IdempotencyKey})
	return madeCorrection{correctionOf(c), used, duplicate}, err
}
