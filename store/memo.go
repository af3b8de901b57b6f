package store

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// memo remembers an answer in proportion to what it cost: a look at small books
// is taken anew each time, one that took long is kept for twenty times as long.
// Past that the old answer is given once more while another is being made, so a
// page waits for a count only when the last is a minute old. The clock is the
// real one: it measures work.
type memo[T any] struct {
	// cheap is what an answer may cost that is not remembered; memoCheap where zero.
	cheap time.Duration
	// behind gives the context of a count for which nobody waits.
	behind func(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc)
	mu     sync.Mutex
	key    string
	value  T
	at     time.Time
	took   time.Duration
	making bool
	// changes counts what made answers out of date: one that was begun before the last of them is not kept.
	changes int
}

const (
	memoCheap   = 40 * time.Millisecond
	memoFactor  = 20
	memoLongest = time.Minute
)

// get gives the answer under a key; another key is another question.
func (m *memo[T]) get(ctx context.Context, key string, look func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	age := time.Since(m.at)
	if m.key != key || m.took < cmp.Or(m.cheap, memoCheap) || age > memoLongest {
		m.mu.Unlock()
		return m.renew(ctx, key, look)
	}
	value := m.value
	if age > memoFactor*m.took && !m.making {
		m.making = true
		go func() {
			ctx, cancel := m.behind(ctx, memoLongest)
			defer cancel()
			_, _ = m.renew(ctx, key, look) // a count that fails is tried again by the next page
		}()
	}
	m.mu.Unlock()
	return value, nil
}

func (m *memo[T]) renew(ctx context.Context, key string, look func(context.Context) (T, error)) (T, error) {
	start := time.Now()
	m.mu.Lock()
	changes := m.changes
	m.mu.Unlock()
	value, err := look(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.making = false
	if err == nil && changes == m.changes {
		m.key, m.value, m.at, m.took = key, value, time.Now(), time.Since(start)
	}
	return value, err
}

// forget has the next question looked up again.
func (m *memo[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	m.took = 0
}
