package handlers_test

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/handlers"

	"github.com/valyala/fasthttp"
)

// target is a service that a fuzzer calls in the process, without a socket.
type target struct {
	*service
	handle fasthttp.RequestHandler
}

func fuzzTarget(f *testing.F) target {
	f.Helper()
	s := onSQLite(f, func(p *handlers.Parts) { p.Log = nil })
	return target{s, s.app.Handler()}
}

// ask sends a request as a user and returns the status and the body of the response,
// which is never a 5xx and always in the contract's shape.
func (g target) ask(t *testing.T, as, method, path, body, token string) (int, []byte) {
	t.Helper()
	var ctx fasthttp.RequestCtx
	var request fasthttp.Request
	request.Header.SetMethod(method)
	request.SetRequestURI(path)
	if as != "" {
		token = g.words[as+".key"]
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.SetContentType("application/json")
		request.SetBodyString(body)
	}
	ctx.Init(&request, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, nil)
	g.handle(&ctx)
	status, text := ctx.Response.StatusCode(), ctx.Response.Body()
	if status >= 500 {
		t.Fatalf("%s %q answered %d: %s", method, path, status, text)
	}
	if !json.Valid(text) {
		t.Fatalf("%s %q answered no JSON: %q", method, path, text)
	}
	if status < 400 {
		return status, text
	}
	var failure struct {
		Error struct {
			Code      string            `json:"code"`
			Status    int               `json:"status"`
			RequestID string            `json:"request_id"`
			Fields    map[string]string `json:"fields"`
		} `json:"error"`
	}
	if err := json.Unmarshal(text, &failure); err != nil || codes[failure.Error.Code] != status || failure.Error.Status != status || failure.Error.RequestID == "" {
		t.Fatalf("%s %q answered %d without the contract's shape: %s", method, path, status, text)
	}
	return status, text
}

// hold makes a hold and returns its path.
func (g target) hold(f *testing.F) string {
	f.Helper()
	var made struct {
		HoldID string `json:"hold_id"`
	}
	if err := json.Unmarshal(g.send(f, call{as: "gate", method: http.MethodPost, path: "/api/keys/verify", body: `{"key":"$ada.key","hold":{"credits":1}}`}).text, &made); err != nil {
		f.Fatal(err)
	}
	return "/api/holds/" + made.HoldID
}

// model offers a model with a price, and returns its path.
func (g target) model(f *testing.F) string {
	f.Helper()
	var made struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(g.send(f, call{as: "root", method: http.MethodPost, path: "/api/admin/models", body: `{"name":"fuzzed"}`}).text, &made); err != nil {
		f.Fatal(err)
	}
	g.send(f, call{as: "root", method: http.MethodPost, path: "/api/admin/prices", body: `{"model":"fuzzed","usd_per_million":{"input":3,"output":15},"tiers":{"flex":{"input":1,"output":2}},"charge":{"mode":"cost"}}`})
	return "/api/admin/models/" + made.ID
}

// A text used as a key is an existing key, or it is refused.
func FuzzKey(f *testing.F) {
	g := fuzzTarget(f)
	for _, seed := range []string{
		"", " ", "codexible_", "codexible_00000000000000000000000000000000", "codexible_0000000000000000000000000000000g", "CODEXIBLE_00000000000000000000000000000000",
		"codexible_demo_pro_2026", " codexible_00000000000000000000000000000000 ", "codexible_\x00", "\xff", "codexible_00000000000000000000000000000000, codexible_1", "a b", "é",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		status, _ := g.ask(t, "", http.MethodGet, "/api/keys", "", token)
		body, err := json.Marshal(map[string]string{"token": token})
		if err != nil {
			t.Fatal(err)
		}
		validated, text := g.ask(t, "ada", http.MethodPost, "/api/auth/validate", string(body), "")
		verified, verdict := g.ask(t, "gate", http.MethodPost, "/api/keys/verify", strings.Replace(string(body), "token", "key", 1), "")
		if validated != 200 || verified != 200 {
			t.Fatalf("%q: validate %d, verify %d", token, validated, verified)
		}
		valid := strings.HasPrefix(string(text), `{"valid":true`)
		if valid != strings.HasPrefix(string(verdict), `{"valid":true`) || (status == 200) && !valid || status != 200 && status != 401 && status != 403 {
			t.Errorf("%q: a request answers %d, validate %s, verify %s", token, status, text, verdict)
		}
	})
}

