package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"codexible/events"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// Timeout bounds an attempt with all its mails, patience one mail, from the look-up of the
	// name to the answer that it is accepted.
	Timeout, patience = 60 * time.Second, 30 * time.Second
	// maxRead bounds what is read from a server for one mail.
	maxRead   = 1 << 20
	maxAnswer = 500
)

// Message is a mail: plain text, to one recipient.
type Message struct {
	// ID is its Message-ID without the domain: a repeat has the same.
	ID, To, Subject, Text string
	// FromName is the name beside the sender's address; empty for that of the Sender.
	FromName string
	At       time.Time
}

// Accepted is the answer of a server that has taken a mail.
type Accepted struct {
	Code   int
	Answer string
}

// SendError is why a mail was not accepted.
type SendError struct {
	// Code is that of the server's answer; 0 for none.
	Code int
	// Refused is whether the server refuses this mail for good. What is wrong with the
	// connection or the sign-in may be mended, so it is none.
	Refused bool
	text    string
}

// Error says what happened, without a password or the recipient's address.
func (e *SendError) Error() string { return e.text }

// Sender sends mails by SMTP, each by a connection of its own. It is safe for concurrent use.
type Sender struct {
	server Server
	from   *mail.Address
	helo   string
	// dial opens connections.
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	patience time.Duration
}

// NewSender makes a Sender.
func NewSender(server Server, from *mail.Address) *Sender {
	name, err := os.Hostname()
	if err != nil || name == "" || strings.ContainsAny(name, " \r\n") {
		name = "localhost"
	}
	return &Sender{server: server, from: from, helo: name, dial: new(net.Dialer).DialContext, patience: patience}
}

// Server names the server, without user and password.
func (s *Sender) Server() string { return s.server.String() }

// Send sends a mail once; a SendError where it was not accepted.
func (s *Sender) Send(ctx context.Context, m Message) (Accepted, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	written, err := s.write(m)
	if err != nil {
		return Accepted{}, &SendError{Refused: true, text: "the mail cannot be written: " + printable(err.Error(), m.To)}
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return Accepted{}, s.failure(ctx, "no connection to the mail server", err, m.To)
	}
	// Whatever the server does, the connection ends with the attempt.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer func() { _ = conn.Close() }()
	client, err := smtp.NewClient(conn, s.server.host)
	if err != nil {
		return Accepted{}, s.failure(ctx, "the mail server does not greet", err, m.To)
	}
	if failed := s.open(ctx, client, m.To); failed != nil {
		return Accepted{}, failed
	}
	return s.hand(ctx, client, m.To, written)
}

func (s *Sender) write(m Message) (*gomail.Msg, error) {
	written := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	written.FromMailAddress(&mail.Address{Name: cmp.Or(oneLine(m.FromName), s.from.Name), Address: s.from.Address})
	to := &mail.Address{Address: m.To}
	if parsed, err := mail.ParseAddress(to.String()); err != nil || parsed.Address != m.To {
		return nil, errors.New("the recipient is no e-mail address")
	}
	written.ToMailAddress(to)
	_, domain, _ := strings.Cut(s.from.Address, "@")
	written.SetMessageIDWithValue(m.ID + "@" + domain)
	written.SetDateWithValue(m.At)
	written.Subject(oneLine(m.Subject))
	written.SetGenHeader("Auto-Submitted", "auto-generated")
	written.SetBodyString(gomail.TypeTextPlain, m.Text)
	return written, nil
}

// connect opens a connection, with TLS where that comes first.
func (s *Sender) connect(ctx context.Context) (net.Conn, error) {
	conn, err := s.dial(ctx, "tcp", s.server.address())
	if err != nil {
		return nil, err
	}
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	conn = &bounded{Conn: conn, left: maxRead}
	if !s.server.implicit {
		return conn, nil
	}
	encrypted := tls.Client(conn, s.server.tlsConfig())
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return encrypted, nil
}

// bounded is a connection of which only so much is read.
type bounded struct {
	net.Conn

	left int
}

var errTooMuch = errors.New("the server sends too much")

