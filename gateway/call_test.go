package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

func onSQLite(t *testing.T) *store.Store {
	t.Helper()
	return storetest.Open(t, storetest.SQLiteURL(t), time.Now)
}

func TestRefusalsComeBeforeAnythingIsSent(t *testing.T) {
	chat, res := gateway.ChatCompletions, gateway.Responses
	for name, c := range map[string]struct {
		endpoint gateway.Endpoint
		body     string
		set      func(r *rig)
		status   int
		code     string
	}{
		"an unknown model":            {chat, `{"model":"other","messages":[]}`, nil, 404, "model_not_found"},
		"a model without a candidate": {chat, body(chat, "coder", false), func(r *rig) { r.models[0].Candidates = nil }, 404, "model_not_found"},
		"a model without a price": {chat, body(chat, "bare", false), func(r *rig) {
			r.models = append(r.models, catalog.Model{ID: uuid.New(), Name: "bare", Candidates: r.models[0].Candidates, OutputAllowance: 1})
		}, 404, "model_not_found"},
		"a model of other plans":          {chat, body(chat, "coder", false), func(r *rig) { r.models[0].Plans = []uuid.UUID{uuid.New()} }, 404, "model_not_found"},
		"a wire that no upstream has":     {res, body(res, "coder", false), func(r *rig) { r.upstreams[0].Wires = []usage.Wire{usage.Chat} }, 404, "model_not_found"},
		"a body that is no JSON":          {chat, `{"model":`, nil, 400, "invalid_body"},
		"a body without a model":          {chat, `{"messages":[]}`, nil, 400, "invalid_body"},
		"what another customer has kept":  {res, `{"model":"coder","previous_response_id":"resp_1","input":"x"}`, nil, 400, "unsupported_parameter"},
		"a tool that the provider runs":   {res, `{"model":"coder","input":"x","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}`, nil, 400, "unsupported_parameter"},
		"an upstream that is not enabled": {chat, body(chat, "coder", false), func(r *rig) { r.upstreams[0].Enabled = false }, 503, "no_upstream"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, onSQLite(t), 10_000, say(upstream.Script{}))
			if c.set != nil {
				c.set(r)
			}
			request := r.ask(c.endpoint, c.body)
			a := r.call(context.Background(), request)
			if a.Status != c.status || r.fakes[0].Count() != 0 {
				t.Fatalf("%d %s, and %d calls of the upstream", a.Status, a.body, r.fakes[0].Count())
			}
			var said struct {
				Error struct {
					Code    string `json:"code"`
					Message string `json:"message"`
				} `json:"error"`
			}
			if err := json.Unmarshal([]byte(a.body), &said); err != nil || said.Error.Code != c.code || said.Error.Message == "" {
				t.Errorf("the body is %s", a.body)
			}
			if line := r.line(t, request.ID); line.Outcome != usage.CallRefused || line.Code != c.code || line.Status != c.status || len(line.Attempts) != 0 {
				t.Errorf("the log has %+v", line)
			}
			r.check(t, request, want{outcome: usage.CallRefused})
		})
	}
}

func TestAToolThatTheModelNamesAndStateThatIsSharedPass(t *testing.T) {
	r := newRig(t, onSQLite(t), 100_000, say(upstream.Script{}))
	r.models[0].HostedTools = []string{"code_interpreter"}
	r.upstreams[0].SharedState = true
	request := r.ask(gateway.Responses, `{"model":"coder","previous_response_id":"resp_1","input":"x","tools":[{"type":"code_interpreter","container":{"type":"auto"}}]}`)
	if a := r.call(context.Background(), request); a.Status != 200 {
		t.Fatal(a.Status, a.body)
	}
	r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
}

func TestCountingTokensMakesNoHoldAndNeedsNoCredits(t *testing.T) {
	r := newRig(t, onSQLite(t), 0, say(upstream.Script{}))
	request := r.ask(gateway.CountTokens, body(gateway.Messages, "coder", false))
	if a := r.call(context.Background(), request); a.Status != 200 || !strings.Contains(a.body, "input_tokens") {
		t.Fatal(a.Status, a.body)
	}
	r.check(t, request, want{outcome: usage.CallComplete})
}

func TestWhatIsLeftIsHeldWhereTheEstimateDoesNotFit(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.Store) {
		r := newRig(t, db, 60, say(upstream.Script{Words: 5}))
		request := r.ask(gateway.ChatCompletions, body(gateway.ChatCompletions, "coder", true))
		if a := r.call(context.Background(), request); a.Status != 200 {
			t.Fatal(a.Status, a.body)
		}
		if line := r.line(t, request.ID); line.Held != 60 {
			t.Errorf("%d credits were held of the 60 that were left", line.Held)
		}
		r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
	})
}

