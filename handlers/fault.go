package handlers

import (
	"errors"
	"strings"
	"time"

	"codexible/fault"

	"github.com/gofiber/fiber/v2"
)

// statuses is the one map from kind to HTTP status.
var statuses = [...]int{
	fault.Internal:             fiber.StatusInternalServerError,
	fault.BadRequest:           fiber.StatusBadRequest,
	fault.Unauthorized:         fiber.StatusUnauthorized,
	fault.Forbidden:            fiber.StatusForbidden,
	fault.InsufficientScope:    fiber.StatusForbidden,
	fault.AddressNotAllowed:    fiber.StatusForbidden,
	fault.NotFound:             fiber.StatusNotFound,
	fault.MethodNotAllowed:     fiber.StatusMethodNotAllowed,
	fault.Conflict:             fiber.StatusConflict,
	fault.PayloadTooLarge:      fiber.StatusRequestEntityTooLarge,
	fault.UnsupportedMediaType: fiber.StatusUnsupportedMediaType,
	fault.Invalid:              fiber.StatusUnprocessableEntity,
	fault.RateLimited:          fiber.StatusTooManyRequests,
	fault.QuotaExceeded:        fiber.StatusTooManyRequests,
	fault.Unavailable:          fiber.StatusServiceUnavailable,
}

// failure is the body of every error.
type failure struct {
	Error failureDetail `json:"error"`
}

type failureDetail struct {
	Code      string            `json:"code" doc:"The kind of error, for programs." example:"not_found"`
	Message   string            `json:"message" doc:"What happened and what to do next, for people." example:"This key does not exist."`
	Status    int               `json:"status" doc:"The HTTP status code." example:"404"`
	RequestID string            `json:"request_id" doc:"The request's id, also in X-Request-Id. Include it when you report a problem." example:"0f8fad5bd9cb469fa16570867728950e"`
	Fields    map[string]string `json:"fields,omitempty" doc:"Only with validation_failed: each invalid field and its problem." example:"{\"label\":\"must have 1 to 100 characters\"}"`
}

// The messages of requests that could not reach the storage.
const (
	awayCharge = "The service cannot reach its storage right now. Repeat the request shortly with the same idempotency key: a charge that was already recorded is not recorded again."
	awayChange = "The service cannot reach its storage right now, so the change may not have been made. Check before you repeat it."
	awaySignIn = "The service cannot reach its storage right now, so nobody can sign in. Your key or password may be correct: try again shortly."
)

// explained adapts a failure to the request: if the storage is unreachable, the
// message says what that means for a charge, a change or a sign-in.
func (r *route) explained(f *fault.Error) *fault.Error {
	if !errors.Is(f, errAway) {
		return f
	}
	c := *f
	switch {
	case r.method == fiber.MethodGet || r.method == "" || r.isCall:
	case r.path == "/api/auth/validate" || strings.HasPrefix(r.path, "/admin/login"):
		c.Message = awaySignIn
	case r.path == "/api/usage" || strings.HasPrefix(r.path, "/api/keys/verify") || strings.HasPrefix(r.path, "/api/holds"):
		c.Message = awayCharge
	default:
		c.Message = awayChange
	}
	return &c
}

// errAway is the target of errors.Is for an unreachable storage.
var errAway = fault.Away(nil)

// wholeSeconds rounds up; a Retry-After is at least 1.
func wholeSeconds(d time.Duration) int64 {
	return max(int64((d+time.Second-1)/time.Second), 1)
}

var (
	errNoRoute  = fault.New(fault.NotFound, "This path does not exist. /docs lists the paths of this API.")
	errMethod   = fault.New(fault.MethodNotAllowed, "This path does not support this method. The header Allow lists the methods that it supports.")
	errBigForm  = fault.New(fault.PayloadTooLarge, "The form is larger than 64 KiB, so nothing was changed. Go back and send less.")
	errBigList  = fault.New(fault.PayloadTooLarge, "The body is not smaller than 8 MiB. Remove the models that you do not need from the list.")
	errBigLogo  = fault.New(fault.PayloadTooLarge, "The file is larger than 256 KiB, so nothing was changed. Go back and choose a smaller one.")
	errBigPaste = fault.New(fault.PayloadTooLarge, "The price list is larger than 3 MB, so nothing was changed. Remove the models that you do not need from it, or use codexible price import.")
	errTooBig   = fault.New(fault.PayloadTooLarge, "The body is larger than 1 MiB. Send a smaller one.")
	errHeaders  = fault.New(fault.BadRequest, "The request headers are larger than 16 KiB. Send fewer or shorter headers.")
	errTimeout  = fault.New(fault.BadRequest, "The request did not arrive in time. Send it again.")
	errBroken   = fault.New(fault.BadRequest, "The request is not valid HTTP. Correct it and send it again.")
)

// unmatched answers requests without a route: an unknown path, an unsupported
// method, and what Fiber could not parse.
func (a *api) unmatched(c *fiber.Ctx, err error) error {
	x := a.begin(c, a.unroutedAt(c.Path()))
	var refused *fiber.Error
	if !errors.As(err, &refused) {
		x.answer(err)
		return nil
	}
	f := errBroken
	switch refused.Code {
	case fiber.StatusNotFound:
		f = errNoRoute
	case fiber.StatusMethodNotAllowed:
		f = errMethod
	case fiber.StatusRequestEntityTooLarge:
		f = errTooBig
	case fiber.StatusRequestHeaderFieldsTooLarge:
		f = errHeaders
	case fiber.StatusRequestTimeout:
		f = errTimeout
	}
	if strings.HasPrefix(c.Path(), "/api/") || x.route.isCall {
		x.peekAddress()
	}
	x.answer(f)
	return nil
}
