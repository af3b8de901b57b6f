package store

import (
	"context"
	"errors"
	"strings"
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
	// PasswordHash is what the password was checked against. Where the user has
	// another one by then, or may no longer sign in, no session is opened.
	PasswordHash string
	// FromPending says that Replaces waits for the second step: it has to be there still.
	FromPending bool
	// Browser is the token by which this browser is known from then on, in the
	// place of OldBrowser; both are empty where none is.
	Browser, OldBrowser accounts.Token
}

// ErrSignInOver says that the password, the role or the status of the user changed
// during the sign-in, or that its first step has expired or was used.
var ErrSignInOver = fault.New(fault.Conflict, "This sign-in has expired, or the account was changed in the meantime. Sign in again.")

const (
	maxUserAgent = 300
	// maxSessions is how many sessions of a user are listed: the newest.
	maxSessions = 100
)

// OpenSession makes a session, if what the sign-in was decided on still holds:
// ErrSignInOver where it does not. A complete one is written into the audit log
// as a sign-in.
func (s *Store) OpenSession(ctx context.Context, by accounts.Actor, n NewSession) (session accounts.Session, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		life := accounts.SessionLife
		if n.CodePending {
			life = accounts.CodePatience
		}
		session = accounts.Session{
			ID: s.ids.mint(tx.at), UserID: n.UserID, CreatedAt: tx.at, LastSeenAt: tx.at, ExpiresAt: tx.at.Add(life), Address: by.Address,
			UserAgent: rowText(n.UserAgent, maxUserAgent), CodePending: n.CodePending,
		}
		if err := tx.stillSignsIn(n); err != nil {
			return err
		}
		if err := tx.insertSession(session, n); err != nil {
			return err
		}
		if n.CodePending {
			return nil
		}
		if err := tx.keepBrowser(n.UserID, n.Browser, n.OldBrowser); err != nil {
			return err
		}
		return tx.record(entry{action: "session.opened", subject: accounts.SubjectSession, id: session.ID, target: by.Name, details: by.Name + " signed in."})
	})
	return session, err
}

// stillSignsIn holds the user until the session is there: a change of the
// password ends either the session or the sign-in.
func (c *change) stillSignsIn(n NewSession) error {
	if err := c.lock("users", n.UserID); err != nil {
		return err
	}
	now, err := userByID(c.DB, n.UserID)
	switch {
	case errors.Is(err, accounts.ErrUserNotFound):
		return ErrSignInOver
	case err != nil:
		return err
	case !now.Role.Operates(), now.Status != accounts.StatusActive, !n.FromPending && now.PasswordHash != n.PasswordHash:
		return ErrSignInOver
	}
	return nil
}

// rowText is so many characters of a text that a program sent, as a row can hold it.
func rowText(text string, most int) string {
	runes := []rune(strings.ReplaceAll(text, "\x00", "\ufffd")) // each byte that is no UTF-8 becomes U+FFFD
	return string(runes[:min(len(runes), most)])
}

func (c *change) insertSession(s accounts.Session, n NewSession) error {
	if n.Replaces != uuid.Nil {
		replaced := c.Delete(&sessionRow{}, "id = ?", n.Replaces)
		if replaced.Error != nil {
			return replaced.Error
		}
		if n.FromPending && replaced.RowsAffected == 0 {
			return ErrSignInOver
		}
	}
	return c.Create(&sessionRow{
		TokenHash: n.Token.Hash(), ID: s.ID, UserID: s.UserID, CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt,
		ExpiresAt: s.ExpiresAt, Address: s.Address, UserAgent: s.UserAgent, CodePending: s.CodePending,
	}).Error
}

func (r *sessionRow) session() accounts.Session {
	return accounts.Session{
		ID: r.ID, UserID: r.UserID, CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt,
		Address: r.Address, UserAgent: r.UserAgent, CodePending: r.CodePending,
	}
}

// OperatorByToken finds whose session a token opens; found is false where it is
// unknown, expired, or not of an active admin or viewer. It records when
// the session was seen.
func (s *Store) OperatorByToken(ctx context.Context, token accounts.Token) (o Operator, found bool, err error) {
	var row struct {
		Session sessionRow `gorm:"embedded"`
		Email   string
		Role    accounts.Role
		Status  accounts.Status
	}
	err = s.read.WithContext(ctx).Table("console_sessions AS s").Select("s.*, u.email, u.role, u.status").
		Joins("JOIN users AS u ON u.id = s.user_id").Take(&row, "s.token_hash = ?", token.Hash()).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return o, false, nil
	}
	if err != nil {
		return o, false, s.classify(err)
	}
	o = Operator{Session: row.Session.session(), Email: row.Email, Role: row.Role, Status: row.Status}
	now := s.now()
	if o.Session.Expired(now) || !o.Role.Operates() || o.Status != accounts.StatusActive {
		return o, false, nil
	}
	if now.Sub(o.Session.LastSeenAt) >= accounts.SeenStep {
		err = s.write.WithContext(ctx).Model(&sessionRow{}).Where("token_hash = ?", token.Hash()).UpdateColumn("last_seen_at", now).Error
	}
	return o, true, s.classify(err)
}

