package store

import (
	"context"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// ChargeQuery narrows an export of single charges. Zero values leave a condition out.
type ChargeQuery struct {
	Span          usage.Range
	UserID, KeyID uuid.UUID
	PlanID        uuid.UUID
	Model         string
}

// EachCharge visits every charge of a range of days, and then the adjustments of those
// days that were made later, each in the order of their ids and without their holds and
// prices. They are read a page at a time, along the primary key.
func (s *Store) EachCharge(ctx context.Context, q ChargeQuery, visit func(ChargeLine) error) error {
	end := firstID(q.Span.To().End().Add(idSlack))
	err := s.eachChargeWhere(ctx, q, firstID(q.Span.From().Start().Add(-idSlack)), "c.id < ?", end, visit)
	if err != nil {
		return err
	}
	return s.eachChargeWhere(ctx, q, end, "c.adjusts_id IS NOT NULL AND c.id < ?", firstID(s.now().Add(time.Hour)), visit)
}

// eachChargeWhere is by hand: a page along the primary key, joined with its owners.
func (s *Store) eachChargeWhere(ctx context.Context, q ChargeQuery, from uuid.UUID, condition string, arg any, visit func(ChargeLine) error) error {
	return eachPage(ctx, exportPage, func(ctx context.Context, last *ChargeLine) ([]ChargeLine, error) {
		if last != nil {
			from = last.ID
		}
		where, args := " WHERE c.id > ? AND "+condition+" AND c.day BETWEEN ? AND ?", []any{from, arg, string(q.Span.From()), string(q.Span.To())}
		where, args = narrowed(where, args, "c", q.UserID, q.KeyID, q.PlanID, q.Model)
		lines, err := list(ctx, s, chargeLineDest, chargeLines+where+" ORDER BY c.id LIMIT ?", append(args, exportPage)...)
		for i := range lines {
			lines[i].Millionths += lines[i].Credits * usage.Millionths
			lines[i].CreatedAt = lines[i].CreatedAt.UTC()
		}
		return lines, err
	}, visit)
}
