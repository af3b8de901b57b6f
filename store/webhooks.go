package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/fault"
	"codexible/secrets"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The encrypted columns of webhooks.
var (
	webhookSecret   = sealedColumn{"webhooks", "secret", "id"}
	webhookPrevious = sealedColumn{"webhooks", "previous_secret", "id"}
)

// Webhooks reads every webhook, the newest first, with its secrets in clear. One that cannot be
// decrypted says so in Problem and hides no other.
func (s *Store) Webhooks(ctx context.Context) (all []events.Webhook, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		var rows []webhookRow
		if err := db.Order("id DESC").Find(&rows).Error; err != nil {
			return err
		}
		all = make([]events.Webhook, len(rows))
		for i := range rows {
			all[i] = rows[i].webhook(s.secrets)
		}
		return nil
	})
	return all, err
}

// Webhook reads one webhook; events.ErrWebhookNotFound where it does not exist.
func (s *Store) Webhook(ctx context.Context, id uuid.UUID) (w events.Webhook, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		w, err = s.readWebhook(db, id)
		return err
	})
	return w, err
}

func (s *Store) readWebhook(db *gorm.DB, id uuid.UUID) (events.Webhook, error) {
	var rows []webhookRow
	err := db.Where("id = ?", id).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return events.Webhook{}, orMissing(err, events.ErrWebhookNotFound)
	}
	return rows[0].webhook(s.secrets), nil
}

func (r *webhookRow) webhook(ring *secrets.Ring) events.Webhook {
	w := events.Webhook{
		ID: r.ID, URL: r.URL, Description: r.Description, Enabled: r.Enabled, CreatedAt: r.CreatedAt.UTC(), PreviousEndsAt: utc(r.PreviousEndsAt),
	}
	for name := range strings.FieldsSeq(r.Types) {
		w.Types = append(w.Types, events.Type(name))
	}
	read := func(column sealedColumn, sealed string) events.Secret {
		text, err := vault{ring: ring}.open(stored{column, r.ID, sealed})
		if err != nil {
			w.Problem = "its secret cannot be used: " + webhookProblem(err)
		}
		return events.NewSecret(text)
	}
	if r.PreviousSecret != "" {
		w.Previous = read(webhookPrevious, r.PreviousSecret)
	}
	if r.Secret == "" {
		w.Problem = "its secret was dropped: rotate it, and give the receiver the one that it gets"
		return w
	}
	w.Secret = read(webhookSecret, r.Secret)
	return w
}

func webhookProblem(err error) string {
	return strings.Replace(problemOf(err), "send it again", "rotate it", 1)
}

func typeNames(types []events.Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return strings.Join(names, " ")
}

// CreateWebhook makes a webhook, with a secret of its own unless the change has one.
func (s *Store) CreateWebhook(ctx context.Context, by accounts.Actor, c events.WebhookChange) (w events.Webhook, err error) {
	err = s.changingWebhooks(ctx, by, func(tx *change) error {
		if w, err = c.Apply(events.NewWebhook()); err != nil {
			return err
		}
		var kept int64
		if err := tx.Model(&webhookRow{}).Count(&kept).Error; err != nil {
			return err
		}
		if kept >= events.MaxWebhooks {
			return events.ErrTooManyWebhooks
		}
		w.ID, w.CreatedAt = s.ids.mint(tx.at), tx.at
		if w.Secret.IsZero() {
			w.Secret = events.MintSecret()
		}
		row := webhookRow{ID: w.ID, URL: w.URL, Description: w.Description, Types: typeNames(w.Types), Enabled: w.Enabled, CreatedAt: w.CreatedAt}
		if row.Secret, err = tx.seal(webhookSecret, w.ID, w.Secret.Reveal()); err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "webhook.created", subject: accounts.SubjectWebhook, id: w.ID, target: w.Host(),
			details: "Created a webhook to " + w.Host() + ".", after: webhookFields(&w)})
	})
	return w, err
}

// changingWebhooks runs work in a transaction for which no other changes webhooks.
func (s *Store) changingWebhooks(ctx context.Context, by accounts.Actor, work func(tx *change) error) error {
	return s.changing(ctx, by, func(tx *change) error {
		if err := s.dialect.takeTurn(tx.DB, "codexible webhooks"); err != nil {
			return err
		}
		tx.at = s.now()
		return work(tx)
	})
}

// ChangeWebhook changes a webhook. A secret that the change has replaces the one of before, which
// signs beside it for events.DefaultOverlap.
func (s *Store) ChangeWebhook(ctx context.Context, by accounts.Actor, id uuid.UUID, c events.WebhookChange) (after events.Webhook, err error) {
	err = s.changingWebhooks(ctx, by, func(tx *change) error {
		before, err := s.readWebhook(tx.DB, id)
		if err != nil {
			return err
		}
		if after, err = c.Apply(before); err != nil {
			return err
		}
		if err := tx.writeWebhook(&before, &after); err != nil || after.Secret == before.Secret {
			return err
		}
		secret := after.Secret
		after.Secret = before.Secret
		return tx.replaceSecret(&after, secret, events.DefaultOverlap)
	})
	return after, err
}

// writeWebhook writes what changed of a webhook but its secrets.
func (c *change) writeWebhook(before, after *events.Webhook) error {
	was, is := webhookFields(before), webhookFields(after)
	if was["url"] == is["url"] && before.URL != after.URL {
		is["url"] = after.Host() + " (another path)"
	}
	was, is = changedFields(was, is)
	if len(is) == 0 {
		return nil
	}
	err := c.Model(&webhookRow{}).Where("id = ?", after.ID).UpdateColumns(map[string]any{
		"url": after.URL, "description": after.Description, "types": typeNames(after.Types), "enabled": after.Enabled,
	}).Error
	if err != nil {
		return err
	}
	return c.recordChange(entry{action: "webhook.changed", subject: accounts.SubjectWebhook, id: after.ID, target: after.Host(),
		details: "Changed the webhook to " + before.Host() + ": " + listChanges(was, is) + ".", before: was, after: is})
}

