package gateway

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/uuid"
)

// MaxAttempts is how many tries a call has in all.
const MaxAttempts = 3

// maxWait is the longest that Wait returns: SDKs sleep as long as they are told, and what
// is away may come back before.
const maxWait = time.Minute

// ErrNoSharedState says that the upstreams of a model are shared by all customers, and that
// the call asks for what they may not share. It is the caller's fault.
var ErrNoSharedState = errors.New("no upstream of the model keeps state for its callers")

// Try is one attempt of a call: where it goes. Key is never nil; it has no id and no secret
// where the upstream has no keys.
type Try struct {
	*Upstream

	Key *UpstreamKey
	// Model is the upstream's own name for the model.
	Model string
	// Sticky is whether the session was served there before.
	Sticky bool

	unit *unit
}

func (t Try) place() Place { return Place{t.ID, t.Key.ID} }

// Failure is why an attempt did not serve.
type Failure struct {
	// Status is the answer's; 0 where there was none.
	Status int
	// RetryAfter is what the answer said, as RetryAfter reads it; 0 where it said nothing.
	RetryAfter time.Duration
	// Gone is whether the client had left: nothing is learnt of the upstream then.
	Gone bool
}

// Retryable reports whether another attempt may follow an answer: 408, 429 and 5xx.
func Retryable(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError && status < 600
}

// Route is the way of one call through the upstreams. Next and Failed are called one at a
// time; Served may be called beside nothing else either.
type Route struct {
	fleet   *Fleet
	session [sha256.Size]byte
	user    uuid.UUID
	// stuck is where the session was served before; zero for none.
	stuck   Place
	options []*option
	made    int
}

// option is a candidate whose upstream is enabled and has the wire.
type option struct {
	*unit

	candidate catalog.Candidate
	model     string
	over      bool
	// failed is whether the upstream is not tried again; tried are the keys that were.
	failed bool
	tried  []bool
}

// Route finds the way of a call of a model on a wire. A route without an upstream that can
// be called has no Next. An error is ErrNoSharedState, or a fault of ours.
func (f *Fleet) Route(ctx context.Context, m *catalog.Model, w usage.Wire, s Session, needsShared bool) (*Route, error) {
	all, err := f.roster(ctx)
	if err != nil {
		return nil, err
	}
	r := &Route{fleet: f, session: s.of(m.Name), user: s.User}
	unshared := false
	var list []*Upstream
	for _, c := range m.Candidates {
		u := all.units[c.UpstreamID]
		switch {
		case u == nil || !u.Enabled || u.Problem != "" || !slices.Contains(u.Wires, w):
		case needsShared && !u.SharedState:
			unshared = true
		default:
			name := c.Model
			if name == "" {
				name = m.Name
			}
			r.options = append(r.options, &option{unit: u, candidate: c, model: name, tried: make([]bool, max(1, len(u.Keys)))})
			list = append(list, u.Upstream)
		}
	}
	if unshared && len(r.options) == 0 {
		return nil, ErrNoSharedState
	}
	over, err := f.spending.over(ctx, list, f.parts.Now())
	if err != nil {
		return nil, err
	}
	for _, o := range r.options {
		o.over = over[o.ID]
	}
	order(r.options, f.parts.Draw)
	if len(r.options) > 0 {
		r.stick(f.sticky.place(ctx, r.session))
	}
	return r, nil
}

