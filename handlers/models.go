package handlers

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/handlers/openapi"

	"github.com/google/uuid"
)

type adminModel struct {
	ID              uuid.UUID       `json:"id"`
	Name            string          `json:"name" doc:"What clients ask for." example:"claude-sonnet-4-5"`
	Aliases         []string        `json:"aliases" doc:"Other names of it."`
	DisplayName     *string         `json:"display_name" doc:"null if none was given." example:"Claude Sonnet 4.5"`
	Description     *string         `json:"description" doc:"null if none was given." example:"For everyday coding."`
	ContextWindow   *int64          `json:"context_window" doc:"How many tokens a call may read and write together; null if it is not known." example:"200000"`
	OutputAllowance int64           `json:"output_allowance" doc:"How many tokens of output are set aside for a call." example:"4096"`
	Overrun         catalog.Overrun `json:"overrun" enum:"finish,stop" doc:"What happens to a stream that has no credits left: it may go on for as much again as its first hold, or it stops."`
	HostedTools     []string        `json:"hosted_tools" doc:"Tools run by the provider that calls may use." example:"[]"`
	Candidates      []candidate     `json:"candidates" doc:"The upstreams that serve the model. Without one it is only priced."`
	Plans           *[]string       `json:"plans" doc:"The names of the plans that see and use the model; null for all." example:"null"`
	CreatedAt       openapi.Instant `json:"created_at"`
	Price           *adminPrice     `json:"price" doc:"The price in force; null if there is none."`
}

type candidate struct {
	Upstream string  `json:"upstream" example:"openai"`
	Model    *string `json:"model" doc:"The upstream's own name for the model; null if it is the same." example:"null"`
	Weight   int64   `json:"weight" example:"1"`
	Priority int64   `json:"priority" example:"1"`
}

// Offer is what the forms of models are made from: all models and prices, plans, and the
// names of upstreams.
type Offer struct {
	Book      *catalog.Book
	Plans     []accounts.Plan
	Upstreams map[uuid.UUID]string
}

func adminModelOf(m *catalog.Model, o Offer, now time.Time) adminModel {
	answer := adminModel{
		Overrun: m.Overrun, HostedTools: each(m.HostedTools, func(tool string) string { return tool }),
		Candidates: each(m.Candidates, func(c catalog.Candidate) candidate {
			return candidate{Upstream: o.Upstreams[c.UpstreamID], Model: optionalText(c.Model), Weight: c.Weight, Priority: c.Priority}
		}),
		ID: m.ID, Name: m.Name, Aliases: each(m.Aliases, func(alias string) string { return alias }), DisplayName: optionalText(m.DisplayName), Description: optionalText(m.Description),
		OutputAllowance: m.OutputAllowance, CreatedAt: openapi.Instant(m.CreatedAt),
	}
	if names := m.PlanNames(o.Plans); names != nil {
		answer.Plans = &names
	}
	if m.ContextWindow > 0 {
		answer.ContextWindow = &m.ContextWindow
	}
	if p := o.Book.PriceAt(m.Name, now); p != nil {
		answer.Price = new(adminPriceOf(p, o.Book, now))
	}
	return answer
}

func (a *api) adminModels(ctx context.Context, _ nothing) ([]adminModel, error) {
	o, err := a.offer(ctx)
	if err != nil {
		return nil, err
	}
	return each(o.Book.Models(), func(m *catalog.Model) adminModel { return adminModelOf(m, o, a.Now()) }), nil
}

func (a *api) offer(ctx context.Context) (o Offer, err error) {
	if o.Book, err = a.Catalog.Book(ctx); err != nil {
		return o, err
	}
	if o.Plans, err = a.Store.Plans(ctx); err != nil {
		return o, err
	}
	o.Upstreams, err = a.Store.UpstreamNames(ctx)
	return o, err
}

