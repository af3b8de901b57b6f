package handlers_test

import (
	"fmt"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
)

// perMillion is dollars per million tokens, in thousandths, as pico-dollars per token.
func perMillion(thousandths int64) int64 { return thousandths * 1000 }

func rate(thousandths int64) *int64 { return new(perMillion(thousandths)) }

// byCost charges the cost, at a cent a credit.
var byCost = catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 10_000}

// cached is a price such as Anthropic's: 3 dollars a million tokens read, 0.30 from the cache, 3.75
// written to it for 5 minutes, 6 for an hour, 15 written by the model.
var cached = catalog.Terms{Charge: byCost, Base: catalog.Set{Rates: catalog.Rates{
	Input: perMillion(3000), CacheRead: rate(300), CacheWrite: rate(3750), CacheWrite1h: rate(6000), Output: perMillion(15_000)}}}

// banded is a price such as OpenAI's: calls that read more than 272 000 tokens are repriced as a
// whole, flex costs half, a web search a cent.
var banded = catalog.Terms{
	Charge: byCost, PerWebSearch: catalog.PicosPerUSD / 100,
	Base: catalog.Set{
		Rates: catalog.Rates{Input: perMillion(1250), CacheRead: rate(125), Output: perMillion(10_000)},
		Bands: []catalog.Band{{Above: 272_000, Rates: catalog.Rates{Input: perMillion(2500), CacheRead: rate(250), Output: perMillion(15_000)}}},
	},
	Tiers: map[string]catalog.Set{"flex": {Rates: catalog.Rates{Input: perMillion(625), Output: perMillion(5000)}}},
}

// setPrice sets a price from a moment on, from now where it is zero; $price.name.id stands for it.
func (s *service) setPrice(t testing.TB, name, model string, terms catalog.Terms, from time.Time) {
	t.Helper()
	n := catalog.NewPrice{Model: model, Terms: terms}
	if !from.IsZero() {
		n.ValidFrom = &from
	}
	p, err := s.store.SetPrice(t.Context(), accounts.ActorCLI, n)
	if err != nil {
		t.Fatal(err)
	}
	s.words["price."+name] = p.ID.String()
}

func (s *service) createModel(t testing.TB, name string, aliases ...string) {
	t.Helper()
	if _, err := s.store.CreateModel(t.Context(), accounts.ActorCLI, catalog.ModelChange{Name: &name, Aliases: &aliases}); err != nil {
		t.Fatal(err)
	}
}

