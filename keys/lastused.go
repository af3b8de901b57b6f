package keys

import (
	"context"
	"time"

	"github.com/google/uuid"
)

const (
	// FlushInterval is how often Flush is to be called, and how soon a first use is written.
	FlushInterval = time.Second
	// lastUsedStep is how exact «last used» is: a key in use is written once in so long.
	lastUsedStep = time.Minute
	// flushBatch is how many keys one transaction writes.
	flushBatch = 500
)

// touch records a use; most uses of a busy key end at the first comparison.
func (v *Verifier) touch(e *entry, now time.Time) {
	micros := now.UnixMicro()
	if micros-e.used.Load() < lastUsedStep.Microseconds() || !e.pending.CompareAndSwap(false, true) {
		return
	}
	e.used.Store(micros)
	v.used.mu.Lock()
	v.used.entries = append(v.used.entries, e)
	v.used.mu.Unlock()
}

// Sweep drops the identities that have not been used for a while: a background
// job calls it once a minute.
func (v *Verifier) Sweep() { v.cache.sweep(v.now()) }

// Flush writes the last uses that wait, in batches.
func (v *Verifier) Flush(ctx context.Context) error {
	v.used.mu.Lock()
	waiting := v.used.entries
	v.used.entries = nil
	v.used.mu.Unlock()
	for len(waiting) > 0 {
		batch := waiting[:min(len(waiting), flushBatch)]
		if err := v.write(ctx, batch); err != nil {
			v.used.mu.Lock()
			v.used.entries = append(v.used.entries, waiting...)
			v.used.mu.Unlock()
			return err
		}
		for _, e := range batch {
			e.pending.Store(false)
		}
		waiting = waiting[len(batch):]
	}
	return nil
}

// write writes the last uses of keys and of sessions.
func (v *Verifier) write(ctx context.Context, batch []*entry) error {
	if used := lastUses(batch, false); len(used) > 0 {
		if err := v.directory.TouchKeys(ctx, used); err != nil {
			return err
		}
	}
	if used := lastUses(batch, true); len(used) > 0 {
		return v.directory.TouchSessions(ctx, used)
	}
	return nil
}

func lastUses(batch []*entry, sessions bool) map[uuid.UUID]time.Time {
	used := make(map[uuid.UUID]time.Time, len(batch))
	for _, e := range batch {
		if e.identity.BySession != sessions {
			continue
		}
		id, at := e.identity.Key.ID, time.UnixMicro(e.used.Load()).UTC()
		if at.After(used[id]) {
			used[id] = at
		}
	}
	return used
}
