package store

import (
	"context"
	"errors"

	"codexible/accounts"
	"codexible/fault"

	"gorm.io/gorm"
)

// Refusals of a customer's sign-in with OpenID Connect.
var (
	ErrCustomerNotAdmitted = fault.New(fault.Forbidden, "The account that you signed in with cannot open the dashboard. Sign in with a link by mail or an API key, or ask the operator.")
	ErrCustomerSuspended   = fault.New(fault.Forbidden, "This account is suspended. Contact support to have it reactivated.")
)

// OpenByOpenID opens a session of the customer whom a provider has signed in: of the user who is linked to the
// person, or who has the verified e-mail, or whom it makes where that is allowed. Nobody but a user with the role
// user is signed in, and no role is changed.
func (s *Store) OpenByOpenID(ctx context.Context, by accounts.Actor, p OpenIDPerson, n NewCustomerSession, r accounts.Registration) (opened CustomerSession, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		opened = CustomerSession{}
		if err := s.dialect.takeTurn(tx.DB, registrationTurn); err != nil {
			return err
		}
		u, created, err := tx.customerOf(p, r)
		if err != nil {
			return err
		}
		if err := tx.Model(&openidIdentityRow{}).Where("issuer = ? AND subject = ?", p.Issuer, p.Subject).UpdateColumn("last_at", tx.at).Error; err != nil {
			return err
		}
		opened, err = tx.openSession(u, n, "with OpenID Connect")
		opened.Created = created
		return err
	})
	return opened, err
}

// customerOf is the user of a person, held, who is linked or made where there is none.
func (c *change) customerOf(p OpenIDPerson, r accounts.Registration) (u UserLine, created bool, err error) {
	var identity openidIdentityRow
	err = c.Take(&identity, "issuer = ? AND subject = ?", p.Issuer, p.Subject).Error
	switch {
	case err == nil:
		u.ID = identity.UserID
	case !errors.Is(err, gorm.ErrRecordNotFound):
		return u, false, err
	case !p.EmailVerified, !storable(p.Email):
		return u, false, ErrOpenIDUnverified
	default:
		if u, created, err = c.customerWithEmail(p, r); err != nil {
			return u, false, err
		}
	}
	if err := c.lock("users", u.ID); err != nil {
		return u, false, err
	}
	if u, err = c.store.userLine(c.DB, u.ID); err != nil {
		return u, false, err
	}
	switch {
	case u.Role != accounts.RoleUser, u.ErasedAt != nil:
		return u, false, ErrCustomerNotAdmitted
	case u.Status != accounts.StatusActive:
		return u, false, ErrCustomerSuspended
	case identity.Subject == "":
		return u, created, c.link(u.User, p)
	}
	return u, false, nil
}

// customerWithEmail is who has the e-mail of a person, or who is made for it.
func (c *change) customerWithEmail(p OpenIDPerson, r accounts.Registration) (u UserLine, created bool, err error) {
	n, err := accounts.NewUser{Email: p.Email, Plan: "any"}.Normalize()
	if err != nil {
		return u, false, ErrOpenIDUnverified
	}
	u, err = c.store.userWithEmail(c.DB, n.Email)
	if !errors.Is(err, accounts.ErrUserNotFound) {
		return u, false, err
	}
	name := rowText(accounts.Clean(p.Name), accounts.MaxNameLength)
	if accounts.CheckText(name, 0, accounts.MaxNameLength) != "" {
		name = ""
	}
	u, err = c.register(n.Email, name, r)
	return u, err == nil, err
}
