package handlers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/accounts"

	"github.com/tidwall/gjson"
)

// patience is how long a test waits for a socket before it fails.
const patience = 10 * time.Second

// dial opens a connection of the test's own.
func (s *service) dial(t testing.TB) net.Conn {
	t.Helper()
	conn := s.dialOnce(t)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// dialOnce opens a connection that its caller closes: with hundreds of thousands, the
// test's cleanups would add up.
func (s *service) dialOnce(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// read reads one answer from a connection.
func read(t testing.TB, r *bufio.Reader, method string) answer {
	t.Helper()
	response, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatalf("no response: %v", err)
	}
	return answer{response, readAll(t, response)}
}

func readAll(t testing.TB, response *http.Response) []byte {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("the response is incomplete: %v", err)
	}
	return text
}

// post is the head of a POST with a body of so many bytes; chunked where negative.
func (s *service) post(path, as string, length int) string {
	framing := fmt.Sprintf("Content-Length: %d", length)
	if length < 0 {
		framing = "Transfer-Encoding: chunked"
	}
	return s.fill(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $%s.key\r\nOrigin: http://localhost:3000\r\nContent-Type: application/json\r\n%s\r\n\r\n", path, as, framing))
}

const megabyte = 1 << 20

func TestABodyTooLargeIsAnsweredWhileItIsStillSent(t *testing.T) {
	s := onSQLite(t)
	for _, size := range []int{megabyte + 1, 2 * megabyte, 8 * megabyte} {
		for range 5 {
			conn := s.dial(t)
			answers := bufio.NewReader(conn)
			// The whole body is sent before anything is read, as simple clients do.
			if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(s.post("/api/usage", "ada", size)), io.LimitReader(blanks{}, int64(size)))); err != nil {
				t.Fatalf("the connection broke while %d bytes were sent: %v", size, err)
			}
			a := read(t, answers, http.MethodPost)
			if a.StatusCode != 413 || !bytes.Contains(a.text, []byte(`"code":"payload_too_large"`)) {
				t.Fatalf("%d bytes: %d %s", size, a.StatusCode, a.text)
			}
			if a.Header.Get("X-Request-Id") == "" || a.Header.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || a.Header.Get("X-RateLimit-Limit") == "" {
				t.Errorf("the answer lacks headers: %v", a.Header)
			}
			// The refused body is not read as the next request.
			if _, err := conn.Write([]byte("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if next := read(t, answers, http.MethodGet); next.StatusCode != 200 {
				t.Errorf("the next request on the connection: %d %s", next.StatusCode, next.text)
			}
		}
	}
}

func TestABodyThatNeverEndsIsCutAfterItsAnswer(t *testing.T) {
	s := onSQLite(t)
	conn := s.dial(t)
	sent := make(chan int64)
	go func() {
		n, _ := io.Copy(conn, io.MultiReader(strings.NewReader(s.post("/api/usage", "ada", 1<<40)), blanks{}))
		sent <- n
	}()
	a := read(t, bufio.NewReader(conn), http.MethodPost)
	if a.StatusCode != 413 || !a.Close {
		t.Errorf("%d, and the connection stays open: %t", a.StatusCode, !a.Close)
	}
	_ = conn.Close()
	if n := <-sent; n > 64*megabyte {
		t.Errorf("%d bytes were taken of a body that is 8 MiB too long", n)
	}
}

func TestBodiesInChunksAreReadAndBoundedAlike(t *testing.T) {
	s := onSQLite(t)
	for _, c := range []struct {
		says, body string
		status     int
	}{
		{"a small one", chunks(`{"credits":`, `2}`), 200},
		{"one of 1 MiB", chunks(`{"note":"` + strings.Repeat("x", megabyte-11) + `"}`), 200},
		{"one that is too large", chunks(strings.Repeat(" ", megabyte), strings.Repeat(" ", megabyte)), 413},
		{"an empty one", chunks(), 200},
		{"one with a broken chunk", "zz\r\n{}\r\n0\r\n\r\n", 400},
		{"one with a chunk that does not end", "2\r\n{}xx0\r\n\r\n", 400},
	} {
		conn := s.dial(t)
		if _, err := conn.Write([]byte(s.post("/api/usage", "ada", -1) + c.body)); err != nil {
			t.Fatal(err)
		}
		answers := bufio.NewReader(conn)
		a := read(t, answers, http.MethodPost)
		if a.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.says, a.StatusCode, a.text)
		}
		if a.Close {
			continue
		}
		if _, err := conn.Write([]byte("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if next := read(t, answers, http.MethodGet); next.StatusCode != 200 {
			t.Errorf("%s: the next request on the connection: %d %s", c.says, next.StatusCode, next.text)
		}
	}
}

func chunks(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
	}
	return b.String() + "0\r\n\r\n"
}