// A body is accepted, or refused as the caller's mistake.
func FuzzBody(f *testing.F) {
	g := fuzzTarget(f)
	g.createModel(f, "claude", "latest")
	g.setPrice(f, "p", "claude", cached, time.Time{})
	paths := []struct{ as, method, path string }{
		{"ada", http.MethodPost, "/api/usage"}, {"ada", http.MethodPost, "/api/keys"}, {"ada", http.MethodPatch, g.fill("/api/keys/$ada.revoked.id")},
		{"gate", http.MethodPost, "/api/keys/verify"}, {"ada", http.MethodPost, "/api/auth/validate"}, {"root", http.MethodPost, "/api/admin/users"},
		{"root", http.MethodPost, "/api/admin/plans"}, {"root", http.MethodPost, "/api/admin/tokens"}, {"root", http.MethodPatch, g.fill("/api/admin/users/$bob.user")},
		{"ada", http.MethodPatch, g.fill("/api/keys/$ada.expired.id")}, {"root", http.MethodPatch, g.fill("/api/admin/tokens/$bob.id")},
		{"gate", http.MethodPost, "/api/keys/verify"}, {"gate", http.MethodPost, "/api/keys/verify/batch"}, {"gate", http.MethodPost, g.hold(f) + "/settle"},
		{"gate", http.MethodPost, g.hold(f) + "/extend"}, {"root", http.MethodPost, g.fill("/api/admin/users/$bob.user/grants")},
		{"root", http.MethodPost, g.fill("/api/admin/users/$bob.user/corrections")},
		{"root", http.MethodPost, "/api/admin/models"}, {"root", http.MethodPatch, g.model(f)}, {"root", http.MethodPost, "/api/admin/prices"},
		{"root", http.MethodPost, "/api/admin/prices/quote"}, {"root", http.MethodPost, "/api/admin/prices/import"},
	}
	for i, seed := range []string{
		`{"credits":1,"model":"m","prompt_tokens":1,"completion_tokens":2,"cost_usd":0.1}`, `{"label":"x","expires_at":"2030-01-01T00:00:00Z"}`, `{"expires_at":null}`,
		`{"key":"x","credits":1,"idempotency_key":"k"}`, `{"token":"x"}`, `{"email":"a@b.c","name":"n","plan":"Pro","role":"user"}`,
		`{"name":"p","daily_credit_limit":1,"features":{"a":[null]},"archived":true}`, `{"user_id":"0190163d-8694-739b-aea5-966c26f8ad91"}`, `{"status":"active","name":null}`,
		`{"scopes":["usage","models"],"allowed_addresses":["::ffff:10.0.0.1/104","2001:db8::/32"],"status":"disabled"}`, `{"scopes":[],"allowed_addresses":[],"status":"active"}`,
		`{"scopes":["usage",null,{}],"allowed_addresses":[["10.0.0.1"],"10.0.0.1/99","fe80::1%0"]}`, `{"key":"x","address":"::ffff:1.2.3.4"}`, `{"key":"x","address":[]}`,
		`{"name":"q","daily_credit_limit":1,"max_keys":10000,"user_rate_limit_per_minute":null,"monthly_credit_limit":0,"user_concurrency_limit":1000000}`,
		`{"daily_credit_limit":0,"rate_limit_per_minute":1000000,"concurrency_limit":null}`, `{"daily_credit_limit":-0.0,"rate_limit_per_minute":1e6,"concurrency_limit":[4]}`,
		`{"key":"x","hold":{"credits":12,"ttl_seconds":10,"on_expiry":"charge"},"credits":null}`, `{"key":"x","hold":{"credits":1,"usage":{}},"usage":1}`,
		`{"verifications":[{"key":"x"},{"key":"y","hold":{"credits":1}},null,[]]}`, `{"credits":0,"model":"m","outcome":"client_gone","cost_usd":0.1}`,
		`{"credits":20,"ttl_seconds":3600,"delivered":{"credits":7}}`, `{"credits":5,"expires_at":"2030-01-01T00:00:00Z","note":"n","idempotency_key":"k"}`,
		`{"credits":-5,"reason":"r","day":"2026-03-04","idempotency_key":"k"}`,
		`{"name":"m","aliases":["n"],"display_name":"M","context_window":1,"output_allowance":2,"plans":["Pro"]}`, `{"name":"o","aliases":[],"description":null,"context_window":null,"plans":null}`,
		`{"model":"m","usd_per_million":{"input":0.003625,"output":1e6,"cache_read":null},"usd_per_request":1e-12,"bands":[{"above_input_tokens":1,"usd_per_million":{"input":1,"output":1}}],"tiers":{"flex":{"input":1,"output":1,"bands":[]}},"charge":{"mode":"cost","percent":0.01}}`,
		`{"model":"fuzzed","usage":{"input_tokens":1000000000,"requests":1000000,"web_searches":1,"service_tier":"flex"},"at":"2100-01-01T00:00:00Z"}`,
		`{"source":"litellm","list":{"m":{"mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":0.000002,"input_cost_per_token_above_1k_tokens":1}},"models":["*"],"percent":1.5,"apply":true}`,
		`{"source":"genai-prices","list":{"providers":[{"id":"a","models":[{"id":"b","prices":{"input_mtok":{"base":1,"tiers":[{"start":1,"price":2}]},"output_mtok":2}}]}]},"credit_value_usd":0.000001}`,
		`{"key":"x","usage":{"model":"latest","input_tokens":1,"cache_read_tokens":2,"cache_write_tokens":3,"cache_write_1h_tokens":4,"output_tokens":5,"requests":1,"web_searches":1,"service_tier":"flex"}}`,
		`{"key":"x","hold":{"usage":{"model":"claude","audio_input_tokens":1,"audio_output_tokens":2,"reasoning_tokens":0}},"model":"claude"}`, `{"usage":{"output_tokens":1000000000,"reasoning_tokens":1000000000}}`,
		`{"usage":{"model":"claude","output_tokens":7},"delivered":{"usage":{"output_tokens":7}},"ttl_seconds":10}`, `{"models":["claude","latest"],"label":"m"}`, `{"models":null}`, `{"name":"m","daily_credit_limit":1,"models":["a b",[]]}`,
		`{`, `[]`, `{"credits":1e999}`, "{\"model\":\"\\u0000\xff\"}", `{"expires_at":"9999-12-31T23:59:59-23:59"}`,
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, body string) {
		p := paths[int(which)%len(paths)]
		g.ask(t, p.as, p.method, p.path, body, "")
	})
}

