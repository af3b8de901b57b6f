package gateway

import (
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// Record is one line of the log of requests: nothing of what was asked or answered.
type Record struct {
	ID            uuid.UUID
	At            time.Time
	UserID, KeyID uuid.UUID
	Model         string
	// ModelKnown is whether Model is a name of the catalog, and not what the client sent. It is not in the log.
	ModelKnown      bool
	Endpoint        Endpoint
	Streamed        bool
	ClientRequestID string
	// UpstreamID, Upstream and UpstreamKey are of the last attempt; zero where none was made.
	UpstreamID            uuid.UUID
	Upstream, UpstreamKey string
	Attempts              []Attempt
	// Sticky is whether the call went where its session had been served before.
	Sticky  bool
	Status  int
	Outcome usage.CallOutcome
	// Code says why the call was refused or failed; empty for others.
	Code string
	// Source is empty where there are no tokens.
	Source  usage.Source
	Tokens  *usage.Tokens
	PriceID uuid.UUID
	// Held is the first hold and Credits what was charged, in whole credits; Uncollected is in millionths.
	Held, Credits, Uncollected int64
	// CostMicros is what the operator pays, failed attempts included as far as they reported usage.
	CostMicros int64
	// FirstByte, FirstToken and Took count from the arrival of the request; the first two
	// are zero where there was none.
	FirstByte, FirstToken, Took time.Duration
}

// Attempt is one try of an upstream.
type Attempt struct {
	Upstream string `json:"upstream"`
	Key      string `json:"key"`
	// Status is the answer's; 0 where there was none.
	Status int `json:"status"`
	// Error says in a word why it failed; empty where it served.
	Error string `json:"error,omitempty"`
	// Start and Took are in microseconds, Start from the arrival of the request.
	Start int64 `json:"start"`
	Took  int64 `json:"took"`
	// CostMicros is what a failed attempt reported to have cost.
	CostMicros int64 `json:"cost_micros,omitempty"`
	// UpstreamID is not in the log.
	UpstreamID uuid.UUID `json:"-"`
}
