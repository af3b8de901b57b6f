package store

import (
	"context"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
)

// AddReceiver makes an enabled webhook for types of events, all where none are named, as another
// instance would that announces it.
func AddReceiver(t testing.TB, s *Store, types ...events.Type) (id uuid.UUID) {
	t.Helper()
	names := make([]string, len(types))
	for i := range types {
		names[i] = string(types[i])
	}
	err := s.changing(context.Background(), accounts.ActorSystem, func(tx *change) error {
		id = s.ids.mint(tx.at)
		if err := tx.Create(&webhookRow{ID: id, URL: "https://receiver.example", Types: strings.Join(names, " "), Enabled: true, CreatedAt: tx.at}).Error; err != nil {
			return err
		}
		return tx.changed(accounts.SubjectWebhook, id)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Written are the events that were written, the oldest first.
func Written(t testing.TB, s *Store) (all []events.Event) {
	t.Helper()
	var rows []eventRow
	if err := s.read.Order("id").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		r := &rows[i]
		e := events.Event{ID: r.ID, At: r.At.UTC(), Type: events.Type(r.Type), Data: []byte(r.Data)}
		if r.UserID != nil {
			e.UserID = *r.UserID
		}
		if r.SubjectID != nil {
			e.SubjectID = *r.SubjectID
		}
		if r.Once != nil {
			e.Once = *r.Once
		}
		all = append(all, e)
	}
	return all
}

// Waiting are the events that wait for a webhook, the oldest first.
func Waiting(t testing.TB, s *Store, webhook uuid.UUID) (ids []uuid.UUID) {
	t.Helper()
	if err := s.read.Model(&deliveryRow{}).Where("webhook_id = ? AND status = 'pending'", webhook).Order("event_id").Pluck("event_id", &ids).Error; err != nil {
		t.Fatal(err)
	}
	return ids
}

// SendsMail is what Options.Mail says.
func SendsMail(s *Store) {
	s.mail = true
	s.audience.invalidate()
}

// Emit writes an event in a transaction of its own, which is rolled back where broken.
func Emit(s *Store, e events.Event, broken error) error {
	return s.changing(context.Background(), accounts.ActorSystem, func(tx *change) error {
		if err := tx.emit(e); err != nil {
			return err
		}
		return broken
	})
}

// AudienceIn counts who wants a type as a charge would see it.
func AudienceIn(t testing.TB, s *Store, of events.Type) int {
	t.Helper()
	a, err := s.wanted(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return len(a.receivers(of))
}

// RefusalsWritten waits for the events of refusals.
func RefusalsWritten(s *Store) { s.refused.writers.Wait() }

// EndDelivery says that an event was delivered.
func EndDelivery(t testing.TB, s *Store, webhook, event uuid.UUID) {
	t.Helper()
	if err := s.write.Model(&deliveryRow{}).Where("webhook_id = ? AND event_id = ?", webhook, event).UpdateColumns(map[string]any{"status": "delivered", "ended_at": s.now()}).Error; err != nil {
		t.Fatal(err)
	}
}

// EraseEvents rewrites the events of a user.
func EraseEvents(t testing.TB, s *Store, user uuid.UUID, email string) {
	t.Helper()
	if err := s.changing(context.Background(), accounts.ActorSystem, func(tx *change) error { return tx.eraseEvents(user, email, "") }); err != nil {
		t.Fatal(err)
	}
}
