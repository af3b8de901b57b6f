package handlers_test

import (
	"net/http"
	"strconv"
	"strings"
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
					"scopes":["models","usage"],"allowed_addresses":["10.0.0.0/8","127.0.0.1"],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"}]`},
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
				want: `{"valid":false,"code":"DISABLED","key_id":"$program.id","user":"*","key":{"label":"Program","scopes":["models","usage"],"metadata":{}},"features":{},"credits":"*","rate_limit":"*","hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`},
			{says: "it is enabled", as: "ada", method: "PATCH", path: "/api/keys/$program.id", body: `{"status":"active"}`, status: 200},
			{says: "and works", as: "program", method: "GET", path: "/api/usage/today", status: 200},

			{says: "an operator grants everything", as: "root", method: "POST", path: "/api/admin/tokens", status: 200, keep: "given",
				body: `{"user_id":"$ada.user","label":"Given","scopes":["charge","keys"],"allowed_addresses":["127.0.0.0/8"],"expires_at":"2026-03-04T13:00:00Z","status":"disabled"}`},
			{says: "which is listed", as: "root", method: "GET", path: "/api/admin/tokens?q=given", status: 200,
				want: `[{"id":"$given.id","user_id":"$ada.user","user_email":"ada@example.com","prefix":"$given.prefix","label":"Given","status":"disabled","created_at":"*","last_used_at":null,"revoked_at":null,
					"expires_at":"2026-03-04T13:00:00Z","scopes":["keys","charge"],"allowed_addresses":["127.0.0.0/8"],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"root@example.com","created_by_key_id":"$root.id"}]`},
			{says: "its owner sees no operator's e-mail", as: "ada", method: "GET", path: "/api/keys?limit=1", status: 200, lacks: []string{"root@", "$root.id"},
				want: `[{"id":"$given.id","prefix":"$given.prefix","label":"Given","status":"disabled","created_at":"*","last_used_at":null,"expires_at":"2026-03-04T13:00:00Z",
					"scopes":["keys","charge"],"allowed_addresses":["127.0.0.0/8"],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null}]`},
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

