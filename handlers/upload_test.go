package handlers_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/handlers"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(text []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

func zstded(text []byte, options ...zstd.EOption) []byte {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, options...)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// noise is text that hardly compresses.
func noise(n int) []byte {
	random := make([]byte, n/2+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	return hex.AppendEncode(nil, random)[:n]
}

func TestBodiesOfCallsArriveWholeOrAreRefusedAndTheConnectionIsKept(t *testing.T) {
	var got []byte
	s := onSQLite(t, through(func(ctx context.Context, r *gateway.Request) *gateway.Answer {
		got = bytes.Clone(r.Body)
		return answering(`{}`)(ctx, r)
	}))
	const largest = 32 << 20
	small, large := []byte(`{"model":"m"}`), noise(largest)
	bomb := make([]byte, 33<<20)
	wide := zstded(noise(20<<20), zstd.WithWindowSize(16<<20))
	for _, c := range []struct {
		says, coding string
		sent, want   []byte
		status       int
	}{
		{"an empty one", "", nil, []byte{}, 200},
		{"a plain one", "", small, small, 200},
		{"a plain one that says so", "identity", small, small, 200},
		{"gzip", "gzip", gzipped(small), small, 200},
		{"gzip by its old name", "X-GZIP", gzipped(small), small, 200},
		{"gzip in two members", "gzip", append(gzipped(small[:5]), gzipped(small[5:])...), small, 200},
		{"zstd", "zstd", zstded(small), small, 200},
		{"zstd in two frames", "zstd", append(zstded(small[:5]), zstded(small[5:])...), small, 200},
		{"the largest", "", large, large, 200},
		{"the largest by gzip", "gzip", gzipped(large), large, 200},
		{"the largest by zstd", "zstd", zstded(large, zstd.WithWindowSize(1<<20)), large, 200},
		{"one byte too large", "", append(noise(largest), '1'), nil, 413},
		{"gzip that is one byte too large", "gzip", gzipped(append(noise(largest), '1')), nil, 413},
		{"a bomb of gzip", "gzip", gzipped(bomb), nil, 413},
		{"a bomb of zstd", "zstd", zstded(bomb, zstd.WithWindowSize(1<<20)), nil, 413},
		{"a bomb of gzip without output", "gzip", bytes.Repeat(gzipped(nil), largest/len(gzipped(nil))+1), nil, 413},
		{"a window that is too large", "zstd", wide, nil, 400},
		{"a larger window in the second frame", "zstd", append(zstded(small), zstded(noise(2<<20), zstd.WithWindowSize(4<<20))...), nil, 400},
		{"a frame to skip", "zstd", append([]byte{0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0}, zstded(small)...), nil, 400},
		{"gzip twice", "gzip", gzipped(gzipped(small)), gzipped(small), 200},
		{"gzip that is none", "gzip", small, nil, 400},
		{"zstd that is none", "zstd", small, nil, 400},
		{"nothing as gzip", "gzip", nil, nil, 400},
		{"gzip cut short", "gzip", gzipped(small)[:20], nil, 400},
		{"zstd cut short", "zstd", zstded(small)[:12], nil, 400},
		{"bytes behind gzip", "gzip", append(gzipped(small), "x"...), nil, 400},
		{"bytes behind zstd", "zstd", append(zstded(small), "xxxxxxxx"...), nil, 400},
		{"two codings", "gzip, gzip", gzipped(small), nil, 400},
		{"a coding of its own", "br", small, nil, 400},
	} {
		for _, chunked := range []bool{false, true} {
			if chunked && (len(c.sent) == 0 || len(c.want) > 1<<20) {
				continue
			}
			got = nil
			conn := s.dial(t)
			length, sent := len(c.sent), io.Reader(bytes.NewReader(c.sent))
			if chunked {
				length, sent = -1, io.MultiReader(strings.NewReader(fmt.Sprintf("%x\r\n", len(c.sent))), sent, strings.NewReader("\r\n0\r\n\r\n"))
			}
			head := s.post("/v1/responses", "ada", length)
			if c.coding != "" {
				head = strings.TrimSuffix(head, "\r\n") + "Content-Encoding: " + c.coding + "\r\n\r\n"
			}
			// The whole body is sent before anything is read, as simple clients do.
			if _, err := io.Copy(conn, io.MultiReader(strings.NewReader(head), sent)); err != nil {
				t.Fatalf("%s, in chunks %t: the connection broke: %v", c.says, chunked, err)
			}
			answers := bufio.NewReader(conn)
			a := read(t, answers, http.MethodPost)
			if a.StatusCode != c.status || c.status == 200 && !bytes.Equal(got, c.want) || c.status != 200 && got != nil {
				t.Errorf("%s, in chunks %t: %d %.300s, %d bytes reached the gateway", c.says, chunked, a.StatusCode, a.text, len(got))
			}
			if _, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if next := read(t, answers, http.MethodGet); next.StatusCode != 200 {
				t.Errorf("%s, in chunks %t: the next request on the connection: %d", c.says, chunked, next.StatusCode)
			}
			_ = conn.Close()
		}
	}
	s.holdsNoBodies(t)
}

// holdsNoBodies checks that no memory is reserved for bodies.
func (s *service) holdsNoBodies(t *testing.T) {
	t.Helper()
	if text := string(s.call(t, call{method: "GET", path: "/metrics", status: 200}).text); !strings.Contains(text, `codexible_bodies_bytes{callers="calls"} 0`) {
		t.Errorf("memory is still reserved: %s", text)
	}
}

func TestBodiesOfCallsHaveABudgetUntilTheyAreDoneWith(t *testing.T) {
	calls := make(chan *gateway.Request, 3)
	end := make(chan struct{})
	s := onSQLite(t, func(p *handlers.Parts) {
		p.BodyBudget = 64 << 20 // a user has 8 MiB
		p.Gateway = &fakeGateway{call: func(_ context.Context, r *gateway.Request) *gateway.Answer {
			calls <- r
			<-end
			return &gateway.Answer{Status: 200, Body: []byte("{}")}
		}}
	})
	post := func(as string, size int) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.address+"/v1/messages", bytes.NewReader(make([]byte, size)))
		if err != nil {
			t.Error(err)
			return 0
		}
		r.Header.Set("X-Api-Key", s.words[as+".key"])
		response, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	answered := make(chan int, 3)
	begin := func(as string, size int) *gateway.Request {
		go func() { answered <- post(as, size) }()
		return <-calls
	}
	first := begin("ada", 6<<20)
	if status := post("ada", 3<<20); status != http.StatusServiceUnavailable {
		t.Errorf("a body beyond the user's share is answered %d", status)
	}
	if status := post("ada", 8<<20+1); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is larger than the user's share is answered %d", status)
	}
	begin("bob", 8<<20)
	first.Done()
	first.Done()        // once is enough
	begin("ada", 8<<20) // while the first call goes on
	close(end)
	for range 3 {
		if status := <-answered; status != http.StatusOK {
			t.Errorf("a call within the budget is answered %d", status)
		}
	}
	s.holdsNoBodies(t)
}

