package gateway_test

import (
	"context"
	"testing"
	"time"

	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"
)

// An answer is compressed although nobody asked: neither the client nor the gateway could read it.
func TestCompressionThatWasNotAskedForIsUndone(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 100_000, say(upstream.Script{Words: 20, Gzip: true}))
		request := r.ask(e, body(e, "coder", stream))
		a := r.call(context.Background(), request)
		if a.Status != 200 || a.err != nil {
			t.Fatal(a.Status, a.body, a.err)
		}
		hasText(t, a.body, "function")
		served := r.served(t, 0)
		r.check(t, request, want{usage.CallComplete, usage.SourceReported, &served})
	})
}

// A provider's nonsense takes no customer's credits: the call is charged by what was delivered.
func TestUsageThatNoCallCanHaveIsNotBelieved(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		said := `{"prompt_tokens": 7, "input_tokens": 7, "completion_tokens": 1e30, "output_tokens": 99999999999999999999}`
		r := newRig(t, db, 100_000, say(upstream.Script{Words: 20, Usage: said}))
		request := r.ask(e, body(e, "coder", stream))
		a := r.call(context.Background(), request)
		if a.Status != 200 || a.err != nil {
			t.Fatal(a.Status, a.body, a.err)
		}
		hasText(t, a.body, "99999999999999999999")
		charge := r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceEstimated})
		if used := charge.Priced.Tokens; used.Output < 10 || used.Output > 60 || used.Clamped == 0 {
			t.Errorf("%+v for 20 words", used)
		}
	})
}

// The rest of its answer is there at once: it is read for the charge alone.
func TestAClientThatLeavesBeforeADrainedStreamBeginsHasNotGotIt(t *testing.T) {
	everyStream(t, func(t *testing.T, db *store.Store, e gateway.Endpoint) {
		asked := make(chan struct{})
		r := newRig(t, db, 100_000, func(upstream.Request) upstream.Script {
			close(asked)
			return upstream.Script{Wait: 50 * time.Millisecond}
		})
		r.upstreams[0].OnClientGone = gateway.Drain
		ctx, leave := context.WithCancelCause(context.Background())
		go func() {
			<-asked
			leave(gateway.ErrClientGone)
		}()
		request := r.ask(e, body(e, "coder", true))
		r.call(ctx, request)
		served := r.served(t, 0)
		await(t, func() bool { return r.Open() == 0 })
		r.check(t, request, want{usage.CallClientGone, usage.SourceReported, &served})
	})
}