func TestARefusedRequestsBodyIsNotTakenForTheNext(t *testing.T) {
	s := onSQLite(t)
	smuggled := "DELETE /api/keys/$ada.id HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $ada.key\r\n\r\n"
	for _, body := range []string{smuggled, strings.Repeat(" ", 100<<10) + smuggled} {
		for _, path := range []string{"/api/keys", "/nothing", "/health"} {
			conn := s.dial(t)
			text := s.fill(body)
			head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", path, len(text))
			if _, err := conn.Write([]byte(head + text + "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			answers := bufio.NewReader(conn)
			if a := read(t, answers, http.MethodPost); a.StatusCode < 400 {
				t.Errorf("POST %s: %d", path, a.StatusCode)
			}
			if a := read(t, answers, http.MethodGet); a.StatusCode != 200 || !bytes.Contains(a.text, []byte("version")) {
				t.Errorf("the next request: %d %s", a.StatusCode, a.text)
			}
			if rest, _ := io.ReadAll(answers); len(rest) > 0 {
				t.Errorf("a third answer arrived: %s", rest)
			}
		}
	}
	s.call(t, call{as: "ada", method: "GET", path: "/api/keys", status: 200})
}

func TestAClientThatWaitsForContinueGetsIt(t *testing.T) {
	s := onSQLite(t)
	conn := s.dial(t)
	head := strings.Replace(s.post("/api/usage", "ada", 13), "\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1)
	if _, err := conn.Write([]byte(head)); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q %v", line, err)
	}
	if line, err := answers.ReadString('\n'); err != nil || line != "\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := conn.Write([]byte(`{"credits":3}`)); err != nil {
		t.Fatal(err)
	}
	if a := read(t, answers, http.MethodPost); a.StatusCode != 200 || !bytes.Contains(a.text, []byte(`"credits_used":3`)) {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
}

// blanks is an endless body.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestABodyOfExactlyAMegabyteIsAccepted(t *testing.T) {
	s := onSQLite(t)
	body := `{"note":"` + strings.Repeat("x", megabyte-11) + `"}`
	for _, c := range []call{
		{as: "ada", method: "POST", path: "/api/usage", body: body, status: 200},
		{as: "ada", method: "POST", path: "/api/usage", body: body + " ", status: 413},
	} {
		s.call(t, c)
	}
}

func TestEveryPathWithABodyBoundsIt(t *testing.T) {
	s := onSQLite(t)
	tooLarge := func(pattern string) string {
		if pattern == priceImport {
			return strings.Repeat(" ", 8*megabyte)
		}
		return strings.Repeat(" ", megabyte+1)
	}
	for pattern, item := range published().model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			if op.RequestBody == nil {
				continue
			}
			as := map[string]string{"Administration": "root", "Verification": "gate"}[op.Tags[0]]
			if as == "" {
				as = "ada"
			}
			c := call{as: as, method: upper(method), path: concrete(pattern), body: tooLarge(pattern), status: 413}
			s.call(t, c)
			c.body, c.status = `{"a":`, 400
			s.call(t, c)
			c.header, c.status = http.Header{"Content-Type": {"application/json-patch+json"}}, 415
			s.call(t, c)
			// Every field that the document names is one that is checked.
			schema := op.RequestBody.Content.GetOrZero("application/json").Schema.Schema()
			for name := range schema.Properties.KeysFromOldest() {
				a := s.call(t, call{as: as, method: upper(method), path: concrete(pattern), body: fmt.Sprintf(`{%q:[[]]}`, name), status: 422})
				if fields := decode(t, a.text).(map[string]any)["error"].(map[string]any)["fields"].(map[string]any); fields[name] == nil && fields[name+"[0]"] == nil {
					t.Errorf("%s %s: %s is not checked: %v", method, pattern, name, fields)
				}
			}
		}
	}
}

func TestEveryParameterOfTheDocumentIsChecked(t *testing.T) {
	sent := make(postbox, 1)
	s := onSQLite(t, withSignIns(sent, accounts.Registration{}))
	s.signIn(t, sent, "ada@example.com", "session")
	for pattern, item := range published().model.Paths.PathItems.FromOldest() {
		for method, op := range item.GetOperations().FromOldest() {
			as := map[string]string{"Administration": "root", "Verification": "gate"}[op.Tags[0]]
			if as == "" {
				as = "ada"
			}
			if pattern == "/api/session" {
				as = "session"
			}
			for _, p := range op.Parameters {
				c := call{as: as, method: upper(method), path: concrete(pattern), status: 422}
				switch p.In {
				case "query":
					c.path += "?" + p.Name + "=%01"
				case "header":
					c.header = http.Header{p.Name: {"\t\u0085"}}
				default:
					c.path, c.status = strings.ReplaceAll(pattern, "{"+p.Name+"}", "none"), 404
				}
				a := s.call(t, c)
				if c.status == 422 && !gjson.GetBytes(a.text, "error.fields."+p.Name).Exists() {
					t.Errorf("%s %s: %s is not checked: %s", method, pattern, p.Name, a.text)
				}
			}
		}
	}
}
