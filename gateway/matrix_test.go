package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// everyCall runs a test for each wire, streamed and not, on a database of each kind.
func everyCall(t *testing.T, test func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool)) {
	t.Helper()
	onBoth(t, func(t *testing.T, db *store.Store) {
		for _, e := range []gateway.Endpoint{gateway.ChatCompletions, gateway.Responses, gateway.Messages} {
			for _, stream := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/stream=%v", e, stream), func(t *testing.T) { test(t, db, e, stream) })
			}
		}
	})
}

// everyStream is everyCall for streams alone.
func everyStream(t *testing.T, test func(t *testing.T, db *store.Store, e gateway.Endpoint)) {
	t.Helper()
	onBoth(t, func(t *testing.T, db *store.Store) {
		for _, e := range []gateway.Endpoint{gateway.ChatCompletions, gateway.Responses, gateway.Messages} {
			t.Run(e.String(), func(t *testing.T) { test(t, db, e) })
		}
	})
}

// onBoth runs a test on a database of each kind, with the clock of this machine.
func onBoth(t *testing.T, test func(t *testing.T, db *store.Store)) {
	t.Helper()
	storetest.EachMigratedURL(t, func(t *testing.T, url string) { test(t, storetest.Connect(t, url, time.Now)) })
}

func say(s upstream.Script) func(upstream.Request) upstream.Script {
	return func(upstream.Request) upstream.Script { return s }
}

// want is what the books have to say of a call.
type want struct {
	outcome usage.CallOutcome
	source  usage.Source
	tokens  *usage.Tokens
}

func (r *rig) check(t *testing.T, request *gateway.Request, w want) *usage.Record {
	t.Helper()
	line, charge := r.line(t, request.ID), r.booked(t, request.ID)
	if line.Outcome != w.outcome {
		t.Errorf("the log says %s (%s), want %s", line.Outcome, line.Code, w.outcome)
	}
	r.reconciled(t)
	if w.source == "" {
		if charge != nil {
			t.Errorf("the call was charged %d credits, and should not have been", charge.Credits)
		}
		return nil
	}
	if charge == nil {
		t.Fatalf("the call was not charged (%s, %s)", line.Outcome, line.Code)
	}
	if diff := cmp.Diff(&usage.Call{RequestID: request.ID, Outcome: w.outcome, Source: w.source, UpstreamID: line.UpstreamID}, charge.Call); diff != "" {
		t.Errorf("the charge's call: %s", diff)
	}
	if w.tokens != nil {
		got := charge.Priced.Tokens
		got.ServiceTier = ""
		if diff := cmp.Diff(*w.tokens, got); diff != "" {
			t.Errorf("the tokens: %s", diff)
		}
	}
	tokens := charge.Priced.Tokens
	if cost := tokens.Prompt() + 3*tokens.Completion(); charge.Credits+charge.Uncollected/usage.Millionths != cost || charge.CostMicros != cost {
		t.Errorf("%d credits and %d uncollected of a call that costs %d (%d micro-dollars)", charge.Credits, charge.Uncollected/usage.Millionths, cost, charge.CostMicros)
	}
	if line.Credits != charge.Credits || line.Uncollected != charge.Uncollected || line.CostMicros != charge.CostMicros {
		t.Errorf("the log says %d credits, %d uncollected, %d micro-dollars; the books %d, %d, %d", line.Credits, line.Uncollected, line.CostMicros, charge.Credits, charge.Uncollected, charge.CostMicros)
	}
	return charge
}

func TestACompleteCallIsChargedWhatItsUpstreamReports(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 100_000, say(upstream.Script{Words: 20, Reasoning: 5, CacheRead: 7}))
		request := r.ask(e, body(e, "coder", stream))
		a := r.call(context.Background(), request)
		if a.Status != 200 || a.err != nil {
			t.Fatal(a.Status, a.body, a.err)
		}
		served := r.served(t, 0)
		r.check(t, request, want{usage.CallComplete, usage.SourceReported, &served})
	})
}

