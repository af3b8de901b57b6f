package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// Timeout bounds an attempt, from the look-up of the name to the end of the answer.
	Timeout = 15 * time.Second
	// maxAnswer is how much of an answer is read, keptAnswer how much of it is kept.
	maxAnswer, keptAnswer = 64 << 10, 1 << 10
	maxError              = 300
)

// Sender sends events to webhooks by HTTP. It is safe for concurrent use.
type Sender struct {
	// plain and encrypted differ in what addresses they connect to.
	plain, encrypted *http.Client
	now              func() time.Time
}

// NewSender makes a Sender that connects to what targets permit.
func NewSender(targets Targets, now func() time.Time) *Sender {
	return &Sender{plain: client(targets, false), encrypted: client(targets, true), now: now}
}

// client follows no redirect and uses no proxy: what it connects to is what was checked.
func client(targets Targets, encrypted bool) *http.Client {
	dialer := &net.Dialer{Timeout: Timeout, Control: targets.control(encrypted)}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: Timeout,
		},
	}
}

// Close closes the connections that are kept.
func (s *Sender) Close() {
	s.plain.CloseIdleConnections()
	s.encrypted.CloseIdleConnections()
}

// Send makes one attempt to tell a webhook of an event.
func (s *Sender) Send(ctx context.Context, w *Webhook, e *Event) (a Answer) {
	began := s.now()
	defer func() { a.At, a.MS = began, s.now().Sub(began).Milliseconds() }()
	if w.Secret.IsZero() {
		a.Error = w.Problem
		return a
	}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	body := e.Payload()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		a.Error = "the URL cannot be used"
		return a
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"Codexible"},
		"Webhook-Id": {e.ID.String()}, "Webhook-Timestamp": {strconv.FormatInt(began.Unix(), 10)}, "Webhook-Signature": {Sign(e.ID.String(), began, body, w.Signing(began)...)},
	}
	by := s.encrypted
	if request.URL.Scheme == "http" {
		by = s.plain
	}
	response, err := by.Do(request)
	if err != nil {
		a.Error = problem(err)
		return a
	}
	defer func() { _ = response.Body.Close() }()
	a.Status, a.Final = response.StatusCode, response.StatusCode == http.StatusGone
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	a.Body = Printable(answer[:min(len(answer), keptAnswer)])
	switch {
	case a.OK() && err != nil:
		a.Error = "the answer broke off: " + problem(err)
	case a.Status >= 300 && a.Status < 400:
		a.Error = "the receiver redirected; redirects are not followed"
	case !a.OK():
		a.Error = fmt.Sprintf("the receiver answered %d", a.Status)
	}
	return a
}

// problem is an error without the URL, whose path may be a secret of the receiver's.
func problem(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %d s", int(Timeout.Seconds()))
	}
	if of, is := errors.AsType[*url.Error](err); is {
		err = of.Err
	}
	text := Printable([]byte(err.Error()))
	return strings.ToValidUTF8(text[:min(len(text), maxError)], "")
}

// Printable keeps what every database and page can show.
func Printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			return r
		case r == '\r':
			return -1
		}
		return '�'
	}, strings.ToValidUTF8(string(text), "�"))
}
