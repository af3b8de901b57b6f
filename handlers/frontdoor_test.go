package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"codexible/accounts"
	"codexible/events"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/store"
	"codexible/store/storetest"
)

// front is a running service whose responses are compared to its log, which has one
// line for each request, written before the response.
type front struct {
	*service
	log *requestLines
}

// requestLines records what a service logs.
type requestLines struct {
	mu    sync.Mutex
	lines [][]byte
}

func (l *requestLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, bytes.Clone(p))
	return len(p), nil
}

func (l *requestLines) take() (lines [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines, l.lines = l.lines, nil
	return lines
}

func newFront(t testing.TB, db *store.Store, clock *storetest.Clock) *front {
	t.Helper()
	f := &front{log: &requestLines{}}
	f.service = start(t, db, clock, func(p *handlers.Parts) {
		p.Log = slog.New(handlers.NewJSONLog(f.log, slog.LevelInfo))
		p.TestUpstream = func(context.Context, uuid.UUID, string) (gateway.TestResult, error) {
			return gateway.TestResult{OK: true, Status: 200, Message: "It answers."}, nil
		}
		p.SendWebhook = func(context.Context, *events.Webhook, *events.Event) events.Answer {
			return events.Answer{Try: events.Try{Status: 200}}
		}
		withConsole(p, func(c *console.Parts) { c.TestUpstream, c.SendWebhook = p.TestUpstream, p.SendWebhook })
	})
	f.cast(t)
	f.recover(t)
	return f
}

// recover restores what earlier requests may have changed: rates, roles, keys, and
// the operator's session.
func (f *front) recover(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	plans, err := f.store.Plans(ctx)
	if err != nil {
		t.Fatal(err)
	}
	often := int64(plenty)
	for _, p := range plans {
		if _, err := f.store.ChangePlan(ctx, accounts.ActorCLI, p.ID, accounts.PlanChange{RateLimitPerMinute: &often}); err != nil {
			t.Fatal(err)
		}
	}
	for name, role := range map[string]accounts.Role{"ada": accounts.RoleUser, "bob": accounts.RoleUser, "gate": accounts.RoleService, "root": accounts.RoleAdmin} {
		active, path := accounts.StatusActive, "/api/usage/today"
		if _, err := f.store.ChangeUser(ctx, accounts.ActorCLI, f.id(t, name+".user"), accounts.UserChange{Status: &active, Role: &role}); err != nil {
			t.Fatal(err)
		}
		if a := f.send(t, call{as: name, method: http.MethodGet, path: path}); a.StatusCode != http.StatusOK {
			f.key(t, name, "", nil)
		}
	}
	if v := f.visitor(t); f.words["cookies"] == "" || v.withCookies(f.words["cookies"]).get("/admin/account").status != http.StatusOK {
		cookies, token := browserOf(f.operator(t).get("/admin/account"), "/admin/theme")
		f.words["cookies"], f.words["csrf"] = strings.TrimPrefix(cookies, "Cookie: "), token
	}
	f.log.take()
}

// later advances the clock by a minute, which empties every window, and recovers.
func (f *front) later(t testing.TB) {
	t.Helper()
	f.clock.Add(61 * time.Second)
	f.recover(t)
}

func (v *visitor) withCookies(cookies string) *visitor {
	v.header.Set("Cookie", cookies)
	return v
}

// ask sends bytes on a connection of their own and compares the responses to the log:
// one for each request, each with the status that was logged, no other bytes, and
// no 5xx.
func (f *front) ask(t testing.TB, raw string) (statuses []int) {
	t.Helper()
	f.log.take()
	conn := f.dialOnce(t)
	defer func() { _ = conn.Close() }()
	wire, cut := exchangeRaw(t, conn, raw)
	var methods []string
	for _, line := range f.log.take() {
		var entry struct {
			Level  string `json:"level"`
			Msg    string `json:"msg"`
			Method string `json:"method"`
			Error  string `json:"error"`
			Status int    `json:"status"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("%q logs %s", raw, line)
		}
		if entry.Level == "ERROR" || entry.Status >= http.StatusInternalServerError {
			t.Errorf("%.2000q fails: %s", raw, line)
		}
		if entry.Msg == "request" {
			methods, statuses = append(methods, entry.Method), append(statuses, entry.Status)
		}
	}
	answers, err := answersOn(wire, methods)
	if cut { // the bytes behind the refused request reset the connection
		if len(answers) > len(statuses) {
			t.Errorf("%.2000q has %d answers to %d requests", raw, len(answers), len(statuses))
		}
		return statuses
	}
	if err != nil || len(answers) != len(statuses) || len(answers) == 0 && strings.TrimLeft(raw, "\r\n") != "" {
		t.Errorf("%.2000q: %d answers to %d requests, %v: %.2000q", raw, len(answers), len(statuses), err, wire)
		return statuses
	}
	for i, a := range answers {
		if a.status != statuses[i] {
			t.Errorf("%.2000q: answer %d is %d, the log says %d", raw, i, a.status, statuses[i])
		}
	}
	return statuses
}

// hostileSeeds are the requests of the hostile table that are not long.
func hostileSeeds() (seeds []string) {
	table := hostile()
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if raw := table[key]; len(raw) < 4<<10 {
			seeds = append(seeds, raw)
		}
	}
	return seeds
}

// goodSeeds are well-formed requests of callers that may send them. Words stand for values.
func goodSeeds() (seeds []string) {
	api := func(as, method, target, body string, lines ...string) {
		head := append([]string{method + " " + target + " HTTP/1.1", "Host: x", "Authorization: Bearer $" + as + ".key"}, lines...)
		if body != "" {
			head = append(head, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
		}
		seeds = append(seeds, strings.Join(head, "\r\n")+"\r\n\r\n"+body)
	}
	api("bob", "POST", "/api/auth/validate", `{"token":"$bob.key"}`)
	api("bob", "GET", "/api/dashboard/overview", "")
	api("bob", "GET", "/api/keys", "")
	api("bob", "POST", "/api/keys", `{"label":"x","expires_at":"2030-01-01T00:00:00Z"}`)
	api("bob", "PATCH", "/api/keys/$bob.id", `{"label":"y","expires_at":null}`)
	api("ada", "POST", "/api/keys/$ada.revoked.id/rotate", `{"grace_seconds":60}`)
	api("gate", "POST", "/api/keys/verify", `{"key":"$ada.key","credits":1,"model":"m","prompt_tokens":1,"completion_tokens":2,"cost_usd":0.1,"idempotency_key":"k"}`)
	api("gate", "POST", "/api/keys/verify", `{"key":"$ada.key","hold":{"credits":1,"ttl_seconds":60,"on_expiry":"charge"},"model":"m"}`)
	api("gate", "POST", "/api/keys/verify/batch", `{"verifications":[{"key":"$ada.key","credits":1},{"key":"$bob.key","hold":{"credits":1}}]}`)
	api("gate", "GET", "/api/holds?user_id=$ada.user&key_id=$ada.id&limit=10", "")
	api("gate", "POST", "/api/holds/$ada.id/settle", `{"credits":1,"model":"m","prompt_tokens":1,"completion_tokens":2,"cost_usd":0.1,"outcome":"complete"}`)
	api("gate", "POST", "/api/holds/$ada.id/extend", `{"credits":2,"ttl_seconds":60,"delivered":{"credits":1}}`)
	api("gate", "POST", "/api/holds/$ada.id/release", "")
	api("ada", "POST", "/api/usage", `{"credits":1,"model":"m","cost_usd":0.01}`, "Idempotency-Key: k1", "X-Request-Id: r1", "Origin: http://localhost:3000")
	for _, target := range []string{"/api/usage/today", "/api/usage/history?days=7", "/api/usage/detailed?days=7&limit=1&offset=0", "/api/usage/models?days=365", "/api/usage/hourly?date=2026-03-04"} {
		api("ada", "GET", target, "")
	}
	for _, target := range []string{"/api/admin/status", "/api/admin/users?q=ada&limit=10&offset=0", "/api/admin/tokens?q=codexible_&limit=1", "/api/admin/plans", "/api/admin/logs?q=key&limit=500"} {
		api("root", "GET", target, "")
	}
	api("root", "POST", "/api/admin/users", `{"email":"a@example.com","name":"n","plan":"Pro","role":"user"}`)
	api("root", "PATCH", "/api/admin/users/$bob.user", `{"name":"Bob","plan":"Starter","status":"active","role":"user"}`)
	api("root", "POST", "/api/admin/tokens", `{"user_id":"$bob.user","label":"x"}`)
	api("root", "PATCH", "/api/admin/tokens/$ada.revoked.id", `{"label":"z"}`)
	api("root", "GET", "/api/admin/holds?user_id=$ada.user&limit=10", "")
	api("root", "POST", "/api/admin/holds/$ada.id/release", "")
	api("root", "GET", "/api/admin/users/$ada.user/grants?limit=10&offset=0", "")
	api("root", "POST", "/api/admin/users/$ada.user/grants", `{"credits":1,"expires_at":"2030-01-01T00:00:00Z","note":"n","idempotency_key":"k"}`)
	api("root", "DELETE", "/api/admin/users/$ada.user/grants/$ada.id", "")
	api("root", "GET", "/api/admin/users/$ada.user/corrections?limit=10&offset=0", "")
	api("root", "POST", "/api/admin/users/$ada.user/corrections", `{"credits":-1,"reason":"r","day":"2026-03-04","idempotency_key":"k"}`)
	api("root", "POST", "/api/admin/plans", `{"name":"p","daily_credit_limit":1,"price_cents":1,"rate_limit_per_minute":1000000,"features":{"a":[null]}}`)
	api("root", "PATCH", "/api/admin/plans/$plan.business", `{"features":{"a":1},"archived":false,"position":3}`)
	for _, target := range []string{
		"/", "/health", "/health/ready", "/metrics", "/docs", "/docs/swagger-ui.css", "/openapi.json", "/static/x.css", "/admin", "/admin/login?next=%2Fadmin%2Fusers", "/admin/setup?token=x", "/admin/users?q=ada&plan=Pro&sort=email", "/admin/users/$ada.user?days=7",
		"/admin/keys?state=unused&q=x", "/admin/keys/$ada.id", "/admin/plans", "/admin/usage?from=2026-03-01&to=2026-03-04&group=model&user=ada@example.com", "/admin/audit?from=2026-03-01&to=2026-03-04&action=key.created&q=x", "/admin/system", "/admin/account",
		"/admin/users/new", "/admin/keys/new?user=ada@example.com", "/admin/plans/$plan.pro/edit",
	} {
		seeds = append(seeds, "GET "+target+" HTTP/1.1\r\nHost: x\r\nCookie: $cookies; codexible_theme=dark\r\nAccept-Encoding: gzip\r\n\r\n")
	}
	for path, fields := range map[string]string{
		"/admin/theme": "theme=dark&back=%2Fadmin%2Fusers", "/admin/login": "email=root%40example.com&password=x&next=%2Fadmin", "/admin/login/code": "code=123456", "/admin/setup": "token=x&email=a%40b.c&name=n&password=x",
		"/admin/usage/export?from=2026-03-01&to=2026-03-04": "", "/admin/audit/export?from=2026-03-01": "", "/admin/users/new": "email=b%40example.com&name=n&plan=Pro&role=user", "/admin/users/$bob.user/edit": "name=n&role=user&email=bob%40example.com",
		"/admin/users/$bob.user/plan": "plan=Starter", "/admin/keys/new": "user=ada%40example.com&label=l&expires=2027-01-01", "/admin/keys/$ada.revoked.id/edit": "label=l&expires=2027-01-01",
		"/admin/plans/new": "name=q&daily_credit_limit=1&price=1.00&rate_limit_per_minute=100&features=%7B%7D", "/admin/plans/$plan.business/edit": "name=Business&daily_credit_limit=500&price=50&rate_limit_per_minute=100&features=%7B%22a%22%3A1%7D",
		"/admin/account/password": "current=x&password=y&again=y", "/admin/account/two-step": "password=x", "/admin/account/sessions/$ada.id/end": "",
	} {
		body := "_csrf=$csrf&" + fields
		seeds = append(seeds, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nCookie: $cookies\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body))
	}
	slices.Sort(seeds)
	return seeds
}

// spice are the texts that mutations insert.
var spice = []string{
	"\r\n", "\n", "\r", "\x00", "\t", " ", "\x7f", "\xff", "\xc0\x80", "\u202e", "\u200b", "é", "é", "\r\nX-Evil: 1", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n",
	"%0d%0aX-Evil:+1", "%00", "%ff", "%", "%e2%80%ae", "+", "&", "=", ";", ",", "//", "/../", "/./", "%2e%2e/", "\\", "#", "?", "://", "*", "'", `"`, "<script>", "{{7*7}}", "=1+1", "＝1", "9999-12-31", "0001-01-01", "1969-12-31", "2100-12-31", "2101-01-01",
	"-1", "0", "9223372036854775807", "-9223372036854775808", "18446744073709551616", "1e309", "NaN", "null", "true", "[]", "{}", `{"a":`, "[[[[", `\u0000`, `\ud800`, "Host: y\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n",
	"Connection: close\r\n", "Connection: keep-alive\r\n", "HTTP/1.0", "HTTP/1.1", "GET ", "POST ", "HEAD ", "OPTIONS ", "$ada.key", "$root.key", "$gate.key", "$ada.id", "$ada.user", "$cookies", "$csrf", "codexible_",
}

// valueSpots are where a query, a form or a JSON body has a value.
var valueSpots = regexp.MustCompile(`=[^&\s;]*|":("[^"]*"|[^,"}\]]+)`)

// mutate changes a request in one to four ways. The same source gives the same request.
func mutate(r *rand.Rand, good, bad []string) string {
	seeds := good
	if r.IntN(4) == 0 {
		seeds = bad
	}
	raw := seeds[r.IntN(len(seeds))]
	for range 1 + r.IntN(4) {
		at := r.IntN(len(raw) + 1)
		to := at + r.IntN(min(len(raw)-at, 40)+1)
		extra := spice[r.IntN(len(spice))]
		switch r.IntN(8) {
		case 0:
			raw = raw[:at] + extra + raw[at:]
		case 1:
			raw = raw[:at] + extra + raw[to:]
		case 2:
			raw = raw[:at] + raw[to:]
		case 3:
			raw = raw[:to] + raw[at:] // a piece twice
		case 4:
			raw = raw[:at] + string(rune(r.IntN(256))) + raw[min(at+1, len(raw)):]
		case 5:
			other := seeds[r.IntN(len(seeds))]
			raw = raw[:at] + other[min(at, len(other)):]
		default:
			if spots := valueSpots.FindAllStringIndex(raw, -1); len(spots) > 0 {
				spot := spots[r.IntN(len(spots))]
				raw = raw[:spot[0]+1+r.IntN(spot[1]-spot[0])] + extra + raw[spot[1]:]
			}
		}
		raw = raw[:min(len(raw), 64<<10)]
	}
	return raw
}

// sharp are the replacements for each value of each good request.
var sharp = []string{"", "a%0d%0aX-Evil:+1", "a%00", "%ff", "9999-12-31", "0001-01-01", "2000-01-01", "2100-12-31", "-1", "9223372036854775807", "<script>", `a\u0000`}

// replaced returns the good requests with each of their values replaced.
func replaced(good []string) (requests []string) {
	for _, raw := range good {
		for _, spot := range valueSpots.FindAllStringSubmatchIndex(raw, -1) {
			from, to, quote := spot[0]+1, spot[1], ""
			if spot[2] >= 0 { // of a JSON object
				from, quote = spot[2], `"`
			}
			for _, text := range sharp {
				requests = append(requests, raw[:from]+quote+text+quote+raw[to:])
			}
			requests = append(requests, raw[:from]+"-1"+raw[to:])
		}
	}
	return requests
}

var lengthLine = regexp.MustCompile(`(?i)\r\nContent-Length: *\d+`)

// measured sets the Content-Length of a request with one body.
func measured(raw string) string {
	head, body, found := strings.Cut(raw, "\r\n\r\n")
	if !found {
		return raw
	}
	return lengthLine.ReplaceAllLiteralString(head, "\r\nContent-Length: "+strconv.Itoa(len(body))) + "\r\n\r\n" + body
}

// FuzzFrontDoor sends raw requests over connections to the service on every
// available database.
func FuzzFrontDoor(f *testing.F) {
	fronts := []*front{}
	for _, database := range []struct {
		url func(testing.TB) string
		is  bool
	}{{storetest.SQLiteURL, true}, {storetest.PostgresURL, os.Getenv("CODEXIBLE_TEST_POSTGRES") != ""}} {
		if database.is {
			clock := storetest.NewClock(storetest.Start)
			fronts = append(fronts, newFront(f, storetest.Open(f, database.url(f), clock.Now), clock))
		}
	}
	for i, seed := range slices.Concat(goodSeeds(), hostileSeeds()) {
		f.Add(seed, i%4 != 0)
	}
	sent := 0
	f.Fuzz(func(t *testing.T, raw string, whole bool) {
		if len(raw) > 64<<10 {
			return
		}
		for _, front := range fronts {
			if sent++; sent%1000 == 0 {
				front.later(t)
			}
			front.try(t, raw, whole)
		}
	})
}

// try fills in the words of a request and sends it, with the correct length where whole.
func (f *front) try(t testing.TB, raw string, whole bool) (statuses []int) {
	t.Helper()
	if raw = f.fill(raw); whole {
		raw = measured(raw)
	}
	return f.ask(t, raw)
}

// fewRequests are sent by every run of the tests, the same ones each time.
const fewRequests = 3000

func TestTortureTheFrontDoorAnswersEachOfAnyRequestsOnce(t *testing.T) {
	until, most := time.Time{}, fewRequests
	storetest.Each(t, func(t *testing.T, db *store.Store, clock *storetest.Clock) {
		if os.Getenv("CODEXIBLE_TORTURE") != "" {
			until, most = time.Now().Add(5*time.Minute), 1<<40
		}
		f := newFront(t, db, clock)
		good, bad := goodSeeds(), hostileSeeds()
		for _, seed := range good {
			if statuses := f.try(t, seed, true); len(statuses) != 1 || slices.Contains([]int{400, 401, 403, 405, 413, 415, 429}, statuses[0]) {
				t.Errorf("the good request %q answers %d", seed, statuses)
			}
		}
		for _, seed := range bad {
			f.try(t, seed, false)
		}
		for i, raw := range replaced(good) {
			if i%200 == 0 {
				f.later(t)
			}
			f.try(t, raw, true)
		}
		f.later(t)
		client.CloseIdleConnections()
		goroutines, heap := vitals()
		r := rand.New(rand.NewPCG(7, 11))
		sent := 0
		for ; sent < most && !t.Failed() && (until.IsZero() || time.Now().Before(until)); sent++ {
			if sent%1000 == 999 {
				f.later(t)
			}
			f.try(t, mutate(r, good, bad), r.IntN(4) != 0)
		}
		t.Logf("%d requests", sent)
		client.CloseIdleConnections()
		settled := time.Now().Add(patience)
		for {
			g, m := vitals()
			if g <= goroutines+5 && m <= heap+mostGrowth {
				return
			}
			if time.Now().After(settled) {
				t.Fatalf("%d goroutines and %d MiB, before %d and %d", g, m>>20, goroutines, heap>>20)
			}
			runtime.Gosched()
		}
	})
}

// mostGrowth is by how much the heap may grow: caches fill up.
const mostGrowth = 64 << 20

// vitals are the goroutines, and the heap after a collection.
func vitals() (goroutines int, heap uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}
