package handlers

import (
	"context"

	"codexible/catalog"
	"codexible/handlers/openapi"
	"codexible/store"

	"github.com/google/uuid"
)

type ownChargeRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The charge's id."`
}

// explainedCharge is a charge with the parts of its credits.
type explainedCharge struct {
	chargeItem
	ExactCredits openapi.SignedCredits `json:"exact_credits" doc:"What was charged, before the day's sum was rounded up to whole credits." example:"1.250001"`
	AdjustsID    *uuid.UUID            `json:"adjusts_id" doc:"The charge that this one corrects, by what a call really used; null for others." example:"null"`
	Price        *chargedPrice         `json:"price" doc:"The price that made the credits; null if none did."`
	Lines        []chargeLine          `json:"lines" doc:"The parts of the credits. They add up to credits."`
}

// chargedPrice is which of a model's prices counted.
type chargedPrice struct {
	ValidFrom openapi.Instant `json:"valid_from" doc:"When the price began."`
	Mode      catalog.Mode    `json:"mode" enum:"cost,request" doc:"cost: by the tokens that the call used; request: a number of credits for each request, whatever it used."`
	Tier      *string         `json:"tier" doc:"The service tier whose prices count; null for those of no tier." example:"null"`
	Dearest   bool            `json:"tier_is_dearest" doc:"Whether the tier of the call has no prices of its own, so that the highest of the price count." example:"false"`
	Above     *int64          `json:"above_input_tokens" doc:"The call read more tokens than this, so the prices of such calls count for all of it; null if none does." example:"null"`
}

// chargeLine is a part of a charge's credits.
type chargeLine struct {
	Item       string                `json:"item" enum:"input,cache_read,cache_write,cache_write_1h,audio_input,output,audio_output,request,web_search,amount,call_rounding,adjusted,uncollected,day_rounding" doc:"What the line is for. amount: what was charged without a price. call_rounding: the lines are rounded down one by one, their sum is rounded down once; this is the difference. adjusted: by how much the charge differs from what its price makes of the tokens, of a correction for instance. uncollected: what did not fit into the credits that were left; it is not charged later. day_rounding: a day's sum is rounded up to whole credits once, so a charge that begins a credit pays all of it, and the next ones are free until it is used up." example:"cache_read"`
	Tokens     *int64                `json:"tokens" doc:"null for a line that is not of tokens." example:"8000"`
	Count      *int64                `json:"count" doc:"How many requests or web searches; null for other lines." example:"null"`
	PerMillion *openapi.Credits      `json:"credits_per_million" doc:"The price of a million tokens, rounded down to six decimals; null for a line that is not of tokens." example:"30"`
	Each       *openapi.Credits      `json:"credits_each" doc:"The price of a request or web search, rounded down to six decimals; null for other lines." example:"null"`
	Credits    openapi.SignedCredits `json:"credits" doc:"Rounded down to six decimals for tokens, requests and web searches." example:"0.24"`
}

func chargeLineOf(p catalog.Part) chargeLine {
	line := chargeLine{Item: p.Name, Credits: openapi.SignedCredits(p.Millionths)}
	switch {
	case !p.OfUsage():
	case p.OfTokens():
		line.Tokens, line.PerMillion = &p.Count, new(openapi.Credits(p.Rate))
	default:
		line.Count, line.Each = &p.Count, new(openapi.Credits(p.Rate))
	}
	return line
}

// usageCharge says why a charge cost what it did, in credits alone.
func (a *api) usageCharge(ctx context.Context, r ownChargeRequest) (explainedCharge, error) {
	c, err := a.Store.UserCharge(ctx, r.userID(), r.ID)
	if err != nil {
		return explainedCharge{}, err
	}
	return a.explainedChargeOf(&c), nil
}

func (a *api) explainedChargeOf(c *store.UserCharge) explainedCharge {
	parts, q := catalog.Why(&c.Record, c.Price)
	e := explainedCharge{
		chargeItem: a.pacedItemOf(c.PacedCharge), ExactCredits: openapi.SignedCredits(c.Millionths), AdjustsID: optionalID(c.AdjustsID), Lines: each(parts, chargeLineOf),
	}
	if q != nil {
		e.Price = &chargedPrice{ValidFrom: openapi.Instant(c.Price.ValidFrom), Mode: q.Charge.Mode, Tier: optionalText(q.Tier), Dearest: q.Dearest}
		if q.Above > 0 {
			e.Price.Above = &q.Above
		}
	}
	return e
}
