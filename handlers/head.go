package handlers

import (
	"bytes"

	"codexible/fault"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Request smuggling: two programs that parse the same bytes differently let a client
// hide a request from a proxy's rules, or in another client's response. fasthttp
// accepts some heads that proxies read differently: an ambiguous head is refused
// before it is routed, and the connection is closed. Routes match the raw path of
// the request line, neither decoded nor with dots resolved: what a proxy saw.

var (
	errTarget      = fault.New(fault.BadRequest, "The request target must be a path that starts with exactly one slash, as in GET /health.")
	errVersion     = fault.New(fault.BadRequest, "This service supports HTTP/1.1 and HTTP/1.0. Send the request in one of these versions.")
	errNoHost      = fault.New(fault.BadRequest, "The header Host is missing. Send it with the name of this service.")
	errHost        = fault.New(fault.BadRequest, "The header Host must name one host. Send it once, as name or name:port.")
	errFraming     = fault.New(fault.BadRequest, "The body's length must be given exactly once: by Content-Length, or by Transfer-Encoding: chunked with HTTP/1.1.")
	errHeaderLines = fault.New(fault.BadRequest, "The request headers are not valid HTTP: each must be a name, a colon and a value on one line that ends with CR LF.")
)

// strict passes unambiguous requests to next, and refuses the rest. A method that
// Fiber does not know is routed like one that no route has, so that its response
// has the contract's shape, too.
func (a *api) strict(app *fiber.App, next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		restoreLength(&ctx.Request.Header)
		if f := headFault(&ctx.Request.Header); f != nil {
			a.refuseHead(app, ctx, f)
			return
		}
		switch string(ctx.Method()) {
		case fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodDelete,
			fiber.MethodConnect, fiber.MethodOptions, fiber.MethodTrace, fiber.MethodPatch:
		default:
			ctx.Request.Header.SetMethod(fiber.MethodTrace)
		}
		next(ctx)
	}
}

// refuseHead answers a request that is not routed. Its body is not read: its
// length may be ambiguous.
func (a *api) refuseHead(app *fiber.App, ctx *fasthttp.RequestCtx, f *fault.Error) {
	c := app.AcquireCtx(ctx)
	defer app.ReleaseCtx(c)
	x := a.begin(c, a.unroutedAt(c.Path()))
	x.bodyEnded = true
	ctx.SetConnectionClose()
	x.answer(f)
}

// headFault is the error in a head; nil for a valid one.
func headFault(h *fasthttp.RequestHeader) *fault.Error {
	if !isPlainTarget(h.RequestURI()) {
		return errTarget
	}
	old := false
	switch string(h.Protocol()) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		old = true
	default:
		return errVersion
	}
	return headersFault(h.RawHeaders(), old)
}

// isPlainTarget reports whether a target is a path of this service: one slash,
// then not another. fasthttp reads what follows two slashes as a host. A backslash
// and a fragment are invalid in a target, but some programs accept them.
func isPlainTarget(target []byte) bool {
	return len(target) > 0 && target[0] == '/' && (len(target) == 1 || target[1] != '/') &&
		bytes.IndexByte(target, '\\') < 0 && bytes.IndexByte(target, '#') < 0
}

// headersFault checks the raw header lines. Control characters other
// than line breaks have been refused by fasthttp.
func headersFault(raw []byte, old bool) *fault.Error {
	hosts, lengths, encodings := 0, 0, 0
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return errHeaderLines
		}
		line := raw[:end-1]
		if raw = raw[end+1:]; len(line) == 0 {
			break
		}
		colon := bytes.IndexByte(line, ':')
		// A blank in front folds the line into the one before it; one in the name hides the name.
		if colon < 1 || bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line[:colon], ' ') >= 0 || bytes.IndexByte(line[:colon], '\t') >= 0 {
			return errHeaderLines
		}
		switch name, value := line[:colon], line[colon+1:]; {
		case isNamed(name, fiber.HeaderHost):
			if hosts++; hosts > 1 || !isHost(bytes.Trim(value, " \t")) {
				return errHost
			}
		case isNamed(name, fiber.HeaderContentLength):
			lengths++
		case isNamed(name, fiber.HeaderTransferEncoding):
			if encodings++; old || !bytes.EqualFold(bytes.Trim(value, " \t"), chunked) {
				return errFraming
			}
		}
	}
	switch {
	case hosts == 0 && !old:
		return errNoHost
	case lengths+encodings > 1:
		return errFraming
	}
	return nil
}

var chunked = []byte("chunked")

// isNamed compares a header's name without case. Most names differ in length.
func isNamed(name []byte, as string) bool {
	return len(name) == len(as) && bytes.EqualFold(name, []byte(as))
}

// isHost reports whether a text can be a host with or without a port.
func isHost(text []byte) bool {
	for _, c := range text {
		if !isTokenByte(c) && c != ':' && c != '[' && c != ']' {
			return false
		}
	}
	return len(text) > 0
}
