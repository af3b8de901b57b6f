package apply

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"

	"github.com/google/uuid"
)

// upstreams creates and changes the upstreams of the file.
func (a *applying) upstreams(ctx context.Context, f *File, _ Options) error {
	if f.Upstreams == nil {
		return nil
	}
	there, err := a.s.Upstreams(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range *f.Upstreams {
		if err := named("upstreams", i, c.Name, seen, accounts.Fold); err != nil {
			return err
		}
		at := slices.IndexFunc(there, func(u gateway.Upstream) bool { return strings.EqualFold(u.Name, strings.TrimSpace(*c.Name)) })
		if at < 0 {
			_, err = a.s.CreateUpstream(ctx, a.by, c)
		} else if c = lastingKeys(c, &there[at]); !a.sameUpstream(c, there[at]) {
			_, err = a.s.ChangeUpstream(ctx, a.by, there[at].ID, c)
		}
		if err != nil {
			return in("upstreams", i, c.Name, err)
		}
	}
	return nil
}

// lastingKeys makes of references that the upstream has already keys that stay, so that they
// keep their ids and, where a provider refused one, their state.
func lastingKeys(c gateway.UpstreamChange, before *gateway.Upstream) gateway.UpstreamChange {
	if c.Keys == nil || moves(c, before) {
		return c
	}
	keys := slices.Clone(*c.Keys)
	for i := range keys {
		for n := range before.Keys {
			k := &before.Keys[n]
			if k.Ref() != "" && k.Ref() == keys[i].Reference && (keys[i].Name == "" || strings.EqualFold(k.Name, keys[i].Name)) {
				keys[i] = gateway.KeyChange{Name: k.Name, Enabled: keys[i].Enabled}
				break
			}
		}
	}
	c.Keys = &keys
	return c
}

// moves reports whether a change is one of the base URL or the kind, with which keys and headers go.
func moves(c gateway.UpstreamChange, before *gateway.Upstream) bool {
	after, err := gateway.UpstreamChange{Kind: c.Kind, BaseURL: c.BaseURL}.Apply(*before, before.CreatedAt)
	return err != nil || after.Kind != before.Kind || after.BaseURL != before.BaseURL
}

func (a *applying) sameUpstream(c gateway.UpstreamChange, before gateway.Upstream) bool {
	after, err := c.Apply(before, before.CreatedAt)
	if err != nil {
		return false // the store says what is wrong
	}
	if len(after.Headers) == 0 && len(before.Headers) == 0 {
		after.Headers = before.Headers
	}
	if len(after.Keys) == 0 && len(before.Keys) == 0 {
		after.Keys = before.Keys
	}
	return reflect.DeepEqual(after, before)
}

// models creates and changes the models of the file.
func (a *applying) models(ctx context.Context, f *File, _ Options) error {
	if f.Models == nil {
		return nil
	}
	book, err := a.s.Book(ctx)
	if err != nil {
		return err
	}
	names, err := a.s.UpstreamNames(ctx)
	if err != nil {
		return err
	}
	plans, err := a.s.Plans(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range *f.Models {
		if err := named("models", i, c.Name, seen, strings.TrimSpace); err != nil {
			return err
		}
		before := book.Model(*c.Name)
		switch {
		case before == nil:
			_, err = a.s.CreateModel(ctx, a.by, c)
		case before.Name != *c.Name:
			err = fault.Newf(fault.Conflict, "it is an alias of the model %s. Give that model's name.", before.Name)
		case !sameModel(c, before, names, plans):
			_, err = a.s.ChangeModel(ctx, a.by, before.ID, c)
		}
		if err != nil {
			return in("models", i, c.Name, err)
		}
	}
	return nil
}

// sameModel reports whether a change leaves a model as it is.
func sameModel(c catalog.ModelChange, before *catalog.Model, upstreams map[uuid.UUID]string, plans []accounts.Plan) bool {
	if c.Candidates != nil && !slices.EqualFunc(*c.Candidates, before.Candidates, func(n catalog.NewCandidate, there catalog.Candidate) bool {
		return strings.EqualFold(n.Upstream, upstreams[there.UpstreamID]) && n.Candidate(there.UpstreamID) == there
	}) {
		return false
	}
	if c.Plans != nil && !samePlans(*c.Plans, before.PlanNames(plans)) {
		return false
	}
	c.Candidates, c.Plans = nil, nil
	after, err := c.Apply(*before)
	if err != nil {
		return false // the store says what is wrong
	}
	if len(after.Aliases) == 0 && len(before.Aliases) == 0 {
		after.Aliases = before.Aliases
	}
	if len(after.HostedTools) == 0 && len(before.HostedTools) == 0 {
		after.HostedTools = before.HostedTools
	}
	return reflect.DeepEqual(after, *before)
}

// samePlans compares lists of names without case and order; nil, all plans, is no empty list.
func samePlans(a, b []string) bool {
	if (a == nil) != (b == nil) {
		return false
	}
	folded := func(names []string) []string {
		list := make([]string, len(names))
		for i, name := range names {
			list[i] = accounts.Fold(name)
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	return slices.Equal(folded(a), folded(b))
}

// prices sets the prices of the file that are not in force. A price with a moment is
// there already if the model has the same one from that moment on.
func (a *applying) prices(ctx context.Context, f *File, _ Options) error {
	if f.Prices == nil {
		return nil
	}
	for i, n := range *f.Prices {
		book, err := a.s.Book(ctx) // prices of the file may follow each other
		if err != nil {
			return err
		}
		if hasPrice(book, n, a.s.Now()) {
			continue
		}
		if _, err := a.s.SetPrice(ctx, a.by, n); err != nil {
			return in("prices", i, &n.Model, err)
		}
	}
	return nil
}

func hasPrice(book *catalog.Book, n catalog.NewPrice, now time.Time) bool {
	if n.ValidFrom == nil {
		p := book.PriceAt(n.Model, now)
		return p != nil && p.Terms.Same(&n.Terms)
	}
	return slices.ContainsFunc(book.Prices(n.Model), func(p *catalog.Price) bool {
		return p.ValidFrom.Equal(*n.ValidFrom) && p.Terms.Same(&n.Terms)
	})
}

// prune removes what the file does not name, of the sections that it has.
func (a *applying) prune(ctx context.Context, f *File, o Options) error {
	if !o.Prune {
		return nil
	}
	if err := a.pruneModels(ctx, f); err != nil {
		return err
	}
	if err := a.pruneUpstreams(ctx, f); err != nil {
		return err
	}
	if err := a.pruneWebhooks(ctx, f); err != nil {
		return err
	}
	return a.prunePlans(ctx, f)
}

func (a *applying) pruneModels(ctx context.Context, f *File) error {
	if f.Models == nil {
		return nil
	}
	book, err := a.s.Book(ctx)
	if err != nil {
		return err
	}
	for _, m := range book.Models() {
		if slices.ContainsFunc(*f.Models, func(c catalog.ModelChange) bool { return *c.Name == m.Name }) {
			continue
		}
		if err := a.s.DeleteModel(ctx, a.by, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) pruneUpstreams(ctx context.Context, f *File) error {
	if f.Upstreams == nil {
		return nil
	}
	there, err := a.s.Upstreams(ctx)
	if err != nil {
		return err
	}
	for i := range there {
		if slices.ContainsFunc(*f.Upstreams, func(c gateway.UpstreamChange) bool {
			return strings.EqualFold(strings.TrimSpace(*c.Name), there[i].Name)
		}) {
			continue
		}
		if err := a.s.DeleteUpstream(ctx, a.by, there[i].ID); err != nil {
			return err
		}
	}
	return nil
}

func (a *applying) prunePlans(ctx context.Context, f *File) error {
	if f.Plans == nil {
		return nil
	}
	there, err := a.s.Plans(ctx)
	if err != nil {
		return err
	}
	for i := range there {
		p := &there[i]
		if p.Archived || slices.ContainsFunc(*f.Plans, func(c accounts.PlanChange) bool {
			return accounts.Fold(accounts.Clean(*c.Name)) == accounts.Fold(p.Name)
		}) {
			continue
		}
		if _, err := a.s.ChangePlan(ctx, a.by, p.ID, accounts.PlanChange{Archived: new(true)}); err != nil {
			return err
		}
	}
	return nil
}
