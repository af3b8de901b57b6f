package store

import (
	"context"

	"codexible/events"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// EachChargeOf visits every charge of a user, the newest first. It follows the charges
// themselves from each day's last one back, a page at a time.
func (s *Store) EachChargeOf(ctx context.Context, user uuid.UUID, visit func(usage.Record) error) error {
	type end struct {
		Day          usage.Day
		LastChargeID uuid.UUID
	}
	days, err := listTotals(ctx, s, func(e *end) []any { return []any{&e.Day, &e.LastChargeID} },
		"SELECT d.day, d.last_charge_id FROM user_days AS d WHERE d.user_id = ? AND d.last_charge_id IS NOT NULL ORDER BY d.day DESC", user)
	if err != nil {
		return err
	}
	for _, day := range days {
		from := day.LastChargeID
		err := eachPage(ctx, exportPage, func(ctx context.Context, last *usage.Record) ([]usage.Record, error) {
			if last != nil {
				if last.PreviousID == uuid.Nil {
					return nil, nil
				}
				from = last.PreviousID
			}
			return s.chargesBack(ctx, day.Day, from)
		}, visit)
		if err != nil {
			return err
		}
	}
	return nil
}

// chargesBack reads a page of a user's charges of a day, from one of them back.
func (s *Store) chargesBack(ctx context.Context, day usage.Day, from uuid.UUID) ([]usage.Record, error) {
	records, err := list(ctx, s, chargeDest, `WITH RECURSIVE walk AS (
			SELECT `+chargeColumns+`, 1 AS n FROM usage AS c WHERE c.day = ? AND c.id = ?
			UNION ALL
			SELECT `+chargeColumns+`, w.n + 1 FROM walk AS w JOIN usage AS c ON c.id = w.previous_id AND c.day = w.day WHERE w.n < ?)
		SELECT `+chargeColumns+` FROM walk AS c ORDER BY c.n`, string(day), from, exportPage)
	for i := range records {
		records[i].Millionths += records[i].Credits * usage.Millionths
	}
	return records, err
}

// EachDayOf visits the totals of every day on which a user used or was corrected something, the newest first.
func (s *Store) EachDayOf(ctx context.Context, user uuid.UUID, visit func(usage.DayTotal) error) error {
	days, err := listTotals(ctx, s, func(t *usage.DayTotal) []any { return []any{&t.Day, &t.Credits, &t.Requests, &t.CostMicros} },
		"SELECT d.day, "+wholeCredits+", d.requests, d.cost_micros FROM user_days AS d WHERE d.user_id = ? ORDER BY d.day DESC", user)
	for _, day := range days {
		if err := visit(day); err != nil {
			return err
		}
	}
	return err
}

// EachEventOf visits the events that concern a user and are still kept, the newest first.
func (s *Store) EachEventOf(ctx context.Context, user uuid.UUID, visit func(events.Event) error) error {
	return eachPage(ctx, exportPage, func(ctx context.Context, last *events.Event) ([]events.Event, error) {
		before := uuid.Max
		if last != nil {
			before = last.ID
		}
		return list(ctx, s, func(e *events.Event) []any {
			return []any{&e.ID, &e.At, &e.Type, (*storedObject)(&e.Data)}
		}, "SELECT e.id, e.at, e.type, e.data FROM events AS e WHERE e.user_id = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?", user, before, exportPage)
	}, visit)
}

// OpenIDIdentity is an account at a provider with which a user signs in.
type OpenIDIdentity struct{ Issuer, Subject string }

// OpenIDIdentities lists those of a user.
func (s *Store) OpenIDIdentities(ctx context.Context, user uuid.UUID) (found []OpenIDIdentity, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Model(&openidIdentityRow{}).Where("user_id = ?", user).Order("issuer, subject").Scan(&found).Error
	})
	return found, err
}

// UserIDByExternalID finds a user by the operator's own id; uuid.Nil for nobody.
func (s *Store) UserIDByExternalID(ctx context.Context, external string) (uuid.UUID, error) {
	if external == "" || !storable(external) {
		return uuid.Nil, nil
	}
	ids, err := list(ctx, s, func(id *uuid.UUID) []any { return []any{id} }, "SELECT u.id FROM users AS u WHERE u.external_id = ?", external)
	if err != nil || len(ids) == 0 {
		return uuid.Nil, err
	}
	return ids[0], nil
}
