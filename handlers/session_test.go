package handlers_test

import "testing"

func TestValidateAnswersWhoseATokenIs(t *testing.T) {
	const nobody = `{"valid":false,"user":null,"role":null,"session_source":"local","degraded":false,"message":"*"}`
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a valid token", method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.key"}`, status: 200, lacks: []string{"$ada.key"},
				want: `{"valid":true,"user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},"role":"user","session_source":"local","degraded":false,"message":null}`},
			{says: "blanks around a token do not matter", method: "POST", path: "/api/auth/validate", body: `{"token":" \t$root.key\r\n"}`, status: 200,
				want: `{"valid":true,"user":{"email":"root@example.com","name":null,"plan":"Business","status":"active"},"role":"admin","session_source":"local","degraded":false,"message":null}`},
			{says: "an empty token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":""}`, status: 200, want: nobody},
			{says: "an unknown token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":"codexible_00000000000000000000000000000000"}`, status: 200, want: nobody},
			{says: "a malformed token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":"\u0000\ud800'; DROP TABLE users"}`, status: 200, want: nobody, lacks: []string{"DROP"}},
			{says: "a revoked token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.revoked.key"}`, status: 200, want: nobody, lacks: []string{"ada@"}},
			{says: "an expired token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.expired.key"}`, status: 200, want: nobody, lacks: []string{"ada@"}},
			{says: "a suspended user's token is an answer", method: "POST", path: "/api/auth/validate", body: `{"token":"$sam.key"}`, status: 200, want: nobody, lacks: []string{"sam@"}},
			{says: "an absent token is invalid", method: "POST", path: "/api/auth/validate", body: `{}`, status: 422},
			{says: "a null token is invalid", method: "POST", path: "/api/auth/validate", body: `{"token":null}`, status: 422},
			{says: "a token that is no text is invalid", method: "POST", path: "/api/auth/validate", body: `{"token":7}`, status: 422},
			{says: "the field's name is exact", method: "POST", path: "/api/auth/validate", body: `{"Token":"$ada.key"}`, status: 422},
			{says: "the body is needed", method: "POST", path: "/api/auth/validate", status: 400},
			{says: "the body has to be declared as JSON", method: "POST", path: "/api/auth/validate", body: `{"token":""}`, header: map[string][]string{"Content-Type": {"text/plain"}}, status: 415},
		})
	})
}

func TestTheOverviewShowsTheCallingKey(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "before any use", as: "ada", method: "GET", path: "/api/dashboard/overview", status: 200, lacks: []string{"$ada.key", "bob@"},
				want: `{"user":{"email":"ada@example.com","name":"Ada Lovelace","plan":"Pro","status":"active"},
					"usage":{"credits_used":0,"daily_limit":250,"request_count":0,"date":"2026-03-04"},
					"key":{"id":"$ada.id","prefix":"$ada.prefix","label":"Laptop","status":"active","created_at":"2026-03-04T12:00:00Z","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null},
					"role":"user","session_source":"local","degraded":false}`},
			{says: "a charge shows", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":7}`, status: 200},
		})
		if err := s.verifier.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.run(t, []call{
			{says: "after use", as: "ada", method: "GET", path: "/api/dashboard/overview", status: 200,
				want: `{"user":"*","usage":{"credits_used":7,"daily_limit":250,"request_count":1,"date":"2026-03-04"},
					"key":{"id":"$ada.id","prefix":"$ada.prefix","label":"Laptop","status":"active","created_at":"*","last_used_at":"2026-03-04T12:00:02Z","expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null},
					"role":"user","session_source":"local","degraded":false}`},
			{says: "it needs a key", method: "GET", path: "/api/dashboard/overview", status: 401},
			{says: "a suspended user is refused", as: "sam", method: "GET", path: "/api/dashboard/overview", status: 403, lacks: []string{"sam@"}},
			{says: "an expired key is refused", as: "ada.expired", method: "GET", path: "/api/dashboard/overview", status: 401, lacks: []string{"ada@"}},
			{says: "a revoked key is refused", as: "ada.revoked", method: "GET", path: "/api/dashboard/overview", status: 401, lacks: []string{"ada@"}},
		})
	})
}
