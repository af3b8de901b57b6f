package store

import (
	"context"
	"fmt"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Correct takes credits of a user on a day, or gives them back, and returns the
// credits that the day has used after it. A repeat with the same idempotency key
// returns the first correction, and duplicate is true; another correction with it
// is usage.ErrCorrectReplay. The days of an erased user stay as they are: accounts.ErrErased.
func (s *Store) Correct(ctx context.Context, by accounts.Actor, n usage.NewCorrection) (made usage.CorrectionRecord, used int64, duplicate bool, err error) {
	if n, err = n.Normalize(usage.DayOf(s.now())); err != nil {
		return made, 0, false, err
	}
	err = s.changing(ctx, by, func(tx *change) error {
		user, err := tx.openAccount(n.UserID)
		if err != nil {
			return err
		}
		if err := s.dialect.countTotalsIn(tx.DB); err != nil {
			return err
		}
		if made, duplicate, err = tx.corrected(n); err != nil {
			return err
		}
		if duplicate {
			used, err = usedOn(tx.DB, n.UserID, made.Day)
			return err
		}
		row, err := tx.correct(n, by.Name)
		if err != nil {
			return err
		}
		made = row.record()
		if used, err = usedOn(tx.DB, n.UserID, n.Day); err != nil {
			return err
		}
		verb, credits := "Took", n.Credits
		if credits < 0 {
			verb, credits = "Gave back", -credits
		}
		return tx.recordChange(entry{action: "usage.corrected", subject: accounts.SubjectUser, id: n.UserID, target: user.Email,
			details: fmt.Sprintf("%s %d credits on %s (%s): %s", verb, credits, n.Day, user.Email, n.Reason),
			before:  map[string]any{"credits_used": used - n.Credits}, after: map[string]any{"credits_used": used, "correction": row.ID}})
	})
	if err == nil && !duplicate && n.Day != usage.DayOf(made.CreatedAt) {
		_, _ = s.CloseDays(ctx) // it is a job of the background too: a failure is not the correction's
	}
	return made, used, duplicate, err
}

// corrected finds the correction that was made with the same idempotency key.
func (c *change) corrected(n usage.NewCorrection) (made usage.CorrectionRecord, found bool, err error) {
	if n.IdempotencyKey == "" {
		return made, false, nil
	}
	var first correctionRow
	err = c.Where("user_id = ? AND idempotency_key = ?", n.UserID, n.IdempotencyKey).Take(&first).Error
	switch {
	case err != nil:
		return made, false, missing(err, nil)
	case first.Credits != n.Credits || first.Reason != n.Reason || first.Day != n.Day:
		return made, false, usage.ErrCorrectReplay
	}
	return first.record(), true, nil
}

// PreviewCorrection returns the credits that the day has used before a correction
// and after it, and changes nothing. It fails as Correct would.
func (s *Store) PreviewCorrection(ctx context.Context, n usage.NewCorrection) (before, after int64, err error) {
	at := s.now()
	if n, err = n.Normalize(usage.DayOf(at)); err != nil {
		return 0, 0, err
	}
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		if user, err := userByID(db, n.UserID); err == nil && user.ErasedAt != nil {
			return accounts.ErrErased
		}
		_, _, before, err = decideCorrection(db, at, n, uuid.New)
		return err
	})
	return before, before + n.Credits, err
}

