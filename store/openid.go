package store

import (
	"bytes"
	"context"
	"errors"
	"time"

	"codexible/accounts"
	"codexible/fault"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// OpenIDSignIn is a sign-in with OpenID Connect that is under way: what its answer is
// checked against, and the page that it leads to. OfCustomer tells those to the dashboard
// from those to the console.
type OpenIDSignIn struct {
	Nonce, Verifier, Next string
	OfCustomer            bool
}

// OpenIDPerson is whom a provider has signed in. Role is what the rules give; empty for none.
type OpenIDPerson struct {
	Issuer, Subject, Email, Name string
	EmailVerified                bool
	Role                         accounts.Role
}

// OpenIDLife is how long a sign-in with OpenID Connect may take.
const OpenIDLife = 10 * time.Minute

// Refusals of a sign-in with OpenID Connect.
var (
	ErrOpenIDOver       = fault.New(fault.Conflict, "This sign-in was already completed, has expired, or began in another browser.")
	ErrOpenIDNoRole     = fault.New(fault.Forbidden, "Your account at the provider may not use this console. Ask an operator for access.")
	ErrOpenIDUnverified = fault.New(fault.Forbidden, "The provider has not verified your e-mail address. Verify it there, then sign in again.")
	ErrOpenIDTaken      = fault.New(fault.Forbidden, "Your e-mail address belongs to a user who signs in with another account of this provider. Ask an operator to change the e-mail address of that user.")
	ErrOpenIDSuspended  = fault.New(fault.Forbidden, "This user is suspended. Ask another operator for access.")
)

// BeginOpenID keeps a sign-in by its state, for the browser that begins it.
func (s *Store) BeginOpenID(ctx context.Context, state, browser accounts.Token, n OpenIDSignIn) error {
	return s.classify(s.write.WithContext(ctx).Create(&openidSignInRow{
		StateHash: state.Hash(), BrowserHash: browser.Hash(), Nonce: n.Nonce, Verifier: n.Verifier, Next: n.Next, OfCustomer: n.OfCustomer, ExpiresAt: s.now().Add(OpenIDLife),
	}).Error)
}

// TakeOpenID gives the sign-in of an operator or a customer with a state, once; ErrOpenIDOver
// for one that was taken, has expired or began in another browser, which ends it.
func (s *Store) TakeOpenID(ctx context.Context, state, browser accounts.Token, ofCustomer bool) (n OpenIDSignIn, err error) {
	var rows []openidSignInRow
	err = s.write.WithContext(ctx).Clauses(clause.Returning{}).Delete(&rows, "state_hash = ? AND of_customer = ?", state.Hash(), ofCustomer).Error
	if err != nil {
		return n, s.classify(err)
	}
	if len(rows) != 1 || !s.now().Before(rows[0].ExpiresAt) || !bytes.Equal(rows[0].BrowserHash, browser.Hash()) {
		return n, ErrOpenIDOver
	}
	return OpenIDSignIn{Nonce: rows[0].Nonce, Verifier: rows[0].Verifier, Next: rows[0].Next, OfCustomer: ofCustomer}, nil
}

// AdmitOpenID finds the user of a person, or makes one where a rule gives the person a
// role. A user without an identity at the provider is found by a verified e-mail
// address. The user's role follows the rules: without one, an operator becomes a user.
func (s *Store) AdmitOpenID(ctx context.Context, by accounts.Actor, p OpenIDPerson) (c Credentials, err error) {
	var refused error
	err = s.changing(ctx, by, func(tx *change) error {
		if err := s.dialect.takeTurn(tx.DB, setupTurn); err != nil {
			return err
		}
		id, err := tx.openIDUser(p)
		if refused, err = refusedOpenID(err); err != nil || refused != nil {
			return err
		}
		if err := errors.Join(tx.followRules(id, p.Role), tx.endSetup(id)); err != nil {
			return err
		}
		u, err := userByID(tx.DB, id)
		if err != nil {
			return err
		}
		c = Credentials{UserID: u.ID, Email: u.Email, Role: u.Role, Status: u.Status, PasswordHash: u.PasswordHash}
		switch {
		case p.Role == "":
			refused = ErrOpenIDNoRole
		case u.Status != accounts.StatusActive:
			refused = ErrOpenIDSuspended
		}
		return tx.Model(&openidIdentityRow{}).Where("issuer = ? AND subject = ?", p.Issuer, p.Subject).UpdateColumn("last_at", tx.at).Error
	})
	if err == nil {
		err = refused
	}
	return c, err
}

// refusedOpenID separates a refusal, whose transaction ends well, from a failure.
func refusedOpenID(err error) (refused, failed error) {
	for _, refusal := range []error{ErrOpenIDNoRole, ErrOpenIDUnverified, ErrOpenIDTaken} {
		if errors.Is(err, refusal) {
			return refusal, nil
		}
	}
	return nil, err
}

// openIDUser is the user of a person, who is linked or made where there is none.
func (c *change) openIDUser(p OpenIDPerson) (uuid.UUID, error) {
	var identity openidIdentityRow
	err := c.Take(&identity, "issuer = ? AND subject = ?", p.Issuer, p.Subject).Error
	if err == nil {
		return identity.UserID, c.lock("users", identity.UserID)
	}
	switch {
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return uuid.Nil, err
	case p.Role == "":
		return uuid.Nil, ErrOpenIDNoRole
	case !p.EmailVerified, !storable(p.Email):
		return uuid.Nil, ErrOpenIDUnverified
	}
	u, err := c.store.userWithEmail(c.DB, p.Email)
	if errors.Is(err, accounts.ErrUserNotFound) {
		u.User, err = c.insertOpenIDUser(p)
	}
	if err != nil {
		return uuid.Nil, err
	}
	return u.ID, c.link(u.User, p)
}

// link lets a person of a provider sign in as a user. A user has one identity at a
// provider: an address that was given to somebody else opens nothing.
func (c *change) link(u accounts.User, p OpenIDPerson) error {
	if err := c.lock("users", u.ID); err != nil {
		return err
	}
	var n int64
	if err := c.Model(&openidIdentityRow{}).Where("issuer = ? AND user_id = ?", p.Issuer, u.ID).Count(&n).Error; err != nil {
		return err
	}
	if n > 0 {
		return ErrOpenIDTaken
	}
	if err := c.Create(&openidIdentityRow{Issuer: p.Issuer, Subject: p.Subject, UserID: u.ID, LinkedAt: c.at, LastAt: c.at}).Error; err != nil {
		return err
	}
	return c.record(entry{action: "user.linked", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
		details: "Linked " + u.Email + " to an account at " + p.Issuer + "."})
}

// insertOpenIDUser makes an operator without a password, on the plan for new users.
func (c *change) insertOpenIDUser(p OpenIDPerson) (u accounts.User, err error) {
	n, err := accounts.NewUser{Email: p.Email, Plan: "any"}.Normalize()
	if err != nil {
		return u, ErrOpenIDUnverified
	}
	name := rowText(accounts.Clean(p.Name), accounts.MaxNameLength)
	if accounts.CheckText(name, 0, accounts.MaxNameLength) != "" {
		name = ""
	}
	plan, err := planWhere(c.Order("archived, is_default DESC, position, id"))
	if err != nil {
		return u, err
	}
	u = accounts.User{ID: c.store.ids.mint(c.at), Email: n.Email, Name: name, PlanID: plan.ID, Role: p.Role, Status: accounts.StatusActive, CreatedAt: c.at}
	if err := c.insertUser(u, ""); err != nil {
		return u, err
	}
	line := UserLine{User: u, PlanName: plan.Name}
	return u, c.recordChange(entry{action: "user.created", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
		details: "Created user " + u.Email + " on plan " + plan.Name + " with role " + string(u.Role) + ", as OpenID Connect signed them in.", after: userFields(line)})
}

// followRules gives a user the role of the rules. Without one an operator becomes a
// user; a role of anybody else stays. A change ends the user's sessions.
func (c *change) followRules(id uuid.UUID, role accounts.Role) error {
	before, err := c.store.userLine(c.DB, id)
	if err != nil {
		return err
	}
	if role == "" && !before.Role.Operates() {
		return nil
	}
	after := before
	if after.Role = role; role == "" {
		after.Role = accounts.RoleUser
	}
	if after.Role == before.Role {
		return nil
	}
	return c.saveUser(before, after)
}
