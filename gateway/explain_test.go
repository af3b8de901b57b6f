package gateway_test

import (
	"slices"
	"strings"
	"testing"

	"codexible/gateway"
	"codexible/usage"
)

func TestARefusedOrFailedCallIsExplainedToItsCustomer(t *testing.T) {
	for _, c := range []struct {
		outcome      usage.CallOutcome
		logged, code string
		says         string
	}{
		{usage.CallRefused, "insufficient_quota", "insufficient_quota", "Limits of a day reset at 00:00 UTC"},
		{usage.CallRefused, "concurrency_limit_exceeded", "concurrency_limit_exceeded", "Wait for one of them to end"},
		{usage.CallRefused, "rate_limit_exceeded", "rate_limit_exceeded", "Try again."},
		{usage.CallRefused, "model_not_found", "model_not_found", "GET /v1/models lists"},
		{usage.CallRefused, "invalid_body", "invalid_body", "Correct it"},
		{usage.CallRefused, "unsupported_parameter", "unsupported_parameter", "Send it without that"},
		{usage.CallRefused, "no_upstream", "no_upstream", "Try again in a few seconds"},
		{usage.CallRefused, "service_unavailable", "service_unavailable", "Try again shortly"},
		{usage.CallRefused, "internal_error", "internal_error", "send its request id to the operator"},
		{usage.CallRefused, "repeated_failure", "repeated_failure", "Change it"},
		{usage.CallRefused, "of a later version", "internal_error", "send its request id to the operator"},
		{usage.CallRefused, "", "internal_error", "send its request id to the operator"},
		{usage.CallUpstreamError, "no_upstream", "no_upstream", "Try again in a few seconds"},
		{usage.CallUpstreamError, "400", "provider_refused", "with status 400"},
		{usage.CallUpstreamError, "499", "provider_refused", "with status 499"},
		{usage.CallUpstreamError, "500", "upstream_error", "Try again"},
		{usage.CallUpstreamError, "early_end", "upstream_error", "Try again"},
		// What a provider says of its own account is not what the customer's lacks.
		{usage.CallUpstreamError, "insufficient_quota", "upstream_error", "Try again"},
		{usage.CallUpstreamError, "", "upstream_error", "Try again"},
		{usage.CallStopped, "credits", "insufficient_quota", "The credits were used up during this answer"},
		{usage.CallStopped, "ended", "ended_by_operator", "Ask the operator"},
		{usage.CallStopped, "service_unavailable", "ended_by_operator", "Ask the operator"},
		{usage.CallInterrupted, "shutdown", "interrupted", "Try again"},
		{usage.CallInterrupted, "", "interrupted", "Try again"},
	} {
		code, message := gateway.Explain(c.outcome, c.logged)
		if code != c.code || !strings.Contains(message, c.says) {
			t.Errorf("%s with %q: %s, %q", c.outcome, c.logged, code, message)
		}
		if !slices.Contains(gateway.FailureCodes(), code) {
			t.Errorf("%s is not among the codes", code)
		}
	}
}
