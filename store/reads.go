package store

import (
	"context"
	"errors"

	"codexible/keys"
	"codexible/usage"

	"gorm.io/gorm"
)

// list reads the rows of a statement, each into the fields that fields names of
// it, in the order of the columns. Lists of hundreds of rows are read by it: for
// them gorm's way through reflection costs about as much as the database.
func list[Row any](ctx context.Context, s *Store, fields func(*Row) []any, statement string, args ...any) (all []Row, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		all, err = listOn(db, fields, statement, args...)
		return err
	})
	return all, err
}

func listOn[Row any](db *gorm.DB, fields func(*Row) []any, statement string, args ...any) (all []Row, err error) {
	rows, err := db.Raw(statement, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var row, empty Row
	into := fields(&row)
	for rows.Next() {
		row = empty // a null leaves some types as they are
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

const userColumns = "u.id, u.email, u.name, u.plan_id, u.role, u.status, u.created_at"

// fields are where userColumns are read to, and after them what lists add.
func (u *UserLine) fields() []any {
	return []any{&u.ID, &u.Email, &u.Name, &u.PlanID, &u.Role, &u.Status, &u.CreatedAt, &u.PlanName, &u.KeyCount, &u.CreditsUsedToday}
}

const keyColumns = "k.id, k.user_id, k.prefix, k.label, k.status, k.created_at, k.last_used_at, k.expires_at, k.revoked_at"

// keyDest is where keyColumns are read to.
func keyDest(k *keys.Key) []any {
	return []any{&k.ID, &k.UserID, &k.Prefix, &k.Label, &k.Status, &k.CreatedAt, &k.LastUsedAt, &k.ExpiresAt, &k.RevokedAt}
}

// keyLineColumns are a key's and its owner's.
const keyLineColumns = keyColumns + ", u.email, u.status"

// fields are where keyLineColumns are read to.
func (k *KeyLine) fields() []any { return append(keyDest(&k.Key), &k.UserEmail, &k.UserStatus) }

const chargeColumns = "c.id, c.previous_id, c.user_id, c.key_id, c.model, c.credits, c.prompt_tokens, c.completion_tokens, c.cost_micros, c.day, c.created_at"

// chargeDest is where chargeColumns are read to.
func chargeDest(c *usage.Record) []any {
	return []any{&c.ID, &c.PreviousID, &c.UserID, &c.KeyID, &c.Model, &c.Credits, &c.PromptTokens, &c.CompletionTokens, &c.CostMicros, &c.Day, &c.CreatedAt}
}
