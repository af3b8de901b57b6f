package handlers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/usage"

	"github.com/google/uuid"
)

func TestCustomersSeeTheirCreditsAndGrantsOfOneMoment(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		credits := func(says, as, want string) call {
			return call{says: says, as: as, method: "GET", path: "/api/usage/credits", status: 200, want: want, lacks: []string{"note", "Invoice", "root@"}}
		}
		give := func(amount int, rest, name string) call {
			return call{says: name, as: "root", method: "POST", path: "/api/admin/users/$ada.user/grants", body: fmt.Sprintf(`{"credits":%d,"note":"Invoice 4711"%s}`, amount, rest), status: 200}
		}
		state := func(used, held, granted, remaining int, month, grants string) string {
			return fmt.Sprintf(`{"used":%d,"held":%d,"limit":250,"granted":%d,"remaining":%d,"resets_at":"2026-03-05T00:00:00Z","month":%s,"grants":[%s]}`, used, held, granted, remaining, month, grants)
		}
		grant := func(credits, remaining int, end string) string {
			return fmt.Sprintf(`{"id":"*","credits":%d,"remaining":%d,"expires_at":%s}`, credits, remaining, end)
		}
		s.run(t, []call{
			credits("nothing was used", "ada", state(0, 0, 0, 250, "null", "")),
			give(100, "", "a grant without an end"),
			give(40, `,"expires_at":"2026-04-01T00:00:00Z"`, "one that ends"),
			give(7, `,"expires_at":"2026-03-05T00:00:00Z"`, "one that ends first"),
			credits("grants in the order of use", "ada", state(0, 0, 147, 397, "null", grant(7, 7, `"2026-03-05T00:00:00Z"`)+","+grant(40, 40, `"2026-04-01T00:00:00Z"`)+","+grant(100, 100, "null"))),
			{says: "a charge", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":260}`, status: 200},
			credits("the first is used up and not shown", "ada", state(260, 0, 137, 137, "null", grant(40, 37, `"2026-04-01T00:00:00Z"`)+","+grant(100, 100, "null"))),
			{says: "a hold", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"credits":40}}`, status: 200},
			credits("what a hold sets aside", "ada", state(260, 40, 97, 97, "null", grant(40, 0, `"2026-04-01T00:00:00Z"`)+","+grant(100, 97, "null"))),
			{says: "a month", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.starter", body: `{"monthly_credit_limit":500}`, status: 200},
			credits("another plan with a month", "bob",
				`{"used":0,"held":0,"limit":75,"granted":0,"remaining":75,"resets_at":"2026-03-05T00:00:00Z","month":{"used":0,"held":0,"limit":500,"remaining":500,"resets_at":"2026-04-01T00:00:00Z"},"grants":[]}`),
			{says: "a key without the scope", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["models"]}`, status: 200, keep: "blind"},
			{says: "reads nothing", as: "blind", method: "GET", path: "/api/usage/credits", status: 403},
			{says: "nobody", method: "GET", path: "/api/usage/credits", status: 401},
		})
		s.clock.Add(24 * time.Hour)
		s.call(t, credits("a grant that has ended is not shown", "ada",
			strings.Replace(state(0, 0, 137, 387, "null", grant(40, 37, `"2026-04-01T00:00:00Z"`)+","+grant(100, 100, "null")), "2026-03-05", "2026-03-06", 1)))
	})
}

// failed is a line of the log of requests of ada's, seconds after noon.
func (s *service) failed(t *testing.T, second int, outcome usage.CallOutcome, status int, code string) gateway.Record {
	t.Helper()
	at := time.Date(2026, 3, 4, 12, 1, second, 0, time.UTC)
	return gateway.Record{ID: callIDAt(at, byte(second)), At: at, UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada.id"), Model: "large", Upstream: "vendor", UpstreamKey: "main",
		Endpoint: gateway.ChatCompletions, Status: status, Outcome: outcome, Code: code, Took: time.Second}
}

func callIDAt(at time.Time, last byte) (id uuid.UUID) {
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8], id[15] = 0x70, 0x80, last
	return id
}

