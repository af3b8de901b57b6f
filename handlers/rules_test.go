package handlers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/handlers"

	"github.com/google/uuid"
)

func TestWhatNoRouteTakesAnswersInTheContractsShape(t *testing.T) {
	s := onSQLite(t)
	s.run(t, []call{
		{says: "an unknown path", method: "GET", path: "/api/nothing", status: 404},
		{says: "an unknown path outside of the API", method: "GET", path: "/nothing", status: 404},
		{says: "a slash at the end", as: "ada", method: "GET", path: "/api/keys/", status: 404},
		{says: "another case", as: "ada", method: "GET", path: "/API/keys", status: 404},
		{says: "a path too long for its route", as: "ada", method: "GET", path: "/api/keys/$ada.id/rotate/now", status: 404},
		{says: "an index of Swagger UI's own", method: "GET", path: "/docs/index.html", status: 404},
		{says: "an asset of another version", method: "GET", path: "/static/console-00000000.css", status: 404},
		{says: "a traversal", method: "GET", path: "/docs/..%2f..%2fgo.mod", status: 404},
	})
	for _, c := range []struct{ method, path, allow string }{
		{"PUT", "/api/keys", "GET, HEAD, POST"},
		{"DELETE", "/health", "GET, HEAD"},
		{"GET", "/api/keys/x", "PATCH, DELETE"},
		{"PROPFIND", "/api/usage", "POST"},
		{"OPTIONS", "/api/usage", "POST"}, // no preflight: Access-Control-Request-Method is missing
	} {
		a := s.call(t, call{as: "ada", method: c.method, path: c.path, status: 405})
		if got := strings.Join(a.Header.Values("Allow"), ", "); !sameWords(got, c.allow) {
			t.Errorf("%s %s allows %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

func sameWords(a, b string) bool {
	first, second := strings.Split(a, ", "), strings.Split(b, ", ")
	slices.Sort(first)
	slices.Sort(second)
	return slices.Equal(first, second)
}

func TestHeadAnswersAsGetWithoutABody(t *testing.T) {
	s := onSQLite(t)
	for _, path := range []string{"/health", "/api/keys", "/docs", "/openapi.json"} {
		a := s.call(t, call{as: "ada", method: "HEAD", path: path, status: 200})
		if len(a.text) > 0 || a.ContentLength <= 0 {
			t.Errorf("HEAD %s: %d bytes, Content-Length %d", path, len(a.text), a.ContentLength)
		}
	}
	s.call(t, call{method: "HEAD", path: "/api/keys", status: 401})
}

func TestARequestIDIsTheCallersWhereItIsSane(t *testing.T) {
	s := onSQLite(t)
	for _, id := range []string{"abc-123", "with blanks and ~!", strings.Repeat("x", 128)} {
		for _, path := range []string{"/health", "/api/keys", "/nothing"} {
			if got := s.send(t, call{method: "GET", path: path, header: http.Header{"X-Request-Id": {id}}}).Header.Get("X-Request-Id"); got != id {
				t.Errorf("%s: %q came back as %q", path, id, got)
			}
		}
	}
	ids := map[string]bool{}
	for _, id := range []string{"", strings.Repeat("x", 129), "tab\there", "é", s.words["ada.key"]} {
		got := s.send(t, call{method: "GET", path: "/health", header: http.Header{"X-Request-Id": {id}}}).Header.Get("X-Request-Id")
		if got == id || len(got) != 32 || ids[got] {
			t.Errorf("%q came back as %q", id, got)
		}
		ids[got] = true
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	s := onSQLite(t)
	for _, path := range []string{"/health", "/docs", "/docs/swagger-ui-bundle.js", "/openapi.json", "/metrics", "/api/keys", "/nothing"} {
		h := s.send(t, call{method: "GET", path: path}).Header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestBrowsersOfAllowedOriginsReadEveryAnswer(t *testing.T) {
	s := onSQLite(t)
	s.rate(t, "starter", 1)
	origin := func(origin string) http.Header { return http.Header{"Origin": {origin}} }
	for _, c := range []call{
		{as: "ada", method: "GET", path: "/api/keys", status: 200},
		{as: "ada", method: "GET", path: "/api/nothing", status: 404},
		{as: "ada", method: "PUT", path: "/api/keys", status: 405},
		{as: "ada", method: "POST", path: "/api/usage", body: `{"model":"` + strings.Repeat("x", 1<<20) + `"}`, status: 413},
		{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":0}`, status: 422},
		{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":1000}`, status: 429},
		{method: "GET", path: "/api/keys", status: 401},
		{as: "sam", method: "GET", path: "/api/keys", status: 403},
		{as: "bob", method: "GET", path: "/api/keys", status: 200},
		{as: "bob", method: "GET", path: "/api/keys", status: 429},
		{method: "GET", path: "/health", status: 200},
	} {
		c.header = origin("http://localhost:3000")
		h := s.call(t, c).Header
		if h.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || h.Get("Vary") != "Origin" {
			t.Errorf("%s %s %d: the page may not read it: %v", c.method, c.path, c.status, h)
		}
		exposed := h.Get("Access-Control-Expose-Headers")
		for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "X-Request-Id"} {
			if !strings.Contains(exposed, name) {
				t.Errorf("%s %s %d: %s is not exposed", c.method, c.path, c.status, name)
			}
		}
		for _, foreign := range []string{"http://localhost:3001", "https://localhost:3000", "null", "http://localhost:3000.evil.example"} {
			c.header, c.says = origin(foreign), foreign
			if h := s.send(t, c).Header; h.Get("Access-Control-Allow-Origin") != "" || h.Get("Vary") != "Origin" {
				t.Errorf("%s may read %s %s: %v", foreign, c.method, c.path, h)
			}
		}
	}
}

func TestPreflightsAreAnsweredAndCostNoBudget(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.RateLimitPerIP = 1 })
	ask := func(origin, method string) http.Header {
		return http.Header{"Origin": {origin}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"authorization,idempotency-key"}}
	}
	for range 5 {
		h := s.call(t, call{method: "OPTIONS", path: "/api/usage", header: ask("http://localhost:3000", "POST"), status: 204}).Header
		if h.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || h.Get("Access-Control-Allow-Methods") != "GET, POST, PATCH, DELETE, OPTIONS" ||
			h.Get("Access-Control-Allow-Headers") != "Authorization, Content-Type, Idempotency-Key, X-Request-Id" || h.Get("Access-Control-Max-Age") == "" {
			t.Errorf("a preflight answers %v", h)
		}
		if h := s.call(t, call{method: "OPTIONS", path: "/api/usage", header: ask("http://evil.example", "POST"), status: 204}).Header; h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("a foreign preflight answers %v", h)
		}
	}
	if left := s.call(t, call{method: "GET", path: "/api/keys", status: 401}).Header.Get("X-RateLimit-Remaining"); left != "0" {
		t.Errorf("%s remain, want one for the request", left)
	}
}

func TestEveryOriginMayReadWhereAllAreAllowed(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.AllowedOrigins = []string{"*"} })
	h := s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200, header: http.Header{"Origin": {"https://anywhere.example"}}}).Header
	if h.Get("Access-Control-Allow-Origin") != "https://anywhere.example" {
		t.Errorf("it answers %v", h)
	}
}

