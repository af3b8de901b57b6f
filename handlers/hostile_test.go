package handlers_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// leastHostile is how many hostile requests the table has to hold.
const leastHostile = 800

// hostile returns raw requests by name. bob sends them; the ids in them are ada's.
func hostile() map[string]string {
	table := map[string]string{}
	request := func(method, target, body string, headers ...string) string {
		head := append([]string{method + " " + target + " HTTP/1.1", "Host: x", "Connection: close"}, headers...)
		if body != "" {
			head = append(head, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)))
		}
		return strings.Join(head, "\r\n") + "\r\n\r\n" + body
	}
	const bob, root, gate = "Authorization: Bearer $bob.key", "Authorization: Bearer $root.key", "Authorization: Bearer $gate.key"

	for _, body := range []string{
		`{`, `}`, `[`, `[]`, `"x"`, `1`, `true`, `null`, ` `, `{}{}`, `{"credits":1}x`, `{"credits":1,}`, `{credits:1}`, `{'credits':1}`, `{"credits":01}`, `{"credits":+1}`, `{"credits":.5}`, `{"credits":1.}`,
		`{"credits":0x10}`, `{"credits":NaN}`, `{"credits":Infinity}`, "{\"credits\":1\x00}", "\xef\xbb\xbf{}", "{\"model\":\"\xff\xfe\"}", "{\"model\":\"\xc0\x80\"}", "{\"model\":\"\xed\xa0\x80\"}", "{\"model\":\"a\nb\"}",
		`{"model":"\u0000"}`, `{"model":"\ud800"}`, `{"model":"\x41"}`, `{"model":"` + strings.Repeat("a", 100_000) + `"}`, `{"credits":1e400}`, `{"credits":-1e400}`, `{"credits":1e-400}`, `{"credits":` + strings.Repeat("9", 5000) + `}`,
		`{"credits":-9223372036854775809}`, `{"credits":18446744073709551616}`, `{"credits":1e9999999999}`, `{"credits":{"$gt":0}}`, `{"credits":[1]}`, `{"credits":"1"}`, `{"credits":true}`, `{"credits":1.0000001}`,
		`{"cost_usd":1e-999999999}`, `{"cost_usd":-0.0000001}`, `{"cost_usd":1e7}`, `{"cost_usd":"0.1"}`, `{"prompt_tokens":-1}`, `{"completion_tokens":1e10}`,
		`{"model":"'; DROP TABLE users; --"}`, `{"model":"{{.}}${jndi:ldap://x}<%= 7*7 %>"}`, `{"model":"<script>alert(1)</script>"}`, `{"model":"../../../../etc/passwd"}`, `{"__proto__":{"credits":0},"constructor":1}`,
		strings.Repeat(`[`, 500_000), strings.Repeat(`{"a":`, 100_000), `{"model":` + strings.Repeat(`[`, 65) + strings.Repeat(`]`, 65) + `}`,
		`{"credits":1,"credits":1}`, `{"cr\u0065dits":1,"credits":2}`, "{\"credits\":1,\"\x7f\":1}",
	} {
		name := fmt.Sprintf("body %.60q of %d", body, len(body))
		table["usage: "+name] = request("POST", "/api/usage", body, bob)
		table["verify: "+name] = request("POST", "/api/keys/verify", body, gate)
	}
	for _, body := range []string{
		`{"key":"$bob.key","hold":{}}`, `{"key":"$bob.key","hold":[]}`, `{"key":"$bob.key","hold":1}`, `{"key":"$bob.key","hold":{"credits":-1}}`, `{"key":"$bob.key","hold":{"credits":1e10}}`, `{"key":"$bob.key","hold":{"credits":"1"}}`,
		`{"key":"$bob.key","hold":{"credits":1,"ttl_seconds":9}}`, `{"key":"$bob.key","hold":{"credits":1,"ttl_seconds":3601}}`, `{"key":"$bob.key","hold":{"credits":1,"ttl_seconds":1e18}}`, `{"key":"$bob.key","hold":{"credits":1,"on_expiry":"Charge"}}`,
		`{"key":"$bob.key","hold":{"credits":1,"credits":2}}`, `{"key":"$bob.key","hold":{"credits":1},"hold":{"credits":1}}`, `{"key":"$bob.key","hold":{"credits":1},"credits":1}`, `{"key":"$bob.key","usage":{"input_tokens":1}}`, `{"key":"$bob.key","hold":{"usage":{}}}`,
		`{"key":"$bob.key","usage":[]}`, `{"key":"$bob.key","usage":"m"}`, `{"key":"$bob.key","usage":{"model":{}}}`, `{"key":"$bob.key","usage":{"model":"m"}}`, `{"key":"$bob.key","usage":{"model":"m","input_tokens":-1}}`,
		`{"key":"$bob.key","usage":{"model":"m","output_tokens":1e10}}`, `{"key":"$bob.key","usage":{"model":"m","output_tokens":9223372036854775808}}`, `{"key":"$bob.key","usage":{"model":"m","input_tokens":1000000000,"audio_input_tokens":1000000000}}`,
		`{"key":"$bob.key","usage":{"model":"m","service_tier":"../../x"}}`, `{"key":"$bob.key","usage":{"model":"m","service_tier":"\u0000"}}`, `{"key":"$bob.key","usage":{"model":"m","requests":1e9}}`, `{"key":"$bob.key","usage":{"model":"'; DROP TABLE prices; --"}}`,
		`{"key":"$bob.key","usage":{"model":"` + strings.Repeat("m", 201) + `"}}`, `{"key":"$bob.key","usage":{"model":"m"},"usage":{"model":"m"}}`, `{"key":"$bob.key","usage":{"model":"m"},"credits":1}`, `{"key":"$bob.key","hold":{"usage":{"model":"m","reasoning_tokens":1}}}`,
		`{"key":"$bob.key","hold":` + strings.Repeat(`{"hold":`, 80) + `1` + strings.Repeat(`}`, 80) + `}`,
	} {
		table["verify: hold "+body[:min(len(body), 80)]] = request("POST", "/api/keys/verify", body, gate)
		table["batch: hold "+body[:min(len(body), 80)]] = request("POST", "/api/keys/verify/batch", `{"verifications":[`+body+`]}`, gate)
	}
	for _, body := range []string{
		`{}`, `{"verifications":null}`, `{"verifications":[]}`, `{"verifications":{}}`, `{"verifications":"x"}`, `{"verifications":[null]}`, `{"verifications":[[]]}`, `{"verifications":[{}]}`, `{"verifications":[{"key":1}]}`,
		`{"verifications":[` + strings.Repeat(`{"key":"x"},`, 100) + `{"key":"x"}]}`, `{"verifications":[` + strings.Repeat(`0,`, 200_000) + `0]}`, `{"verifications":[` + strings.Repeat(`{},`, 99) + `{}]}`, `{"verifications":[{"verifications":[]}]}`,
		`{"verifications":[{"key":"x"}],"verifications":[]}`,
	} {
		table[fmt.Sprintf("batch: %.60q of %d", body, len(body))] = request("POST", "/api/keys/verify/batch", body, gate)
	}
	for _, body := range []string{
		`{}`, `{"credits":-1}`, `{"credits":1e10}`, `{"credits":null}`, `{"credits":"1"}`, `{"credits":1.5}`, `{"credits":1,"usage":{"output_tokens":1}}`, `{"credits":1,"model":""}`, `{"credits":1,"outcome":""}`, `{"credits":1,"outcome":"a\u0000"}`,
		`{"credits":1,"cost_usd":-1}`, `{"credits":1,"delivered":7}`, `{"credits":1,"delivered":{"credits":-1}}`, `{"credits":1,"delivered":{"usage":{}}}`, `{"credits":1,"ttl_seconds":0}`, `{"credits":1,"ttl_seconds":1e308}`, `[]`, `null`, ``,
		`{"usage":[]}`, `{"usage":{"output_tokens":-1}}`, `{"usage":{"model":"m","input_tokens":1000000000,"cache_read_tokens":1000000000}}`, `{"delivered":{"usage":{"model":1}}}`, `{"usage":{},"model":"m"}`,
		`{"credits":1,"reason":""}`, `{"credits":0,"reason":"r"}`, `{"credits":-1000000001,"reason":"r"}`, `{"credits":1,"reason":"r","day":"2026-02-30"}`, `{"credits":1,"reason":"r","day":"9999-12-31"}`, `{"credits":-1000000000,"reason":"r"}`,
		`{"credits":1,"expires_at":"1999-01-01T00:00:00Z"}`, `{"credits":1,"expires_at":"2026-03-04"}`, `{"credits":1,"note":{}}`, `{"credits":1,"idempotency_key":""}`, `{"credits":1,"note":"` + strings.Repeat("n", 501) + `"}`,
	} {
		for _, target := range []string{"/api/holds/$ada.id/settle", "/api/holds/$ada.id/extend", "/api/holds/$ada.id/release"} {
			table[target+": "+body[:min(len(body), 60)]] = request("POST", target, body, gate)
		}
		// A customer, and an operator for a user who does not exist.
		for _, target := range []string{"/api/admin/users/$bob.user/grants", "/api/admin/users/$bob.user/corrections", "/api/admin/holds/$ada.id/release"} {
			table[target+" by bob: "+body[:min(len(body), 60)]] = request("POST", target, body, bob)
			table[target+": "+body[:min(len(body), 60)]] = request("POST", strings.Replace(target, "$bob.user", "$ada.id", 1), body, root)
		}
	}
	for _, body := range []string{
		`{}`, `[]`, `null`, ``, `{"name":""}`, `{"name":"a b"}`, `{"name":"../../etc/passwd","aliases":["../../etc/passwd"]}`, `{"name":"x","aliases":[null]}`, `{"name":"x","aliases":{"a":1}}`, `{"name":"x","aliases":["` + strings.Repeat("a", 201) + `"]}`,
		`{"name":"x","plans":[{}]}`, `{"name":"x","plans":["'; DROP TABLE plans; --"]}`, `{"name":"x","context_window":-1}`, `{"name":"x","output_allowance":1e300}`, `{"name":"\u0000"}`, `{"name":"x\u202ey"}`, `{"name":"` + strings.Repeat("x", 100_000) + `"}`,
		`{"model":"m","usd_per_million":{},"charge":{}}`, `{"model":"m","usd_per_million":{"input":1e999,"output":-1},"charge":{"mode":"cost"}}`, `{"model":"m","usd_per_million":{"input":0.` + strings.Repeat("0", 5000) + `1,"output":1},"charge":{"mode":"cost"}}`,
		`{"model":"m","usd_per_million":{"input":1,"output":"1"},"charge":{"mode":"cost"}}`, `{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"free"}}`, `{"model":"m","usd_per_million":{"input":1,"input":1,"output":1},"charge":{"mode":"cost"}}`,
		`{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost","percent":1e-9}}`, `{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"request","credits":1e10}}`, `{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost","credit_value_usd":0}}`,
		`{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"},"tiers":{"` + strings.Repeat("a", 100_000) + `":{"input":1,"output":1}}}`, `{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"},"tiers":{"__proto__":{"input":-1}}}`,
		`{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"},"bands":[` + strings.Repeat(`0,`, 100_000) + `0]}`, `{"model":"m","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"},"valid_from":"0001-01-01T00:00:00Z"}`,
		`{"model":"m","usage":[]}`, `{"model":"m","usage":{"input_tokens":1e30}}`, `{"model":"m","usage":{"service_tier":"\u0000"}}`, `{"model":"m","usage":{},"at":"x"}`, `{"model":"\ud800","usage":{}}`,
		`{"source":"shipped","list":{}}`, `{"source":"../../etc/passwd"}`, `{"source":"litellm","list":{}}`, `{"source":"litellm","list":"{}"}`, `{"source":"litellm","list":{"m":{"mode":"chat","input_cost_per_token":1e9999,"output_cost_per_token":-1}},"models":[1]}`, `{"source":"genai-prices","list":{"providers":[{"models":{}}]},"percent":-1}`,
		`{"source":"litellm","list":` + strings.Repeat(`{"a":`, 70) + `1` + strings.Repeat(`}`, 70) + `}`, `{"source":"shipped","models":["` + strings.Repeat("*", 201) + `"]}`, `{"source":"shipped","models":[` + strings.Repeat(`"*",`, 300) + `"*"],"apply":true}`, `{"source":"shipped","credit_value_usd":1e-7,"apply":true}`,
	} {
		for _, path := range []string{"models", "prices", "prices/quote", "prices/import"} {
			table[fmt.Sprintf("%s: %.90q of %d", path, body, len(body))] = request("POST", "/api/admin/"+path, body, root)
			table[fmt.Sprintf("%s by bob: %.90q of %d", path, body, len(body))] = request("POST", "/api/admin/"+path, body, bob)
		}
	}
	for _, query := range []string{"model=", "model=%00", "model=%ff", "model=a%20b&model=c", "model=" + strings.Repeat("a", 201), "model='%20OR%201=1--", "after=x", "after=$ada.id%00", "limit=0", "limit=501", "limit=1e9", "offset=-1"} {
		table["prices: "+query[:min(len(query), 60)]] = request("GET", "/api/admin/prices?"+query, "", root)
	}
	for _, query := range []string{"user_id=x", "user_id=", "user_id=%00", "key_id='%20OR%201=1", "key_id=$ada.id&key_id=$ada.id", "limit=0", "limit=201", "limit=1e9", "after=x", "after=$ada.id%00", "user_id[]=$ada.user", "offset=-1"} {
		table["holds: "+query] = request("GET", "/api/holds?"+query, "", gate)
		table["all holds: "+query] = request("GET", "/api/admin/holds?"+query, "", root)
		table["grants: "+query] = request("GET", "/api/admin/users/$ada.user/grants?"+query, "", root)
		table["corrections: "+query] = request("GET", "/api/admin/users/$ada.user/corrections?"+query, "", root)
	}
	for _, value := range []string{
		"0", "-1", "366", "1e3", "1.5", "0x1", "99999999999999999999", "-9223372036854775808", "NaN", "%00", "%ff%fe", "7%00", "%27%20OR%201=1--", "{{7*7}}", "${7*7}", "1&days=2", "%F0%9F%92%A9", "", "+7", "%2B7", "7%0d%0aX-Evil:1", "%", "%zz",
		strings.Repeat("9", 8000),
	} {
		table["history: days="+value[:min(len(value), 60)]] = request("GET", "/api/usage/history?days="+value, "", bob)
		table["hourly: date="+value[:min(len(value), 60)]] = request("GET", "/api/usage/hourly?date="+value, "", bob)
	}
	for _, q := range []string{"%00", "%ff", "%25%25%25", "___", "'%20OR%20''='", "%5c", "%22", "*", "a%00b", "\\", strings.Repeat("a", 201), strings.Repeat("%F0%9F%92%A9", 200), "%e2%80%ae", "NEAR(a%20b)", "a*%20OR%20b"} {
		for _, path := range []string{"users", "tokens", "logs"} {
			table[path+": q="+q[:min(len(q), 60)]] = request("GET", "/api/admin/"+path+"?q="+q, "", root)
		}
	}
	for _, id := range []string{
		"$ada.id", "$ada.revoked.id", "$ada.user", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "x", "-1", "0", "%00", "..", "../../admin/users", "%2e%2e%2f", "{$ada.id}", "urn:uuid:$ada.id",
		"'%20OR%201=1", "$ada.id%00", "$ada.id/", "*", "%F0%9F%92%A9", strings.Repeat("a", 4000),
	} {
		table["patch: "+id[:min(len(id), 60)]] = request("PATCH", "/api/keys/"+id, `{"label":"stolen"}`, bob)
		table["delete: "+id[:min(len(id), 60)]] = request("DELETE", "/api/keys/"+id, "", bob)
		table["rotate: "+id[:min(len(id), 60)]] = request("POST", "/api/keys/"+id+"/rotate", "", bob)
		table["settle: "+id[:min(len(id), 60)]] = request("POST", "/api/holds/"+id+"/settle", `{"credits":1}`, gate)
		table["extend: "+id[:min(len(id), 60)]] = request("POST", "/api/holds/"+id+"/extend", "", gate)
		table["release: "+id[:min(len(id), 60)]] = request("POST", "/api/holds/"+id+"/release", "", gate)
		table["release any: "+id[:min(len(id), 60)]] = request("POST", "/api/admin/holds/"+id+"/release", "", bob)
		table["give: "+id[:min(len(id), 60)]] = request("POST", "/api/admin/users/"+id+"/grants", `{"credits":1}`, bob)
		table["correct: "+id[:min(len(id), 60)]] = request("POST", "/api/admin/users/"+id+"/corrections", `{"credits":-1,"reason":"r"}`, bob)
		table["revoke a grant: "+id[:min(len(id), 60)]] = request("DELETE", "/api/admin/users/$ada.user/grants/"+id, "", root)
		table["change a model: "+id[:min(len(id), 60)]] = request("PATCH", "/api/admin/models/"+id, `{"name":"stolen"}`, root)
		table["delete a model: "+id[:min(len(id), 60)]] = request("DELETE", "/api/admin/models/"+id, "", root)
		table["admin: "+id[:min(len(id), 60)]] = request("PATCH", "/api/admin/users/"+id, `{"role":"admin"}`, bob)
	}
	for name, headers := range map[string][]string{
		"a scheme alone":          {"Authorization: Bearer"},
		"no scheme":               {"Authorization: $bob.key"},
		"a basic scheme":          {"Authorization: Basic $bob.key"},
		"two headers":             {bob, root},
		"the same header twice":   {bob, bob},
		"two keys in one":         {bob + ", $root.key"},
		"a key with a NUL":        {bob + "\x00"},
		"a key in upper case":     {"Authorization: Bearer CODEXIBLE_00000000000000000000000000000000"},
		"a long key":              {"Authorization: Bearer codexible_" + strings.Repeat("0", 12_000)},
		"a key with SQL":          {"Authorization: Bearer codexible_' OR '1'='1"},
		"a key in Latin-1":        {"Authorization: Bearer codexible_\xe9"},
		"headers too large":       {bob, "X-Filler: " + strings.Repeat("x", 20_000)},
		"very many headers":       {bob, strings.Repeat("X-A: b\r\n", 3000) + "X-B: c"},
		"a header without colon":  {bob, "Nonsense"},
		"a folded header":         {bob, "X-A: b\r\n c"},
		"a request id with HTML":  {bob, "X-Request-Id: <script>alert(1)</script>"},
		"a request id split":      {bob, "X-Request-Id: a\rb"},
		"a long request id":       {bob, "X-Request-Id: " + strings.Repeat("x", 5000)},
		"an origin with a break":  {bob, "Origin: http://localhost:3000\x0bX"},
		"a negative length":       {bob, "Content-Length: -1"},
		"two lengths":             {bob, "Content-Length: 1", "Content-Length: 2"},
		"a length and chunks":     {bob, "Content-Length: 3", "Transfer-Encoding: chunked"},
		"a foreign encoding":      {bob, "Transfer-Encoding: gzip, chunked"},
		"a forwarded address":     {"X-Forwarded-For: ' OR 1=1, 127.0.0.1"},
		"a method override":       {bob, "X-HTTP-Method-Override: DELETE"},
		"an idempotency key long": {bob, "Idempotency-Key: " + strings.Repeat("k", 9000)},
	} {
		table["headers: "+name] = request("GET", "/api/keys", "", headers...)
		table["headers on POST: "+name] = request("POST", "/api/usage", "", headers...)
	}
	for _, method := range []string{"PUT", "TRACE", "CONNECT", "OPTIONS", "PROPFIND", "get", "G\x00T", "DELETE", strings.Repeat("M", 5000)} {
		table["method: "+method[:min(len(method), 20)]] = request(method, "/api/keys", "", bob)
	}
	for _, target := range []string{
		"/../../etc/passwd", "/docs/../../etc/passwd", "/docs/..%2f..%2fetc%2fpasswd", "/docs/%2e%2e/%2e%2e/go.mod", "/docs/..\\..\\go.mod", "//evil.example/docs", "/%", "/%00", "/api//keys", "/./api/keys", "/api/keys;x=1", "/api/keys?" + strings.Repeat("a=b&", 3000),
		"http://evil.example/api/keys", "*", "", "/api/keys#x", "/" + strings.Repeat("a", 15_000), "/api/\xff\xfe", "/{{7*7}}", "/${jndi:ldap://x}", "/.git/config", "/.env", "/docs/swagger-ui.css%00.html", "/api/admin/../keys",
	} {
		table["target: "+target[:min(len(target), 60)]] = request("GET", target, "", bob)
	}
	for name, raw := range map[string]string{
		"no HTTP at all":    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
		"an old version":    "GET /api/keys HTTP/0.9\r\n\r\n",
		"a foreign version": "GET /api/keys HTTP/9.9\r\nHost: x\r\n\r\n",
		"no host":           "GET /api/keys HTTP/1.1\r\n\r\n",
		"an HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"bare line feeds":   "GET /api/keys HTTP/1.1\nHost: x\nConnection: close\n\n",
		"a body cut short":  "POST /api/usage HTTP/1.1\r\nHost: x\r\n" + bob + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
	} {
		table["wire: "+name] = raw
	}
	return table
}

