package store

import (
	"context"
	"errors"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// MaxBulk is how many keys or users a bulk action takes.
const MaxBulk = 1000

// errKept leaves a key or user as it is.
var errKept = fault.New(fault.Conflict, "Nothing was changed.")

// KeyStays is why a key stays as it is when it is brought into a status; empty where it changes.
func KeyStays(k keys.Key, to keys.Status) string {
	if k.Status == to {
		return "It is already " + string(to) + "."
	}
	if k.Status == keys.StatusRevoked {
		return "It is revoked, which cannot be undone."
	}
	return ""
}

// UserStays is why a user stays as it is when the status or the plan is changed; empty where it changes.
func UserStays(u UserLine, to accounts.UserChange) string {
	switch {
	case u.ErasedAt != nil:
		return "The user was erased."
	case to.Status != nil && u.Status == *to.Status:
		return "The user is already " + string(*to.Status) + "."
	case to.Plan != nil && accounts.Fold(*to.Plan) == accounts.Fold(u.PlanName):
		return "The user already has the plan " + u.PlanName + "."
	}
	return ""
}

// BringKey brings a key into a status, as RevokeKey and ChangeKey do for an operator. It returns why the key
// stayed as it was; empty where it changed. A repeat changes and records nothing.
func (s *Store) BringKey(ctx context.Context, by accounts.Actor, id uuid.UUID, to keys.Status) (stays string, err error) {
	if to == keys.StatusRevoked {
		err = s.RevokeKey(ctx, by, id, uuid.Nil)
	} else {
		_, err = s.changeKey(ctx, by, id, uuid.Nil, keys.KeyChange{Status: &to}, func(k keys.Key) error {
			if stays = KeyStays(k, to); stays != "" {
				return errKept
			}
			return nil
		})
	}
	switch {
	case errors.Is(err, errKept):
		return stays, nil
	case errors.Is(err, keys.ErrNotFound): // as for a revoked key
		k, err := s.Key(ctx, id, uuid.Nil)
		return KeyStays(k.Key, to), err
	}
	return "", err
}

// BringUser gives a user a status or a plan, as ChangeUser does, and suspends no last operator. It returns
// why the user stayed as it was; empty where it changed. A repeat changes and records nothing.
func (s *Store) BringUser(ctx context.Context, by accounts.Actor, id uuid.UUID, to accounts.UserChange) (stays string, err error) {
	_, err = s.changeUser(ctx, by, id, to, func(tx *change, u UserLine) error {
		if stays = UserStays(u, to); stays != "" {
			return errKept
		}
		if to.Status == nil || *to.Status == accounts.StatusActive {
			return nil
		}
		last, err := lastOperator(tx.DB, id)
		if err == nil && last {
			stays, err = "This is the last admin who can sign in to the console.", errKept
		}
		return err
	})
	switch {
	case errors.Is(err, errKept):
		return stays, nil
	case errors.Is(err, accounts.ErrErased):
		return UserStays(UserLine{User: accounts.User{ErasedAt: new(s.now())}}, to), nil
	}
	return "", err
}

// KeysByID reads keys, in the order of their ids. Those that do not exist are left out.
func (s *Store) KeysByID(ctx context.Context, ids []uuid.UUID) (found []KeyLine, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		found, err = listOn(db, (*KeyLine).fields, "SELECT "+keyLineColumns+" FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.id IN ? ORDER BY k.id", ids)
		return err
	})
	return found, err
}

// UsersByID reads users, the newest first. Those that do not exist are left out.
func (s *Store) UsersByID(ctx context.Context, ids []uuid.UUID) (found []UserLine, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		f := s.search(searchedUsers, "")
		f.and("u.id IN ?", ids)
		found, err = s.userLines(db, f, Page{Limit: len(ids)})
		return err
	})
	return found, err
}

// HoldsOfKeys counts the open holds of keys.
func (s *Store) HoldsOfKeys(ctx context.Context, ids []uuid.UUID) (int64, error) {
	return s.openHoldsOf(ctx, "key_id IN ?", ids)
}

// HoldsOfUsers counts the open holds of users.
func (s *Store) HoldsOfUsers(ctx context.Context, ids []uuid.UUID) (int64, error) {
	return s.openHoldsOf(ctx, "user_id IN ?", ids)
}

func (s *Store) openHoldsOf(ctx context.Context, of string, ids []uuid.UUID) (n int64, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Model(&holdRow{}).Where("status = 'open' AND expires_at > ?", s.now()).Where(of, ids).Count(&n).Error
	})
	return n, err
}