func TestAnAliasIsTheOnlyChangeOfTheBody(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 100_000, say(upstream.Script{}))
		r.models[0].Candidates[0].Model = "the/own name\u00e9"
		request := r.ask(e, "{ \"z\" : 12345678901234567890.10, "+body(e, "coder-latest", stream)[1:])
		if a := r.call(context.Background(), request); a.Status != 200 {
			t.Fatal(a.Status, a.body)
		}
		sent := string(r.fakes[0].Requests()[0].Body)
		if w := strings.Replace(string(request.Body), `"coder-latest"`, `"the/own nameé"`, 1); sent != w {
			t.Errorf("the upstream got %s, want %s", sent, w)
		}
		r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
	})
}

func TestACutBeforeAnyOutputIsTriedElsewhereAndChargedOnce(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		cut := upstream.Script{Break: upstream.Cut}
		if stream { // the first event alone is sent: it says that the answer was created
			cut.After = -1
		}
		r := newRig(t, db, 100_000, say(cut), say(upstream.Script{Words: 9}))
		request := r.ask(e, body(e, "coder", stream))
		if a := r.call(context.Background(), request); a.Status != 200 || a.err != nil {
			t.Fatal(a.Status, a.body, a.err)
		}
		served := r.served(t, 1)
		r.check(t, request, want{usage.CallComplete, usage.SourceReported, &served})
		if line := r.line(t, request.ID); len(line.Attempts) != 2 || line.Attempts[0].Error == "" || line.Attempts[1].Error != "" {
			t.Errorf("the attempts are %+v", line.Attempts)
		}
	})
}

func TestAnUpstreamThatRefusesIsReplaced(t *testing.T) {
	for _, status := range []int{408, 429, 500, 502, 503, 529, 401, 403} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			db := storetest.Open(t, storetest.SQLiteURL(t), time.Now)
			r := newRig(t, db, 100_000, say(upstream.Script{Status: status}), say(upstream.Script{Words: 9}))
			request := r.ask(gateway.ChatCompletions, body(gateway.ChatCompletions, "coder", true))
			if a := r.call(context.Background(), request); a.Status != 200 || a.err != nil {
				t.Fatal(a.Status, a.body, a.err)
			}
			r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
		})
	}
}

func TestARefusalOfAnUpstreamGoesToTheClientAsItCame(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 100_000, say(upstream.Script{Status: 400, Message: "capability_rejected: prompt_too_long"}))
		request := r.ask(e, body(e, "coder", stream))
		a := r.call(context.Background(), request)
		if a.Status != 400 {
			t.Fatal(a.Status, a.body)
		}
		hasText(t, a.body, "capability_rejected: prompt_too_long")
		r.check(t, request, want{outcome: usage.CallUpstreamError})
	})
}

func TestAStreamCutAfterOutputIsChargedByWhatWasDelivered(t *testing.T) {
	everyStream(t, func(t *testing.T, db *store.Store, e gateway.Endpoint) {
		r := newRig(t, db, 100_000, say(upstream.Script{Words: 40, Break: upstream.Cut, After: 20}))
		request := r.ask(e, body(e, "coder", true))
		a := r.call(context.Background(), request)
		if a.err != nil {
			t.Error("the client got a bare cut:", a.err)
		}
		source := usage.SourceEstimated
		if e == gateway.Messages {
			source = usage.SourceCounted
		}
		charge := r.check(t, request, want{outcome: usage.CallUpstreamError, source: source})
		if out := charge.Priced.Tokens.Output; out < 10 || out > 60 {
			t.Errorf("%d tokens for 20 words", out)
		}
		hasText(t, a.body, map[gateway.Endpoint]string{gateway.ChatCompletions: `"error"`, gateway.Responses: "response.failed", gateway.Messages: "event: error"}[e])
	})
}

func TestAFailureInsideA200IsTriedElsewhere(t *testing.T) {
	everyStream(t, func(t *testing.T, db *store.Store, e gateway.Endpoint) {
		failing := func(upstream.Request) upstream.Script { return upstream.Script{Break: upstream.Fail, After: -1} }
		r := newRig(t, db, 100_000, failing, say(upstream.Script{Words: 9}))
		request := r.ask(e, body(e, "coder", true))
		a := r.call(context.Background(), request)
		if a.Status != 200 || strings.Contains(a.body, "overloaded") {
			t.Fatal(a.Status, a.body)
		}
		served := r.served(t, 1)
		r.check(t, request, want{usage.CallComplete, usage.SourceReported, &served})
	})
}

