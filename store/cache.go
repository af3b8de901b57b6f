package store

import (
	"context"
	"sync"
	"time"
)

// cache keeps an answer for a time in proportion to what it cost. After a part of
// that time it is renewed in the background, and meanwhile returned as it is, so
// that under a steady load nobody waits for it.
type cache[T any] struct {
	now func() time.Time
	// ages returns the ages at which an answer that took so long is renewed in the
	// background and expires. An answer that expires at once is not kept.
	ages func(took time.Duration) (renewed, over time.Duration)
	// patience bounds a renewal in the background; background returns its context.
	patience   time.Duration
	background func(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc)
	// together makes callers wait for an answer that is being made.
	together bool
	// making holds one value while an answer is made in the background, or for waiting callers.
	making chan struct{}

	mu      sync.Mutex
	key     string
	value   T
	at      time.Time
	renewed time.Duration
	over    time.Duration
	// changes counts the invalidations: an answer that was begun before the last of them is not kept.
	changes int
}

func newCache[T any](s *Store, patience time.Duration, ages func(took time.Duration) (renewed, over time.Duration)) *cache[T] {
	return &cache[T]{now: s.now, ages: ages, patience: patience, background: s.background, making: make(chan struct{}, 1)}
}

// maxCacheAge is the greatest age of an answer.
const maxCacheAge = time.Minute

// consoleAges are those of a count for a page of the console: one that took less
// than cheap is repeated for every page, another is renewed after twenty times what
// it took and expires after a minute.
func consoleAges(cheap time.Duration) func(took time.Duration) (renewed, over time.Duration) {
	return func(took time.Duration) (renewed, over time.Duration) {
		if took < cheap {
			return 0, 0
		}
		return 20 * took, maxCacheAge
	}
}

// statusAges are those of Status: expired after a second, or a hundred times what the
// count took where that is more, and renewed after half of that. So counting takes
// at most a fiftieth of the time of one connection.
func statusAges(took time.Duration) (renewed, over time.Duration) {
	over = min(max(time.Second, 100*took), maxCacheAge)
	return over / 2, over
}

// get returns the answer under a key; only that of the last key is kept.
func (c *cache[T]) get(ctx context.Context, key string, load func(context.Context) (T, error)) (T, error) {
	value, kept, old := c.cached(key)
	if kept {
		if old {
			c.renew(ctx, key, load)
		}
		return value, nil
	}
	if c.together {
		select {
		case c.making <- struct{}{}:
			defer func() { <-c.making }()
		case <-ctx.Done():
			return value, ctx.Err()
		}
		if value, kept, _ = c.cached(key); kept {
			return value, nil
		}
	}
	return c.load(ctx, key, load)
}

// cached returns the answer, whether it is to be used, and whether it is to be renewed.
func (c *cache[T]) cached(key string) (value T, kept, old bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age := c.now().Sub(c.at)
	if c.key != key || age < 0 || age >= c.over {
		return value, false, false
	}
	return c.value, true, age >= c.renewed
}

// renew makes the answer again in the background, unless that is being done.
func (c *cache[T]) renew(ctx context.Context, key string, load func(context.Context) (T, error)) {
	select {
	case c.making <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-c.making }()
		ctx, cancel := c.background(ctx, c.patience)
		defer cancel()
		_, _ = c.load(ctx, key, load) // a failure is tried again by the next caller
	}()
}

func (c *cache[T]) load(ctx context.Context, key string, load func(context.Context) (T, error)) (T, error) {
	c.mu.Lock()
	changes := c.changes
	c.mu.Unlock()
	began := c.now()
	value, err := load(ctx)
	if err != nil {
		var none T
		return none, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes == c.changes {
		c.key, c.value, c.at = key, value, began
		c.renewed, c.over = c.ages(c.now().Sub(began))
	}
	return value, nil
}

// invalidate drops the answer, also one that is being made.
func (c *cache[T]) invalidate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	c.over = 0
}
