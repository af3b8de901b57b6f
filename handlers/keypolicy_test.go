package handlers_test

import (
	"net/http"
	"testing"
	"time"

	"codexible/accounts"
)

func TestKeysTakeAndReturnTheirScopesAddressesAndStatus(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a key for a program", as: "ada", method: "POST", path: "/api/keys", body: `{"label":"Program","scopes":["usage","models"],"allowed_addresses":["::ffff:10.1.2.3/104","127.0.0.1"],"expires_at":"2030-01-01T00:00:00Z"}`,
				status: 200, keep: "program", want: `{"id":"*","key":"*","prefix":"*","label":"Program"}`},
			{says: "is listed with what it may do", as: "ada", method: "GET", path: "/api/keys?limit=1", status: 200,
				want: `[{"id":"$program.id","prefix":"$program.prefix","label":"Program","status":"active","created_at":"*","last_used_at":null,"expires_at":"2030-01-01T00:00:00Z",
					"scopes":["models","usage"],"allowed_addresses":["10.0.0.0/8","127.0.0.1"],"created_by":"ada@example.com","created_by_key_id":"$ada.id"}]`},
			{says: "the next page", as: "ada", method: "GET", path: "/api/keys?limit=1&after=$program.id", status: 200, want: `["*"]`, lacks: []string{"$program.id"}},
			{says: "a page has bounds", as: "ada", method: "GET", path: "/api/keys?limit=201&after=1", status: 422},
			{says: "it may read usage", as: "program", method: "GET", path: "/api/dashboard/overview", status: 200},
			{says: "and manage no keys", as: "program", method: "GET", path: "/api/keys", status: 403,
				want: `{"error":{"code":"insufficient_scope","message":"This path needs a key with the scope keys, which this key does not have. Use another key.","status":403,"request_id":"*"}}`},
			{says: "nor charge", as: "program", method: "POST", path: "/api/usage", status: 403},

			{says: "an owner cannot grant charge", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["charge"]}`, status: 403,
				want: `{"error":{"code":"insufficient_scope","message":"Only an operator can grant the scope charge. Omit it, or ask an operator.","status":403,"request_id":"*"}}`},
			{says: "nor admin", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["admin"]}`, status: 422},
			{says: "every wrong field is reported at once", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["root"],"allowed_addresses":["here"],"status":"revoked"}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"scopes":"must be an array of models, usage, keys, charge, service or admin, each once","status":"must be active or disabled"}}}`},
			{says: "an address has to be one", as: "ada", method: "POST", path: "/api/keys", body: `{"allowed_addresses":["here"]}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"allowed_addresses":"*"}}}`},
			{says: "no scopes are none", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":[]}`, status: 422},
			{says: "a scope is named once", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["keys","keys"]}`, status: 422},
			{says: "a list holds only texts", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":["keys",1]}`, status: 422},
			{says: "a list is an array", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":"keys"}`, status: 422},
			{says: "null means absent", as: "ada", method: "POST", path: "/api/keys", body: `{"scopes":null,"allowed_addresses":null,"status":null}`, status: 200},

			{says: "an address is added", as: "ada", method: "PATCH", path: "/api/keys/$program.id", body: `{"allowed_addresses":["10.0.0.0/8"]}`, status: 200, want: `{"updated":true}`},
			{says: "which counts at once", as: "program", method: "GET", path: "/api/usage/today", status: 403,
				want: `{"error":{"code":"ip_not_allowed","message":"This API key cannot be used from this address. Use it from an allowed address, or add this address to the key.","status":403,"request_id":"*"}}`},
			{says: "and for a sign-in", method: "POST", path: "/api/auth/validate", body: `{"token":"$program.key"}`, status: 200,
				want: `{"valid":false,"user":null,"role":null,"session_source":"local","degraded":false,"message":"This API key cannot be used from this address. Use it from an allowed address, or add this address to the key."}`},
			{says: "everywhere again", as: "ada", method: "PATCH", path: "/api/keys/$program.id", body: `{"allowed_addresses":[]}`, status: 200},
			{says: "it is disabled", as: "ada", method: "PATCH", path: "/api/keys/$program.id", body: `{"status":"disabled"}`, status: 200},
			{says: "and answers as a revoked one", as: "program", method: "GET", path: "/api/usage/today", status: 401,
				want: `{"error":{"code":"unauthorized","message":"This API key is disabled. Enable it with another key, or ask the operator.","status":401,"request_id":"*"}}`},
			{says: "verify says so", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$program.key"}`, status: 200,
				want: `{"valid":false,"code":"DISABLED","key_id":"$program.id","user":"*","key":{"label":"Program","scopes":["models","usage"]},"features":{},"credits":"*","rate_limit":"*","duplicate":false}`},
			{says: "it is enabled", as: "ada", method: "PATCH", path: "/api/keys/$program.id", body: `{"status":"active"}`, status: 200},
			{says: "and works", as: "program", method: "GET", path: "/api/usage/today", status: 200},

			{says: "an operator grants everything", as: "root", method: "POST", path: "/api/admin/tokens", status: 200, keep: "given",
				body: `{"user_id":"$ada.user","label":"Given","scopes":["charge","keys"],"allowed_addresses":["127.0.0.0/8"],"expires_at":"2026-03-04T13:00:00Z","status":"disabled"}`},
			{says: "which is listed", as: "root", method: "GET", path: "/api/admin/tokens?q=given", status: 200,
				want: `[{"id":"$given.id","user_id":"$ada.user","user_email":"ada@example.com","prefix":"$given.prefix","label":"Given","status":"disabled","created_at":"*","last_used_at":null,"revoked_at":null,
					"expires_at":"2026-03-04T13:00:00Z","scopes":["keys","charge"],"allowed_addresses":["127.0.0.0/8"],"created_by":"root@example.com","created_by_key_id":"$root.id"}]`},
			{says: "its owner sees no operator's e-mail", as: "ada", method: "GET", path: "/api/keys?limit=1", status: 200, lacks: []string{"root@", "$root.id"},
				want: `[{"id":"$given.id","prefix":"$given.prefix","label":"Given","status":"disabled","created_at":"*","last_used_at":null,"expires_at":"2026-03-04T13:00:00Z",
					"scopes":["keys","charge"],"allowed_addresses":["127.0.0.0/8"],"created_by":"operator","created_by_key_id":null}]`},
			{says: "its owner cannot enable it", as: "ada", method: "PATCH", path: "/api/keys/$given.id", body: `{"status":"active"}`, status: 403},
			{says: "an operator does", as: "root", method: "PATCH", path: "/api/admin/tokens/$given.id", body: `{"status":"active"}`, status: 200},
			{says: "an operator cannot grant a scope of another role", as: "root", method: "PATCH", path: "/api/admin/tokens/$given.id", body: `{"scopes":["service"]}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"scopes":"must not contain service: it is only for users with the role service"}}}`},
		})
		s.call(t, call{says: "until it expires", as: "given", method: "GET", path: "/api/keys", status: 200})
		s.clock.Add(time.Hour)
		s.call(t, call{says: "as an admin has said", as: "given", method: "GET", path: "/api/keys", status: 401})
	})
}

