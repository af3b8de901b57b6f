package handlers

import (
	"context"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/usage"

	"github.com/google/uuid"
)

// quotedUsage is the usage of a call to be priced.
type quotedUsage struct {
	Model string `json:"model" minLength:"1" maxLength:"200" doc:"If given: that beside usage." example:"claude-sonnet-4-5"`
	buckets
}

type quoteRequest struct {
	Model string      `json:"model" required:"true" format:"printable" minLength:"1" maxLength:"200" doc:"A name or alias." example:"claude-sonnet-4-5"`
	Usage quotedUsage `json:"usage" required:"true"`
	At    *time.Time  `json:"at" doc:"The moment whose price counts. If absent: now." example:"2026-04-01T00:00:00Z"`
}

type quoted struct {
	CostUSD   openapi.USD     `json:"cost_usd" doc:"The cost, rounded half to even to a millionth of a dollar, as a charge has it." example:"0.0381"`
	Exact     openapi.PicoUSD `json:"exact_cost_usd" doc:"The sum of the lines, not rounded." example:"0.0381"`
	Credits   openapi.Credits `json:"credits" doc:"What a customer pays, before the day's sum is rounded up to whole credits. Rounded down to a millionth." example:"3.81"`
	PriceID   uuid.UUID       `json:"price_id"`
	Model     string          `json:"model" example:"claude-sonnet-4-5"`
	ValidFrom openapi.Instant `json:"valid_from" doc:"When the price began."`
	Tier      *string         `json:"tier" doc:"The service tier whose rates count; null for those of no tier." example:"null"`
	Dearest   bool            `json:"tier_is_dearest" doc:"Whether the usage's tier has no rates of its own, so that those of the dearest count." example:"false"`
	Above     *int64          `json:"above_input_tokens" doc:"The threshold of the band whose rates count; null for none." example:"null"`
	Charge    priceCharge     `json:"charge"`
	Lines     []quoteLine     `json:"lines"`
}

type quoteLine struct {
	Bucket        string              `json:"bucket" doc:"input, cache_read, cache_write, cache_write_1h, audio_input, output, audio_output, request or web_search." example:"cache_read"`
	Tokens        *int64              `json:"tokens" doc:"null for requests and web searches." example:"50000"`
	USDPerMillion *openapi.PerMillion `json:"usd_per_million" doc:"null for requests and web searches." example:"0.3"`
	Count         *int64              `json:"count" doc:"How many requests or web searches; null for tokens." example:"null"`
	USDEach       *openapi.PicoUSD    `json:"usd_each" doc:"The price of a request or of a web search; null for tokens." example:"null"`
	CostUSD       openapi.PicoUSD     `json:"cost_usd" doc:"Exact." example:"0.015"`
}

func quotedOf(q *catalog.Quote, p *catalog.Price) quoted {
	answer := quoted{
		CostUSD: openapi.USD(q.CostMicros), Exact: openapi.PicoUSD(q.Picos), Credits: openapi.Credits(q.Millionths), PriceID: q.PriceID, Model: q.Model, ValidFrom: openapi.Instant(p.ValidFrom),
		Tier: optionalText(q.Tier), Dearest: q.Dearest, Charge: termsOf(&p.Terms).Charge, Lines: each(q.Lines, quoteLineOf),
	}
	if q.Above > 0 {
		answer.Above = &q.Above
	}
	return answer
}

func quoteLineOf(l catalog.Line) quoteLine {
	line := quoteLine{Bucket: l.Name, CostUSD: openapi.PicoUSD(l.Picos)}
	if l.OfTokens() {
		line.Tokens, line.USDPerMillion = &l.Count, new(openapi.PerMillion(l.Rate))
	} else {
		line.Count, line.USDEach = &l.Count, new(openapi.PicoUSD(l.Rate))
	}
	return line
}

func (a *api) adminQuote(ctx context.Context, r quoteRequest) (quoted, error) {
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return quoted{}, err
	}
	at := a.Now()
	if r.At != nil {
		at = *r.At
	}
	if r.Usage.Model != "" && book.Name(r.Usage.Model) != book.Name(r.Model) {
		return quoted{}, fault.Field("usage.model", "must be absent or equal to model")
	}
	tokens := r.Usage.tokens()
	q, p, err := quote(book, r.Model, &tokens, at)
	if err != nil {
		return quoted{}, err
	}
	return quotedOf(&q, p), nil
}

// quote prices usage of a model at a moment, and returns the price beside the quote.
func quote(book *catalog.Book, model string, tokens *usage.Tokens, at time.Time) (q catalog.Quote, p *catalog.Price, err error) {
	if p = book.PriceAt(model, at); p == nil {
		return q, p, fault.Field("model", "must be a model that has a price at this moment; set its price first")
	}
	if err := tokens.Check("usage."); err != nil {
		return q, p, err
	}
	q, err = p.Quote(tokens)
	return q, p, err
}
