package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// serving is a fleet of one upstream with one key, and what answers there.
func serving(t *testing.T, change func(u *Upstream), answer http.HandlerFunc) (*harbour, Try) {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	u := fleetUpstream(1, 1)
	u.BaseURL = server.URL + "/v1"
	if change != nil {
		change(&u)
	}
	h := newHarbour(t, nil, u)
	return h, trying(t, h)
}

func trying(t *testing.T, h *harbour) Try {
	t.Helper()
	try, ok := fleetNext(t, h, fleetModel(1), Session{})
	if !ok {
		t.Fatal("the upstream is not tried")
	}
	return try
}

// received reads an answer to its end.
func received(t *testing.T, res *http.Response, err error) (int, string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode, string(body)
}

func TestACallHasTheUpstreamsCredentialsAndNoneOfTheClients(t *testing.T) {
	for kind, want := range map[Kind]http.Header{
		OpenAI:     {"Authorization": {"Bearer secret of b0"}},
		Compatible: {"Authorization": {"Bearer secret of b0"}},
		Anthropic:  {"X-Api-Key": {"secret of b0"}, "Anthropic-Version": {"2023-06-01"}},
	} {
		var got *http.Request
		var body []byte
		h, try := serving(t, func(u *Upstream) {
			u.Kind, u.Headers = kind, map[string]string{"openai-organization": "org-1", "User-Agent": "ours"}
		}, func(_ http.ResponseWriter, r *http.Request) {
			got = r
			body, _ = io.ReadAll(r.Body)
		})
		sent := map[string][]string{
			"Authorization": {"Bearer of the client"}, "X-Api-Key": {"of the client"}, "Cookie": {"c"}, "Accept-Encoding": {"zstd"},
			"Content-Encoding": {"zstd"}, "Connection": {"upgrade"}, "Anthropic-Beta": {"a", "b"}, "User-Agent": {"theirs"}, "Accept": {"text/event-stream"},
		}
		res, err := h.Send(t.Context(), try, Messages, "beta=true", sent, []byte(`{"model":"large"}`))
		if status, _ := received(t, res, err); status != 200 || res.Request != nil {
			t.Errorf("%s: status %d; the answer has its request with the credentials: %t", kind, status, res.Request != nil)
		}
		want["Anthropic-Beta"], want["Accept"], want["User-Agent"] = []string{"a", "b"}, []string{"text/event-stream"}, []string{"ours"}
		want["Content-Type"], want["Content-Length"], want["Openai-Organization"] = []string{"application/json"}, []string{"17"}, []string{"org-1"}
		if diff := cmp.Diff(want, got.Header); diff != "" || got.RequestURI != "/v1/messages?beta=true" || got.Method != "POST" || string(body) != `{"model":"large"}` {
			t.Errorf("%s: %s %s %q %s", kind, got.Method, got.RequestURI, body, diff)
		}
		if len(sent["Authorization"]) != 1 || sent["User-Agent"][0] != "theirs" {
			t.Errorf("%s: the caller's headers were changed: %v", kind, sent)
		}
	}
}