func TestKeysTakeAndReturnTheirOwnLimits(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		listed := func(says, limits string) call {
			return call{says: says, as: "ada", method: "GET", path: "/api/keys?limit=1", status: 200,
				want: `[{"id":"$program.id","prefix":"*","label":"Program","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],
					"allowed_addresses":[],` + limits + `,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"}]`}
		}
		change := func(says, as, path, body string, status int) call {
			return call{says: says, as: as, method: "PATCH", path: path, body: body, status: status}
		}
		const all = `"daily_credit_limit":50,"rate_limit_per_minute":30,"concurrency_limit":4`
		wider := func(name, most string) string {
			return `{"error":{"code":"insufficient_scope","message":"This key cannot create a key whose ` + name + ` is greater than its own, ` + most + `, or is not set. Send a ` + name + ` of ` + most + ` or less.","status":403,"request_id":"*"}}`
		}
		s.run(t, []call{
			{says: "a key with limits", as: "ada", method: "POST", path: "/api/keys", body: `{"label":"Program",` + all + `}`, status: 200, keep: "program"},
			listed("is listed with them", all),
			{says: "it gives no key without them", as: "program", method: "POST", path: "/api/keys", status: 403, want: wider("daily_credit_limit", "50")},
			{says: "nor a wider one", as: "program", method: "POST", path: "/api/keys", body: `{"daily_credit_limit":50,"rate_limit_per_minute":31,"concurrency_limit":4}`, status: 403, want: wider("rate_limit_per_minute", "30")},
			{says: "nor one without a limit at once", as: "program", method: "POST", path: "/api/keys", body: `{"daily_credit_limit":50,"rate_limit_per_minute":30,"concurrency_limit":null}`, status: 403, want: wider("concurrency_limit", "4")},
			change("it does not widen itself", "program", "/api/keys/$program.id", `{"daily_credit_limit":51}`, 403),
			change("it tightens itself", "program", "/api/keys/$program.id", `{"daily_credit_limit":49}`, 200),
			change("null removes a limit, and what is absent stays", "ada", "/api/keys/$program.id", `{"daily_credit_limit":null,"rate_limit_per_minute":29}`, 200),
			listed("as the list shows", `"daily_credit_limit":null,"rate_limit_per_minute":29,"concurrency_limit":4`),
			change("an operator limits it", "root", "/api/admin/tokens/$program.id", `{"daily_credit_limit":0,"concurrency_limit":1000000}`, 200),
			listed("which its owner sees", `"daily_credit_limit":0,"rate_limit_per_minute":29,"concurrency_limit":1000000`),
			change("and cannot loosen", "ada", "/api/keys/$program.id", `{"daily_credit_limit":1}`, 403),
			change("nor remove", "ada", "/api/keys/$program.id", `{"concurrency_limit":null}`, 403),
			change("a limit of the owner's own goes", "ada", "/api/keys/$program.id", `{"rate_limit_per_minute":null}`, 200),
			{says: "an operator makes a key with limits", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user","label":"Given",` + all + `}`, status: 200, keep: "given"},
			{says: "which is listed with them", as: "root", method: "GET", path: "/api/admin/tokens?q=given", status: 200,
				want: `[{"id":"$given.id","user_id":"$ada.user","user_email":"ada@example.com","prefix":"$given.prefix","label":"Given","status":"active","created_at":"*","last_used_at":null,"revoked_at":null,
					"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],` + all + `,"metadata":{},"models":null,"created_by":"root@example.com","created_by_key_id":"$root.id"}]`},
		})
		if a := s.call(t, call{as: "given", method: "GET", path: "/api/dashboard/overview", status: 200}); !strings.Contains(string(a.text), all) {
			t.Errorf("the overview does not show the calling key's limits: %s", a.text)
		}
		for _, path := range []string{"/api/keys/$program.id", "/api/admin/tokens/$program.id"} {
			for _, body := range []string{
				`{"user_id":"$ada.user","daily_credit_limit":-1,"rate_limit_per_minute":0,"concurrency_limit":0}`, `{"user_id":"$ada.user","daily_credit_limit":1000000001,"rate_limit_per_minute":1000001,"concurrency_limit":1000001}`,
				`{"user_id":"$ada.user","daily_credit_limit":1.5,"rate_limit_per_minute":"3","concurrency_limit":true}`,
			} {
				as := map[bool]string{true: "ada", false: "root"}[path[5] == 'k']
				refused := change("limits have bounds", as, path, body, 422)
				refused.want = `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"daily_credit_limit":"must be a whole number, 0 to 1000000000",
					"rate_limit_per_minute":"must be a whole number, 1 to 1000000","concurrency_limit":"must be a whole number, 1 to 1000000"}}}`
				s.call(t, refused)
				refused.method, refused.path = "POST", strings.TrimSuffix(path, "/$program.id")
				s.call(t, refused)
			}
		}
	})
}