func TestHostileRequestsAreRefusedInTheContractsShape(t *testing.T) {
	table := hostile()
	if len(table) < leastHostile {
		t.Fatalf("%d hostile requests, want %d at least", len(table), leastHostile)
	}
	each(t, func(t *testing.T, s *service) {
		for name, raw := range table {
			s.attack(t, name, raw)
		}
		// They changed nothing.
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200, lacks: []string{"stolen"}, want: `["*",{"id":"$ada.id","prefix":"$ada.prefix","label":"Laptop","status":"active","created_at":"*","last_used_at":null,"expires_at":null,"scopes":["models","usage","keys","charge"],"allowed_addresses":[],"daily_credit_limit":null,"rate_limit_per_minute":null,"concurrency_limit":null,"metadata":{},"models":null,"created_by":"operator","created_by_key_id":null}]`})
		s.call(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":0,"daily_limit":250,"request_count":0,"date":"2026-03-04"}`})
		s.call(t, call{as: "bob", method: "GET", path: "/api/admin/users", status: 403})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/models", status: 200, want: `[]`})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/prices", status: 200, want: `[]`})
		s.call(t, call{as: "root", method: "GET", path: "/api/admin/status", status: 200, want: `{"user_count":5,"active_token_count":"*","today_credits_used":"*","integration":"*"}`})
	})
}

