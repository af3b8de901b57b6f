package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
)

// Revived is what a backup makes valid again: what the database that it replaces
// had ended since.
type Revived struct {
	// KeysRevoked and KeysDisabled work in the backup; of KeysRotated a secret does that was ended.
	KeysRevoked, KeysDisabled, KeysRotated []RevivedKey
	// UsersSuspended are active in the backup. RolesTaken have more rights there, PasswordsChanged their earlier password.
	UsersSuspended, RolesTaken, PasswordsChanged []RevivedUser
	// UsersErased are people whom the backup still knows. No option keeps their erasure: it has to be made again.
	UsersErased []RevivedUser
	// RecoveryCodes counts codes of second factors that were used or replaced.
	RecoveryCodes int64
}

// RevivedKey is a key as the backup has it.
type RevivedKey struct {
	ID            uuid.UUID
	Prefix, Label string
	UserEmail     string
}

// RevivedUser is a user as the backup has it.
type RevivedUser struct {
	ID    uuid.UUID
	Email string
}

// None reports whether nothing becomes valid again.
func (r *Revived) None() bool {
	return len(r.KeysRevoked)+len(r.KeysDisabled)+len(r.KeysRotated)+len(r.UsersSuspended)+len(r.RolesTaken)+len(r.PasswordsChanged)+len(r.UsersErased) == 0 && r.RecoveryCodes == 0
}

// By hand, as all of a restore: it compares two databases in one connection.
//
// What of the backup (main) the database that is there (present) has ended. A
// key that was revoked is none that was disabled or rotated as well.
const (
	revivedKeys = "SELECT k.id, k.prefix, k.label, u.email FROM main.api_keys AS k JOIN present.api_keys AS p ON p.id = k.id JOIN main.users AS u ON u.id = k.user_id WHERE "
	// A secret was ended where the database that is there does not accept it, or for less long.
	revivedRotated = `k.status <> 'revoked' AND p.status <> 'revoked' AND EXISTS (SELECT 1 FROM main.key_secrets AS s WHERE s.key_id = k.id AND (s.ends_at IS NULL OR s.ends_at > ?)
		AND NOT EXISTS (SELECT 1 FROM present.key_secrets AS q WHERE q.hash = s.hash AND q.key_id = s.key_id AND (q.ends_at IS NULL OR s.ends_at IS NOT NULL AND q.ends_at >= s.ends_at)))`
	revivedUsers = "SELECT u.id, u.email FROM main.users AS u JOIN present.users AS p ON p.id = u.id WHERE "
	revivedCodes = "FROM main.recovery_codes AS r WHERE EXISTS (SELECT 1 FROM present.users AS p WHERE p.id = r.user_id) AND NOT EXISTS (SELECT 1 FROM present.recovery_codes AS q WHERE q.user_id = r.user_id AND q.hash = r.hash)"
)

// restoring is a backup that is about to become the database, with the database
// that is there attached as present where that can be read.
type restoring struct {
	*sql.Conn

	at time.Time
}

// withPresent opens a backup's copy, attaches what is there, and runs work.
func withPresent(ctx context.Context, copied, present string, work func(r restoring) error) (err error) {
	db := openSQLiteFile(copied, "foreign_keys(1)", "synchronous(FULL)")
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if present != "" {
		if _, err := conn.ExecContext(ctx, "ATTACH DATABASE ? AS present", "file:"+(&url.URL{Path: present}).EscapedPath()+"?mode=ro"); err != nil {
			return err
		}
	}
	return work(restoring{conn, time.Now().UTC().Truncate(time.Microsecond)})
}

