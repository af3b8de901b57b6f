package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Erasure is what an erasure has done.
type Erasure struct {
	ErasedUser UserLine
	// KeysRevoked worked until then; EntriesRewritten are of the audit log.
	KeysRevoked, EntriesRewritten int64
	// LogEmptied is false where the log of an embedded database still holds what was
	// erased, because a reader kept it; the next checkpoints overwrite it.
	LogEmptied bool
}

// holdRounds is how often an erasure ends holds that were made meanwhile.
const holdRounds = 5

// EraseUser removes what is known of a person. confirm is the user's e-mail, else
// accounts.ErrConfirm. Open holds end first, as at their deadline. The keys stay
// as revoked rows without secret, label and metadata, because the books point to them, and the
// books keep their figures. The audit log, the events and the log of requests keep no
// text that names the person. accounts.ErrLastOperator where nobody else could sign in.
func (s *Store) EraseUser(ctx context.Context, by accounts.Actor, id uuid.UUID, confirm string) (e Erasure, err error) {
	if err := s.mayErase(ctx, id, confirm); err != nil {
		return e, err
	}
	for round := 1; ; round++ {
		if err := s.endHolds(ctx, id); err != nil {
			return e, err
		}
		err := s.changing(ctx, by, func(tx *change) error {
			e, err = tx.erase(id, confirm, round == holdRounds)
			return err
		})
		if err == nil {
			break
		}
		if !errors.Is(err, errHoldsOpen) {
			return e, err
		}
	}
	e.LogEmptied = s.dialect.erased(ctx) == nil
	return e, nil
}

// errHoldsOpen says that holds were made while the user's were ended.
var errHoldsOpen = errors.New("store: the user has open holds")

// mayErase refuses before anything is ended.
func (s *Store) mayErase(ctx context.Context, id uuid.UUID, confirm string) error {
	return s.reading(ctx, func(db *gorm.DB) error {
		_, err := erasable(db, id, confirm)
		return err
	})
}

// erasable reads a user who can be erased.
func erasable(db *gorm.DB, id uuid.UUID, confirm string) (userRow, error) {
	u, err := userByID(db, id)
	switch {
	case err != nil:
		return u, err
	case u.ErasedAt != nil:
		return u, accounts.ErrErased
	case accounts.FoldEmail(accounts.CleanEmail(confirm)) != accounts.FoldEmail(u.Email):
		return u, accounts.ErrConfirm
	case u.Role != accounts.RoleAdmin:
		return u, nil
	}
	last, err := lastOperator(db, id)
	if err == nil && last {
		err = accounts.ErrLastOperator
	}
	return u, err
}

// lastOperator reports whether nobody but this user can sign in as an operator who changes things.
func lastOperator(db *gorm.DB, id uuid.UUID) (bool, error) {
	var others, own int64
	if err := db.Model(&userRow{}).Where(canSignIn+" AND id <> ?", id).Limit(1).Count(&others).Error; err != nil || others > 0 {
		return false, err
	}
	err := db.Model(&userRow{}).Where(canSignIn+" AND id = ?", id).Count(&own).Error
	return own > 0, err
}

// endHolds brings the deadline of a user's open holds forward and has them end by it: released, or
// charged by what was delivered.
func (s *Store) endHolds(ctx context.Context, id uuid.UUID) error {
	err := s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := s.dialect.lockAccount(tx, id); err != nil {
			return err
		}
		return tx.Model(&holdRow{}).Where("user_id = ? AND status = ? AND expires_at > ?", id, usage.HoldOpen, s.now()).UpdateColumn("expires_at", s.now()).Error
	})
	if err != nil {
		return s.classify(err)
	}
	_, err = s.Post(ctx, s.now, []usage.Entry{{Kind: usage.KindExpire, Charge: usage.Charge{UserID: id}}})
	return err
}

// erase does all of an erasure but what lies outside of the database. In the last round open
// holds are released.
func (c *change) erase(id uuid.UUID, confirm string, last bool) (e Erasure, err error) {
	if err := c.store.dialect.takeTurn(c.DB, setupTurn); err != nil {
		return e, err
	}
	if err := c.store.dialect.erasing(c.DB); err != nil {
		return e, err
	}
	if _, err := c.account(id); err != nil {
		return e, err
	}
	if err := c.lock("users", id); err != nil {
		return e, err
	}
	u, err := erasable(c.DB, id, confirm)
	if err != nil {
		return e, err
	}
	if err := c.withoutHolds(id, last); err != nil {
		return e, err
	}
	person, err := c.personOf(&u)
	if err != nil {
		return e, err
	}
	if e.EntriesRewritten, err = c.rewriteAudit(person); err != nil {
		return e, err
	}
	if err := errors.Join(c.eraseTexts(person), c.eraseEvents(id, person.erased, "")); err != nil {
		return e, err
	}
	if err := c.eraseRow(person, &u); err != nil { // first: the events of the keys name the user as the row has it
		return e, err
	}
	if e.KeysRevoked, err = c.eraseKeys(person); err != nil {
		return e, err
	}
	if e.ErasedUser, err = c.store.userLine(c.DB, id); err != nil {
		return e, err
	}
	return e, c.recordChange(entry{action: "user.erased", subject: accounts.SubjectUser, id: id, target: person.erased,
		details: "Erased what was known of user " + id.String() + ". The books keep their figures.", after: map[string]any{"keys_revoked": e.KeysRevoked}})
}

