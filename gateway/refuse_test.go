package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// told is an answer in a line: status, headers beside those of all, body.
func told(a Answer) string {
	var b strings.Builder
	fmt.Fprint(&b, a.Status)
	for _, f := range a.Header[3:] {
		fmt.Fprintf(&b, " %s: %s", f.Name, f.Value)
	}
	return b.String() + " " + string(a.Body)
}

// The table «Errors of our own» of the contract, and what it leaves to the form.
func TestRefusalsAreToldAsTheContractSays(t *testing.T) {
	const openAI = `{"error":{"message":"Why.","type":"%s","code":"%s","param":null}}`
	const anthropic = `{"type":"error","error":{"type":"%s","message":"Why."},"request_id":"id-1"}`
	resets := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		reason                   Reason
		head                     string
		kind, code, onMessages   string
		chat, responses, instead string
	}{
		{reason: ReasonBadKey, head: "401 X-Should-Retry: false", kind: "invalid_request_error", code: "invalid_api_key", onMessages: "authentication_error"},
		{reason: ReasonSuspended, head: "403 X-Should-Retry: false", kind: "permission_error", code: "account_suspended", onMessages: "permission_error"},
		{reason: ReasonScope, head: "403 X-Should-Retry: false", kind: "permission_error", code: "insufficient_scope", onMessages: "permission_error"},
		{reason: ReasonAddress, head: "403 X-Should-Retry: false", kind: "permission_error", code: "ip_not_allowed", onMessages: "permission_error"},
		{reason: ReasonRate, head: "429 Retry-After: 1", kind: "rate_limit_error", code: "rate_limit_exceeded", onMessages: "rate_limit_error"},
		{reason: ReasonConcurrency, head: "429 Retry-After: 1", kind: "rate_limit_error", code: "concurrency_limit_exceeded", onMessages: "rate_limit_error"},
		{reason: ReasonBody, head: "400", kind: "invalid_request_error", code: "invalid_body", onMessages: "invalid_request_error"},
		{reason: ReasonParameter, head: "400", kind: "invalid_request_error", code: "unsupported_parameter", onMessages: "invalid_request_error"},
		{reason: ReasonTooLarge, head: "413", kind: "invalid_request_error", code: "request_too_large", onMessages: "request_too_large"},
		{reason: ReasonSlowBody, head: "408", kind: "invalid_request_error", code: "request_timeout", onMessages: "timeout_error"},
		{reason: ReasonNoUpstream, head: "503 Retry-After: 5", kind: "server_error", code: "no_upstream", onMessages: "overloaded_error"},
		{reason: ReasonAway, head: "503 Retry-After: 1", kind: "server_error", code: "service_unavailable", onMessages: "api_error"},
		{reason: ReasonUpstream, head: "502", kind: "server_error", code: "upstream_error", onMessages: "api_error"},
		{reason: ReasonUpgrade, head: "426", kind: "invalid_request_error", code: "upgrade_not_supported", onMessages: "invalid_request_error"},
		{reason: ReasonNotFound, head: "404", kind: "invalid_request_error", code: "not_found", onMessages: "not_found_error"},
		{reason: ReasonMethod, head: "405", kind: "invalid_request_error", code: "method_not_allowed", onMessages: "invalid_request_error"},
		{reason: ReasonInternal, head: "500", kind: "server_error", code: "internal_error", onMessages: "api_error"},
	} {
		r := &Refusal{Reason: c.reason, Message: "Why.", ResetsAt: resets}
		for w, want := range map[usage.Wire]string{
			usage.Chat: c.head + " " + fmt.Sprintf(openAI, c.kind, c.code), usage.Responses: c.head + " " + fmt.Sprintf(openAI, c.kind, c.code),
			usage.Messages: c.head + " " + fmt.Sprintf(anthropic, c.onMessages),
		} {
			if diff := cmp.Diff(want, told(r.answer(w, "id-1"))); diff != "" {
				t.Errorf("%s: want -, got +:\n%s", w, diff)
			}
		}
		if r.Code() != c.code || !strings.HasPrefix(c.head, fmt.Sprint(r.Status())) {
			t.Errorf("%s is %d %s", c.code, r.Status(), r.Code())
		}
	}
}

func TestAModelThatIsNotThereIsTold(t *testing.T) {
	r := &Refusal{Reason: ReasonModel, Message: "Why."}
	const want = `404 {"error":{"message":"Why.","type":"invalid_request_error","code":"model_not_found","param":"model"}}`
	if got := told(r.answer(usage.Chat, "id-1")); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := told(r.answer(usage.Messages, "id-1")); got != `404 {"type":"error","error":{"type":"not_found_error","message":"Why."},"request_id":"id-1"}` {
		t.Error(got)
	}
}

