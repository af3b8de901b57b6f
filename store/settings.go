package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"codexible/accounts"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Settings reads the settings.
func (s *Store) Settings(ctx context.Context) (now accounts.Settings, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		now, err = settingsOn(db)
		return err
	})
	return now, err
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
		was, is := changedFields(settingFields(before), settingFields(after))
		if len(is) == 0 {
			return nil
		}
		value, err := json.Marshal(after.UsageThresholds)
		if err != nil {
			return err
		}
		row := settingRow{Name: settingThresholds, Value: string(value), ChangedAt: tx.at}
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "name"}}, UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "setting.changed", subject: accounts.SubjectSetting, id: uuid.Nil, target: settingThresholds,
			details: "Changed the settings: " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

// settingFields are the settings as the audit log has them.
func settingFields(s accounts.Settings) map[string]any {
	return map[string]any{settingThresholds: strings.Trim(fmt.Sprint(s.UsageThresholds), "[]")}
}
