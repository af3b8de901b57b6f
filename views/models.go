package views

import (
	"strings"

	"codexible/catalog"
)

// ModelList is the list of what is offered.
type ModelList struct {
	Frame
	Heads []Head
	Lines []ModelLine
	// Imported is how many names have a price and are not offered.
	Imported int64
	Pager    Pager
}

// ModelLine is a model with its price.
type ModelLine struct {
	PriceLine
	// Plans are the names of those that use it; nil for all.
	Plans []string
	// Upstreams are the names of those that serve it, in a list of models.
	Upstreams []string
}

func (l ModelLine) plans() string {
	switch {
	case l.Plans == nil:
		return "All plans"
	case len(l.Plans) == 0:
		return "No plan"
	}
	return strings.Join(l.Plans, ", ")
}

// Model is a model's own page.
type Model struct {
	Frame
	Line    ModelLine
	Range   RangeChoice
	Chart   Chart
	Sums    UsageRow
	Margin  Margin
	Tokens  []BucketRow
	History []Version
	Earlier int64
	Way     Way
}

func overrunSays(o catalog.Overrun) string {
	if o == catalog.OverrunStop {
		return "Stops at once"
	}
	return "Finishes, for as much again as was set aside"
}

// ByHand names the tokens that charges by hand reported: they are not divided.
const ByHand = "By hand, not divided"

// BucketRow is the tokens of a bucket.
type BucketRow struct {
	Name   string
	Tokens int64
	// Part is of all tokens; empty for what is a part of another bucket, or no tokens.
	Part string
}

func window(m *catalog.Model) string {
	if m.ContextWindow == 0 {
		return "–"
	}
	return thousands(m.ContextWindow)
}

func aliases(m *catalog.Model) string { return strings.Join(m.Aliases, ", ") }

func marginLeft(m Margin) string {
	if m.Income == nil {
		return USD(0)
	}
	return sumUSD(m.Left())
}
