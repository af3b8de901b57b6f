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

// settingsInput is what is given of the settings.
type settingsInput struct {
	UsageThresholds *openapi.Percentages `json:"usage_thresholds" doc:"Up to 10 percentages from 1 to 100; none for no such events." example:"[50,80,100]"`
}

// change is the change that the input asks for.
func (in settingsInput) change() (c accounts.SettingsChange) {
	if in.UsageThresholds != nil {
		c.UsageThresholds = (*[]int)(in.UsageThresholds)
	}
	return c
}

type changeSettingsRequest struct {
	caller
	settingsInput
}

func (a *api) adminChangeSettings(ctx context.Context, r changeSettingsRequest) (settings, error) {
	s, err := a.Store.ChangeSettings(ctx, r.by, r.change())
	return settingsOf(s), err
}
