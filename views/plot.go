package views

import "strings"

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
	// Pieces are what is drawn: the bar, or its parts.
	Pieces []piece
	// Anchor is start, middle or end: labels and details at the edges stay inside.
	Anchor string
	Says   string
	Tip    tip
}

// piece is a rectangle of a bar. Class colours it.
type piece struct {
	Left, Width, Top, Height float64
	Class                    string
}

// tip is the detail that appears beside a bar, in pixels from the bar's centre.
type tip struct {
	Left, Top, Width, Height float64
	Lines                    []tipLine
}

// tipLine is a line of the detail. Class colours the square before it; none where empty.
type tipLine struct{ Text, Class string }

// indent is where the text of the line begins, in pixels from the detail's edge.
func (l tipLine) indent() float64 {
	if l.Class != "" {
		return 28
	}
	return 12
}

const (
	tipHeight  = 52
	tipLeading = 20
)

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
		b := bar{Point: point, SlotLeft: slot * float64(i), Slot: slot, Width: slot * 0.72}
		b.Left, b.Centre = b.SlotLeft+slot*0.14, b.SlotLeft+slot/2
		b.Top, b.Height = plotTop+plotHeight, 0
		b.Pieces = c.pieces(&b, float64(top))
		for _, piece := range b.Pieces {
			if piece.Top < b.Top {
				b.Top, b.Height = piece.Top, plotTop+plotHeight-piece.Top
			}
		}
		b.Anchor = anchor(b.Centre)
		b.Tip = c.tip(b)
		b.Says = c.reads(&b)
		p.Bars = append(p.Bars, b)
	}
	return p
}

// pieces are the rectangles of a bar whose place is known, from the lowest to the highest.
func (c Chart) pieces(b *bar, top float64) (list []piece) {
	height := func(n int64) float64 { return max(plotHeight*float64(n)/top, 1) }
	if len(c.Series) == 0 {
		if b.Value > 0 {
			h := height(b.Value)
			list = append(list, piece{b.Left, b.Width, plotTop + plotHeight - h, h, "value"})
		}
		return list
	}
	base := float64(plotTop + plotHeight)
	for i, n := range b.Parts {
		if n <= 0 {
			continue
		}
		p := piece{Left: b.Left, Width: b.Width, Height: height(n), Class: seriesClass(i)}
		if c.Beside {
			p.Width = b.Width / float64(len(b.Parts))
			p.Left += p.Width * float64(i)
		} else {
			base -= p.Height
		}
		if p.Top = base; c.Beside {
			p.Top -= p.Height
		}
		list = append(list, p)
	}
	return list
}

// corner is the radius of a rectangle's corners: stacked pieces fit together.
func (c Chart) corner() string {
	if len(c.Series) > 0 && !c.Beside {
		return "0"
	}
	return "2"
}

// maxSeries is how many colours the stylesheet has for parts.
const maxSeries = 7

func seriesClass(i int) string { return "value s" + string(rune('1'+min(i, maxSeries-1))) }

func (c Chart) most() (most int64) {
	for _, p := range c.Points {
		if !c.Beside {
			most = max(most, p.Value)
		}
		var sum int64
		for _, n := range p.Parts {
			if c.Beside {
				sum = max(sum, n)
			} else {
				sum += max(n, 0)
			}
		}
		most = max(most, sum)
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

// Totals sums each part of the points.
func (c Chart) Totals() []int64 {
	sums := make([]int64, len(c.Series))
	for _, p := range c.Points {
		for i, n := range p.Parts {
			sums[i] += n
		}
	}
	return sums
}

// Empty reports whether there is nothing to draw.
func (c Chart) Empty() bool { return c.most() == 0 }

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
	var t tip
	if !c.Beside {
		t.Lines = append(t.Lines, tipLine{Text: c.Measure.say(b.Value)})
	}
	for i, name := range c.Series {
		if b.Parts[i] != 0 {
			t.Lines = append(t.Lines, tipLine{shortName(name) + ": " + c.Measure.say(b.Parts[i]), seriesClass(i)})
		}
	}
	longest := len([]rune(b.Title))
	for _, line := range t.Lines {
		extra := 0
		if line.Class != "" {
			extra = 2
		}
		longest = max(longest, len([]rune(line.Text))+extra)
	}
	t.Width, t.Height = float64(longest)*charWidth+24, float64(tipHeight+tipLeading*(max(len(t.Lines), 1)-1))
	t.Left, t.Top = -t.Width/2, max(b.Top-t.Height-8, -24)
	switch {
	case b.Centre < 30:
		t.Left = -12
	case b.Centre > 70:
		t.Left = 12 - t.Width
	}
	return t
}

// nameInTip is how many characters of a part's name fit beside a bar.
const nameInTip = 28

func shortName(name string) string {
	if all := []rune(name); len(all) > nameInTip {
		return string(all[:nameInTip-1]) + "…"
	}
	return name
}

// reads is a bar in words.
func (c Chart) reads(b *bar) string {
	parts := make([]string, 0, len(c.Series))
	for i, name := range c.Series {
		if n := b.Parts[i]; n != 0 || c.Beside {
			parts = append(parts, name+" "+c.Measure.say(n))
		}
	}
	switch {
	case c.Beside:
		return b.Title + ": " + strings.Join(parts, ", ")
	case len(parts) > 0:
		return b.Title + ": " + c.Measure.say(b.Value) + ": " + strings.Join(parts, ", ")
	}
	return b.Title + ": " + c.Measure.say(b.Value)
}

// says describes the chart in one sentence.
func (c Chart) says() string {
	total := c.Measure.say(c.Total()) + " in total"
	if c.Beside {
		parts := make([]string, len(c.Series))
		for i, sum := range c.Totals() {
			parts[i] = c.Series[i] + " " + c.Measure.say(sum)
		}
		total = strings.Join(parts, ", ") + " in total"
	}
	return c.Name + ": " + total + ". The table below has every value."
}
