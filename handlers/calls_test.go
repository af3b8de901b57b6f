package handlers_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// fakeGateway answers calls as a test says.
type fakeGateway struct {
	call func(ctx context.Context, r *gateway.Request) *gateway.Answer
	// end ends what is open.
	end func()
}

func (g *fakeGateway) Call(ctx context.Context, r *gateway.Request) *gateway.Answer {
	return g.call(ctx, r)
}

func (g *fakeGateway) Shutdown(context.Context) { g.end() }

// through sets the gateway of a service.
func through(call func(ctx context.Context, r *gateway.Request) *gateway.Answer) setting {
	return func(p *handlers.Parts) { p.Gateway = &fakeGateway{call: call} }
}

// answering is a call that is answered with a text.
func answering(text string) func(context.Context, *gateway.Request) *gateway.Answer {
	return func(_ context.Context, r *gateway.Request) *gateway.Answer {
		r.Done()
		return &gateway.Answer{Status: http.StatusOK, Header: []gateway.Field{{Name: "Content-Type", Value: "application/json"}}, Body: []byte(text)}
	}
}

// script is a stream of events that a test sends.
type script struct {
	ctx    context.Context // the call's, which ends the stream
	events chan string
	closed chan struct{}
	rest   string
}

func newScript(ctx context.Context) *script {
	return &script{ctx: ctx, events: make(chan string), closed: make(chan struct{})}
}

func (s *script) answer() *gateway.Answer {
	return &gateway.Answer{Status: http.StatusOK, Header: []gateway.Field{{Name: "Content-Type", Value: "text/event-stream"}}, Stream: s}
}

