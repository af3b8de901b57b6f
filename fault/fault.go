// Package fault holds the one error that people see: what went wrong in the
// caller's words, and beside it the cause, which is logged and never sent.
package fault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Kind says whose fault it is and what the caller can do about it. The zero
// value is Internal, so an error that nobody classified is ours.
type Kind uint8

// The kinds of the API's contract.
const (
	Internal Kind = iota
	BadRequest
	Unauthorized
	Forbidden
	InsufficientScope
	AddressNotAllowed
	NotFound
	MethodNotAllowed
	Conflict
	PayloadTooLarge
	UnsupportedMediaType
	Invalid
	RateLimited
	QuotaExceeded
	Unavailable
)

var codes = [...]string{
	Internal:             "internal_error",
	BadRequest:           "bad_request",
	Unauthorized:         "unauthorized",
	Forbidden:            "forbidden",
	InsufficientScope:    "insufficient_scope",
	AddressNotAllowed:    "ip_not_allowed",
	NotFound:             "not_found",
	MethodNotAllowed:     "method_not_allowed",
	Conflict:             "conflict",
	PayloadTooLarge:      "payload_too_large",
	UnsupportedMediaType: "unsupported_media_type",
	Invalid:              "validation_failed",
	RateLimited:          "rate_limited",
	QuotaExceeded:        "quota_exceeded",
	Unavailable:          "service_unavailable",
}

// Code is the kind's name on the wire, such as "not_found".
func (k Kind) Code() string {
	if int(k) < len(codes) {
		return codes[k]
	}
	return codes[Internal]
}

// Kinds lists every kind once, in the order of their declaration.
func Kinds() []Kind {
	all := make([]Kind, len(codes))
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Error is a failure with a sentence for the caller. Message and Fields are
// public; the cause is for the log alone.
type Error struct {
	Kind    Kind
	Message string
	// Fields maps a field of the request to what is wrong with it; only with Invalid.
	Fields map[string]string
	// RetryAfter is when another try makes sense; zero where none was said.
	RetryAfter time.Duration

	cause error
}

// New makes an error of a kind with a sentence for the caller.
func New(kind Kind, message string) *Error {
	return &Error{Kind: kind, Message: message}
}

// Newf is New with a formatted sentence.
func Newf(kind Kind, format string, args ...any) *Error {
	return New(kind, fmt.Sprintf(format, args...))
}

// Field is the 422 for one wrong field.
func Field(name, problem string) *Error {
	return InvalidFields(map[string]string{name: problem})
}

// InvalidFields is the 422 for every wrong field at once; the message repeats
// them in alphabetical order, for callers who read the sentence alone.
func InvalidFields(fields map[string]string) *Error {
	parts := make([]string, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		parts = append(parts, name+" "+fields[name])
	}
	return &Error{Kind: Invalid, Message: "Correct these fields and send the request again: " + strings.Join(parts, "; ") + ".", Fields: fields}
}

// Away is the 503 for a part of the service that does not answer; cause says
// which and why, to the log. Its sentence is right for reads: who knows what was
// asked for adds what became of it.
func Away(cause error) *Error {
	return &Error{
		Kind: Unavailable, Message: "The service cannot reach its storage right now. Try again shortly.",
		RetryAfter: time.Second, cause: cause,
	}
}

// Because returns a copy of e that carries a cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Error gives the sentence and the cause: text for the log, never for the caller.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes two errors of one kind and sentence equal to errors.Is, with or
// without a cause, so that a sentinel is found again after Because.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Message == e.Message
}

// As finds the fault in err's chain. Of the errors without one the end of a
// context is Unavailable, and all others are Internal, with a fixed sentence and
// err as the cause.
func As(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Error{Kind: Unavailable, RetryAfter: time.Second, Message: "This took too long and was cancelled. Try again shortly.", cause: err}
	}
	return &Error{Kind: Internal, Message: "Something went wrong in the service. Try again; if the error persists, report the request id.", cause: err}
}

// KindOf is the kind of err, Internal where nobody classified it.
func KindOf(err error) Kind { return As(err).Kind }
