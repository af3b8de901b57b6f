package gateway

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is the credential of an upstream. It masks itself wherever it is printed, logged
// or encoded; Reveal is the only way out. The zero Secret stands for none.
type Secret struct{ text string }

// NewSecret makes a Secret of a text.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal gives the text, for the header that carries it and for its encryption.
func (s Secret) Reveal() string { return s.text }

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == "" }

// String masks the secret; empty for none.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "***"
}

// Format masks the secret under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText masks the secret in JSON and wherever texts are encoded.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