// modelInput has the optional fields of a model.
type modelInput struct {
	Aliases         *[]string               `json:"aliases" maxItems:"32" maxLength:"200" doc:"Other names of it. Names and aliases of all models are unique together."`
	DisplayName     openapi.Patch[string]   `json:"display_name" maxLength:"100" doc:"null or an empty string removes it." example:"Claude Sonnet 4.5"`
	Description     openapi.Patch[string]   `json:"description" maxLength:"1000" doc:"null or an empty string removes it." example:"For everyday coding."`
	ContextWindow   openapi.Patch[int64]    `json:"context_window" minimum:"1" maximum:"1000000000" doc:"How many tokens a call may read and write together; null if it is not known." example:"200000"`
	OutputAllowance *int64                  `json:"output_allowance" minimum:"1" maximum:"10000000" doc:"How many tokens of output are set aside for a call. If absent in a new model: 4096." example:"8192"`
	Overrun         *catalog.Overrun        `json:"overrun" enum:"finish,stop" doc:"What happens to a stream that has no credits left. finish: it may go on for as much again as its first hold, which is not collected, and stops then; stop: it stops at once. If absent in a new model: finish."`
	HostedTools     *[]string               `json:"hosted_tools" maxItems:"32" maxLength:"64" doc:"Tools run by the provider that calls may use, such as code_interpreter: they cost or keep something beside tokens. If absent in a new model: none." example:"[]"`
	Candidates      *[]candidateInput       `json:"candidates" maxItems:"20" doc:"The upstreams that serve the model; replace all. If absent in a new model: none, and it is only priced."`
	Plans           openapi.Patch[[]string] `json:"plans" maxItems:"200" maxLength:"100" doc:"The names of the plans that see and use the model, case-insensitive; null for all, [] for none." example:"[\"Pro\"]"`
}

type candidateInput struct {
	Upstream string  `json:"upstream" required:"true" minLength:"1" maxLength:"64" doc:"The name of an upstream, case-insensitive." example:"openai"`
	Model    *string `json:"model" minLength:"1" maxLength:"200" doc:"The upstream's own name for the model. If absent: the same." example:"gpt-5-mini"`
	Weight   *int64  `json:"weight" minimum:"0" maximum:"1000" doc:"Its share of calls among candidates of equal priority; 0: only if no other can be called. If absent: 1." example:"1"`
	Priority *int64  `json:"priority" minimum:"1" maximum:"1000" doc:"The lowest is tried first. If absent: 1." example:"1"`
}

func (i modelInput) candidates() *[]catalog.NewCandidate {
	if i.Candidates == nil {
		return nil
	}
	return new(each(*i.Candidates, func(c candidateInput) catalog.NewCandidate {
		return catalog.NewCandidate{Upstream: c.Upstream, Model: orEmpty(c.Model), Weight: c.Weight, Priority: c.Priority}
	}))
}

func (i modelInput) change(name *string) catalog.ModelChange {
	return catalog.ModelChange{
		Overrun: i.Overrun, HostedTools: i.HostedTools, Candidates: i.candidates(),
		Name: name, Aliases: i.Aliases, DisplayName: orZero(i.DisplayName), Description: orZero(i.Description), ContextWindow: orZero(i.ContextWindow), OutputAllowance: i.OutputAllowance,
		Plans: orZero(i.Plans),
	}
}

// orZero is the value of a field that is given, with the zero value for null.
func orZero[T any](p openapi.Patch[T]) *T {
	if p.Given && p.Value == nil {
		return new(T)
	}
	return p.Value
}

type createModelRequest struct {
	caller
	Name string `json:"name" required:"true" format:"printable" minLength:"1" maxLength:"200" doc:"What clients ask for, without blanks." example:"claude-sonnet-4-5"`
	modelInput
}

func (a *api) adminCreateModel(ctx context.Context, r createModelRequest) (adminModel, error) {
	m, err := a.Store.CreateModel(ctx, r.by, r.change(&r.Name))
	if err != nil {
		return adminModel{}, err
	}
	return a.adminModel(ctx, &m)
}

type changeModelRequest struct {
	caller
	ID   uuid.UUID `path:"id" doc:"The model's id."`
	Name *string   `json:"name" format:"printable" minLength:"1" maxLength:"200" doc:"What clients ask for, without blanks. The model keeps its price under another name; the name before is no alias unless you make it one." example:"claude-sonnet-4-5"`
	modelInput
}

func (a *api) adminChangeModel(ctx context.Context, r changeModelRequest) (adminModel, error) {
	m, err := a.Store.ChangeModel(ctx, r.by, r.ID, r.change(r.Name))
	if err != nil {
		return adminModel{}, err
	}
	return a.adminModel(ctx, &m)
}

func (a *api) adminModel(ctx context.Context, m *catalog.Model) (adminModel, error) {
	o, err := a.offer(ctx)
	if err != nil {
		return adminModel{}, err
	}
	return adminModelOf(m, o, a.Now()), nil
}

type deleteModelRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The model's id."`
}

type deletedModel struct {
	Deleted bool `json:"deleted" example:"true"`
}

func (a *api) adminDeleteModel(ctx context.Context, r deleteModelRequest) (deletedModel, error) {
	err := a.Store.DeleteModel(ctx, r.by, r.ID)
	return deletedModel{err == nil}, err
}
