package gateway

import (
	"cmp"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// defaultRest is how long a key rests after a 429 that does not say how long, and
	// maxRest the longest that it may say.
	defaultRest = time.Minute
	maxRest     = time.Hour

	// maxFailures in a row within failureWindow rest an upstream for circuitRest.
	maxFailures   = 5
	failureWindow = 30 * time.Second
	circuitRest   = 30 * time.Second

	// undisabledRest is how long a key is not used whose refusal could not be recorded.
	undisabledRest = 5 * time.Minute
)

// rests are the upstreams and keys that are not called for a while, in this process.
type rests struct {
	mu        sync.Mutex
	upstreams map[uuid.UUID]*circuit
	// keys are by the id of the key, or of the upstream for one that has no keys.
	keys map[uuid.UUID]*keyRest
}

// circuit counts the failures of an upstream since it last served.
type circuit struct {
	failures []time.Time
	until    time.Time
	// serves is whether it has served since it last rested.
	serves bool
}

// keyRest is a key that is not used until a time. It ends when the key gets another secret.
type keyRest struct {
	secret Secret
	until  time.Time
	// refused is whether the provider refused the key. The rest then has no end, but for
	// a roster that was read after the refusal was recorded: epoch is the first of them,
	// and 0 until it is known.
	refused bool
	epoch   int64
}

func newRests() *rests {
	return &rests{upstreams: map[uuid.UUID]*circuit{}, keys: map[uuid.UUID]*keyRest{}}
}

// left is how long a rest goes on. A rest that seems longer than any can be is none: the
// clock was set back.
func left(until, now time.Time) time.Duration {
	if rest := until.Sub(now); rest > 0 && rest <= maxRest {
		return rest
	}
	return 0
}

// upstream is how long an upstream rests; 0 where it can be called.
func (r *rests) upstream(id uuid.UUID, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.upstreams[id]; c != nil {
		return left(c.until, now)
	}
	return 0
}

// key is how long a key rests; refused is whether it does so until a person looks.
func (r *rests) key(u *Upstream, k *UpstreamKey, now time.Time) (rest time.Duration, refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keyLocked(u, k, now)
}

func (r *rests) keyLocked(u *Upstream, k *UpstreamKey, now time.Time) (time.Duration, bool) {
	rest := r.keys[restID(u, k)]
	switch {
	case rest == nil || rest.secret != k.Secret:
		return 0, false
	case rest.refused:
		return 0, true
	}
	return left(rest.until, now), false
}

func restID(u *Upstream, k *UpstreamKey) uuid.UUID {
	if k.ID == uuid.Nil {
		return u.ID
	}
	return k.ID
}

// limited rests a key that was answered with 429, and returns how long.
func (r *rests) limited(u *Upstream, k *UpstreamKey, retryAfter time.Duration, now time.Time) time.Duration {
	rest := defaultRest
	if retryAfter > 0 {
		rest = min(retryAfter, maxRest)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	until := now.Add(rest)
	if old := r.keys[restID(u, k)]; old != nil && old.secret == k.Secret && (old.refused || left(old.until, now) > rest) {
		return rest
	}
	r.keys[restID(u, k)] = &keyRest{secret: k.Secret, until: until}
	return rest
}

// refuse stops the use of a key, and reports whether this is the first time.
func (r *rests) refuse(u *Upstream, k *UpstreamKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := r.keys[restID(u, k)]; old != nil && old.secret == k.Secret && old.refused {
		return false
	}
	r.keys[restID(u, k)] = &keyRest{secret: k.Secret, refused: true}
	return true
}

// recorded says that the refusal of a key is stored, and which roster shows it first.
func (r *rests) recorded(k *UpstreamKey, epoch int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rest := r.keys[k.ID]; rest != nil && rest.secret == k.Secret && rest.refused {
		rest.epoch = epoch
	}
}

// unrecorded makes an ordinary rest of a refusal that could not be stored, so that another
// call tries it again.
func (r *rests) unrecorded(k *UpstreamKey, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rest := r.keys[k.ID]; rest != nil && rest.secret == k.Secret {
		r.keys[k.ID] = &keyRest{secret: k.Secret, until: now.Add(undisabledRest)}
	}
}

// failed counts a failure of an upstream, and reports whether it rests because of it.
func (r *rests) failed(id uuid.UUID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.upstreams[id]
	if c == nil {
		c = &circuit{}
		r.upstreams[id] = c
	}
	if left(c.until, now) > 0 {
		return false // a call that had begun before
	}
	c.failures = append(within(c.failures, now), now)
	if len(c.failures) < maxFailures {
		return false
	}
	c.failures, c.until, c.serves = nil, now.Add(circuitRest), false
	return true
}

// within are the failures that still count.
func within(failures []time.Time, now time.Time) []time.Time {
	for len(failures) > 0 && aged(failures[0], now) >= failureWindow {
		failures = failures[1:]
	}
	return failures
}

// served ends the counting of failures, and reports whether the upstream serves for the first time, or
// again after a rest. It does not end a rest: a call that had begun before may be served in it.
func (r *rests) served(id uuid.UUID, now time.Time) (first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.upstreams[id]
	if c == nil {
		c = &circuit{}
		r.upstreams[id] = c
	}
	c.failures = nil
	if c.serves || left(c.until, now) > 0 {
		return false
	}
	c.serves = true
	return true
}

// changed forgets the failures of an upstream that is another than before.
func (r *rests) changed(id uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.upstreams, id)
}

// keep drops what concerns no upstream and no key of a roster, and the refusals that are in it.
func (r *rests) keep(made *roster) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := map[uuid.UUID]bool{}
	for id, u := range made.units {
		known[id] = true
		for i := range u.Keys {
			known[u.Keys[i].ID] = true
		}
	}
	for id := range r.upstreams {
		if !known[id] {
			delete(r.upstreams, id)
		}
	}
	for id, rest := range r.keys {
		if !known[id] || rest.epoch > 0 && rest.epoch <= made.epoch {
			delete(r.keys, id)
		}
	}
}

// state is what pages and the API show.
func (r *rests) state(u *Upstream, now time.Time) UpstreamState {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s UpstreamState
	if c := r.upstreams[u.ID]; c != nil {
		s.Failures = len(within(c.failures, now))
		if left(c.until, now) > 0 {
			s.RestsUntil = c.until
		}
	}
	for i := range u.Keys {
		if rest, _ := r.keyLocked(u, &u.Keys[i], now); rest > 0 {
			s.Keys = append(s.Keys, KeyState{ID: u.Keys[i].ID, RestsUntil: now.Add(rest)})
		}
	}
	if len(u.Keys) == 0 {
		if rest, _ := r.keyLocked(u, &UpstreamKey{}, now); rest > 0 && left(s.RestsUntil, now) < rest {
			s.RestsUntil = now.Add(rest)
		}
	}
	return s
}

// RetryAfter is what the header of that name says: at least a second and at most an hour;
// 0 where it says nothing that can be read.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	if text == "" || len(text) > 64 {
		return 0
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil {
		at, err := http.ParseTime(text)
		if err != nil {
			return 0
		}
		seconds = at.Sub(now).Seconds()
	}
	if math.IsNaN(seconds) {
		return 0
	}
	seconds = min(max(math.Ceil(seconds), 1), maxRest.Seconds())
	return cmp.Or(time.Duration(seconds)*time.Second, time.Second)
}
