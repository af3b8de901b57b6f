package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/store/storetest"
)

func TestUsageReadsAsItWasCharged(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		yesterday := s.clock.Now()
		s.clock.Add(-24 * time.Hour)
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", status: 200,
			body: `{"credits":3,"model":"small","prompt_tokens":10,"completion_tokens":20,"cost_usd":0.0000015}`,
			want: `{"recorded":true,"duplicate":false,"credits_used":3,"daily_limit":250,"remaining":247,"date":"2026-03-03"}`})
		s.clock.Set(yesterday)
		s.run(t, []call{
			{says: "a charge without a body is one credit of an unknown model", as: "ada", method: "POST", path: "/api/usage", status: 200,
				want: `{"recorded":true,"duplicate":false,"credits_used":1,"daily_limit":250,"remaining":249,"date":"2026-03-04"}`},
			{says: "a charge with everything", as: "ada", method: "POST", path: "/api/usage", status: 200,
				body: `{"credits":5.0e0,"model":" large ","prompt_tokens":1000000000,"completion_tokens":null,"cost_usd":12.3456789,"note":"ignored"}`,
				want: `{"recorded":true,"duplicate":false,"credits_used":6,"daily_limit":250,"remaining":244,"date":"2026-03-04"}`},
			{says: "today", as: "ada", method: "GET", path: "/api/usage/today", status: 200,
				want: `{"credits_used":6,"daily_limit":250,"request_count":2,"date":"2026-03-04"}`},
			{says: "a history has one row per day", as: "ada", method: "GET", path: "/api/usage/history?days=3", status: 200,
				want: `[{"date":"2026-03-02","credits_used":0,"request_count":0,"cost_usd":0},
					{"date":"2026-03-03","credits_used":3,"request_count":1,"cost_usd":0.000002},
					{"date":"2026-03-04","credits_used":6,"request_count":2,"cost_usd":12.345679}]`},
			{says: "single charges, the newest first", as: "ada", method: "GET", path: "/api/usage/detailed?limit=2&unknown=1", status: 200,
				want: `[{"id":"*","model":"large","prompt_tokens":1000000000,"completion_tokens":0,"cost_usd":12.345679,"credits":5,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"2026-03-04T12:00:02Z","date":"2026-03-04"},
					{"id":"*","model":"unknown","prompt_tokens":0,"completion_tokens":0,"cost_usd":0,"credits":1,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"2026-03-04T12:00:02Z","date":"2026-03-04"}]`},
			{says: "the next page of them", as: "ada", method: "GET", path: "/api/usage/detailed?limit=2&offset=2", status: 200,
				want: `[{"id":"*","model":"small","prompt_tokens":10,"completion_tokens":20,"cost_usd":0.000002,"credits":3,"tokens":null,"request_id":null,"outcome":null,"source":null,"first_token_ms":null,"tokens_per_second":null,"created_at":"2026-03-03T12:00:02Z","date":"2026-03-03"}]`},
			{says: "single charges of today alone", as: "ada", method: "GET", path: "/api/usage/detailed?days=1", status: 200, lacks: []string{"small"}},
			{says: "models, the dearest first", as: "ada", method: "GET", path: "/api/usage/models", status: 200,
				want: `[{"model":"large","total_cost":12.345679,"requests":1,"prompt_tokens":1000000000,"completion_tokens":0},
					{"model":"small","total_cost":0.000002,"requests":1,"prompt_tokens":10,"completion_tokens":20},
					{"model":"unknown","total_cost":0,"requests":1,"prompt_tokens":0,"completion_tokens":0}]`},
			{says: "hours of today", as: "ada", method: "GET", path: "/api/usage/hourly", status: 200, want: hours(12, 2)},
			{says: "hours of another day", as: "ada", method: "GET", path: "/api/usage/hourly?date=2026-03-03", status: 200, want: hours(12, 1)},
			{says: "hours of a future day", as: "ada", method: "GET", path: "/api/usage/hourly?date=2026-03-05", status: 200, want: hours(0, 0)},
			{says: "another user sees none of it", as: "bob", method: "GET", path: "/api/usage/detailed", status: 200, want: `[]`},
			{says: "nor its models", as: "bob", method: "GET", path: "/api/usage/models", status: 200, want: `[]`},
			{says: "nor its day", as: "bob", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":0,"daily_limit":75,"request_count":0,"date":"2026-03-04"}`},
		})
		if rows := decode(t, s.call(t, call{as: "ada", method: "GET", path: "/api/usage/history", status: 200}).text).([]any); len(rows) != 30 {
			t.Errorf("a history has %d rows unless days are given, want 30", len(rows))
		}
	})
}

