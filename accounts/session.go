package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// Lifetimes of a console session.
const (
	// SessionLife is how long a session lasts at the most, SessionIdle how long without a request.
	SessionLife = 14 * 24 * time.Hour
	SessionIdle = 24 * time.Hour
	// CodePatience is how long a sign-in waits for its second step.
	CodePatience = 10 * time.Minute
	// BrowserLifetime is how long a browser is known after its last sign-in.
	BrowserLifetime = 180 * 24 * time.Hour
	// SeenStep is how exact «last seen» is.
	SeenStep = time.Minute
)

// Token is what a browser shows: 256 random bits. Only its hash is stored.
type Token struct{ text string }

// MintToken makes a token from crypto/rand.
func MintToken() Token {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return Token{base64.RawURLEncoding.EncodeToString(random[:])}
}

// TokenFrom reads a token as a browser sends it.
func TokenFrom(text string) Token { return Token{text} }

// Reveal gives the token in clear, for the cookie or the link that holds it.
func (t Token) Reveal() string { return t.text }

// Hash is what the token is stored and found by.
func (t Token) Hash() []byte {
	sum := sha256.Sum256([]byte(t.text))
	return sum[:]
}

// String masks the token.
func (t Token) String() string { return "token…" }

// GoString masks the token under %#v.
func (t Token) GoString() string { return "accounts.Token(…)" }

// Session is a sign-in to the console.
type Session struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	Address    string
	UserAgent  string
	// CodePending marks a sign-in whose password was right and whose second step is missing: it opens nothing.
	CodePending bool
}

// Expired reports whether the session's life or its idle time is over.
func (s Session) Expired(now time.Time) bool {
	return !now.Before(s.ExpiresAt) || now.Sub(s.LastSeenAt) >= SessionIdle
}
