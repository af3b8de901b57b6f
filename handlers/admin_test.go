package handlers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAdminsManageUsers(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a user is created", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":" Eve@Example.com ","name":"Eve","plan":"BUSINESS"}`, status: 200, keep: "eve",
				want: `{"id":"*","email":"Eve@Example.com","name":"Eve","status":"active","plan":"Business","role":"user","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":0,"credits_used_today":0,"created_at":"2026-03-04T12:00:02Z"}`},
			{says: "an e-mail is unique without case", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"eVE@example.COM","plan":"pro"}`, status: 409},
			{says: "every wrong field is reported at once", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"no","name":"a\tb","role":"king"}`, status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"email":"*","name":"*","plan":"is required","role":"must be user, service, viewer or admin"}}}`},
			{says: "an e-mail has to be one", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"not an e-mail","plan":"pro"}`, status: 422},
			{says: "a plan has to exist", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"x@example.com","plan":"gold"}`, status: 422},
			{says: "a body is needed", as: "root", method: "POST", path: "/api/admin/users", status: 400},
			{says: "a foreign media type", as: "root", method: "POST", path: "/api/admin/users", body: `a=b`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415},

			{says: "a user is changed", as: "root", method: "PATCH", path: "/api/admin/users/$eve.id", body: `{"name":"Eva","plan":"pro","role":"service"}`, status: 200,
				want: `{"id":"$eve.id","email":"Eve@Example.com","name":"Eva","status":"active","plan":"Pro","role":"service","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":0,"credits_used_today":0,"created_at":"*"}`},
			{says: "a name is removed by null", as: "root", method: "PATCH", path: "/api/admin/users/$eve.id", body: `{"name":null}`, status: 200,
				want: `{"id":"$eve.id","email":"Eve@Example.com","name":null,"status":"active","plan":"Pro","role":"service","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":0,"credits_used_today":0,"created_at":"*"}`},
			{says: "a user is suspended", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"status":"suspended"}`, status: 200},
			{says: "whose keys stop at once", as: "ada", method: "GET", path: "/api/keys", status: 403},
			{says: "a user is reactivated", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"status":"active","plan":null,"role":null}`, status: 200,
				want: `{"id":"$ada.user","email":"ada@example.com","name":"Ada Lovelace","status":"active","plan":"Pro","role":"user","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":2,"credits_used_today":0,"created_at":"*"}`},
			{says: "whose keys work at once", as: "ada", method: "GET", path: "/api/keys", status: 200},
			{says: "a status has to be one", as: "root", method: "PATCH", path: "/api/admin/users/$ada.user", body: `{"status":"deleted"}`, status: 422},
			{says: "a body is needed no more than its fields", as: "root", method: "PATCH", path: "/api/admin/users/$eve.id", status: 200},
			{says: "a body has to be an object", as: "root", method: "PATCH", path: "/api/admin/users/$eve.id", body: `"x"`, status: 400},
			{says: "a user that does not exist", as: "root", method: "PATCH", path: "/api/admin/users/0190163d-8694-739b-aea5-966c26f8ad91", body: `{"name":"x"}`, status: 404},
			{says: "an id that is none", as: "root", method: "PATCH", path: "/api/admin/users/x", body: `{"name":"x"}`, status: 404},

			{says: "users are listed, the newest first", as: "root", method: "GET", path: "/api/admin/users?limit=2", status: 200,
				want: `["*",{"id":"$root.user","email":"root@example.com","name":null,"status":"active","plan":"Business","role":"admin","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":1,"credits_used_today":0,"created_at":"2026-03-04T12:00:00Z"}]`},
			{says: "the next page by offset", as: "root", method: "GET", path: "/api/admin/users?limit=1&offset=1", status: 200, want: `[{"id":"$root.user","email":"*","name":null,"status":"*","plan":"*","role":"*","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":"*","credits_used_today":"*","created_at":"*"}]`},
			{says: "the next page after an id", as: "root", method: "GET", path: "/api/admin/users?limit=1&after=$root.user", status: 200, want: `[{"id":"$gate.user","email":"*","name":null,"status":"*","plan":"*","role":"*","external_id":null,"metadata":{},"note":"","erased_at":null,"key_count":"*","credits_used_today":"*","created_at":"*"}]`},
			{says: "a search by part of a name, without case", as: "root", method: "GET", path: "/api/admin/users?q=LOVE", status: 200, lacks: []string{"bob@"}, want: `["*"]`},
			{says: "a percent sign stands for itself", as: "root", method: "GET", path: "/api/admin/users?q=%25%25%25", status: 200, want: `[]`},
			{says: "a short search is from the beginning", as: "root", method: "GET", path: "/api/admin/users?q=bo", status: 200, want: `["*"]`},
			{says: "a limit has bounds", as: "root", method: "GET", path: "/api/admin/users?limit=201&offset=10001&after=1&q=%00", status: 422,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"limit":"*","offset":"*","after":"*","q":"*"}}}`},
		})
	})
}

func TestAdminsManageAllKeys(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a key is created for a user", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$bob.user","label":"Gift"}`, status: 200, keep: "gift", want: `{"id":"*","key":"*","prefix":"*","label":"Gift"}`},
			{says: "a label need not be given", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$bob.user"}`, status: 200, want: `{"id":"*","key":"*","prefix":"*","label":"Default"}`},
			{says: "it works for that user", as: "gift", method: "GET", path: "/api/usage/today", status: 200},
			{says: "the user is required", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"label":"x"}`, status: 422},
			{says: "the user has to be an id", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"bob"}`, status: 422},
			{says: "the user has to exist", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"0190163d-8694-739b-aea5-966c26f8ad91"}`, status: 404},
			{says: "a body is needed", as: "root", method: "POST", path: "/api/admin/tokens", status: 400},
			{says: "a foreign media type", as: "root", method: "POST", path: "/api/admin/tokens", body: `{}`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415},

			{says: "keys are listed across all users", as: "root", method: "GET", path: "/api/admin/tokens?q=gift", status: 200, lacks: []string{"$gift.key"},
				want: `[{"id":"$gift.id","user_id":"$bob.user","user_email":"bob@example.com","prefix":"$gift.prefix","label":"Gift","status":"active","created_at":"*","last_used_at":null,"revoked_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"root@example.com","created_by_key_id":"$root.id"}]`},
			{says: "a key is found by its prefix", as: "root", method: "GET", path: "/api/admin/tokens?q=$ada.revoked.prefix", status: 200,
				want: `[{"id":"$ada.revoked.id","user_id":"$ada.user","user_email":"ada@example.com","prefix":"$ada.revoked.prefix","label":"revoked","status":"revoked","created_at":"*","last_used_at":null,"revoked_at":"2026-03-04T12:00:02Z","expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"cli","created_by_key_id":null}]`},
			{says: "and by its owner's name", as: "root", method: "GET", path: "/api/admin/tokens?q=lovelace&limit=1", status: 200, want: `["*"]`},
			{says: "a query has bounds", as: "root", method: "GET", path: "/api/admin/tokens?limit=0", status: 422},

			{says: "a key is changed", as: "root", method: "PATCH", path: "/api/admin/tokens/$gift.id", body: `{"label":"Present","expires_at":"2026-12-24T00:00:00Z"}`, status: 200, want: `{"updated":true}`},
			{says: "a change is checked", as: "root", method: "PATCH", path: "/api/admin/tokens/$gift.id", body: `{"label":7}`, status: 422},
			{says: "a changed body is an object", as: "root", method: "PATCH", path: "/api/admin/tokens/$gift.id", body: `{`, status: 400},
			{says: "a change's media type", as: "root", method: "PATCH", path: "/api/admin/tokens/$gift.id", body: `{}`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415},
			{says: "a revoked key is not changed", as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.revoked.id", body: `{"label":"x"}`, status: 404},
			{says: "a key is rotated", as: "root", method: "POST", path: "/api/admin/tokens/$gift.id/rotate", body: `{"grace_seconds":0}`, status: 200, keep: "rotated", want: `{"id":"$gift.id","key":"*","prefix":"*","label":"Present"}`},
			{says: "its old secret stops", as: "gift", method: "GET", path: "/api/keys", status: 401},
			{says: "its new secret works", as: "rotated", method: "GET", path: "/api/keys", status: 200},
			{says: "a grace is checked", as: "root", method: "POST", path: "/api/admin/tokens/$gift.id/rotate", body: `{"grace_seconds":-1}`, status: 422},
			{says: "a key that does not exist", as: "root", method: "POST", path: "/api/admin/tokens/0190163d-8694-739b-aea5-966c26f8ad91/rotate", status: 404},
			{says: "a key is revoked", as: "root", method: "DELETE", path: "/api/admin/tokens/$gift.id", status: 200, want: `{"deleted":true}`},
			{says: "which stops it at once", as: "rotated", method: "GET", path: "/api/keys", status: 401},
			{says: "a key is revoked once", as: "root", method: "DELETE", path: "/api/admin/tokens/$gift.id", status: 404},
		})
	})
}

