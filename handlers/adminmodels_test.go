package handlers_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// asRoot is a call of an operator.
func asRoot(method, path, body string, status int, want string) call {
	return call{as: "root", method: method, path: path, body: body, status: status, want: want}
}

// wrongFields makes calls that are refused, each for the one field that it names.
func (s *service) wrongFields(t *testing.T, method, path string, wrong map[string]string) {
	t.Helper()
	for body, field := range wrong {
		if fields := fieldsOf(t, s.call(t, asRoot(method, path, body, 422, ""))); len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s %s %.200s: the wrong fields are %v, want %s", method, path, body, fields, field)
		}
	}
}

func TestAModelIsOfferedChangedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const models = "/api/admin/models"
		model := func(name, rest, price string) string {
			return `{"id":"*","name":"` + name + `",` + rest + `,"created_at":"2026-03-04T12:00:02Z","price":` + price + `}`
		}
		const served = `"overrun":"finish","hosted_tools":[],"candidates":[]`
		full := `"aliases":["sonnet","vendor/claude"],"display_name":"Sonnet","description":"Writes code.","context_window":200000,"output_allowance":8192,` + served + `,"plans":["Pro"]`
		least := `"aliases":[],"display_name":null,"description":null,"context_window":null,"output_allowance":4096,` + served + `,"plans":null`
		first := asRoot("POST", models, `{"name":"claude","aliases":["sonnet","vendor/claude"],"display_name":" Sonnet ","description":"Writes code.","context_window":200000,"output_allowance":8192,"plans":["pro"]}`, 200, model("claude", full, "null"))
		first.keep = "m"
		s.call(t, first)
		s.call(t, asRoot("POST", models, `{"name":"big","unknown":"stop","candidates":[]}`, 200, model("big", least, "null")))
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"sonnet","usd_per_million":{"input":3,"output":15},"charge":{"mode":"cost"}}`, 200, ""))
		price := `{"id":"*","model":"claude","valid_from":"2026-03-04T12:00:02Z","usd_per_million":{"input":3,"output":15,"cache_read":null,"cache_write":null,"cache_write_1h":null,"audio_input":null,"audio_output":null},"usd_per_request":0,"usd_per_web_search":0,"bands":[],"tiers":{},"charge":{"mode":"cost","credits":null,"percent":100,"credit_value_usd":0.01},"source":"manual","created_at":"2026-03-04T12:00:02Z","created_by":"root@example.com","in_force":true,"ends_at":null}`
		s.call(t, asRoot("GET", models, "", 200, `[`+model("big", least, "null")+`,`+model("claude", full, price)+`]`))

		one := models + "/$m.id"
		s.call(t, asRoot("PATCH", one, `{}`, 200, model("claude", full, price)))
		s.call(t, asRoot("PATCH", one, `{"display_name":null,"description":"","context_window":null,"plans":[],"aliases":null}`, 200,
			model("claude", `"aliases":["sonnet","vendor/claude"],"display_name":null,"description":null,"context_window":null,"output_allowance":8192,`+served+`,"plans":[]`, price)))
		s.call(t, asRoot("PATCH", one, `{"name":"claude-2","aliases":[],"output_allowance":4096,"plans":null}`, 200, model("claude-2", least, strings.Replace(price, `"claude"`, `"claude-2"`, 1))))
		s.call(t, asRoot("PATCH", one, `{"name":"big"}`, 409, ""))
		s.call(t, asRoot("PATCH", one, `{"aliases":["big"]}`, 409, ""))
		s.call(t, asRoot("POST", models, `{"name":"other","aliases":["claude-2"]}`, 409, `{"error":{"code":"conflict","message":"The alias claude-2 is already a name of the model claude-2. Choose another alias, or change that model.","status":409,"request_id":"*"}}`))
		s.call(t, asRoot("POST", models, `{"name":"big"}`, 409, ""))

		long, names := strings.Repeat("m", 201), `["`+strings.Join(strings.Split(strings.Repeat("a ", 32), " "), `","`)
		wrong := map[string]string{
			`{"name":""}`: "name", `{"name":"a b"}`: "name", `{"name":"` + long + `"}`: "name", `{"name":1}`: "name", `{"name":"a\u200bb"}`: "name",
			`{"name":"x","aliases":["x"]}`: "aliases", `{"name":"x","aliases":["a","a"]}`: "aliases", `{"name":"x","aliases":["a b"]}`: "aliases", `{"name":"x","aliases":[""]}`: "aliases", `{"name":"x","aliases":["` + long + `"]}`: "aliases", `{"name":"x","aliases":"a"}`: "aliases",
			`{"name":"x","aliases":[` + numbered("a", 33) + `]}`: "aliases", `{"name":"x","aliases":` + names + `"]}`: "aliases",
			`{"name":"x","display_name":"` + strings.Repeat("n", 101) + `"}`: "display_name", `{"name":"x","display_name":"a\nb"}`: "display_name", `{"name":"x","description":"` + strings.Repeat("n", 1001) + `"}`: "description", `{"name":"x","description":{}}`: "description",
			`{"name":"x","context_window":0}`: "context_window", `{"name":"x","context_window":1000000001}`: "context_window", `{"name":"x","context_window":1.5}`: "context_window",
			`{"name":"x","output_allowance":0}`: "output_allowance", `{"name":"x","output_allowance":10000001}`: "output_allowance", `{"name":"x","output_allowance":"1"}`: "output_allowance",
			`{"name":"x","plans":["Nothing"]}`: "plans", `{"name":"x","plans":["Pro","Pro"]}`: "plans", `{"name":"x","plans":"Pro"}`: "plans", `{"name":"x","plans":[` + numbered("p", 201) + `]}`: "plans", `{"name":"x","plans":[null]}`: "plans",
		}
		s.wrongFields(t, "POST", models, wrong)
		s.wrongFields(t, "PATCH", one, wrong)
		s.wrongFields(t, "POST", models, map[string]string{`{}`: "name", `{"name":null}`: "name"})
		s.call(t, asRoot("GET", "/api/admin/logs?q=model.&limit=10", "", 200, `{"logs":["*","*","*","*","*"],"next":null}`))

		s.call(t, asRoot("DELETE", one, "", 200, `{"deleted":true}`))
		const missing = `{"error":{"code":"not_found","message":"This model does not exist.","status":404,"request_id":"*"}}`
		s.call(t, asRoot("DELETE", one, "", 404, missing))
		s.call(t, asRoot("PATCH", one, `{"output_allowance":1}`, 404, missing))
		s.call(t, asRoot("GET", models, "", 200, `[`+model("big", least, "null")+`]`))
		s.call(t, asRoot("GET", "/api/admin/prices?model=claude-2", "", 200, `["*"]`)) // the price stays
		for _, name := range []string{"ada", "gate"} {
			for _, c := range []call{{method: "GET", path: models}, {method: "POST", path: models, body: `{"name":"x"}`}, {method: "PATCH", path: one, body: `{}`}, {method: "DELETE", path: one}} {
				c.as, c.status = name, 403
				s.call(t, c)
			}
		}
	})
}

