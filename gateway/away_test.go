package gateway_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// soon makes a gateway wait for nothing that a test would have to wait for as well.
func soon(p *gateway.Parts) {
	p.Waits = gateway.Waits{KeepAlive: 20 * time.Millisecond, HoldBack: 20 * time.Millisecond, Drain: 100 * time.Millisecond, Settle: 50 * time.Millisecond, Close: 5 * time.Second}
}

func TestWhereTheBooksAreAwayNothingReachesAnUpstream(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		r := newRig(t, db, 1000, say(upstream.Script{}))
		r.ledger.away.Store(true)
		request := r.ask(e, body(e, "coder", stream))
		if a := r.call(context.Background(), request); a.Status != 503 || r.fakes[0].Count() != 0 {
			t.Fatal(a.Status, a.body, r.fakes[0].Count())
		}
		r.check(t, request, want{outcome: usage.CallRefused})
	})
}

func TestASettlementIsRepeatedUntilItIsInTheBooks(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		var r *rig
		script := upstream.Script{Words: 20, Before: func(context.Context, int) { r.ledger.away.Store(true) }}
		r = newRigWith(t, db, 100_000, soon, func(upstream.Request) upstream.Script {
			r.ledger.away.Store(!stream)
			return script
		})
		request := r.ask(e, body(e, "coder", stream))
		if a := r.call(context.Background(), request); a.Status != 200 || a.err != nil {
			t.Fatal(a.Status, a.body, a.err)
		}
		held, err := db.OpenHolds(context.Background(), store.HoldQuery{Limit: 10})
		if err != nil || len(held) != 1 {
			t.Fatalf("%d holds are in the books while they are away (%v)", len(held), err)
		}
		r.ledger.away.Store(false)
		await(t, func() bool {
			held, err := db.OpenHolds(context.Background(), store.HoldQuery{Limit: 10})
			return err == nil && len(held) == 0
		})
		served, charge := r.served(t, 0), r.booked(t, request.ID)
		if charge == nil || charge.Call.Source != usage.SourceReported || charge.Priced.Tokens.Output != served.Output {
			t.Errorf("the books have %+v", charge)
		}
		r.reconciled(t)
	})
}

func TestASilentStreamIsKeptAliveInTheWayOfItsWire(t *testing.T) {
	everyStream(t, func(t *testing.T, db *store.Store, e gateway.Endpoint) {
		alive := map[gateway.Endpoint]string{gateway.ChatCompletions: "\n:", gateway.Responses: "event: keepalive", gateway.Messages: "event: ping"}[e]
		goOn := make(chan struct{})
		r := newRigWith(t, db, 100_000, soon, say(upstream.Script{Words: 20, Before: func(ctx context.Context, event int) {
			if event == 1 || event == 8 {
				select {
				case <-goOn:
				case <-ctx.Done():
				}
			}
		}}))
		request := r.ask(e, body(e, "coder", true))
		a := r.Call(context.Background(), request)
		var got strings.Builder
		buffer := make([]byte, 1000)
		for alives := 0; ; {
			n, err := a.Stream.Read(buffer)
			got.Write(buffer[:n])
			if strings.Contains(string(buffer[:n]), strings.TrimPrefix(alive, "\n")) {
				if alives++; alives == 3 || alives == 6 {
					goOn <- struct{}{}
				}
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err, got.String())
			}
		}
		_ = a.Stream.Close()
		r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
	})
}

func TestAShutdownEndsStreamsInTheWayOfTheirWire(t *testing.T) {
	everyCall(t, func(t *testing.T, db *store.Store, e gateway.Endpoint, stream bool) {
		script := upstream.Script{Words: 1000, Pause: 5 * time.Millisecond}
		if !stream {
			script = upstream.Script{Wait: time.Minute}
		}
		r := newRigWith(t, db, 100_000, soon, say(script))
		request := r.ask(e, body(e, "coder", stream))
		done := make(chan answered, 1)
		go func() { done <- r.call(context.Background(), request) }()
		await(t, func() bool { return r.fakes[0].Count() == 1 && (!stream || r.fakes[0].Requests()[0].Events > 8) })
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		r.Shutdown(ctx)
		a := <-done
		if a.err != nil {
			t.Error("the client got a bare cut:", a.err)
		}
		if !stream {
			if a.Status != 503 {
				t.Errorf("the client got %d", a.Status)
			}
			r.check(t, request, want{outcome: usage.CallInterrupted})
		} else {
			source := usage.SourceEstimated
			if e == gateway.Messages {
				source = usage.SourceCounted
			}
			hasText(t, a.body, "shutting down")
			r.check(t, request, want{outcome: usage.CallInterrupted, source: source})
		}
		if a := r.call(context.Background(), r.ask(e, body(e, "coder", stream))); a.Status != 503 {
			t.Errorf("a call after the shutdown got %d", a.Status)
		}
	})
}

func TestAnOperatorEndsACall(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.Store) {
		r := newRig(t, db, 100_000, say(upstream.Script{Words: 1000, Pause: 5 * time.Millisecond}))
		request := r.ask(gateway.Responses, body(gateway.Responses, "coder", true))
		done := make(chan answered, 1)
		go func() { done <- r.call(context.Background(), request) }()
		await(t, func() bool { calls := r.OpenCalls(); return len(calls) == 1 && calls[0].OutputTokens > 10 })
		open := r.OpenCalls()[0]
		if open.ID != request.ID || open.Model != "coder" || open.Upstream != "upstream 1" || open.Held < 100 || !open.Streamed {
			t.Errorf("the open call is %+v", open)
		}
		r.End(uuid.New())
		r.End(request.ID)
		a := <-done
		hasText(t, a.body, "The operator has ended this request.")
		r.check(t, request, want{outcome: usage.CallStopped, source: usage.SourceEstimated})
	})
}

func TestAHoldIsRenewedWithWhatWasDelivered(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.Store) {
		var ahead time.Duration
		goOn := make(chan struct{})
		r := newRigWith(t, db, 100_000, func(p *gateway.Parts) {
			p.Now = func() time.Time { return time.Now().Add(ahead) }
		}, say(upstream.Script{Words: 50, Before: func(_ context.Context, event int) {
			if event == 30 {
				<-goOn
			}
		}}))
		request := r.ask(gateway.ChatCompletions, body(gateway.ChatCompletions, "coder", true))
		done := make(chan answered, 1)
		go func() { done <- r.call(context.Background(), request) }()
		await(t, func() bool { calls := r.OpenCalls(); return len(calls) == 1 && calls[0].OutputTokens > 10 })
		before, err := db.Hold(context.Background(), request.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Renew(context.Background()); err != nil {
			t.Fatal(err)
		}
		if same, _ := db.Hold(context.Background(), request.ID); !same.ExpiresAt.Equal(before.ExpiresAt) {
			t.Error("a fresh hold was renewed")
		}
		ahead = 40 * time.Second
		if err := r.Renew(context.Background()); err != nil {
			t.Fatal(err)
		}
		after, err := db.Hold(context.Background(), request.ID)
		if err != nil || !after.ExpiresAt.After(before.ExpiresAt) || after.DeliveredTokens == nil || after.DeliveredTokens.Output < 10 || after.Delivered == 0 || after.DeliveredMicros == 0 {
			t.Errorf("the hold is %+v (%v)", after, err)
		}
		close(goOn)
		<-done
		r.check(t, request, want{outcome: usage.CallComplete, source: usage.SourceReported})
	})
}
