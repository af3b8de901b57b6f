package store

import (
	"context"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// FailedCall is a call of a user that was refused or failed.
type FailedCall struct {
	ID       uuid.UUID
	At       time.Time
	Model    string
	Endpoint string
	Status   int
	Outcome  usage.CallOutcome
	// Code is why, as the log has it.
	Code string
}

// FailureScan is how many of a user's newest calls FailedCalls looks at, at most.
const FailureScan = 5000

// FailedCalls lists the calls of a user that were refused or failed, the newest first. It looks
// at the newest FailureScan of the user's calls, along their index.
func (s *Store) FailedCalls(ctx context.Context, userID uuid.UUID, limit int) ([]FailedCall, error) {
	found, err := list(ctx, s, func(c *FailedCall) []any {
		return []any{&c.ID, &c.At, &c.Model, &c.Endpoint, &c.Status, &c.Outcome, &c.Code}
	}, `SELECT r.id, r.at, r.model, r.endpoint, r.status, r.outcome, r.code FROM (
			SELECT q.id, q.at, q.model, q.endpoint, q.status, q.outcome, q.code FROM requests AS q WHERE q.user_id = ? ORDER BY q.id DESC LIMIT ?) AS r
		WHERE r.outcome NOT IN ('complete', 'client_gone') ORDER BY r.id DESC LIMIT ?`, userID, FailureScan, limit)
	for i := range found {
		found[i].At = found[i].At.UTC()
	}
	return found, err
}
