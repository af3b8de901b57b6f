package gateway

import (
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Kind is what an upstream is.
type Kind string

// The kinds of upstreams.
const (
	OpenAI     Kind = "openai"
	Anthropic  Kind = "anthropic"
	Compatible Kind = "compatible"
)

// OnClientGone is what becomes of a call whose client has left.
type OnClientGone string

// What becomes of a call whose client has left.
const (
	// Cancel cancels it: the provider stops billing.
	Cancel OnClientGone = "cancel"
	// Drain reads it to its end, at most for Waits.Drain: the provider bills it anyway.
	Drain OnClientGone = "drain"
)

// Upstream is where calls go.
type Upstream struct {
	ID   uuid.UUID
	Name string
	Kind Kind
	// BaseURL is what stands before the path of an endpoint, without a slash at its end.
	BaseURL string
	Wires   []usage.Wire
	// Keys are tried in their order. An upstream without keys is called without credentials.
	Keys []UpstreamKey
	// Headers are added to every call; secrets.
	Headers map[string]string
	// Weight and Priority order upstreams among candidates of the same priority and weight.
	Weight, Priority int64
	// FirstByteTimeout is how long the head of an answer may take, IdleTimeout how long a
	// stream may be silent.
	FirstByteTimeout, IdleTimeout time.Duration
	OnClientGone                  OnClientGone
	// DailyLimitMicros is the most that the calls of a UTC day may cost; nil for no limit.
	DailyLimitMicros *int64
	SharedState      bool
	Enabled          bool
	CreatedAt        time.Time
	// Problem says why no call can go to the upstream: its headers cannot be decrypted. Empty for none.
	Problem string
}

// KeySource is where the secret of an upstream's key is.
type KeySource string

// Where the secret of an upstream's key is.
const (
	KeyStored KeySource = "stored"
	KeyEnv    KeySource = "env"
	KeyFile   KeySource = "file"
)

// UpstreamKey is a credential of an upstream.
type UpstreamKey struct {
	ID     uuid.UUID
	Name   string
	Source KeySource
	// Reference is the name of the environment variable or file; empty for a stored key.
	Reference string
	// EndsWith is the last four characters of a stored key.
	EndsWith string
	// DisabledAt is when the provider refused the key; nil while it is used. DisabledReason says how.
	DisabledAt     *time.Time
	DisabledReason string
	// Secret is the key itself; zero where it could not be read, or not yet, as Problem says.
	Secret Secret
	// Problem says why the secret could not be read; empty for none.
	Problem string
}

// Usable reports whether calls can be made with the key.
func (k *UpstreamKey) Usable() bool { return k.DisabledAt == nil && !k.Secret.IsZero() }
