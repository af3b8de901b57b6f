package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"codexible/config"
	"codexible/trace"
)

// traceExporter sends the spans of followed requests to a collector, by OTLP
// over HTTP in JSON (opentelemetry.io/docs/specs/otlp). No request waits for it:
// what the collector does not take in time is dropped, and counted.
type traceExporter struct {
	// endpoint may hold a token.
	endpoint config.SecretURL
	version  string
	client   *http.Client
	log      *slog.Logger
	queue    chan []trace.Finished
	// away tells that the last batch was not taken, so that an absence is logged once.
	away bool
	// dropped is called with the number of spans that were lost.
	dropped func(spans int)
}

// Bounds of the exporter.
const (
	traceQueue    = 2048
	traceBatch    = 512
	traceInterval = 2 * time.Second
	traceTimeout  = 5 * time.Second
)

func newTraceExporter(endpoint config.SecretURL, version string, log *slog.Logger, dropped func(int)) *traceExporter {
	return &traceExporter{
		endpoint: endpoint, version: version, client: &http.Client{Timeout: traceTimeout, CheckRedirect: stay},
		log: log, queue: make(chan []trace.Finished, traceQueue), dropped: dropped,
	}
}

// stay answers with a redirect itself: traces go where the operator says, and nowhere else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// take is a trace.Tracer's sink.
func (e *traceExporter) take(spans []trace.Finished) {
	select {
	case e.queue <- spans:
	default:
		e.dropped(len(spans))
	}
}

// run sends until ctx ends, and then what is left.
func (e *traceExporter) run(ctx context.Context) {
	ticker := time.NewTicker(traceInterval)
	defer ticker.Stop()
	var batch []trace.Finished
	send := func(ctx context.Context) {
		if len(batch) > 0 {
			e.deliver(ctx, batch)
			batch = batch[:0]
		}
	}
	for {
		select {
		case spans := <-e.queue:
			if batch = append(batch, spans...); len(batch) >= traceBatch {
				send(ctx)
			}
		case <-ticker.C:
			send(ctx)
		case <-ctx.Done():
			for len(e.queue) > 0 {
				batch = append(batch, <-e.queue...)
			}
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), traceTimeout)
			defer cancel()
			send(last)
			return
		}
	}
}

func (e *traceExporter) deliver(ctx context.Context, batch []trace.Finished) {
	err := e.post(ctx, batch)
	if err != nil {
		e.dropped(len(batch))
	}
	switch {
	case err != nil && !e.away:
		e.log.WarnContext(ctx, "the collector takes no traces, check OTEL_EXPORTER_OTLP_ENDPOINT and that it runs; traces are dropped until it does", "error", err)
	case err == nil && e.away:
		e.log.InfoContext(ctx, "the collector takes traces again")
	}
	e.away = err != nil
}

func (e *traceExporter) post(ctx context.Context, batch []trace.Finished) error {
	body, err := json.Marshal(otlpTraces(batch, e.version))
	if err != nil {
		return err
	}
	target, ok := e.endpoint.Parse()
	if !ok {
		return errors.New("it is no URL")
	}
	// A query, which may hold a token, stays behind the path.
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.JoinPath("v1", "traces").String(), bytes.NewReader(body))
	if err != nil {
		return withoutURL(err)
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

// withoutURL is what a request failed of; net/http and net/url repeat the whole address before it.
func withoutURL(err error) error {
	for {
		failed, repeats := errors.AsType[*url.Error](err)
		if !repeats {
			return err
		}
		err = failed.Err
	}
}

// object is a JSON object of OTLP, whose names are not in snake case.
type object map[string]any

// OTLP's numbers for the kinds of a span and for its status.
const (
	spanInternal, spanServer = 1, 2
	statusError              = 2
)

func otlpTraces(batch []trace.Finished, version string) object {
	spans := make([]object, len(batch))
	for i, s := range batch {
		spans[i] = object{
			"traceId": hex.EncodeToString(s.Trace[:]), "spanId": hex.EncodeToString(s.Span[:]), "name": s.Name, "kind": spanInternal,
			"startTimeUnixNano": strconv.FormatInt(s.Start.UnixNano(), 10), "endTimeUnixNano": strconv.FormatInt(s.End.UnixNano(), 10),
			"attributes": otlpAttributes(s.Attributes),
		}
		if s.Server {
			spans[i]["kind"] = spanServer
		}
		if s.Parent != (trace.SpanID{}) {
			spans[i]["parentSpanId"] = hex.EncodeToString(s.Parent[:])
		}
		if s.Failed {
			spans[i]["status"] = object{"code": statusError}
		}
	}
	service := otlpAttributes([]trace.Attribute{{Key: "service.name", Value: "codexible"}, {Key: "service.version", Value: version}})
	return object{"resourceSpans": []object{{
		"resource":   object{"attributes": service},
		"scopeSpans": []object{{"scope": object{"name": "codexible", "version": version}, "spans": spans}},
	}}}
}

func otlpAttributes(list []trace.Attribute) []object {
	attributes := make([]object, len(list))
	for i, a := range list {
		var value object
		switch v := a.Value.(type) {
		case int64:
			value = object{"intValue": strconv.FormatInt(v, 10)}
		case bool:
			value = object{"boolValue": v}
		default:
			value = object{"stringValue": fmt.Sprint(v)}
		}
		attributes[i] = object{"key": a.Key, "value": value}
	}
	return attributes
}