// used asks for a charge of ada's by usage.
func used(usage, more, want string) call {
	return call{says: usage, as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","usage":` + usage + more + `}`, status: 200, want: want}
}

// paid is the end of a verdict that charged by a price.
func paid(price string) string {
	return `"hold_id":null,"hold_status":null,"price_id":"$price.` + price + `","duplicate":false`
}

func TestUsageIsChargedByItsPrice(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.createModel(t, "claude", "claude-latest")
		s.setPrice(t, "cached", "claude", cached, time.Time{})
		s.setPrice(t, "banded", "gpt", banded, time.Time{})
		s.run(t, []call{
			// A cached call with writes for an hour. In micro-dollars: 1 000 tokens at 3 dollars a million are 3 000, 20 000
			// at 0.30 are 6 000, 2 000 at 3.75 are 7 500, 10 000 at 6 are 60 000, and 500 at 15 are 7 500. Together
			// 84 000, or 0.084 dollars, or 8.4 credits at a cent: the day goes from 0 to 8.4, shown as 9.
			used(`{"model":"claude-latest","input_tokens":1000,"cache_read_tokens":20000,"cache_write_tokens":2000,"cache_write_1h_tokens":10000,"output_tokens":500}`, ``,
				verdictOf("VALID", creditsOf(9, 0, 241), paid("cached"))),
			// Cached and reasoning tokens in the band: 300 000 tokens were read, more than 272 000, so all are priced by the
			// band. 200 000 at 2.50 are 500 000, 100 000 at 0.25 are 25 000, 4 000 at 15 are 60 000 (the 3 000 of
			// reasoning are among them). Together 585 000, or 58.5 credits: from 8.4 to 66.9, shown as 67.
			used(`{"model":"gpt","input_tokens":200000,"cache_read_tokens":100000,"output_tokens":4000,"reasoning_tokens":3000}`, ``, verdictOf("VALID", creditsOf(67, 0, 183), paid("banded"))),
			// Flex: 10 001 at 0.625 are 6 250.625, 1 000 at 5 are 5 000. Together 11 250.625: the cost rounds to 11 251
			// micro-dollars, the credits, 1.1250625, down to 1.125062. From 66.9 to 68.025062, shown as 69.
			used(`{"model":"gpt","input_tokens":10001,"output_tokens":1000,"service_tier":"flex"}`, ``, verdictOf("VALID", creditsOf(69, 0, 181), paid("banded"))),
			// Three web searches at a cent are 30 000, 100 tokens at 1.25 are 125. Together 30 125, or 3.0125 credits:
			// from 68.025062 to 71.037562, shown as 72.
			used(`{"model":"gpt","input_tokens":100,"web_searches":3}`, ``, verdictOf("VALID", creditsOf(72, 0, 178), paid("banded"))),
		})
		item := func(model, prompt, completion, cost, credits, tokens string) string {
			return `{"id":"*","model":"` + model + `","prompt_tokens":` + prompt + `,"completion_tokens":` + completion + `,"cost_usd":` + cost + `,"credits":` + credits + `,"tokens":` + tokens + `,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04"}`
		}
		tokens := func(input, cacheRead, cacheWrite, cacheWrite1h, output, reasoning, searches int, tier string) string {
			return fmt.Sprintf(`{"input_tokens":%d,"cache_read_tokens":%d,"cache_write_tokens":%d,"cache_write_1h_tokens":%d,"audio_input_tokens":0,"output_tokens":%d,"audio_output_tokens":0,"reasoning_tokens":%d,
				"requests":1,"web_searches":%d,"service_tier":%s}`, input, cacheRead, cacheWrite, cacheWrite1h, output, reasoning, searches, tier)
		}
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":2,"model":"claude-latest"}`, status: 200})
		// The credits of the calls add up to the day: 2 + 3 + 2 + 58 + 9 = 74.
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/detailed", status: 200, want: "[" +
			item("claude-latest", "0", "0", "0", "2", "null") + "," + // by hand: as it was sent
			item("gpt", "100", "0", "0.030125", "3", tokens(100, 0, 0, 0, 0, 0, 3, "null")) + "," +
			item("gpt", "10001", "1000", "0.011251", "2", tokens(10001, 0, 0, 0, 1000, 0, 0, `"flex"`)) + "," +
			item("gpt", "300000", "4000", "0.585", "58", tokens(200000, 100000, 0, 0, 4000, 3000, 0, "null")) + "," +
			item("claude", "33000", "500", "0.084", "9", tokens(1000, 20000, 2000, 10000, 500, 0, 0, "null")) + "]"})
		s.call(t, today(74, 5))
	})
}

func TestUsageIsChargedInABatch(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.setPrice(t, "p", "claude", cached, time.Time{})
		// 1 000 tokens at 15 dollars a million are 1.5 credits: one of each customer is shown as 2.
		s.call(t, batch(`{"key":"$ada.key","usage":{"model":"claude","output_tokens":1000}},{"key":"$bob.key","usage":{"model":"nobody"}},{"key":"$bob.key","hold":{"usage":{"model":"claude","output_tokens":1000}}}`, 200,
			"["+verdictOf("VALID", creditsOf(2, 0, 248), paid("p"))+`,
			{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"usage.model":"must be a model that has a price; set its price first, or send credits"}}},
			`+verdictOf("VALID", `{"used":0,"held":2,"limit":75,"granted":0,"remaining":73,"resets_at":"2026-03-05T00:00:00Z","month":null}`, `"hold_id":"*","hold_status":"open","price_id":"$price.p","duplicate":false`)+"]"))
	})
}

