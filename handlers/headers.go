package handlers

import (
	"fmt"
	"mime"
	"strconv"
	"strings"
	"time"

	"codexible/gateway"
	"codexible/handlers/console"
	"codexible/static"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
)

// This file alone writes headers and cookies of answers; a test finds
// writes elsewhere. A value that could end its header, or hold a second one, is
// not written: the request answers 500 and the cause is logged, because the input
// should have been refused where it was read.

// The policy forbids inline scripts and styles: the pages have none.
const consoleCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// fixedHeader is a header whose value is a constant. It is checked once, when
// the program starts.
type fixedHeader struct{ name, value []byte }

func fixed(name, value string) fixedHeader {
	if !isToken(name) || !isHeaderValue(value) {
		panic(fmt.Sprintf("%q: %q is no header", name, value))
	}
	return fixedHeader{[]byte(name), []byte(value)}
}

// headerName is the name of a header whose value the program computes.
type headerName []byte

var (
	headerRequestID = headerName("X-Request-Id")
	// headerCallID is the name that Anthropic's clients read.
	headerCallID    = headerName("Request-Id")
	headerLimit     = headerName("X-RateLimit-Limit")
	headerRemaining = headerName("X-RateLimit-Remaining")
	headerReset     = headerName("X-RateLimit-Reset")
	// OpenAI's names, beside ours on /v1.
	headerLimitRequests     = headerName("X-RateLimit-Limit-Requests")
	headerRemainingRequests = headerName("X-RateLimit-Remaining-Requests")
	headerResetRequests     = headerName("X-RateLimit-Reset-Requests")
	headerRetryAfter        = headerName(fiber.HeaderRetryAfter)
	headerAllowOrigin       = headerName(fiber.HeaderAccessControlAllowOrigin)
	// headerRefresh has a browser load a page again, or another.
	headerRefresh     = headerName("Refresh")
	headerContentType = headerName(fiber.HeaderContentType)
	headerDisposition = headerName(fiber.HeaderContentDisposition)
	headerLocation    = headerName(fiber.HeaderLocation)
	headerETag        = headerName(fiber.HeaderETag)
)

