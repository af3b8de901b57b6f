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

// priceTerms is what a model costs and what customers pay, in answers.
type priceTerms struct {
	Rates           priceRates           `json:"usd_per_million"`
	USDPerRequest   openapi.PicoUSD      `json:"usd_per_request" example:"0"`
	USDPerWebSearch openapi.PicoUSD      `json:"usd_per_web_search" example:"0.01"`
	Bands           []priceBand          `json:"bands" doc:"Rates that reprice larger calls as a whole, the lowest threshold first."`
	Tiers           map[string]priceTier `json:"tiers" doc:"Rates of service tiers that have their own." example:"{}"`
	Charge          priceCharge          `json:"charge"`
}

// priceRates are dollars per million tokens, by bucket.
type priceRates struct {
	Input        openapi.PerMillion  `json:"input" doc:"Dollars per million tokens." example:"3"`
	Output       openapi.PerMillion  `json:"output" example:"15"`
	CacheRead    *openapi.PerMillion `json:"cache_read" doc:"null: that of input, as for the others but audio_output." example:"0.3"`
	CacheWrite   *openapi.PerMillion `json:"cache_write" example:"3.75"`
	CacheWrite1h *openapi.PerMillion `json:"cache_write_1h" example:"6"`
	AudioInput   *openapi.PerMillion `json:"audio_input" example:"null"`
	AudioOutput  *openapi.PerMillion `json:"audio_output" doc:"null: that of output." example:"null"`
}

type priceBand struct {
	Above int64      `json:"above_input_tokens" doc:"Calls that read more tokens, cached and audio ones included, have these rates as a whole." example:"200000"`
	Rates priceRates `json:"usd_per_million"`
}

type priceTier struct {
	priceRates
	Bands []priceBand `json:"bands"`
}

type priceCharge struct {
	Mode        catalog.Mode     `json:"mode" enum:"cost,request" doc:"cost: a percentage of the cost. request: so many credits a request."`
	Credits     *openapi.Credits `json:"credits" doc:"Credits a request; null if customers pay by cost." example:"null"`
	Percent     *openapi.Percent `json:"percent" doc:"Percentage of the cost; null if customers pay by request." example:"120"`
	CreditValue openapi.ExactUSD `json:"credit_value_usd" doc:"What a credit is worth." example:"0.01"`
}

func termsOf(t *catalog.Terms) priceTerms {
	form := priceTerms{
		Rates: ratesOf(&t.Base.Rates), USDPerRequest: openapi.PicoUSD(t.PerRequest), USDPerWebSearch: openapi.PicoUSD(t.PerWebSearch),
		Bands: each(t.Base.Bands, bandOf), Tiers: map[string]priceTier{},
		Charge: priceCharge{Mode: t.Charge.Mode, CreditValue: openapi.ExactUSD(t.Charge.CreditValue)},
	}
	for name, set := range t.Tiers {
		form.Tiers[name] = priceTier{ratesOf(&set.Rates), each(set.Bands, bandOf)}
	}
	if t.Charge.Mode == catalog.ByRequest {
		form.Charge.Credits = new(openapi.Credits(t.Charge.Credits))
	} else {
		form.Charge.Percent = new(openapi.Percent(t.Charge.Percent))
	}
	return form
}

func ratesOf(r *catalog.Rates) priceRates {
	own := func(b usage.Bucket) *openapi.PerMillion { return (*openapi.PerMillion)(r.Own(b)) }
	return priceRates{
		openapi.PerMillion(r.Input), openapi.PerMillion(r.Output), own(usage.CacheRead), own(usage.CacheWrite), own(usage.CacheWrite1h), own(usage.AudioInput), own(usage.AudioOutput),
	}
}

func bandOf(b catalog.Band) priceBand { return priceBand{b.Above, ratesOf(&b.Rates)} }

