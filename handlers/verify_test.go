package handlers_test

import (
	"testing"

	"codexible/accounts"
)

func TestVerifyJudgesAKeyInOneAnswer(t *testing.T) {
	const ada = `{"id":"$ada.user","email":"ada@example.com","plan":"Pro","status":"active","external_id":null,"metadata":{}}`
	const rate = `{"limit":1000000,"remaining":"*","reset_seconds":0}`
	credits := func(used, remaining string) string {
		return `{"used":` + used + `,"held":0,"limit":250,"granted":0,"remaining":` + remaining + `,"resets_at":"2026-03-05T00:00:00Z","month":null}`
	}
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "valid without a charge", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, lacks: []string{"$ada.key"},
				want: `{"valid":true,"code":"VALID","key_id":"$ada.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("0", "250") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "valid with a charge", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":" $ada.key\n","credits":249,"model":"large","prompt_tokens":1,"completion_tokens":2,"cost_usd":0.5,"idempotency_key":"one"}`, status: 200,
				want: `{"valid":true,"code":"VALID","key_id":"$ada.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("249", "1") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "a repeat", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":249,"model":"large","prompt_tokens":1,"completion_tokens":2,"cost_usd":0.5,"idempotency_key":"one"}`, status: 200,
				want: `{"valid":true,"code":"VALID","key_id":"$ada.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("249", "1") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":true}`},
			{says: "another body under the same idempotency key", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":1,"idempotency_key":"one"}`, status: 409},
			{says: "a charge that does not fit", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":2}`, status: 200,
				want: `{"valid":false,"code":"QUOTA_EXCEEDED","key_id":"$ada.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("249", "1") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "the last credit", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":1}`, status: 200},
			{says: "used up, reported without a charge", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":0}`, status: 200,
				want: `{"valid":true,"code":"VALID","key_id":"$ada.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("250", "0") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "unknown", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"codexible_00000000000000000000000000000000"}`, status: 200,
				want: `{"valid":false,"code":"NOT_FOUND","key_id":null,"user":null,"key":null,"features":null,"credits":null,"rate_limit":null,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "empty", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":""}`, status: 200,
				want: `{"valid":false,"code":"NOT_FOUND","key_id":null,"user":null,"key":null,"features":null,"credits":null,"rate_limit":null,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "revoked", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.revoked.key","credits":1}`, status: 200,
				want: `{"valid":false,"code":"REVOKED","key_id":"$ada.revoked.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("250", "0") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "expired", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.expired.key","credits":1}`, status: 200,
				want: `{"valid":false,"code":"EXPIRED","key_id":"$ada.expired.id","user":` + ada + `,"key":"*","features":{},"credits":` + credits("250", "0") + `,"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "suspended", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$sam.key","credits":1}`, status: 200,
				want: `{"valid":false,"code":"SUSPENDED","key_id":"$sam.id","user":{"id":"$sam.user","email":"sam@example.com","plan":"Starter","status":"suspended","external_id":null,"metadata":{}},
					"key":{"label":"Laptop","scopes":["models","usage","keys","charge"],"metadata":{}},"features":{},"credits":{"used":0,"held":0,"limit":75,"granted":0,"remaining":75,"resets_at":"2026-03-05T00:00:00Z","month":null},"rate_limit":` + rate + `,"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "the key is needed", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"credits":1}`, status: 422},
			{says: "several wrong fields", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":1,"credits":-1,"idempotency_key":"","cost_usd":1e9}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"key":"*","credits":"*","idempotency_key":"*","cost_usd":"*"}}}`},
			{says: "the body is needed", as: "gate", method: "POST", path: "/api/keys/verify", status: 400},
			{says: "a foreign media type", as: "gate", method: "POST", path: "/api/keys/verify", body: `{}`, header: map[string][]string{"Content-Type": {"text/plain"}}, status: 415},
			{says: "a customer may not ask", as: "ada", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 403},
			{says: "an admin may not ask", as: "root", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 403},
			{says: "no key", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 401},
		})
	})
}

func TestAVerifyCountsOnceInTheCustomersWindow(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.rate(t, "pro", 3)
		verify := func(code string, remaining string) call {
			return call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","credits":1}`, status: 200,
				want: `{"valid":` + map[bool]string{true: "true", false: "false"}[code == "VALID"] + `,"code":"` + code + `","key_id":"*","user":"*","key":"*","features":"*","credits":"*","rate_limit":{"limit":3,"remaining":` + remaining + `,"reset_seconds":"*"},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`}
		}
		s.call(t, verify("VALID", "2"))
		a := s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
		if a.Header.Get("X-RateLimit-Remaining") != "1" {
			t.Errorf("a request of the key itself counts in the same window: %s remain, want 1", a.Header.Get("X-RateLimit-Remaining"))
		}
		s.call(t, verify("VALID", "0"))
		s.call(t, verify("RATE_LIMITED", "0"))
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 429})
		// A refusal charges nothing.
		s.rate(t, "pro", plenty)
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":2,"daily_limit":250,"request_count":2,"date":"2026-03-04"}`})
	})
}

func (s *service) rate(t testing.TB, plan string, perMinute int64) {
	t.Helper()
	if _, err := s.store.ChangePlan(t.Context(), accounts.ActorCLI, s.id(t, "plan."+plan), accounts.PlanChange{RateLimitPerMinute: &perMinute}); err != nil {
		t.Fatal(err)
	}
}
