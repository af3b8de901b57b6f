package drills

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// hostile is a provider that answers as no provider should where the script of a call has its name, and as
// the fake provider does for all other scripts.
type hostile struct {
	*upstream.Model

	elsewhere string
	// streaming counts the answers without an end that are being written.
	streaming atomic.Int64
}

// newHostile serves one until the test ends. What it redirects to counts its visitors.
func newHostile(t *testing.T) (h *hostile, url string, visitors *atomic.Int64) {
	t.Helper()
	visitors = &atomic.Int64{}
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visitors.Add(1) }))
	t.Cleanup(other.Close)
	h = &hostile{elsewhere: other.URL}
	h.Model = upstream.New(upstream.Options{Keep: 100_000, Script: func(r upstream.Request) upstream.Script {
		script := r.Header.Get(scriptHeader)
		s := upstream.ParseScript(":" + script)
		if script == "negative" {
			s.Usage = `{"prompt_tokens":-7,"completion_tokens":-9,"total_tokens":-16,"input_tokens":-7,"output_tokens":-9}`
		}
		return s
	}})
	return h, serveProvider(t, h), visitors
}

// ServeHTTP implements http.Handler.
func (h *hostile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	media := "application/json"
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if bytes.Contains(body, []byte(`"stream":true`)) {
		media = "text/event-stream"
	}
	head := "HTTP/1.1 200 OK\r\nContent-Type: " + media + "\r\n"
	const filler = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	switch script := r.Header.Get(scriptHeader); script {
	case "endless-line":
		h.forever(w, media, `data: {"x":"`, filler)
	case "endless-answer":
		h.forever(w, media, `{"x":"`, filler)
	case "endless-comments":
		h.forever(w, media, "", ": "+filler+"\n\n")
	case "million-headers":
		raw(w, head, func(i int) string { return fmt.Sprintf("X-%d: %d\r\n", i, i) }, 1_000_000)
	case "long-header":
		raw(w, head+"X-Long: ", func(int) string { return filler }, 1_000_000)
	case "endless-interim":
		raw(w, "", func(int) string { return "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" }, 1_000_000)
	case "brotli":
		raw(w, head+"Content-Encoding: br\r\nContent-Length: 5\r\n\r\nxxxxx", nil, 0)
	case "half-closed":
		raw(w, head+"Content-Length: 100000\r\n\r\n"+`data: {"choices":[{"index":0,"delta":{"content":"some text that is delivered"}}]}`+"\n\n", nil, 0)
	case "elsewhere":
		http.Redirect(w, r, h.elsewhere+r.URL.Path, http.StatusTemporaryRedirect)
	default:
		h.Model.ServeHTTP(w, r)
	}
}

// forever answers without an end, until its client leaves.
func (h *hostile) forever(w http.ResponseWriter, media, begin, again string) {
	h.streaming.Add(1)
	defer h.streaming.Add(-1)
	w.Header().Set("Content-Type", media)
	_, err := io.WriteString(w, begin)
	for piece := []byte(strings.Repeat(again, 300)); err == nil; {
		_, err = w.Write(piece)
	}
}

// raw answers with bytes of its own, shuts its side of the connection and leaves the other open until its client closes it.
func raw(w http.ResponseWriter, begin string, again func(i int) string, times int) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err) // it is HTTP/1.1
	}
	defer func() { _ = conn.Close() }()
	_, err = buffered.WriteString(begin)
	for i := 0; i < times && err == nil; i++ {
		_, err = buffered.WriteString(again(i))
	}
	if err == nil && buffered.Flush() == nil {
		if tcp, is := conn.(*net.TCPConn); is {
			_ = tcp.CloseWrite()
		}
		_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
		_, _ = io.Copy(io.Discard, conn)
	}
}

// treatment is how a call ends that its provider answers as no provider should.
type treatment struct {
	script          string
	streamed, plain *ending
}

// ending is what the client sees, what the log says, and how many tokens are charged.
type ending struct {
	status  int
	inBand  bool
	says    string
	outcome usage.CallOutcome
	// code is that of the log's line, or why the last attempt failed.
	code        string
	least, most int64
	source      usage.Source
}

