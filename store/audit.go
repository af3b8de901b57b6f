package store

import (
	"context"
	"encoding/json"

	"codexible/accounts"

	"github.com/google/uuid"
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
	// Before pages on: entries older than this Seq.
	Before int64
	Limit  int
}

// AuditLog lists entries, the newest first.
func (s *Store) AuditLog(ctx context.Context, q AuditQuery) ([]accounts.AuditEntry, error) {
	return s.auditOf(ctx, AuditFilter{AuditQuery: q})
}

// Record writes an audit entry for something that changes no row of its own,
// such as a sign-in that failed or an export.
func (s *Store) Record(ctx context.Context, by accounts.Actor, e accounts.AuditEntry) error {
	return s.changing(ctx, by, func(tx *change) error {
		return tx.record(entry{action: e.Action, subject: e.Subject, id: e.SubjectID, target: e.Target, details: e.Details})
	})
}
