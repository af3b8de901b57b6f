package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var all = cmp.AllowUnexported(inspected{}, signal{})

func inspectedOf(t *testing.T, e Endpoint, body string) inspected {
	t.Helper()
	in, err := adapters[e.Wire()].inspect(e, []byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return in
}

func TestTheBodyIsInspected(t *testing.T) {
	for _, c := range []struct {
		endpoint Endpoint
		body     string
		want     inspected
	}{
		{ChatCompletions, `{"model":"m"}`, inspected{model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: 1}},
		{ChatCompletions, ` { "n" : 3 , "max_tokens" : 7, "max_completion_tokens": 9.0 , "model" : "\u006d\"" } `, inspected{model: `m"`, modelAt: [2]int{72, 82}, usageAsked: true, choices: 3, maxOutput: 9}},
		{Completions, `{"model":"m","prompt":["a","b",[1,2]],"n":2,"best_of":5}`, inspected{model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: 15}},
		{Completions, `{"model":"m","prompt":[1,2,3]}`, inspected{model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: 1}},
		{Embeddings, `{"model":"m","input":["a","b"],"stream":true}`, inspected{model: "m", modelAt: [2]int{9, 12}, stream: true, usageAsked: true, choices: 1}},
		{Responses, `{"model":"m","stream":true,"max_output_tokens":99,"prompt_cache_key":"s1","metadata":{"user_id":"u"},"input":"data: x"}`, inspected{
			model: "m", modelAt: [2]int{9, 12}, stream: true, usageAsked: true, choices: 1, maxOutput: 99, session: "s1",
		}},
		{Messages, `{"model":"m","metadata":{"user_id":"{\"session_id\":\"s\"}"},"max_tokens":128000}`, inspected{
			model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: 1, maxOutput: 128000, session: `{"session_id":"s"}`,
		}},
		{ChatCompletions, `{"model":"m","n":null,"max_tokens":null,"stream":null,"prompt_cache_key":null,"metadata":null,"background":false,"container":null,"mcp_servers":[]}`, inspected{
			model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: 1,
		}},
		{ChatCompletions, `{"model":"m","n":9999999999,"max_tokens":1e99}`, inspected{model: "m", modelAt: [2]int{9, 12}, usageAsked: true, choices: maxChoices, maxOutput: 1<<31 - 1}},
	} {
		c.want.text = int64(len(c.body))
		if diff := cmp.Diff(c.want, inspectedOf(t, c.endpoint, c.body), all); diff != "" {
			t.Errorf("%s %s: want -, got +:\n%s", c.endpoint, c.body, diff)
		}
	}
}

func TestBodiesThatCannotBeReadAreRefused(t *testing.T) {
	for body, want := range map[string]string{
		``: "empty", "  \n": "empty", `[]`: "JSON object", `"model"`: "JSON object", "\xef\xbb\xbf{}": "JSON object",
		`{}`: "no model", `{"messages":[]}`: "no model", `{"model":null}`: "model", `{"model":1}`: "model", `{"model":""}`: "model",
		`{"model":"m"`: "not valid JSON, at byte 13", `{"model":"m",}`: "not valid JSON", `{"model":"m"}{}`: "not valid JSON", `{"model":"m" "n":1}`: "not valid JSON",
		"{\"model\":\"m\",\"a\":\"\x01\"}": "not valid JSON", `{"model":"m","a":NaN}`: "not valid JSON", `{"model":"m","a":'b'}`: "not valid JSON",
		`{"model":"m","a":` + strings.Repeat("[", 1_000_000): "nested deeper than 512",
		`{"model":"m","model":"m"}`:                          "model twice", `{"model":"m","mod\u0065l":"n"}`: "model twice", `{"model":"m","Model":"n"}`: `"Model"`,
		`{"model":"m","stream":1}`: "stream", `{"model":"m","stream":"true"}`: "stream", `{"model":"m","stream":true,"stream":false}`: "stream twice",
		`{"model":"m","n":"8"}`: "field n ", `{"model":"m","n":1.5}`: "field n ", `{"model":"m","n":1,"n":8}`: "n twice", `{"model":"m","best_of":[]}`: "best_of",
		`{"model":"m","max_tokens":1,"max_tokens":2}`: "max_tokens twice", `{"model":"m","stream_options":{},"stream_options":{}}`: "stream_options twice",
		`{"model":"m","stream_options":{"include_usage":true,"include_usage":false}}`: "include_usage twice",
	} {
		for e := range numEndpoints {
			_, err := inspect(e, []byte(body))
			r, ok := errors.AsType[*Refusal](err)
			if !ok || r.Reason != ReasonBody || !strings.Contains(r.Message, want) || len(r.Message) > 200 {
				t.Errorf("%.100s: %v, want %s", body, err, want)
			}
		}
	}
	_, err := inspect(Messages, []byte(`{"model":"`+strings.Repeat("m", maxModelName+1)+`"}`))
	if r, ok := errors.AsType[*Refusal](err); !ok || r.Reason != ReasonModel {
		t.Errorf("a long name is %v", err)
	}
}

func TestReferencesToWhatAProviderKeepsAreFound(t *testing.T) {
	for _, c := range []struct {
		endpoint   Endpoint
		body, want string
	}{
		{Responses, `"background":true`, "background"},
		{Responses, `"background":"true"`, "background"},
		{Responses, `"background":false`, ""},
		{Responses, `"b\u0061ckground":true`, "background"},
		{Responses, `"background":false,"background":true`, "background"},
		{Responses, `"previous_response_id":"resp_1"`, "previous_response_id"},
		{Responses, `"previous_response_id":null`, ""},
		{Responses, `"conversation":"conv_1"`, "conversation"},
		{Responses, `"conversation":{"id":"conv_1"}`, "conversation"},
		{Responses, `"prompt":{"id":"pmpt_1"}`, "prompt"},
		{Responses, `"prompt":null`, ""},
		{Completions, `"prompt":"text"`, ""},
		{Responses, `"input":[{"role":"user","content":"x"},{"type":"item_reference","id":"msg_1"}]`, "item_reference"},
		{Responses, `"input":[{"type":"item\u005freference","id":"msg_1"}]`, "item_reference"},
		{Responses, `"input":[{"type":"message","type":"item_reference","id":"msg_1"}]`, "item_reference"},
		{Responses, `"input":[{"id":"msg_1"}]`, "item_reference"},
		{Responses, `"input":[{"id":"msg_1","type":null}]`, "item_reference"},
		{Responses, `"input":[{"id":"msg_1","role":"user","content":"x"},{"id":"rs_1","type":"reasoning","summary":[]},{"content":[{"id":"x"}],"type":"message"}]`, ""},
		{Responses, `"input":[{"role":"user","content":[{"type":"input_image","file_id":"file-1"}]}]`, "file_id"},
		{Responses, `"input":[{"role":"user","content":[{"type":"input_image","file_id":null}]}]`, ""},
		{Responses, `"input":[{"type":"code_interpreter_call","container_id":"cntr_1"}]`, "container_id"},
		{Responses, `"input":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x","annotations":[{"type":"file_citation","file_id":"file-1"}]}]}]`, ""},
		{Responses, `"tools":[{"type":"file_search","vector_store_ids":["vs_1"]}]`, "vector_store_ids"},
		{Responses, `"x":{"vector_store_ids":[{"type":"x"}],"file_ids":[]}`, ""},
		{Responses, `"x":{"vector_store_ids":[{"file_id":"file-1"}]}`, "file_id"},
		{Responses, `"tools":[{"type":"code_interpreter","container":"auto"}]`, ""},
		{Responses, `"tools":[{"type":"code_interpreter","container":"cntr_1"}]`, "container"},
		{Responses, `"tools":[{"type":"code_interpreter","container":{"type":"auto"}}]`, ""},
		{Responses, `"tools":[{"type":"code_interpreter","container":{"type":"auto","file_ids":["file-1"]}}]`, "file_ids"},
		{Responses, `"tools":[{"type":"shell","environment":{"type":"container_reference","container_id":"cntr_1"}}]`, "container_id"},
		{Responses, `"tools":[{"type":"image_generation","input_image_mask":{"file_id":"file-1"}}]`, "file_id"},
		{Responses, `"tools":[{"type":"function","parameters":{"properties":{"file_id":{"type":"string"},"vector_store_ids":{"type":"array"}},"required":["file_id"],"examples":[{"file_id":"a"}]}}]`, ""},
		{ChatCompletions, `"messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]`, "file_id"},
		{ChatCompletions, `"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"arguments":"{\"file_id\":\"x\"}"}}]}]`, ""},
		{ChatCompletions, `"response_format":{"json_schema":{"schema":{"default":{"file_id":"x"}}}}`, ""},
		{Messages, `"container":"container_1"`, "container"},
		{Messages, `"container":{"skills":[]}`, "container"},
		{Messages, `"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"file_1"}}]}]`, "file_id"},
		{Messages, `"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"read","input":{"file_id":"mine","container_id":"mine"}}]}]`, ""},
		{Messages, `"tools":[{"name":"read","input_schema":{"properties":{"file_id":{"const":"x"}},"default":{"file_id":"x"}}}]`, ""},
		{Messages, `"metadata":{"file_id":"x"}`, ""},
	} {
		if got := inspectedOf(t, c.endpoint, `{"model":"m",`+c.body+`}`).shared; got != c.want {
			t.Errorf("%s %s: %q, want %q", c.endpoint, c.body, got, c.want)
		}
		if got := inspectedOf(t, c.endpoint, `{`+c.body+`,"model":"m"}`).shared; got != c.want {
			t.Errorf("%s before the model %s: %q, want %q", c.endpoint, c.body, got, c.want)
		}
	}
}

func TestReferencesAreFoundAtAnyDepth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := `{"x":1,"file_id":"file-1"}`
		for range rapid.IntRange(0, maxDepth-3).Draw(t, "depth") {
			value = fmt.Sprintf(rapid.SampledFrom([]string{
				`[%s]`, `{"content":%s}`, `[null,"",%s,{}]`, `{"type":"t","id":"i","source":%s,"z":[1]}`, `{"tools":%s}`, `{"data":%s}`, `{"format":%s}`,
			}).Draw(t, "around"), value)
		}
		for _, e := range []Endpoint{ChatCompletions, Responses, Messages} {
			in, err := inspect(e, []byte(`{"model":"m","messages":`+value+`}`))
			if err != nil || in.shared != "file_id" {
				t.Fatalf("%s: %q, %v", value, in.shared, err)
			}
		}
	})
}

