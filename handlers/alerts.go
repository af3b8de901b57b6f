package handlers

import (
	"context"

	"codexible/events"
	"codexible/handlers/openapi"
)

// alertSettings are the mails about the own account that a user gets.
type alertSettings struct {
	Mail             bool                `json:"mail" doc:"Whether this service sends such mails at all." example:"true"`
	Email            string              `json:"email" doc:"Where they go." example:"ada@example.com"`
	UsageFromPercent *int64              `json:"usage_from_percent" doc:"The smallest of the thresholds that a mail is sent for, in percent of the credits of a day or a month; 1 for all of them, null for none." example:"80"`
	UsedUp           bool                `json:"used_up" doc:"A mail at the first refusal of a day because no credits are left." example:"true"`
	KeyExpiring      bool                `json:"key_expiring" doc:"A mail 7 days before a key expires." example:"true"`
	Thresholds       openapi.Percentages `json:"thresholds" doc:"The percentages that there can be mails for, ascending. The operator sets them." example:"[50,80,100]"`
}

func (a *api) alertSettingsOf(ctx context.Context, email string, w events.Alerts) (alertSettings, error) {
	s, err := a.Store.Settings(ctx)
	return alertSettings{
		Mail: a.Store.SendsEvents(), Email: email, UsageFromPercent: w.UsageFromPercent, UsedUp: w.UsedUp, KeyExpiring: w.KeyExpiring,
		Thresholds: append(openapi.Percentages{}, s.UsageThresholds...),
	}, err
}

func (a *api) alerts(ctx context.Context, r usageRequest) (alertSettings, error) {
	w, err := a.Store.Alerts(ctx, r.userID())
	if err != nil {
		return alertSettings{}, err
	}
	return a.alertSettingsOf(ctx, r.identity.User.Email, w)
}

type changeAlertsRequest struct {
	caller
	UsageFromPercent openapi.Patch[int64] `json:"usage_from_percent" minimum:"1" maximum:"100" doc:"The smallest threshold that a mail is sent for, in percent; 1 for all, null for none." example:"80"`
	UsedUp           *bool                `json:"used_up" doc:"Whether a mail is sent at the first refusal of a day because no credits are left." example:"true"`
	KeyExpiring      *bool                `json:"key_expiring" doc:"Whether a mail is sent 7 days before a key expires." example:"true"`
}

func (a *api) changeAlerts(ctx context.Context, r changeAlertsRequest) (alertSettings, error) {
	change := events.AlertsChange{UsedUp: r.UsedUp, KeyExpiring: r.KeyExpiring}
	if r.UsageFromPercent.Given {
		change.UsageFromPercent = &r.UsageFromPercent.Value
	}
	w, err := a.Store.ChangeAlerts(ctx, r.by, r.userID(), change)
	if err != nil {
		return alertSettings{}, err
	}
	return a.alertSettingsOf(ctx, r.identity.User.Email, w)
}
