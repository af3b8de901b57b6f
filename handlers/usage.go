package handlers

import (
	"context"
	"time"

	"codexible/handlers/openapi"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

type usageRequest struct{ caller }

type todayUsage struct {
	CreditsUsed  int64     `json:"credits_used" doc:"All keys of the user together." example:"89"`
	DailyLimit   int64     `json:"daily_limit" example:"250"`
	RequestCount int64     `json:"request_count" example:"61"`
	Date         usage.Day `json:"date" doc:"The day in UTC."`
}

func todayOf(t usage.Today) todayUsage {
	return todayUsage{CreditsUsed: t.CreditsUsed, DailyLimit: t.DailyLimit, RequestCount: t.RequestCount, Date: t.Day}
}

func (a *api) usageToday(ctx context.Context, r usageRequest) (todayUsage, error) {
	today, err := a.Store.Today(ctx, r.userID(), usage.DayOf(a.Now()))
	return todayOf(today), err
}

// span is how many days a series goes back.
type span struct {
	Days int `query:"days" minimum:"1" maximum:"365" default:"30" doc:"Number of days, including today."`
}

func (s span) days(now time.Time) usage.Range { return usage.LastDays(usage.DayOf(now), s.Days) }

type usageSpanRequest struct {
	caller
	span
}

type dayUsage struct {
	Date         usage.Day   `json:"date"`
	CreditsUsed  int64       `json:"credits_used" example:"89"`
	RequestCount int64       `json:"request_count" example:"61"`
	CostUSD      openapi.USD `json:"cost_usd" doc:"In dollars; 0 if the operator hides costs." example:"1.2475"`
}

// usageHistory returns one row per day, oldest first, so that charts can draw it unchanged.
func (a *api) usageHistory(ctx context.Context, r usageSpanRequest) ([]dayUsage, error) {
	rows, err := a.Store.History(ctx, r.userID(), r.days(a.Now()))
	return each(rows, a.dayUsageOf), err
}

func (a *api) dayUsageOf(t usage.DayTotal) dayUsage {
	return dayUsage{Date: t.Day, CreditsUsed: t.Credits, RequestCount: t.Requests, CostUSD: a.shownCost(t.CostMicros)}
}

type usageDetailedRequest struct {
	caller
	span
	Limit     int       `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Maximum number of charges to return."`
	Offset    int       `query:"offset" minimum:"0" maximum:"10000" default:"0" doc:"Number of charges to skip."`
	RequestID uuid.UUID `query:"request_id" doc:"Only the charges of the call with this X-Request-Id under /v1: one, or none before the call has ended; the other parameters then have no effect. A call that was interrupted and whose real usage was learnt later has a second one, with what it used beyond the first."`
}

type chargeItem struct {
	ID               uuid.UUID          `json:"id"`
	Model            string             `json:"model" example:"coder-large"`
	PromptTokens     int64              `json:"prompt_tokens" example:"1200"`
	CompletionTokens int64              `json:"completion_tokens" example:"340"`
	CostUSD          openapi.USD        `json:"cost_usd" doc:"In dollars; 0 if the operator hides costs." example:"0.0125"`
	Credits          int64              `json:"credits" example:"2"`
	Tokens           *usedTokens        `json:"tokens" doc:"The tokens by what they are priced as; null for a charge without a price."`
	RequestID        *uuid.UUID         `json:"request_id" doc:"The X-Request-Id of the call under /v1; null for other charges."`
	Outcome          *usage.CallOutcome `json:"outcome" enum:"complete,stopped,client_gone,upstream_error,interrupted" doc:"How the call ended; stopped: by us, because no credits were left. null for charges of other calls."`
	Source           *usage.Source      `json:"source" enum:"reported,counted,estimated" doc:"Where the tokens of the call come from: the provider, partly, or an estimate of what was delivered. null for charges of other calls."`
	FirstTokenMS     *int64             `json:"first_token_ms" doc:"From the arrival of the request to the first generated token; null if it is not known, as for calls without a stream." example:"640"`
	PerSecond        *openapi.Tenths    `json:"tokens_per_second" doc:"Tokens that the model wrote, by the time from its first one to the end of the answer; null if it is not known." example:"81.4"`
	CreatedAt        openapi.Instant    `json:"created_at"`
	Date             usage.Day          `json:"date"`
}

func (a *api) usageDetailed(ctx context.Context, r usageDetailedRequest) ([]chargeItem, error) {
	if r.RequestID != uuid.Nil {
		charges, err := a.Store.PacedChargesOfCall(ctx, r.userID(), r.RequestID)
		return each(charges, a.pacedItemOf), err
	}
	charges, err := a.Store.PacedCharges(ctx, r.userID(), r.days(a.Now()).From(), r.Limit, r.Offset)
	return each(charges, a.pacedItemOf), err
}

// pacedItemOf is a charge with the pace of its call.
func (a *api) pacedItemOf(c store.PacedCharge) chargeItem {
	item := a.chargeItemOf(c.Record)
	if c.AdjustsID == uuid.Nil {
		item.FirstTokenMS = optionalMillis(c.FirstToken)
	}
	item.PerSecond = optionalTenths(c.TenthsPerSecond())
	return item
}

func (a *api) chargeItemOf(c usage.Record) chargeItem {
	item := chargeItem{
		ID: c.ID, Model: c.Model, PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens,
		CostUSD: a.shownCost(c.CostMicros), Credits: c.Credits, Tokens: usedTokensOf(c.Priced), CreatedAt: openapi.Instant(c.CreatedAt), Date: c.Day,
	}
	if call := c.Call; call != nil {
		item.RequestID, item.Outcome, item.Source = &call.RequestID, &call.Outcome, &call.Source
	}
	return item
}

// shownCost is what customers see of a cost.
func (a *api) shownCost(micros int64) openapi.USD {
	if a.HideCost {
		return 0
	}
	return openapi.USD(micros)
}

// usedTokens are the buckets of a priced charge: each token is in one of them.
type usedTokens struct {
	Input        int64   `json:"input_tokens" doc:"Tokens that the model read and that were neither cached nor audio." example:"1200"`
	CacheRead    int64   `json:"cache_read_tokens" example:"8000"`
	CacheWrite   int64   `json:"cache_write_tokens" example:"0"`
	CacheWrite1h int64   `json:"cache_write_1h_tokens" example:"0"`
	AudioInput   int64   `json:"audio_input_tokens" example:"0"`
	Output       int64   `json:"output_tokens" doc:"Tokens that the model wrote, reasoning included and audio not." example:"340"`
	AudioOutput  int64   `json:"audio_output_tokens" example:"0"`
	Reasoning    int64   `json:"reasoning_tokens" doc:"The part of output_tokens that is reasoning." example:"0"`
	Requests     int64   `json:"requests" example:"1"`
	WebSearches  int64   `json:"web_searches" example:"0"`
	ServiceTier  *string `json:"service_tier" doc:"null for the default tier." example:"flex"`
}

func usedTokensOf(p *usage.Priced) *usedTokens {
	if p == nil {
		return nil
	}
	t := p.Tokens
	return &usedTokens{
		Input: t.Input, CacheRead: t.CacheRead, CacheWrite: t.CacheWrite, CacheWrite1h: t.CacheWrite1h, AudioInput: t.AudioInput,
		Output: t.Output, AudioOutput: t.AudioOutput, Reasoning: t.Reasoning, Requests: t.Requests, WebSearches: t.WebSearches, ServiceTier: optionalText(t.ServiceTier),
	}
}

type modelUsage struct {
	Model            string      `json:"model" doc:"At most 1000 models, the most expensive first; if the operator hides costs, those with the most requests first." example:"coder-large"`
	TotalCost        openapi.USD `json:"total_cost" doc:"In dollars; 0 if the operator hides costs." example:"12.5"`
	Requests         int64       `json:"requests" example:"420"`
	PromptTokens     int64       `json:"prompt_tokens" example:"510000"`
	CompletionTokens int64       `json:"completion_tokens" example:"140000"`
}

func (a *api) usageModels(ctx context.Context, r usageSpanRequest) ([]modelUsage, error) {
	order := store.DearestFirst
	if a.HideCost {
		order = store.MostRequestsFirst // the order would tell what is hidden
	}
	rows, err := a.Store.Models(ctx, r.userID(), r.days(a.Now()), order)
	return each(rows, func(t usage.ModelTotal) modelUsage {
		return modelUsage{
			Model: t.Model, TotalCost: a.shownCost(t.CostMicros), Requests: t.Requests, PromptTokens: t.PromptTokens, CompletionTokens: t.CompletionTokens,
		}
	}), err
}

type usageHourlyRequest struct {
	caller
	Date *usage.Day `query:"date" doc:"The day in UTC, 2000-01-01 to 2100-12-31. If absent: today."`
}

type hourUsage struct {
	Hour     int   `json:"hour" minimum:"0" maximum:"23" doc:"The hour in UTC." example:"14"`
	Requests int64 `json:"requests" example:"9"`
}

// usageHourly has all 24 rows; a future day is 24 zeros.
func (a *api) usageHourly(ctx context.Context, r usageHourlyRequest) ([]hourUsage, error) {
	day := usage.DayOf(a.Now())
	if r.Date != nil {
		day = *r.Date
	}
	hours, err := a.Store.Hourly(ctx, r.userID(), day)
	rows := make([]hourUsage, len(hours))
	for hour, requests := range hours {
		rows[hour] = hourUsage{Hour: hour, Requests: requests}
	}
	return rows, err
}

// consumption has the optional fields of a charge.
type consumption struct {
	Model string `json:"model" minLength:"1" maxLength:"200" default:"unknown" doc:"The model that was used." example:"coder-large"`
	tokens
}

// tokens are the optional figures of a charge.
type tokens struct {
	PromptTokens     int64       `json:"prompt_tokens" minimum:"0" maximum:"1000000000" default:"0" without:"usage" example:"1200"`
	CompletionTokens int64       `json:"completion_tokens" minimum:"0" maximum:"1000000000" default:"0" without:"usage" example:"340"`
	CostUSD          openapi.USD `json:"cost_usd" maximum:"1000000" default:"0" without:"usage" doc:"In dollars, rounded half-even to a micro-dollar." example:"0.0125"`
}

func (c consumption) charge(credits int64, idempotencyKey string) usage.Charge {
	return usage.Charge{
		Credits: credits, Model: c.Model, PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens,
		CostMicros: int64(c.CostUSD), IdempotencyKey: idempotencyKey,
	}
}

type chargeRequest struct {
	caller
	IdempotencyKey string `header:"Idempotency-Key" format:"printable" minLength:"1" maxLength:"255" doc:"A repeat within 24 hours with the same value returns the first result and charges nothing." example:"order-4711"`
	Credits        int64  `json:"credits" minimum:"1" maximum:"1000000000" default:"1" example:"2"`
	consumption
}

type receipt struct {
	Recorded    bool      `json:"recorded" example:"true"`
	Duplicate   bool      `json:"duplicate" doc:"Whether this is the result of an earlier charge with the same idempotency key." example:"false"`
	CreditsUsed int64     `json:"credits_used" doc:"Of the day, for all keys of the user together." example:"91"`
	DailyLimit  int64     `json:"daily_limit" example:"250"`
	Remaining   int64     `json:"remaining" example:"159"`
	Date        usage.Day `json:"date"`
}

func (a *api) charge(ctx context.Context, r chargeRequest) (receipt, error) {
	settled, err := a.Verifier.Charge(ctx, r.identity, r.charge(r.Credits, r.IdempotencyKey))
	if err != nil {
		return receipt{}, err
	}
	if settled.Outcome == usage.OverQuota {
		return receipt{}, settled.OverQuota(a.Now())
	}
	return receipt{
		Recorded: true, Duplicate: settled.Outcome == usage.Duplicate, CreditsUsed: settled.CreditsUsed,
		DailyLimit: settled.DailyLimit, Remaining: settled.Remaining(), Date: settled.Day,
	}, nil
}
