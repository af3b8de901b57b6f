package config

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// SecretHeaders are HTTP headers whose values are secret, such as the token of a
// collector. They mask themselves as SecretURL does.
type SecretHeaders struct{ values *map[string]string }

// NewSecretHeaders parses name=value pairs, comma-separated, with percent-encoded
// values; false if it cannot.
func NewSecretHeaders(text string) (SecretHeaders, bool) {
	values := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !found || err != nil || !isToken(name) || strings.ContainsFunc(value, isControl) {
			return SecretHeaders{}, false
		}
		values[name] = value
	}
	return SecretHeaders{&values}, true
}

// isToken reports whether a text can be the name of a header.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// Reveal returns the headers in clear, for sending them.
func (h SecretHeaders) Reveal() map[string]string {
	if h.values == nil {
		return nil
	}
	return *h.values
}

// String returns the names.
func (h SecretHeaders) String() string {
	return strings.Join(slices.Sorted(maps.Keys(h.Reveal())), ", ")
}

// Format masks the values under every verb of fmt.
func (h SecretHeaders) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// MarshalText masks the values in JSON and wherever texts are encoded.
func (h SecretHeaders) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// LogValue masks the values in logs.
func (h SecretHeaders) LogValue() slog.Value { return slog.StringValue(h.String()) }
