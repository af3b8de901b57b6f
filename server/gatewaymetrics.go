package server

import (
	"strconv"
	"time"

	"codexible/gateway"
	"codexible/usage"

	"github.com/prometheus/client_golang/prometheus"
)

// The buckets of calls, in seconds: of whole ones, of what a client waits for, and of what
// the gateway itself takes.
var (
	callBuckets     = []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1200}
	firstBuckets    = []float64{.025, .05, .1, .25, .5, .75, 1, 1.5, 2.5, 5, 10, 20, 40, 80, 160, 300}
	overheadBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}
)

// gatewayMetrics counts calls of models: a gateway.Observer. No label comes from a client.
type gatewayMetrics struct {
	upstreamMetrics

	calls, refused, tokens, credits *capped[prometheus.Counter]
	took, firstToken                *capped[prometheus.Observer]
	before, settling                prometheus.Observer

	failovers, keepAlives, grown, late map[string]prometheus.Counter
}

// The values of labels.
const (
	estimatedCredits, chargedCredits, uncollectedCredits = "estimated", "charged", "uncollected"
	stageBefore, stageSettling                           = "before", "settling"
	resultServed, resultFailed                           = "served", "failed"
	resultHeld, resultNoCredits                          = "held", "no_credits"
	resultSettled, resultGivenUp                         = "settled", "given_up"
)

func newGatewayMetrics(registry *prometheus.Registry) *gatewayMetrics {
	overhead := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "codexible_call_overhead_seconds", Buckets: overheadBuckets,
		Help: "What the gateway itself took for a call that it passed on, by stage: before the first attempt (the hold among it), and for settling.",
	}, []string{"stage"})
	registry.MustRegister(overhead)
	var names []string
	for _, e := range gateway.Endpoints() {
		names = append(names, e.String())
	}
	return &gatewayMetrics{
		upstreamMetrics: newUpstreamMetrics(registry),
		calls: cappedCounter(registry, "codexible_calls_total",
			"Calls of models, by the catalog's name of the model, endpoint, how they ended, and the class of their status. A stream that fails has the class 2xx.", "model", "endpoint", "outcome", "status"),
		refused: cappedCounter(registry, "codexible_calls_refused_total", "Calls of models that were refused, and asked of no upstream, by code.", "code"),
		tokens:  cappedCounter(registry, "codexible_call_tokens_total", "Tokens that calls used, by model and kind. The kinds are disjoint.", "model", "kind"),
		credits: cappedCounter(registry, "codexible_call_credits_total",
			"Credits of settled calls, by model: what was held before the call (estimated), what it was charged, and what it cost beyond that and was not collected.", "model", "kind"),
		took:       cappedHistogram(registry, 1, "codexible_call_seconds", "How long calls took that were passed on, to the last byte.", callBuckets, "model", "endpoint"),
		firstToken: cappedHistogram(registry, 2, "codexible_call_first_token_seconds", "Time to the first token of streamed calls.", firstBuckets, "model", "upstream"),
		before:     overhead.WithLabelValues(stageBefore), settling: overhead.WithLabelValues(stageSettling),
		failovers:  counters(registry, "codexible_call_failovers_total", "Calls that took more than one attempt, by whether one served.", "result", resultServed, resultFailed),
		keepAlives: counters(registry, "codexible_keep_alives_total", "Keep-alives that were sent in the silence of a stream, by endpoint.", "endpoint", names...),
		grown:      counters(registry, "codexible_hold_growths_total", "Holds that had to grow during their call, by whether there were credits for it.", "result", resultHeld, resultNoCredits),
		late:       counters(registry, "codexible_settlements_late_total", "Settlements that had to be repeated, by whether they are in the books. A call whose settlement is given up is charged at the deadline of its hold by what was delivered.", "result", resultSettled, resultGivenUp),
	}
}

// CallEnded implements gateway.Observer.
func (m *gatewayMetrics) CallEnded(r *gateway.Record, t gateway.Timing) {
	model, endpoint := unknownName, r.Endpoint.String()
	if r.ModelKnown {
		model = r.Model
	}
	m.calls.with(model, endpoint, string(r.Outcome), statusClass(r.Status)).Inc()
	if r.Outcome == usage.CallRefused {
		m.refused.with(r.Code).Inc()
	}
	if len(r.Attempts) == 0 {
		return
	}
	m.took.with(model, endpoint).Observe(r.Took.Seconds())
	m.before.Observe(t.Before.Seconds())
	if t.Settling > 0 {
		m.settling.Observe(t.Settling.Seconds())
	}
	if r.Streamed && r.FirstToken > 0 {
		m.firstToken.with(model, r.Upstream).Observe(r.FirstToken.Seconds())
	}
	m.settled(model, r)
	m.attempted(r)
	if len(r.Attempts) > 1 {
		result := resultServed
		if r.Attempts[len(r.Attempts)-1].Error != "" {
			result = resultFailed
		}
		m.failovers[result].Inc()
	}
}

// settled counts what a call used, if it was settled.
func (m *gatewayMetrics) settled(model string, r *gateway.Record) {
	if r.Tokens == nil {
		return
	}
	for b := range usage.NumBuckets {
		if n := r.Tokens.Of(b); n > 0 {
			m.tokens.with(model, b.String()).Add(float64(n))
		}
	}
	m.credits.with(model, estimatedCredits).Add(float64(r.Held))
	m.credits.with(model, chargedCredits).Add(float64(r.Credits))
	m.credits.with(model, uncollectedCredits).Add(float64(r.Uncollected) / usage.Millionths)
}

// statusClass is a status as 2xx.
func statusClass(status int) string {
	if status < 100 || status > 599 {
		return unknownName
	}
	return strconv.Itoa(status/100) + "xx"
}

// KeptAlive implements gateway.Observer.
func (m *gatewayMetrics) KeptAlive(e gateway.Endpoint) { m.keepAlives[e.String()].Inc() }

// Grown implements gateway.Observer.
func (m *gatewayMetrics) Grown(fitted bool) {
	if fitted {
		m.grown[resultHeld].Inc()
	} else {
		m.grown[resultNoCredits].Inc()
	}
}

// SettledLate implements gateway.Observer.
func (m *gatewayMetrics) SettledLate(settled bool) {
	if settled {
		m.late[resultSettled].Inc()
	} else {
		m.late[resultGivenUp].Inc()
	}
}

// watchGateway registers the metrics that are read from the gateway at each scrape.
func (s *service) watchGateway(m *gatewayMetrics) {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	s.registry.MustRegister(
		gauge("codexible_calls_open", "Calls of models that this instance is serving.", s.gateway.Open),
		gauge("codexible_settlements_waiting", "Settlements that are repeated until they are in the books.", s.gateway.Repeating),
		gauge("codexible_request_log_waiting", "Records of the log of requests that are not written yet.", s.requestLog.Waiting),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "codexible_request_log_dropped_total", Help: "Records of the log of requests that were dropped. Their calls are charged.",
		}, func() float64 { return float64(s.requestLog.Dropped()) }),
		newFleetCollector(s.fleet, m.events, time.Now),
	)
}
