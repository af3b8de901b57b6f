package handlers

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"codexible/accounts"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/keys"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
)

// exchange is one request and its response. It is the only
// middleware: what every response needs is done here once.
type exchange struct {
	*fiber.Ctx
	api       *api
	route     *route
	method    string
	began     time.Time
	requestID string
	// callID is the id of a request on /v1, and clientRequestID the caller's own; empty for none.
	callID          uuid.UUID
	clientRequestID string
	address         netip.Addr
	// identity is the owner of the key in the request, also if it was refused; may be nil.
	identity *keys.Identity
	// judged is true once a key was checked and the request counted, valid or not.
	judged bool
	// visit is the request as the console sees it; nil elsewhere.
	visit *console.Visit
	// operator is who is signed in to the console; zero elsewhere.
	operator uuid.UUID
	// stream is a response body that is written after the handler has returned; may be nil.
	stream io.ReadCloser
	// ctx ends with the deadline of the request: Fiber's own never does.
	ctx      context.Context //nolint:containedctx // an exchange is one request and ends with it, as http.Request does
	deadline *deadline
	// span is the request's if it is sampled; nil if not.
	span trace.Span
	// user is the owner of the valid key or session; zero for a stranger.
	user uuid.UUID
	// bodyEnded is true if no rest of the body is left to drain.
	bodyEnded bool
	// withheld is why a header was not written; nil if all were.
	withheld error
	// received is the reservation of the body.
	received reservation
	// status is the response's, and cause the error behind a failure.
	status int
	cause  error
	// passed is true for an answer of the gateway that nothing of ours refused.
	passed bool
	// digits is the buffer for numbers in headers.
	digits [20]byte
	line   requestLine
}

// serve is the Fiber handler of a route.
func (a *api) serve(r *route) fiber.Handler {
	return func(c *fiber.Ctx) error {
		x := a.begin(c, r)
		x.deadline = &deadline{at: x.began.Add(r.deadline), life: a.life}
		x.ctx = x.deadline
		if a.Tracer != nil {
			x.startSpan()
		}
		x.answer(x.guarded())
		return nil
	}
}

// exchanges pools exchanges. Without it and verifyRequests a verification
// takes 5 % more CPU time over HTTP (22 % in the process).
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// release ends the exchange. It is reused on routes where nothing outlives the
// response. The deadline is never reused: what a request has started may read it
// after the request has ended.
func (x *exchange) release() {
	if x.deadline != nil {
		x.deadline.release()
	}
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

// begin reads the client and the request id, and writes the common headers.
func (a *api) begin(c *fiber.Ctx, r *route) *exchange {
	x := exchanges.Get().(*exchange)
	x.Ctx, x.api, x.route, x.method, x.began, x.ctx = c, a, r, c.Method(), time.Now(), context.Background()
	if r.isCall {
		x.takeID()
	} else {
		x.requestID = sanitizeID(c.Context().Request.Header.Peek(fiber.HeaderXRequestID))
	}
	x.address = a.clientAddress(c.Context())
	x.common()
	return x
}

const maxRequestID = 128

// sanitizeID takes the caller's request id if it is printable and holds no key
// by mistake, for it is logged; else it makes one.
func sanitizeID(given []byte) string {
	if isSaneID(given) {
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

// isSaneID reports whether a caller's request id can be logged.
func isSaneID(given []byte) bool {
	sane := len(given) > 0 && len(given) <= maxRequestID && !bytes.Contains(given, []byte("codexible_"))
	for _, c := range given {
		sane = sane && c >= ' ' && c <= '~'
	}
	return sane
}

// answer writes the failure, if any, and prepares the connection for the next
// request. A streamed response ends later than its handler.
func (x *exchange) answer(err error) {
	x.setCookies()
	if x.withheld != nil {
		err = x.withheld
		x.withdraw()
	}
	if err != nil {
		x.closeStream()
		x.fail(err)
	}
	x.discardBody()
	x.releaseBody()
	x.answered(err)
	if x.stream == nil {
		x.ended()
		return
	}
	x.Context().SetBodyStream(&streamed{ReadCloser: x.stream, exchange: x}, -1)
}

// answered is called when the status is known. It counts what failed.
func (x *exchange) answered(err error) {
	x.status = x.Context().Response.StatusCode()
	if err != nil {
		x.cause, x.passed = err, false
	}
	if x.failed() {
		x.api.Monitor.Failures.Add(monitor.Failure{Method: x.route.method, Route: x.route.path, Status: x.status, RequestID: x.requestID, At: x.api.Now()})
	}
}

// failed reports whether the service failed, and not an upstream whose answer was passed on.
func (x *exchange) failed() bool {
	return x.status >= fiber.StatusInternalServerError && !x.passed
}

// ended is called when the last byte of the body was written, or the client has
// disconnected: it measures, traces and logs the request, and releases what it held.
// Nothing of Fiber may be used: a streamed response outlives it.
func (x *exchange) ended() {
	took := time.Since(x.began)
	x.route.observe(x.status, took)
	if x.span != nil {
		x.endSpan(took)
	}
	x.log(took)
	x.release()
}

// streamed is a response body that ends its exchange when it is closed.
type streamed struct {
	io.ReadCloser

	exchange *exchange
	once     sync.Once
}

// Close ends the exchange, once.
func (s *streamed) Close() error {
	err := s.ReadCloser.Close()
	s.once.Do(s.exchange.ended)
	return err
}

func (x *exchange) closeStream() {
	if x.stream != nil {
		_ = x.stream.Close()
		x.stream = nil
	}
}

// setCookies sets the cookies of a visit to the console.
func (x *exchange) setCookies() {
	if x.visit == nil {
		return
	}
	for _, c := range x.visit.Cookies() {
		x.setCookie(c.Name, c.Value, c.Life)
	}
}

// json answers 200 with a body. With encoding/json a list takes 7 to 11 % more CPU
// time (100 charges, 30 days, all keys); encoding/json/v2 needs a GOEXPERIMENT.
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

// sendCopy answers with a copy of the body, which the caller reuses.
func (x *exchange) sendCopy(status int, body []byte) {
	x.send(status, nil)
	x.Context().Response.SetBody(body)
}

// actor is who makes a change, for the audit log.
func (x *exchange) actor() accounts.Actor {
	by := accounts.Actor{Address: x.address.String(), RequestID: x.requestID}
	if x.identity != nil {
		by.Name, by.UserID, by.KeyPrefix = x.identity.User.Email, x.identity.User.ID, x.identity.Key.Prefix
		if x.identity.BySession {
			by.SessionID = x.identity.Key.ID
		} else {
			by.KeyID = x.identity.Key.ID
		}
	}
	return by
}
