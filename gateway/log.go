package gateway

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

// LogStore keeps the log of requests, and what upstreams cost.
type LogStore interface {
	// WriteRequests adds records, and to the days of upstreams, both or nothing. The same
	// records again add nothing.
	WriteRequests(ctx context.Context, records []Record, days []UpstreamDay) error
}

// UpstreamDay is what the calls of a UTC day to an upstream were and cost.
type UpstreamDay struct {
	Day        usage.Day
	UpstreamID uuid.UUID
	// Requests are all attempts, Failures those that failed.
	Requests, Failures, CostMicros int64
}

// Bounds of the log.
const (
	// mostUnwritten is how many records wait at most: while the database is away, or slower than the calls, others are dropped.
	mostUnwritten = 10_000
	// logBatch is how many records a transaction writes: on SQLite the ledger waits for it.
	logBatch    = 256
	logInterval = 500 * time.Millisecond
	// logPatience bounds one transaction.
	logPatience = 5 * time.Second
)

// Log writes the log of requests in the background. Records are dropped, and counted,
// before a call would have to wait for them; what upstreams cost is never dropped.
type Log struct {
	store LogStore
	log   *slog.Logger
	full  chan struct{}
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once

	// writer is held by whoever writes.
	writer sync.Mutex

	mu      sync.Mutex
	waiting []Record
	days    upstreamDays
	// batch is being written, or was not: it is repeated as it is, so that nothing counts twice.
	batch     []Record
	batchDays upstreamDays
	dropped   int64
}

// NewLog starts a log; Close ends it. The logger may be nil.
func NewLog(store LogStore, log *slog.Logger) *Log {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Log{store: store, log: log, full: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}), days: upstreamDays{}, batchDays: upstreamDays{}}
	go l.run()
	return l
}

// Add takes a record, whose attempts nobody changes any more. It never waits.
func (l *Log) Add(r *Record) {
	r.clean()
	l.mu.Lock()
	l.days.add(r)
	if len(l.waiting) < mostUnwritten {
		l.waiting = append(l.waiting, *r)
	} else {
		l.dropped++
	}
	full := len(l.waiting) >= logBatch
	l.mu.Unlock()
	if full {
		select {
		case l.full <- struct{}{}:
		default:
		}
	}
}

// Dropped is how many records were dropped since the start.
func (l *Log) Dropped() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Waiting is how many records are not written yet.
func (l *Log) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) + len(l.batch)
}

// Flush writes what waits, and returns when all of it is in the database, or with the first error.
func (l *Log) Flush(ctx context.Context) error { return l.write(ctx, 1) }

// Close writes what waits and ends the log. A record that comes later is dropped, as are
// those that could not be written.
func (l *Log) Close(ctx context.Context) error {
	l.once.Do(func() { close(l.stop) })
	select {
	case <-l.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.Flush(ctx)
}

func (l *Log) run() {
	defer close(l.done)
	ticker := time.NewTicker(logInterval)
	defer ticker.Stop()
	failing, dropped := false, int64(0)
	for {
		least := 1
		select {
		case <-l.stop:
			return
		case <-l.full:
			if failing {
				continue // it is repeated at the ticks alone
			}
			least = logBatch
		case <-ticker.C:
		}
		err := l.write(context.Background(), least)
		if err != nil && !failing {
			l.log.Warn("the log of requests cannot be written and will be tried again; calls are served and charged", "error", err)
		}
		failing = err != nil
		if now := l.Dropped(); now > dropped {
			l.log.Warn("records of the log of requests were dropped; calls are charged, and what upstreams cost is counted", "records", now-dropped)
			dropped = now
		}
	}
}

// write writes batches until fewer than least records wait.
func (l *Log) write(ctx context.Context, least int) error {
	l.writer.Lock()
	defer l.writer.Unlock()
	for l.take(least) {
		records, days := l.batch, l.batchDays.list() // nobody else changes them
		err := l.writeBatch(ctx, records, days)
		if err != nil && (fault.KindOf(err) == fault.Unavailable || len(records) == 0) {
			return err
		}
		l.mu.Lock()
		if err != nil { // no repetition would be taken; the next batch has the costs again
			l.dropped += int64(len(records))
			l.days.merge(l.batchDays)
		}
		l.batch, l.batchDays = nil, upstreamDays{}
		l.mu.Unlock()
		if err != nil {
			l.log.Error("records of the log of requests were refused by the database and dropped; calls are charged", "records", len(records), "error", err)
			return err
		}
	}
	return nil
}

func (l *Log) writeBatch(ctx context.Context, records []Record, days []UpstreamDay) error {
	ctx, cancel := context.WithTimeout(ctx, logPatience)
	defer cancel()
	return l.store.WriteRequests(ctx, records, days)
}

// take makes the next batch where none is left; false where there is nothing to write.
func (l *Log) take(least int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.batch) > 0 || len(l.batchDays) > 0 {
		return true
	}
	if len(l.waiting) < least && (least > 1 || len(l.days) == 0) {
		return false
	}
	n := min(len(l.waiting), logBatch)
	l.batch = append([]Record(nil), l.waiting[:n]...)
	l.waiting = l.waiting[:copy(l.waiting, l.waiting[n:])]
	l.batchDays, l.days = l.days, upstreamDays{}
	return true
}

