package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"codexible/handlers"
	"codexible/handlers/monitor"
	"codexible/limits"
)

func upper(method string) string { return strings.ToUpper(method) }

// concrete replaces parameters by an id that does not exist.
func concrete(pattern string) string {
	return strings.NewReplacer("{id}", "0190163d-8694-739b-aea5-966c26f8ad91", "{grant_id}", "0190163d-8694-739b-aea5-966c26f8ad91", "{delivery_id}", "0190163d-8694-739b-aea5-966c26f8ad91").Replace(pattern)
}

// bodies are bodies of requests that reach the database.
var bodies = map[string]string{
	"POST /api/auth/validate":     `{"token":"codexible_00000000000000000000000000000000"}`,
	"POST /api/session/link":      `{"email":"ada@example.com","browser":"` + secretOf("b") + `"}`,
	"POST /api/session":           `{"link":"x","browser":"` + secretOf("b") + `"}`,
	"POST /api/session/openid":    `{"browser":"` + secretOf("b") + `"}`,
	"POST /api/keys/verify":       `{"key":"codexible_00000000000000000000000000000000","credits":1}`,
	"POST /api/keys/verify/batch": `{"verifications":[{"key":"codexible_00000000000000000000000000000000","credits":1}]}`,
	"POST /api/holds/{id}/settle": `{"credits":1}`,
	"POST /api/admin/users":       `{"email":"new@example.com","plan":"Pro"}`,
	"POST /api/admin/tokens":      `{"user_id":"$ada.user"}`,
	"POST /api/admin/plans":       `{"name":"Team","daily_credit_limit":1}`,
	"PATCH /api/keys/{id}":        `{"label":"x"}`,

	"POST /api/admin/users/{id}/erase":       `{"confirm":"ada@example.com"}`,
	"POST /api/admin/users/{id}/grants":      `{"credits":1}`,
	"POST /api/admin/users/{id}/corrections": `{"credits":1,"reason":"x"}`,

	"POST /api/admin/models":        `{"name":"x"}`,
	"POST /api/admin/upstreams":     `{"name":"x","kind":"openai","base_url":"https://api.example.com/v1","keys":[{"ref":"env:UPSTREAM_X"}]}`,
	"POST /api/admin/webhooks":      `{"url":"https://hooks.example.com"}`,
	"POST /api/admin/prices":        `{"model":"x","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"}}`,
	"POST /api/admin/prices/quote":  `{"model":"x","usage":{}}`,
	"POST /api/admin/prices/import": `{"source":"shipped"}`,

	"PATCH /api/admin/models/{id}":    `{"name":"x"}`,
	"PATCH /api/admin/webhooks/{id}":  `{"enabled":true}`,
	"PATCH /api/admin/upstreams/{id}": `{"name":"x"}`,
	"PATCH /api/admin/users/{id}":     `{"name":"x"}`,
	"PATCH /api/admin/tokens/{id}":    `{"label":"x"}`,
	"PATCH /api/admin/plans/{id}":     `{"name":"x"}`,
	"POST /api/keys/{id}/rotate":      `{}`,
	"POST /api/usage":                 `{"credits":1}`,
	"POST /api/session/openid/finish": `{"code":"x","state":"x","browser":"` + secretOf("b") + `"}`,
	"GET /api/usage/detailed":         "",
	"DELETE /api/admin/tokens/{id}":   "",
}

// queries are of requests that reach the database.
var queries = map[string]string{"/api/admin/usage": "?group_by=day"}

// withoutDatabase are the paths that do not need it.
var withoutDatabase = []string{"/health", "/metrics", "/openapi.json"}

