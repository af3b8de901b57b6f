package handlers_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/handlers"
	"codexible/usage"
)

func TestCustomersSeeTheModelsTheyCanUseAndTheirPricesInCredits(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		list := func(says, as, want string) call {
			return call{says: says, as: as, method: "GET", path: "/api/models", status: 200, want: want, lacks: []string{"usd", "cost_micros", "percent"}}
		}
		wires := map[string]string{"claude": `["responses","messages"]`, "gpt": `["chat"]`, "flat": `[]`, "unpriced": `[]`}
		model := func(name, rest, price, typical string) string {
			return `{"name":"` + name + `",` + rest + `,"price":` + price + `,"typical_call_credits":` + typical + `,"wires":` + wires[name] + `}`
		}
		const plain, none = `"aliases":[],"display_name":null,"description":null,"context_window":null`, `"bands":[],"tiers":{}`
		s.call(t, list("there is none", "ada", `[]`))
		tokens, window := "claude", int64(200_000)
		if _, err := s.store.CreateModel(t.Context(), accounts.ActorCLI, catalog.ModelChange{
			Name: &tokens, Aliases: new([]string{"claude-latest"}), DisplayName: new("Claude"), Description: new("For coding."), ContextWindow: &window}); err != nil {
			t.Fatal(err)
		}
		s.createModel(t, "gpt")
		s.createModel(t, "flat")
		s.createModel(t, "unpriced")
		s.setPrice(t, "cached", "claude", cached, time.Time{})
		half := banded
		half.PerRequest, half.Charge = 1, catalog.Charge{Mode: catalog.ByCost, Percent: 150 * catalog.Hundredths, CreditValue: 70_000}
		s.setPrice(t, "half", "gpt", half, time.Time{})
		flat := cached
		flat.Charge = catalog.Charge{Mode: catalog.ByRequest, Credits: 2_500_000, CreditValue: 10_000}
		s.setPrice(t, "flat", "flat", flat, time.Time{})
		s.setPrice(t, "later", "claude", flat, s.clock.Now().Add(time.Hour))
		const from = `"valid_from":"2026-03-04T12:00:02Z"`
		// A dollar is 100 credits at a cent: 3 dollars a million tokens are 300. 4 000 of them, 16 000 at 0.3 and 1 000 at 15 dollars are 0.0318 dollars: 3.18 credits.
		claude := model("claude", `"aliases":["claude-latest"],"display_name":"Claude","description":"For coding.","context_window":200000`,
			`{`+from+`,"mode":"cost","credits_per_request":0,"credits_per_web_search":0,
				"credits_per_million":{"input":300,"cache_read":30,"cache_write":375,"cache_write_1h":600,"audio_input":300,"output":1500,"audio_output":1500},`+none+`}`, `3.18`)
		// A dollar is 1.5 × 1 / 0.07 = 21.428571… credits: each figure is rounded down by itself. 4 000 tokens at 1.25, 16 000 at 0.125 and 1 000 at 10
		// dollars are 0.017 dollars, or 0.364285714… credits, and a pico-dollar a request changes nothing.
		gpt := model("gpt", plain, `{`+from+`,"mode":"cost","credits_per_request":0,"credits_per_web_search":0.214285,
			"credits_per_million":{"input":26.785714,"cache_read":2.678571,"cache_write":26.785714,"cache_write_1h":26.785714,"audio_input":26.785714,"output":214.285714,"audio_output":214.285714},
			"bands":[{"above_input_tokens":272000,"credits_per_million":{"input":53.571428,"cache_read":5.357142,"cache_write":53.571428,"cache_write_1h":53.571428,"audio_input":53.571428,"output":321.428571,"audio_output":321.428571}}],
			"tiers":{"flex":{"credits_per_million":{"input":13.392857,"cache_read":13.392857,"cache_write":13.392857,"cache_write_1h":13.392857,"audio_input":13.392857,"output":107.142857,"audio_output":107.142857},"bands":[]}}}`, `0.364285`)
		flatly := model("flat", plain, `{`+from+`,"mode":"request","credits_per_request":2.5,"credits_per_web_search":0,"credits_per_million":null,`+none+`}`, `2.5`)
		unpriced := model("unpriced", plain, `null`, `null`)
		s.run(t, []call{
			list("all, by name", "ada", "["+claude+","+flatly+","+gpt+","+unpriced+"]"),
			{says: "a key for some", as: "ada", method: "POST", path: "/api/keys", body: `{"models":["claude-latest","gpt"]}`, status: 200, keep: "some"},
			list("has these", "some", "["+claude+","+gpt+"]"),
			{says: "the plan has others", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"models":["gpt","flat"]}`, status: 200},
			list("the key has what both have", "some", "["+gpt+"]"),
			list("another key of the user what the plan has", "ada", "["+flatly+","+gpt+"]"),
			list("another plan all", "bob", "["+claude+","+flatly+","+gpt+","+unpriced+"]"),
			{says: "a key without the scope usage", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["models"]}`, status: 200, keep: "blind"},
			{says: "does not see them", as: "blind", method: "GET", path: "/api/models", status: 403},
			{says: "nor does nobody", method: "GET", path: "/api/models", status: 401},
		})
		s.clock.Add(time.Hour)
		if a := s.call(t, call{as: "bob", method: "GET", path: "/api/models", status: 200}); !strings.Contains(string(a.text), `"valid_from":"2026-03-04T13:00:02Z","mode":"request"`) {
			t.Errorf("the price that has begun is not shown: %s", a.text)
		}
	}, func(p *handlers.Parts) {
		p.HideCost = true
		p.Wires = func(_ context.Context, m *catalog.Model) ([]usage.Wire, error) {
			return map[string][]usage.Wire{"claude": {usage.Responses, usage.Messages}, "gpt": {usage.Chat}, "unpriced": {usage.Chat}}[m.Name], nil
		}
	})
}