type upstreamDayID struct {
	day      usage.Day
	upstream uuid.UUID
}

type upstreamDays map[upstreamDayID]UpstreamDay

// add counts the attempts of a record on the day on which the call ended, as its charge
// is. What no failed attempt reported is the cost of the last one.
func (d upstreamDays) add(r *Record) {
	day, rest := usage.DayOf(r.At.Add(r.Took)), r.CostMicros
	for i := range r.Attempts {
		a := &r.Attempts[i]
		if a.UpstreamID == uuid.Nil {
			continue
		}
		failures := int64(0)
		if a.Error != "" {
			failures = 1
		}
		d.count(UpstreamDay{day, a.UpstreamID, 1, failures, a.CostMicros})
		rest -= a.CostMicros
	}
	if r.UpstreamID != uuid.Nil && rest > 0 {
		d.count(UpstreamDay{Day: day, UpstreamID: r.UpstreamID, CostMicros: rest})
	}
}

func (d upstreamDays) count(more UpstreamDay) {
	id := upstreamDayID{more.Day, more.UpstreamID}
	more.Requests += d[id].Requests
	more.Failures += d[id].Failures
	more.CostMicros += d[id].CostMicros
	d[id] = more
}

func (d upstreamDays) merge(other upstreamDays) {
	for _, day := range other {
		d.count(day)
	}
}

func (d upstreamDays) list() []UpstreamDay {
	list := make([]UpstreamDay, 0, len(d))
	for _, day := range d {
		list = append(list, day)
	}
	return list
}

// mostLoggedID bounds the caller's own id for a request.
const mostLoggedID = 255

// clean makes of a record what every database takes: texts in bounds, without NUL and
// valid, and no figure below zero.
func (r *Record) clean() {
	r.Model, r.ClientRequestID = cleanText(r.Model, usage.MaxModelLength), cleanText(r.ClientRequestID, mostLoggedID)
	r.Upstream, r.UpstreamKey, r.Code = cleanText(r.Upstream, mostLoggedID), cleanText(r.UpstreamKey, mostLoggedID), cleanText(r.Code, mostLoggedID)
	for i := range r.Attempts {
		a := &r.Attempts[i]
		a.Upstream, a.Key, a.Error = cleanText(a.Upstream, mostLoggedID), cleanText(a.Key, mostLoggedID), cleanText(a.Error, mostLoggedID)
		a.CostMicros = max(a.CostMicros, 0)
	}
	r.Status = max(r.Status, 0)
	for _, n := range []*int64{&r.Held, &r.Credits, &r.Uncollected, &r.CostMicros} {
		*n = max(*n, 0)
	}
	for _, d := range []*time.Duration{&r.FirstByte, &r.FirstToken, &r.Took} {
		*d = max(*d, 0)
	}
}

func cleanText(text string, most int) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text[:min(len(text), most)], ""), "\x00", "")
}
