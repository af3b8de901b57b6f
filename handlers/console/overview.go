package console

import (
	"context"
	"slices"

	"codexible/handlers/monitor"
	"codexible/store"
	"codexible/usage"
	"codexible/views"
)

// errorsShown is how many recent errors of each kind are shown.
const errorsShown = 8

// Overview compares today with yesterday and a week ago.
func (c *Console) Overview(ctx context.Context, v *Visit) (Reply, error) {
	now := c.Now()
	today := usage.DayOf(now)
	days, err := c.Store.Summaries(ctx, usage.LastDays(today, 30))
	if err != nil {
		return Reply{}, err
	}
	top, near, err := c.Store.Standings(ctx)
	if err != nil {
		return Reply{}, err
	}
	refused, err := c.refusalsOf(ctx, today)
	if err != nil {
		return Reply{}, err
	}
	recent, err := c.Store.Audit(ctx, store.AuditQuery{Limit: errorsShown, Actions: store.FailureActions})
	if err != nil {
		return Reply{}, err
	}
	last := len(days) - 1
	p := views.Overview{
		Frame: v.frame("Overview", views.SectionOverview), AsOf: now, Now: now, Recent: recent, Failed: failuresOf(c.Monitor.Failures.Latest(errorsShown)), Since: c.Monitor.Started, Refusals: refused,
		Tiles: tiles(days[last], days[last-1], days[last-7]), Chart: views.DayChart("Credits by day", views.MeasureCredits, totalsOf(days)),
		Top: standingsOf(top), Near: standingsOf(near),
	}
	if p.OpenHolds, p.HeldCredits, err = c.holds(ctx); err != nil {
		return Reply{}, err
	}
	if p.Uncollected, err = c.Store.UncollectedLately(ctx); err != nil {
		return Reply{}, err
	}
	if p.Calls, err = c.calls(ctx); err != nil {
		return Reply{}, err
	}
	if p.Chart.Total() == 0 {
		users, err := c.Store.Users(ctx, store.UserQuery{Page: store.Page{Limit: 2}})
		if err != nil {
			return Reply{}, err
		}
		p.FirstSteps = len(users) < 2
	}
	return show(views.OverviewPage(p))
}

// holds counts the open holds of all users, and what they set aside.
func (c *Console) holds(ctx context.Context) (open, credits int64, err error) {
	stats, err := c.Store.HoldStats(ctx)
	return stats.Open, stats.Credits, err
}

func totalsOf(days []store.DaySummary) []usage.DayTotal {
	totals := make([]usage.DayTotal, len(days))
	for i := range days {
		totals[i] = days[i].DayTotal
	}
	return totals
}

func tiles(today, yesterday, weekAgo store.DaySummary) []views.Tile {
	tile := func(label string, figure func(store.DaySummary) string) views.Tile {
		return views.Tile{Label: label, Figure: figure(today), Yesterday: figure(yesterday), WeekAgo: figure(weekAgo)}
	}
	return []views.Tile{
		tile("Requests charged", func(d store.DaySummary) string { return views.Number(d.Requests) }),
		tile("Credits", func(d store.DaySummary) string { return views.Number(d.Credits) }),
		tile("Cost", func(d store.DaySummary) string { return views.USD(d.CostMicros) }),
		tile("Keys used", func(d store.DaySummary) string { return views.Number(d.Keys) }),
	}
}

func standingsOf(list []store.Standing) (shown []views.Standing) {
	for _, s := range list {
		shown = append(shown, views.Standing{UserID: s.UserID, Email: s.Email, Plan: s.Plan, Used: s.Used, DailyLimit: s.Limit})
	}
	return shown
}

// refusalsOf counts refusals by reason, including those that this process has not stored yet.
func (c *Console) refusalsOf(ctx context.Context, today usage.Day) (list []views.Refusals, err error) {
	var days [3]map[string]int64
	for i, day := range []usage.Day{today, today.Add(-1), today.Add(-7)} {
		if days[i], err = c.Store.Refusals(ctx, day); err != nil {
			return nil, err
		}
	}
	for _, code := range monitor.RefusalCodes() {
		line := views.Refusals{Reason: refusalReasons[code], Today: days[0][string(code)] + c.Monitor.Refusals.Pending(code), Yesterday: days[1][string(code)], WeekAgo: days[2][string(code)]}
		if line.Today+line.Yesterday+line.WeekAgo > 0 {
			list = append(list, line)
		}
	}
	slices.SortStableFunc(list, func(a, b views.Refusals) int { return int(b.Today - a.Today) })
	return list, nil
}

func failuresOf(list []monitor.Failure) (shown []views.FailedAnswer) {
	for _, f := range list {
		shown = append(shown, views.FailedAnswer(f))
	}
	return shown
}
