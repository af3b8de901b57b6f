package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// Bounds of models.
const (
	// MaxModels is how many models can be offered.
	MaxModels        = 1000
	MaxAliases       = 32
	MaxDisplayName   = 100
	MaxDescription   = 1000
	MaxContext       = 1_000_000_000
	MaxAllowance     = 10_000_000
	DefaultAllowance = 4096
	MaxModelsOfPlan  = 200
	MaxCandidates    = 20
	MaxWeight        = 1000
	MaxPriority      = 1000
	MaxHostedTools   = 32
)

// Model is what is offered to customers.
type Model struct {
	ID uuid.UUID
	// Name is what clients ask for, and Aliases are other names of it. All are unique together.
	Name        string
	Aliases     []string
	DisplayName string
	Description string
	// ContextWindow is the most tokens that a call may read and write together; 0 where it is not known.
	ContextWindow int64
	// OutputAllowance is how many tokens of output are set aside for a call.
	OutputAllowance int64
	// Overrun is what happens to a stream that has no credits left.
	Overrun Overrun
	// HostedTools are the tools that a provider runs and that a call may use.
	HostedTools []string
	// Candidates are the upstreams that serve the model; without one it is only priced.
	Candidates []Candidate
	// Plans see and use the model; nil for all.
	Plans     []uuid.UUID
	CreatedAt time.Time
}

// Overrun is what happens to a stream that has no credits left.
type Overrun string

// What happens to a stream that has no credits left.
const (
	// OverrunFinish lets it go on for as much again as its first hold, uncollected, and stops it then.
	OverrunFinish Overrun = "finish"
	// OverrunStop stops it at once.
	OverrunStop Overrun = "stop"
)

// Candidate is an upstream that serves a model.
type Candidate struct {
	UpstreamID uuid.UUID
	// Model is the upstream's own name for the model; empty where it is the same.
	Model string
	// Candidates of the lowest Priority are tried first, among them by Weight. A Weight of 0 is tried last.
	Weight, Priority int64
}

// Check returns an error that names the first field out of its range, as the
// request to create a model has them.
func (m *Model) Check() error {
	switch {
	case !ValidName(m.Name):
		return fault.Field("name", nameRule)
	case m.Name == usage.UnknownModel:
		return fault.Field("name", unknownRule)
	case slices.Contains(m.Aliases, usage.UnknownModel):
		return fault.Field("aliases", unknownRule)
	}
	if len(m.Aliases) > MaxAliases {
		return fault.Field("aliases", fmt.Sprintf("must have at most %d names", MaxAliases))
	}
	for i, alias := range m.Aliases {
		if !ValidName(alias) || alias == m.Name || slices.Contains(m.Aliases[:i], alias) {
			return fault.Field("aliases", "must have names of 1 to 200 printable characters without blanks, each once and other than name")
		}
	}
	if problem := accounts.CheckText(m.DisplayName, 0, MaxDisplayName); problem != "" {
		return fault.Field("display_name", problem)
	}
	if problem := accounts.CheckText(m.Description, 0, MaxDescription); problem != "" {
		return fault.Field("description", problem)
	}
	switch {
	case m.ContextWindow < 0 || m.ContextWindow > MaxContext:
		return fault.Field("context_window", fmt.Sprintf("must be from 1 to %d", MaxContext))
	case m.OutputAllowance < 1 || m.OutputAllowance > MaxAllowance:
		return fault.Field("output_allowance", fmt.Sprintf("must be from 1 to %d", MaxAllowance))
	}
	return m.checkServing()
}

// PlanNames are the names of the plans that see and use the model, in the order of plans;
// nil where all do.
func (m *Model) PlanNames(plans []accounts.Plan) []string {
	if m.Plans == nil {
		return nil
	}
	names := []string{}
	for i := range plans {
		if slices.Contains(m.Plans, plans[i].ID) {
			names = append(names, plans[i].Name)
		}
	}
	return names
}

const (
	nameRule = "must have 1 to 200 printable characters without blanks"
	// unknownRule keeps the name of charges without a model from being a model: what names none is allowed to all.
	unknownRule = "must not be unknown, which stands for calls that name no model"
)

// ValidName reports whether a text can be a model's name: 1 to 200 printable
// characters without blanks.
func ValidName(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= usage.MaxModelLength &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) || accounts.IsInvisible(r) })
}

// Allowance is the models that a plan or key may use: nil for all, otherwise names.
type Allowance []string

// ParseAllowance checks a list of names. An empty list is refused, because it could mean all or none.
func ParseAllowance(field string, names []string) (Allowance, error) {
	if names != nil && len(names) == 0 || len(names) > MaxModelsOfPlan {
		return nil, fault.Field(field, fmt.Sprintf("must have 1 to %d names, or be null for all models", MaxModelsOfPlan))
	}
	for i, name := range names {
		if !ValidName(name) || slices.Contains(names[:i], name) {
			return nil, fault.Field(field, "must have names of 1 to 200 printable characters without blanks, each once")
		}
	}
	return slices.Clone(names), nil
}
