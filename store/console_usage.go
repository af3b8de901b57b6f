package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The statements of this file are reports and the sums that they are made of:
// groups over many rows, written by hand because gorm cannot express them.

// DaySummary is a day over all users.
type DaySummary struct {
	usage.DayTotal
	// Users and Keys are those that were used on the day.
	Users, Keys int64
}

// GroupDay is a day of one group: a model, or a plan by its id. A sum over
// several days has no Day.
type GroupDay struct {
	usage.DayTotal
	Name string
}

// Bounds of what is kept and read by model, whose names are the callers' choice.
const (
	// maxDayModels is how many models of a day are counted by name over all users: the dearest.
	maxDayModels = 1000
	// OtherModels stands for the rest of a day's models.
	OtherModels = "(other models)"
	// maxGroups is how many models or plans are listed.
	maxGroups = 1000
	// maxOpenDays is how many days that are not summed up are read for a page: today is the last of them.
	maxOpenDays = 31
)

// Standing is a user's day against the plan's limit.
type Standing struct {
	UserID      uuid.UUID
	Email, Plan string
	Used, Limit int64
}

// closeAfter is how long after its end a day is summed up: a charge that was
// decided before midnight may be committed after it.
const closeAfter = 10 * time.Minute

// openDays are the figures of the days that are not summed up yet: today, and
// yesterday for some minutes.
type openDays struct {
	days          []DaySummary
	models, plans []GroupDay
	top, near     []Standing
}

// standings is how many users an overview names.
const standings = 8

// CloseDays sums up every day that is over and was not, or was changed since, the
// oldest first, and returns how many.
func (s *Store) CloseDays(ctx context.Context) (closed int, err error) {
	last := usage.DayOf(s.now().Add(-closeAfter)).Add(-1)
	first, err := s.firstOpenDay(ctx)
	if err != nil || first == "" {
		return 0, err
	}
	days, err := s.reopenedDays(ctx, first)
	if err != nil {
		return 0, err
	}
	// A row that a broken clock wrote must not extend the loop beyond the calendar.
	for day := max(first, usage.FirstDay); day <= min(last, usage.LastDay); day = day.Add(1) {
		days = append(days, day)
	}
	for ; closed < len(days) && ctx.Err() == nil; closed++ {
		if err := s.closeDay(ctx, days[closed]); err != nil {
			return closed, err
		}
	}
	return closed, s.classify(ctx.Err())
}

// reopenedDays are the days before a day that were changed since they were summed up.
func (s *Store) reopenedDays(ctx context.Context, before usage.Day) (days []usage.Day, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Model(&reopenedDayRow{}).Where("day < ?", string(before)).Order("day").Pluck("day", &days).Error
	})
	return days, err
}

// firstOpenDay is the day after the last that was summed up, or the first of the
// ledger; empty while the ledger is.
func (s *Store) firstOpenDay(ctx context.Context) (usage.Day, error) {
	var row struct{ Closed, First *usage.Day }
	err := s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT (SELECT MAX(day) FROM closed_days) AS closed, (SELECT MIN(day) FROM user_days) AS first").Scan(&row).Error
	})
	switch {
	case row.Closed != nil:
		return row.Closed.Add(1), err
	case row.First != nil:
		return *row.First, err
	}
	return "", err
}

// closeDay sums up a day. The sums are read before the transaction, so that it is short.
func (s *Store) closeDay(ctx context.Context, day usage.Day) error {
	reopened, sums, err := s.sumsOf(ctx, day)
	if err != nil {
		return err
	}
	return s.keepSums(ctx, day, reopened, sums)
}

// sumsOf reads what has changed a closed day, if anything did, and then the sums.
func (s *Store) sumsOf(ctx context.Context, day usage.Day) (reopened reopenedDayRow, sums openDays, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) (err error) {
		if err := missing(db.Where("day = ?", string(day)).Take(&reopened).Error, nil); err != nil {
			return err
		}
		sums, err = sumUp(db, usage.OneDay(day))
		return err
	})
	return reopened, sums, err
}