func TestWithoutAKeyNoCredentialsAreSent(t *testing.T) {
	var got http.Header
	h, try := serving(t, func(u *Upstream) { u.Keys = nil }, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	res, err := h.Send(t.Context(), try, ChatCompletions, "", nil, []byte("{}"))
	received(t, res, err)
	want := http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}, "User-Agent": {"codexible"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARedirectIsAnAnswer(t *testing.T) {
	calls := 0
	h, try := serving(t, nil, func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
		_, _ = io.WriteString(w, "elsewhere")
	})
	res, err := h.Send(t.Context(), try, Responses, "", nil, []byte("{}"))
	if status, body := received(t, res, err); status != 307 || body != "elsewhere" || calls != 1 {
		t.Errorf("status %d, %q, after %d calls", status, body, calls)
	}
}

func TestAddressesThatUpstreamsMayNotHaveAreNotDialled(t *testing.T) {
	for text, want := range map[string][2]bool{ // with https, with http
		"93.184.215.14": {true, false}, "2606:4700::1": {true, false},
		"127.0.0.1": {true, true}, "::1": {true, true}, "10.1.2.3": {true, true}, "192.168.0.1": {true, true}, "172.16.0.9": {true, true},
		"fd00::1": {true, true}, "::ffff:10.0.0.1": {true, true}, "::ffff:8.8.8.8": {true, false}, "100.64.0.1": {true, true}, "fd20:ce::254": {}, "2002:a9fe:a9fe::1": {},
		"169.254.169.254": {}, "169.254.0.1": {}, "::ffff:169.254.169.254": {}, "64:ff9b::a9fe:a9fe": {}, "fe80::1": {}, "fe80::1%eth0": {},
		"fd00:ec2::254": {}, "100.100.100.200": {}, "168.63.129.16": {}, "192.0.0.192": {}, "0.0.0.0": {}, "::": {}, "224.0.0.1": {}, "ff02::1": {},
	} {
		at := netip.MustParseAddr(text)
		if got := [2]bool{dialable(at, false), dialable(at, true)}; got != want {
			t.Errorf("%s: %v, not %v", text, got, want)
		}
		err := control(true)("tcp", netip.AddrPortFrom(at, 80).String(), nil)
		if (err == nil) != want[1] {
			t.Errorf("%s: %v", text, err)
		}
	}
	if control(false)("tcp", "no address", nil) == nil {
		t.Error("what is no address is dialled")
	}
	h, try := serving(t, func(u *Upstream) { u.BaseURL = "http://169.254.169.254/v1" }, nil)
	if _, err := h.Send(t.Context(), try, ChatCompletions, "", nil, nil); WordOf(err) != "address" {
		t.Errorf("the address of the metadata service: %v", err)
	}
}

func TestAnErrorOfSendSaysInAWordWhatHappened(t *testing.T) {
	closed := listening(t, func(c net.Conn) { _ = c.Close() })
	garbled := listening(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "secret garbage\r\n\r\n")
		_ = c.Close()
	})
	endless := listening(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for range 10_000 {
			if _, err := io.WriteString(c, "X-Filler: "+strings.Repeat("x", 90)+"\r\n"); err != nil {
				break
			}
		}
		_ = c.Close()
	})
	brotli := listening(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx")
		_ = c.Close()
	})
	silent := listening(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	unknown := httptest.NewTLSServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(unknown.Close)
	for says, c := range map[string]struct{ base, word string }{
		"nothing listens":   {"http://" + gone.Addr().String(), "refused"},
		"no such name":      {"http://nobody.invalid", "dns"},
		"unknown authority": {unknown.URL, "tls"},
		"plain behind TLS":  {strings.Replace(plain.URL, "http:", "https:", 1), "tls"},
		"closes":            {"http://" + closed, "cut"},
		"not HTTP":          {"http://" + garbled, "protocol"},
		"endless headers":   {"http://" + endless, "protocol"},
		"brotli":            {"http://" + brotli, "encoding"},
		"silent":            {"http://" + silent, "first_byte_timeout"},
		"link-local":        {"https://[fe80::1]", "address"},
		"bad URL":           {"http://[::1", "protocol"},
	} {
		h, try := serving(t, func(u *Upstream) { u.BaseURL, u.FirstByteTimeout = c.base, 300*time.Millisecond }, nil)
		if says == "no such name" {
			refuseNames(try)
		}
		body := []byte(`{"prompt":"private"}`)
		if c.word == "protocol" {
			body = nil // what answers too early may also be seen as a body that could not be sent
		}
		_, err := h.Send(t.Context(), try, ChatCompletions, "", nil, body)
		if WordOf(err) != c.word {
			t.Errorf("%s: %q: %v", says, WordOf(err), errors.Unwrap(err))
		}
		if want := "upstream b: " + c.word; err == nil || err.Error() != want {
			t.Errorf("%s: the error is %q, not %q", says, err, want)
		}
	}
	if WordOf(io.EOF) != "" {
		t.Error("another error has a word")
	}
}

// refuseNames has a line answer as a resolver without the name does, whatever resolver there is.
func refuseNames(try Try) {
	try.unit.line.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "nobody.invalid", IsNotFound: true}}
	}
}

// listening is the address of what does this with each connection after its first bytes.
func listening(t *testing.T, do func(c net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Read(make([]byte, 64<<10))
				do(c)
			}()
		}
	}()
	return l.Addr().String()
}

