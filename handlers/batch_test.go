package handlers_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/fault"
	"codexible/handlers"
	"codexible/keys"
	"codexible/limits"
	"codexible/usage"
)

func batch(body string, status int, want string) call {
	return call{as: "gate", method: "POST", path: "/api/keys/verify/batch", body: `{"verifications":[` + body + `]}`, status: status, want: want}
}

func TestABatchIsAnsweredInItsOrder(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const unknown = `{"valid":false,"code":"NOT_FOUND","key_id":null,"user":null,"key":null,"features":null,"credits":null,"rate_limit":null,` + noHold + `}`
		s.call(t, batch(`{"key":"$ada.key","credits":2,"idempotency_key":"a"}`, 200, `[`+verdictOf("VALID", creditsOf(2, 0, 248), noHold)+`]`))
		a := s.call(t, batch(`{"key":"x"},{"key":"$ada.revoked.key"},{"key":"$sam.key","credits":1},{"key":"$bob.key","credits":76},{"key":"$ada.key","credits":3,"idempotency_key":"a"},{"key":"$ada.key","hold":{"credits":12}},{"key":"$ada.key","address":"203.0.113.7","credits":2,"idempotency_key":"a"}`, 200,
			`[`+unknown+`,"*","*","*",{"error":{"code":"conflict","message":"*","status":409,"request_id":"*"}},"*",`+verdictOf("VALID", creditsOf(2, 0, 248), `"hold_id":null,"hold_status":null,"price_id":null,"duplicate":true`)+`]`))
		for i, code := range []string{"NOT_FOUND", "REVOKED", "SUSPENDED", "QUOTA_EXCEEDED", "", "VALID", "VALID"} {
			if one := decode(t, a.text).([]any)[i].(map[string]any); code != "" && one["code"] != code {
				t.Errorf("verification %d is answered %v, want %s", i, one, code)
			}
		}
		s.words["h.hold_id"] = decode(t, a.text).([]any)[5].(map[string]any)["hold_id"].(string)
		s.call(t, settle("h", `{"credits":1}`, 200, `{"charged":1,"uncollected":0,"duplicate":false,"price_id":null,"priced_at":null,"credits":`+creditsOf(3, 0, 247)+`}`))
		s.call(t, today(3, 2))
	})
}

func TestAMalformedVerificationRefusesItsBatch(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		const good = `{"key":"$ada.key","credits":1},`
		for body, field := range map[string]string{
			good + good + good + `{"key":1}`: "verifications[3].key", good + `{}`: "verifications[1].key", good + `null`: "verifications[1]", good + `[]`: "verifications[1]", good + `{"key":"$ada.key","credits":-1}`: "verifications[1].credits",
			good + `{"key":"x","hold":{"credits":1,"ttl_seconds":1}}`: "verifications[1].hold.ttl_seconds", good + `{"key":"x","credits":1,"hold":{"credits":1}}`: "verifications[1].credits", good + `{"key":"x","usage":{}}`: "verifications[1].usage.model",
			good + `{"key":"x","usage":{"model":"m","output_tokens":1,"reasoning_tokens":2}}`: "verifications[1].usage.reasoning_tokens",
			"": "verifications", strings.TrimSuffix(strings.Repeat(good, 101), ","): "verifications",
		} {
			if fields := fieldsOf(t, s.call(t, batch(body, 422, ""))); len(fields) != 1 || fields[field] == nil {
				t.Errorf("%.200s: the wrong fields are %v, want %s", body, fields, field)
			}
		}
		s.call(t, today(0, 0))
		s.call(t, batch(strings.TrimSuffix(strings.Repeat(good, 100), ","), 200, ""))
		s.call(t, today(100, 100))
	})
}

// moody is a counter that fails for some keys.
type moody struct {
	limits.Counter
	away, panics limits.Subject
}

func (m *moody) Hit(ctx context.Context, who limits.Subject, limit int64) (limits.Decision, error) {
	switch who {
	case m.away:
		return limits.Decision{}, fault.Away(errors.New("gone"))
	case m.panics:
		panic("a secret cause")
	}
	return m.Counter.Hit(ctx, who, limit)
}

func TestAFailureOfTheServiceIsThatOfItsVerification(t *testing.T) {
	m := &moody{}
	each(t, func(t *testing.T, s *service) {
		m.away, m.panics = limits.Key(s.id(t, "bob.id")), limits.Key(s.id(t, "root.id"))
		a := s.call(t, batch(`{"key":"$ada.key","credits":2},{"key":"$bob.key","credits":1},{"key":"$root.key"},{"key":"x"}`, 200, `["*",
			{"error":{"code":"service_unavailable","message":"The service cannot reach its storage right now. Repeat the request shortly with the same idempotency key: a charge that was already recorded is not recorded again.","status":503,"request_id":"*"}},
			{"error":{"code":"internal_error","message":"*","status":500,"request_id":"*"}},"*"]`))
		if id := a.Header.Get("X-Request-Id"); strings.Count(string(a.text), id) != 2 || strings.Contains(string(a.text), "secret cause") {
			t.Errorf("request %s is answered %s", id, a.text)
		}
		if log := logged.String(); !strings.Contains(log, "a secret cause") || !strings.Contains(log, "a verification of a batch failed") {
			t.Error("the causes are not in the log")
		}
		s.call(t, today(2, 1))
		s.call(t, batch(`{"key":"$bob.key","credits":1},{"key":"$bob.key"}`, 503, `{"error":{"code":"service_unavailable","message":"*","status":503,"request_id":"*"}}`))
	}, func(p *handlers.Parts) {
		m.Counter = p.Counter
		totals := usage.NewTotals(p.Store, 0, p.Now)
		meter := usage.NewMeter(p.Store, totals, p.Now, nil)
		t.Cleanup(func() { _ = meter.Close(context.Background()) })
		p.Verifier = keys.NewVerifier(keys.Parts{Directory: p.Store, Meter: meter, Totals: totals, Counter: m, Now: p.Now})
	})
}

// transactions counts a meter's batches.
type transactions struct{ posted atomic.Int64 }

func (n *transactions) BatchPosted([]usage.Entry, time.Duration, []usage.Receipt, error) {
	n.posted.Add(1)
}
func (*transactions) TurnedAway() {}

func TestTheChargesOfABatchShareTransactions(t *testing.T) {
	n := &transactions{}
	s := onSQLite(t, func(p *handlers.Parts) {
		totals := usage.NewTotals(p.Store, 0, p.Now)
		meter := usage.NewMeter(p.Store, totals, p.Now, n)
		t.Cleanup(func() { _ = meter.Close(context.Background()) })
		p.Verifier = keys.NewVerifier(keys.Parts{Directory: p.Store, Meter: meter, Totals: totals, Counter: p.Counter, Now: p.Now})
	})
	s.call(t, batch(strings.TrimSuffix(strings.Repeat(`{"key":"$ada.key","credits":1},`, 100), ","), 200, ""))
	if posted := n.posted.Load(); posted == 0 || posted > 50 {
		t.Errorf("100 charges took %d transactions", posted)
	} else {
		t.Logf("%d transactions", posted)
	}
}
