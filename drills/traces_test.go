package drills

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