var (
	// unserved is the end of a call of which nothing came.
	unserved = func(code string) *ending {
		return &ending{status: http.StatusServiceUnavailable, says: "No provider can take this request", outcome: usage.CallUpstreamError, code: code}
	}
	// whole is the end of a call that is complete.
	whole = func(source usage.Source, least, most int64) *ending {
		return &ending{status: http.StatusOK, outcome: usage.CallComplete, source: source, least: least, most: most}
	}
	treatments = []treatment{
		{"endless-line", &ending{status: http.StatusOK, inBand: true, says: "does not end", outcome: usage.CallUpstreamError, code: "too_long"}, nil},
		{"endless-answer", nil, unserved("too_long")},
		{"million-headers", unserved("protocol"), unserved("protocol")},
		{"long-header", unserved("protocol"), unserved("protocol")},
		{"endless-interim", unserved("protocol"), unserved("protocol")},
		{"brotli", unserved("encoding"), unserved("encoding")},
		{"half-closed", nil, unserved("cut")},
		{"elsewhere", &ending{status: http.StatusTemporaryRedirect, outcome: usage.CallUpstreamError, code: "307"}, &ending{status: http.StatusTemporaryRedirect, outcome: usage.CallUpstreamError, code: "307"}},
		{"absurd", whole(usage.SourceEstimated, 1, 200), whole(usage.SourceEstimated, 1, 200)},
		{"negative", whole(usage.SourceReported, 0, 0), whole(usage.SourceReported, 0, 0)},
		{"gzip", whole(usage.SourceReported, 20, 40), whole(usage.SourceReported, 20, 40)},
	}
)

// Whatever a provider answers, its client is told plainly, charged right, and nothing stays held.
func TestHostileProvidersAreBoundedAndSaidPlainly(t *testing.T) {
	database := storetest.SQLiteURL(t)
	h, url, visitors := newHostile(t)
	s := newSeller(t, database, url, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
	p := startProgram(t, "DATABASE_URL="+database, "GOMEMLIMIT=200MiB")
	expected := map[*made]*ending{}
	number := 0
	call := func(wire upstream.Endpoint, script string, plain bool) *made {
		number++
		m := &made{number: number, wire: wire, model: finishing, script: script, plain: plain}
		m.make(p.url, s.secrets[0])
		return m
	}
	for _, c := range treatments {
		for _, wire := range wires {
			for plain, want := range map[bool]*ending{false: c.streamed, true: c.plain} {
				if want == nil {
					continue
				}
				began := time.Now()
				m := call(wire, c.script, plain)
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("%s on %s, plain %t: it took %s", c.script, wire, plain, took)
				}
				m.seen(t, want)
				expected[m] = want
				m.body = nil
				if good := call(wire, "", plain); !good.whole() { // a failure in between is none in a row: the provider does not rest
					t.Fatalf("after %s on %s: %d %.300s", c.script, wire, good.status, good.body)
				}
			}
		}
	}
	if n := visitors.Load(); n > 0 {
		t.Errorf("%d redirects were followed", n)
	}
	Eventually(t, 5*time.Second, "the provider's endless answers to be left", func() bool { return h.streaming.Load() == 0 })
	s.settled(t, 5*time.Second)
	p.stop(t)
	s.reconciled(t)
	charges := s.charges(t)
	for m, want := range expected {
		m.written(t, s, want, charges[m.id])
	}
}

// seen fails where the client did not see this end.
func (m *made) seen(t *testing.T, want *ending) {
	t.Helper()
	ends := m.body[max(0, len(m.body)-500):]
	if m.err != nil || m.status != want.status || !bytes.Contains(ends, []byte(want.says)) || m.failed() != want.inBand && !m.plain || want.outcome == usage.CallComplete && !m.whole() {
		t.Errorf("%s on %s, plain %t: %d, %v, ends with %q", m.script, m.wire, m.plain, m.status, m.err, ends)
	}
	if len(m.body) > 65<<20 {
		t.Errorf("%s on %s: the client got %d bytes", m.script, m.wire, len(m.body))
	}
}

