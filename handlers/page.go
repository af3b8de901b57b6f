package handlers

import (
	"bytes"
	"context"
	"mime"
	"net"
	"net/url"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/console"
	"codexible/handlers/openapi"
	"codexible/static"
	"codexible/views"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

var (
	errSignIn   = fault.New(fault.Unauthorized, "Sign in to see this page.")
	errReadOnly = fault.New(fault.Forbidden, "You have the role viewer, which reads and changes nothing. An admin can make this change, or give you the role admin.")
	errPost     = fault.New(fault.UnsupportedMediaType, "Send forms as application/x-www-form-urlencoded.")
)

// page is a GET of the console: who is open, signedOut or operator.
func page(path string, who access, serve console.Page) *route {
	return get(path, who, "", pageOf(serve))
}

// form is a POST of the console. Every form carries a CSRF token.
func form(path string, who access, serve console.Page) *route {
	return post(path, who, "", pageOf(serve))
}

// pageOf adapts a page of the console to a route. Its visit was admitted.
func pageOf(serve console.Page) operation {
	op := asset(func(x *exchange) error {
		if x.visit.Post {
			if err := x.readForm(); err != nil {
				return err
			}
		}
		r, err := serve(x.ctx, x.visit)
		if err != nil {
			return err
		}
		return x.reply(r)
	})
	op.isPage = true
	return op
}

// admitVisit authenticates a visit to the console and authorizes it for the route.
// The headers of a form are checked before the session is looked up, and the
// session before the form is read.
func (x *exchange) admitVisit() error {
	x.forPage()
	x.visit = x.newVisit()
	v, c := x.visit, x.api.Console
	if v.Post {
		if err := x.checkFormHead(); err != nil {
			return err
		}
	}
	if err := c.Identify(x.ctx, v); err != nil {
		return err
	}
	x.operator = v.Operator.Session.UserID
	if v.SignedIn() {
		x.user = x.operator
	}
	if v.Post && v.Token.Reveal() == "" {
		return console.ErrForm // a browser with neither cookie has no valid form token
	}
	switch {
	case x.route.access == signedOut && v.Post:
		return c.CheckTries(x.ctx, v)
	case x.route.access != operator && x.route.access != administrator:
		return nil
	case v.SignedIn():
		if x.route.access == administrator && v.Operator.Role != accounts.RoleAdmin {
			return errReadOnly
		}
		return nil
	case v.Throttled != nil:
		return v.Throttled
	case v.Post:
		return console.ErrForm
	}
	return errSignIn
}

// newVisit converts the request for the console.
func (x *exchange) newVisit() *console.Visit {
	cookie := func(name string) accounts.Token { return accounts.TokenFrom(x.Cookies(x.cookieName(name))) }
	v := &console.Visit{
		Path: x.Path(), Here: x.OriginalURL(), Post: x.method == fiber.MethodPost, UserAgent: x.Get(fiber.HeaderUserAgent), Address: x.address,
		Session: cookie(console.SessionCookie), Visitor: cookie(console.VisitorCookie), Browser: cookie(console.BrowserCookie),
		By: accounts.Actor{Address: x.address.String(), RequestID: x.requestID},
	}
	v.ID, _ = openapi.ParseID(x.Params("id"))                                   // uuid.Nil where it is no UUID
	v.Theme, _ = views.ParseTheme(x.Cookies(x.cookieName(console.ThemeCookie))) // an unknown theme is ignored
	v.Query, _ = url.ParseQuery(string(x.Context().URI().QueryString()))        // an invalid query is ignored
	return v
}

// secure is true if the browser uses TLS, directly or to a trusted proxy.
func (x *exchange) secure() bool {
	if x.Context().IsTLS() {
		return true
	}
	peer, ok := x.Context().RemoteAddr().(*net.TCPAddr)
	return ok && x.api.trusted(peer.AddrPort().Addr().Unmap()) && strings.EqualFold(x.Get(fiber.HeaderXForwardedProto), "https")
}

// cookieName is a cookie's name. With TLS it begins with __Host-, which binds it to this host and to TLS.
func (x *exchange) cookieName(name string) string {
	if x.secure() {
		return "__Host-" + name
	}
	return name
}

// checkFormHead checks the headers of a form, before any lookup.
func (x *exchange) checkFormHead() error {
	if mediaType, _, _ := mime.ParseMediaType(x.Get(fiber.HeaderContentType)); !x.route.isFormType(mediaType) {
		return errPost
	}
	// Browsers send where a form came from; without the header the token alone decides.
	if site := x.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return console.ErrForm
	}
	return nil
}

func (x *exchange) readForm() error {
	v := x.visit
	body, err := x.body(x.route.maxBody, x.route.tooBig)
	if err != nil {
		return err
	}
	if v.Form, v.File, err = x.parseForm(body); err != nil {
		return errParts.Because(err)
	}
	switch {
	case v.OwnsForm():
		return nil
	case v.Throttled != nil:
		return v.Throttled
	}
	return console.ErrForm
}

// reply answers a visit. A page is rendered into a buffer before anything is sent.
func (x *exchange) reply(r console.Reply) error {
	switch {
	case r.Redirect != "":
		x.redirect(r.Redirect)
		return nil
	case r.File != nil:
		x.attachment(r.Filename)
		x.contentType(mediaTypeOf(r.Filename))
		x.stream = r.File
		return nil
	}
	var b bytes.Buffer
	if err := r.Page.Render(context.WithoutCancel(x.ctx), &b); err != nil { // the data was read in time, so the page is shown
		return err
	}
	page := b.Bytes()
	if x.visit.SignedIn() && x.visit.Operator.Role != accounts.RoleAdmin {
		page = x.api.withoutChanges(page)
	}
	if r.Refresh > 0 {
		x.number(headerRefresh, wholeSeconds(r.Refresh))
	}
	if r.Leave != "" {
		x.text(headerRefresh, "0; url="+r.Leave)
	}
	x.html(r.Status, page, !r.Plain)
	return nil
}

func (x *exchange) redirect(path string) {
	x.location(path)
	x.Status(fiber.StatusSeeOther)
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

func mediaTypeOf(filename string) string {
	if strings.HasSuffix(filename, ".csv") {
		return "text/csv; charset=utf-8"
	}
	return fiber.MIMEOctetStream
}

// staticFile serves an asset under its name with the content hash.
func (a *api) staticFile(x *exchange) error {
	f, found := static.Open(x.Params("name"))
	if !found {
		return errNoRoute
	}
	x.write(longCached)
	x.write(varyEncoding)
	body := f.Body
	if f.Gzip != nil && x.Context().Request.Header.HasAcceptEncoding("gzip") {
		x.write(gzipped)
		body = f.Gzip
	}
	x.contentType(f.ContentType)
	x.Context().Response.SetBodyRaw(body)
	return nil
}