func TestARepeatAfterAChangeOfThePriceIsADuplicate(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.setPrice(t, "first", "claude", cached, time.Time{})
		const usage, key = `{"model":"claude","output_tokens":10000}`, `,"idempotency_key":"one"`
		// 10 000 tokens at 15 dollars a million are 0.15 dollars: 15 credits.
		s.call(t, used(usage, key, verdictOf("VALID", creditsOf(15, 0, 235), paid("first"))))
		hold := call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"usage":` + usage + `}` + key + `}`, status: 200, keep: "h",
			want: verdictOf("VALID", creditsOf(15, 15, 220), `"hold_id":"*","hold_status":"open","price_id":"$price.first","duplicate":false`)}
		s.call(t, hold)
		s.clock.Add(time.Second)
		dearer := cached
		dearer.Base.Rates.Output = perMillion(30_000)
		s.setPrice(t, "second", "claude", dearer, time.Time{})
		again := `"hold_id":null,"hold_status":null,"price_id":null,"duplicate":true`
		s.call(t, used(usage, key, verdictOf("VALID", creditsOf(15, 0, 235), again))) // the figures of the first
		hold.want = verdictOf("VALID", `"*"`, `"hold_id":"$h.hold_id","hold_status":"open","price_id":null,"duplicate":true`)
		s.call(t, hold)
		other := used(`{"model":"claude","output_tokens":10001}`, key, "")
		other.status = 409
		s.call(t, other)
		s.call(t, used(usage, "", verdictOf("VALID", creditsOf(45, 15, 190), paid("second")))) // 30 credits by the second price
		s.call(t, today(45, 2))
	})
}

func TestARepeatAfterAChangeOfTheNameIsADuplicate(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.createModel(t, "large", "latest")
		s.setPrice(t, "first", "large", cached, time.Time{})
		const usage, key = `{"model":"latest","output_tokens":10000}`, `,"idempotency_key":"one"`
		s.call(t, used(usage, key, verdictOf("VALID", creditsOf(15, 0, 235), paid("first"))))
		hold := call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"usage":` + usage + `}` + key + `}`, status: 200, keep: "h",
			want: verdictOf("VALID", creditsOf(15, 15, 220), `"hold_id":"*","hold_status":"open","price_id":"$price.first","duplicate":false`)}
		s.call(t, hold)
		book, err := s.store.Book(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.clock.Add(time.Second)
		if _, err := s.store.ChangeModel(t.Context(), accounts.ActorCLI, book.Model("large").ID, catalog.ModelChange{Name: new("larger")}); err != nil {
			t.Fatal(err)
		}
		s.call(t, used(usage, key, verdictOf("VALID", creditsOf(15, 0, 235), `"hold_id":null,"hold_status":null,"price_id":null,"duplicate":true`)))
		hold.want = verdictOf("VALID", `"*"`, `"hold_id":"$h.hold_id","hold_status":"open","price_id":null,"duplicate":true`)
		s.call(t, hold)
		other := used(`{"model":"larger","output_tokens":10000}`, key, "")
		other.status = 409
		s.call(t, other)
		s.call(t, today(15, 1))
	})
}

func TestTheModelOfUsageIsAllowedAndPriced(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.createModel(t, "claude", "claude-latest")
		s.setPrice(t, "p", "claude", cached, time.Time{})
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.id", body: `{"models":["other"]}`, status: 200})
		s.call(t, used(`{"model":"claude-latest","output_tokens":1}`, ``, verdictOf("MODEL_NOT_ALLOWED", creditsOf(0, 0, 250), noHold)))
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.id", body: `{"models":["claude"]}`, status: 200})
		s.call(t, used(`{"model":"claude-latest","output_tokens":1}`, ``, verdictOf("VALID", creditsOf(1, 0, 249), paid("p"))))
		// 1 token costs 0.0015 credits: what is used is more than nothing and shown as 1; of 250 credits 249.9985 fit.
		s.call(t, used(`{"model":"claude","output_tokens":166666}`, ``, verdictOf("QUOTA_EXCEEDED", creditsOf(1, 0, 249), noHold)))
		s.call(t, used(`{"model":"claude","output_tokens":166665}`, ``, verdictOf("VALID", creditsOf(250, 0, 0), paid("p"))))
	})
}

// settled is the answer to a settlement by a price.
func settled(charged, uncollected int, duplicate bool, credits, price, at string) string {
	return fmt.Sprintf(`{"charged":%d,"uncollected":%d,"duplicate":%t,"credits":%s,"price_id":"$price.%s","priced_at":%q}`, charged, uncollected, duplicate, credits, price, at)
}

// tomorrow is ada's credits object on the day after the tests' day.
func tomorrow(used, held, remaining int) string {
	return fmt.Sprintf(`{"used":%d,"held":%d,"limit":250,"granted":0,"remaining":%d,"resets_at":"2026-03-06T00:00:00Z","month":null}`, used, held, remaining)
}

