package usage

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A reportCase is a call: the body of its answer, or the data of each event of its stream.
type reportCase struct {
	name     string
	data     []string
	want     Tokens
	reported Reported
}

func testReports(t *testing.T, wire Wire, cases []reportCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Report{Wire: wire}
			for _, data := range c.data {
				r.Read([]byte(data))
			}
			got, reported := r.Tokens()
			if reported != c.reported {
				t.Errorf("reported %d, want %d", reported, c.reported)
			}
			if c.reported != Nothing {
				c.want.Requests = 1
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
			if err := got.Check(""); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUsageOfChatCompletions(t *testing.T) {
	body := func(usage string) []string {
		return []string{`{"id":"chatcmpl-CkX1","object":"chat.completion","created":1795824000,"model":"gpt-5.6","choices":[{"index":0,"message":{"role":"assistant","content":"The \"usage\" of {\"usage\":{\"prompt_tokens\":9}}","refusal":null},"finish_reason":"stop"}],"usage":` + usage + `,"service_tier":"default","system_fingerprint":null}`}
	}
	testReports(t, Chat, []reportCase{
		{"OpenAI: cached, written and reasoning tokens are inside", body(`{"prompt_tokens":21034,"completion_tokens":1710,"total_tokens":22744,"prompt_tokens_details":{"cached_tokens":18432,"cache_write_tokens":2560,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":1216,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`),
			Tokens{Input: 42, CacheRead: 18432, CacheWrite: 2560, Output: 1710, Reasoning: 1216, ServiceTier: "default"}, Whole},
		{"OpenAI: audio on both sides", body(`{"prompt_tokens":1200,"completion_tokens":900,"total_tokens":2100,"prompt_tokens_details":{"cached_tokens":128,"audio_tokens":700},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":650}}`),
			Tokens{Input: 372, CacheRead: 128, AudioInput: 700, Output: 250, AudioOutput: 650, ServiceTier: "default"}, Whole},
		{"OpenAI: a stream has null until its last chunk, which has no choices", []string{
			`{"id":"chatcmpl-2","object":"chat.completion.chunk","model":"gpt-5.6","service_tier":"flex","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null,"obfuscation":"x"}`,
			`{"id":"chatcmpl-2","object":"chat.completion.chunk","model":"gpt-5.6","service_tier":"flex","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null}`,
			`{"id":"chatcmpl-2","object":"chat.completion.chunk","model":"gpt-5.6","service_tier":"","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}`,
			`[DONE]`,
		}, Tokens{Input: 19, Output: 10, ServiceTier: "flex"}, Whole},
		{"a stream that was cut before its last chunk has nothing", []string{
			`{"choices":[{"index":0,"delta":{"content":"Hel"}}],"usage":null,"service_tier":"default"}`,
		}, Tokens{}, Nothing},
		{"embeddings have a prompt alone", []string{`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023,-0.0093]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}`},
			Tokens{Input: 8}, Whole},
		{"DeepSeek names the cache's tokens beside the prompt's", body(`{"prompt_tokens":3010,"completion_tokens":75,"total_tokens":3085,"prompt_cache_hit_tokens":2944,"prompt_cache_miss_tokens":66}`),
			Tokens{Input: 66, CacheRead: 2944, Output: 75, ServiceTier: "default"}, Whole},
		{"Moonshot has the usage in the first choice", []string{
			`{"id":"cmpl-3","object":"chat.completion.chunk","model":"kimi-k2","choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":2989,"completion_tokens":13,"total_tokens":3002,"cached_tokens":2944}}]}`,
		}, Tokens{Input: 45, CacheRead: 2944, Output: 13}, Whole},
		{"Groq has the usage in an object of its own", []string{
			`{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.03,"prompt_tokens":18,"prompt_time":0.001,"completion_tokens":55,"total_tokens":73}}}`,
		}, Tokens{Input: 18, Output: 55}, Whole},
		{"Alibaba names what was written to the cache", body(`{"prompt_tokens":1800,"completion_tokens":5,"total_tokens":1805,"prompt_tokens_details":{"cached_tokens":0,"cache_creation_input_tokens":1605,"cache_creation":{"ephemeral_5m_input_tokens":1605}}}`),
			Tokens{Input: 195, CacheWrite: 1605, Output: 5, ServiceTier: "default"}, Whole},
		{"xAI has reasoning beside the completion: 10120 + 1499 + 2809 = 14428", body(`{"prompt_tokens":10120,"completion_tokens":1499,"total_tokens":14428,"prompt_tokens_details":{"text_tokens":10120,"audio_tokens":0,"image_tokens":0,"cached_tokens":128},"completion_tokens_details":{"reasoning_tokens":2809,"audio_tokens":0},"num_sources_used":0}`),
			Tokens{Input: 9992, CacheRead: 128, Output: 4308, Reasoning: 2809, ServiceTier: "default"}, Whole},
		{"Gemini's compatible endpoint has thinking in the total alone", body(`{"prompt_tokens":20,"completion_tokens":151,"total_tokens":553}`),
			Tokens{Input: 20, Output: 533, Reasoning: 382, ServiceTier: "default"}, Whole},
		{"a total with the cache's tokens a second time is no reasoning", body(`{"prompt_tokens":1000,"completion_tokens":5,"total_tokens":1905,"prompt_tokens_details":{"cached_tokens":900}}`),
			Tokens{Input: 100, CacheRead: 900, Output: 5, ServiceTier: "default"}, Whole},
		{"OpenRouter counts web searches", body(`{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105,"cost":0.02,"server_tool_use":{"web_search_requests":2}}`),
			Tokens{Input: 100, Output: 5, WebSearches: 2, ServiceTier: "default"}, Whole},
		{"vLLM reports as it goes; the last figures count, also of a cut stream", []string{
			`{"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":7,"total_tokens":8,"completion_tokens":1}}`,
			`{"choices":[{"index":0,"delta":{"content":"b"}}],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}`,
		}, Tokens{Input: 7, Output: 2}, Whole},
		{"a total says nothing of later figures", []string{
			`{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":25}}`,
			`{"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":9}}`,
		}, Tokens{Input: 10, Output: 9}, Whole},
		{"details may be null, absent or of another form", body(`{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":null,"completion_tokens_details":[]}`),
			Tokens{Input: 12, Output: 3, ServiceTier: "default"}, Whole},
		{"12.0 and 1e3 are whole numbers", body(`{"prompt_tokens":12.0,"completion_tokens":1e3,"total_tokens":1012}`),
			Tokens{Input: 12, Output: 1000, ServiceTier: "default"}, Whole},
		{"an empty usage object replaces no figures", append(body(`{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}`), body(`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`)...),
			Tokens{Input: 12, Output: 3, ServiceTier: "default"}, Whole},
		{"an object without figures reports nothing", body(`{}`), Tokens{}, Nothing},
		{"zeros are a report", body(`{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}`), Tokens{ServiceTier: "default"}, Whole},
	})
}

func TestUsageOfResponses(t *testing.T) {
	const figures = `{"input_tokens":36481,"input_tokens_details":{"cached_tokens":35072,"cache_write_tokens":1280},"output_tokens":2310,"output_tokens_details":{"reasoning_tokens":1984},"total_tokens":38791}`
	want := Tokens{Input: 129, CacheRead: 35072, CacheWrite: 1280, Output: 2310, Reasoning: 1984}
	tiered, searched := want, want
	tiered.ServiceTier = "priority"
	searched.WebSearches, searched.ServiceTier = 2, "default"
	search := func(place int, action string) string {
		return fmt.Sprintf(`{"type":"response.output_item.done","sequence_number":%d,"output_index":%d,"item":{"id":"ws_%d","type":"web_search_call","status":"completed","action":%s}}`, place+20, place, place, action)
	}
	testReports(t, Responses, []reportCase{
		{"a body", []string{`{"id":"resp_1","object":"response","created_at":1795824000,"status":"completed","model":"gpt-5.6-codex","output":[{"type":"message","content":[{"type":"output_text","text":"ok"}]}],"service_tier":"priority","usage":` + figures + `}`}, tiered, Whole},
		{"a stream: null until the response is complete, then the tier that served it", []string{
			`{"type":"response.created","sequence_number":0,"response":{"id":"resp_2","object":"response","status":"in_progress","output":[],"service_tier":"auto","usage":null}}`,
			`{"type":"response.output_text.delta","sequence_number":4,"delta":"the \"usage\""}`,
			`{"type":"response.completed","sequence_number":9,"response":{"id":"resp_2","object":"response","status":"completed","output":[],"service_tier":"priority","usage":` + figures + `}}`,
		}, tiered, Whole},
		{"an incomplete response", []string{`{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":` + figures + `}}`}, want, Whole},
		{"a failed response may have none", []string{`{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"try again"},"usage":null}}`}, Tokens{}, Nothing},
		{"web searches are items; opening a page of the result is none", []string{
			search(0, `{"type":"search","query":"go 1.26"}`),
			search(0, `{"type":"search","query":"go 1.26"}`), // an event that is read again
			search(1, `{"type":"open_page","url":"https://go.dev"}`),
			search(2, `{"type":"search","query":"go 1.27"}`),
			`{"type":"response.completed","response":{"output":[],"service_tier":"default","usage":` + figures + `}}`,
		}, searched, Whole},
		{"the list at the end corrects the events", []string{
			search(2, `{"type":"search","query":"go 1.27"}`),
			search(0, `{"type":"search","query":"go 1.26"}`),
			`{"type":"response.completed","response":{"output":[{"type":"web_search_call","status":"completed","action":{"type":"search"}},{"type":"web_search_call","status":"completed","action":{"type":"find_in_page"}},{"type":"web_search_call","status":"failed"},{"type":"web_search_call","status":"completed"}],"service_tier":"default","usage":` + figures + `}}`,
		}, searched, Whole},
		{"a body with searches", []string{`{"object":"response","output":[{"type":"web_search_call","action":{"type":"search"}},{"type":"web_search_call","action":{"type":"search"}}],"service_tier":"default","usage":` + figures + `}`}, searched, Whole},
	})
}

func TestUsageOfMessages(t *testing.T) {
	start := func(usage string) string {
		return `{"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"stop_reason":null,"usage":` + usage + `}}`
	}
	delta := func(usage string) string {
		return `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":` + usage + `}`
	}
	body := func(usage string) []string {
		return []string{`{"id":"msg_01","type":"message","role":"assistant","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn","usage":` + usage + `}`}
	}
	const cached = `{"input_tokens":4,"cache_creation_input_tokens":1500,"cache_read_input_tokens":20000,"cache_creation":{"ephemeral_5m_input_tokens":500,"ephemeral_1h_input_tokens":1000},"output_tokens":3,"service_tier":"standard","inference_geo":"global"}`
	prompt := Tokens{Input: 4, CacheRead: 20000, CacheWrite: 500, CacheWrite1h: 1000, ServiceTier: "standard"}
	with := func(change func(*Tokens)) Tokens {
		changed := prompt
		change(&changed)
		return changed
	}
	testReports(t, Messages, []reportCase{
		{"a body: the cache's tokens are beside the input, thinking is inside the output", body(`{"input_tokens":2095,"cache_creation_input_tokens":2051,"cache_read_input_tokens":18901,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":2051},"output_tokens":503,"output_tokens_details":{"thinking_tokens":400},"server_tool_use":{"web_search_requests":1,"web_fetch_requests":2},"service_tier":"priority","speed":"standard"}`),
			Tokens{Input: 2095, CacheRead: 18901, CacheWrite1h: 2051, Output: 503, Reasoning: 400, WebSearches: 1, ServiceTier: "priority"}, Whole},
		{"a stream: the prompt first, the output at the end, null keeps what is known", []string{
			start(cached),
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`,
			delta(`{"input_tokens":null,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":89,"server_tool_use":null}`),
			`{"type":"message_stop"}`,
		}, with(func(t *Tokens) { t.Output = 89 }), Whole},
		{"each message_delta counts from the beginning", []string{start(cached), delta(`{"output_tokens":40}`), delta(`{"input_tokens":4,"cache_creation_input_tokens":1500,"cache_read_input_tokens":20000,"output_tokens":90,"output_tokens_details":{"thinking_tokens":50}}`)},
			with(func(t *Tokens) { t.Output, t.Reasoning = 90, 50 }), Whole},
		{"a stream that was cut has its prompt", []string{start(cached)}, with(func(t *Tokens) { t.Output = 3 }), PromptOnly},
		{"searches make the sums grow after their parts, in whose proportion they are divided", []string{
			start(cached), delta(`{"input_tokens":10500,"cache_creation_input_tokens":3000,"cache_read_input_tokens":41500,"output_tokens":510,"server_tool_use":{"web_search_requests":1}}`),
		}, Tokens{Input: 10500, CacheRead: 41500, CacheWrite: 1000, CacheWrite1h: 2000, Output: 510, WebSearches: 1, ServiceTier: "standard"}, Whole},
		{"a server that estimates the prompt first and knows it at the end", []string{
			start(`{"input_tokens":20010,"output_tokens":0}`), delta(`{"input_tokens":10,"cache_read_input_tokens":20000,"output_tokens":7}`),
		}, Tokens{Input: 10, CacheRead: 20000, Output: 7}, Whole},
		{"a server that ends with zeros for the prompt", []string{start(cached), delta(`{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":7}`)},
			with(func(t *Tokens) { t.Output = 7 }), Whole},
		{"writes without parts are of 5 minutes", body(`{"input_tokens":10,"cache_creation_input_tokens":700,"output_tokens":7}`),
			Tokens{Input: 10, CacheWrite: 700, Output: 7}, Whole},
		{"fast is a tier of its own", body(`{"input_tokens":10,"output_tokens":7,"service_tier":"standard","speed":"fast"}`),
			Tokens{Input: 10, Output: 7, ServiceTier: "fast"}, Whole},
		{"what the provider used to shorten the conversation is billed as well", body(`{"input_tokens":23000,"output_tokens":1000,"iterations":[{"type":"compaction","input_tokens":180000,"cache_read_input_tokens":500,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"output_tokens":3500},{"type":"message","input_tokens":23000,"output_tokens":1000}]}`),
			Tokens{Input: 203000, CacheRead: 500, CacheWrite: 10, CacheWrite1h: 20, Output: 4500}, Whole},
		{"what was reported whole stays so", []string{delta(`{"output_tokens":9}`), start(`{"input_tokens":4,"output_tokens":0}`)}, Tokens{Input: 4, Output: 9}, Whole},
		{"ping and error have no usage", []string{`{"type":"ping"}`, `{"type":"error","error":{"type":"overloaded_error","message":"usage"}}`}, Tokens{}, Nothing},
	})
}

// Each case says what is wrong with it; Clamped counts the figures that were replaced.
func TestAbsurdUsageIsReplacedAndCounted(t *testing.T) {
	const huge = "99999999999999999999"
	cases := []struct {
		name  string
		wire  Wire
		usage string
		want  Tokens
	}{
		{"negative figures", Chat, `{"prompt_tokens":-5,"completion_tokens":-1}`, Tokens{Clamped: 2}},
		{"a fraction loses it", Chat, `{"prompt_tokens":12.7,"completion_tokens":3}`, Tokens{Input: 12, Output: 3, Clamped: 1}},
		{"text is no number", Chat, `{"prompt_tokens":"12","completion_tokens":3}`, Tokens{Output: 3, Clamped: 1}},
		{"above the greatest", Chat, `{"prompt_tokens":` + huge + `,"completion_tokens":1e999}`, Tokens{Input: MaxTokens, Output: MaxTokens, Clamped: 2}},
		{"more cached than read", Chat, `{"prompt_tokens":100,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":160}}`, Tokens{CacheRead: 100, Output: 1, Clamped: 1}},
		{"more cached, written and audio than read", Chat, `{"prompt_tokens":100,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":60,"audio_tokens":9}}`, Tokens{CacheRead: 60, CacheWrite: 40, Output: 1, Clamped: 2}},
		{"more reasoning than output", Responses, `{"input_tokens":1,"output_tokens":10,"output_tokens_details":{"reasoning_tokens":11},"total_tokens":11}`, Tokens{Input: 1, Output: 10, Reasoning: 10, Clamped: 1}},
		{"more audio than output", Chat, `{"prompt_tokens":1,"completion_tokens":10,"completion_tokens_details":{"audio_tokens":11}}`, Tokens{Input: 1, AudioOutput: 10, Clamped: 1}},
		{"a total above the greatest is not used", Chat, `{"prompt_tokens":1,"completion_tokens":10,"total_tokens":` + huge + `}`, Tokens{Input: 1, Output: 10, Clamped: 1}},
		{"parts that are less than their sum", Messages, `{"input_tokens":1,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":30},"output_tokens":1}`, Tokens{Input: 1, CacheWrite: 25, CacheWrite1h: 75, Output: 1, Clamped: 1}},
		{"parts that are more than their sum", Messages, `{"input_tokens":1,"cache_creation_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":30},"output_tokens":1}`, Tokens{Input: 1, CacheWrite: 5, CacheWrite1h: 15, Output: 1, Clamped: 1}},
		{"parts of a sum of zero", Messages, `{"input_tokens":1,"cache_creation_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":30},"output_tokens":1}`, Tokens{Input: 1, CacheWrite: 10, CacheWrite1h: 30, Output: 1, Clamped: 1}},
		{"parts of zero", Messages, `{"input_tokens":1,"cache_creation_input_tokens":20,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":1}`, Tokens{Input: 1, CacheWrite: 20, Output: 1, Clamped: 1}},
		{"a prompt above the greatest in parts", Messages, `{"input_tokens":600000000,"cache_read_input_tokens":600000000,"cache_creation_input_tokens":7,"output_tokens":1}`, Tokens{Input: 600_000_000, CacheRead: 400_000_000, Output: 1, Clamped: 2}},
		{"negative compaction", Messages, `{"input_tokens":5,"output_tokens":1,"iterations":[{"type":"compaction","input_tokens":-3,"output_tokens":2}]}`, Tokens{Input: 5, Output: 3, Clamped: 1}},
		{"more searches than a call can make", Messages, `{"input_tokens":5,"output_tokens":1,"server_tool_use":{"web_search_requests":5000000}}`, Tokens{Input: 5, Output: 1, WebSearches: MaxWebSearches, Clamped: 1}},
		{"a tier of letters that no tier has", Messages, `{"input_tokens":5,"output_tokens":1,"service_tier":"<b>Gold</b>"}`, Tokens{Input: 5, Output: 1, Clamped: 1}},
		{"a tier that is no text", Messages, `{"input_tokens":5,"output_tokens":1,"service_tier":{"a":1}}`, Tokens{Input: 5, Output: 1, Clamped: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := Report{Wire: c.wire}
			r.Read([]byte(`{"usage":` + c.usage + `}`))
			got, reported := r.Tokens()
			c.want.Requests = 1
			if diff := cmp.Diff(c.want, got); diff != "" || reported != Whole {
				t.Errorf("reported %d, tokens (-want +got):\n%s", reported, diff)
			}
		})
	}
	r := Report{}
	for _, data := range []string{`{"usage":{"prompt_tokens":12,"completion_tokens":3}}`, `{"usage":{"prompt_tokens":-1,"completion_tokens":"4"},"service_tier":7}`} {
		r.Read([]byte(data))
	}
	if got, _ := r.Tokens(); got != (Tokens{Input: 12, Output: 3, Requests: 1, Clamped: 3}) {
		t.Errorf("figures that cannot be read replaced earlier ones, or were not counted: %+v", got)
	}
	r.Read([]byte(`{"usage":{"prompt_tokens":20,"completion_tokens":30},"service_tier":"flex"}`))
	if got, _ := r.Tokens(); got != (Tokens{Input: 20, Output: 30, Requests: 1, ServiceTier: "flex"}) {
		t.Errorf("what was replaced still counts: %+v", got)
	}
}

func TestUsageThatIsCutOffOrTooLargeIsNotRead(t *testing.T) {
	const whole = `{"prompt_tokens":1234,"completion_tokens":5678}`
	for end := range len(whole) {
		r := Report{}
		r.Read([]byte(`{"usage":` + whole[:end]))
		if got, reported := r.Tokens(); reported != Nothing {
			t.Fatalf("%q was read as %+v", whole[:end], got)
		}
	}
	r := Report{}
	r.Read([]byte(`{"usage":{"a":` + strings.Repeat("[", maxUsageObject) + strings.Repeat("]", maxUsageObject) + `,` + whole[1:] + `}`))
	if _, reported := r.Tokens(); reported != Nothing {
		t.Error("a usage object above the bound was read")
	}
}

// FuzzUsage reads any events, of which a line feed divides two.
func FuzzUsage(f *testing.F) {
	f.Add(uint8(Chat), []byte(`{"choices":[{"usage":{"prompt_tokens":3,"completion_tokens":1,"cached_tokens":9}}],"service_tier":"default"}`))
	f.Add(uint8(Chat), []byte(`{"usage":{"prompt_tokens":12.5,"completion_tokens":-1,"total_tokens":1e30,"prompt_tokens_details":{"cached_tokens":"x","audio_tokens":4}}}`))
	f.Add(uint8(Responses), []byte(`{"type":"response.output_item.done","output_index":1,"item":{"type":"web_search_call"}}`+"\n"+`{"type":"response.completed","response":{"output":[{"type":"web_search_call"}],"service_tier":"flex","usage":{"input_tokens":9,"output_tokens":8,"total_tokens":20}}}`))
	f.Add(uint8(Messages), []byte(`{"type":"message_start","message":{"usage":{"input_tokens":9,"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_1h_input_tokens":7},"speed":"fast","service_tier":"standard"}}}`+"\n"+`{"type":"message_delta","usage":{"output_tokens":null,"cache_creation_input_tokens":9,"iterations":[{"type":"compaction","input_tokens":1}]}}`))
	f.Fuzz(func(t *testing.T, wire uint8, stream []byte) {
		r := Report{Wire: Wire(wire % 3)}
		before := Nothing
		for data := range strings.SplitSeq(string(stream), "\n") {
			r.Read([]byte(data))
			once, reported := r.Tokens()
			if err := once.Check(""); err != nil {
				t.Fatalf("%v: %+v", err, once)
			}
			if once.Clamped < 0 || reported < before {
				t.Fatalf("%d figures replaced; reported %d after %d", once.Clamped, reported, before)
			}
			before = reported
			r.Read([]byte(data))
			if twice, _ := r.Tokens(); twice != once {
				t.Fatalf("read twice:\n%+v\n%+v", once, twice)
			}
		}
	})
}

func BenchmarkReadEventWithoutUsage(b *testing.B) {
	data := []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words of an answer"}}`)
	r := Report{Wire: Messages}
	b.ReportAllocs()
	for b.Loop() {
		r.Read(data)
	}
}

func BenchmarkReadUsage(b *testing.B) {
	data := []byte(`{"type":"response.completed","response":{"instructions":"` + strings.Repeat("words ", 6000) + `","output":[],"service_tier":"default","usage":{"input_tokens":36481,"input_tokens_details":{"cached_tokens":35072,"cache_write_tokens":1280},"output_tokens":2310,"output_tokens_details":{"reasoning_tokens":1984},"total_tokens":38791}}}`)
	r := Report{Wire: Responses}
	b.ReportAllocs()
	for b.Loop() {
		r.Read(data)
	}
}