// Of the key's and the plan's limit the smaller counts, also in the headers.
func TestTheSmallerOfTheKeysAndThePlansLimitIsEnforced(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		plan := func(body string) {
			s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: body, status: 200})
		}
		key := func(body string) {
			s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.id", body: body, status: 200})
		}
		today := call{as: "ada", method: "GET", path: "/api/usage/today", status: 200}
		plan(`{"rate_limit_per_minute":3}`)
		s.clock.Add(61 * time.Second)
		s.expectWindow(t, today, window{"3", "2", "0", ""})
		key(`{"rate_limit_per_minute":2}`)
		s.expectWindow(t, today, window{"2", "0", "60", ""})
		today.status = 429
		s.expectWindow(t, today, window{"2", "0", "60", "60"})
		key(`{"rate_limit_per_minute":9}`)
		today.status = 200
		s.expectWindow(t, today, window{"3", "0", "60", ""})
		plan(`{"rate_limit_per_minute":1000}`)

		verify := func(as, more, code, credits string) answer {
			valid, hold := code == "VALID", "null"
			if valid && strings.Contains(more, "hold") {
				hold = `"*"`
			}
			return s.call(t, call{says: code, as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$` + as + `.key"` + more + `}`, status: 200, keep: "held",
				want: `{"valid":` + strconv.FormatBool(valid) + `,"code":"` + code + `","key_id":"$` + as + `.id","user":"*","key":"*","features":{},"credits":` + credits + `,"rate_limit":"*","hold_id":` + hold + `,"hold_status":` + hold + `,"price_id":null,"duplicate":false}`})
		}
		key(`{"rate_limit_per_minute":null}`)
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", body: `{"label":"Second"}`, status: 200, keep: "second"})
		key(`{"daily_credit_limit":10,"concurrency_limit":1}`)
		verify("ada", `,"credits":11`, "QUOTA_EXCEEDED", `{"used":0,"held":0,"limit":250,"granted":0,"remaining":10,"resets_at":"2026-03-05T00:00:00Z","month":null}`)
		verify("ada", `,"hold":{"credits":4}`, "VALID", `{"used":0,"held":4,"limit":250,"granted":0,"remaining":6,"resets_at":"2026-03-05T00:00:00Z","month":null}`)
		verify("ada", `,"hold":{"credits":0}`, "CONCURRENCY_LIMITED", `{"used":0,"held":4,"limit":250,"granted":0,"remaining":6,"resets_at":"2026-03-05T00:00:00Z","month":null}`)
		verify("ada", `,"credits":7`, "QUOTA_EXCEEDED", `"*"`)
		plan(`{"user_concurrency_limit":2,"monthly_credit_limit":100}`)
		const month = `"resets_at":"2026-03-05T00:00:00Z","month":{"used":0,"held":5,"limit":100,"remaining":95,"resets_at":"2026-04-01T00:00:00Z"}}`
		verify("second", `,"hold":{"credits":1}`, "VALID", `{"used":0,"held":5,"limit":250,"granted":0,"remaining":95,`+month)
		s.call(t, call{as: "gate", method: "POST", path: "/api/holds/$held.hold_id/release", status: 200})
		verify("second", `,"hold":{"credits":1}`, "VALID", `{"used":0,"held":5,"limit":250,"granted":0,"remaining":95,`+month)
		verify("second", `,"hold":{"credits":1}`, "CONCURRENCY_LIMITED", `{"used":0,"held":5,"limit":250,"granted":0,"remaining":95,`+month)
		verify("second", `,"credits":96`, "QUOTA_EXCEEDED", `{"used":0,"held":5,"limit":250,"granted":0,"remaining":95,`+month)
		verify("second", `,"credits":95`, "VALID", `{"used":95,"held":5,"limit":250,"granted":0,"remaining":0,"resets_at":"2026-03-05T00:00:00Z","month":{"used":95,"held":5,"limit":100,"remaining":0,"resets_at":"2026-04-01T00:00:00Z"}}`)
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
			want: `{"valid":true,"code":"VALID","key_id":"$second.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":4,"remaining":0,"reset_seconds":60},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`})
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200,
			want: `{"valid":false,"code":"RATE_LIMITED","key_id":"$ada.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":4,"remaining":0,"reset_seconds":60},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`})
		refused := today("ada", 429)
		refused.want = `{"error":{"code":"rate_limited","message":"All keys of this user together have sent the maximum of 4 requests in 60 seconds. Try again in 60 s.","status":429,"request_id":"*"}}`
		s.expectWindow(t, refused, window{"4", "0", "60", "60"})
		s.call(t, call{as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"user_rate_limit_per_minute":null}`, status: 200})
		s.expectWindow(t, today("ada", 200), window{"3", "0", "60", ""})
	})
}
