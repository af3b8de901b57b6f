// Package server is one run of the service: it builds the parts, listens, runs the
// background jobs and shuts down in reverse. It wires parts together and decides
// nothing.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/config"
	"codexible/events"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/handlers/monitor"
	"codexible/keys"
	"codexible/limits"
	"codexible/listener"
	"codexible/mail"
	"codexible/store"
	"codexible/usage"
	"codexible/valkey"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"
)

// Options are what a run of the service needs to know.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// Files are the schema and the migrations that the binary carries.
	Files   store.Files
	Version string
	// FixedKeys are accepted although they lack the format of keys: a demo's.
	FixedKeys []keys.Secret
	// UpstreamSecret reads the secret that a key of an upstream names.
	UpstreamSecret func(source gateway.KeySource, reference string) (gateway.Secret, error)
	// Listening is called once, when requests are accepted, with the service's URL and
	// the set-up link of the console, which is empty once somebody can sign in.
	Listening func(url, setup string)
}

// service is one run of the service, with its parts.
type service struct {
	Options

	store   *store.Store
	local   *limits.Local
	counter limits.Counter
	// feed is nil without Valkey.
	feed     *valkey.ChangeFeed
	meter    *usage.Meter
	holds    *usage.Holds
	verifier *keys.Verifier
	catalog  *catalog.Cache
	fleet    *gateway.Fleet
	gateway  *gateway.Gateway
	// sender and deliverer send events to webhooks.
	sender    *events.Sender
	deliverer *events.Deliverer
	// mails sends mails, mailer those of events; both are nil without SMTP_URL.
	mails     *mail.Sender
	mailer    *events.Deliverer
	countMail func(result string)
	// requestLog is the log of the gateway's calls.
	requestLog *gateway.Log
	// places is where instances share the places of sessions; nil without Valkey.
	places gateway.StickyStore
	// upstreamTurns writes the events of upstreams that are down or serve again.
	upstreamTurns upstreamTurns
	schema        schemaCheck
	monitor       *monitor.Monitor
	// certificate is nil without TLS.
	certificate *certificate
	registry    *prometheus.Registry
	// reconciled is the number of differences of the last recount.
	reconciled prometheus.Gauge
	// backedUp is when the latest scheduled backup was made, in Unix seconds.
	backedUp      prometheus.Gauge
	backupsFailed prometheus.Counter
	// backupFailedAt is when a scheduled backup that failed was last recorded; zero while they are made.
	backupFailedAt time.Time
	// tracer is nil without a collector.
	tracer   trace.Tracer
	draining atomic.Bool
	teardown teardown
}

// writeTimeout bounds the writes that are left when the last request has ended.
const writeTimeout = 12 * time.Second

// Run builds the parts from the database up, serves until ctx ends, and shuts down
// in reverse: it accepts no more requests, finishes the open ones, writes what was
// accepted and closes the connections.
func Run(ctx context.Context, o Options) error {
	return (&service{Options: o}).run(ctx)
}

func (s *service) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.teardown.run()) }()
	s.limitMemory(ctx)
	if err := s.openStore(ctx); err != nil {
		return err
	}
	if err := s.connectValkey(ctx); err != nil {
		return err
	}
	s.registry = prometheus.NewRegistry()
	if err := s.startTraces(ctx); err != nil {
		return err
	}
	s.buildVerifier(ctx)
	s.buildGateway(ctx, s.places)
	s.buildWebhooks()
	if err := s.buildMail(); err != nil {
		return err
	}
	s.watchChanges(ctx)
	return s.answer(ctx)
}

func (s *service) openStore(ctx context.Context) error {
	database := Database{Config: &s.Config, Files: s.Files}
	if err := database.Prepare(ctx, s.Log); err != nil {
		return err
	}
	opened, err := database.Open(ctx, s.Log, true)
	if err != nil {
		return err
	}
	s.teardown.add(opened.Close)
	if folder := s.Config.BackupDir; folder != "" {
		if err := store.KeepBackupsPrivate(folder); err != nil {
			s.Log.WarnContext(ctx, "other users of this machine may read the backups: make the user of the service the owner of BACKUP_DIR and its files", "error", err)
		}
	}
	if err := checkSecrets(ctx, opened, s.Log); err != nil {
		return err
	}
	s.schema.database = database
	s.local = limits.NewLocal(time.Now)
	s.store, s.counter = opened, s.local
	return nil
}