func TestCostsAreHiddenFromCustomersAlone(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		each(t, func(t *testing.T, s *service) {
			shown := map[bool]string{false: "1.25", true: "0"}[hidden]
			s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":2,"cost_usd":1.25}`, status: 200})
			s.run(t, []call{
				{says: "by day", as: "ada", method: "GET", path: "/api/usage/history?days=1", status: 200, want: `[{"date":"2026-03-04","credits_used":2,"request_count":1,"cost_usd":` + shown + `}]`},
				{says: "single charges", as: "ada", method: "GET", path: "/api/usage/detailed", status: 200,
					want: `[{"id":"*","model":"unknown","prompt_tokens":0,"completion_tokens":0,"cost_usd":` + shown + `,"credits":2,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04"}]`},
				{says: "by model", as: "ada", method: "GET", path: "/api/usage/models", status: 200, want: `[{"model":"unknown","total_cost":` + shown + `,"requests":1,"prompt_tokens":0,"completion_tokens":0}]`},
			})
			for range 2 {
				s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1,"cost_usd":0.1,"model":"cheap"}`, status: 200})
			}
			first := map[bool]string{false: "unknown", true: "cheap"}[hidden] // the order tells no cost either
			if a := s.call(t, call{as: "ada", method: "GET", path: "/api/usage/models", status: 200}); !strings.HasPrefix(string(a.text), `[{"model":"`+first+`"`) {
				t.Errorf("with costs hidden: %t, the models are %s", hidden, a.text)
			}
			for _, path := range []string{"/api/dashboard/overview", "/api/usage/today", "/api/usage/hourly", "/api/keys", "/api/models"} {
				s.call(t, call{as: "ada", method: "GET", path: path, status: 200, lacks: []string{"1.25", "cost"}})
			}
			s.operator(t).get("/admin/usage").sees(200, "$1.25")
		}, func(p *handlers.Parts) { p.HideCost = hidden })
	}
}
