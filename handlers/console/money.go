package console

import (
	"cmp"
	"context"
	"math"
	"math/big"
	"slices"

	"codexible/store"
	"codexible/usage"
	"codexible/views"

	"github.com/google/uuid"
)

const (
	// stackedModels is how many models a bar of the usage page names.
	stackedModels = 5
	// marginRows is how many models have a row of their own in the table of margins.
	marginRows = 50
)

// stack divides the chart by the most used models, where the filters allow it.
func (c *Console) stack(ctx context.Context, w *usageRequest, days []usage.DayTotal) (views.Chart, error) {
	whole := views.DayChart(w.title(), w.measure, days)
	if w.key.ID != uuid.Nil || w.plan.ID != uuid.Nil || w.model != "" {
		return whole, nil
	}
	groups, err := c.modelGroups(ctx, w)
	if err != nil || len(groups) == 0 {
		return whole, err
	}
	groups = slices.DeleteFunc(groups, func(g store.GroupDay) bool { return g.Name == store.OtherModels || w.measure.Of(g.DayTotal) <= 0 })
	slices.SortStableFunc(groups, func(a, b store.GroupDay) int {
		return cmp.Compare(w.measure.Of(b.DayTotal), w.measure.Of(a.DayTotal))
	})
	at, totals := make([]usage.Day, len(days)), make([]int64, len(days))
	for i, d := range days {
		at[i], totals[i] = d.Day, w.measure.Of(d)
	}
	series := make([]views.Series, 0, stackedModels)
	for _, g := range groups[:min(len(groups), stackedModels)] {
		one, err := c.modelDays(ctx, w, g.Name)
		if err != nil {
			return whole, err
		}
		s := views.Series{Name: g.Name, Values: make([]int64, len(one))}
		for i, d := range one {
			s.Values[i] = w.measure.Of(d)
		}
		series = append(series, s)
	}
	return views.StackedChart(w.title(), w.measure, at, totals, series, "Other models and corrections"), nil
}

func (c *Console) modelGroups(ctx context.Context, w *usageRequest) ([]store.GroupDay, error) {
	if w.user.ID != uuid.Nil {
		return c.Store.UserModels(ctx, w.user.ID, w.span)
	}
	return c.Store.Groups(ctx, store.ByModel, w.span)
}

func (c *Console) modelDays(ctx context.Context, w *usageRequest, model string) ([]usage.DayTotal, error) {
	if w.user.ID != uuid.Nil {
		return c.Store.UserModelDays(ctx, w.user.ID, model, w.span)
	}
	return c.Store.GroupDays(ctx, store.ByModel, model, w.span)
}

// readMoney reads what the days cost and brought in, the tokens by bucket, and the
// margins of models and plans. Keys have no such sums.
func (c *Console) readMoney(ctx context.Context, w *usageRequest, p *views.Usage) error {
	if w.key.ID != uuid.Nil {
		return nil
	}
	book, err := c.Catalog.Book(ctx)
	if err != nil {
		return err
	}
	read := func(by store.Grouping) ([]usage.TokenTotal, error) {
		return c.Store.TokenTotals(ctx, store.TokenQuery{Span: w.span, By: by, UserID: w.user.ID, PlanID: w.plan.ID, Model: w.model})
	}
	sums, err := read(store.ByDay)
	if err != nil {
		return err
	}
	days := c.group(book, sums, func(t *usage.TokenTotal) string { return string(t.Day) })
	all := c.total(book, sums)
	p.Margin, p.Buckets = all.row("Total"), all.bucketRows()
	p.Money, p.Tokens = moneyChart(w.span, days), tokenChart(w.span, days)
	p.ValueSays = "Income is credits at the value that their price keeps, or " + views.Micros(c.CreditValue) + " a credit where no price made them. Corrections do not count."
	if sums, err = read(store.ByModel); err != nil {
		return err
	}
	p.ModelMargins = marginTable(c.group(book, sums, func(t *usage.TokenTotal) string { return t.Model }), func(name string) string { return name }, &w.models)
	if w.user.ID != uuid.Nil || w.plan.ID != uuid.Nil {
		return nil
	}
	if sums, err = read(store.ByPlan); err != nil {
		return err
	}
	p.PlanMargins = marginTable(c.group(book, sums, func(t *usage.TokenTotal) string { return t.PlanID.String() }), w.groupName, &w.byPlan)
	return nil
}

// marginTable has the groups that cost most, in an order, and the rest as one.
func marginTable(r ranked, named func(string) string, order *sorting) (rows []views.UsageRow) {
	var rest tally
	for i, name := range r.names {
		t := r.of[name]
		if i < marginRows {
			rows = append(rows, t.row(named(name)))
			continue
		}
		rest.requests, rest.credits, rest.costMicros = rest.requests+t.requests, rest.credits+t.credits, rest.costMicros+t.costMicros
		rest.margin = rest.margin.Plus(t.margin.Income, t.margin.Cost)
	}
	rows = inOrder(rows, order)
	if len(r.names) > marginRows {
		rows = append(rows, rest.row("Other"))
	}
	return rows
}

// moneyChart draws cost and income of each day.
func moneyChart(span usage.Range, days ranked) views.Chart {
	cost, income := views.Series{Name: "Cost"}, views.Series{Name: "Income"}
	at := eachDay(span, days, func(t *tally) {
		cost.Values = append(cost.Values, t.costMicros)
		income.Values = append(income.Values, clamped(t.margin.Income))
	})
	return views.PairedChart("Cost and income", views.MeasureCost, at, income, cost)
}

// clamped is an amount as a chart draws it.
func clamped(n *big.Int) int64 {
	switch {
	case n == nil:
		return 0
	case n.IsInt64():
		return n.Int64()
	}
	return math.MaxInt64 / 4
}

// tokenChart draws the tokens of each day by bucket.
func tokenChart(span usage.Range, days ranked) views.Chart {
	series, totals := make([]views.Series, usage.NumBuckets+1), []int64{}
	at := eachDay(span, days, func(t *tally) {
		sum := t.byHand
		for b := range usage.NumBuckets {
			series[b].Values = append(series[b].Values, t.tokens.Of(b))
			sum += t.tokens.Of(b)
		}
		series[usage.NumBuckets].Values = append(series[usage.NumBuckets].Values, t.byHand)
		totals = append(totals, sum)
	})
	for b := range usage.NumBuckets {
		series[b].Name = views.BucketLabel(b)
	}
	series[usage.NumBuckets].Name = views.ByHand
	used := slices.DeleteFunc(series, func(s views.Series) bool {
		return !slices.ContainsFunc(s.Values, func(n int64) bool { return n != 0 })
	})
	return views.StackedChart("Tokens by kind", views.MeasureTokens, at, totals, used, "")
}

// eachDay visits every day of a range, those without calls too.
func eachDay(span usage.Range, days ranked, visit func(*tally)) (at []usage.Day) {
	var none tally
	span.Each(func(d usage.Day) {
		at = append(at, d)
		if t := days.of[string(d)]; t != nil {
			visit(t)
		} else {
			visit(&none)
		}
	})
	return at
}