func TestAHoldIsSettledByThePriceOfItsMoment(t *testing.T) {
	midnight := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	each(t, func(t *testing.T, s *service) {
		dearer := cached
		dearer.Base.Rates.Output = perMillion(30_000)
		s.createModel(t, "claude", "claude-latest")
		s.setPrice(t, "old", "claude", cached, time.Time{})
		s.setPrice(t, "other", "gpt", banded, time.Time{})
		s.setPrice(t, "new", "claude", dearer, midnight)
		s.clock.Set(midnight.Add(-10 * time.Second))
		// 4 000 tokens at 15 dollars a million are 0.06 dollars: 6 credits. 1 more is 6.0015, held as 7.
		for name, hold := range map[string]string{"exact": `{"usage":{"model":"claude-latest","output_tokens":4000}}`, "more": `{"usage":{"model":"claude","output_tokens":4001}}`} {
			made := call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":` + hold + `}`, status: 200, keep: name}
			s.call(t, made)
		}
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","model":"claude-latest","hold":{"credits":1}}`, status: 200, keep: "credits",
			want: verdictOf("VALID", creditsOf(0, 14, 236), `"hold_id":"*","hold_status":"open","price_id":"$price.old","duplicate":false`)})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"credits":1}}`, status: 200, keep: "nameless"})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","model":"unpriced","hold":{"credits":1}}`, status: 200, keep: "unpriced"})

		s.clock.Set(midnight.Add(10 * time.Second))
		const at = "2026-03-04T23:59:50Z"
		// 2 000 tokens by the price of the hold's moment are 0.03 dollars, 3 credits; by the one in force they would be 6.
		s.call(t, settle("exact", `{"usage":{"output_tokens":2000}}`, 200, settled(3, 0, false, tomorrow(3, 10, 237), "old", at)))
		s.call(t, settle("exact", `{"usage":{"output_tokens":2000}}`, 200, settled(3, 0, true, tomorrow(3, 10, 237), "old", at)))
		s.call(t, settle("exact", `{"usage":{"output_tokens":2001}}`, 409, ""))
		s.call(t, settle("more", `{"model":"claude","usage":{"model":"claude","output_tokens":2000}}`, 200, settled(3, 0, false, tomorrow(6, 3, 241), "old", at)))
		// Of a hold by credits too; 1 000 web searches at a cent are 1 000 credits, of which the 1 held and 243 fit.
		s.call(t, settle("nameless", `{"usage":{"model":"claude","output_tokens":2000}}`, 200, settled(3, 0, false, tomorrow(9, 2, 239), "old", at)))
		s.call(t, settle("credits", `{"usage":{"model":"gpt","web_searches":1000}}`, 200, settled(240, 760, false, tomorrow(249, 1, 0), "other", at)))
		for body, field := range map[string]string{
			`{"usage":{"output_tokens":1}}`: "usage.model", `{"usage":{"model":"unpriced"}}`: "usage.model", `{"usage":{"model":"nobody"}}`: "usage.model", `{"model":"gpt","usage":{"model":"claude"}}`: "model",
			`{"model":"gpt","usage":{}}`: "model", `{"usage":{"model":"claude"},"cost_usd":0}`: "cost_usd", `{"usage":{"model":"claude"},"prompt_tokens":1}`: "prompt_tokens", `{"usage":{"model":"gpt","web_searches":1000000,"requests":2,"output_tokens":1000000000,"input_tokens":1000000000,"audio_output_tokens":1}}`: "usage.output_tokens",
		} {
			if fields := fieldsOf(t, s.call(t, settle("unpriced", body, 422, ""))); len(fields) != 1 || fields[field] == nil {
				t.Errorf("%s: the wrong fields are %v, want %s", body, fields, field)
			}
		}
		s.call(t, call{says: "the price in force counts for other calls", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$bob.key","usage":{"model":"claude","output_tokens":2000}}`, status: 200,
			want: verdictOf("VALID", `{"used":6,"held":0,"limit":75,"granted":0,"remaining":69,"resets_at":"2026-03-06T00:00:00Z","month":null}`, paid("new"))})
		s.call(t, settle("nobody", `{"usage":{"model":"claude"}}`, 404, ""))
	})
}