func TestHostedToolsAreFound(t *testing.T) {
	for _, c := range []struct {
		endpoint Endpoint
		body     string
		want     []string
	}{
		{Responses, `"tools":[{"type":"code_interpreter"},{"type":"file_search"},{"type":"image_generation"},{"type":"mcp","connector_id":"connector_dropbox"},{"type":"mcp"}]`, []string{"code_interpreter", "file_search", "image_generation", "mcp"}},
		{Responses, `"tools":[{"type":"m\u0063p"},{"type":"function","type":"file_search"}]`, []string{"mcp", "file_search"}},
		{Responses, `"tools":[{"type":"shell","environment":{"type":"container_auto"}}]`, []string{"shell"}},
		{Responses, `"tools":[{"type":"shell","environment":{"type":"local"}},{"type":"local_shell"},{"type":"shell"},{"type":"apply_patch"}]`, nil},
		{Responses, `"tools":[{"type":"web_search"},{"type":"namespace","tools":[{"type":"function"}]},{"type":"custom"},{"type":"else"}]`, nil},
		{Responses, `"tools":[{"type":"namespace","tools":[{"type":"image_generation"}]}]`, []string{"image_generation"}},
		{Responses, `"input":[{"type":"tool_search_output","tools":[{"type":"mcp"}]}]`, []string{"mcp"}},
		{Responses, `"input":[{"type":"file_search","role":"user"}],"text":{"type":"mcp"}`, nil},
		{Messages, `"tools":[{"type":"code_execution_20250825","name":"code_execution"},{"type":"web_search_20250305","name":"web_search"},{"name":"mine"}]`, []string{"code_execution"}},
		{Messages, `"mcp_servers":[{"type":"url","url":"https://example.com"}]`, []string{"mcp"}},
	} {
		got := inspectedOf(t, c.endpoint, `{"model":"m",`+c.body+`}`).hosted
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", c.body, diff)
		}
	}
}

