package handlers

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"codexible/fault"
	"codexible/gateway"
	"codexible/limits"

	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// largestCall is the most that the body of a call may have, before and after decompression.
	largestCall = 32 << 20
	// callDrainBytes is how much of a refused body of a call is read: clients that only see
	// their connection break call again.
	callDrainBytes = 64 << 20
	// defaultBodyBudget is Parts.BodyBudget where that is zero.
	defaultBodyBudget = 256 << 20
	// slowestUpload is in bytes a second, slowUpload how long an upload may be slower where Parts does not say.
	slowestUpload = 16 << 10
	slowUpload    = 15 * time.Second
	// zstdWindow is the largest window of zstd, the least that RFC 8878 recommends to support.
	zstdWindow = 8 << 20
	// zstdMemory is what a decoder needs beside its window; one of gzip has less in all than a connection.
	zstdMemory = 2 << 20
	// decodersAtOnce is how many bodies of a user are decompressed by zstd at once: beside the
	// bodies, their windows count in the budget, and not in the user's share of it.
	decodersAtOnce = 2
)

var (
	errEncodings = fault.New(fault.BadRequest, "The body has a content encoding that this service does not read. Send it as it is, or with one header Content-Encoding: gzip or zstd.")
	errEncoded   = fault.New(fault.BadRequest, "The body is not what its header Content-Encoding says. Send it as it is, or compress it again.")
	errWindow    = fault.New(fault.BadRequest, "The body is compressed by zstd with a window of more than 8 MiB. Compress it with a smaller window, or send it as it is.")
	errSlowBody  = &gateway.Refusal{Reason: gateway.ReasonSlowBody, Message: "The body arrived more slowly than 16 KiB/s for 15 s. Send the request again over a faster connection."}
)

// tooLargeCall refuses a larger body than most. Its wording is Anthropic's with 32 MiB.
func tooLargeCall(most int) *fault.Error {
	return fault.Newf(fault.PayloadTooLarge, "The body is larger than %d MiB, the most that this service takes, compressed or not. Send less in one request.", most>>20)
}

// upload reads the body of a call, without its content encoding. The memory is reserved as
// the bytes arrive, until the returned function is called; it may be called again.
func (x *exchange) upload() (body []byte, release func(), err error) {
	encoding, err := x.encoding()
	if err != nil {
		return nil, nil, err
	}
	length, stream := x.Request().Header.ContentLength(), x.Context().RequestBodyStream()
	switch {
	case length > x.route.maxBody:
		return nil, nil, x.route.tooBig
	case stream == nil:
		stream = bytes.NewReader(x.Request().Body())
	}
	r := reservation{budget: x.budget(), by: x.holder()}
	if !r.budget.begin(r.by) {
		return nil, nil, errBodies
	}
	x.received = r
	began := time.Now()
	from := x.arrival(stream, length)
	if encoding == "" {
		body, err = x.collect(from, length)
	} else {
		body, err = x.inflate(from, encoding)
	}
	if waited := time.Since(began); waited > slowBody {
		x.restart(waited)
	}
	if x.bodyEnded = from.ended; err == nil && !from.ended {
		err = errEncoded // bytes follow the end of what was compressed
	}
	if err != nil {
		return nil, nil, from.because(err)
	}
	kept := x.received
	x.received = reservation{}
	return body, sync.OnceFunc(func() { kept.budget.end(kept.by, kept.bytes) }), nil
}

// encoding is the content encoding of the request: gzip, zstd, or empty for none.
func (x *exchange) encoding() (string, error) {
	given := x.Request().Header.PeekAll(fiber.HeaderContentEncoding)
	if len(given) > 1 {
		return "", errEncodings
	}
	if len(given) == 0 {
		return "", nil
	}
	switch name := strings.ToLower(strings.TrimSpace(string(given[0]))); name {
	case "", "identity":
		return "", nil
	case "gzip", "x-gzip":
		return "gzip", nil
	case "zstd":
		return name, nil
	}
	return "", errEncodings
}

