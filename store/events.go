package store

import (
	"encoding/json"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// emit writes an event and a delivery of it to everybody who wants it, in the transaction of
// what happened. Where nobody does, or where it happens once and has happened, nothing is
// written. Its id is minted here, under the locks of the change: events of one user have
// ids in the order of their commits.
func (c *change) emit(e events.Event) error {
	to, err := c.receivers(e.Type)
	if err != nil || len(to) == 0 {
		return err
	}
	e.At = c.store.now()
	e.ID = c.store.ids.mint(e.At)
	row := eventRow{ID: e.ID, At: e.At, Type: string(e.Type), UserID: idOrNull(e.UserID), SubjectID: idOrNull(e.SubjectID), Data: string(e.Data)}
	insert := c.DB
	if e.Once != "" {
		row.Once = &e.Once
		insert = insert.Clauses(clause.OnConflict{DoNothing: true})
	}
	if written := insert.Create(&row); written.Error != nil || written.RowsAffected == 0 {
		return written.Error
	}
	deliveries := make([]deliveryRow, len(to))
	for i, webhook := range to {
		deliveries[i] = deliveryRow{WebhookID: webhook, EventID: e.ID, UserID: row.UserID, Status: "pending", Tries: "[]", DueAt: e.At}
	}
	return c.Create(&deliveries).Error
}

func idOrNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// receivers are those who want events of a type, as the transaction sees them.
func (c *change) receivers(t events.Type) ([]uuid.UUID, error) {
	if c.audience == nil {
		a, err := c.store.audienceOn(c.DB)
		if err != nil {
			return nil, err
		}
		c.audience = a
	}
	return c.audience.receivers(t), nil
}

// eventOf are the actions of the audit log that are events.
var eventOf = map[string]events.Type{
	"key.created": events.KeyCreated, "key.rotated": events.KeyRotated, "key.revoked": events.KeyRevoked,
	"user.created": events.UserCreated, "console.set_up": events.UserCreated, "user.suspended": events.UserSuspended,
	"user.reactivated": events.UserReactivated, string(events.UserErased): events.UserErased,
	"plan.changed": events.PlanChanged, "plan.archived": events.PlanChanged, "plan.restored": events.PlanChanged,
	"user.two_step_locked": events.TwoStepLocked, "backup.failed": events.BackupFailed,
}

// mayExpire are the actions after which a key may have an expiry that is near.
var mayExpire = map[string]bool{"key.created": true, "key.changed": true, "key.enabled": true}

// fieldPlan is a user's plan as the audit log calls it.
const fieldPlan = "plan"

// tell emits the events that an audit entry is about.
func (c *change) tell(e *entry) error {
	if t, is := eventOf[e.action]; is {
		if err := c.tellOf(t, e); err != nil {
			return err
		}
	}
	if was, is := e.before[fieldPlan]; is && e.subject == accounts.SubjectUser && was != e.after[fieldPlan] {
		if err := c.tellOf(events.PlanChanged, e); err != nil {
			return err
		}
	}
	if mayExpire[e.action] {
		return c.tellExpiring(e.id)
	}
	return nil
}

func (c *change) tellOf(t events.Type, e *entry) error {
	if to, err := c.receivers(t); err != nil || len(to) == 0 {
		return err
	}
	var d events.Data
	var user uuid.UUID
	var err error
	switch e.subject {
	case accounts.SubjectUser:
		user = e.id
		d.User, err = userOfEvent(c.DB, e.id)
		if t == events.PlanChanged {
			d.Before, d.After = map[string]any{fieldPlan: e.before[fieldPlan]}, map[string]any{fieldPlan: e.after[fieldPlan]}
		}
	case accounts.SubjectKey:
		var k keyRow
		if k, err = keyOfEvent(c.DB, e.id); err == nil {
			user, d.Key = k.UserID, k.ofEvent()
			d.User, err = userOfEvent(c.DB, user)
		}
	case accounts.SubjectPlan:
		d.Plan, d.Before, d.After = &events.Plan{ID: e.id, Name: e.target}, e.before, e.after
	default:
		d.Failure = &events.Failure{What: e.target, Details: e.details}
	}
	if err != nil {
		return err
	}
	return c.emit(events.Event{Type: t, UserID: user, SubjectID: e.id, Data: d.Encode()})
}

// expiryNotice is how long before a key's expiry its event comes.
const expiryNotice = 7 * 24 * time.Hour

// tellExpiring emits the event of a key whose expiry is near; that of others a job emits when it is.
func (c *change) tellExpiring(id uuid.UUID) error {
	if to, err := c.receivers(events.KeyExpiring); err != nil || len(to) == 0 {
		return err
	}
	k, err := keyOfEvent(c.DB, id)
	if err != nil || k.ExpiresAt == nil || k.Status == keys.StatusRevoked || !k.ExpiresAt.After(c.at) || k.ExpiresAt.Sub(c.at) > expiryNotice {
		return err
	}
	user, err := userOfEvent(c.DB, k.UserID)
	if err != nil {
		return err
	}
	d := events.Data{User: user, Key: k.ofEvent()}
	return c.emit(events.Event{Type: events.KeyExpiring, UserID: k.UserID, SubjectID: id, Data: d.Encode(), Once: onceExpiring(&k)})
}

// onceExpiring names a key's expiry: moved to another time, it is another event.
func onceExpiring(k *keyRow) string {
	return "expiring:" + k.ID.String() + ":" + k.ExpiresAt.UTC().Format(time.RFC3339Nano)
}

func keyOfEvent(db *gorm.DB, id uuid.UUID) (k keyRow, err error) {
	err = db.Take(&k, "id = ?", id).Error
	return k, missing(err, keys.ErrNotFound)
}

func (r *keyRow) ofEvent() *events.Key {
	return &events.Key{ID: r.ID, Prefix: r.Prefix, Label: r.Label, Status: string(r.Status), ExpiresAt: utc(r.ExpiresAt), Metadata: json.RawMessage(r.Metadata)}
}

// eventUser is a user as events have it.
type eventUser struct {
	id                              uuid.UUID
	email, name, external, metadata string
	plan, role, status              string
}

// userOfEventColumns select a user as events have it. Texts alone: the meter's connections read them too.
const userOfEventColumns = "u.id, u.email, u.name, COALESCE(u.external_id, ''), u.metadata, p.name, u.role, u.status FROM users AS u JOIN plans AS p ON p.id = u.plan_id WHERE u.id "

func (u *eventUser) fields() []any {
	return []any{&u.id, &u.email, &u.name, &u.external, &u.metadata, &u.plan, &u.role, &u.status}
}

func (u *eventUser) data() *events.User {
	return &events.User{
		ID: u.id, Email: u.email, Name: textOrNull(u.name), ExternalID: textOrNull(u.external), Metadata: json.RawMessage(u.metadata),
		Plan: u.plan, Role: u.role, Status: u.status,
	}
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// userOfEvent reads a user as events have it. By hand: a join, which the meter's connections read too.
func userOfEvent(db *gorm.DB, id uuid.UUID) (*events.User, error) {
	found, err := listOn(db, (*eventUser).fields, "SELECT "+userOfEventColumns+"= ?", id)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, accounts.ErrUserNotFound
	}
	return found[0].data(), nil
}
