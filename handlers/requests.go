package handlers

import (
	"context"
	"time"

	"codexible/gateway"
	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type requestsRequest struct {
	UserID     uuid.UUID         `query:"user_id" doc:"Only requests of this user."`
	KeyID      uuid.UUID         `query:"key_id" doc:"Only requests of this key."`
	Model      string            `query:"model" format:"printable" minLength:"1" maxLength:"200" doc:"Only requests of the model of this name."`
	UpstreamID uuid.UUID         `query:"upstream_id" doc:"Only requests whose last attempt called this upstream."`
	Outcome    usage.CallOutcome `query:"outcome" enum:"complete,stopped,client_gone,upstream_error,interrupted,refused" doc:"Only requests that ended so."`
	Since      *time.Time        `query:"since" doc:"Only requests that arrived then or later."`
	Until      *time.Time        `query:"until" doc:"Only requests that arrived before."`
	Limit      int               `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of requests to return."`
	After      uuid.UUID         `query:"after" doc:"next of the previous page."`
}

func (r *requestsRequest) query() store.RequestQuery {
	q := store.RequestQuery{
		UserID: r.UserID, KeyID: r.KeyID, UpstreamID: r.UpstreamID, Model: r.Model, Outcome: r.Outcome, Before: r.After, Limit: r.Limit,
	}
	if r.Since != nil {
		q.Since = *r.Since
	}
	if r.Until != nil {
		q.Until = *r.Until
	}
	return q
}

type requestList struct {
	Requests []adminRequestItem `json:"requests" doc:"Newest first. A page looks at 20000 requests at most, so one with rare ones can be short or empty before the end."`
	Next     *uuid.UUID         `json:"next" doc:"Where the next page goes on, for after; null at the end."`
}

// adminRequestItem is a request of the log. It has nothing of what was asked or answered.
type adminRequestItem struct {
	ID              uuid.UUID         `json:"id" doc:"The request id that the client got; the call's hold has the same."`
	At              openapi.Instant   `json:"at" doc:"When the request arrived."`
	UserID          uuid.UUID         `json:"user_id"`
	Email           string            `json:"email" example:"ada@example.com"`
	KeyID           uuid.UUID         `json:"key_id"`
	KeyPrefix       string            `json:"key_prefix" example:"codexible_01234567"`
	ClientRequestID *string           `json:"client_request_id" doc:"The caller's own id; null if it sent none." example:"0f8fad5b"`
	Model           string            `json:"model" doc:"The model's name, or what was asked for if there is no such model." example:"coder-large"`
	Endpoint        string            `json:"endpoint" example:"chat.completions"`
	Streamed        bool              `json:"streamed" example:"true"`
	Status          int               `json:"status" doc:"Of the answer." example:"200"`
	Outcome         usage.CallOutcome `json:"outcome" enum:"complete,stopped,client_gone,upstream_error,interrupted,refused" doc:"stopped: by us, because no credits were left. interrupted: the process died, and the hold's deadline ended the call. refused: nothing was sent to an upstream."`
	Code            *string           `json:"code" doc:"Why it was refused or failed; null for others." example:"insufficient_quota"`
	UpstreamID      *uuid.UUID        `json:"upstream_id" doc:"Of the last attempt; null if there was none."`
	Upstream        *string           `json:"upstream" doc:"Its name when it was called." example:"openai"`
	UpstreamKey     *string           `json:"upstream_key" doc:"The name of the key that it was called with." example:"main"`
	Sticky          bool              `json:"sticky" doc:"Whether it went where its session had been served before." example:"true"`
	Attempts        []attemptItem     `json:"attempts" doc:"In their order."`
	Source          *usage.Source     `json:"source" enum:"reported,counted,estimated" doc:"Where the tokens come from: the upstream, partly, or an estimate of what was delivered; null without tokens."`
	Tokens          *usedTokens       `json:"tokens" doc:"null if none are known."`
	PriceID         *uuid.UUID        `json:"price_id"`
	Held            int64             `json:"held" doc:"The first hold, in credits." example:"12"`
	Credits         int64             `json:"credits" doc:"Charged, in whole credits." example:"3"`
	Uncollected     openapi.Credits   `json:"uncollected" doc:"Credits that did not fit into what the customer had left." example:"0"`
	CostUSD         openapi.USD       `json:"cost_usd" doc:"What the call costs the operator, failed attempts included as far as they reported usage." example:"0.0125"`
	FirstByteMS     *int64            `json:"first_byte_ms" doc:"From the arrival of the request to the first byte of an upstream; null if there was none." example:"210"`
	FirstTokenMS    *int64            `json:"first_token_ms" doc:"To the first generated token; null if there was none." example:"640"`
	TookMS          int64             `json:"took_ms" doc:"To the end of the answer." example:"5200"`
}

// attemptItem is one call of an upstream.
type attemptItem struct {
	Upstream string      `json:"upstream" example:"openai"`
	Key      string      `json:"key" example:"main"`
	Status   *int        `json:"status" doc:"Of its answer; null if there was none." example:"200"`
	Error    *string     `json:"error" doc:"Why it failed; null if it served." example:"null"`
	StartMS  int64       `json:"start_ms" doc:"From the arrival of the request." example:"3"`
	TookMS   int64       `json:"took_ms" example:"5190"`
	CostUSD  openapi.USD `json:"cost_usd" doc:"What a failed attempt reported to have cost." example:"0"`
}

func attemptItemOf(a gateway.Attempt) attemptItem {
	item := attemptItem{Upstream: a.Upstream, Key: a.Key, Error: optionalText(a.Error), StartMS: a.Start / 1000, TookMS: a.Took / 1000, CostUSD: openapi.USD(a.CostMicros)}
	if a.Status != 0 {
		item.Status = &a.Status
	}
	return item
}

func adminRequestItemOf(r store.RequestLine) adminRequestItem {
	item := adminRequestItem{
		ID: r.ID, At: openapi.Instant(r.At), UserID: r.UserID, Email: r.Email, KeyID: r.KeyID, KeyPrefix: r.Prefix, ClientRequestID: optionalText(r.ClientRequestID),
		Model: r.Model, Endpoint: r.EndpointName, Streamed: r.Streamed, Status: r.Status, Outcome: r.Outcome, Code: optionalText(r.Code),
		UpstreamID: optionalID(r.UpstreamID), Upstream: optionalText(r.Upstream), UpstreamKey: optionalText(r.UpstreamKey), Sticky: r.Sticky,
		Attempts: each(r.Attempts, attemptItemOf), PriceID: optionalID(r.PriceID), Held: r.Held, Credits: r.Credits, Uncollected: openapi.Credits(r.Uncollected),
		CostUSD: openapi.USD(r.CostMicros), FirstByteMS: optionalMillis(r.FirstByte), FirstTokenMS: optionalMillis(r.FirstToken), TookMS: r.Took.Milliseconds(),
	}
	if r.Tokens != nil {
		item.Tokens = usedTokensOf(&usage.Priced{Tokens: *r.Tokens})
	}
	if r.Source != "" {
		item.Source = &r.Source
	}
	return item
}

func optionalID(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func optionalMillis(d time.Duration) *int64 {
	if d == 0 {
		return nil
	}
	return new(d.Milliseconds())
}

func (a *api) adminRequests(ctx context.Context, r requestsRequest) (requestList, error) {
	lines, next, err := a.Store.Requests(ctx, r.query())
	return requestList{each(lines, adminRequestItemOf), optionalID(next)}, err
}

type requestRequest struct {
	ID uuid.UUID `path:"id" doc:"The id of the request."`
}

func (a *api) adminRequest(ctx context.Context, r requestRequest) (adminRequestItem, error) {
	line, err := a.Store.Request(ctx, r.ID)
	return adminRequestItemOf(line), err
}
