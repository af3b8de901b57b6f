// Package gateway passes calls to models on to upstreams: it authorises a call, holds its
// worst case, forwards it, and settles what it used. It knows neither the HTTP server nor
// the database.
package gateway

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/catalog"
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

// ErrClientGone is the cause with which the context of a call ends when its client has left.
var ErrClientGone = errors.New("the client has left")

// Parts are what a Gateway is made of. Observer and Logger may be nil.
type Parts struct {
	Verifier *keys.Verifier
	Holds    *usage.Holds
	Catalog  *catalog.Cache
	Fleet    *Fleet
	Log      *Log
	Observer Observer
	Logger   *slog.Logger
	Now      func() time.Time
	Waits    Waits
}

// Waits are how long a call waits for what; zero for what the contract says.
type Waits struct {
	// KeepAlive is how long a client waits for an event until it gets a keep-alive.
	KeepAlive time.Duration
	// HoldBack is how long the head of a stream waits for the model to begin to write.
	HoldBack time.Duration
	// Drain is how long a call is read on whose client has left.
	Drain time.Duration
	// Settle is how long the end of an answer waits for its settlement to be in the books.
	Settle time.Duration
	// Close is how long calls that a shutdown has cut off have for their settlement and their last event.
	Close time.Duration
}

func (w Waits) orUsual() Waits {
	return Waits{
		KeepAlive: cmp.Or(w.KeepAlive, 15*time.Second), HoldBack: cmp.Or(w.HoldBack, 15*time.Second), Drain: cmp.Or(w.Drain, 2*time.Minute),
		Settle: cmp.Or(w.Settle, 2*time.Second), Close: cmp.Or(w.Close, 5*time.Second),
	}
}

// Gateway passes calls on. It is safe for concurrent use.
type Gateway struct {
	Parts

	ratios   ratios
	brake    brake
	live     live
	stopping atomic.Bool
	// repeating is how many settlements are repeated until they are in the books.
	repeating atomic.Int64
	// life ends the settlements that are repeated in the background.
	life  context.Context //nolint:containedctx // it is the life of the gateway, not of a call
	close context.CancelFunc
}

// New puts a Gateway together; Close ends it.
func New(p Parts) *Gateway {
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if p.Observer == nil {
		p.Observer = unobserved{}
	}
	p.Waits = p.Waits.orUsual()
	g := &Gateway{Parts: p}
	g.life, g.close = context.WithCancel(context.Background())
	return g
}

// Call passes a call on. The context ends with the cause ErrClientGone when the client
// leaves, and with another when the call is to be cut off; it has to outlive a Stream. A
// refusal is an answer as well.
func (g *Gateway) Call(ctx context.Context, r *Request) *Answer {
	c := g.begin(ctx, r)
	answer := c.serve() //nolint:contextcheck // what ends a call in the books outlives its client
	c.bodyDone()
	if answer.Stream == nil {
		c.end(answer)
	}
	return answer
}

// Changed follows changes of other instances: an operator's end of a call, and upstreams.
func (g *Gateway) Changed(change accounts.Change) {
	if change.Subject == accounts.SubjectRequest {
		g.live.end(change.ID)
	}
	g.Fleet.Changed(change)
}

// Shutdown refuses new calls, waits for those that are open until ctx ends, and then ends
// them in the way of their wire. It returns when all have ended, or after Waits.Close.
func (g *Gateway) Shutdown(ctx context.Context) {
	g.stopping.Store(true)
	if g.live.wait(ctx) {
		return
	}
	g.live.cut(errStopping)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.Waits.Close)
	defer cancel()
	g.live.wait(closing)
}

// Repeating is how many settlements are repeated until they are in the books.
func (g *Gateway) Repeating() int { return int(g.repeating.Load()) }

// Close ends the settlements that are still repeated: holds that stay open are settled at their deadline.
func (g *Gateway) Close() { g.close() }
