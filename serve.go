package main

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
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"codexible/handlers"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/trace"
	"codexible/usage"
	"codexible/valkey"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// service is one run of the program that answers requests.
type service struct {
	config Config
	log    *slog.Logger
	// fixed are keys that are accepted though none is minted like them: a demo's.
	fixed []keys.Secret
	// listening is called once, when requests are accepted, with the service's URL
	// and the link that sets the console up; that is empty once it is.
	listening func(url, setup string)

	books   *store.Store
	local   *limits.Local
	counter limits.Counter
	ledger  usage.Ledger
	// news and shared are nil without Valkey.
	news     *news
	shared   *sharedTotals
	meter    *usage.Meter
	verifier *keys.Verifier
	schema   schemaState
	registry *prometheus.Registry
	// reconciled is how many differences the last recount found.
	reconciled prometheus.Gauge
	// backedUp is when the latest scheduled backup was made, in Unix seconds.
	backedUp      prometheus.Gauge
	backupsFailed prometheus.Counter
	// tracer is nil without a collector.
	tracer   *trace.Tracer
	draining atomic.Bool
	ending   ending
}

// writeTimeout is how long what was accepted gets to reach the disk after the
// last request has ended.
const writeTimeout = 12 * time.Second

// serve builds the parts from the database up, answers until ctx ends, and takes
// them down in the opposite order: no request is accepted any more, the open
// ones end, what was accepted is written, the connections close.
func (s *service) serve(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, s.ending.run()) }()
	s.limitMemory(ctx)
	if err := s.openBooks(ctx); err != nil {
		return err
	}
	if err := s.connectValkey(ctx); err != nil {
		return err
	}
	s.buildVerifier(ctx)
	s.startBackground(ctx)
	return s.answer(ctx)
}

func (s *service) openBooks(ctx context.Context) error {
	if err := prepareDatabase(ctx, &s.config, s.log); err != nil {
		return err
	}
	books, err := openStore(ctx, &s.config, s.log)
	if err != nil {
		return err
	}
	s.ending.add(books.Close)
	if folder := s.config.BackupDir; folder != "" {
		if err := store.KeepBackupsPrivate(folder); err != nil {
			s.log.WarnContext(ctx, "other users of this machine may read the backups: make the user of the service the owner of BACKUP_DIR and its files", "error", err)
		}
	}
	if err := checkSecrets(ctx, books, s.log); err != nil {
		return err
	}
	s.schema.config = &s.config
	s.local = limits.NewLocal(time.Now)
	s.books, s.ledger, s.counter = books, books, s.local
	return nil
}

// connectValkey puts what all instances share around the parts of this one. A
// server that is away is used when it comes back.
func (s *service) connectValkey(ctx context.Context) error {
	if !s.config.ValkeyURL.isSet() {
		return nil
	}
	server, err := valkey.Open(ctx, s.config.ValkeyURL.reveal())
	if err != nil {
		return fmt.Errorf("VALKEY_URL: %w", err)
	}
	s.ending.add(func() error { server.Close(); return nil })

	failover := limits.StartFailover(server.Counter(), s.local, s.log) //nolint:contextcheck // it ends with its Close, after the last request
	s.ending.add(func() error { failover.Close(); return nil })
	s.counter = failover

	s.news = newNews(ctx, server.Changes())
	s.ending.add(s.news.close)
	s.books.Tell(s.news)

	s.shared = newSharedTotals(s.books, server.Totals(), time.Now)
	s.ledger = s.shared
	s.ending.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareInterval)
		defer cancel()
		s.shared.share(ctx)
		return nil
	})
	s.ending.background(ctx, s.shared.run)
	return nil
}

func (s *service) buildVerifier(ctx context.Context) {
	// Where this process alone charges, it knows every change of a total; elsewhere one may be a moment old.
	var totals *usage.Totals
	switch {
	case s.shared != nil:
		totals = usage.NewTotals(s.books, s.shared, sharedMaxAge, time.Now)
	case s.config.sqliteFile() == "":
		totals = usage.NewTotals(s.books, nil, time.Second, time.Now)
	default:
		totals = usage.NewTotals(s.books, nil, 0, time.Now)
	}
	s.registry = prometheus.NewRegistry()
	s.meter = usage.NewMeter(s.ledger, time.Now, newMeterMetrics(s.registry)) //nolint:contextcheck // it ends with its Close, after the last request
	s.verifier = keys.NewVerifier(keys.Parts{Directory: s.books, Meter: s.meter, Totals: totals, Counter: s.counter, Now: time.Now, Fixed: s.fixed})
	s.watchParts()
	s.followRequests(ctx)
	s.ending.add(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		defer cancel()
		return errors.Join(s.meter.Close(ctx), s.verifier.Flush(ctx))
	})
}

// followRequests sends the traces of sampled requests to the collector, where there is one.
func (s *service) followRequests(ctx context.Context) {
	if !s.config.OTLPEndpoint.isSet() {
		return
	}
	dropped := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "codexible_trace_spans_dropped_total", Help: "Spans that the collector did not take in time.",
	})
	s.registry.MustRegister(dropped)
	exporter := newTraceExporter(s.config.OTLPEndpoint, s.log, func(spans int) { dropped.Add(float64(spans)) })
	s.ending.background(ctx, exporter.run)
	s.tracer = &trace.Tracer{Ratio: s.config.TraceRatio, Sink: exporter.take}
}

