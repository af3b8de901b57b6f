package handlers

import (
	"context"
	"maps"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// callUsage is what a call used. The price book makes its credits and its cost of it.
type callUsage struct {
	Model string `json:"model" required:"true" minLength:"1" maxLength:"200" doc:"A model that has a price, by its name or an alias. It is recorded under its name." example:"coder-large"`
	buckets
}

// buckets are disjoint: each token is in one of them.
type buckets struct {
	Input        int64  `json:"input_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Tokens that the model read and that were neither read from a cache, nor written to one, nor audio." example:"1200"`
	CacheRead    int64  `json:"cache_read_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Tokens read from a cache." example:"8000"`
	CacheWrite   int64  `json:"cache_write_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Tokens written to a cache for 5 minutes." example:"0"`
	CacheWrite1h int64  `json:"cache_write_1h_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Tokens written to a cache for an hour." example:"0"`
	AudioInput   int64  `json:"audio_input_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Audio tokens that the model read." example:"0"`
	Output       int64  `json:"output_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Tokens that the model wrote, reasoning included and audio not." example:"340"`
	AudioOutput  int64  `json:"audio_output_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"Audio tokens that the model wrote." example:"0"`
	Reasoning    int64  `json:"reasoning_tokens" minimum:"0" maximum:"1000000000" default:"0" doc:"The part of output_tokens that is reasoning." example:"0"`
	Requests     int64  `json:"requests" minimum:"1" maximum:"1000000" default:"1" doc:"Requests to the model." example:"1"`
	WebSearches  int64  `json:"web_searches" minimum:"0" maximum:"1000000" default:"0" doc:"Web searches that the provider made." example:"0"`
	ServiceTier  string `json:"service_tier" maxLength:"32" doc:"The provider's name for how the call was served. A tier without a price of its own has the most expensive price. If absent: the default tier." example:"flex"`
}

func (b *buckets) tokens() usage.Tokens {
	return usage.Tokens{
		Input: b.Input, CacheRead: b.CacheRead, CacheWrite: b.CacheWrite, CacheWrite1h: b.CacheWrite1h, AudioInput: b.AudioInput,
		Output: b.Output, AudioOutput: b.AudioOutput, Reasoning: b.Reasoning, Requests: b.Requests, WebSearches: b.WebSearches, ServiceTier: b.ServiceTier,
	}
}

// wrong adds what is wrong with the sums of the buckets.
func (b *buckets) wrong(problems map[string]string, prefix string) {
	t := b.tokens()
	if err := t.Check(prefix); err != nil {
		maps.Copy(problems, fault.As(err).Fields)
	}
}

// otherModel is the problem of a model beside the one in usage.
const otherModel = "must be absent or the same as in usage"

// within puts the names of a problem's fields behind a prefix.
func within(prefix string, err error) error {
	f := fault.As(err)
	if err == nil || f.Fields == nil {
		return err
	}
	fields := make(map[string]string, len(f.Fields))
	for field, problem := range f.Fields {
		fields[prefix+field] = problem
	}
	return fault.InvalidFields(fields)
}

// price makes the amount and the cost of a charge of what was used, by the price at a moment.
func (a *api) price(ctx context.Context, c *usage.Charge, u *callUsage, at time.Time) error {
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return err
	}
	t := u.tokens()
	q, err := book.Quote(u.Model, &t, at)
	if err != nil {
		return err
	}
	q.SetOn(c, &t)
	c.Asked = u.Model
	return nil
}

// namePrice notes the price that the model of a hold by credits has at a moment: its
// settlement by usage is priced by it.
func (a *api) namePrice(ctx context.Context, c *usage.Charge, at time.Time) error {
	if c.Model == usage.UnknownModel {
		return nil
	}
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return err
	}
	if p := book.PriceAt(c.Model, at); p != nil {
		c.Priced = &usage.Priced{PriceID: p.ID}
	}
	return nil
}

// holdUsage is what the call of a hold used.
type holdUsage struct {
	Model string `json:"model" minLength:"1" maxLength:"200" doc:"A model that had a price when the hold was made. If absent: that of the hold." example:"coder-large"`
	buckets
}

// errPriceUnread says that this process has not read the price of a hold that another one made.
var errPriceUnread = &fault.Error{Kind: fault.Unavailable, Message: "The price of this hold cannot be read yet. Try again shortly.", RetryAfter: time.Second}

// quoteHold prices what the call of a hold used by the prices of the moment when the hold
// was made. beside is the model beside the usage; empty for none.
func (a *api) quoteHold(ctx context.Context, owner, id uuid.UUID, u *holdUsage, beside string) (q catalog.Quote, t usage.Tokens, err error) {
	problems := map[string]string{}
	if u.wrong(problems, "usage."); beside != "" && beside != u.Model {
		problems["model"] = otherModel
	}
	if len(problems) > 0 {
		return q, t, fault.InvalidFields(problems)
	}
	terms, err := a.Holds.Terms(ctx, owner, id)
	if err != nil {
		return q, t, err
	}
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return q, t, err
	}
	price, err := priceOfHold(book, &terms, u.Model)
	if err != nil {
		return q, t, err
	}
	t = u.tokens()
	q, err = price.Quote(&t)
	q.At = terms.CreatedAt
	return q, t, err
}

// priceOfHold is the price that a hold was made by, or for another model than the hold's
// the price of that model at the moment.
func priceOfHold(book *catalog.Book, terms *usage.HoldTerms, model string) (*catalog.Price, error) {
	// The hold's model may be an alias that means another model since.
	pinned, meant := book.Price(terms.PriceID), book.Name(terms.Model)
	if pinned != nil {
		meant = pinned.Model
	}
	own := model == "" || model == terms.Model || book.Name(model) == meant
	switch {
	case own && pinned != nil:
		return pinned, nil
	case own && terms.PriceID != uuid.Nil:
		return nil, errPriceUnread
	case model == "" && terms.Model == usage.UnknownModel:
		return nil, fault.Field("usage.model", "is required: the hold names no model")
	case model == "":
		model = terms.Model
	}
	if p := book.PriceAt(model, terms.CreatedAt); p != nil {
		return p, nil
	}
	return nil, fault.Field("usage.model", "must be a model that had a price when the hold was made; send credits in place of usage")
}
