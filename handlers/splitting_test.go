package handlers_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"codexible/handlers"
)

// splits are texts that would end a header, or a response, if they were written unchanged.
var splits = []string{
	"a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"valid\":true}", "a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00", "a\x7f", "a\tb", "\r\n", "a; Domain=evil.example", "a, b=c", "a b", `a"b`, `a\b`, "\xff", "ä", "a\u202eb",
}

// browserOf returns the cookies of a visitor as a header line, and the token of its forms.
func browserOf(v *visitor, formAt string) (cookies, token string) {
	v.t.Helper()
	at, err := url.Parse("http://" + v.s.address)
	if err != nil {
		v.t.Fatal(err)
	}
	var all []string
	for _, c := range v.client.Jar.Cookies(at) {
		all = append(all, c.Name+"="+c.Value)
	}
	return "Cookie: " + strings.Join(all, "; "), v.hidden(formAt).Get("_csrf")
}

// form is the raw request that sends a form.
func form(path string, fields url.Values, lines ...string) string {
	body := fields.Encode()
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n%s\r\n\r\n%s", path, len(body), strings.Join(lines, "\r\n"), body)
}

func TestNothingFromOutsideSplitsAnAnswer(t *testing.T) {
	s := onSQLite(t, func(p *handlers.Parts) { p.AllowedOrigins = []string{"*"} })
	operator := s.operator(t)
	inside, insideToken := browserOf(operator.get("/admin/account"), "/admin/theme")
	stranger, strangerToken := browserOf(s.visitor(t).get("/admin/login"), "/admin/login")
	plain := func(target string, lines ...string) string {
		return "GET " + target + " HTTP/1.1\r\n" + strings.Join(append([]string{"Host: x"}, lines...), "\r\n") + "\r\n\r\n"
	}
	for _, text := range splits {
		query := url.QueryEscape(text)
		requests := map[string]string{
			"theme":                form("/admin/theme", url.Values{"_csrf": {strangerToken}, "theme": {text}}, stranger),
			"the operator's theme": form("/admin/theme", url.Values{"_csrf": {insideToken}, "theme": {text}}, inside),
			"back":                 form("/admin/theme", url.Values{"_csrf": {insideToken}, "theme": {"dark"}, "back": {"/admin/" + text}}, inside),
			"next":                 form("/admin/login", url.Values{"_csrf": {strangerToken}, "email": {"root@example.com"}, "password": {operatorPassword}, "next": {"/admin/" + text}}, stranger),
			"next in a query":      plain("/admin/login?next=%2Fadmin%2F"+query, stranger),
			"a page signed out":    plain("/admin/users?q=" + query),
			"usage from":           form("/admin/usage/export?from="+query+"&to=2026-03-04", url.Values{"_csrf": {insideToken}}, inside),
			"usage to":             form("/admin/usage/export?from=2026-03-04&to="+query, url.Values{"_csrf": {insideToken}}, inside),
			"usage of a model":     form("/admin/usage/export?model="+query, url.Values{"_csrf": {insideToken}}, inside),
			"audit from":           form("/admin/audit/export?from="+query, url.Values{"_csrf": {insideToken}}, inside),
			"audit to":             form("/admin/audit/export?to="+query, url.Values{"_csrf": {insideToken}}, inside),
			"a path":               plain("/" + url.PathEscape(text)),
			"a file":               plain("/static/" + url.PathEscape(text)),
			"a document":           plain("/docs/" + url.PathEscape(text)),
			"an id":                plain("/admin/users/"+url.PathEscape(text), inside),
		}
		for _, name := range []string{"X-Request-Id", "Origin", "Content-Type", "Accept", "Accept-Encoding", "Cookie", "Authorization", "Traceparent", "X-Forwarded-Proto", "Access-Control-Request-Headers", "If-Modified-Since", "Range"} {
			if strings.Contains(text, "\n") {
				continue // that is the client's own next line
			}
			requests["header "+name] = plain("/admin/login", name+": "+text)
			requests["header of /metrics "+name] = plain("/metrics", name+": "+text)
			requests["header of /docs "+name] = plain("/docs/swagger-ui.css", name+": "+text)
			requests["header of the API "+name] = plain("/api/keys", name+": "+text)
			requests["a theme before "+name] = plain("/admin/login", "Cookie: codexible_theme="+text)
		}
		for name, raw := range requests {
			a := s.only(t, http.MethodGet, raw)
			if a.status >= http.StatusInternalServerError {
				t.Errorf("%s %q answers %d %s", name, text, a.status, a.body)
			}
			cookies := strings.Join(a.header("Set-Cookie"), "\n")
			// With the dot it is in no random token.
			if strings.Contains(cookies, "evil.") || strings.Contains(name, "theme") && strings.Contains(cookies, "codexible_theme") {
				t.Errorf("%s %q sets %q", name, text, cookies)
			}
			for _, to := range a.header("Location") {
				if !strings.HasPrefix(to, "/admin") || strings.ContainsAny(to, "\\\" ") {
					t.Errorf("%s %q leads to %q", name, text, to)
				}
			}
		}
	}
	// Allowed values are written.
	if a := s.only(t, http.MethodGet, plain("/health", "Origin: https://example.com")); !slices.Equal(a.header("Access-Control-Allow-Origin"), []string{"https://example.com"}) {
		t.Errorf("the origin is answered with %q", a.lines)
	}
	for _, theme := range []string{"system", "light", "dark"} {
		a := s.only(t, http.MethodPost, form("/admin/theme", url.Values{"_csrf": {strangerToken}, "theme": {theme}, "back": {"/admin/login?done=signed-out"}}, stranger))
		if a.status != http.StatusSeeOther || !strings.HasPrefix(strings.Join(a.header("Set-Cookie"), ""), "codexible_theme="+theme+";") || a.header("Location")[0] != "/admin/login?done=signed-out" {
			t.Errorf("the theme %s answers %d %q", theme, a.status, a.lines)
		}
	}
	for _, theme := range []string{"", "Dark", "auto", "dark "} {
		if a := s.only(t, http.MethodPost, form("/admin/theme", url.Values{"_csrf": {strangerToken}, "theme": {theme}}, stranger)); a.status != http.StatusUnprocessableEntity {
			t.Errorf("the theme %q answers %d", theme, a.status)
		}
	}
}