// startBackground starts what works beside the requests.
func (s *service) startBackground(ctx context.Context) {
	s.ending.background(ctx, s.verifier.Run)
	s.books.Tell(s.verifier)
	s.ending.background(ctx, func(ctx context.Context) { s.books.Watch(ctx, s.verifier) })
	if s.news != nil {
		s.ending.background(ctx, func(ctx context.Context) { s.news.follow(ctx, listeners{s.books, s.verifier}) })
	}
	s.ending.background(ctx, func(ctx context.Context) { keepHouse(ctx, s.log, s.chores()) })
}

// answer listens until ctx ends, then lets the open requests end.
func (s *service) answer(ctx context.Context) error {
	console := s.console()
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	app := handlers.New(handlers.Parts{ //nolint:contextcheck // each request has a context of its own
		Store: s.books, Verifier: s.verifier, Counter: s.counter, RateLimitPerIP: s.config.RateLimitPerIP,
		AllowedOrigins: s.config.AllowedOrigins, TrustedProxies: s.config.TrustedProxies, Version: currentVersion(),
		Now: time.Now, Log: s.log, Registry: s.registry, Draining: s.draining.Load, Schema: s.schema.state,
		MetricsElsewhere: s.config.MetricsAddr != "", DiskFree: s.diskFree(), Tracer: s.tracer, Console: console, Life: life,
	})
	s.ending.background(ctx, console.Run)
	opened, scheme, err := s.listen(ctx)
	if err != nil {
		return err
	}
	listener := openFrontDoor(opened, roomForConnections(), s.config.MaxConnectionsPerAddress, s.config.exemptFromCount)
	listener.watch(s.registry)
	if err := s.showMetrics(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	served := make(chan error, 1)
	go func() { served <- app.Listener(listener) }()
	url := scheme + "://" + reachable(listener.Addr().String())
	s.log.InfoContext(ctx, "listening", "url", url, "version", currentVersion(), "database", s.config.DatabaseURL, "valkey", s.config.ValkeyURL)
	s.listening(url, s.offerSetup(ctx, url))
	debug.FreeOSMemory() // the schema and the API's document were read with far more than serving needs
	select {
	case err := <-served:
		return fmt.Errorf("requests are accepted no longer: %w", err)
	case <-ctx.Done():
	}
	s.drain()
	end := time.Now().Add(s.config.ShutdownTimeout)
	listener.dismiss(min(headPatience, s.config.ShutdownTimeout))
	err = app.ShutdownWithTimeout(max(time.Until(end), 0))
	_ = listener.Close() // also where the signal came before the app had begun to listen
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were still open at SHUTDOWN_TIMEOUT and are cut off")
		err = nil
	}
	cut()
	s.waitFor(console) //nolint:contextcheck // ctx has ended: that is why it waits
	return err
}

// waitFor lets downloads that were cut off write that down, before the database
// is closed.
func (s *service) waitFor(console *handlers.Console) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	if console.Wait(ctx) != nil {
		s.log.Warn("a download did not end in time")
	}
}

// drain has /health/ready say that the end is near, and goes on answering for
// as long as balancers need to see it.
func (s *service) drain() {
	s.draining.Store(true)
	s.log.Info("shutting down", "drain_delay", s.config.DrainDelay, "timeout", s.config.ShutdownTimeout)
	if s.config.DrainDelay > 0 {
		<-time.After(s.config.DrainDelay)
	}
}

// listen opens the port, with TLS where a certificate is configured.
func (s *service) listen(ctx context.Context) (listener net.Listener, scheme string, err error) {
	if s.config.TLSCert == "" {
		listener, err = listen(ctx, "HOST and PORT", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
		return listener, "http", err
	}
	c, err := openCertificate(s.config.TLSCert, s.config.TLSKey, s.log)
	if err != nil {
		return nil, "", err
	}
	listener, err = listen(ctx, "HOST and PORT", net.JoinHostPort(s.config.Host, strconv.Itoa(s.config.Port)))
	if err != nil {
		return nil, "", err
	}
	s.ending.background(ctx, c.run)
	return tls.NewListener(listener, c.config()), "https", nil
}

// showMetrics opens the listener of METRICS_ADDR, where there is one.
func (s *service) showMetrics(ctx context.Context) error {
	if s.config.MetricsAddr == "" {
		return nil
	}
	listener, err := listen(ctx, "METRICS_ADDR", s.config.MetricsAddr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadTimeout: metricsTimeout, WriteTimeout: metricsTimeout, MaxHeaderBytes: 16 << 10}
	go func() { _ = server.Serve(listener) }()
	s.ending.add(server.Close)
	s.log.InfoContext(ctx, "metrics", "url", "http://"+reachable(listener.Addr().String())+"/metrics")
	return nil
}

// metricsTimeout bounds a scrape.
const metricsTimeout = 10 * time.Second

// listen opens a port; setting is what names it.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use: stop the program that listens there, or choose a free port", setting, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: %s may not be listened on by this user: choose a port of 1024 or above", setting, address)
	case err != nil:
		return nil, fmt.Errorf("%s: it cannot be listened on: %w", setting, err)
	}
	return listener, nil
}

// reachable is host and port as this machine reaches them: the address that
// stands for every interface is none to connect to.
func reachable(address string) string {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !at.Addr().IsUnspecified() {
		return address
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(at.Port())))
}
