package handlers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"codexible/handlers"
)

// large is the length of a body that is never sent: the head decides.
const large = 300 << 10

func TestARequestRefusedByItsHeadIsAnsweredWithoutItsBody(t *testing.T) {
	s := onSQLite(t)
	const form, json = "application/x-www-form-urlencoded", "application/json"
	cases := []struct {
		says, method, path, mediaType, more string
		length, status                      int
	}{
		{"no key", "POST", "/api/usage", json, "", large, 401},
		{"an unknown key", "POST", "/api/usage", json, "Authorization: Bearer codexible_00000000000000000000000000000000\r\n", large, 401},
		{"a key of another role", "POST", "/api/admin/users", json, "Authorization: Bearer $ada.key\r\n", 0, 403},
		{"an unknown path", "POST", "/api/nothing", json, "", large, 404},
		{"a method that the path does not take", "PUT", "/api/usage", json, "", large, 405},
		{"a sign-in that is no JSON", "POST", "/api/auth/validate", form, "", large, 415},
		{"a sign-in that is too large", "POST", "/api/auth/validate", json, "", megabyte + 1, 413},
		{"a form without a cookie", "POST", "/admin/login", form, "", large, 403},
		{"a form of nobody's", "POST", "/admin/users/new", form, "Cookie: codexible_door=x\r\n", large, 403},
		{"a form of another site", "POST", "/admin/login", form, "Cookie: codexible_door=x\r\nSec-Fetch-Site: cross-site\r\n", large, 403},
		{"a form that is no form", "POST", "/admin/login", json, "Cookie: codexible_door=x\r\n", large, 415},
		{"a form of a stranger that is too large", "POST", "/admin/login", form, "Cookie: codexible_door=x\r\n", large, 413},
		{"a form of an ended session", "POST", "/admin/users/new", form, "Cookie: codexible_session=x\r\n", large, 403},
	}
	// All are sent before a response is read: the service waits some seconds for the rest of each.
	var sent []net.Conn
	for _, c := range cases {
		conn := s.dial(t)
		sent = append(sent, conn)
		head := s.fill(fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n", c.method, c.path, c.more, c.mediaType, c.length))
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range cases {
		a := read(t, bufio.NewReader(sent[i]), c.method)
		if a.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", c.says, a.StatusCode, a.text, c.status)
		}
		if c.length > 0 && !a.Close {
			t.Errorf("%s: the connection stays open, and its body would be taken for the next request", c.says)
		}
	}
}

func TestAFormIsAtMost64KiB(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t).get("/admin")
	form := v.hidden("/admin/theme")
	form.Set("theme", "dark")
	form.Set("padding", "")
	form.Set("padding", strings.Repeat("x", 64<<10-len(form.Encode())))
	v.send(http.MethodPost, "/admin/theme", form.Encode()).redirected("/admin")
	v.send(http.MethodPost, "/admin/theme", form.Encode()+"x").sees(http.StatusRequestEntityTooLarge, "larger than 64 KiB")
}

func TestAnAddressWithoutTriesIsRefusedBeforeItsFormIsRead(t *testing.T) {
	s := onSQLite(t, behindProxy)
	s.operator(t)
	v := s.visitor(t).from("192.0.2.1")
	for i := range 10 {
		v.signIn(fmt.Sprintf("nobody%d@example.com", i), "x")
	}
	cookie := v.client.Jar.Cookies(&url.URL{Scheme: "http", Host: s.address})[0]
	conn := s.dial(t)
	head := fmt.Sprintf("POST /admin/login HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", cookie, large)
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	if a := read(t, bufio.NewReader(conn), http.MethodPost); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

// behindProxy lets requests set their address.
func behindProxy(p *handlers.Parts) {
	p.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// stall sends the head of a request and all but one byte of its body of 1 MiB.
func (s *service) stall(t *testing.T, path, from, authorization string) net.Conn {
	t.Helper()
	conn := s.dial(t)
	head := s.fill(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, from, authorization, megabyte))
	_, _ = io.Copy(conn, io.MultiReader(strings.NewReader(head), io.LimitReader(blanks{}, megabyte-1))) // a refused connection may be closed
	return conn
}

// holds waits until the bodies of these callers hold so many bytes.
func (s *service) holds(t *testing.T, callers string, bytes int) {
	t.Helper()
	want := fmt.Sprintf("codexible_bodies_bytes{callers=%q} %g\n", callers, float64(bytes))
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		text := s.call(t, call{method: "GET", path: "/metrics", status: 200, unwindowed: true}).text
		if strings.Contains(string(text), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("bodies of %s callers never hold %d bytes", callers, bytes)
		}
	}
}

