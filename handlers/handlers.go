// Package handlers is the HTTP front door: every route, its request, its response
// and its access. Only this package uses Fiber.
package handlers

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"codexible/catalog"
	"codexible/events"
	"codexible/gateway"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/limits"
	"codexible/logo"
	"codexible/store"
	"codexible/usage"

	gojson "github.com/goccy/go-json"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/trace"
)

// Parts are the dependencies of New. Store, Verifier, Catalog, Holds, Counter and Now
// are needed.
type Parts struct {
	Store    *store.Store
	Verifier *keys.Verifier
	// Catalog is the models and prices, which the Verifier keeps up to date.
	Catalog *catalog.Cache
	Holds   *usage.Holds
	// Counter counts the requests of client addresses; /health/ready reports its mode.
	Counter limits.Counter
	// RateLimitPerIP is how often an address may call in any 60 seconds without a valid key; 20 where zero.
	RateLimitPerIP int64
	// CreditValue is what a credit is worth in micro-dollars where a request does not say; a cent where zero.
	CreditValue int64
	// AllowedOrigins may read answers in a browser; "*" stands for every origin.
	AllowedOrigins []string
	// TrustedProxies are the peers whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix
	// HideCost has the customer API answer 0 in place of what calls cost the operator.
	HideCost bool
	Version  string
	// Demo says that the service runs with demo data and published keys.
	Demo bool
	Now  func() time.Time
	// Log takes a line for every request and the causes of failures; may be nil.
	Log *slog.Logger
	// Registry is what /metrics shows; one of its own where nil.
	Registry *prometheus.Registry
	// MetricsElsewhere hides /metrics, which then has a listener of its own.
	MetricsElsewhere bool
	// Monitor counts refusals and failures, and reports the readiness; made of Store and Counter where nil.
	Monitor *monitor.Monitor
	// Console is the operator's console; one without settings and backup where nil.
	Console *console.Console
	// UpstreamState is what was learnt of an upstream; nil where nothing is.
	UpstreamState func(id uuid.UUID) gateway.UpstreamState
	// TestUpstream makes a small call of an upstream; nil where this process makes none.
	TestUpstream func(ctx context.Context, id uuid.UUID, model string) (gateway.TestResult, error)
	// WebhookTargets are the addresses that webhooks may have.
	WebhookTargets events.Targets
	// SendWebhook sends an event to a webhook, for a test; nil where this process sends none.
	SendWebhook func(ctx context.Context, w *events.Webhook, e *events.Event) events.Answer
	// Customers is how customers sign in without a key; in no way where nil.
	Customers *Customers
	// Tracer makes the spans of requests; no request is traced where nil.
	Tracer trace.Tracer
	// Gateway is where calls of models go; where nil, calls answer that there is no upstream.
	Gateway Gateway
	// Wires are those on which a model can be called; where nil, each that is priced is listed, and none can be called.
	Wires func(ctx context.Context, m *catalog.Model) ([]usage.Wire, error)
	// Calls counts the calls of models; one of its own where nil.
	Calls *Calls
	// BodyBudget bounds the bodies of calls in flight, in bytes; 256 MiB where zero.
	BodyBudget int64
	// SlowUpload is how long the body of a call may arrive more slowly than 16 KiB/s; 15 s where zero.
	SlowUpload time.Duration
	// CallsLife cancels open calls when it ends; context.Background where nil.
	CallsLife context.Context //nolint:containedctx // as Life
	// Life cancels open requests and downloads when it ends; context.Background where nil.
	Life context.Context //nolint:containedctx // it is the life of the server, not of a call
}

// Bounds of a connection, which the listener enforces as well. WriteTimeout is off:
// it would bound a whole streamed response.
const (
	MaxHeaderBytes = 16 << 10
	// ReadTimeout is how long a request may take to arrive, IdleTimeout how long a connection may wait for the next one.
	ReadTimeout = 15 * time.Second
	IdleTimeout = 2 * time.Minute
)

const (
	// writeBuffer takes the head of an answer and a short body; a longer body is written past it.
	writeBuffer = 2 << 10
	// workerRest is how long an idle goroutine waits for another connection: its stack has grown.
	workerRest = time.Second
)

// Turns is a connection that is notified when a request begins and when its
// response is written. Both methods are called by the goroutine that serves it.
type Turns interface {
	RequestBegins()
	RequestEnds()
}

func notifyTurns(conn net.Conn, state fasthttp.ConnState) {
	turns, is := conn.(Turns)
	switch {
	case !is:
	case state == fasthttp.StateActive:
		turns.RequestBegins()
	case state == fasthttp.StateIdle:
		turns.RequestEnds()
	default:
	}
}

