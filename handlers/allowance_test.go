package handlers_test

import (
	"net/http"
	"strings"
	"testing"

	"codexible/handlers"
	"codexible/handlers/monitor"
	"codexible/keys"
)

func TestPlansAndKeysAreLimitedToModels(t *testing.T) {
	var watched *monitor.Monitor
	each(t, func(t *testing.T, s *service) {
		change := func(says, as, path, body string, status int, want string) call {
			return call{says: says, as: as, method: "PATCH", path: path, body: body, status: status, want: want}
		}
		asked := func(as, model, code string) call {
			return call{says: as + " asks for " + model, as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$` + as + `.key","model":"` + model + `","credits":1}`, status: 200,
				want: verdictOf(code, `"*"`, noHold)}
		}
		const wider = `{"error":{"code":"insufficient_scope","message":"This key cannot %s a key for models that it cannot use itself. Send models within its own: large, small.","status":403,"request_id":"*"}}`
		s.run(t, []call{
			asked("ada", "tiny", "VALID"),
			change("a plan has models", "root", "/api/admin/plans/$plan.pro", `{"models":[" large ","small","tiny"]}`, 200, ""),
			asked("ada", "tiny", "VALID"), asked("ada", "other", "MODEL_NOT_ALLOWED"),
			{says: "without a charge too", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","model":"other"}`, status: 200, want: verdictOf("MODEL_NOT_ALLOWED", `"*"`, noHold)},
			{says: "and for a hold", as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$ada.key","model":"other","hold":{"credits":0}}`, status: 200, want: verdictOf("MODEL_NOT_ALLOWED", `"*"`, noHold)},
			{says: "in a batch", as: "gate", method: "POST", path: "/api/keys/verify/batch", body: `{"verifications":[{"key":"$ada.key","model":"other"},{"key":"$ada.key"}]}`, status: 200,
				want: "[" + verdictOf("MODEL_NOT_ALLOWED", `"*"`, noHold) + "," + verdictOf("VALID", `"*"`, noHold) + "]"},
			{says: "a key has models", as: "ada", method: "POST", path: "/api/keys", body: `{"label":"Program","models":["large","small"]}`, status: 200, keep: "program"},
			asked("program", "large", "VALID"), asked("program", "tiny", "MODEL_NOT_ALLOWED"),
			{says: "it gives no key for all", as: "program", method: "POST", path: "/api/keys", status: 403, want: filled(wider, "create")},
			{says: "nor for another", as: "program", method: "POST", path: "/api/keys", body: `{"models":["small","tiny"]}`, status: 403, want: filled(wider, "create")},
			{says: "but one for less", as: "program", method: "POST", path: "/api/keys", body: `{"label":"Child","models":["small"]}`, status: 200, keep: "child"},
			change("it does not widen itself", "program", "/api/keys/$program.id", `{"models":null}`, 403, filled(wider, "make of it")),
			change("the owner does", "ada", "/api/keys/$program.id", `{"models":null}`, 200, ""),
			asked("program", "tiny", "VALID"),
			change("an operator limits it", "root", "/api/admin/tokens/$program.id", `{"models":["tiny"]}`, 200, ""),
			asked("program", "large", "MODEL_NOT_ALLOWED"),
			change("which the owner cannot remove", "ada", "/api/keys/$program.id", `{"models":null}`, 403, ""),
			change("nor widen", "ada", "/api/keys/$program.id", `{"models":["tiny","large"]}`, 403, ""),
			change("the operator can", "root", "/api/admin/tokens/$program.id", `{"models":null}`, 200, ""),
			{says: "an operator makes one", as: "root", method: "POST", path: "/api/admin/tokens", body: `{"user_id":"$ada.user","label":"Given","models":["large"]}`, status: 200, keep: "given"},
			{says: "which is listed", as: "root", method: "GET", path: "/api/admin/tokens?q=given", status: 200,
				want: `[{"id":"$given.id","user_id":"$ada.user","user_email":"*","prefix":"*","label":"Given","status":"active","created_at":"*","last_used_at":null,"revoked_at":null,"expires_at":null,
					"scopes":"*","allowed_addresses":[],"models":["large"],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"created_by":"root@example.com","created_by_key_id":"$root.id"}]`},
			change("a plan has all models again", "root", "/api/admin/plans/$plan.pro", `{"models":null}`, 200, ""),
			asked("ada", "other", "VALID"),
		})
		if n := watched.Refusals.Pending(keys.ModelNotAllowed); n != 6 {
			t.Errorf("%d refusals for a model are counted, want 6", n)
		}
		for _, c := range []call{
			{as: "ada", method: "PATCH", path: "/api/keys/$ada.id"}, {as: "root", method: "PATCH", path: "/api/admin/tokens/$ada.id"}, {as: "root", method: "PATCH", path: "/api/admin/plans/$plan.pro"},
			{as: "ada", method: "POST", path: "/api/keys"},
		} {
			for _, models := range []string{`[]`, `"large"`, `["a","a"]`, `[1]`, `["a b"]`, `[null]`, `{}`, `["` + text(201) + `"]`} {
				c.body, c.status = `{"models":`+models+`}`, 422
				if fields := fieldsOf(t, s.call(t, c)); len(fields) != 1 || fields["models"] == nil {
					t.Errorf("%s %s %s: the wrong fields are %v", c.method, c.path, c.body, fields)
				}
			}
		}
	}, func(p *handlers.Parts) {
		withMonitor(p, func(*monitor.Parts) {})
		watched = p.Monitor
	})
}

func TestTheModelsOfPlansAndKeysAreSetInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/keys/new").submit("/admin/keys/new", "email", "bob@example.com", "models", "large,large").sees(http.StatusUnprocessableEntity, "Must have names of 1 to 200 printable characters", "large,large</textarea>")
		v.submit("/admin/keys/new", "email", "bob@example.com", "models", "large, small\r\ntiny").sees(http.StatusOK, "It is not shown again")
		recordSecret(shownKey.FindString(v.page))
		id := listKeys(t, s, "bob.user")[0].String()
		v.get("/admin/keys/"+id).sees(http.StatusOK, "large, small, tiny")
		edit, rest := "/admin/keys/"+id+"/edit", []string{"label", "Default", "scopes", "models", "scopes", "usage", "scopes", "keys"}
		v.get(edit).sees(http.StatusOK, "large\nsmall\ntiny</textarea>")
		v.submit(edit, append(rest, "models", "large\nsmall")...).redirected("/admin/keys/"+id+"?done=key-changed").sees(http.StatusOK, "models from large small tiny to large small")
		s.call(t, call{says: "its owner cannot widen it", as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"models":null}`, status: 403})
		v.get(edit).submit(edit, append(rest, "models", " \n")...).redirected("/admin/keys/"+id+"?done=key-changed").sees(http.StatusOK, "All of the plan")
		s.call(t, call{says: "what the operator removed is free", as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"models":["large"]}`, status: 200})
		// What the form leaves as it is, is not the operator's: the owner may loosen it.
		v.get(edit).submit(edit, append(rest, "models", "large")...).redirected("/admin/keys/" + id + "?done=key-changed")
		s.call(t, call{as: "bob", method: "PATCH", path: "/api/keys/" + id, body: `{"models":null}`, status: 200})

		plan := []string{"name", "Pro", "daily_credit_limit", "250", "rate_limit_per_minute", "100", "max_keys", "20", "price", "30", "position", "1", "is_default", "false", "features", "{}"}
		edit = "/admin/plans/$plan.pro/edit"
		v.get(edit).submit(edit, append(plan, "models", "a b a")...).sees(http.StatusUnprocessableEntity, "Must have names of 1 to 200 printable characters")
		v.submit(edit, append(plan, "models", "a b c d e f g")...).redirected("/admin/plans?done=plan-changed").sees(http.StatusOK, "a, b, c, d, e and 2 more")
		v.get("/admin/users/$bob.user/plan").submit("/admin/users/$bob.user/plan", "plan", "Pro").sees(http.StatusOK, "Models: a, b, c, d, e and 2 more instead of all.")
		v.get(edit).sees(http.StatusOK, "a\nb\nc\nd\ne\nf\ng</textarea>").submit(edit, append(plan, "models", "")...).redirected("/admin/plans?done=plan-changed")
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/plans", status: 200, lacks: []string{`"models":[`}})
	})
}

func filled(format, word string) string { return strings.Replace(format, "%s", word, 1) }

func text(n int) string { return strings.Repeat("x", n) }
