// Package catalog is what is sold and for how much: the models that customers can use, the
// dated prices of models, and what usage costs by them.
package catalog

import (
	"cmp"
	"slices"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Book is all models and prices at a moment. It does not change.
type Book struct {
	models []*Model
	// named are the models by name and by alias.
	named map[string]*Model
	// prices are those of each model's name, in the order in which they follow each other.
	prices map[string][]*Price
	byID   map[uuid.UUID]*Price
}

// NewBook makes a book of models and prices, in any order.
func NewBook(models []Model, prices []Price) *Book {
	b := &Book{named: map[string]*Model{}, prices: map[string][]*Price{}, byID: map[uuid.UUID]*Price{}}
	for i := range models {
		m := &models[i]
		b.models = append(b.models, m)
		b.named[m.Name] = m
		for _, alias := range m.Aliases {
			b.named[alias] = m
		}
	}
	slices.SortFunc(b.models, func(x, y *Model) int { return cmp.Compare(x.Name, y.Name) })
	for i := range prices {
		p := &prices[i]
		b.prices[p.Model] = append(b.prices[p.Model], p)
		b.byID[p.ID] = p
	}
	for _, list := range b.prices {
		slices.SortFunc(list, later)
	}
	return b
}

// Models are all models by name.
func (b *Book) Models() []*Model { return b.models }

// Model is the model with a name or alias; nil for none.
func (b *Book) Model(name string) *Model { return b.named[name] }

// ModelByID is the model with an id; nil for none.
func (b *Book) ModelByID(id uuid.UUID) *Model {
	for _, m := range b.models {
		if m.ID == id {
			return m
		}
	}
	return nil
}

// Name is the name under which a model is priced and charged: that of the model with
// this name or alias, or the name itself where none is offered.
func (b *Book) Name(name string) string {
	if m := b.named[name]; m != nil {
		return m.Name
	}
	return name
}

// NameAt is an upstream's own name for a model; the name itself where the upstream is no candidate of it.
func (b *Book) NameAt(name string, upstream uuid.UUID) string {
	m := b.named[name]
	if m == nil {
		return name
	}
	for _, c := range m.Candidates {
		switch {
		case c.UpstreamID != upstream:
		case c.Model == "":
			return m.Name
		default:
			return c.Model
		}
	}
	return name
}

// Priced are the names that have a price, sorted.
func (b *Book) Priced() []string {
	names := make([]string, 0, len(b.prices))
	for name := range b.prices {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Prices are the prices of a model in the order in which they follow each other, those
// that have not begun included.
func (b *Book) Prices(model string) []*Price { return b.prices[b.Name(model)] }

// PriceAt is the price of a model in force at a moment; nil for none.
func (b *Book) PriceAt(model string, at time.Time) *Price {
	for _, p := range slices.Backward(b.Prices(model)) {
		if !p.ValidFrom.After(at) {
			return p
		}
	}
	return nil
}

// InForce reports whether calls of the price's model have this price at a moment.
func (b *Book) InForce(p *Price, at time.Time) bool {
	current := b.PriceAt(p.Model, at)
	return current != nil && current.ID == p.ID
}

// Price is the price with an id; nil for none.
func (b *Book) Price(id uuid.UUID) *Price { return b.byID[id] }

// ErrUnpriced says that a model has no price.
var ErrUnpriced = fault.Field("usage.model", "must be a model that has a price; set its price first, or send credits")

// Quote prices usage of a model at a moment. ErrUnpriced where it has no price then.
func (b *Book) Quote(model string, t *usage.Tokens, at time.Time) (Quote, error) {
	p := b.PriceAt(model, at)
	if p == nil {
		return Quote{}, ErrUnpriced
	}
	q, err := p.Quote(t)
	q.At = at
	return q, err
}

// Allows reports whether a plan may use a model: the model is for all plans or for this
// one, and each list, of the plan and of the key, is nil or names it. Names are compared as
// the models that they mean.
func (b *Book) Allows(model string, plan uuid.UUID, lists ...Allowance) bool {
	m := b.named[model]
	if m != nil && m.Plans != nil && !slices.Contains(m.Plans, plan) {
		return false
	}
	name := b.Name(model)
	for _, list := range lists {
		if list != nil && !slices.ContainsFunc(list, func(allowed string) bool { return b.Name(allowed) == name }) {
			return false
		}
	}
	return true
}
