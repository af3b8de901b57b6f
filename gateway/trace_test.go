package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// traced makes a call whose request is sampled, or not, and returns the spans that ended with it.
func (r *rig) traced(t *testing.T, request *gateway.Request, sampler sdktrace.Sampler) (spans []sdktrace.ReadOnlySpan, root trace.SpanContext) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder), sdktrace.WithSampler(sampler))
	ctx, span := provider.Tracer("test").Start(t.Context(), "request")
	defer span.End()
	r.call(ctx, request)
	return recorder.Ended(), span.SpanContext()
}

// shown is a span in a line: its name, status and attributes, but for what differs from run to run.
func shown(s sdktrace.ReadOnlySpan) []string {
	lines := []string{s.Name() + " " + s.SpanKind().String() + " " + s.Status().Code.String()}
	for _, a := range s.Attributes() {
		switch a.Key {
		case "server.port", "gen_ai.response.time_to_first_chunk", "codexible.request_id":
			lines = append(lines, string(a.Key))
		default:
			lines = append(lines, fmt.Sprintf("%s=%v", a.Key, a.Value.AsInterface()))
		}
	}
	slices.Sort(lines[1:])
	return lines
}

func TestASampledCallHasASpanWithASpanForEachAttempt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store, _ *storetest.Clock) {
		for _, e := range []gateway.Endpoint{gateway.ChatCompletions, gateway.Responses, gateway.Messages} {
			r := newRig(t, db, 100_000,
				func(upstream.Request) upstream.Script { return upstream.Script{Status: 500} },
				func(upstream.Request) upstream.Script { return upstream.Script{Words: 5, CacheRead: 7} },
			)
			for _, stream := range []bool{false, true} {
				request := r.ask(e, body(e, "coder", stream))
				spans, root := r.traced(t, request, sdktrace.AlwaysSample())
				var call sdktrace.ReadOnlySpan
				var attempts []sdktrace.ReadOnlySpan
				var others []string
				for _, s := range spans {
					switch {
					case s.Name() == "chat coder":
						call = s
					case strings.HasPrefix(s.Name(), "POST "):
						attempts = append(attempts, s)
					default:
						others = append(others, s.Name())
					}
				}
				if call == nil || len(attempts) != 2 {
					t.Fatalf("%v %v: %d spans", e, stream, len(spans))
				}
				slices.Sort(others)
				if diff := cmp.Diff([]string{"charge.commit", "charge.commit", "charge.wait", "charge.wait"}, others); diff != "" {
					t.Errorf("%v %v: the hold and the settlement: -want +got:\n%s", e, stream, diff)
				}
				for _, s := range spans {
					if parent := s.Parent().SpanID(); s != call && parent != call.SpanContext().SpanID() || s == call && parent != root.SpanID() {
						t.Errorf("%v %v: the parent of %s is another span", e, stream, s.Name())
					}
					if s.StartTime().Before(request.ReceivedAt.Round(0).Add(-time.Millisecond)) || s.EndTime().Before(s.StartTime()) || s.EndTime().After(time.Now().Add(time.Millisecond)) {
						t.Errorf("%v %v: %s is from %v to %v", e, stream, s.Name(), s.StartTime(), s.EndTime())
					}
				}
				if err := r.fakes[1].Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				u := r.fakes[1].Requests()[r.fakes[1].Count()-1].Usage
				want := []string{
					"chat coder client Unset", "codexible.attempts=2", "codexible.endpoint=" + e.String(), "codexible.outcome=complete", "codexible.request_id", "codexible.sticky=false",
					"codexible.upstream=upstream 2", "codexible.usage_source=reported", "gen_ai.operation.name=chat", "gen_ai.provider.name=compatible", "gen_ai.request.model=coder",
					fmt.Sprintf("gen_ai.request.stream=%v", stream), "gen_ai.response.model=coder", "gen_ai.usage.cache_read.input_tokens=7",
					fmt.Sprintf("gen_ai.usage.input_tokens=%d", u.Input+u.CacheRead), fmt.Sprintf("gen_ai.usage.output_tokens=%d", u.Output), "server.address=127.0.0.1", "server.port",
				}
				if stream {
					want = append(want, "gen_ai.response.time_to_first_chunk")
				}
				slices.Sort(want[1:])
				if diff := cmp.Diff(want, shown(call)); diff != "" {
					t.Errorf("%v %v: -want +got:\n%s", e, stream, diff)
				}
				common := []string{"codexible.upstream_key=first", "http.request.method=POST", "server.address=127.0.0.1", "server.port", "url.template=" + e.Path()}
				first := append([]string{"POST " + e.Path() + " client Error", "codexible.upstream=upstream 1", "error.type=500", "http.response.status_code=500"}, common...)
				second := append([]string{"POST " + e.Path() + " client Unset", "codexible.upstream=upstream 2", "http.request.resend_count=1", "http.response.status_code=200"}, common...)
				slices.Sort(first[1:])
				slices.Sort(second[1:])
				if diff := cmp.Diff([][]string{first, second}, [][]string{shown(attempts[0]), shown(attempts[1])}); diff != "" {
					t.Errorf("%v %v: -want +got:\n%s", e, stream, diff)
				}
			}
		}
	})
}

func TestTheSpanOfACallThatFailsSaysWhyAndNothingOfItsContent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store, _ *storetest.Clock) {
		const said = "A Sentence Of The Provider"
		r := newRig(t, db, 100_000, func(upstream.Request) upstream.Script {
			return upstream.Script{Words: 20, Break: upstream.Fail, After: 3, Code: said, Type: said, Message: said}
		})
		for name, is := range map[string]struct {
			request *gateway.Request
			first   string
			has     []string
		}{
			"a failure inside the stream": {r.ask(gateway.Responses, body(gateway.Responses, "coder", true)), "chat coder client Error", []string{"codexible.outcome=upstream_error", "error.type=error_in_stream", "codexible.usage_source=estimated"}},
			"a model that is not known":   {r.ask(gateway.Responses, body(gateway.Responses, "what the client sends", true)), "chat client Unset", []string{"codexible.outcome=refused", "error.type=model_not_found", "codexible.attempts=0"}},
		} {
			spans, _ := r.traced(t, is.request, sdktrace.AlwaysSample())
			i := slices.IndexFunc(spans, func(s sdktrace.ReadOnlySpan) bool { return strings.HasPrefix(s.Name(), "chat") })
			if i < 0 {
				t.Fatalf("%s has no span", name)
			}
			got := shown(spans[i])
			for _, want := range is.has {
				if !slices.Contains(got, want) {
					t.Errorf("%s: no %s in %v", name, want, got)
				}
			}
			if got[0] != is.first {
				t.Errorf("%s is %q", name, got[0])
			}
			for _, s := range spans {
				for _, content := range []string{said, "Say hello", "what the client sends", "secret-1"} {
					if strings.Contains(strings.Join(shown(s), " "), content) {
						t.Errorf("%s: the span holds %q: %v", name, content, shown(s))
					}
				}
			}
		}
	})
}

func TestACallThatIsNotSampledHasNoSpan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.Store, _ *storetest.Clock) {
		r := newRig(t, db, 100_000, func(upstream.Request) upstream.Script { return upstream.Script{} })
		if spans, _ := r.traced(t, r.ask(gateway.ChatCompletions, body(gateway.ChatCompletions, "coder", true)), sdktrace.NeverSample()); len(spans) > 0 {
			t.Errorf("%d spans", len(spans))
		}
	})
}
