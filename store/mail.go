package store

import (
	"context"
	"time"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// By hand, all of this file: turns are taken in one statement, and recipients are lists.

// maxRecipients bounds who gets a mail of an event; there are few operators.
const maxRecipients = 200

// MailRecipients lists who gets the mail of an event: the active user whom it concerns, unless
// the user does not want it, or every active admin.
func (s *Store) MailRecipients(ctx context.Context, e *events.Event) ([]events.Recipient, error) {
	fields := func(r *mailRecipient) []any { return []any{&r.UserID, &r.Email, &r.role} }
	where, arg := "u.role = ? AND u.status = 'active'", any(string(accounts.RoleAdmin))
	if events.ToUser(e.Type) {
		where, arg = "u.id = ? AND u.status = 'active'", e.UserID
		if alerts, err := s.Alerts(ctx, e.UserID); err != nil || !alerts.Want(e) {
			return nil, err
		}
	}
	found, err := list(ctx, s, fields, "SELECT u.id, u.email, u.role FROM users AS u WHERE "+where+" ORDER BY u.id LIMIT ?", arg, maxRecipients)
	to := make([]events.Recipient, len(found))
	for i, r := range found {
		to[i] = r.Recipient
		to[i].Operates = accounts.Role(r.role).Operates()
	}
	return to, err
}

type mailRecipient struct {
	events.Recipient

	role string
}

// TakeMailTurn gives an event, which was at a moment, the turn with a hash, unless another
// event has it that was after free. mine is whether the event has it, since is when the event
// was that has it. An event that has a turn gets it again.
func (s *Store) TakeMailTurn(ctx context.Context, hash []byte, at, free time.Time) (mine bool, since time.Time, err error) {
	return s.takeMailTurn(ctx, hash, at, "mail_turns.at <= ? OR mail_turns.at = excluded.at", free)
}

// takeMailTurn takes a turn whose row meets a condition, or that nobody has had.
func (s *Store) takeMailTurn(ctx context.Context, hash []byte, at time.Time, condition string, free time.Time) (mine bool, since time.Time, err error) {
	err = s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		// gorm takes bytes after a parenthesis for a list of values.
		taken := tx.Exec("INSERT INTO mail_turns (at, hash) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET at = excluded.at WHERE "+condition, at, hash, free)
		if mine = taken.RowsAffected > 0; taken.Error != nil || mine {
			return taken.Error
		}
		var row mailTurnRow
		err := tx.Take(&row, "hash = ?", hash).Error
		since = row.At.UTC()
		return err
	})
	return mine, since, err
}

// MailSentAt is when something with a hash was last noted as sent; zero for never.
func (s *Store) MailSentAt(ctx context.Context, hash []byte) (at time.Time, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var row mailTurnRow
		err := missing(db.Take(&row, "hash = ?", hash).Error, nil)
		if at = row.At; !at.IsZero() {
			at = at.UTC()
		}
		return err
	})
	return at, err
}

// NoteMailSent notes as sent what has these hashes.
func (s *Store) NoteMailSent(ctx context.Context, hashes ...[]byte) error {
	rows := make([]mailTurnRow, len(hashes))
	for i, hash := range hashes {
		rows[i] = mailTurnRow{Hash: hash, At: s.now()}
	}
	return s.classify(s.write.WithContext(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "hash"}}, DoUpdates: clause.AssignmentColumns([]string{"at"})}).Create(&rows).Error)
}

// Superseded reports whether a later event says how the upstream of this one is.
func (s *Store) Superseded(ctx context.Context, e *events.Event) (bool, error) {
	found, err := list(ctx, s, func(id *uuid.UUID) []any { return []any{id} },
		"SELECT e.id FROM events AS e WHERE e.subject_id = ? AND e.type IN ('upstream.down', 'upstream.recovered') AND e.id > ? LIMIT 1", e.SubjectID, e.ID)
	return len(found) > 0, err
}

// mailTurnsKept is how long turns are kept: longer than a mail is tried.
const mailTurnsKept = events.Patience + 24*time.Hour

// SweepMailTurns removes up to limit turns of mails that are no longer tried, and says how many.
func (s *Store) SweepMailTurns(ctx context.Context, limit int) (int64, error) {
	removed := s.write.WithContext(ctx).Exec("DELETE FROM mail_turns WHERE hash IN (SELECT t.hash FROM mail_turns AS t WHERE t.at < ? LIMIT ?)", s.now().Add(-mailTurnsKept), limit)
	return removed.RowsAffected, s.classify(removed.Error)
}