func hours(busy, requests int) string {
	rows := make([]string, 24)
	for hour := range rows {
		n := 0
		if hour == busy {
			n = requests
		}
		rows[hour] = fmt.Sprintf(`{"hour":%d,"requests":%d}`, hour, n)
	}
	return "[" + strings.Join(rows, ",") + "]"
}

func TestUsagePathsRefuseInvalidQueries(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		for _, path := range []string{"today", "history", "detailed", "models", "hourly"} {
			s.run(t, []call{
				{says: path + " needs a key", method: "GET", path: "/api/usage/" + path, status: 401},
				{says: path + " turns a suspended user away", as: "sam", method: "GET", path: "/api/usage/" + path, status: 403},
			})
		}
		var table []call
		for _, query := range []string{
			"history?days=0", "history?days=366", "history?days=-1", "history?days=1.5", "history?days=", "history?days=07", "history?days=7&days=7", "history?days=9223372036854775808",
			"models?days=x", "detailed?days=400", "detailed?limit=0", "detailed?limit=501", "detailed?offset=-1", "detailed?offset=10001", "detailed?limit=NaN", "detailed?limit=%31%00",
			"hourly?date=2026-02-30", "hourly?date=today", "hourly?date=2026-3-4", "hourly?date=", "hourly?date=%ff",
		} {
			table = append(table, call{says: query, as: "ada", method: "GET", path: "/api/usage/" + query, status: 422})
		}
		s.run(t, table)
	})
}

func TestChargesAreBoundedAndChecked(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var table []call
		for _, body := range []string{
			`{"credits":0}`, `{"credits":-1}`, `{"credits":1.5}`, `{"credits":"3"}`, `{"credits":1000000001}`, `{"credits":1e30}`, `{"credits":true}`, `{"credits":[1]}`, `{"credits":{}}`,
			`{"credits":99999999999999999999999}`, `{"credits":1,"credits":2}`, `{"prompt_tokens":-1}`, `{"completion_tokens":1000000001}`, `{"cost_usd":-0.01}`, `{"cost_usd":1000000.01}`, `{"cost_usd":"1"}`,
			`{"model":""}`, `{"model":5}`, `{"model":"a\u0000b"}`, `{"model":"` + strings.Repeat("m", 201) + `"}`,
		} {
			table = append(table, call{says: body, as: "ada", method: "POST", path: "/api/usage", body: body, status: 422})
		}
		s.run(t, append(table,
			call{says: "no key", method: "POST", path: "/api/usage", body: `{}`, status: 401},
			call{says: "broken JSON", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":`, status: 400},
			call{says: "a foreign media type", as: "ada", method: "POST", path: "/api/usage", body: `{}`, header: http.Header{"Content-Type": {"text/xml"}}, status: 415},
			call{says: "null means absent", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":null,"model":null,"prompt_tokens":null,"cost_usd":null}`, status: 200,
				want: `{"recorded":true,"duplicate":false,"credits_used":1,"daily_limit":250,"remaining":249,"date":"2026-03-04"}`},
			call{says: "the largest values", as: "ada", method: "POST", path: "/api/usage", body: `{"prompt_tokens":1000000000,"completion_tokens":1000000000,"cost_usd":1000000,"model":"` + strings.Repeat("é", 200) + `"}`, status: 200},
		))
	})
}

