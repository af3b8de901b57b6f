package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

var (
	errStopping = errors.New("the service is stopping")
	errEnded    = errors.New("an operator has ended the call")
)

// live is the calls that are open in this process. The zero value is ready.
type live struct {
	mu    sync.Mutex
	calls map[uuid.UUID]*call
	// empty is closed when the last call ends; nil where nobody waits.
	empty chan struct{}
}

func (l *live) add(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[uuid.UUID]*call{}
	}
	l.calls[c.ID] = c
}

func (l *live) remove(c *call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, c.ID)
	if len(l.calls) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// wait returns when no call is open, and false where ctx ends before.
func (l *live) wait(ctx context.Context) bool {
	l.mu.Lock()
	if len(l.calls) == 0 {
		l.mu.Unlock()
		return true
	}
	if l.empty == nil {
		l.empty = make(chan struct{})
	}
	empty := l.empty
	l.mu.Unlock()
	select {
	case <-empty:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *live) list() []*call {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*call, 0, len(l.calls))
	for _, c := range l.calls {
		list = append(list, c)
	}
	return list
}

func (l *live) end(id uuid.UUID) {
	l.mu.Lock()
	c := l.calls[id]
	l.mu.Unlock()
	if c != nil {
		c.cut(errEnded)
	}
}

func (l *live) cut(cause error) {
	for _, c := range l.list() {
		c.cut(cause)
	}
}

// OpenCall is a call that this process is serving.
type OpenCall struct {
	ID            uuid.UUID
	UserID, KeyID uuid.UUID
	Email, Prefix string
	Model         string
	Endpoint      Endpoint
	Streamed      bool
	Upstream      string
	Since         time.Time
	// Held is what its hold sets aside, in credits; OutputTokens is an estimate of what was delivered.
	Held, OutputTokens int64
}

// OpenCalls are the calls that this process is serving, the oldest first.
func (g *Gateway) OpenCalls() []OpenCall {
	calls := g.live.list()
	list := make([]OpenCall, len(calls))
	for i, c := range calls {
		list[i] = OpenCall{
			ID: c.ID, UserID: c.Identity.User.ID, KeyID: c.Identity.Key.ID, Email: c.Identity.User.Email, Prefix: c.Identity.Key.Prefix,
			Model: c.model.Name, Endpoint: c.Endpoint, Streamed: c.in.stream, Since: c.ReceivedAt,
			Held: c.books.credits(), OutputTokens: c.est.outputTokens(c.delivered.Load()),
		}
		if name := c.upstreamName.Load(); name != nil {
			list[i].Upstream = *name
		}
	}
	slices.SortFunc(list, func(x, y OpenCall) int {
		return cmp.Or(x.Since.Compare(y.Since), cmp.Compare(x.ID.String(), y.ID.String()))
	})
	return list
}

// End ends a call, if this process is serving it, in the way of its wire.
func (g *Gateway) End(id uuid.UUID) { g.live.end(id) }

// Open is how many calls this process is serving.
func (g *Gateway) Open() int {
	g.live.mu.Lock()
	defer g.live.mu.Unlock()
	return len(g.live.calls)
}

// renewAfter is how old the deadline of a hold may be until it is moved.
const renewAfter = 40 * time.Second

// Renew moves the deadlines of holds that were not moved for renewAfter, and records what
// was delivered: a background job calls it every few seconds.
func (g *Gateway) Renew(context.Context) error {
	var wait sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for _, c := range g.live.list() {
		if !c.books.isOld(g.Now()) {
			continue
		}
		wait.Go(func() { //nolint:contextcheck // each bounds itself; they share the meter's batches
			if err := c.renew(); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return failed
}