// connectValkey wraps the parts of this instance in what all instances share. An
// unavailable server is used when it comes back.
func (s *service) connectValkey(ctx context.Context) error {
	if !s.Config.ValkeyURL.IsSet() {
		return nil
	}
	server, err := valkey.Open(ctx, s.Config.ValkeyURL.Reveal())
	if err != nil {
		return fmt.Errorf("VALKEY_URL: %w", err)
	}
	s.teardown.add(func() error { server.Close(); return nil })

	failover := limits.StartFailover(server.Counter(), s.local, s.Log) //nolint:contextcheck // it ends with its Close, after the last request
	s.teardown.add(func() error { failover.Close(); return nil })
	s.counter = failover

	s.places = server.Places()
	s.feed = valkey.StartFeed(ctx, server.Changes())
	s.teardown.add(s.feed.Close)
	s.store.Subscribe(s.feed)
	return nil
}

func (s *service) buildVerifier(ctx context.Context) {
	// On SQLite one process charges and knows every change of the figures; elsewhere they may be a moment old.
	var maxAge time.Duration
	if s.Config.SQLiteFile() == "" {
		maxAge = time.Second
	}
	totals := usage.NewTotals(s.store, maxAge, time.Now)
	s.meter = usage.NewMeter(s.store, totals, time.Now, newMeterMetrics(s.registry)) //nolint:contextcheck // it ends with its Close, after the last request
	s.holds = usage.NewHolds(s.store, s.meter)
	s.catalog = catalog.NewCache(s.store.Book, time.Now)
	s.verifier = keys.NewVerifier(keys.Parts{
		Directory: s.store, Meter: s.meter, Totals: totals, Counter: s.counter, Catalog: s.catalog, Now: time.Now,
		Encode: handlers.EncodeIdentity, Fixed: s.FixedKeys,
	})
	s.watchParts()
	s.teardown.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		return errors.Join(s.meter.Close(ctx), s.verifier.Flush(ctx))
	})
}

// listeners are called in their order.
type listeners []valkey.ChangeListener

// Changed calls them all.
func (l listeners) Changed(c accounts.Change) {
	for _, each := range l {
		each.Changed(c)
	}
}

// watchChanges subscribes the caches to the changes of this and other instances.
func (s *service) watchChanges(ctx context.Context) {
	follower := caches{s.verifier, s.gateway}
	s.store.Subscribe(follower)
	s.teardown.background(ctx, func(ctx context.Context) { s.store.Watch(ctx, follower) })
	if s.feed != nil {
		s.teardown.background(ctx, func(ctx context.Context) { s.feed.Follow(ctx, listeners{s.store, follower}) })
	}
}

// answer serves until ctx ends, then drains.
func (s *service) answer(ctx context.Context) error {
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	callsLife, cutCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer cutCalls()
	calls := new(handlers.Calls)
	s.monitor = monitor.New(monitor.Parts{
		Store: s.store, Counter: s.counter, Now: time.Now, Draining: s.draining.Load, Schema: s.schema.state, DiskFree: s.diskFree(),
	})
	console := s.console(life)
	app := handlers.New(handlers.Parts{ //nolint:contextcheck // each request has a context of its own
		Store: s.store, Verifier: s.verifier, Catalog: s.catalog, Holds: s.holds, Counter: s.counter, RateLimitPerIP: s.Config.RateLimitPerIP, CreditValue: s.Config.CreditValue,
		AllowedOrigins: s.Config.AllowedOrigins, TrustedProxies: s.Config.TrustedProxies, Version: s.Version, Demo: len(s.FixedKeys) > 0,
		Now: time.Now, Log: s.Log, Registry: s.registry, HideCost: !s.Config.ShowCost,
		MetricsElsewhere: s.Config.MetricsAddr != "", Tracer: s.tracer, Monitor: s.monitor, Console: console, Life: life,
		Gateway: s.gateway, Wires: s.fleet.Wires, UpstreamState: s.fleet.State, TestUpstream: s.fleet.Test, WebhookTargets: s.webhookTargets(), SendWebhook: s.sender.Send,
		Calls: calls, CallsLife: callsLife, BodyBudget: s.Config.BodyBudget,
	})
	opened, scheme, err := s.listen(ctx)
	if err != nil {
		return err
	}
	s.teardown.background(ctx, func(ctx context.Context) { runJobs(ctx, s.Log, s.jobs()) })
	s.teardown.background(ctx, s.deliverer.Run)
	if s.mailer != nil {
		s.teardown.background(ctx, s.mailer.Run)
	}
	connections := listener.Open(opened, listener.Options{
		Places: listener.Room(), PerAddress: s.Config.MaxConnectionsPerAddress, Exempt: s.exemptFromCount,
		ReadTimeout: handlers.ReadTimeout, IdleTimeout: handlers.IdleTimeout, MaxHeadBytes: handlers.MaxHeaderBytes,
	})
	connections.Watch(s.registry)
	if err := s.showMetrics(ctx); err != nil {
		return errors.Join(err, connections.Close())
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(connections) }()
	url := scheme + "://" + Reachable(connections.Addr().String())
	s.Log.InfoContext(ctx, "listening", "url", url, "version", s.Version, "database", s.Config.DatabaseURL, "valkey", s.Config.ValkeyURL)
	s.Listening(url, s.logSetupLink(ctx, url))
	debug.FreeOSMemory() // reading the schema and building the API's document took far more than serving needs
	select {
	case err := <-served:
		return fmt.Errorf("the HTTP server stopped: %w", err)
	case <-ctx.Done():
	}
	s.drain()
	calls.Stop()
	began := time.Now()
	connections.Drain(min(listener.HeadPatience, s.Config.ShutdownTimeout))
	end := shutdown{
		requests: max(s.Config.ShutdownTimeout-time.Since(began), 0), calls: max(s.Config.StreamShutdownTimeout-time.Since(began), 0), open: calls,
		endCalls: s.gateway.Shutdown, cutRequests: cut, cutCalls: cutCalls, log: s.Log,
	}
	err = end.run(app.ShutdownWithContext) //nolint:contextcheck // ctx has ended: that is why it stops
	_ = connections.Close()                // also where the signal came before the app had begun to listen
	cut()
	s.waitFor(console) //nolint:contextcheck // ctx has ended: that is why it waits
	return err
}