func TestAdminsManagePlans(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a plan is created by name and credits", as: "root", method: "POST", path: "/api/admin/plans", body: `{"name":"Team","daily_credit_limit":1000}`, status: 200, keep: "team",
				want: `{"id":"*","name":"Team","daily_credit_limit":1000,"price_cents":0,"rate_limit_per_minute":100,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":3,"is_default":false,"max_keys":20,"models":null,"features":{},"archived":false}`},
			{says: "a plan is created with everything", as: "root", method: "POST", path: "/api/admin/plans", status: 200,
				body: `{"name":"Free","daily_credit_limit":0,"price_cents":1000000000,"rate_limit_per_minute":1,"user_rate_limit_per_minute":3,"monthly_credit_limit":0,"user_concurrency_limit":1000000,"position":0,"max_keys":10000,"models":["coder-large"," small "],"features":{"beta":[1,{"a":null}]},"archived":true}`,
				want: `{"id":"*","name":"Free","daily_credit_limit":0,"price_cents":1000000000,"rate_limit_per_minute":1,"user_rate_limit_per_minute":3,"monthly_credit_limit":0,"user_concurrency_limit":1000000,"position":0,"is_default":false,"max_keys":10000,"models":["coder-large","small"],"features":{"beta":[1,{"a":null}]},"archived":true}`},
			{says: "a name is unique without case", as: "root", method: "POST", path: "/api/admin/plans", body: `{"name":"tEAM","daily_credit_limit":1}`, status: 409},
			{says: "every wrong field is reported at once", as: "root", method: "POST", path: "/api/admin/plans", status: 422,
				body: `{"name":null,"monthly_credit_limit":-1,"user_concurrency_limit":0,"price_cents":-1,"rate_limit_per_minute":0,"features":[],"archived":"no","models":["a","a"]}`,
				want: `{"error":{"code":"validation_failed","message":"*","status":422,"request_id":"*","fields":{"name":"is required","monthly_credit_limit":"must be a whole number, 0 to 1000000000","user_concurrency_limit":"must be a whole number, 1 to 1000000","daily_credit_limit":"is required","price_cents":"*","rate_limit_per_minute":"*","features":"*","models":"must be an array of at most 200 different strings of 1 to 200 characters","archived":"must be true or false"}}}`},
			{says: "features are bounded", as: "root", method: "POST", path: "/api/admin/plans", body: `{"name":"Big","daily_credit_limit":1,"features":{"a":"` + strings.Repeat("x", 16384) + `"}}`, status: 422},
			{says: "a body is needed", as: "root", method: "POST", path: "/api/admin/plans", status: 400},
			{says: "a foreign media type", as: "root", method: "POST", path: "/api/admin/plans", body: `{}`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415},

			{says: "a plan is changed", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"daily_credit_limit":5,"features":{"fast":true}}`, status: 200,
				want: `{"id":"$plan.pro","name":"Pro","daily_credit_limit":5,"price_cents":3000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":1,"is_default":false,"max_keys":20,"models":null,"features":{"fast":true},"archived":false}`},
			{says: "a month and requests at once are set", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"monthly_credit_limit":5000,"user_concurrency_limit":7}`, status: 200,
				want: `{"id":"$plan.pro","name":"Pro","daily_credit_limit":5,"price_cents":3000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":5000,"user_concurrency_limit":7,"position":1,"is_default":false,"max_keys":20,"models":null,"features":{"fast":true},"archived":false}`},
			{says: "null removes one and leaves the other", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"monthly_credit_limit":null}`, status: 200,
				want: `{"id":"$plan.pro","name":"Pro","daily_credit_limit":5,"price_cents":3000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":7,"position":1,"is_default":false,"max_keys":20,"models":null,"features":{"fast":true},"archived":false}`},
			{says: "a month has bounds", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"monthly_credit_limit":1000000001,"user_concurrency_limit":1000001}`, status: 422},
			{says: "requests at once are removed", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"user_concurrency_limit":null}`, status: 200},
			{says: "which counts from the next charge on", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":6}`, status: 429},
			{says: "a name that is taken", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"name":"team"}`, status: 409},
			{says: "a change is checked", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"daily_credit_limit":1000000001}`, status: 422},
			{says: "a change is an object", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `[{}]`, status: 400},
			{says: "a change's media type", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{}`, header: http.Header{"Content-Type": {"text/plain"}}, status: 415},
			{says: "a plan that does not exist", as: "root", method: "PATCH", path: "/api/admin/plans/$ada.user", body: `{}`, status: 404},
			{says: "a plan is archived", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"archived":true}`, status: 200},
			{says: "which takes no new users", as: "root", method: "POST", path: "/api/admin/users", body: `{"email":"late@example.com","plan":"pro"}`, status: 422},
			{says: "and keeps those it has", as: "ada", method: "GET", path: "/api/usage/today", status: 200},
			{says: "the default plan is another one", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.business", body: `{"is_default":true}`, status: 200},
			{says: "an archived plan is not the default", as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro", body: `{"is_default":true}`, status: 422},
			{says: "plans are listed by their positions", as: "root", method: "GET", path: "/api/admin/plans", status: 200,
				want: `[{"id":"$plan.starter","name":"Starter","daily_credit_limit":75,"price_cents":1000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":0,"is_default":false,"max_keys":20,"models":null,"features":{},"archived":false},
					"*",
					{"id":"$plan.pro","name":"Pro","daily_credit_limit":5,"price_cents":3000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":1,"is_default":false,"max_keys":20,"models":null,"features":{"fast":true},"archived":true},
					{"id":"$plan.business","name":"Business","daily_credit_limit":500,"price_cents":5000,"rate_limit_per_minute":1000000,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":2,"is_default":true,"max_keys":20,"models":null,"features":{},"archived":false},
					{"id":"$team.id","name":"Team","daily_credit_limit":1000,"price_cents":0,"rate_limit_per_minute":100,"user_rate_limit_per_minute":null,"monthly_credit_limit":null,"user_concurrency_limit":null,"position":3,"is_default":false,"max_keys":20,"models":null,"features":{},"archived":false}]`},
		})
	})
}

