package handlers

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/store"

	"github.com/google/uuid"
)

type adminWebhook struct {
	ID            uuid.UUID        `json:"id"`
	URL           string           `json:"url" doc:"A viewer gets the host alone: the rest may hold a secret of the receiver's." example:"https://example.com/hooks"`
	Description   string           `json:"description" example:"billing"`
	Types         []events.Type    `json:"types" enum:"usage.threshold_reached,usage.quota_exceeded,grant.used_up,key.created,key.rotated,key.revoked,key.expiring,user.created,user.suspended,user.reactivated,user.erased,plan.changed,upstream.down,upstream.recovered,ledger.mismatch" doc:"The types of events that are sent; empty for all." example:"[\"key.created\",\"key.revoked\"]"`
	Enabled       bool             `json:"enabled" example:"true"`
	OverlapsUntil *openapi.Instant `json:"overlaps_until" doc:"Until when the secret of before signs too; null if it does not." example:"null"`
	Problem       *string          `json:"problem" doc:"Why a secret cannot be used; null if nothing is wrong." example:"null"`
	CreatedAt     openapi.Instant  `json:"created_at"`
}

// WebhookForm is a webhook as the admin endpoints return it, without secrets.
func WebhookForm(w *events.Webhook, now time.Time) any { return adminWebhookOf(w, now) }

func adminWebhookOf(w *events.Webhook, now time.Time) adminWebhook {
	form := adminWebhook{
		ID: w.ID, URL: w.URL, Description: w.Description, Types: each(w.Types, func(t events.Type) events.Type { return t }), Enabled: w.Enabled, Problem: optionalText(w.Problem), CreatedAt: openapi.Instant(w.CreatedAt),
	}
	if w.Overlaps(now) {
		form.OverlapsUntil = optionalInstant(w.PreviousEndsAt)
	}
	return form
}

// secretWebhook is a webhook in the answers that show its secret.
type secretWebhook struct {
	adminWebhook
	Secret string `json:"secret" doc:"What its events are signed with, by the Standard Webhooks specification. It is shown in this answer alone." example:"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"`
}

// SecretWebhookForm is a webhook in the answers that show its secret.
func SecretWebhookForm(w *events.Webhook, now time.Time) any { return secretWebhookOf(w, now) }

func secretWebhookOf(w *events.Webhook, now time.Time) secretWebhook {
	return secretWebhook{adminWebhookOf(w, now), w.Secret.Reveal()}
}

func (a *api) adminWebhooks(ctx context.Context, r webhooksRequest) ([]adminWebhook, error) {
	list, err := a.Store.Webhooks(ctx)
	return each(list, func(w events.Webhook) adminWebhook {
		if r.identity.User.Role == accounts.RoleViewer {
			w = w.ForViewers()
		}
		return adminWebhookOf(&w, a.Now())
	}), err
}

type webhooksRequest struct{ caller }

// webhookInput is what is given of a webhook beside its URL.
type webhookInput struct {
	Description *string   `json:"description" maxLength:"200" example:"billing"`
	Types       *[]string `json:"types" enum:"usage.threshold_reached,usage.quota_exceeded,grant.used_up,key.created,key.rotated,key.revoked,key.expiring,user.created,user.suspended,user.reactivated,user.erased,plan.changed,upstream.down,upstream.recovered,ledger.mismatch" maxItems:"15" doc:"The types of events that are sent; they replace all. Empty, or absent in a new webhook: all types." example:"[\"key.created\",\"key.revoked\"]"`
	Enabled     *bool     `json:"enabled" doc:"While it is false nothing is sent, and events are not kept for it. Absent in a new webhook: true." example:"true"`
}

// change is the change that the input asks for.
func (in webhookInput) change(url *string, targets events.Targets) events.WebhookChange {
	return events.WebhookChange{URL: url, Description: in.Description, Types: in.Types, Enabled: in.Enabled, Targets: targets}
}

type createWebhookRequest struct {
	caller
	URL string `json:"url" required:"true" minLength:"1" maxLength:"2000" doc:"Where events are sent by POST: https://, or http:// for addresses that WEBHOOK_ALLOW_PRIVATE names. Private addresses are refused unless it names them." example:"https://example.com/hooks"`
	webhookInput
}

func (a *api) adminCreateWebhook(ctx context.Context, r createWebhookRequest) (secretWebhook, error) {
	w, err := a.Store.CreateWebhook(ctx, r.by, r.change(&r.URL, a.WebhookTargets))
	return secretWebhookOf(&w, a.Now()), err
}

type changeWebhookRequest struct {
	caller
	ID  uuid.UUID `path:"id" doc:"The webhook's id."`
	URL *string   `json:"url" minLength:"1" maxLength:"2000" doc:"Where events are sent by POST. What waits is sent there too." example:"https://example.com/hooks"`
	webhookInput
}

func (a *api) adminChangeWebhook(ctx context.Context, r changeWebhookRequest) (adminWebhook, error) {
	w, err := a.Store.ChangeWebhook(ctx, r.by, r.ID, r.change(r.URL, a.WebhookTargets))
	return adminWebhookOf(&w, a.Now()), err
}

type ofWebhookRequest struct {
	caller
	ID uuid.UUID `path:"id" doc:"The webhook's id."`
}

type deletedWebhook struct {
	Deleted bool `json:"deleted" example:"true"`
}

// DeletedWebhookForm is the answer to the deletion of a webhook.
func DeletedWebhookForm() any { return deletedWebhook{true} }

func (a *api) adminDeleteWebhook(ctx context.Context, r ofWebhookRequest) (deletedWebhook, error) {
	err := a.Store.DeleteWebhook(ctx, r.by, r.ID)
	return deletedWebhook{err == nil}, err
}

