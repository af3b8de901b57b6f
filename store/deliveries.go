package store

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// By hand, all of this file: deliveries are claimed, read with their events and listed by joins.

// setAside is how far a delivery is moved ahead that waits for an earlier one of its user. The
// end of that one makes it due at once; this only bounds how often it is looked at meanwhile.
const setAside = time.Hour

const deliveryColumns = "d.webhook_id, d.event_id, d.status, d.attempts, d.tries, d.due_at, d.answer, d.ended_at, e.at, e.type, e.user_id, e.subject_id, e.data"

// deliveryLine is a row of deliveryColumns.
type deliveryLine struct {
	events.Delivery

	tries, data   string
	user, subject uuid.NullUUID
	ended         *time.Time
}

func (l *deliveryLine) fields() []any {
	d := &l.Delivery
	return []any{&d.WebhookID, &d.Event.ID, &d.Status, &d.Attempts, &l.tries, &d.DueAt, &d.Answer, &l.ended, &d.Event.At, &d.Event.Type, &l.user, &l.subject, &l.data}
}

func deliveriesOf(lines []deliveryLine) []events.Delivery {
	all := make([]events.Delivery, len(lines))
	for i := range lines {
		l := &lines[i]
		d := l.Delivery
		d.Event.UserID, d.Event.SubjectID, d.Event.Data = l.user.UUID, l.subject.UUID, json.RawMessage(l.data)
		d.DueAt, d.Event.At, d.EndedAt = d.DueAt.UTC(), d.Event.At.UTC(), utc(l.ended)
		_ = json.Unmarshal([]byte(l.tries), &d.Tries) // what cannot be read is shown as no attempts
		all[i] = d
	}
	return all
}

// takeDeliveries waits for every other transaction that claims or ends deliveries of a webhook.
func (s *Store) takeDeliveries(tx *gorm.DB, webhook uuid.UUID) error {
	return s.dialect.takeTurn(tx, "codexible deliveries "+webhook.String())
}

// ClaimDeliveries takes deliveries that are due, for an attempt each, and moves them ahead by
// the lease, so that nobody else takes them meanwhile. Of those of one user and one webhook
// only the oldest that has not ended is taken; those of nobody are taken each by themselves.
func (s *Store) ClaimDeliveries(ctx context.Context, c events.Claim) (claimed []events.Delivery, err error) {
	if c.All <= 0 {
		return nil, nil
	}
	of, err := s.dueWebhooks(ctx, c)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	err = s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		for _, webhook := range of {
			if err := s.takeDeliveries(tx.DB, webhook); err != nil {
				return err
			}
			most := min(c.Each-c.Busy[webhook], c.All-len(claimed))
			taken, err := tx.claimOf(webhook, most, s.now(), c.Lease)
			if err != nil {
				return err
			}
			claimed = append(claimed, taken...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

// dueWebhooks are the webhooks that have room for an attempt and a due delivery, in the order of their ids.
func (s *Store) dueWebhooks(ctx context.Context, c events.Claim) (of []uuid.UUID, err error) {
	statement, args := "SELECT DISTINCT d.webhook_id FROM deliveries AS d WHERE d.status = 'pending' AND d.due_at <= ? AND ", []any{s.now()}
	if c.Mail {
		statement, args = statement+"d.webhook_id = ?", append(args, events.MailID)
	} else {
		statement += "d.webhook_id IN (SELECT w.id FROM webhooks AS w WHERE w.enabled)"
	}
	found, err := list(ctx, s, func(id *uuid.UUID) []any { return []any{id} }, statement, args...)
	for _, id := range found {
		if c.Busy[id] < c.Each {
			of = append(of, id)
		}
	}
	if len(of) > c.All { // everybody gets one of few places sooner or later
		rand.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] }) //nolint:gosec // turns are no secret
		of = of[:c.All]
	}
	slices.SortFunc(of, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) // transactions take several turns in one order
	return of, err
}

// claimPage is how many due deliveries a claim looks at, at a time.
const claimPage = 200