// A query is accepted, or refused as the caller's mistake.
func FuzzQuery(f *testing.F) {
	g := fuzzTarget(f)
	paths := []struct{ as, path string }{
		{"ada", "/api/usage/history"}, {"ada", "/api/usage/detailed"}, {"ada", "/api/usage/models"}, {"ada", "/api/usage/hourly"}, {"ada", "/api/models"},
		{"root", "/api/admin/users"}, {"root", "/api/admin/tokens"}, {"root", "/api/admin/logs"}, {"gate", "/api/holds"}, {"root", "/api/admin/holds"}, {"root", "/api/admin/prices"},
		{"root", g.fill("/api/admin/users/$bob.user/grants")}, {"root", g.fill("/api/admin/users/$bob.user/corrections")},
	}
	for i, seed := range []string{
		"days=7", "days=7&limit=1&offset=10000", "days=%31", "date=2026-02-29", "q=a&limit=1&after=0190163d-8694-739b-aea5-966c26f8ad91", "q=%25%5c_%22'", "q=%00", "q=%ff&q=b", "limit=1.0", "offset=-0", "days=1e1", "&&==", "%", "date=0000-01-01", "date=9999-12-31",
	} {
		f.Add(uint8(i), seed)
	}
	f.Fuzz(func(t *testing.T, which uint8, query string) {
		p := paths[int(which)%len(paths)]
		g.ask(t, p.as, http.MethodGet, p.path+"?"+query, "", "")
	})
}