func (s *script) Read(b []byte) (int, error) {
	if s.rest == "" {
		select {
		case event, open := <-s.events:
			if !open {
				return 0, io.EOF
			}
			s.rest = event
		case <-s.ctx.Done():
			return 0, context.Cause(s.ctx)
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *script) Close() error {
	close(s.closed)
	return nil
}

func TestACallReachesTheGatewayAsItWasSent(t *testing.T) {
	var got *gateway.Request
	s := onSQLite(t, through(func(ctx context.Context, r *gateway.Request) *gateway.Answer {
		got = r
		if _, limited := ctx.Deadline(); limited {
			t.Error("the call has a deadline")
		}
		return answering(`{"a":1}`)(ctx, r)
	}))
	const body = "{ \"model\":\t\"m\", \"n\": 1e400, \"a\": \"\\u0000\" }"
	for _, base := range []string{"/v1", "/v1/v1"} {
		for _, e := range gateway.Endpoints() {
			header := http.Header{"User-Agent": {"codex/1"}, "Anthropic-Beta": {"a,b", "c"}, "Cookie": {"x=y"}, "X-Stainless-Lang": {"js"}, "X-Request-Id": {"mine"}}
			a := s.call(t, call{as: "ada", method: "POST", path: base + e.Path() + "?beta=true&x=1", body: body, header: header, status: 200})
			if string(a.text) != `{"a":1}` || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%s answers %s as %s", e, a.text, a.Header.Get("Content-Type"))
			}
			want := gateway.Request{
				ID: got.ID, Endpoint: e, Identity: got.Identity, Body: []byte(body), Query: "beta=true", ClientRequestID: "mine", ReceivedAt: got.ReceivedAt,
				Header: map[string][]string{"User-Agent": {"codex/1"}, "Anthropic-Beta": {"a,b", "c"}, "X-Stainless-Lang": {"js"}, "Content-Type": {"application/json"}},
			}
			got.Done = nil
			if diff := cmp.Diff(&want, got, cmp.AllowUnexported(keys.Identity{}), cmp.Comparer(func(a, b *keys.Identity) bool { return a == b })); diff != "" {
				t.Errorf("%s: want - got +:\n%s", e, diff)
			}
			if got.Identity.User.Email != "ada@example.com" || got.ID.Version() != 7 || time.Since(got.ReceivedAt) > patience {
				t.Errorf("%s: %s calls as %s at %s", e, got.Identity.User.Email, got.ID, got.ReceivedAt)
			}
			if id := a.Header.Get("X-Request-Id"); id != got.ID.String() || a.Header.Get("Request-Id") != id {
				t.Errorf("%s: the answer has the ids %q and %q, the call %s", e, id, a.Header.Get("Request-Id"), got.ID)
			}
			for name, want := range map[string]string{"X-RateLimit-Limit": fmt.Sprint(plenty), "X-RateLimit-Limit-Requests": fmt.Sprint(plenty), "X-RateLimit-Reset-Requests": "0s", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"} {
				if a.Header.Get(name) != want {
					t.Errorf("%s: %s is %q, want %q", e, name, a.Header.Get(name), want)
				}
			}
			if a.Header.Get("X-RateLimit-Remaining") != a.Header.Get("X-RateLimit-Remaining-Requests") || a.Header.Get("X-RateLimit-Remaining") == "" {
				t.Errorf("%s: %v", e, a.Header)
			}
		}
	}
}

func TestAKeyIsTakenFromEitherHeader(t *testing.T) {
	s := onSQLite(t, through(answering(`{}`)))
	for says, c := range map[string]struct {
		bearer, other []string
		status        int
	}{
		"none":                              {status: 401},
		"Bearer":                            {bearer: []string{"Bearer $ada.key"}, status: 200},
		"x-api-key":                         {other: []string{"$ada.key"}, status: 200},
		"x-api-key beside another's Bearer": {bearer: []string{"Bearer sk-ant-1"}, other: []string{"$ada.key"}, status: 200},
		"Bearer beside another's x-api-key": {bearer: []string{"Bearer $ada.key"}, other: []string{"sk-ant-1"}, status: 200},
		"two keys: Bearer is the first":     {bearer: []string{"Bearer $ada.key"}, other: []string{"$ada.revoked.key"}, status: 200},
		"a revoked one is not passed over":  {bearer: []string{"Bearer $ada.revoked.key"}, other: []string{"$ada.key"}, status: 401},
		"Basic beside x-api-key":            {bearer: []string{"Basic eDp5"}, other: []string{"$ada.key"}, status: 200},
		"another's Bearer alone":            {bearer: []string{"Bearer sk-1"}, status: 401},
		"another's x-api-key alone":         {other: []string{"sk-1"}, status: 401},
		"two x-api-keys":                    {other: []string{"$ada.key", "$ada.key"}, status: 401},
		"an empty x-api-key":                {other: []string{""}, status: 401},
	} {
		header := http.Header{}
		for _, v := range c.bearer {
			header.Add("Authorization", s.fill(v))
		}
		for _, v := range c.other {
			header.Add("X-Api-Key", s.fill(v))
		}
		a := s.send(t, call{method: "POST", path: "/v1/messages", body: `{}`, header: header})
		if a.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", says, a.StatusCode, a.text, c.status)
		}
	}
}

// wireError is an error in the shape of a wire: code is empty on messages.
type wireError struct{ kind, code, message string }