// decideCorrection decides a correction on the user's account. before is what the
// day has used without it.
func decideCorrection(db *gorm.DB, at time.Time, n usage.NewCorrection, mint func() uuid.UUID) (p usage.Posting, found ledgerAccounts, before int64, err error) {
	row, err := readDay(db, at, n.UserID) // holds and grants change nothing of a correction
	if err != nil {
		return p, nil, 0, err
	}
	account := &row.Account
	found = ledgerAccounts{n.UserID: account}
	before = account.Day.Used()
	day := usage.DayOf(at)
	if account.MonthlyLimit != usage.NoLimit {
		if err := visitRows(db, found.addEarlierDays, fmt.Sprintf(selectEarlierDays, "?", "?", "= ?"), string(day.StartOfMonth()), string(day), n.UserID); err != nil {
			return p, nil, 0, err
		}
	}
	if n.Day != day {
		if err := visitRows(db, found.addPastDay, selectPastDays+"d.user_id = ? AND d.day = ?", n.UserID, string(n.Day)); err != nil {
			return p, nil, 0, err
		}
		before = account.PastDays[n.Day].Used()
	}
	entry := usage.Entry{Kind: usage.KindCorrect, Charge: usage.Charge{UserID: n.UserID, Credits: n.Credits}, Day: n.Day}
	p = usage.Decide(at, []usage.Entry{entry}, usage.State{Accounts: found}, mint)
	switch p.Receipts[0].Outcome {
	case usage.Accepted:
		return p, found, before, nil
	case usage.OverRange:
		return p, found, before, fault.Field("credits", fmt.Sprintf("must not raise the day above %d credits", int64(usage.MaxDayCredits)))
	default:
		return p, found, before, usage.ErrBelowZero
	}
}

// correct decides a correction on the account, and writes it: one row of the
// user's day, by gorm, because it is rare.
func (c *change) correct(n usage.NewCorrection, by string) (*correctionRow, error) {
	p, found, _, err := decideCorrection(c.DB, c.at, n, func() uuid.UUID { return c.store.ids.mint(c.at) })
	if err != nil {
		return nil, err
	}
	made := correctionRow{ID: p.Corrections[0].ID, UserID: n.UserID, Day: n.Day, Credits: n.Credits, Reason: n.Reason, CreatedBy: by, CreatedAt: c.at,
		IdempotencyKey: orNone(n.IdempotencyKey)}
	if err := c.Create(&made).Error; err != nil {
		return nil, err
	}
	if err := c.tellPosting(&p, found); err != nil {
		return nil, err
	}
	t := p.Users[0]
	day := userDayRow{Day: n.Day, UserID: n.UserID, Millionths: t.Millionths, Corrected: t.Corrected}
	changed := c.Model(&day).Where("day = ? AND user_id = ?", string(n.Day), n.UserID).Updates(map[string]any{
		"millionths": gorm.Expr("millionths + ?", t.Millionths), "corrected": gorm.Expr("corrected + ?", t.Corrected),
	})
	if err = changed.Error; err == nil && changed.RowsAffected == 0 {
		err = c.Create(&day).Error
	}
	if err != nil || n.Day == usage.DayOf(c.at) {
		return &made, err
	}
	return &made, c.Exec(intoReopenedDays+"VALUES (?, ?)"+reopenAgain, string(n.Day), made.ID).Error
}

func (r *correctionRow) record() usage.CorrectionRecord {
	return usage.CorrectionRecord{
		Correction: usage.Correction{ID: r.ID, UserID: r.UserID, Day: r.Day, Credits: r.Credits, CreatedAt: r.CreatedAt}, Reason: r.Reason, CreatedBy: r.CreatedBy,
	}
}

func usedOn(db *gorm.DB, user uuid.UUID, day usage.Day) (used int64, err error) {
	var row userDayRow
	err = db.Where("day = ? AND user_id = ?", string(day), user).Take(&row).Error
	return usage.WholeCredits(row.Millionths), missing(err, nil)
}

// Corrections lists a user's corrections, the newest first.
func (s *Store) Corrections(ctx context.Context, userID uuid.UUID, limit, offset int) (list []usage.CorrectionRecord, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var rows []correctionRow
		if err := db.Where("user_id = ?", userID).Order("id DESC").Limit(limit).Offset(offset).Find(&rows).Error; err != nil {
			return err
		}
		for i := range rows {
			list = append(list, rows[i].record())
		}
		return nil
	})
	return list, err
}
