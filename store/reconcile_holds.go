package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The statements of this file are by hand: they compare whole tables.

// compareTotals says where the totals of a day differ from one another: a user's
// day from the sum of its keys and models, from the days of the user's grants, and
// from the user's corrections. It needs no single charges; uncounted is what grants
// gave of the charges that the totals do not count yet.
func compareTotals(db *gorm.DB, day usage.Day, uncounted map[uuid.UUID]int64) (differences []usage.Difference, err error) {
	compare := func(field, table, stored, counted string) {
		if err != nil {
			return
		}
		var rows []usage.Difference
		err = db.Raw(`SELECT user_id, SUM(stored) AS stored, SUM(charges) AS charges FROM (
				SELECT d.user_id, `+stored+` AS stored, 0 AS charges FROM user_days AS d WHERE d.day = ?
				UNION ALL SELECT `+counted+`.day = ?) AS sides GROUP BY user_id HAVING SUM(stored) <> SUM(charges) ORDER BY user_id`, string(day), string(day)).Scan(&rows).Error
		for _, d := range rows {
			d.Day, d.Table, d.Row, d.Field = day, "user_days", "beside "+table, field
			if table == "grant_days" {
				d.Stored += uncounted[d.UserID]
			}
			if d.Stored != d.Charges {
				differences = append(differences, d)
			}
		}
	}
	compare("requests", "daily_usage", "d.requests", "k.user_id, 0, k.requests FROM daily_usage AS k WHERE k")
	compare("credits", "daily_usage", wholeCredits+" - d.corrected", "k.user_id, 0, k.credits FROM daily_usage AS k WHERE k")
	compare("cost_micros", "daily_usage", "d.cost_micros", "k.user_id, 0, k.cost_micros FROM daily_usage AS k WHERE k")
	compare("granted", "grant_days", "d.granted", "g.user_id, 0, x.credits FROM grant_days AS x JOIN grants AS g ON g.id = x.grant_id WHERE x")
	compare("corrected", "corrections", "d.corrected", "c.user_id, 0, c.credits FROM corrections AS c WHERE c")
	if err != nil {
		return differences, err
	}
	more, err := compareTokenRows(db, day)
	return append(differences, more...), err
}

// compareTokenRows says where priced charges are more than all charges of the same key
// and model.
func compareTokenRows(db *gorm.DB, day usage.Day) (differences []usage.Difference, err error) {
	err = visitRows(db, func(row scanner) error {
		d := usage.Difference{Day: day, Table: "daily_tokens", Field: "requests, cost or tokens beyond daily_usage"}
		var key uuid.UUID
		var model string
		err := row.Scan(&d.UserID, &key, &model, &d.Stored, &d.Charges)
		d.Row = fmt.Sprintf("key %s model %q", key, model)
		differences = append(differences, d)
		return err
	}, `SELECT t.user_id, t.key_id, t.model, t.requests, COALESCE(r.requests, 0) FROM
			(SELECT user_id, key_id, model, SUM(requests) AS requests, SUM(cost_micros) AS cost_micros, SUM(prompt_tokens) AS prompt_tokens,
				SUM(completion_tokens) AS completion_tokens FROM daily_tokens WHERE day = ? GROUP BY user_id, key_id, model) AS t
			LEFT JOIN daily_usage AS r ON r.day = ? AND r.user_id = t.user_id AND r.key_id = t.key_id AND r.model = t.model
		WHERE r.user_id IS NULL OR t.requests > r.requests OR t.cost_micros > r.cost_micros OR t.prompt_tokens > r.prompt_tokens
			OR t.completion_tokens > r.completion_tokens ORDER BY t.user_id, t.key_id, t.model`, string(day), string(day))
	return differences, err
}

// compareAdjustments says which adjustments refer to no charge, as far as charges are kept.
func compareAdjustments(db *gorm.DB, kept usage.Day, adjustments []usage.Record) (differences []usage.Difference, err error) {
	for i := range adjustments {
		a := &adjustments[i]
		var found int64
		if err := db.Raw("SELECT COUNT(*) FROM usage WHERE id = ? AND user_id = ?", a.AdjustsID, a.UserID).Scan(&found).Error; err != nil {
			return differences, err
		}
		if made := usage.DayOf(timeOf(a.AdjustsID).Add(-idSlack)); found == 0 && made >= kept {
			differences = append(differences, usage.Difference{Day: a.Day, Table: "usage", UserID: a.UserID, Row: "charge " + a.ID.String(), Field: "adjusts_id", Stored: 1})
		}
	}
	return differences, nil
}

// timeOf is the instant of an id, in milliseconds.
func timeOf(id uuid.UUID) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16)).UTC()
}

// reconcileHolds compares the grants with their days, the open holds with the
// grants that they draw on, and the ended ones with their charges.
func (s *Store) reconcileHolds(ctx context.Context, r *Reconciliation) error {
	return s.snapshot(ctx, func(db *gorm.DB) error {
		kept, err := keptFrom(db)
		if err != nil {
			return err
		}
		for _, compare := range []func(*gorm.DB, usage.Day) ([]usage.Difference, error){compareGrants, compareOpenHolds, compareEndedHolds, compareHoldPrices} {
			if err := r.add(compare(db, kept)); err != nil {
				return err
			}
		}
		return nil
	})
}