// DisableWebhook disables a webhook whose receiver wants no more events, as reason says.
// Of several instances that do so at once one writes it into the audit log.
func (s *Store) DisableWebhook(ctx context.Context, id uuid.UUID, reason string) error {
	return s.changingWebhooks(ctx, accounts.ActorSystem, func(tx *change) error {
		disabled := tx.Model(&webhookRow{}).Where("id = ? AND enabled", id).UpdateColumn("enabled", false)
		if disabled.Error != nil || disabled.RowsAffected == 0 {
			return disabled.Error
		}
		w, err := s.readWebhook(tx.DB, id)
		if err != nil {
			return err
		}
		return tx.recordChange(entry{action: "webhook.disabled", subject: accounts.SubjectWebhook, id: id, target: w.Host(),
			details: "Disabled the webhook to " + w.Host() + ": " + reason + ". Nothing is sent to it until it is enabled."})
	})
}

// DeleteWebhook deletes a webhook and its deliveries.
func (s *Store) DeleteWebhook(ctx context.Context, by accounts.Actor, id uuid.UUID) error {
	return s.changingWebhooks(ctx, by, func(tx *change) error {
		w, err := s.readWebhook(tx.DB, id)
		if err != nil {
			return err
		}
		if err := tx.Where("webhook_id = ?", id).Delete(&deliveryRow{}).Error; err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&webhookRow{}).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "webhook.deleted", subject: accounts.SubjectWebhook, id: id, target: w.Host(),
			details: "Deleted the webhook to " + w.Host() + " with its deliveries.", before: webhookFields(&w)})
	})
}

// RotateWebhookSecret gives a webhook another secret. The one of before signs beside it for
// the overlap; one that still overlapped stops.
func (s *Store) RotateWebhookSecret(ctx context.Context, by accounts.Actor, id uuid.UUID, overlap time.Duration) (w events.Webhook, err error) {
	if overlap < 0 || overlap > events.MaxOverlap {
		return w, fault.Field("overlap_seconds", fmt.Sprintf("must be from 0 to %d", int(events.MaxOverlap.Seconds())))
	}
	err = s.changingWebhooks(ctx, by, func(tx *change) error {
		if w, err = s.readWebhook(tx.DB, id); err != nil {
			return err
		}
		return tx.replaceSecret(&w, events.MintSecret(), overlap)
	})
	return w, err
}

// replaceSecret gives a webhook a secret; the one of before signs beside it for the overlap.
func (c *change) replaceSecret(w *events.Webhook, secret events.Secret, overlap time.Duration) (err error) {
	columns := map[string]any{"previous_secret": "", "previous_ends_at": nil}
	before := w.Secret
	w.Secret, w.Previous, w.PreviousEndsAt, w.Problem = secret, events.Secret{}, nil, ""
	details := "The one of before stopped at once."
	if overlap > 0 && !before.IsZero() {
		w.Previous, w.PreviousEndsAt = before, new(c.at.Add(overlap))
		details = "The one of before signs until " + w.PreviousEndsAt.Format(time.RFC3339) + " too."
		columns["previous_ends_at"] = w.PreviousEndsAt
		if columns["previous_secret"], err = c.seal(webhookPrevious, w.ID, before.Reveal()); err != nil {
			return err
		}
	}
	if columns["secret"], err = c.seal(webhookSecret, w.ID, w.Secret.Reveal()); err != nil {
		return err
	}
	if err := c.Model(&webhookRow{}).Where("id = ?", w.ID).UpdateColumns(columns).Error; err != nil {
		return err
	}
	return c.recordChange(entry{action: "webhook.secret_rotated", subject: accounts.SubjectWebhook, id: w.ID, target: w.Host(),
		details: "Rotated the secret of the webhook to " + w.Host() + ". " + details})
}

// webhookFields are the fields of a webhook as the audit log has them: of its URL what is no secret of the receiver's.
func webhookFields(w *events.Webhook) map[string]any {
	types := typeNames(w.Types)
	if types == "" {
		types = "all"
	}
	return map[string]any{"url": w.Host(), "description": w.Description, "types": types, "enabled": w.Enabled}
}

// dropWebhookSecret drops a secret of a webhook, and returns the name of the webhook. Without
// its secret it is disabled; without the previous one the other still signs.
func (c *change) dropWebhookSecret(one stored, drop bool) (host string, err error) {
	w, err := c.store.readWebhook(c.DB, one.id)
	if err != nil || !drop {
		return w.Host(), err
	}
	columns, details := map[string]any{"previous_secret": "", "previous_ends_at": nil}, "Dropped the previous secret of the webhook to "+w.Host()+": no key of the service decrypts it."
	if one.sealedColumn == webhookSecret {
		columns, details = map[string]any{"secret": "", "enabled": false}, "Dropped the secret of the webhook to "+w.Host()+": no key of the service decrypts it. Rotate it and enable the webhook again."
	}
	if err := c.Model(&webhookRow{}).Where("id = ?", one.id).UpdateColumns(columns).Error; err != nil {
		return "", err
	}
	return w.Host(), c.recordChange(entry{action: "webhook.secrets_dropped", subject: accounts.SubjectWebhook, id: one.id, target: w.Host(), details: details})
}

// addOnce adds a name to a list that has it once, in order.
func addOnce(list []string, name string) []string {
	if at, found := slices.BinarySearch(list, name); !found {
		return slices.Insert(list, at, name)
	}
	return list
}
