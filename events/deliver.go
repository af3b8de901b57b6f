package events

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	// perWebhook bounds the attempts under way. Overall there is room for every webhook's, so that no
	// number of receivers that stall delays another.
	perWebhook, overall = 4, 4 * MaxWebhooks
	// failureRest is how long an attempt that failed keeps its place: a receiver that refuses at once
	// costs four attempts a second, however much waits for it.
	failureRest = time.Second
	// lookEvery is how often due deliveries are looked for.
	lookEvery = 500 * time.Millisecond
	// writePatience bounds the writing of what became of an attempt; it goes on while the service stops.
	writePatience = 5 * time.Second
)

// DelivererParts are what a Deliverer works with.
type DelivererParts struct {
	// Mail delivers what goes by mail, false what goes to webhooks.
	Mail bool
	// Timeout bounds an attempt; Timeout of webhooks where zero. Twice that after its claim
	// another process makes the attempt of one that died.
	Timeout time.Duration
	Claim   func(context.Context, Claim) ([]Delivery, error)
	Webhook func(context.Context, uuid.UUID) (Webhook, error)
	Send    func(context.Context, *Webhook, *Event) Answer
	Write   func(context.Context, *Delivery) error
	Release func(context.Context, []Delivery) error
	// Disable disables the webhook of a receiver that wants no more events; nil for mail.
	Disable func(ctx context.Context, webhook uuid.UUID, reason string) error
	// Observe, where set, is called with every attempt and what became of its delivery.
	Observe func(d *Delivery, last Try)
	Now     func() time.Time
	Log     *slog.Logger
}

// Deliverer sends what is due to the webhooks of this service, or by mail. Any number of processes may
// run one on the same database.
type Deliverer struct {
	DelivererParts

	mu    sync.Mutex
	busy  map[uuid.UUID]int
	under int
	// ended wakes Run when an attempt has ended.
	ended chan struct{}
	// away is whether the last look failed; only Run uses it.
	away bool
}

// NewDeliverer makes a Deliverer.
func NewDeliverer(p DelivererParts) *Deliverer {
	p.Timeout = cmp.Or(p.Timeout, Timeout)
	return &Deliverer{DelivererParts: p, busy: map[uuid.UUID]int{}, ended: make(chan struct{}, 1)}
}

// Run delivers until ctx ends, then cancels the attempts under way and leaves their
// deliveries to the next process.
func (d *Deliverer) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var attempts sync.WaitGroup
	defer attempts.Wait()
	for ctx.Err() == nil {
		d.look(ctx, &attempts)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		case <-d.ended:
		}
	}
}

// look claims what is due and begins its attempts.
func (d *Deliverer) look(ctx context.Context, attempts *sync.WaitGroup) {
	list, err := d.Claim(ctx, d.room())
	if err != nil {
		if !d.away && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "due deliveries cannot be read and are looked for again", "mail", d.Mail, "error", err)
		}
		d.away = true
		return
	}
	d.away = false
	for i := range list {
		d.count(list[i].WebhookID, 1)
		attempts.Go(func() {
			defer d.count(list[i].WebhookID, -1)
			if d.attempt(ctx, &list[i]) {
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(failureRest):
			}
		})
	}
}

func (d *Deliverer) room() Claim {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Claim{Mail: d.Mail, Busy: maps.Clone(d.busy), Each: perWebhook, All: overall - d.under, Lease: 2 * d.Timeout}
}

func (d *Deliverer) count(webhook uuid.UUID, by int) {
	d.mu.Lock()
	d.under += by
	if d.busy[webhook] += by; d.busy[webhook] == 0 {
		delete(d.busy, webhook)
	}
	d.mu.Unlock()
	if by < 0 {
		select {
		case d.ended <- struct{}{}:
		default: // Run will look already
		}
	}
}

// attempt sends one delivery and writes what became of it. Where that cannot be written the
// event is sent again after the lease: at least once. It reports whether the receiver accepted it.
func (d *Deliverer) attempt(ctx context.Context, one *Delivery) bool {
	written, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Timeout+writePatience)
	defer cancel()
	w, err := d.Webhook(written, one.WebhookID)
	var answer Answer
	if err == nil && w.Enabled {
		answer = d.Send(ctx, &w, &one.Event)
	}
	if errors.Is(err, ErrWebhookNotFound) {
		return false
	}
	if err != nil || !w.Enabled || ctx.Err() != nil && !answer.OK() { // it is no fault of the receiver's
		if err := d.Release(written, []Delivery{*one}); err != nil {
			d.Log.WarnContext(ctx, "a delivery could not be given back; it is made a little later", "webhook", one.WebhookID, "mail", d.Mail, "event", one.Event.ID, "error", err)
		}
		return false
	}
	one.Conclude(answer, d.Now(), rand.Float64()) //nolint:gosec // a pause is no secret
	if err := d.Write(written, one); err != nil {
		d.Log.WarnContext(ctx, "what became of a delivery could not be written; it is made again", "webhook", one.WebhookID, "mail", d.Mail, "event", one.Event.ID, "error", err)
		return false
	}
	if d.Observe != nil {
		d.Observe(one, answer.Try)
	}
	if answer.Final && d.Disable != nil {
		err = d.Disable(written, w.ID, "its receiver answered 410 Gone")
	}
	if one.Status == Failed || err != nil {
		d.Log.WarnContext(ctx, "an event could not be delivered", "webhook", w.ID, "mail", d.Mail, "host", w.Host(), "event", one.Event.ID, "type", one.Event.Type, "attempts", one.Attempts, "last", answer.Error, "error", err)
	}
	return answer.OK()
}
