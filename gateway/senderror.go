package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// SendError is why an attempt has no answer, or why an answer ended early. Its text names
// the upstream and the word, and nothing of what was sent or answered; the cause may.
type SendError struct {
	Upstream string
	// Word is one of dns, refused, unreachable, connect_timeout, address, tls,
	// first_byte_timeout, idle_timeout, cut, canceled, encoding, protocol.
	Word  string
	cause error
}

// Error is a sentence for the log.
func (e *SendError) Error() string { return "upstream " + e.Upstream + ": " + e.Word }

// Unwrap is the cause; where the caller ended the call, the cause of its context.
func (e *SendError) Unwrap() error { return e.cause }

// WordOf is the word of a SendError, too_long for an answer beyond maxAnswer; empty for another error.
func WordOf(err error) string {
	if errors.Is(err, errTooLong) {
		return "too_long"
	}
	if e := (*SendError)(nil); errors.As(err, &e) {
		return e.Word
	}
	return ""
}

var (
	errFirstByte = errors.New("no answer within the time to the first byte")
	errSilent    = errors.New("no byte within the idle time")
	errURL       = errors.New("the URL cannot be used")
)

func sendError(ctx context.Context, t Try, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &SendError{Upstream: t.Name, Word: word(ctx, err), cause: err}
}

func word(ctx context.Context, err error) string {
	dial := (*net.OpError)(nil)
	timeout := net.Error(nil)
	switch {
	case errors.Is(err, errFirstByte):
		return "first_byte_timeout"
	case errors.Is(err, errSilent):
		return "idle_timeout"
	case ctx.Err() != nil:
		return "canceled"
	case errors.Is(err, errEncoding):
		return "encoding"
	case errors.Is(err, errAddress):
		return "address"
	case errors.As(err, new(*net.DNSError)):
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "unreachable"
	case ofTLS(err):
		return "tls"
	case errors.As(err, &dial) && dial.Op == "dial" && errors.As(err, &timeout) && timeout.Timeout():
		return "connect_timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.As(err, &dial):
		return "cut"
	}
	return "protocol"
}

// ofTLS reports whether an error is about certificates or the handshake. The library has
// no type for some of them.
func ofTLS(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(tls.RecordHeaderError)) || errors.As(err, new(tls.AlertError)) ||
		errors.As(err, new(x509.UnknownAuthorityError)) || errors.As(err, new(x509.HostnameError)) || errors.As(err, new(x509.CertificateInvalidError)) ||
		strings.Contains(err.Error(), "TLS handshake") || strings.HasPrefix(err.Error(), "tls: ") || strings.Contains(err.Error(), "HTTP response to HTTPS client")
}