func TestAdminsSeeTheServiceAndItsAuditLog(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.run(t, []call{
			{says: "a charge to count", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":4}`, status: 200},
			{says: "the service in numbers", as: "root", method: "GET", path: "/api/admin/status", status: 200,
				want: `{"user_count":5,"active_token_count":6,"today_credits_used":4,"integration":{"enabled":false,"upstream_url":"","management_url":"","upstream_reachable":false,"management_reachable":false,"last_error":null}}`},
			{says: "a change by a person", as: "root", method: "PATCH", path: "/api/admin/users/$bob.user", body: `{"plan":"pro"}`, status: 200},
			{says: "the change is in the log", as: "root", method: "GET", path: "/api/admin/logs?limit=1", status: 200,
				want: `{"logs":[{"timestamp":"2026-03-04T12:00:02Z","actor":"root@example.com","key":"$root.prefix","action":"user.changed","target":"bob@example.com","details":"Changed user bob@example.com: plan from Starter to Pro."}],"next":"*"}`},
			{says: "a search", as: "root", method: "GET", path: "/api/admin/logs?q=SUSPENDED", status: 200,
				want: `{"logs":[{"timestamp":"*","actor":"cli","key":"","action":"user.suspended","target":"sam@example.com","details":"Changed user sam@example.com: status from active to suspended."}],"next":null}`},
			{says: "a search that finds nothing", as: "root", method: "GET", path: "/api/admin/logs?q=%5f%5f%5f", status: 200, want: `{"logs":[],"next":null}`},
			{says: "the log holds no key", as: "root", method: "GET", path: "/api/admin/logs?limit=500", status: 200, lacks: []string{"$ada.key", "$root.key", "$ada.revoked.key"}},
			{says: "a limit has bounds", as: "root", method: "GET", path: "/api/admin/logs?limit=501", status: 422},
		})
	})
}

func TestTheAdminAPIIsForAdminsAlone(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		var table []call
		for _, route := range []string{
			"GET status", "GET users", "POST users", "PATCH users/$ada.user", "GET tokens", "POST tokens", "PATCH tokens/$ada.id", "DELETE tokens/$ada.id",
			"POST tokens/$ada.id/rotate", "GET plans", "POST plans", "PATCH plans/$plan.pro", "GET logs",
		} {
			method, path, _ := strings.Cut(route, " ")
			for _, as := range []string{"", "ada", "gate", "sam", "ada.revoked"} {
				status := 403
				if as == "" || as == "ada.revoked" {
					status = 401
				}
				table = append(table, call{
					says: fmt.Sprintf("%s as %q", route, as), as: as, method: method, path: "/api/admin/" + path, status: status,
					lacks: []string{"ada@example.com", "$ada.prefix", "Starter"},
				})
			}
		}
		s.run(t, table)
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
	})
}
