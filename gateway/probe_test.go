package gateway

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

func TestATestMakesTheSmallestCall(t *testing.T) {
	for says, c := range map[string]struct {
		kind  Kind
		wires []usage.Wire
		model string
		line  string
		body  string
	}{
		"no model":       {Compatible, []usage.Wire{usage.Chat}, "", "GET /v1/models", ""},
		"chat":           {Compatible, []usage.Wire{usage.Chat, usage.Responses}, "m", "POST /v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":1}`},
		"OpenAI's chat":  {OpenAI, []usage.Wire{usage.Chat}, "m", "POST /v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_completion_tokens":16}`},
		"responses":      {Compatible, []usage.Wire{usage.Responses}, "m", "POST /v1/responses", `{"model":"m","input":"hi","max_output_tokens":16,"store":false}`},
		"messages":       {Anthropic, []usage.Wire{usage.Messages}, "m", "POST /v1/messages", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":1}`},
		"no wire at all": {Compatible, nil, "m", "POST /v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":1}`},
	} {
		var line, body string
		h, try := serving(t, nil, func(_ http.ResponseWriter, r *http.Request) {
			line = r.Method + " " + r.URL.Path
			got, _ := io.ReadAll(r.Body)
			body = string(got)
		})
		u := *try.Upstream
		u.Kind, u.Wires = c.kind, c.wires
		h.change(u)
		got, err := h.Test(t.Context(), u.ID, c.model)
		if err != nil || !got.OK || got.Status != 200 || got.FirstByte <= 0 || got.Message != "the upstream answers" {
			t.Errorf("%s: %+v, %v", says, got, err)
		}
		var sent, want any
		_ = json.Unmarshal([]byte(body), &sent)
		_ = json.Unmarshal([]byte(c.body), &want)
		if diff := cmp.Diff(want, sent); diff != "" || line != c.line {
			t.Errorf("%s: %s %s", says, line, diff)
		}
	}
}

func TestATestSaysWhatFailedWithoutSecrets(t *testing.T) {
	long := strings.Repeat("long ", 100)
	for says, c := range map[string]struct {
		answer, want string
	}{
		"a message": {`{"error":{"message":"Incorrect API key provided: secret of b0, team team-secret."}}`, "the upstream answered with status 401: Incorrect API key provided: ***, team ***."},
		"a page":    {"<h1>No\n\x1b[31m entry</h1>", "the upstream answered with status 401: <h1>No [31m entry</h1>"},
		"nothing":   {"", "the upstream answered with status 401"},
		"a novel":   {long, "the upstream answered with status 401: " + long[:300] + "…"},
	} {
		h, try := serving(t, func(u *Upstream) { u.Headers = map[string]string{"X-Team": "team-secret"} }, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, c.answer)
		})
		got, err := h.Test(t.Context(), try.Upstream.ID, "m")
		if err != nil || got.OK || got.Status != 401 || got.Message != c.want {
			t.Errorf("%s: %+v, %v", says, got, err)
		}
		h.settle()
		if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok || len(h.disabled) > 0 {
			t.Errorf("%s: a test disables the key", says)
		}
	}
}

func TestATestOfWhatCannotBeReachedSaysWhy(t *testing.T) {
	h, try := serving(t, func(u *Upstream) { u.BaseURL = "https://[fe80::1]/v1" }, nil)
	got, err := h.Test(t.Context(), try.Upstream.ID, "")
	if err != nil || got.OK || got.Status != 0 || !strings.Contains(got.Message, "not allowed") {
		t.Errorf("%+v, %v", got, err)
	}
	u := fleetUpstream(1, 1)
	u.Keys[0].Secret = Secret{}
	h.change(u)
	if got, err = h.Test(t.Context(), u.ID, ""); err != nil || got.OK || !strings.Contains(got.Message, `key "0" cannot be read`) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err = h.Test(t.Context(), fleetID(7), ""); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown upstream: %v", err)
	}
	h.readErr = errors.New("away")
	h.Up(true)
	if _, err = h.Test(t.Context(), u.ID, ""); !errors.Is(err, h.readErr) {
		t.Errorf("%v", err)
	}
}

func TestATestUsesADisabledKeyWhereThereIsNoOther(t *testing.T) {
	var got string
	h, try := serving(t, nil, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
	u := *try.Upstream
	u.Enabled = false
	for disabled, want := range []string{"Bearer secret of b0", "Bearer secret of b1", "Bearer secret of b0"} {
		u.Keys = fleetUpstream(1, 2).Keys
		for i := range disabled {
			u.Keys[i].DisabledAt = &fleetNoon
		}
		h.change(u)
		if result, err := h.Test(t.Context(), u.ID, ""); err != nil || !result.OK || got != want {
			t.Errorf("with %d disabled %q is used: %+v, %v", disabled, got, result, err)
		}
	}
}
