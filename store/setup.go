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
)

// ErrSetupOver says that a set-up link was used, has expired, never was one, or
// that somebody can sign in.
var ErrSetupOver = fault.New(fault.NotFound, "This set-up link is not valid: it was already used, has expired, or the console was set up in another way. Sign in, or run codexible user set-password on the server.")

// ErrSetupEmail says that a set-up names a user who exists: a link makes a user
// and changes none.
var ErrSetupEmail = fault.Field("email", "belongs to an existing user, and a set-up link cannot change users: choose another e-mail address, or, if that user is an admin, run codexible user set-password on the server")

// SetupLife is how long a set-up link works.
const SetupLife = 24 * time.Hour

// setupTurn is the lock under which it is decided whether anybody can sign in.
const setupTurn = "codexible set-up"

// canSignIn is a user who can sign in to the console: with a password, or with an
// account at an OpenID Connect provider.
const canSignIn = "role = 'admin' AND status = 'active' AND (password_hash <> '' OR EXISTS (SELECT 1 FROM openid_identities AS i WHERE i.user_id = users.id))"

// HasOperator reports whether anybody can sign in to the console.
func (s *Store) HasOperator(ctx context.Context) (has bool, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		has, err = hasOperator(db)
		return err
	})
	return has, err
}

func hasOperator(db *gorm.DB) (bool, error) {
	var found []uuid.UUID
	err := db.Model(&userRow{}).Where(canSignIn).Limit(1).Pluck("id", &found).Error
	return len(found) > 0, err
}

// AddSetupLink makes a token open the set-up, beside those of other instances
// that start; ErrSetupOver where somebody can sign in.
func (s *Store) AddSetupLink(ctx context.Context, token accounts.Token) error {
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		if err := tx.nobodySignsIn(); err != nil {
			return err
		}
		return tx.Create(&setupLinkRow{TokenHash: token.Hash(), ExpiresAt: tx.at.Add(SetupLife)}).Error
	})
}

// nobodySignsIn fails with ErrSetupOver where somebody can sign in. Until the
// transaction ends nobody else can be made an operator.
func (c *change) nobodySignsIn() error {
	if err := c.store.dialect.takeTurn(c.DB, setupTurn); err != nil {
		return err
	}
	has, err := hasOperator(c.DB)
	if err == nil && has {
		return ErrSetupOver
	}
	return err
}

// endSetup ends every set-up link if a user can sign in. It follows a change of
// the user that began with takeTurn, in the same transaction.
func (c *change) endSetup(userID uuid.UUID) error {
	return c.Delete(&setupLinkRow{}, "EXISTS (SELECT 1 FROM users WHERE id = ? AND "+canSignIn+")", userID).Error
}

// SetupOpen reports whether a token opens the set-up; ErrSetupOver where it does not.
func (s *Store) SetupOpen(ctx context.Context, token accounts.Token) error {
	var link setupLinkRow
	err := s.read.WithContext(ctx).Take(&link, "token_hash = ? AND expires_at > ? AND NOT EXISTS (SELECT 1 FROM users WHERE "+canSignIn+")",
		token.Hash(), s.now()).Error
	return s.classify(missing(err, ErrSetupOver))
}

// SetUp makes the first operator and ends every set-up link, in one
// transaction: of two who use a link at once, one succeeds, and none where
// somebody can sign in. ErrSetupEmail where a user has the e-mail.
func (s *Store) SetUp(ctx context.Context, by accounts.Actor, token accounts.Token, email, name, passwordHash string) (id uuid.UUID, err error) {
	n, err := accounts.NewUser{Email: email, Name: name, Plan: "any", Role: accounts.RoleAdmin, PasswordHash: passwordHash}.Normalize()
	if err != nil {
		return id, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		if err := tx.nobodySignsIn(); err != nil {
			return err
		}
		used := tx.Delete(&setupLinkRow{}, "token_hash = ? AND expires_at > ?", token.Hash(), tx.at)
		if used.Error == nil && used.RowsAffected == 0 {
			return ErrSetupOver
		}
		if used.Error != nil {
			return used.Error
		}
		id, err = tx.firstOperator(n)
		return err
	})
	if errors.Is(err, accounts.ErrEmailTaken) {
		err = ErrSetupEmail
	}
	return id, err
}

func (c *change) firstOperator(n accounts.NewUser) (uuid.UUID, error) {
	plan, err := planWhere(c.Order("archived, is_default DESC, position, id"))
	if err != nil {
		return uuid.Nil, err
	}
	u := accounts.User{ID: c.store.ids.mint(c.at), Email: n.Email, Name: n.Name, PlanID: plan.ID, Role: n.Role, Status: accounts.StatusActive, CreatedAt: c.at}
	if err := c.insertUser(u, n.PasswordHash); err != nil {
		return uuid.Nil, err
	}
	if err := c.endSetup(u.ID); err != nil {
		return uuid.Nil, err
	}
	return u.ID, c.recordChange(entry{action: "console.set_up", subject: accounts.SubjectUser, id: u.ID, target: u.Email,
		details: fmt.Sprintf("Set up the console with %s as its first operator.", u.Email)})
}
