package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"codexible/config"

	"codexible/secrets"
	"codexible/store"
)

type backupCommand struct {
	File string `arg:"" help:"Path of the backup. An existing file is not overwritten."`
}

// Help gives the examples that --help shows.
func (backupCommand) Help() string {
	return `Copies the embedded database as it stands at one moment, beside a running service, and checks the copy. Its SHA-256 is written beside it. Only its owner may read it: it holds e-mail addresses and hashes. It does not hold the key that encrypts its secrets (SECRET_KEY, or secret.key beside the database): keep a copy of that elsewhere. Example:

    codexible backup /var/backups/codexible-$(date +%F).db

BACKUP_DIR, BACKUP_INTERVAL and BACKUP_KEEP have a running service do it by itself. On Postgres use pg_dump.`
}

// backupJSON is a backup as --json prints it.
type backupJSON struct {
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Run writes a backup.
func (c backupCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	r, err := store.Backup(ctx, settings.DatabaseURL.Reveal(), c.File)
	if err != nil {
		return err
	}
	return t.print(backupJSON(r), func(w io.Writer) {
		line(w, fmt.Sprintf("%s: %d bytes, checked, SHA-256 %s", r.File, r.Bytes, r.SHA256))
		line(w, "The key that encrypts its secrets (SECRET_KEY, or secret.key beside the database) is not in it: keep a copy of that elsewhere.")
	})
}

type migrateDataCommand struct {
	From string `help:"The embedded database, sqlite:PATH; the one in DATA_DIR unless given." placeholder:"URL"`
	To   string `help:"The Postgres database; DATABASE_URL unless given. It must not contain a password: every user of the machine can read the command line." placeholder:"URL"`
}

// Help gives the examples that --help shows.
func (migrateDataCommand) Help() string {
	return `Stop the service first. All or nothing: every table is copied in one transaction, read back and compared before it commits. The target needs this version's schema and must be unused. If the source has encrypted secrets, SECRET_KEY must be the same key: the source's SECRET_KEY, or the content of secret.key beside it. Example, with DATABASE_URL=postgres://… in .env:

    codexible migrate up
    codexible migrate-data --from sqlite:/var/lib/codexible/codexible.db`
}

// Validate rejects a password on the command line.
func (c migrateDataCommand) Validate() error {
	u, ok := config.NewSecretURL(c.To).Parse()
	if !ok && c.To != "" {
		return errors.New("--to must be postgres://user@host/name; if the database needs a password, set DATABASE_URL instead")
	}
	if !ok {
		return nil
	}
	_, has := u.User.Password()
	if q := u.Query(); has || q.Has("password") || q.Has("sslpassword") {
		return errors.New("a password on the command line can be read by every user of the machine: set DATABASE_URL instead of --to")
	}
	return nil
}

// movedJSON is a table as --json prints it.
type movedJSON struct {
	Table string           `json:"table"`
	Rows  int64            `json:"rows"`
	Sums  map[string]int64 `json:"sums"`
}

// Run moves everything.
func (c migrateDataCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	from, to := c.From, c.To
	if from == "" {
		from = settings.EmbeddedURL().Reveal()
	}
	if to == "" {
		to = settings.DatabaseURL.Reveal()
	}
	moved, err := store.Move(ctx, from, to, t.files, secrets.NewRing(settings.SecretKey, settings.SecretKeyPrevious, ""))
	if err != nil {
		return err
	}
	answer := make([]movedJSON, len(moved))
	var rows int64
	for i, m := range moved {
		answer[i] = movedJSON(m)
		rows += m.Rows
	}
	return t.print(answer, func(w io.Writer) {
		line(w, "TABLE", "ROWS", "SUMS, EQUAL IN BOTH")
		for _, m := range moved {
			var sums []string
			for _, column := range slices.Sorted(maps.Keys(m.Sums)) {
				sums = append(sums, fmt.Sprintf("%s %d", column, m.Sums[column]))
			}
			line(w, m.Table, strconv.FormatInt(m.Rows, 10), strings.Join(sums, ", "))
		}
		line(w, fmt.Sprintf("\n%d rows of %d tables are in %s, and every value was compared. Keep the old file until the service has run on the new database.",
			rows, len(moved), config.NewSecretURL(to)))
	})
}
