package handlers

import (
	"context"
	"encoding/base64"

	"codexible/accounts"
	"codexible/fault"
	"codexible/handlers/openapi"
	"codexible/logo"
)

type settings struct {
	UsageThresholds openapi.Percentages `json:"usage_thresholds" doc:"Percentages of a plan's credits of a day and of a month at which the event usage.threshold_reached is emitted, ascending." example:"[50,80,100]"`
	look
	Logo *logoForm `json:"logo" doc:"null for none."`
}

// look is what customers see of the settings.
type look struct {
	Name         string     `json:"name" doc:"The product's name, which the dashboard and mails to customers show." example:"Acme AI"`
	Accent       *string    `json:"accent" doc:"The colour of buttons and links, #rrggbb; null for the default." example:"#0f766e"`
	SupportEmail *string    `json:"support_email" doc:"Where customers get help." example:"help@example.com"`
	SupportURL   *string    `json:"support_url" doc:"A page where customers get help." example:"https://example.com/help"`
	Links        []lookLink `json:"links" doc:"Links below every page of the dashboard."`
}

type lookLink struct {
	Label string `json:"label" required:"true" minLength:"1" maxLength:"40" doc:"What the link says." example:"Terms"`
	URL   string `json:"url" required:"true" minLength:"1" maxLength:"300" doc:"An address that begins with https://." example:"https://example.com/terms"`
}

type logoForm struct {
	URL       string `json:"url" doc:"Where it is served." example:"/api/appearance/logo?v=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"`
	MediaType string `json:"media_type" doc:"image/png or image/svg+xml." example:"image/png"`
	Bytes     int    `json:"bytes" doc:"Its size." example:"2048"`
	SHA256    string `json:"sha256" doc:"The hash of the file that is served, in hexadecimal." example:"2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"`
}

func lookOf(l *accounts.Look) look {
	shown := look{Name: l.ProductName(), Accent: orNull(l.Accent), SupportEmail: orNull(l.SupportEmail), SupportURL: orNull(l.SupportURL), Links: []lookLink{}}
	for _, link := range l.Links {
		shown.Links = append(shown.Links, lookLink(link))
	}
	return shown
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func settingsOf(s *accounts.Settings) settings {
	shown := settings{UsageThresholds: append(openapi.Percentages{}, s.UsageThresholds...), look: lookOf(&s.Look)}
	if l := s.Logo; l.IsSet() {
		shown.Logo = &logoForm{URL: logoURL(l), MediaType: l.Media, Bytes: l.Bytes, SHA256: l.Hash}
	}
	return shown
}

// SettingsForm are the settings as the admin endpoints return them.
func SettingsForm(s *accounts.Settings) any { return settingsOf(s) }

func (a *api) adminSettings(ctx context.Context, _ nothing) (settings, error) {
	s, err := a.Store.Settings(ctx)
	return settingsOf(&s), err
}

// settingsInput is what is given of the settings.
type settingsInput struct {
	UsageThresholds *openapi.Percentages  `json:"usage_thresholds" doc:"Up to 10 percentages from 1 to 100; none for no such events." example:"[50,80,100]"`
	Name            openapi.Patch[string] `json:"name" maxLength:"60" doc:"The product's name, which the dashboard and mails to customers show. null or an empty string: Codexible." example:"Acme AI"`
	Accent          openapi.Patch[string] `json:"accent" maxLength:"7" doc:"The colour of the dashboard's buttons and links, #rrggbb. null or an empty string: the default." example:"#0f766e"`
	SupportEmail    openapi.Patch[string] `json:"support_email" maxLength:"254" doc:"Where customers get help. null or an empty string removes it." example:"help@example.com"`
	SupportURL      openapi.Patch[string] `json:"support_url" maxLength:"300" doc:"A page where customers get help: https://, or http:// on this machine. null or an empty string removes it." example:"https://example.com/help"`
	Links           *[]lookLink           `json:"links" maxItems:"6" doc:"Links below every page of the dashboard; they replace all." example:"[{\"label\":\"Terms\",\"url\":\"https://example.com/terms\"}]"`
}

// change is the change that the input asks for.
func (in settingsInput) change() (c accounts.SettingsChange) {
	if in.UsageThresholds != nil {
		c.UsageThresholds = (*[]int)(in.UsageThresholds)
	}
	c.Name, c.Accent, c.SupportEmail, c.SupportURL = patchedText(in.Name), patchedText(in.Accent), patchedText(in.SupportEmail), patchedText(in.SupportURL)
	if in.Links != nil {
		c.Links = new(each(*in.Links, func(l lookLink) accounts.LookLink { return accounts.LookLink(l) }))
	}
	return c
}

type changeSettingsRequest struct {
	caller
	settingsInput
	Logo openapi.Patch[string] `json:"logo" format:"printable" minLength:"0" maxLength:"349528" doc:"A PNG of at most 2048 × 2048 pixels or an SVG without scripts, of at most 256 KiB, in base64. It is written anew. null or an empty string removes it." example:"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="`
}

func (a *api) adminChangeSettings(ctx context.Context, r changeSettingsRequest) (settings, error) {
	c := r.change()
	if text := patchedText(r.Logo); text != nil {
		file, err := base64.StdEncoding.DecodeString(*text)
		if err != nil {
			return settings{}, fault.Field("logo", "must be a PNG or an SVG in base64")
		}
		if c.Logo, err = newLogo(file); err != nil {
			return settings{}, err
		}
	}
	s, err := a.Store.ChangeSettings(ctx, r.by, c)
	return settingsOf(&s), err
}

// newLogo is a file written anew; an empty one is none.
func newLogo(file []byte) (*logo.Image, error) {
	if len(file) == 0 {
		return new(logo.Image), nil
	}
	made, problem := logo.Rewrite(file)
	if problem != "" {
		return nil, fault.Field("logo", problem)
	}
	return &made, nil
}
