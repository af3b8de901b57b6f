package handlers_test

import (
	"testing"
)

func TestAGrantIsUsedAfterThePlanAndRevoked(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const path = "/api/admin/users/$ada.user/grants"
		give := func(body string, status int, want string) call {
			return call{as: "root", method: "POST", path: path, body: body, status: status, want: want}
		}
		grant := func(id, used, held, left, rest string) string {
			return `{"id":"` + id + `","credits":50,"used":` + used + `,"held":` + held + `,"left":` + left + `,"note":"Invoice 4711","created_by":"root@example.com","created_at":"2026-03-04T12:00:02Z","expires_at":"2026-03-05T06:00:00Z","revoked_at":null` + rest + `}`
		}
		const body = `{"credits":50,"expires_at":"2026-03-05T06:00:00Z","note":" Invoice 4711 ","idempotency_key":"4711"}`
		first := give(body, 200, grant("*", "0", "0", "50", `,"duplicate":false`))
		first.keep = "g"
		s.call(t, first)
		s.call(t, give(body, 200, grant("$g.id", "0", "0", "50", `,"duplicate":true`)))
		s.call(t, give(`{"credits":51,"idempotency_key":"4711"}`, 409, ""))
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":260}`, status: 200,
			want: `{"recorded":true,"duplicate":false,"credits_used":260,"daily_limit":250,"remaining":40,"date":"2026-03-04"}`})
		s.call(t, held("h", `{"credits":15}`))
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200,
			want: verdictOf("VALID", `{"used":260,"held":15,"limit":250,"granted":25,"remaining":25,"resets_at":"2026-03-05T00:00:00Z","month":null}`, noHold)})
		s.call(t, call{as: "root", method: "GET", path: path, status: 200, want: `[` + grant("$g.id", "10", "15", "25", "") + `]`})
		s.call(t, call{as: "root", method: "DELETE", path: "/api/admin/users/$bob.user/grants/$g.id", status: 404})
		s.call(t, call{as: "root", method: "DELETE", path: path + "/$g.id", status: 200, want: `{"revoked":true,"credits":25}`})
		s.call(t, call{as: "root", method: "DELETE", path: path + "/$g.id", status: 404})
		s.call(t, settle("h", `{"credits":20}`, 200, `{"charged":15,"uncollected":5,"duplicate":false,"price_id":null,"priced_at":null,"credits":{"used":275,"held":0,"limit":250,"granted":0,"remaining":0,"resets_at":"2026-03-05T00:00:00Z","month":null}}`))
		s.call(t, call{as: "root", method: "GET", path: path, status: 200, want: `[{"id":"$g.id","credits":50,"used":25,"held":0,"left":0,"note":"*","created_by":"*","created_at":"*","expires_at":"*","revoked_at":"2026-03-04T12:00:02Z"}]`})
		s.call(t, give(`{"credits":1}`, 200, `{"id":"*","credits":1,"used":0,"held":0,"left":1,"note":"","created_by":"*","created_at":"*","expires_at":null,"revoked_at":null,"duplicate":false}`))
		s.call(t, call{as: "root", method: "GET", path: path + "?limit=1&offset=1", status: 200, want: `[{"id":"$g.id","credits":"*","used":"*","held":"*","left":"*","note":"*","created_by":"*","created_at":"*","expires_at":"*","revoked_at":"*"}]`})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/logs?q=grant.&limit=10", status: 200, want: `{"logs":["*","*","*"],"next":null}`})
		for _, wrong := range []string{`{}`, `{"credits":0}`, `{"credits":-1}`, `{"credits":1000000001}`, `{"credits":1.5}`, `{"credits":1,"expires_at":"2026-03-04T12:00:00Z"}`, `{"credits":1,"expires_at":"2026-03-05"}`, `{"credits":1,"idempotency_key":""}`} {
			s.call(t, give(wrong, 422, ""))
		}
	})
}

