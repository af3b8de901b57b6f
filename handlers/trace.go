package handlers

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// startSpan continues the caller's trace, or starts one. The request's context
// carries it, also where the request is not sampled: outgoing requests inject it
// with propagation.TraceContext.
func (x *exchange) startSpan() {
	caller := propagation.TraceContext{}.Extract(x.ctx, traceHeaders{&x.Context().Request.Header})
	ctx, span := x.api.Tracer.Start(caller, x.method+" "+x.route.path, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(x.began))
	if x.ctx = ctx; span.IsRecording() {
		x.span = span
	}
}

// endSpan ends the request's span, with the attribute names of OpenTelemetry's HTTP conventions.
func (x *exchange) endSpan(took time.Duration) {
	x.span.SetAttributes(
		attribute.String("http.request.method", x.method), attribute.String("http.route", x.route.path),
		attribute.Int("http.response.status_code", x.status), attribute.String("codexible.request_id", x.requestID),
	)
	if x.status >= fiber.StatusInternalServerError {
		x.span.SetStatus(codes.Error, "")
	}
	x.span.End(trace.WithTimestamp(x.began.Add(took)))
}

// traceHeaders reads the W3C trace headers of a request.
type traceHeaders struct{ header *fasthttp.RequestHeader }

// Get implements propagation.TextMapCarrier.
func (h traceHeaders) Get(name string) string { return string(h.header.Peek(name)) }

// Set implements propagation.TextMapCarrier.
func (traceHeaders) Set(string, string) {}

// Keys implements propagation.TextMapCarrier.
func (traceHeaders) Keys() []string { return nil }
