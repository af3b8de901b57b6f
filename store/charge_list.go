package store

import (
	"bytes"
	"context"
	"slices"

	"codexible/usage"

	"github.com/google/uuid"
)

// EntryKind is what an entry of the books is.
type EntryKind string

// The kinds of entries.
const (
	EntryCharge     EntryKind = "charge"
	EntryAdjustment EntryKind = "adjustment"
	EntryCorrection EntryKind = "correction"
)

// ChargeEntry is a single charge, adjustment or correction. A correction has only its id, user,
// day, credits and moment. Hour and UpstreamID are those by which UsageSums counts it.
type ChargeEntry struct {
	ChargeLine

	Kind       EntryKind
	Hour       int64
	PlanID     uuid.UUID
	Plan       string
	UpstreamID uuid.UUID
	Upstream   string
}

// ChargeListQuery is a page of entries.
type ChargeListQuery struct {
	ChargeQuery

	// After is the next of the page before; zero for the first page.
	After uuid.UUID
	Limit int
}

// ChargeScan is how many charges a page with filters looks at, at most.
const ChargeScan = 20_000

// ChargeList lists the charges of a range of days, with their adjustments and corrections, the
// oldest first. Together they are what UsageSums adds up. next is where the next page goes
// on, zero at the end: a page with filters looks at ChargeScan charges at most, so it may
// be short, or empty. What is charged while the pages are read comes last.
func (s *Store) ChargeList(ctx context.Context, q ChargeListQuery) (entries []ChargeEntry, next uuid.UUID, err error) {
	if err := s.NeedChargesFrom(ctx, q.Span.From()); err != nil {
		return nil, next, err
	}
	last, err := s.lastLooked(ctx, &q)
	if err != nil {
		return nil, next, err
	}
	end := firstID(q.Span.To().End().Add(idSlack))
	charges, err := s.entries(ctx, &q, EntryCharge, last, "c.adjusts_id IS NULL AND c.id > ? AND c.id < ?", firstID(q.Span.From().Start().Add(-idSlack)), end)
	if err != nil {
		return nil, next, err
	}
	adjustments, err := s.entries(ctx, &q, EntryAdjustment, last, "c.adjusts_id IS NOT NULL")
	if err != nil {
		return nil, next, err
	}
	corrections, err := s.correctionEntries(ctx, &q, last)
	if err != nil {
		return nil, next, err
	}
	entries = slices.Concat(charges, adjustments, corrections)
	slices.SortFunc(entries, func(a, b ChargeEntry) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if len(entries) > q.Limit {
		entries, last = entries[:q.Limit], entries[q.Limit-1].ID
	}
	return entries, last, s.NeedChargesFrom(ctx, q.Span.From())
}

// lastLooked is the last charge that a page with filters looks at; zero where it looks at all.
func (s *Store) lastLooked(ctx context.Context, q *ChargeListQuery) (uuid.UUID, error) {
	if q.UserID == uuid.Nil && q.KeyID == uuid.Nil && q.PlanID == uuid.Nil && q.Model == "" {
		return uuid.Nil, nil
	}
	from := firstID(q.Span.From().Start().Add(-idSlack))
	if less(from, q.After) {
		from = q.After
	}
	// By hand: a step along the primary key.
	found, err := list(ctx, s, func(id *uuid.UUID) []any { return []any{id} }, "SELECT id FROM usage WHERE id > ? AND id < ? ORDER BY id LIMIT 1 OFFSET ?",
		from, firstID(q.Span.To().End().Add(idSlack)), ChargeScan-1)
	if err != nil || len(found) == 0 {
		return uuid.Nil, err
	}
	return found[0], nil
}

// entries is by hand: a page of the ledger's rows, joined with their owners and names. Only an
// adjustment is joined with the charge that it corrects.
func (s *Store) entries(ctx context.Context, q *ChargeListQuery, kind EntryKind, last uuid.UUID, condition string, args ...any) ([]ChargeEntry, error) {
	words := s.dialect.sumWords()
	hour, upstream, adjusted := words.hour("c"), "c.upstream_id", ""
	if kind == EntryAdjustment {
		hour, upstream = "COALESCE("+words.hour("a")+", "+hour+")", "COALESCE(c.upstream_id, a.upstream_id)"
		adjusted = " LEFT JOIN usage AS a ON a.id = c.adjusts_id AND a.day = c.day"
	}
	where, args := q.narrowed("c", condition, args, last)
	lines, err := list(ctx, s, func(e *ChargeEntry) []any {
		return append(chargeLineDest(&e.ChargeLine), &e.PlanID, &e.Plan, &e.Hour, &e.UpstreamID, &e.Upstream)
	}, "SELECT "+chargeColumns+", u.email, k.prefix, k.label, u.plan_id, p.name, "+hour+", COALESCE("+upstream+", "+words.noID+"), COALESCE(s.name, '') FROM (SELECT * FROM usage AS c"+
		where+" ORDER BY c.id LIMIT ?) AS c JOIN users AS u ON u.id = c.user_id JOIN api_keys AS k ON k.id = c.key_id JOIN plans AS p ON p.id = u.plan_id"+adjusted+
		" LEFT JOIN upstreams AS s ON s.id = "+upstream+" ORDER BY c.id", append(args, q.Limit+1)...)
	for i := range lines {
		e := &lines[i]
		e.Kind = kind
		e.Millionths += e.Credits * usage.Millionths
		e.CreatedAt = e.CreatedAt.UTC()
	}
	return lines, err
}

// narrowed are the conditions on a page's rows.
func (q *ChargeListQuery) narrowed(table, condition string, args []any, last uuid.UUID) (string, []any) {
	where := " WHERE " + table + ".id > ? AND " + table + ".day BETWEEN ? AND ?"
	args = append([]any{q.After, string(q.Span.From()), string(q.Span.To())}, args...)
	if condition != "" {
		where += " AND " + condition
	}
	if last != uuid.Nil {
		where, args = where+" AND "+table+".id <= ?", append(args, last)
	}
	if q.PlanID != uuid.Nil {
		where, args = where+" AND "+planOf(table)+" = ?", append(args, q.PlanID)
	}
	return narrowed(where, args, table, q.UserID, q.KeyID, uuid.Nil, q.Model)
}

// correctionEntries is by hand, like entries.
func (s *Store) correctionEntries(ctx context.Context, q *ChargeListQuery, last uuid.UUID) ([]ChargeEntry, error) {
	if q.KeyID != uuid.Nil || q.Model != "" {
		return nil, nil
	}
	where, args := q.narrowed("o", "", nil, last)
	entries, err := list(ctx, s, func(e *ChargeEntry) []any {
		return []any{&e.ID, &e.UserID, &e.Day, &e.Credits, &e.CreatedAt, &e.Email, &e.PlanID, &e.Plan}
	}, "SELECT o.id, o.user_id, o.day, o.credits, o.created_at, u.email, u.plan_id, p.name FROM corrections AS o JOIN users AS u ON u.id = o.user_id JOIN plans AS p ON p.id = u.plan_id"+
		where+" ORDER BY o.id LIMIT ?", append(args, q.Limit+1)...)
	for i := range entries {
		e := &entries[i]
		e.Kind, e.Hour, e.Millionths, e.CreatedAt = EntryCorrection, NoHour, e.Credits*usage.Millionths, e.CreatedAt.UTC()
	}
	return entries, err
}

// EachListed visits all entries that ChargeList pages through; After and Limit do not count.
func (s *Store) EachListed(ctx context.Context, q ChargeQuery, visit func(*ChargeEntry) error) error {
	page := ChargeListQuery{ChargeQuery: q, Limit: exportPage}
	for {
		entries, next, err := s.listedInTime(ctx, page)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := visit(&entries[i]); err != nil {
				return err
			}
		}
		if next == uuid.Nil {
			return nil
		}
		page.After = next
	}
}

func (s *Store) listedInTime(ctx context.Context, q ChargeListQuery) ([]ChargeEntry, uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, exportPatience)
	defer cancel()
	return s.ChargeList(ctx, q)
}
