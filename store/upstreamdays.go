package store

import (
	"context"

	"codexible/gateway"
	"codexible/usage"

	"github.com/google/uuid"
)

// Spent is what the calls of a day cost by upstream, in millionths of a dollar, of all instances and as far as they have written it.
func (s *Store) Spent(ctx context.Context, day usage.Day) (map[uuid.UUID]int64, error) {
	days, err := s.UpstreamDays(ctx, usage.LastDays(day, 1))
	spent := make(map[uuid.UUID]int64, len(days))
	for _, d := range days {
		spent[d.UpstreamID] = d.CostMicros
	}
	return spent, err
}

// UpstreamDays lists what upstreams cost in a range of days, the first day first.
func (s *Store) UpstreamDays(ctx context.Context, span usage.Range) ([]gateway.UpstreamDay, error) {
	fields := func(d *gateway.UpstreamDay) []any {
		return []any{&d.Day, &d.UpstreamID, &d.Requests, &d.Failures, &d.CostMicros}
	}
	return list(ctx, s, fields, "SELECT day, upstream_id, requests, failures, cost_micros FROM upstream_days WHERE day BETWEEN ? AND ? ORDER BY day, upstream_id",
		string(span.From()), string(span.To()))
}

// UpstreamHistory is what an upstream cost on each day of a range, zeros included.
func (s *Store) UpstreamHistory(ctx context.Context, id uuid.UUID, span usage.Range) ([]usage.DayTotal, error) {
	fields := func(d *usage.DayTotal) []any { return []any{&d.Day, &d.Requests, &d.CostMicros} }
	days, err := list(ctx, s, fields, "SELECT day, requests, cost_micros FROM upstream_days WHERE upstream_id = ? AND day BETWEEN ? AND ? ORDER BY day",
		id, string(span.From()), string(span.To()))
	return usage.Fill(span, days), err
}