func TestAClientThatLeavesIsNoticedAndPaysForWhatItGot(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		for _, mode := range []gateway.OnClientGone{gateway.Cancel, gateway.Drain} {
			t.Run(string(mode), func(t *testing.T) {
				reached, goOn := make(chan struct{}), make(chan struct{})
				script := upstream.Script{Words: 30, Before: func(ctx context.Context, event int) {
					if event == 10 {
						close(reached)
						select {
						case <-goOn:
						case <-ctx.Done():
						}
					}
				}}
				if !stream {
					script = upstream.Script{Words: 30, Wait: 300 * time.Millisecond}
				}
				arrived := make(chan struct{})
				r := newRig(t, db, 100_000)
				r.add(t, func(upstream.Request) upstream.Script {
					close(arrived)
					return script
				}, func(u *gateway.Upstream) { u.OnClientGone = mode })
				r.models[0].Candidates = []catalog.Candidate{{UpstreamID: r.upstreams[0].ID, Weight: 1, Priority: 1}}
				ctx, leave := context.WithCancelCause(context.Background())
				defer leave(nil)
				request := r.ask(e, body(e, "coder", stream))
				if !stream {
					go func() {
						<-arrived
						leave(gateway.ErrClientGone)
					}()
					r.call(ctx, request)
				} else {
					a := r.Call(ctx, request)
					<-reached
					leave(gateway.ErrClientGone)
					if _, err := io.ReadAll(a.Stream); !errors.Is(err, gateway.ErrClientGone) {
						t.Error("the stream ended with", err)
					}
					_ = a.Stream.Close()
					close(goOn)
				}
				await(t, func() bool { return r.Open() == 0 })
				source := usage.SourceEstimated
				switch {
				case mode == gateway.Drain:
					source = usage.SourceReported
				case e == gateway.Messages && stream:
					source = usage.SourceCounted
				}
				w := want{outcome: usage.CallClientGone, source: source}
				if mode == gateway.Drain {
					served := r.served(t, 0)
					w.tokens = &served
				}
				r.check(t, request, w)
			})
		}
	})
}

// await waits for what another goroutine is about to do.
func await(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatal("it did not happen within 10 seconds")
}

func TestAStreamWithoutCreditsIsStoppedInTheWayOfItsWire(t *testing.T) {
	everyStream(t, func(t *testing.T, db *store.Store, e gateway.Endpoint) {
		for _, overrun := range []catalog.Overrun{catalog.OverrunStop, catalog.OverrunFinish} {
			t.Run(string(overrun), func(t *testing.T) {
				r := newRig(t, db, 700, say(upstream.Script{Endless: true}))
				r.models[0].Overrun = overrun
				request := r.ask(e, body(e, "coder", true))
				a := r.call(context.Background(), request)
				if a.Status != 200 || a.err != nil {
					t.Fatal(a.Status, a.body, a.err)
				}
				hasText(t, a.body, map[gateway.Endpoint]string{gateway.ChatCompletions: "insufficient_quota", gateway.Responses: "insufficient_quota", gateway.Messages: "rate_limit_error"}[e])
				source := usage.SourceEstimated
				if e == gateway.Messages {
					source = usage.SourceCounted
				}
				charge := r.check(t, request, want{outcome: usage.CallStopped, source: source})
				if charge.Credits > 700 {
					t.Errorf("%d credits of 700 were charged", charge.Credits)
				}
				if uncollected := charge.Uncollected / usage.Millionths; overrun == catalog.OverrunStop && uncollected > 60 || overrun == catalog.OverrunFinish && uncollected < 100 {
					t.Errorf("%d credits are uncollected with %s", uncollected, overrun)
				}
			})
		}
	})
}

func TestWithoutCreditsNothingReachesAnUpstream(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 0, say(upstream.Script{}))
		request := r.ask(e, body(e, "coder", stream))
		a := r.call(context.Background(), request)
		if a.Status != 429 || r.fakes[0].Count() != 0 {
			t.Fatal(a.Status, a.body, r.fakes[0].Count())
		}
		hasText(t, a.body, "credit limit reached")
		r.check(t, request, want{outcome: usage.CallRefused})
	})
}
