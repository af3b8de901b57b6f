package views

import (
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/events"
)

// Webhooks is the list of webhooks.
type Webhooks struct {
	Frame
	Heads []Head
	Lines []WebhookLine
}

// WebhookLine is a webhook with what waits for it and what failed within a day.
type WebhookLine struct {
	*events.Webhook

	Waiting, Failed int64
	// Oldest is the event that waits the longest; nil for none.
	Oldest *time.Time
}

// Webhook is a webhook with its deliveries.
type Webhook struct {
	Frame
	Line WebhookLine
	// Overlaps is whether the previous secret still signs.
	Overlaps   bool
	Show       RangeChoice
	Deliveries []events.Delivery
	Pager      Pager
	Audit      []accounts.AuditEntry
}

// WebhookDelivery is one delivery.
type WebhookDelivery struct {
	Frame
	Webhook  *events.Webhook
	Delivery events.Delivery
}

// WebhookSecret shows the secret of a webhook once.
type WebhookSecret struct {
	Frame
	Webhook *events.Webhook
	// OldWorks says how long the previous secret signs; may be empty.
	OldWorks string
}

// WebhookPath is the page of a webhook.
func WebhookPath(w *events.Webhook) string { return "/admin/webhooks/" + w.ID.String() }

func deliveryPath(d *events.Delivery) string {
	return WithQuery("/admin/webhooks/"+d.WebhookID.String()+"/delivery", "event", d.Event.ID.String())
}

func webhookTypes(w *events.Webhook) string {
	if len(w.Types) == 0 {
		return "All events"
	}
	names := make([]string, len(w.Types))
	for i, t := range w.Types {
		names[i] = string(t)
	}
	return strings.Join(names, ", ")
}

func webhookState(w *events.Webhook) State {
	switch {
	case w.Problem != "":
		return State{Tone: ToneBad, Text: "Secret unusable", Why: sentenceOf(w.Problem)}
	case !w.Enabled:
		return State{Text: "Disabled", Why: "Nothing is sent, and events are not kept for it. Edit it to enable it."}
	}
	return State{Tone: ToneGood, Text: "Enabled"}
}

func sentenceOf(problem string) string { return strings.ToUpper(problem[:1]) + problem[1:] + "." }

func deliveryState(d *events.Delivery) State {
	switch d.Status {
	case events.Delivered:
		return State{Tone: ToneGood, Text: "Delivered"}
	case events.Failed:
		return State{Tone: ToneBad, Text: "Failed"}
	case events.Pending:
	}
	if d.Attempts > 0 {
		return State{Tone: ToneWarn, Text: "Trying again"}
	}
	return State{Text: "Waiting"}
}

// lastTry is what the last attempt led to; empty before the first.
func lastTry(d *events.Delivery) string {
	if len(d.Tries) == 0 {
		return ""
	}
	return tryResult(d.Tries[len(d.Tries)-1])
}

func tryResult(t events.Try) string {
	if t.Error != "" {
		return sentenceOf(t.Error)
	}
	return "Accepted with " + strconv.Itoa(t.Status) + "."
}
