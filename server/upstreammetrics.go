package server

import (
	"context"
	"net/http"
	"time"

	"codexible/gateway"

	"github.com/prometheus/client_golang/prometheus"
)

// upstreamMetrics counts what upstreams do, by their names.
type upstreamMetrics struct {
	attempts, sources, sticky, cost, events *capped[prometheus.Counter]
	attemptTook                             *capped[prometheus.Observer]
}

func newUpstreamMetrics(registry *prometheus.Registry) upstreamMetrics {
	return upstreamMetrics{
		attempts: cappedCounter(registry, "codexible_upstream_attempts_total",
			"Attempts of calls, by upstream and result: served, cancelled, no_answer, rate_limited, key_refused, server_error, client_error, or broken_answer for one that failed after it had begun.", "upstream", "result"),
		attemptTook: cappedHistogram(registry, 1, "codexible_upstream_attempt_seconds", "How long attempts took, to the last byte.", callBuckets, "upstream"),
		sources: cappedCounter(registry, "codexible_call_usage_total",
			"Settled calls, by upstream and where their figures come from: reported by the upstream, counted (a part of it estimated), or estimated.", "upstream", "source"),
		sticky: cappedCounter(registry, "codexible_calls_sticky_total", "Calls that went to the upstream and key by which their session was served before.", "upstream"),
		cost:   cappedCounter(registry, "codexible_upstream_cost_dollars_total", "What calls cost the operator by the prices of the models, in dollars.", "upstream"),
		events: cappedCounter(registry, "codexible_upstream_events_total",
			"What happened to upstreams: a key was disabled, could not be, could not be read, or rests after 429; the upstream rests after failures; or what was spent could not be read.", "upstream", "event"),
	}
}

// attempted counts the attempts of a call that was passed on.
func (m *upstreamMetrics) attempted(r *gateway.Record) {
	rest := r.CostMicros
	for i := range r.Attempts {
		a := &r.Attempts[i]
		m.attempts.with(a.Upstream, attemptResult(a)).Inc()
		m.attemptTook.with(a.Upstream).Observe((time.Duration(a.Took) * time.Microsecond).Seconds())
		if rest -= a.CostMicros; a.CostMicros > 0 {
			m.cost.with(a.Upstream).Add(dollars(a.CostMicros))
		}
	}
	if rest > 0 {
		m.cost.with(r.Upstream).Add(dollars(rest))
	}
	if r.Source != "" {
		m.sources.with(r.Upstream, string(r.Source)).Inc()
	}
	if r.Sticky {
		m.sticky.with(r.Upstream).Inc()
	}
}

func dollars(micros int64) float64 { return float64(micros) / 1e6 }

// attemptResult is what became of an attempt. What a provider calls a failure is no label.
func attemptResult(a *gateway.Attempt) string {
	switch {
	case a.Error == "":
		return resultServed
	case a.Error == "cancelled":
		return "cancelled"
	case a.Status == 0:
		return "no_answer"
	case a.Status == http.StatusTooManyRequests:
		return "rate_limited"
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		return "key_refused"
	case gateway.Retryable(a.Status):
		return "server_error"
	case a.Status >= http.StatusBadRequest:
		return "client_error"
	}
	return "broken_answer"
}

// happened counts what an operator should know of an upstream.
func (m *upstreamMetrics) happened(e gateway.FleetEvent) {
	name := e.Upstream
	if name == "" {
		name = unknownName
	}
	m.events.with(name, string(e.Kind)).Inc()
}

// fleetEvents are what is counted for each upstream.
var fleetEvents = [...]gateway.FleetEventKind{gateway.KeyDisabled, gateway.KeyDisableFailed, gateway.KeyUnreadable, gateway.KeyRests, gateway.UpstreamRests}

// The states of an upstream's keys.
const (
	keyUsable, keyResting, keyDisabled, keyUnreadable = "usable", "resting", "disabled", "unreadable"
)

// fleetCollector reads what this process knows of the upstreams. While the database is
// unavailable its metrics may be absent.
type fleetCollector struct {
	fleet         *gateway.Fleet
	events        *capped[prometheus.Counter]
	now           func() time.Time
	resting, keys *prometheus.Desc
}

func newFleetCollector(fleet *gateway.Fleet, events *capped[prometheus.Counter], now func() time.Time) *fleetCollector {
	return &fleetCollector{
		fleet: fleet, events: events, now: now,
		resting: prometheus.NewDesc("codexible_upstream_resting", "1 for an enabled upstream that this instance does not call for a while, because it failed several times; 0 for others.", []string{"upstream"}, nil),
		keys:    prometheus.NewDesc("codexible_upstream_keys", "Keys of an enabled upstream, by state: usable, resting after 429, disabled by a refusal of the provider, or unreadable.", []string{"upstream", "state"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *fleetCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.resting
	descs <- c.keys
}

// Collect implements prometheus.Collector.
func (c *fleetCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerPatience)
	defer cancel()
	upstreams, err := c.fleet.Upstreams(ctx)
	if err != nil {
		return // the database's absence has metrics of its own
	}
	for _, u := range upstreams {
		if !u.Enabled {
			continue
		}
		for _, kind := range fleetEvents {
			c.events.with(u.Name, string(kind)) // Prometheus sees no increase of a counter that begins at 1
		}
		c.collect(u, metrics)
	}
}

func (c *fleetCollector) collect(u *gateway.Upstream, metrics chan<- prometheus.Metric) {
	state, now := c.fleet.State(u.ID), c.now()
	resting := map[string]bool{}
	for _, k := range state.Keys {
		resting[k.ID.String()] = k.RestsUntil.After(now)
	}
	keys := map[string]int{keyUsable: 0, keyResting: 0, keyDisabled: 0, keyUnreadable: 0}
	for i := range u.Keys {
		switch k := &u.Keys[i]; {
		case k.DisabledAt != nil:
			keys[keyDisabled]++
		case !k.Usable():
			keys[keyUnreadable]++
		case resting[k.ID.String()]:
			keys[keyResting]++
		default:
			keys[keyUsable]++
		}
	}
	rests := 0.
	if state.RestsUntil.After(now) {
		rests = 1
	}
	show := func(desc *prometheus.Desc, value float64, labels ...string) {
		if m, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, labels...); err == nil { // a name that is no text has none
			metrics <- m
		}
	}
	show(c.resting, rests, u.Name)
	for state, n := range keys {
		show(c.keys, float64(n), u.Name, state)
	}
}