type api struct {
	Parts
	life    context.Context //nolint:containedctx // see Parts.Life
	origins map[string]bool
	metrics *metrics
	// guesses bounds the concurrent key lookups of one address.
	guesses  *limits.Gate
	bodies   bodyBudgets
	table    []*route
	document []byte
	// unrouted and preflights are the routes of requests without one in the table, the other
	// two those on /v1.
	unrouted, preflights *route
	unroutedCalls        [usage.Messages + 1]*route
	callPreflights       *route
	leaving              leaving
	// shownLogo is the logo that was read last.
	shownLogo atomic.Pointer[logo.Image]
	// decoders bounds how many bodies of a user are decompressed at once.
	decoders *limits.Gate
	// reports has an entry for each page of a usage report that is read.
	reports chan struct{}
}

// New makes the HTTP server's app. It does not listen.
func New(p Parts) *fiber.App {
	a := newAPI(p)
	app := fiber.New(fiber.Config{
		// Fiber's strings alias buffers that the next request overwrites.
		Immutable:     true,
		StrictRouting: true,
		CaseSensitive: true,
		// Bodies are read, bounded and drained in body.go; Fiber's own limit would cut a client that is still sending.
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		BodyLimit:                    apiPolicy.maxBody,
		ReadBufferSize:               MaxHeaderBytes,
		WriteBufferSize:              writeBuffer,
		ReadTimeout:                  ReadTimeout,
		IdleTimeout:                  IdleTimeout,
		DisableStartupMessage:        true,
		JSONEncoder:                  gojson.Marshal,
		JSONDecoder:                  gojson.Unmarshal,
		ErrorHandler:                 a.unmatched,
	})
	app.Use(a.preflight)
	for _, r := range a.table {
		if r.path == metricsPath && p.MetricsElsewhere {
			continue
		}
		a.metrics.watched(r)
		app.Add(r.method, r.path, a.serve(r))
		if r.method == fiber.MethodGet {
			app.Add(fiber.MethodHead, r.path, a.serve(r))
		}
	}
	server := app.Server()
	server.MaxIdleWorkerDuration = workerRest
	server.Handler, server.HeaderReceived, server.ConnState = a.strict(app, app.Handler()), deferBody, notifyTurns
	return app
}

func newAPI(p Parts) *api {
	if p.RateLimitPerIP == 0 {
		p.RateLimitPerIP = 20
	}
	if p.CreditValue == 0 {
		p.CreditValue = catalog.DefaultCreditValue
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	if p.Registry == nil {
		p.Registry = prometheus.NewRegistry()
	}
	if p.Life == nil {
		p.Life = context.Background()
	}
	if p.Monitor == nil {
		p.Monitor = monitor.New(monitor.Parts{Store: p.Store, Counter: p.Counter, Now: p.Now})
	}
	if p.Console == nil {
		p.Console = console.New(console.Parts{Store: p.Store, Catalog: p.Catalog, CreditValue: p.CreditValue, Counter: p.Counter, Monitor: p.Monitor, Now: p.Now, Log: p.Log, Version: p.Version, Life: p.Life, UpstreamState: p.UpstreamState, TestUpstream: p.TestUpstream, WebhookTargets: p.WebhookTargets, SendWebhook: p.SendWebhook})
	}
	if p.Customers == nil {
		p.Customers = new(Customers)
	}
	p.forCalls()
	a := &api{Parts: p, life: p.Life, origins: map[string]bool{}, metrics: newMetrics(p), guesses: limits.NewGate(keyLookupsAtOnce), decoders: limits.NewGate(decodersAtOnce), reports: make(chan struct{}, reportsAtOnce), bodies: newBodyBudgets(p.Registry, p.BodyBudget)}
	for _, origin := range p.AllowedOrigins {
		a.origins[origin] = true
	}
	a.unrouted, a.preflights = a.metrics.watched(&route{path: "unmatched", policy: apiPolicy}), a.metrics.watched(&route{path: "preflight", policy: apiPolicy})
	a.callPreflights = a.metrics.watched(&route{path: "preflight", policy: a.callPolicy(usage.Chat)})
	for w := range a.unroutedCalls {
		a.unroutedCalls[w] = a.metrics.watched(&route{path: "unmatched", policy: a.callPolicy(usage.Wire(w))})
	}
	api := apiPolicy.under(a.endpoints()...)
	a.document = documentOf(api)
	a.table = slices.Concat(api, a.calls(), pagePolicy.under(a.pages()...))
	return a
}

// forCalls fills in what calls of models need.
func (p *Parts) forCalls() {
	if p.Gateway == nil {
		p.Gateway = noGateway{}
	}
	if p.Calls == nil {
		p.Calls = new(Calls)
	}
	if p.BodyBudget == 0 {
		p.BodyBudget = defaultBodyBudget
	}
	if p.SlowUpload == 0 {
		p.SlowUpload = slowUpload
	}
	if p.CallsLife == nil {
		p.CallsLife = context.Background()
	}
}
