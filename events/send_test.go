package events_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"codexible/events"

	"github.com/google/uuid"
)

var loopback = events.Targets{Private: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}}

func event() *events.Event {
	return &events.Event{ID: uuid.MustParse("019cb8b8-1e00-7009-b662-7371a9534496"), At: time.Date(2026, 3, 4, 12, 0, 0, 5000, time.UTC), Type: events.KeyCreated, Data: json.RawMessage(`{"key_id": "k", "name": "<ä>"}`)}
}

// received is what a receiver got.
type received struct {
	header http.Header
	body   string
}

// receiver answers by serve and keeps what it got.
func receiver(t *testing.T, serve http.HandlerFunc) (url string, got chan received) {
	t.Helper()
	got = make(chan received, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Header, string(body)}
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func sender(t *testing.T, targets events.Targets) *events.Sender {
	t.Helper()
	s := events.NewSender(targets, time.Now)
	t.Cleanup(s.Close)
	return s
}

func TestAnEventIsSentSignedByEachSecretThatSigns(t *testing.T) {
	url, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	w := events.Webhook{URL: url + "/in?a=b", Secret: events.MintSecret(), Previous: events.MintSecret(), PreviousEndsAt: new(time.Now().Add(time.Hour))}
	if a := sender(t, loopback).Send(t.Context(), &w, event()); !a.OK() || a.Status != 200 {
		t.Fatalf("%+v", a)
	}
	r := <-got
	if want := `{"type":"key.created","timestamp":"2026-03-04T12:00:00.000005Z","data":{"key_id":"k","name":"\u003cä\u003e"}}`; r.body != want {
		t.Errorf("%s, want %s", r.body, want)
	}
	var at int64
	if err := json.Unmarshal([]byte(r.header.Get("webhook-timestamp")), &at); err != nil || time.Since(time.Unix(at, 0)) > time.Minute {
		t.Errorf("sent at %s", r.header.Get("webhook-timestamp"))
	}
	id := event().ID.String()
	if want := events.Sign(id, time.Unix(at, 0), []byte(r.body), w.Secret, w.Previous); r.header.Get("webhook-signature") != want || !strings.Contains(want, " v1,") {
		t.Errorf("signed %s, want %s", r.header.Get("webhook-signature"), want)
	}
	if r.header.Get("webhook-id") != id || r.header.Get("content-type") != "application/json" {
		t.Errorf("headers %v", r.header)
	}
}

func TestAnAttemptFailsWithAReasonAndABoundedPrintableAnswer(t *testing.T) {
	var elsewhere atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(inside.Close)
	for says, c := range map[string]struct {
		serve  http.HandlerFunc
		status int
		reason string
		body   string
	}{
		"a failure": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no\x00\x1b[31m\xff room", 500) }, 500, "the receiver answered 500", "no��[31m� room\n"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		}, 307, "the receiver redirected; redirects are not followed", ""},
		"a long answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, strings.Repeat("a", 1<<20))
		}, 400, "the receiver answered 400", strings.Repeat("a", 1024)},
		"no answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "EOF", ""},
		"a broken answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
		}, 200, "the answer broke off: unexpected EOF", "half"},
		"no contents": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, "", ""},
	} {
		url, _ := receiver(t, c.serve)
		a := sender(t, loopback).Send(t.Context(), &events.Webhook{URL: url + "/hidden", Secret: events.MintSecret()}, event())
		if a.Status != c.status || a.Error != c.reason || a.Body != c.body || a.OK() != (c.reason == "") {
			t.Errorf("%s: %+v", says, a)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("a redirect to loopback was followed %d times", n)
	}
}

func TestAnAttemptEndsWhereTheReceiverStalls(t *testing.T) {
	url, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if a := sender(t, loopback).Send(ctx, &events.Webhook{URL: url, Secret: events.MintSecret()}, event()); a.Error != "no answer within 15 s" {
		t.Errorf("%+v", a)
	}
}

// A name is checked by what it leads to at the moment of the connection: localhost here
// stands for a name that led elsewhere when the webhook was saved.
func TestAnAddressIsCheckedWhenItIsConnectedTo(t *testing.T) {
	url, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	other := events.Targets{Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	for _, target := range []string{"http://localhost:" + port + "/hidden", "https://localhost:" + port + "/hidden", url, "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port} {
		a := sender(t, other).Send(t.Context(), &events.Webhook{URL: target, Secret: events.MintSecret()}, event())
		if a.OK() || !strings.Contains(a.Error, "WEBHOOK_ALLOW_PRIVATE") && !strings.Contains(a.Error, "no address of a receiver") || strings.Contains(a.Error, "hidden") {
			t.Errorf("%s: %+v", target, a)
		}
	}
	if len(got) != 0 {
		t.Error("it was connected to")
	}
}

func TestAProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	proxy, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	t.Setenv("HTTP_PROXY", proxy)
	t.Setenv("HTTPS_PROXY", proxy)
	sender(t, loopback).Send(t.Context(), &events.Webhook{URL: "https://receiver.invalid/", Secret: events.MintSecret()}, event())
	if len(got) != 0 {
		t.Error("the proxy was asked")
	}
}

func TestAWebhookWithoutASecretSendsNothing(t *testing.T) {
	url, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if a := sender(t, loopback).Send(t.Context(), &events.Webhook{URL: url, Problem: "its secret was dropped"}, event()); a.Error != "its secret was dropped" || len(got) != 0 {
		t.Errorf("%+v", a)
	}
}

func TestADeliveryIsTriedAgainWithGrowingPausesForThreeDays(t *testing.T) {
	for _, random := range []float64{0, 0.5, 1} {
		d := events.Delivery{Event: *event(), Status: events.Pending}
		now := d.Event.At
		var last time.Duration
		for d.Status == events.Pending {
			d.Conclude(events.Answer{Try: events.Try{At: now, Status: 500}}, now, random)
			if d.Status != events.Pending {
				break
			}
			pause := d.DueAt.Sub(now)
			if pause <= 0 || pause < last && d.DueAt != d.Event.At.Add(events.Patience) || pause > 8*time.Hour {
				t.Errorf("attempt %d: a pause of %v after one of %v", d.Attempts, pause, last)
			}
			if d.Attempts == 1 && (pause < 4*time.Second || pause > 6*time.Second) {
				t.Errorf("the first pause is %v", pause)
			}
			last, now = pause, d.DueAt
		}
		if now.Sub(d.Event.At) != events.Patience || d.Status != events.Failed || d.EndedAt == nil || d.Attempts < 15 || d.Attempts > 25 || int64(len(d.Tries)) != d.Attempts {
			t.Errorf("it ended as %s after %v and %d attempts", d.Status, now.Sub(d.Event.At), d.Attempts)
		}
	}
	late := events.Delivery{Event: *event(), Attempts: 40, Tries: make([]events.Try, 30)}
	late.Conclude(events.Answer{Try: events.Try{Status: 200}}, late.Event.At.Add(30*24*time.Hour), 0)
	if late.Status != events.Delivered || len(late.Tries) != events.MaxTries || late.Attempts != 41 {
		t.Errorf("after 3 days it is still tried once: %+v", late)
	}
	for says, d := range map[string]events.Delivery{"gone": {Event: *event()}, "a test": {Event: events.Event{Type: events.Test, At: time.Now()}}} {
		if d.Conclude(events.Answer{Try: events.Try{Status: 410}, Final: true}, d.Event.At, 0); d.Status != events.Failed {
			t.Errorf("%s: %+v", says, d)
		}
	}
}
