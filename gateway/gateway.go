// Package gateway passes calls to models on to upstreams: it authorises a call, holds its
// worst case, forwards it, and settles what it used. It knows neither the HTTP server nor
// the database.
package gateway

import (
	"io"
	"time"

	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
)

// Endpoint is a path of /v1 that calls a model.
type Endpoint uint8

// The endpoints.
const (
	ChatCompletions Endpoint = iota
	Completions
	Embeddings
	Responses
	Messages
	CountTokens
	numEndpoints
)

var endpoints = [numEndpoints]struct {
	name, path string
	wire       usage.Wire
}{
	ChatCompletions: {"chat.completions", "/chat/completions", usage.Chat},
	Completions:     {"completions", "/completions", usage.Chat},
	Embeddings:      {"embeddings", "/embeddings", usage.Chat},
	Responses:       {"responses", "/responses", usage.Responses},
	Messages:        {"messages", "/messages", usage.Messages},
	CountTokens:     {"messages.count_tokens", "/messages/count_tokens", usage.Messages},
}

// String names the endpoint as the log of requests does.
func (e Endpoint) String() string { return endpoints[e].name }

// EndpointNamed is the endpoint with a name; false for none.
func EndpointNamed(name string) (Endpoint, bool) {
	for e := range numEndpoints {
		if e.String() == name {
			return e, true
		}
	}
	return 0, false
}

// Path is what stands behind the base URL of an upstream, and behind /v1.
func (e Endpoint) Path() string { return endpoints[e].path }

// Wire is the API format of the endpoint.
func (e Endpoint) Wire() usage.Wire { return endpoints[e].wire }

// Endpoints lists every endpoint.
func Endpoints() []Endpoint {
	all := make([]Endpoint, numEndpoints)
	for i := range all {
		all[i] = Endpoint(i)
	}
	return all
}

// Request is a call as it arrived. Its key may call models and its rate was counted.
type Request struct {
	// ID is a version 7 UUID that no other request has: the call's hold has the same id.
	ID       uuid.UUID
	Endpoint Endpoint
	Identity *keys.Identity
	// Body is the request's body without its content encoding. It is not changed, and
	// not used after Done was called.
	Body []byte
	// Header are the headers that are passed on, in canonical form; see Forwarded.
	Header map[string][]string
	// Query is what of the query string is passed on: beta=true or nothing.
	Query string
	// ClientRequestID is the caller's own id; empty for none.
	ClientRequestID string
	// ReceivedAt is when the first byte of the request arrived.
	ReceivedAt time.Time
	// Done is called once when Body is not needed any more; may be nil.
	Done func()
}

// Field is one header of an answer.
type Field struct{ Name, Value string }

// Answer is what the client gets: a body, or a stream.
type Answer struct {
	Status int
	Header []Field
	Body   []byte
	// Stream is read until io.EOF or an error, and closed in any case: closing it before
	// its end means that the client has left. Each read returns at once what there is.
	// Nil where Body is the whole answer.
	Stream io.ReadCloser
	// Refused is the code under which the refusal is counted; empty for others.
	Refused keys.Code
	// Cause is the error behind a failure of ours, for the log; nil for none.
	Cause error
}
