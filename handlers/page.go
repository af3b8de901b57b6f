package handlers

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/url"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/views"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// visit is a request to the console, read completely, with nothing of Fiber.
type visit struct {
	// operator is who is signed in; zero where nobody is.
	operator store.Operator
	// token is the session's, or of a browser without a session, its own.
	token     accounts.Token
	query     url.Values
	form      url.Values
	path      string
	here      string
	id        string
	by        accounts.Actor
	userAgent string
	browser   accounts.Token
	theme     views.Theme
	address   string
	post      bool
	// throttled is why a session's cookie was not looked up; the visit then has no session.
	throttled error

	x *exchange
}

// reply is the answer to a visit: a page, a redirect or a file.
type reply struct {
	status   int
	page     templ.Component
	redirect string
	// plain turns compression off, because the page has a secret and user input.
	plain    bool
	filename string
	stream   func(ctx context.Context, w io.Writer) error
	// failure is the audit entry for a stream that fails on our side.
	failure accounts.AuditEntry
}

func show(page templ.Component) (reply, error) { return reply{status: fiber.StatusOK, page: page}, nil }

func showAgain(page templ.Component) (reply, error) {
	return reply{status: fiber.StatusUnprocessableEntity, page: page}, nil
}

func leadTo(path string, pairs ...string) (reply, error) {
	return reply{redirect: views.WithQuery(path, pairs...)}, nil
}

// pageHandler answers a visit. A fault becomes an error page.
type pageHandler func(ctx context.Context, v *visit) (reply, error)

var (
	errForm = fault.New(fault.Forbidden, "This form does not belong to your current session, so nothing was changed. Go back, reload the page and send the form again.")
	errPost = fault.New(fault.UnsupportedMediaType, "Send forms as application/x-www-form-urlencoded.")
	errPage = fault.New(fault.NotFound, "This page does not exist. Check the address. What it shows may have been deleted.")
)

// page adapts a handler that needs a signed-in operator. For anybody else a page
// redirects to the sign-in, and a form is refused.
func (c *Console) page(serve pageHandler) operation {
	return c.adapt(func(ctx context.Context, v *visit) (reply, error) {
		if v.throttled != nil {
			return reply{}, v.throttled
		}
		if !v.signedIn() {
			return leadTo("/admin/login", "next", v.here)
		}
		return serve(ctx, v)
	}, func(_ context.Context, v *visit) error {
		switch {
		case v.throttled != nil:
			return v.throttled
		case !v.signedIn():
			return errForm
		}
		return nil
	})
}

// door adapts a handler that needs no session.
func (c *Console) door(serve pageHandler) operation {
	return c.adapt(serve, func(context.Context, *visit) error { return nil })
}

// trial adapts a handler that needs no session and whose form is an attempt to
// sign in: an address over its limit is refused before the form is read.
func (c *Console) trial(serve pageHandler) operation { return c.adapt(serve, c.peekTries) }

// signedIn is true for an operator who has completed the sign-in.
func (v *visit) signedIn() bool {
	return v.operator.Session.ID != uuid.Nil && !v.operator.Session.CodePending
}

// adapt makes an operation of a handler. A form is read only if mayPost allows it.
func (c *Console) adapt(serve pageHandler, mayPost func(context.Context, *visit) error) operation {
	return asset(func(x *exchange) error {
		x.forPage()
		v, err := c.visit(x, mayPost)
		var r reply
		if err == nil {
			r, err = serve(x.ctx, v)
		}
		if err != nil {
			c.fail(x, v, err)
			return nil
		}
		return c.answer(x, v, r)
	})
}

// The policy forbids inline scripts and styles: the pages have none.
const consoleCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure is true if the browser uses TLS, directly or to a trusted proxy.
func (x *exchange) secure() bool {
	if x.Context().IsTLS() {
		return true
	}
	peer, ok := x.Context().RemoteAddr().(*net.TCPAddr)
	return ok && x.api.trusted(peer.AddrPort().Addr().Unmap()) && strings.EqualFold(x.Get(fiber.HeaderXForwardedProto), "https")
}