func TestAChargeBeyondTheDayIsRefusedWhole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":250}`, status: 200})
		s.clock.Set(storetest.Start.Add(8*time.Hour + 48*time.Minute)) // 20:48, 3 h 12 min before midnight
		a := s.call(t, call{as: "ada", method: "POST", path: "/api/usage", status: 429,
			want: `{"error":{"code":"quota_exceeded","message":"Daily credit limit reached (250/250). Resets at 00:00 UTC, in 3 h 12 min.","status":429,"request_id":"*"}}`})
		if a.Header.Get("Retry-After") != "11520" {
			t.Errorf("Retry-After is %s, want the 11520 seconds to midnight", a.Header.Get("Retry-After"))
		}
		s.clock.Set(storetest.Start.Add(12*time.Hour - 500*time.Millisecond))
		a = s.call(t, call{as: "ada", method: "POST", path: "/api/usage", status: 429,
			want: `{"error":{"code":"quota_exceeded","message":"Daily credit limit reached (250/250). Resets at 00:00 UTC, in 1 min.","status":429,"request_id":"*"}}`})
		if a.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %s, want at least 1", a.Header.Get("Retry-After"))
		}
		for _, path := range []string{"/api/keys", "/api/usage/today", "/api/dashboard/overview"} {
			s.call(t, call{as: "ada", method: "GET", path: path, status: 200})
		}
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":250,"daily_limit":250,"request_count":1,"date":"2026-03-04"}`})
		s.clock.Add(time.Second)
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", status: 200, want: `{"recorded":true,"duplicate":false,"credits_used":1,"daily_limit":250,"remaining":249,"date":"2026-03-05"}`})
	})
}

func TestAnIdempotencyKeyChargesOnce(t *testing.T) {
	header := func(key string) http.Header { return http.Header{"Idempotency-Key": {key}} }
	each(t, func(t *testing.T, s *service) {
		const first = `{"recorded":true,"duplicate":%t,"credits_used":2,"daily_limit":250,"remaining":248,"date":"2026-03-04"}`
		s.run(t, []call{
			{says: "the first", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":2}`, header: header("order 1"), status: 200, want: fmt.Sprintf(first, false)},
			{says: "a charge between", as: "ada", method: "POST", path: "/api/usage", status: 200},
			{says: "a repeat answers as the first", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":2}`, header: header("order 1"), status: 200, want: fmt.Sprintf(first, true)},
			{says: "another body is a conflict", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":3}`, header: header("order 1"), status: 409},
			{says: "another key has its own scope", as: "bob", method: "POST", path: "/api/usage", body: `{"credits":2}`, header: header("order 1"), status: 200},
			{says: "a service has keys of its own", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":9,"idempotency_key":"order 1"}`, status: 200},
			{says: "an empty key", as: "ada", method: "POST", path: "/api/usage", header: header(""), status: 422},
			{says: "a key too long", as: "ada", method: "POST", path: "/api/usage", header: header(strings.Repeat("k", 256)), status: 422},
			{says: "the longest key", as: "ada", method: "POST", path: "/api/usage", header: header(strings.Repeat("k", 255)), status: 200},
			{says: "a key that cannot be printed", as: "ada", method: "POST", path: "/api/usage", header: header("a\tb"), status: 422},
			{says: "two keys", as: "ada", method: "POST", path: "/api/usage", header: http.Header{"Idempotency-Key": {"a", "b"}}, status: 422},
			{says: "a refused charge does not take its key", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":900}`, header: header("big"), status: 429},
			{says: "and is decided afresh", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1}`, header: header("big"), status: 200,
				want: `{"recorded":true,"duplicate":false,"credits_used":14,"daily_limit":250,"remaining":236,"date":"2026-03-04"}`},
		})
	})
}

func TestRepeatsAtOnceChargeOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				a := s.send(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":5}`, header: http.Header{"Idempotency-Key": {"same"}}})
				if a.StatusCode != 200 || !strings.Contains(string(a.text), `"credits_used":5,`) {
					t.Errorf("%d: %s", a.StatusCode, a.text)
				}
			})
		}
		wait.Wait()
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":5,"daily_limit":250,"request_count":1,"date":"2026-03-04"}`})
	})
}