// amend ends in the copy of a backup what must not become valid again: sessions
// and set-up links always, and with KeepRevocations what the database that is
// there had ended. Both are written into the copy's audit log.
func (r *RestoreResult) amend(ctx context.Context, copied, backup string, files Files, o RestoreOptions) error {
	if o.KeepRevocations {
		if err := r.migrate(ctx, copied, files); err != nil {
			return err
		}
	}
	r.Unread = withPresent(ctx, copied, r.File, func(c restoring) error { return c.compare(ctx, &r.Revived) })
	if _, err := os.Stat(r.File); err != nil {
		r.Unread = errors.New("there was none")
	}
	present := r.File
	if r.Unread != nil {
		if o.KeepRevocations {
			return fmt.Errorf("--keep-revocations needs the database that is there, and it cannot be read: %w", r.Unread)
		}
		r.Revived, present = Revived{}, ""
	}
	err := withPresent(ctx, copied, present, func(c restoring) error {
		if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := c.end(ctx, r, backup)
		if err == nil && o.KeepRevocations {
			r.Kept = true
			err = c.keep(ctx, &r.Revived)
		}
		if err == nil {
			_, err = c.ExecContext(ctx, "COMMIT")
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := closeWAL(ctx, copied); err != nil {
		return err
	}
	return syncFile(copied)
}

// migrate brings a copy to this version's schema, which has the states that are to be kept.
func (r *RestoreResult) migrate(ctx context.Context, copied string, files Files) error {
	m, err := NewMigrator("sqlite:"+copied, files)
	if err != nil {
		return err
	}
	_, err = m.Up(ctx)
	r.Pending = 0
	return errors.Join(err, m.Close())
}

// has reports whether both databases have a table.
func (c restoring) has(ctx context.Context, table string) (bool, error) {
	var n int
	err := c.QueryRowContext(ctx, "SELECT (SELECT COUNT(*) FROM main.sqlite_schema WHERE name = ?) + (SELECT COUNT(*) FROM present.sqlite_schema WHERE name = ?)", table, table).Scan(&n)
	return n == 2, err
}

func (c restoring) compare(ctx context.Context, found *Revived) (err error) {
	keys := func(to *[]RevivedKey, condition string, args ...any) {
		if err == nil {
			rows, failed := c.QueryContext(ctx, revivedKeys+condition+" ORDER BY k.id", args...)
			*to, err = collect(rows, failed, func(k *RevivedKey) []any { return []any{&k.ID, &k.Prefix, &k.Label, &k.UserEmail} })
		}
	}
	users := func(to *[]RevivedUser, condition string) {
		if err == nil {
			rows, failed := c.QueryContext(ctx, revivedUsers+condition+" ORDER BY u.id")
			*to, err = collect(rows, failed, func(u *RevivedUser) []any { return []any{&u.ID, &u.Email} })
		}
	}
	keys(&found.KeysRevoked, "k.status <> 'revoked' AND p.status = 'revoked'")
	keys(&found.KeysDisabled, "k.status = 'active' AND p.status = 'disabled'")
	keys(&found.KeysRotated, revivedRotated, c.at)
	users(&found.UsersSuspended, "u.status = 'active' AND p.status = 'suspended'")
	users(&found.RolesTaken, "u.role <> p.role AND u.role <> 'user' AND p.role <> 'admin'")
	users(&found.PasswordsChanged, "u.password_hash <> '' AND u.password_hash <> p.password_hash")
	if err != nil {
		return err
	}
	erased, err := c.erasedSince(ctx)
	if err != nil {
		return err
	}
	if users(&found.UsersErased, erased); err != nil {
		return err
	}
	coded, err := c.has(ctx, "recovery_codes")
	if err != nil || !coded {
		return err
	}
	return c.QueryRowContext(ctx, "SELECT COUNT(*) "+revivedCodes).Scan(&found.RecoveryCodes)
}

// erasedSince is the condition for users who were erased since the backup. A database of an earlier
// version knows of no erasure.
func (c restoring) erasedSince(ctx context.Context) (condition string, err error) {
	const knows = "(SELECT COUNT(*) FROM pragma_table_info('users', ?) WHERE name = 'erased_at')"
	var inBackup, present bool
	if err := c.QueryRowContext(ctx, "SELECT "+knows+", "+knows, "main", "present").Scan(&inBackup, &present); err != nil {
		return "", err
	}
	switch {
	case !present:
		return "FALSE", nil
	case !inBackup:
		return "p.erased_at IS NOT NULL", nil
	}
	return "u.erased_at IS NULL AND p.erased_at IS NOT NULL", nil
}

// end ends the sessions, the set-up links, the links to choose a password or to sign in, and the sign-ins under way of the backup.
func (c restoring) end(ctx context.Context, r *RestoreResult, backup string) error {
	var uncounted int64
	for table, ended := range map[string]*int64{"console_sessions": &r.SessionsEnded, "setup_links": &r.SetupLinksEnded, "openid_sign_ins": &uncounted, "reset_links": &uncounted,
		"customer_sessions": &r.CustomerSessionsEnded, "sign_in_links": &uncounted} {
		var n int
		if err := c.QueryRowContext(ctx, "SELECT COUNT(*) FROM main.sqlite_schema WHERE name = ?", table).Scan(&n); err != nil {
			return err
		}
		if n == 0 { // the backup is of a version before there were any
			continue
		}
		result, err := c.ExecContext(ctx, "DELETE FROM main."+table)
		if err != nil {
			return err
		}
		if *ended, err = result.RowsAffected(); err != nil {
			return err
		}
	}
	details := fmt.Sprintf("Restored the database from %s and ended its %d console sessions, %d customers' sessions and %d set-up links.", backup, r.SessionsEnded, r.CustomerSessionsEnded, r.SetupLinksEnded)
	if r.Unread != nil {
		details += " It is not known what was reactivated: there was no readable database to compare with."
	} else {
		details += " " + r.Revived.counted()
	}
	return c.record(ctx, entry{action: "database.restored", subject: accounts.SubjectSystem, target: backup, details: details})
}

// counted says in a sentence what becomes valid again.
func (r *Revived) counted() string {
	if r.None() {
		return "The backup reactivated nothing that had been revoked since."
	}
	return fmt.Sprintf("Ended since the backup: %d keys revoked, %d disabled, %d rotated; %d users suspended, %d roles removed, %d passwords changed, %d recovery codes used or replaced; %d users erased.",
		len(r.KeysRevoked), len(r.KeysDisabled), len(r.KeysRotated), len(r.UsersSuspended), len(r.RolesTaken), len(r.PasswordsChanged), r.RecoveryCodes, len(r.UsersErased))
}
