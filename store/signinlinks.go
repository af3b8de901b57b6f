package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Refusals of a customer's sign-in.
var (
	ErrLinkOver       = fault.New(fault.NotFound, "This link is not valid: it was already used, has expired, or a newer one was sent. Ask for another link.")
	ErrLinkElsewhere  = fault.New(fault.Conflict, "This link was asked for in another browser. Open it there, or ask for another link in this browser.")
	ErrNoRegistration = fault.New(fault.Forbidden, "Nobody can make an account with this e-mail address here. Ask the operator for one.")
	// ErrRegistrationsFull says that as many have made an account as may in a day, ErrRegisteredAtOnce that an
	// operator made this one at the same moment.
	ErrRegistrationsFull = fault.New(fault.RateLimited, "As many accounts as are allowed in a day were made today. Yours was not made. Sign in again tomorrow, after 00:00 UTC.")
	ErrRegisteredAtOnce  = fault.New(fault.Conflict, "This account was made at the same moment. Sign in once more.")
)

// SignInLink is a link that was made, and whom it is sent to. Registers is true where it makes an account.
type SignInLink struct {
	To        string
	Registers bool
}

// ErrManyNewcomers says that as many links to make an account are open as may be.
var ErrManyNewcomers = errors.New("store: as many links to make an account are open as may be")

// linkRequested is the action of whoever asks for a link.
const linkRequested = "user.sign_in_link_requested"

// newcomersOpen is how many links to make an account may be open, for each account that may be made in a day.
const newcomersOpen = 10

// AddSignInLink makes a token the only one that signs whoever has an e-mail in to a browser. made is
// false where nobody may: the e-mail is an operator's, a service's or suspended, or nobody's and it may not
// make an account. Links that were made are in the audit log.
func (s *Store) AddSignInLink(ctx context.Context, by accounts.Actor, email string, token, browser accounts.Token, r accounts.Registration) (link SignInLink, made bool, err error) {
	u, err := s.CredentialsByEmail(ctx, email)
	unknown := errors.Is(err, accounts.ErrUserNotFound)
	switch {
	case err != nil && !unknown:
		return link, false, err
	case unknown && (!storable(email) || !r.Takes(email)), !unknown && (u.Role != accounts.RoleUser || u.Status != accounts.StatusActive):
		return link, false, nil
	}
	row := signInLinkRow{TokenHash: token.Hash(), BrowserHash: browser.Hash(), Email: email, EmailFolded: accounts.FoldEmail(email)}
	e := entry{action: linkRequested, subject: accounts.SubjectUser, target: email, details: "A link to make an account is sent to " + email + "."}
	if !unknown {
		row.Email, row.EmailFolded, row.UserID = u.Email, accounts.FoldEmail(u.Email), &u.UserID
		e.id, e.target, e.details = u.UserID, u.Email, "A link to sign in to the dashboard is sent to "+u.Email+"."
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if made, err = tx.mayAddLink(&row, r); err != nil || !made {
			return err
		}
		// gorm takes bytes after a parenthesis for a list of values.
		if err := tx.Delete(&signInLinkRow{}, "browser_hash = ? AND email_folded = ?", row.BrowserHash, row.EmailFolded).Error; err != nil {
			return err
		}
		row.ExpiresAt = tx.at.Add(accounts.SignInLinkLife)
		return cmp.Or(tx.Create(&row).Error, tx.record(e))
	})
	return SignInLink{To: row.Email, Registers: unknown}, made && err == nil, err
}

// mayAddLink holds the user of a link, and reports whether that is still the customer who was found. The links of
// those who have no account are bounded: anybody can ask for them.
func (c *change) mayAddLink(row *signInLinkRow, r accounts.Registration) (bool, error) {
	if row.UserID == nil {
		var n int64
		err := c.Model(&signInLinkRow{}).Where("user_id IS NULL AND expires_at > ?", c.at).Count(&n).Error
		if err == nil && n >= newcomersOpen*r.DailyLimit {
			err = ErrManyNewcomers
		}
		return err == nil, err
	}
	if err := c.lock("users", *row.UserID); err != nil {
		return false, err
	}
	u, err := userByID(c.DB, *row.UserID)
	return err == nil && u.Role == accounts.RoleUser && u.Status == accounts.StatusActive && u.Email == row.Email, err
}

// OpenByLink opens a session of whom a link was sent to, once, in the browser that asked for it: ErrLinkOver
// or ErrLinkElsewhere where it does not. Where nobody has the e-mail it makes the account, if that is still allowed.
func (s *Store) OpenByLink(ctx context.Context, by accounts.Actor, token, browser accounts.Token, n NewCustomerSession, r accounts.Registration) (opened CustomerSession, err error) {
	var row signInLinkRow
	err = s.reading(ctx, func(db *gorm.DB) error {
		return missing(db.Take(&row, "token_hash = ?", token.Hash()).Error, ErrLinkOver)
	})
	if err != nil {
		return opened, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		opened = CustomerSession{}
		if err := tx.holdSignIn(&row); err != nil {
			return err
		}
		if err := tx.takeLink(token, browser, &row); err != nil {
			return err
		}
		u, created, err := tx.userOfLink(&row, r)
		if err != nil {
			return err
		}
		opened, err = tx.openSession(u, n, "by a link that was sent by mail")
		opened.Created = created
		return err
	})
	return opened, err
}

