package events

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// secretPrefix begins the secrets of the Standard Webhooks specification.
const secretPrefix = "whsec_"

// Secret is what a webhook's events are signed with: whsec_ and base64. It masks itself
// wherever it is printed, logged or encoded; Reveal is the only way out. The zero Secret stands for none.
type Secret struct{ text string }

// NewSecret makes a Secret of a text.
func NewSecret(text string) Secret { return Secret{text} }

// MintSecret makes a secret of 32 random bytes.
func MintSecret() Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return Secret{secretPrefix + base64.StdEncoding.EncodeToString(key)}
}

// ParseSecret reads a secret that somebody else made: whsec_ and 24 to 64 bytes in base64, as the
// Standard Webhooks specification has them. problem says what is wrong, without the text.
func ParseSecret(text string) (s Secret, problem string) {
	s = Secret{strings.TrimSpace(text)}
	if n := len(s.key()); n < 24 || n > 64 {
		return Secret{}, "must be " + secretPrefix + " and 24 to 64 bytes in base64"
	}
	return s, ""
}

// Reveal gives the text, for the answer that shows it once and for its encryption.
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

// key is the key of the signature; empty for a text that is no secret.
func (s Secret) key() []byte {
	encoded, found := strings.CutPrefix(s.text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !found || err != nil {
		return nil
	}
	return key
}

// Sign returns the header webhook-signature of a message that is sent at a moment: a
// signature for each secret, separated by blanks. A text that is no secret signs nothing.
func Sign(id string, at time.Time, body []byte, by ...Secret) string {
	var signatures []string
	for _, secret := range by {
		key := secret.key()
		if len(key) == 0 {
			continue
		}
		code := hmac.New(sha256.New, key)
		_, _ = code.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		_, _ = code.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(code.Sum(nil)))
	}
	return strings.Join(signatures, " ")
}
