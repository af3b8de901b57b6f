package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"codexible/gateway"
)

// The sizes of a time line in pixels. Its width is the page's: horizontal positions are in percent.
const (
	laneHeight = 32
	laneBar    = 16
	laneFoot   = 28
)

// timeline draws the attempts of a call over its whole time, a lane each.
type timeline struct {
	Height float64
	Lanes  []lane
	Ticks  []timeTick
	Legend []laneKind
	Says   string
}

// lane is an attempt.
type lane struct {
	Y      float64
	Name   string
	Pieces []lanePiece
}

// lanePiece is a part of an attempt, in percent of the whole time.
type lanePiece struct {
	Left, Width float64
	Class       string
	Says        string
}

// timeTick is a moment on the axis.
type timeTick struct {
	X     float64
	Label string
	// Anchor keeps the first and the last label inside.
	Anchor string
}

// laneKind is a kind of piece, with what it means.
type laneKind struct{ Class, Name string }

// The kinds of pieces, in the order of the legend.
var laneKinds = []laneKind{{"s7", "Checks and hold"}, {"failed", "Failed attempt"}, {"s3", "Waiting for the first token"}, {"s1", "Writing"}, {"s2", "Settling"}}

// timelineOf is the time line of a call; without lanes where nothing was sent to an upstream.
func timelineOf(l *RequestLine) (t timeline) {
	if len(l.Attempts) == 0 {
		return t
	}
	whole := max(l.Took.Microseconds(), 1)
	for i := range l.Attempts {
		whole = max(whole, l.Attempts[i].Start+l.Attempts[i].Took)
	}
	says := []string{fmt.Sprintf("%s in %s.", Count(int64(len(l.Attempts)), "attempt"), Duration(micros(whole)))}
	seen := map[string]bool{}
	for i := range l.Attempts {
		a := &l.Attempts[i]
		at := lane{Y: laneHeight * float64(i), Name: strconv.Itoa(i + 1)}
		add := func(class, what string, from, to int64) {
			if to <= from {
				return
			}
			seen[class] = true
			left, width := 100*float64(from)/float64(whole), 100*float64(to-from)/float64(whole)
			at.Pieces = append(at.Pieces, lanePiece{left, max(width, 0.4), class, what + ": " + Duration(micros(to-from))})
		}
		end := a.Start + a.Took
		if i == 0 {
			add("s7", "Checks and hold", 0, a.Start)
		}
		if a.Error != "" && !l.wrote(i) {
			add("failed", "Failed attempt", a.Start, end)
		} else {
			first := min(max(l.FirstToken.Microseconds(), a.Start), end)
			if l.FirstToken == 0 {
				first = end
			}
			add("s3", "Waiting for the first token", a.Start, first)
			add("s1", "Writing", first, end)
		}
		if i == len(l.Attempts)-1 {
			add("s2", "Settling", end, l.Took.Microseconds())
		}
		t.Lanes = append(t.Lanes, at)
		says = append(says, fmt.Sprintf("Attempt %d, %s: %s after %s.", i+1, a.Upstream, strings.TrimSuffix(attemptSays(a), "."), Duration(micros(end))))
	}
	for _, kind := range laneKinds {
		if seen[kind.Class] {
			t.Legend = append(t.Legend, kind)
		}
	}
	t.Ticks, t.Says = timeTicks(whole), strings.Join(says, " ")
	t.Height = laneHeight*float64(len(t.Lanes)) + laneFoot
	return t
}

// wrote reports whether an attempt is the last and its model has written something.
func (l *RequestLine) wrote(i int) bool { return i == len(l.Attempts)-1 && l.FirstToken > 0 }

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// timeTicks are moments of a time in microseconds, in round steps.
func timeTicks(whole int64) (ticks []timeTick) {
	_, step := scale(whole)
	for at := int64(0); at <= whole; at += step {
		label := "0"
		if at > 0 {
			label = tickTime(at, whole)
		}
		x := 100 * float64(at) / float64(whole)
		ticks = append(ticks, timeTick{x, label, anchor(x)})
	}
	return ticks
}

// tickTime formats a moment in the unit of the whole time.
func tickTime(at, whole int64) string {
	if whole >= int64(time.Second/time.Microsecond) {
		return trimZeros(fmt.Sprintf("%.3f", micros(at).Seconds())) + " s"
	}
	return trimZeros(fmt.Sprintf("%.3f", float64(at)/1000)) + " ms"
}

// bar is the vertical place of the lane's bar.
func (l lane) bar() float64 { return l.Y + (laneHeight-laneBar)/2 }

// costOf is what a failed attempt cost; empty for nothing.
func costOf(a *gateway.Attempt) string {
	if a.CostMicros == 0 {
		return ""
	}
	return Micros(a.CostMicros)
}
