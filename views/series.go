package views

import (
	"slices"

	"codexible/usage"
)

// Series is a part of every day.
type Series struct {
	Name string
	// Values has one of each day.
	Values []int64
}

// StackedChart draws days, or weeks where the days are many, as bars of parts. Where a
// day's parts are not its whole total, rest names what is left of it.
func StackedChart(name string, m Measure, days []usage.Day, totals []int64, series []Series, rest string) Chart {
	left, remains := make([]int64, len(days)), false
	for i := range days {
		left[i] = totals[i]
		for _, s := range series {
			left[i] -= s.Values[i]
		}
		remains = remains || left[i] != 0
	}
	if remains {
		series = append(slices.Clip(series), Series{rest, left})
	}
	return Chart{Name: name, Measure: m}.with(days, series, func(i int, p *Point) { p.Value += totals[i] })
}

// PairedChart draws the series of each day beside each other.
func PairedChart(name string, m Measure, days []usage.Day, series ...Series) Chart {
	return Chart{Name: name, Measure: m, Beside: true}.with(days, series, func(int, *Point) {})
}

// with is the chart with the series of the days; add adds a day's total to its bar.
func (c Chart) with(days []usage.Day, series []Series, add func(i int, p *Point)) Chart {
	for _, s := range series {
		c.Series = append(c.Series, s.Name)
	}
	c.Points = points(days, func(i int, p *Point) {
		add(i, p)
		if p.Parts == nil {
			p.Parts = make([]int64, len(series))
		}
		for j, s := range series {
			p.Parts[j] += s.Values[i]
		}
	})
	return c
}
