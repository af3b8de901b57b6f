package store

import (
	"context"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// audience is who wants to be told of events. It does not change.
type audience struct {
	// webhooks are the enabled ones, with their ids and types alone.
	webhooks []events.Webhook
	mail     bool
	settings accounts.Settings
}

// receivers are the webhooks that want events of a type, events.MailID among them where they are sent by mail.
func (a *audience) receivers(t events.Type) (ids []uuid.UUID) {
	for i := range a.webhooks {
		if w := &a.webhooks[i]; w.Wants(t) {
			ids = append(ids, w.ID)
		}
	}
	if a.mail && events.SentByMail(t) {
		ids = append(ids, events.MailID)
	}
	return ids
}

const (
	// audienceAge is how old the cached audience may be; it is renewed in the background after half of that.
	audienceAge = time.Second
	// audiencePatience is how long a charge waits for an audience that is read.
	audiencePatience = 250 * time.Millisecond
)

func audienceAges(time.Duration) (renewed, over time.Duration) { return audienceAge / 2, audienceAge }

// wanted returns who wants events, at most a second old, and as it is after every change
// that this process made. While it cannot be read the last one counts: no charge fails for it.
func (s *Store) wanted(ctx context.Context) (*audience, error) {
	last := s.lastAudience.Load()
	a, err := s.audience.get(ctx, "", func(ctx context.Context) (a *audience, err error) {
		if last != nil {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, audiencePatience)
			defer cancel()
		}
		err = s.reading(ctx, func(db *gorm.DB) error {
			a, err = s.audienceOn(db)
			return err
		})
		return a, err
	})
	switch {
	case err == nil && a != last:
		s.lastAudience.Store(a)
	case err != nil && last != nil:
		return last, nil
	}
	return a, err
}

// audienceOn reads who wants events. By hand: it is read every second while there are charges.
func (s *Store) audienceOn(db *gorm.DB) (*audience, error) {
	type line struct {
		id    uuid.UUID
		types string
	}
	lines, err := listOn(db, func(l *line) []any { return []any{&l.id, &l.types} }, "SELECT w.id, w.types FROM webhooks AS w WHERE w.enabled ORDER BY w.id")
	if err != nil {
		return nil, err
	}
	a := &audience{mail: s.mail}
	for _, l := range lines {
		w := events.Webhook{ID: l.id, Enabled: true}
		for name := range strings.FieldsSeq(l.types) {
			w.Types = append(w.Types, events.Type(name))
		}
		a.webhooks = append(a.webhooks, w)
	}
	a.settings, err = settingsOn(db)
	return a, err
}
