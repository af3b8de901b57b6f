package handlers

import (
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/handlers/openapi"
	"codexible/keys"
	"codexible/usage"
)

// The OpenAPI document and the binder read the bounds of a field from its tag,
// the console and the command line those of the domain: they must be equal.
func TestTheBindersBoundsAreTheDomains(t *testing.T) {
	grace := int64(keys.MaxGrace / time.Second)
	want := map[string]openapi.Bound{
		"name": {Least: 0, Most: accounts.MaxNameLength}, "email": {Least: accounts.MinEmailLength, Most: accounts.MaxEmailLength}, "plan": {Least: 1, Most: accounts.MaxPlanNameLength},
		"label": {Least: 1, Most: keys.MaxLabelLength}, "grace_seconds": {Least: 0, Most: grace}, "q": {Least: 0, Most: accounts.MaxSearchLength},
		"daily_credit_limit": {Least: 0, Most: accounts.MaxDailyCredits}, "price_cents": {Least: 0, Most: accounts.MaxPriceCents}, "rate_limit_per_minute": {Least: accounts.MinRatePerMinute, Most: accounts.MaxRatePerMinute},
		"monthly_credit_limit": {Least: 0, Most: accounts.MaxMonthlyCredits}, "user_rate_limit_per_minute": {Least: accounts.MinRatePerMinute, Most: accounts.MaxRatePerMinute},
		"user_concurrency_limit": {Least: accounts.MinConcurrency, Most: accounts.MaxConcurrency}, "concurrency_limit": {Least: accounts.MinConcurrency, Most: accounts.MaxConcurrency},
		"features": {Least: 0, Most: accounts.MaxFeaturesBytes}, "model": {Least: 1, Most: usage.MaxModelLength}, "idempotency_key": {Least: 1, Most: usage.MaxIdempotencyKey}, "Idempotency-Key": {Least: 1, Most: usage.MaxIdempotencyKey},
		"ttl_seconds": {Least: int64(usage.MinHoldTTL / time.Second), Most: int64(usage.MaxHoldTTL / time.Second)}, "note": {Least: 0, Most: usage.MaxNote}, "reason": {Least: 1, Most: usage.MaxNote},
		"aliases": {Least: 0, Most: usage.MaxModelLength}, "display_name": {Least: 0, Most: catalog.MaxDisplayName}, "description": {Least: 0, Most: catalog.MaxDescription},
		"context_window": {Least: 1, Most: catalog.MaxContext}, "output_allowance": {Least: 1, Most: catalog.MaxAllowance}, "plans": {Least: 0, Most: accounts.MaxPlanNameLength},
		"above_input_tokens": {Least: 1, Most: usage.MaxTokens}, "cache_write_1h": {Least: 0, Most: catalog.MaxRate / catalog.PicosPerMicro}, "usd_per_request": {Least: 0, Most: catalog.MaxFee / catalog.PicosPerUSD},
		"usd_per_web_search": {Least: 0, Most: catalog.MaxFee / catalog.PicosPerUSD}, "percent": {Least: 0, Most: catalog.MaxPercent / catalog.Hundredths}, "credit_value_usd": {Least: 0, Most: catalog.MaxCreditValue / usage.MicrosPerUSD},
		"prompt_tokens": {Least: 0, Most: usage.MaxTokens}, "completion_tokens": {Least: 0, Most: usage.MaxTokens},
	}
	modelNames := openapi.Bound{Least: 1, Most: usage.MaxModelLength}
	planNames := openapi.Bound{Least: 1, Most: accounts.MaxPlanNameLength}
	checked := map[string]bool{}
	for _, r := range new(api).endpoints() {
		if r.binder == nil {
			continue // a page
		}
		for name, have := range r.binder.Bounds() {
			bounds, known := want[name]
			switch {
			case name == "name" && (r.id == "adminCreatePlan" || r.id == "adminChangePlan"):
				bounds = planNames
			case name == "name" && (r.id == "adminCreateModel" || r.id == "adminChangeModel"):
				bounds = modelNames
			case name == "note" && strings.Contains(r.path, "/users") && !strings.Contains(r.path, "/grants"):
				bounds = openapi.Bound{Least: 0, Most: accounts.MaxNoteLength}
			case name == "name" && r.id == "adminChangeSettings":
				bounds = openapi.Bound{Least: 0, Most: accounts.MaxNameShown}
			case name == "label" && r.id == "adminChangeSettings":
				bounds = openapi.Bound{Least: 1, Most: accounts.MaxLinkLabel}
			case name == "description" && strings.Contains(r.path, "/webhooks"):
				bounds = openapi.Bound{Least: 0, Most: events.MaxDescription}
			case name == "credits":
				known, bounds = true, openapi.Bound{Least: have.Least, Most: usage.MaxCredits}
			}
			if known && have != bounds {
				t.Errorf("%s %s: %s is %v, in the domain %v", r.method, r.path, name, have, bounds)
			}
			checked[name] = true
		}
	}
	for name := range want {
		if !checked[name] {
			t.Errorf("no route takes %s", name)
		}
	}
}
