package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"codexible/accounts"
	"codexible/fault"
	"codexible/gateway"

	"github.com/google/uuid"
)

// CreateUpstream makes an upstream. gateway.ErrUpstreamTaken where the name exists.
func (s *Store) CreateUpstream(ctx context.Context, by accounts.Actor, c gateway.UpstreamChange) (u gateway.Upstream, err error) {
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		if u, err = c.Apply(gateway.NewUpstream(), tx.at); err != nil {
			return err
		}
		var kept int64
		if err := tx.Model(&upstreamRow{}).Count(&kept).Error; err != nil {
			return err
		}
		if kept >= gateway.MaxUpstreams {
			return gateway.ErrTooManyUpstreams
		}
		u.ID, u.CreatedAt = s.ids.mint(tx.at), tx.at
		row := upstreamRowOf(&u)
		if row.Headers, err = tx.sealHeaders(&u); err != nil {
			return err
		}
		if err := taken(tx.Create(&row).Error, gateway.ErrUpstreamTaken); err != nil {
			return err
		}
		if err := tx.putUpstreamKeys(&u, nil); err != nil {
			return err
		}
		return tx.recordChange(entry{action: "upstream.created", subject: accounts.SubjectUpstream, id: u.ID, target: u.Name,
			details: fmt.Sprintf("Created upstream %s at %s.", u.Name, u.BaseURL), after: upstreamFields(&u)})
	})
	return u, err
}

// ChangeUpstream changes an upstream. What stays encrypted is not encrypted again, so
// that an upstream whose secrets cannot be decrypted can be changed.
func (s *Store) ChangeUpstream(ctx context.Context, by accounts.Actor, id uuid.UUID, c gateway.UpstreamChange) (after gateway.Upstream, err error) {
	err = s.changingCatalog(ctx, by, func(tx *change) error {
		before, err := s.readUpstream(tx.DB, id)
		if err != nil {
			return err
		}
		if after, err = c.Apply(before, tx.at); err != nil {
			return err
		}
		row, leave := upstreamRowOf(&after), []string{"id", "created_at"}
		if after.Problem == "" {
			if row.Headers, err = tx.sealHeaders(&after); err != nil {
				return err
			}
		} else {
			leave = append(leave, "headers")
		}
		err = tx.Model(&upstreamRow{}).Where("id = ?", id).Select("*").Omit(leave...).UpdateColumns(row).Error
		if err := taken(err, gateway.ErrUpstreamTaken); err != nil {
			return err
		}
		if err := tx.putUpstreamKeys(&after, before.Keys); err != nil {
			return err
		}
		was, is := upstreamFields(&before), upstreamFields(&after)
		if was[fieldHeaders] == is[fieldHeaders] && !maps.Equal(before.Headers, after.Headers) {
			is[fieldHeaders] = fmt.Sprint(is[fieldHeaders], " (other values)")
		}
		if was[fieldKeys] == is[fieldKeys] && !reflect.DeepEqual(before.Keys, after.Keys) {
			is[fieldKeys] = fmt.Sprint(is[fieldKeys], " (other secrets)")
		}
		was, is = changedFields(was, is)
		return tx.recordChange(entry{action: "upstream.changed", subject: accounts.SubjectUpstream, id: id, target: after.Name,
			details: "Changed upstream " + before.Name + ": " + listChanges(was, is) + ".", before: was, after: is})
	})
	return after, err
}

// DeleteUpstream deletes an upstream that no model names; what its calls cost stays.
func (s *Store) DeleteUpstream(ctx context.Context, by accounts.Actor, id uuid.UUID) error {
	return s.changingCatalog(ctx, by, func(tx *change) error {
		u, err := s.readUpstream(tx.DB, id)
		if err != nil {
			return err
		}
		var names []string
		err = tx.Model(&modelRow{}).Where("id IN (SELECT c.model_id FROM model_candidates AS c WHERE c.upstream_id = ?)", id).Order("name").Limit(5).Pluck("name", &names).Error
		if err != nil {
			return err
		}
		if len(names) > 0 {
			return fault.Newf(fault.Conflict, "The upstream %s serves models: %s. Remove it from their candidates first, or disable it.", u.Name, strings.Join(names, ", "))
		}
		if err := tx.Where("upstream_id = ?", id).Delete(&upstreamKeyRow{}).Error; err != nil {
			return err
		}
		if err := tx.Where("id = ?", id).Delete(&upstreamRow{}).Error; err != nil {
			return err
		}
		return tx.recordChange(entry{action: "upstream.deleted", subject: accounts.SubjectUpstream, id: id, target: u.Name,
			details: fmt.Sprintf("Deleted upstream %s. What its calls cost stays.", u.Name), before: upstreamFields(&u)})
	})
}

