package views

import (
	"math"
	"strings"
	"testing"
	"time"

	"codexible/usage"

	"pgregory.net/rapid"
)

func TestAnAxisEndsAboveItsLargestBarInFewRoundSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Int64Range(0, 1_000_000_000_000).Draw(t, "most")
		top, step := scale(most)
		if top < most || top-most > max(step, 4) {
			t.Fatalf("the axis of %d ends at %d, with steps of %d", most, top, step)
		}
		if n := top / step; n < 1 || n > 6 || top%step != 0 {
			t.Fatalf("the axis of %d has %d lines above zero", most, n)
		}
		leading := step
		for leading%10 == 0 {
			leading /= 10
		}
		if leading != 1 && leading != 2 && leading != 5 {
			t.Fatalf("a step of %d is no round number", step)
		}
	})
}

func TestBarsStayInThePlotInProportionAndWithoutOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Chart{Measure: MeasureCredits}
		for _, v := range rapid.SliceOfN(rapid.Int64Range(0, 1_000_000), 1, maxBars).Draw(t, "values") {
			c.Points = append(c.Points, Point{Title: "Mon 2 Jan 2006", Value: v})
		}
		p := c.layout()
		end, most := 0.0, c.most()
		for i, b := range p.Bars {
			if b.Left < end-1e-9 || b.Left+b.Width > 100+1e-9 || b.Top < plotTop-1e-9 || math.Abs(b.Top+b.Height-plotTop-plotHeight) > 1e-9 {
				t.Fatalf("bar %d lies outside its slot: %+v", i, b)
			}
			if tall := p.Bars[0]; b.Value == most && b.Height < tall.Height-1e-9 {
				t.Fatalf("the largest bar is not the tallest")
			}
			if (b.Value > 0) != (b.Height > 0) {
				t.Fatalf("%d is drawn %f high", b.Value, b.Height)
			}
			end = b.Left + b.Width
		}
	})
}

func TestAChartOfDaysSumsToItsDaysHoweverManyThereAre(t *testing.T) {
	for _, n := range []int{1, 7, 30, 62, 63, 365, 366} {
		list := days(n)
		var want int64
		for _, d := range list {
			want += d.Credits
		}
		c := DayChart("Credits", MeasureCredits, list)
		if c.Total() != want || len(c.Points) > maxBars {
			t.Errorf("%d days: %d bars of %d together, want %d", n, len(c.Points), c.Total(), want)
		}
		ticks := 0
		for _, p := range c.Points {
			if p.Tick != "" {
				ticks++
			}
		}
		if ticks < 1 || ticks > 8 {
			t.Errorf("%d days: %d labels under the axis", n, ticks)
		}
	}
}

func TestDatesUnderAChartKeepAWeekApart(t *testing.T) {
	for n := 9; n <= 35; n++ {
		for weekday := range 7 {
			list := usage.Fill(usage.LastDays(usage.DayOf(noon.AddDate(0, 0, weekday)), n), nil)
			last := -8
			for i, p := range DayChart("Credits", MeasureCredits, list).Points {
				if p.Tick == "" {
					continue
				}
				if gap := i - last; gap < 7 || i == n-1 && gap < 8 {
					t.Errorf("%d days: %s is %d days after the date before", n, p.Tick, gap)
				}
				last = i
			}
		}
	}
}

func TestAnAxisIsLabelledInOneUnitShortly(t *testing.T) {
	for _, c := range []struct {
		m    Measure
		most int64
		want string
	}{
		{MeasureCredits, 0, "0 1 2 3 4"},
		{MeasureCredits, 48, "0 10 20 30 40 50"},
		{MeasureCredits, 8300, "0 2k 4k 6k 8k 10k"},
		{MeasureCredits, 4300, "0 1,000 2,000 3,000 4,000 5,000"},
		{MeasureRequests, 11_200, "0 5k 10k 15k"},
		{MeasureCredits, 4_200_000, "0 1M 2M 3M 4M 5M"},
		{MeasureCost, 1_300_000, "$0 $0.5 $1 $1.5"},
	} {
		chart := Chart{Measure: c.m, Points: []Point{{Value: c.most}}}
		var labels []string
		for _, tick := range chart.layout().Ticks {
			labels = append(labels, tick.Label)
		}
		got := strings.Join(labels, " ")
		if got != c.want {
			t.Errorf("%s up to %d: %s, want %s", c.m, c.most, got, c.want)
		}
	}
}

func TestTheHoursOfADayAreDrawnAsTwentyFourBars(t *testing.T) {
	c := HourChart("Requests by hour", [usage.HoursADay]int64{3: 7})
	if len(c.Points) != usage.HoursADay || c.Points[3].Value != 7 || c.Points[6].Tick != "06:00" || c.Points[3].Title != "03:00 to 03:59 UTC" {
		t.Errorf("%+v", c.Points[3])
	}
}

func TestFiguresAreWrittenAsPeopleReadThem(t *testing.T) {
	for got, want := range map[string]string{
		Number(0): "0", Number(999): "999", Number(1000): "1,000", Number(-1234567): "−1,234,567",
		USD(0): "$0.00", USD(1): "$0.000001", USD(99): "$0.000099", USD(12_345): "$0.0123", USD(1_000_000): "$1.00", USD(1_234_567_890): "$1,234.57",
		Price(2990): "$29.90", Count(1, "key"): "1 key", Count(1200, "key"): "1,200 keys", Count(0, "key"): "0 keys",
		Span(90 * time.Second): "1 minute", Span(0): "0 seconds", Span(50 * time.Hour): "2 days", Ago(noon, noon.Add(-3*time.Hour)): "3 hours ago", Ago(noon, noon): "just now",
		Bytes(2048): "2 KB", Bytes(5 << 20): "5.0 MB", Bytes(3 << 30): "3.0 GB",
		Browser("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/150.0"): "Firefox on Linux", Browser("x"): "Unknown browser",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if Percent(1, 0) != 0 || Percent(99, 100) != 99 || Percent(199, 200) != 99 || Percent(math.MaxInt64, math.MaxInt64) < 99 {
		t.Error("a part of a whole is rounded down, and never overflows")
	}
}

func TestAHealthStripKeepsEveryTrouble(t *testing.T) {
	samples := make([]HealthSample, 1440)
	for i := range samples {
		samples[i].Status = "ok"
	}
	samples[777].Status, samples[12].Status = "unavailable", "degraded"
	bars := healthBars(samples)
	found := map[string]int{}
	for _, b := range bars {
		found[b.Status]++
	}
	if len(bars) != 120 || found["unavailable"] != 1 || found["degraded"] != 1 || troubles(samples) != 2 {
		t.Errorf("%d bars: %v", len(bars), found)
	}
}
