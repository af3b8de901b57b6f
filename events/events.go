// Package events is what the service tells others of: the events of the contract, the webhooks
// that receive them, and the signatures by which a receiver knows whose they are.
package events

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Type is what happened, noun.verb.
type Type string

// The types of events.
const (
	// ThresholdReached is a share of a day's or month's credits, once each.
	ThresholdReached Type = "usage.threshold_reached"
	// QuotaExceeded is the first refusal of a user's day for want of credits.
	QuotaExceeded Type = "usage.quota_exceeded"
	GrantUsedUp   Type = "grant.used_up"
	KeyCreated    Type = "key.created"
	KeyRotated    Type = "key.rotated"
	KeyRevoked    Type = "key.revoked"
	// KeyExpiring comes 7 days before a key's expiry, or with its creation where that is later.
	KeyExpiring     Type = "key.expiring"
	UserCreated     Type = "user.created"
	UserSuspended   Type = "user.suspended"
	UserReactivated Type = "user.reactivated"
	UserErased      Type = "user.erased"
	// PlanChanged is a change of a plan, or of a user to another plan.
	PlanChanged       Type = "plan.changed"
	UpstreamDown      Type = "upstream.down"
	UpstreamRecovered Type = "upstream.recovered"
	LedgerMismatch    Type = "ledger.mismatch"

	// BackupFailed and TwoStepLocked go to operators by mail, never to webhooks.
	BackupFailed  Type = "backup.failed"
	TwoStepLocked Type = "user.two_step_locked"
	// Test is sent to one webhook when an operator asks for it.
	Test Type = "webhook.test"
)

// Types lists what a webhook can ask for.
func Types() []Type {
	return []Type{
		ThresholdReached, QuotaExceeded, GrantUsedUp, KeyCreated, KeyRotated, KeyRevoked, KeyExpiring,
		UserCreated, UserSuspended, UserReactivated, UserErased, PlanChanged, UpstreamDown, UpstreamRecovered, LedgerMismatch,
	}
}

// Event is something that happened. It is written in the transaction of what happened.
type Event struct {
	// ID is of version 7: events of one user are in the order of their ids.
	ID uuid.UUID
	At time.Time
	Type
	// UserID is whom it concerns; uuid.Nil for nobody. A user's events are delivered in order.
	UserID uuid.UUID
	// SubjectID is what it is about; uuid.Nil for nothing that has an id.
	SubjectID uuid.UUID
	// Data is the payload's data, a JSON object.
	Data json.RawMessage
	// Once names what happens only once, such as a threshold of a day; empty where it may happen again.
	Once string
}

// MailID stands for mail among the webhooks that an event is delivered to.
var MailID = uuid.Nil

// ByMail are the types that somebody may be told by mail.
func ByMail() []Type {
	return []Type{ThresholdReached, QuotaExceeded, KeyExpiring, UpstreamDown, UpstreamRecovered, LedgerMismatch, BackupFailed, TwoStepLocked}
}

// SentByMail reports whether somebody may be told of events of a type by mail.
func SentByMail(t Type) bool { return slices.Contains(ByMail(), t) }

// Webhook is where events are sent to by HTTP.
type Webhook struct {
	ID          uuid.UUID
	URL         string
	Description string
	// Types are those that are sent; none for all.
	Types   []Type
	Enabled bool
	// Secret and Previous are the signing secrets; Previous signs too until PreviousEndsAt, and is empty without one.
	Secret, Previous Secret
	PreviousEndsAt   *time.Time
	CreatedAt        time.Time
	// Problem is why a secret cannot be used; empty if nothing is wrong.
	Problem string
}

// Wants reports whether events of a type are sent to the webhook.
func (w *Webhook) Wants(t Type) bool {
	return w.Enabled && (len(w.Types) == 0 || slices.Contains(w.Types, t)) && slices.Contains(Types(), t)
}
