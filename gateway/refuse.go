package gateway

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"codexible/fault"
	"codexible/keys"
	"codexible/usage"
)

// adapters are the wires.
var adapters = [...]adapter{usage.Chat: chat{}, usage.Responses: responses{}, usage.Messages: messages{}}

// shape is how a refusal is told.
type shape struct {
	status int
	// chat and code are the error's type and code in OpenAI's shape, messages its type in Anthropic's.
	chat, code, messages string
	refused              keys.Code
	// final says that another try cannot help.
	final bool
	// wait is the least Retry-After, in seconds; 0 where only the refusal's own is said.
	wait int64
	// says is what happened and what to do next, where nothing of the single call is known. It is
	// empty for what never reaches the log of requests and always has a sentence of its own.
	says string
}

var refusals = [numReasons]shape{
	ReasonBadKey:      {status: 401, chat: "invalid_request_error", code: "invalid_api_key", messages: "authentication_error", refused: keys.NotFound, final: true},
	ReasonSuspended:   {status: 403, chat: "permission_error", code: "account_suspended", messages: "permission_error", refused: keys.Suspended, final: true},
	ReasonScope:       {status: 403, chat: "permission_error", code: "insufficient_scope", messages: "permission_error", refused: keys.InsufficientScope, final: true},
	ReasonAddress:     {status: 403, chat: "permission_error", code: "ip_not_allowed", messages: "permission_error", refused: keys.AddressNotAllowed, final: true},
	ReasonCredits:     {status: 429, chat: "insufficient_quota", code: "insufficient_quota", messages: "rate_limit_error", refused: keys.QuotaExceeded, final: true, says: "No credits were left: the limit of your plan for the day or the month was reached, or that of the key for the day. Limits of a day reset at 00:00 UTC, those of a month on its first day."},
	ReasonRate:        {status: 429, chat: "rate_limit_error", code: "rate_limit_exceeded", messages: "rate_limit_error", refused: keys.RateLimited, wait: 1, says: "Other requests took the credits that were left while this one was checked. Try again."},
	ReasonConcurrency: {status: 429, chat: "rate_limit_error", code: "concurrency_limit_exceeded", messages: "rate_limit_error", refused: keys.ConcurrencyLimited, wait: 1, says: "As many requests are open at once as this key or its plan allows. Wait for one of them to end, then try again."},
	ReasonModel:       {status: 404, chat: "invalid_request_error", code: "model_not_found", messages: "not_found_error", refused: keys.ModelNotAllowed, says: "This model does not exist, your key cannot use it, or it is not offered on this path. " + sayModels},
	ReasonBody:        {status: 400, chat: "invalid_request_error", code: "invalid_body", messages: "invalid_request_error", says: "The body of the request cannot be used; the answer said what is wrong with it. Correct it: the same body is refused again."},
	ReasonParameter:   {status: 400, chat: "invalid_request_error", code: "unsupported_parameter", messages: "invalid_request_error", says: "The request asks for what is not offered here; the answer said for what. Send it without that."},
	ReasonTooLarge:    {status: 413, chat: "invalid_request_error", code: "request_too_large", messages: "request_too_large"},
	ReasonSlowBody:    {status: 408, chat: "invalid_request_error", code: "request_timeout", messages: "timeout_error"},
	ReasonNoUpstream:  {status: 503, chat: "server_error", code: "no_upstream", messages: "overloaded_error", wait: 5, says: "No provider can take this request right now. Try again in a few seconds."},
	ReasonAway:        {status: 503, chat: "server_error", code: "service_unavailable", messages: "api_error", wait: 1, says: "The service could not take this request. Try again shortly."},
	ReasonUpstream:    {status: 502, chat: "server_error", code: "upstream_error", messages: "api_error", says: "The provider ended its answer early. Try again."},
	ReasonUpgrade:     {status: 426, chat: "invalid_request_error", code: "upgrade_not_supported", messages: "invalid_request_error"},
	ReasonNotFound:    {status: 404, chat: "invalid_request_error", code: "not_found", messages: "not_found_error"},
	ReasonMethod:      {status: 405, chat: "invalid_request_error", code: "method_not_allowed", messages: "invalid_request_error"},
	ReasonInternal:    {status: 500, chat: "server_error", code: "internal_error", messages: "api_error", says: "The service made a mistake with this request. Try again; if it fails again, send its request id to the operator."},
}

