// Package usage is what was consumed: the charge, the rules that decide it, the
// meter that makes it durable, and the series that a chart draws.
package usage

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
)

// Day is a calendar day in UTC, written YYYY-MM-DD. Days compare as text does.
type Day string

const dayLayout = "2006-01-02"

// The first and the last day that the service takes in, from anybody and
// anywhere. ParseDay and ParseTime alone read days and times of outside.
const (
	FirstDay Day = "2000-01-01"
	LastDay  Day = "2100-12-31"
)

// Bounds says which days and times are taken in.
const Bounds = "from " + string(FirstDay) + " to " + string(LastDay)

// DayOf is the day in which t lies, in UTC. The years 0 to 9999 have days; a
// time before or after them lies in the first or the last of those.
func DayOf(t time.Time) Day {
	year, month, day := t.UTC().Date()
	switch {
	case year < 0:
		return "0000-01-01"
	case year > 9999:
		return "9999-12-31"
	}
	return Day([]byte{
		'0' + byte(year/1000%10), '0' + byte(year/100%10), '0' + byte(year/10%10), '0' + byte(year%10), '-',
		'0' + byte(month/10), '0' + byte(month%10), '-', '0' + byte(day/10), '0' + byte(day%10),
	})
}

// ParseDay reads YYYY-MM-DD, FirstDay to LastDay. It refuses days that no
// calendar has.
func ParseDay(text string) (Day, bool) {
	_, err := time.Parse(dayLayout, text)
	return Day(text), err == nil && taken(Day(text))
}

func taken(d Day) bool { return d >= FirstDay && d <= LastDay }

// ParseTime reads RFC 3339 and gives the time in UTC. It refuses times outside
// the days FirstDay to LastDay.
func ParseTime(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	// Package time reads a comma before the fraction, which RFC 3339 does not have.
	return at.UTC(), err == nil && !strings.Contains(text, ",") && TakesTime(at)
}

// TakesTime reports whether a time lies within the days FirstDay to LastDay.
func TakesTime(at time.Time) bool { return taken(DayOf(at)) }

// EndOfDay is when the day of t ends, the next 00:00 UTC: DayOf(t).End() without
// the text between them.
func EndOfDay(t time.Time) time.Time {
	const whole = 24 * time.Hour
	return t.UTC().Truncate(whole).Add(whole)
}

// Start is the day's first instant.
func (d Day) Start() time.Time {
	t, err := time.Parse(dayLayout, string(d))
	if err != nil {
		return time.Time{}
	}
	return t
}

// Add gives the day n days later, earlier where n is negative.
func (d Day) Add(n int) Day { return DayOf(d.Start().AddDate(0, 0, n)) }

// End is the first instant of the day after: when a quota resets.
func (d Day) End() time.Time { return d.Start().AddDate(0, 0, 1) }

// Month is the day's calendar month, such as 2026-03.
func (d Day) Month() string { return string(d[:min(len(d), len("2006-01"))]) }

// EndOfMonth is the first instant of the month after: when a monthly limit resets.
func (d Day) EndOfMonth() time.Time { return d.StartOfMonth().Start().AddDate(0, 1, 0) }

// StartOfMonth is the first day of the day's month.
func (d Day) StartOfMonth() Day { return Day(d.Month() + "-01") }

// MaxRangeDays is the length of the longest range: a year with a leap day.
const MaxRangeDays = 366

// Range is a span of days, both ends included, MaxRangeDays at the most: what
// is read and shown for a range is bounded by its type. The zero value holds no
// day.
type Range struct{ from, to Day }

// Span is the range from one day to another; false where the first lies after
// the last or the range were longer than MaxRangeDays. Both are days of the calendar.
func Span(from, to Day) (Range, bool) {
	if from > to || from < to.Add(1-MaxRangeDays) {
		return Range{}, false
	}
	return Range{from, to}, true
}

// OneDay is the range of a single day.
func OneDay(d Day) Range { return Range{d, d} }

// LastDays is the range of n days of which today is the last: at least one, at
// most MaxRangeDays.
func LastDays(today Day, n int) Range {
	return Range{from: today.Add(1 - min(max(n, 1), MaxRangeDays)), to: today}
}

// From is the first day; empty in a range without days.
func (r Range) From() Day { return r.from }

// To is the last day; empty in a range without days.
func (r Range) To() Day { return r.to }

// Each calls visit for every day of the range, the oldest first.
func (r Range) Each(visit func(Day)) {
	if r.from == "" {
		return
	}
	// The count ends the walk, whatever the days are.
	for n := range MaxRangeDays {
		d := r.from.Add(n)
		if d > r.to {
			return
		}
		visit(d)
	}
}

// Value writes the day as both databases keep it.
func (d Day) Value() (driver.Value, error) { return string(d), nil }

// Scan reads the day from a date column of either database.
func (d *Day) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		*d = DayOf(v)
	case string:
		*d = Day(v[:min(len(v), len(dayLayout))])
	case []byte:
		*d = Day(v[:min(len(v), len(dayLayout))])
	default:
		return fmt.Errorf("usage: a day cannot be read from %T", src)
	}
	return nil
}
