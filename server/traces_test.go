package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codexible/config"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// ended are spans to export.
func ended(names ...string) []sdktrace.ReadOnlySpan {
	stubs := make(tracetest.SpanStubs, len(names))
	for i, name := range names {
		stubs[i].Name = name
	}
	return stubs.Snapshots()
}

func TestAnUnreachableCollectorCostsSpansAndOneLogLine(t *testing.T) {
	var log strings.Builder
	dropped := 0
	c := config.Config{OTLPEndpoint: config.NewSecretURL("http://127.0.0.1:1/?token=sesame")}
	e := newTraceExporter(&c, slog.New(slog.NewTextHandler(&log, nil)), func(spans int) { dropped += spans })
	for range 3 {
		if err := e.ExportSpans(t.Context(), ended("a", "b")); err != nil {
			t.Fatal(err)
		}
	}
	if dropped != 6 {
		t.Errorf("%d spans were counted as dropped", dropped)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "OTEL_EXPORTER_OTLP_ENDPOINT") || strings.Contains(log.String(), "sesame") {
		t.Errorf("it was logged: %s", log.String())
	}
}

// nowhere is a processor that drops everything.
type nowhere struct{ sdktrace.SpanProcessor }

func (nowhere) OnEnd(sdktrace.ReadOnlySpan) {}

func TestSpansBeyondTheQueueAreCountedAsDropped(t *testing.T) {
	dropped := 0
	e := newTraceExporter(&config.Config{}, slog.New(slog.DiscardHandler), func(spans int) { dropped += spans })
	for range traceQueue + 5 {
		bounded{nowhere{}, e}.OnEnd(ended("c")[0])
	}
	if dropped != 5 {
		t.Errorf("%d spans were counted as dropped, want 5", dropped)
	}
}

func TestTheTokenOfACollectorIsSentToItAndNowhereElse(t *testing.T) {
	var asked []string
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("Api-Key"))
		http.Redirect(w, r, "/elsewhere?token=sesame", http.StatusTemporaryRedirect)
	}))
	defer collector.Close()
	headers, ok := config.NewSecretHeaders("api-key=open%20sesame")
	if !ok {
		t.Fatal("the headers cannot be read")
	}
	var log strings.Builder
	for _, c := range []config.Config{
		{OTLPHeaders: headers, OTLPEndpoint: config.NewSecretURL(collector.URL + "/otlp/?token=sesame")},
		{OTLPHeaders: headers, OTLPEndpoint: config.NewSecretURL("http://127.0.0.1:1"), OTLPTracesEndpoint: config.NewSecretURL(collector.URL + "/in?token=sesame")},
	} {
		_ = newTraceExporter(&c, slog.New(slog.NewTextHandler(&log, nil)), func(int) {}).ExportSpans(t.Context(), ended("a"))
	}
	if diff := cmp.Diff([]string{"/otlp/v1/traces?token=sesame open sesame", "/in?token=sesame open sesame"}, asked); diff != "" {
		t.Errorf("the collector was asked for, want - got +:\n%s", diff)
	}
	if !strings.Contains(log.String(), "307") || strings.Contains(log.String(), "sesame") {
		t.Errorf("it was logged: %s", log.String())
	}
}

func TestTheResourceAndTheSamplerAreThoseOfTheEnvironment(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "front")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	for sampler, traced := range map[string]bool{"always_on": true, "parentbased_always_on": true, "traceidratio": true, "parentbased_traceidratio": true, "always_off": false, "parentbased_always_off": false} {
		var bodies []string
		collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var body json.RawMessage
			_ = json.NewDecoder(r.Body).Decode(&body)
			bodies = append(bodies, string(body))
		}))
		s := &service{registry: prometheus.NewRegistry(), Options: Options{
			Config: config.Config{OTLPEndpoint: config.NewSecretURL(collector.URL), TraceSampler: sampler, TraceRatio: 1}, Log: slog.New(slog.DiscardHandler), Version: "v1",
		}}
		if err := s.startTraces(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, span := s.tracer.Start(context.Background(), "a")
		span.End()
		if err := s.teardown.run(); err != nil { // it sends the spans that have ended
			t.Fatal(err)
		}
		collector.Close()
		if len(bodies) > 0 != traced {
			t.Errorf("%s: the collector was sent %v", sampler, bodies)
		}
		for _, want := range []string{`{"key":"service.name","value":{"stringValue":"front"}}`, `{"key":"service.version","value":{"stringValue":"v1"}}`, `{"key":"deployment.environment.name","value":{"stringValue":"test"}}`} {
			if traced && !strings.Contains(strings.Join(bodies, ""), want) {
				t.Errorf("%s: %v lacks %s", sampler, bodies, want)
			}
		}
	}
}
