package handlers

import (
	"context"

	"codexible/gateway"
	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// userCredits are a user's credits with the grants.
type userCredits struct {
	creditState
	Grants []openGrant `json:"grants" doc:"Credits beside the plan that can still be taken, in the order in which they are used: those that end first come first. They are used where the plan's are used up. What they have left adds up to granted."`
}

type openGrant struct {
	ID        uuid.UUID        `json:"id"`
	Credits   int64            `json:"credits" doc:"What was given." example:"500"`
	Remaining int64            `json:"remaining" doc:"What a charge can take: what is neither used nor set aside by open holds." example:"368"`
	ExpiresAt *openapi.Instant `json:"expires_at" doc:"When what is left ends; null for never."`
}

func openGrantOf(g usage.OpenGrant) openGrant {
	o := openGrant{ID: g.ID, Credits: g.Credits, Remaining: g.Left}
	if !g.ExpiresAt.IsZero() {
		o.ExpiresAt = new(openapi.Instant(g.ExpiresAt))
	}
	return o
}

func (a *api) usageCredits(ctx context.Context, r usageRequest) (userCredits, error) {
	c, err := a.Store.Credits(ctx, r.userID(), r.identity.Key.ID)
	if err != nil {
		return userCredits{}, err
	}
	return userCredits{creditsOf(c.Figures, c.Day), each(c.Grants, openGrantOf)}, nil
}

type usageRefusalsRequest struct {
	caller
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Maximum number of calls to return. They are looked for among your newest 2000 calls, as long as the operator keeps the log of requests. Not among them is what was refused before the body was read: for the key, its scopes or address, the rate limit, or the size of the request."`
}

// failedCall is a call of a model that was refused or failed.
type failedCall struct {
	RequestID uuid.UUID         `json:"request_id" doc:"The X-Request-Id that the call was answered with."`
	At        openapi.Instant   `json:"at" doc:"When the request arrived."`
	Model     string            `json:"model" doc:"What was asked for; empty if the body named no model." example:"coder-large"`
	Endpoint  string            `json:"endpoint" example:"chat.completions"`
	Status    int               `json:"status" doc:"Of the answer. A stream that failed after its beginning has 200." example:"429"`
	Outcome   usage.CallOutcome `json:"outcome" enum:"refused,upstream_error,stopped,interrupted" doc:"refused: nothing was sent to a provider. upstream_error: the provider refused or failed. stopped: by us, because no credits were left or an operator ended the call. interrupted: the service stopped."`
	Code      string            `json:"code" doc:"One of insufficient_quota, concurrency_limit_exceeded, rate_limit_exceeded, model_not_found, invalid_body, unsupported_parameter, no_upstream, service_unavailable, upstream_error, provider_refused, repeated_failure, ended_by_operator, interrupted, internal_error." example:"insufficient_quota"`
	Message   string            `json:"message" doc:"What happened and what to do next." example:"As many requests are open at once as this key or its plan allows. Wait for one of them to end, then try again."`
}

func failedCallOf(c store.FailedCall) failedCall {
	f := failedCall{RequestID: c.ID, At: openapi.Instant(c.At), Model: c.Model, Endpoint: c.Endpoint, Status: c.Status, Outcome: c.Outcome}
	f.Code, f.Message = gateway.Explain(c.Outcome, c.Code)
	return f
}

func (a *api) usageRefusals(ctx context.Context, r usageRefusalsRequest) ([]failedCall, error) {
	calls, err := a.Store.FailedCalls(ctx, r.userID(), r.Limit)
	return each(calls, failedCallOf), err
}

// modelSpeed is how fast the calls of a model were answered.
type modelSpeed struct {
	Model        string          `json:"model" example:"coder-large"`
	Requests     int64           `json:"requests" doc:"How many calls the medians are of: those with a stream among your newest 1000 calls of these days." example:"42"`
	FirstTokenMS int64           `json:"first_token_ms" doc:"The median time from the arrival of a request to the first generated token." example:"640"`
	PerSecond    *openapi.Tenths `json:"tokens_per_second" doc:"The median of the tokens a second that the model wrote after its first one; null if no call says it." example:"81.4"`
}

func (a *api) usageSpeed(ctx context.Context, r usageSpanRequest) ([]modelSpeed, error) {
	since := r.days(a.Now()).From().Start()
	paces, err := a.Store.Paces(ctx, r.userID(), since)
	return each(paces, func(p store.ModelPace) modelSpeed {
		return modelSpeed{Model: p.Model, Requests: p.Calls, FirstTokenMS: p.FirstToken.Milliseconds(), PerSecond: optionalTenths(p.TenthsPerSecond)}
	}), err
}

func optionalTenths(n int64) *openapi.Tenths {
	if n == 0 {
		return nil
	}
	return new(openapi.Tenths(n))
}
