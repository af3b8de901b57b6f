package usage

import (
	"context"
	"runtime"
	"sync"
	"time"

	"codexible/fault"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Ledger makes entries durable. Post decides and records a batch in one
// transaction and answers each entry in its order; an error means that
// nothing is known to be recorded, and fails every entry of the batch. It calls
// now once nobody else can change the accounts that it decides on: a batch that
// waited over midnight belongs to the day of its decision.
type Ledger interface {
	Post(ctx context.Context, now func() time.Time, entries []Entry) ([]Receipt, error)
}

// exact is a clock in UTC and whole microseconds, as the ledger stores times.
func exact(now func() time.Time) func() time.Time {
	return func() time.Time { return now().UTC().Truncate(time.Microsecond) }
}

// At is a clock that always returns t.
func At(t time.Time) func() time.Time { return func() time.Time { return t } }

// Observer is notified of every batch and of every entry that was refused, for the metrics.
type Observer interface {
	BatchPosted(entries []Entry, took time.Duration, receipts []Receipt, err error)
	// TurnedAway is called for an entry that was refused because too many wait.
	TurnedAway()
}

// Bounds of the meter.
const (
	// MaxBatch is how many entries share a transaction at the most.
	MaxBatch = 256
	// MaxQueue is how many entries may wait; beyond it the meter refuses with 503.
	MaxQueue = 8192
	// postTimeout bounds one transaction, the waiting for locks included.
	postTimeout = 10 * time.Second
)

var (
	errBusy    = &fault.Error{Kind: fault.Unavailable, Message: "Too many charges are waiting. Nothing was recorded; try again shortly.", RetryAfter: time.Second}
	errClosing = &fault.Error{Kind: fault.Unavailable, Message: "This instance is shutting down. Nothing was recorded; try again.", RetryAfter: time.Second}
	errUnsure  = &fault.Error{Kind: fault.Unavailable, Message: "The charge could not be confirmed in time. Repeat it with the same idempotency key to get its result.", RetryAfter: time.Second}
)

// Meter gathers the entries that arrive together and posts them together:
// while one transaction is on its way to disk the next batch gathers. No timer
// delays a lone entry. An entry is answered after its commit.
type Meter struct {
	ledger  Ledger
	totals  *Totals
	recent  recentHolds
	now     func() time.Time
	observe Observer
	queue   chan *pending

	// closing guards queue against a send after it was closed.
	closing sync.RWMutex
	closed  bool
	done    chan struct{}
}

type pending struct {
	entry Entry
	// span is that of the request that charges and arrived when it did, if it is sampled.
	span    trace.Span
	arrived time.Time
	receipt Receipt
	err     error
	posted  chan struct{}
}

// trace adds a part that has ended to the trace of the request.
func (p *pending) trace(name string, start, end time.Time, attributes ...attribute.KeyValue) {
	ctx := trace.ContextWithSpan(context.Background(), p.span)
	_, span := p.span.TracerProvider().Tracer("codexible").Start(ctx, name, trace.WithTimestamp(start), trace.WithAttributes(attributes...))
	span.End(trace.WithTimestamp(end))
}

var pendings = sync.Pool{New: func() any { return &pending{posted: make(chan struct{}, 1)} }}

// NewMeter starts a meter over a ledger; Close ends it. It keeps totals up to date
// with what it posts. totals and observe may be nil.
func NewMeter(ledger Ledger, totals *Totals, now func() time.Time, observe Observer) *Meter {
	now = exact(now)
	m := &Meter{ledger: ledger, totals: totals, now: now, observe: observe, queue: make(chan *pending, MaxQueue), done: make(chan struct{})}
	go m.run()
	return m
}

// Charge decides one charge, as Post does.
func (m *Meter) Charge(ctx context.Context, c Charge) (Receipt, error) {
	return m.Post(ctx, Entry{Charge: c})
}

// Post decides one entry and returns when the decision is durable. A refusal is
// a receipt; an error is a failure of the service, of kind Unavailable. If ctx ends
// first the outcome is unknown, and a repeat with the idempotency key, or of the
// settlement, returns it.
func (m *Meter) Post(ctx context.Context, e Entry) (Receipt, error) {
	p := pendings.Get().(*pending)
	p.entry = e
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		p.span, p.arrived = span, time.Now()
	}
	if err := m.enqueue(p); err != nil {
		pendings.Put(p)
		return Receipt{}, err
	}
	select {
	case <-p.posted:
	case <-ctx.Done():
		// The batch still holds p: it is left to the collector.
		return Receipt{}, errUnsure.Because(ctx.Err())
	}
	receipt, err := p.receipt, p.err
	*p = pending{posted: p.posted}
	pendings.Put(p)
	return receipt, err
}

func (m *Meter) enqueue(p *pending) error {
	m.closing.RLock()
	defer m.closing.RUnlock()
	if m.closed {
		return errClosing
	}
	select {
	case m.queue <- p:
		return nil
	default:
		if m.observe != nil {
			m.observe.TurnedAway()
		}
		return errBusy
	}
}

// Waiting is how many entries are queued at this moment.
func (m *Meter) Waiting() int { return len(m.queue) }

// Close refuses new entries, posts those that wait, and returns when the last
// is answered or ctx ends.
func (m *Meter) Close(ctx context.Context) error {
	m.closing.Lock()
	if !m.closed {
		m.closed = true
		close(m.queue)
	}
	m.closing.Unlock()
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Meter) run() {
	defer close(m.done)
	batch := make([]*pending, 0, MaxBatch)
	entries := make([]Entry, 0, MaxBatch)
	for first := range m.queue {
		batch = m.gather(append(batch[:0], first))
		entries = entries[:0]
		for _, p := range batch {
			entries = append(entries, p.entry)
		}
		m.post(batch, entries)
		clear(batch)
		clear(entries)
	}
}

// gather takes what has arrived. It yields to the callers that the last batch
// woke: they are runnable and about to charge again, and a batch that leaves
// without them makes them wait for a whole commit. With nothing else to run
// yielding costs nothing.
func (m *Meter) gather(batch []*pending) []*pending {
	for range 2 {
		batch = m.take(batch)
		runtime.Gosched()
	}
	return m.take(batch)
}

func (m *Meter) take(batch []*pending) []*pending {
	for len(batch) < MaxBatch {
		select {
		case p, open := <-m.queue:
			if !open {
				return batch
			}
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

func (m *Meter) post(batch []*pending, entries []Entry) {
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	start, began := time.Now(), m.now()
	receipts, err := m.ledger.Post(ctx, m.now, entries)
	if err != nil && fault.KindOf(err) != fault.Unavailable {
		// The callers did not cause it: each of them may repeat its entry.
		err = fault.Away(err)
	}
	end := time.Now()
	if err == nil {
		m.recent.add(entries, receipts)
	}
	if m.totals != nil {
		m.totals.posted(began, entries, receipts, err)
	}
	if m.observe != nil {
		m.observe.BatchPosted(entries, end.Sub(start), receipts, err)
	}
	for i, p := range batch {
		if p.span != nil {
			p.trace("charge.wait", p.arrived, start)
			p.trace("charge.commit", start, end, attribute.Int("codexible.batch_size", len(entries)), attribute.Bool("codexible.failed", err != nil))
		}
		if p.err = err; err == nil {
			p.receipt = receipts[i]
		}
		p.posted <- struct{}{}
	}
}
