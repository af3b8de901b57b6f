package handlers

import (
	"context"

	"codexible/catalog"
	"codexible/handlers/openapi"
	"codexible/usage"
)

// offer is a model as a customer sees it: priced in credits, never in dollars.
type offer struct {
	Name          string      `json:"name" doc:"What to ask for." example:"coder-large"`
	Aliases       []string    `json:"aliases" doc:"Other names of it." example:"[\"coder-latest\"]"`
	DisplayName   *string     `json:"display_name" doc:"null if there is none." example:"Coder Large"`
	Description   *string     `json:"description" doc:"null if there is none." example:"For everyday coding."`
	ContextWindow *int64      `json:"context_window" doc:"How many tokens a call can read and write together; null if it is not known." example:"200000"`
	Price         *offerPrice `json:"price" doc:"In credits; null while the model has no price."`
	// Typical compares models of different prices.
	Typical *openapi.Credits `json:"typical_call_credits" doc:"What a typical call costs, in credits, rounded down to six decimals. It reads 20,000 tokens, 16,000 of them from the cache, and writes 1,000. null while the model has no price." example:"3.18"`
	// Wires are the provider's: the gateway passes a call on as it is.
	Wires []string `json:"wires" enum:"chat,responses,messages" doc:"The APIs under /v1 on which the model can be called. chat: /v1/chat/completions and the others of OpenAI's older form. responses: /v1/responses, as Codex calls it. messages: /v1/messages, as Claude Code calls it. Empty if it can be called on none, as while it has no price." example:"[\"chat\",\"responses\"]"`
}

// offerPrice is the price in force. Each figure is rounded down by itself.
type offerPrice struct {
	ValidFrom    openapi.Instant      `json:"valid_from" doc:"When the price began."`
	Mode         catalog.Mode         `json:"mode" enum:"cost,request" doc:"cost: by the tokens that a call used; request: a number of credits for each request, whatever it used."`
	PerRequest   openapi.Credits      `json:"credits_per_request" doc:"Credits for each request. In the mode cost they come on top of the tokens." example:"0"`
	PerWebSearch openapi.Credits      `json:"credits_per_web_search" example:"1"`
	Rates        *offerRates          `json:"credits_per_million" doc:"Credits for a million tokens, rounded down to six decimals; the price of a call is not made of these rounded figures. null in the mode request."`
	Bands        []offerBand          `json:"bands" doc:"Prices of larger calls, which reprice the whole call; that of the greatest threshold that the call passes counts."`
	Tiers        map[string]offerTier `json:"tiers" doc:"Prices of service tiers that have their own, by name." example:"{\"flex\":{\"credits_per_million\":{\"input\":150,\"cache_read\":15,\"cache_write\":150,\"cache_write_1h\":150,\"audio_input\":150,\"output\":750,\"audio_output\":750},\"bands\":[]}}"`
}

type offerRates struct {
	Input        openapi.Credits `json:"input" example:"300"`
	CacheRead    openapi.Credits `json:"cache_read" example:"30"`
	CacheWrite   openapi.Credits `json:"cache_write" doc:"Written to a cache for 5 minutes." example:"375"`
	CacheWrite1h openapi.Credits `json:"cache_write_1h" doc:"Written to a cache for an hour." example:"600"`
	AudioInput   openapi.Credits `json:"audio_input" example:"300"`
	Output       openapi.Credits `json:"output" example:"1500"`
	AudioOutput  openapi.Credits `json:"audio_output" example:"1500"`
}

type offerBand struct {
	Above int64      `json:"above_input_tokens" doc:"The price of calls that read more tokens than this, cached ones included." example:"200000"`
	Rates offerRates `json:"credits_per_million"`
}

type offerTier struct {
	Rates offerRates  `json:"credits_per_million"`
	Bands []offerBand `json:"bands"`
}

func offerRatesOf(c *catalog.Charge, r *catalog.Rates) offerRates {
	of := func(b usage.Bucket) openapi.Credits { return openapi.Credits(c.PerMillion(r.Of(b))) }
	return offerRates{
		Input: of(usage.Input), CacheRead: of(usage.CacheRead), CacheWrite: of(usage.CacheWrite), CacheWrite1h: of(usage.CacheWrite1h),
		AudioInput: of(usage.AudioInput), Output: of(usage.Output), AudioOutput: of(usage.AudioOutput),
	}
}

func offerTierOf(c *catalog.Charge, s *catalog.Set) offerTier {
	return offerTier{offerRatesOf(c, &s.Rates), each(s.Bands, func(b catalog.Band) offerBand { return offerBand{b.Above, offerRatesOf(c, &b.Rates)} })}
}

func offerPriceOf(p *catalog.Price) *offerPrice {
	t, c := &p.Terms, &p.Terms.Charge
	o := &offerPrice{ValidFrom: openapi.Instant(p.ValidFrom), Mode: c.Mode, Bands: []offerBand{}, Tiers: map[string]offerTier{}}
	if c.Mode == catalog.ByRequest {
		o.PerRequest = openapi.Credits(c.Credits)
		return o
	}
	base := offerTierOf(c, &t.Base)
	o.Rates, o.Bands = &base.Rates, base.Bands
	o.PerRequest, o.PerWebSearch = openapi.Credits(c.Millionths(t.PerRequest)), openapi.Credits(c.Millionths(t.PerWebSearch))
	for name, set := range t.Tiers {
		o.Tiers[name] = offerTierOf(c, &set)
	}
	return o
}

// models lists what the calling key and its user's plan can use.
func (a *api) models(ctx context.Context, r usageRequest) ([]offer, error) {
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return nil, err
	}
	now := a.Now()
	offers := []offer{}
	for _, m := range book.Offered(r.identity.Plan.ID, r.identity.Plan.Models, r.identity.Key.Models) {
		o, err := a.offerOf(ctx, m, book.PriceAt(m.Name, now))
		if err != nil {
			return nil, err
		}
		offers = append(offers, o)
	}
	return offers, nil
}

// offerOf is a model with the price in force; nil for none.
func (a *api) offerOf(ctx context.Context, m *catalog.Model, p *catalog.Price) (offer, error) {
	o := offer{Name: m.Name, Aliases: append([]string{}, m.Aliases...), DisplayName: optionalText(m.DisplayName), Description: optionalText(m.Description), Wires: []string{}}
	if m.ContextWindow > 0 {
		o.ContextWindow = &m.ContextWindow
	}
	if p == nil {
		return o, nil
	}
	o.Price = offerPriceOf(p)
	if q, ok := p.Typical(); ok {
		o.Typical = new(openapi.Credits(q.Millionths))
	}
	if a.Wires == nil {
		return o, nil
	}
	wires, err := a.Wires(ctx, m)
	for _, w := range wires {
		o.Wires = append(o.Wires, w.String())
	}
	return o, err
}
