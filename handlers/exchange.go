package handlers

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/trace"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// exchange is one request on its way through the front door. It is the only
// middleware: what every answer needs is done here once, in one place.
type exchange struct {
	*fiber.Ctx
	api       *api
	route     *route
	began     time.Time
	requestID string
	address   netip.Addr
	// identity is whose key was shown, also where it was refused; nil for none.
	identity *keys.Identity
	// judged tells that a key was shown and counted, whatever it was.
	judged bool
	// operator is who is signed in to the console; zero elsewhere.
	operator uuid.UUID
	// ctx ends with the deadline of the request: Fiber's own never does.
	ctx      context.Context //nolint:containedctx // an exchange is one request and ends with it, as http.Request does
	deadline *deadline
	// span follows the request if it is sampled; nil if not.
	span *trace.Span
	// user is whose valid key or session the request has shown; zero for a stranger.
	user uuid.UUID
	// bodyEnded tells that nothing of the body is left to drain.
	bodyEnded bool
	// withheld is why a header was not written; nil where all were.
	withheld error
	// received is what the body holds of a budget.
	received reservation
	// digits is where numbers of headers are written.
	digits [20]byte
	line   requestLine
}

// serve is the Fiber handler of a route.
func (a *api) serve(r *route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		x := a.begin(c, r)
		x.deadline = &deadline{at: x.began.Add(requestDeadline), life: a.life}
		x.span = a.Tracer.Begin(c.Context().Request.Header.PeekBytes(headerTraceparent), x.began)
		x.ctx = trace.With(x.deadline, x.span)
		defer x.release()
		x.end(x.guarded())
		return nil
	}
}

// exchanges is memory for exchanges.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// release ends the exchange. Its memory serves another one on routes where
// nothing goes on after the answer. The deadline is nobody else's memory: what
// a request has begun may ask it a moment longer than the request lasts.
func (x *exchange) release() {
	x.releaseBody()
	x.deadline.release()
	if !x.route.reuses {
		return
	}
	*x = exchange{}
	exchanges.Put(x)
}

func (x *exchange) guarded() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if err := x.admit(); err != nil {
		return err
	}
	return x.settleAddress(x.route.serve(x))
}

// begin takes in who asks and writes the headers of every answer.
func (a *api) begin(c *fiber.Ctx, r *route) *exchange {
	x := exchanges.Get().(*exchange)
	x.Ctx, x.api, x.route, x.began, x.ctx = c, a, r, time.Now(), context.Background()
	x.requestID = sanitizeID(c.Context().Request.Header.Peek(fiber.HeaderXRequestID))
	x.address = a.clientAddress(c.Context())
	x.common()
	return x
}

var headerTraceparent = []byte("Traceparent")

const maxRequestID = 128

// sanitizeID takes the caller's request id if it is printable and holds no key
// by mistake, for it is logged; else it makes one.
func sanitizeID(given []byte) string {
	sane := len(given) > 0 && len(given) <= maxRequestID && !bytes.Contains(given, []byte("codexible_"))
	for _, c := range given {
		sane = sane && c >= ' ' && c <= '~'
	}
	if sane {
		return string(given)
	}
	// An id has to be unique, not secret: the runtime's generator is enough.
	var random [16]byte
	binary.LittleEndian.PutUint64(random[:8], rand.Uint64()) //nolint:gosec // as above
	binary.LittleEndian.PutUint64(random[8:], rand.Uint64()) //nolint:gosec // as above
	var text [32]byte
	hex.Encode(text[:], random[:])
	return string(text[:])
}

// end answers a failure where there was one, makes the connection fit for the
// next request, and tells the log and the metrics.
func (x *exchange) end(err error) {
	if x.withheld != nil {
		err = x.withheld
		x.withdraw()
	}
	if err != nil {
		f := fault.As(err)
		x.api.Console.refusedFault(f)
		x.refuse(x.route.explained(f))
	}
	x.discardBody()
	took := time.Since(x.began)
	status := x.Context().Response.StatusCode()
	x.route.observe(status, took)
	if status >= fiber.StatusInternalServerError {
		x.api.Console.failed.add(x, status)
	}
	if x.span != nil {
		x.follow(status, took)
	}
	x.log(status, took, err)
}

// follow ends the request's span, with the names that OpenTelemetry gives to what HTTP knows.
func (x *exchange) follow(status int, took time.Duration) {
	x.span.End(x.Method()+" "+x.route.path, x.began.Add(took), status >= fiber.StatusInternalServerError,
		trace.Attribute{Key: "http.request.method", Value: x.Method()}, trace.Attribute{Key: "http.route", Value: x.route.path},
		trace.Attribute{Key: "http.response.status_code", Value: int64(status)}, trace.Attribute{Key: "codexible.request_id", Value: x.requestID})
}

// json answers 200 with a body.
func (x *exchange) json(body any) error {
	encoded, err := gojson.Marshal(body)
	if err != nil {
		return err
	}
	x.send(fiber.StatusOK, encoded)
	return nil
}

func (x *exchange) send(status int, body []byte) {
	response := &x.Context().Response
	response.SetStatusCode(status)
	x.write(typeJSON)
	response.SetBodyRaw(body)
}

// sendCopy answers with a body that the caller will use again.
func (x *exchange) sendCopy(status int, body []byte) {
	x.send(status, nil)
	x.Context().Response.SetBody(body)
}

// actor is who makes a change, for the audit log.
func (x *exchange) actor() accounts.Actor {
	by := accounts.Actor{Address: x.address.String(), RequestID: x.requestID}
	if x.identity != nil {
		by.Name, by.UserID, by.KeyID, by.KeyPrefix = x.identity.User.Email, x.identity.User.ID, x.identity.Key.ID, x.identity.Key.Prefix
	}
	return by
}
