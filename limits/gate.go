package limits

import (
	"context"
	"sync"
)

// Gate lets at most so many callers of a subject work at once; the others wait for their turn. A caller
// that peeks at a window before the work and counts after it uses one such gate: a burst of callers is then over the
// window's limit by less than the gate lets through at once.
type Gate struct {
	most int

	mu     sync.Mutex
	queues map[Subject]*queue
}

type queue struct {
	turns chan struct{}
	// users are those who are inside or wait; the queue is removed with the last.
	users int
}

// NewGate returns a gate that lets most callers of a subject work at once.
func NewGate(most int) *Gate { return &Gate{most: most, queues: map[Subject]*queue{}} }

// Enter waits for a turn of the subject, until ctx ends: the error is then that of ctx. leave gives the turn back; it is
// called once.
func (g *Gate) Enter(ctx context.Context, s Subject) (leave func(), err error) {
	g.mu.Lock()
	q := g.queues[s]
	if q == nil {
		q = &queue{turns: make(chan struct{}, g.most)}
		g.queues[s] = q
	}
	q.users++
	g.mu.Unlock()
	select {
	case q.turns <- struct{}{}:
	default:
		select {
		case q.turns <- struct{}{}:
		case <-ctx.Done():
			g.leave(s, q)
			return nil, ctx.Err()
		}
	}
	return func() {
		<-q.turns
		g.leave(s, q)
	}, nil
}

func (g *Gate) leave(s Subject, q *queue) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(g.queues, s)
	}
}

// Len is the number of subjects whose callers work or wait.
func (g *Gate) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queues)
}
