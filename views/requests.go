package views

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// Requests is the log of the gateway's calls with its filters.
type Requests struct {
	Frame
	User, Key, Model, Upstream, Outcome, Status Field
	Since, Until                                Field
	Names                                       []string
	// Order is kept by the filters; Heads change it.
	Order    string
	Heads    []Head
	Lines    []RequestLine
	Pager    Pager
	Tail     Tail
	Filtered bool
	// LookedAt is how many requests were searched without a match, where more are left.
	LookedAt  int64
	ExportURL string
	Problems  []string
}

// Tail refreshes a page without scripts.
type Tail struct {
	// Until is when it ends; zero where the page is not refreshed.
	Until time.Time
	// Path turns it on, or off where it is on.
	Path string
}

// RequestLine is a call of a model with whose it is.
type RequestLine struct {
	gateway.Record

	// EndpointName is the stored name, also of an endpoint that this version does not have.
	EndpointName         string
	Email, Label, Prefix string
}

// RequestPath is the page of a request.
func RequestPath(id uuid.UUID) string { return "/admin/requests/" + id.String() }

// RequestsOf is the page of the requests that filters find.
func RequestsOf(pairs ...string) string { return WithQuery("/admin/requests", pairs...) }

// keyName names the key of a call for people.
func (l *RequestLine) keyName() string { return cmp.Or(l.Label, l.Prefix, l.KeyID.String()) }

// Request is the page of one call.
type Request struct {
	Frame
	Line RequestLine
	// Charges are what the call charged, the newest first.
	Charges []usage.Record
	Buckets []BucketRow
	// Bill is nil where no price can explain the cost; Note then says why.
	Bill *Bill
	Note string
	// Ended says which operator ended the call, and when; empty for none.
	Ended string
}

// OutcomeLabel names how a call ended.
func OutcomeLabel(o usage.CallOutcome) string {
	switch o {
	case usage.CallComplete:
		return "Complete"
	case usage.CallStopped:
		return "Stopped"
	case usage.CallClientGone:
		return "Client left"
	case usage.CallUpstreamError:
		return "Upstream failed"
	case usage.CallInterrupted:
		return "Interrupted"
	case usage.CallRefused:
		return "Refused"
	}
	return string(o) // of a newer version
}

func (l *RequestLine) tone() Tone {
	switch l.Outcome {
	case usage.CallComplete:
		return ToneGood
	case usage.CallUpstreamError:
		return ToneBad
	case usage.CallStopped, usage.CallInterrupted:
		return ToneWarn
	case usage.CallRefused:
		if l.Status >= 500 {
			return ToneBad
		}
	case usage.CallClientGone:
	}
	return ""
}

// endSays is how the call ended, in a sentence.
func (l *RequestLine) endSays() string {
	switch {
	case l.Code == "ended":
		return "An operator ended it. What was delivered is charged."
	case l.Outcome == usage.CallComplete:
		return "The answer was delivered whole."
	case l.Outcome == usage.CallRefused:
		return "It was refused before anything was sent to an upstream."
	case l.Outcome == usage.CallInterrupted && l.Code == "shutdown":
		return "The instance that served it shut down."
	case l.Outcome == usage.CallUpstreamError && len(l.Attempts) > 1:
		return "Every upstream that was tried failed, or the answer broke off."
	}
	return outcomeSays(l.Outcome) + "."
}

// codeReasons explain the codes of the log of requests.
var codeReasons = map[string]string{
	"insufficient_quota":         "The user had no credits left for the call. They come back at the reset; credits can be given on the user's page.",
	"rate_limit_exceeded":        "The key or the user sent more requests a minute than the limit allows.",
	"concurrency_limit_exceeded": "The key or the user had as many requests open as the limit allows.",
	"model_not_found":            "The model is unknown, hidden from the plan, not allowed to the key, not served on this path, or without a price.",
	"invalid_body":               "The body is no JSON that can be read, or names no model.",
	"unsupported_parameter":      "The body asks for what customers may not share, or for a hosted tool that the model does not offer.",
	"request_too_large":          "The body is larger than the limit.",
	"request_timeout":            "The body arrived too slowly.",
	"no_upstream":                "No upstream of the model took the call: each failed, rests, is disabled or has reached its daily limit.",
	"service_unavailable":        "The database was away, the instance was shutting down, or the client left before the answer began.",
	"upstream_error":             "The upstream's answer could not be passed on.",
	"internal_error":             "A fault of the service. Search its log for the request ID.",
	"repeated_failure":           "The key had sent the same body three times in a row, and it failed each time. The last failure was repeated without a call.",
	"credits":                    "The credits were used up during the answer, and the model's overrun allows no more.",
	"ended":                      "An operator ended the call on the page Live.",
	"shutdown":                   "The instance was shutting down and could not wait longer.",
	"early_end":                  "The upstream ended its stream before the last event.",
	"error_in_stream":            "The upstream reported an error inside the stream.",
}

