package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"codexible/accounts"
	"codexible/store/storetest"
	"codexible/trace"

	"github.com/google/go-cmp/cmp"
)

// collected is what a collector was sent, in the words of OTLP's JSON.
type collected struct {
	ResourceSpans []struct {
		ScopeSpans []struct {
			Spans []otlpSpan `json:"spans"`
		} `json:"scopeSpans"` //nolint:tagliatelle // as OTLP writes it
	} `json:"resourceSpans"` //nolint:tagliatelle // as OTLP writes it
}

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
	p.stop(t) // what was not yet sent is sent before the end
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
	if len(collector.spans) != 3 || root.ParentSpanID != caller || root.Kind != spanServer || wait.ParentSpanID != root.SpanID || commit.ParentSpanID != root.SpanID {
		t.Errorf("the spans are %+v", collector.spans)
	}
	if !strings.Contains(collector.bodies.String(), `{"key":"http.response.status_code","value":{"intValue":"200"}}`) {
		t.Errorf("the status is missing: %s", collector.bodies.String())
	}
	if strings.Contains(collector.bodies.String(), customer.secrets[0]) {
		t.Error("a trace holds the key")
	}
}

func TestACollectorThatIsAwayCostsSpansAndOneLine(t *testing.T) {
	var log strings.Builder
	dropped := 0
	e := newTraceExporter(newSecretURL("http://127.0.0.1:1/?token=sesame"), slog.New(slog.NewTextHandler(&log, nil)), func(spans int) { dropped += spans })
	for range 3 {
		e.deliver(context.Background(), []trace.Finished{{Name: "a"}, {Name: "b"}})
	}
	for range traceQueue + 5 {
		e.take([]trace.Finished{{Name: "c"}})
	}
	if dropped != 6+5 {
		t.Errorf("%d spans were counted as dropped", dropped)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "OTEL_EXPORTER_OTLP_ENDPOINT") || strings.Contains(log.String(), "sesame") {
		t.Errorf("it was logged: %s", log.String())
	}
}

func TestTheTokenOfACollectorIsSentToItAndNowhereElse(t *testing.T) {
	var asked []string
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		http.Redirect(w, r, "/elsewhere?token=sesame", http.StatusTemporaryRedirect)
	}))
	defer collector.Close()
	var log strings.Builder
	e := newTraceExporter(newSecretURL(collector.URL+"/otlp/?token=sesame"), slog.New(slog.NewTextHandler(&log, nil)), func(int) {})
	e.deliver(context.Background(), []trace.Finished{{Name: "a"}})
	if diff := cmp.Diff([]string{"/otlp/v1/traces?token=sesame"}, asked); diff != "" {
		t.Errorf("the collector was asked for, want - got +:\n%s", diff)
	}
	if !strings.Contains(log.String(), "307") || strings.Contains(log.String(), "sesame") {
		t.Errorf("it was logged: %s", log.String())
	}
}