func wireErrorOf(t *testing.T, messages bool, a answer) (e wireError) {
	t.Helper()
	var body struct {
		Type      *string `json:"type"`
		RequestID *string `json:"request_id"`
		Error     struct {
			Type    string  `json:"type"`
			Code    *string `json:"code"`
			Message string  `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(a.text, &body); err != nil {
		t.Fatalf("%v: %s", err, a.text)
	}
	if (body.Type != nil) != messages || (body.RequestID != nil) != messages || (body.Error.Code == nil) != messages || body.Error.Message == "" || a.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("it has not the shape of its wire: %s", a.text)
	}
	if messages && *body.RequestID != a.Header.Get("Request-Id") {
		t.Errorf("the request id is %s in the body and %s in the head", *body.RequestID, a.Header.Get("Request-Id"))
	}
	e = wireError{kind: body.Error.Type, message: body.Error.Message}
	if body.Error.Code != nil {
		e.code = *body.Error.Code
	}
	return e
}

func TestCallsAreRefusedInTheShapeOfTheirWire(t *testing.T) {
	called := 0
	s := onSQLite(t, through(func(ctx context.Context, r *gateway.Request) *gateway.Answer {
		called++
		return answering(`{}`)(ctx, r)
	}))
	s.narrowKey(t, "elsewhere", []string{"models"}, []string{"10.0.0.0/8"})
	s.narrowKey(t, "reader", []string{"usage"}, nil)
	s.rate(t, "starter", 1)
	s.send(t, call{as: "bob", method: "POST", path: "/v1/messages", body: `{}`})
	called = 0
	for _, c := range []struct {
		says, as, method, path string
		header                 http.Header
		status                 int
		code, messages         string
		retry                  string
	}{
		{"no key", "", "POST", "", nil, 401, "invalid_api_key", "authentication_error", "false"},
		{"a revoked key", "ada.revoked", "POST", "", nil, 401, "invalid_api_key", "authentication_error", "false"},
		{"an expired key", "ada.expired", "POST", "", nil, 401, "invalid_api_key", "authentication_error", "false"},
		{"a suspended user", "sam", "POST", "", nil, 403, "account_suspended", "permission_error", "false"},
		{"another scope", "ada.reader", "POST", "", nil, 403, "insufficient_scope", "permission_error", "false"},
		{"another address", "ada.elsewhere", "POST", "", nil, 403, "ip_not_allowed", "permission_error", "false"},
		{"too many requests", "bob", "POST", "", nil, 429, "rate_limit_exceeded", "rate_limit_error", ""},
		{"two codings", "ada", "POST", "", http.Header{"Content-Encoding": {"gzip, zstd"}}, 400, "invalid_body", "invalid_request_error", ""},
		{"an unknown coding", "ada", "POST", "", http.Header{"Content-Encoding": {"br"}}, 400, "invalid_body", "invalid_request_error", ""},
		{"an unknown path", "ada", "POST", "/nothing", nil, 404, "not_found", "not_found_error", ""},
		{"another method", "ada", "PUT", "", nil, 405, "method_not_allowed", "invalid_request_error", ""},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/v1/messages", "/v1/embeddings"} {
			messages := strings.HasSuffix(path, "/messages")
			a := s.send(t, call{as: c.as, method: c.method, path: path + c.path, body: `{"model":"m"}`, header: c.header})
			e := wireErrorOf(t, messages, a)
			if a.StatusCode != c.status || !messages && e.code != c.code || messages && e.kind != c.messages {
				t.Errorf("%s on %s: %d %s", c.says, path, a.StatusCode, a.text)
			}
			if a.Header.Get("X-Should-Retry") != c.retry || (a.Header.Get("Retry-After") != "") != (c.status == 429) {
				t.Errorf("%s on %s: X-Should-Retry %q, Retry-After %q", c.says, path, a.Header.Get("X-Should-Retry"), a.Header.Get("Retry-After"))
			}
			if id := a.Header.Get("X-Request-Id"); len(id) != 36 || a.Header.Get("Request-Id") != id || a.Header.Get("X-RateLimit-Limit") == "" {
				t.Errorf("%s on %s: the answer has the headers %v", c.says, path, a.Header)
			}
		}
	}
	if called > 0 {
		t.Errorf("%d refused calls reached the gateway", called)
	}
}

// narrowKey creates a key of ada's with these scopes and addresses.
func (s *service) narrowKey(t testing.TB, which string, scopes, addresses []string) {
	t.Helper()
	secret := mint()
	if _, err := s.store.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: s.id(t, "ada.user"), Label: which, Secret: secret, Scopes: scopes, Addresses: addresses}); err != nil {
		t.Fatal(err)
	}
	s.words["ada."+which+".key"] = secret.Reveal()
}

func TestAnAmbiguousHeadOnV1HasTheShapeOfItsWire(t *testing.T) {
	s := onSQLite(t)
	conn := s.dial(t)
	if _, err := io.WriteString(conn, "POST /v1/messages HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	a := read(t, bufio.NewReader(conn), http.MethodPost)
	if e := wireErrorOf(t, true, a); a.StatusCode != 400 || e.kind != "invalid_request_error" {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

func TestKeysOfServicesCountAsCustomersKeysInCalls(t *testing.T) {
	s := onSQLite(t, through(answering(`{}`)))
	s.rate(t, "business", 1)
	s.call(t, call{as: "gate", method: "POST", path: "/v1/responses", body: `{}`, status: 200})
	s.call(t, call{as: "gate", method: "POST", path: "/v1/responses", body: `{}`, status: 429})
}

func TestOurOwnFailuresAreNeverTheCallers(t *testing.T) {
	s := onSQLite(t, through(func(context.Context, *gateway.Request) *gateway.Answer { panic("secret of the stack") }))
	a := s.call(t, call{as: "ada", method: "POST", path: "/v1/chat/completions", body: `{}`, status: 500, lacks: []string{"secret", "goroutine", ".go:"}})
	if e := wireErrorOf(t, false, a); e.code != "internal_error" {
		t.Errorf("%s", a.text)
	}
	s = onSQLite(t)
	a = s.call(t, call{as: "ada", method: "POST", path: "/v1/messages", body: `{}`, status: 503})
	if e := wireErrorOf(t, true, a); e.kind != "overloaded_error" || a.Header.Get("Retry-After") != "5" {
		t.Errorf("without a gateway: %s, Retry-After %s", a.text, a.Header.Get("Retry-After"))
	}
}

func TestAnswersThatAreOnlyPassedOnAreNoFailuresOfTheService(t *testing.T) {
	var watch *monitor.Monitor
	lines := &requestLines{}
	broken := errors.New("our disk")
	answers := []*gateway.Answer{
		{Status: 502, Header: []gateway.Field{{Name: "Content-Type", Value: "text/html"}, {Name: "X-Bad", Value: "a\r\nX-Evil: 1"}, {Name: "X Bad", Value: "b"}}, Body: []byte("<upstream's own>")},
		{Status: 503, Body: []byte("{}"), Cause: broken},
		{Status: 429, Body: []byte("{}"), Refused: keys.QuotaExceeded},
	}
	s := onSQLite(t, func(p *handlers.Parts) {
		withMonitor(p, func(*monitor.Parts) {})
		watch, p.Log = p.Monitor, slog.New(handlers.NewJSONLog(lines, slog.LevelInfo))
		p.Gateway = &fakeGateway{call: func(context.Context, *gateway.Request) *gateway.Answer {
			next := answers[0]
			answers = answers[1:]
			return next
		}}
	})
	lines.take()
	header := http.Header{"X-Client-Request-Id": {"from-codex"}}
	a := s.call(t, call{as: "ada", method: "POST", path: "/v1/responses", body: `{}`, header: header, status: 502})
	if string(a.text) != "<upstream's own>" || a.Header.Get("Content-Type") != "text/html" || a.Header.Get("X-Evil") != "" || a.Header.Get("X-Bad") != "" {
		t.Errorf("the answer is %s with %v", a.text, a.Header)
	}
	if n := len(watch.Failures.Latest(9)); n != 0 {
		t.Errorf("%d failures of the service after one of an upstream", n)
	}
	s.call(t, call{as: "ada", method: "POST", path: "/v1/responses", body: `{}`, header: http.Header{"X-Request-Id": {s.words["ada.key"]}}, status: 503})
	if n := len(watch.Failures.Latest(9)); n != 1 {
		t.Errorf("%d failures of the service, want 1", n)
	}
	s.call(t, call{as: "ada", method: "POST", path: "/v1/responses", body: `{}`, status: 429})
	if n := watch.Refusals.Pending(keys.QuotaExceeded); n != 1 {
		t.Errorf("%d refusals over quota are counted, want 1", n)
	}
	var got []string
	for _, line := range lines.take() {
		var entry struct {
			Level  string `json:"level"`
			Client string `json:"client_request_id"`
			Error  string `json:"error"`
			Status int    `json:"status"`
		}
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(entry.Level, " ", entry.Status, " ", entry.Client, " ", entry.Error))
	}
	if diff := cmp.Diff([]string{"INFO 502 from-codex ", "ERROR 503  our disk", "INFO 429  "}, got); diff != "" {
		t.Errorf("the log, want - got +:\n%s", diff)
	}
}

func TestCodexIsSentFromWebSocketToPost(t *testing.T) {
	s := onSQLite(t)
	upgrade := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}}
	if e := wireErrorOf(t, false, s.call(t, call{method: "GET", path: "/v1/responses", header: upgrade, status: 426})); !strings.Contains(e.message, "POST") {
		t.Errorf("it says %q", e.message)
	}
	if a := s.call(t, call{method: "GET", path: "/v1/responses", status: 405}); a.Header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", a.Header.Get("Allow"))
	}
}

func TestClaudeCodesFirstLookIsAnswered(t *testing.T) {
	s := onSQLite(t)
	if a := s.call(t, call{method: "HEAD", path: "/api/hello", status: 200, unwindowed: true}); len(a.text) > 0 {
		t.Errorf("it has a body: %s", a.text)
	}
}

func TestPagesOfAllowedOriginsCallModels(t *testing.T) {
	s := onSQLite(t, through(answering(`{}`)))
	from := "http://localhost:3000"
	h := s.call(t, call{method: "OPTIONS", path: "/v1/messages", header: http.Header{"Origin": {from}, "Access-Control-Request-Method": {"POST"}}, status: 204}).Header
	for _, name := range []string{"Authorization", "X-Api-Key", "Anthropic-Version", "Anthropic-Beta", "*"} {
		if !strings.Contains(h.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("the preflight allows %q, without %s", h.Get("Access-Control-Allow-Headers"), name)
		}
	}
	for _, as := range []string{"ada", ""} {
		h = s.send(t, call{as: as, method: "POST", path: "/v1/messages", body: `{}`, header: http.Header{"Origin": {from}}}).Header
		for _, name := range []string{"Retry-After", "Request-Id", "X-RateLimit-Remaining-Requests", "X-Codexible-Credits-Remaining"} {
			if h.Get("Access-Control-Allow-Origin") != from || !strings.Contains(h.Get("Access-Control-Expose-Headers"), name) {
				t.Errorf("%s is not exposed: %v", name, h)
			}
		}
	}
	if h := s.send(t, call{as: "ada", method: "POST", path: "/v1/messages", body: `{}`, header: http.Header{"Origin": {"http://evil.example"}}}).Header; h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Expose-Headers") != "" {
		t.Errorf("a foreign page may read it: %v", h)
	}
}

func TestTheListOfModelsIsOpenAIsAndAnthropics(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) {
		p.Wires = func(_ context.Context, m *catalog.Model) ([]usage.Wire, error) {
			return map[bool][]usage.Wire{true: {usage.Chat}}[m.Name != "idle"], nil
		}
	})
	for _, m := range []string{`{"name":"b/claude","aliases":["claude-latest"],"display_name":"Claude","description":"It writes."}`, `{"name":"a-gpt"}`, `{"name":"idle"}`, `{"name":"unpriced"}`, `{"name":"hidden","plans":["Starter"]}`} {
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/models", body: m, status: 200})
	}
	for _, name := range []string{"b/claude", "a-gpt", "idle", "hidden"} {
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/prices", body: `{"model":"` + name + `","usd_per_million":{"input":1,"output":1},"charge":{"mode":"cost"}}`, status: 200})
	}
	at := s.clock.Now().UTC()
	gpt := fmt.Sprintf(`{"id":"a-gpt","object":"model","created":%d,"owned_by":"codexible","type":"model","display_name":"a-gpt","created_at":%q}`, at.Unix(), at.Format(time.RFC3339))
	claude := fmt.Sprintf(`{"id":"b/claude","object":"model","created":%d,"owned_by":"codexible","type":"model","display_name":"Claude","description":"It writes.","created_at":%q}`, at.Unix(), at.Format(time.RFC3339))
	list := `{"object":"list","data":[` + gpt + `,` + claude + `],"has_more":false,"first_id":"a-gpt","last_id":"b/claude"}`
	s.run(t, []call{
		{says: "the list", as: "ada", method: "GET", path: "/v1/models?limit=1000", status: 200, want: list},
		{says: "the list under /v1/v1", as: "ada", method: "GET", path: "/v1/v1/models", status: 200, want: list},
		{says: "one", as: "ada", method: "GET", path: "/v1/models/a-gpt", status: 200, want: gpt},
		{says: "one with a slash in its name", as: "ada", method: "GET", path: "/v1/models/b/claude", status: 200, want: claude},
		{says: "the same, escaped", as: "ada", method: "GET", path: "/v1/models/b%2Fclaude", status: 200, want: claude},
		{says: "one by its alias", as: "ada", method: "GET", path: "/v1/models/claude-latest", status: 200, want: claude},
		{says: "one that no upstream serves", as: "ada", method: "GET", path: "/v1/models/idle", status: 404, want: `{"error":{"message":"*","type":"invalid_request_error","code":"model_not_found","param":"model"}}`},
		{says: "one without a price", as: "ada", method: "GET", path: "/v1/models/unpriced", status: 404},
		{says: "one of another plan", as: "ada", method: "GET", path: "/v1/models/hidden", status: 404},
		{says: "no name", as: "ada", method: "GET", path: "/v1/models/", status: 404},
		{says: "a broken escape", as: "ada", method: "GET", path: "/v1/models/%25zz", status: 404},
		{says: "without a key", method: "GET", path: "/v1/models", status: 401},
	})
	if _, err := s.store.ChangeKey(t.Context(), accounts.ActorCLI, s.id(t, "ada.id"), [16]byte{}, keys.KeyChange{Models: &[]string{"claude-latest"}}); err != nil {
		t.Fatal(err)
	}
	s.call(t, call{as: "ada", method: "GET", path: "/v1/models", status: 200, want: `{"object":"list","data":[` + claude + `],"has_more":false,"first_id":"b/claude","last_id":"b/claude"}`})
	if _, err := s.store.ChangeKey(t.Context(), accounts.ActorCLI, s.id(t, "ada.id"), [16]byte{}, keys.KeyChange{Models: &[]string{"idle"}}); err != nil {
		t.Fatal(err)
	}
	s.call(t, call{as: "ada", method: "GET", path: "/v1/models", status: 200, want: `{"object":"list","data":[],"has_more":false,"first_id":null,"last_id":null}`})
}

func TestEventsLeaveOneByOneAndTheConnectionIsKept(t *testing.T) {
	scripts := make(chan *script, 1)
	s := onSQLite(t, through(func(ctx context.Context, r *gateway.Request) *gateway.Answer {
		if r.Endpoint == gateway.CountTokens {
			return answering(`{"input_tokens":1}`)(ctx, r)
		}
		next := newScript(ctx)
		scripts <- next
		return next.answer()
	}))
	conn := s.dial(t)
	answers := bufio.NewReader(conn)
	for range 2 {
		if _, err := io.WriteString(conn, s.post("/v1/messages", "ada", 2)+"{}"); err != nil {
			t.Fatal(err)
		}
		next := <-scripts
		events := []string{"event: a\ndata: 1\n\n", "data: " + strings.Repeat("x", 100_000) + "\n\n", ": c\r\n\r\n"}
		go func() { next.events <- events[0] }()
		response, err := http.ReadResponse(answers, &http.Request{Method: http.MethodPost})
		if err != nil {
			t.Fatal(err)
		}
		if response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("X-Accel-Buffering") != "no" {
			t.Errorf("the stream has the head %v", response.Header)
		}
		for i, event := range events {
			got := make([]byte, len(event))
			if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != event {
				t.Fatalf("event %d: %v", i, err)
			}
			if i+1 < len(events) {
				next.events <- events[i+1] // only after the one before has arrived
			}
		}
		close(next.events)
		if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
			t.Errorf("%q, %v behind the last event", rest, err)
		}
		<-next.closed
		<-next.ctx.Done()
		if cause := context.Cause(next.ctx); errors.Is(cause, gateway.ErrClientGone) {
			t.Errorf("a call that has ended ends with %v", cause)
		}
	}
	if _, err := io.WriteString(conn, s.post("/v1/messages/count_tokens", "ada", 2)+"{}"); err != nil {
		t.Fatal(err)
	}
	if a := read(t, answers, http.MethodPost); a.StatusCode != 200 {
		t.Errorf("the next request on the connection: %d %s", a.StatusCode, a.text)
	}
}

// panicking is a stream that fails.
type panicking struct{ closed chan struct{} }

func (panicking) Read([]byte) (int, error) { panic("at the second event") }

func (p panicking) Close() error {
	close(p.closed)
	return nil
}

func TestAStreamThatFailsIsCutAndEndsItsCall(t *testing.T) {
	p := panicking{make(chan struct{})}
	calls := new(handlers.Calls)
	s := onSQLite(t, through(func(context.Context, *gateway.Request) *gateway.Answer {
		return &gateway.Answer{Status: 200, Stream: p}
	}), func(parts *handlers.Parts) { parts.Calls = calls })
	conn := s.dial(t)
	if _, err := io.WriteString(conn, s.post("/v1/responses", "ada", 2)+"{}"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err == nil {
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Error("the answer seems to be whole")
	}
	<-p.closed
	if err := calls.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCallsAreRefusedWhileTheServiceStopsAndOpenOnesEndInBand(t *testing.T) {
	calls := new(handlers.Calls)
	scripts := make(chan *script, 1)
	var open *script
	fake := &fakeGateway{
		call: func(ctx context.Context, _ *gateway.Request) *gateway.Answer {
			next := newScript(ctx)
			scripts <- next
			return next.answer()
		},
		end: func() {
			open.events <- "event: error\ndata: {}\n\n"
			close(open.events)
		},
	}
	s := onSQLite(t, func(p *handlers.Parts) { p.Gateway, p.Calls = fake, calls })
	conn := s.dial(t)
	if _, err := io.WriteString(conn, s.post("/v1/messages", "ada", 2)+"{}"); err != nil {
		t.Fatal(err)
	}
	open = <-scripts
	calls.Stop()
	a := s.call(t, call{as: "ada", method: "POST", path: "/v1/messages", body: `{}`, status: 503})
	if e := wireErrorOf(t, true, a); e.kind != "api_error" || a.Header.Get("Retry-After") != "5" || !a.Close {
		t.Errorf("%s, Retry-After %q, close %t", a.text, a.Header.Get("Retry-After"), a.Close)
	}
	s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := calls.Wait(over); !errors.Is(err, context.Canceled) {
		t.Errorf("no call is open: %v", err)
	}
	go fake.Shutdown(t.Context())
	if a := read(t, bufio.NewReader(conn), http.MethodPost); string(a.text) != "event: error\ndata: {}\n\n" {
		t.Errorf("the stream ends with %q", a.text)
	}
	if err := calls.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenCallsAreCutWithTheServicesLife(t *testing.T) {
	life, cut := context.WithCancel(t.Context())
	called := make(chan struct{})
	s := onSQLite(t, through(func(ctx context.Context, _ *gateway.Request) *gateway.Answer {
		close(called)
		<-ctx.Done()
		if cause := context.Cause(ctx); errors.Is(cause, gateway.ErrClientGone) {
			t.Errorf("the call ends with %v", cause)
		}
		return &gateway.Answer{Status: 503}
	}), func(p *handlers.Parts) { p.CallsLife = life })
	go func() {
		<-called
		cut()
	}()
	s.call(t, call{as: "ada", method: "POST", path: "/v1/embeddings", body: `{}`, status: 503})
}
