package handlers

import (
	"context"
	"time"

	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

type settleRequest struct {
	caller
	ID      uuid.UUID  `path:"id" doc:"The hold's id."`
	Credits int64      `json:"credits" required:"true" minimum:"0" maximum:"1000000000" without:"usage" doc:"What the call cost. What fits neither into the hold nor into the credits that are left is not charged, also not later. Required unless usage is given." example:"9"`
	Usage   *holdUsage `json:"usage" doc:"What the call used, in place of credits, prompt_tokens, completion_tokens and cost_usd: the price of its model when the hold was made gives the credits and the cost."`
	Model   string     `json:"model" minLength:"1" maxLength:"200" doc:"The model that was used. If absent: that of the hold." example:"coder-large"`
	Outcome string     `json:"outcome" minLength:"1" maxLength:"100" doc:"How the call ended, in your words. It is added to the trace of this request, and changes nothing else." example:"complete"`
	tokens
}

type settlement struct {
	Charged     int64       `json:"charged" doc:"Credits that were charged." example:"9"`
	Uncollected int64       `json:"uncollected" doc:"Credits that did not fit, rounded up. They are not charged later." example:"0"`
	Duplicate   bool        `json:"duplicate" doc:"Whether this is the result of an earlier settlement of the hold." example:"false"`
	Credits     creditState `json:"credits"`
	PriceID     *uuid.UUID  `json:"price_id" doc:"The price by which usage was charged; null without usage."`
	// PricedAt is when the hold was made, whatever prices have begun since.
	PricedAt *openapi.Instant `json:"priced_at" doc:"The moment whose price counts: when the hold was made. null without usage."`
}

// creditsOf are a user's figures of a day.
func creditsOf(f usage.Figures, day usage.Day) creditState {
	c := creditState{Used: f.CreditsUsed, Held: f.Held, Limit: f.DailyLimit, Granted: f.Granted, Remaining: f.Room, ResetsAt: openapi.Instant(day.End())}
	if m := f.Month; m.Limit != usage.NoLimit {
		c.Month = &monthState{Used: m.Used, Held: m.Held, Limit: m.Limit, Remaining: m.Remaining(), ResetsAt: openapi.Instant(day.EndOfMonth())}
	}
	return c
}

func (a *api) settleHold(ctx context.Context, r settleRequest) (settlement, error) {
	if r.Outcome != "" {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("codexible.outcome", r.Outcome))
	}
	charge, answer := consumption{Model: r.Model, tokens: r.tokens}.charge(r.Credits, ""), settlement{}
	if r.Usage != nil {
		q, t, err := a.quoteHold(ctx, r.userID(), r.ID, r.Usage, r.Model)
		if err != nil {
			return settlement{}, err
		}
		q.SetOn(&charge, &t)
		answer.PriceID, answer.PricedAt = &q.PriceID, new(openapi.Instant(q.At))
	}
	settled, err := a.Holds.Settle(ctx, r.userID(), r.ID, charge)
	if err != nil {
		return settlement{}, err
	}
	answer.Charged, answer.Uncollected, answer.Duplicate = settled.Charged, usage.WholeCredits(settled.Uncollected), settled.Outcome == usage.Duplicate
	answer.Credits = creditsOf(settled.Figures, settled.Day)
	return answer, nil
}

type extendRequest struct {
	caller
	ID         uuid.UUID  `path:"id" doc:"The hold's id."`
	Credits    *int64     `json:"credits" minimum:"0" maximum:"1000000000" without:"usage" doc:"The new total, not below the present one. If absent: as it was." example:"20"`
	Usage      *holdUsage `json:"usage" doc:"What the call can use at most, in place of credits: its price, rounded up to whole credits, is the new total."`
	TTLSeconds int64      `json:"ttl_seconds" minimum:"10" maximum:"3600" default:"600" doc:"Seconds from this request until the hold ends by itself." example:"600"`
	Delivered  *delivered `json:"delivered" doc:"What was delivered so far: it is charged if the hold ends by itself and was made with on_expiry charge. If absent: as it was."`
}

// delivered is what a call has delivered so far.
type delivered struct {
	Credits int64      `json:"credits" required:"true" minimum:"0" maximum:"1000000000" without:"usage" doc:"In credits. Required unless usage is given." example:"7"`
	Usage   *holdUsage `json:"usage" doc:"What the call has used so far, in place of credits."`
}

type extended struct {
	ExpiresAt openapi.Instant `json:"expires_at"`
	Credits   creditState     `json:"credits"`
}

