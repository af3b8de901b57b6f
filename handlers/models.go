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
	Plans           *[]string       `json:"plans" doc:"The names of the plans that see and use the model; null for all." example:"null"`
	CreatedAt       openapi.Instant `json:"created_at"`
	Price           *adminPrice     `json:"price" doc:"The price in force; null if there is none."`
}

func adminModelOf(m *catalog.Model, book *catalog.Book, plans []accounts.Plan, now time.Time) adminModel {
	answer := adminModel{
		ID: m.ID, Name: m.Name, Aliases: each(m.Aliases, func(alias string) string { return alias }), DisplayName: optionalText(m.DisplayName), Description: optionalText(m.Description),
		OutputAllowance: m.OutputAllowance, CreatedAt: openapi.Instant(m.CreatedAt),
	}
	if names := m.PlanNames(plans); names != nil {
		answer.Plans = &names
	}
	if m.ContextWindow > 0 {
		answer.ContextWindow = &m.ContextWindow
	}
	if p := book.PriceAt(m.Name, now); p != nil {
		answer.Price = new(adminPriceOf(p, book, now))
	}
	return answer
}

func (a *api) adminModels(ctx context.Context, _ nothing) ([]adminModel, error) {
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return nil, err
	}
	plans, err := a.Store.Plans(ctx)
	return each(book.Models(), func(m *catalog.Model) adminModel { return adminModelOf(m, book, plans, a.Now()) }), err
}

// modelInput has the optional fields of a model.
type modelInput struct {
	Aliases         *[]string               `json:"aliases" maxItems:"32" maxLength:"200" doc:"Other names of it. Names and aliases of all models are unique together."`
	DisplayName     openapi.Patch[string]   `json:"display_name" maxLength:"100" doc:"null or an empty string removes it." example:"Claude Sonnet 4.5"`
	Description     openapi.Patch[string]   `json:"description" maxLength:"1000" doc:"null or an empty string removes it." example:"For everyday coding."`
	ContextWindow   openapi.Patch[int64]    `json:"context_window" minimum:"1" maximum:"1000000000" doc:"How many tokens a call may read and write together; null if it is not known." example:"200000"`
	OutputAllowance *int64                  `json:"output_allowance" minimum:"1" maximum:"10000000" doc:"How many tokens of output are set aside for a call. If absent in a new model: 4096." example:"8192"`
	Plans           openapi.Patch[[]string] `json:"plans" maxItems:"200" maxLength:"100" doc:"The names of the plans that see and use the model, case-insensitive; null for all, [] for none." example:"[\"Pro\"]"`
}

func (i modelInput) change(name *string) catalog.ModelChange {
	return catalog.ModelChange{
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
	book, err := a.Catalog.Book(ctx)
	if err != nil {
		return adminModel{}, err
	}
	plans, err := a.Store.Plans(ctx)
	return adminModelOf(m, book, plans, a.Now()), err
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