func TestCustomersSeeWhyTheirCallsWereRefusedAndWhatToDo(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		lines := []gateway.Record{
			s.failed(t, 1, usage.CallRefused, 429, "insufficient_quota"), s.failed(t, 2, usage.CallComplete, 200, ""), s.failed(t, 3, usage.CallUpstreamError, 400, "400"),
			s.failed(t, 4, usage.CallUpstreamError, 200, "insufficient_quota"), s.failed(t, 5, usage.CallClientGone, 503, "service_unavailable"), s.failed(t, 6, usage.CallStopped, 200, "credits"),
			s.failed(t, 7, usage.CallUpstreamError, 503, "no_upstream"),
		}
		other := s.failed(t, 8, usage.CallRefused, 404, "model_not_found")
		other.UserID, other.KeyID = s.id(t, "bob.user"), s.id(t, "bob.id")
		if err := s.store.WriteRequests(t.Context(), append(lines, other), nil); err != nil {
			t.Fatal(err)
		}
		row := func(second, status int, outcome, code, message string) string {
			return fmt.Sprintf(`{"request_id":"%s","at":"2026-03-04T12:01:0%dZ","model":"large","endpoint":"chat.completions","status":%d,"outcome":"%s","code":"%s","message":"%s"}`,
				lines[second-1].ID, second, status, outcome, code, message)
		}
		rows := []string{
			row(7, 503, "upstream_error", "no_upstream", "No provider can take this request right now. Try again in a few seconds."),
			row(6, 200, "stopped", "insufficient_quota", "The credits were used up during this answer, so it was stopped. They reset at 00:00 UTC."),
			row(4, 200, "upstream_error", "upstream_error", "The provider ended its answer early. Try again."),
			row(3, 400, "upstream_error", "provider_refused", "The provider refused the request with status 400; the answer said why. Change the request: the same one is refused again."),
			row(1, 429, "refused", "insufficient_quota",
				"No credits were left: the limit of your plan for the day or the month was reached, or that of the key for the day. Limits of a day reset at 00:00 UTC, those of a month on its first day."),
		}
		s.run(t, []call{
			{says: "the newest first, without the provider's name", as: "ada", method: "GET", path: "/api/usage/refusals", status: 200, want: "[" + strings.Join(rows, ",") + "]", lacks: []string{"vendor", "main"}},
			{says: "some", as: "ada", method: "GET", path: "/api/usage/refusals?limit=2", status: 200, want: "[" + strings.Join(rows[:2], ",") + "]"},
			{says: "too many", as: "ada", method: "GET", path: "/api/usage/refusals?limit=101", status: 422},
			{says: "somebody without calls", as: "root", method: "GET", path: "/api/usage/refusals", status: 200, want: `[]`},
		})
	})
}

func TestCustomersSeeHowFastModelsAnsweredThem(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		timed := func(second int, model string, first, took time.Duration, output int64) gateway.Record {
			r := s.failed(t, second, usage.CallComplete, 200, "")
			r.Model, r.Streamed, r.FirstToken, r.Took, r.Tokens = model, true, first, took, &usage.Tokens{Input: 5, Output: output}
			return r
		}
		whole := timed(7, "large", time.Second, time.Second+time.Microsecond, 1000)
		whole.Streamed = false
		old := timed(8, "old", time.Second, 2*time.Second, 10)
		old.At = old.At.AddDate(0, 0, -40)
		old.ID = callIDAt(old.At, 1)
		if err := s.store.WriteRequests(t.Context(), []gateway.Record{
			timed(1, "large", 300*time.Millisecond, 1300*time.Millisecond, 80), timed(2, "large", 100*time.Millisecond, 1100*time.Millisecond, 50), timed(3, "large", 900*time.Millisecond, 1900*time.Millisecond, 81),
			timed(4, "small", 40*time.Millisecond, 40*time.Millisecond, 3), s.failed(t, 5, usage.CallRefused, 404, "model_not_found"), whole, old,
		}, nil); err != nil {
			t.Fatal(err)
		}
		want := `[{"model":"large","requests":3,"first_token_ms":300,"tokens_per_second":80},{"model":"small","requests":1,"first_token_ms":40,"tokens_per_second":null}]`
		s.run(t, []call{
			{says: "medians of streamed calls", as: "ada", method: "GET", path: "/api/usage/speed", status: 200, want: want},
			{says: "further back", as: "ada", method: "GET", path: "/api/usage/speed?days=60", status: 200, want: strings.Replace(want, `},`, `},{"model":"old","requests":1,"first_token_ms":1000,"tokens_per_second":10},`, 1)},
			{says: "of others nothing", as: "bob", method: "GET", path: "/api/usage/speed", status: 200, want: `[]`},
		})
	})
}

