// Package secrets encrypts what has to be stored and read again, such as the
// secret of an authenticator app: XChaCha20-Poly1305 under one key of the
// service, bound to the table, the column and the row it is stored in.
package secrets

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"codexible/fault"

	"golang.org/x/crypto/chacha20poly1305"
)

// Sentinels of the keys.
var (
	// ErrNoKey says that a secret is to be stored and the service has no key.
	ErrNoKey = fault.New(fault.Conflict, "Nothing was changed: this secret must be stored encrypted, but the service has no encryption key. Set SECRET_KEY to 32 random bytes in base64, as `openssl rand -base64 32` prints them. Keep a copy in another place than the backups, restart Codexible and try again.")
	// ErrOtherKey says that a secret was encrypted with a key that this service does not have.
	ErrOtherKey = fault.New(fault.Unavailable, "This secret was encrypted with a different key. Start Codexible with the SECRET_KEY that this database was used with.")
	// ErrBroken says that a secret was changed, or belongs to another row.
	ErrBroken = fault.New(fault.Internal, "This stored secret cannot be decrypted: it was changed, or belongs to another row. Restore it from a backup, or delete it with `codexible secrets forget`.")
)

const (
	keySize  = chacha20poly1305.KeySize
	idBytes  = 4
	version  = "v1"
	fpLabel  = "codexible secret key fingerprint v1"
	aadLabel = "codexible secret v1"
)

// FingerprintSize is the length of a fingerprint in bytes.
const FingerprintSize = 16

// Key is a 256-bit key. It masks itself wherever it is printed, logged or
// encoded; Reveal is the only way out. The zero Key stands for no key.
type Key struct{ raw *[keySize]byte }

// ParseKey reads 32 bytes in base64, standard or URL, padded or not.
func ParseKey(text string) (Key, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text); err == nil && len(raw) == keySize {
			return Key{(*[keySize]byte)(raw)}, nil
		}
	}
	return Key{}, errors.New("must be 32 bytes in base64, as `openssl rand -base64 32` prints them") // the text is not repeated
}

// MintKey makes a key from crypto/rand.
func MintKey() Key {
	var raw [keySize]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return Key{&raw}
}

// IsZero reports whether k is the zero Key.
func (k Key) IsZero() bool { return k.raw == nil }

// Reveal gives the key in base64, for the file that holds it.
func (k Key) Reveal() string {
	if k.raw == nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(k.raw[:])
}

// Fingerprint identifies a key and reveals nothing of it; nil for the zero Key.
func (k Key) Fingerprint() []byte {
	if k.raw == nil {
		return nil
	}
	sum, err := hkdf.Key(sha256.New, k.raw[:], nil, fpLabel, FingerprintSize)
	if err != nil {
		panic(err) // the lengths are constants that HKDF takes
	}
	return sum
}

// Equal reports whether two keys are the same, in constant time.
func (k Key) Equal(other Key) bool {
	return k.IsZero() == other.IsZero() && subtle.ConstantTimeCompare(k.Fingerprint(), other.Fingerprint()) == 1
}

// Has reports whether a fingerprint is this key's.
func (k Key) Has(fingerprint []byte) bool {
	return k.raw != nil && subtle.ConstantTimeCompare(k.Fingerprint(), fingerprint) == 1
}

// id is the beginning of the fingerprint, by which a ciphertext names its key.
func (k Key) id() string { return hex.EncodeToString(k.Fingerprint()[:idBytes]) }

// String masks the key; empty for none.
func (k Key) String() string {
	if k.raw == nil {
		return ""
	}
	return "***"
}

// Format masks the key under every verb of fmt.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// MarshalText masks the key in JSON and wherever texts are encoded.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// LogValue masks the key in logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Key) aead() cipher.AEAD {
	aead, err := chacha20poly1305.NewX(k.raw[:])
	if err != nil {
		panic(err) // it refuses nothing but a key of another length
	}
	return aead
}

// Place is where a secret is stored. What was encrypted for one place opens at no other.
type Place struct{ Table, Column, Row string }

func (p Place) associated() []byte {
	b := []byte(aadLabel)
	for _, part := range []string{p.Table, p.Column, p.Row} {
		b = fmt.Appendf(b, "|%d:%s", len(part), part)
	}
	return b
}

// IsSealed reports whether a text is a ciphertext of this package.
func IsSealed(text string) bool { return strings.HasPrefix(text, version+".") }

// Seal encrypts a text for the place where it is stored: version, key id, and
// nonce with ciphertext in base64. The zero Key is refused with ErrNoKey.
func (k Key) Seal(at Place, plain string) (string, error) {
	if k.raw == nil {
		return "", ErrNoKey
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	sealed := k.aead().Seal(nonce, nonce, []byte(plain), at.associated())
	return version + "." + k.id() + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

func (k Key) open(at Place, sealed []byte) (string, error) {
	if len(sealed) < chacha20poly1305.NonceSizeX {
		return "", ErrBroken
	}
	plain, err := k.aead().Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], at.associated())
	if err != nil {
		return "", ErrBroken.Because(err)
	}
	return string(plain), nil
}
