package handlers

import (
	"context"
	"strings"

	"codexible/catalog"
	"codexible/catalog/pricelist"
	"codexible/fault"
	"codexible/handlers/openapi"
)

// The lists that can be imported.
const (
	listShipped = "shipped"
	listGenai   = "genai-prices"
	listLiteLLM = "litellm"
)

type importPricesRequest struct {
	caller
	Source      string            `json:"source" required:"true" enum:"shipped,genai-prices,litellm" doc:"shipped: the list that comes with the service. genai-prices, litellm: the format of list."`
	List        openapi.List      `json:"list" doc:"The list, if the source is not shipped: of LiteLLM the content of model_prices_and_context_window.json, of genai-prices {\"providers\": the content of data.json}." example:"{\"coder-large\":{\"mode\":\"chat\",\"input_cost_per_token\":3e-06,\"output_cost_per_token\":1.5e-05}}"`
	Models      []string          `json:"models" maxItems:"200" maxLength:"200" doc:"The models to import, in whose names * stands for any text. If absent: all." example:"[\"claude-*\"]"`
	Percent     openapi.Percent   `json:"percent" maximum:"10000" default:"100" doc:"The percentage of the cost that customers pay for models that have no price yet. Others keep what customers pay." example:"120"`
	CreditValue *openapi.ExactUSD `json:"credit_value_usd" maximum:"1000" doc:"What a credit is worth, for models that have no price yet. If absent: CREDIT_VALUE_USD of the configuration." example:"0.01"`
	Apply       bool              `json:"apply" doc:"Whether to set the prices. If absent or false: only show what would change."`
}

type importedPrices struct {
	Applied bool           `json:"applied" doc:"Whether the prices were set." example:"false"`
	Source  string         `json:"source" doc:"The list's name, which each price keeps." example:"genai-prices 0.1.5"`
	Counts  importCounts   `json:"counts"`
	Items   []importedItem `json:"items" doc:"By model and beginning."`
	Unread  []unreadItem   `json:"unread" doc:"What of the list is not imported."`
}

type importCounts struct {
	New       int `json:"new" example:"12"`
	Changed   int `json:"changed" example:"3"`
	Unchanged int `json:"unchanged" example:"140"`
	Unread    int `json:"unread" example:"5"`
}

type importedItem struct {
	Model  string         `json:"model" example:"claude-sonnet-4-5"`
	Action catalog.Action `json:"action" enum:"new,changed,unchanged"`
	Before *importedPrice `json:"before" doc:"The price that would be in force at the beginning of after; null if there is none."`
	After  importedPrice  `json:"after" doc:"The price that is set; of an unchanged one, that which is kept."`
}

type importedPrice struct {
	ValidFrom openapi.Instant `json:"valid_from"`
	priceTerms
}

type unreadItem struct {
	Model  string `json:"model" example:"coder-free"`
	Reason string `json:"reason" example:"it costs nothing in the list; if that is so, set its price yourself"`
}

func importedPriceOf(p *catalog.Price) *importedPrice {
	if p == nil {
		return nil
	}
	return &importedPrice{openapi.Instant(p.ValidFrom), termsOf(&p.Terms)}
}

func importedOf(p *catalog.Preview, source string, applied bool) importedPrices {
	return importedPrices{
		Applied: applied, Source: source,
		Counts: importCounts{p.Count(catalog.ActionNew), p.Count(catalog.ActionChanged), p.Count(catalog.ActionUnchanged), len(p.Unread)},
		Items: each(p.Items, func(i catalog.Item) importedItem {
			return importedItem{i.After.Model, i.Action, importedPriceOf(i.Before), *importedPriceOf(i.After)}
		}),
		Unread: each(p.Unread, func(u catalog.Unread) unreadItem { return unreadItem(u) }),
	}
}

func (a *api) adminImportPrices(ctx context.Context, r importPricesRequest) (importedPrices, error) {
	list, err := r.list()
	if err != nil {
		return importedPrices{}, err
	}
	charge := catalog.Charge{Mode: catalog.ByCost, Percent: int64(r.Percent), CreditValue: a.CreditValue}
	if r.CreditValue != nil {
		charge.CreditValue = int64(*r.CreditValue)
	}
	if charge.CreditValue == 0 {
		return importedPrices{}, fault.Field("credit_value_usd", "must be from 0.000001 to 1000 dollars")
	}
	i := list.Import(r.Models, charge)
	if r.Apply {
		done, err := a.Store.ImportPrices(ctx, r.by, i)
		return importedOf(&done, i.Source, true), err
	}
	if err := i.Check(); err != nil {
		return importedPrices{}, err
	}
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return importedPrices{}, err
	}
	preview := book.Preview(i, a.Now())
	return importedOf(&preview, i.Source, false), nil
}

// list reads the list of the request.
func (r *importPricesRequest) list() (*pricelist.List, error) {
	switch {
	case r.Source == listShipped && r.List != "":
		return nil, fault.Field("list", "must be absent where the source is shipped")
	case r.Source == listShipped:
		return pricelist.Shipped(), nil
	case r.List == "":
		return nil, fault.Field("list", "is required unless the source is shipped")
	}
	list, err := pricelist.Read([]byte(r.List))
	if err != nil {
		return nil, fault.Field("list", "cannot be read. "+strings.TrimSuffix(fault.As(err).Message, "."))
	}
	if format := map[bool]string{true: listLiteLLM, false: listGenai}[list.Source == pricelist.LiteLLM]; format != r.Source {
		return nil, fault.Field("source", "must be "+format+", which is the format of this list")
	}
	return list, nil
}
