package events_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/events"

	"github.com/google/uuid"
)

// outbox is what a database does for a Deliverer, in order of the events, without users.
type outbox struct {
	mu       sync.Mutex
	hooks    map[uuid.UUID]events.Webhook
	waiting  []events.Delivery
	written  chan events.Delivery
	released atomic.Int64
	disabled atomic.Int64
}

func newOutbox() *outbox {
	return &outbox{hooks: map[uuid.UUID]events.Webhook{}, written: make(chan events.Delivery, 20000)}
}

func (o *outbox) hook(url string) uuid.UUID {
	id := uuid.New()
	o.hooks[id] = events.Webhook{ID: id, URL: url, Secret: events.MintSecret(), Enabled: true}
	return id
}

func (o *outbox) add(webhook uuid.UUID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	e := *event()
	e.ID, e.At = uuid.New(), time.Now()
	o.waiting = append(o.waiting, events.Delivery{WebhookID: webhook, Event: e, Status: events.Pending})
}

func (o *outbox) claim(_ context.Context, c events.Claim) (list []events.Delivery, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var left []events.Delivery
	for _, d := range o.waiting {
		if c.All > 0 && c.Busy[d.WebhookID] < c.Each {
			c.Busy[d.WebhookID]++
			c.All--
			list = append(list, d)
		} else {
			left = append(left, d)
		}
	}
	o.waiting = left
	return list, nil
}

func (o *outbox) deliverer(t *testing.T) *events.Deliverer {
	t.Helper()
	return events.NewDeliverer(events.DelivererParts{
		Claim: o.claim, Now: time.Now, Send: sender(t, loopback).Send, Log: slog.New(slog.DiscardHandler),
		Webhook: func(_ context.Context, id uuid.UUID) (events.Webhook, error) { return o.hooks[id], nil },
		Write: func(_ context.Context, d *events.Delivery) error {
			o.written <- *d
			return nil
		},
		Release: func(_ context.Context, list []events.Delivery) error {
			o.released.Add(int64(len(list)))
			return nil
		},
		Disable: func(context.Context, uuid.UUID, string) error {
			o.disabled.Add(1)
			return nil
		},
	})
}

func TestAReceiverThatStallsUnderLoadDelaysNoOther(t *testing.T) {
	o, life := newOutbox(), make(chan struct{})
	var under, most atomic.Int64
	stalling := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n := under.Add(1); n > most.Load() {
			most.Store(n)
		}
		select {
		case <-life:
		case <-r.Context().Done():
		}
		under.Add(-1)
	}))
	t.Cleanup(stalling.Close)
	url, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	dead, alive := o.hook(stalling.URL), o.hook(url)
	for range 10000 {
		o.add(dead)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { o.deliverer(t).Run(ctx) })
	began := time.Now()
	for range 20 {
		o.add(alive)
		if d := <-o.written; d.WebhookID != alive || d.Status != events.Delivered {
			t.Errorf("%+v", d)
		}
	}
	if took := time.Since(began); took > 13*time.Second { // 20 looks of half a second, at most
		t.Errorf("20 events took %v", took)
	}
	if n := most.Load(); n > 4 {
		t.Errorf("%d attempts at once", n)
	}
	cancel()
	running.Wait()
	close(life)
	if o.released.Load() != 4 || len(o.written) != 0 {
		t.Errorf("at its end %d were given back, and %d written", o.released.Load(), len(o.written))
	}
}

func TestWhatFailsUnderLoadIsWrittenAndAGoneReceiverDisabled(t *testing.T) {
	o := newOutbox()
	failing, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 503) })
	gone, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) })
	want := map[uuid.UUID]events.DeliveryStatus{o.hook(failing): events.Pending, o.hook(gone): events.Failed, o.hook("http://127.0.0.1:1"): events.Pending}
	for id := range want {
		o.add(id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { o.deliverer(t).Run(ctx) })
	for range want {
		d := <-o.written
		if d.Status != want[d.WebhookID] || d.Attempts != 1 || d.Tries[0].Error == "" || strings.Contains(d.Tries[0].Error, "http://") {
			t.Errorf("%+v", d)
		}
		if d.Status == events.Pending && !d.DueAt.After(time.Now()) {
			t.Errorf("it is due at %v", d.DueAt)
		}
	}
	cancel()
	running.Wait()
	if o.disabled.Load() != 1 {
		t.Errorf("%d webhooks were disabled", o.disabled.Load())
	}
}
