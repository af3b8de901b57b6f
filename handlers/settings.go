package handlers

import (
	"context"

	"codexible/accounts"
	"codexible/handlers/openapi"
)

type settings struct {
	UsageThresholds openapi.Percentages `json:"usage_thresholds" doc:"Percentages of a plan's credits of a day and of a month at which the event usage.threshold_reached is emitted, ascending." example:"[50,80,100]"`
}

func settingsOf(s accounts.Settings) settings {
	return settings{append(openapi.Percentages{}, s.UsageThresholds...)}
}

// SettingsForm are the settings as the admin endpoints return them.
func SettingsForm(s accounts.Settings) any { return settingsOf(s) }

func (a *api) adminSettings(ctx context.Context, _ nothing) (settings, error) {
	s, err := a.Store.Settings(ctx)
	return settingsOf(s), err
}

type changeSettingsRequest struct {
	caller
	UsageThresholds *openapi.Percentages `json:"usage_thresholds" doc:"Up to 10 percentages from 1 to 100; none for no such events." example:"[50,80,100]"`
}

func (a *api) adminChangeSettings(ctx context.Context, r changeSettingsRequest) (settings, error) {
	var c accounts.SettingsChange
	if r.UsageThresholds != nil {
		c.UsageThresholds = (*[]int)(r.UsageThresholds)
	}
	s, err := a.Store.ChangeSettings(ctx, r.by, c)
	return settingsOf(s), err
}
