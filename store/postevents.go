package store

import (
	"context"
	"strconv"
	"time"

	"codexible/events"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The events of a posting: they are written in its transaction. A batch without any reads and
// writes nothing for them.

// ledgerEvent is an event of the ledger: the user is read where there is an event, and to whom it goes is decided.
type ledgerEvent struct {
	events.Event

	data events.Data
	to   []uuid.UUID
}

// encode completes the event by its user, who is nil where the user does not exist.
func (e *ledgerEvent) encode(user *eventUser) {
	if user != nil {
		e.data.User = user.data()
	}
	e.Data = e.data.Encode()
}

// eventsOf are the events of a posting that somebody wants, of accounts as they are after it.
func (a *audience) eventsOf(p *usage.Posting, accounts ledgerAccounts) (list []ledgerEvent) {
	if a == nil {
		return nil
	}
	if to := a.receivers(events.ThresholdReached); len(to) > 0 {
		for _, c := range p.Crossings(accounts, a.settings.UsageThresholds) {
			list = append(list, ledgerEvent{thresholdEvent(&c, p.Day), events.Data{Credits: creditsOf(&c, p.Day)}, to})
		}
	}
	if to := a.receivers(events.GrantUsedUp); len(to) > 0 {
		for _, u := range p.UsedUp(accounts) {
			e := events.Event{Type: events.GrantUsedUp, UserID: u.UserID, SubjectID: u.Grant.ID, Once: "used_up:" + u.Grant.ID.String()}
			list = append(list, ledgerEvent{e, events.Data{Grant: grantOfEvent(u.Grant)}, to})
		}
	}
	return list
}

// thresholdEvent happens once in a day or a month.
func thresholdEvent(c *usage.Crossing, day usage.Day) events.Event {
	when := string(day)
	if c.Limit == usage.LimitMonth {
		when = day.Month()
	}
	once := "threshold:" + c.UserID.String() + ":" + when + ":" + strconv.Itoa(c.Percent)
	return events.Event{Type: events.ThresholdReached, UserID: c.UserID, SubjectID: c.UserID, Once: once}
}

func creditsOf(c *usage.Crossing, day usage.Day) *events.Credits {
	credits := &events.Credits{Limit: limitDay, Threshold: c.Percent, Date: string(day), CreditsUsed: c.Used, CreditLimit: c.Of, ResetsAt: day.End()}
	if c.Limit == usage.LimitMonth {
		credits.Limit, credits.ResetsAt = limitMonth, day.EndOfMonth()
	}
	return credits
}

func grantOfEvent(g usage.Grant) *events.Grant {
	e := &events.Grant{ID: g.ID, Credits: g.Credits}
	if !g.ExpiresAt.IsZero() {
		e.ExpiresAt = new(g.ExpiresAt.UTC())
	}
	return e
}

// tellPosting emits the events of a posting that is not the meter's.
func (c *change) tellPosting(p *usage.Posting, accounts ledgerAccounts) error {
	if _, err := c.receivers(events.ThresholdReached); err != nil {
		return err
	}
	for _, e := range c.audience.eventsOf(p, accounts) {
		user, err := userOfEvent(c.DB, e.UserID)
		if err != nil {
			return err
		}
		e.data.User = user
		e.Data = e.data.Encode()
		if err := c.emit(e.Event); err != nil {
			return err
		}
	}
	return nil
}

// Credits.Limit of events.
const (
	limitDay   = "day"
	limitMonth = "month"
	limitKey   = "key"
)

const (
	intoEvents     = "INSERT INTO events (id, at, type, user_id, subject_id, data, once) "
	intoDeliveries = "INSERT INTO deliveries (webhook_id, event_id, user_id, status, due_at) "
)

// tell writes the events of a posting.
func (l *sqliteLedger) tell(p *usage.Posting, to *audience, mint func(time.Time) uuid.UUID) error {
	for _, e := range to.eventsOf(p, l.accounts) {
		var user *eventUser
		err := l.rows("SELECT "+userOfEventColumns+"= ?1", func(row scanner) error {
			user = &eventUser{}
			return row.Scan(user.fields()...)
		}, func(s *statement) { s.blob(e.UserID[:]) })
		if err != nil {
			return err
		}
		e.ID, e.At = mint(p.At), p.At
		e.encode(user)
		if err := l.writeEvent(&e); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) writeEvent(e *ledgerEvent) error {
	event, err := l.handle.statement(intoEvents + "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
	if err != nil {
		return err
	}
	event.blob(e.ID[:])
	event.integers(e.At.UnixMicro())
	event.text(string(e.Type))
	event.id(e.UserID)
	event.id(e.SubjectID)
	event.text(string(e.Data))
	event.text(e.Once)
	if err := event.exec(); err != nil || event.changes() == 0 { // it happened before
		return err
	}
	delivery, err := l.handle.statement(intoDeliveries + "VALUES (?, ?, ?, 'pending', ?)")
	if err != nil {
		return err
	}
	for _, webhook := range e.to {
		delivery.blob(webhook[:])
		delivery.blob(e.ID[:])
		delivery.id(e.UserID)
		delivery.integers(e.At.UnixMicro())
		if err := delivery.exec(); err != nil {
			return err
		}
	}
	return nil
}

// told are the events of a posting, with their users: one round trip more where there are any.
func (d postgresDialect) told(ctx context.Context, conn *pgxpool.Conn, p *usage.Posting, accounts ledgerAccounts, to *audience) ([]ledgerEvent, error) {
	list := to.eventsOf(p, accounts)
	if len(list) == 0 {
		return nil, nil
	}
	ids, users := make([][16]byte, len(list)), map[uuid.UUID]*eventUser{}
	for i := range list {
		ids[i] = list[i].UserID
	}
	batch := &pgx.Batch{}
	queue(batch, func(row scanner) error {
		user := &eventUser{}
		err := row.Scan(user.fields()...)
		users[user.id] = user
		return err
	}, "SELECT "+userOfEventColumns+ofUsers, distinct(ids))
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	for i := range list {
		e := &list[i]
		e.ID, e.At = d.mint(p.At), p.At
		e.encode(users[e.UserID])
	}
	return list, nil
}

// queueEvents writes the events that have not happened before, each with its deliveries.
func queueEvents(batch *pgx.Batch, list []ledgerEvent) {
	for i := range list {
		e := &list[i]
		to := make([][16]byte, len(e.to))
		for n, webhook := range e.to {
			to[n] = webhook
		}
		batch.Queue("WITH written AS ("+intoEvents+"VALUES ($1::uuid, $2::timestamptz, $3, $4::uuid, $5::uuid, $6, $7) ON CONFLICT DO NOTHING RETURNING id) "+
			intoDeliveries+"SELECT w.id, written.id, $4::uuid, 'pending', $2::timestamptz FROM written, unnest($8::uuid[]) AS w(id)",
			[16]byte(e.ID), e.At, string(e.Type), orNull(e.UserID), orNull(e.SubjectID), string(e.Data), e.Once, to)
	}
}
