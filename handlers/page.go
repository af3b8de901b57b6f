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

// visit is a request to the console, read whole: nothing of Fiber is left in it.
type visit struct {
	// operator is who is signed in; zero in front of the door.
	operator store.Operator
	// token is the session's, or in front of the door the browser's own.
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
	// throttled is why a session's cookie was not looked up; the visit is then as one without.
	throttled error

	x *exchange
}

// reply is what a visit gets: a page, a way to another page, or a file.
type reply struct {
	status   int
	page     templ.Component
	redirect string
	// plain keeps the page from being compressed: it holds a secret beside what somebody typed.
	plain    bool
	filename string
	stream   func(ctx context.Context, w io.Writer) error
	// failure is what the audit log says where the stream breaks off by a fault of ours.
	failure accounts.AuditEntry
}

func show(page templ.Component) (reply, error) { return reply{status: fiber.StatusOK, page: page}, nil }

func showAgain(page templ.Component) (reply, error) {
	return reply{status: fiber.StatusUnprocessableEntity, page: page}, nil
}

func leadTo(path string, pairs ...string) (reply, error) {
	return reply{redirect: views.WithQuery(path, pairs...)}, nil
}

// pageHandler answers a visit. A fault becomes a page that says what went wrong.
type pageHandler func(ctx context.Context, v *visit) (reply, error)

var (
	errForm = fault.New(fault.Forbidden, "This form does not belong to your present session, so nothing was changed. Go back, load the page again and send it once more.")
	errPost = fault.New(fault.UnsupportedMediaType, "Forms are sent as application/x-www-form-urlencoded.")
	errPage = fault.New(fault.NotFound, "There is no such page. What it named may be gone, or the address was mistyped.")
)

// page adapts a handler behind the door: signed out, a page leads to the
// sign-in, and a form finds no token that fits.
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

// door adapts a handler that needs nobody to be signed in.
func (c *Console) door(serve pageHandler) operation {
	return c.adapt(serve, func(context.Context, *visit) error { return nil })
}

// trial adapts a handler in front of the door whose forms are tries to get in:
// an address that has spent its tries is refused before its form is read.
func (c *Console) trial(serve pageHandler) operation { return c.adapt(serve, c.peekTries) }

// signedIn tells whether the visit is an operator's whose sign-in is complete.
func (v *visit) signedIn() bool {
	return v.operator.Session.ID != uuid.Nil && !v.operator.Session.CodePending
}

// adapt makes a route of a handler. A form is read when mayPost lets it pass.
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

// The policy names no inline script and no inline style: there are none.
const consoleCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure tells whether the browser came by TLS, itself or to a trusted proxy.
func (x *exchange) secure() bool {
	if x.Context().IsTLS() {
		return true
	}
	peer, ok := x.Context().RemoteAddr().(*net.TCPAddr)
	return ok && x.api.trusted(peer.AddrPort().Addr().Unmap()) && strings.EqualFold(x.Get(fiber.HeaderXForwardedProto), "https")
}

// Names of the cookies. Behind TLS they begin with __Host-, which binds them to this host and to TLS.
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

// visit reads the request, finds the operator, and checks a form's token. What
// the head of a request tells against it is found before a form is read.
func (c *Console) visit(x *exchange, mayPost func(context.Context, *visit) error) (*visit, error) {
	v := &visit{x: x, path: x.Path(), here: x.OriginalURL(), id: x.Params("id"), userAgent: x.Get(fiber.HeaderUserAgent), address: x.address.String(), post: x.Method() == fiber.MethodPost}
	v.theme, _ = views.ParseTheme(x.Cookies(x.cookieName(themeCookie))) // what is none is as absent
	v.browser = accounts.TokenFrom(x.Cookies(x.cookieName(browserCookie)))
	v.by = accounts.Actor{Address: v.address, RequestID: x.requestID}
	v.query, _ = url.ParseQuery(string(x.Context().URI().QueryString())) // what cannot be read is as absent
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
		return v, errForm // no token of a form fits a browser that has neither cookie
	}
	if err := mayPost(x.ctx, v); err != nil {
		return v, err
	}
	return v, v.readForm()
}

// checkHead refuses a form by what its head says, before anything is looked up.
func (v *visit) checkHead() error {
	if mediaType, _, _ := mime.ParseMediaType(v.x.Get(fiber.HeaderContentType)); mediaType != fiber.MIMEApplicationForm {
		return errPost
	}
	// A browser says where a form came from; one that does not is judged by the token alone.
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
		return fault.New(fault.BadRequest, "The form cannot be read. Load the page again and send it once more.").Because(err)
	}
	if !tokenFits(v.token, v.form.Get("_csrf")) {
		if v.throttled != nil {
			return v.throttled
		}
		return errForm
	}
	return nil
}

// formToken is what every form of a session carries: a MAC under the session's
// own token, masked anew each time, so that a compressed page tells nothing of it.
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
	if err := r.page.Render(context.WithoutCancel(x.ctx), &b); err != nil { // what was read in time is shown
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

// send lets a file flow as it is made. It begins after the handler has
// returned, so a failure can only cut it off: a client sees that it is not whole.
func (c *Console) send(x *exchange, by accounts.Actor, r reply) {
	x.attachment(r.filename)
	x.contentType(mediaTypeOf(r.filename))
	x.Context().SetBodyStream(c.flow(by, r), -1)
}

// recordFailure writes a download that broke off into the audit log, unless its
// reader went away. The log has the cause.
func (c *Console) recordFailure(by accounts.Actor, e accounts.AuditEntry, cause error) {
	if errors.Is(cause, io.ErrClosedPipe) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestDeadline)
	defer cancel()
	if err := c.store.Record(ctx, by, e); err != nil {
		c.api.Log.Warn("a download that was cut off is not in the audit log", "request_id", by.RequestID, "error", err)
	}
}

func mediaTypeOf(filename string) string {
	if strings.HasSuffix(filename, ".csv") {
		return "text/csv; charset=utf-8"
	}
	return fiber.MIMEOctetStream
}

// titles are the headings of pages that say what went wrong.
var titles = map[fault.Kind]string{
	fault.NotFound: "Not found", fault.Forbidden: "Not allowed", fault.Conflict: "That did not fit", fault.Invalid: "That cannot be",
	fault.RateLimited: "Too many tries", fault.Unavailable: "Away for a moment", fault.Internal: "Something went wrong",
}

// fail shows a fault as a page. What is ours to mend goes into the log.
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
		title = "That request cannot be answered"
	}
	var b bytes.Buffer
	theme := views.ThemeSystem
	if v != nil {
		theme = v.theme
	}
	_ = views.FailurePage(views.Failure{Title: title, Text: f.Message, Theme: theme, RequestID: x.requestID, Back: views.Link{Text: "To the overview", Path: "/admin"}}).Render(context.WithoutCancel(x.ctx), &b) // also where the time is over
	x.html(status, b.Bytes(), false)
}
