package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"codexible/store"
)

// SecretURL is an address that may hold a password or a token. It masks itself
// wherever it is printed, logged or encoded; only Reveal returns it. The text is
// behind a pointer because fmt prints unexported fields without calling their
// methods: of a pointer it prints the address.
type SecretURL struct{ text *string }

// NewSecretURL wraps an address; the empty one is the zero value.
func NewSecretURL(text string) SecretURL {
	if text == "" {
		return SecretURL{}
	}
	return SecretURL{&text}
}

// IsSet reports whether there is an address.
func (u SecretURL) IsSet() bool { return u.text != nil }

// Reveal returns the address in clear, for connecting to it; empty if none is set.
func (u SecretURL) Reveal() string {
	if u.text == nil {
		return ""
	}
	return *u.text
}

// unreadable is shown for an address whose host and password cannot be told apart.
const unreadable = "(unreadable)"

// String returns scheme, host and path, or the path of a database file, without
// user, query and fragment.
func (u SecretURL) String() string {
	text := u.Reveal()
	if path, isFile := strings.CutPrefix(text, "sqlite:"); isFile {
		return shownFile(path)
	}
	parsed, ok := readURL(text)
	switch {
	case ok:
		return parsed.Scheme + "://" + parsed.Host + parsed.EscapedPath()
	case text == "":
		return ""
	}
	return unreadable
}

// shownFile is the path of an embedded database, without what looks like a query.
// One that looks like user:password@host shows nothing.
func shownFile(path string) string {
	if rest, isServer := strings.CutPrefix(path, "//"); isServer {
		if authority, _, _ := strings.Cut(rest, "/"); strings.Contains(authority, "@") {
			return unreadable
		}
	}
	path, _, _ = strings.Cut(path, "?")
	return "sqlite:" + path
}

// Parse returns the address in clear; false if it is not a URL with a scheme and a
// host.
func (u SecretURL) Parse() (*url.URL, bool) { return readURL(u.Reveal()) }

// readURL parses an address with a scheme and a host; false also if a password that
// is not percent-encoded makes the host ambiguous.
func readURL(text string) (*url.URL, bool) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme == "" || parsed.Host == "" || store.AmbiguousURL(text) {
		return nil, false
	}
	return parsed, true
}

// Format masks the URL under every verb of fmt.
func (u SecretURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

// MarshalText masks the URL in JSON and wherever texts are encoded.
func (u SecretURL) MarshalText() ([]byte, error) {
	return []byte(u.String()), nil
}

// LogValue masks the URL in logs.
func (u SecretURL) LogValue() slog.Value { return slog.StringValue(u.String()) }

// quoted is a value for an error message. What may be an address with a password,
// set in the wrong variable, is not shown.
func quoted(value string) string {
	if strings.ContainsAny(value, "@=") || strings.Contains(value, "://") {
		return "what it holds"
	}
	return strconv.Quote(value)
}
