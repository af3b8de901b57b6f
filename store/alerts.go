package store

import (
	"context"

	"codexible/accounts"
	"codexible/events"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// SendsEvents reports whether events are sent by mail.
func (s *Store) SendsEvents() bool { return s.mail }

// Alerts reads which mails a user wants: all of them where nothing was chosen.
func (s *Store) Alerts(ctx context.Context, userID uuid.UUID) (a events.Alerts, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		a, err = alertsOn(db, userID)
		return err
	})
	return a, err
}

func alertsOn(db *gorm.DB, userID uuid.UUID) (events.Alerts, error) {
	var rows []userAlertsRow
	if err := db.Where("user_id = ?", userID).Find(&rows).Error; err != nil || len(rows) == 0 {
		return events.AllAlerts(), err
	}
	return events.Alerts{UsageFromPercent: rows[0].UsageFromPercent, UsedUp: rows[0].UsedUp, KeyExpiring: rows[0].KeyExpiring}, nil
}

// ChangeAlerts changes which mails a user wants.
func (s *Store) ChangeAlerts(ctx context.Context, by accounts.Actor, userID uuid.UUID, c events.AlertsChange) (after events.Alerts, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		if err := tx.lock("users", userID); err != nil { // changes of two fields at once are both kept
			return err
		}
		user, err := userByID(tx.DB, userID)
		if err != nil {
			return err
		}
		if user.ErasedAt != nil {
			return accounts.ErrErased
		}
		before, err := alertsOn(tx.DB, userID)
		if err != nil {
			return err
		}
		if after, err = c.Apply(before); err != nil {
			return err
		}
		was, is := changedFields(alertFields(before), alertFields(after))
		if len(is) == 0 {
			return nil
		}
		row := userAlertsRow{UserID: userID, UsageFromPercent: after.UsageFromPercent, UsedUp: after.UsedUp, KeyExpiring: after.KeyExpiring, ChangedAt: tx.at}
		if err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "user_id"}}, UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		return tx.record(entry{action: "user.alerts_changed", subject: accounts.SubjectUser, id: userID, target: user.Email,
			details: "Changed the mails that " + user.Email + " gets: " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

// alertFields are alerts as the audit log has them.
func alertFields(a events.Alerts) map[string]any {
	fields := map[string]any{"usage_from_percent": nil, "used_up": a.UsedUp, "key_expiring": a.KeyExpiring}
	if a.UsageFromPercent != nil {
		fields["usage_from_percent"] = *a.UsageFromPercent
	}
	return fields
}