func TestTheHoldIsTheInputAndTheOutputAllowance(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		want func(input int64) int64
	}{
		"the model's allowance":       {``, func(input int64) int64 { return input + 3*100 }},
		"the request's own maximum":   {`,"max_completion_tokens":7`, func(input int64) int64 { return input + 3*7 }},
		"a maximum beyond it":         {`,"max_tokens":128000`, func(input int64) int64 { return input + 3*100 }},
		"several answers":             {`,"n":3`, func(input int64) int64 { return input + 3*300 }},
		"a picture":                   {`,"x":{"url":"data:image/png;base64,AAAA"}`, func(input int64) int64 { return input + 1600 + 3*100 }},
		"an absurd number of answers": {`,"n":128`, func(input int64) int64 { return input + 3*12_800 }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, onSQLite(t), 1_000_000, say(upstream.Script{}))
			request := r.ask(gateway.ChatCompletions, `{"model":"coder","messages":[{"role":"user","content":"`+strings.Repeat("x", 4000)+`"}]`+c.more+`}`)
			if a := r.call(context.Background(), request); a.Status != 200 {
				t.Fatal(a.Status, a.body)
			}
			if line, w := r.line(t, request.ID), c.want(1000); line.Held < w || line.Held > w+40 {
				t.Errorf("%d credits were held, want about %d", line.Held, w)
			}
		})
	}
}

func TestTheRatioOfBytesPerTokenIsLearnt(t *testing.T) {
	r := newRig(t, onSQLite(t), 10_000_000, say(upstream.Script{Usage: `{"prompt_tokens":2000,"completion_tokens":50,"total_tokens":2050}`}))
	var first, last int64
	for i := range 60 {
		request := r.ask(gateway.ChatCompletions, fmt.Sprintf(`{"model":"coder","max_tokens":1,"messages":[{"role":"user","content":"%d %s"}]}`, i, strings.Repeat("x", 4000)))
		if a := r.call(context.Background(), request); a.Status != 200 {
			t.Fatal(a.Status, a.body)
		}
		if last = r.line(t, request.ID).Held; i == 0 {
			first = last
		}
	}
	if first < 1000 || first > 1040 || last < 1950 || last > 2050 {
		t.Errorf("the first call held %d, and the last %d: it used 2000 tokens", first, last)
	}
}

func TestARepeatedFailureIsAnsweredFromMemory(t *testing.T) {
	var now time.Time
	r := newRigWith(t, onSQLite(t), 100_000, func(p *gateway.Parts) {
		now = time.Now()
		p.Now = func() time.Time { return now }
	}, say(upstream.Script{Status: 422, Message: "No such thing."}))
	same := body(gateway.ChatCompletions, "coder", false)
	for i := range 6 {
		request := r.ask(gateway.ChatCompletions, same)
		a := r.call(context.Background(), request)
		if a.Status != 422 || !strings.Contains(a.body, "No such thing.") {
			t.Fatal(a.Status, a.body)
		}
		if calls := r.fakes[0].Count(); calls != min(i+1, 3) {
			t.Fatalf("after %d failures there were %d calls of the upstream", i+1, calls)
		}
		r.check(t, request, want{outcome: map[bool]usage.CallOutcome{true: usage.CallUpstreamError, false: usage.CallRefused}[i < 3]})
	}
	r.call(context.Background(), r.ask(gateway.ChatCompletions, strings.Replace(same, "hello", "hallo", 1)))
	if calls := r.fakes[0].Count(); calls != 4 {
		t.Errorf("another body made %d calls, want 4", calls)
	}
	now = now.Add(31 * time.Second)
	r.call(context.Background(), r.ask(gateway.ChatCompletions, same))
	if calls := r.fakes[0].Count(); calls != 5 {
		t.Errorf("after 30 seconds there were %d calls, want 5", calls)
	}
}

func TestAnAnswerCarriesItsCreditsAndTheProvidersHeaders(t *testing.T) {
	r := newRig(t, onSQLite(t), 100_000, say(upstream.Script{Words: 4, Header: map[string]string{"X-Request-Id": "req_up", "Set-Cookie": "a=b", "Server": "x"}}))
	a := r.call(context.Background(), r.ask(gateway.Responses, body(gateway.Responses, "coder", false)))
	got := map[string]string{}
	for _, f := range a.Header {
		if _, twice := got[f.Name]; twice {
			t.Errorf("the header %s is there twice", f.Name)
		}
		got[f.Name] = f.Value
	}
	served := r.served(t, 0)
	left := fmt.Sprint(100_000 - served.Prompt() - 3*served.Output)
	for name, value := range map[string]string{
		"X-Upstream-Request-Id": "req_up", "X-Codexible-Credits-Remaining": left, "X-Codex-Credits-Balance": left, "X-Codex-Credits-Has-Credits": "true", "X-Codex-Credits-Unlimited": "false",
		"X-Codex-Primary-Window-Minutes": "1440", "X-Codex-Primary-Used-Percent": "0.0", "Set-Cookie": "", "Server": "", "Content-Type": "application/json",
	} {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
}
