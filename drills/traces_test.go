package drills

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"codexible/accounts"
	"codexible/store/storetest"
)

// collected is what a collector was sent, in the words of OTLP's JSON.
type collected struct {
	ResourceSpans []struct {
		ScopeSpans []struct {
			Spans []otlpSpan `json:"spans"`
		} `json:"scopeSpans"` //nolint:tagliatelle // as OTLP writes it
	} `json:"resourceSpans"` //nolint:tagliatelle // as OTLP writes it
}

// has is an attribute of the span as OTLP writes its value; nil for none.
func (s *otlpSpan) has(key string) any {
	for _, a := range s.Attributes {
		if a.Key == key {
			for _, value := range a.Value {
				return value
			}
		}
	}
	return nil
}

// otlpServer is OTLP's number for the span of a request that was served.
const otlpServer = 2

//nolint:tagliatelle // as OTLP writes it
type otlpSpan struct {
	TraceID           string `json:"traceId"`
	SpanID            string `json:"spanId"`
	ParentSpanID      string `json:"parentSpanId"`
	Name              string `json:"name"`
	Kind              int    `json:"kind"`
	StartTimeUnixNano string `json:"startTimeUnixNano"`
	EndTimeUnixNano   string `json:"endTimeUnixNano"`
	Attributes        []struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
	} `json:"attributes"`
}

// collector is a collector that keeps what it is sent.
type collector struct {
	*httptest.Server

	mu     sync.Mutex
	spans  []otlpSpan
	bodies strings.Builder
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var sent collected
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/json" || json.Unmarshal(body, &sent) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies.Write(body)
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				c.spans = append(c.spans, scope.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func TestASampledChargeIsFollowedFromHTTPToTheCommit(t *testing.T) {
	database, collector := storetest.SQLiteURL(t), newCollector(t)
	customer := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	p := startProgram(t, "DATABASE_URL="+database, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_TRACES_SAMPLER_ARG=0")
	const traceID, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, traceparent := range []string{"", "00-" + traceID + "-" + caller + "-01"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/usage", strings.NewReader(`{"credits":1}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+customer.secrets[0])
		request.Header.Set("Content-Type", "application/json")
		if traceparent != "" {
			request.Header.Set("Traceparent", traceparent)
		}
		response, err := loadClient.Do(request)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		_ = response.Body.Close()
	}
	p.stop(t) // shutdown sends the remaining spans
	collector.mu.Lock()
	defer collector.mu.Unlock()
	byName := map[string]otlpSpan{}
	for _, s := range collector.spans {
		byName[s.Name] = s
		if s.TraceID != traceID || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%+v", s)
		}
	}
	root, wait, commit := byName["POST /api/usage"], byName["charge.wait"], byName["charge.commit"]
	if len(collector.spans) != 3 || root.ParentSpanID != caller || root.Kind != otlpServer || wait.ParentSpanID != root.SpanID || commit.ParentSpanID != root.SpanID {
		t.Errorf("the spans are %+v", collector.spans)
	}
	if !strings.Contains(collector.bodies.String(), `{"key":"http.response.status_code","value":{"intValue":"200"}}`) {
		t.Errorf("the status is missing: %s", collector.bodies.String())
	}
	if strings.Contains(collector.bodies.String(), customer.secrets[0]) {
		t.Error("a trace holds the key")
	}
}

func TestASampledCallOfAModelIsFollowedToTheProvidersAndTheBooks(t *testing.T) {
	database, collector := storetest.SQLiteURL(t), newCollector(t)
	customer := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	sellModel(t, database)
	p := startProgram(t, "DATABASE_URL="+database, "OTEL_EXPORTER_OTLP_ENDPOINT="+collector.URL, "OTEL_TRACES_SAMPLER_ARG=0")
	const traceID, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, flags := range []string{"00", "01"} {
		if status, text := askModel(t, p.url, customer.secrets[0], "coder", map[string]string{"Traceparent": "00-" + traceID + "-" + caller + "-" + flags}); status != http.StatusOK {
			t.Fatal(status, text)
		}
	}
	p.stop(t) // shutdown sends the remaining spans
	collector.mu.Lock()
	defer collector.mu.Unlock()
	byName := map[string][]otlpSpan{}
	for _, s := range collector.spans {
		byName[s.Name] = append(byName[s.Name], s)
		if s.TraceID != traceID || s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%+v", s)
		}
	}
	const attempt = "POST /chat/completions"
	for name, n := range map[string]int{"POST /v1/chat/completions": 1, "chat coder": 1, attempt: 2, "charge.wait": 2, "charge.commit": 2} {
		if len(byName[name]) != n {
			t.Fatalf("%d spans %s, want %d", len(byName[name]), name, n)
		}
	}
	root, call := byName["POST /v1/chat/completions"][0], byName["chat coder"][0]
	if root.ParentSpanID != caller || call.ParentSpanID != root.SpanID || call.EndTimeUnixNano > root.EndTimeUnixNano {
		t.Errorf("the call %+v is not inside the request %+v", call, root)
	}
	for _, s := range slices.Concat(byName[attempt], byName["charge.commit"]) {
		if s.ParentSpanID != call.SpanID {
			t.Errorf("%s is not part of the call: %+v", s.Name, s)
		}
	}
	for key, want := range map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.request.model": "coder", "gen_ai.response.model": "coder", "gen_ai.usage.output_tokens": "12", "server.address": "127.0.0.1", "error.type": nil,
	} {
		if got := call.has(key); got != want {
			t.Errorf("%s of the call is %v, want %v", key, got, want)
		}
	}
	if seconds, is := call.has("gen_ai.response.time_to_first_chunk").(float64); !is || seconds <= 0 || seconds > 60 {
		t.Errorf("the time to the first chunk is %v", call.has("gen_ai.response.time_to_first_chunk"))
	}
	if first, second := byName[attempt][0].has("error.type"), byName[attempt][1].has("error.type"); first != "500" || second != nil {
		t.Errorf("the attempts failed with %v and %v", first, second)
	}
	for _, content := range []string{customer.secrets[0], "tale", "@example.com"} {
		if strings.Contains(collector.bodies.String(), content) {
			t.Errorf("a trace holds %q", content)
		}
	}
}