// Names of the cookies. With TLS they begin with __Host-, which binds them to this host and to TLS.
const (
	sessionCookie = "codexible_session"
	doorCookie    = "codexible_door"
	browserCookie = "codexible_browser"
	themeCookie   = "codexible_theme"
)

func (x *exchange) cookieName(name string) string {
	if x.secure() {
		return "__Host-" + name
	}
	return name
}

// visit reads the request, finds the operator and checks a form's token. The
// headers are checked before a form is read.
func (c *Console) visit(x *exchange, mayPost func(context.Context, *visit) error) (*visit, error) {
	v := &visit{x: x, path: x.Path(), here: x.OriginalURL(), id: x.Params("id"), userAgent: x.Get(fiber.HeaderUserAgent), address: x.address.String(), post: x.Method() == fiber.MethodPost}
	v.theme, _ = views.ParseTheme(x.Cookies(x.cookieName(themeCookie))) // an unknown theme is ignored
	v.browser = accounts.TokenFrom(x.Cookies(x.cookieName(browserCookie)))
	v.by = accounts.Actor{Address: v.address, RequestID: x.requestID}
	v.query, _ = url.ParseQuery(string(x.Context().URI().QueryString())) // an invalid query is ignored
	if v.post {
		if err := v.checkHead(); err != nil {
			return v, err
		}
	}
	if err := c.findOperator(x.ctx, v); err != nil {
		return v, err
	}
	x.operator = v.operator.Session.UserID
	if v.signedIn() {
		x.user = x.operator
	}
	if !v.post {
		return v, nil
	}
	if v.token.Reveal() == "" {
		return v, errForm // a browser with neither cookie has no valid form token
	}
	if err := mayPost(x.ctx, v); err != nil {
		return v, err
	}
	return v, v.readForm()
}

// checkHead refuses a form by its headers, before any lookup.
func (v *visit) checkHead() error {
	if mediaType, _, _ := mime.ParseMediaType(v.x.Get(fiber.HeaderContentType)); mediaType != fiber.MIMEApplicationForm {
		return errPost
	}
	// Browsers send where a form came from; without the header the token alone decides.
	if site := v.x.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errForm
	}
	return nil
}

func (c *Console) findOperator(ctx context.Context, v *visit) error {
	if text := v.x.Cookies(v.x.cookieName(sessionCookie)); text != "" {
		token := accounts.TokenFrom(text)
		var o store.Operator
		found := false
		err := c.lookUpCookie(ctx, v, token, func() (_ bool, err error) {
			o, found, err = c.store.OperatorByToken(ctx, token)
			return found, err
		})
		if throttled(err) {
			v.throttled = err
		} else if err != nil {
			return err
		}
		if found {
			v.operator, v.token = o, token
			v.by.Name, v.by.UserID = o.Email, o.Session.UserID
			return nil
		}
	}
	if text := v.x.Cookies(v.x.cookieName(doorCookie)); text != "" {
		v.token = accounts.TokenFrom(text)
		return nil
	}
	if !v.post {
		v.token = accounts.MintToken()
		v.x.setCookie(doorCookie, v.token.Reveal(), 0)
	}
	return nil
}

func (v *visit) readForm() error {
	body, err := v.x.body(maxFormBytes, errBigForm)
	if err != nil {
		return err
	}
	if v.form, err = url.ParseQuery(body); err != nil {
		return fault.New(fault.BadRequest, "The form cannot be read. Go back, reload the page and send the form again.").Because(err)
	}
	if !tokenFits(v.token, v.form.Get("_csrf")) {
		if v.throttled != nil {
			return v.throttled
		}
		return errForm
	}
	return nil
}

// formToken is the CSRF token of a session's forms: a MAC under the session's
// token, masked with fresh random bytes each time, so that the size of a
// compressed page reveals nothing about it.
func formToken(token accounts.Token) string {
	mac := formMAC(token)
	masked := make([]byte, 2*len(mac))
	_, _ = rand.Read(masked[:len(mac)]) // never fails: crypto/rand ends the program instead
	subtle.XORBytes(masked[len(mac):], masked[:len(mac)], mac)
	return base64.RawURLEncoding.EncodeToString(masked)
}