func TestAHoldIsExtendedByUsage(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.setPrice(t, "p", "claude", cached, time.Time{})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"usage":{"model":"claude","output_tokens":2000},"on_expiry":"charge"}}`, status: 200, keep: "h"})
		extend := func(body string, status int, want string) call {
			return call{says: body, as: "gate", method: "POST", path: "/api/holds/$h.hold_id/extend", body: body, status: status, want: want}
		}
		dearer := cached
		dearer.Base.Rates.Output = perMillion(30_000)
		s.clock.Add(time.Second)
		s.setPrice(t, "dearer", "claude", dearer, time.Time{})
		const until = `"expires_at":"2026-03-04T12:10:03Z"`
		s.run(t, []call{
			// By the price of the hold's moment 4 001 tokens are 6.0015 credits: 7 are held.
			extend(`{"usage":{"output_tokens":4001},"delivered":{"usage":{"output_tokens":1001}}}`, 200, `{`+until+`,"credits":`+creditsOf(0, 7, 243)+`}`),
			extend(`{"usage":{"model":"claude","output_tokens":1000}}`, 422, ""),
			extend(`{"usage":{"output_tokens":1000000}}`, 429, ""),
			extend(`{"credits":8,"usage":{}}`, 422, `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"credits":"must be absent beside usage"}}}`),
			extend(`{"delivered":{}}`, 422, `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"delivered.credits":"is required where usage is absent"}}}`),
			extend(`{"delivered":{"usage":{"model":"nobody"}}}`, 422, `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"delivered.usage.model":"*"}}}`),
			{says: "it is listed", as: "gate", method: "GET", path: "/api/holds", status: 200,
				want: `[{"id":"$h.hold_id","user_id":"$ada.user","key_id":"$ada.id","credits":7,"delivered":{"credits":2},"on_expiry":"charge","model":"claude","request_id":"*","created_at":"*","expires_at":"2026-03-04T12:10:03Z"}]`},
		})
		// What was delivered, 1 001 tokens for 1.5015 credits, is charged by itself.
		s.clock.Add(11 * time.Minute)
		s.call(t, extend(`{"usage":{"output_tokens":4001}}`, 409, ""))
		s.call(t, today(2, 1))
		// A true settlement corrects it: 3 000 tokens are 4.5 credits by the price of the hold's moment.
		s.call(t, settle("h", `{"usage":{"output_tokens":3000}}`, 200, settled(5, 0, false, creditsOf(5, 0, 245), "p", "2026-03-04T12:00:02Z")))
		s.call(t, today(5, 1))
	})
}

func TestUsageIsCheckedLikeAnyField(t *testing.T) {
	s := onSQLite(t)
	s.setPrice(t, "p", "claude", cached, time.Time{})
	for body, field := range map[string]string{
		`"usage":[]`: "usage", `"usage":{}`: "usage.model", `"usage":{"model":1}`: "usage.model", `"usage":{"model":"nobody"}`: "usage.model", `"hold":{"usage":{"model":"nobody"}}`: "hold.usage.model",
		`"usage":{"model":"claude","input_tokens":-1}`: "usage.input_tokens", `"usage":{"model":"claude","output_tokens":1000000001}`: "usage.output_tokens", `"usage":{"model":"claude","cache_read_tokens":1.5}`: "usage.cache_read_tokens",
		`"usage":{"model":"claude","requests":0}`: "usage.requests", `"usage":{"model":"claude","web_searches":1000001}`: "usage.web_searches", `"usage":{"model":"claude","service_tier":"Flex"}`: "usage.service_tier",
		`"usage":{"model":"claude","input_tokens":1000000000,"cache_write_1h_tokens":1}`: "usage.input_tokens", `"usage":{"model":"claude","reasoning_tokens":1}`: "usage.reasoning_tokens",
		`"usage":{"model":"claude"},"credits":0`: "credits", `"usage":{"model":"claude"},"prompt_tokens":0`: "prompt_tokens", `"usage":{"model":"claude"},"completion_tokens":1`: "completion_tokens", `"usage":{"model":"claude"},"cost_usd":0.1`: "cost_usd",
		`"usage":{"model":"claude"},"model":"claude-latest"`: "model", `"usage":{"model":"claude"},"hold":{"credits":1}`: "usage", `"hold":{"usage":{"model":"claude"}},"credits":1`: "credits",
		`"hold":{"usage":{"model":"claude"}},"cost_usd":1`: "cost_usd", `"hold":{"usage":{"model":"claude"},"credits":0}`: "hold.credits", `"hold":{"usage":{"model":"claude","reasoning_tokens":1}}`: "hold.usage.reasoning_tokens",
		`"usage":{"model":"claude","output_tokens":1,"output_tokens":1}`: "usage.output_tokens",
	} {
		a := s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key",` + body + `}`, status: 422})
		if fields := fieldsOf(t, a); len(fields) != 1 || fields[field] == nil {
			t.Errorf("%s: the wrong fields are %v, want %s", body, fields, field)
		}
	}
	// 18 000 dollars are 1 800 000 credits.
	s.call(t, used(`{"model":"claude","output_tokens":1000000000,"input_tokens":1000000000}`, ``, verdictOf("QUOTA_EXCEEDED", creditsOf(0, 0, 250), noHold)))
	s.call(t, used(`{"model":"claude"}`, `,"model":"claude","credits":null,"cost_usd":null,"hold":null`, verdictOf("VALID", creditsOf(0, 0, 250), paid("p"))))
	s.call(t, today(0, 1)) // it is recorded, though it cost nothing
}