func TestUsedUpCreditsAreToldAsEachClientUnderstands(t *testing.T) {
	r := &Refusal{Reason: ReasonCredits, Message: "250 of 250 credits are used.\nThey are back at 00:00 UTC – soon.", RetryAfter: 11520*time.Second - time.Millisecond, ResetsAt: time.Unix(1_800_000_000, 999)}
	const sentence = `250 of 250 credits are used.\nThey are back at 00:00 UTC – soon.`
	for w, want := range map[usage.Wire]string{
		usage.Chat: `429 Retry-After: 11520 X-Should-Retry: false {"error":{"message":"` + sentence + `","type":"insufficient_quota","code":"insufficient_quota","param":null}}`,
		usage.Responses: `429 Retry-After: 11520 X-Should-Retry: false X-Codex-Promo-Message: 250 of 250 credits are used. They are back at 00:00 UTC   soon ` +
			`{"error":{"message":"` + sentence + `","type":"usage_limit_reached","code":"insufficient_quota","param":null,"resets_at":1800000000}}`,
		usage.Messages: `429 Retry-After: 11520 X-Should-Retry: false {"type":"error","error":{"type":"rate_limit_error","message":"` + sentence + `"},"request_id":"id-1"}`,
	} {
		if diff := cmp.Diff(want, told(r.answer(w, "id-1"))); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", w, diff)
		}
	}
	never := (&Refusal{Reason: ReasonCredits, Message: "Why."}).answer(usage.Responses, "id-1")
	if got := told(never); strings.Contains(got, "resets_at") || strings.Contains(got, "Retry-After") {
		t.Errorf("without a reset: %s", got)
	}
}

func TestEveryRefusalIsFitToBeSent(t *testing.T) {
	for reason := range numReasons {
		for w, a := range adapters {
			r := &Refusal{Reason: reason, Message: "What \"happened\" <&>\r\n" + strings.Repeat("é", 20) + strings.Repeat("x", 2000), RetryAfter: 1500 * time.Millisecond, ResetsAt: time.Unix(1, 0)}
			got := r.Answer(usage.Wire(w), "id-1")
			if !json.Valid(got.Body) || got.Status < 400 || got.Stream != nil || !strings.Contains(string(got.Body), "What") {
				t.Errorf("%d on %s: %s", reason, usage.Wire(w), told(*got))
			}
			if diff := cmp.Diff([]Field{{"Content-Type", "application/json"}, {"X-Request-Id", "id-1"}, {"Request-Id", "id-1"}}, got.Header[:3]); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			names := map[string]bool{}
			for _, f := range got.Header {
				if names[f.Name] || strings.ContainsAny(f.Value, "\r\n") || len(f.Value) > maxHeadline || f.Name == "Retry-After" && f.Value != "2" && f.Value != "5" {
					t.Errorf("%d on %s: %s: %s", reason, usage.Wire(w), f.Name, f.Value)
				}
				names[f.Name] = true
			}
			if refusals[reason].wait > 0 && !names["Retry-After"] {
				t.Errorf("%d has no Retry-After", reason)
			}
			events := read(t, newFramer(), a.stopped(r, "id-1"))
			if len(events.events) == 0 || events.cut || events.events[0].Data[0] != '{' || !json.Valid([]byte(events.events[0].Data)) {
				t.Errorf("%d on %s ends with %q", reason, usage.Wire(w), events.passed)
			}
		}
	}
}

func TestStreamsEndInBandWhereNoCreditsAreLeft(t *testing.T) {
	r := &Refusal{Reason: ReasonCredits, Message: "Why."}
	for w, want := range map[usage.Wire][]heard{
		usage.Chat: {{"", `{"error":{"message":"Why.","type":"insufficient_quota","code":"insufficient_quota","param":null}}`}, {"", "[DONE]"}},
		usage.Responses: {{"response.failed", `{"type":"response.failed","sequence_number":0,"response":{"id":"resp_id-1","object":"response","status":"failed",` +
			`"error":{"code":"insufficient_quota","message":"Why."},"output":[]}}`}},
		usage.Messages: {{"error", `{"type":"error","error":{"type":"rate_limit_error","message":"Why."},"request_id":"id-1"}`}},
	} {
		got := read(t, newFramer(), adapters[w].stopped(r, "id-1"))
		if diff := cmp.Diff(want, got.events); diff != "" {
			t.Errorf("%s: want -, got +:\n%s", w, diff)
		}
		if s := adapters[w].event([]byte(got.events[0].Name), []byte(got.events[0].Data)); !s.failed || s.generated {
			t.Errorf("%s: the end is %+v", w, s)
		}
	}
}

func TestEveryFaultHasARefusal(t *testing.T) {
	if diff := cmp.Diff(fault.Kinds(), slices.Sorted(maps.Keys(reasons))); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	for kind, want := range map[fault.Kind]int{
		fault.Unauthorized: 401, fault.Forbidden: 403, fault.InsufficientScope: 403, fault.AddressNotAllowed: 403, fault.NotFound: 404, fault.MethodNotAllowed: 405,
		fault.PayloadTooLarge: 413, fault.Invalid: 400, fault.RateLimited: 429, fault.QuotaExceeded: 429, fault.Unavailable: 503, fault.Internal: 500, 200: 500,
	} {
		f := fault.New(kind, "Why.")
		f.RetryAfter = 7 * time.Second
		if r := RefusalOf(f); r.Status() != want || r.Message != "Why." || r.RetryAfter != f.RetryAfter || r.Error() != "Why." {
			t.Errorf("%s is %d, %+v", kind.Code(), r.Status(), r)
		}
	}
}