// claimOf takes up to most deliveries of a webhook. Those that wait for an earlier one are set aside.
func (c *change) claimOf(webhook uuid.UUID, most int, now time.Time, lease time.Duration) ([]events.Delivery, error) {
	var ids []uuid.UUID
	for range 5 {
		type candidate struct {
			event uuid.UUID
			waits bool
		}
		due, err := listOn(c.DB, func(d *candidate) []any { return []any{&d.event, &d.waits} }, `SELECT d.event_id, d.user_id IS NOT NULL AND EXISTS (
				SELECT 1 FROM deliveries AS o WHERE o.webhook_id = d.webhook_id AND o.user_id = d.user_id AND o.status = 'pending' AND o.event_id < d.event_id)
			FROM deliveries AS d WHERE d.webhook_id = ? AND d.status = 'pending' AND d.due_at <= ? ORDER BY d.due_at, d.event_id LIMIT ?`, webhook, now, claimPage)
		if err != nil {
			return nil, err
		}
		var first, aside []uuid.UUID
		for _, d := range due {
			switch {
			case d.waits:
				aside = append(aside, d.event)
			case len(ids)+len(first) < most:
				first = append(first, d.event)
			}
		}
		if err := c.moveAhead(webhook, aside, now.Add(setAside)); err != nil {
			return nil, err
		}
		if err := c.moveAhead(webhook, first, now.Add(lease)); err != nil {
			return nil, err
		}
		if ids = append(ids, first...); len(ids) >= most || len(due) < claimPage {
			break
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	lines, err := listOn(c.DB, (*deliveryLine).fields, "SELECT "+deliveryColumns+" FROM deliveries AS d JOIN events AS e ON e.id = d.event_id WHERE d.webhook_id = ? AND d.event_id IN ? ORDER BY d.event_id", webhook, ids)
	return deliveriesOf(lines), err
}

func (c *change) moveAhead(webhook uuid.UUID, ids []uuid.UUID, to time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	return c.Exec("UPDATE deliveries SET due_at = ? WHERE webhook_id = ? AND event_id IN ?", to, webhook, ids).Error
}

// WriteDelivery writes what became of a claimed delivery, after its Conclude. Where it ended the
// next one of its user is due at once. A delivery that is gone is no error.
func (s *Store) WriteDelivery(ctx context.Context, d *events.Delivery) error {
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		if err := s.takeDeliveries(tx.DB, d.WebhookID); err != nil {
			return err
		}
		tries, _ := json.Marshal(d.Tries)
		err := tx.Model(&deliveryRow{}).Where("webhook_id = ? AND event_id = ? AND status = 'pending'", d.WebhookID, d.Event.ID).UpdateColumns(map[string]any{
			"status": string(d.Status), "attempts": d.Attempts, "tries": string(tries), "due_at": d.DueAt, "answer": d.Answer, "ended_at": d.EndedAt,
		}).Error
		if err != nil || d.Status == events.Pending || d.Event.UserID == uuid.Nil {
			return err
		}
		return tx.Exec(`UPDATE deliveries SET due_at = ? WHERE webhook_id = ? AND event_id = (SELECT o.event_id FROM deliveries AS o
			WHERE o.webhook_id = ? AND o.user_id = ? AND o.status = 'pending' ORDER BY o.event_id LIMIT 1) AND due_at > ?`,
			s.now(), d.WebhookID, d.WebhookID, d.Event.UserID, s.now()).Error
	})
}