func TestTheCallersEndEndsTheCallWithItsCause(t *testing.T) {
	left := errors.New("the client has left")
	seen := make(chan struct{}, 2)
	h, try := serving(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") == "text/event-stream" {
			_, _ = io.WriteString(w, "data: 1\n\n")
			w.(http.Flusher).Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
		seen <- struct{}{}
	})
	ctx, leave := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { leave(left) })
	_, err := h.Send(ctx, try, ChatCompletions, "", nil, []byte("{}"))
	if !errors.Is(err, left) || WordOf(err) != "canceled" {
		t.Errorf("before the answer: %v", err)
	}
	<-seen // the upstream knows
	ctx, leave = context.WithCancelCause(t.Context())
	res, err := h.Send(ctx, try, ChatCompletions, "", map[string][]string{"Accept": {"text/event-stream"}}, []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { leave(left) })
	got, err := io.ReadAll(res.Body)
	if !errors.Is(err, left) || WordOf(err) != "canceled" || string(got) != "data: 1\n\n" {
		t.Errorf("within the answer: %v after %q", err, got)
	}
	_ = res.Body.Close()
	<-seen
}

func TestAnAnswerThatFallsSilentOrIsCutFails(t *testing.T) {
	h, try := serving(t, func(u *Upstream) { u.IdleTimeout = 150 * time.Millisecond }, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		if r.URL.RawQuery == "cut" {
			panic(http.ErrAbortHandler)
		}
		<-r.Context().Done()
	})
	for query, word := range map[string]string{"cut": "cut", "": "idle_timeout"} {
		res, err := h.Send(t.Context(), try, ChatCompletions, query, nil, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if string(got) != "data: 1\n\n" || WordOf(err) != word {
			t.Errorf("%q after %q, not %q", WordOf(err), got, word)
		}
		_ = res.Body.Close()
		_ = res.Body.Close() // once more does no harm
	}
}

func TestSilenceCountsOnlyWhileSomebodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, upstream := io.Pipe()
		ctx, cancel := context.WithCancelCause(t.Context())
		context.AfterFunc(ctx, func() { _ = body.CloseWithError(ctx.Err()) }) // as an HTTP transport does
		u := fleetUpstream(1, 0)
		try := Try{Upstream: &u, Key: &UpstreamKey{}, unit: &unit{&u, newLine(&u)}}
		try.unit.line.begin()
		a := newAnswer(ctx, cancel, try, body)
		go func() {
			_, _ = io.WriteString(upstream, "one")
			time.Sleep(time.Hour + defaultTimeout - time.Nanosecond)
			_, _ = io.WriteString(upstream, "two")
		}()
		got := make([]byte, 3)
		if _, err := io.ReadFull(a, got); err != nil || string(got) != "one" {
			t.Fatalf("%q, %v", got, err)
		}
		time.Sleep(time.Hour)
		if _, err := io.ReadFull(a, got); err != nil || string(got) != "two" {
			t.Fatalf("%q, %v", got, err)
		}
		begun := time.Now()
		if _, err := a.Read(got); WordOf(err) != "idle_timeout" || time.Since(begun) != defaultTimeout {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
		_ = a.Close()
	})
}

// A server may answer before it has read the request. The caller's bytes are the caller's
// again when Send returns, and what the server reads later is what was to be sent.
func TestTheBodyIsTheCallersWhenSendReturns(t *testing.T) {
	const size = 16 << 20
	got := make(chan []byte, 1)
	h, try := serving(t, nil, func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		_, _ = io.WriteString(w, "early")
		_ = control.Flush()
		body, _ := io.ReadAll(r.Body)
		got <- body
	})
	body := bytes.Repeat([]byte("a"), size)
	res, err := h.Send(t.Context(), try, ChatCompletions, "", nil, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = 'b'
	}
	sent := <-got
	if len(sent) != size || bytes.IndexByte(sent, 'b') >= 0 {
		t.Errorf("%d bytes are sent, the first foreign one is at %d", len(sent), bytes.IndexByte(sent, 'b'))
	}
	received(t, res, nil)
	// The same where the call fails meanwhile.
	silent := listening(t, func(net.Conn) { <-t.Context().Done() })
	h, try = serving(t, func(u *Upstream) { u.BaseURL, u.FirstByteTimeout = "http://"+silent, 100*time.Millisecond }, nil)
	if _, err := h.Send(t.Context(), try, ChatCompletions, "", nil, body); WordOf(err) != "first_byte_timeout" {
		t.Errorf("a server that does not read: %v", err)
	}
	clear(body)
}

