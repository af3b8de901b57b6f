package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/handlers"
	"codexible/store"

	"github.com/google/uuid"
)

type modelCommand struct {
	List   modelList   `cmd:"" help:"List the models that are offered, with their prices."`
	Create modelCreate `cmd:"" help:"Offer a model."`
	Change modelChange `cmd:"" help:"Change or rename a model."`
	Delete modelDelete `cmd:"" help:"Stop offering a model; its prices and charges stay."`
}

// offered is what a command about models reads before.
type offered struct{ handlers.Offer }

func readOffered(ctx context.Context, s *store.Store) (o offered, err error) {
	if o.Book, err = s.Book(ctx); err != nil {
		return o, err
	}
	if o.Plans, err = s.Plans(ctx); err != nil {
		return o, err
	}
	o.Upstreams, err = s.UpstreamNames(ctx)
	return o, err
}

// find is the model with a name, an alias or an id.
func (o *offered) find(text string) (*catalog.Model, error) {
	if m := o.Book.Model(text); m != nil {
		return m, nil
	}
	if id, err := uuid.Parse(text); err == nil {
		if m := o.Book.ModelByID(id); m != nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("there is no model %s; codexible model list shows them", text)
}

func printModels(t *terminal, o *offered, value any, models ...*catalog.Model) error {
	now := time.Now()
	return t.print(value, func(w io.Writer) {
		line(w, "NAME", "ALIASES", "PLANS", "UPSTREAMS", "CONTEXT", "OUTPUT", "USD PER MILLION", "CHARGE", "ID")
		for _, m := range models {
			plans, context, rates, charge := "all", "unknown", "no price", ""
			if names := m.PlanNames(o.Plans); names != nil {
				plans = cmp.Or(strings.Join(names, ","), "none")
			}
			if m.ContextWindow > 0 {
				context = number(m.ContextWindow)
			}
			if p := o.Book.PriceAt(m.Name, now); p != nil {
				rates, charge = ratesText(&p.Terms), chargeText(p.Terms.Charge)
			}
			upstreams := make([]string, len(m.Candidates))
			for i, c := range m.Candidates {
				upstreams[i] = o.Upstreams[c.UpstreamID]
			}
			line(w, m.Name, strings.Join(m.Aliases, ","), plans, cmp.Or(strings.Join(upstreams, ","), "none"), context, number(m.OutputAllowance), rates, charge, m.ID.String())
		}
	})
}

// printModel prints a model after a change.
func printModel(ctx context.Context, t *terminal, s *store.Store, m *catalog.Model) error {
	o, err := readOffered(ctx, s)
	if err != nil {
		return err
	}
	return printModels(t, &o, handlers.ModelForm(m, o.Offer, time.Now()), m)
}

type modelList struct{}

// Run lists the models.
func (modelList) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		o, err := readOffered(ctx, s)
		if err != nil {
			return err
		}
		answer := make([]any, len(o.Book.Models()))
		for i, m := range o.Book.Models() {
			answer[i] = handlers.ModelForm(m, o.Offer, time.Now())
		}
		return printModels(t, &o, answer, o.Book.Models()...)
	})
}

// modelFlags are the fields of a model beside its name.
type modelFlags struct {
	Alias           []string `placeholder:"NAME" help:"Another name of it; several times for more, at most 32."`
	DisplayName     *string  `placeholder:"TEXT" help:"What customers read; up to 100 characters."`
	Description     *string  `placeholder:"TEXT" help:"Up to 1000 characters."`
	ContextWindow   *int64   `placeholder:"N" help:"How many tokens a call may read and write together."`
	OutputAllowance *int64   `placeholder:"N" help:"How many tokens of output are set aside for a call; default 4096."`
	Overrun         *string  `placeholder:"ACTION" help:"finish or stop a stream that has no credits left; default: finish."`
	HostedTool      []string `placeholder:"NAME" help:"A tool run by the provider that calls may use, such as code_interpreter; several times for more."`
	Candidate       []string `sep:"none" placeholder:"UPSTREAM[=MODEL][:WEIGHT[:PRIORITY]]" help:"An upstream that serves it, with its own name for the model; several times for more, at most 20; default: none, it is only priced."`
	Plan            []string `sep:"none" placeholder:"NAME" help:"A plan that sees and uses it; several times for more; default: all."`
	NoPlans         bool     `help:"No plan sees and uses it."`
}

func (f modelFlags) change() (c catalog.ModelChange) {
	c = catalog.ModelChange{Overrun: (*catalog.Overrun)(f.Overrun), DisplayName: f.DisplayName, Description: f.Description, ContextWindow: f.ContextWindow, OutputAllowance: f.OutputAllowance}
	if f.Alias != nil {
		c.Aliases = &f.Alias
	}
	if f.HostedTool != nil {
		c.HostedTools = &f.HostedTool
	}
	if f.Candidate != nil {
		list := make([]catalog.NewCandidate, len(f.Candidate))
		for i, text := range f.Candidate {
			list[i] = readCandidate(text)
		}
		c.Candidates = &list
	}
	switch {
	case f.NoPlans:
		c.Plans = &[]string{}
	case f.Plan != nil:
		c.Plans = &f.Plan
	}
	return c
}

