package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Operator is who a console session belongs to.
type Operator struct {
	Session accounts.Session
	Email   string
	Role    accounts.Role
	Status  accounts.Status
}

// NewSession is what is needed to open a session. CodePending opens one that
// waits for the second step of the sign-in.
type NewSession struct {
	UserID      uuid.UUID
	Token       accounts.Token
	UserAgent   string
	CodePending bool
	// Replaces is the session that this one takes the place of; zero for none.
	Replaces uuid.UUID
}

const (
	sessionColumns = "s.id, s.user_id, s.created_at, s.last_seen_at, s.expires_at, s.address, s.user_agent, s.code_pending"
	maxUserAgent   = 300
)

// OpenSession makes a session. A complete one is written into the audit log as
// a sign-in.
func (s *Store) OpenSession(ctx context.Context, by accounts.Actor, n NewSession) (session accounts.Session, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		life := accounts.SessionLife
		if n.CodePending {
			life = accounts.CodePatience
		}
		session = accounts.Session{
			ID: s.ids.mint(tx.at), UserID: n.UserID, CreatedAt: tx.at, LastSeenAt: tx.at, ExpiresAt: tx.at.Add(life), Address: by.Address,
			UserAgent: string([]rune(n.UserAgent)[:min(len([]rune(n.UserAgent)), maxUserAgent)]), CodePending: n.CodePending,
		}
		if err := tx.insertSession(session, n); err != nil {
			return err
		}
		if n.CodePending {
			return nil
		}
		return tx.record(entry{action: "session.opened", subject: accounts.SubjectSession, id: session.ID, target: by.Name, details: by.Name + " signed in."})
	})
	return session, err
}

func (c *change) insertSession(s accounts.Session, n NewSession) error {
	if n.Replaces != uuid.Nil {
		if err := c.Exec("DELETE FROM console_sessions WHERE id = ?", n.Replaces).Error; err != nil {
			return err
		}
	}
	return c.Table("console_sessions").Create(map[string]any{
		"token_hash": n.Token.Hash(), "id": s.ID, "user_id": s.UserID, "created_at": s.CreatedAt, "last_seen_at": s.LastSeenAt,
		"expires_at": s.ExpiresAt, "address": s.Address, "user_agent": s.UserAgent, "code_pending": s.CodePending,
	}).Error
}

