package views

import (
	"math"
	"strings"
	"testing"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func someDays(n int) []usage.Day {
	var list []usage.Day
	usage.LastDays(usage.DayOf(noon), n).Each(func(d usage.Day) { list = append(list, d) })
	return list
}

func TestAStackedChartNamesWhatIsLeftOfADaysTotal(t *testing.T) {
	at := someDays(2)
	c := StackedChart("Credits", MeasureCredits, at, []int64{10, 3}, []Series{{"large", []int64{6, 0}}, {"mini", []int64{4, 5}}}, "Other")
	if diff := cmp.Diff([]string{"large", "mini", "Other"}, c.Series); diff != "" {
		t.Error(diff)
	}
	var parts [][]int64
	for _, p := range c.Points {
		parts = append(parts, p.Parts)
	}
	if diff := cmp.Diff([][]int64{{6, 4, 0}, {0, 5, -2}}, parts); diff != "" {
		t.Error(diff)
	}
	if got := c.layout().Bars[1].Says; got != "Mon 23 Nov 2026: 3 credits: mini 5 credits, Other −2 credits" {
		t.Error(got)
	}
	whole := StackedChart("Credits", MeasureCredits, at, []int64{10, 5}, []Series{{"large", []int64{6, 0}}, {"mini", []int64{4, 5}}}, "Other")
	if len(whole.Series) != 2 {
		t.Errorf("parts that are the whole have a rest: %q", whole.Series)
	}
}

func TestThePartsOfABarLieOnEachOtherAndStayInThePlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 120).Draw(t, "days")
		at, totals := someDays(n), make([]int64, n)
		series := make([]Series, rapid.IntRange(1, 8).Draw(t, "series"))
		for i := range series {
			series[i] = Series{Name: "model", Values: make([]int64, n)}
			for d := range n {
				series[i].Values[d] = rapid.Int64Range(0, 1_000_000).Draw(t, "value")
				totals[d] += series[i].Values[d]
			}
		}
		c := StackedChart("Credits", MeasureCredits, at, totals, series, "Other")
		var sum int64
		for _, n := range c.Totals() {
			sum += n
		}
		if sum != c.Total() {
			t.Fatalf("the parts add up to %d of %d", sum, c.Total())
		}
		for _, b := range c.layout().Bars {
			base := float64(plotTop + plotHeight)
			for _, p := range b.Pieces {
				if math.Abs(p.Top+p.Height-base) > 0.001 {
					t.Fatalf("a part ends at %g, where the one below it begins at %g", p.Top+p.Height, base)
				}
				base = p.Top
			}
			// A part that is above zero has a pixel, however small it is.
			if base < plotTop-float64(len(series)) {
				t.Fatalf("a bar reaches %g", base)
			}
		}
	})
}

func TestPairedBarsStandBesideEachOtherInTheirSlot(t *testing.T) {
	c := PairedChart("Cost and income", MeasureCost, someDays(7), Series{"Income", []int64{5_000_000, 0, 1, 2, 3, 4, 5}}, Series{"Cost", []int64{2_000_000, 7, 0, 0, 0, 0, 0}})
	if got, want := c.says(), "Cost and income: Income $5.00, Cost $2.00 in total. The table below has every value."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	bars := c.layout().Bars
	if got, want := bars[1].Says, "Wed 18 Nov 2026: Income $0.00, Cost $0.000007"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	left, right := bars[0].Pieces[0], bars[0].Pieces[1]
	if left.Left+left.Width > right.Left+0.001 || left.Left < bars[0].SlotLeft || right.Left+right.Width > bars[0].SlotLeft+bars[0].Slot {
		t.Errorf("%+v and %+v in %+v", left, right, bars[0])
	}
	if left.Height <= right.Height {
		t.Errorf("$5 is drawn as %g px, $2 as %g", left.Height, right.Height)
	}
}

func TestALongNameOfAPartIsCutInTheDetailAloneAndWeeksAddUpTheirDays(t *testing.T) {
	name := strings.Repeat("very-long-model-", 20)
	values := make([]int64, 70)
	for i := range values {
		values[i] = 1
	}
	c := StackedChart("Credits", MeasureCredits, someDays(70), values, []Series{{name, values}}, "Other")
	if len(c.Points) > 12 || c.Points[1].Parts[0] != 7 || c.Total() != 70 {
		t.Errorf("%d bars, the second %+v, %d in all", len(c.Points), c.Points[1], c.Total())
	}
	b := c.layout().Bars[1]
	if line := b.Tip.Lines[1].Text; len([]rune(line)) > 45 || !strings.Contains(line, "…") {
		t.Errorf("the detail says %q", line)
	}
	if !strings.Contains(b.Says, name) {
		t.Errorf("a screen reader hears %q", b.Says)
	}
}