// numbered is a list of so many different texts.
func numbered(text string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"%s%d"`, text, i)
	}
	return strings.Join(list, ",")
}

const fullPrice = `"usd_per_million":{"input":1.25,"output":10,"cache_read":0.125,"cache_write":0.003625,"cache_write_1h":2,"audio_input":40,"audio_output":80},"usd_per_request":0.000000000001,"usd_per_web_search":0.01,` +
	`"bands":[{"above_input_tokens":272000,"usd_per_million":{"input":2.5,"output":11.25,"cache_read":0.25,"cache_write":null,"cache_write_1h":null,"audio_input":null,"audio_output":null}}],` +
	`"tiers":{"flex":{"input":0.625,"output":5,"cache_read":null,"cache_write":null,"cache_write_1h":null,"audio_input":null,"audio_output":null,"bands":[]}}`

func TestAPriceIsSetAndFollowed(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const prices = "/api/admin/prices"
		price := func(from, charge, state string) string {
			return `{"id":"*","model":"large","valid_from":"` + from + `",` + fullPrice + `,"charge":` + charge + `,"source":"manual","created_at":"*","created_by":"root@example.com",` + state + `}`
		}
		byCost, byRequest := `{"mode":"cost","credits":null,"percent":120.5,"credit_value_usd":0.02}`, `{"mode":"request","credits":1.5,"percent":null,"credit_value_usd":0.01}`
		set := func(charge, from string) string {
			return `{"model":"large","valid_from":` + from + `,` + fullPrice + `,"charge":` + charge + `}`
		}
		s.call(t, asRoot("POST", prices, set(byCost, "null"), 200, price("2026-03-04T12:00:02Z", byCost, `"in_force":true,"ends_at":null`)))
		s.clock.Add(time.Hour)
		planned := asRoot("POST", prices, set(byRequest, `"2026-03-05T00:00:00Z"`), 200, price("2026-03-05T00:00:00Z", byRequest, `"in_force":false,"ends_at":null`))
		planned.keep = "planned"
		s.call(t, planned)
		s.call(t, asRoot("POST", prices, set(byRequest, `"2026-03-04T12:59:30Z"`), 200, price("2026-03-04T13:00:02Z", byRequest, `"in_force":true,"ends_at":"2026-03-05T00:00:00Z"`))) // a clock may differ
		s.call(t, asRoot("POST", prices, `{"model":"small","usd_per_million":{"input":0,"output":0},"charge":{"mode":"request","credits":0}}`, 200, ""))
		s.call(t, asRoot("GET", prices+"?model=large", "", 200, `[`+price("2026-03-04T13:00:02Z", byRequest, `"in_force":true,"ends_at":"2026-03-05T00:00:00Z"`)+`,`+
			price("2026-03-05T00:00:00Z", byRequest, `"in_force":false,"ends_at":null`)+`,`+price("2026-03-04T12:00:02Z", byCost, `"in_force":false,"ends_at":"2026-03-04T13:00:02Z"`)+`]`))
		s.call(t, asRoot("GET", prices+"?limit=1&after=$planned.id", "", 200, `[`+price("2026-03-04T12:00:02Z", byCost, `"in_force":false,"ends_at":"2026-03-04T13:00:02Z"`)+`]`))
		s.call(t, asRoot("GET", prices, "", 200, `["*","*","*","*"]`))
		s.call(t, asRoot("GET", prices+"?model=nothing", "", 200, `[]`))
		for _, query := range []string{"limit=0", "limit=501", "after=x", "model=", "model=a%00"} {
			s.call(t, asRoot("GET", prices+"?"+query, "", 422, ""))
		}
		s.clock.Set(time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC))
		s.call(t, asRoot("GET", prices+"?model=large&limit=2", "", 200, `["*",`+price("2026-03-05T00:00:00Z", byRequest, `"in_force":true,"ends_at":null`)+`]`))
		s.call(t, asRoot("GET", "/api/admin/logs?q=price.set&limit=10", "", 200, `{"logs":["*","*","*","*"],"next":null}`))
		for _, name := range []string{"ada", "gate"} {
			s.call(t, call{as: name, method: "GET", path: prices, status: 403})
			s.call(t, call{as: name, method: "POST", path: prices, body: set(byCost, "null"), status: 403})
		}
	})
}

func TestEveryFieldOfAPriceIsBounded(t *testing.T) {
	s := onSQLite(t)
	const rates, charge = `"usd_per_million":{"input":1,"output":2}`, `"charge":{"mode":"cost"}`
	wrong := map[string]string{
		`{` + rates + `,` + charge + `}`:               "model",
		`{"model":"m",` + charge + `}`:                 "usd_per_million",
		`{"model":"m",` + rates + `}`:                  "charge",
		`{"model":"a b",` + rates + `,` + charge + `}`: "model",
	}
	for field, rest := range map[string]string{
		"valid_from": `"valid_from":"2026-03-04T11:59:01Z"`, "usd_per_request": `"usd_per_request":1000.000000000001`, "usd_per_web_search": `"usd_per_web_search":1e-13`,
	} {
		wrong[`{"model":"m",`+rates+`,`+charge+`,`+rest+`}`] = field
	}
	for _, rest := range []string{`"valid_from":"2026-03-04"`, `"valid_from":"2031-03-08T12:00:03Z"`, `"valid_from":"2101-01-01T00:00:00Z"`} {
		wrong[`{"model":"m",`+rates+`,`+charge+`,`+rest+`}`] = "valid_from"
	}
	for _, bucket := range []string{"input", "output", "cache_read", "cache_write", "cache_write_1h", "audio_input", "audio_output"} {
		for _, amount := range []string{"-1", "0.0000001", "1000000.1", `"1"`, "1e400", "true", "{}"} {
			both := strings.Replace(`{"input":1,"output":2,`, `"`+bucket+`":`, `"`+bucket+`":`+amount+`,"ignored":`, 1)
			if !strings.Contains(both, amount) {
				both += `"` + bucket + `":` + amount + `,`
			}
			own := strings.TrimSuffix(both, ",") + `}`
			wrong[`{"model":"m","usd_per_million":`+own+`,`+charge+`}`] = "usd_per_million." + bucket
			wrong[`{"model":"m",`+rates+`,`+charge+`,"bands":[{"above_input_tokens":1,"usd_per_million":`+own+`}]}`] = "bands[0].usd_per_million." + bucket
			wrong[`{"model":"m",`+rates+`,`+charge+`,"tiers":{"flex":`+own+`}}`] = "tiers.flex." + bucket
		}
	}
	for rest, field := range map[string]string{
		`"bands":{}`: "bands", `"bands":[{` + rates + `}]`: "bands[0].above_input_tokens", `"bands":[{"above_input_tokens":0,` + rates + `}]`: "bands[0].above_input_tokens", `"bands":[{"above_input_tokens":1}]`: "bands[0].usd_per_million",
		`"bands":[{"above_input_tokens":2,` + rates + `},{"above_input_tokens":2,` + rates + `}]`: "bands", `"bands":[` + strings.TrimSuffix(strings.Repeat(`{"above_input_tokens":1,`+rates+`},`, 17), ",") + `]`: "bands",
		`"tiers":[]`: "tiers", `"tiers":{"Flex":{"input":1,"output":1}}`: "tiers", `"tiers":{"standard":{"input":1,"output":1}}`: "tiers", `"tiers":{"flex":1}`: "tiers.flex", `"tiers":{"flex":{"output":1}}`: "tiers.flex.input",
		`"tiers":{"flex":{"input":1,"output":1},"flex":{"input":1,"output":1}}`:                                                           "tiers.flex",
		`"tiers":{"flex":{"input":1,"output":1,"bands":[{"above_input_tokens":9,` + rates + `},{"above_input_tokens":8,` + rates + `}]}}`: "tiers.flex.bands",
	} {
		wrong[`{"model":"m",`+rates+`,`+charge+`,`+rest+`}`] = field
	}
	for c, field := range map[string]string{
		`{}`: "charge.mode", `{"mode":"free"}`: "charge.mode", `{"mode":"request"}`: "charge.credits", `{"mode":"request","credits":0.0000001}`: "charge.credits", `{"mode":"request","credits":1000000001}`: "charge.credits", `{"mode":"request","credits":-1}`: "charge.credits",
		`{"mode":"request","credits":1,"percent":100}`: "charge.percent", `{"mode":"cost","credits":1}`: "charge.credits", `{"mode":"cost","percent":0.001}`: "charge.percent", `{"mode":"cost","percent":10000.01}`: "charge.percent", `{"mode":"cost","percent":-1}`: "charge.percent",
		`{"mode":"cost","credit_value_usd":0}`: "charge.credit_value_usd", `{"mode":"cost","credit_value_usd":0.0000001}`: "charge.credit_value_usd", `{"mode":"cost","credit_value_usd":1000.000001}`: "charge.credit_value_usd", `{"mode":"cost","credit_value_usd":"1"}`: "charge.credit_value_usd",
	} {
		wrong[`{"model":"m",`+rates+`,"charge":`+c+`}`] = field
	}
	s.wrongFields(t, "POST", "/api/admin/prices", wrong)
	s.call(t, asRoot("GET", "/api/admin/prices", "", 200, `[]`))
	// The edges are taken.
	s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"m","valid_from":"2031-03-08T12:00:02Z","usd_per_million":{"input":1000000,"output":0.000001},"usd_per_request":1000,"usd_per_web_search":1e-12,"charge":{"mode":"cost","percent":10000,"credit_value_usd":1000}}`, 200, ""))
	s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"m","usd_per_million":{"input":0,"output":-0.0},"charge":{"mode":"request","credits":1000000000.000000,"credit_value_usd":0.000001}}`, 200, ""))
}

func TestAQuoteSaysWhatUsageCostsAndWhy(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const quote = "/api/admin/prices/quote"
		s.call(t, asRoot("POST", "/api/admin/models", `{"name":"large","aliases":["big"]}`, 200, ""))
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"large",`+fullPrice+`,"charge":{"mode":"cost","percent":150,"credit_value_usd":0.02}}`, 200, ""))
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"flat","usd_per_million":{"input":1,"output":1},"charge":{"mode":"request","credits":0.25}}`, 200, ""))
		line := func(bucket string, tokens int, rate, cost string) string {
			return fmt.Sprintf(`{"bucket":"%s","tokens":%d,"usd_per_million":%s,"count":null,"usd_each":null,"cost_usd":%s}`, bucket, tokens, rate, cost)
		}
		counted := func(bucket string, n int, each, cost string) string {
			return fmt.Sprintf(`{"bucket":"%s","tokens":null,"usd_per_million":null,"count":%d,"usd_each":%s,"cost_usd":%s}`, bucket, n, each, cost)
		}
		answer := func(sums, model, tier, charge string, lines ...string) string {
			return `{` + sums + `,"price_id":"*","model":"` + model + `","valid_from":"2026-03-04T12:00:02Z",` + tier + `,"charge":` + charge + `,"lines":[` + strings.Join(lines, ",") + `]}`
		}
		byCost, base := `{"mode":"cost","credits":null,"percent":150,"credit_value_usd":0.02}`, `"tier":null,"tier_is_dearest":false,"above_input_tokens":null`
		request := counted("request", 1, "0.000000000001", "0.000000000001")
		for body, want := range map[string]string{
			// 1000 × 1.25 + 10 × 0.003625 dollars a million, two searches of a cent and a pico-dollar; × 1.5 / 0.02 = × 75 credits.
			`{"model":"big","usage":{"input_tokens":1000,"cache_write_tokens":10,"web_searches":2}}`: answer(`"cost_usd":0.02125,"exact_cost_usd":0.021250036251,"credits":1.593752`, "large", base, byCost,
				line("input", 1000, "1.25", "0.00125"), line("cache_write", 10, "0.003625", "0.00000003625"), request, counted("web_search", 2, "0.01", "0.02")),
			`{"model":"large","usage":{"model":"big","input_tokens":272000,"cache_read_tokens":1}}`: answer(`"cost_usd":0.68,"exact_cost_usd":0.680000250001,"credits":51.000018`, "large", `"tier":null,"tier_is_dearest":false,"above_input_tokens":272000`, byCost,
				line("input", 272_000, "2.5", "0.68"), line("cache_read", 1, "0.25", "0.00000025"), request),
			`{"model":"large","usage":{"output_tokens":7,"reasoning_tokens":7,"service_tier":"flex"}}`:            answer(`"cost_usd":0.000035,"exact_cost_usd":0.000035000001,"credits":0.002625`, "large", `"tier":"flex","tier_is_dearest":false,"above_input_tokens":null`, byCost, line("output", 7, "5", "0.000035"), request),
			`{"model":"large","usage":{"output_tokens":7,"service_tier":"priority"},"at":"2026-04-01T00:00:00Z"}`: answer(`"cost_usd":0.00007,"exact_cost_usd":0.000070000001,"credits":0.00525`, "large", `"tier":null,"tier_is_dearest":true,"above_input_tokens":null`, byCost, line("output", 7, "10", "0.00007"), request),
			`{"model":"flat","usage":{"input_tokens":3,"requests":3}}`:                                            answer(`"cost_usd":0.000003,"exact_cost_usd":0.000003,"credits":0.75`, "flat", base, `{"mode":"request","credits":0.25,"percent":null,"credit_value_usd":0.01}`, line("input", 3, "1", "0.000003")),
			`{"model":"flat","usage":{}}`: answer(`"cost_usd":0,"exact_cost_usd":0,"credits":0.25`, "flat", base, `"*"`),
		} {
			s.call(t, asRoot("POST", quote, body, 200, want))
		}
		s.wrongFields(t, "POST", quote, map[string]string{
			`{"usage":{}}`: "model", `{"model":"flat"}`: "usage", `{"model":"none","usage":{}}`: "model", `{"model":"flat","usage":{},"at":"2026-03-04T12:00:01Z"}`: "model", `{"model":"flat","usage":{"model":"large"}}`: "usage.model",
			`{"model":"flat","usage":[]}`: "usage", `{"model":"flat","usage":{"input_tokens":-1}}`: "usage.input_tokens", `{"model":"flat","usage":{"input_tokens":1000000000,"cache_read_tokens":1}}`: "usage.input_tokens", `{"model":"flat","usage":{"reasoning_tokens":1}}`: "usage.reasoning_tokens",
			`{"model":"flat","usage":{"service_tier":"FLEX!"}}`: "usage.service_tier", `{"model":"flat","usage":{"requests":0}}`: "usage.requests", `{"model":"flat","usage":{},"at":1}`: "at", `{"model":"flat","usage":{"web_searches":1000001}}`: "usage.web_searches",
		})
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"dear","usd_per_million":{"input":1000000,"output":0},"charge":{"mode":"cost"}}`, 200, ""))
		s.wrongFields(t, "POST", quote, map[string]string{`{"model":"dear","usage":{"input_tokens":1000001}}`: "usage"})
		s.call(t, call{as: "gate", method: "POST", path: quote, body: `{"model":"flat","usage":{}}`, status: 403})
	})
}

