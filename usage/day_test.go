package usage

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestADayIsTheCalendarDayInUTC(t *testing.T) {
	east, west := time.FixedZone("east", 14*3600), time.FixedZone("west", -12*3600)
	for _, c := range []struct {
		at   time.Time
		want Day
	}{
		{time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC), "2026-03-04"},
		{time.Date(2026, 3, 4, 23, 59, 59, 999_999_999, time.UTC), "2026-03-04"},
		{time.Date(2026, 3, 5, 13, 59, 0, 0, east), "2026-03-04"},
		{time.Date(2026, 3, 4, 12, 0, 0, 0, west), "2026-03-05"},
		{time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC), "2026-12-31"},
		{time.Date(7, 1, 2, 0, 0, 0, 0, time.UTC), "0007-01-02"},
		{time.Date(-1, 1, 2, 0, 0, 0, 0, time.UTC), "0000-01-01"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "9999-12-31"},
	} {
		if got := DayOf(c.at); got != c.want {
			t.Errorf("DayOf(%v) = %s, want %s", c.at, got, c.want)
		}
	}
}

func TestOnlyDaysOfTheCalendarAreRead(t *testing.T) {
	for text, want := range map[string]bool{
		"2026-03-04": true, "2024-02-29": true, "2000-02-29": true, "2000-01-01": true, "2100-12-31": true,
		"1999-12-31": false, "2101-01-01": false, "0001-01-01": false, "9999-12-31": false,
		"2026-02-29": false, "1900-02-29": false, "2026-00-10": false, "2026-13-01": false, "2026-04-31": false, "0000-01-01": false,
		"": false, "2026-3-4": false, "20260304": false, " 2026-03-04": false, "2026-03-04 ": false, "2026-03-04T00:00:00Z": false, "-026-03-04": false, "２026-03-04": false,
	} {
		day, ok := ParseDay(text)
		if ok != want {
			t.Errorf("ParseDay(%q) is %v, want %v", text, ok, want)
		}
		if ok && string(day) != text {
			t.Errorf("ParseDay(%q) = %s", text, day)
		}
	}
}

