package store

import (
	"context"
	"fmt"

	"codexible/accounts"
	"codexible/keys"

	"github.com/google/uuid"
)

// ImportUser is a user to be imported together with the user's keys. The user's
// plan is the import's; the keys' UserID is filled in.
type ImportUser struct {
	accounts.NewUser
	Keys []keys.NewKey
}

// Imported is what an import made of one user.
type Imported struct {
	UserID uuid.UUID
	KeyIDs []uuid.UUID
}

// importRows is how many rows one statement of an import writes.
const importRows = 500

// Import makes many users with their keys in one transaction and with one entry
// in the audit log. It is all or nothing.
func (s *Store) Import(ctx context.Context, by accounts.Actor, plan string, users []ImportUser) (made []Imported, err error) {
	err = s.changing(ctx, by, func(tx *change) error {
		p, err := planByName(tx.DB, plan)
		if err != nil {
			return err
		}
		var rows importTables
		for _, u := range users {
			u.Plan = plan
			one, err := rows.add(tx, p, u)
			if err != nil {
				return err
			}
			made = append(made, one)
		}
		if err := rows.write(tx); err != nil {
			return err
		}
		// One change is enough for all: nobody has cached a user or key that is new.
		if len(made) > 0 {
			if err := tx.changed(accounts.SubjectUser, made[0].UserID); err != nil {
				return err
			}
		}
		return tx.record(entry{action: "user.imported", subject: accounts.SubjectSystem, target: p.Name,
			details: fmt.Sprintf("Imported %d users with %d keys on plan %s.", len(users), len(rows.keys), p.Name)})
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

type importTables struct {
	users   []userRow
	keys    []keyRow
	secrets []secretRow
}

func (t *importTables) add(tx *change, p accounts.Plan, u ImportUser) (one Imported, err error) {
	n, err := u.Normalize()
	if err != nil {
		return one, err
	}
	one.UserID = tx.store.ids.mint(tx.at)
	user := accounts.User{ID: one.UserID, Email: n.Email, Name: n.Name, PlanID: p.ID, Role: n.Role, Status: accounts.StatusActive, CreatedAt: tx.at}
	t.users = append(t.users, userRowOf(user, n.PasswordHash))
	if int64(len(u.Keys)) > p.MaxKeys {
		return one, keys.ErrTooManyKeys(n.Email, p.Name, p.MaxKeys)
	}
	for _, k := range u.Keys {
		input, err := k.Normalize(tx.at)
		if err != nil {
			return one, err
		}
		made, err := tx.newKey(input, user.ID, user.Role)
		if err != nil {
			return one, err
		}
		t.keys = append(t.keys, keyRowOf(made))
		t.secrets = append(t.secrets, secretRowOf(made.ID, input.Secret))
		one.KeyIDs = append(one.KeyIDs, made.ID)
	}
	return one, nil
}

func (t *importTables) write(tx *change) error {
	for _, rows := range []any{t.users, t.keys, t.secrets} {
		if err := tx.CreateInBatches(rows, importRows).Error; err != nil {
			return taken(err, accounts.ErrEmailTaken)
		}
	}
	for i := range t.users {
		u := &t.users[i]
		if err := tx.store.dialect.index(tx.DB, searchedUsers, rowID(u.ID), u.ID, u.Search); err != nil {
			return err
		}
	}
	for i := range t.keys {
		if err := tx.indexKey(&t.keys[i]); err != nil {
			return err
		}
	}
	return nil
}
