package handlers

import (
	"runtime"
	"strconv"
	"sync"
	"time"

	"codexible/keys"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

const metricsPath = "/metrics"

// metrics are the metrics of the HTTP server.
type metrics struct {
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	verdicts map[keys.Code]prometheus.Counter
}

func newMetrics(p Parts) *metrics {
	m := &metrics{
		verdicts: map[keys.Code]prometheus.Counter{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "codexible_http_requests_total", Help: "Requests answered, by route pattern, method and status.",
		}, []string{"route", "method", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "codexible_http_request_seconds", Help: "Response time, by route pattern and method.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"route", "method"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "codexible_build_info", Help: "Always 1; the labels contain the version.",
		ConstLabels: prometheus.Labels{"version": p.Version, "go_version": runtime.Version()},
	})
	build.Set(1)
	verdicts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_verdicts_total", Help: "Responses of /api/keys/verify, by code.",
	}, []string{"code"})
	for _, code := range keys.Codes() {
		m.verdicts[code] = verdicts.WithLabelValues(string(code))
	}
	p.Registry.MustRegister(m.requests, m.latency, verdicts, build)
	return m
}

// watched creates the series of a route; that of its latency exists from the start.
func (m *metrics) watched(r *route) *route {
	r.latency = m.latency.WithLabelValues(r.path, r.method)
	r.requests = m.requests.MustCurryWith(prometheus.Labels{"route": r.path, "method": r.method})
	r.succeeded = sync.OnceValue(func() prometheus.Counter { return r.requests.WithLabelValues("200") })
	return r
}

// series are a route's own metrics.
type series struct {
	latency  prometheus.Observer
	requests *prometheus.CounterVec
	// succeeded is the one of requests that nearly every request counts in; it exists from the first on.
	succeeded func() prometheus.Counter
}

func (s *series) observe(status int, took time.Duration) {
	s.latency.Observe(took.Seconds())
	if status == fiber.StatusOK {
		s.succeeded().Inc()
		return
	}
	s.requests.WithLabelValues(strconv.Itoa(status)).Inc()
}

// showMetrics answers a Prometheus scrape.
func (a *api) showMetrics() handler {
	show := fasthttpadaptor.NewFastHTTPHandler(promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{}))
	return func(x *exchange) error {
		x.discardBody()
		x.Context().Request.ResetBody() // the adaptor would read the rest of it, of any length
		show(x.Context())
		return nil
	}
}
