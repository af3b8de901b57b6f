package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"
	"codexible/usage"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
)

// Gateway is where calls of models go.
type Gateway interface {
	// Call answers a call. Its context outlives the handler until the answer's stream is
	// closed; it ends earlier with gateway.ErrClientGone where the client has left, and with
	// another cause where the service cuts the call.
	Call(ctx context.Context, r *gateway.Request) *gateway.Answer
	// Shutdown ends all calls that are open when its context ends, their streams with an error
	// that clients of the wire understand.
	Shutdown(ctx context.Context)
}

// The paths of /v1 are not in the OpenAPI document: they are OpenAI's and Anthropic's APIs,
// whose documents describe them, and bodies pass through as they are.

// callBases are what stands before the paths of the vendors' APIs. Claude Code appends /v1 to a
// base URL that ends in /v1.
var callBases = [...]string{"/v1", "/v1/v1"}

// calls are the routes of /v1.
func (a *api) calls() (routes []*route) {
	for _, base := range callBases {
		for _, e := range gateway.Endpoints() {
			routes = append(routes, a.callPolicy(e.Wire()).under(post(base+e.Path(), callModels, "", asset(a.call(e))))...)
		}
		routes = append(routes, a.callPolicy(usage.Responses).under(get(base+"/responses", open, "", asset(refuseUpgrade)))...)
		routes = append(routes, a.callPolicy(usage.Chat).under(
			get(base+"/models", callModels, "", asset(a.listModels)),
			get(base+"/models/*", callModels, "", asset(a.showModel)), // a name may have slashes
		)...)
	}
	return append(routes, &route{method: fiber.MethodHead, path: "/api/hello", access: open, policy: apiPolicy, operation: asset(func(*exchange) error { return nil })})
}

// callPolicy is for calls of models on a wire. A call has no deadline: the one here is for
// what happens before it.
func (a *api) callPolicy(w usage.Wire) policy {
	most := int(min(a.BodyBudget/shareOfAll, largestCall))
	return policy{deadline: apiPolicy.deadline, maxBody: most, tooBig: tooLargeCall(most), drain: callDrainBytes, refusals: true, isCall: true, wire: w}
}

// unroutedAt is the route of a request without one in the table. On /v1 it has the wire that
// its path seems to belong to.
func (a *api) unroutedAt(path string) *route {
	if !isCallPath(path) {
		return a.unrouted
	}
	switch rest := strings.TrimPrefix(strings.TrimPrefix(path, "/v1"), "/v1"); {
	case strings.HasPrefix(rest, "/messages"):
		return a.unroutedCalls[usage.Messages]
	case strings.HasPrefix(rest, "/responses"):
		return a.unroutedCalls[usage.Responses]
	}
	return a.unroutedCalls[usage.Chat]
}

func isCallPath(path string) bool { return path == "/v1" || strings.HasPrefix(path, "/v1/") }

// Calls are the calls of models in progress. The zero value is ready.
type Calls struct {
	mu       sync.Mutex
	open     int
	stopping bool
	// idle is closed when no call is open; nil while nobody waits.
	idle chan struct{}
}

// Stop has later calls refused.
func (c *Calls) Stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
}

// Wait waits until no call is open.
func (c *Calls) Wait(ctx context.Context) error {
	c.mu.Lock()
	if c.open == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin counts a call; false where the service is stopping.
func (c *Calls) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopping {
		return false
	}
	c.open++
	return true
}

func (c *Calls) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open--; c.open == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

var errStopping = &fault.Error{
	Kind: fault.Unavailable, RetryAfter: 5 * time.Second,
	Message: "The service is being restarted and takes no more calls. Send this request again after Retry-After.",
}

// errCut is the cause with which the context of a call ends after its last byte.
var errCut = errors.New("the call has ended")