func TestABodyThatArrivesTooSlowlyIsRefused(t *testing.T) {
	called := make(chan int, 1)
	s := onSQLite(t, func(p *handlers.Parts) {
		p.SlowUpload = 250 * time.Millisecond // 4 KiB
		p.Gateway = &fakeGateway{call: func(ctx context.Context, r *gateway.Request) *gateway.Answer {
			called <- len(r.Body)
			return answering(`{}`)(ctx, r)
		}}
	})
	for says, c := range map[string]struct {
		length int
		more   string
		sent   []byte
	}{
		"nothing of it":         {100, "", nil},
		"the beginning":         {100_000, "", noise(4000)},
		"after a quick half":    {100_000, "", noise(50_000)},
		"an unfinished chunk":   {-1, "", []byte("ffff\r\nabc")},
		"a chunk's size":        {-1, "", []byte("ff")},
		"a part of gzip":        {100_000, "Content-Encoding: gzip\r\n", gzipped(noise(9000))[:4000]},
		"the beginning of zstd": {100_000, "Content-Encoding: zstd\r\n", []byte{0x28}},
	} {
		conn := s.dial(t)
		head := strings.TrimSuffix(s.post("/v1/messages", "ada", c.length), "\r\n") + c.more + "\r\n"
		if _, err := conn.Write(append([]byte(head), c.sent...)); err != nil {
			t.Fatal(err)
		}
		a := read(t, bufio.NewReader(conn), http.MethodPost)
		if e := wireErrorOf(t, true, a); a.StatusCode != http.StatusRequestTimeout || !strings.Contains(e.message, "slowly") || !a.Close {
			t.Errorf("%s: %d %s", says, a.StatusCode, a.text)
		}
	}
	// Each piece is slow to begin with, and fast enough.
	conn := s.dial(t)
	if _, err := io.WriteString(conn, s.post("/v1/messages", "ada", 50_000)); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		<-time.After(50 * time.Millisecond)
		if _, err := conn.Write(noise(5000)); err != nil {
			t.Fatal(err)
		}
	}
	if a := read(t, bufio.NewReader(conn), http.MethodPost); a.StatusCode != 200 || <-called != 50_000 {
		t.Errorf("a body of 100 KB/s is answered %d %s", a.StatusCode, a.text)
	}
	s.holdsNoBodies(t)
}

func TestABodyIsReadOnlyAfterItsKeyWasAccepted(t *testing.T) {
	s := onSQLite(t, through(answering(`{}`)))
	statuses, sent := map[string]int{"ada.revoked": 401, "sam": 403}, map[string]net.Conn{}
	// All are sent before a response is read: the service waits some seconds for the rest of each.
	for as := range statuses {
		sent[as] = s.dial(t)
		if _, err := io.WriteString(sent[as], s.post("/v1/messages", as, 8<<20)); err != nil {
			t.Fatal(err)
		}
	}
	for as, status := range statuses {
		conn := sent[as]
		if a := read(t, bufio.NewReader(conn), http.MethodPost); a.StatusCode != status {
			t.Errorf("%s: %d %s", as, a.StatusCode, a.text)
		}
	}
}

func TestAClientThatCutsItsBodyIsNoCall(t *testing.T) {
	calls := new(handlers.Calls)
	s := onSQLite(t, through(answering(`{}`)), func(p *handlers.Parts) { p.Calls = calls })
	conn := s.dial(t)
	if _, err := io.WriteString(conn, s.post("/v1/messages", "ada", 100)+`{"half`); err != nil {
		t.Fatal(err)
	}
	_ = conn.(interface{ CloseWrite() error }).CloseWrite()
	a := read(t, bufio.NewReader(conn), http.MethodPost)
	if e := wireErrorOf(t, true, a); a.StatusCode != 400 || !strings.Contains(e.message, "incomplete") {
		t.Errorf("%d %s", a.StatusCode, a.text)
	}
	if err := calls.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}
