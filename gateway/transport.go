package gateway

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	dialTimeout = 10 * time.Second
	tlsTimeout  = 10 * time.Second
	// pingAfter is how long a connection may be silent before its peer is asked whether it
	// is there, and pingAnswer how long that may take.
	pingAfter  = 15 * time.Second
	pingAnswer = 15 * time.Second
	idleConns  = 256
	idleTime   = 90 * time.Second
	// maxAnswerHeaders bounds the head of an answer.
	maxAnswerHeaders = 256 << 10
	// defaultTimeout is that of an upstream that has none.
	defaultTimeout = 5 * time.Minute
)

// line is the connections to one upstream, as long as its configuration does not change.
type line struct {
	upstream  *Upstream
	transport *http.Transport

	mu      sync.Mutex
	calls   int
	retired bool
}

func newLine(u *Upstream) *line {
	dialer := &net.Dialer{
		Timeout:         dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: pingAfter, Interval: pingAnswer / 3, Count: 3},
		Control:         control(strings.HasPrefix(u.BaseURL, "http:")),
	}
	return &line{upstream: u, transport: &http.Transport{
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    tlsTimeout,
		DisableCompression:     true,
		MaxIdleConns:           idleConns,
		MaxIdleConnsPerHost:    idleConns,
		IdleConnTimeout:        idleTime,
		MaxResponseHeaderBytes: maxAnswerHeaders,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAnswer},
	}}
}

// serves reports whether the connections can be used for an upstream as it is now configured.
func (l *line) serves(u *Upstream) bool {
	old := l.upstream
	return old.Kind == u.Kind && old.BaseURL == u.BaseURL && old.FirstByteTimeout == u.FirstByteTimeout &&
		old.IdleTimeout == u.IdleTimeout && maps.Equal(old.Headers, u.Headers)
}

func (l *line) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
}

func (l *line) end() {
	l.mu.Lock()
	l.calls--
	last := l.retired && l.calls == 0
	l.mu.Unlock()
	if last {
		l.transport.CloseIdleConnections()
	}
}

// retire closes the connections without a call, and the others when their calls have ended.
func (l *line) retire() {
	l.mu.Lock()
	l.retired = true
	l.mu.Unlock()
	l.transport.CloseIdleConnections()
}

var errAddress = errors.New("the address is not one that upstreams may have")

// control refuses a connection by the address that the name has at that moment: a name
// that had a permitted address when the upstream was made may have another.
func control(plain bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !dialable(at.Addr(), plain) {
			return errAddress
		}
		return nil
	}
}

// dropped are headers that are never passed on, whoever sends them: credentials, and those
// that belong to one connection.
var dropped = []string{
	"Authorization", "X-Api-Key", "Cookie", "Proxy-Authorization", "Accept-Encoding", "Connection", "Keep-Alive", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Expect", "Content-Length", "Content-Encoding", "Host", "Proxy-Connection",
}

// Send makes one attempt. It returns when the head of the answer is there: within the upstream's
// time to the first byte. The header's names are in canonical form; credentials and what the
// upstream's configuration adds are put in. body is not used any more when Send has returned.
// The answer's body has to be closed; a read from it fails after the upstream's idle time
// without a byte, which does not pass while nobody reads. An error is a *SendError. The
// end of ctx ends the call, also while its body is read. Compression is not asked for: gzip is
// undone, and an answer in another encoding is an error.
func (f *Fleet) Send(ctx context.Context, t Try, e Endpoint, query string, header map[string][]string, body []byte) (*http.Response, error) {
	to := t.BaseURL + e.Path()
	if query != "" {
		to += "?" + query
	}
	return f.send(ctx, t, http.MethodPost, to, header, body)
}

func (f *Fleet) send(ctx context.Context, t Try, method, to string, header map[string][]string, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	up := &upload{body: body}
	req, err := http.NewRequestWithContext(ctx, method, to, nil)
	if err != nil {
		err = sendError(ctx, t, errURL) // the cause quotes the URL
		cancel(nil)
		return nil, err
	}
	if len(body) > 0 {
		req.ContentLength, req.GetBody = int64(len(body)), up.reader
		req.Body, _ = up.reader()
	}
	req.Header = headers(t, header)
	l := t.unit.line
	l.begin()
	timer := time.AfterFunc(timeoutOf(t.FirstByteTimeout), func() { cancel(errFirstByte) })
	res, err := l.transport.RoundTrip(req)
	if !timer.Stop() && err == nil {
		_ = res.Body.Close()
		err = errFirstByte
	}
	if err != nil {
		up.end()
		err = sendError(ctx, t, err)
		cancel(nil)
		l.end()
		return nil, err
	}
	up.detach()
	res.Request = nil // it has the credentials
	res.Body = newAnswer(ctx, cancel, t, res.Body)
	if err := decode(ctx, t, res); err != nil {
		_ = res.Body.Close()
		return nil, err
	}
	return res, nil
}

func timeoutOf(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultTimeout
	}
	return d
}

// headers are those of a call to an upstream.
func headers(t Try, header map[string][]string) http.Header {
	h := make(http.Header, len(header)+4)
	maps.Copy(h, header)
	for _, name := range dropped {
		delete(h, name)
	}
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = []string{"application/json"}
	}
	if len(h["User-Agent"]) == 0 {
		h["User-Agent"] = []string{"codexible"}
	}
	if t.Kind == Anthropic && len(h["Anthropic-Version"]) == 0 {
		h["Anthropic-Version"] = []string{"2023-06-01"}
	}
	if secret := t.Key.Secret.Reveal(); secret != "" {
		if t.Kind == Anthropic {
			h["X-Api-Key"] = []string{secret}
		} else {
			h["Authorization"] = []string{"Bearer " + secret}
		}
	}
	for name, value := range t.Headers {
		h[http.CanonicalHeaderKey(name)] = []string{value}
	}
	return h
}

// answer is the body of an answer: it ends the call when it is closed.
type answer struct {
	io.ReadCloser

	ctx    context.Context //nolint:containedctx // the call's, which the reads belong to
	cancel context.CancelCauseFunc
	try    Try
	idle   time.Duration
	silent *time.Timer
	once   sync.Once
}

func newAnswer(ctx context.Context, cancel context.CancelCauseFunc, t Try, body io.ReadCloser) *answer {
	a := &answer{ReadCloser: body, ctx: ctx, cancel: cancel, try: t, idle: timeoutOf(t.IdleTimeout)}
	a.silent = time.AfterFunc(a.idle, func() { cancel(errSilent) })
	a.silent.Stop()
	return a
}

func (a *answer) Read(p []byte) (int, error) {
	a.silent.Reset(a.idle)
	n, err := a.ReadCloser.Read(p)
	a.silent.Stop()
	if err != nil && err != io.EOF { //nolint:errorlint // a reader's EOF is never wrapped
		err = sendError(a.ctx, a.try, err)
	}
	return n, err
}

func (a *answer) Close() error {
	var err error
	a.once.Do(func() {
		a.silent.Stop()
		a.cancel(nil)
		err = a.ReadCloser.Close()
		a.try.unit.line.end()
	})
	return err
}
