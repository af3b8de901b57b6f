package gateway

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/google/uuid"
)

// The brake answers a client that repeats a failing call without end: the same key sending
// the same body again within brakeTime after brakeAfter failures in a row gets the last
// failure, and no upstream is called.
const (
	brakeAfter = 3
	brakeTime  = 30 * time.Second
	// maxBraked bounds how many bodies are remembered, and maxBrakedBody the failure of each.
	maxBraked     = 4096
	maxBrakedBody = 16 << 10
)

type brake struct {
	mu     sync.Mutex
	bodies map[[32]byte]*list.Element
	// latest has the body that failed last in front.
	latest list.List
	// keys counts the bodies of each key: the body of a key without any is not hashed.
	keys map[uuid.UUID]int
}

type braked struct {
	body     [32]byte
	key      uuid.UUID
	failures int
	at       time.Time
	answer   Answer
}

func fingerprint(r *Request) [32]byte {
	h := sha256.New()
	h.Write(r.Identity.Key.ID[:])
	h.Write([]byte{byte(r.Endpoint)})
	h.Write(r.Body)
	return [32]byte(h.Sum(nil))
}

// stops returns the failure that a call gets without an upstream; nil for none.
func (b *brake) stops(r *Request, now time.Time) *Answer {
	b.mu.Lock()
	some := b.keys[r.Identity.Key.ID] > 0
	b.mu.Unlock()
	if !some {
		return nil
	}
	body := fingerprint(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.bodies[body]
	if !ok {
		return nil
	}
	known := at.Value.(*braked)
	if age := now.Sub(known.at); age < 0 || age > brakeTime {
		b.forget(at)
		return nil
	}
	if known.failures < brakeAfter {
		return nil
	}
	answer := known.answer
	return &answer
}

// failed remembers that an upstream could not serve a call.
func (b *brake) failed(r *Request, a *Answer, now time.Time) {
	if a.Body == nil || len(a.Body) > maxBrakedBody {
		return
	}
	body := fingerprint(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := b.bodies[body]
	if !ok {
		if b.bodies == nil {
			b.bodies, b.keys = map[[32]byte]*list.Element{}, map[uuid.UUID]int{}
		}
		if len(b.bodies) >= maxBraked {
			b.forget(b.latest.Back())
		}
		at = b.latest.PushFront(&braked{body: body, key: r.Identity.Key.ID})
		b.bodies[body] = at
		b.keys[r.Identity.Key.ID]++
	}
	known := at.Value.(*braked)
	if age := now.Sub(known.at); age > brakeTime {
		known.failures = 0
	}
	known.failures++
	known.at, known.answer = now, *a
	b.latest.MoveToFront(at)
}

// served ends the count of a body's failures.
func (b *brake) served(r *Request) {
	b.mu.Lock()
	some := b.keys[r.Identity.Key.ID] > 0
	b.mu.Unlock()
	if !some {
		return
	}
	body := fingerprint(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.bodies[body]; ok {
		b.forget(at)
	}
}

func (b *brake) forget(at *list.Element) {
	known := b.latest.Remove(at).(*braked)
	delete(b.bodies, known.body)
	if b.keys[known.key]--; b.keys[known.key] == 0 {
		delete(b.keys, known.key)
	}
}
