// Package mail tells people of events by SMTP: what a mail says, to whom it goes, and its
// sending. It alone imports go-mail.
package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"unicode"
)

// Server is an SMTP server and how to reach it. It masks its password wherever it is printed. The zero Server stands for none.
type Server struct {
	host, port, user string
	// password is behind a pointer because fmt prints unexported fields without calling their methods.
	password *string
	// implicit is TLS from the first byte, tls whether there is TLS at all.
	implicit, tls bool
	roots         *x509.CertPool
}

const maxURLPart = 1000

// ParseServer reads smtp://user:password@host:port or smtps://…; the URL is complete. ?tls=off
// sends without TLS, which without it happens on this machine alone; ?ca=FILE names the
// certificates of authorities that are trusted in place of the system's. An error never
// repeats the URL.
func ParseServer(u *url.URL) (Server, error) {
	s := Server{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", tls: true}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || s.host == "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return Server{}, errors.New("must look like smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	if s.port == "" {
		s.port = map[bool]string{false: "587", true: "465"}[s.implicit]
	}
	if u.User != nil {
		password, _ := u.User.Password()
		if s.user, s.password = u.User.Username(), &password; s.user == "" || password == "" {
			return Server{}, errors.New("must have a user and a password, or neither")
		}
	}
	if len(s.user) > maxURLPart || len(s.secret()) > maxURLPart || strings.ContainsFunc(s.host+s.user+s.secret(), unicode.IsControl) {
		return Server{}, errors.New("must have a host, a user and a password of at most 1000 printable characters")
	}
	return s.withOptions(u.Query())
}

func (s Server) withOptions(options url.Values) (Server, error) {
	file := options.Get("ca")
	switch mode := options.Get("tls"); {
	case mode != "" && mode != "off":
		return Server{}, errors.New("must have tls=off, to send without TLS, or no tls")
	case mode == "off" && (s.implicit || file != ""):
		return Server{}, errors.New("must not ask for TLS, by smtps or ca, and for tls=off")
	case mode == "off", !s.implicit && file == "" && isLoopback(s.host):
		s.tls = false
	}
	options.Del("tls")
	options.Del("ca")
	if len(options) > 0 {
		return Server{}, errors.New("must have no other options than tls and ca")
	}
	if file == "" {
		return s, nil
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator names it
	s.roots = x509.NewCertPool()
	if err != nil || !s.roots.AppendCertsFromPEM(text) {
		return Server{}, errors.New("must name as ca a file that can be read and has certificates in PEM")
	}
	return s, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// IsSet reports whether there is a server.
func (s Server) IsSet() bool { return s.host != "" }

// String is the server without user and password; empty for none.
func (s Server) String() string {
	if !s.IsSet() {
		return ""
	}
	return map[bool]string{false: "smtp://", true: "smtps://"}[s.implicit] + s.address()
}

func (s Server) secret() string {
	if s.password == nil {
		return ""
	}
	return *s.password
}

func (s Server) address() string { return net.JoinHostPort(s.host, s.port) }

// Format masks the server under every verb of fmt.
func (s Server) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

func (s Server) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// ParseFrom reads who mails are from: an address, or a name and an address as in
// Codexible <codexible@example.com>.
func ParseFrom(text string) (*mail.Address, error) {
	from, err := mail.ParseAddress(text)
	if err != nil || len(text) > 320 || strings.ContainsFunc(from.Name+from.Address, unicode.IsControl) {
		return nil, errors.New("must be an e-mail address, or a name and an address such as Codexible <codexible@example.com>")
	}
	return from, nil
}
