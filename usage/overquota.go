package usage

import (
	"fmt"
	"time"

	"codexible/fault"
)

// OverQuota is the refusal of an entry that does not fit, by the limit that leaves the least
// room; RetryAfter is the time until that limit resets.
func (r *Receipt) OverQuota(now time.Time) *fault.Error {
	wait := r.ResetsAt().Sub(now)
	f := &fault.Error{Kind: fault.QuotaExceeded, RetryAfter: wait}
	switch r.Limit {
	case LimitMonth:
		f.Message = fmt.Sprintf("Monthly credit limit reached (%d/%d). Resets at 00:00 UTC on %s, in %s.", r.Month.Used, r.Month.Limit, r.ResetsAt().Format(time.DateOnly), daysAndHours(wait))
	case LimitKey:
		f.Message = fmt.Sprintf("This key's daily credit limit is reached (%d/%d). Resets at 00:00 UTC, in %s.", r.KeyUsed, r.KeyLimit, hoursAndMinutes(wait))
	case LimitDay:
		f.Message = fmt.Sprintf("Daily credit limit reached (%d/%d). Resets at 00:00 UTC, in %s.", r.CreditsUsed, r.DailyLimit, hoursAndMinutes(wait))
	}
	return f
}

// ResetsAt is when the limit that leaves the least room resets.
func (r *Receipt) ResetsAt() time.Time {
	if r.Limit == LimitMonth {
		return r.Day.EndOfMonth()
	}
	return r.Day.End()
}

// daysAndHours rounds up to an hour: "2 d 3 h"; within the day it is as hoursAndMinutes.
func daysAndHours(d time.Duration) string {
	const day = 24
	hours := int64((d + time.Hour - 1) / time.Hour)
	if hours <= day {
		return hoursAndMinutes(d)
	}
	return fmt.Sprintf("%d d %d h", hours/day, hours%day)
}

// hoursAndMinutes rounds up to a minute: "3 h 12 min", or "12 min" within the hour.
func hoursAndMinutes(d time.Duration) string {
	minutes := max(int64((d+time.Minute-1)/time.Minute), 1)
	if minutes < 60 {
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}
