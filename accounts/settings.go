package accounts

import (
	"fmt"
	"slices"

	"codexible/fault"
)

// Settings are what operators set for the whole service.
type Settings struct {
	// UsageThresholds are the percentages of a day's or month's credits at which an event is emitted, ascending.
	UsageThresholds []int
}

// MaxThresholds is how many thresholds there can be.
const MaxThresholds = 10

// DefaultSettings are those of a service for which nothing was set.
func DefaultSettings() Settings { return Settings{UsageThresholds: []int{50, 80, 100}} }

// SettingsChange changes settings; nil leaves one as it is.
type SettingsChange struct {
	// UsageThresholds may be empty: then none is an event.
	UsageThresholds *[]int
}

// Apply makes the change, or says what is wrong with it. Thresholds come out ascending, each once.
func (c SettingsChange) Apply(s Settings) (Settings, error) {
	if c.UsageThresholds != nil {
		given := *c.UsageThresholds
		if len(given) > MaxThresholds || slices.ContainsFunc(given, func(percent int) bool { return percent < 1 || percent > 100 }) {
			return s, fault.Field("usage_thresholds", fmt.Sprintf("must be up to %d whole numbers from 1 to 100, percentages of a day's or month's credits", MaxThresholds))
		}
		s.UsageThresholds = slices.Compact(slices.Sorted(slices.Values(given)))
	}
	return s, nil
}
