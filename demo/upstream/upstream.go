// Package upstream is a provider of models for the demo and for tests: it answers as the
// vendors of the three wires do, streamed and not, with text that it makes up and usage
// that can be computed, and it fails in whatever way a script says.
package upstream

import (
	"context"
	"crypto/subtle"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// MaxBody is the largest body of a request that is read.
const MaxBody = 64 << 20

// DefaultKeep is how many requests are recorded unless Options say otherwise.
const DefaultKeep = 1000

// Options of a Model; the zero value takes every key and serves every model.
type Options struct {
	// Keys are the credentials that are taken; every one, and none at all, where it is empty.
	Keys []string
	// Models are listed under /models. Models that are not listed are served too.
	Models []string
	// Script says how a request is answered; nil for what the name of its model says, see ParseScript.
	Script func(Request) Script
	// Keep is how many of the latest requests are recorded: DefaultKeep for 0, none below 0.
	Keep int
}

// Model is a provider of models: an http.Handler for every path that ends as one of the
// vendors' paths does. It is safe for concurrent use.
type Model struct {
	options Options

	mutex   sync.Mutex
	records []*Record
	arrived int
	open    int
	idle    chan struct{} // closed while nothing is open
	seen    map[string]int
}

// Record is a request and what became of it.
type Record struct {
	Request
	// Status is the status that was sent; 0 where the connection was cut before it.
	Status int
	// Usage is what was used until the answer ended: what a provider bills.
	Usage Usage
	// Events is how many events of a stream were sent.
	Events int
	// Left is whether the client had left before the end.
	Left bool
	// Done is whether the answer is over.
	Done bool
}

// New makes a Model.
func New(o Options) *Model {
	if o.Keep == 0 {
		o.Keep = DefaultKeep
	}
	idle := make(chan struct{})
	close(idle)
	return &Model{options: o, idle: idle, seen: map[string]int{}}
}

// Requests are the recorded requests in the order of their arrival, those in flight included.
func (m *Model) Requests() []Record {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	all := make([]Record, len(m.records))
	for i, r := range m.records {
		all[i] = *r
	}
	return all
}

// Count is how many requests have arrived since the start or the last Reset, recorded or not.
func (m *Model) Count() int {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.arrived
}

// Reset forgets every request, and how often a model was asked.
func (m *Model) Reset() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.records, m.arrived = nil, 0
	clear(m.seen)
}

// Wait waits until no request is in flight.
func (m *Model) Wait(ctx context.Context) error {
	m.mutex.Lock()
	idle := m.idle
	m.mutex.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ServeHTTP answers a request.
func (m *Model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // the client left, or sends more than any vendor takes
	}
	request := read(r, body)
	record := m.begin(&request)
	a := &answering{model: m, w: w, ctx: r.Context(), request: &request, record: record, at: time.Now()}
	defer m.end(a)
	a.serve()
}

// begin numbers and records a request.
func (m *Model) begin(r *Request) *Record {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.arrived++
	r.Number = m.arrived
	if len(m.seen) < 10_000 {
		m.seen[r.Model]++
	}
	r.Nth = m.seen[r.Model]
	if m.open++; m.open == 1 {
		m.idle = make(chan struct{})
	}
	record := &Record{Request: *r}
	if m.options.Keep > 0 {
		if len(m.records) >= m.options.Keep {
			m.records = slices.Delete(m.records, 0, len(m.records)-m.options.Keep+1)
		}
		m.records = append(m.records, record)
	}
	return record
}

func (m *Model) end(a *answering) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	a.record.Left = a.ctx.Err() != nil
	a.record.Done = true
	if m.open--; m.open == 0 {
		close(m.idle)
	}
}

// note changes a record.
func (m *Model) note(change func()) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	change()
}

// admits is whether a credential is taken.
func (m *Model) admits(key string) bool {
	return len(m.options.Keys) == 0 || slices.ContainsFunc(m.options.Keys, func(k string) bool {
		return subtle.ConstantTimeCompare([]byte(k), []byte(key)) == 1
	})
}

// script is how a request is answered.
func (m *Model) script(r *Request) Script {
	if m.options.Script != nil {
		return m.options.Script(*r)
	}
	s := ParseScript(r.Model)
	if s.Times > 0 && r.Nth > s.Times {
		return Script{Words: s.Words, Tool: s.Tool}
	}
	return s
}

// listed are the models under /models.
func (m *Model) listed() []string {
	if len(m.options.Models) > 0 {
		return m.options.Models
	}
	return []string{"demo"}
}

// credential is the key that a request was sent with.
func credential(h http.Header) string {
	if scheme, key, _ := strings.Cut(h.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return key
	}
	return h.Get("X-Api-Key")
}