// collect reads a body to its end; length is its size where it is known.
func (x *exchange) collect(from io.Reader, length int) (body []byte, err error) {
	most := x.route.maxBody
	if length > 0 {
		most = length
	}
	var more [1]byte
	for {
		if len(body) == cap(body) && len(body) < most {
			larger := min(max(2*cap(body), firstPiece), most)
			if !x.reserve(larger) {
				return nil, errBodies
			}
			body = append(make([]byte, 0, larger), body...)
		}
		room := body[len(body):cap(body)]
		if len(room) == 0 {
			room = more[:] // it shows whether the body has ended
		}
		n, err := from.Read(room)
		switch {
		case n > 0 && len(body) == most:
			return nil, x.route.tooBig
		case n > 0:
			body = body[:len(body)+n]
		}
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// inflate reads a compressed body to its end. The decoder's memory is reserved meanwhile.
func (x *exchange) inflate(from *arrival, encoding string) ([]byte, error) {
	if encoding == "gzip" {
		decoder, err := gzip.NewReader(from)
		if err != nil {
			return nil, errEncoded.Because(err)
		}
		return x.decode(decoder)
	}
	leave, err := x.api.decoders.Enter(x.ctx, limits.User(x.user))
	if err != nil {
		return nil, errBodies.Because(err)
	}
	defer leave()
	buffered := bufio.NewReader(from)
	window, err := firstWindow(buffered)
	if err != nil {
		return nil, err
	}
	memory := int64(window) + zstdMemory
	if !x.received.budget.reserve(holder{}, memory) {
		return nil, errBodies
	}
	defer x.received.budget.reserve(holder{}, -memory)
	// Frames behind the first cannot have a larger window.
	decoder, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, errEncoded.Because(err)
	}
	defer decoder.Close()
	return x.decode(decoder)
}

// firstWindow is the window of a body's first zstd frame.
func firstWindow(from *bufio.Reader) (uint64, error) {
	head, _ := from.Peek(zstd.HeaderMaxSize) // a shorter one may be whole
	var h zstd.Header
	if err := h.Decode(head); err != nil || h.Skippable {
		return 0, errEncoded.Because(err)
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	if window > zstdWindow {
		return 0, errWindow
	}
	return max(window, zstd.MinWindowSize), nil
}

// decode collects what a decoder makes of a body.
func (x *exchange) decode(decoder io.Reader) ([]byte, error) {
	body, err := x.collect(decoder, -1)
	if _, known := errors.AsType[*fault.Error](err); err != nil && !known {
		err = errEncoded.Because(err)
	}
	return body, err
}

// arrival is the body of a request as it arrives. It ends one that is too slow or too large.
type arrival struct {
	io.Reader

	conn net.Conn
	// patience is how long enough bytes may take, due is when they have to be there, and got
	// what has come of them.
	patience    time.Duration
	due         time.Time
	enough, got int
	// left is how many bytes may still come; tooBig refuses more. missing is how many have to
	// come, where that is known.
	left, missing int
	tooBig        *fault.Error
	// ended is whether the end was read, and failed why it was not.
	ended  bool
	failed error
}

// arrival reads a body of this length; in chunks where it is negative.
func (x *exchange) arrival(stream io.Reader, length int) *arrival {
	conn := x.Context().Conn()
	if slow, is := conn.(interface{ TakesTime() }); is {
		slow.TakesTime()
	}
	patience := x.api.SlowUpload
	return &arrival{Reader: stream, conn: conn, patience: patience, enough: int(slowestUpload * patience.Seconds()), left: x.route.maxBody, missing: max(length, 0), tooBig: x.route.tooBig}
}

// Read implements io.Reader.
func (a *arrival) Read(b []byte) (int, error) {
	if a.ended {
		return 0, io.EOF
	}
	if a.due.IsZero() || a.got >= a.enough {
		a.due, a.got = time.Now().Add(a.patience), 0
		if err := a.conn.SetReadDeadline(a.due); err != nil {
			a.failed = errCutBody.Because(err)
			return 0, a.failed
		}
	}
	n, err := a.Reader.Read(b)
	a.got += n
	a.missing -= n
	if a.left -= n; a.left < 0 {
		a.failed = a.tooBig
		return 0, a.failed
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && a.missing <= 0: // the end of the connection is no other error
		a.ended = true
		return n, io.EOF
	case errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(a.due):
		a.failed = errSlowBody
	default:
		a.failed = errCutBody.Because(err)
	}
	return n, a.failed
}

// because is why the body could not be read: what happened as it arrived, or what was found in it.
func (a *arrival) because(err error) error {
	if a.failed != nil {
		return a.failed
	}
	return err
}
