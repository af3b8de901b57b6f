package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// TwoStep reads the second step of a user's sign-in; found is false where none was begun.
func (s *Store) TwoStep(ctx context.Context, userID uuid.UUID) (t accounts.TwoStep, found bool, err error) {
	// By hand: the row and the number of codes of one moment.
	var rows []accounts.TwoStep
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT t.secret, t.confirmed, t.last_step, t.locked_at, (SELECT COUNT(*) FROM recovery_codes AS r WHERE r.user_id = t.user_id) AS codes_left
			FROM two_step AS t WHERE t.user_id = ?`, userID).Scan(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return t, false, err
	}
	t = rows[0]
	t.Secret, err = vault{ring: s.secrets}.open(stored{twoStepSecret, userID, t.Secret})
	return t, true, s.classify(err)
}

// BeginTwoStep keeps a secret, encrypted, that waits for its first code. One that
// is confirmed stays as it is. secrets.ErrNoKey where the service has no key.
func (s *Store) BeginTwoStep(ctx context.Context, userID uuid.UUID, secret string) error {
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		k, err := s.vaultOf(tx).key(ctx)
		if err != nil {
			return err
		}
		sealed, err := k.Seal(twoStepSecret.place(userID), secret)
		if err != nil {
			return err
		}
		// By hand: one statement replaces a secret unless it is confirmed.
		return tx.Exec(`INSERT INTO two_step AS t (user_id, secret, confirmed, last_step) VALUES (?, ?, ?, 0)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret WHERE t.confirmed = ?`, userID, sealed, false, false).Error
	}))
}

// TakeStep takes the code of a step; false where that step or a later one was
// taken, or the codes are locked.
func (s *Store) TakeStep(ctx context.Context, userID uuid.UUID, step int64) (bool, error) {
	result := s.write.WithContext(ctx).Model(&twoStepRow{}).Where("user_id = ? AND last_step < ? AND locked_at IS NULL", userID, step).UpdateColumn("last_step", step)
	return result.RowsAffected == 1, s.classify(result.Error)
}

// WrongCode counts a wrong code at a second step that is on. The last one of
// accounts.MaxWrongCodes on a UTC day locks the app's codes; locked reports whether
// this was it. However many are tried at once, each counts.
func (s *Store) WrongCode(ctx context.Context, by accounts.Actor, userID uuid.UUID) (locked bool, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		day := string(usage.DayOf(tx.at))
		var counted []struct {
			WrongCodes int64
			LockedAt   *time.Time
		}
		// By hand: one statement counts, decides and returns.
		err := tx.Raw(`UPDATE two_step SET wrong_day = ?, wrong_codes = CASE WHEN wrong_day = ? THEN wrong_codes + 1 ELSE 1 END,
			locked_at = CASE WHEN locked_at IS NULL AND wrong_day = ? AND wrong_codes + 1 >= ? THEN ? ELSE locked_at END
			WHERE user_id = ? AND confirmed = ? RETURNING wrong_codes, locked_at`, day, day, day, accounts.MaxWrongCodes, tx.at, userID, true).Scan(&counted).Error
		if err != nil || len(counted) == 0 {
			return err
		}
		// The codes of a day on which they were locked before may reach the bound too.
		at := counted[0].LockedAt
		if locked = counted[0].WrongCodes == accounts.MaxWrongCodes && at != nil && at.Equal(tx.at); !locked {
			return nil
		}
		u, err := userByID(tx.DB, userID)
		if err != nil {
			return err
		}
		tx.by.Name = accounts.ActorSystem.Name
		return tx.record(entry{action: "user.two_step_locked", subject: accounts.SubjectUser, id: userID, target: u.Email,
			details: fmt.Sprintf("Locked the authenticator codes of %s after %d wrong codes in one day. Whoever entered them knew the password. A recovery code unlocks them.", u.Email, accounts.MaxWrongCodes)})
	})
	return locked, err
}

// unlockTwoStep unlocks the app's codes.
func (c *change) unlockTwoStep(userID uuid.UUID, email, because string) error {
	unlocked := c.Model(&twoStepRow{}).Where("user_id = ? AND locked_at IS NOT NULL", userID).UpdateColumns(map[string]any{"locked_at": nil, "wrong_codes": 0})
	if unlocked.Error != nil || unlocked.RowsAffected == 0 {
		return unlocked.Error
	}
	return c.record(entry{action: "user.two_step_unlocked", subject: accounts.SubjectUser, id: userID, target: email, details: "Unlocked the authenticator codes of " + email + ": " + because + "."})
}

// TakeRecoveryCode takes a code, which works once, and unlocks the app's codes;
// false where it does not exist.
func (s *Store) TakeRecoveryCode(ctx context.Context, by accounts.Actor, userID uuid.UUID, hash []byte) (taken bool, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		result := tx.Delete(&recoveryCodeRow{}, "user_id = ? AND hash = ?", userID, hash)
		if taken = result.RowsAffected == 1; !taken || result.Error != nil {
			return result.Error
		}
		if err := tx.unlockTwoStep(userID, by.Name, "a recovery code was entered"); err != nil {
			return err
		}
		return tx.record(entry{action: "user.recovery_code_used", subject: accounts.SubjectUser, id: userID, target: by.Name, details: by.Name + " signed in with a recovery code."})
	})
	return taken, err
}

// ConfirmTwoStep turns two-factor authentication on, with the hashes of its recovery codes.
func (s *Store) ConfirmTwoStep(ctx context.Context, by accounts.Actor, userID uuid.UUID, codes [][]byte) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := tx.Model(&twoStepRow{}).Where("user_id = ?", userID).UpdateColumn("confirmed", true).Error; err != nil {
			return err
		}
		if err := tx.putRecoveryCodes(userID, codes); err != nil {
			return err
		}
		return tx.record(entry{action: "user.two_step_on", subject: accounts.SubjectUser, id: userID, target: by.Name, details: by.Name + " turned on two-factor authentication."})
	})
}

// NewRecoveryCodes replaces a user's recovery codes.
func (s *Store) NewRecoveryCodes(ctx context.Context, by accounts.Actor, userID uuid.UUID, codes [][]byte) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := tx.putRecoveryCodes(userID, codes); err != nil {
			return err
		}
		return tx.record(entry{action: "user.recovery_codes_made", subject: accounts.SubjectUser, id: userID, target: by.Name, details: by.Name + " generated new recovery codes."})
	})
}

func (c *change) putRecoveryCodes(userID uuid.UUID, codes [][]byte) error {
	if err := c.Delete(&recoveryCodeRow{}, "user_id = ?", userID).Error; err != nil {
		return err
	}
	for _, hash := range codes {
		if err := c.Clauses(clause.OnConflict{DoNothing: true}).Create(&recoveryCodeRow{UserID: userID, Hash: hash}).Error; err != nil {
			return err
		}
	}
	return nil
}

// TurnOffTwoStep deletes the secret and the recovery codes.
func (s *Store) TurnOffTwoStep(ctx context.Context, by accounts.Actor, userID uuid.UUID) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := tx.dropTwoStep(userID); err != nil {
			return err
		}
		return tx.record(entry{action: "user.two_step_off", subject: accounts.SubjectUser, id: userID, target: by.Name, details: by.Name + " turned off two-factor authentication."})
	})
}

func (c *change) dropTwoStep(userID uuid.UUID) error {
	return errors.Join(
		c.Delete(&recoveryCodeRow{}, "user_id = ?", userID).Error,
		c.Delete(&twoStepRow{}, "user_id = ?", userID).Error,
	)
}
