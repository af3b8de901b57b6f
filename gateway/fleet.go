package gateway

import (
	"context"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// FleetParts are what a Fleet needs. Read, Resolve, Disable, Spent and Now are required.
type FleetParts struct {
	// Read returns all upstreams, the secrets of stored keys among them.
	Read func(ctx context.Context) ([]Upstream, error)
	// Resolve reads the secret that a key names by reference. Its error names no secret.
	Resolve func(source KeySource, reference string) (Secret, error)
	// Disable records that a provider refused a key.
	Disable func(ctx context.Context, upstream, key uuid.UUID, reason string) error
	// Spent is what a day's calls have cost by upstream, in millionths of a dollar.
	Spent func(ctx context.Context, day usage.Day) (map[uuid.UUID]int64, error)
	// Sticky is where instances share the places of sessions; nil for none.
	Sticky StickyStore
	Now    func() time.Time
	// Observe is called with what an operator should know; may be nil. It must not block.
	Observe func(FleetEvent)
	// Serves is called with an upstream that serves for the first time, or again after it rested; may be nil. It must not block.
	Serves func(id uuid.UUID, name string)
	// Draw returns a pseudo-random number from 0 to n-1; nil for that of math/rand.
	Draw func(n int64) int64
}

// FleetEvent is something that an operator should know of an upstream.
type FleetEvent struct {
	Kind FleetEventKind
	// Upstream and Key are names; Key is empty where the event is about the upstream.
	UpstreamID    uuid.UUID
	Upstream, Key string
	// Status is the answer that led to it; 0 where there was none.
	Status int
	// Rest is how long the key or the upstream rests.
	Rest time.Duration
	// Err is why a key could not be read, or its refusal not be recorded; nil otherwise.
	Err error
}

// FleetEventKind is what happened to an upstream.
type FleetEventKind string

// What happens to upstreams.
const (
	// KeyDisabled: the provider refused the key, and it is not used until a person looks.
	KeyDisabled FleetEventKind = "key_disabled"
	// KeyDisableFailed: the refusal could not be recorded. The key rests in this process alone.
	KeyDisableFailed FleetEventKind = "key_disable_failed"
	// KeyUnreadable: the secret of a key by reference cannot be read.
	KeyUnreadable FleetEventKind = "key_unreadable"
	// KeyRests: the key was answered with 429.
	KeyRests FleetEventKind = "key_rests"
	// UpstreamRests: too many calls in a row failed.
	UpstreamRests FleetEventKind = "upstream_rests"
	// SpendUnread: what was spent could not be read; the last figure counts for a while.
	SpendUnread FleetEventKind = "spend_unread"
)

// Fleet is all upstreams: which are there, which can be called, and the calls themselves.
// It is safe for concurrent use.
type Fleet struct {
	parts FleetParts

	// epoch counts the changes; up is whether changes of other processes arrive.
	epoch   atomic.Int64
	up      atomic.Bool
	kept    atomic.Pointer[roster]
	reading singleflight.Group

	// replacing is held while a roster takes the place of another.
	replacing  sync.Mutex
	unreadable map[uuid.UUID]bool

	rests      *rests
	spending   *spending
	sticky     *sticky
	background tasks
}

// tasks are what runs in the background. Each bounds itself.
type tasks struct {
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// begin runs a task, unless close was called.
func (t *tasks) begin(task func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.running.Go(task)
	}
}

// close waits for the tasks that run.
func (t *tasks) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.running.Wait()
}

// roster is all upstreams at a moment. It does not change.
type roster struct {
	list  []*Upstream
	units map[uuid.UUID]*unit
	// stored are the upstreams as they were read, without the secrets of references.
	stored []Upstream
	epoch  int64
	// at is when they were read, resolved when the references were.
	at, resolved time.Time
}

// unit is an upstream and the connections to it.
type unit struct {
	*Upstream

	line *line
}

const (
	// unheardAge is how long upstreams are cached while changes of other processes do not arrive.
	unheardAge = 5 * time.Second
	// resolvedAge is how long the secrets of references are cached: a file may change at any time.
	resolvedAge = time.Minute
	// rosterTimeout bounds a read, whose callers wait for it whatever their own deadlines are.
	rosterTimeout = 5 * time.Second
)

// NewFleet makes the fleet of what Read returns.
func NewFleet(parts FleetParts) *Fleet {
	if parts.Draw == nil {
		parts.Draw = rand.Int64N
	}
	if parts.Observe == nil {
		parts.Observe = func(FleetEvent) {}
	}
	if parts.Serves == nil {
		parts.Serves = func(uuid.UUID, string) {}
	}
	f := &Fleet{parts: parts, unreadable: map[uuid.UUID]bool{}, rests: newRests()}
	f.spending = &spending{read: parts.Spent, observe: parts.Observe}
	f.sticky = newSticky(parts.Sticky, parts.Now, &f.background)
	return f
}

// Changed has the upstreams read again where the change concerns them.
func (f *Fleet) Changed(change accounts.Change) {
	if change.Subject == accounts.SubjectUpstream {
		f.epoch.Add(1)
	}
}

// Up receives whether changes of other processes arrive.
func (f *Fleet) Up(up bool) {
	f.up.Store(up)
	f.epoch.Add(1)
}

