package handlers

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"

	"codexible/fault"
	"codexible/limits"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/trace"
)

const (
	// drainBytes is how much of a refused body is read, so that the answer reaches a
	// client that is still sending.
	drainBytes = 8 << 20
	// strangersBodyTime is how long the body of a stranger may take to arrive.
	strangersBodyTime = 5 * time.Second
	// strangersDrainTime is how long a refused body of a stranger is drained.
	strangersDrainTime = 3 * time.Second
	// firstPiece is how much is reserved for a body before its first byte.
	firstPiece = 4 << 10
	// slowBody is how long a body may take to arrive without restarting the request's deadline.
	slowBody = 50 * time.Millisecond
	// maxDepth is how deep objects and arrays may nest: the parsers recurse.
	maxDepth = 64
)

var (
	errNoBody    = fault.New(fault.BadRequest, "This request needs a body: a JSON object.")
	errNotJSON   = fault.New(fault.BadRequest, "The body is not valid JSON in UTF-8. Send one JSON object.")
	errNotObject = fault.New(fault.BadRequest, "The body must be a JSON object.")
	errCutBody   = fault.New(fault.BadRequest, "The body is incomplete. Send the request again.")
	errMediaType = fault.New(fault.UnsupportedMediaType, "Send the body as JSON, with the header Content-Type: application/json.")
)

// headerLength holds the length of a body between deferBody and restoreLength. No
// client can send a header of that name.
var headerLength = []byte("\x00length")

// deferBody makes fasthttp call the handler as soon as the head of a request has
// arrived. Otherwise it waits for the first 8 KiB of a body of known length.
func deferBody(head *fasthttp.RequestHeader) (unchanged fasthttp.RequestConfig) {
	if length := head.ContentLength(); length > 0 {
		var digits [20]byte
		head.SetContentLength(-1)
		head.SetCanonical(headerLength, strconv.AppendInt(digits[:0], int64(length), 10))
	}
	return unchanged
}

// restoreLength undoes deferBody.
func restoreLength(head *fasthttp.RequestHeader) {
	given := head.PeekBytes(headerLength)
	if given == nil {
		return
	}
	length, _ := strconv.Atoi(string(given)) // deferBody wrote it
	head.DelBytes(headerLength)
	head.SetContentLength(length)
}

// body reads the request's body into a buffer of its own; tooBig refuses a larger
// one. The buffer is reserved as the bytes arrive, and released by releaseBody.
func (x *exchange) body(most int, tooBig error) (string, error) {
	length, stream := x.Request().Header.ContentLength(), x.Context().RequestBodyStream()
	switch {
	case length > most:
		return "", tooBig
	case stream == nil && len(x.Request().Body()) > most: // a request made in this process holds its body
		return "", tooBig
	case stream == nil || length == 0:
		x.bodyEnded = true
		return string(x.Request().Body()), nil
	}
	r := reservation{budget: x.budget(), by: x.holder()}
	if !r.budget.begin(r.by) {
		return "", errBodies
	}
	x.received = r
	began := time.Now()
	if !x.known() {
		if err := x.Context().Conn().SetReadDeadline(began.Add(strangersBodyTime)); err != nil {
			return "", errCutBody.Because(err)
		}
	}
	text, err := x.receive(stream, length, most, tooBig)
	if waited := time.Since(began); waited > slowBody {
		x.restart(waited)
	}
	if err != nil || len(text) == 0 {
		return "", err
	}
	return unsafe.String(&text[0], len(text)), nil //nolint:gosec // nothing writes to the bytes any more
}

// receive reads a body of this length; in chunks where it is negative.
func (x *exchange) receive(stream io.Reader, length, most int, tooBig error) ([]byte, error) {
	end := most + 1 // one byte more shows that a body in chunks is too large
	if length > 0 {
		end = length
	}
	var text []byte
	for {
		if len(text) == cap(text) {
			larger := min(max(2*cap(text), firstPiece), end)
			if !x.reserve(larger) {
				return nil, errBodies
			}
			text = append(make([]byte, 0, larger), text...)
		}
		n, err := stream.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case len(text) > most:
			return nil, tooBig
		case length > 0 && len(text) == length, length < 0 && errors.Is(err, io.EOF):
			x.bodyEnded = true
			return text, nil
		case err != nil:
			return nil, errCutBody.Because(err)
		}
	}
}

