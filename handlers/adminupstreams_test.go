package handlers_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"

	"github.com/google/uuid"
)

const (
	upstreams  = "/api/admin/upstreams"
	vendorKey  = "sk-vendor-0123456789abcd"
	vendorHead = "tenant-value-of-a-header"
)

// upstreamJSON is an upstream as it is answered; "$…" are fields that the tests change.
func upstreamJSON(name, url, rest string) string {
	return `{"id":"*","name":"` + name + `","base_url":"` + url + `",` + rest + `,"created_at":"2026-03-04T12:00:02Z","problem":null,"rests_until":null,"recent_failures":0}`
}

func storedKey(name string) string {
	return `{"id":"*","name":"` + name + `","source":"stored","ref":null,"ends_with":"abcd","enabled":true,"disabled_at":null,"disabled_reason":null,"problem":null,"rests_until":null}`
}

func TestAnUpstreamIsAddedChangedAndDeleted(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		spare := `{"id":"*","name":"key 1","source":"env","ref":"env:UPSTREAM_SPARE","ends_with":null,"enabled":true,"disabled_at":null,"disabled_reason":null,"problem":null,"rests_until":null}`
		defaults := `"weight":1,"priority":1,"first_byte_timeout_seconds":300,"idle_timeout_seconds":300,"on_client_gone":"cancel","daily_limit_usd":null,"shared_state":false,"enabled":true`
		full := `"kind":"openai","wires":["chat","responses"],"keys":[` + storedKey("main") + `,` + spare + `],"headers":["x-tenant"],` + defaults
		first := asRoot("POST", upstreams, `{"name":"Vendor","kind":"openai","base_url":"https://api.example.com","keys":[{"name":"main","secret":"`+vendorKey+`"},{"ref":"env:UPSTREAM_SPARE"}],"headers":{"X-Tenant":"`+vendorHead+`"}}`,
			200, upstreamJSON("Vendor", "https://api.example.com/v1", full))
		first.keep, first.lacks = "u", []string{vendorKey, vendorHead}
		s.call(t, first)
		s.call(t, asRoot("GET", upstreams, "", 200, `[`+upstreamJSON("Vendor", "https://api.example.com/v1", full)+`]`))
		one := upstreams + "/$u.id"
		s.call(t, asRoot("PATCH", one, `{}`, 200, upstreamJSON("Vendor", "https://api.example.com/v1", full)))
		changed := `"kind":"openai","wires":["chat","responses"],"keys":[` + storedKey("main") + `],"headers":[],"weight":0,"priority":2,"first_byte_timeout_seconds":1,"idle_timeout_seconds":3600,"on_client_gone":"drain","daily_limit_usd":12.5,"shared_state":true,"enabled":false`
		s.call(t, asRoot("PATCH", one, `{"name":"other","keys":[{"name":"main"}],"headers":{},"weight":0,"priority":2,"first_byte_timeout_seconds":1,"idle_timeout_seconds":3600,"on_client_gone":"drain","daily_limit_usd":12.5,"shared_state":true,"enabled":false}`,
			200, upstreamJSON("other", "https://api.example.com/v1", changed)))
		s.call(t, asRoot("PATCH", one, `{"keys":[{"name":"main","enabled":false}]}`, 200, upstreamJSON("other", "https://api.example.com/v1", strings.Replace(changed, `"enabled":true,"disabled_at":null,"disabled_reason":null`, `"enabled":false,"disabled_at":"2026-03-04T12:00:02Z","disabled_reason":"disabled by an operator"`, 1))))
		s.call(t, asRoot("PATCH", one, `{"keys":[{"name":"main","enabled":true}],"daily_limit_usd":null}`, 200, upstreamJSON("other", "https://api.example.com/v1", strings.Replace(changed, "12.5", "null", 1))))
		// Secrets do not follow to another address.
		s.call(t, asRoot("PATCH", one, `{"base_url":"http://10.0.0.7:8000","kind":"compatible","wires":["messages","chat"]}`, 200,
			upstreamJSON("other", "http://10.0.0.7:8000/v1", strings.NewReplacer(storedKey("main"), "", `"openai","wires":["chat","responses"]`, `"compatible","wires":["chat","messages"]`, "12.5", "null").Replace(changed))))
		s.call(t, asRoot("PATCH", one, `{"keys":[]}`, 200, ""))
		s.call(t, asRoot("POST", upstreams, `{"name":"OTHER","kind":"anthropic","base_url":"https://api.example.com"}`, 409, ""))

		const noModel = `{"name":"large","candidates":[{"upstream":"nobody"}]}`
		if fields := fieldsOf(t, s.call(t, asRoot("POST", "/api/admin/models", noModel, 422, ""))); fields["candidates"] == nil {
			t.Errorf("the wrong fields are %v", fields)
		}
		s.call(t, call{as: "root", method: "POST", path: "/api/admin/models", body: `{"name":"large","overrun":"stop","hosted_tools":["code_interpreter"],"candidates":[{"upstream":"Other","model":"large-2","weight":0,"priority":3},{"upstream":"other"}]}`, status: 200, keep: "m",
			want: `{"id":"*","name":"large","aliases":[],"display_name":null,"description":null,"context_window":null,"output_allowance":4096,"overrun":"stop","hosted_tools":["code_interpreter"],` +
				`"candidates":[{"upstream":"other","model":"large-2","weight":0,"priority":3},{"upstream":"other","model":null,"weight":1,"priority":1}],"plans":null,"created_at":"*","price":null}`})
		s.call(t, asRoot("DELETE", one, "", 409, `{"error":{"code":"conflict","message":"The upstream other serves models: large. Remove it from their candidates first, or disable it.","status":409,"request_id":"*"}}`))
		s.call(t, asRoot("PATCH", "/api/admin/models/$m.id", `{"overrun":"finish","hosted_tools":[],"candidates":[]}`, 200,
			`{"id":"*","name":"large","aliases":[],"display_name":null,"description":null,"context_window":null,"output_allowance":4096,"overrun":"finish","hosted_tools":[],"candidates":[],"plans":null,"created_at":"*","price":null}`))
		s.call(t, asRoot("DELETE", one, "", 200, `{"deleted":true}`))
		const missing = `{"error":{"code":"not_found","message":"This upstream does not exist.","status":404,"request_id":"*"}}`
		s.call(t, asRoot("DELETE", one, "", 404, missing))
		s.call(t, asRoot("PATCH", one, `{"weight":1}`, 404, missing))
		s.call(t, asRoot("GET", "/api/admin/logs?q=upstream.&limit=20", "", 200, ""))
		for _, name := range []string{"ada", "gate"} {
			for _, c := range []call{{method: "GET", path: upstreams}, {method: "POST", path: upstreams, body: `{"name":"x"}`}, {method: "PATCH", path: one, body: `{}`}, {method: "DELETE", path: one}, {method: "POST", path: one + "/test", body: `{}`}} {
				c.as, c.status = name, 403
				s.call(t, c)
			}
		}
		for _, secret := range []string{vendorKey, vendorHead} {
			if strings.Contains(logged.String(), secret) {
				t.Error("a secret of an upstream is in the log")
			}
		}
	})
}

