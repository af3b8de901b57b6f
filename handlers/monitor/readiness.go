// Package monitor observes the running process: whether it can serve, its health over
// the last day, how many requests it refused and why, and its failed responses. The
// health endpoints and the operator's console read it; package handlers counts into
// it.
package monitor

import (
	"context"
	"sync"
	"time"

	"codexible/limits"
	"codexible/store"
	"codexible/usage"
)

// The values that the fields of a Readiness can have.
const (
	OK          = "ok"
	Degraded    = "degraded"
	Unavailable = "unavailable"
	Draining    = "draining"
	Unknown     = "unknown"
	Drifted     = "drifted"
	Unused      = "unused"
	Low         = "low"
)

// Readiness says whether requests can be served, and the state of each part.
type Readiness struct {
	// Status is OK, Degraded, Unavailable or Draining. Requests fail with the last two only.
	Status string
	// Database is OK or Unavailable.
	Database string
	// Schema is OK, Drifted, or Unknown while the database is unavailable.
	Schema string
	// Valkey is OK, Unavailable, or Unused where none is configured.
	Valkey string
	// Changes is how changes of other instances arrive.
	Changes string
	// Disk is OK, Low, Unavailable, or Unused on Postgres.
	Disk string
}

// Serves reports whether a load balancer may send requests.
func (r Readiness) Serves() bool { return r.Status != Unavailable && r.Status != Draining }

const (
	// ProbeTimeout bounds how long a probe waits for the database.
	ProbeTimeout = 2 * time.Second
	// LowDiskBytes is how little free space is reported as Low: the embedded
	// database needs room for a day of heavy use and for its WAL.
	LowDiskBytes = 256 << 20
	// samplesKept bounds the health samples: one a minute for a day.
	samplesKept = 24 * 60
)

// Parts are what a Monitor observes. Store, Counter and Now are needed.
type Parts struct {
	Store *store.Store
	// Counter is the rate limiter; its mode shows whether Valkey answers.
	Counter limits.Counter
	Now     func() time.Time
	// Schema returns what is wrong with the live schema; nil where it is not watched.
	Schema func(context.Context) error
	// DiskFree returns the free bytes on the embedded database's disk; nil without one.
	DiskFree func() (bytes uint64, err error)
	// Draining reports whether the process is shutting down; nil for never.
	Draining func() bool
}

// Monitor collects what one process observes. It is safe for concurrent use.
type Monitor struct {
	Parts

	// Started is when the Monitor was made.
	Started  time.Time
	Refusals Refusals
	Failures Failures

	mu      sync.Mutex
	samples []Sample
}

// New makes a Monitor.
func New(p Parts) *Monitor {
	return &Monitor{Parts: p, Started: p.Now()}
}

// Ready probes every part. It waits for the database at most ProbeTimeout. An
// unreachable Valkey and a full disk degrade the service, they do not stop it.
func (m *Monitor) Ready(ctx context.Context) Readiness {
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	r := Readiness{Status: OK, Database: OK, Schema: OK, Valkey: m.valkey(), Changes: string(m.Store.ChangesBy()), Disk: m.disk()}
	if r.Valkey == Unavailable || r.Disk == Unavailable || r.Disk == Low {
		r.Status = Degraded
	}
	switch {
	case m.Store.Ping(ctx) != nil:
		r.Status, r.Database, r.Schema = Unavailable, Unavailable, Unknown
	case m.Schema != nil && m.Schema(ctx) != nil:
		r.Status, r.Schema = Unavailable, Drifted
	}
	if m.Draining != nil && m.Draining() {
		r.Status = Draining
	}
	return r
}

func (m *Monitor) valkey() string {
	switch mode, reported := m.CounterMode(); {
	case !reported || mode == limits.ModeLocal:
		return Unused
	case mode == limits.ModeDegraded:
		return Unavailable
	}
	return OK
}

// CounterMode returns where requests are counted; false for a counter that does not report it.
func (m *Monitor) CounterMode() (mode limits.Mode, reported bool) {
	counter, reported := m.Counter.(interface{ Mode() limits.Mode })
	if !reported {
		return mode, false
	}
	return counter.Mode(), true
}

func (m *Monitor) disk() string {
	if m.DiskFree == nil {
		return Unused
	}
	free, err := m.DiskFree()
	switch {
	case err != nil:
		return Unavailable
	case free < LowDiskBytes:
		return Low
	}
	return OK
}

// Sample is one observation of the readiness.
type Sample struct {
	At time.Time
	Readiness
}

// Observe records a sample: a background job calls it every minute.
func (m *Monitor) Observe(ctx context.Context) error {
	sample := Sample{m.Now(), m.Ready(ctx)}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, sample)
	if extra := len(m.samples) - samplesKept; extra > 0 {
		m.samples = append(m.samples[:0], m.samples[extra:]...)
	}
	return nil
}

// Samples returns the samples of the last day, the oldest first.
func (m *Monitor) Samples() []Sample {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Sample(nil), m.samples...)
}

// WriteRefusals adds the refusals since the last call to today's totals in the
// store. Refusals that cannot be written are kept for the next call.
func (m *Monitor) WriteRefusals(ctx context.Context) error {
	counts := m.Refusals.take()
	if len(counts) == 0 {
		return nil
	}
	err := m.Store.AddRefusals(ctx, usage.DayOf(m.Now()), counts)
	if err != nil {
		m.Refusals.giveBack(counts)
	}
	return err
}