// withoutHolds is errHoldsOpen where holds are open; in the last round it releases them.
func (c *change) withoutHolds(id uuid.UUID, last bool) error {
	open := c.Model(&holdRow{}).Where("user_id = ? AND status = ?", id, usage.HoldOpen)
	if last {
		return open.UpdateColumns(map[string]any{"status": usage.HoldReleased, "draws": "", "ended_at": c.at}).Error
	}
	var n int64
	if err := open.Count(&n).Error; err != nil || n == 0 {
		return err
	}
	return errHoldsOpen
}

// eraseRow leaves of a user what the books need.
func (c *change) eraseRow(p *person, u *userRow) error {
	err := errors.Join(
		c.endSignIns(u.ID),
		c.Delete(&twoStepRow{}, "user_id = ?", u.ID).Error, c.Delete(&recoveryCodeRow{}, "user_id = ?", u.ID).Error,
		c.Delete(&openidIdentityRow{}, "user_id = ?", u.ID).Error, c.Delete(&userAlertsRow{}, "user_id = ?", u.ID).Error,
	)
	if err != nil {
		return err
	}
	row := userRowOf(accounts.User{Email: p.erased}, "")
	err = c.Model(&userRow{}).Where("id = ?", u.ID).UpdateColumns(map[string]any{
		"email": row.Email, "email_folded": row.EmailFolded, "name": "", "search": row.Search, "external_id": nil, "metadata": "{}", "note": "",
		"password_hash": "", "role": accounts.RoleUser, "status": accounts.StatusSuspended, "erased_at": c.at,
	}).Error
	if err != nil {
		return err
	}
	return c.store.dialect.index(c.DB, searchedUsers, rowID(u.ID), u.ID, row.Search)
}

// erasedLabel is the label of an erased key.
const erasedLabel = "Erased"

// eraseKeys revokes the keys and leaves of them what the books need; it returns how
// many were not revoked before.
func (c *change) eraseKeys(p *person) (revoked int64, err error) {
	if err := c.Delete(&secretRow{}, "key_id IN (SELECT id FROM api_keys WHERE user_id = ?)", p.id).Error; err != nil {
		return 0, err
	}
	var rows []keyRow
	if err := c.Where("user_id = ?", p.id).Order("id").Find(&rows).Error; err != nil {
		return 0, err
	}
	for i := range rows {
		row := &rows[i]
		was := row.Status
		row.Label, row.Metadata, row.AllowedAddresses, row.Status, row.Search = erasedLabel, "{}", nil, keys.StatusRevoked, searchText(erasedLabel, row.Prefix)
		columns := []string{"label", "metadata", "allowed_addresses", "status", "search"}
		if was != keys.StatusRevoked {
			row.RevokedAt = &c.at
			columns = append(columns, "revoked_at")
		}
		if err := errors.Join(c.updateKey(row, columns...), c.indexKey(row)); err != nil {
			return revoked, err
		}
		if was == keys.StatusRevoked {
			continue
		}
		revoked++
		k := &owned{Key: row.key()}
		if err := c.recordChange(k.entry("key.revoked", fmt.Sprintf("Revoked key %s, because its user was erased.", row.Prefix),
			map[string]any{fieldStatus: string(was)}, map[string]any{fieldStatus: string(keys.StatusRevoked)})); err != nil {
			return revoked, err
		}
	}
	return revoked, nil
}

// eraseTexts removes what the person or others wrote beside the books.
func (c *change) eraseTexts(p *person) error {
	ofKeys := "key_id IN (SELECT id FROM api_keys WHERE user_id = ?)"
	err := errors.Join(
		c.Model(&grantRow{}).Where("user_id = ?", p.id).UpdateColumns(map[string]any{"note": "", "idempotency_key": nil}).Error,
		c.Model(&correctionRow{}).Where("user_id = ?", p.id).UpdateColumns(map[string]any{"reason": erasedLabel, "idempotency_key": nil}).Error,
		c.Model(&requestRow{}).Where("user_id = ? AND client_request_id <> ''", p.id).UpdateColumn("client_request_id", "").Error,
		c.Delete(&replayRow{}, ofKeys, p.id).Error,
	)
	for _, made := range []any{&keyRow{}, &grantRow{}, &correctionRow{}, &priceRow{}} {
		err = errors.Join(err, c.Model(made).Where("created_by IN ?", p.emails).UpdateColumn("created_by", p.erased).Error)
	}
	return err
}

// person is how texts name somebody who is erased.
type person struct {
	id uuid.UUID
	// erased is what stands for the e-mail from then on.
	erased string
	// emails are those that the user had, names the names and external ids.
	emails, names []string
}

// personOf finds how a user was called, also before, by the audit log.
func (c *change) personOf(u *userRow) (*person, error) {
	p := &person{id: u.ID, erased: "erased-" + u.ID.String() + "@erased.invalid", emails: []string{u.Email}}
	p.called(u.Name)
	if u.ExternalID != nil {
		p.called(*u.ExternalID)
	}
	err := c.eachAudit(func(db *gorm.DB) *gorm.DB { return db.Where("subject_id = ?", u.ID) }, func(row *auditRow) error {
		for _, text := range []string{row.Before, row.After} {
			var fields struct {
				Email      string `json:"email"`
				Name       string `json:"name"`
				ExternalID string `json:"external_id"`
			}
			if err := json.Unmarshal([]byte(text), &fields); err != nil {
				continue // it is no object of ours
			}
			p.called(fields.Name)
			p.called(fields.ExternalID)
			if fields.Email != "" && !slices.Contains(p.emails, fields.Email) {
				p.emails = append(p.emails, fields.Email)
			}
		}
		return nil
	})
	return p, err
}

func (p *person) called(name string) {
	if name != "" && !slices.Contains(p.names, name) {
		p.names = append(p.names, name)
	}
}