func TestWrongFieldsOfUpstreamsAreNamed(t *testing.T) {
	s := onSQLite(t)
	const rest = `"name":"x","kind":"compatible","base_url":"https://api.example.com"`
	first := asRoot("POST", upstreams, `{`+rest+`}`, 200, "")
	first.keep = "u"
	s.call(t, first)
	many := strings.TrimSuffix(strings.Repeat(`{"ref":"file:a"},`, 21), ",")
	wrong := map[string]string{
		`{"name":"a:b"}`: "name", `{"name":""}`: "name", `{"name":"` + strings.Repeat("a", 65) + `"}`: "name", `{"kind":"azure"}`: "kind", `{"kind":1}`: "kind",
		`{"base_url":"http://api.example.com"}`: "base_url", `{"base_url":"https://169.254.169.254"}`: "base_url", `{"base_url":"https://u:p@api.example.com"}`: "base_url", `{"base_url":"https://api.example.com/` + strings.Repeat("a", 500) + `"}`: "base_url",
		`{"wires":[]}`: "wires", `{"wires":["other"]}`: "wires", `{"kind":"openai","wires":["messages"]}`: "wires", `{"wires":["chat","chat"]}`: "wires",
		`{"keys":[` + many + `]}`: "keys", `{"keys":[{}]}`: "keys", `{"keys":[{"name":"nobody"}]}`: "keys", `{"keys":[{"ref":"env:SECRET_KEY"}]}`: "keys", `{"keys":[{"ref":"file:../x"}]}`: "keys", `{"keys":[{"secret":"a b"}]}`: "keys",
		`{"keys":[{"secret":"` + strings.Repeat("a", 4097) + `"}]}`: "keys", `{"keys":[{"secret":""}]}`: "keys[0].secret", `{"keys":[{"secret":"a","ref":"file:a"}]}`: "keys[0].ref", `{"keys":[{"secret":1}]}`: "keys[0].secret", `{"keys":["a"]}`: "keys[0]", `{"keys":{}}`: "keys",
		`{"headers":{"host":"x"}}`: "headers", `{"headers":{"x":1}}`: "headers", `{"headers":{"x":"a","x":"b"}}`: "headers", `{"headers":{"x":"a\r\nb"}}`: "headers", `{"headers":[]}`: "headers", `{"headers":{"x":null}}`: "headers", `{"headers":` + manyHeaders(21) + `}`: "headers",
		`{"weight":-1}`: "weight", `{"weight":1001}`: "weight", `{"priority":0}`: "priority", `{"priority":1001}`: "priority", `{"first_byte_timeout_seconds":0}`: "first_byte_timeout_seconds", `{"first_byte_timeout_seconds":3601}`: "first_byte_timeout_seconds",
		`{"idle_timeout_seconds":1.5}`: "idle_timeout_seconds", `{"idle_timeout_seconds":3601}`: "idle_timeout_seconds", `{"on_client_gone":"wait"}`: "on_client_gone", `{"daily_limit_usd":-1}`: "daily_limit_usd", `{"daily_limit_usd":1000001}`: "daily_limit_usd", `{"daily_limit_usd":0.0000001}`: "daily_limit_usd",
		`{"shared_state":1}`: "shared_state", `{"enabled":"yes"}`: "enabled",
	}
	s.wrongFields(t, "PATCH", upstreams+"/$u.id", wrong)
	created := map[string]string{`{"kind":"openai","base_url":"https://api.example.com"}`: "name", `{"name":"y","base_url":"https://api.example.com"}`: "kind", `{"name":"y","kind":"openai"}`: "base_url"}
	s.wrongFields(t, "POST", upstreams, created)
	s.wrongFields(t, "POST", "/api/admin/models", map[string]string{
		`{"name":"m","overrun":"go"}`: "overrun", `{"name":"m","hosted_tools":["A"]}`: "hosted_tools", `{"name":"m","hosted_tools":["a","a"]}`: "hosted_tools", `{"name":"m","candidates":[{}]}`: "candidates[0].upstream",
		`{"name":"m","candidates":[{"upstream":"x","weight":1001}]}`: "candidates[0].weight", `{"name":"m","candidates":[{"upstream":"x","priority":0}]}`: "candidates[0].priority", `{"name":"m","candidates":[{"upstream":"x","model":"a b"}]}`: "candidates",
		`{"name":"m","candidates":[{"upstream":"x"},{"upstream":"X"}]}`: "candidates",
	})
	s.call(t, asRoot("POST", upstreams, `{`, 400, ""))
}