func TestABodyIsSentAgainFromItsBeginning(t *testing.T) {
	up := &upload{body: []byte("all of it")}
	one, _ := up.reader()
	if _, err := io.ReadFull(one, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	two, err := up.reader()
	if err != nil {
		t.Fatal(err)
	}
	up.detach()
	for _, c := range []struct {
		r    io.Reader
		want string
	}{{two, "all of it"}, {one, " of it"}, {one, ""}} {
		if got, err := io.ReadAll(c.r); err != nil || string(got) != c.want {
			t.Errorf("%q, %v", got, err)
		}
	}
	three, _ := up.reader()
	up.end()
	if n, err := three.Read(make([]byte, 9)); n > 0 || err == nil || err == io.EOF {
		t.Errorf("%d bytes are sent of a call that has ended, %v", n, err)
	}
	if _, err := up.reader(); err == nil {
		t.Error("a call that has ended is sent again")
	}
}

func TestAnUpstreamThatChangesHasOtherConnections(t *testing.T) {
	var mu sync.Mutex
	states := map[http.ConnState]int{}
	hold := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "hold" {
			w.(http.Flusher).Flush()
			<-hold
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		states[s]++
	}
	server.Start()
	t.Cleanup(server.Close)
	u := fleetUpstream(1, 1)
	u.BaseURL = server.URL + "/v1"
	h := newHarbour(t, nil, u)
	count := func(s http.ConnState) int {
		mu.Lock()
		defer mu.Unlock()
		return states[s]
	}
	call := func(try Try, query string) *http.Response {
		t.Helper()
		res, err := h.Send(t.Context(), try, ChatCompletions, query, nil, []byte("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if query == "" {
			received(t, res, nil)
		}
		return res
	}
	old := trying(t, h)
	call(old, "")
	u.Weight = 5
	h.change(u)
	call(trying(t, h), "")
	if n := count(http.StateNew); n != 1 {
		t.Errorf("another weight costs a connection: %d", n)
	}
	under := call(old, "hold")
	u.Headers = map[string]string{"X-Team": "one"}
	h.change(u)
	call(trying(t, h), "")
	if n := count(http.StateNew); n != 2 {
		t.Errorf("other headers share the connections: %d", n)
	}
	call(old, "") // a call that was routed before still finds its way
	close(hold)
	received(t, under, nil)
	eventuallyTrue(t, "the connections of before are closed", func() bool { return count(http.StateClosed) >= 2 })
	h.change()
	if _, err := h.Upstreams(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventuallyTrue(t, "those of an upstream that was deleted too", func() bool { return count(http.StateClosed) == count(http.StateNew) })
}

func eventuallyTrue(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func TestManyCallsAtOnceUseHTTP2OverTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s", r.Proto, body)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	u := fleetUpstream(1, 1)
	u.BaseURL = server.URL
	h := newHarbour(t, nil, u)
	try := trying(t, h)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	try.unit.line.transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	var done sync.WaitGroup
	for g := range 8 {
		done.Go(func() {
			for n := range 10 {
				body := bytes.Repeat([]byte{byte('a' + g)}, 1+n*10_000)
				res, err := h.Send(t.Context(), try, ChatCompletions, "", nil, body)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || !slices.Equal(got, append([]byte("HTTP/2.0 "), body...)) {
					t.Errorf("%d bytes come back for %d, %v", len(got), len(body), err)
				}
			}
		})
	}
	done.Wait()
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAnAnswerThatIsTooLongIsAFailureWithAWord(t *testing.T) {
	if _, err := readAll(endless{}, &budget{most: 2 * maxAnswer}); WordOf(err) != "too_long" {
		t.Errorf("%v has the word %q", err, WordOf(err))
	}
}
