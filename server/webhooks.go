package server

import (
	"context"
	"time"

	"codexible/events"
	"codexible/store"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// buildWebhooks puts together what sends events to webhooks.
func (s *service) buildWebhooks() {
	s.sender = events.NewSender(s.webhookTargets(), time.Now)
	metrics := newWebhookMetrics(s.registry, s.store.DeliveryStats)
	s.deliverer = events.NewDeliverer(events.DelivererParts{
		Claim: s.store.ClaimDeliveries, Webhook: s.store.Webhook, Send: s.sender.Send, Write: s.store.WriteDelivery, Release: s.store.ReleaseDeliveries,
		Disable: s.store.DisableWebhook, Observe: metrics.attempted, Now: s.store.Now, Log: s.Log,
	})
	s.teardown.add(func() error { s.sender.Close(); return nil })
}

func (s *service) webhookTargets() events.Targets {
	return events.Targets{Private: s.Config.WebhookAllowPrivate}
}

// webhookMetrics counts attempts, and reads from the database what waits.
type webhookMetrics struct {
	attempts *prometheus.CounterVec
	took     prometheus.Histogram

	read                    func(ctx context.Context) (map[uuid.UUID]store.DeliveryStats, error)
	waiting, failed, oldest *prometheus.Desc
}

func newWebhookMetrics(registry *prometheus.Registry, read func(ctx context.Context) (map[uuid.UUID]store.DeliveryStats, error)) *webhookMetrics {
	m := &webhookMetrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "codexible_webhook_attempts_total", Help: "Attempts to deliver events to webhooks, by result: delivered, again (another attempt follows) or failed (given up).",
		}, []string{"result"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "codexible_webhook_attempt_seconds", Help: "How long attempts to deliver events took.", Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}),
		read: read, waiting: everywhere("codexible_webhook_deliveries_waiting", "Deliveries to webhooks that have not ended."),
		failed: everywhere("codexible_webhook_deliveries_failed", "Deliveries to webhooks that were given up within the last 24 hours."),
		oldest: everywhere("codexible_webhook_oldest_waiting_timestamp_seconds", "When the oldest event that waits for a webhook happened; 0 for none."),
	}
	for _, result := range []string{"delivered", "again", "failed"} {
		m.attempts.WithLabelValues(result)
	}
	registry.MustRegister(m.attempts, m.took, m)
	return m
}

// everywhere describes a metric that is read from the database.
func everywhere(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(name, help+" Read from the database: every instance shows the same.", nil, nil)
}

// attempted counts an attempt.
func (m *webhookMetrics) attempted(d *events.Delivery, last events.Try) {
	result := map[events.DeliveryStatus]string{events.Delivered: "delivered", events.Pending: "again", events.Failed: "failed"}[d.Status]
	m.attempts.WithLabelValues(result).Inc()
	m.took.Observe(float64(last.MS) / 1000)
}

// Describe implements prometheus.Collector.
func (m *webhookMetrics) Describe(descs chan<- *prometheus.Desc) {
	descs <- m.waiting
	descs <- m.failed
	descs <- m.oldest
}

// Collect implements prometheus.Collector.
func (m *webhookMetrics) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerPatience)
	defer cancel()
	stats, err := m.read(ctx)
	if err != nil {
		return // the database's absence has metrics of its own
	}
	var all store.DeliveryStats
	for id, one := range stats {
		if id == events.MailID {
			continue
		}
		all.Waiting, all.Failed = all.Waiting+one.Waiting, all.Failed+one.Failed
		if !one.Oldest.IsZero() && (all.Oldest.IsZero() || one.Oldest.Before(all.Oldest)) {
			all.Oldest = one.Oldest
		}
	}
	collectDeliveries(metrics, all, m.waiting, m.failed, m.oldest)
}

// collectDeliveries writes the metrics of what waits and failed.
func collectDeliveries(metrics chan<- prometheus.Metric, of store.DeliveryStats, waiting, failed, oldest *prometheus.Desc) {
	var since float64
	if !of.Oldest.IsZero() {
		since = float64(of.Oldest.UnixMilli()) / 1000
	}
	metrics <- prometheus.MustNewConstMetric(waiting, prometheus.GaugeValue, float64(of.Waiting))
	metrics <- prometheus.MustNewConstMetric(failed, prometheus.GaugeValue, float64(of.Failed))
	metrics <- prometheus.MustNewConstMetric(oldest, prometheus.GaugeValue, since)
}