// keepSums stores the sums of a day. If something else has changed the day since
// they were read, or another instance has summed it up, they are dropped.
func (s *Store) keepSums(ctx context.Context, day usage.Day, reopened reopenedDayRow, sums openDays) error {
	total := sums.days[0]
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if reopened.Day != "" {
			taken := tx.Where("change_id = ?", reopened.ChangeID).Delete(&reopened)
			if taken.Error != nil || taken.RowsAffected == 0 {
				return taken.Error
			}
			if err := tx.Delete(&closedDayRow{Day: day}).Error; err != nil {
				return err
			}
		}
		inserted := tx.Exec(`INSERT INTO closed_days (day, requests, credits, cost_micros, users, keys) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(day), total.Requests, total.Credits, total.CostMicros, total.Users, total.Keys)
		if inserted.Error != nil || inserted.RowsAffected == 0 {
			return inserted.Error
		}
		for _, g := range sums.models {
			err := tx.Exec("INSERT INTO closed_day_models (day, model, requests, credits, cost_micros) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
				string(day), g.Name, g.Requests, g.Credits, g.CostMicros).Error
			if err != nil {
				return err
			}
		}
		for _, g := range sums.plans {
			id, err := uuid.Parse(g.Name)
			if err != nil {
				return err
			}
			err = tx.Exec("INSERT INTO closed_day_plans (day, plan_id, requests, credits, cost_micros) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
				string(day), id, g.Requests, g.Credits, g.CostMicros).Error
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// sumUp reads days from the ledger itself.
func sumUp(db *gorm.DB, span usage.Range) (o openDays, err error) {
	var totals []DaySummary
	err = db.Raw(`SELECT day, SUM(requests) AS requests, SUM(`+wholeCredits+`) AS credits, SUM(cost_micros) AS cost_micros, COUNT(*) AS users,
		(SELECT COUNT(*) FROM (SELECT DISTINCT user_id, key_id FROM daily_usage AS k WHERE k.day = d.day) AS used) AS keys FROM user_days AS d WHERE d.day BETWEEN ? AND ? GROUP BY d.day`,
		string(span.From()), string(span.To())).Scan(&totals).Error
	if err != nil {
		return o, err
	}
	o.days = fillSummaries(span, totals)
	err = db.Raw(`SELECT day, name, SUM(requests) AS requests, SUM(credits) AS credits, SUM(cost_micros) AS cost_micros FROM
		(SELECT day, CASE WHEN place <= ? THEN model ELSE ? END AS name, requests, credits, cost_micros FROM
			(SELECT day, model, SUM(requests) AS requests, SUM(credits) AS credits, SUM(cost_micros) AS cost_micros,
				ROW_NUMBER() OVER (PARTITION BY day ORDER BY SUM(cost_micros) DESC, SUM(credits) DESC, model) AS place
				FROM daily_usage WHERE day BETWEEN ? AND ? GROUP BY day, model) AS each_model) AS named GROUP BY day, name`,
		maxDayModels, OtherModels, string(span.From()), string(span.To())).Scan(&o.models).Error
	if err != nil {
		return o, err
	}
	o.plans, err = sumPlans(db, span)
	return o, err
}

func sumPlans(db *gorm.DB, span usage.Range) (list []GroupDay, err error) {
	var rows []struct {
		usage.DayTotal
		PlanID uuid.UUID
	}
	err = db.Raw(`SELECT d.day, u.plan_id, SUM(d.requests) AS requests, SUM(`+wholeCredits+`) AS credits, SUM(d.cost_micros) AS cost_micros
		FROM user_days AS d JOIN users AS u ON u.id = d.user_id WHERE d.day BETWEEN ? AND ? GROUP BY d.day, u.plan_id`,
		string(span.From()), string(span.To())).Scan(&rows).Error
	for _, r := range rows {
		list = append(list, GroupDay{DayTotal: r.DayTotal, Name: r.PlanID.String()})
	}
	return list, err
}

func fillSummaries(span usage.Range, rows []DaySummary) (filled []DaySummary) {
	byDay := map[usage.Day]DaySummary{}
	for _, r := range rows {
		byDay[r.Day] = r
	}
	span.Each(func(d usage.Day) {
		r := byDay[d]
		r.Day = d
		filled = append(filled, r)
	})
	return filled
}

// open reads the days that are not summed up, maxOpenDays at the most, through
// the cache. It returns the first of them.
func (s *Store) open(ctx context.Context) (usage.Day, openDays, error) {
	today := usage.DayOf(s.now())
	first, err := s.firstOpenDay(ctx)
	if err != nil {
		return first, openDays{}, err
	}
	if first == "" || first > today {
		first = today
	}
	first = max(first, today.Add(1-maxOpenDays))
	span, _ := usage.Span(first, today) // within maxOpenDays
	o, err := s.openDays.get(ctx, string(first)+string(today), func(ctx context.Context) (o openDays, err error) {
		err = s.readingTotals(ctx, func(db *gorm.DB) error {
			if o, err = sumUp(db, span); err != nil {
				return err
			}
			o.top, o.near, err = standingsOn(db, today)
			return err
		})
		return o, err
	})
	return first, o, err
}

const selectStanding = `SELECT d.user_id, u.email, p.name AS plan, ` + wholeCredits + ` AS used, p.daily_credit_limit AS "limit"
	FROM user_days AS d JOIN users AS u ON u.id = d.user_id JOIN plans AS p ON p.id = u.plan_id WHERE d.day = ?`

// nearlyGone is the part of a day's credits, in percent, from which a user is named.
const nearlyGone = 80

func standingsOn(db *gorm.DB, day usage.Day) (top, near []Standing, err error) {
	// The order needs no join: only the users named are read.
	err = db.Raw(`SELECT t.user_id, u.email, p.name AS plan, t.credits AS used, p.daily_credit_limit AS "limit" FROM
		(SELECT d.user_id, `+wholeCredits+` AS credits FROM user_days AS d WHERE d.day = ? AND d.millionths > 0 ORDER BY credits DESC, d.user_id LIMIT ?) AS t
		JOIN users AS u ON u.id = t.user_id JOIN plans AS p ON p.id = u.plan_id ORDER BY t.credits DESC, t.user_id`, string(day), standings).Scan(&top).Error
	if err != nil {
		return nil, nil, err
	}
	err = db.Raw(selectStanding+` AND d.millionths > 0 AND `+wholeCredits+` * 100 >= p.daily_credit_limit * ?
		ORDER BY `+wholeCredits+` * 100 / CASE WHEN p.daily_credit_limit = 0 THEN 1 ELSE p.daily_credit_limit END DESC, d.millionths DESC, d.user_id LIMIT ?`,
		string(day), nearlyGone, standings).Scan(&near).Error
	return top, near, err
}

// Standings lists today's top users and the users who are close to their limit.
func (s *Store) Standings(ctx context.Context) (top, near []Standing, err error) {
	_, o, err := s.open(ctx)
	return o.top, o.near, err
}

// Summaries reads days over all users: one row per day, oldest first.
func (s *Store) Summaries(ctx context.Context, span usage.Range) ([]DaySummary, error) {
	first, o, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	var rows []DaySummary
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT day, requests, credits, cost_micros, users, keys FROM closed_days WHERE day BETWEEN ? AND ?", string(span.From()), string(span.To())).Scan(&rows).Error
	})
	for _, d := range o.days {
		if d.Day >= first {
			rows = append(rows, d)
		}
	}
	return fillSummaries(span, rows), err
}

// Grouping is by what days are divided over all users.
type Grouping string

// The groupings.
const (
	ByModel Grouping = "model"
	ByPlan  Grouping = "plan"
)

// GroupDays reads the days over all users of one model, or of the plan with this
// id: one row per day, oldest first. A plan's past days are of the users
// who had it then; a day's model that is none of its dearest is not counted.
func (s *Store) GroupDays(ctx context.Context, by Grouping, name string, span usage.Range) ([]usage.DayTotal, error) {
	first, o, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	statement, group, live := "SELECT day, requests, credits, cost_micros FROM closed_day_models WHERE model = ? AND day BETWEEN ? AND ?", any(name), o.models
	if by == ByPlan {
		id, err := uuid.Parse(name)
		if err != nil {
			return nil, err
		}
		statement, group, live = "SELECT day, requests, credits, cost_micros FROM closed_day_plans WHERE plan_id = ? AND day BETWEEN ? AND ?", id, o.plans
	}
	var rows []usage.DayTotal
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw(statement, group, string(span.From()), string(span.To())).Scan(&rows).Error
	})
	for _, g := range live {
		if g.Name == name && g.Day >= first {
			rows = append(rows, g.DayTotal)
		}
	}
	return usage.Fill(span, rows), err
}

// Groups sums up what all users used of each model or by each plan in a range of
// days, the dearest first, maxGroups at the most.
func (s *Store) Groups(ctx context.Context, by Grouping, span usage.Range) (sums []GroupDay, err error) {
	first, o, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	live := o.models
	err = s.reading(ctx, func(db *gorm.DB) error {
		if by == ByPlan {
			live = o.plans
			sums, err = closedPlans(db, span)
			return err
		}
		return db.Raw("SELECT model AS name"+sumsByGroup+"FROM closed_day_models WHERE day BETWEEN ? AND ? GROUP BY model"+dearestGroups,
			string(span.From()), string(span.To()), maxGroups).Scan(&sums).Error
	})
	for _, g := range live {
		if g.Day >= first && g.Day >= span.From() && g.Day <= span.To() {
			sums = append(sums, g)
		}
	}
	return dearest(sums), err
}

const (
	sumsByGroup   = ", SUM(requests) AS requests, SUM(credits) AS credits, SUM(cost_micros) AS cost_micros "
	dearestGroups = " ORDER BY SUM(cost_micros) DESC, SUM(credits) DESC LIMIT ?"
)

// dearest joins the rows of each group, and keeps those that cost most.
func dearest(rows []GroupDay) (sums []GroupDay) {
	places := map[string]int{}
	for _, r := range rows {
		i, known := places[r.Name]
		if !known {
			i = len(sums)
			places[r.Name] = i
			sums = append(sums, GroupDay{Name: r.Name})
		}
		sums[i].Requests += r.Requests
		sums[i].Credits += r.Credits
		sums[i].CostMicros += r.CostMicros
	}
	slices.SortFunc(sums, func(a, b GroupDay) int {
		return cmp.Or(cmp.Compare(b.CostMicros, a.CostMicros), cmp.Compare(b.Credits, a.Credits), cmp.Compare(a.Name, b.Name))
	})
	return sums[:min(len(sums), maxGroups)]
}

func closedPlans(db *gorm.DB, span usage.Range) (list []GroupDay, err error) {
	var rows []struct {
		usage.DayTotal
		PlanID uuid.UUID
	}
	err = db.Raw("SELECT plan_id"+sumsByGroup+"FROM closed_day_plans WHERE day BETWEEN ? AND ? GROUP BY plan_id"+dearestGroups,
		string(span.From()), string(span.To()), maxGroups).Scan(&rows).Error
	for _, r := range rows {
		list = append(list, GroupDay{DayTotal: r.DayTotal, Name: r.PlanID.String()})
	}
	return list, err
}

// KeyHistory reads a key's days: one row per day of the range, oldest first.
func (s *Store) KeyHistory(ctx context.Context, userID, keyID uuid.UUID, span usage.Range) ([]usage.DayTotal, error) {
	var rows []usage.DayTotal
	err := s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT day"+sumsByGroup+"FROM daily_usage WHERE user_id = ? AND key_id = ? AND day BETWEEN ? AND ? GROUP BY day",
			userID, keyID, string(span.From()), string(span.To())).Scan(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	return usage.Fill(span, rows), nil
}

// UserModelDays reads a user's days with one model: one row per day of the range, oldest first.
func (s *Store) UserModelDays(ctx context.Context, userID uuid.UUID, model string, span usage.Range) ([]usage.DayTotal, error) {
	var rows []usage.DayTotal
	err := s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT day"+sumsByGroup+"FROM daily_usage WHERE user_id = ? AND model = ? AND day BETWEEN ? AND ? GROUP BY day",
			userID, model, string(span.From()), string(span.To())).Scan(&rows).Error
	})
	return usage.Fill(span, rows), err
}

// UserModels sums up what a user used of each model, the dearest first, maxGroups at the most.
func (s *Store) UserModels(ctx context.Context, userID uuid.UUID, span usage.Range) (sums []GroupDay, err error) {
	err = s.readingTotals(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT model AS name"+sumsByGroup+"FROM daily_usage WHERE user_id = ? AND day BETWEEN ? AND ? GROUP BY model"+dearestGroups,
			userID, string(span.From()), string(span.To()), maxGroups).Scan(&sums).Error
	})
	return sums, err
}
