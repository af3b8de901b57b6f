package console

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/store"
	"codexible/views"

	"github.com/a-h/templ"
	"github.com/google/uuid"
)

// Visit is a request to the console, read completely: it does not depend on
// the HTTP library. Package handlers fills in the exported fields, Identify the
// operator, and a Page answers.
type Visit struct {
	// Path is without the query, Here with it.
	Path, Here string
	// ID is the one in the path; uuid.Nil where the path has no UUID. Nothing has that ID.
	ID uuid.UUID
	// Post is true for a form that was sent, false for a request for a page. Form is read once the visit is admitted.
	Post        bool
	Query, Form url.Values
	// File is the file that came with the form; nil for none.
	File      []byte
	UserAgent string
	Address   netip.Addr
	Theme     views.Theme
	// Session and Visitor are the tokens of the cookies of a session and of a browser
	// without one; Browser is that of a browser in which an operator has signed in. Each is empty without its cookie.
	Session, Visitor, Browser accounts.Token
	// By is who acts, for the audit log. Identify completes it.
	By accounts.Actor

	// Operator is who is signed in; zero where nobody is. Identify sets it.
	Operator store.Operator
	// Token is what forms are bound to: the session's, or the browser's own.
	Token accounts.Token
	// Throttled is why a session's cookie was not looked up; the visit then has no session.
	Throttled error

	cookies []Cookie
}

// The names of the console's cookies.
const (
	SessionCookie = "codexible_session"
	VisitorCookie = "codexible_door"
	BrowserCookie = "codexible_browser"
	ThemeCookie   = "codexible_theme"
)

// Cookie is a cookie that an answer sets. The browser keeps it as long as Life,
// until it closes where Life is zero, and deletes it where Value is empty.
type Cookie struct {
	Name, Value string
	Life        time.Duration
}

func (v *Visit) setCookie(name, value string, life time.Duration) {
	v.cookies = append(v.cookies, Cookie{name, value, life})
}

// Cookies are what the answer to the visit sets, also if it is a failure.
func (v *Visit) Cookies() []Cookie { return v.cookies }

// SignedIn is true for an operator who has completed the sign-in.
func (v *Visit) SignedIn() bool {
	return v.Operator.Session.ID != uuid.Nil && !v.Operator.Session.CodePending
}

// Page answers a visit. A fault is shown as an error page.
type Page func(ctx context.Context, v *Visit) (Reply, error)

// Reply is the answer to a visit: a page, a redirect or a file.
type Reply struct {
	Status int
	Page   templ.Component
	// Redirect is a path of the console.
	Redirect string
	// Leave is an address of another service that the browser opens at once. A redirect
	// would not do: a page's policy lets forms lead to this service alone.
	Leave string
	// Refresh is after how long a browser loads the page again, in whole seconds; zero for never.
	Refresh time.Duration
	// Plain turns compression off, because the page has a secret and user input.
	Plain bool
	// File is read until it ends, and closed, after the answer has begun. It fails where the file is incomplete.
	File     io.ReadCloser
	Filename string

	stream func(ctx context.Context, w io.Writer) error
	// failure is the audit entry for a stream that fails on our side.
	failure accounts.AuditEntry
}

func show(page templ.Component) (Reply, error) { return Reply{Status: http.StatusOK, Page: page}, nil }

func showAgain(page templ.Component) (Reply, error) {
	return Reply{Status: http.StatusUnprocessableEntity, Page: page}, nil
}

func leadTo(path string, pairs ...string) (Reply, error) {
	return Reply{Redirect: views.WithQuery(path, pairs...)}, nil
}

// ToSignIn redirects to the sign-in, and from there back to the page that was asked for.
func ToSignIn(v *Visit) Reply {
	return Reply{Redirect: views.WithQuery("/admin/login", "next", v.Here)}
}

// IsOwnPath reports whether a text names a path of this service. A browser takes
// what begins with two slashes, or with a slash and a backslash, for a host.
func IsOwnPath(text string) bool {
	if text == "" || text[0] != '/' || len(text) > 1 && text[1] == '/' {
		return false
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return !strings.ContainsAny(text, `\"<>`)
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

// OwnsForm reports whether the form was made for this session: its field _csrf is the visit's token.
func (v *Visit) OwnsForm() bool {
	masked, err := base64.RawURLEncoding.DecodeString(v.Form.Get("_csrf"))
	if err != nil || len(masked) != 2*sha256.Size || v.Token.Reveal() == "" {
		return false
	}
	mac := make([]byte, sha256.Size)
	subtle.XORBytes(mac, masked[:sha256.Size], masked[sha256.Size:])
	return hmac.Equal(mac, formMAC(v.Token))
}

// ErrForm refuses a form that was not made for the visit's session.
var ErrForm = fault.New(fault.Forbidden, "This form does not belong to your current session, so nothing was changed. Go back, reload the page and send the form again.")
