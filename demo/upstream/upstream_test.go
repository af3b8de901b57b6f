package upstream_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"codexible/demo/upstream"

	"pgregory.net/rapid"
)

// wires are a path and a body of each wire; %s is the model, %t whether to stream.
var wires = map[string]struct{ path, body string }{
	"chat":      {"/v1/chat/completions", `{"model": %q, "stream": %t, "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "one two three"}]}`},
	"responses": {"/v1/responses", `{"model": %q, "stream": %t, "instructions": "one", "input": [{"role": "user", "content": [{"type": "input_text", "text": "two three"}]}]}`},
	"messages":  {"/v1/messages", `{"model": %q, "stream": %t, "max_tokens": 4096, "system": [{"text": "one"}], "messages": [{"role": "user", "content": "two three"}]}`},
}

func serve(t *testing.T, o upstream.Options) (*upstream.Model, string) {
	t.Helper()
	m := upstream.New(o)
	s := httptest.NewServer(m)
	t.Cleanup(s.Close)
	return m, s.URL
}

func post(t *testing.T, url, body string) (*http.Response, []byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	read, err := io.ReadAll(response.Body)
	return response, read, err
}

// data are the data of the events of a stream.
func data(stream []byte) []string {
	var all []string
	for line := range strings.Lines(strings.ReplaceAll(strings.ReplaceAll(string(stream), "\r\n", "\n"), "\r", "\n")) {
		if d, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: "); ok {
			all = append(all, d)
		}
	}
	return all
}

// reported is the usage in a body or in the events of a stream, in the vendors' names; the latest wins.
func reported(t *testing.T, texts ...string) map[string]float64 {
	t.Helper()
	found := map[string]float64{}
	var search func(inUsage bool, v any)
	search = func(inUsage bool, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				if n, ok := inner.(float64); ok && inUsage {
					found[name] = n
				}
				search(inUsage || name == "usage", inner)
			}
		case []any:
			for _, inner := range v {
				search(inUsage, inner)
			}
		}
	}
	for _, text := range texts {
		var v any
		if text == "[DONE]" {
			continue
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("not JSON: %v in %s", err, text)
		}
		search(false, v)
	}
	return found
}

func TestEveryWireReportsWhatItWroteStreamedOrNot(t *testing.T) {
	var script upstream.Script
	m, url := serve(t, upstream.Options{Script: func(upstream.Request) upstream.Script { return script }, Keep: 1})
	rapid.Check(t, func(r *rapid.T) {
		script = upstream.Script{
			Words: rapid.IntRange(1, 60).Draw(r, "words"), Reasoning: rapid.IntRange(0, 9).Draw(r, "reasoning"),
			CacheRead: rapid.Int64Range(0, 9).Draw(r, "read"), CacheWrite: rapid.Int64Range(0, 9).Draw(r, "written"),
		}
		for name, w := range wires {
			for _, stream := range []bool{false, true} {
				_, body, err := post(t, url+w.path, fmt.Sprintf(w.body, "demo", stream))
				if err != nil {
					r.Fatal(err)
				}
				texts := []string{string(body)}
				if stream {
					texts = data(body)
				}
				got, want := reported(t, texts...), m.Requests()[0].Usage
				if want.Output != int64(script.Words+script.Reasoning) || want.Input != 3 || want.Reasoning != int64(script.Reasoning) {
					r.Fatalf("%s: recorded %+v", name, want)
				}
				all := want.Input + want.CacheRead + want.CacheWrite
				figures := map[string]int64{"prompt_tokens": all, "completion_tokens": want.Output, "cached_tokens": want.CacheRead, "cache_write_tokens": want.CacheWrite, "reasoning_tokens": want.Reasoning}
				switch name {
				case "responses":
					figures = map[string]int64{"input_tokens": all, "output_tokens": want.Output, "cached_tokens": want.CacheRead, "cache_write_tokens": want.CacheWrite, "reasoning_tokens": want.Reasoning}
				case "messages":
					figures = map[string]int64{"input_tokens": want.Input, "output_tokens": want.Output, "cache_read_input_tokens": want.CacheRead, "ephemeral_5m_input_tokens": want.CacheWrite, "thinking_tokens": want.Reasoning}
				}
				for field, n := range figures {
					if got[field] != float64(n) {
						r.Fatalf("%s, streamed %t: %s is %v, recorded %d in %s", name, stream, field, got[field], n, body)
					}
				}
			}
		}
	})
}