// holdSignIn holds the user of a link, before the link, as whoever ends a user's links does. A link that may make
// a user waits for all others that may.
func (c *change) holdSignIn(row *signInLinkRow) error {
	if row.UserID != nil {
		return c.lock("users", *row.UserID)
	}
	if err := c.store.dialect.takeTurn(c.DB, registrationTurn); err != nil {
		return err
	}
	u, err := c.store.userWithEmail(c.DB, row.Email)
	if errors.Is(err, accounts.ErrUserNotFound) {
		return nil
	}
	return cmp.Or(err, c.lock("users", u.ID))
}

// registrationTurn is held by whoever makes an account.
const registrationTurn = "codexible registration"

// takeLink takes a link that is still there, of the browser that asked for it. In another browser it stays.
func (c *change) takeLink(token, browser accounts.Token, row *signInLinkRow) error {
	var taken []signInLinkRow
	if err := c.Clauses(clause.Returning{}).Delete(&taken, "token_hash = ? AND browser_hash = ?", token.Hash(), browser.Hash()).Error; err != nil {
		return err
	}
	if len(taken) == 1 {
		*row = taken[0]
		if !c.at.Before(row.ExpiresAt) {
			return ErrLinkOver
		}
		return nil
	}
	var other signInLinkRow
	err := c.Take(&other, "token_hash = ?", token.Hash()).Error
	if err == nil && c.at.Before(other.ExpiresAt) {
		return ErrLinkElsewhere
	}
	return cmp.Or(missing(err, ErrLinkOver), error(ErrLinkOver))
}

// userOfLink is whom a link signs in: the user whom it was made for, or who has the e-mail by then, or whom it makes.
func (c *change) userOfLink(row *signInLinkRow, r accounts.Registration) (u UserLine, created bool, err error) {
	if row.UserID != nil {
		u, err = c.store.userLine(c.DB, *row.UserID)
	} else {
		u, err = c.store.userWithEmail(c.DB, row.Email)
		if errors.Is(err, accounts.ErrUserNotFound) {
			u, err = c.register(row.Email, "", r)
			return u, err == nil, err
		}
	}
	if errors.Is(err, accounts.ErrUserNotFound) || err == nil && (!mayOpenSession(u.User) || accounts.FoldEmail(u.Email) != row.EmailFolded) {
		err = ErrLinkOver
	}
	return u, false, err
}

// register makes the account of whoever has shown to have an e-mail. The caller holds registrationTurn.
func (c *change) register(email, name string, r accounts.Registration) (u UserLine, err error) {
	if !r.Takes(email) {
		return u, ErrNoRegistration
	}
	n, err := accounts.NewUser{Email: email, Name: name, Plan: r.Plan}.Normalize()
	if err != nil {
		return u, err
	}
	if err := c.countRegistration(r.DailyLimit); err != nil {
		return u, err
	}
	plan, err := planByName(c.DB, n.Plan)
	if err != nil {
		return u, noPlan(r.Plan, err)
	}
	u = UserLine{PlanName: plan.Name, User: accounts.User{ID: c.store.ids.mint(c.at), Email: n.Email, Name: n.Name, PlanID: plan.ID, Role: accounts.RoleUser, Status: accounts.StatusActive, CreatedAt: c.at, Metadata: n.Metadata}}
	if err := c.insertUser(u.User, ""); err != nil {
		if errors.Is(err, accounts.ErrEmailTaken) {
			err = ErrRegisteredAtOnce
		}
		return u, err
	}
	c.by.Name, c.by.UserID = u.Email, u.ID
	return u, c.recordChange(entry{action: "user.created", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
		details: fmt.Sprintf("%s made an account on plan %s.", u.Email, plan.Name), after: userFields(u)})
}

// noPlan is the fault of a plan for new accounts that is not there any more.
func noPlan(name string, err error) error {
	if f := fault.As(err); f.Kind == fault.NotFound || f.Kind == fault.Invalid || f.Kind == fault.Conflict {
		err = fmt.Errorf("REGISTRATION_PLAN names the plan %s, which takes no new users: %w", name, err)
		return (&fault.Error{Kind: fault.Unavailable, RetryAfter: time.Hour, Message: "Accounts cannot be made at the moment. Nothing was lost; try again later, or ask the operator."}).Because(err)
	}
	return err
}

// countRegistration counts an account in the day, or refuses it. The row of the day is held until the commit, so the
// limit holds whoever else makes one.
func (c *change) countRegistration(most int64) error {
	day := usage.DayOf(c.at)
	counted := c.Exec("INSERT INTO registrations (day, users) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET users = registrations.users + 1 WHERE registrations.users < ?", string(day), most)
	if counted.Error != nil || counted.RowsAffected > 0 {
		return counted.Error
	}
	full := *ErrRegistrationsFull
	full.RetryAfter = max(day.End().Sub(c.at), time.Second)
	return &full
}

// PlanTakesUsers is the reason why new users cannot get a plan with a name; nil where they can.
func (s *Store) PlanTakesUsers(ctx context.Context, name string) error {
	return s.reading(ctx, func(db *gorm.DB) error {
		_, err := planByName(db, name)
		return err
	})
}