type rotateWebhookRequest struct {
	caller
	ID      uuid.UUID `path:"id" doc:"The webhook's id."`
	Overlap *int64    `json:"overlap_seconds" minimum:"0" maximum:"604800" doc:"How long the secret of before signs too. If absent: 86400, which is a day." example:"86400"`
}

func (a *api) adminRotateWebhook(ctx context.Context, r rotateWebhookRequest) (secretWebhook, error) {
	overlap := events.DefaultOverlap
	if r.Overlap != nil {
		overlap = time.Duration(*r.Overlap) * time.Second
	}
	w, err := a.Store.RotateWebhookSecret(ctx, r.by, r.ID, overlap)
	return secretWebhookOf(&w, a.Now()), err
}

type adminDelivery struct {
	ID        uuid.UUID             `json:"id" doc:"The event's id, which the receiver gets as webhook-id. Deliveries of an event to several webhooks have the same."`
	Type      events.Type           `json:"type" example:"key.created"`
	Status    events.DeliveryStatus `json:"status" enum:"pending,delivered,failed" doc:"pending: another attempt follows. failed: given up after 3 days, or because the receiver answered 410 Gone."`
	UserID    *uuid.UUID            `json:"user_id" doc:"Whom the event concerns; null for nobody. Events of a user arrive in their order."`
	CreatedAt openapi.Instant       `json:"created_at" doc:"When it happened."`
	Attempts  int64                 `json:"attempts" doc:"Since it was last sent again." example:"2"`
	Tries     []deliveryTry         `json:"tries" doc:"The last 30 attempts, the oldest first."`
	DueAt     *openapi.Instant      `json:"due_at" doc:"When the next attempt is due, unless an earlier event of the user is not delivered by then; null if none follows."`
	EndedAt   *openapi.Instant      `json:"ended_at" doc:"null while it is pending."`
	Answer    string                `json:"answer" doc:"The first 1024 bytes of the last answer." example:"ok"`
	Payload   string                `json:"payload" doc:"The body that is sent." example:"{\"type\":\"key.created\",\"timestamp\":\"2027-01-31T12:00:00Z\",\"data\":{}}"`
}

type deliveryTry struct {
	At     openapi.Instant `json:"at"`
	Status *int            `json:"status" doc:"Of the answer; null if there was none." example:"200"`
	Error  *string         `json:"error" doc:"Why it failed; null if the event was accepted." example:"null"`
	MS     int64           `json:"ms" doc:"How long it took." example:"35"`
}

// DeliveryForm is a delivery as the admin endpoints return it.
func DeliveryForm(d *events.Delivery) any { return adminDeliveryOf(*d) }

func adminDeliveryOf(d events.Delivery) adminDelivery {
	form := adminDelivery{
		ID: d.Event.ID, Type: d.Event.Type, Status: d.Status, UserID: optionalID(d.Event.UserID), CreatedAt: openapi.Instant(d.Event.At), Attempts: d.Attempts,
		EndedAt: optionalInstant(d.EndedAt), Answer: d.Answer, Payload: string(d.Event.Payload()),
	}
	if d.Status == events.Pending {
		form.DueAt = known(d.DueAt)
	}
	form.Tries = each(d.Tries, func(t events.Try) deliveryTry {
		try := deliveryTry{At: openapi.Instant(t.At), Error: optionalText(t.Error), MS: t.MS}
		if t.Status != 0 {
			try.Status = &t.Status
		}
		return try
	})
	return form
}

// errNoWebhooks says that this process sends nothing.
var errNoWebhooks = fault.New(fault.Unavailable, "This instance cannot send to webhooks right now. Try again shortly.")

func (a *api) adminTestWebhook(ctx context.Context, r ofWebhookRequest) (adminDelivery, error) {
	if _, err := a.Store.Webhook(ctx, r.ID); err != nil {
		return adminDelivery{}, err
	}
	if a.SendWebhook == nil {
		return adminDelivery{}, errNoWebhooks
	}
	d, err := a.Store.TestWebhook(ctx, r.by, r.ID, a.SendWebhook)
	return adminDeliveryOf(d), err
}

type deliveriesRequest struct {
	ID     uuid.UUID             `path:"id" doc:"The webhook's id."`
	Status events.DeliveryStatus `query:"status" enum:"pending,delivered,failed" doc:"Only deliveries that are so far."`
	Type   string                `query:"type" format:"printable" minLength:"1" maxLength:"100" doc:"Only events of this type." example:"key.created"`
	Limit  int                   `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Maximum number of deliveries to return."`
	After  uuid.UUID             `query:"after" doc:"The id of the last delivery of the previous page."`
}

func (a *api) adminDeliveries(ctx context.Context, r deliveriesRequest) ([]adminDelivery, error) {
	list, err := a.Store.Deliveries(ctx, store.DeliveryQuery{WebhookID: r.ID, Status: r.Status, Type: events.Type(r.Type), After: r.After, Limit: r.Limit})
	if err == nil && len(list) == 0 {
		_, err = a.Store.Webhook(ctx, r.ID)
	}
	return each(list, adminDeliveryOf), err
}

type redeliverRequest struct {
	caller
	ID         uuid.UUID `path:"id" doc:"The webhook's id."`
	DeliveryID uuid.UUID `path:"delivery_id" doc:"The delivery's id."`
}

func (a *api) adminRedeliver(ctx context.Context, r redeliverRequest) (adminDelivery, error) {
	d, err := a.Store.Redeliver(ctx, r.by, r.ID, r.DeliveryID)
	return adminDeliveryOf(d), err
}
