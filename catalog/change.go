package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Bounds and defaults of changes.
const (
	// MaxPrices is how many prices are kept in all: none is ever deleted.
	MaxPrices = 50_000
	// MaxPlansOfModel is how many plans a model can name.
	MaxPlansOfModel = 200
	// DefaultCreditValue is what a credit is worth unless it is said, in micro-dollars: a cent.
	DefaultCreditValue = usage.MicrosPerUSD / 100
	// ClockSkew is how far in the past a price may be asked to begin; it begins when it is set.
	ClockSkew = time.Minute
)

// Refusals of changes.
var (
	ErrModelNotFound = fault.New(fault.NotFound, "This model does not exist.")
	ErrTooManyModels = fault.Newf(fault.Conflict, "There are %d models, which is the most. Delete one that is no longer offered first.", MaxModels)
	ErrTooManyPrices = fault.Newf(fault.Conflict, "More than %d prices cannot be kept. Import fewer models: name those that you offer.", MaxPrices)
)

// ModelChange is the fields of a model to set; nil leaves a field as it is.
type ModelChange struct {
	Name        *string
	Aliases     *[]string
	DisplayName *string
	Description *string
	// ContextWindow is 0 where it is not known.
	ContextWindow   *int64
	OutputAllowance *int64
	Overrun         *Overrun
	HostedTools     *[]string
	// Candidates replace all candidates.
	Candidates *[]NewCandidate
	// Plans are names of plans, without case; a nil list is all plans, an empty one is none.
	Plans *[]string
}

// Apply is the model after the change of all fields but the plans and candidates, checked.
func (c ModelChange) Apply(m Model) (Model, error) {
	set(&m.Name, c.Name)
	set(&m.DisplayName, c.DisplayName)
	set(&m.Description, c.Description)
	set(&m.ContextWindow, c.ContextWindow)
	set(&m.OutputAllowance, c.OutputAllowance)
	set(&m.Overrun, c.Overrun)
	if c.HostedTools != nil {
		m.HostedTools = slices.Clone(*c.HostedTools)
	}
	if c.Aliases != nil {
		m.Aliases = slices.Clone(*c.Aliases)
	}
	m.DisplayName, m.Description = strings.TrimSpace(m.DisplayName), strings.TrimSpace(m.Description)
	if c.Plans != nil && len(*c.Plans) > MaxPlansOfModel {
		return m, fault.Field("plans", fmt.Sprintf("must have at most %d names", MaxPlansOfModel))
	}
	if c.Candidates != nil && len(*c.Candidates) > MaxCandidates {
		return m, CheckCandidates(make([]Candidate, len(*c.Candidates)))
	}
	return m, m.Check()
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Clash returns an error where a name or alias of m is one of another of the models.
func (m *Model) Clash(models []Model) error {
	for i := range models {
		other := &models[i]
		if other.ID == m.ID {
			continue
		}
		if other.has(m.Name) {
			return fault.Newf(fault.Conflict, "The name %s is already one of the model %s. Choose another name, or change that model.", m.Name, other.Name)
		}
		for _, alias := range m.Aliases {
			if other.has(alias) {
				return fault.Newf(fault.Conflict, "The alias %s is already a name of the model %s. Choose another alias, or change that model.", alias, other.Name)
			}
		}
	}
	return nil
}

func (m *Model) has(name string) bool { return m.Name == name || slices.Contains(m.Aliases, name) }

// NewPrice is a price to set.
type NewPrice struct {
	// Model is a name, or an alias of a model: the price is then that of its name.
	Model string
	// ValidFrom is the moment of the decision where it is nil.
	ValidFrom *time.Time
	Terms     Terms
	// Source is SourceManual where it is empty.
	Source string
}

// At is the price that is set at a moment, without an id, checked.
func (n NewPrice) At(now time.Time) (Price, error) {
	p := Price{Model: n.Model, ValidFrom: now, Terms: n.Terms, Source: n.Source, CreatedAt: now}
	if p.Source == "" {
		p.Source = SourceManual
	}
	if n.ValidFrom != nil {
		p.ValidFrom = n.ValidFrom.UTC().Truncate(time.Microsecond)
	}
	if p.ValidFrom.Before(now) {
		if now.Sub(p.ValidFrom) > ClockSkew {
			return p, fault.Field("valid_from", "must not be in the past, because calls were already charged; leave it out to begin at once")
		}
		p.ValidFrom = now
	}
	return p, p.Check(now)
}

// Check returns an error that names the first field out of its range, as the
// request to create a price at a moment has them.
func (p *Price) Check(now time.Time) error {
	switch {
	case !ValidName(p.Model):
		return fault.Field("model", nameRule)
	case p.Model == usage.UnknownModel:
		return fault.Field("model", unknownRule)
	}
	if p.ValidFrom.Sub(now) > MaxAhead {
		return fault.Field("valid_from", "must be at most five years ahead")
	}
	if problem := accounts.CheckText(p.Source, 1, MaxSource); problem != "" {
		return fault.Field("source", problem)
	}
	return p.Terms.Check()
}

// Carried are the prices to set so that a model keeps the price in force at a moment,
// and those that follow it, under another name; without ids.
func (b *Book) Carried(from, to string, at time.Time) (carried []Price) {
	var last *Price
	list := b.prices[from]
	for i, p := range list {
		if i+1 < len(list) && !list[i+1].ValidFrom.After(at) {
			continue // it has been followed
		}
		price := *p
		price.ID, price.Model, price.CreatedAt = uuid.Nil, to, at
		if price.ValidFrom.Before(at) {
			price.ValidFrom = at
		}
		if before := b.after(last, to, price.ValidFrom); before == nil || !before.Terms.Same(&price.Terms) {
			last = &price
			carried = append(carried, price)
		}
	}
	return carried
}

// after is the price of a name in force at a moment where last was set too, after all
// prices of the book; nil for none.
func (b *Book) after(last *Price, name string, at time.Time) *Price {
	for _, p := range slices.Backward(b.prices[name]) {
		if !p.ValidFrom.After(at) && (last == nil || p.ValidFrom.After(last.ValidFrom)) {
			return p
		}
	}
	return last
}
