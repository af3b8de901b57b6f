package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ErrResetOver says that a link to choose another password was used, was replaced by a
// newer one, has expired, or never was one.
var ErrResetOver = fault.New(fault.NotFound, "This link is not valid: it was already used, has expired, or a newer one was sent. Open /admin/forgot and ask for another one.")

// ResetLife is how long a link to choose another password works.
const ResetLife = 30 * time.Minute

// maySetAnother is a user who can choose another password by mail: an active operator who has one.
const maySetAnother = "users.role IN ('admin', 'viewer') AND users.status = 'active' AND users.password_hash <> ''"

// AddResetLink makes a token the only one by which the operator with an e-mail can choose
// another password, and returns the e-mail as the operator has it. found is false where nobody
// has it who could. Both are in the audit log.
func (s *Store) AddResetLink(ctx context.Context, by accounts.Actor, email string, token accounts.Token) (to string, found bool, err error) {
	of, err := s.CredentialsByEmail(ctx, email)
	if err != nil && !errors.Is(err, accounts.ErrUserNotFound) {
		return "", false, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		to, found = "", false
		var u userRow
		if of.UserID != uuid.Nil {
			if err := tx.lock("users", of.UserID); err != nil {
				return err
			}
			err := tx.Take(&u, "id = ? AND "+maySetAnother, of.UserID).Error
			if err := missing(err, nil); err != nil {
				return err
			}
		}
		e := entry{action: "user.password_reset_requested", subject: accounts.SubjectUser, id: u.ID, target: email}
		if u.ID == uuid.Nil {
			e.details = "A link to choose another password was asked for " + email + ". None was sent: no active operator with a password has this address."
			return tx.record(e)
		}
		if err := tx.endResetLinks(u.ID); err != nil {
			return err
		}
		if err := tx.Create(&resetLinkRow{TokenHash: token.Hash(), UserID: u.ID, ExpiresAt: tx.at.Add(ResetLife)}).Error; err != nil {
			return err
		}
		to, found = u.Email, true
		e.target, e.details = u.Email, "A link to choose another password was asked for "+u.Email+" and is sent to this address."
		return tx.record(e)
	})
	return to, found, err
}

func (c *change) endResetLinks(user uuid.UUID) error {
	return c.Delete(&resetLinkRow{}, "user_id = ?", user).Error
}

// ResetOpen gives the e-mail of the operator who can choose another password with a token;
// ErrResetOver where nobody can.
func (s *Store) ResetOpen(ctx context.Context, token accounts.Token) (email string, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		u, err := s.userOfReset(db, token)
		email = u.Email
		return err
	})
	return email, err
}

func (s *Store) userOfReset(db *gorm.DB, token accounts.Token) (u userRow, err error) {
	err = db.Joins("JOIN reset_links AS r ON r.user_id = users.id").Take(&u, "r.token_hash = ? AND r.expires_at > ? AND "+maySetAnother, token.Hash(), s.now()).Error
	return u, missing(err, ErrResetOver)
}

// ResetPassword gives the operator whose link it is another password and ends the operator's
// sessions, known browsers and links. Of two who use a link at once one succeeds, the other gets
// ErrResetOver. Authenticator codes that are locked stay locked: who reads the mail does not
// get more attempts.
func (s *Store) ResetPassword(ctx context.Context, by accounts.Actor, token accounts.Token, hash string) (email string, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		u, err := s.userOfReset(tx.DB, token)
		if err != nil {
			return err
		}
		if err := tx.lock("users", u.ID); err != nil {
			return err
		}
		if u, err = s.userOfReset(tx.DB, token); err != nil { // it was used meanwhile, or the user changed
			return err
		}
		email = u.Email
		if err := tx.Model(&userRow{}).Where("id = ?", u.ID).UpdateColumn("password_hash", hash).Error; err != nil {
			return err
		}
		if err := tx.endSignIns(u.ID); err != nil {
			return err
		}
		tx.by.Name, tx.by.UserID = u.Email, u.ID
		return tx.recordChange(entry{action: "user.password_reset", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
			details: u.Email + " chose another console password by a link that was sent by mail. All their console sessions ended."})
	})
	return email, err
}

// linkTurn is how long a turn to ask for a link by mail is taken.
const linkTurn = time.Hour

// TakeLinkTurn takes one of most turns that whoever is named by of has in an hour to ask for links of a kind. free
// is false where all are taken, and until says when one is free again.
func (s *Store) TakeLinkTurn(ctx context.Context, kind, of string, most int) (free bool, until time.Time, err error) {
	now := s.now()
	for i := range most {
		hash := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", kind, i, of))
		mine, since, err := s.takeMailTurn(ctx, hash[:], now, "mail_turns.at <= ?", now.Add(-linkTurn))
		if err != nil || mine {
			return mine, time.Time{}, err
		}
		if end := since.Add(linkTurn); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	return false, until, nil
}