// OperatorByToken finds whose session a token opens; found is false where it is
// unknown, over, or of somebody who is no active admin. It notes that the
// session was seen.
func (s *Store) OperatorByToken(ctx context.Context, token accounts.Token) (o Operator, found bool, err error) {
	var rows []struct {
		accounts.Session
		Email  string
		Role   accounts.Role
		Status accounts.Status
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT `+sessionColumns+`, u.email, u.role, u.status FROM console_sessions AS s JOIN users AS u ON u.id = s.user_id
			WHERE s.token_hash = ?`, token.Hash()).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return o, false, err
	}
	o = Operator{Session: rows[0].Session, Email: rows[0].Email, Role: rows[0].Role, Status: rows[0].Status}
	now := s.now()
	if o.Session.Expired(now) || o.Role != accounts.RoleAdmin || o.Status != accounts.StatusActive {
		return o, false, nil
	}
	if now.Sub(o.Session.LastSeenAt) >= accounts.SeenStep {
		err = s.write.WithContext(ctx).Exec("UPDATE console_sessions SET last_seen_at = ? WHERE token_hash = ?", now, token.Hash()).Error
	}
	return o, true, s.classify(err)
}

// Sessions lists a user's sessions that still open the console, the newest first.
func (s *Store) Sessions(ctx context.Context, userID uuid.UUID) (list []accounts.Session, err error) {
	now := s.now()
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT "+sessionColumns+` FROM console_sessions AS s WHERE s.user_id = ? AND s.code_pending = ? AND s.expires_at > ? AND s.last_seen_at > ?
			ORDER BY s.created_at DESC`, userID, false, now, now.Add(-accounts.SessionIdle)).Scan(&list).Error
	})
	return list, err
}

// EndSession ends one session of a user; one that is gone already is no error.
func (s *Store) EndSession(ctx context.Context, by accounts.Actor, userID, id uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		result := tx.Exec("DELETE FROM console_sessions WHERE id = ? AND user_id = ?", id, userID)
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return tx.record(entry{action: "session.ended", subject: accounts.SubjectSession, id: id, target: by.Name, details: by.Name + " ended a session."})
	})
}

// SweepSessions removes sessions, set-up links and known browsers whose time is over.
func (s *Store) SweepSessions(ctx context.Context) error {
	now := s.now()
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return errors.Join(
			tx.Exec("DELETE FROM console_sessions WHERE expires_at <= ? OR last_seen_at <= ?", now, now.Add(-accounts.SessionIdle)).Error,
			tx.Exec("DELETE FROM setup_links WHERE expires_at <= ?", now).Error,
			tx.Exec("DELETE FROM known_browsers WHERE seen_at <= ?", now.Add(-accounts.BrowserMemory)).Error,
		)
	}))
}

// TakeForm claims a form of a session; false where it was claimed before.
func (s *Store) TakeForm(ctx context.Context, sessionID uuid.UUID, form string) (bool, error) {
	result := s.write.WithContext(ctx).Exec("INSERT INTO taken_forms (session_id, form) VALUES (?, ?) ON CONFLICT DO NOTHING", sessionID, form)
	return result.RowsAffected == 1, s.classify(result.Error)
}

// KnowsBrowser tells whether a user signed in with this browser before.
func (s *Store) KnowsBrowser(ctx context.Context, userID uuid.UUID, browser accounts.Token) (known bool, err error) {
	var n int64
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT COUNT(*) FROM known_browsers WHERE token_hash = ? AND user_id = ? AND seen_at > ?",
			browser.Hash(), userID, s.now().Add(-accounts.BrowserMemory)).Scan(&n).Error
	})
	return n == 1, err
}

// RememberBrowser notes that a user signed in with this browser.
func (s *Store) RememberBrowser(ctx context.Context, userID uuid.UUID, browser accounts.Token) error {
	return s.classify(s.write.WithContext(ctx).Table("known_browsers").
		Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "token_hash"}}, DoUpdates: clause.AssignmentColumns([]string{"user_id", "seen_at"})}).
		Create(map[string]any{"token_hash": browser.Hash(), "user_id": userID, "seen_at": s.now()}).Error)
}

// ErrSetupOver tells that a set-up link was used, has expired, or never was one.
var ErrSetupOver = fault.New(fault.NotFound, "This set-up link was used already, or has expired. Start Codexible again for another one, or run codexible user set-password.")

// SetupLife is how long a set-up link works.
const SetupLife = 24 * time.Hour

// HasOperator tells whether anybody can sign in to the console.
func (s *Store) HasOperator(ctx context.Context) (bool, error) {
	var n int64
	err := s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT COUNT(*) FROM users WHERE role = ? AND status = ? AND password_hash <> ''", accounts.RoleAdmin, accounts.StatusActive).Scan(&n).Error
	})
	return n > 0, err
}

// AddSetupLink makes a token open the set-up, beside those of other instances that start.
func (s *Store) AddSetupLink(ctx context.Context, token accounts.Token) error {
	return s.classify(s.write.WithContext(ctx).Table("setup_links").
		Create(map[string]any{"token_hash": token.Hash(), "expires_at": s.now().Add(SetupLife)}).Error)
}

// SetupOpen tells whether a token opens the set-up; ErrSetupOver where it does not.
func (s *Store) SetupOpen(ctx context.Context, token accounts.Token) error {
	return s.reading(ctx, func(db *gorm.DB) error { return setupOpen(db, token, s.now()) })
}

func setupOpen(db *gorm.DB, token accounts.Token, now time.Time) error {
	var n int64
	err := db.Raw("SELECT COUNT(*) FROM setup_links WHERE token_hash = ? AND expires_at > ?", token.Hash(), now).Scan(&n).Error
	if err == nil && n == 0 {
		return ErrSetupOver
	}
	return err
}

// SetUp makes the first operator and ends every set-up link, in one
// transaction: of two who use a link at once, one succeeds. A user with this
// e-mail who exists becomes the operator.
func (s *Store) SetUp(ctx context.Context, by accounts.Actor, token accounts.Token, email, name, passwordHash string) (id uuid.UUID, err error) {
	n, err := accounts.NewUser{Email: email, Name: name, Plan: "any", Role: accounts.RoleAdmin}.Normalize()
	if err != nil {
		return id, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		ended := tx.Exec("DELETE FROM setup_links WHERE token_hash = ? AND expires_at > ?", token.Hash(), tx.at)
		if ended.Error == nil && ended.RowsAffected == 0 {
			return ErrSetupOver
		}
		if err := errors.Join(ended.Error, tx.Exec("DELETE FROM setup_links").Error); err != nil {
			return err
		}
		id, err = tx.firstOperator(n, passwordHash)
		return err
	})
	return id, err
}

func (c *change) firstOperator(n accounts.NewUser, passwordHash string) (uuid.UUID, error) {
	u, err := c.store.userWhere(c.DB, "u.email_folded = ?", accounts.Fold(n.Email))
	switch {
	case errors.Is(err, accounts.ErrUserNotFound):
		plan, err := planWhere(c.Order("p.archived, p.id"), "1 = ?", 1)
		if err != nil {
			return uuid.Nil, err
		}
		u = UserLine{PlanName: plan.Name, User: accounts.User{ID: c.store.ids.mint(c.at), Email: n.Email, Name: n.Name, PlanID: plan.ID, Role: n.Role, Status: accounts.StatusActive, CreatedAt: c.at}}
		if err := c.insertUser(u.User, passwordHash); err != nil {
			return uuid.Nil, err
		}
	case err != nil:
		return uuid.Nil, err
	default:
		err := c.Table("users").Where("id = ?", u.ID).UpdateColumns(map[string]any{"role": accounts.RoleAdmin, "status": accounts.StatusActive, "password_hash": passwordHash}).Error
		if err != nil {
			return uuid.Nil, err
		}
	}
	return u.ID, c.record(entry{action: "console.set_up", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
		details: fmt.Sprintf("Set up the console with %s as its first operator.", u.Email)})
}
