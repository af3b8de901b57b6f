package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"codexible/config"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Bounds of the traces. No request waits for the collector: spans that it does
// not take in time are dropped, and counted.
const (
	traceQueue    = 2048
	traceInterval = 2 * time.Second
	traceTimeout  = 5 * time.Second
)

// startTraces starts OpenTelemetry's SDK if a collector is configured.
func (s *service) startTraces(ctx context.Context) error {
	if !s.Config.Traces() {
		return nil
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "codexible"), attribute.String("service.version", s.Version)), resource.WithFromEnv())
	if err != nil {
		return errors.New("OTEL_RESOURCE_ATTRIBUTES must list name=value pairs, comma-separated, with percent-encoded values")
	}
	dropped := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "codexible_trace_spans_dropped_total", Help: "Spans that the collector did not take in time.",
	})
	s.registry.MustRegister(dropped)
	exporter := newTraceExporter(&s.Config, s.Log, func(spans int) { dropped.Add(float64(spans)) })
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(exporter.queue()), sdktrace.WithSampler(sampler(&s.Config)), sdktrace.WithResource(about))
	s.tracer = provider.Tracer("codexible")
	s.teardown.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceTimeout)
		defer cancel()
		_ = provider.Shutdown(ctx) // the exporter has logged why spans were lost
		return nil
	})
	return nil
}

// sampler is the one that the configuration names. The SDK's own default traces every request.
func sampler(c *config.Config) sdktrace.Sampler {
	byRatio := sdktrace.TraceIDRatioBased(c.TraceRatio)
	return map[string]sdktrace.Sampler{
		"always_on": sdktrace.AlwaysSample(), "parentbased_always_on": sdktrace.ParentBased(sdktrace.AlwaysSample()),
		"always_off": sdktrace.NeverSample(), "parentbased_always_off": sdktrace.ParentBased(sdktrace.NeverSample()),
		"traceidratio": byRatio, "parentbased_traceidratio": sdktrace.ParentBased(byRatio),
	}[c.TraceSampler]
}

// traceExporter sends spans to a collector, by OTLP over HTTP in JSON
// (opentelemetry.io/docs/specs/otlp). The SDK's exporter brings gRPC and, with
// it, 2.4 MB of binary, which would then be larger than 50 MB.
type traceExporter struct {
	config *config.Config
	client *http.Client
	log    *slog.Logger
	// away is whether the last batch failed, so that an outage is logged once.
	away bool
	// dropped is called with the number of spans that were lost.
	dropped func(spans int)
	// waiting counts the spans that have ended and were not exported yet.
	waiting atomic.Int64
}

func newTraceExporter(c *config.Config, log *slog.Logger, dropped func(int)) *traceExporter {
	return &traceExporter{config: c, client: &http.Client{Timeout: traceTimeout, CheckRedirect: stay}, log: log, dropped: dropped}
}

// stay follows no redirect: traces go only where the operator says.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// queue is the SDK's batch processor with a count of the spans it drops.
func (e *traceExporter) queue() sdktrace.SpanProcessor {
	return bounded{sdktrace.NewBatchSpanProcessor(e, sdktrace.WithMaxQueueSize(traceQueue), sdktrace.WithBatchTimeout(traceInterval)), e}
}

type bounded struct {
	sdktrace.SpanProcessor

	exporter *traceExporter
}

// OnEnd implements sdktrace.SpanProcessor.
func (b bounded) OnEnd(span sdktrace.ReadOnlySpan) {
	if b.exporter.waiting.Add(1) > traceQueue {
		b.exporter.waiting.Add(-1)
		b.exporter.dropped(1)
		return
	}
	b.SpanProcessor.OnEnd(span)
}

// ExportSpans implements sdktrace.SpanExporter. It returns no error: the SDK
// would write it to stderr, for every batch.
func (e *traceExporter) ExportSpans(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	e.waiting.Add(-int64(len(batch)))
	err := e.post(ctx, batch)
	if err != nil {
		e.dropped(len(batch))
	}
	switch {
	case err != nil && !e.away:
		e.log.WarnContext(ctx, "the collector does not accept traces: check OTEL_EXPORTER_OTLP_ENDPOINT and that it runs; until then traces are dropped", "error", err)
	case err == nil && e.away:
		e.log.InfoContext(ctx, "the collector accepts traces again")
	}
	e.away = err != nil
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (*traceExporter) Shutdown(context.Context) error { return nil }

func (e *traceExporter) post(ctx context.Context, batch []sdktrace.ReadOnlySpan) error {
	body, err := json.Marshal(otlpTraces(batch))
	if err != nil {
		return err
	}
	target, err := e.target()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
	}
	for name, value := range e.config.OTLPHeaders.Reveal() {
		request.Header.Set(name, value)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := e.client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return nil
}

// target is the address to post to. It may hold a token.
func (e *traceExporter) target() (string, error) {
	if e.config.OTLPTracesEndpoint.IsSet() {
		return e.config.OTLPTracesEndpoint.Reveal(), nil
	}
	endpoint, ok := e.config.OTLPEndpoint.Parse()
	if !ok {
		return "", errors.New("not a URL")
	}
	return endpoint.JoinPath("v1", "traces").String(), nil // a query, which may hold a token, stays behind the path
}

// withoutURL is the cause of a failed request, without the address that net/http
// and net/url put before it.
func withoutURL(err error) error {
	for {
		failed, repeats := errors.AsType[*url.Error](err)
		if !repeats {
			return err
		}
		err = failed.Err
	}
}