func TestDaysCountThroughMonthsAndLeapYears(t *testing.T) {
	for _, c := range []struct {
		from Day
		n    int
		want Day
	}{
		{"2024-02-28", 1, "2024-02-29"}, {"2024-02-29", 1, "2024-03-01"}, {"2026-02-28", 1, "2026-03-01"}, {"2000-02-28", 1, "2000-02-29"},
		{"2100-02-28", 1, "2100-03-01"}, {"2024-03-01", -1, "2024-02-29"}, {"2025-12-31", 1, "2026-01-01"}, {"2026-01-01", -1, "2025-12-31"},
		{"2024-02-29", 365, "2025-02-28"}, {"2024-02-29", 366, "2025-03-01"}, {"2026-03-04", 0, "2026-03-04"},
	} {
		if got := c.from.Add(c.n); got != c.want {
			t.Errorf("%s and %d days is %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestADayHolds24HoursAndCountsBackAsItCountsOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := DayOf(time.Unix(rapid.Int64Range(FirstDay.Start().Unix()+4000*86400, LastDay.Start().Unix()-4000*86400).Draw(t, "second"), 0))
		n := rapid.IntRange(-4000, 4000).Draw(t, "days")
		if got := d.Add(n).Add(-n); got != d {
			t.Fatalf("%s, %d days on and back, is %s", d, n, got)
		}
		if (d < d.Add(n)) != (n > 0) {
			t.Fatalf("%s and %s do not compare as their times do", d, d.Add(n))
		}
		if length := d.End().Sub(d.Start()); length != 24*time.Hour {
			t.Fatalf("%s is %v long", d, length)
		}
		if DayOf(d.Start()) != d || DayOf(d.End()) != d.Add(1) || DayOf(d.End().Add(-1)) != d {
			t.Fatalf("%s does not hold its own bounds", d)
		}
		if parsed, ok := ParseDay(string(d)); !ok || parsed != d {
			t.Fatalf("%s reads as %s", d, parsed)
		}
	})
}

func TestSomethingThatIsNoDayHasNoStart(t *testing.T) {
	if got := Day("soon").Start(); !got.IsZero() {
		t.Errorf("the start is %v", got)
	}
}

func TestLastDaysEndsTodayAndHasNDays(t *testing.T) {
	var got []Day
	LastDays("2024-03-02", 4).Each(func(d Day) { got = append(got, d) })
	if diff := cmp.Diff([]Day{"2024-02-28", "2024-02-29", "2024-03-01", "2024-03-02"}, got); diff != "" {
		t.Error(diff)
	}
	count := 0
	LastDays("2026-03-04", 365).Each(func(Day) { count++ })
	if count != 365 {
		t.Errorf("365 days are %d", count)
	}
	Range{}.Each(func(d Day) { t.Errorf("an empty range visits %s", d) })
}

func TestARangeIsAYearAtMostAndItsWalkEndsWhateverItsDays(t *testing.T) {
	for _, c := range []struct {
		from, to Day
		days     int
	}{
		{"2026-03-04", "2026-03-04", 1}, {"2024-01-01", "2024-12-31", 366}, {"2025-01-01", "2026-01-01", 366},
		{"2025-01-01", "2026-01-02", 0}, {"2026-03-05", "2026-03-04", 0}, {"2000-01-01", "2100-12-31", 0}, {"0001-01-01", "9999-12-31", 0},
		{"9999-12-31", "9999-12-31", MaxRangeDays}, // beyond the calendar every day is its last: the count alone ends the walk
	} {
		span, ok := Span(c.from, c.to)
		days := 0
		span.Each(func(Day) { days++ })
		if ok != (c.days > 0) || days != c.days {
			t.Errorf("%s to %s: %v, %d days, want %d", c.from, c.to, ok, days, c.days)
		}
		if ok && (span.From() != c.from || span.To() != c.to) {
			t.Errorf("%s to %s became %s to %s", c.from, c.to, span.From(), span.To())
		}
	}
	for n, want := range map[int]int{-5: 1, 0: 1, 1: 1, 366: 366, 367: 366, 1 << 40: 366} {
		days := 0
		LastDays("2026-03-04", n).Each(func(Day) { days++ })
		if days != want {
			t.Errorf("the last %d days are %d, want %d", n, days, want)
		}
	}
}

func TestTimesAreTakenInRFC3339WithinTheDaysTheServiceKnows(t *testing.T) {
	for text, want := range map[string]string{
		"2026-03-04T12:00:00Z": "2026-03-04T12:00:00Z", "2026-03-04T12:00:00.25+02:00": "2026-03-04T10:00:00.25Z",
		"2000-01-01T00:00:00Z": "2000-01-01T00:00:00Z", "2100-12-31T23:59:59.999999999Z": "2100-12-31T23:59:59.999999999Z",
		"1999-12-31T23:00:00-01:00": "2000-01-01T00:00:00Z", "2101-01-01T00:30:00+01:00": "2100-12-31T23:30:00Z",
		"1999-12-31T23:59:59Z": "", "2101-01-01T00:00:00Z": "", "2000-01-01T00:00:00+01:00": "", "2100-12-31T23:30:00-01:00": "",
		"0001-01-01T00:00:00Z": "", "9999-12-31T23:59:59Z": "", "9999-12-31T23:59:59-23:59": "",
		"2026-03-04T12:00:00,5Z": "", "2026-03-04": "", "2026-03-04 12:00:00Z": "", "2026-02-29T12:00:00Z": "", "": "", "2026-03-04T12:00:00": "",
	} {
		at, ok := ParseTime(text)
		if ok != (want != "") || ok && at.Format(time.RFC3339Nano) != want {
			t.Errorf("%q is read as %v, %v, want %q", text, at, ok, want)
		}
	}
}

func TestADayReadsFromBothDatabases(t *testing.T) {
	for _, src := range []any{"2026-03-04", []byte("2026-03-04"), "2026-03-04T00:00:00Z", time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC)} {
		var d Day
		if err := d.Scan(src); err != nil || d != "2026-03-04" {
			t.Errorf("%T %v reads as %q: %v", src, src, d, err)
		}
	}
	var d Day
	if err := d.Scan(4); err == nil {
		t.Error("a number reads as a day")
	}
	if v, err := Day("2026-03-04").Value(); err != nil || v != "2026-03-04" {
		t.Errorf("the day is written as %v: %v", v, err)
	}
}

func TestAHistoryHasARowForEveryDay(t *testing.T) {
	rows := []DayTotal{
		{Day: "2026-03-03", Credits: 7, Requests: 2, CostMicros: 15},
		{Day: "2026-02-28", Credits: 1, Requests: 1, CostMicros: 3},
		{Day: "2026-02-01", Credits: 9, Requests: 9, CostMicros: 9}, // outside of the range
	}
	want := []DayTotal{
		{Day: "2026-02-28", Credits: 1, Requests: 1, CostMicros: 3}, {Day: "2026-03-01"}, {Day: "2026-03-02"},
		{Day: "2026-03-03", Credits: 7, Requests: 2, CostMicros: 15}, {Day: "2026-03-04"},
	}
	if diff := cmp.Diff(want, Fill(LastDays("2026-03-04", 5), rows)); diff != "" {
		t.Error(diff)
	}
}
