// Package usage is what was consumed: the charge, the rules that decide it, the
// meter that makes it durable, and the series that a chart draws.
package usage

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Day is a calendar day in UTC, written YYYY-MM-DD. Days compare as text does.
type Day string

const dayLayout = "2006-01-02"

// DayOf is the day in which t lies, in UTC.
func DayOf(t time.Time) Day {
	year, month, day := t.UTC().Date()
	return Day([]byte{
		'0' + byte(year/1000%10), '0' + byte(year/100%10), '0' + byte(year/10%10), '0' + byte(year%10), '-',
		'0' + byte(month/10), '0' + byte(month%10), '-', '0' + byte(day/10), '0' + byte(day%10),
	})
}

// ParseDay reads YYYY-MM-DD and refuses days that no calendar has.
func ParseDay(text string) (Day, bool) {
	t, err := time.Parse(dayLayout, text)
	return Day(text), err == nil && t.Year() > 0
}

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

// Range is a span of days, both ends included.
type Range struct{ From, To Day }

// LastDays is the range of n days of which today is the last.
func LastDays(today Day, n int) Range { return Range{From: today.Add(1 - n), To: today} }

// Each calls visit for every day of the range, the oldest first.
func (r Range) Each(visit func(Day)) {
	for d := r.From; d <= r.To; d = d.Add(1) {
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