func TestRevokingALeakedKeyRevokesTheKeysItCreated(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "leaked"})
		for i, c := range []call{
			{as: "ada", path: "/api/keys/$leaked.id?with_created=true"}, {as: "root", path: "/api/admin/tokens/$leaked.id?with_created=true"},
		} {
			s.call(t, call{as: "leaked", method: "POST", path: "/api/keys", status: 200, keep: "child"})
			s.call(t, call{as: "child", method: "POST", path: "/api/keys", status: 200, keep: "grandchild"})
			c.method, c.status, c.want = "DELETE", 200, `{"deleted":true,"also_revoked":2}`
			s.call(t, c)
			for _, as := range []string{"leaked", "child", "grandchild"} {
				s.call(t, call{as: as, method: "GET", path: "/api/keys", status: 401})
			}
			if c.status = 404; i == 0 {
				c.want = ""
				s.call(t, c)
				s.call(t, call{as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "leaked"})
			}
		}
		s.call(t, call{as: "ada", method: "DELETE", path: "/api/keys/$ada.id?with_created=maybe", status: 422})
		s.call(t, call{as: "ada", method: "DELETE", path: "/api/keys/$ada.expired.id?with_created=false", status: 200, want: `{"deleted":true}`})
	})
}

func TestAPlanBoundsTheKeysOfAUser(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		if _, err := s.store.ChangePlan(t.Context(), accounts.ActorCLI, s.id(t, "plan.pro"), accounts.PlanChange{MaxKeys: new(int64(3))}); err != nil {
			t.Fatal(err)
		}
		full := `{"error":{"code":"conflict","message":"ada@example.com has 3 keys that are not revoked, the maximum of the plan Pro. Revoke one that is not needed, then create this one.","status":409,"request_id":"*"}}`
		s.run(t, []call{
			{says: "the third", as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "third"},
			{says: "one too many", as: "ada", method: "POST", path: "/api/keys", status: 409, want: full},
			{says: "by an admin", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user"}`, status: 409, want: full},
		})
		v := s.operator(t)
		v.get("/admin/keys/new").submit("/admin/keys/new", "email", "ada@example.com").sees(http.StatusConflict, "the maximum of the plan Pro")
		s.run(t, []call{
			{says: "one is revoked", as: "ada", method: "DELETE", path: "/api/keys/$third.id", status: 200},
			{says: "another is created", as: "ada", method: "POST", path: "/api/keys", status: 200},
			{says: "a plan has bounds", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"max_keys":0,"user_rate_limit_per_minute":0}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"max_keys":"must be a whole number, 1 to 10000","user_rate_limit_per_minute":"must be a whole number, 1 to 1000000"}}}`},
		})
	})
}

func TestAllKeysOfAUserShareThePlansRequests(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "second"})
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"user_rate_limit_per_minute":4,"rate_limit_per_minute":3}`, status: 200})
		today := func(as string, status int) call {
			return call{as: as, method: "GET", path: "/api/usage/today", status: status}
		}
		s.clock.Add(61 * time.Second)
		s.expectWindow(t, today("ada", 200), window{"3", "2", "0", ""})
		s.expectWindow(t, today("ada", 200), window{"3", "1", "0", ""})
		s.expectWindow(t, today("second", 200), window{"4", "1", "0", ""})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$second.key"}`, status: 200,
			want: `{"valid":true,"code":"VALID","key_id":"$second.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":4,"remaining":0,"reset_seconds":60},"duplicate":false}`})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200,
			want: `{"valid":false,"code":"RATE_LIMITED","key_id":"$ada.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":4,"remaining":0,"reset_seconds":60},"duplicate":false}`})
		refused := today("ada", 429)
		refused.want = `{"error":{"code":"rate_limited","message":"All keys of this user together have sent the maximum of 4 requests in 60 seconds. Try again in 60 s.","status":429,"request_id":"*"}}`
		s.expectWindow(t, refused, window{"4", "0", "60", "60"})
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"user_rate_limit_per_minute":null}`, status: 200})
		s.expectWindow(t, today("ada", 200), window{"3", "0", "60", ""})
	})
}