// The headers with a constant value, by purpose.
var (
	noSniff     = fixed("X-Content-Type-Options", "nosniff")
	noReferrer  = fixed(fiber.HeaderReferrerPolicy, "no-referrer")
	ownReferrer = fixed(fiber.HeaderReferrerPolicy, "same-origin")
	noContent   = fixed(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	consoleOnly = fixed(fiber.HeaderContentSecurityPolicy, consoleCSP)
	// logoOnly lets a logo that is opened as a page load and run nothing.
	logoOnly      = fixed(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	referenceOnly = fixed(fiber.HeaderContentSecurityPolicy, referenceCSP)
	noFrames      = fixed(fiber.HeaderXFrameOptions, "DENY")
	ownOpener     = fixed("Cross-Origin-Opener-Policy", "same-origin")
	ownResource   = fixed("Cross-Origin-Resource-Policy", "same-origin")
	// anyResource lets pages of other origins show what is public.
	anyResource   = fixed("Cross-Origin-Resource-Policy", "cross-origin")
	noPermissions = fixed(fiber.HeaderPermissionsPolicy, "camera=(), geolocation=(), microphone=(), payment=()")

	noStore       = fixed(fiber.HeaderCacheControl, "no-store")
	minuteCached  = fixed(fiber.HeaderCacheControl, "public, max-age=60")
	shortlyCached = fixed(fiber.HeaderCacheControl, shortCache)
	longCached    = fixed(fiber.HeaderCacheControl, static.CacheControl)

	varyOrigin         = fixed(fiber.HeaderVary, fiber.HeaderOrigin)
	varyEncoding       = fixed(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	varyOriginEncoding = fixed(fiber.HeaderVary, fiber.HeaderOrigin+", "+fiber.HeaderAcceptEncoding)
	gzipped            = fixed(fiber.HeaderContentEncoding, "gzip")

	exposedHeaders = fixed(fiber.HeaderAccessControlExposeHeaders, "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id")
	allowedHeaders = fixed(fiber.HeaderAccessControlAllowHeaders, "Authorization, Content-Type, Idempotency-Key, X-Request-Id")
	allowedMethods = fixed(fiber.HeaderAccessControlAllowMethods, "GET, POST, PATCH, DELETE, OPTIONS")
	// On /v1 a header of the vendors' SDKs in browsers may have any name: * stands for all but Authorization.
	exposedCallHeaders = fixed(fiber.HeaderAccessControlExposeHeaders, "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id, Request-Id, X-Should-Retry, "+
		"X-RateLimit-Limit-Requests, X-RateLimit-Remaining-Requests, X-RateLimit-Reset-Requests, X-Codexible-Credits-Remaining, X-Upstream-Request-Id, *")
	allowedCallHeaders = fixed(fiber.HeaderAccessControlAllowHeaders, "Authorization, X-Api-Key, Content-Type, Anthropic-Version, Anthropic-Beta, Anthropic-Dangerous-Direct-Browser-Access, OpenAI-Beta, X-Request-Id, *")
	allowedCallMethods = fixed(fiber.HeaderAccessControlAllowMethods, "GET, POST, OPTIONS")

	preflightAge = fixed(fiber.HeaderAccessControlMaxAge, "600")

	// strictTransport makes browsers use only TLS for a year.
	strictTransport = fixed(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	askForKey       = fixed(fiber.HeaderWWWAuthenticate, `Bearer realm="codexible"`)

	// noRetry keeps the official SDKs from waiting for a quota to reset.
	noRetry = fixed("X-Should-Retry", "false")

	// unbuffered keeps proxies from collecting a stream.
	unbuffered = fixed("X-Accel-Buffering", "no")
	onlyPost   = fixed(fiber.HeaderAllow, fiber.MethodPost)

	typeJSON = fixed(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	typeHTML = fixed(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
)

// write sets a header to its one value.
func (x *exchange) write(h fixedHeader) {
	x.Context().Response.Header.SetCanonical(h.name, h.value)
}

// number sets a header to a whole number.
func (x *exchange) number(name headerName, n int64) {
	x.Context().Response.Header.SetCanonical(name, strconv.AppendInt(x.digits[:0], n, 10))
}

// retryAfter sets Retry-After in whole seconds, 1 at least.
func (x *exchange) retryAfter(wait time.Duration) { x.number(headerRetryAfter, wholeSeconds(wait)) }

// echoID writes the request's id, which sanitizeID made or found printable.
func (x *exchange) echoID() {
	x.Context().Response.Header.SetCanonical(headerRequestID, utils.UnsafeBytes(x.requestID)) // it is copied
	if x.route.isCall {
		x.Context().Response.Header.SetCanonical(headerCallID, utils.UnsafeBytes(x.requestID))
	}
}

// text sets a header to a value that is computed, if it is one.
func (x *exchange) text(name headerName, value string) {
	if !isHeaderValue(value) {
		x.withhold("the header " + string(name) + " was to hold a control character")
		return
	}
	x.Context().Response.Header.SetBytesK(name, value)
}

// writeAnswer writes an answer of the gateway, but for its stream. Headers come from
// upstreams, too: one that is none is left out.
func (x *exchange) writeAnswer(answer *gateway.Answer) {
	response := &x.Context().Response
	response.SetStatusCode(answer.Status)
	for _, f := range answer.Header {
		if isToken(f.Name) && isHeaderValue(f.Value) {
			response.Header.Set(f.Name, f.Value)
		}
	}
	response.SetBodyRaw(answer.Body)
}

// contentType says what the body is.
func (x *exchange) contentType(media string) { x.text(headerContentType, media) }

// location sets the target of a redirect: a path of this service.
func (x *exchange) location(path string) {
	if !console.IsOwnPath(path) {
		x.withhold("the header Location was to hold what is no path of this service")
		return
	}
	x.text(headerLocation, path)
}

// attachment makes a browser save the body as a file of this name.
func (x *exchange) attachment(filename string) {
	value := mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	if value == "" || !isHeaderValue(filename) {
		x.withhold("the header Content-Disposition was to hold a name that no file can have")
		return
	}
	x.text(headerDisposition, value)
}

// setCookie sets a cookie with this life; a session cookie where life is 0. An empty
// value deletes it.
func (x *exchange) setCookie(name, value string, life time.Duration) {
	cookie := fiber.Cookie{Name: x.cookieName(name), Value: value, Path: "/", HTTPOnly: true, Secure: x.secure(), SameSite: fiber.CookieSameSiteLaxMode}
	if !isToken(cookie.Name) || !isCookieValue(value) {
		x.withhold("a cookie was to hold a character that cookies cannot have")
		return
	}
	switch {
	case value == "":
		cookie.Expires = time.Unix(0, 0)
	case life > 0:
		cookie.MaxAge = int(life.Seconds())
	}
	x.Cookie(&cookie)
}

// allowOrigin lets pages of an allowed origin read the response, whatever its
// status. An origin that is no valid header value is ignored.
func (x *exchange) allowOrigin() {
	x.write(varyOrigin)
	origin := x.Context().Request.Header.PeekBytes(varyOrigin.value)
	if len(origin) == 0 || (!x.api.origins[string(origin)] && !x.api.origins["*"]) || !isVisible(string(origin)) {
		return
	}
	x.text(headerAllowOrigin, string(origin))
	if x.route.isCall {
		x.write(exposedCallHeaders)
		return
	}
	x.write(exposedHeaders)
}

// common writes the headers of every response.
func (x *exchange) common() {
	x.echoID()
	x.write(noSniff)
	x.write(noReferrer)
	x.write(noContent)
	x.write(noStore)
	x.allowOrigin()
	// Behind a proxy the proxy speaks TLS, which only pages of the console take into account.
	if x.Context().IsTLS() {
		x.write(strictTransport)
	}
}

// forPage writes the headers that a page of the console has instead of the common ones.
func (x *exchange) forPage() {
	x.write(consoleOnly)
	x.write(noFrames)
	// With no-referrer a browser would send forms with the origin "null".
	x.write(ownReferrer)
	x.write(ownOpener)
	x.write(ownResource)
	x.write(noPermissions)
	if x.secure() {
		x.write(strictTransport)
	}
}

// withhold omits a header and makes the request answer 500. The value is not
// in the cause: it may be a secret.
func (x *exchange) withhold(cause string) {
	if x.withheld == nil {
		x.withheld = fmt.Errorf("%s; it was not written", cause) //nolint:err113 // a bug of ours, only logged
	}
}

// withdraw removes the headers that describe the discarded response.
func (x *exchange) withdraw() {
	header := &x.Context().Response.Header
	for _, name := range []string{fiber.HeaderLocation, fiber.HeaderContentDisposition, fiber.HeaderContentEncoding, fiber.HeaderSetCookie} {
		header.Del(name)
	}
	header.DelAllCookies()
	x.write(noStore)
}

// isHeaderValue reports whether a text is a valid header value: no control
// character, line breaks above all.
func isHeaderValue(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] == del {
			return false
		}
	}
	return true
}

// del is the control character DEL.
const del = 0x7f

// isVisible reports whether a text is ASCII without blanks and control characters.
func isVisible(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= del {
			return false
		}
	}
	return true
}

// isToken reports whether a text can name a header or a cookie.
func isToken(text string) bool {
	for i := range len(text) {
		if !isTokenByte(text[i]) {
			return false
		}
	}
	return text != ""
}

func isTokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}

// isCookieValue reports whether a text can be a cookie's value: visible ASCII but
// what ends a value or quotes it.
func isCookieValue(text string) bool {
	return isVisible(text) && !strings.ContainsAny(text, `;,"\`)
}