// stick puts the upstream of a place in front of all others.
func (r *Route) stick(p Place) {
	r.stuck = p
	if p.Upstream == uuid.Nil {
		return
	}
	slices.SortStableFunc(r.options, func(a, b *option) int {
		return btoi(b.ID == p.Upstream) - btoi(a.ID == p.Upstream)
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Next is where the call is tried next; false where it has had its tries, or nothing is left
// that can be called.
func (r *Route) Next() (Try, bool) {
	if r.made >= MaxAttempts {
		return Try{}, false
	}
	now := r.fleet.parts.Now()
	for _, o := range r.options {
		if o.over || o.failed || r.fleet.rests.upstream(o.ID, now) > 0 {
			continue
		}
		i := r.key(o, now)
		if i < 0 {
			continue
		}
		r.made++
		o.tried[i] = true
		t := Try{Upstream: o.Upstream, Key: keyOf(o.Upstream, i), Model: o.model, unit: o.unit}
		t.Sticky = t.place() == r.stuck
		return t, true
	}
	return Try{}, false
}

// key is the first key of an upstream that can be used, that of the session before all
// others; -1 for none.
func (r *Route) key(o *option, now time.Time) int {
	first := -1
	for i := range o.tried {
		k := keyOf(o.Upstream, i)
		if o.tried[i] || len(o.Keys) > 0 && !k.Usable() {
			continue
		}
		if rest, refused := r.fleet.rests.key(o.Upstream, k, now); rest > 0 || refused {
			continue
		}
		if (Place{o.ID, k.ID}) == r.stuck {
			return i
		}
		if first < 0 {
			first = i
		}
	}
	return first
}

// keyOf is a key of an upstream by its place in the list; one without a secret where there is none.
func keyOf(u *Upstream, i int) *UpstreamKey {
	if len(u.Keys) == 0 {
		return &UpstreamKey{}
	}
	return &u.Keys[i]
}

// Served says that an attempt served: its session stays there, and its failures count no more.
func (r *Route) Served(ctx context.Context, t Try) {
	if r.fleet.rests.served(t.ID, r.fleet.parts.Now()) {
		r.fleet.parts.Serves(t.ID, t.Name)
	}
	r.fleet.sticky.serve(ctx, r.session, r.user, t.place())
}

// Failed says that an attempt did not serve. 429 rests the key, 401 and 403 disable it;
// no answer, 408, 5xx and a failure inside an answer count against the upstream. Another
// status is the client's own fault and nobody's failure.
func (r *Route) Failed(t Try, f Failure) {
	if f.Gone {
		return
	}
	fleet, now := r.fleet, r.fleet.parts.Now()
	switch {
	case f.Status == http.StatusTooManyRequests:
		rest := fleet.rests.limited(t.Upstream, t.Key, f.RetryAfter, now)
		fleet.parts.Observe(t.event(KeyRests, f.Status, rest, nil))
	case f.Status == http.StatusUnauthorized || f.Status == http.StatusForbidden:
		fleet.refused(t, f.Status)
	case f.Status >= http.StatusMultipleChoices && !Retryable(f.Status):
		return
	default:
		for _, o := range r.options {
			o.failed = o.failed || o.ID == t.ID
		}
		if fleet.rests.failed(t.ID, now) {
			fleet.parts.Observe(t.event(UpstreamRests, f.Status, circuitRest, nil))
		}
	}
	fleet.sticky.drop(context.Background(), r.session, t.place(), t.Sticky)
}

func (t Try) event(kind FleetEventKind, status int, rest time.Duration, err error) FleetEvent {
	e := FleetEvent{Kind: kind, UpstreamID: t.ID, Upstream: t.Name, Status: status, Rest: rest, Err: err}
	if kind != UpstreamRests {
		e.Key = t.Key.Name
	}
	return e
}

// disableTimeout bounds the recording of a refused key.
const disableTimeout = 5 * time.Second

// refused disables a key that its provider refused: here at once, and everywhere as soon as
// it is recorded. A key that has another secret by now is left alone.
func (f *Fleet) refused(t Try, status int) {
	if t.Key.ID == uuid.Nil || !f.current(t) || !f.rests.refuse(t.Upstream, t.Key) {
		return
	}
	f.parts.Observe(t.event(KeyDisabled, status, 0, nil))
	f.background.begin(func() {
		ctx, cancel := context.WithTimeout(context.Background(), disableTimeout)
		defer cancel()
		err := f.parts.Disable(ctx, t.ID, t.Key.ID, "the provider answered with status "+strconv.Itoa(status))
		if err != nil {
			f.rests.unrecorded(t.Key, f.parts.Now())
			f.parts.Observe(t.event(KeyDisableFailed, status, undisabledRest, err))
			return
		}
		f.rests.recorded(t.Key, f.epoch.Add(1))
	})
}

// current reports whether the key of an attempt is still one of its upstream, with the same secret.
func (f *Fleet) current(t Try) bool {
	r := f.kept.Load()
	if r == nil || r.units[t.ID] == nil {
		return false
	}
	return slices.ContainsFunc(r.units[t.ID].Keys, func(k UpstreamKey) bool {
		return k.ID == t.Key.ID && k.Secret == t.Key.Secret
	})
}

// Wait is how long it takes until one of the upstreams can be called again, at most a
// minute; 0 where that is now, or nobody knows when.
func (r *Route) Wait() time.Duration {
	now := r.fleet.parts.Now()
	wait := time.Duration(-1)
	for _, o := range r.options {
		rest := r.fleet.rests.upstream(o.ID, now)
		if o.over {
			rest = max(rest, usage.DayOf(now).End().Sub(now))
		}
		ofKeys := r.waitForKey(o, now)
		if ofKeys < 0 {
			continue
		}
		if rest = max(rest, ofKeys); wait < 0 || rest < wait {
			wait = rest
		}
	}
	return min(max(wait, 0), maxWait)
}

// waitForKey is how long it takes until the first key of an upstream can be used; less
// than 0 where none can before a person looks.
func (r *Route) waitForKey(o *option, now time.Time) time.Duration {
	wait := time.Duration(-1)
	for i := range o.tried {
		k := keyOf(o.Upstream, i)
		rest, refused := r.fleet.rests.key(o.Upstream, k, now)
		if refused || len(o.Keys) > 0 && !k.Usable() {
			continue
		}
		if wait < 0 || rest < wait {
			wait = rest
		}
	}
	return wait
}

// order puts options into the order in which they are tried: by the candidate's priority,
// then the upstream's, among equals by a draw in which each has as many lots as the product
// of both weights. Those without a lot come after all others.
func order(options []*option, draw func(n int64) int64) {
	slices.SortStableFunc(options, rank)
	for i := range options {
		var lots int64
		end := i
		for ; end < len(options) && rank(options[i], options[end]) == 0; end++ {
			lots += options[end].lots()
		}
		if lots == 0 {
			continue
		}
		lot := draw(lots)
		for j := i; j < end; j++ {
			if lot -= options[j].lots(); lot < 0 {
				options[i], options[j] = options[j], options[i]
				break
			}
		}
	}
}

func (o *option) lots() int64 { return o.candidate.Weight * o.Weight }

// rank compares options that no draw orders.
func rank(a, b *option) int {
	if d := btoi(a.lots() == 0) - btoi(b.lots() == 0); d != 0 {
		return d
	}
	if a.candidate.Priority != b.candidate.Priority {
		return cmp.Compare(a.candidate.Priority, b.candidate.Priority)
	}
	return cmp.Compare(a.Priority, b.Priority)
}

func byName(a, b *Upstream) int { return strings.Compare(a.Name, b.Name) }
