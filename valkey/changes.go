package valkey

import (
	"context"
	"fmt"
	"sync"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"
)

// changesChannel carries the change events to every instance.
const changesChannel = "codexible:changes"

const (
	publishTimeout = time.Second

	// After a loss the channel is subscribed to at intervals that double from the first to the last.
	firstResubscription, lastResubscription = 100 * time.Millisecond, 2 * time.Second
)

// Changes carries small messages, such as a change of a key, to every instance that is subscribed. It stores nothing: a
// message reaches those who are subscribed when it is published.
type Changes struct{ client valkeygo.Client }

// Changes is the channel that all instances on this server share.
func (s *Server) Changes() *Changes { return &Changes{client: s.general} }

// Publish sends the payload to every subscriber, the publisher's own included. It waits for a second at most. An error means
// that the message may not have reached anyone.
func (c *Changes) Publish(ctx context.Context, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	publish := c.client.B().Publish().Channel(changesChannel).Message(valkeygo.BinaryString(payload)).Build()
	if err := c.client.Do(ctx, publish).Error(); err != nil {
		return fmt.Errorf("valkey: publish a change: %w", err)
	}
	return nil
}

// Subscribe listens until ctx ends and comes back after every loss by itself, within about two seconds of the server's
// return. onMessage gets each payload, which is its to keep, and onState whether messages arrive: true when they
// begin to, false when they stop, also because ctx ended. Until the first true none arrive. A server that vanishes
// silently is noticed within about two seconds. Messages of the time without the channel are lost: whoever caches what
// they are about drops it at every change of state. The two are called one at a time and must not block.
func (c *Changes) Subscribe(ctx context.Context, onMessage func(payload []byte), onState func(up bool)) {
	wait := firstResubscription
	for ctx.Err() == nil {
		if c.listen(ctx, onMessage, onState) {
			wait = firstResubscription
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, lastResubscription)
	}
}

// listen stays with one connection until it is lost or ctx ends, and reports whether the channel was up. It has the
// connection to itself, so that no other answer waits for a message.
func (c *Changes) listen(ctx context.Context, onMessage func([]byte), onState func(bool)) (wasUp bool) {
	var one sync.Mutex // the library confirms a subscription from another goroutine
	confirmed := valkeygo.WithOnSubscriptionHook(ctx, func(event valkeygo.PubSubSubscription) {
		one.Lock()
		defer one.Unlock()
		if event.Kind == "subscribe" && !wasUp {
			wasUp = true
			onState(true)
		}
	})
	// Why the connection ended does not matter: what follows is the same.
	_ = c.client.Dedicated(func(d valkeygo.DedicatedClient) error {
		return d.Receive(confirmed, d.B().Subscribe().Channel(changesChannel).Build(), func(m valkeygo.PubSubMessage) {
			one.Lock()
			defer one.Unlock()
			onMessage([]byte(m.Message))
		})
	})
	one.Lock()
	defer one.Unlock()
	if wasUp {
		onState(false)
	}
	return wasUp
}
