// Package apply makes the service what a file says: its plans, upstreams, models, prices, webhooks
// and settings, all of them or none, and nothing the second time.
package apply

import (
	"context"
	"fmt"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/fault"
	"codexible/gateway"
	"codexible/store"
)

// File is what an apply file says. A section that is nil is left alone. Each item names what it
// is about: where that exists, only the fields that the item has are changed.
type File struct {
	Plans     *[]accounts.PlanChange
	Upstreams *[]gateway.UpstreamChange
	Models    *[]catalog.ModelChange
	Prices    *[]catalog.NewPrice
	Webhooks  *[]events.WebhookChange
	Settings  *accounts.SettingsChange
}

// Options are how a file is applied.
type Options struct {
	// Prune removes what the sections of the file do not name: models, upstreams and webhooks are deleted, plans
	// archived. Prices are never removed, and settings stay as they are.
	Prune bool
	// Dry changes nothing: what would change is returned all the same.
	Dry bool
}

// Apply makes one transaction of all that the file changes, and returns the audit log of it, in
// order: empty where everything is as the file says. An error is a *fault.Error that names the item.
func (f *File) Apply(ctx context.Context, s *store.Store, by accounts.Actor, o Options) ([]accounts.AuditEntry, error) {
	return s.Together(ctx, by, o.Dry, func(ctx context.Context) error {
		a := &applying{s: s, by: by}
		for _, step := range []func(context.Context, *File, Options) error{a.plans, a.upstreams, a.models, a.prices, a.webhooks, a.settings, a.prune} {
			if err := step(ctx, f, o); err != nil {
				return err
			}
		}
		return nil
	})
}

// applying is a file on its way into a store.
type applying struct {
	s  *store.Store
	by accounts.Actor
}

// in names the item of the file that an error is about.
func in(section string, at int, name *string, err error) error {
	if err == nil {
		return nil
	}
	path := fmt.Sprintf("%s[%d]", section, at)
	f := fault.As(err)
	if len(f.Fields) > 0 {
		return within(path+".", err)
	}
	if f.Kind == fault.Conflict || f.Kind == fault.NotFound || f.Kind == fault.Invalid {
		if name != nil {
			path += " (" + *name + ")"
		}
		return fault.Newf(f.Kind, "%s: %s", path, f.Message)
	}
	return err
}

// within says where in the file the fields of an error are.
func within(path string, err error) error {
	f := fault.As(err)
	if len(f.Fields) == 0 {
		return err
	}
	fields := make(map[string]string, len(f.Fields))
	for field, problem := range f.Fields {
		fields[path+field] = problem
	}
	return fault.InvalidFields(fields)
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// named refuses items without a name, and those that another one has already named.
func named(section string, at int, name *string, seen map[string]bool, fold func(string) string) error {
	switch {
	case name == nil:
		return in(section, at, name, fault.Field("name", "is required"))
	case seen[fold(*name)]:
		return in(section, at, name, fault.Field("name", "must be there only once in the file"))
	}
	seen[fold(*name)] = true
	return nil
}