func TestBodiesOfStrangersHoldAtMost16MiBAnd2PerAddress(t *testing.T) {
	s := onSQLite(t, behindProxy, perAddress(20))
	s.operator(t)
	var stalled []net.Conn
	for address := range 8 {
		for range 2 {
			stalled = append(stalled, s.stall(t, "/api/auth/validate", fmt.Sprintf("192.0.2.%d", address), ""))
		}
		s.holds(t, "strangers", 2*megabyte*(address+1))
		if address == 0 {
			a := read(t, bufio.NewReader(s.stall(t, "/api/auth/validate", "192.0.2.0", "")), http.MethodPost)
			if a.StatusCode != 503 {
				t.Errorf("a third megabyte of an address: %d %s", a.StatusCode, a.text)
			}
		}
	}
	var refused answer
	for range 25 { // a 503 counts in no window: it does not become a 429 of the address
		refused = s.call(t, call{method: "POST", path: "/api/auth/validate", header: http.Header{"X-Forwarded-For": {"198.51.100.1"}}, body: `{"token":"x"}`, status: 503})
	}
	if !bytes.Contains(refused.text, []byte(`"code":"service_unavailable"`)) || refused.Header.Get("Retry-After") == "" {
		t.Errorf("%v %s", refused.Header, refused.text)
	}
	v := s.visitor(t).from("198.51.100.2").get("/admin/login")
	v.submit("/admin/login", "email", "root@example.com", "password", "x").sees(503, "Temporarily unavailable")
	if v.answer.Header.Get("Retry-After") == "" {
		t.Error("the page does not say when to try again")
	}
	// Customers have a budget of their own.
	s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{"note":"` + strings.Repeat("x", 100<<10) + `"}`, status: 200})
	for _, conn := range stalled {
		_ = conn.Close()
	}
	s.holds(t, "strangers", 0)
	s.call(t, call{method: "POST", path: "/api/auth/validate", body: `{"token":"x"}`, status: 200})
}

func TestBodiesOfAUserHoldAtMost8MiB(t *testing.T) {
	s := onSQLite(t)
	const ada = "Authorization: Bearer $ada.key\r\n"
	var stalled []net.Conn
	for range 8 {
		stalled = append(stalled, s.stall(t, "/api/usage", "", ada))
	}
	s.holds(t, "known", 8*megabyte)
	ninth := s.stall(t, "/api/usage", "", ada)
	_, _ = io.WriteString(ninth, " ")
	if a := read(t, bufio.NewReader(ninth), http.MethodPost); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("a ninth megabyte of a user: %d %s", a.StatusCode, a.text)
	}
	body := `{"note":"` + strings.Repeat("x", 100<<10) + `"}`
	s.call(t, call{as: "bob", method: "POST", path: "/api/usage", body: body, status: 200})
	s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: `{}`, status: 200})
	for _, conn := range stalled {
		_ = conn.Close()
	}
	s.holds(t, "known", 0)
	s.call(t, call{as: "ada", method: "POST", path: "/api/usage", body: body, status: 200})
}

func TestATruncatedBodyIsRefused(t *testing.T) {
	s := onSQLite(t)
	conn := s.dial(t)
	whole := `{"credits":2}` + strings.Repeat(" ", 20<<10)
	if _, err := io.WriteString(conn, s.post("/api/usage", "ada", len(whole)+1)+whole); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if a := read(t, bufio.NewReader(conn), http.MethodPost); a.StatusCode != 400 || !bytes.Contains(a.text, []byte("body is incomplete")) {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

func TestAScrapeReadsNoBody(t *testing.T) {
	s := onSQLite(t)
	conn := s.dial(t)
	sent := make(chan int64)
	go func() {
		head := "GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n"
		n, _ := io.Copy(conn, io.MultiReader(strings.NewReader(head), io.LimitReader(blanks{}, 256*megabyte)))
		sent <- n
	}()
	a, err := http.ReadResponse(bufio.NewReader(conn), nil) // its body may be lost: the connection is closed on a client that still sends
	if err != nil || a.StatusCode != 200 || !a.Close {
		t.Fatalf("%+v %v, want an answer that closes the connection", a, err)
	}
	_ = conn.Close()
	if n := <-sent; n > 64*megabyte {
		t.Errorf("%d bytes were taken", n)
	}
}
