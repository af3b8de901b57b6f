package handlers

import (
	"sync"
	"time"

	"codexible/fault"
	"codexible/limits"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// Limits on the memory of request bodies. A stranger is a caller without
// a valid key and without a session of the console.
const (
	strangersBytes = 16 << 20
	// strangersBodies is how many bodies of strangers may arrive at once: a connection
	// costs memory while its body is awaited, too.
	strangersBodies = 512
	callersBytes    = 64 << 20
	// shareOfAll divides the bytes, and the bodies, into what one address or user may have.
	shareOfAll = 8
	// smallBody is the size up to which a caller's body is not counted: connections bound it.
	smallBody = 4 << 10

	// strangersDrains is how many refused bodies of strangers are read to their end at once.
	strangersDrains = 256
	// callersDrains is the same for callers.
	callersDrains = 1024
)

// holder is who a reservation counts against: a user, or a stranger's address.
type holder struct {
	user    uuid.UUID
	address limits.Subject
}

// bodyBudget bounds the memory of the bodies that are read at once, in all and
// for each holder. The zero value admits none.
type bodyBudget struct {
	most, share int64
	// mostBodies bounds how many are read at once, mostDrains how many refused ones are read to their end.
	mostBodies, mostDrains int
	refused                prometheus.Counter

	mu             sync.Mutex
	held           int64
	bodies, drains int
	holders        map[holder]held
}

// held is what the bodies of one holder have reserved.
type held struct {
	bytes  int64
	bodies int
}

func newBodyBudget(most int64, bodies, drains int, refused prometheus.Counter) *bodyBudget {
	return &bodyBudget{most: most, share: most / shareOfAll, mostBodies: bodies, mostDrains: drains, refused: refused, holders: map[holder]held{}}
}

// reservation is what one body has reserved, and for whom: a key in the body
// identifies its sender only afterwards.
type reservation struct {
	budget *bodyBudget
	by     holder
	bytes  int64
}

// errBodies is the 503 for a body over a memory limit.
var errBodies = &fault.Error{
	Kind: fault.Unavailable, RetryAfter: 2 * time.Second,
	Message: "Too many requests with large bodies are being received right now. Nothing was recorded; send this request again shortly.",
}

// begin takes a slot among the bodies that are read at once.
func (b *bodyBudget) begin(by holder) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.holders[by]
	if b.bodies >= b.mostBodies || h.bodies >= b.mostBodies/shareOfAll {
		b.refused.Inc()
		return false
	}
	b.bodies++
	h.bodies++
	b.holders[by] = h
	return true
}

// reserve reserves more bytes for a holder's bodies. The zero holder has no share: its bytes
// only count in the sum.
func (b *bodyBudget) reserve(by holder, bytes int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.holders[by]
	if b.held+bytes > b.most || by != (holder{}) && h.bytes+bytes > b.share {
		b.refused.Inc()
		return false
	}
	b.held += bytes
	h.bytes += bytes
	b.holders[by] = h
	return true
}

// end releases the slot and the bytes of a body.
func (b *bodyBudget) end(by holder, bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies--
	b.held -= bytes
	h := b.holders[by]
	h.bodies--
	h.bytes -= bytes
	if b.holders[by] = h; h.bodies == 0 {
		delete(b.holders, by)
	}
}

// drain takes a slot among the refused bodies that are read to their end; leave releases it.
func (b *bodyBudget) drain() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drains >= b.mostDrains {
		return false
	}
	b.drains++
	return true
}

func (b *bodyBudget) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drains--
}

func (b *bodyBudget) bytes() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return float64(b.held)
}

// bodyBudgets are the budgets of strangers, of known callers, and of their calls of models.
type bodyBudgets struct{ strangers, callers, calls *bodyBudget }

// newBodyBudgets makes the budgets; calls is that of calls of models, in bytes.
func newBodyBudgets(registry prometheus.Registerer, calls int64) bodyBudgets {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "codexible_bodies_refused_total", Help: "Requests answered with 503 because request bodies in flight had reached their memory limit, by kind of caller.",
	}, []string{"callers"})
	b := bodyBudgets{
		strangers: newBodyBudget(strangersBytes, strangersBodies, strangersDrains, refused.WithLabelValues("strangers")),
		callers:   newBodyBudget(callersBytes, int(callersBytes/smallBody), callersDrains, refused.WithLabelValues("known")),
		calls:     newBodyBudget(calls, int(calls/smallBody), callersDrains, refused.WithLabelValues("calls")),
	}
	registry.MustRegister(refused)
	for callers, budget := range map[string]*bodyBudget{"strangers": b.strangers, "known": b.callers, "calls": b.calls} {
		gauge := func(name, help string, value func() float64) prometheus.Collector {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: prometheus.Labels{"callers": callers}}, value)
		}
		registry.MustRegister(
			gauge("codexible_bodies_bytes", "Memory reserved for request bodies in flight, by kind of caller.", budget.bytes),
			gauge("codexible_bodies_max_bytes", "Most memory that may be reserved for request bodies in flight, by kind of caller.", func() float64 { return float64(budget.most) }),
		)
	}
	return b
}
