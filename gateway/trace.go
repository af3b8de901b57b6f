package gateway

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// The spans of a call have the names of OpenTelemetry's conventions for generative AI and
// for HTTP clients. They have nothing of what was asked or answered.

// operations are the conventions' names for what the endpoints do.
var operations = [numEndpoints]string{
	ChatCompletions: "chat", Completions: "text_completion", Embeddings: "embeddings", Responses: "chat", Messages: "chat", CountTokens: "count_tokens",
}

// startSpan starts the span of a call whose request is sampled; nil for others.
func startSpan(client context.Context, e Endpoint) (context.Context, trace.Span) {
	request := trace.SpanFromContext(client)
	if !request.IsRecording() {
		return client, nil
	}
	return request.TracerProvider().Tracer("codexible").Start(client, operations[e], trace.WithSpanKind(trace.SpanKindClient)) //nolint:spancheck // endSpan ends it
}

// background is the context of what outlives the client's.
func (c *call) background() context.Context {
	if c.span == nil {
		return context.Background()
	}
	return trace.ContextWithSpan(context.Background(), c.span)
}

// maxResponseModel bounds what an upstream may call a model in a span.
const maxResponseModel = 128

// noteModel keeps, for the span, which model an answer or an event is of.
func (c *call) noteModel(data []byte) {
	if c.span == nil || c.responseModel != "" {
		return
	}
	for _, path := range [...]string{"model", "response.model", "message.model"} {
		if name := gjson.GetBytes(data, path); name.Type == gjson.String && len(name.Str) <= maxResponseModel {
			c.responseModel = strings.ToValidUTF8(name.Str, "")
			return
		}
	}
}

// endSpan ends the span of a call, and makes those of its attempts.
func (c *call) endSpan() {
	if c.span == nil {
		return
	}
	r, operation := &c.record, operations[c.Endpoint]
	attributes := []attribute.KeyValue{
		attribute.String("gen_ai.operation.name", operation), attribute.String("codexible.endpoint", r.Endpoint.String()),
		attribute.String("codexible.request_id", r.ID.String()), attribute.String("codexible.outcome", string(r.Outcome)), attribute.Int("codexible.attempts", len(r.Attempts)),
	}
	if r.ModelKnown {
		c.span.SetName(operation + " " + r.Model)
		attributes = append(attributes, attribute.String("gen_ai.request.model", r.Model), attribute.Bool("gen_ai.request.stream", r.Streamed))
	}
	if c.responseModel != "" {
		attributes = append(attributes, attribute.String("gen_ai.response.model", c.responseModel))
	}
	if r.Streamed && r.FirstToken > 0 {
		attributes = append(attributes, attribute.Float64("gen_ai.response.time_to_first_chunk", r.FirstToken.Seconds()))
	}
	if t := r.Tokens; t != nil {
		attributes = append(attributes,
			attribute.Int64("gen_ai.usage.input_tokens", t.Prompt()), attribute.Int64("gen_ai.usage.output_tokens", t.Completion()),
			attribute.Int64("gen_ai.usage.cache_read.input_tokens", t.CacheRead), attribute.String("codexible.usage_source", string(r.Source)),
		)
	}
	if len(r.Attempts) > 0 {
		attributes = append(attributes, attribute.String("codexible.upstream", r.Upstream), attribute.Bool("codexible.sticky", r.Sticky))
		attributes = append(attributes, c.g.Fleet.provider(r.UpstreamID)...)
	}
	if r.Outcome != usage.CallComplete {
		attributes = append(attributes, attribute.String("error.type", cmp.Or(r.Code, string(r.Outcome))))
		if r.Outcome == usage.CallUpstreamError || r.Outcome == usage.CallInterrupted || r.Status >= http.StatusInternalServerError && r.Outcome == usage.CallRefused {
			c.span.SetStatus(codes.Error, "")
		}
	}
	c.span.SetAttributes(attributes...)
	for i := range r.Attempts {
		c.traceAttempt(i)
	}
	c.span.End()
}

// traceAttempt makes the span of an attempt, which has ended.
func (c *call) traceAttempt(i int) {
	a := &c.record.Attempts[i]
	began := c.ReceivedAt.Add(time.Duration(a.Start) * time.Microsecond)
	attributes := []attribute.KeyValue{
		attribute.String("http.request.method", http.MethodPost), attribute.String("url.template", c.Endpoint.Path()),
		attribute.String("codexible.upstream", a.Upstream), attribute.String("codexible.upstream_key", a.Key),
	}
	for _, of := range c.g.Fleet.provider(a.UpstreamID) {
		if of.Key != "gen_ai.provider.name" { // backends count spans with it as calls of a model
			attributes = append(attributes, of)
		}
	}
	if i > 0 {
		attributes = append(attributes, attribute.Int("http.request.resend_count", i))
	}
	if a.Status > 0 {
		attributes = append(attributes, attribute.Int("http.response.status_code", a.Status))
	}
	_, span := c.span.TracerProvider().Tracer("codexible").Start(c.background(), http.MethodPost+" "+c.Endpoint.Path(), trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindClient))
	if a.Error != "" {
		why := a.Error
		if why == "status" {
			why = strconv.Itoa(a.Status)
		}
		attributes = append(attributes, attribute.String("error.type", why))
		if why != "cancelled" {
			span.SetStatus(codes.Error, "")
		}
	}
	span.SetAttributes(attributes...)
	span.End(trace.WithTimestamp(began.Add(time.Duration(a.Took) * time.Microsecond)))
}

// provider is where an upstream is and what it is, for spans; nothing where it was deleted.
func (f *Fleet) provider(id uuid.UUID) []attribute.KeyValue {
	r := f.kept.Load()
	if r == nil || r.units[id] == nil {
		return nil
	}
	u := r.units[id]
	base, err := url.Parse(u.BaseURL)
	if err != nil {
		return nil
	}
	port := base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[base.Scheme]
	}
	number, _ := strconv.Atoi(port)
	return []attribute.KeyValue{
		attribute.String("gen_ai.provider.name", string(u.Kind)), attribute.String("server.address", base.Hostname()), attribute.Int("server.port", number),
	}
}
