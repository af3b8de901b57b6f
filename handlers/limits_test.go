package handlers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"codexible/handlers"
	"codexible/keys"
	"codexible/limits"
	"codexible/store/storetest"
	"codexible/usage"
)

// window has the headers of a rate limit.
type window struct{ limit, remaining, reset, retryAfter string }

func windowOf(a answer) window {
	return window{a.Header.Get("X-RateLimit-Limit"), a.Header.Get("X-RateLimit-Remaining"), a.Header.Get("X-RateLimit-Reset"), a.Header.Get("Retry-After")}
}

func (s *service) expectWindow(t *testing.T, c call, want window) {
	t.Helper()
	if got := windowOf(s.call(t, c)); got != want {
		t.Errorf("%s %s as %q: the window is %+v, want %+v", c.method, c.path, c.as, got, want)
	}
}

func perAddress(limit int64) setting {
	return func(p *handlers.Parts) { p.RateLimitPerIP = limit }
}

func TestAnAddressHasItsTriesOf60SecondsAndThenWaits(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
		failing := []call{
			{method: "GET", path: "/api/keys", status: 401},
			{method: "GET", path: "/api/usage/today", status: 401, header: http.Header{"Authorization": {"Bearer codexible_00000000000000000000000000000000"}}},
			{as: "ada.revoked", method: "POST", path: "/api/usage", status: 401},
			{as: "ada.expired", method: "GET", path: "/api/admin/users", status: 401},
			{as: "sam", method: "GET", path: "/api/keys", status: 403},
			{method: "POST", path: "/api/auth/validate", body: `{"token":"$sam.key"}`, status: 200},
			{method: "POST", path: "/api/auth/validate", body: `{"token":""}`, status: 200},
			{method: "POST", path: "/api/auth/validate", status: 400},
		}
		for i := range 20 {
			s.expectWindow(t, failing[i%len(failing)], window{"20", fmt.Sprint(19 - i), map[bool]string{true: "60", false: "0"}[i == 19], ""})
		}
		for _, c := range failing {
			c.status = 429
			s.expectWindow(t, c, window{"20", "0", "60", "60"})
		}
		for pattern, item := range published().model.Paths.PathItems.FromOldest() {
			for method, op := range item.GetOperations().FromOldest() {
				if op.Tags[0] == "Verification" {
					s.expectWindow(t, call{method: upper(method), path: concrete(pattern), status: 429}, window{"20", "0", "60", "60"})
				}
			}
		}
		// A valid key that is not cached waits for the address; a cached key does not.
		s.expectWindow(t, call{as: "bob", method: "GET", path: "/api/keys", status: 429}, window{"20", "0", "60", "60"})
		s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
		for _, path := range []string{"/health", "/health/ready", "/metrics", "/docs", "/docs/start.js", "/openapi.json"} {
			s.expectWindow(t, call{method: "GET", path: path, status: 200}, window{})
		}
		s.clock.Add(59 * time.Second)
		s.expectWindow(t, call{method: "GET", path: "/api/keys", status: 429}, window{"20", "0", "2", "2"})
		s.clock.Add(2 * time.Second)
		s.expectWindow(t, call{method: "GET", path: "/api/keys", status: 401}, window{"20", "19", "0", ""})
	}, perAddress(20))
}