func compareGrants(db *gorm.DB, _ usage.Day) (differences []usage.Difference, err error) {
	err = visitRows(db, func(row scanner) error {
		var id uuid.UUID
		d := usage.Difference{Table: "grants", Field: "used"}
		err := row.Scan(&d.UserID, &id, &d.Stored, &d.Charges)
		d.Row = "grant " + id.String()
		differences = append(differences, d)
		return err
	}, `SELECT g.user_id, g.id, g.used, COALESCE(SUM(x.credits), 0) FROM grants AS g LEFT JOIN grant_days AS x ON x.grant_id = g.id
		GROUP BY g.user_id, g.id, g.used HAVING g.used <> COALESCE(SUM(x.credits), 0) ORDER BY g.id`)
	return differences, err
}

// compareOpenHolds says which open holds a decision could not count as they are:
// those that draw more than they hold, and the grants from which they draw more
// than is left.
func compareOpenHolds(db *gorm.DB, _ usage.Day) (differences []usage.Difference, err error) {
	type drawn struct{ user, grant uuid.UUID }
	draws := map[drawn]int64{}
	err = visitRows(db, func(row scanner) error {
		h, err := scanHold(row)
		var sum int64
		for _, d := range h.Draws {
			draws[drawn{h.UserID, d.GrantID}] += d.Credits
			sum += d.Credits
		}
		if sum > h.Credits {
			differences = append(differences, holdDifference(h, "draws", sum, h.Credits))
		}
		if !h.End.At.IsZero() || h.End.ChargeID != uuid.Nil {
			differences = append(differences, holdDifference(h, "ended_at", 1, 0))
		}
		return err
	}, "SELECT "+holdColumns+" FROM holds AS h WHERE h.status = 'open' ORDER BY h.id")
	if err != nil {
		return differences, err
	}
	for from, credits := range draws {
		var left int64 // of a grant of somebody else: nothing
		if err := db.Raw("SELECT COALESCE(SUM(credits - used), 0) FROM grants WHERE id = ? AND user_id = ?", from.grant, from.user).Scan(&left).Error; err != nil {
			return differences, err
		}
		if credits > left {
			differences = append(differences, usage.Difference{Table: "holds", UserID: from.user, Row: "grant " + from.grant.String(), Field: "draws", Stored: credits, Charges: left})
		}
	}
	return differences, nil
}

func holdDifference(h *usage.Hold, field string, stored, counted int64) usage.Difference {
	return usage.Difference{Day: h.End.Day, Table: "holds", UserID: h.UserID, Row: "hold " + h.ID.String(), Field: field, Stored: stored, Charges: counted}
}

// compareEndedHolds says which ended holds are not what their charge and its
// adjustment say, as far as charges are kept.
func compareEndedHolds(db *gorm.DB, kept usage.Day) (differences []usage.Difference, err error) {
	var suspects []*usage.Hold
	err = visitRows(db, func(row scanner) error {
		h, err := scanHold(row)
		suspects = append(suspects, h)
		return err
	}, "SELECT "+holdColumns+` FROM holds AS h LEFT JOIN usage AS c ON c.id = h.charge_id AND c.user_id = h.user_id AND c.day = h.charged_day
		WHERE h.status <> 'open' AND COALESCE(h.charged_day, '9999-12-31') >= ? AND ((h.status = 'settled' AND h.charge_id IS NULL) OR (h.charge_id IS NOT NULL AND
			(c.id IS NULL OR c.credits <> h.charged OR c.credits * 1000000 + c.millionths <> h.collected OR c.uncollected <> h.uncollected))) ORDER BY h.id`, string(orFirst(kept)))
	for _, h := range suspects {
		if err != nil {
			break
		}
		// A late settlement has adjusted the charge, on its day or on the day of the settlement.
		var sum struct{ Found, Charged, Collected, Uncollected int64 }
		err = db.Raw(`SELECT SUM(CASE WHEN id = ? THEN 1 ELSE 0 END) AS found, SUM(credits) AS charged, SUM(credits * 1000000 + millionths) AS collected,
			SUM(uncollected) AS uncollected FROM (SELECT * FROM usage WHERE id = ? UNION ALL
				SELECT * FROM usage WHERE adjusts_id IS NOT NULL AND adjusts_id = ? AND day IN (?, ?)) AS c WHERE user_id = ?`,
			h.End.ChargeID, h.End.ChargeID, h.End.ChargeID, string(h.End.Day), string(usage.DayOf(h.End.At)), h.UserID).Scan(&sum).Error
		for _, f := range []struct {
			name            string
			stored, charges int64
		}{{"charge_id", 1, sum.Found}, {"charged", h.End.Charged, sum.Charged}, {"collected", h.End.Collected, sum.Collected}, {"uncollected", h.End.Uncollected, sum.Uncollected}} {
			if f.stored != f.charges {
				differences = append(differences, holdDifference(h, f.name, f.stored, f.charges))
			}
		}
	}
	return differences, err
}