// waitFor waits until downloads that were cut off are in the audit log, before the
// database is closed.
func (s *service) waitFor(console *console.Console) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if console.Wait(ctx) != nil {
		s.Log.Warn("a download did not end in time")
	}
}

// drain makes /health/ready return 503 and keeps serving for DRAIN_DELAY, so that
// load balancers can react.
func (s *service) drain() {
	s.draining.Store(true)
	s.Log.Info("shutting down", "drain_delay", s.Config.DrainDelay, "timeout", s.Config.ShutdownTimeout)
	if s.Config.DrainDelay > 0 {
		<-time.After(s.Config.DrainDelay)
	}
}

// exemptFromCount reports whether an address may have any number of connections:
// loopback and trusted proxies.
func (s *service) exemptFromCount(address netip.Addr) bool {
	return address.IsLoopback() || slices.ContainsFunc(s.Config.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(address) })
}

// listen opens the port, with TLS where a certificate is configured.
func (s *service) listen(ctx context.Context) (listener net.Listener, scheme string, err error) {
	if s.Config.TLSCert == "" {
		listener, err = listen(ctx, "HOST and PORT", net.JoinHostPort(s.Config.Host, strconv.Itoa(s.Config.Port)))
		return listener, "http", err
	}
	c, err := openCertificate(s.Config.TLSCert, s.Config.TLSKey, s.Log)
	if err != nil {
		return nil, "", err
	}
	listener, err = listen(ctx, "HOST and PORT", net.JoinHostPort(s.Config.Host, strconv.Itoa(s.Config.Port)))
	if err != nil {
		return nil, "", err
	}
	s.certificate = c
	return tls.NewListener(listener, c.config()), "https", nil
}

// showMetrics serves /metrics on METRICS_ADDR, if it is set.
func (s *service) showMetrics(ctx context.Context) error {
	if s.Config.MetricsAddr == "" {
		return nil
	}
	listener, err := listen(ctx, "METRICS_ADDR", s.Config.MetricsAddr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout, MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(listener) }()
	s.teardown.add(server.Close)
	s.Log.InfoContext(ctx, "metrics", "url", "http://"+Reachable(listener.Addr().String())+"/metrics")
	return nil
}

// metricsTimeout bounds a scrape.
const metricsTimeout = 10 * time.Second

// listen opens a port; setting is the variable that errors name.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use: stop the program that listens there, or choose a free port", setting, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not listen on %s: choose a port of 1024 or above", setting, address)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot listen: %w", setting, err)
	}
	return listener, nil
}

// Reachable is the address at which this machine reaches a listener: loopback for
// one on every interface.
func Reachable(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsUnspecified() {
		return address
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(at.Port())))
}