// call is the handler of an endpoint.
func (a *api) call(e gateway.Endpoint) handler {
	return func(x *exchange) error {
		if !a.Calls.begin() {
			x.Context().SetConnectionClose() // another instance may take the next request
			return errStopping
		}
		c := &openCall{api: a}
		defer func() {
			if c.Stream == nil {
				c.end()
			}
		}()
		received := x.began
		body, release, err := x.upload()
		if err != nil {
			return err
		}
		c.release = release
		// The call outlives the handler, whose context has a deadline.
		ctx, cut := context.WithCancelCause(trace.ContextWithSpan(a.CallsLife, trace.SpanFromContext(x.ctx)))
		c.cut, c.unwatch = cut, a.leaving.watch(x.Context().Conn(), func() { cut(gateway.ErrClientGone) })
		answer := a.Gateway.Call(ctx, &gateway.Request{
			ID: x.callID, Endpoint: e, Identity: x.identity, Body: body, Header: gateway.Forwarded(x.Request().Header.All()), Query: x.passedQuery(),
			ClientRequestID: x.clientRequestID, ReceivedAt: received, Done: release,
		})
		if c.Stream = answer.Stream; c.Stream != nil {
			x.stream = c
			x.write(unbuffered)
		}
		x.pass(answer)
		return nil
	}
}

// openCall is a call from its arrival to the last byte of its answer.
type openCall struct {
	api     *api
	release func()
	unwatch func()
	cut     context.CancelCauseFunc
	// Stream is the answer's; nil where it has none.
	Stream io.ReadCloser
}

// Read implements io.Reader. A panic of the stream breaks the answer, not the process.
func (c *openCall) Read(b []byte) (n int, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			c.api.Log.Error("a stream failed", "error", fmt.Sprintf("panic: %v\n%s", cause, debug.Stack()))
			n, err = 0, io.ErrUnexpectedEOF
		}
	}()
	return c.Stream.Read(b)
}

// Close ends the call.
func (c *openCall) Close() error {
	c.unwatch() // closing says by itself that the client has left
	err := c.Stream.Close()
	c.end()
	return err
}

// end gives back what the call holds.
func (c *openCall) end() {
	if c.unwatch != nil {
		c.unwatch()
		c.cut(errCut)
	}
	if c.release != nil {
		c.release()
	}
	c.api.Calls.end()
}

// pass writes an answer of the gateway.
func (x *exchange) pass(answer *gateway.Answer) {
	x.api.Monitor.Refusals.Count(answer.Refused)
	x.cause = answer.Cause
	// Only the provider can have answered 5xx where nothing of ours refused or failed.
	x.passed = answer.Refused == "" && answer.Cause == nil
	x.writeAnswer(answer)
}

// refuse answers a refusal or a failure in the shape of the call's wire.
func (x *exchange) refuse(err error) {
	refusal, is := errors.AsType[*gateway.Refusal](err)
	if !is {
		refusal = gateway.RefusalOf(x.fault(err))
	}
	answer := refusal.Answer(x.route.wire, x.requestID)
	if is {
		x.api.Monitor.Refusals.Count(answer.Refused)
	}
	if answer.Status == fiber.StatusUnauthorized {
		x.write(askForKey)
	}
	x.writeAnswer(answer)
}

// refuseUpgrade answers Codex, which tries a WebSocket first.
func refuseUpgrade(x *exchange) error {
	if len(x.Request().Header.Peek(fiber.HeaderUpgrade)) > 0 {
		return &gateway.Refusal{Reason: gateway.ReasonUpgrade, Message: "This path takes no WebSocket. Send the request by POST."}
	}
	x.write(onlyPost)
	return errMethod
}

// takeID gives the request an id of ours, which its hold and its charge have as well. The
// caller's is only logged.
func (x *exchange) takeID() {
	x.callID = callID(x.api.Now())
	x.requestID = x.callID.String()
	header := &x.Request().Header
	for _, name := range [...]string{fiber.HeaderXRequestID, "X-Client-Request-Id"} {
		if given := header.Peek(name); x.clientRequestID == "" && isSaneID(given) {
			x.clientRequestID = string(given)
		}
	}
}

// callID is a UUID of version 7.
func callID(at time.Time) uuid.UUID {
	id := uuid.New()
	ms := at.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	return id
}

