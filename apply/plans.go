package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"

	"codexible/accounts"
	"codexible/catalog"
)

// plans creates and changes the plans of the file.
func (a *applying) plans(ctx context.Context, f *File, _ Options) error {
	if f.Plans == nil {
		return nil
	}
	there, err := a.s.Plans(ctx)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, c := range *f.Plans {
		if err := named("plans", i, c.Name, seen, accounts.Fold); err != nil {
			return err
		}
		before := planNamed(there, *c.Name)
		if before == nil {
			_, err = a.s.CreatePlan(ctx, a.by, c)
		} else if c = lastingFeatures(c, *before); !samePlan(c, *before) {
			_, err = a.s.ChangePlan(ctx, a.by, before.ID, c)
		}
		if err != nil {
			return in("plans", i, c.Name, err)
		}
	}
	return nil
}

func planNamed(list []accounts.Plan, name string) *accounts.Plan {
	for i := range list {
		if accounts.Fold(list[i].Name) == accounts.Fold(accounts.Clean(name)) {
			return &list[i]
		}
	}
	return nil
}

// lastingFeatures leaves features out that the plan has already, however they were written.
func lastingFeatures(c accounts.PlanChange, before accounts.Plan) accounts.PlanChange {
	if c.Features != nil && sameJSON(c.Features, before.Features) {
		c.Features = nil
	}
	return c
}

func sameJSON(a, b []byte) bool {
	return reflect.DeepEqual(decoded(a), decoded(b))
}

// decoded is a JSON value, its numbers as they are written; a text that is none is compared as bytes.
func decoded(text []byte) (value any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return text
	}
	return value
}

// samePlan reports whether a change leaves a plan as it is.
func samePlan(c accounts.PlanChange, before accounts.Plan) bool {
	c, err := c.Normalize()
	if err != nil {
		return false // the store says what is wrong
	}
	if c.Models != nil {
		allowed, err := catalog.ParseAllowance("models", *c.Models)
		if err != nil || (allowed == nil) != (before.Models == nil) || !allowed.Equal(before.Models) {
			return false
		}
		c.Models = nil
	}
	return reflect.DeepEqual(c.Apply(before), before)
}
