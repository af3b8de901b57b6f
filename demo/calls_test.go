package demo

import (
	"context"
	"strings"
	"testing"

	"codexible/gateway"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// Every charge of a demo is a call of its log, with the same figures, and the upstream's days are their sum.
func TestADemosLogAgreesWithItsBooks(t *testing.T) {
	now := demoStarts["at noon of a Wednesday"]
	s, ctx := seeded(t, now), context.Background()
	outcomes, codes := map[usage.CallOutcome]int{}, map[string]int{}
	var credits, cost, charged, failed int64
	for q := (store.RequestQuery{Limit: 200}); ; {
		lines, next, err := s.Requests(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range lines {
			r := &lines[i].Record
			outcomes[r.Outcome]++
			codes[r.Code]++
			credits, cost = credits+r.Credits, cost+r.CostMicros
			if r.At.Add(r.Took).After(now) {
				t.Errorf("a call ends at %s, after the demo's start", r.At.Add(r.Took))
			}
			if r.Source != "" {
				charged++
			}
			for _, a := range r.Attempts {
				if a.Error != "" {
					failed++
				}
			}
		}
		if q.Before = next; next == uuid.Nil {
			break
		}
	}
	days, err := s.UpstreamDays(ctx, usage.LastDays(usage.DayOf(now), 32))
	if err != nil {
		t.Fatal(err)
	}
	var sum gateway.UpstreamDay
	for _, d := range days {
		sum.Failures, sum.CostMicros = sum.Failures+d.Failures, sum.CostMicros+d.CostMicros
	}
	if sum.CostMicros != cost || sum.Failures != failed {
		t.Errorf("the upstream's days have %d micro-dollars and %d failures, the log %d and %d", sum.CostMicros, sum.Failures, cost, failed)
	}
	var booked, bookedCost, calls int64
	ids := map[uuid.UUID]bool{}
	err = s.EachCharge(ctx, store.ChargeQuery{Span: usage.LastDays(usage.DayOf(now), 30)}, func(r store.ChargeLine) error {
		booked, bookedCost = booked+r.Credits, bookedCost+r.CostMicros
		if r.Call != nil && !ids[r.Call.RequestID] {
			ids[r.Call.RequestID] = true
			calls++
		}
		return nil
	})
	if err != nil || booked != credits || bookedCost != cost || calls != charged {
		t.Errorf("the books have %d calls of %d credits and %d micro-dollars, the log %d of %d and %d: %v", calls, booked, bookedCost, charged, credits, cost, err)
	}
	for _, o := range []usage.CallOutcome{usage.CallComplete, usage.CallClientGone, usage.CallRefused, usage.CallUpstreamError} {
		if outcomes[o] == 0 {
			t.Errorf("no call is %s", o)
		}
	}
	if codes["concurrency_limit_exceeded"] == 0 || codes["no_upstream"] == 0 || codes["model_not_found"] == 0 {
		t.Errorf("the codes are %v", codes)
	}
	for code := range codes {
		if _, message := gateway.Explain(usage.CallRefused, code); code != "" && (message == "" || strings.Contains(message, "made a mistake")) {
			t.Errorf("customers are told of the code %q: %q", code, message)
		}
	}
}