func TestWithTheDatabaseAwayNoKeyIsReportedInvalid(t *testing.T) {
	sent := make(postbox, 10)
	for _, known := range []bool{false, true} {
		each(t, func(t *testing.T, s *service) {
			s.signIn(t, sent, "ada@example.com", "session")
			if known { // the callers' keys are cached: the endpoint's own query fails
				for _, as := range []string{"ada", "gate", "root", "session"} {
					s.call(t, call{as: as, method: "GET", path: "/api/keys", status: 200})
				}
			}
			if err := s.store.Close(); err != nil {
				t.Fatal(err)
			}
			for pattern, item := range published().model.Paths.PathItems.FromOldest() {
				for method, op := range item.GetOperations().FromOldest() {
					c := call{method: upper(method), path: concrete(pattern) + queries[pattern], body: bodies[upper(method)+" "+pattern], status: 503}
					switch {
					case strings.Contains(strings.Join(withoutDatabase, " "), pattern):
						c.status = 200
					case pattern == "/api/session/options":
						c.status, c.unwindowed = 200, true
					case pattern == "/api/session" && method != "post":
						c.as = "session"
						if known && method == "get" { // all that it says is cached
							c.status = 200
						}
					case op.Tags[0] == "Verification":
						c.as = "gate"
					case op.Tags[0] == "Administration":
						c.as = "root"
					case len(op.Security) > 0:
						c.as = "ada"
					}
					s.call(t, c)
				}
			}
			s.call(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"no key can look like this"}`, status: 200, want: `{"valid":false,"user":null,"role":null,"session_source":"local","degraded":false,"message":"*"}`})
			s.call(t, call{method: "GET", path: "/api/keys", status: 401})
		}, withSignIns(sent, openToAll), withProviderForCustomers(t))
	}
}

func TestA503SaysWhatBecameOfTheRequest(t *testing.T) {
	const charge, change, signIn = "with the same idempotency key", "may not have been made", "nobody can sign in"
	each(t, func(t *testing.T, s *service) {
		browser := s.operator(t)
		for _, as := range []string{"ada", "gate", "root"} { // the endpoint's own query fails
			s.call(t, call{as: as, method: "GET", path: "/api/keys", status: 200})
		}
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		says := func(what, text, want string) {
			t.Helper()
			for _, sentence := range []string{charge, change, signIn} {
				if strings.Contains(text, sentence) != (sentence == want) {
					t.Errorf("%s is answered, want it to say %q:\n%s", what, want, text)
				}
			}
		}
		for _, c := range []struct{ as, method, path, want string }{
			{"ada", "GET", "/api/keys", ""}, {"ada", "GET", "/api/usage/history", ""}, {"ada", "GET", "/api/dashboard/overview", ""}, {"root", "GET", "/api/admin/users", ""},
			{"ada", "POST", "/api/usage", charge}, {"gate", "POST", "/api/keys/verify", charge}, {"gate", "POST", "/api/keys/verify/batch", charge},
			{"gate", "POST", "/api/holds/{id}/settle", charge}, {"gate", "POST", "/api/holds/{id}/extend", charge}, {"gate", "POST", "/api/holds/{id}/release", charge},
			{"root", "POST", "/api/admin/users/{id}/grants", change}, {"root", "POST", "/api/admin/users/{id}/corrections", change},
			{"", "POST", "/api/auth/validate", signIn},
			{"ada", "POST", "/api/keys", change}, {"ada", "PATCH", "/api/keys/{id}", change}, {"ada", "DELETE", "/api/keys/{id}", change},
			{"root", "POST", "/api/admin/users", change}, {"root", "PATCH", "/api/admin/plans/{id}", change}, {"root", "DELETE", "/api/admin/tokens/{id}", change},
		} {
			body := bodies[c.method+" "+c.path]
			says(c.method+" "+c.path, string(s.call(t, call{as: c.as, method: c.method, path: concrete(c.path), body: body, status: 503}).text), c.want)
		}
		says("a page of the console", browser.get("/admin/users").sees(503, "Temporarily unavailable").page, "")
	})
}

func TestASignInWithTheDatabaseAwaySaysThatNobodyCanBeSignedIn(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	browser := s.visitor(t).get("/admin/login")
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	browser.submit("/admin/login", "email", "root@example.com", "password", operatorPassword).sees(503, "nobody can sign in")
}

// mode is a counter that reports its mode.
type mode struct {
	limits.Counter
	mode limits.Mode
}

func (m mode) Mode() limits.Mode { return m.mode }

func TestReadinessNamesWhatIsMissing(t *testing.T) {
	const ready = "/health/ready"
	counts := func(m limits.Mode) setting { return func(p *handlers.Parts) { p.Counter = mode{p.Counter, m} } }
	s := onSQLite(t)
	s.call(t, call{method: "GET", path: ready, status: 200, want: `{"status":"ok","database":"ok","schema":"ok","valkey":"unused","changes":"polled","disk":"unused"}`})
	s = onSQLite(t, counts(limits.ModeShared))
	s.call(t, call{method: "GET", path: ready, status: 200, want: `{"status":"ok","database":"ok","schema":"ok","valkey":"ok","changes":"polled","disk":"unused"}`})
	s = onSQLite(t, counts(limits.ModeDegraded))
	s.call(t, call{method: "GET", path: ready, status: 200, want: `{"status":"degraded","database":"ok","schema":"ok","valkey":"unavailable","changes":"polled","disk":"unused"}`})
	s = onSQLite(t, func(p *handlers.Parts) {
		withMonitor(p, func(m *monitor.Parts) {
			m.Schema = func(context.Context) error { return errors.New("column users.name is missing") }
		})
	})
	s.call(t, call{method: "GET", path: ready, status: 503, want: `{"status":"unavailable","database":"ok","schema":"drifted","valkey":"unused","changes":"polled","disk":"unused"}`, lacks: []string{"users.name"}})
	s = onSQLite(t, func(p *handlers.Parts) {
		withMonitor(p, func(m *monitor.Parts) { m.Draining = func() bool { return true } })
	})
	s.call(t, call{method: "GET", path: ready, status: 503, want: `{"status":"draining","database":"ok","schema":"ok","valkey":"unused","changes":"polled","disk":"unused"}`})
	each(t, func(t *testing.T, s *service) {
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		a := s.call(t, call{method: "GET", path: ready, status: http.StatusServiceUnavailable, want: `{"status":"unavailable","database":"unavailable","schema":"unknown","valkey":"unused","changes":"` + string(s.store.ChangesBy()) + `","disk":"unused"}`})
		if a.Header.Get("Retry-After") == "" {
			t.Error("a 503 without Retry-After")
		}
	})
}
