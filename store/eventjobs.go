package store

import (
	"context"
	"encoding/json"
	"time"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// By hand, all of this file: pages along an index, and removals up to a limit.

// TellExpiring emits the events of keys that expire within 7 days and have none yet, a page
// after another. It reads nothing while nobody wants them.
func (s *Store) TellExpiring(ctx context.Context) error {
	to, err := s.wanted(ctx)
	if err != nil || len(to.receivers(events.KeyExpiring)) == 0 {
		return err
	}
	now := s.now()
	for after := (expiringKey{ExpiresAt: now}); ; {
		page, err := s.expiringAfter(ctx, after, now.Add(expiryNotice))
		if err != nil || len(page) == 0 {
			return err
		}
		if err := s.tellExpiringOnes(ctx, page); err != nil {
			return err
		}
		after = page[len(page)-1]
	}
}

// expiringPage is how many keys one transaction looks at.
const expiringPage = 200

type expiringKey struct {
	ID        uuid.UUID
	ExpiresAt time.Time
}

func (s *Store) expiringAfter(ctx context.Context, after expiringKey, until time.Time) ([]expiringKey, error) {
	return list(ctx, s, func(k *expiringKey) []any { return []any{&k.ID, &k.ExpiresAt} }, `SELECT k.id, k.expires_at FROM api_keys AS k
		WHERE k.expires_at IS NOT NULL AND k.status <> 'revoked' AND (k.expires_at, k.id) > (?, ?) AND k.expires_at <= ? ORDER BY k.expires_at, k.id LIMIT ?`,
		after.ExpiresAt, after.ID, until, expiringPage)
}

func (s *Store) tellExpiringOnes(ctx context.Context, page []expiringKey) error {
	names := make([]string, len(page))
	for i, k := range page {
		names[i] = onceExpiring(&keyRow{ID: k.ID, ExpiresAt: &k.ExpiresAt})
	}
	var told []string
	err := s.reading(ctx, func(db *gorm.DB) error {
		return db.Model(&eventRow{}).Where("once IN ?", names).Pluck("once", &told).Error
	})
	if err != nil || len(told) == len(page) {
		return err
	}
	known := map[string]bool{}
	for _, name := range told {
		known[name] = true
	}
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		for i, k := range page {
			if known[names[i]] {
				continue
			}
			if err := tx.tellExpiring(k.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// TellUpstream emits the event of an upstream that is down, or serves again. Several instances
// may say so: one event follows another only where it says something else, and only one that
// is down can recover.
func (s *Store) TellUpstream(ctx context.Context, id uuid.UUID, name string, down bool) error {
	t := events.UpstreamRecovered
	if down {
		t = events.UpstreamDown
	}
	if to, err := s.wanted(ctx); err != nil || len(to.receivers(events.UpstreamDown)) == 0 && len(to.receivers(events.UpstreamRecovered)) == 0 {
		return err
	}
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		if err := tx.lock("upstreams", id); err != nil {
			return err
		}
		last, err := listOn(tx.DB, func(text *events.Type) []any { return []any{text} },
			"SELECT e.type FROM events AS e WHERE e.subject_id = ? AND e.type IN ('upstream.down', 'upstream.recovered') ORDER BY e.id DESC LIMIT 1", id)
		if err != nil {
			return err
		}
		if isDown := len(last) > 0 && last[0] == events.UpstreamDown; isDown == down {
			return nil
		}
		d := events.Data{Upstream: &events.Upstream{ID: id, Name: name}}
		return tx.emit(events.Event{Type: t, SubjectID: id, Data: d.Encode()})
	})
}

// EventsKept is how long events are kept with their deliveries.
const EventsKept = 30 * 24 * time.Hour

// SweepEvents removes up to limit events older than EventsKept with their deliveries, but those
// that still wait for an attempt, and says how many.
func (s *Store) SweepEvents(ctx context.Context, limit int) (int64, error) {
	result := s.write.WithContext(ctx).Exec(`DELETE FROM events WHERE id IN (SELECT e.id FROM events AS e WHERE e.id < ?
		AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.event_id = e.id AND d.status = 'pending') ORDER BY e.id LIMIT ?)`, firstID(s.now().Add(-EventsKept)), limit)
	return result.RowsAffected, s.classify(result.Error)
}

// eraseEvents rewrites the events of a person who is erased: email and name take the place of
// those of before, and what the person or an operator has written of them goes. What receivers
// have answered goes too: it may repeat the payload.
func (c *change) eraseEvents(user uuid.UUID, email, name string) error {
	var rows []eventRow
	if err := c.Where("user_id = ?", user).Find(&rows).Error; err != nil {
		return err
	}
	for i := range rows {
		var d events.Data
		if err := json.Unmarshal([]byte(rows[i].Data), &d); err != nil {
			d = events.Data{}
		}
		if d.User != nil {
			d.User.Email, d.User.Name, d.User.ExternalID, d.User.Metadata = email, textOrNull(name), nil, emptyObject
		}
		if d.Key != nil {
			d.Key.Label, d.Key.Metadata = "", emptyObject
		}
		if err := c.Model(&eventRow{}).Where("id = ?", rows[i].ID).UpdateColumn("data", string(d.Encode())).Error; err != nil {
			return err
		}
	}
	return c.Model(&deliveryRow{}).Where("user_id = ?", user).UpdateColumns(map[string]any{"answer": "", "tries": "[]"}).Error
}

var emptyObject = json.RawMessage("{}")

// tellMismatch emits the event of a recount that found differences.
func (c *change) tellMismatch(r *Reconciliation, details []string) error {
	if len(r.Differences) == 0 {
		return nil
	}
	d := events.Data{Ledger: &events.Ledger{Differences: int64(len(r.Differences)), First: details[:min(len(details), toldDifferences)]}}
	return c.emit(events.Event{Type: events.LedgerMismatch, Data: d.Encode()})
}

// toldDifferences bounds how many differences an event has in words.
const toldDifferences = 5
