package store

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// tokenDays keeps what all users used on days that are summed up, by plan, model and
// price: adding up the rows of all users takes long, and the days do not change but by an
// adjustment, after which they are summed up again.
type tokenDays struct {
	mu   sync.Mutex
	days map[usage.Day]tokenDay
}

// tokenDay is kept while the day's sums are what they were when it was read.
type tokenDay struct {
	sums usage.DayTotal
	rows []usage.TokenTotal
}

// keptTokenDays is how many days are kept, a longest range and some; beyond it they are read again.
const keptTokenDays = usage.MaxRangeDays + 60

func (k *tokenDays) get(sums usage.DayTotal) ([]usage.TokenTotal, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept, found := k.days[sums.Day]
	return kept.rows, found && kept.sums == sums
}

func (k *tokenDays) keep(sums usage.DayTotal, rows []usage.TokenTotal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.days == nil || len(k.days) >= keptTokenDays {
		k.days = map[usage.Day]tokenDay{}
	}
	k.days[sums.Day] = tokenDay{sums, rows}
}

func (k *tokenDays) drop(day usage.Day) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.days, day)
}

// tokensOfAll is what all users used.
func (s *Store) tokensOfAll(ctx context.Context, q TokenQuery) ([]usage.TokenTotal, error) {
	first, err := s.firstOpenDay(ctx)
	if err != nil || first == "" {
		return nil, err
	}
	var closed []usage.DayTotal
	var reopened []usage.Day
	err = s.reading(ctx, func(db *gorm.DB) error {
		from, to := string(q.Span.From()), string(q.Span.To())
		if err := db.Raw("SELECT day, requests, credits, cost_micros FROM closed_days WHERE day BETWEEN ? AND ?", from, to).Scan(&closed).Error; err != nil {
			return err
		}
		return db.Model(&reopenedDayRow{}).Where("day BETWEEN ? AND ?", from, to).Pluck("day", &reopened).Error
	})
	if err != nil {
		return nil, err
	}
	var open []usage.Day
	sums := tokenFold{}
	for _, day := range closed {
		if slices.Contains(reopened, day.Day) {
			s.tokenDays.drop(day.Day)
			open = append(open, day.Day)
			continue
		}
		rows, kept := s.tokenDays.get(day)
		if !kept {
			if rows, err = s.readTokens(ctx, TokenQuery{Span: usage.OneDay(day.Day), By: byPlanAndModel}); err != nil {
				return nil, err
			}
			s.tokenDays.keep(day, rows)
		}
		sums.add(q, day.Day, rows)
	}
	for day := max(first, q.Span.From()); day <= min(q.Span.To(), usage.DayOf(s.now())); day = day.Add(1) {
		// A day may have been summed up since the first open one was read.
		if !slices.ContainsFunc(closed, func(t usage.DayTotal) bool { return t.Day == day }) {
			open = append(open, day)
		}
	}
	for _, day := range open {
		rows, err := s.openTokens(ctx, day)
		if err != nil {
			return nil, err
		}
		sums.add(q, day, rows)
	}
	return sums.list(q), nil
}

// openTokens reads a day that is not summed up, today through the cache.
func (s *Store) openTokens(ctx context.Context, day usage.Day) ([]usage.TokenTotal, error) {
	read := func(ctx context.Context) ([]usage.TokenTotal, error) {
		return s.readTokens(ctx, TokenQuery{Span: usage.OneDay(day), By: byPlanAndModel})
	}
	if day != usage.DayOf(s.now()) {
		return read(ctx)
	}
	return s.tokensToday.get(ctx, string(day), read)
}

// tokenFold adds up rows by their group and price.
type tokenFold map[tokenGroup]map[uuid.UUID]*usage.TokenTotal

// add counts the rows of a day that a query selects, divided as it asks.
func (f tokenFold) add(q TokenQuery, day usage.Day, rows []usage.TokenTotal) {
	for i := range rows {
		row := &rows[i]
		if q.PlanID != uuid.Nil && row.PlanID != q.PlanID || q.Model != "" && row.Model != q.Model {
			continue
		}
		into := usage.TokenTotal{PriceID: row.PriceID}
		switch q.By {
		case ByDay:
			into.Day = day
		case ByPlan:
			into.PlanID = row.PlanID
		case ByModel, byPlanAndModel:
			into.Model = row.Model
		}
		f.total(&into).Add(row)
	}
}

func (f tokenFold) total(t *usage.TokenTotal) *usage.TokenTotal {
	group := groupOf(t)
	if f[group] == nil {
		f[group] = map[uuid.UUID]*usage.TokenTotal{}
	}
	if f[group][t.PriceID] == nil {
		f[group][t.PriceID] = t
	}
	return f[group][t.PriceID]
}

// list gives the sums; of models beyond maxGroups those that cost least are one.
func (f tokenFold) list(q TokenQuery) (list []usage.TokenTotal) {
	groups := slices.SortedFunc(maps.Keys(f), func(a, b tokenGroup) int {
		return cmp.Or(cmp.Compare(f.cost(b), f.cost(a)), cmp.Compare(a.model, b.model))
	})
	if q.By == ByModel && len(groups) > maxGroups {
		for _, g := range groups[maxGroups:] {
			if g.model == OtherModels {
				continue
			}
			for _, t := range f[g] {
				f.total(&usage.TokenTotal{Model: OtherModels, PriceID: t.PriceID}).Add(t)
			}
			delete(f, g)
		}
	}
	for _, byPrice := range f {
		for _, t := range byPrice {
			list = append(list, *t)
		}
	}
	return list
}

func (f tokenFold) cost(g tokenGroup) (cost int64) {
	for _, t := range f[g] {
		cost += t.CostMicros
	}
	return cost
}
