package server

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"codexible/limits"
	"codexible/usage"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// meterMetrics counts what the meter settles: a usage.Observer.
type meterMetrics struct {
	charges []prometheus.Counter
	failed  prometheus.Counter
	size    prometheus.Histogram
	commit  prometheus.Histogram
	holds   *holdMetrics
}

func newMeterMetrics(registry *prometheus.Registry) *meterMetrics {
	charges := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_charges_total", Help: "Charges decided, by outcome, those of holds aside; failed ones, steps of holds included, were not recorded, or their outcome is unknown.",
	}, []string{"outcome"})
	m := &meterMetrics{
		holds:  newHoldMetrics(registry),
		failed: charges.WithLabelValues("failed"),
		size: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "codexible_charge_batch_size", Help: "Charges that shared a transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "codexible_charge_batch_seconds", Help: "How long a batch of charges took to be decided and durable.",
			Buckets: []float64{.0002, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	for _, outcome := range usage.Outcomes() {
		m.charges = append(m.charges, charges.WithLabelValues(outcome.String()))
	}
	registry.MustRegister(charges, m.size, m.commit)
	return m
}

// BatchPosted implements usage.Observer.
func (m *meterMetrics) BatchPosted(entries []usage.Entry, took time.Duration, receipts []usage.Receipt, err error) {
	size := len(entries)
	m.size.Observe(float64(size))
	m.commit.Observe(took.Seconds())
	if err != nil {
		m.failed.Add(float64(size))
		return
	}
	for i := range receipts {
		if entries[i].Kind == usage.KindCharge {
			m.charges[receipts[i].Outcome].Inc()
		}
		m.holds.count(&entries[i], &receipts[i])
	}
}

// TurnedAway implements usage.Observer.
func (m *meterMetrics) TurnedAway() { m.failed.Inc() }

// watchParts registers the metrics that are read from the parts at each scrape.
func (s *service) watchParts() {
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	counter := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value)
	}
	s.reconciled = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "codexible_reconcile_differences", Help: "Totals that differed from the single charges at the last recount; anything but 0 needs attention.",
	})
	s.backedUp = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "codexible_backup_last_success_timestamp_seconds", Help: "When the latest scheduled backup was made; 0 where none was.",
	})
	s.backupsFailed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "codexible_backup_failures_total", Help: "Scheduled backups that failed.",
	})
	if free := s.diskFree(); free != nil {
		s.registry.MustRegister(gauge("codexible_disk_free_bytes", "Free space on the disk of the embedded database, for users without privileges.", func() float64 {
			bytes, err := free()
			if err != nil {
				return math.NaN()
			}
			return float64(bytes)
		}))
	}
	for _, mode := range []limits.Mode{limits.ModeLocal, limits.ModeShared, limits.ModeDegraded} {
		s.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "codexible_limiter_mode", Help: "1 for the mode in which rates are counted: local, shared by all instances, or degraded while Valkey is unavailable.",
			ConstLabels: prometheus.Labels{"mode": string(mode)},
		}, func() float64 {
			if counter, ok := s.counter.(interface{ Mode() limits.Mode }); ok && counter.Mode() == mode {
				return 1
			}
			return 0
		}))
	}
	s.registry.MustRegister(
		s.reconciled, s.backedUp, s.backupsFailed, newLedgerCollector(s.store.LedgerStats),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("codexible_charges_waiting", "Charges that wait for their batch.", func() float64 { return float64(s.meter.Waiting()) }),
		gauge("codexible_rate_subjects", "Keys and addresses whose rate window this instance keeps.", func() float64 { return float64(s.local.Len()) }),
		gauge("codexible_database_connections_open", "Open connections to the database.", func() float64 {
			return float64(s.store.PoolStats().Open)
		}),
		gauge("codexible_database_connections_busy", "Connections to the database in use.", func() float64 {
			return float64(s.store.PoolStats().InUse)
		}),
		gauge("codexible_database_connections_max", "Most connections to the database.", func() float64 {
			return float64(s.store.PoolStats().Most)
		}),
		gauge("codexible_backup_interval_seconds", "How often a scheduled backup is to be made; 0 where none are.", func() float64 {
			if s.Config.BackupDir == "" {
				return 0
			}
			return s.Config.BackupInterval.Seconds()
		}),
		counter("codexible_key_cache_hits_total", "Keys that were verified from the cache.", func() float64 {
			hits, _ := s.verifier.CacheStats()
			return float64(hits)
		}),
		counter("codexible_key_cache_misses_total", "Keys that were looked up in the database.", func() float64 {
			_, misses := s.verifier.CacheStats()
			return float64(misses)
		}),
	)
}

// diskFree returns a function that reads the free space on the embedded database's
// disk and fails if the disk is read-only after an error; nil on Postgres.
func (s *service) diskFree() func() (bytes uint64, err error) {
	file := s.Config.SQLiteFile()
	if file == "" {
		return nil
	}
	folder := filepath.Dir(file)
	return func() (uint64, error) {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(folder, &disk); err != nil {
			return 0, err
		}
		// Only a write shows that a disk has become read-only after an error.
		if err := os.Chtimes(folder, time.Time{}, time.Now()); errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EIO) {
			return 0, err
		}
		return disk.Bavail * uint64(disk.Bsize), nil
	}
}
