// Package keys is what an API key is: the secret a customer holds, the record
// we keep of it, and the verdict on a request that shows one.
package keys

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
)

const (
	secretPrefix = "codexible_"
	secretHex    = 32
	// SessionPrefix begins the token of a customer's session, where a key goes on with hexadecimal digits.
	SessionPrefix = secretPrefix + "session_"
	shownHex      = 8
)

// Hash is the SHA-256 of a secret: all that is stored of it.
type Hash [sha256.Size]byte

// Secret is an API key in clear. It masks itself wherever it is printed,
// logged or encoded; Reveal is the only way out. The text is held by a
// pointer because fmt calls no method on an unexported field: there it prints
// an address. So two secrets are compared by their hashes.
type Secret struct{ text *string }

// Mint makes a new secret of 128 random bits from crypto/rand.
func Mint() Secret { return mint(secretPrefix) }

// MintSession makes the token of a customer's session, of as many bits.
func MintSession() Secret { return mint(SessionPrefix) }

func mint(prefix string) Secret {
	var random [secretHex / 2]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return Fixed(prefix + hex.EncodeToString(random[:]))
}

// Parse reads a secret as a client sends it, without the blanks around it. It
// answers false, and no secret, for a text that no minted key can be; whether
// the key exists is another question.
func Parse(text string) (Secret, bool) {
	if text = strings.TrimSpace(text); !wellFormed(text) {
		return Secret{}, false
	}
	return Fixed(text), true
}

func wellFormed(text string) bool { return formed(text, secretPrefix) }

// IsSession reports whether a text, without the blanks around it, has the form of a session's token.
func IsSession(text string) bool { return formed(strings.TrimSpace(text), SessionPrefix) }

func formed(text, prefix string) bool {
	if len(text) != len(prefix)+secretHex || text[:len(prefix)] != prefix {
		return false
	}
	for _, c := range []byte(text[len(prefix):]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Shorten cuts every secret in a text down to its prefix, also one with characters missing
// or too many.
func Shorten(text string) string { return longer.ReplaceAllString(text, "$1") }

// longer is a secret, or any text that goes on behind the prefix of one.
var longer = regexp.MustCompile(fmt.Sprintf("(?i)(%s|%s[0-9a-f]{%d})[0-9a-z]+", SessionPrefix, secretPrefix, shownHex))

// Fixed takes a text as a secret whatever its form: the published keys of a demo.
func Fixed(text string) Secret { return Secret{&text} }

// Reveal gives the secret in clear, for the one answer that shows it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Hash is what the secret is stored and found by.
func (s Secret) Hash() Hash { return hashOf(s.Reveal()) }

// hashOf allocates only for a text that is longer than any key.
func hashOf(text string) Hash {
	var key [64]byte
	return sha256.Sum256(append(key[:0], text...))
}

// Prefix is the part that is kept for display: the fixed beginning and 8 characters; of a session SessionPrefix alone.
func (s Secret) Prefix() string {
	text := s.Reveal()
	return text[:min(len(text), len(secretPrefix)+shownHex)]
}

// String gives the prefix and an ellipsis.
func (s Secret) String() string { return s.Prefix() + "…" }

// GoString masks the secret under %#v.
func (s Secret) GoString() string { return "keys.Secret(" + s.String() + ")" }

// Format masks the secret under every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// MarshalText masks the secret in JSON, XML and wherever texts are encoded.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON masks the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// LogValue masks the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
