package store

import (
	"context"
	"fmt"

	"codexible/accounts"
)

// kept begins the sentences of the audit log on what a restore took over.
const kept = "Kept when a backup was restored, from the replaced database: "

// keep ends in the restored database what the one that is there had ended. Each
// key and each user has a line of its own in the audit log.
func (c restoring) keep(ctx context.Context, found *Revived) error {
	for _, k := range found.KeysRevoked {
		if err := c.keepKey(ctx, k, "key.revoked", "it is revoked", "UPDATE main.api_keys SET status = 'revoked', revoked_at = (SELECT p.revoked_at FROM present.api_keys AS p WHERE p.id = main.api_keys.id) WHERE id = ?"); err != nil {
			return err
		}
	}
	for _, k := range found.KeysDisabled {
		if err := c.keepKey(ctx, k, "key.disabled", "it is disabled", "UPDATE main.api_keys SET status = 'disabled' WHERE id = ?"); err != nil {
			return err
		}
	}
	for _, k := range found.KeysRotated {
		if err := c.keepRotation(ctx, k); err != nil {
			return err
		}
	}
	for _, set := range []struct {
		users                []RevivedUser
		action, what, column string
	}{
		{found.UsersSuspended, "user.suspended", "the user is suspended", "status"},
		{found.RolesTaken, "user.changed", "the user's role", "role"},
		{found.PasswordsChanged, "user.password_set", "the user's console password", "password_hash"},
	} {
		for _, u := range set.users {
			if _, err := c.ExecContext(ctx, "UPDATE main.users SET "+set.column+" = (SELECT p."+set.column+" FROM present.users AS p WHERE p.id = main.users.id) WHERE id = ?", u.ID); err != nil {
				return err
			}
			if err := c.record(ctx, entry{action: set.action, subject: accounts.SubjectUser, id: u.ID, target: u.Email, details: kept + set.what + "."}); err != nil {
				return err
			}
		}
	}
	if found.RecoveryCodes > 0 {
		if _, err := c.ExecContext(ctx, "DELETE FROM main.recovery_codes WHERE (user_id, hash) IN (SELECT r.user_id, r.hash "+revivedCodes+")"); err != nil {
			return err
		}
	}
	return c.record(ctx, entry{action: "revocations.kept", subject: accounts.SubjectSystem, target: "restore", details: kept + found.counted()})
}

func (c restoring) keepKey(ctx context.Context, k RevivedKey, action, what, statement string) error {
	if _, err := c.ExecContext(ctx, statement, k.ID); err != nil {
		return err
	}
	return c.record(ctx, entry{action: action, subject: accounts.SubjectKey, id: k.ID, target: k.Prefix, details: fmt.Sprintf("%s%s (%s of %s).", kept, what, k.Label, k.UserEmail)})
}

// keepRotation gives a key the secrets and the prefix that it has in the
// database that is there: what was ended stops, and what replaced it works on.
func (c restoring) keepRotation(ctx context.Context, k RevivedKey) error {
	for _, statement := range []string{
		"DELETE FROM main.key_secrets WHERE key_id = ?",
		"INSERT INTO main.key_secrets (hash, key_id, ends_at) SELECT q.hash, q.key_id, q.ends_at FROM present.key_secrets AS q WHERE q.key_id = ?",
	} {
		if _, err := c.ExecContext(ctx, statement, k.ID); err != nil {
			return err
		}
	}
	var prefix string
	if err := c.QueryRowContext(ctx, "SELECT prefix FROM present.api_keys WHERE id = ?", k.ID).Scan(&prefix); err != nil {
		return err
	}
	text := searchText(k.Label, prefix)
	if _, err := c.ExecContext(ctx, "UPDATE main.api_keys SET prefix = ?, search = ? WHERE id = ?", prefix, text, k.ID); err != nil {
		return err
	}
	_, err := c.ExecContext(ctx, "UPDATE main.api_keys_search SET search = ? WHERE rowid = (SELECT rowid FROM main.api_keys_search WHERE rowid >= ? AND id = ? LIMIT 1)", text, rowID(k.ID), k.ID)
	if err != nil {
		return err
	}
	return c.record(ctx, entry{action: "key.rotated", subject: accounts.SubjectKey, id: k.ID, target: prefix, details: fmt.Sprintf("%sits secrets, after a rotation from %s (%s of %s).", kept, k.Prefix, k.Label, k.UserEmail)})
}

// record writes an audit entry with the columns that the log has had from the beginning: a backup may be of an earlier version.
func (c restoring) record(ctx context.Context, e entry) error {
	text := searchText(accounts.ActorCLI.Name, e.action, e.target, e.details)
	result, err := c.ExecContext(ctx, `INSERT INTO main.audit_log (at, actor, address, request_id, action, subject, subject_id, target, details, before, after, search)
		VALUES (?, ?, '', '', ?, ?, ?, ?, ?, '{}', '{}', ?)`, c.at, accounts.ActorCLI.Name, e.action, string(e.subject), e.id, e.target, e.details, text)
	if err != nil {
		return err
	}
	seq, err := result.LastInsertId()
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "INSERT INTO main.audit_log_search (rowid, search, id) VALUES (?, ?, ?)", seq, text, seq)
	return err
}