type adminPrice struct {
	ID        uuid.UUID       `json:"id"`
	Model     string          `json:"model" example:"claude-sonnet-4-5"`
	ValidFrom openapi.Instant `json:"valid_from"`
	priceTerms
	Source    string           `json:"source" doc:"manual, or the list that it was imported from." example:"manual"`
	CreatedAt openapi.Instant  `json:"created_at"`
	CreatedBy string           `json:"created_by" doc:"An e-mail address, or cli." example:"root@example.com"`
	InForce   bool             `json:"in_force" doc:"Whether calls of the model have this price."`
	EndsAt    *openapi.Instant `json:"ends_at" doc:"When the next price of the model begins; null if none follows." example:"null"`
}

func adminPriceOf(p *catalog.Price, book *catalog.Book, now time.Time) adminPrice {
	return adminPrice{
		ID: p.ID, Model: p.Model, ValidFrom: openapi.Instant(p.ValidFrom), priceTerms: termsOf(&p.Terms), Source: p.Source,
		CreatedAt: openapi.Instant(p.CreatedAt), CreatedBy: p.CreatedBy, InForce: book.InForce(p, now), EndsAt: optionalInstant(book.Ends(p)),
	}
}

type pricesRequest struct {
	Model string    `query:"model" format:"printable" minLength:"1" maxLength:"200" doc:"A model's name or alias. If absent: all."`
	Limit int       `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Maximum number of prices to return."`
	After uuid.UUID `query:"after" doc:"The id of the last price of the previous page."`
}

func (a *api) adminPrices(ctx context.Context, r pricesRequest) ([]adminPrice, error) {
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return nil, err
	}
	prices, err := a.Store.Prices(ctx, book.Name(r.Model), r.After, r.Limit)
	return each(prices, func(p catalog.Price) adminPrice { return adminPriceOf(&p, book, a.Now()) }), err
}

// ratesInput are dollars per million tokens, by bucket, in requests.
type ratesInput struct {
	Input        openapi.PerMillion  `json:"input" required:"true" maximum:"1000000" doc:"Dollars per million tokens." example:"3"`
	Output       openapi.PerMillion  `json:"output" required:"true" maximum:"1000000" example:"15"`
	CacheRead    *openapi.PerMillion `json:"cache_read" maximum:"1000000" doc:"If absent, here and in the others but audio_output: that of input." example:"0.3"`
	CacheWrite   *openapi.PerMillion `json:"cache_write" maximum:"1000000" doc:"Written to a cache for 5 minutes." example:"3.75"`
	CacheWrite1h *openapi.PerMillion `json:"cache_write_1h" maximum:"1000000" doc:"Written to a cache for an hour." example:"6"`
	AudioInput   *openapi.PerMillion `json:"audio_input" maximum:"1000000" example:"3"`
	AudioOutput  *openapi.PerMillion `json:"audio_output" maximum:"1000000" doc:"If absent: that of output." example:"15"`
}

func (r *ratesInput) rates() catalog.Rates {
	return catalog.Rates{
		Input: int64(r.Input), Output: int64(r.Output), CacheRead: (*int64)(r.CacheRead), CacheWrite: (*int64)(r.CacheWrite), CacheWrite1h: (*int64)(r.CacheWrite1h),
		AudioInput: (*int64)(r.AudioInput), AudioOutput: (*int64)(r.AudioOutput),
	}
}

type bandInput struct {
	Above int64      `json:"above_input_tokens" required:"true" minimum:"1" maximum:"1000000000" doc:"Calls that read more tokens, cached and audio ones included, have these rates as a whole." example:"200000"`
	Rates ratesInput `json:"usd_per_million" required:"true"`
}

type tierInput struct {
	ratesInput
	Bands []bandInput `json:"bands" maxItems:"16"`
}

type chargeInput struct {
	Mode        catalog.Mode      `json:"mode" required:"true" enum:"cost,request" doc:"cost: a percentage of the cost, at the value of a credit. request: so many credits a request."`
	Credits     *openapi.Credits  `json:"credits" maximum:"1000000000" doc:"Credits a request; needed if the mode is request, and for no other."`
	Percent     *openapi.Percent  `json:"percent" maximum:"10000" doc:"Percentage of the cost, only if the mode is cost. If absent: 100." example:"120"`
	CreditValue *openapi.ExactUSD `json:"credit_value_usd" maximum:"1000" doc:"What a credit is worth. If absent: CREDIT_VALUE_USD of the configuration." example:"0.01"`
}

