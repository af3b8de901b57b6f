package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// NewCustomerSession is what a session that a sign-in opens is kept by.
type NewCustomerSession struct {
	Token     keys.Secret
	UserAgent string
}

// CustomerSession is a session that a sign-in has opened. Created reports whether the sign-in made the user.
type CustomerSession struct {
	ID        uuid.UUID
	ExpiresAt time.Time
	User      UserLine
	Created   bool
}

// mayOpenSession is the user of a session: an active customer.
func mayOpenSession(u accounts.User) bool {
	return u.Role == accounts.RoleUser && u.Status == accounts.StatusActive && u.ErasedAt == nil
}

// openSession opens a session of a held user; how says by what, for the audit log. One too many ends the oldest.
func (c *change) openSession(u UserLine, n NewCustomerSession, how string) (s CustomerSession, err error) {
	hash := n.Token.Hash()
	row := customerSessionRow{
		TokenHash: hash[:], ID: c.store.ids.mint(c.at), UserID: u.ID, CreatedAt: c.at, LastSeenAt: c.at, ExpiresAt: c.at.Add(accounts.CustomerSessionLife),
		Address: c.by.Address, UserAgent: rowText(n.UserAgent, maxUserAgent),
	}
	c.by.Name, c.by.UserID = u.Email, u.ID
	var oldest []customerSessionRow
	if err := c.Select("id").Order("created_at DESC, id DESC").Offset(accounts.MaxCustomerSessions-1).Limit(accounts.MaxCustomerSessions).Find(&oldest, "user_id = ?", u.ID).Error; err != nil {
		return s, err
	}
	for i := range oldest {
		if err := c.endOneSession(oldest[i].ID, u.Email, fmt.Sprintf("The oldest session of %s in the dashboard ended, because there are %d.", u.Email, accounts.MaxCustomerSessions)); err != nil {
			return s, err
		}
	}
	if err := c.Create(&row).Error; err != nil {
		return s, err
	}
	return CustomerSession{ID: row.ID, ExpiresAt: row.ExpiresAt, User: u}, c.record(entry{action: "session.opened", subject: accounts.SubjectSession, id: row.ID, target: u.Email,
		details: u.Email + " signed in to the dashboard " + how + "."})
}

// endOneSession ends a session that is there, records it and publishes it.
func (c *change) endOneSession(id uuid.UUID, target, details string) error {
	if err := c.Delete(&customerSessionRow{}, "id = ?", id).Error; err != nil {
		return err
	}
	return c.recordChange(entry{action: "session.ended", subject: accounts.SubjectSession, id: id, target: target, details: details})
}

// EndCustomerSession ends a session of a user; with everywhere all of the user's. One that is gone already is no error.
func (s *Store) EndCustomerSession(ctx context.Context, by accounts.Actor, userID, id uuid.UUID, everywhere bool) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := tx.lock("users", userID); err != nil {
			return err
		}
		find := tx.Select("id").Where("user_id = ?", userID).Order("id")
		if !everywhere {
			find = find.Where("id = ?", id)
		}
		var rows []customerSessionRow
		if err := find.Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			if err := tx.endOneSession(rows[i].ID, by.Name, by.Name+" ended a session in the dashboard."); err != nil {
				return err
			}
		}
		return nil
	})
}

// CustomerSessions lists a user's sessions in the dashboard that have not ended, the newest first.
func (s *Store) CustomerSessions(ctx context.Context, userID uuid.UUID) (list []accounts.Session, err error) {
	now := s.now()
	var rows []customerSessionRow
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Where("user_id = ? AND expires_at > ? AND last_seen_at > ?", userID, now, now.Add(-accounts.CustomerSessionIdle)).
			Order("created_at DESC, id DESC").Limit(accounts.MaxCustomerSessions).Find(&rows).Error
	})
	for i := range rows {
		r := &rows[i]
		list = append(list, accounts.Session{ID: r.ID, UserID: r.UserID, CreatedAt: r.CreatedAt, LastSeenAt: r.LastSeenAt, ExpiresAt: r.ExpiresAt, Address: r.Address, UserAgent: r.UserAgent})
	}
	return list, err
}

// endCustomerSignIns ends every session of a user in the dashboard, and every link that opens one. Who calls
// it publishes that the user has changed.
func (c *change) endCustomerSignIns(userID uuid.UUID, emails ...string) error {
	err := cmp.Or(c.Delete(&customerSessionRow{}, "user_id = ?", userID).Error, c.Delete(&signInLinkRow{}, "user_id = ?", userID).Error)
	for _, email := range emails {
		err = cmp.Or(err, c.Delete(&signInLinkRow{}, "email_folded IN ?", accounts.EmailForms(email)).Error)
	}
	return err
}

// IdentityBySession reads all that a request with a customer's session is decided on; keys.ErrNotFound where the
// session is unknown, has ended, or is of somebody who may have none. By hand: it is on the path of requests.
func (s *Store) IdentityBySession(ctx context.Context, hash keys.Hash) (*keys.Identity, error) {
	rows, err := list(ctx, s, (*sessionIdentityRow).fields, `SELECT x.id, x.user_id, x.created_at, x.last_seen_at, x.expires_at, `+ownerColumns+`
		FROM customer_sessions AS x JOIN users AS u ON u.id = x.user_id JOIN plans AS p ON p.id = u.plan_id WHERE x.token_hash = ?`, hash[:])
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, keys.ErrNotFound
	}
	row, now := &rows[0], s.now()
	id := &row.Identity
	id.User.ID, id.User.PlanID, id.Plan.Features = id.Key.UserID, id.Plan.ID, []byte(row.features)
	if !mayOpenSession(id.User) || !now.Before(row.expires) || now.Sub(row.seen) >= accounts.CustomerSessionIdle {
		return nil, keys.ErrNotFound
	}
	id.BySession, id.Key.Status, id.Key.Prefix, id.Key.Scopes = true, keys.StatusActive, keys.SessionPrefix, keys.DefaultScopes(accounts.RoleUser)
	id.Key.LastUsedAt, id.Key.ExpiresAt, id.Key.CreatedBy = &row.seen, &row.expires, id.User.Email
	return id, nil
}

// sessionIdentityRow is what one read by a session's token gives.
type sessionIdentityRow struct {
	identityRow

	seen, expires time.Time
}

func (r *sessionIdentityRow) fields() []any {
	return append([]any{&r.Key.ID, &r.Key.UserID, &r.Key.CreatedAt, &r.seen, &r.expires}, r.ownerFields()...)
}

// TouchSessions writes when sessions were last used, as TouchKeys does.
func (s *Store) TouchSessions(ctx context.Context, used map[uuid.UUID]time.Time) error {
	return s.touch(ctx, "UPDATE customer_sessions SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?", used)
}
