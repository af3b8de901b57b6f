package store

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
)

// Emitted writes an event of a user, uuid.Nil for nobody, with a delivery to each webhook.
func Emitted(t testing.TB, s *Store, at time.Time, user uuid.UUID, webhooks ...uuid.UUID) (event uuid.UUID) {
	t.Helper()
	event = s.ids.mint(at)
	whose := &user
	if user == uuid.Nil {
		whose = nil
	}
	err := s.changing(context.Background(), accounts.ActorSystem, func(tx *change) error {
		if err := tx.Create(&eventRow{ID: event, At: at, Type: string(events.KeyCreated), UserID: whose, Data: `{"n": 1}`}).Error; err != nil {
			return err
		}
		for _, w := range webhooks {
			if err := tx.Create(&deliveryRow{WebhookID: w, EventID: event, UserID: whose, Status: "pending", Tries: "[]", DueAt: at}).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return event
}
