package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Reconciliation is the result of recounting every total from the single charges.
type Reconciliation struct {
	At         time.Time
	TookMillis int64
	Charges    int64
	Days       int64
	// DaysGone counts the days whose charges a retention removed: their totals
	// cannot be recounted.
	DaysGone    int64
	Differences []usage.Difference
	// KeptFrom is the first day whose charges are there; empty where none were removed.
	KeptFrom usage.Day
}

// recountPage is how many charges one statement of a recount reads.
const recountPage = 10_000

// idSlack widens a day's range of ids: an id may run ahead of its time.
const idSlack = time.Minute

// keptDetails bounds how many differences a result keeps in words.
const keptDetails = 20

// Reconcile recounts every total from the single charges, a day at a time and
// each day in one snapshot, so that it can run beside a working meter.
func (s *Store) Reconcile(ctx context.Context) (r Reconciliation, err error) {
	start := time.Now()
	r.At = s.now()
	var days []usage.Day
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		days, err = daysWithRows(db)
		return err
	})
	if err != nil {
		return r, err
	}
	check, err := s.newRecheck(ctx)
	if err != nil {
		return r, err
	}
	for _, day := range days {
		if err := s.reconcileDay(ctx, day, check, &r); err != nil {
			return r, s.classify(err)
		}
	}
	if err := s.reconcileHolds(ctx, &r); err != nil {
		return r, s.classify(err)
	}
	r.TookMillis = time.Since(start).Milliseconds()
	return r, s.keepResult(ctx, r)
}

// daysWithRows hops from day to day along the primary keys of the totals, and
// along the ids of the charges: reading every row to list a few days would take
// longer than the recount.
func daysWithRows(db *gorm.DB) (days []usage.Day, err error) {
	for day := usage.Day(""); ; {
		var next []usage.Day
		err := db.Raw(`SELECT MIN(day) AS day FROM (
			SELECT * FROM (SELECT day FROM user_days WHERE day > ? ORDER BY day LIMIT 1) AS u
			UNION ALL SELECT * FROM (SELECT day FROM daily_usage WHERE day > ? ORDER BY day LIMIT 1) AS k
			UNION ALL SELECT * FROM (SELECT day FROM corrections WHERE day > ? ORDER BY day LIMIT 1) AS m
			UNION ALL SELECT * FROM (SELECT day FROM usage WHERE id >= ? AND day > ? ORDER BY id LIMIT 1) AS c) AS d HAVING MIN(day) IS NOT NULL`,
			orFirst(day), orFirst(day), orFirst(day), firstID(orFirst(day).End().Add(-idSlack)), orFirst(day)).Scan(&next).Error
		if err != nil || len(next) == 0 {
			return days, err
		}
		day = next[0]
		days = append(days, day)
	}
}

// orFirst is a day before every other where none was given.
func orFirst(day usage.Day) usage.Day {
	if day == "" {
		return "0001-01-01"
	}
	return day
}

// snapshot runs work on one connection in one read-only view of the database.
func (s *Store) snapshot(ctx context.Context, work func(db *gorm.DB) error) error {
	return s.read.WithContext(ctx).Connection(func(db *gorm.DB) error {
		db = db.Session(&gorm.Session{}) // without it conditions and errors of one statement stay for the next
		if err := db.Exec(s.dialect.beginSnapshot()).Error; err != nil {
			return err
		}
		// The view ends also when ctx has: the connection goes back to the pool.
		return errors.Join(work(db), db.WithContext(context.WithoutCancel(ctx)).Exec("ROLLBACK").Error)
	})
}

// add keeps what a comparison found, and returns its error.
func (r *Reconciliation) add(found []usage.Difference, err error) error {
	r.Differences = append(r.Differences, found...)
	return err
}

func (s *Store) reconcileDay(ctx context.Context, day usage.Day, check *recheck, r *Reconciliation) error {
	if err := s.CountTotals(ctx); err != nil {
		return err
	}
	return s.snapshot(ctx, func(db *gorm.DB) (err error) {
		// A retention may have begun with this day since the days were listed.
		if r.KeptFrom, err = keptFrom(db); err != nil {
			return err
		}
		if day < r.KeptFrom {
			r.DaysGone++
			return r.add(compareTotals(db, day, nil))
		}
		r.Days++
		return s.recountDay(db, day, check, r)
	})
}