func TestAChargeCostsWhatTheQuoteSays(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, asRoot("POST", "/api/admin/prices", `{"model":"large",`+fullPrice+`,"charge":{"mode":"cost","percent":150,"credit_value_usd":0.02}}`, 200, ""))
		sum := 0.0
		for _, used := range []string{`"input_tokens":1000,"cache_write_tokens":10,"web_searches":2`, `"input_tokens":300000,"output_tokens":7`, `"output_tokens":123457,"service_tier":"flex"`, `"audio_input_tokens":3,"audio_output_tokens":5,"service_tier":"priority"`, ``} {
			quoted := decode(t, s.call(t, asRoot("POST", "/api/admin/prices/quote", `{"model":"large","usage":{`+used+`}}`, 200, "")).text).(map[string]any)
			s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","usage":{"model":"large"` + map[bool]string{true: ",", false: ""}[used != ""] + used + `}}`, status: 200})
			charges := decode(t, s.call(t, call{as: "ada", method: "GET", path: "/api/usage/detailed?limit=1", status: 200}).text).([]any)
			if cost := charges[0].(map[string]any)["cost_usd"]; cost != quoted["cost_usd"] {
				t.Errorf("%s: quoted are %v dollars, charged %v", used, quoted["cost_usd"], cost)
			}
			sum += quoted["credits"].(float64)
			if day := decode(t, s.call(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200}).text).(map[string]any)["credits_used"]; day != math.Ceil(sum) {
				t.Errorf("%s: the quotes add up to %v credits, the day has %v", used, sum, day)
			}
		}
	})
}
