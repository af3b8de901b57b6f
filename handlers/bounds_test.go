package handlers

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"
)

// The OpenAPI document and the binder read the bounds of a field from its tag,
// the console and the command line those of the domain: they have to be one.
func TestTheBindersBoundsAreTheDomains(t *testing.T) {
	type bound struct{ least, most int64 }
	grace := int64(keys.MaxGrace / time.Second)
	want := map[string]bound{
		"name": {0, accounts.MaxNameLength}, "email": {accounts.MinEmailLength, accounts.MaxEmailLength}, "plan": {1, accounts.MaxPlanNameLength},
		"label": {1, keys.MaxLabelLength}, "grace_seconds": {0, grace}, "q": {0, accounts.MaxSearchLength},
		"daily_credit_limit": {0, accounts.MaxDailyCredits}, "price_cents": {0, accounts.MaxPriceCents}, "rate_limit_per_minute": {accounts.MinRatePerMinute, accounts.MaxRatePerMinute},
		"features": {0, accounts.MaxFeaturesBytes}, "model": {1, usage.MaxModelLength}, "idempotency_key": {1, usage.MaxIdempotencyKey}, "Idempotency-Key": {1, usage.MaxIdempotencyKey},
		"prompt_tokens": {0, usage.MaxTokens}, "completion_tokens": {0, usage.MaxTokens},
	}
	planNames := bound{1, accounts.MaxPlanNameLength}
	looked := map[string]bool{}
	for _, r := range new(api).endpoints() {
		for _, f := range slices.Concat(r.shape.params, r.shape.fields) {
			bounds, known := want[f.name]
			switch {
			case r.request == reflect.TypeFor[createPlanRequest]() && f.name == "name", r.request == reflect.TypeFor[changePlanRequest]() && f.name == "name":
				bounds = planNames
			case f.name == "credits":
				known, bounds = true, bound{f.least, usage.MaxCredits}
			}
			if known && (f.least != bounds.least || f.most != bounds.most) {
				t.Errorf("%s %s: %s is %d to %d, in the domain %v", r.method, r.path, f.name, f.least, f.most, bounds)
			}
			looked[f.name] = true
		}
	}
	for name := range want {
		if !looked[name] {
			t.Errorf("no route takes %s", name)
		}
	}
}