func (a *api) extendHold(ctx context.Context, r extendRequest) (extended, error) {
	x, err := a.extension(ctx, &r)
	if err != nil {
		return extended{}, err
	}
	receipt, err := a.Holds.Extend(ctx, r.userID(), r.ID, x)
	switch {
	case err != nil:
		return extended{}, err
	case receipt.Outcome == usage.OverQuota:
		return extended{}, receipt.OverQuota(a.Now())
	}
	return extended{openapi.Instant(receipt.ExpiresAt), creditsOf(receipt.Figures, receipt.Day)}, nil
}

func (a *api) extension(ctx context.Context, r *extendRequest) (usage.Extension, error) {
	x := usage.Extension{Credits: r.Credits, TTL: time.Duration(r.TTLSeconds) * time.Second, Delivered: -1}
	if r.Usage != nil {
		q, _, err := a.quoteHold(ctx, r.userID(), r.ID, r.Usage, "")
		if err != nil {
			return x, err
		}
		x.Credits = new(usage.WholeCredits(q.Millionths))
	}
	switch d := r.Delivered; {
	case d == nil:
	case d.Usage != nil:
		q, _, err := a.quoteHold(ctx, r.userID(), r.ID, d.Usage, "")
		if err != nil {
			return x, within("delivered.", err)
		}
		x.Delivered = q.Millionths
	default:
		x.Delivered = d.Credits * usage.Millionths
	}
	return x, nil
}

type releaseRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The hold's id."`
}

type released struct {
	Released bool `json:"released" example:"true"`
}

func (a *api) releaseHold(ctx context.Context, r releaseRequest) (released, error) {
	_, err := a.Holds.Release(ctx, r.userID(), r.ID)
	return released{err == nil}, err
}

// adminReleaseHold is an operator's: it is in the audit log.
func (a *api) adminReleaseHold(ctx context.Context, r releaseRequest) (released, error) {
	_, err := a.Store.ReleaseHold(ctx, r.by, r.ID)
	return released{err == nil}, err
}

type holdsRequest struct {
	caller
	UserID uuid.UUID `query:"user_id" doc:"Only holds of this user."`
	KeyID  uuid.UUID `query:"key_id" doc:"Only holds of this key."`
	Limit  int       `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of holds to return."`
	After  uuid.UUID `query:"after" doc:"The id of the last hold of the previous page."`
}

// query narrows the list to the holds of an owner; uuid.Nil for all.
func (r holdsRequest) query(owner uuid.UUID) store.HoldQuery {
	return store.HoldQuery{OwnerID: owner, UserID: r.UserID, KeyID: r.KeyID, Limit: r.Limit, After: r.After}
}

type holdItem struct {
	ID        uuid.UUID       `json:"id"`
	UserID    uuid.UUID       `json:"user_id"`
	KeyID     uuid.UUID       `json:"key_id"`
	Credits   int64           `json:"credits" example:"12"`
	Delivered deliveredSoFar  `json:"delivered" doc:"What the last extension recorded."`
	OnExpiry  usage.OnExpiry  `json:"on_expiry" enum:"release,charge"`
	Model     string          `json:"model" example:"coder-large"`
	RequestID string          `json:"request_id" doc:"The id of the request that made the hold." example:"0f8fad5bd9cb469fa16570867728950e"`
	CreatedAt openapi.Instant `json:"created_at"`
	ExpiresAt openapi.Instant `json:"expires_at" doc:"When the hold ends by itself."`
}

type deliveredSoFar struct {
	Credits int64 `json:"credits" doc:"In credits, rounded up." example:"7"`
}

func holdItemOf(h *usage.Hold) holdItem {
	return holdItem{
		ID: h.ID, UserID: h.UserID, KeyID: h.KeyID, Credits: h.Credits, Delivered: deliveredSoFar{usage.WholeCredits(h.Delivered)}, OnExpiry: h.OnExpiry,
		Model: h.Model, RequestID: h.RequestID, CreatedAt: openapi.Instant(h.CreatedAt), ExpiresAt: openapi.Instant(h.ExpiresAt),
	}
}

func (a *api) listHolds(ctx context.Context, r holdsRequest) ([]holdItem, error) {
	holds, err := a.Store.OpenHolds(ctx, r.query(r.userID()))
	return each(holds, holdItemOf), err
}

// adminHold is a hold as an operator sees it.
type adminHold struct {
	holdItem
	OwnerID uuid.UUID `json:"owner_id" doc:"The user whose service made the hold."`
}

func adminHoldOf(h *usage.Hold) adminHold { return adminHold{holdItemOf(h), h.OwnerID} }

func (a *api) adminHolds(ctx context.Context, r holdsRequest) ([]adminHold, error) {
	holds, err := a.Store.OpenHolds(ctx, r.query(uuid.Nil))
	return each(holds, adminHoldOf), err
}