// ReleaseDeliveries makes claimed deliveries due again that were not attempted.
func (s *Store) ReleaseDeliveries(ctx context.Context, list []events.Delivery) error {
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		for i := range list {
			err := tx.Exec("UPDATE deliveries SET due_at = ? WHERE webhook_id = ? AND event_id = ? AND status = 'pending'", tx.at, list[i].WebhookID, list[i].Event.ID).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DeliveryQuery narrows the deliveries of a webhook; zero fields narrow nothing.
type DeliveryQuery struct {
	WebhookID uuid.UUID
	Status    events.DeliveryStatus
	Type      events.Type
	// After is the event of the last delivery of the page before.
	After uuid.UUID
	Limit int
}

// Deliveries lists deliveries of a webhook, those of the newest events first.
func (s *Store) Deliveries(ctx context.Context, q DeliveryQuery) ([]events.Delivery, error) {
	where, args := " WHERE d.webhook_id = ?", []any{q.WebhookID}
	and := func(condition string, arg any) {
		where, args = where+" AND "+condition, append(args, arg)
	}
	if q.Status != "" {
		and("d.status = ?", string(q.Status))
	}
	if q.Type != "" {
		and("e.type = ?", string(q.Type))
	}
	if q.After != uuid.Nil {
		and("d.event_id < ?", q.After)
	}
	lines, err := list(ctx, s, (*deliveryLine).fields, "SELECT "+deliveryColumns+" FROM deliveries AS d JOIN events AS e ON e.id = d.event_id"+where+" ORDER BY d.event_id DESC LIMIT ?", append(args, q.Limit)...)
	return deliveriesOf(lines), err
}

// Delivery reads one delivery; events.ErrDeliveryNotFound where it does not exist.
func (s *Store) Delivery(ctx context.Context, webhook, event uuid.UUID) (events.Delivery, error) {
	lines, err := list(ctx, s, (*deliveryLine).fields, "SELECT "+deliveryColumns+" FROM deliveries AS d JOIN events AS e ON e.id = d.event_id WHERE d.webhook_id = ? AND d.event_id = ?", webhook, event)
	if err != nil || len(lines) == 0 {
		return events.Delivery{}, orMissing(err, events.ErrDeliveryNotFound)
	}
	return deliveriesOf(lines)[0], nil
}

// Redeliver makes a delivery due, whatever became of it. events.ErrWebhookDisabled where nothing is sent.
func (s *Store) Redeliver(ctx context.Context, by accounts.Actor, webhook, event uuid.UUID) (events.Delivery, error) {
	err := s.changing(ctx, by, func(tx *change) error {
		w, err := s.readWebhook(tx.DB, webhook)
		if err != nil {
			return err
		}
		if !w.Enabled {
			return events.ErrWebhookDisabled
		}
		if err := s.takeDeliveries(tx.DB, webhook); err != nil {
			return err
		}
		again := tx.Exec("UPDATE deliveries SET status = 'pending', attempts = CASE WHEN status = 'pending' THEN attempts ELSE 0 END, due_at = ?, ended_at = NULL WHERE webhook_id = ? AND event_id = ?", s.now(), webhook, event)
		if again.Error != nil || again.RowsAffected == 0 {
			return orMissing(again.Error, events.ErrDeliveryNotFound)
		}
		return tx.record(entry{action: "webhook.redelivered", subject: accounts.SubjectWebhook, id: webhook, target: w.Host(),
			details: "Sent event " + event.String() + " to the webhook to " + w.Host() + " again."})
	})
	if err != nil {
		return events.Delivery{}, err
	}
	return s.Delivery(ctx, webhook, event)
}

// TestWebhook sends a test to one webhook, enabled or not, once. What became of it is among the webhook's deliveries.
func (s *Store) TestWebhook(ctx context.Context, by accounts.Actor, webhook uuid.UUID, send func(context.Context, *events.Webhook, *events.Event) events.Answer) (d events.Delivery, err error) {
	w, d, err := s.newTest(ctx, by, webhook)
	if err != nil {
		return d, err
	}
	d.Conclude(send(ctx, &w, &d.Event), s.now(), 0)
	return d, s.WriteDelivery(ctx, &d)
}

// newTest writes the event of a test and its delivery, which is claimed.
func (s *Store) newTest(ctx context.Context, by accounts.Actor, webhook uuid.UUID) (w events.Webhook, d events.Delivery, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		if w, err = s.readWebhook(tx.DB, webhook); err != nil {
			return err
		}
		data := json.RawMessage(`{"webhook_id":"` + webhook.String() + `"}`)
		d = events.Delivery{WebhookID: webhook, Status: events.Pending, DueAt: tx.at.Add(2 * events.Timeout), Event: events.Event{ID: s.ids.mint(tx.at), At: tx.at, Type: events.Test, SubjectID: webhook, Data: data}}
		if err := tx.Create(&eventRow{ID: d.Event.ID, At: tx.at, Type: string(events.Test), SubjectID: &webhook, Data: string(data)}).Error; err != nil {
			return err
		}
		if err := tx.Create(&deliveryRow{WebhookID: webhook, EventID: d.Event.ID, Status: string(events.Pending), Tries: "[]", DueAt: d.DueAt}).Error; err != nil {
			return err
		}
		return tx.record(entry{action: "webhook.tested", subject: accounts.SubjectWebhook, id: webhook, target: w.Host(), details: "Sent a test to the webhook to " + w.Host() + "."})
	})
	return w, d, err
}

