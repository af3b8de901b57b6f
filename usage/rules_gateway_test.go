package usage_test

import (
	"context"
	"testing"
	"time"

	"codexible/usage"
	"codexible/usage/usagetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var (
	call  = uuid.UUID{0xca, 0x11}
	price = usagetest.Prices()[0]
)

// begin holds credits for a call of the gateway.
func (s *scene) begin(credits int64) usage.Receipt {
	e := entry(usage.KindHold, call, credits*whole)
	e.OwnerID, e.OnExpiry, e.TTL, e.Priced = uuid.Nil, usage.ChargeOnExpiry, 2*time.Minute, &usage.Priced{PriceID: price}
	return s.post(e)[0]
}

// deliver records what the call has delivered.
func (s *scene) deliver(millionths, micros int64, t *usage.Tokens) {
	e := entry(usage.KindExtend, call, 0)
	e.OwnerID, e.TTL, e.Delivered, e.DeliveredTokens, e.DeliveredMicros = uuid.Nil, 2*time.Minute, millionths, t, micros
	s.post(e)
}

// finish settles the call as the upstream reported it.
func (s *scene) finish(millionths, micros int64, t usage.Tokens) usage.Receipt {
	e := entry(usage.KindSettle, call, millionths)
	e.OwnerID, e.CostMicros, e.Priced = uuid.Nil, micros, &usage.Priced{PriceID: price, Tokens: t}
	e.Call = &usage.Call{RequestID: call, Outcome: usage.CallComplete, Source: usage.SourceReported}
	return s.post(e)[0]
}

func (s *scene) calls(want map[usagetest.CallRow]int64) {
	s.Helper()
	got, err := s.ledger.Calls(context.Background())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		s.Error(err, diff)
	}
}

// used checks the day's cost, and the tokens that its price made.
func (s *scene) used(micros int64, tokens usage.Tokens) {
	s.Helper()
	books, err := s.ledger.Books(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	var cost int64
	for _, u := range books.Users {
		cost += u.CostMicros
	}
	var sum usage.Tokens
	for _, p := range books.Prices {
		sum = p.Tokens
	}
	if diff := cmp.Diff(tokens, sum); diff != "" || cost != micros || len(books.Prices) > 1 {
		s.Errorf("a cost of %d, want %d: %s", cost, micros, diff)
	}
}

func row(outcome usage.CallOutcome, source usage.Source, adjusts bool) usagetest.CallRow {
	return usagetest.CallRow{
		UserDay: usagetest.UserDay{User: anna, Day: usage.DayOf(evening)}, Adjusts: adjusts,
		Call: usage.Call{RequestID: call, Outcome: outcome, Source: source},
	}
}

func TestCallsOfTheGateway(t *testing.T) {
	interrupted := row(usage.CallInterrupted, usage.SourceEstimated, false)
	for name, play := range map[string]func(*scene){
		"a hold has the id that it was asked for, once": func(s *scene) {
			if r := s.begin(3); r.Outcome != accepted || r.HoldID != call {
				s.Errorf("%+v", r)
			}
			s.want(s.begin(3), mismatch, 0, 3, 7)
			s.finish(whole, 5, usage.Tokens{Input: 1})
			s.want(s.begin(3), mismatch, 1, 0, 9)
		},
		"no other user's hold has the id": func(s *scene) {
			e := entry(usage.KindHold, call, whole)
			e.UserID, e.KeyID = bert, world[2].ID
			if err := s.ledger.SetPlan(context.Background(), bert, usagetest.Plan{Daily: 10, Monthly: usage.NoLimit, Concurrency: usage.NoLimit}); err != nil {
				s.Fatal(err)
			}
			if r, err := s.ledger.Post(context.Background(), usage.At(s.at), []usage.Entry{e}); err != nil || r[0].Outcome != accepted {
				s.Fatal(r, err)
			}
			s.want(s.begin(3), mismatch, 0, 0, 10)
		},
		"its settlement says how it ended": func(s *scene) {
			s.begin(3)
			s.paid(s.finish(2*whole, 7, usage.Tokens{Input: 10, Output: 2}), 2, 0)
			s.calls(map[usagetest.CallRow]int64{row(usage.CallComplete, usage.SourceReported, false): 1})
			s.used(7, usage.Tokens{Input: 10, Output: 2})
		},
		"its deadline charges what was delivered, with its tokens": func(s *scene) {
			s.begin(3)
			s.deliver(1_500_000, 40, &usage.Tokens{Input: 100, Output: 20})
			s.pass(2 * time.Minute)
			s.want(s.now(), accepted, 2, 0, 8)
			s.calls(map[usagetest.CallRow]int64{interrupted: 1})
			s.used(40, usage.Tokens{Input: 100, Output: 20})
		},
		"its deadline makes a charge where nothing was delivered": func(s *scene) {
			s.begin(3)
			s.pass(2 * time.Minute)
			s.want(s.now(), accepted, 0, 0, 10)
			s.calls(map[usagetest.CallRow]int64{interrupted: 1})
			s.used(0, usage.Tokens{})
		},
		"a late settlement counts what the deadline has not": func(s *scene) {
			s.begin(3)
			s.deliver(1_500_000, 40, &usage.Tokens{Input: 100, Output: 20})
			s.pass(2 * time.Minute)
			s.now()
			s.paid(s.finish(4*whole, 90, usage.Tokens{Input: 60, CacheRead: 30, Output: 25}), 4, 0)
			s.want(s.now(), accepted, 4, 0, 6)
			s.calls(map[usagetest.CallRow]int64{interrupted: 1, row(usage.CallComplete, usage.SourceReported, true): 1})
			s.used(90, usage.Tokens{Input: 100, Output: 25})
		},
		"a late settlement gives credits back, and leaves tokens and cost": func(s *scene) {
			s.begin(3)
			s.deliver(2_500_000, 40, &usage.Tokens{Input: 100, Output: 20})
			s.pass(2 * time.Minute)
			s.now()
			s.finish(500_000, 10, usage.Tokens{Input: 10, CacheRead: 80, Output: 5})
			s.want(s.now(), accepted, 1, 0, 9)
			s.used(40, usage.Tokens{Input: 100, Output: 20})
		},
		"a late settlement of what had delivered nothing counts all of it": func(s *scene) {
			s.begin(3)
			s.pass(2 * time.Minute)
			s.now()
			s.paid(s.finish(2*whole, 30, usage.Tokens{CacheRead: 8, Output: 5}), 2, 0)
			s.used(30, usage.Tokens{CacheRead: 8, Output: 5})
		},
		"no service ends it": func(s *scene) {
			s.begin(3)
			s.want(s.settle(call, whole), noHold, 0, 3, 7)
			s.want(s.release(call), noHold, 0, 3, 7)
			s.want(s.extend(call, 5, 0), noHold, 0, 3, 7)
		},
	} {
		t.Run(name, func(t *testing.T) { play(newScene(t)) })
	}
}
