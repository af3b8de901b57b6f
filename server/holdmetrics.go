package server

import (
	"context"
	"time"

	"codexible/store"
	"codexible/usage"

	"github.com/prometheus/client_golang/prometheus"
)

// holdMetrics counts the steps of holds that the meter posts.
type holdMetrics struct {
	held, extended, settled, released, expired prometheus.Counter
	// refused is by outcome; nil for those that refuse no hold.
	refused                     []prometheus.Counter
	creditsHeld, creditsSettled prometheus.Counter
	uncollected                 prometheus.Counter
}

func newHoldMetrics(registry *prometheus.Registry) *holdMetrics {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_holds_total", Help: "Steps of holds: held, extended, settled, released by their service, or expired at their deadline. Operators' releases are in the audit log.",
	}, []string{"event"})
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_holds_refused_total", Help: "Holds, extensions, settlements and releases that were refused, by outcome.",
	}, []string{"outcome"})
	credits := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_hold_credits_total", Help: "Credits that holds and their extensions set aside (held), and that settlements charged (settled). The rate of settled divided by the rate of held is the part of what is held that calls cost.",
	}, []string{"event"})
	m := &holdMetrics{
		held: events.WithLabelValues("held"), extended: events.WithLabelValues("extended"), settled: events.WithLabelValues("settled"),
		released: events.WithLabelValues("released"), expired: events.WithLabelValues("expired"),
		creditsHeld: credits.WithLabelValues("held"), creditsSettled: credits.WithLabelValues("settled"),
		uncollected: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "codexible_uncollected_credits_total", Help: "Credits that calls cost beyond their hold and what the user had left. A late settlement that lowers it is not taken off.",
		}),
		refused: make([]prometheus.Counter, len(usage.Outcomes())),
	}
	for _, outcome := range []usage.Outcome{usage.OverQuota, usage.Concurrent, usage.OverRange, usage.Mismatch, usage.NoHold, usage.HoldEnded, usage.BelowHold} {
		m.refused[outcome] = refused.WithLabelValues(outcome.String())
	}
	registry.MustRegister(events, refused, credits, m.uncollected)
	return m
}

// count counts an entry that was posted. Holds that it found past their deadline
// are counted whatever it was: a batch is committed once, so one instance counts each.
func (m *holdMetrics) count(e *usage.Entry, r *usage.Receipt) {
	m.expired.Add(float64(r.Moved.Expired))
	m.creditsHeld.Add(float64(r.Moved.Held))
	m.released.Add(float64(r.Moved.Released))
	m.uncollected.Add(float64(max(r.Moved.Uncollected, 0)) / usage.Millionths)
	switch e.Kind {
	case usage.KindHold, usage.KindExtend, usage.KindSettle, usage.KindRelease:
	case usage.KindCharge, usage.KindExpire, usage.KindCorrect:
		return
	}
	if refused := m.refused[r.Outcome]; refused != nil {
		refused.Inc()
	}
	if r.Outcome != usage.Accepted {
		return
	}
	switch e.Kind { //nolint:exhaustive // the others are counted above
	case usage.KindHold:
		m.held.Inc()
	case usage.KindExtend:
		m.extended.Inc()
	case usage.KindSettle:
		m.settled.Inc()
		m.creditsSettled.Add(float64(r.Charged))
	}
}

// ledgerCollector reads what the database counts over all instances, once for a
// scrape and at most every few seconds. While the database is unavailable its
// metrics are absent.
type ledgerCollector struct {
	read                    func(ctx context.Context) (store.LedgerStats, error)
	open, held, corrections *prometheus.Desc
}

// ledgerPatience bounds the reading for a scrape.
const ledgerPatience = 2 * time.Second

func newLedgerCollector(read func(ctx context.Context) (store.LedgerStats, error)) *ledgerCollector {
	const everywhere = " Read from the database: every instance shows the same."
	desc := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help+everywhere, nil, nil) }
	return &ledgerCollector{
		read: read, open: desc("codexible_holds_open", "Open holds before their deadline."),
		held:        desc("codexible_held_credits", "Credits that open holds set aside."),
		corrections: desc("codexible_corrections_total", "Corrections of days that operators made."),
	}
}

// Describe implements prometheus.Collector.
func (c *ledgerCollector) Describe(descs chan<- *prometheus.Desc) {
	descs <- c.open
	descs <- c.held
	descs <- c.corrections
}

// Collect implements prometheus.Collector.
func (c *ledgerCollector) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerPatience)
	defer cancel()
	stats, err := c.read(ctx)
	if err != nil {
		return // the database's absence has metrics of its own
	}
	metrics <- prometheus.MustNewConstMetric(c.open, prometheus.GaugeValue, float64(stats.Open))
	metrics <- prometheus.MustNewConstMetric(c.held, prometheus.GaugeValue, float64(stats.Credits))
	metrics <- prometheus.MustNewConstMetric(c.corrections, prometheus.CounterValue, float64(stats.Corrections))
}