// charge is what customers pay; value is what a credit is worth unless the request says so.
func (c *chargeInput) charge(value int64) (catalog.Charge, error) {
	charge := catalog.Charge{Mode: c.Mode, CreditValue: value}
	if c.CreditValue != nil {
		charge.CreditValue = int64(*c.CreditValue)
	}
	switch {
	case c.Mode == catalog.ByRequest && c.Credits == nil:
		return charge, fault.Field("charge.credits", "is required where the mode is request")
	case c.Mode == catalog.ByRequest && c.Percent != nil:
		return charge, fault.Field("charge.percent", "is only for the mode cost")
	case c.Mode == catalog.ByCost && c.Credits != nil:
		return charge, fault.Field("charge.credits", "is only for the mode request")
	case c.Mode == catalog.ByRequest:
		charge.Credits = int64(*c.Credits)
	case c.Percent == nil:
		charge.Percent = 100 * catalog.Hundredths
	default:
		charge.Percent = int64(*c.Percent)
	}
	return charge, nil
}

type setPriceRequest struct {
	caller
	priceInput
}

// priceInput is a price to set.
type priceInput struct {
	Model           string               `json:"model" required:"true" format:"printable" minLength:"1" maxLength:"200" doc:"A name, or an alias of a model: the price is that of its name. It need not be a model that is offered." example:"claude-sonnet-4-5"`
	ValidFrom       *time.Time           `json:"valid_from" doc:"When it begins, not in the past. If absent: at once." example:"2026-04-01T00:00:00Z"`
	Rates           ratesInput           `json:"usd_per_million" required:"true"`
	USDPerRequest   openapi.PicoUSD      `json:"usd_per_request" maximum:"1000" doc:"Beside the tokens." example:"0"`
	USDPerWebSearch openapi.PicoUSD      `json:"usd_per_web_search" maximum:"1000" example:"0.01"`
	Bands           []bandInput          `json:"bands" maxItems:"16" doc:"The lowest threshold first."`
	Tiers           map[string]tierInput `json:"tiers" maxItems:"16" doc:"Rates of service tiers that have their own, by name. Another tier than default, standard and auto without rates of its own has those of the dearest." example:"{\"flex\":{\"input\":1.5,\"output\":7.5}}"`
	Charge          chargeInput          `json:"charge" required:"true"`
}

func (r *priceInput) price(value int64) (catalog.NewPrice, error) {
	n := catalog.NewPrice{Model: r.Model, ValidFrom: r.ValidFrom, Terms: catalog.Terms{
		Base: catalog.Set{Rates: r.Rates.rates(), Bands: bandsOf(r.Bands)}, PerRequest: int64(r.USDPerRequest), PerWebSearch: int64(r.USDPerWebSearch),
	}}
	for name, tier := range r.Tiers {
		if n.Terms.Tiers == nil {
			n.Terms.Tiers = map[string]catalog.Set{}
		}
		n.Terms.Tiers[name] = catalog.Set{Rates: tier.rates(), Bands: bandsOf(tier.Bands)}
	}
	var err error
	n.Terms.Charge, err = r.Charge.charge(value)
	return n, err
}

func bandsOf(input []bandInput) (bands []catalog.Band) {
	for i := range input {
		bands = append(bands, catalog.Band{Above: input[i].Above, Rates: input[i].Rates.rates()})
	}
	return bands
}

func (a *api) adminSetPrice(ctx context.Context, r setPriceRequest) (adminPrice, error) {
	n, err := r.price(a.CreditValue)
	if err != nil {
		return adminPrice{}, err
	}
	p, err := a.Store.SetPrice(ctx, r.by, n)
	if err != nil {
		return adminPrice{}, err
	}
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return adminPrice{}, err
	}
	return adminPriceOf(&p, book, a.Now()), nil
}
