package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codexible/config"
	"codexible/trace"

	"github.com/google/go-cmp/cmp"
)

func TestACollectorThatIsAwayCostsSpansAndOneLine(t *testing.T) {
	var log strings.Builder
	dropped := 0
	e := newTraceExporter(config.NewSecretURL("http://127.0.0.1:1/?token=sesame"), "v1", slog.New(slog.NewTextHandler(&log, nil)), func(spans int) { dropped += spans })
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
	e := newTraceExporter(config.NewSecretURL(collector.URL+"/otlp/?token=sesame"), "v1", slog.New(slog.NewTextHandler(&log, nil)), func(int) {})
	e.deliver(context.Background(), []trace.Finished{{Name: "a"}})
	if diff := cmp.Diff([]string{"/otlp/v1/traces?token=sesame"}, asked); diff != "" {
		t.Errorf("the collector was asked for, want - got +:\n%s", diff)
	}
	if !strings.Contains(log.String(), "307") || strings.Contains(log.String(), "sesame") {
		t.Errorf("it was logged: %s", log.String())
	}
}