// DisableUpstreamKey takes a key out of use that the provider refused, as reason says.
// Of several instances that do so at once one writes it into the audit log; a key that
// was replaced meanwhile is no error.
func (s *Store) DisableUpstreamKey(ctx context.Context, upstream, key uuid.UUID, reason string) error {
	return s.changingCatalog(ctx, accounts.ActorSystem, func(tx *change) error {
		disabled := tx.Model(&upstreamKeyRow{}).Where("id = ? AND upstream_id = ? AND disabled_at IS NULL", key, upstream).
			UpdateColumns(map[string]any{"disabled_at": tx.at, "disabled_reason": reason})
		if disabled.Error != nil || disabled.RowsAffected == 0 {
			return disabled.Error
		}
		u, err := s.readUpstream(tx.DB, upstream)
		if err != nil {
			return err
		}
		name := u.Key(key).Name
		return tx.recordChange(entry{action: "upstream.key_disabled", subject: accounts.SubjectUpstream, id: upstream, target: u.Name,
			details: fmt.Sprintf("Disabled key %s of upstream %s: %s. No call uses it until it is enabled again or replaced.", name, u.Name, reason)})
	})
}

// sealHeaders are the headers as they are stored.
func (c *change) sealHeaders(u *gateway.Upstream) (string, error) {
	if len(u.Headers) == 0 {
		return "", nil
	}
	text, _ := json.Marshal(u.Headers) //nolint:errchkjson // texts always encode
	return c.seal(upstreamHeaders, u.ID, string(text))
}

func (c *change) seal(column sealedColumn, id uuid.UUID, text string) (string, error) {
	k, err := c.store.vaultOf(c.DB).key(c.Statement.Context)
	if err != nil {
		return "", err
	}
	return k.Seal(column.place(id), text)
}

// putUpstreamKeys makes the keys of an upstream those of u; those without an id get one.
func (c *change) putUpstreamKeys(u *gateway.Upstream, before []gateway.UpstreamKey) error {
	for i := range before {
		if u.Key(before[i].ID) != nil {
			continue
		}
		if err := c.Where("id = ?", before[i].ID).Delete(&upstreamKeyRow{}).Error; err != nil {
			return err
		}
	}
	u.Keys = slices.Clone(u.Keys)
	for i := range u.Keys {
		k := &u.Keys[i]
		if k.ID != uuid.Nil {
			err := c.Model(&upstreamKeyRow{}).Where("id = ?", k.ID).UpdateColumns(map[string]any{"position": i, "disabled_at": k.DisabledAt, "disabled_reason": k.DisabledReason}).Error
			if err != nil {
				return err
			}
			continue
		}
		k.ID = c.store.ids.mint(c.at)
		row := upstreamKeyRow{
			ID: k.ID, UpstreamID: u.ID, Name: k.Name, Position: int64(i), Source: string(k.Source), Reference: k.Reference, EndsWith: k.EndsWith,
			DisabledAt: k.DisabledAt, DisabledReason: k.DisabledReason,
		}
		if k.Source == gateway.KeyStored {
			var err error
			if row.Secret, err = c.seal(upstreamKeySecret, k.ID, k.Secret.Reveal()); err != nil {
				return err
			}
		}
		if err := c.Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

const (
	fieldHeaders = "headers"
	fieldKeys    = "keys"
)

// upstreamFields are the fields of an upstream as the audit log has them, without secrets.
func upstreamFields(u *gateway.Upstream) map[string]any {
	keys := make([]string, len(u.Keys))
	for i := range u.Keys {
		keys[i] = keyText(&u.Keys[i])
	}
	fields := map[string]any{
		"name": u.Name, "kind": string(u.Kind), "base_url": u.BaseURL, "wires": wireNames(u.Wires), fieldKeys: strings.Join(keys, ", "), fieldHeaders: strings.Join(u.HeaderNames(), ", "),
		"weight": u.Weight, "priority": u.Priority, "first_byte_timeout": u.FirstByteTimeout.String(), "idle_timeout": u.IdleTimeout.String(), "on_client_gone": string(u.OnClientGone),
		"daily_limit_micros": nil, "shared_state": u.SharedState, "enabled": u.Enabled,
	}
	if u.DailyLimitMicros != nil {
		fields["daily_limit_micros"] = *u.DailyLimitMicros
	}
	return fields
}

func keyText(k *gateway.UpstreamKey) string {
	text := k.Name + " (" + k.Ref()
	if k.Source == gateway.KeyStored {
		text = k.Name + " (stored"
		if k.EndsWith != "" {
			text += " …" + k.EndsWith
		}
	}
	if k.DisabledAt != nil {
		text += ", disabled"
	}
	return text + ")"
}