func TestAChargeSaysWhyItCostWhatItDid(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		each(t, func(t *testing.T, s *service) {
			banded := cached
			banded.Charge = catalog.Charge{Mode: catalog.ByCost, Percent: 123 * catalog.Hundredths, CreditValue: 10_000}
			s.setPrice(t, "large", "large", banded, time.Time{})
			cost := map[bool]string{false: "0.004503", true: "0"}[hidden]
			s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","usage":{"model":"large","input_tokens":1001,"output_tokens":100}}`, status: 200})
			id := chargeIDs(t, s)[0]
			// 1 001 tokens at 3 and 100 at 15 dollars a million are 0.004503 dollars: × 1.23 / 0.01 are 0.553869 credits, and the day's first credit is begun.
			want := `{"id":"` + id + `","model":"large","prompt_tokens":1001,"completion_tokens":100,"cost_usd":` + cost + `,"credits":1,"tokens":"*","request_id":null,"outcome":null,"source":null,
				"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04","exact_credits":0.553869,"adjusts_id":null,
				"price":{"valid_from":"2026-03-04T12:00:02Z","mode":"cost","tier":null,"tier_is_dearest":false,"above_input_tokens":null},"lines":[
				{"item":"input","tokens":1001,"count":null,"credits_per_million":369,"credits_each":null,"credits":0.369369},
				{"item":"output","tokens":100,"count":null,"credits_per_million":1845,"credits_each":null,"credits":0.1845},
				{"item":"day_rounding","tokens":null,"count":null,"credits_per_million":null,"credits_each":null,"credits":0.446131}]}`
			const unknown = `{"error":{"code":"not_found","message":"This charge does not exist, or it is older than the charges that are kept.","status":404,"request_id":"*"}}`
			get := func(says, as, path string, status int, want string) call {
				return call{says: says, as: as, method: "GET", path: "/api/usage/charges/" + path, status: status, want: want, lacks: []string{"percent", "123", "vendor"}}
			}
			s.run(t, []call{
				get("its parts", "ada", id, 200, want),
				get("somebody else's is unknown", "bob", id, 404, unknown),
				get("to an operator's key as well", "root", id, 404, unknown),
				get("like one that never was", "ada", "0190163d-8694-739b-aea5-966c26f8ad91", 404, unknown),
				get("no id", "ada", "x", 404, ""),
				{says: "by hand", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":3}`, status: 200},
			})
			s.call(t, get("has one part", "ada", chargeIDs(t, s)[0], 200, `{"id":"*","model":"unknown","prompt_tokens":0,"completion_tokens":0,"cost_usd":0,"credits":3,"tokens":null,"request_id":null,"outcome":null,"source":null,
				"first_token_ms":null,"tokens_per_second":null,"created_at":"*","date":"2026-03-04","exact_credits":3,"adjusts_id":null,"price":null,
				"lines":[{"item":"amount","tokens":null,"count":null,"credits_per_million":null,"credits_each":null,"credits":3}]}`))
		}, func(p *handlers.Parts) { p.HideCost = hidden })
	}
}

// chargeIDs are the ids of ada's charges, the newest first.
func chargeIDs(t *testing.T, s *service) (ids []string) {
	t.Helper()
	records, err := s.store.Charges(t.Context(), s.id(t, "ada.user"), usage.DayOf(s.clock.Now()), 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		ids = append(ids, records[i].ID.String())
	}
	return ids
}

func TestUsersChooseWhichMailsTheyGet(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		state := func(from, usedUp, expiring string) string {
			return `{"mail":false,"email":"ada@example.com","usage_from_percent":` + from + `,"used_up":` + usedUp + `,"key_expiring":` + expiring + `,"thresholds":[50,80,100]}`
		}
		change := func(says, body, want string) call {
			return call{says: says, as: "ada", method: "PATCH", path: "/api/alerts", body: body, status: 200, want: want}
		}
		s.run(t, []call{
			{says: "all at first", as: "ada", method: "GET", path: "/api/alerts", status: 200, want: state("1", "true", "true")},
			change("nothing", `{}`, state("1", "true", "true")),
			change("a threshold", `{"usage_from_percent":80}`, state("80", "true", "true")),
			change("another field alone", `{"used_up":false}`, state("80", "false", "true")),
			change("null is none", `{"usage_from_percent":null,"key_expiring":false}`, state("null", "false", "false")),
			{says: "read again", as: "ada", method: "GET", path: "/api/alerts", status: 200, want: state("null", "false", "false")},
			{says: "out of range", as: "ada", method: "PATCH", path: "/api/alerts", body: `{"usage_from_percent":101}`, status: 422},
			{says: "of others nothing changed", as: "bob", method: "GET", path: "/api/alerts", status: 200, want: strings.Replace(state("1", "true", "true"), "ada@", "bob@", 1)},
			{says: "a key that only reads", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["usage"]}`, status: 200, keep: "reader"},
			{says: "reads", as: "reader", method: "GET", path: "/api/alerts", status: 200},
			{says: "and changes nothing", as: "reader", method: "PATCH", path: "/api/alerts", body: `{"used_up":true}`, status: 403},
			{says: "nobody", method: "GET", path: "/api/alerts", status: 401},
		})
		if got := s.auditOf(t, "user.alerts_changed"); len(got) != 3 { // not of what changed nothing
			t.Errorf("the audit log has %q", got)
		}
	})
}