// codeSays explains a code; of one that only the provider knows it says so.
func codeSays(code string) string {
	if says := codeReasons[code]; says != "" {
		return says
	}
	if says := attemptReasons[code]; says != "" {
		return says
	}
	if status, err := strconv.Atoi(code); err == nil {
		return fmt.Sprintf("The upstream answered with status %d, and the client got its answer.", status)
	}
	return "The upstream's own word for the error."
}

// attemptReasons explain why an attempt failed.
var attemptReasons = map[string]string{
	"cancelled":          "The client left, or the call was ended, before the answer.",
	"canceled":           "The client left, or the call was ended, before the answer.",
	"dns":                "The name of the upstream's host was not found.",
	"refused":            "The host refused the connection.",
	"unreachable":        "The host cannot be reached.",
	"connect_timeout":    "No connection within the time limit.",
	"address":            "The host's address is not allowed.",
	"tls":                "No TLS connection: check the host's certificate.",
	"first_byte_timeout": "No answer within the time to the first byte.",
	"idle_timeout":       "The upstream was silent for longer than its idle time.",
	"cut":                "The connection broke.",
	"protocol":           "The answer was no valid HTTP, or its head was too large.",
	"encoding":           "The answer was compressed in a way that was not asked for.",
	"too_long":           "The answer, or an event of its stream, was larger than 64 MiB.",
	"crowded":            "Too many long answers were being read at once.",
	"error_in_answer":    "The answer had status 200 and held an error.",
	"error_in_stream":    "The upstream reported an error inside the stream.",
	"early_end":          "The stream ended before the last event.",
}

// attemptSays is how an attempt ended.
func attemptSays(a *gateway.Attempt) string {
	switch a.Error {
	case "":
		return "Served"
	case "status":
		return "Answered with status " + strconv.Itoa(a.Status)
	}
	if says := attemptReasons[a.Error]; says != "" {
		return says
	}
	return "The upstream's own word for the error: " + a.Error
}

// Duration formats how long something took, to three digits.
func Duration(d time.Duration) string {
	switch {
	case d <= 0:
		return "–"
	case d < 10*time.Millisecond:
		return trimZeros(fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond))) + " ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d min %d s", int64(d/time.Minute), int64(d%time.Minute/time.Second))
}

// perSecond is how fast the model wrote: its tokens over the time since the first of
// them, or over the whole time of an answer that came in one piece; empty where unknown.
func (l *RequestLine) perSecond() string {
	if l.Tokens == nil || l.Tokens.Completion() == 0 || l.FirstToken == 0 {
		return ""
	}
	d := l.Took - l.FirstToken
	if !l.Streamed {
		d = l.Took
	}
	if d < time.Millisecond {
		return ""
	}
	rate := float64(l.Tokens.Completion()) / d.Seconds()
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return Number(int64(rate))
}

// heldSays is what the first hold was.
func (l *RequestLine) heldSays() string {
	if l.Held == 0 {
		return "Nothing"
	}
	return Count(l.Held, "credit")
}

func (l *RequestLine) streamedSays() string {
	if l.Streamed {
		return "Streamed"
	}
	return "In one piece"
}

// sourceLong explains where the figures come from.
func sourceLong(s usage.Source) string {
	switch s {
	case usage.SourceReported:
		return "The upstream reported these tokens at the end of its answer."
	case usage.SourceCounted:
		return "The upstream reported a part of these tokens before the answer ended early. The output is estimated from the text that was delivered."
	case usage.SourceEstimated:
		return "The upstream reported no tokens. The input is estimated from the size of the request, the output from the text that was delivered."
	}
	return ""
}

// statusSays is the status of the answer, and the code of a failure.
func (l *RequestLine) statusSays() string {
	if l.Code == "" || l.Code == strconv.Itoa(l.Status) {
		return statusText(l.Status)
	}
	return statusText(l.Status) + ", " + l.Code
}

// statusText is the status of an answer; a dash where there was none.
func statusText(status int) string {
	if status == 0 {
		return "–"
	}
	return strconv.Itoa(status)
}

// tokensShort is how many tokens went in and out.
func tokensShort(t *usage.Tokens) string {
	return Number(t.Prompt()) + " in, " + Number(t.Completion()) + " out"
}

func (l *RequestLine) speedSays() string {
	if l.Tokens == nil {
		return "no tokens are known"
	}
	return Count(l.Tokens.Completion(), "output token")
}
