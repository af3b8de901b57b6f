package store

import (
	"context"
	"sync"
	"time"
)

// memo caches an answer for a time in proportion to what it cost. After a part of
// that time it is renewed in the background, and meanwhile returned as it is, so
// that under a steady load nobody waits for it.
type memo[T any] struct {
	now func() time.Time
	// ages says, of an answer that took so long, how old it is when it is renewed in
	// the background and when it is over. An answer with no time is not kept.
	ages func(took time.Duration) (renewed, over time.Duration)
	// patience bounds an answer for which nobody waits; behind gives its context.
	patience time.Duration
	behind   func(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc)
	// together has those who need an answer that is being made wait for it.
	together bool
	// making holds one value while an answer is made in the background, or for several who wait.
	making chan struct{}

	mu      sync.Mutex
	key     string
	value   T
	at      time.Time
	renewed time.Duration
	over    time.Duration
	// changes counts what made answers out of date: one that was begun before the last of them is not kept.
	changes int
}

func newMemo[T any](s *Store, patience time.Duration, ages func(took time.Duration) (renewed, over time.Duration)) *memo[T] {
	return &memo[T]{now: s.now, ages: ages, patience: patience, behind: s.behind, making: make(chan struct{}, 1)}
}

// memoLongest is the greatest age of an answer.
const memoLongest = time.Minute

// consoleAges are those of a count for a page of the console: one that took less
// than cheap is taken for every page, another is renewed after twenty times what
// it took and over after a minute.
func consoleAges(cheap time.Duration) func(took time.Duration) (renewed, over time.Duration) {
	return func(took time.Duration) (renewed, over time.Duration) {
		if took < cheap {
			return 0, 0
		}
		return 20 * took, memoLongest
	}
}

// statusAges are those of Status: over after a second, or a hundred times what the
// count took where that is more, and renewed after half of that. So counting takes
// at most a fiftieth of the time of one connection.
func statusAges(took time.Duration) (renewed, over time.Duration) {
	over = min(max(time.Second, 100*took), memoLongest)
	return over / 2, over
}

// get returns the answer under a key; another key is another question.
func (m *memo[T]) get(ctx context.Context, key string, look func(context.Context) (T, error)) (T, error) {
	value, kept, old := m.cached(key)
	if kept {
		if old {
			m.renew(ctx, key, look)
		}
		return value, nil
	}
	if m.together {
		select {
		case m.making <- struct{}{}:
			defer func() { <-m.making }()
		case <-ctx.Done():
			return value, ctx.Err()
		}
		if value, kept, _ = m.cached(key); kept {
			return value, nil
		}
	}
	return m.look(ctx, key, look)
}

// cached returns the answer, whether it is to be used, and whether it is to be renewed.
func (m *memo[T]) cached(key string) (value T, kept, old bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	age := m.now().Sub(m.at)
	if m.key != key || age < 0 || age >= m.over {
		return value, false, false
	}
	return m.value, true, age >= m.renewed
}

// renew makes the answer again in the background, unless that is being done.
func (m *memo[T]) renew(ctx context.Context, key string, look func(context.Context) (T, error)) {
	select {
	case m.making <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-m.making }()
		ctx, cancel := m.behind(ctx, m.patience)
		defer cancel()
		_, _ = m.look(ctx, key, look) // one that fails is tried again by who needs it next
	}()
}

func (m *memo[T]) look(ctx context.Context, key string, look func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	changes := m.changes
	m.mu.Unlock()
	began := m.now()
	value, err := look(ctx)
	if err != nil {
		var none T
		return none, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if changes == m.changes {
		m.key, m.value, m.at = key, value, began
		m.renewed, m.over = m.ages(m.now().Sub(began))
	}
	return value, nil
}

// forget has the next question looked up again.
func (m *memo[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.changes++
	m.over = 0
}
