package events

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Data is the data of a payload: what an event concerns, as it was at that moment. What an
// event does not concern is left out. It never holds a secret.
type Data struct {
	User     *User     `json:"user,omitempty"`
	Key      *Key      `json:"key,omitempty"`
	Plan     *Plan     `json:"plan,omitempty"`
	Grant    *Grant    `json:"grant,omitempty"`
	Credits  *Credits  `json:"credits,omitempty"`
	Upstream *Upstream `json:"upstream,omitempty"`
	Ledger   *Ledger   `json:"ledger,omitempty"`
	Failure  *Failure  `json:"failure,omitempty"`
	// Before and After are the changed fields of a change.
	Before map[string]any `json:"before,omitempty"`
	After  map[string]any `json:"after,omitempty"`
}

// User is the person whom an event concerns.
type User struct {
	ID         uuid.UUID       `json:"id"`
	Email      string          `json:"email"`
	Name       *string         `json:"name"`
	Plan       string          `json:"plan"`
	Role       string          `json:"role"`
	Status     string          `json:"status"`
	ExternalID *string         `json:"external_id"`
	Metadata   json.RawMessage `json:"metadata"`
}

// Key is the key that an event concerns.
type Key struct {
	ID        uuid.UUID       `json:"id"`
	Prefix    string          `json:"prefix"`
	Label     string          `json:"label"`
	Status    string          `json:"status"`
	ExpiresAt *time.Time      `json:"expires_at"`
	Metadata  json.RawMessage `json:"metadata"`
}

// Plan is the plan that an event concerns.
type Plan struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Grant is the grant that an event concerns.
type Grant struct {
	ID        uuid.UUID  `json:"id"`
	Credits   int64      `json:"credits"`
	ExpiresAt *time.Time `json:"expires_at"`
}

// Credits is how much of a limit was used.
type Credits struct {
	// Limit is "day" or "month" for the plan's, "key" for a key's own day.
	Limit string `json:"limit"`
	// Threshold is the percentage that was reached; absent in a refusal.
	Threshold   int       `json:"threshold,omitempty"`
	Date        string    `json:"date"`
	CreditsUsed int64     `json:"credits_used"`
	CreditLimit int64     `json:"credit_limit"`
	ResetsAt    time.Time `json:"resets_at"`
}

// Upstream is the upstream that an event concerns.
type Upstream struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Ledger is what a recount found. Differences counts them, First are the first in words.
type Ledger struct {
	Differences int64    `json:"differences"`
	First       []string `json:"first"`
}

// Failure is what failed, in a sentence.
type Failure struct {
	What    string `json:"what"`
	Details string `json:"details"`
}

// Encode writes the data as an event keeps it. It holds plain values, which always encode.
func (d *Data) Encode() json.RawMessage {
	text, _ := json.Marshal(d) //nolint:errchkjson // see above
	return text
}
