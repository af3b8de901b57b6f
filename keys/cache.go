package keys

import (
	"sync"
	"sync/atomic"
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
)

const (
	cacheShards = 64
	// lifeUp is how long an entry is fresh while changes made elsewhere arrive,
	// lifeDown while they do not.
	lifeUp   = 10 * time.Minute
	lifeDown = 5 * time.Second
	// lifeUnknown is how long it is cached that no key has a secret.
	lifeUnknown = 2 * time.Second
	// maxPerShard and maxUnknown bound the cache; a full map is replaced by an empty one.
	maxPerShard = 8192
	maxUnknown  = 1024
)

// cache keeps identities by the hash of their secret, and for a moment the hashes
// that no key has. A change costs one map write however many entries
// there are: it gets the next epoch, and an entry of an older epoch checks, once,
// whether the change was about its key, user or plan.
type cache struct {
	shards [cacheShards]cacheShard
	up     atomic.Bool
	// epoch counts the changes; floor is the epoch below which no entry is fresh.
	epoch, floor atomic.Int64

	mu      sync.RWMutex
	changed map[uuid.UUID]changedAt
}

type changedAt struct {
	epoch int64
	at    time.Time
}

type cacheShard struct {
	mu      sync.RWMutex
	entries map[Hash]*entry
	unknown map[Hash]unknownEntry
}

type entry struct {
	identity *Identity
	loaded   time.Time
	epoch    atomic.Int64
	// used is the last use in Unix microseconds; pending says that it waits to be written.
	used    atomic.Int64
	pending atomic.Bool
}

type unknownEntry struct {
	until time.Time
	epoch int64
}

func newCache() *cache {
	c := &cache{changed: map[uuid.UUID]changedAt{}}
	for i := range c.shards {
		c.shards[i].reset()
	}
	return c
}

func (s *cacheShard) reset() {
	s.entries, s.unknown = map[Hash]*entry{}, map[Hash]unknownEntry{}
}

func (c *cache) shard(h Hash) *cacheShard { return &c.shards[h[0]%cacheShards] }

// get reads the cache; known is false where the directory has to be read. A known
// hash without an entry belongs to no key.
func (c *cache) get(h Hash, now time.Time) (e *entry, known bool) {
	s := c.shard(h)
	s.mu.RLock()
	e, unknown := s.entries[h], s.unknown[h]
	s.mu.RUnlock()
	if e != nil {
		return e, c.fresh(e, now)
	}
	return nil, now.Before(unknown.until) && unknown.epoch == c.epoch.Load()
}

// has reports whether a hash has an entry, fresh or not, or is known to belong to no key.
func (c *cache) has(h Hash, now time.Time) bool {
	e, known := c.get(h, now)
	return e != nil || known
}

func (c *cache) fresh(e *entry, now time.Time) bool {
	life := lifeDown
	if c.up.Load() {
		life = lifeUp
	}
	if age := now.Sub(e.loaded); age < 0 || age > life {
		return false
	}
	current, seen := c.epoch.Load(), e.epoch.Load()
	if seen == current {
		return true
	}
	if seen < c.floor.Load() || c.touched(e.identity, seen) {
		return false
	}
	e.epoch.Store(current)
	return true
}

func (c *cache) touched(id *Identity, since int64) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.changed[id.Key.ID].epoch > since || c.changed[id.User.ID].epoch > since || c.changed[id.Plan.ID].epoch > since
}

// put caches what the directory answered; epoch is the one from before the
// question, so that a change in between is not missed.
func (c *cache) put(h Hash, id *Identity, epoch int64, now time.Time) *entry {
	s := c.shard(h)
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == nil {
		if len(s.unknown) >= maxUnknown {
			s.unknown = map[Hash]unknownEntry{}
		}
		s.unknown[h] = unknownEntry{until: now.Add(lifeUnknown), epoch: epoch}
		delete(s.entries, h)
		return nil
	}
	if len(s.entries) >= maxPerShard {
		s.entries = map[Hash]*entry{}
	}
	e := &entry{identity: id, loaded: now}
	e.epoch.Store(epoch)
	if id.Key.LastUsedAt != nil {
		e.used.Store(id.Key.LastUsedAt.UnixMicro())
	}
	s.entries[h] = e
	return e
}

// change invalidates every entry about a key, user or plan.
func (c *cache) change(ch accounts.Change, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.epoch.Load() + 1
	c.changed[ch.ID] = changedAt{epoch: next, at: now}
	c.epoch.Store(next)
}

// setUp records whether changes made elsewhere arrive. Whatever was
// read before a gap ended may be stale.
func (c *cache) setUp(up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.epoch.Load() + 1
	if up {
		c.floor.Store(next)
	}
	c.epoch.Store(next)
	c.up.Store(up)
}

// sweep drops what no longer counts: entries past their life, and changes
// that only such entries could have missed.
func (c *cache) sweep(now time.Time) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		kept := make(map[Hash]*entry, len(s.entries))
		for h, e := range s.entries {
			if now.Sub(e.loaded) <= lifeUp || e.pending.Load() {
				kept[h] = e
			}
		}
		s.entries, s.unknown = kept, map[Hash]unknownEntry{}
		s.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, ch := range c.changed {
		if now.Sub(ch.at) > lifeUp {
			delete(c.changed, id)
		}
	}
}