// Sessions lists a user's sessions that still open the console, the newest first.
func (s *Store) Sessions(ctx context.Context, userID uuid.UUID) (list []accounts.Session, err error) {
	now := s.now()
	var rows []sessionRow
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Where("user_id = ? AND code_pending = ? AND expires_at > ? AND last_seen_at > ?", userID, false, now, now.Add(-accounts.SessionIdle)).
			Order("created_at DESC").Limit(maxSessions).Find(&rows).Error
	})
	for i := range rows {
		list = append(list, rows[i].session())
	}
	return list, err
}

// EndSession ends one session of a user; one that is gone already is no error.
func (s *Store) EndSession(ctx context.Context, by accounts.Actor, userID, id uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		result := tx.Delete(&sessionRow{}, "id = ? AND user_id = ?", id, userID)
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		return tx.record(entry{action: "session.ended", subject: accounts.SubjectSession, id: id, target: by.Name, details: by.Name + " ended a session."})
	})
}

// changesKept is how long a change is kept for processes that have not read it:
// they read several times a second.
const changesKept = time.Hour

// SweepSessions removes sessions, sign-ins under way, set-up links, links to choose a password or to sign in, known browsers and changes whose time is over.
func (s *Store) SweepSessions(ctx context.Context) error {
	now := s.now()
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return errors.Join(
			tx.Delete(&sessionRow{}, "expires_at <= ? OR last_seen_at <= ?", now, now.Add(-accounts.SessionIdle)).Error,
			tx.Delete(&setupLinkRow{}, "expires_at <= ?", now).Error,
			tx.Delete(&resetLinkRow{}, "expires_at <= ?", now).Error,
			tx.Delete(&customerSessionRow{}, "expires_at <= ? OR last_seen_at <= ?", now, now.Add(-accounts.CustomerSessionIdle)).Error,
			tx.Delete(&signInLinkRow{}, "expires_at <= ?", now).Error,
			tx.Delete(&openidSignInRow{}, "expires_at <= ?", now).Error,
			tx.Delete(&changeRow{}, "at <= ?", now.Add(-changesKept)).Error,
			tx.Delete(&knownBrowserRow{}, "seen_at <= ?", now.Add(-accounts.BrowserLifetime)).Error,
		)
	}))
}

// TakeForm claims a form of a session; false where it was claimed before.
func (s *Store) TakeForm(ctx context.Context, sessionID uuid.UUID, form string) (bool, error) {
	result := s.write.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&takenFormRow{SessionID: sessionID, Form: form})
	return result.RowsAffected == 1, s.classify(result.Error)
}

// BrowserOwner gives the e-mail, without case, of the user who signed in with
// this browser last; empty where nobody did, or too long ago.
func (s *Store) BrowserOwner(ctx context.Context, browser accounts.Token) (email string, err error) {
	var owner userRow
	err = s.read.WithContext(ctx).Select("users.email_folded").Joins("JOIN known_browsers AS b ON b.user_id = users.id").
		Take(&owner, "b.token_hash = ? AND b.seen_at > ?", browser.Hash(), s.now().Add(-accounts.BrowserLifetime)).Error
	return owner.EmailFolded, s.classify(missing(err, nil))
}

// keepBrowser records that a user signed in with this browser, whose token was another before.
func (c *change) keepBrowser(userID uuid.UUID, browser, before accounts.Token) error {
	if browser.Reveal() == "" {
		return nil
	}
	if err := c.Delete(&knownBrowserRow{}, "token_hash = ? AND user_id = ?", before.Hash(), userID).Error; err != nil {
		return err
	}
	return c.Create(&knownBrowserRow{TokenHash: browser.Hash(), UserID: userID, SeenAt: c.at}).Error
}

// endSignIns deletes every session of a user, every sign-in that waits for its
// code, every known browser, and every link to choose another password.
func (c *change) endSignIns(userID uuid.UUID) error {
	return errors.Join(
		c.Delete(&sessionRow{}, "user_id = ?", userID).Error,
		c.Delete(&knownBrowserRow{}, "user_id = ?", userID).Error,
		c.endResetLinks(userID),
	)
}
