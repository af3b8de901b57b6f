package views

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"codexible/usage"
)

// Number formats a whole number with commas between thousands.
func Number(n int64) string {
	if n < 0 {
		return "−" + Number(-n)
	}
	return grouped(strconv.FormatInt(n, 10))
}

// USD formats micro-dollars: cents from a dollar on, smaller amounts to four or
// six places, so that no amount above zero reads as zero.
func USD(micros int64) string {
	switch {
	case micros >= usage.MicrosPerUSD || micros == 0:
		cents := (micros + usage.MicrosPerUSD/200) / (usage.MicrosPerUSD / 100)
		return fmt.Sprintf("$%s.%02d", Number(cents/100), cents%100)
	case micros >= 100:
		return fmt.Sprintf("$%.4f", float64(micros)/usage.MicrosPerUSD)
	}
	return fmt.Sprintf("$%.6f", float64(micros)/usage.MicrosPerUSD)
}

// Price formats a plan's cents per month.
func Price(cents int64) string { return fmt.Sprintf("$%s.%02d", Number(cents/100), cents%100) }

// Models formats the names of models that a plan or key may use.
func Models(names []string) string {
	const shown = 5
	switch {
	case names == nil:
		return "all"
	case len(names) <= shown:
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// Instant formats a time in UTC, to the minute.
func Instant(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04") }

// Date formats a day.
func Date(d usage.Day) string { return d.Start().Format("2 Jan 2006") }

// Ago formats how long ago an instant was, in the largest unit that fits.
func Ago(now, t time.Time) string {
	span := now.Sub(t)
	if span < time.Minute {
		return "just now"
	}
	return Span(span) + " ago"
}

// Span formats a duration in the largest unit that fits.
func Span(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "year"}, {30 * 24 * time.Hour, "month"}, {24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}}
	for _, u := range units {
		if d >= u.size {
			return Count(int64(d/u.size), u.name)
		}
	}
	return Count(0, "second")
}

// Count formats a number with its noun, in the plural unless it is one.
func Count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Number(n) + " " + noun + "s"
}

// Bytes formats a size in KB, MB or GB.
func Bytes(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.0f KB", float64(n)/(1<<10))
}

// Percent is a part of a whole in percent, rounded down, so that 100 means all of it.
func Percent(part, whole int64) int64 {
	if whole <= 0 {
		return 0
	}
	if part > (1<<62)/100 {
		return part / (whole / 100)
	}
	return part * 100 / whole
}

// Browser names the browser and the operating system of a User-Agent.
func Browser(userAgent string) string {
	name := firstFound(userAgent, "Unknown browser", [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}})
	system := firstFound(userAgent, "", [][2]string{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}})
	if system == "" {
		return name
	}
	return name + " on " + system
}

func firstFound(text, otherwise string, marks [][2]string) string {
	for _, m := range marks {
		if strings.Contains(text, m[0]) {
			return m[1]
		}
	}
	return otherwise
}
