package limits

import (
	"context"
	"sync"
)

// Gate lets at most so many callers of a subject work at once; the others wait for their turn. Who looks at a window before
// the work and counts after it keeps to one such gate: a burst of callers is then over the window's limit by less than the
// gate lets through at once.
type Gate struct {
	most int

	mu    sync.Mutex
	doors map[Subject]*door
}

type door struct {
	turns chan struct{}
	// users are those who are inside or wait; the door is forgotten with the last.
	users int
}

// NewGate returns a gate that lets most callers of a subject work at once.
func NewGate(most int) *Gate { return &Gate{most: most, doors: map[Subject]*door{}} }

// Enter waits for a turn of the subject, until ctx ends: the error is then that of ctx. leave gives the turn back; it is
// called once.
func (g *Gate) Enter(ctx context.Context, s Subject) (leave func(), err error) {
	g.mu.Lock()
	d := g.doors[s]
	if d == nil {
		d = &door{turns: make(chan struct{}, g.most)}
		g.doors[s] = d
	}
	d.users++
	g.mu.Unlock()
	select {
	case d.turns <- struct{}{}:
	default:
		select {
		case d.turns <- struct{}{}:
		case <-ctx.Done():
			g.forget(s, d)
			return nil, ctx.Err()
		}
	}
	return func() {
		<-d.turns
		g.forget(s, d)
	}, nil
}

func (g *Gate) forget(s Subject, d *door) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d.users--; d.users == 0 {
		delete(g.doors, s)
	}
}

// Len is the number of subjects whose callers work or wait.
func (g *Gate) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.doors)
}
