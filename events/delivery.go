package events

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// DeliveryStatus is how far a delivery is.
type DeliveryStatus string

// The states: it waits for its next attempt, it was accepted, or it was given up.
const (
	Pending   DeliveryStatus = "pending"
	Delivered DeliveryStatus = "delivered"
	Failed    DeliveryStatus = "failed"
)

// MaxTries is how many of the last attempts are kept.
const MaxTries = 30

// Patience is how long an event is tried again; after that it has failed.
const Patience = 3 * 24 * time.Hour

// Delivery is an event on its way to a webhook, or by mail where the webhook's id is MailID.
type Delivery struct {
	WebhookID uuid.UUID
	Event     Event
	Status    DeliveryStatus
	// Attempts counts all of them, Tries are the last MaxTries, the oldest first.
	Attempts int64
	Tries    []Try
	// DueAt is when the next attempt is due while it is pending.
	DueAt   time.Time
	Answer  string
	EndedAt *time.Time
}

// Try is one attempt.
type Try struct {
	At time.Time `json:"at"`
	// Status is that of the HTTP answer; 0 for none.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
	MS     int64  `json:"ms"`
}

// Answer is what an attempt led to.
type Answer struct {
	Try

	// Body is the beginning of the answer, printable.
	Body string
	// Final is whether another attempt would be in vain: the receiver wants no more events, or
	// refuses a mail for good.
	Final bool
	// Skipped is whether nothing was to be sent; Body says why.
	Skipped bool
	// Later is when to try again, where nothing was tried; zero where something was.
	Later time.Time
}

// OK reports whether the receiver accepted the event, or had not to be told.
func (a *Answer) OK() bool {
	return a.Skipped || a.Error == "" && a.Status >= 200 && a.Status < 300
}

// Claim says which due deliveries to take, for an attempt each.
type Claim struct {
	// Mail takes those by mail, false those to enabled webhooks.
	Mail bool
	// Busy counts the attempts under way by webhook. They and what is taken are at most Each for a webhook.
	Busy map[uuid.UUID]int
	// All is how many are taken at most.
	Each, All int
	// Lease is after what time somebody else may take them, should this process die.
	Lease time.Duration
}

// pauses are the times between attempts; the last one repeats.
var pauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour}

// Conclude adds an attempt to a delivery and decides what follows: it was delivered, it is due
// again after a pause, or it has failed because Patience has passed since the event. What was
// skipped or put off is no attempt; what was skipped has ended. The last
// attempt is at that moment. random, from 0 to 1, varies the pause by a fifth, so that what
// failed together does not return together.
func (d *Delivery) Conclude(a Answer, now time.Time, random float64) {
	if !a.Later.IsZero() {
		d.DueAt = a.Later
		return
	}
	if a.Skipped {
		d.Status, d.EndedAt, d.Answer = Delivered, &now, a.Body
		return
	}
	d.Attempts++
	d.Tries = append(slices.Clone(d.Tries), a.Try)
	d.Tries = d.Tries[max(0, len(d.Tries)-MaxTries):]
	d.Answer = a.Body
	end := d.Event.At.Add(Patience)
	switch {
	case a.OK():
		d.Status, d.EndedAt = Delivered, &now
	case a.Final, d.Event.Type == Test, !now.Before(end):
		d.Status, d.EndedAt = Failed, &now
	default:
		pause := pauses[min(int(d.Attempts), len(pauses))-1]
		d.DueAt = now.Add(time.Duration(float64(pause) * (0.8 + 0.4*random)))
		if d.DueAt.After(end) {
			d.DueAt = end
		}
	}
}

// Payload is the body by which an event is told, the same in every attempt.
func (e *Event) Payload() []byte {
	data := e.Data
	if !json.Valid(data) {
		data = json.RawMessage("{}")
	}
	body, _ := json.Marshal(struct { //nolint:errchkjson // texts and valid JSON always encode
		Type      Type            `json:"type"`
		Timestamp string          `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}{e.Type, e.At.UTC().Format(time.RFC3339Nano), data})
	return body
}
