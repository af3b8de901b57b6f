package handlers_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestAmbiguousHeadsAreRefusedAndTheConnectionCloses sends each request with a
// second one behind it, which must not be answered: programs disagree on where
// the first one ends.
func TestAmbiguousHeadsAreRefusedAndTheConnectionCloses(t *testing.T) {
	s := onSQLite(t)
	const second = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
	line := func(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n" }
	with := func(lines ...string) string {
		return "POST /api/auth/validate HTTP/1.1\r\nHost: x\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	for name, raw := range map[string]string{
		"two slashes":                  line("//x/metrics"),
		"two slashes, a scheme behind": line("//x/metrics?://"),
		"a page behind two slashes":    line("//x/admin/login?://"),
		"three slashes":                line("///metrics"),
		"absolute form":                line("http://x/metrics"),
		"absolute form, no path":       line("http://x"),
		"authority form":               line("x:443"),
		"CONNECT":                      "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
		"no slash":                     line("metrics"),
		"a question mark":              line("?x"),
		"OPTIONS *":                    "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
		"a backslash for a slash":      line("\\metrics"),
		"a slash and a backslash":      line("/\\x/metrics"),
		"backslashes in the path":      line("/x\\..\\metrics"),
		"a fragment":                   line("/metrics#x"),
		"a NUL in the target":          line("/metrics\x00"),
		"a tab in the target":          line("/metrics\t"),
		"a blank in the target":        line("/me trics"),
		"two blanks":                   "GET  /health HTTP/1.1\r\nHost: x\r\n\r\n",

		"HTTP/0.9":                  "GET /health HTTP/0.9\r\nHost: x\r\n\r\n",
		"HTTP/2.0":                  "GET /health HTTP/2.0\r\nHost: x\r\n\r\n",
		"HTTP/1.2":                  "GET /health HTTP/1.2\r\nHost: x\r\n\r\n",
		"no version":                "GET /health\r\nHost: x\r\n\r\n",
		"no host":                   "GET /health HTTP/1.1\r\n\r\n",
		"no host among others":      "GET /health HTTP/1.1\r\nAccept: */*\r\n\r\n",
		"an empty host":             "GET /health HTTP/1.1\r\nHost:\r\n\r\n",
		"a blank host":              "GET /health HTTP/1.1\r\nHost: \t \r\n\r\n",
		"two hosts":                 "GET /health HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"the same host twice":       "GET /health HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
		"two hosts in one":          "GET /health HTTP/1.1\r\nHost: x, y\r\n\r\n",
		"a host with a path":        "GET /health HTTP/1.1\r\nHost: x/metrics\r\n\r\n",
		"a host with a user":        "GET /health HTTP/1.1\r\nHost: a@x\r\n\r\n",
		"two hosts in HTTP/1.0":     "GET /health HTTP/1.0\r\nHost: x\r\nHost: y\r\nConnection: keep-alive\r\n\r\n",
		"a length and chunks":       with("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n",
		"chunks and a length":       with("Transfer-Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n",
		"two lengths":               with("Content-Length: 0", "Content-Length: 5"),
		"the same length twice":     with("Content-Length: 0", "Content-Length: 0"),
		"two lengths in one":        with("Content-Length: 0, 0"),
		"a length with a sign":      with("Content-Length: +0"),
		"a negative length":         with("Content-Length: -1"),
		"a hexadecimal length":      with("Content-Length: 0x0"),
		"an empty length":           with("Content-Length:"),
		"an endless length":         with("Content-Length: 99999999999999999999999"),
		"identity":                  with("Transfer-Encoding: identity"),
		"gzip, chunked":             with("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n",
		"chunked, identity":         with("Transfer-Encoding: chunked, identity") + "0\r\n\r\n",
		"chunked twice":             with("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n",
		"xchunked":                  with("Transfer-Encoding: xchunked"),
		"an empty encoding":         with("Transfer-Encoding:"),
		"a vertical tab":            with("Transfer-Encoding: \x0bchunked"),
		"chunks in HTTP/1.0":        "POST /api/auth/validate HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a blank before the colon":  with("Content-Length : 5"),
		"a tab before the colon":    with("Content-Length\t: 5"),
		"a blank in a name":         with("X A: b"),
		"a blank before a name":     "GET /health HTTP/1.1\r\n Host: x\r\n\r\n",
		"an empty name":             with(": b"),
		"no colon":                  with("Nonsense"),
		"a folded line":             with("X-A: b", " c"),
		"a line folded with a tab":  with("X-A: b", "\tContent-Length: 5"),
		"an empty folded line":      with("X-A: b", " "),
		"a NUL in a name":           with("X\x00A: b"),
		"a NUL in a value":          with("X-A: b\x00c"),
		"DEL in a value":            with("X-A: b\x7f"),
		"an escape in a value":      with("X-A: \x1b[2J"),
		"a CR in a name":            with("X\rA: b"),
		"a CR in a value":           with("X-A: b\rContent-Length: 5"),
		"a CR before the line ends": with("X-A: b\r"),
		"an LF in a value":          with("X-A: b\nContent-Length: 5"),
		"an LF ends a line":         "GET /health HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
		"an LF ends the head":       "GET /health HTTP/1.1\r\nHost: x\r\n\n",
		"LFs alone":                 "GET /health HTTP/1.1\nHost: x\n\n",
		"an umlaut in a name":       with("X-\xc3\xa4: b"),
	} {
		method, _, _ := strings.Cut(raw, " ")
		a := s.only(t, method, raw+second)
		assertRefusal(t, name, a)
		// Alone it is refused, too.
		assertRefusal(t, name+" alone", s.only(t, method, raw))
	}
}

func assertRefusal(t *testing.T, name string, a wireAnswer) {
	t.Helper()
	if a.status != http.StatusBadRequest || !slices.Equal(a.header("Connection"), []string{"close"}) {
		t.Errorf("%s: %d %q %s", name, a.status, a.lines, a.body)
		return
	}
	failure := answer{&http.Response{StatusCode: a.status, Header: http.Header{}, Request: &http.Request{URL: &url.URL{Path: name}}}, a.body}
	for _, header := range []string{"Content-Type", "X-Request-Id"} {
		failure.Header.Set(header, strings.Join(a.header(header), ","))
	}
	assertFailure(t, failure)
}

func TestPlainHeadsAreAccepted(t *testing.T) {
	s := onSQLite(t)
	for name, raw := range map[string]string{
		"a name and a port":       "GET /health HTTP/1.1\r\nHost: example.com:3001\r\n\r\n",
		"an IPv6 address":         "GET /health HTTP/1.1\r\nhost: [::1]:3001\r\n\r\n",
		"blanks around a value":   "GET /health HTTP/1.1\r\nHost: \t x \t\r\nX-A:b\r\nX-Empty:\r\n\r\n",
		"a tab in a value":        "GET /health HTTP/1.1\r\nHost: x\r\nX-A: a\tb\r\n\r\n",
		"UTF-8 in a value":        "GET /health HTTP/1.1\r\nHost: x\r\nX-A: \xc3\xa4\r\n\r\n",
		"HTTP/1.0":                "GET /health HTTP/1.0\r\n\r\n",
		"HTTP/1.0 with a host":    "GET /health HTTP/1.0\r\nHost: x\r\n\r\n",
		"two slashes in a query":  "GET /health?u=http://x//y HTTP/1.1\r\nHost: x\r\n\r\n",
		"an encoded query":        "GET /health?a=%5c%23%00 HTTP/1.1\r\nHost: x\r\n\r\n",
		"chunked in capitals":     "GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
		"a length":                "GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
		"empty lines in front":    "\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n",
		"a header of several":     "GET /health HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept: b\r\n\r\n",
		"a name with punctuation": "GET /health HTTP/1.1\r\nHost: x_y.example\r\nX_A!#$%&'*+-.^`|~: b\r\n\r\n",
	} {
		if a := s.only(t, http.MethodGet, raw); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

// A proxy decides by the path with its dots resolved; the service uses it
// unchanged. So no spelling of a path bypasses a rule for the path.
func TestNoSpellingOfAPathReachesAnotherOnesRoute(t *testing.T) {
	s := onSQLite(t)
	for _, target := range []string{
		"/%2e%2e/metrics", "/x/..//metrics", "/./metrics", "/x/../metrics", "/%6detrics", "/metrics/", "/metrics%00", "/metrics/.", "/metrics;x", "/METRICS", "/x/%2e%2e/metrics", "/x/..%2fmetrics", "/.%2fmetrics",
		"/%2fmetrics", "/x%2f..%2fmetrics", "/..;/metrics", "/metrics%20", "/metrics%3f", "/metrics%23", "/%5cmetrics", "/x/..%5cmetrics", "/docs/../metrics", "/docs/..%2fmetrics", "/static/../metrics", "/static/..%2f..%2fmetrics",
		"/x/../admin/login", "/./admin/login", "/%61dmin/login", "/Admin/login", "/docs/../admin/login", "/docs/%2e%2e/admin/login", "/static/..%2fadmin%2flogin",
		"/x/../api/admin/users", "/api/./admin/users", "/api/%61dmin/users", "/api/keys/../admin/users", "/api/keys/..%2fadmin%2fusers",
	} {
		a := s.only(t, http.MethodGet, "GET "+target+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $root.key\r\n\r\n")
		if a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed || strings.Contains(string(a.body), "codexible_build_info") || strings.Contains(string(a.body), "password") {
			t.Errorf("%s answers %d %.300s", target, a.status, a.body)
		}
	}
	if a := s.only(t, http.MethodGet, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); a.status != http.StatusOK || !strings.Contains(string(a.body), "codexible_build_info") {
		t.Errorf("/metrics answers %d", a.status)
	}
}
