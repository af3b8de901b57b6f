package handlers

import (
	"context"
	"time"

	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type usageChargesRequest struct {
	usageFilter
	Limit int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Maximum number of charges to return. Has no effect on CSV."`
	After uuid.UUID `query:"after" doc:"next of the previous page. Has no effect on CSV."`
}

type usageChargeList struct {
	Charges []usageCharge `json:"charges" doc:"The charges of these days with their adjustments and corrections, the oldest first. What is charged meanwhile comes last. A page with filters looks at 20000 charges at most, so it can be short or empty before the end."`
	Next    *uuid.UUID    `json:"next" doc:"Where the next page goes on, for after; null at the end." example:"null"`
}

type usageCharge struct {
	ID           uuid.UUID             `json:"id"`
	Type         store.EntryKind       `json:"type" enum:"charge,adjustment,correction" doc:"adjustment: what the real usage of an interrupted call changed about its charge. correction: credits that an operator took or gave back."`
	CreatedAt    openapi.Instant       `json:"created_at"`
	Date         usage.Day             `json:"date" doc:"The day in UTC on which it counts. Adjustments and corrections can be made later."`
	Hour         *int64                `json:"hour" minimum:"0" maximum:"23" doc:"The hour in which it counts: of an adjustment the hour of its charge, if that is of the same day. null for corrections." example:"14"`
	UserID       uuid.UUID             `json:"user_id"`
	Email        string                `json:"email" example:"ada@example.com"`
	KeyID        *uuid.UUID            `json:"key_id" doc:"null for corrections, which belong to a user and a day."`
	KeyPrefix    *string               `json:"key_prefix" example:"codexible_01234567"`
	KeyLabel     *string               `json:"key_label" example:"Laptop"`
	Model        *string               `json:"model" doc:"null for corrections." example:"coder-large"`
	PlanID       uuid.UUID             `json:"plan_id" doc:"The plan that the user has at present."`
	Plan         string                `json:"plan" example:"Pro"`
	UpstreamID   *uuid.UUID            `json:"upstream_id" doc:"The upstream that served the call; null for charges of other calls than those under /v1."`
	Upstream     *string               `json:"upstream" doc:"null if it was deleted." example:"openai"`
	AdjustsID    *uuid.UUID            `json:"adjusts_id" doc:"The charge that an adjustment is of; null for others." example:"null"`
	PriceID      *uuid.UUID            `json:"price_id" doc:"The price that made credits and cost; null for a charge without a price."`
	ServiceTier  *string               `json:"service_tier" doc:"null for the default tier." example:"null"`
	RequestID    *uuid.UUID            `json:"request_id" doc:"The X-Request-Id of the call under /v1; null for others."`
	Outcome      *usage.CallOutcome    `json:"outcome" enum:"complete,stopped,client_gone,upstream_error,interrupted" doc:"How the call ended; null for others."`
	Source       *usage.Source         `json:"source" enum:"reported,counted,estimated" doc:"Where the tokens of the call come from; null for others."`
	ExactCredits openapi.SignedCredits `json:"exact_credits" doc:"What was charged, before the day's sum was rounded up to whole credits." example:"1.250001"`
	usageFigures
}

func usageChargeOf(e *store.ChargeEntry) usageCharge {
	c := usageCharge{
		ID: e.ID, Type: e.Kind, CreatedAt: openapi.Instant(e.CreatedAt), Date: e.Day, Hour: optionalHour(e.Hour), UserID: e.UserID, Email: e.Email,
		KeyID: optionalID(e.KeyID), KeyPrefix: optionalText(e.Prefix), KeyLabel: optionalText(e.Label), Model: optionalText(e.Model), PlanID: e.PlanID, Plan: e.Plan,
		UpstreamID: optionalID(e.UpstreamID), Upstream: optionalText(e.Upstream), AdjustsID: optionalID(e.AdjustsID), ExactCredits: openapi.SignedCredits(e.Millionths),
		usageFigures: usageFigures{
			Credits: e.Credits, Uncollected: openapi.SignedCredits(e.Uncollected), CostUSD: openapi.USD(e.CostMicros),
			Tokens: sumTokens{Input: e.PromptTokens, Output: e.CompletionTokens},
		},
	}
	switch e.Kind {
	case store.EntryCharge:
		c.Requests = 1
	case store.EntryCorrection:
		c.CorrectedCredits = e.Credits
	case store.EntryAdjustment:
	}
	if p := e.Priced; p != nil {
		c.PriceID, c.ServiceTier, c.Tokens = &p.PriceID, optionalText(p.Tokens.ServiceTier), sumTokensOf(&p.Tokens)
	}
	if call := e.Call; call != nil {
		c.RequestID, c.Outcome, c.Source = &call.RequestID, &call.Outcome, &call.Source
	}
	return c
}

// chargeColumns are the columns of an export of charges.
var chargeColumns = append([]string{
	"id", "type", "created_at", "date", "hour", "user_id", "email", "key_id", "key_prefix", "key_label", "model", "plan_id", "plan", "upstream_id", "upstream",
	"adjusts_id", "price_id", "service_tier", "request_id", "outcome", "source", "exact_credits",
}, figureColumns...)

func chargeCells(e *store.ChargeEntry) (texts, numbers []string) {
	c := usageChargeOf(e)
	texts = []string{
		c.ID.String(), string(c.Type), time.Time(c.CreatedAt).Format(time.RFC3339Nano), string(c.Date), hourCell(e.Hour), c.UserID.String(), c.Email, idCell(e.KeyID), e.Prefix, e.Label,
		e.Model, c.PlanID.String(), c.Plan, idCell(e.UpstreamID), e.Upstream, idCell(e.AdjustsID), "", "", "", "", "",
	}
	if c.PriceID != nil {
		texts[16], texts[17] = c.PriceID.String(), e.Priced.Tokens.ServiceTier
	}
	if call := e.Call; call != nil {
		texts[18], texts[19], texts[20] = call.RequestID.String(), string(call.Outcome), string(call.Source)
	}
	return texts, append([]string{string(usage.AppendUSD(nil, e.Millionths))}, c.numbers()...)
}

// report checks the request before anything of it is read.
func (r *usageChargesRequest) report(ctx context.Context, db *store.Store) (*usageRows[store.ChargeEntry], error) {
	filter, err := r.query(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := db.NeedChargesFrom(ctx, filter.Span.From()); err != nil {
		return nil, err
	}
	return &usageRows[store.ChargeEntry]{
		name: "charges", span: filter.Span, cheap: true, columns: chargeColumns,
		item:  func(e *store.ChargeEntry) any { return usageChargeOf(e) },
		cells: chargeCells,
		page: func(ctx context.Context) ([]store.ChargeEntry, any, error) {
			entries, next, err := db.ChargeList(ctx, store.ChargeListQuery{ChargeQuery: filter, After: r.After, Limit: r.Limit})
			return entries, optionalID(next), err
		},
		each: func(ctx context.Context, visit func(*store.ChargeEntry) error) error {
			return db.EachListed(ctx, filter, visit)
		},
	}, nil
}

func (a *api) adminUsageCharges(x *exchange) error {
	var r usageChargesRequest
	if err := x.route.binder.Bind(x, &r); err != nil {
		return err
	}
	report, err := r.report(x.ctx, a.Store)
	if err != nil {
		return err
	}
	return answerUsage(x, report)
}