// Read reads from the connection.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// open greets, begins TLS and signs in.
func (s *Sender) open(ctx context.Context, client *smtp.Client, to string) *SendError {
	if err := client.Hello(s.helo); err != nil {
		return s.failure(ctx, "the mail server refuses the greeting", err, to)
	}
	if s.server.tls && !s.server.implicit {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return &SendError{text: "the mail server offers no STARTTLS, and nothing is sent to it without TLS; use smtps://, or write tls=off in SMTP_URL"}
		}
		if err := client.StartTLS(s.server.tlsConfig()); err != nil {
			return s.failure(ctx, "no TLS with the mail server", err, to)
		}
	}
	if s.server.user == "" {
		return nil
	}
	_, offered := client.Extension("AUTH")
	how := s.auth(strings.Fields(offered))
	if how == nil {
		return &SendError{text: "the mail server offers no sign-in with a password (SCRAM-SHA-256, PLAIN, LOGIN or CRAM-MD5)"}
	}
	if err := client.Auth(how); err != nil {
		return s.failure(ctx, "the mail server refuses the sign-in of SMTP_URL", err, to)
	}
	return nil
}

// auth is the best sign-in that the server offers; nil for none. Where there is no TLS the
// operator has said so, or the server is on this machine.
func (s *Sender) auth(offered []string) smtp.Auth {
	offers := func(name string) bool { return slices.Contains(offered, name) }
	switch v := s.server; {
	case offers("SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(v.user, v.secret())
	case !v.tls && offers("CRAM-MD5"):
		return smtp.CRAMMD5Auth(v.user, v.secret())
	case offers("PLAIN"):
		return smtp.PlainAuth("", v.user, v.secret(), v.host, !v.tls)
	case offers("LOGIN"):
		return smtp.LoginAuth(v.user, v.secret(), v.host, !v.tls)
	case offers("CRAM-MD5"):
		return smtp.CRAMMD5Auth(v.user, v.secret())
	}
	return nil
}

// hand gives the server a mail.
func (s *Sender) hand(ctx context.Context, client *smtp.Client, to string, written *gomail.Msg) (Accepted, error) {
	// With SMTPUTF8 a server passes the mail on only to those that have it too: it is for addresses that need it.
	client.SkipSMTPUTF8(isASCII(s.from.Address + to))
	if err := client.Mail((&mail.Address{Address: s.from.Address}).String()); err != nil {
		return Accepted{}, s.failure(ctx, "the mail server refuses MAIL_FROM", err, to)
	}
	if err := client.Rcpt((&mail.Address{Address: to}).String()); err != nil {
		return Accepted{}, s.final(ctx, "the mail server refuses the recipient", err, to)
	}
	data, err := client.Data()
	if err != nil {
		return Accepted{}, s.final(ctx, "the mail server refuses the mail", err, to)
	}
	if _, err := written.WriteTo(data); err != nil {
		return Accepted{}, s.failure(ctx, "the connection to the mail server broke off", err, to)
	}
	if err := data.Close(); err != nil {
		return Accepted{}, s.final(ctx, "the mail server refuses the mail", err, to)
	}
	accepted := Accepted{Code: 250}
	if answered, is := data.(interface{ ServerResponse() string }); is {
		accepted.Answer = printable(answered.ServerResponse(), to)
	}
	_ = client.Quit() // the mail is accepted
	return accepted, nil
}

// failure is an error that may be gone at the next attempt.
func (s *Sender) failure(ctx context.Context, what string, err error, to string) *SendError {
	if answered, is := errors.AsType[*textproto.Error](err); is {
		return &SendError{Code: answered.Code, text: fmt.Sprintf("%s: %d %s", what, answered.Code, printable(s.masked(answered.Msg), to))}
	}
	switch {
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
		return &SendError{text: fmt.Sprintf("%s within %d s", cmp.Or(what, "no answer"), int(s.patience.Seconds()))}
	case errors.Is(err, io.EOF):
		return &SendError{text: what + ": the server closed the connection"}
	}
	return &SendError{text: what + ": " + printable(s.masked(err.Error()), to)}
}

// final is the same, where an answer of 5xx is about this mail.
func (s *Sender) final(ctx context.Context, what string, err error, to string) *SendError {
	failed := s.failure(ctx, what, err, to)
	failed.Refused = failed.Code >= 500 && failed.Code < 600
	return failed
}

// masked is an answer without the password, should a server repeat it.
func (s *Sender) masked(text string) string {
	if s.server.user == "" {
		return text
	}
	return strings.ReplaceAll(text, s.server.secret(), "***")
}

// printable is the beginning of an answer, in one line, without the recipient's address.
func printable(text, to string) string {
	if to != "" {
		text = strings.ReplaceAll(text, to, "the recipient")
	}
	text = oneLine(events.Printable([]byte(text)))
	return strings.ToValidUTF8(text[:min(len(text), maxAnswer)], "")
}

// oneLine is a text without control characters.
func oneLine(text string) string { return strings.Join(strings.Fields(strings.Map(spaced, text)), " ") }

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > '~' })
}

func spaced(r rune) rune {
	if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}
