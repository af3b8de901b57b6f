package handlers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// ourHeaders are the headers that an answer may have, in lower case.
var ourHeaders = []string{
	"refresh", // in whole seconds, never a place
	"x-request-id", "x-content-type-options", "referrer-policy", "content-security-policy", "cache-control", "vary", "content-type", "content-length", "transfer-encoding", "date", "connection",
	"request-id", "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests",
	"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after", "x-should-retry", "www-authenticate", "allow", "location", "set-cookie", "content-encoding", "content-disposition", "last-modified",
	"x-frame-options", "cross-origin-opener-policy", "cross-origin-resource-policy", "permissions-policy", "strict-transport-security",
	"access-control-allow-origin", "access-control-expose-headers", "access-control-allow-methods", "access-control-allow-headers", "access-control-max-age",
}

// wireAnswer is a response as it came over the wire.
type wireAnswer struct {
	status int
	lines  []string
	body   []byte
}

// header returns the values of a header.
func (a wireAnswer) header(name string) (values []string) {
	for _, line := range a.lines {
		if n, v, _ := strings.Cut(line, ": "); strings.EqualFold(n, name) {
			values = append(values, v)
		}
	}
	return values
}

// exchangeRaw sends raw bytes, closes its side for writing, and returns all that
// comes back; cut is true if the connection was reset.
func exchangeRaw(t testing.TB, conn net.Conn, raw string) (answer []byte, cut bool) {
	t.Helper()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(conn, raw)     // a service that refuses the beginning may not read the rest
		_ = conn.(*net.TCPConn).CloseWrite() // also where the request announced more
	}()
	answer, err := io.ReadAll(conn)
	_ = conn.Close()
	<-sent
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("no answer within the test's patience to %.300q: %v", raw, err)
	}
	return answer, err != nil
}

// answersOn parses a connection's bytes. methods are those of the requests
// that were answered, in their order. Anything that is not an answer of ours,
// byte for byte, is an error.
func answersOn(wire []byte, methods []string) (answers []wireAnswer, err error) {
	for len(wire) > 0 {
		if rest, interim := bytes.CutPrefix(wire, []byte("HTTP/1.1 100 Continue\r\n\r\n")); interim {
			wire = rest
			continue
		}
		head, rest, whole := bytes.Cut(wire, []byte("\r\n\r\n"))
		if !whole {
			return answers, fmt.Errorf("a head that does not end: %.300q", wire)
		}
		a, err := readHead(string(head))
		if err != nil {
			return answers, err
		}
		method := http.MethodGet
		if len(answers) < len(methods) {
			method = methods[len(answers)]
		}
		if a.body, wire, err = readBody(a, method, rest); err != nil {
			return answers, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

func readHead(head string) (a wireAnswer, err error) {
	status, rest, _ := strings.Cut(head, "\r\n")
	a.lines = strings.Split(rest, "\r\n")
	version, code, _ := strings.Cut(status, " ")
	code, _, _ = strings.Cut(code, " ")
	if a.status, err = strconv.Atoi(code); err != nil || version != "HTTP/1.1" || len(code) != 3 {
		return a, fmt.Errorf("no status line: %.300q", status)
	}
	for _, line := range a.lines {
		name, value, found := strings.Cut(line, ": ")
		if !found || !slices.Contains(ourHeaders, strings.ToLower(name)) {
			return a, fmt.Errorf("a header that is not ours: %.300q", line)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return a, fmt.Errorf("a control character in the header %.300q", line)
		}
	}
	if ids := a.header("X-Request-Id"); len(ids) != 1 || ids[0] == "" {
		return a, fmt.Errorf("request ids %q", ids)
	}
	return a, nil
}

func readBody(a wireAnswer, method string, wire []byte) (body, rest []byte, err error) {
	switch lengths := a.header("Content-Length"); {
	case method == http.MethodHead || a.status == http.StatusNoContent || a.status == http.StatusNotModified:
		return nil, wire, nil
	case slices.Equal(a.header("Transfer-Encoding"), []string{"chunked"}) && len(lengths) == 0:
		return readChunks(wire)
	case len(lengths) == 1:
		n, err := strconv.Atoi(lengths[0])
		if err != nil || n > len(wire) {
			return nil, nil, fmt.Errorf("%d bytes of %q", len(wire), lengths[0])
		}
		return wire[:n], wire[n:], nil
	}
	return nil, nil, fmt.Errorf("the response has no length and no chunks: %q", a.lines)
}

func readChunks(wire []byte) (body, rest []byte, err error) {
	for {
		size, after, found := bytes.Cut(wire, []byte("\r\n"))
		n, err := strconv.ParseInt(string(size), 16, 32)
		if err != nil || !found || int(n)+2 > len(after) || string(after[n:n+2]) != "\r\n" {
			return nil, nil, fmt.Errorf("no chunk: %.100q", wire)
		}
		body, wire = append(body, after[:n]...), after[n+2:]
		if n == 0 {
			return body, wire, nil
		}
	}
}

// only sends a request and returns its only response.
func (s *service) only(t testing.TB, method, raw string) wireAnswer {
	t.Helper()
	wire, _ := exchangeRaw(t, s.dial(t), s.fill(raw))
	answers, err := answersOn(wire, []string{method})
	if err != nil || len(answers) != 1 {
		t.Fatalf("%.300q has %d answers (%v): %.2000q", raw, len(answers), err, wire)
	}
	return answers[0]
}