// attack sends a request unchanged and checks the response.
func (s *service) attack(t *testing.T, name, raw string) {
	t.Helper()
	conn := s.dial(t)
	defer conn.Close()
	go func() {
		_, _ = conn.Write([]byte(s.fill(raw)))
		_ = conn.(*net.TCPConn).CloseWrite() // also where the request announced more
	}()
	method, rest, _ := strings.Cut(raw, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Errorf("%s: no answer: %v", name, err)
		return
	}
	target, _, _ := strings.Cut(rest, " ")
	response.Request = &http.Request{Method: method, URL: &url.URL{Path: target}}
	a := answer{Response: response, text: readAll(t, response)}
	if a.StatusCode >= 500 {
		t.Errorf("%s: %d %s", name, a.StatusCode, a.text)
	}
	if a.StatusCode >= 400 && method != http.MethodHead {
		assertFailure(t, a)
	}
	if a.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s: %d without a request id", name, a.StatusCode)
	}
	for word, value := range s.words {
		if (strings.HasPrefix(word, "ada.") || strings.HasPrefix(word, "root.")) && strings.HasSuffix(word, ".key") && strings.Contains(string(a.text), value) {
			t.Errorf("%s: the answer holds $%s", name, word)
		}
	}
	if a.Header.Get("X-Evil") != "" || strings.Contains(string(a.text), "root:") {
		t.Errorf("%s: %v %s", name, a.Header, a.text)
	}
}