func formMAC(token accounts.Token) []byte {
	mac := hmac.New(sha256.New, []byte(token.Reveal()))
	mac.Write([]byte("codexible form"))
	return mac.Sum(nil)
}

func tokenFits(token accounts.Token, given string) bool {
	masked, err := base64.RawURLEncoding.DecodeString(given)
	if err != nil || len(masked) != 2*sha256.Size || token.Reveal() == "" {
		return false
	}
	mac := make([]byte, sha256.Size)
	subtle.XORBytes(mac, masked[:sha256.Size], masked[sha256.Size:])
	return hmac.Equal(mac, formMAC(token))
}

// answer renders into a buffer before anything is sent.
func (c *Console) answer(x *exchange, v *visit, r reply) error {
	switch {
	case r.redirect != "":
		x.location(r.redirect)
		x.Status(fiber.StatusSeeOther)
		return nil
	case r.stream != nil:
		c.send(x, v.by, r)
		return nil
	}
	var b bytes.Buffer
	if err := r.page.Render(context.WithoutCancel(x.ctx), &b); err != nil { // the data was read in time, so the page is shown
		c.fail(x, v, err)
		return nil
	}
	x.html(r.status, b.Bytes(), !r.plain)
	return nil
}

func (x *exchange) html(status int, body []byte, compress bool) {
	x.write(varyOriginEncoding)
	if compress && x.Context().Request.Header.HasAcceptEncoding("gzip") {
		body = fasthttp.AppendGzipBytesLevel(nil, body, fasthttp.CompressBestSpeed)
		x.write(gzipped)
	}
	x.Context().Response.SetStatusCode(status)
	x.write(typeHTML)
	x.Context().Response.SetBodyRaw(body)
}

// send streams a file. The stream starts after the handler has returned, so a
// failure can only cut it off; the client sees that it is incomplete.
func (c *Console) send(x *exchange, by accounts.Actor, r reply) {
	x.attachment(r.filename)
	x.contentType(mediaTypeOf(r.filename))
	x.Context().SetBodyStream(c.flow(by, r), -1)
}

// recordFailure records a failed download in the audit log, unless the client
// closed the connection. The service's log has the cause.
func (c *Console) recordFailure(by accounts.Actor, e accounts.AuditEntry, cause error) {
	if errors.Is(cause, io.ErrClosedPipe) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestDeadline)
	defer cancel()
	if err := c.store.Record(ctx, by, e); err != nil {
		c.api.Log.Warn("could not record a failed download in the audit log", "request_id", by.RequestID, "error", err)
	}
}

func mediaTypeOf(filename string) string {
	if strings.HasSuffix(filename, ".csv") {
		return "text/csv; charset=utf-8"
	}
	return fiber.MIMEOctetStream
}

// titles are the headings of error pages.
var titles = map[fault.Kind]string{
	fault.NotFound: "Not found", fault.Forbidden: "Not allowed", fault.Conflict: "Conflict", fault.Invalid: "Invalid input",
	fault.RateLimited: "Too many attempts", fault.Unavailable: "Temporarily unavailable", fault.Internal: "Something went wrong",
}

// fail shows a fault as a page. Faults of ours are logged.
func (c *Console) fail(x *exchange, v *visit, err error) {
	f := x.route.explained(fault.As(err))
	status := statuses[f.Kind]
	if status >= fiber.StatusInternalServerError {
		x.api.Log.LogAttrs(x.ctx, slog.LevelError, "a page of the console failed",
			slog.String("request_id", x.requestID), slog.String("route", x.route.path), slog.String("error", err.Error()))
	}
	if f.RetryAfter > 0 || f.Kind == fault.Unavailable {
		x.retryAfter(f.RetryAfter)
	}
	title := titles[f.Kind]
	if title == "" {
		title = "Request failed"
	}
	var b bytes.Buffer
	theme := views.ThemeSystem
	if v != nil {
		theme = v.theme
	}
	_ = views.FailurePage(views.Failure{Title: title, Text: f.Message, Theme: theme, RequestID: x.requestID, Back: views.Link{Text: "Go to the overview", Path: "/admin"}}).Render(context.WithoutCancel(x.ctx), &b) // also after the deadline
	x.html(status, b.Bytes(), false)
}
