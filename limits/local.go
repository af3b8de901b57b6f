package limits

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// shardCount is how many locks share the subjects of a Local: far more than the cores that may want one at once.
const shardCount = 64

// Local is the Counter in this process. Its subjects are spread over shards with a lock each. It never fails and never waits
// for anything but such a lock. A subject that stops calling is dropped between one and two minutes later, and its
// memory is freed; Sweep frees it in a process without calls.
type Local struct {
	now    func() time.Time
	start  time.Time // the beginning of the second in which the Local was made, with its monotonic reading
	seed   maphash.Seed
	shards [shardCount]shard
}

var _ Counter = (*Local)(nil)

// NewLocal returns a counter that reads the time from now. Where now carries a monotonic reading, as time.Now does, steps of
// the wall clock do not touch the counter.
func NewLocal(now func() time.Time) *Local {
	start := now()
	// Add keeps the monotonic reading that Truncate would strip.
	start = start.Add(-time.Duration(start.Nanosecond()))
	return &Local{now: now, start: start, seed: maphash.MakeSeed()}
}

// Hit implements Counter; the error is always nil. For a subject it knows it allocates nothing, unless the subject's window
// grows into more seconds than it has ever held.
func (l *Local) Hit(_ context.Context, s Subject, limit int64) (Decision, error) {
	d, _ := l.hit(s, limit)
	return d, nil
}

// hit also returns the second in which it counted, for giveBack.
func (l *Local) hit(s Subject, limit int64) (Decision, int32) {
	sh := l.shard(s)
	sh.mu.Lock()
	second := l.second()
	turned := sh.turn(second)
	sh.newest = second
	d := sh.window(s).hit(second, limit)
	sh.mu.Unlock()
	if turned {
		l.Sweep() // the shards without hits have to free their memory too
	}
	return d, second
}

// giveBack undoes a hit of the given second, if the window still has it.
func (l *Local) giveBack(s Subject, second int32) {
	sh := l.shard(s)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.find(s).giveBack(second)
}

// Peek implements Counter; the error is always nil. It allocates nothing.
func (l *Local) Peek(_ context.Context, s Subject, limit int64) (Decision, error) {
	sh := l.shard(s)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.find(s).peek(l.second(), limit), nil
}

// Mode is ModeLocal.
func (*Local) Mode() Mode { return ModeLocal }

// Len is the number of subjects that are kept.
func (l *Local) Len() int {
	n := 0
	for i := range l.shards {
		sh := &l.shards[i]
		sh.mu.Lock()
		n += len(sh.young) + len(sh.old)
		sh.mu.Unlock()
	}
	return n
}

// Sweep drops the subjects whose window has emptied, as far as that takes no search. Hit calls it about once a minute;
// a process that may be idle calls it from a ticker.
func (l *Local) Sweep() {
	for i := range l.shards {
		sh := &l.shards[i]
		sh.mu.Lock()
		sh.turn(l.second())
		sh.mu.Unlock()
	}
}

func (l *Local) shard(s Subject) *shard {
	return &l.shards[maphash.Comparable(l.seed, s)%shardCount]
}

// second is the time in whole seconds since the start. It is read under a shard's lock, so that no two callers of one
// shard see it run backwards unless the clock did.
func (l *Local) second() int32 {
	since := l.now().Sub(l.start)
	if since < 0 {
		since -= time.Second - 1 // round down, not towards the start
	}
	return int32(since / time.Second)
}

// A shard keeps its subjects in two generations. A subject moves to the young one when it hits; every 61 seconds the young
// generation becomes the old one, and the old one, in which nobody has hit for that long, goes as a whole. Nothing is ever
// searched, and the maps, which would never shrink, are replaced.
type shard struct {
	mu         sync.Mutex
	young, old map[Subject]*window
	turned     int32    // the second in which the generations last changed
	newest     int32    // the second of the last hit
	_          [32]byte // keeps the locks of two shards off one cache line
}

// turn changes the generations when it is time and reports whether it did.
func (sh *shard) turn(second int32) bool {
	// After the clock was set back both stay for a whole life from then on, which drops them later, never earlier.
	sh.turned = min(sh.turned, second)
	sh.newest = min(sh.newest, second)
	switch {
	case second-sh.newest >= bucketLife:
		sh.young, sh.old = nil, nil
		sh.newest = second
	case second-sh.turned >= bucketLife:
		sh.young, sh.old = nil, sh.young
	default:
		return false
	}
	sh.turned = second
	return true
}

// window is the subject's window in the young generation, brought there if need be.
func (sh *shard) window(s Subject) *window {
	if w := sh.young[s]; w != nil {
		return w
	}
	w := sh.old[s]
	if w == nil {
		w = new(window)
	} else {
		delete(sh.old, s)
	}
	if sh.young == nil {
		sh.young = make(map[Subject]*window)
	}
	sh.young[s] = w
	return w
}

// find is the subject's window wherever it is, or an empty one that nobody keeps.
func (sh *shard) find(s Subject) *window {
	if w := sh.young[s]; w != nil {
		return w
	}
	if w := sh.old[s]; w != nil {
		return w
	}
	return new(window)
}