func TestTheReferencePageLoadsItsOwnFilesAlone(t *testing.T) {
	s := onSQLite(t)
	page := s.call(t, call{method: "GET", path: "/docs", status: 200, header: http.Header{"X-Forwarded-Prefix": {"//evil.example"}}})
	csp := page.Header.Get("Content-Security-Policy")
	for _, word := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(csp, word) {
			t.Errorf("the policy allows too much: %s", csp)
		}
	}
	html := string(page.text)
	for _, part := range strings.Split(html, `="/docs/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		a := s.call(t, call{method: "GET", path: "/docs/" + name, status: 200, header: http.Header{"X-Forwarded-Prefix": {"//evil.example"}}})
		want := map[string]string{"css": "text/css", "js": "text/javascript", "png": "image/png"}[name[strings.LastIndexByte(name, '.')+1:]]
		if !strings.HasPrefix(a.Header.Get("Content-Type"), want) || len(a.text) == 0 {
			t.Errorf("%s: %d bytes of %s", name, len(a.text), a.Header.Get("Content-Type"))
		}
	}
	if strings.Count(html, "<script") != 2 || strings.Contains(html, "<style") || strings.Contains(html, "style=") || strings.Contains(html, "//") && !strings.Contains(html, "<!doctype") {
		t.Errorf("the page holds more than references to its own files: %s", html)
	}
	for _, outside := range []string{"http://", "https://", "=\"//"} {
		if strings.Contains(html, outside) {
			t.Errorf("the page names %s", outside)
		}
	}
	for _, path := range []string{"/docs/", "/docs/doc.json", "/docs/swagger-initializer.js", "/docs/swagger-ui.js.map", "/docs//start.js", "/docs/start.js/"} {
		s.call(t, call{method: "GET", path: path, status: 404})
	}
}

func TestTheRootRedirectsToTheConsole(t *testing.T) {
	s := onSQLite(t)
	a := s.call(t, call{method: "GET", path: "/", status: 302})
	if to := a.Header.Get("Location"); to != "/admin" {
		t.Errorf("/ redirects to %q", to)
	}
}

func TestMetricsCountByRouteAndNeverNameAPath(t *testing.T) {
	s := onSQLite(t)
	for range 3 {
		s.call(t, call{as: "ada", method: "DELETE", path: "/api/keys/0190163d-8694-739b-aea5-966c26f8ad91", status: 404})
	}
	s.call(t, call{method: "GET", path: "/nothing/$ada.key", status: 404})
	s.call(t, call{method: "BREW", path: "/api/keys", status: 405})
	text := string(s.call(t, call{method: "GET", path: "/metrics", status: 200, lacks: []string{"0190163d", "$ada.key", "BREW", "nothing"}}).text)
	for _, line := range []string{
		`codexible_http_requests_total{method="DELETE",route="/api/keys/:id",status="404"} 3`,
		`codexible_http_request_seconds_count{method="DELETE",route="/api/keys/:id"} 3`,
		`codexible_http_requests_total{method="",route="unmatched",status="404"} 1`,
		`codexible_build_info{`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

func TestLogsNameCallerAndRouteAndNeverAKey(t *testing.T) {
	s, one := onSQLite(t), uuid.NewString() // the log is of all tests, also where they run several times
	key := http.Header{"X-Request-Id": {one}, "User-Agent": {s.words["ada.key"]}, "Referer": {"http://x/?key=" + s.words["ada.key"]}, "Idempotency-Key": {s.words["ada.key"]}}
	s.send(t, call{as: "ada", method: "POST", path: "/api/usage?key=$ada.key", body: `{"model":"$ada.key","credits":1}`, header: key})
	for _, path := range []string{"/$ada.key", "/api/keys/$ada.key", "/api/usage/hourly?date=$ada.key", "/health?$ada.key"} {
		s.send(t, call{as: "ada", method: "GET", path: path})
	}
	s.send(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.key"`})
	s.send(t, call{method: "GET", path: "/api/keys", header: http.Header{"Authorization": {"Basic " + s.words["ada.key"]}}})

	text := logged.String()
	if strings.Contains(text, s.words["ada.key"]) {
		t.Fatal("the log holds a key")
	}
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.Contains(line, `"request_id":"`+one+`"`) {
			continue
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"level": "INFO", "msg": "request", "method": "POST", "route": "/api/usage", "status": 200.0, "user_id": s.words["ada.user"], "key_id": s.words["ada.id"], "address": "127.0.0.1",
		} {
			if got[name] != want {
				t.Errorf("%s is %v, want %v", name, got[name], want)
			}
		}
		if latency, ok := got["latency_us"].(float64); !ok || latency < 0 {
			t.Errorf("the latency is %v", got["latency_us"])
		}
		return
	}
	t.Error("the request is not in the log")
}

func TestHealthReportsTheVersion(t *testing.T) {
	s := onSQLite(t)
	s.call(t, call{method: "GET", path: "/health", status: 200, want: `{"status":"ok","version":"test"}`})
}

func TestTimesAreUTCAndExactToAMicrosecond(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.clock.Set(time.Date(2026, 3, 4, 23, 0, 0, 123456789, time.FixedZone("", 3600)))
		s.call(t, call{as: "ada", method: "POST", path: "/api/keys", status: 200, keep: "new"})
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200,
			want: fmt.Sprintf(`[{"id":"$new.id","prefix":"$new.prefix","label":"Default","status":"active","created_at":%q,"last_used_at":null,"expires_at":null,"scopes":["models","usage","keys"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"ada@example.com","created_by_key_id":"$ada.id"},"*","*"]`, "2026-03-04T22:00:00.123456Z")})
	})
}