// recountDay compares a day whose charges are kept.
func (s *Store) recountDay(db *gorm.DB, day usage.Day, check *recheck, r *Reconciliation) error {
	counts, err := s.dialect.counted(db)
	if err != nil {
		return err
	}
	recount, uncounted := usage.NewRecount(day), map[uuid.UUID]int64{}
	var adjustments []usage.Record
	err = eachCharge(db, day, func(c *usage.Record) {
		if counts(c.ID) {
			recount.Add(c)
		} else {
			uncounted[c.UserID] += c.Granted
		}
		if c.AdjustsID != uuid.Nil {
			adjustments = append(adjustments, *c)
		}
		_ = r.add(check.add(c), nil)
	})
	if err != nil {
		return err
	}
	if err := errors.Join(r.add(check.finish(db)), r.add(compareTotals(db, day, uncounted)), r.add(compareAdjustments(db, r.KeptFrom, adjustments))); err != nil {
		return err
	}
	var corrections []usage.Correction
	if err := db.Raw("SELECT user_id, credits FROM corrections WHERE day = ?", string(day)).Scan(&corrections).Error; err != nil {
		return err
	}
	for _, c := range corrections {
		recount.Correct(c.UserID, c.Credits)
	}
	stored, err := totalsOn(db, day)
	r.Charges += recount.Charges
	return r.add(recount.Compare(stored), err)
}

// eachCharge visits the charges of a day, whole pages along the primary key, and then
// the adjustments of the day that were made on later ones.
func eachCharge(db *gorm.DB, day usage.Day, visit func(*usage.Record)) error {
	last, end := firstID(day.Start().Add(-idSlack)), firstID(day.End().Add(idSlack))
	for n := recountPage; n == recountPage; {
		n = 0
		err := eachRecord(db, func(c *usage.Record) {
			n++
			if last = c.ID; c.Day == day {
				visit(c)
			}
		}, "c.id > ? AND c.id < ? ORDER BY c.id LIMIT ?", last, end, recountPage)
		if err != nil {
			return err
		}
	}
	return eachRecord(db, visit, "c.adjusts_id IS NOT NULL AND c.day = ? AND c.id >= ?", string(day), end)
}

func totalsOn(db *gorm.DB, day usage.Day) (b usage.DayTotals, err error) {
	if err = db.Raw(`SELECT day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros
		FROM daily_usage WHERE day = ? ORDER BY user_id, key_id, model`, string(day)).Scan(&b.Rows).Error; err != nil {
		return b, err
	}
	if b.Tokens, err = tokenRows(db, day); err != nil {
		return b, err
	}
	rows, err := db.Raw("SELECT user_id, requests, millionths, granted, uncollected, corrected, cost_micros, last_charge_id, "+strings.Join(hourColumns(), ", ")+
		" FROM user_days WHERE day = ? ORDER BY user_id", string(day)).Rows()
	if err != nil {
		return b, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var u usage.UserDay
		dest := []any{&u.UserID, &u.Requests, &u.Millionths, &u.Granted, &u.Uncollected, &u.Corrected, &u.CostMicros, &u.LastChargeID}
		for hour := range u.Hours {
			dest = append(dest, &u.Hours[hour])
		}
		if err := rows.Scan(dest...); err != nil {
			return b, err
		}
		b.Users = append(b.Users, u)
	}
	return b, rows.Err()
}

func tokenRows(db *gorm.DB, day usage.Day) ([]usage.TokenTotal, error) {
	rows, err := listOn(db, func(r *tokenRow) []any {
		return append([]any{&r.UserID, &r.KeyID, &r.Model, &r.PriceID}, r.sums()...)
	}, "SELECT user_id, key_id, model, price_id, "+tokenSumColumns+" FROM daily_tokens WHERE day = ? ORDER BY user_id, key_id, model, price_id", string(day))
	return totalsOfRows(rows), err
}

func (s *Store) keepResult(ctx context.Context, r Reconciliation) error {
	var details []string
	for _, d := range r.Differences[:min(len(r.Differences), keptDetails)] {
		details = append(details, d.String())
	}
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		err := tx.Create(&reconciliationRow{
			ID: s.ids.mint(r.At), At: r.At, TookMillis: r.TookMillis, Charges: r.Charges, Days: r.Days, DaysGone: r.DaysGone,
			Differences: int64(len(r.Differences)), Details: strings.Join(details, "\n"),
		}).Error
		return errors.Join(err, tx.tellMismatch(&r, details))
	})
}

// ReconcileResult is a kept result: the differences are a number and the first of them in words.
type ReconcileResult struct {
	ID          uuid.UUID
	At          time.Time
	TookMillis  int64
	Charges     int64
	Days        int64
	DaysGone    int64
	Differences int64
	Details     string
}

// LastReconcile is the latest kept result; found is false where none was made.
func (s *Store) LastReconcile(ctx context.Context) (r ReconcileResult, found bool, err error) {
	var row reconciliationRow
	err = s.read.WithContext(ctx).Order("id DESC").Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, false, nil
	}
	return ReconcileResult(row), err == nil, s.classify(err)
}
