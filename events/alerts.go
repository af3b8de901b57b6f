package events

import (
	"encoding/json"

	"codexible/fault"
)

// Alerts are the mails about their own account that a user wants.
type Alerts struct {
	// UsageFromPercent is the smallest threshold that is sent, in percent; nil for none.
	UsageFromPercent *int64
	// UsedUp is the mail at the first refusal of a day for want of credits.
	UsedUp bool
	// KeyExpiring is the mail before a key expires.
	KeyExpiring bool
}

// MostPercent is the highest threshold.
const MostPercent = 100

// AllAlerts are those of a user who has chosen nothing: all mails.
func AllAlerts() Alerts {
	return Alerts{UsageFromPercent: new(int64(1)), UsedUp: true, KeyExpiring: true}
}

// Want reports whether the user wants the mail of an event. Only mails to users are asked about.
func (a *Alerts) Want(e *Event) bool {
	switch e.Type {
	case ThresholdReached:
		var d Data
		if json.Unmarshal(e.Data, &d) != nil || d.Credits == nil {
			return a.UsageFromPercent != nil
		}
		return a.UsageFromPercent != nil && int64(d.Credits.Threshold) >= *a.UsageFromPercent
	case QuotaExceeded:
		return a.UsedUp
	case KeyExpiring:
		return a.KeyExpiring
	default:
		return true
	}
}

// AlertsChange is a change of what a user wants; nil fields stay as they are.
type AlertsChange struct {
	// UsageFromPercent is nil inside for none.
	UsageFromPercent    **int64
	UsedUp, KeyExpiring *bool
}

// Apply changes alerts, or returns an error that names the field that is wrong.
func (c AlertsChange) Apply(a Alerts) (Alerts, error) {
	if c.UsageFromPercent != nil {
		a.UsageFromPercent = *c.UsageFromPercent
	}
	if from := a.UsageFromPercent; from != nil && (*from < 1 || *from > MostPercent) {
		return a, fault.Field("usage_from_percent", "must be a whole number, 1 to 100, or null for none")
	}
	if c.UsedUp != nil {
		a.UsedUp = *c.UsedUp
	}
	if c.KeyExpiring != nil {
		a.KeyExpiring = *c.KeyExpiring
	}
	return a, nil
}