func TestARequestsMaximumEndsTheText(t *testing.T) {
	_, url := serve(t, upstream.Options{})
	for path, body := range map[string]string{
		"/v1/chat/completions": `{"model": "demo:words-50", "max_completion_tokens": 5, "messages": [{"role": "user", "content": "a"}]}`,
		"/v1/responses":        `{"model": "demo:words-50", "max_output_tokens": 5, "input": "a"}`,
		"/v1/messages":         `{"model": "demo:words-50", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}]}`,
	} {
		_, answer, err := post(t, url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		figures := reported(t, string(answer))
		if figures["completion_tokens"]+figures["output_tokens"] != 5 {
			t.Errorf("%s: %s", path, answer)
		}
		if !bytes.Contains(answer, []byte(`"length"`)) && !bytes.Contains(answer, []byte(`"max_output_tokens"`)) && !bytes.Contains(answer, []byte(`"max_tokens"`)) {
			t.Errorf("%s does not say why it ended: %s", path, answer)
		}
	}
}

func TestAStreamIsTheSameHoweverItIsWritten(t *testing.T) {
	for name, w := range wires {
		var want []string
		for _, how := range []string{"", ":chunk-1", ":chunk-7", ":crlf", ":crlf:chunk-3", ":cr", ":gzip", ":padding-100000"} {
			// The number of a request is in its ids: a fresh model numbers it the same.
			_, url := serve(t, upstream.Options{Script: func(r upstream.Request) upstream.Script { return upstream.ParseScript(r.Header.Get("X-App")) }})
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+w.path, strings.NewReader(fmt.Sprintf(w.body, "demo", true)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-App", "demo"+how)
			request.Header.Set("Accept-Encoding", "identity")
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			var body io.Reader = response.Body
			if response.Header.Get("Content-Encoding") == "gzip" {
				if body, err = gzip.NewReader(body); err != nil {
					t.Fatal(err)
				}
			} else if how == ":gzip" {
				t.Errorf("%s is not compressed", name)
			}
			read, err := io.ReadAll(body)
			_ = response.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range data(read) {
				var e map[string]any
				if d != "[DONE]" && json.Unmarshal([]byte(d), &e) != nil {
					t.Fatalf("%s%s: not JSON: %s", name, how, d)
				}
				got = append(got, fmt.Sprint(e["type"], e["object"], e["delta"]))
			}
			if how == ":padding-100000" && len(read) < 100_000 || how == ":crlf" && bytes.Count(read, []byte("\r\n")) < 10 {
				t.Errorf("%s%s: %d bytes", name, how, len(read))
			}
			if how == "" {
				want = got
			} else if strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s%s: %v, want %v", name, how, got, want)
			}
		}
	}
}

func TestAnswersBreakOffAsTheirScriptSays(t *testing.T) {
	m, url := serve(t, upstream.Options{})
	last := map[string]string{"chat": "[DONE]", "responses": `"type":"response.completed"`, "messages": `"type":"message_stop"`}
	for name, w := range wires {
		ask := func(script string, stream bool) ([]byte, error) {
			_, body, err := post(t, url+w.path, fmt.Sprintf(w.body, "demo"+script, stream))
			return body, err
		}
		if _, err := ask(":gone", true); err == nil {
			t.Errorf("%s: an answer came although the connection was to be cut before it", name)
		}
		if _, err := ask(":cut", false); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a body that is cut: %v", name, err)
		}
		for script, words := range map[string]int64{":cut-0": 0, ":cut-3": 3, ":end-3": 3, ":fail-0": 0, ":fail-2": 2, ":cut-999": upstream.DefaultWords} {
			body, err := ask(script, true)
			if cut := strings.HasPrefix(script, ":cut"); cut != errors.Is(err, io.ErrUnexpectedEOF) || !cut && err != nil {
				t.Errorf("%s%s: %v", name, script, err)
			}
			events := data(body)
			if len(events) == 0 || strings.Contains(events[len(events)-1], last[name]) {
				t.Errorf("%s%s has its last event: %s", name, script, body)
			}
			if strings.HasPrefix(script, ":fail") && !strings.Contains(events[len(events)-1], `"error":{`) {
				t.Errorf("%s%s does not end with a failure: %s", name, script, body)
			}
			all := m.Requests()
			// The word at which it broke off had been made.
			if got := all[len(all)-1].Usage.Output; got != words && got != words+1 {
				t.Errorf("%s%s made %d words, want %d", name, script, got, words)
			}
		}
		if body, err := ask("", true); err != nil || !strings.Contains(string(body), last[name]) {
			t.Errorf("%s: a whole stream: %v %s", name, err, body)
		}
	}
}