// Close waits for what is recorded in the background, a few seconds at most, and closes
// the connections on which there is no call.
func (f *Fleet) Close() error {
	f.background.close()
	f.replacing.Lock()
	defer f.replacing.Unlock()
	if r := f.kept.Load(); r != nil {
		for _, u := range r.units {
			u.line.retire()
		}
	}
	return nil
}

// Upstreams are all upstreams by name. They are shared and must not be changed. An error
// is a fault of ours.
func (f *Fleet) Upstreams(ctx context.Context) ([]*Upstream, error) {
	r, err := f.roster(ctx)
	if err != nil {
		return nil, err
	}
	return r.list, nil
}

// Wires are the wires on which a model is served, each once, in their order. An upstream
// that is disabled counts: its models are away, not unknown.
func (f *Fleet) Wires(ctx context.Context, m *catalog.Model) ([]usage.Wire, error) {
	r, err := f.roster(ctx)
	if err != nil {
		return nil, err
	}
	var wires []usage.Wire
	for _, c := range m.Candidates {
		if u := r.units[c.UpstreamID]; u != nil {
			wires = append(wires, u.Wires...)
		}
	}
	slices.Sort(wires)
	return slices.Compact(wires), nil
}

// Serves reports whether a model is served on a wire, as Wires says.
func (f *Fleet) Serves(ctx context.Context, m *catalog.Model, w usage.Wire) (bool, error) {
	r, err := f.roster(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(m.Candidates, func(c catalog.Candidate) bool {
		u := r.units[c.UpstreamID]
		return u != nil && slices.Contains(u.Wires, w)
	}), nil
}

// State is what this process has learnt of an upstream.
func (f *Fleet) State(id uuid.UUID) UpstreamState {
	r := f.kept.Load()
	if r == nil || r.units[id] == nil {
		return UpstreamState{}
	}
	return f.rests.state(r.units[id].Upstream, f.parts.Now())
}

// Spend adds what a call cost to what its upstream has spent today, in millionths of a
// dollar. It counts for the daily limit at once, before the log of requests is written.
func (f *Fleet) Spend(upstream uuid.UUID, micros int64) {
	f.spending.add(usage.DayOf(f.parts.Now()), upstream, micros)
}

func (f *Fleet) roster(ctx context.Context) (*roster, error) {
	epoch, now := f.epoch.Load(), f.parts.Now()
	if r := f.kept.Load(); r != nil && r.epoch == epoch && f.fresh(r, now) && aged(r.resolved, now) < resolvedAge {
		return r, nil
	}
	// One read for all that wait; a caller after a change takes no result of a read from before it.
	read, err, _ := f.reading.Do(strconv.FormatInt(epoch, 10), func() (any, error) {
		made := &roster{epoch: epoch, at: now, resolved: now}
		if r := f.kept.Load(); r != nil && r.epoch == epoch && f.fresh(r, now) {
			made.stored, made.at = r.stored, r.at
		} else {
			asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), rosterTimeout)
			defer cancel()
			var err error
			if made.stored, err = f.parts.Read(asking); err != nil {
				return nil, err
			}
		}
		return f.replace(made), nil
	})
	if err != nil {
		return nil, err
	}
	return read.(*roster), nil
}

// fresh reports whether a roster holds what is stored, as far as this process can know.
func (f *Fleet) fresh(r *roster, now time.Time) bool {
	return f.up.Load() || aged(r.at, now) < unheardAge
}

// aged is how long ago a moment was: very long where the clock was set back behind it.
func aged(at, now time.Time) time.Duration {
	if age := now.Sub(at); age >= 0 {
		return age
	}
	return 1<<63 - 1
}

// replace resolves the references of a roster and keeps it, unless a later one is kept.
func (f *Fleet) replace(made *roster) *roster {
	f.replacing.Lock()
	defer f.replacing.Unlock()
	before := f.kept.Load()
	if before != nil && before.epoch > made.epoch {
		return before
	}
	if before == nil {
		before = &roster{}
	}
	made.units = make(map[uuid.UUID]*unit, len(made.stored))
	unreadable := map[uuid.UUID]bool{}
	for i := range made.stored {
		u := made.stored[i]
		u.Keys = f.resolved(&u, unreadable)
		next := &unit{Upstream: &u}
		if old := before.units[u.ID]; old != nil && old.line.serves(&u) {
			next.line = old.line
		} else {
			next.line = newLine(&u)
			f.rests.changed(u.ID)
		}
		made.list, made.units[u.ID] = append(made.list, &u), next
	}
	slices.SortFunc(made.list, byName)
	for id, old := range before.units {
		if next := made.units[id]; next == nil || next.line != old.line {
			old.line.retire()
		}
	}
	f.unreadable = unreadable
	f.rests.keep(made)
	f.kept.Store(made)
	return made
}

// resolved are the keys of an upstream with the secrets of those by reference. A secret
// that cannot be read is none.
func (f *Fleet) resolved(u *Upstream, unreadable map[uuid.UUID]bool) []UpstreamKey {
	all := slices.Clone(u.Keys)
	for i := range all {
		k := &all[i]
		if k.Source == KeyStored {
			continue
		}
		secret, err := f.parts.Resolve(k.Source, k.Reference)
		if err != nil {
			secret, unreadable[k.ID] = Secret{}, true
			if !f.unreadable[k.ID] {
				f.parts.Observe(FleetEvent{Kind: KeyUnreadable, UpstreamID: u.ID, Upstream: u.Name, Key: k.Name, Err: err})
			}
		}
		k.Secret = secret
	}
	return all
}
