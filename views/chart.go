package views

import (
	"fmt"
	"math"
	"strings"
	"time"

	"codexible/usage"
)

// Measure is which figure of a day a chart draws.
type Measure string

// The measures.
const (
	MeasureCredits  Measure = "credits"
	MeasureRequests Measure = "requests"
	MeasureCost     Measure = "cost"
	// MeasureTokens is of charts of tokens alone: days have no such figure.
	MeasureTokens Measure = "tokens"
)

// Measures lists those of a day, in the order of their choice.
func Measures() []Measure { return []Measure{MeasureCredits, MeasureRequests, MeasureCost} }

// Of is the figure of a day.
func (m Measure) Of(d usage.DayTotal) int64 {
	switch m {
	case MeasureRequests:
		return d.Requests
	case MeasureCost:
		return d.CostMicros
	case MeasureCredits, MeasureTokens:
	}
	return d.Credits
}

// say formats an amount with its unit.
func (m Measure) say(n int64) string {
	switch m {
	case MeasureRequests:
		return Count(n, "request")
	case MeasureCost:
		return signedCost(n)
	case MeasureTokens:
		return Count(n, "token")
	case MeasureCredits:
	}
	return Count(n, "credit")
}

func signedCost(micros int64) string {
	if micros < 0 {
		return "−" + USD(-micros)
	}
	return USD(micros)
}

// tick formats an amount for an axis that ends at top: short, in the same unit
// as the other ticks, with no unit name but the dollar sign.
func (m Measure) tick(n, top int64) string {
	if m == MeasureCost {
		return "$" + short(float64(n)/usage.MicrosPerUSD, float64(top)/usage.MicrosPerUSD)
	}
	return short(float64(n), float64(top))
}

func short(n, top float64) string {
	if n == 0 {
		return "0"
	}
	for _, unit := range []struct {
		from, size float64
		name       string
	}{{1e9, 1e9, "B"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}} {
		if top >= unit.from {
			return trimZeros(fmt.Sprintf("%.2f", n/unit.size)) + unit.name
		}
	}
	if n >= 1000 {
		return Number(int64(n))
	}
	return trimZeros(fmt.Sprintf("%.6f", n))
}

// trimZeros removes the trailing zeros of a decimal fraction.
func trimZeros(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }

// Chart is a series of bars over time, with its table.
type Chart struct {
	// Name is what the chart shows, read out by screen readers.
	Name    string
	Measure Measure
	Points  []Point
	// Series names the parts of each bar, the lowest first; nil for bars in one piece.
	Series []string
	// Beside draws the parts beside each other and not as one bar.
	Beside bool
}

// Point is one bar. Tick stands below the axis, empty for most bars.
type Point struct {
	Tick, Title string
	Value       int64
	// Parts are those of Chart.Series. One below zero is not drawn.
	Parts []int64
}

const (
	// maxBars is how many bars a chart draws at the most: beyond it days become weeks.
	maxBars = 62
	// lastTickDays keeps the date before the last one clear of it, on a phone too.
	lastTickDays = 8
)

// DayChart draws days, or weeks where the days are many. The days are without a
// gap, the oldest first, as usage.Fill returns them.
func DayChart(name string, m Measure, days []usage.DayTotal) Chart {
	at := make([]usage.Day, len(days))
	for i, d := range days {
		at[i] = d.Day
	}
	return Chart{Name: name, Measure: m, Points: points(at, func(i int, p *Point) { p.Value += m.Of(days[i]) })}
}

// points are the bars of days, or of weeks where the days are many. add adds a day to its bar.
func points(days []usage.Day, add func(i int, p *Point)) (list []Point) {
	if len(days) > maxBars {
		return weeks(days, add)
	}
	for i, d := range days {
		at := d.Start()
		p := Point{Title: at.Format("Mon 2 Jan 2006")}
		add(i, &p)
		switch {
		case len(days) <= 8:
			p.Tick = at.Format("Mon")
		case len(days) <= 35 && at.Weekday() == time.Monday && i < len(days)-lastTickDays, len(days) <= 35 && i == len(days)-1:
			p.Tick = at.Format("2 Jan")
		case len(days) > 35 && (at.Day() == 1 || at.Day() == 15):
			p.Tick = at.Format("2 Jan")
		}
		list = append(list, p)
	}
	return list
}

// weeks sums days from Monday to Sunday; the first and the last may be shorter.
func weeks(days []usage.Day, add func(i int, p *Point)) (list []Point) {
	var month time.Month
	for i, d := range days {
		at := d.Start()
		if i == 0 || at.Weekday() == time.Monday {
			p := Point{Title: "Week of " + at.Format("2 Jan 2006")}
			if len(days) < 200 && at.Month() != month || at.Month() != month && int(at.Month())%2 == 1 {
				p.Tick = at.Format("Jan")
			}
			month = at.Month()
			list = append(list, p)
		}
		add(i, &list[len(list)-1])
	}
	return list
}

// HourChart draws the 24 UTC hours of a day.
func HourChart(name string, hours [usage.HoursADay]int64) Chart {
	c := Chart{Name: name, Measure: MeasureRequests}
	for hour, n := range hours {
		p := Point{Title: fmt.Sprintf("%02d:00 to %02d:59 UTC", hour, hour), Value: n}
		if hour%6 == 0 {
			p.Tick = fmt.Sprintf("%02d:00", hour)
		}
		c.Points = append(c.Points, p)
	}
	return c
}

// scale returns the top of an axis and the step between its lines: 1, 2 or 5
// times a power of ten, in four to six lines above zero, never in fractions.
func scale(most int64) (top, step int64) {
	if most <= 4 {
		return 4, 1
	}
	raw := float64(most) / 5
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, nice := range []float64{1, 2, 5, 10} {
		if step = int64(math.Round(power * nice)); step >= 1 && float64(step) >= raw {
			break
		}
	}
	return (most + step - 1) / step * step, step
}

func percent(n float64) string { return trimZeros(fmt.Sprintf("%.3f", n)) + "%" }

func pixels(n float64) string { return trimZeros(fmt.Sprintf("%.1f", n)) }

// title is the measure as the head of a column.
func (m Measure) title() string {
	switch m {
	case MeasureRequests:
		return "Requests"
	case MeasureCost:
		return "Cost"
	case MeasureTokens:
		return "Tokens"
	case MeasureCredits:
	}
	return "Credits"
}
