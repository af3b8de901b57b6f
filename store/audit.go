package store

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// object writes changed fields as JSON; they are plain values, which always encode.
func object(fields map[string]any) string {
	if len(fields) == 0 {
		return "{}"
	}
	text, _ := json.Marshal(fields) //nolint:errchkjson // see above
	return string(text)
}

// AuditQuery narrows the audit log. Zero values leave a condition out.
type AuditQuery struct {
	// Text is searched in actor, acting key, action, target and details, without case.
	Text      string
	SubjectID uuid.UUID
	Subject   accounts.Subject
	// Actor and Target are whole names, exactly as the entry has them.
	Actor, Target string
	// Action is one action; Actions any of several, of which the newest are merged.
	Action  string
	Actions []string
	// From and To are days, both included.
	From, To usage.Day
	// OldestFirst turns the order round.
	OldestFirst bool
	// Before pages on: entries older than this Seq, or newer with OldestFirst.
	Before int64
	Limit  int
}

// FailureActions are the actions that say that something went wrong.
var FailureActions = []string{"session.failed", "user.two_step_locked", "console.setup_failed", "backup.failed", "export.failed"}

// Audit lists entries, the newest first unless the query turns that round.
func (s *Store) Audit(ctx context.Context, f AuditQuery) ([]accounts.AuditEntry, error) {
	if len(f.Actions) == 0 {
		return s.auditOf(ctx, f)
	}
	var all []accounts.AuditEntry
	for _, action := range f.Actions {
		f.Action = action
		entries, err := s.auditOf(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, entries...)
	}
	slices.SortFunc(all, func(a, b accounts.AuditEntry) int {
		if f.OldestFirst {
			a, b = b, a
		}
		return int(b.Seq - a.Seq)
	})
	return all[:min(len(all), f.Limit)], nil
}

func (s *Store) auditOf(ctx context.Context, f AuditQuery) (entries []accounts.AuditEntry, err error) {
	// The index of texts narrows to an actor or a target, too: both are parts of what it has.
	found := s.search(searchedAudit, cmp.Or(f.Text, f.Target, f.Actor))
	if f.Actor != "" {
		found.whole("a.actor = ?", f.Actor)
	}
	if f.Target != "" {
		found.whole("a.target = ?", f.Target)
	}
	if f.Subject != "" {
		found.and("a.subject = ?", string(f.Subject))
	}
	if f.SubjectID != uuid.Nil {
		found.and("a.subject_id = ?", f.SubjectID)
	}
	than := "<"
	if f.OldestFirst {
		found.direction, than = "", ">"
	}
	if f.Before > 0 {
		found.and("a.seq "+than+" ?", f.Before)
	}
	if f.Action != "" {
		found.and("a.action = ?", f.Action)
	}
	// The log's order is that of time: a day bounds the sequence, and no row outside is
	// read. A day without entries before or after it bounds by null, which no row meets.
	if f.From != "" {
		found.and("a.seq >= (SELECT f.seq FROM audit_log AS f WHERE f.at >= ? ORDER BY f.at LIMIT 1)", f.From.Start())
	}
	if f.To != "" {
		found.and("a.seq <= (SELECT f.seq FROM audit_log AS f WHERE f.at < ? ORDER BY f.at DESC LIMIT 1)", f.To.End())
	}
	// By hand: a search, whose FROM differs between the databases.
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT a.seq, a.at, a.actor, a.address, a.request_id, a.action, a.subject, a.subject_id, a.target, a.details, a.before, a.after, a.key_id, a.key_prefix
			FROM `+found.from+found.conditions()+found.order()+" LIMIT ?", append(found.args, f.Limit)...).Scan(&entries).Error
	})
	return entries, err
}

// EachAudit visits every entry that a filter finds, the newest first, a page at a time.
func (s *Store) EachAudit(ctx context.Context, f AuditQuery, visit func(accounts.AuditEntry) error) error {
	f.Limit = auditExportPage
	return eachPage(ctx, f.Limit, func(ctx context.Context, last *accounts.AuditEntry) ([]accounts.AuditEntry, error) {
		if last != nil {
			f.Before = last.Seq
		}
		return s.Audit(ctx, f)
	}, visit)
}

// auditExportPage is how many entries of an export one statement reads: an
// entry may hold all features of a plan, as they were and as they are.
const auditExportPage = 250

// Record writes an audit entry for something that changes no row of its own,
// such as a sign-in that failed or an export.
func (s *Store) Record(ctx context.Context, by accounts.Actor, e accounts.AuditEntry) error {
	return s.changing(ctx, by, func(tx *change) error {
		return tx.record(entry{action: e.Action, subject: e.Subject, id: e.SubjectID, target: e.Target, details: e.Details})
	})
}
