package gateway

import (
	"strconv"

	"codexible/usage"
)

// What customers read about calls that were served and then stopped.
const (
	saysUsedUp   = "The credits were used up during this answer, so it was stopped. They reset at 00:00 UTC."
	saysEnded    = "The operator has ended this request."
	saysShutdown = "The service is shutting down. Try again."
)

// The codes of failures that have none in the answers of /v1.
const (
	// CodeRepeated: the same body had failed several times in a row, and was not sent again.
	CodeRepeated = "repeated_failure"
	// CodeProvider: the provider refused what was asked for.
	CodeProvider = "provider_refused"
	// CodeEnded: an operator ended the call.
	CodeEnded = "ended_by_operator"
	// CodeInterrupted: the service stopped during the call.
	CodeInterrupted = "interrupted"
)

// codeCredits and codeEnded are the codes in the log of streams that were stopped.
const (
	codeCredits  = "credits"
	codeEnded    = "ended"
	codeShutdown = "shutdown"
)

// FailureCodes are the codes of Explain.
func FailureCodes() []string {
	codes := []string{CodeRepeated, CodeProvider, CodeEnded, CodeInterrupted}
	for i := range refusals {
		if refusals[i].says != "" {
			codes = append(codes, refusals[i].code)
		}
	}
	return codes
}

// Explain says of a call in the log of requests that was refused or failed what happened and
// what to do next, to the customer whose call it was. It says nothing of upstreams. The sentences
// are those that /v1 answered with, where they need nothing of the single call.
func Explain(outcome usage.CallOutcome, logged string) (code, message string) {
	switch {
	case outcome == usage.CallInterrupted:
		return CodeInterrupted, "The service stopped during this call. What had been delivered is charged. Try again."
	case outcome == usage.CallStopped && logged == codeCredits:
		return refusals[ReasonCredits].code, saysUsedUp
	case outcome == usage.CallStopped:
		return CodeEnded, saysEnded + " Ask the operator why, before you send it again."
	case logged == CodeRepeated:
		return CodeRepeated, "The same request had failed several times in a row, so it was answered with the last failure and sent to no provider. Change it, or try again in a minute."
	case outcome == usage.CallRefused || logged == refusals[ReasonNoUpstream].code:
		for i := range refusals {
			if s := &refusals[i]; s.code == logged && s.says != "" {
				return s.code, s.says
			}
		}
		return refusals[ReasonInternal].code, refusals[ReasonInternal].says
	}
	if status, err := strconv.Atoi(logged); err == nil && status >= 400 && status < 500 {
		return CodeProvider, "The provider refused the request with status " + logged + "; the answer said why. Change the request: the same one is refused again."
	}
	return refusals[ReasonUpstream].code, refusals[ReasonUpstream].says
}
