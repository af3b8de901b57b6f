package handlers

import (
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestATraceIsContinuedFromTheCallerToWhatARequestSends(t *testing.T) {
	const traceID, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	for _, flags := range []string{"01", "00"} {
		recorder := tracetest.NewSpanRecorder()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
		a := newAPI(Parts{Tracer: provider.Tracer("test"), Now: time.Now})
		sent := propagation.MapCarrier{}
		r := a.metrics.watched(apiPolicy.under(get("/x", open, "", asset(func(x *exchange) error {
			propagation.TraceContext{}.Inject(x.ctx, sent)
			return nil
		})))[0])
		ctx := &fasthttp.RequestCtx{}
		ctx.Request.SetRequestURI("/x")
		ctx.Request.Header.Set("Traceparent", "00-"+traceID+"-"+caller+"-"+flags)
		ctx.Request.Header.Set("Tracestate", "a=b")
		app := fiber.New()
		app.Get("/x", a.serve(r))
		app.Handler()(ctx)
		span := ""
		if ended := recorder.Ended(); flags == "01" {
			if len(ended) != 1 || ended[0].Name() != "GET /x" || ended[0].Parent().SpanID().String() != caller || ended[0].SpanContext().TraceID().String() != traceID {
				t.Fatalf("the spans are %v", ended)
			}
			span = ended[0].SpanContext().SpanID().String()
		} else if len(ended) != 0 {
			t.Errorf("a request that is not sampled has the spans %v", ended)
		}
		sentTrace, sentSpan := sent["traceparent"], ""
		if parts := strings.Split(sentTrace, "-"); len(parts) == 4 {
			sentSpan = parts[2]
		}
		if sentTrace != "00-"+traceID+"-"+sentSpan+"-"+flags || flags == "01" && sentSpan != span || sent["tracestate"] != "a=b" {
			t.Errorf("what is sent carries %v", sent)
		}
	}
}