func TestAKeyHasThePlansRequestsOf60Seconds(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.rate(t, "pro", 3)
		s.expectWindow(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200}, window{"3", "2", "0", ""})
		s.expectWindow(t, call{as: "ada", method: "GET", path: "/api/admin/users", status: 403}, window{"3", "2", "0", ""})
		s.expectWindow(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200}, window{"3", "1", "0", ""})
		s.expectWindow(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"credits":0}`, status: 422}, window{"3", "0", "60", ""})
		for range 3 {
			s.expectWindow(t, call{as: "ada", method: "POST", path: "/api/usage", status: 429}, window{"3", "0", "60", "60"})
		}
		s.call(t, call{as: "bob", method: "GET", path: "/api/keys", status: 200})
		s.clock.Add(61 * time.Second)
		s.expectWindow(t, call{as: "ada", method: "GET", path: "/api/usage/today", status: 200, want: `{"credits_used":0,"daily_limit":250,"request_count":0,"date":"2026-03-04"}`}, window{"3", "2", "0", ""})
	})
}

func TestEveryPathOfTheCustomerIsLimitedAlike(t *testing.T) {
	s := onSQLite(t)
	s.rate(t, "pro", 1)
	s.rate(t, "business", 1)
	s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
	s.call(t, call{as: "root", method: "GET", path: "/api/admin/status", status: 200})
	for pattern, item := range published().model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			if op.Tags[0] == "Verification" { // for services, which are not limited
				continue
			}
			if len(op.Security) == 0 || op.Responses.Codes.GetOrZero("429") == nil {
				continue
			}
			as := "ada"
			if op.Tags[0] == "Administration" {
				as = "root"
			}
			s.call(t, call{as: as, method: upper(method), path: concrete(pattern), status: 429})
		}
	}
}

func TestKeysOfServicesAreNotLimited(t *testing.T) {
	s := onSQLite(t)
	s.rate(t, "business", 2)
	for range 5 {
		s.expectWindow(t, call{as: "gate", method: "GET", path: "/api/keys", status: 200}, window{"2", "2", "0", ""})
		s.expectWindow(t, call{as: "gate", method: "POST", path: "/api/keys/verify", body: `{"key":"$gate.key"}`, status: 200,
			want: `{"valid":true,"code":"VALID","key_id":"$gate.id","user":"*","key":"*","features":{},"credits":"*","rate_limit":{"limit":2,"remaining":2,"reset_seconds":0},"hold_id":null,"hold_status":null,"price_id":null,"duplicate":false}`}, window{"2", "2", "0", ""})
	}
}

func TestAForwardedAddressCountsFromTrustedProxiesAlone(t *testing.T) {
	from := func(forwarded ...string) call {
		return call{method: "GET", path: "/api/keys", status: 401, header: http.Header{"X-Forwarded-For": forwarded}}
	}
	trusting := onSQLite(t, perAddress(1), func(p *handlers.Parts) {
		p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	trusting.call(t, from("203.0.113.1"))
	trusting.call(t, from("203.0.113.2"))
	trusting.call(t, from("198.51.100.9, 203.0.113.3, 10.1.2.3"))
	again := from("203.0.113.9", "203.0.113.3:4711,10.1.2.3") // the right-most that is no proxy is met again
	again.status = 429
	trusting.call(t, again)
	trusting.call(t, from("[2001:db8:1:2::1]:443"))
	again = from("2001:db8:1:2:ffff::2") // the same /64
	again.status = 429
	trusting.call(t, again)
	trusting.call(t, from("2001:db8:1:3::1"))

	doubting := onSQLite(t, perAddress(1))
	doubting.call(t, from("203.0.113.1"))
	again = from("203.0.113.2")
	again.status = 429
	doubting.call(t, again)
}

// broken is a counter that cannot decide anything.
type broken struct{}

func (broken) Hit(context.Context, limits.Subject, int64) (limits.Decision, error) {
	return limits.Decision{}, errors.New("the counter is broken")
}

func (broken) Peek(context.Context, limits.Subject, int64) (limits.Decision, error) {
	return limits.Decision{}, errors.New("the counter is broken")
}

func TestABrokenCounterIsOurFault(t *testing.T) {
	clock := storetest.NewClock(storetest.Start)
	db := storetest.Open(t, storetest.SQLiteURL(t), clock.Now)
	totals := usage.NewTotals(db, 0, clock.Now)
	meter := usage.NewMeter(db, totals, clock.Now, nil)
	t.Cleanup(func() { _ = meter.Close(context.Background()) })
	verifier := keys.NewVerifier(keys.Parts{Directory: db, Meter: meter, Totals: totals, Counter: broken{}, Now: clock.Now})
	s := start(t, db, clock, func(p *handlers.Parts) { p.Counter, p.Verifier = broken{}, verifier })
	s.cast(t)
	for _, c := range []call{
		{as: "ada", method: "GET", path: "/api/keys"}, {method: "GET", path: "/api/keys"}, {as: "sam", method: "GET", path: "/api/keys"},
		{method: "POST", path: "/api/auth/validate", body: `{"token":"$ada.key"}`}, {as: "ada", method: "POST", path: "/api/usage"},
	} {
		c.unwindowed = true
		if a := s.send(t, c); a.StatusCode != 503 {
			t.Errorf("%s %s answered %d: %s", c.method, c.path, a.StatusCode, a.text)
		}
	}
}
