package gateway

import (
	"strings"
	"testing"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

type eventCase struct {
	name, data string
	want       signal
}

func checkEvents(t *testing.T, a adapter, cases []eventCase) {
	t.Helper()
	for _, c := range cases {
		if diff := cmp.Diff(c.want, a.event([]byte(c.name), []byte(c.data)), all); diff != "" {
			t.Errorf("%s %.200s: want -, got +:\n%s", c.name, c.data, diff)
		}
	}
	if s := a.event([]byte("name"), nil); s != (signal{}) {
		t.Errorf("a comment is %+v", s)
	}
	if s := a.event(nil, []byte(`{"what":`)); s != (signal{generated: true}) {
		t.Errorf("what cannot be read is %+v", s)
	}
}

func TestEventsOfChatAreUnderstood(t *testing.T) {
	checkEvents(t, chat{}, []eventCase{
		{"", `{"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}`, signal{}},
		{"", `{"choices":[{"delta":{"role":"assistant","content":null,"refusal":null,"annotations":[]},"logprobs":null}]}`, signal{}},
		{"", `{"choices":[],"prompt_filter_results":[{"x":1}]}`, signal{}},
		{"", `{"choices":[{"delta":{"content":"Hé\n\u00e9\ud83d\ude00"}}]}`, signal{generated: true, text: 10}},
		{"", `{"choices":[{"delta":{"reasoning_content":"abc","reasoning":"abc"}},{"delta":{"content":"de"}}]}`, signal{generated: true, text: 5}},
		{"", `{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"abc"}]},{"type":"text","text":"d"}]}}]}`, signal{generated: true, text: 4}},
		{"", `{"choices":[{"delta":{"refusal":"no"}}]}`, signal{generated: true, text: 2}},
		{"", `{"choices":[{"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]}}]}`, signal{generated: true}},
		{"", `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}},{"custom":{"input":"xy"}}]}}]}`, signal{generated: true, text: 6}},
		{"", `{"choices":[{"delta":{"tool_calls":null,"function_call":null}}]}`, signal{}},
		{"", `{"choices":[{"delta":{"function_call":{"arguments":"abc"}}}]}`, signal{generated: true, text: 3}},
		{"", `{"choices":[{"delta":{"audio":{"id":"a"}}}]}`, signal{generated: true}},
		{"", `{"choices":[{"delta":{},"finish_reason":"stop"}]}`, signal{generated: true}},
		{"", `{"choices":[{"index":0,"text":"abc","finish_reason":null}]}`, signal{generated: true, text: 3}},
		{"", `{"choices":[{"index":0,"text":""}]}`, signal{}},
		{"", `{"choices":[],"usage":{"prompt_tokens":1}}`, signal{generated: true, usageOnly: true}},
		{"", `{"usage":{"prompt_tokens":1},"choices":[ ]}`, signal{generated: true, usageOnly: true}},
		{"", `{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}`, signal{generated: true}},
		{"", `{"choices":[],"usage":null}`, signal{}},
		{"", `{"choices":[],"usage":{"prompt_tokens":1}`, signal{generated: true}},
		{"", `{"usage":{"prompt_tokens":1}}`, signal{}},
		{"", `[DONE]`, signal{generated: true, final: true}},
		{"", ` [DONE] `, signal{generated: true, final: true}},
		{"", `{"choices":[{"delta":{"content":"[DONE]"}}]}`, signal{generated: true, text: 6}},
		{"", `{"error":{"message":"x","type":"server_error","code":"overloaded"}}`, signal{failed: true, code: "overloaded"}},
		{"", `{"error":{"message":"x","type":"server_error","code":null}}`, signal{failed: true, code: "server_error"}},
		{"", `{"error":{"message":"x","code":502}}`, signal{failed: true, code: "502"}},
		{"", `{"error":"away"}`, signal{failed: true}},
		{"", `{"error":{"code":"` + strings.Repeat("x", 65) + `"}}`, signal{failed: true}},
		{"", `{"error":{"code":"a b\n"}}`, signal{failed: true}},
		{"", `{"error":null,"choices":[]}`, signal{}},
		{"error", `{"message":"x"}`, signal{failed: true}},
		{"", `{"error":{"code":502},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}`, signal{failed: true, code: "502"}},
		{"", `{"error":{"code":502},"choices":[{"delta":{"content":"ab"},"finish_reason":"error"}]}`, signal{failed: true, generated: true, text: 2, code: "502"}},
	})
}

func TestEventsOfResponsesAreUnderstood(t *testing.T) {
	checkEvents(t, responses{}, []eventCase{
		{"response.created", `{"type":"response.created","response":{"id":"r","error":null}}`, signal{}},
		{"", `{"sequence_number":1,"response":{"id":"r"},"type":"response.in_progress"}`, signal{}},
		{"response.queued", `{"response":{"id":"r"}}`, signal{}},
		{"keepalive", `{"type":"keepalive","sequence_number":3}`, signal{}},
		{"", `{"type":"response.output_item.added","item":{"type":"message"}}`, signal{generated: true}},
		{"", `{"type":"response.output_text.delta","delta":"a\u00e9"}`, signal{generated: true, text: 3}},
		{"", `{"delta":"abc","type":"response.reasoning_summary_text.delta"}`, signal{generated: true, text: 3}},
		{"", `{"t\u0079pe":"response.function_call_arguments.delta","delta":"{\"a\":1}"}`, signal{generated: true, text: 7}},
		{"response.refusal.delta", `{"delta":"no"}`, signal{generated: true, text: 2}},
		{"", `{"type":"response.audio.delta","delta":"QUJD"}`, signal{generated: true}},
		{"", `{"type":"response.output_text.done","text":"abc"}`, signal{generated: true}},
		{"", `{"type":"response.new_thing"}`, signal{generated: true}},
		{"", `{"type":"response.completed","response":{"output":[],"error":null}}`, signal{generated: true, final: true}},
		{"", `{"type":"response.completed","response":{"output":[`, signal{generated: true}},
		{"", `{"type":"response.incomplete","response":{"error":null}}`, signal{generated: true, final: true}},
		{"", `{"type":"response.failed","response":{"error":{"code":"server_is_overloaded","message":"x"}}}`, signal{failed: true, final: true, code: "server_is_overloaded"}},
		{"", `{"type":"response.failed","response":{"error":null}}`, signal{failed: true, final: true}},
		{"error", `{"type":"error","code":"rate_limit_exceeded","message":"x"}`, signal{failed: true, code: "rate_limit_exceeded"}},
		{"error", `{"type":"error","error":{"type":"tokens","code":"rate_limit_exceeded"}}`, signal{failed: true, code: "rate_limit_exceeded"}},
		{"", `{"error":{"type":"server_error"}}`, signal{failed: true, code: "server_error"}},
		{"", `[DONE]`, signal{generated: true}},
	})
}

func TestEventsOfMessagesAreUnderstood(t *testing.T) {
	checkEvents(t, messages{}, []eventCase{
		{"message_start", `{"type":"message_start","message":{"content":[],"usage":{"input_tokens":1}}}`, signal{}},
		{"message_start", `{"message":{}}`, signal{}},
		{"ping", `{"type":"ping"}`, signal{}},
		{"", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, signal{generated: true}},
		{"", `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}`, signal{generated: true}},
		{"", `{"type":"content_block_start","index":0,"content_block":{"type":"web_search_tool_result","content":[{"text":"long"}]}}`, signal{generated: true}},
		{"", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"}}`, signal{generated: true, text: 3}},
		{"", `{"delta":{"text":"abc","type":"text_delta"},"type":"content_block_delta"}`, signal{generated: true, text: 3}},
		{"", `{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"abcd"}}`, signal{generated: true, text: 4}},
		{"", `{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{\"a"}}`, signal{generated: true, text: 3}},
		{"", `{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"QUJDQUJD"}}`, signal{generated: true}},
		{"", `{"type":"content_block_delta","delta":{"type":"citations_delta","citation":{"cited_text":"abc"}}}`, signal{generated: true}},
		{"", `{"type":"content_block_stop","index":0}`, signal{generated: true}},
		{"", `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}`, signal{generated: true}},
		{"", `{"type":"message_stop"}`, signal{generated: true, final: true}},
		{"message_stop", `{}`, signal{generated: true, final: true}},
		{"", `{"type":"message_stop"`, signal{generated: true}},
		{"error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`, signal{failed: true, code: "overloaded_error"}},
		{"", `{"error":{"type":"api_error"}}`, signal{failed: true, code: "api_error"}},
		{"", `{"type":"new_thing"}`, signal{generated: true}},
	})
}

func TestTheTextOfAnAnswerIsCounted(t *testing.T) {
	for _, c := range []struct {
		wire usage.Wire
		body string
		want int64
	}{
		{usage.Chat, `{"choices":[{"message":{"role":"assistant","content":"abc","reasoning_content":"de","tool_calls":[{"id":"long","function":{"name":"f","arguments":"{\"a\":1}"}}]}},{"message":{"content":null,"refusal":"no"}}],"usage":{}}`, 14},
		{usage.Chat, `{"choices":[{"text":"abc"},{"text":"d"}]}`, 4},
		{usage.Chat, `{"data":[{"embedding":[1,2]}]}`, 0},
		{usage.Responses, `{"instructions":"long","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"ab"}],"encrypted_content":"long"},{"type":"message","content":[{"type":"output_text","text":"cde","logprobs":[{"token":"x"}]}]},{"type":"function_call","name":"f","arguments":"{}"},{"type":"custom_tool_call","input":"xy"}],"tools":[{"text":"long"}]}`, 9},
		{usage.Messages, `{"content":[{"type":"thinking","thinking":"ab","signature":"long"},{"type":"text","text":"cde","citations":[{"cited_text":"long"}]},{"type":"tool_use","name":"f","input":{"a":1}},{"type":"tool_use","input":{}}],"usage":{}}`, 12},
		{usage.Messages, `{"type":"error","error":{"message":"long"}}`, 0},
	} {
		if got := adapters[c.wire].answered([]byte(c.body)); got != c.want {
			t.Errorf("%s: %d, want %d", c.body, got, c.want)
		}
	}
	for _, a := range adapters {
		for _, body := range []string{"", "x", "[]", "{", `{"choices":[{"message":{"content":"ab`, `{"output":[`, `{"content":[{"text"`} {
			if got := a.answered([]byte(body)); got > 2 {
				t.Errorf("%s: %d", body, got)
			}
		}
	}
}

// A client passes a keep-alive over, and so does an adapter.
func TestKeepAlivesSayNothing(t *testing.T) {
	for w, want := range map[usage.Wire][]heard{usage.Chat: nil, usage.Responses: {{"keepalive", `{"type": "keepalive"}`}}, usage.Messages: {{"ping", `{"type": "ping"}`}}} {
		got := read(t, newFramer(), adapters[w].keepAlive())
		if diff := cmp.Diff(want, got.events); diff != "" || got.cut {
			t.Errorf("%s: want -, got +:\n%s", w, diff)
		}
		for _, e := range got.events {
			if s := adapters[w].event([]byte(e.Name), []byte(e.Data)); s != (signal{}) {
				t.Errorf("%s: %+v", w, s)
			}
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		`{"choices":[{"delta":{"content":"a","tool_calls":[{"function":{"arguments":"b"}}]}}],"usage":{}}`, `{"type":"response.failed","response":{"error":{"code":"x"}}}`,
		`{"type":"content_block_delta","delta":{"text":"\ud83d"}}`, `{"output":[{"text":"x"}]}`, `{"content":[{"input":{}}]}`, `[DONE]`,
	} {
		f.Add("error", []byte(seed))
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		for _, a := range adapters {
			s := a.event([]byte(name), data)
			if s.text < 0 || s.text > int64(3*len(data)) || len(s.code) > maxCode || s.failed && s.generated && s.text == 0 || s.usageOnly && !s.generated {
				t.Fatalf("%q: %+v", data, s)
			}
			if n := a.answered(data); n < 0 || n > int64(3*len(data)) {
				t.Fatalf("%q: %d", data, n)
			}
		}
	})
}