func TestMediaIsCountedBesideTheText(t *testing.T) {
	base64 := strings.Repeat("QUJD", 5000)
	for _, c := range []struct {
		endpoint Endpoint
		body     string
		media    int64
		bytes    int
	}{
		{ChatCompletions, `"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + base64 + `"}}]}]`, 1, len("data:image/png;base64,") + len(base64)},
		{ChatCompletions, `"messages":[{"content":[{"type":"input_audio","input_audio":{"data":"` + base64 + `","format":"wav"}}]}]`, 1, len(base64)},
		{ChatCompletions, `"messages":[{"content":[{"type":"file","file":{"file_data":"` + base64 + `","filename":"a.pdf"}}]}]`, 1, len(base64)},
		{Responses, `"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image\/png;base64,` + base64 + `"},{"type":"input_image","image_url":"data:image/gif;base64,QUJD"}]}]`, 2, len(`data:image\/png;base64,`) + len(base64) + len("data:image/gif;base64,QUJD")},
		{Messages, `"messages":[{"content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"` + base64 + `"}}]}]`, 1, len(base64)},
		{Messages, `"messages":[{"content":[{"type":"image","source":{"data":"` + base64 + `","type":"base64"}}]}]`, 1, len(base64)},
		{Messages, `"messages":[{"content":[{"type":"redacted_thinking","data":"` + base64 + `"}]}]`, 0, 0},
		{Messages, `"messages":[{"content":"data: is a word, base64 too ` + base64 + `"}]`, 0, 0},
	} {
		body := `{"model":"m",` + c.body + `}`
		in := inspectedOf(t, c.endpoint, body)
		if in.media != c.media || in.text != int64(len(body)-c.bytes) {
			t.Errorf("%.120s: %d media, %d bytes of text; want %d, %d", body, in.media, in.text, c.media, len(body)-c.bytes)
		}
	}
}

func TestChatStreamsAreAskedForTheirUsage(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"model":"a","stream":true}`, `{"stream_options":{"include_usage":true},"model":"b","stream":true}`},
		{` { "stream": true, "model": "a" }`, ` {"stream_options":{"include_usage":true}, "stream": true, "model": "b" }`},
		{`{"stream_options":null,"model":"a","stream":true}`, `{"stream_options":{"include_usage":true},"model":"b","stream":true}`},
		{`{"stream_options":{},"model":"a","stream":true}`, `{"stream_options":{"include_usage":true},"model":"b","stream":true}`},
		{`{"model":"a","stream":true,"stream_options":{ "include_obfuscation" : false }}`, `{"model":"b","stream":true,"stream_options":{"include_usage":true, "include_obfuscation" : false }}`},
		{`{"model":"a","stream":true,"stream_options":{"include_usage": false,"x":1}}`, `{"model":"b","stream":true,"stream_options":{"include_usage": true,"x":1}}`},
		{`{"model":"a","stream":true,"stream_options":{"include_usage":null}}`, `{"model":"b","stream":true,"stream_options":{"include_usage":true}}`},
		{`{"model":"a","stream":true,"stream_options":{"include_usage":true}}`, `{"model":"b","stream":true,"stream_options":{"include_usage":true}}`},
		{`{"model":"a","stream":true,"stream_options":7}`, `{"model":"b","stream":true,"stream_options":7}`},
		{`{"model":"a","stream":false,"stream_options":{}}`, `{"model":"b","stream":false,"stream_options":{}}`},
		{`{"model":"a"}`, `{"model":"b"}`},
	} {
		for _, e := range []Endpoint{ChatCompletions, Completions} {
			in := inspectedOf(t, e, c.body)
			if got := string(in.forUpstream([]byte(c.body), "b")); got != c.want {
				t.Errorf("%s: %s, want %s", c.body, got, c.want)
			}
		}
		for _, e := range []Endpoint{Responses, Messages, Embeddings} {
			in := inspectedOf(t, e, c.body)
			if got := string(in.forUpstream([]byte(c.body), "a")); got != c.body || !in.usageAsked {
				t.Errorf("%s on %s: %s", c.body, e, got)
			}
		}
	}
}

// checkEdit compares a body with what an upstream gets of it.
func checkEdit(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, e Endpoint, body []byte) {
	t.Helper()
	before := string(body)
	in, err := inspect(e, body)
	if err != nil {
		return
	}
	const name = `other "model"`
	out := in.forUpstream(body, name)
	if string(body) != before || string(in.forUpstream(body, in.model)) != before && in.usageAsked {
		t.Fatalf("%s on %s was changed", before, e)
	}
	var was, is map[string]any
	if json.Unmarshal(body, &was) != nil || json.Unmarshal(out, &is) != nil {
		t.Fatalf("%s became %s", body, out)
	}
	if in.usageAt[0] == 0 != in.usageAsked || is["model"] != name {
		t.Fatalf("%s became %s", body, out)
	}
	if !in.usageAsked {
		options, _ := is["stream_options"].(map[string]any)
		if options["include_usage"] != true || was["stream"] != true {
			t.Fatalf("%s became %s", body, out)
		}
		delete(options, "include_usage")
		if own, ok := was["stream_options"].(map[string]any); ok {
			delete(own, "include_usage")
		} else if was["stream_options"] == nil && len(options) == 0 {
			delete(was, "stream_options")
			delete(is, "stream_options")
		}
	}
	was["model"] = name
	if diff := cmp.Diff(was, is); diff != "" {
		t.Fatalf("%s became %s: was -, is +:\n%s", body, out, diff)
	}
}

var bodySeeds = []string{
	`{"model":"a","stream":true,"stream_options":{"include_usage":false,"x":[1]},"n":2}`,
	`{ "stream_options" : { } , "stream" : true , "model" : "\u0061" , "tools":[{"type":"mcp"}] }`,
	`{"stream_options":null,"model":"a","stream":true,"input":[{"id":"x"}],"metadata":{"user_id":"u"}}`,
	`{"stream":true,"model":"a","messages":[{"content":[{"source":{"type":"base64","data":"QUJD"}}]}]}`,
}

func FuzzInspect(f *testing.F) {
	for _, seed := range bodySeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for e := range numEndpoints {
			checkEdit(t, e, body)
		}
	})
}

func TestEditsChangeNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blank := rapid.SampledFrom([]string{"", " ", "\n\t"})
		member := rapid.SampledFrom([]string{
			`"model":"a"`, `"mod\u0065l":"\u00e9"`, `"stream":true`, `"stream":true`, `"stream":false`, `"stream_options":{}`, `"stream_options":{"a":{"include_usage":false}}`,
			`"stream_options":{"include_usage":false}`, `"stream_options":{"a":1,"include_usage":null,"b":2}`, `"stream_options":null`, `"stream_options":[]`, `"x":{"model":"c","stream":1}`,
			`"messages":[{"role":"user","content":"\"model\":\"a\""}]`, `"big":123456789012345678901234567890`, `"n":1`,
		})
		parts := rapid.SliceOfNDistinct(member, 1, 6, func(s string) string { return s[:4] }).Draw(t, "members")
		var b strings.Builder
		for i, part := range parts {
			if i > 0 {
				b.WriteString(",")
			}
			b.WriteString(blank.Draw(t, "before") + part + blank.Draw(t, "after"))
		}
		checkEdit(t, rapid.SampledFrom(Endpoints()).Draw(t, "endpoint"), []byte("{"+b.String()+"}"))
	})
}

func TestSpansAreReplacedInOneCopy(t *testing.T) {
	body := []byte("0123456789")
	for _, c := range []struct {
		spans []span
		want  string
	}{
		{nil, "0123456789"},
		{[]span{{3, 5, ""}}, "01256789"},
		{[]span{{10, 10, "end"}, {0, 0, "start"}}, "start0123456789end"},
		{[]span{{5, 7, "abc"}, {1, 5, "x"}}, "0xabc789"},
	} {
		if got := replace(body, c.spans...); string(got) != c.want || cap(got) > len(got)+16 {
			t.Errorf("%+v: %q, want %q", c.spans, got, c.want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { replace(body, span{1, 2, "x"}) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func codexBody() []byte {
	tool := `{"type":"function","name":"shell","description":"` + strings.Repeat("Runs a command and returns its output. ", 20) + `","parameters":{"type":"object","properties":{"cmd":{"type":"array","items":{"type":"string"}}}}}`
	return []byte(`{"model":"gpt-5.6","stream":true,"prompt_cache_key":"s","tools":[` + strings.Repeat(tool+",", 20) + tool + `],"input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"` +
		strings.Repeat(`You are a coding agent.\n`, 800) + `"}]}]}`)
}

func TestInspectionAllocatesLittle(t *testing.T) {
	body := codexBody()
	if n := testing.AllocsPerRun(10, func() {
		if _, err := inspect(Responses, body); err != nil {
			t.Fatal(err)
		}
	}); n > 4 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkInspect(b *testing.B) {
	body := codexBody()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for range b.N {
		if _, err := inspect(Responses, body); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEveryEndpointHasAnAdapter(t *testing.T) {
	for _, e := range Endpoints() {
		if adapters[e.Wire()] == nil {
			t.Errorf("%s has none", e)
		}
	}
	if len(adapters) != int(usage.Messages)+1 {
		t.Errorf("%d adapters", len(adapters))
	}
}