// FailAbandoned ends deliveries older than events.Patience whose webhook is disabled or gone, or
// by mail where mail is off, at most limit.
func (s *Store) FailAbandoned(ctx context.Context, limit int) (ended int64, err error) {
	err = s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		done := tx.Exec(`UPDATE deliveries SET status = 'failed', ended_at = ? WHERE (webhook_id, event_id) IN (SELECT d.webhook_id, d.event_id FROM deliveries AS d
			WHERE d.status = 'pending' AND d.event_id < ? AND (d.webhook_id <> ? OR ?) AND d.webhook_id NOT IN (SELECT w.id FROM webhooks AS w WHERE w.enabled) LIMIT ?)`,
			tx.at, firstID(tx.at.Add(-events.Patience)), events.MailID, !s.mail, limit)
		ended = done.RowsAffected
		return done.Error
	})
	return ended, err
}

// DeliveryStats are the deliveries of a webhook, or of all, that wait and that failed within a day.
type DeliveryStats struct {
	Waiting, Failed int64
	// Oldest is the event that waits the longest; zero for none.
	Oldest time.Time
}

// DeliveryStats counts the deliveries by webhook; those by mail are under events.MailID.
// What failed is taken in the order of its end, so that an index finds it among many that were delivered.
func (s *Store) DeliveryStats(ctx context.Context) (map[uuid.UUID]DeliveryStats, error) {
	type line struct {
		webhook         uuid.UUID
		waiting, failed int64
		oldest          uuid.NullUUID
	}
	lines, err := list(ctx, s, func(l *line) []any { return []any{&l.webhook, &l.waiting, &l.failed, &l.oldest} }, `SELECT c.webhook_id, c.waiting, c.failed,
			(SELECT o.event_id FROM deliveries AS o WHERE o.webhook_id = c.webhook_id AND o.status = 'pending' ORDER BY o.event_id LIMIT 1)
		FROM (SELECT u.webhook_id, SUM(u.waiting) AS waiting, SUM(u.failed) AS failed FROM (
			SELECT w.webhook_id, COUNT(*) AS waiting, 0 AS failed FROM deliveries AS w WHERE w.status = 'pending' GROUP BY w.webhook_id
			UNION ALL SELECT f.webhook_id, 0, 1 FROM (SELECT e.webhook_id FROM deliveries AS e WHERE e.ended_at >= ? AND e.status = 'failed' ORDER BY e.ended_at LIMIT 1000000) AS f) AS u GROUP BY u.webhook_id) AS c`, s.now().Add(-24*time.Hour))
	stats := make(map[uuid.UUID]DeliveryStats, len(lines))
	for _, l := range lines {
		one := DeliveryStats{Waiting: l.waiting, Failed: l.failed}
		if l.oldest.Valid {
			seconds, nanos := l.oldest.UUID.Time().UnixTime()
			one.Oldest = time.Unix(seconds, nanos).UTC()
		}
		stats[l.webhook] = one
	}
	return stats, err
}
