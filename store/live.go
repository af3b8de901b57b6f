package store

import (
	"context"
	"fmt"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ErrCallEnded says that there is no call to end.
var ErrCallEnded = fault.New(fault.Conflict, "This call has ended, or was never made. Nothing was changed.")

// EndRequest ends an open call of the gateway for an operator, whichever instance serves
// it: the change reaches that instance, which settles what was delivered. ErrCallEnded
// where the call has no open hold.
func (s *Store) EndRequest(ctx context.Context, by accounts.Actor, id uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		var row holdRow
		if err := tx.Where("id = ? AND owner_id = ?", id, uuid.Nil).Take(&row).Error; err != nil {
			return missing(err, ErrCallEnded)
		}
		if row.Status != usage.HoldOpen || !tx.at.Before(row.ExpiresAt) {
			return ErrCallEnded
		}
		var user userRow
		if err := tx.Where("id = ?", row.UserID).Take(&user).Error; err != nil {
			return missing(err, accounts.ErrUserNotFound)
		}
		return tx.recordChange(entry{action: "request.ended", subject: accounts.SubjectRequest, id: id, target: user.Email,
			details: fmt.Sprintf("Ended a call of %s to %s. What was delivered is charged.", user.Email, row.Model),
			after:   map[string]any{"key": row.KeyID, "held": row.Credits}})
	})
}

// LiveHold is an open hold with whose it is.
type LiveHold struct {
	usage.Hold

	Email string
	// Prefix and Label are those of the key.
	Prefix, Label string
}

// IsCall reports whether the hold is of a call of the gateway, whose request has the same id.
func (h *LiveHold) IsCall() bool { return h.OwnerID == uuid.Nil }

// withOwner scans the columns of an owner behind those of a hold.
type withOwner struct {
	scanner

	owner []any
}

// Scan implements scanner.
func (w withOwner) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.owner...)...) }

// LiveHolds lists open holds of all instances with their users and keys, the newest
// first. By hand: one read of a page.
func (s *Store) LiveHolds(ctx context.Context, q HoldQuery) (list []LiveHold, err error) {
	where, args := q.where(s.now())
	err = s.reading(ctx, func(db *gorm.DB) error {
		return visitRows(db, func(row scanner) error {
			var l LiveHold
			h, err := scanHold(withOwner{row, []any{&l.Email, &l.Prefix, &l.Label}})
			if err == nil {
				l.Hold = *h
				list = append(list, l)
			}
			return err
		}, "SELECT "+holdColumns+", u.email, k.prefix, k.label FROM holds AS h JOIN users AS u ON u.id = h.user_id JOIN api_keys AS k ON k.id = h.key_id"+
			where+" ORDER BY h.id DESC LIMIT ?", append(args, q.Limit)...)
	})
	return list, err
}

// UserHolds are the open holds of a user.
type UserHolds struct {
	UserID uuid.UUID
	Email  string
	// Open are all holds, Calls those of the gateway's calls; Credits is what they set aside.
	Open, Calls, Credits int64
}

// HoldsByUser sums the open holds of all instances by user, those who hold the most
// credits first. By hand: a report.
func (s *Store) HoldsByUser(ctx context.Context, limit int) ([]UserHolds, error) {
	fields := func(u *UserHolds) []any { return []any{&u.UserID, &u.Email, &u.Open, &u.Calls, &u.Credits} }
	return list(ctx, s, fields, `SELECT h.user_id, u.email, h.holds, h.calls, h.credits FROM (
			SELECT user_id, COUNT(*) AS holds, COUNT(CASE WHEN owner_id = ? THEN 1 END) AS calls, CAST(SUM(credits) AS bigint) AS credits
			FROM holds WHERE status = 'open' AND expires_at > ? GROUP BY user_id ORDER BY 4 DESC, user_id LIMIT ?
		) AS h JOIN users AS u ON u.id = h.user_id ORDER BY h.credits DESC, h.user_id`, uuid.Nil, s.now(), limit)
}