func TestRefusalsHaveTheVendorsForms(t *testing.T) {
	_, url := serve(t, upstream.Options{Keys: []string{"right"}})
	ask := func(key, path, body string) (*http.Response, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		read, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(read)
	}
	for _, c := range []struct {
		key, wire, script string
		status            int
		want              string
	}{
		{"wrong", "chat", "", 401, `"code":"invalid_api_key"`},
		{"wrong", "messages", "", 401, `"error":{"message":"Incorrect API key provided.","type":"authentication_error"}`},
		{"right", "responses", ":status-429:retry-7", 429, `"type":"requests"`},
		{"right", "responses", ":status-429:type-insufficient_quota:code-insufficient_quota", 429, `"type":"insufficient_quota"`},
		{"right", "messages", ":status-529", 529, `"type":"overloaded_error"`},
		{"right", "chat", ":status-503", 503, `"type":"server_error"`},
		{"right", "messages", ":status-500", 500, `"type":"api_error"`},
	} {
		w := wires[c.wire]
		response, body := ask(c.key, w.path, fmt.Sprintf(w.body, "demo"+c.script, true))
		if response.StatusCode != c.status || !strings.Contains(body, c.want) || response.Header.Get("Request-Id") == "" {
			t.Errorf("%+v: %d %s", c, response.StatusCode, body)
		}
		if retry := response.Header.Get("Retry-After"); strings.Contains(c.script, "retry-7") != (retry == "7") {
			t.Errorf("%+v: Retry-After %q", c, retry)
		}
	}
	for path, body := range map[string]string{
		"/v1/messages": `{"model": "demo", "messages": [{"role": "user", "content": "a"}]}`, "/v1/chat/completions": `{"model": "demo"}`,
		"/v1/responses": `{"input": "a"}`, "/v1/embeddings": `{`,
	} {
		if response, body := ask("right", path, body); response.StatusCode != http.StatusBadRequest || !strings.Contains(body, "invalid_request_error") {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
}

func TestTimesEndsAScript(t *testing.T) {
	_, url := serve(t, upstream.Options{})
	for i, want := range []int{503, 503, 200, 200} {
		response, _, err := post(t, url+wires["chat"].path, fmt.Sprintf(wires["chat"].body, "demo:status-503:times-2", false))
		if err != nil || response.StatusCode != want {
			t.Errorf("request %d: %v, %v", i, response, err)
		}
	}
}

func TestAToolIsCalledAndItsResultRead(t *testing.T) {
	_, url := serve(t, upstream.Options{})
	schema := `{"type": "object", "properties": {"city": {"type": "string"}, "unit": {"enum": ["C"]}}, "required": ["city", "unit"]}`
	for path, c := range map[string]struct{ first, second string }{
		"/v1/chat/completions": {
			`{"model": "demo:tool", "messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function", "function": {"name": "weather", "parameters": ` + schema + `}}]}`,
			`{"model": "demo:tool", "messages": [{"role": "assistant", "content": null}, {"role": "tool", "content": "sunny"}], "tools": [{"type": "function", "function": {"name": "weather"}}]}`,
		},
		"/v1/responses": {
			`{"model": "demo:tool", "input": "a", "tools": [{"type": "web_search"}, {"type": "function", "name": "weather", "parameters": ` + schema + `}]}`,
			`{"model": "demo:tool", "input": [{"type": "function_call"}, {"type": "function_call_output", "output": "sunny"}], "tools": [{"type": "function", "name": "weather"}]}`,
		},
		"/v1/messages": {
			`{"model": "demo:tool", "max_tokens": 99, "messages": [{"role": "user", "content": "a"}], "tools": [{"name": "weather", "input_schema": ` + schema + `}]}`,
			`{"model": "demo:tool", "max_tokens": 99, "messages": [{"role": "assistant", "content": "b"}, {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "sunny"}]}, {"type": "text", "text": "c"}]}], "tools": [{"name": "weather", "input_schema": {}}]}`,
		},
	} {
		_, first, err := post(t, url+path, c.first)
		if plain := strings.ReplaceAll(string(first), `\"`, `"`); err != nil || !strings.Contains(plain, `{"city":"demo","unit":"C"}`) || !strings.Contains(plain, `"weather"`) {
			t.Errorf("%s does not call the tool: %v %s", path, err, first)
		}
		_, second, err := post(t, url+path, c.second)
		if err != nil || !strings.Contains(string(second), "The tool answered: sunny") {
			t.Errorf("%s does not read the result: %v %s", path, err, second)
		}
	}
}

func TestAnEndlessAnswerEndsWhenItsClientLeaves(t *testing.T) {
	m, url := serve(t, upstream.Options{})
	for name, w := range wires {
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+w.path, strings.NewReader(fmt.Sprintf(w.body, "demo:endless", true)))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(response.Body, make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
		cancel()
		_ = response.Body.Close()
		waiting, stop := context.WithTimeout(t.Context(), time.Minute)
		if err := m.Wait(waiting); err != nil {
			t.Fatalf("%s is still in flight a minute after its client left", name)
		}
		stop()
		all := m.Requests()
		if last := all[len(all)-1]; !last.Left || !last.Done || last.Usage.Output < 100 {
			t.Errorf("%s: %+v", name, last)
		}
	}
}

func TestTheOtherEndpointsAnswer(t *testing.T) {
	m, url := serve(t, upstream.Options{Models: []string{"a", "b"}})
	for _, c := range []struct{ path, body, want string }{
		{"/v1/completions", `{"model": "demo", "prompt": "one two", "n": 2}`, `"completion_tokens":24`},
		{"/v1/completions", `{"model": "demo", "prompt": "one two", "best_of": 3}`, `"completion_tokens":36`},
		{"/v1/embeddings", `{"model": "demo", "input": ["one two", "three"], "encoding_format": "base64"}`, `"usage":{"prompt_tokens":3,"total_tokens":3}`},
		{"/v1/messages/count_tokens", `{"model": "demo", "messages": [{"role": "user", "content": "one two"}]}`, `{"input_tokens":2}`},
		{"/v1/nothing", `{}`, `Invalid URL (POST /v1/nothing)`},
	} {
		if _, body, err := post(t, url+c.path, c.body); err != nil || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %v %s", c.path, err, body)
		}
	}
	for path, want := range map[string]string{"/v1/models": `"last_id":"b"`, "/v1/models/b": `"id":"b"`} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if !strings.Contains(string(body), want) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if m.Reset(); m.Count() != 0 || len(m.Requests()) != 0 {
		t.Error("Reset keeps requests")
	}
}

func TestOnlyTheLatestRequestsAreRecorded(t *testing.T) {
	m, url := serve(t, upstream.Options{Keep: 2})
	for range 5 {
		if _, _, err := post(t, url+wires["chat"].path, fmt.Sprintf(wires["chat"].body, "demo", false)); err != nil {
			t.Fatal(err)
		}
	}
	if all := m.Requests(); len(all) != 2 || all[1].Number != 5 || m.Count() != 5 {
		t.Errorf("%d recorded of %d", len(all), m.Count())
	}
}

// Whatever is asked is answered in the vendors' forms.
func FuzzEveryRequestIsAnswered(f *testing.F) {
	for _, w := range wires {
		f.Add(w.path, fmt.Sprintf(w.body, "demo:tool:reasoning-3:searches-2:status-7", true), "key")
		f.Add(w.path, fmt.Sprintf(w.body, "demo:absurd:gzip", false), "")
	}
	f.Add("/v1/embeddings", `{"model": "demo", "input": [[1, 2]], "dimensions": 9999999}`, "key")
	f.Add("/v1/completions", `{"model": "a", "prompt": ["b"], "n": 9999999, "best_of": -1, "stream": true}`, "key")
	f.Add("/v1/chat/completions", `{"model": "a:tool", "messages": [{"content": [{"type": "tool_result"}]}], "tools": [{"name": "x", "input_schema": 7}, {"function": {"name": "y", "parameters": {"required": ["z"]}}}]}`, "key")
	m := upstream.New(upstream.Options{Keep: -1, Script: func(r upstream.Request) upstream.Script {
		s := upstream.ParseScript(r.Model)
		s.Endless, s.Break, s.Wait, s.Silence, s.Pause, s.Words = false, upstream.Whole, 0, 0, 0, min(s.Words, 1000) // it answers, and soon
		return s
	}})
	f.Fuzz(func(t *testing.T, path, body, key string) {
		request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		request.URL.Path = path
		request.Header.Set("X-Api-Key", key)
		answer := httptest.NewRecorder()
		m.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK && !json.Valid(answer.Body.Bytes()) {
			t.Errorf("%d: %s", answer.Code, answer.Body)
		}
	})
}