func TestACorrectionChangesADayBesideEveryLimit(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const path = "/api/admin/users/$ada.user/corrections"
		correct := func(body string, status int, want string) call {
			return call{as: "root", method: "POST", path: path, body: body, status: status, want: want}
		}
		made := func(credits, day, rest string) string {
			return `{"id":"*","credits":` + credits + `,"day":"` + day + `","reason":"The model returned errors.","created_by":"root@example.com","created_at":"2026-03-04T12:00:02Z"` + rest + `}`
		}
		s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":250}`, status: 200})
		const back = `{"credits":-20,"reason":" The model returned errors. ","idempotency_key":"1"}`
		s.call(t, correct(back, 200, made("-20", "2026-03-04", `,"credits_used":230,"duplicate":false`)))
		s.call(t, correct(back, 200, made("-20", "2026-03-04", `,"credits_used":230,"duplicate":true`)))
		s.call(t, correct(`{"credits":-21,"reason":"The model returned errors.","idempotency_key":"1"}`, 409, ""))
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, want: verdictOf("VALID", creditsOf(230, 0, 20), noHold)})
		s.call(t, correct(`{"credits":100,"reason":"The model returned errors."}`, 200, made("100", "2026-03-04", `,"credits_used":330,"duplicate":false`)))
		s.call(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key"}`, status: 200, want: verdictOf("VALID", creditsOf(330, 0, 0), noHold)})
		s.call(t, correct(`{"credits":7,"reason":"The model returned errors.","day":"2026-03-01"}`, 200, made("7", "2026-03-01", `,"credits_used":7,"duplicate":false`)))
		s.call(t, today(330, 1))
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/history?days=4", status: 200, want: `[{"date":"2026-03-01","credits_used":7,"request_count":0,"cost_usd":0},"*","*",{"date":"2026-03-04","credits_used":330,"request_count":1,"cost_usd":0}]`})
		s.call(t, call{as: "root", method: "GET", path: path, status: 200, want: `[` + made("7", "2026-03-01", "") + `,` + made("100", "2026-03-04", "") + `,` + made("-20", "2026-03-04", "") + `]`})
		s.call(t, call{as: "root", method: "GET", path: path + "?limit=1&offset=2", status: 200, want: `[` + made("-20", "2026-03-04", "") + `]`})
		for wrong, field := range map[string]string{
			`{"reason":"r"}`: "credits", `{"credits":0,"reason":"r"}`: "credits", `{"credits":1}`: "reason", `{"credits":1,"reason":" "}`: "reason", `{"credits":1000000001,"reason":"r"}`: "credits", `{"credits":-1000000001,"reason":"r"}`: "credits",
			`{"credits":-331,"reason":"r"}`: "credits", `{"credits":-8,"reason":"r","day":"2026-03-01"}`: "credits", `{"credits":-1,"reason":"r","day":"2026-03-02"}`: "credits", `{"credits":1,"reason":"r","day":"2026-03-05"}`: "day",
			`{"credits":1,"reason":"r","day":"1999-12-31"}`: "day", `{"credits":1,"reason":"r","day":"today"}`: "day", `{"credits":1,"reason":"r","idempotency_key":""}`: "idempotency_key",
		} {
			if fields := fieldsOf(t, s.call(t, correct(wrong, 422, ""))); len(fields) != 1 || fields[field] == nil {
				t.Errorf("%s: the wrong fields are %v, want %s", wrong, fields, field)
			}
		}
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/logs?q=usage.corrected&limit=10", status: 200, want: `{"logs":["*","*","*"],"next":null}`})
	})
}

func TestGrantsAndCorrectionsNeedAUserWhoExists(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const missing = `{"error":{"code":"not_found","message":"This user does not exist.","status":404,"request_id":"*"}}`
		for _, list := range []string{"grants", "corrections"} {
			for _, c := range []call{
				{method: "GET", path: "/api/admin/users/$bob.user/" + list, status: 200, want: `[]`},
				{method: "GET", path: "/api/admin/users/$bob.id/" + list, status: 404, want: missing},
				{method: "POST", path: "/api/admin/users/$bob.id/" + list, body: `{"credits":1,"reason":"r"}`, status: 404, want: missing},
			} {
				c.as = "root"
				s.call(t, c)
				c.as, c.status, c.want = "ada", 403, ""
				s.call(t, c)
				c.as = "gate"
				s.call(t, c)
			}
		}
	})
}