// written fails where the books or the log say something else.
func (m *made) written(t *testing.T, s *seller, want *ending, charge *usage.Record) {
	t.Helper()
	line, err := s.db.Request(context.Background(), uuid.MustParse(m.id))
	if err != nil {
		t.Errorf("%s on %s, plain %t: %v", m.script, m.wire, m.plain, err)
		return
	}
	code := line.Code
	if want.status == http.StatusServiceUnavailable {
		code = line.Attempts[len(line.Attempts)-1].Error
	}
	if line.Outcome != want.outcome || code != want.code || line.Status != want.status {
		t.Errorf("%s on %s, plain %t: the log says %d, %s, %q", m.script, m.wire, m.plain, line.Status, line.Outcome, code)
	}
	var tokens int64
	if charge != nil {
		tokens = charge.Priced.Tokens.Prompt() + charge.Priced.Tokens.Output
	}
	if (charge != nil) != (want.source != "") || charge != nil && charge.Call.Source != want.source || tokens < want.least || tokens > want.most {
		t.Errorf("%s on %s, plain %t: charged as %+v with %d tokens", m.script, m.wire, m.plain, charge, tokens)
	}
}

// peakMiB is the most memory that a process had; -1 where the system does not say.
func (p *process) peakMiB() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, "VmHWM:"); is {
			kib, _ := strconv.Atoi(strings.Fields(value)[0])
			return kib >> 10
		}
	}
	return -1
}

// Answers without an end cost neither the memory of the service nor a customer more than he has.
func TestEndlessAnswersAtOnceAreBounded(t *testing.T) {
	const atOnce, credits, mostMiB = 24, 1000, 600
	database := storetest.SQLiteURL(t)
	h, url, _ := newHostile(t)
	s := newSeller(t, database, url, credits, 100, 20, gateway.Cancel)
	p := startProgram(t, "DATABASE_URL="+database, "GOMEMLIMIT=200MiB")
	calls := []*made{}
	var calling sync.WaitGroup
	all := func(what func(i int, m *made)) {
		for i := range atOnce {
			m := &made{number: len(calls), wire: wires[i%len(wires)], model: []string{finishing, stopping}[i%2]}
			calls = append(calls, m)
			calling.Go(func() { what(i, m) })
		}
		calling.Wait()
	}
	// A client leaves an answer of comments.
	all(func(_ int, m *made) {
		m.script = "endless-comments"
		ctx, leave := context.WithCancel(context.Background())
		defer leave()
		body, ok := m.open(ctx, p.url, s.secrets[0])
		if !ok || m.status != http.StatusOK {
			t.Errorf("comments on %s: %d %v", m.wire, m.status, m.err)
			return
		}
		_, m.err = io.ReadFull(body, make([]byte, 1<<20))
		leave()
		_ = body.Close()
	})
	Eventually(t, 5*time.Second, "the provider's endless answers to be left", func() bool { return h.streaming.Load() == 0 })
	// Text without an end ends where the credits do.
	all(func(_ int, m *made) {
		m.script = "endless"
		if m.make(p.url, s.secrets[0]); m.status != http.StatusTooManyRequests && !m.failed() {
			t.Errorf("endless text on %s: %d %v, ends with %q", m.wire, m.status, m.err, m.body[max(0, len(m.body)-200):])
		}
		m.body = nil
	})
	// More than the budget of long answers has room for, of a customer who has credits: after it the provider rests.
	rich := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	all(func(i int, m *made) {
		m.script, m.plain = []string{"endless-answer", "endless-line"}[i%2], i%2 == 0
		m.make(p.url, rich.secrets[0])
		if m.plain && m.status != http.StatusServiceUnavailable || !m.plain && m.status != http.StatusServiceUnavailable && !m.failed() {
			t.Errorf("%s on %s: %d %v", m.script, m.wire, m.status, m.err)
		}
		m.body = nil
	})
	peak := p.peakMiB()
	if peak > mostMiB {
		t.Errorf("endless answers took %d MiB", peak)
	}
	s.settled(t, 5*time.Second)
	s.reconciled(t)
	f, err := s.db.Figures(context.Background(), s.userID, uuid.Nil)
	if err != nil || f.CreditsUsed > credits || f.CreditsUsed < credits/2 {
		t.Errorf("%d of %d credits are used: %v", f.CreditsUsed, credits, err)
	}
	s.charges(t)
	t.Logf("%d endless answers at once: at most %d MiB", atOnce, peak)
	p.stop(t)
}
