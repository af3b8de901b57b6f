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
)

// Measures lists them in the order of their choice.
func Measures() []Measure { return []Measure{MeasureCredits, MeasureRequests, MeasureCost} }

func (m Measure) of(d usage.DayTotal) int64 {
	switch m {
	case MeasureRequests:
		return d.Requests
	case MeasureCost:
		return d.CostMicros
	case MeasureCredits:
	}
	return d.Credits
}

// say formats an amount with its unit.
func (m Measure) say(n int64) string {
	switch m {
	case MeasureRequests:
		return Count(n, "request")
	case MeasureCost:
		return USD(n)
	case MeasureCredits:
	}
	return Count(n, "credit")
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
}

// Point is one bar. Tick stands below the axis, empty for most bars.
type Point struct {
	Tick, Title string
	Value       int64
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
	c := Chart{Name: name, Measure: m}
	if len(days) > maxBars {
		c.Points = weeks(m, days)
		return c
	}
	for i, d := range days {
		at := d.Day.Start()
		p := Point{Title: at.Format("Mon 2 Jan 2006"), Value: m.of(d)}
		switch {
		case len(days) <= 8:
			p.Tick = at.Format("Mon")
		case len(days) <= 35 && at.Weekday() == time.Monday && i < len(days)-lastTickDays, len(days) <= 35 && i == len(days)-1:
			p.Tick = at.Format("2 Jan")
		case len(days) > 35 && (at.Day() == 1 || at.Day() == 15):
			p.Tick = at.Format("2 Jan")
		}
		c.Points = append(c.Points, p)
	}
	return c
}

// weeks sums days from Monday to Sunday; the first and the last may be shorter.
func weeks(m Measure, days []usage.DayTotal) (points []Point) {
	var month time.Month
	for i, d := range days {
		at := d.Day.Start()
		if i == 0 || at.Weekday() == time.Monday {
			p := Point{Title: "Week of " + at.Format("2 Jan 2006")}
			if len(days) < 200 && at.Month() != month || at.Month() != month && int(at.Month())%2 == 1 {
				p.Tick = at.Format("Jan")
			}
			month = at.Month()
			points = append(points, p)
		}
		points[len(points)-1].Value += m.of(d)
	}
	return points
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

// The plot's sizes in pixels. Its width is the page's: horizontal positions are in percent.
const (
	plotTop    = 8
	plotHeight = 192
	plotFoot   = 32
	plotTotal  = plotTop + plotHeight + plotFoot
	charWidth  = 7.2
)

type plot struct {
	AxisWidth float64
	Ticks     []axisTick
	Bars      []bar
}

type axisTick struct {
	Y     float64
	Label string
}

type bar struct {
	Point
	// Left, Width and Centre are percent of the plot's width; Slot is the whole of the bar's share.
	SlotLeft, Slot, Left, Width, Centre float64
	Top, Height                         float64
	// Anchor is start, middle or end: labels and details at the edges stay inside.
	Anchor string
	Says   string
	Tip    tip
}

// tip is the detail that appears beside a bar, in pixels from the bar's centre.
type tip struct{ Left, Top, Width float64 }

const tipHeight = 52

func (c Chart) layout() plot {
	top, step := scale(c.most())
	var p plot
	for n := int64(0); n <= top; n += step {
		label := c.Measure.tick(n, top)
		p.AxisWidth = max(p.AxisWidth, float64(len(label))*charWidth+12)
		p.Ticks = append(p.Ticks, axisTick{Y: plotTop + plotHeight*(1-float64(n)/float64(top)), Label: label})
	}
	slot := 100 / float64(max(len(c.Points), 1))
	for i, point := range c.Points {
		b := bar{Point: point, SlotLeft: slot * float64(i), Slot: slot, Width: slot * 0.72, Says: point.Title + ": " + c.Measure.say(point.Value)}
		b.Left, b.Centre = b.SlotLeft+slot*0.14, b.SlotLeft+slot/2
		b.Height = plotHeight * float64(point.Value) / float64(top)
		if point.Value > 0 {
			b.Height = max(b.Height, 1)
		}
		b.Top = plotTop + plotHeight - b.Height
		b.Anchor = anchor(b.Centre)
		b.Tip = c.tip(b)
		p.Bars = append(p.Bars, b)
	}
	return p
}

func (c Chart) most() (most int64) {
	for _, p := range c.Points {
		most = max(most, p.Value)
	}
	return most
}

// Total sums the points.
func (c Chart) Total() (total int64) {
	for _, p := range c.Points {
		total += p.Value
	}
	return total
}

func anchor(centre float64) string {
	switch {
	case centre < 6:
		return "start"
	case centre > 94:
		return "end"
	}
	return "middle"
}

func (c Chart) tip(b bar) tip {
	width := float64(max(len([]rune(b.Title)), len([]rune(c.Measure.say(b.Value)))))*charWidth + 24
	t := tip{Width: width, Left: -width / 2, Top: max(b.Top-tipHeight-8, -24)}
	switch {
	case b.Centre < 30:
		t.Left = -12
	case b.Centre > 70:
		t.Left = 12 - width
	}
	return t
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
	case MeasureCredits:
	}
	return "Credits"
}

// says describes the chart in one sentence.
func (c Chart) says() string {
	return c.Name + ": " + c.Measure.say(c.Total()) + " in total. The table below has every value."
}