// callToken is the key of a call: of the two headers the first whose value has the form of
// a key, else the first that was sent.
func (x *exchange) callToken() (token string, ok bool) {
	token, ok = x.bearer()
	if ok && x.api.Verifier.Token(token).Possible() {
		return token, true
	}
	given := x.Request().Header.PeekAll("X-Api-Key")
	if len(given) != 1 || len(given[0]) == 0 {
		return token, ok
	}
	if other := string(given[0]); !ok || x.api.Verifier.Token(other).Possible() {
		return other, true
	}
	return token, ok
}

// passedQuery is what of the query is passed on.
func (x *exchange) passedQuery() string {
	if string(x.Context().QueryArgs().Peek("beta")) == "true" {
		return "beta=true"
	}
	return ""
}

// noGateway refuses every call: of a service without upstreams.
type noGateway struct{}

// Call implements Gateway.
func (noGateway) Call(_ context.Context, r *gateway.Request) *gateway.Answer {
	refusal := gateway.Refusal{Reason: gateway.ReasonNoUpstream, Message: "No upstream can take this call. Try again after Retry-After; if the error persists, ask the operator.", RetryAfter: 5 * time.Second}
	return refusal.Answer(r.Endpoint.Wire(), r.ID.String())
}

// Shutdown implements Gateway.
func (noGateway) Shutdown(context.Context) {}

// servedModels are the models that the key may call, by name.
func (x *exchange) servedModels() (models []*catalog.Model, err error) {
	book, err := x.api.Catalog.Book(x.ctx)
	if err != nil {
		return nil, fault.Away(err)
	}
	id, now := x.identity, x.api.Now()
	for _, m := range book.Offered(id.Plan.ID, id.Plan.Models, id.Key.Models) {
		if book.PriceAt(m.Name, now) == nil {
			continue
		}
		if x.api.Wires != nil {
			wires, err := x.api.Wires(x.ctx, m)
			if err != nil {
				return nil, err
			}
			if len(wires) == 0 {
				continue
			}
		}
		models = append(models, m)
	}
	return models, nil
}

// listedModel is a model with the fields of OpenAI's and Anthropic's lists.
type listedModel struct {
	ID          string `json:"id"`
	Object      string `json:"object"`
	Created     int64  `json:"created"`
	OwnedBy     string `json:"owned_by"`
	Type        string `json:"type"`
	DisplayName string `json:"display_name"`
	Description string `json:"description,omitempty"`
	CreatedAt   string `json:"created_at"`
}

func listedModelOf(m *catalog.Model) listedModel {
	l := listedModel{
		ID: m.Name, Object: "model", Created: m.CreatedAt.Unix(), OwnedBy: "codexible", Type: "model",
		DisplayName: m.DisplayName, Description: m.Description, CreatedAt: m.CreatedAt.UTC().Format(time.RFC3339),
	}
	if l.DisplayName == "" {
		l.DisplayName = m.Name
	}
	return l
}

// modelList is the answer of GET /v1/models. It has all models: nobody has to ask for another page.
type modelList struct {
	Object  string        `json:"object"`
	Data    []listedModel `json:"data"`
	HasMore bool          `json:"has_more"`
	FirstID *string       `json:"first_id"`
	LastID  *string       `json:"last_id"`
}

func (a *api) listModels(x *exchange) error {
	models, err := x.servedModels()
	if err != nil {
		return err
	}
	list := modelList{Object: "list", Data: each(models, listedModelOf)}
	if n := len(list.Data); n > 0 {
		list.FirstID, list.LastID = &list.Data[0].ID, &list.Data[n-1].ID
	}
	return x.json(list)
}

func (a *api) showModel(x *exchange) error {
	name, _ := url.PathUnescape(x.Params("*")) // no model has the name of what is no escape
	models, err := x.servedModels()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(models, func(m *catalog.Model) bool { return m.Name == name || slices.Contains(m.Aliases, name) })
	if i < 0 {
		return &gateway.Refusal{Reason: gateway.ReasonModel, Message: "There is no model of this name that this key can use. GET /v1/models lists those that it can."}
	}
	return x.json(listedModelOf(models[i]))
}