func manyHeaders(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = `"x-` + strings.Repeat("a", i+1) + `":"v"`
	}
	return "{" + strings.Join(list, ",") + "}"
}

func TestAnUpstreamShowsWhatWasLearntOfIt(t *testing.T) {
	var learnt gateway.UpstreamState
	s := onSQLite(t, func(p *handlers.Parts) { p.UpstreamState = func(uuid.UUID) gateway.UpstreamState { return learnt } })
	u, err := s.store.CreateUpstream(context.Background(), accounts.ActorCLI, gateway.UpstreamChange{
		Name: new("vendor"), Kind: new(gateway.Anthropic), BaseURL: new("https://api.example.com"), Keys: new([]gateway.KeyChange{{Reference: "file:a"}, {Reference: "file:b"}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	learnt = gateway.UpstreamState{RestsUntil: s.clock.Now().Add(30 * time.Second), Failures: 5, Keys: []gateway.KeyState{{ID: u.Keys[1].ID, RestsUntil: s.clock.Now().Add(time.Minute)}}}
	if err := s.store.DisableUpstreamKey(context.Background(), u.ID, u.Keys[0].ID, "the provider answered 401"); err != nil {
		t.Fatal(err)
	}
	s.call(t, asRoot("GET", upstreams, "", 200, `[{"id":"*","name":"vendor","kind":"anthropic","base_url":"https://api.example.com/v1","wires":["messages"],"headers":[],"weight":1,"priority":1,"first_byte_timeout_seconds":300,"idle_timeout_seconds":300,
		"on_client_gone":"cancel","daily_limit_usd":null,"shared_state":false,"enabled":true,"created_at":"*","problem":null,"rests_until":"2026-03-04T12:00:32Z","recent_failures":5,"keys":[
		{"id":"*","name":"key 1","source":"file","ref":"file:a","ends_with":null,"enabled":false,"disabled_at":"2026-03-04T12:00:02Z","disabled_reason":"the provider answered 401","problem":null,"rests_until":null},
		{"id":"*","name":"key 2","source":"file","ref":"file:b","ends_with":null,"enabled":true,"disabled_at":null,"disabled_reason":null,"problem":null,"rests_until":"2026-03-04T12:01:02Z"}]}]`))
}

func TestAnUpstreamIsTestedByItsOwnNameOfTheModel(t *testing.T) {
	var asked string
	var failure error
	var result gateway.TestResult
	s := onSQLite(t, func(p *handlers.Parts) {
		p.TestUpstream = func(_ context.Context, _ uuid.UUID, model string) (gateway.TestResult, error) {
			asked = model
			return result, failure
		}
	})
	first := asRoot("POST", upstreams, `{"name":"vendor","kind":"openai","base_url":"https://api.example.com"}`, 200, "")
	first.keep = "u"
	s.call(t, first)
	if _, err := s.store.CreateModel(context.Background(), accounts.ActorCLI, catalog.ModelChange{Name: new("large"), Aliases: new([]string{"big"}), Candidates: new([]catalog.NewCandidate{{Upstream: "vendor", Model: "vendor/large"}})}); err != nil {
		t.Fatal(err)
	}
	test := upstreams + "/$u.id/test"
	result = gateway.TestResult{OK: true, Status: 200, FirstByte: 212_400 * time.Microsecond, Message: "the upstream answers"}
	for body, model := range map[string]string{`{"model":"large"}`: "vendor/large", `{"model":"big"}`: "vendor/large", `{"model":"other"}`: "other", `{}`: "", ``: ""} {
		s.call(t, asRoot("POST", test, body, 200, `{"ok":true,"status":200,"first_byte_ms":212,"message":"the upstream answers"}`))
		if asked != model {
			t.Errorf("%s asks for %q", body, asked)
		}
	}
	result = gateway.TestResult{Message: "it cannot be reached"}
	s.call(t, asRoot("POST", test, `{}`, 200, `{"ok":false,"status":null,"first_byte_ms":null,"message":"it cannot be reached"}`))
	s.call(t, asRoot("POST", upstreams+"/"+uuid.NewString()+"/test", `{}`, 404, `{"error":{"code":"not_found","message":"This upstream does not exist.","status":404,"request_id":"*"}}`))
	s.wrongFields(t, "POST", test, map[string]string{`{"model":1}`: "model", `{"model":"` + strings.Repeat("m", 201) + `"}`: "model"})
	failure = fault.Away(errors.New("the database"))
	s.call(t, asRoot("POST", test, `{}`, 503, ""))
	without := onSQLite(t)
	u, err := without.store.CreateUpstream(context.Background(), accounts.ActorCLI, gateway.UpstreamChange{Name: new("vendor"), Kind: new(gateway.OpenAI), BaseURL: new("https://api.example.com/v1")})
	if err != nil {
		t.Fatal(err)
	}
	without.call(t, asRoot("POST", upstreams+"/"+u.ID.String()+"/test", `{}`, 503, `{"error":{"code":"service_unavailable","message":"This instance cannot call upstreams right now. Try again shortly.","status":503,"request_id":"*"}}`))
}

func TestTwoUpstreamsCannotHaveOneName(t *testing.T) {
	s := onSQLite(t)
	for _, name := range []string{"first", "second"} {
		u, err := s.store.CreateUpstream(context.Background(), accounts.ActorCLI, gateway.UpstreamChange{Name: new(name), Kind: new(gateway.OpenAI), BaseURL: new("https://api.example.com/v1")})
		if err != nil {
			t.Fatal(err)
		}
		s.words["up."+name] = u.ID.String()
	}
	s.call(t, asRoot("PATCH", upstreams+"/$up.second", `{"name":"FIRST"}`, 409, `{"error":{"code":"conflict","message":"Another upstream has this name. Choose another name.","status":409,"request_id":"*"}}`))
}

func TestTheAPISaysWhichReferencesCannotBeRead(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) {
			c.UpstreamSecret = func(_ gateway.KeySource, name string) (gateway.Secret, error) {
				return gateway.Secret{}, errors.New("env:" + name + ": the variable is not set: set it where the service runs")
			}
		})
	})
	s.send(t, call{as: "root", method: http.MethodPost, path: upstreams, body: `{"name":"Vendor","kind":"openai","base_url":"https://api.example.com","keys":[{"ref":"env:UPSTREAM_SPARE"}]}`})
	a := s.send(t, call{as: "root", method: http.MethodGet, path: upstreams})
	if body := string(a.text); !strings.Contains(body, `"ref":"env:UPSTREAM_SPARE"`) || !strings.Contains(body, `"problem":"env:UPSTREAM_SPARE: the variable is not set: set it where the service runs"`) {
		t.Errorf("the upstreams are %s", body)
	}
}