// readCandidate reads UPSTREAM[=MODEL][:WEIGHT[:PRIORITY]]. A model may have colons of its own: the
// last one or two parts are numbers where they look like it.
func readCandidate(text string) (c catalog.NewCandidate) {
	var numbers []int64
	for len(numbers) < 2 {
		at := strings.LastIndexByte(text, ':')
		if at < 0 {
			break
		}
		n, err := strconv.ParseInt(text[at+1:], 10, 64)
		if err != nil {
			break
		}
		numbers, text = append(numbers, n), text[:at]
	}
	switch len(numbers) {
	case 1:
		c.Weight = &numbers[0]
	case 2:
		c.Weight, c.Priority = &numbers[1], &numbers[0]
	}
	c.Upstream, c.Model, _ = strings.Cut(text, "=")
	return c
}

var errPlansTwice = errors.New("--plan, --no-plans and --all-plans exclude each other")

// Validate refuses flags that exclude each other.
func (f modelFlags) Validate() error {
	if f.NoPlans && f.Plan != nil {
		return errPlansTwice
	}
	return nil
}

type modelCreate struct {
	Name string `arg:"" help:"What clients ask for, without blanks."`
	modelFlags
}

// Help gives the examples that --help shows.
func (modelCreate) Help() string {
	return `Names and aliases of all models are unique together. Examples:

    codexible model create claude-sonnet-4-5 --alias sonnet --context-window 200000 --candidate anthropic
    codexible model create coder-large --candidate openai=gpt-5:3 --candidate spare=gpt-5-latest:1:2
    codexible model create gpt-5-pro --plan Business --display-name "GPT-5 Pro"`
}

// Run offers the model.
func (c modelCreate) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		change := c.change()
		change.Name = &c.Name
		m, err := s.CreateModel(ctx, accounts.ActorCLI, change)
		if err != nil {
			return err
		}
		return printModel(ctx, t, s, &m)
	})
}

type modelChange struct {
	Model string  `arg:"" help:"Name, alias or id."`
	Name  *string `placeholder:"NAME" help:"Rename it. It keeps its price; the name before is no alias unless you make it one."`
	modelFlags
	NoAliases     bool `help:"Remove all aliases."`
	NoHostedTools bool `help:"Calls may use no tool run by the provider."`
	NoCandidates  bool `help:"No upstream serves it: it is only priced."`
	AllPlans      bool `help:"All plans see and use it."`
}

// Help gives the examples that --help shows.
func (modelChange) Help() string {
	return `What no flag names stays as it is; lists are replaced as a whole. An empty text removes a text, and 0 the context window. Examples:

    codexible model change claude-sonnet-4-5 --alias sonnet --alias claude-latest
    codexible model change sonnet --name claude-sonnet-5 --all-plans`
}

// Validate refuses flags that exclude each other.
func (c modelChange) Validate() error {
	if c.NoAliases && c.Alias != nil {
		return errors.New("--alias and --no-aliases exclude each other")
	}
	if c.NoHostedTools && c.HostedTool != nil || c.NoCandidates && c.Candidate != nil {
		return errors.New("--hosted-tool and --no-hosted-tools exclude each other, as do --candidate and --no-candidates")
	}
	if c.AllPlans && (c.Plan != nil || c.NoPlans) {
		return errPlansTwice
	}
	return c.modelFlags.Validate()
}

// Run changes the model.
func (c modelChange) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		o, err := readOffered(ctx, s)
		if err != nil {
			return err
		}
		before, err := o.find(c.Model)
		if err != nil {
			return err
		}
		change := c.change()
		change.Name = c.Name
		if c.NoAliases {
			change.Aliases = &[]string{}
		}
		if c.NoHostedTools {
			change.HostedTools = &[]string{}
		}
		if c.NoCandidates {
			change.Candidates = &[]catalog.NewCandidate{}
		}
		if c.AllPlans {
			change.Plans = new([]string)
		}
		m, err := s.ChangeModel(ctx, accounts.ActorCLI, before.ID, change)
		if err != nil {
			return err
		}
		return printModel(ctx, t, s, &m)
	})
}

type modelDelete struct {
	Model string `arg:"" help:"Name, alias or id."`
}

// Run deletes the model.
func (c modelDelete) Run(ctx context.Context, t *terminal) error {
	return t.withStore(ctx, func(s *store.Store) error {
		o, err := readOffered(ctx, s)
		if err != nil {
			return err
		}
		m, err := o.find(c.Model)
		if err != nil {
			return err
		}
		if err := s.DeleteModel(ctx, accounts.ActorCLI, m.ID); err != nil {
			return err
		}
		return t.print(handlers.DeletedModelForm(), func(w io.Writer) { line(w, "deleted "+m.Name) })
	})
}