// sayModels says which models a key can use.
const sayModels = "GET /v1/models lists the models that your key can use."

// responses is the error's type on the responses wire: Codex prints the sentence of this one
// and the time of the reset, and does not try again.
func (s *shape) responses() string {
	if s.code == refusals[ReasonCredits].code {
		return "usage_limit_reached"
	}
	return s.chat
}

// Status is the HTTP status of the refusal.
func (r *Refusal) Status() int { return refusals[r.Reason].status }

// Code is what the refusal is called in OpenAI's shape, and in the log of requests.
func (r *Refusal) Code() string { return refusals[r.Reason].code }

// param is the field that the refusal is about; nil for none.
func (r *Refusal) param() *string {
	if r.Reason != ReasonModel {
		return nil
	}
	model := "model"
	return &model
}

// Answer is the refusal in the shape of a wire, under the id of the request.
func (r *Refusal) Answer(w usage.Wire, requestID string) *Answer {
	a := r.answer(w, requestID)
	return &a
}

func (r *Refusal) answer(w usage.Wire, requestID string) Answer {
	s := &refusals[r.Reason]
	a := Answer{
		Status: s.status,
		Header: []Field{{"Content-Type", "application/json"}, {"X-Request-Id", requestID}, {"Request-Id", requestID}},
		Body:   adapters[w].refusal(r, requestID), Refused: s.refused,
	}
	if wait := max(seconds(r.RetryAfter), s.wait); wait > 0 {
		a.Header = append(a.Header, Field{"Retry-After", strconv.FormatInt(wait, 10)})
	}
	if s.final {
		a.Header = append(a.Header, Field{"X-Should-Retry", "false"})
	}
	if r.Reason == ReasonCredits && w == usage.Responses {
		a.Header = append(a.Header, Field{"X-Codex-Promo-Message", headline(r.Message)})
	}
	return a
}

// seconds are whole seconds that are not too few.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// maxHeadline bounds a sentence in a header.
const maxHeadline = 512

// headline is a sentence for a header: without what a header may not have, and without the
// stop at its end, for Codex goes on behind it.
func headline(sentence string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, sentence)
	return strings.TrimRight(ascii[:min(len(ascii), maxHeadline)], ". ")
}

var reasons = map[fault.Kind]Reason{
	fault.BadRequest: ReasonBody, fault.Conflict: ReasonBody, fault.Invalid: ReasonBody, fault.UnsupportedMediaType: ReasonBody,
	fault.Unauthorized: ReasonBadKey, fault.Forbidden: ReasonSuspended, fault.InsufficientScope: ReasonScope, fault.AddressNotAllowed: ReasonAddress,
	fault.NotFound: ReasonNotFound, fault.MethodNotAllowed: ReasonMethod, fault.PayloadTooLarge: ReasonTooLarge,
	fault.RateLimited: ReasonRate, fault.QuotaExceeded: ReasonCredits, fault.Unavailable: ReasonAway, fault.Internal: ReasonInternal,
}

// RefusalOf makes a refusal of a fault, with its sentence. What has no kind of its own, such
// as a credit limit's reset or a limit of requests at once, its caller adds.
func RefusalOf(f *fault.Error) *Refusal {
	reason, ok := reasons[f.Kind]
	if !ok {
		reason = ReasonInternal
	}
	return &Refusal{Reason: reason, Message: f.Message, RetryAfter: f.RetryAfter}
}

type openAIError struct {
	Error openAIDetail `json:"error"`
}

type openAIDetail struct {
	Message  string  `json:"message"`
	Type     string  `json:"type"`
	Code     string  `json:"code"`
	Param    *string `json:"param"`
	ResetsAt int64   `json:"resets_at,omitempty"`
}

type messagesError struct {
	Type      string         `json:"type"`
	Error     messagesDetail `json:"error"`
	RequestID string         `json:"request_id"`
}

type messagesDetail struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type responsesFailed struct {
	Type           string         `json:"type"`
	SequenceNumber int64          `json:"sequence_number"`
	Response       failedResponse `json:"response"`
}

type failedResponse struct {
	ID     string       `json:"id"`
	Object string       `json:"object"`
	Status string       `json:"status"`
	Error  failedDetail `json:"error"`
	Output []string     `json:"output"`
}

type failedDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// encode makes JSON of a text or of one of the shapes above, which can always be encoded.
func encode(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return out
}
