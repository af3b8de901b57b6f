package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/logo"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// The names of settings, each a row. That of the logo's content is read only when the logo is asked for.
const (
	settingThresholds  = "usage_thresholds"
	settingName        = "name"
	settingAccent      = "accent"
	settingSupport     = "support_email"
	settingSupportURL  = "support_url"
	settingLinks       = "links"
	settingLogo        = "logo"
	settingLogoContent = "logo_content"
)

// storedSettings are the rows of settings, each with the field that its JSON is read into.
func storedSettings(s *accounts.Settings) map[string]any {
	return map[string]any{
		settingThresholds: &s.UsageThresholds, settingName: &s.Name, settingAccent: &s.Accent, settingSupport: &s.SupportEmail,
		settingSupportURL: &s.SupportURL, settingLinks: &s.Links, settingLogo: &s.Logo,
	}
}

// settingsOn reads the settings. One that is not stored, or that cannot be read, has its default.
// By hand: they are read every second while there are charges.
func settingsOn(db *gorm.DB) (accounts.Settings, error) {
	type line struct{ name, value string }
	lines, err := listOn(db, func(l *line) []any { return []any{&l.name, &l.value} }, "SELECT x.name, x.value FROM settings AS x WHERE x.name <> ?", settingLogoContent)
	s := accounts.DefaultSettings()
	for _, l := range lines {
		read := accounts.DefaultSettings()
		if to, known := storedSettings(&read)[l.name]; !known || json.Unmarshal([]byte(l.value), to) != nil {
			continue
		}
		if changed, err := settingChange(l.name, &read).Apply(s); err == nil {
			s = changed
		}
		if l.name == settingLogo {
			s.Logo = read.Logo
		}
	}
	return s, err
}

// settingChange sets the setting of a name to what it is in s. It leaves the logo out.
func settingChange(name string, s *accounts.Settings) (c accounts.SettingsChange) {
	switch name {
	case settingThresholds:
		c.UsageThresholds = &s.UsageThresholds
	case settingName:
		c.Name = &s.Name
	case settingAccent:
		c.Accent = &s.Accent
	case settingSupport:
		c.SupportEmail = &s.SupportEmail
	case settingSupportURL:
		c.SupportURL = &s.SupportURL
	case settingLinks:
		c.Links = &s.Links
	}
	return c
}

// Settings reads the settings.
func (s *Store) Settings(ctx context.Context) (now accounts.Settings, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		now, err = settingsOn(db)
		return err
	})
	return now, err
}

// Look is how the service shows itself to customers. It is read from the database at most once a second, and
// after every change that this process made or was told of.
func (s *Store) Look(ctx context.Context) (accounts.Look, error) {
	a, err := s.wanted(ctx)
	if err != nil {
		return accounts.Look{}, err
	}
	return a.settings.Look, nil
}

// Logo reads the logo that a look describes; false where it was replaced meanwhile, or there is none.
func (s *Store) Logo(ctx context.Context, about logo.Info) (image logo.Image, found bool, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		image, found, err = logoOn(db, about)
		return err
	})
	return image, found, err
}

func logoOn(db *gorm.DB, about logo.Info) (image logo.Image, found bool, err error) {
	texts, err := listOn(db, func(text *string) []any { return []any{text} }, "SELECT x.value FROM settings AS x WHERE x.name = ?", settingLogoContent)
	if err != nil || len(texts) == 0 || !about.IsSet() {
		return image, false, err
	}
	content, err := base64.StdEncoding.DecodeString(texts[0])
	if err != nil {
		return image, false, nil //nolint:nilerr // it cannot be read: there is none
	}
	image, found = logo.Stored(content, about)
	return image, found, nil
}

// ChangeSettings changes the settings that are named.
func (s *Store) ChangeSettings(ctx context.Context, by accounts.Actor, c accounts.SettingsChange) (after accounts.Settings, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		if err := s.dialect.takeTurn(tx.DB, "codexible settings"); err != nil {
			return err
		}
		before, err := settingsOn(tx.DB)
		if err != nil {
			return err
		}
		if after, err = c.Apply(before); err != nil {
			return err
		}
		was, is := changedFields(settingFields(&before), settingFields(&after))
		if len(is) == 0 {
			return nil
		}
		names := slices.Sorted(maps.Keys(is))
		values := storedSettings(&after)
		for _, name := range names {
			if err := tx.storeSetting(name, values[name]); err != nil {
				return err
			}
		}
		if _, changed := is[settingLogo]; changed {
			if err := tx.storeSetting(settingLogoContent, c.Logo.Content()); err != nil {
				return err
			}
		}
		return tx.recordChange(entry{action: "setting.changed", subject: accounts.SubjectSetting, id: uuid.Nil, target: strings.Join(names, ", "),
			details: "Changed the settings: " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

// storeSetting writes a setting: bytes as base64, everything else as JSON.
func (c *change) storeSetting(name string, value any) error {
	text, err := json.Marshal(value)
	if content, is := value.([]byte); is {
		text = []byte(base64.StdEncoding.EncodeToString(content))
	}
	if err != nil {
		return err
	}
	row := settingRow{Name: name, Value: string(text), ChangedAt: c.at}
	return c.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, UpdateAll: true}).Create(&row).Error
}

// settingFields are the settings as the audit log has them: of a logo its type, size and hash.
func settingFields(s *accounts.Settings) map[string]any {
	links := make([]string, len(s.Links))
	for i, l := range s.Links {
		links[i] = l.Label + " " + l.URL
	}
	fields := map[string]any{settingThresholds: strings.Trim(fmt.Sprint(s.UsageThresholds), "[]")}
	for name, value := range map[string]string{
		settingName: s.Name, settingAccent: s.Accent, settingSupport: s.SupportEmail, settingSupportURL: s.SupportURL,
		settingLinks: strings.Join(links, ", "), settingLogo: s.Logo.String(),
	} {
		fields[name] = value
	}
	return fields
}
