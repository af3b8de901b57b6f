package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"codexible/store"

	"github.com/google/uuid"
)

type restoreCommand struct {
	File            string `arg:"" help:"Path of the backup; its checksum file is beside it."`
	Force           bool   `help:"Replace an existing database; it is kept under another name."`
	KeepRevocations bool   `help:"End in the restored database what the one that is there had ended since the backup."`
}

// Help gives the examples that --help shows.
func (restoreCommand) Help() string {
	return `Stop the service first. The backup is verified before anything changes. Example:

    systemctl stop codexible.service
    codexible restore --force --keep-revocations /var/backups/codexible-2026-11-23.db
    systemctl start codexible.service

All sessions of operators and customers, set-up links and links to sign in of the backup are ended. The database that is there is compared with the backup first, and what the backup brings back to life is listed: keys that were revoked, disabled or rotated since, users that were suspended, admins and services that lost their role, passwords that were changed, and recovery codes that were used. Users who were erased since are in the backup as they were: they are listed, and have to be erased again.

With --keep-revocations these stay ended: the keys stay revoked or disabled, a rotated key has the secrets and the prefix that it has there (the ended secret stops, the one after it works), and the users stay suspended with the role and the password hash that they have there. Not taken over are users and keys made since, other changes of a key such as its expiry, and a second factor that was set up since. Pending migrations are applied to the restored database. Everything is in its audit log.`
}

// restoredJSON is a restore as --json prints it.
type restoredJSON struct {
	File    string  `json:"file"`
	Bytes   int64   `json:"bytes"`
	SHA256  string  `json:"sha256"`
	Aside   *string `json:"replaced_file"`
	Pending int     `json:"pending_migrations"`

	SessionsEnded         int64 `json:"sessions_ended"`
	CustomerSessionsEnded int64 `json:"customer_sessions_ended"`
	SetupLinksEnded       int64 `json:"setup_links_ended"`
	// Revived is null if no readable database was replaced.
	Revived *revivedJSON `json:"revived"`
	Kept    bool         `json:"revocations_kept"`
}

// revivedJSON is what a backup brings back to life.
type revivedJSON struct {
	KeysRevoked      []revivedKeyJSON  `json:"keys_revoked"`
	KeysDisabled     []revivedKeyJSON  `json:"keys_disabled"`
	KeysRotated      []revivedKeyJSON  `json:"keys_rotated"`
	UsersSuspended   []revivedUserJSON `json:"users_suspended"`
	RolesTaken       []revivedUserJSON `json:"roles_taken"`
	PasswordsChanged []revivedUserJSON `json:"passwords_changed"`
	RecoveryCodes    int64             `json:"recovery_codes_used"`
	// UsersErased have to be erased again, also where revocations were kept.
	UsersErased []revivedUserJSON `json:"users_erased"`
}

type revivedKeyJSON struct {
	ID        uuid.UUID `json:"id"`
	Prefix    string    `json:"prefix"`
	Label     string    `json:"label"`
	UserEmail string    `json:"user_email"`
}

type revivedUserJSON struct {
	ID    uuid.UUID `json:"id"`
	Email string    `json:"email"`
}

func revivedAsJSON(r *store.Revived) *revivedJSON {
	keys := func(list []store.RevivedKey) []revivedKeyJSON {
		answer := make([]revivedKeyJSON, len(list))
		for i, k := range list {
			answer[i] = revivedKeyJSON(k)
		}
		return answer
	}
	users := func(list []store.RevivedUser) []revivedUserJSON {
		answer := make([]revivedUserJSON, len(list))
		for i, u := range list {
			answer[i] = revivedUserJSON(u)
		}
		return answer
	}
	return &revivedJSON{keys(r.KeysRevoked), keys(r.KeysDisabled), keys(r.KeysRotated), users(r.UsersSuspended), users(r.RolesTaken), users(r.PasswordsChanged), r.RecoveryCodes, users(r.UsersErased)}
}

// list writes what comes back to life, or was kept from it.
func (r *revivedJSON) list(w io.Writer, kept bool) {
	var lines []string
	keys := func(what string, list []revivedKeyJSON) {
		for _, k := range list {
			lines = append(lines, "  "+what+"\t"+k.Prefix+"\t"+strconv.Quote(k.Label)+" of "+k.UserEmail)
		}
	}
	users := func(what string, list []revivedUserJSON) {
		for _, u := range list {
			lines = append(lines, "  "+what+"\t"+u.Email)
		}
	}
	keys("key revoked", r.KeysRevoked)
	keys("key disabled", r.KeysDisabled)
	keys("key rotated", r.KeysRotated)
	users("user suspended", r.UsersSuspended)
	users("role taken", r.RolesTaken)
	users("password changed", r.PasswordsChanged)
	if r.RecoveryCodes > 0 {
		lines = append(lines, fmt.Sprintf("  recovery codes used\t%d", r.RecoveryCodes))
	}
	defer r.listErased(w)
	switch {
	case len(lines) == 0 && len(r.UsersErased) > 0:
		return
	case len(lines) == 0:
		line(w, "nothing comes back to life that was ended since the backup")
		return
	case kept:
		line(w, "ended since the backup, and ended in the restored database too:")
	default:
		line(w, "ended since the backup, and working again as the backup has it: end it again, or restore with --keep-revocations from the file that was replaced:")
	}
	for _, text := range lines {
		line(w, text)
	}
}

// listErased writes who was erased since the backup, and what to do.
func (r *revivedJSON) listErased(w io.Writer) {
	if len(r.UsersErased) == 0 {
		return
	}
	line(w, "erased since the backup, and known again as the backup has them: erase each of them again, and delete the backup:")
	for _, u := range r.UsersErased {
		line(w, "  codexible user erase "+u.ID.String()+" --confirm "+u.Email)
	}
}

// Run puts a backup in place.
func (c restoreCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	r, err := store.Restore(ctx, settings.DatabaseURL.Reveal(), c.File, t.files, store.RestoreOptions{Force: c.Force, KeepRevocations: c.KeepRevocations})
	if err != nil {
		return err
	}
	answer := restoredJSON{
		File: r.File, Bytes: r.Bytes, SHA256: r.SHA256, Pending: r.Pending, SessionsEnded: r.SessionsEnded, CustomerSessionsEnded: r.CustomerSessionsEnded, SetupLinksEnded: r.SetupLinksEnded, Kept: r.Kept,
	}
	if r.Unread == nil {
		answer.Revived = revivedAsJSON(&r.Revived)
	}
	if r.Replaced != "" {
		answer.Aside = &r.Replaced
	}
	return t.print(answer, func(w io.Writer) {
		line(w, r.File+" is restored from "+c.File)
		if r.Replaced != "" {
			line(w, "the replaced database is kept as "+r.Replaced)
		}
		line(w, fmt.Sprintf("%d console sessions, %d customers' sessions and %d set-up links of the backup are ended", r.SessionsEnded, r.CustomerSessionsEnded, r.SetupLinksEnded))
		switch {
		case answer.Revived != nil:
			answer.Revived.list(w, r.Kept)
		case r.Replaced != "":
			line(w, fmt.Sprintf("what was revoked, suspended or changed since the backup works again and cannot be listed, because the replaced database cannot be read: %v", r.Unread))
		}
		if r.Pending > 0 {
			line(w, strconv.Itoa(r.Pending)+" migrations are pending: the service applies them when it starts, or `codexible migrate up` does")
		}
	})
}