// budget is the budget that the request's body counts against.
func (x *exchange) budget() *bodyBudget {
	switch {
	case !x.known():
		return x.api.bodies.strangers
	case x.route.isCall:
		return x.api.bodies.calls
	}
	return x.api.bodies.callers
}

// known reports whether the caller has a valid key or a session of the console.
func (x *exchange) known() bool { return x.user != uuid.Nil }

func (x *exchange) holder() holder {
	if x.known() {
		return holder{user: x.user}
	}
	return holder{address: limits.Address(x.address)}
}

// reserve grows the reservation of the body to so many bytes.
func (x *exchange) reserve(bytes int) bool {
	if x.known() && bytes <= smallBody {
		return true
	}
	r := &x.received
	if !r.budget.reserve(r.by, int64(bytes)-r.bytes) {
		return false
	}
	r.bytes = int64(bytes)
	return true
}

// releaseBody releases the reservation of the body.
func (x *exchange) releaseBody() {
	if r := x.received; r.budget != nil {
		r.budget.end(r.by, r.bytes)
		x.received = reservation{}
	}
}

// restart starts the request's deadline and latency when its body has arrived: a slow
// client must not use up the time for the handler.
func (x *exchange) restart(waited time.Duration) {
	x.began = x.began.Add(waited)
	if x.deadline == nil {
		return
	}
	x.deadline.release()
	x.deadline = &deadline{at: x.began.Add(x.route.deadline), life: x.api.life}
	x.ctx = trace.ContextWithSpan(x.deadline, trace.SpanFromContext(x.ctx))
}

// discardBody drains what a handler left of the body: the rest would be read as
// the next request. If it is too long, the connection is closed after the
// response.
func (x *exchange) discardBody() {
	stream, length := x.Context().RequestBodyStream(), x.Request().Header.ContentLength()
	if stream == nil || x.bodyEnded || length == 0 {
		return
	}
	x.bodyEnded = true
	if !x.drain(stream, length) {
		x.Context().SetConnectionClose()
	}
}

// drain reads the rest of a body, and reports whether it reached its end.
func (x *exchange) drain(stream io.Reader, length int) bool {
	budget, most := x.budget(), max(x.route.drain, drainBytes)
	if length > most || !budget.drain() {
		return false
	}
	defer budget.leave()
	if !x.known() {
		if err := x.Context().Conn().SetReadDeadline(time.Now().Add(strangersDrainTime)); err != nil {
			return false
		}
	}
	_, err := io.CopyN(io.Discard, stream, int64(most)+1)
	return errors.Is(err, io.EOF)
}

// BodyObject returns the body as a JSON object; given is false without a body,
// which is an error only if one is needed. A body with another Content-Type is
// refused before it is read.
func (x *exchange) BodyObject(needed bool) (object gjson.Result, given bool, err error) {
	most, tooBig := x.route.maxBody, x.route.tooBig
	if length := x.Request().Header.ContentLength(); length <= most && !isJSON(x.Request().Header.ContentType()) {
		most, tooBig = 0, errMediaType
	}
	text, err := x.body(most, tooBig)
	switch {
	case err != nil:
		return object, false, err
	case text == "" && needed:
		return object, false, errNoBody
	case text == "":
		return object, false, nil
	}
	object, err = objectOf(text)
	return object, err == nil, err
}

// objectOf parses a body.
func objectOf(text string) (object gjson.Result, err error) {
	if !utf8.ValidString(text) || tooDeep(text) || !gjson.Valid(text) {
		return object, errNotJSON
	}
	if object = gjson.Parse(text); !object.IsObject() {
		return object, errNotObject
	}
	return object, nil
}

func isJSON(contentType []byte) bool {
	mediaType, _, _ := bytes.Cut(contentType, []byte(";"))
	return strings.EqualFold(string(bytes.TrimSpace(mediaType)), fiber.MIMEApplicationJSON)
}

// tooDeep counts brackets outside of strings, before anything recurses into them.
func tooDeep(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}
