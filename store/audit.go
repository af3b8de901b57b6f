package store

import (
	"context"
	"encoding/json"
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
)

// auditRow is an audit entry as it is kept: beside the entry, what a search looks through.
type auditRow struct {
	Seq       int64 `gorm:"primaryKey;autoIncrement"`
	At        time.Time
	Actor     string
	Address   string
	RequestID string
	Action    string
	Subject   accounts.Subject
	SubjectID uuid.UUID
	Target    string
	Details   string
	Before    string
	After     string
	KeyID     *uuid.UUID
	KeyPrefix string
	Search    string
}

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
