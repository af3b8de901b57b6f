package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"codexible/secrets"

	"ariga.io/atlas/sql/migrate"
)

// Files is what the binary carries for its database: the declared schema, and
// a folder of migrations for each dialect, checksummed by an atlas.sum.
type Files struct {
	Schema     []byte
	Migrations fs.FS
}

// Migration is one versioned step of the schema.
type Migration struct {
	Version string
	Name    string
	// AppliedAt is nil while the migration is pending.
	AppliedAt *time.Time
	// Unknown marks a migration that the database has and this binary does not.
	Unknown bool

	checksum string
	up, down []string
}

// Migrator brings a database to the schema of this binary, and back. It works
// on a connection of its own: a table rebuild on SQLite needs foreign keys off
// before the transaction begins, or it deletes the rows that refer to the table.
type Migrator struct {
	db      *sql.DB
	dialect string
	files   Files
	known   []Migration
	secrets *secrets.Ring
	sealed  int
}

// NewMigrator opens the database of url and reads the migrations. It fails
// when a migration was changed after atlas.sum was written.
func NewMigrator(url string, files Files) (*Migrator, error) {
	target, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	known, err := readMigrations(target.dialect, files.Migrations)
	if err != nil {
		return nil, err
	}
	db, err := target.openForMigration()
	if err != nil {
		return nil, err
	}
	return &Migrator{db: db, dialect: target.dialect, files: files, known: known}, nil
}

// UseSecrets gives the keys with which stored secrets are encrypted on the way
// up and decrypted on the way down. Without them a database that has any is refused.
func (m *Migrator) UseSecrets(r *secrets.Ring) { m.secrets = r }

// Sealed is how many secrets that were stored in clear were encrypted.
func (m *Migrator) Sealed() int { return m.sealed }

// sealedSince is the migration since which secrets are encrypted.
const sealedSince = "0004"

// Seal encrypts the secrets that are stored in clear, all or none. Up does so too.
func (m *Migrator) Seal(ctx context.Context) error {
	return m.locked(ctx, func(tx *sql.Tx, status []Migration) error { return m.seal(ctx, tx, status) })
}

func (m *Migrator) seal(ctx context.Context, tx *sql.Tx, status []Migration) error {
	applied := slices.ContainsFunc(status, func(s Migration) bool { return s.Version == sealedSince && s.AppliedAt != nil })
	if !applied {
		return nil
	}
	n, err := vault{tx, m.dialect, m.secrets}.sealPlain(ctx)
	if errors.Is(err, secrets.ErrNoKey) {
		return errors.New("the second-factor secrets in the database have to be encrypted and there is no key for it, so nothing was changed: set SECRET_KEY to 32 random bytes in base64, as `openssl rand -base64 32` prints them, keep a copy in another place than the backups, and start again")
	}
	if err != nil {
		return fmt.Errorf("the second-factor secrets in the database have to be encrypted, and nothing was changed: %w", err)
	}
	m.sealed += n
	return nil
}

// Close closes the migrator's connection.
func (m *Migrator) Close() error { return m.db.Close() }

func readMigrations(dialect string, files fs.FS) ([]Migration, error) {
	dir, err := migrationDir(dialect, files)
	if err != nil {
		return nil, err
	}
	if err := migrate.Validate(dir); err != nil {
		return nil, fmt.Errorf("store: the migrations for %s do not match their atlas.sum: %w", dialect, err)
	}
	list, err := dir.Files()
	if err != nil {
		return nil, err
	}
	var known []Migration
	for _, file := range list {
		m, err := readMigration(file)
		if err != nil {
			return nil, fmt.Errorf("store: migration %s: %w", file.Name(), err)
		}
		known = append(known, m)
	}
	return known, nil
}

// migrationDir copies the embedded files into the kind of folder that Atlas reads.
func migrationDir(dialect string, files fs.FS) (*migrate.MemDir, error) {
	dir := &migrate.MemDir{}
	names, err := fs.Glob(files, dialect+"/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if err := dir.WriteFile(strings.TrimPrefix(name, dialect+"/"), body); err != nil {
			return nil, err
		}
	}
	return dir, nil
}

const downMark = "-- +goose Down"

func readMigration(file migrate.File) (Migration, error) {
	version, name, _ := strings.Cut(strings.TrimSuffix(file.Name(), ".sql"), "_")
	sum := sha256.Sum256(file.Bytes())
	m := Migration{Version: version, Name: name, checksum: hex.EncodeToString(sum[:])}
	up, down, found := strings.Cut(string(file.Bytes()), downMark)
	if !found {
		return m, errors.New("it has no way back")
	}
	var err error
	if m.up, err = statements(up); err != nil {
		return m, err
	}
	m.down, err = statements(down)
	return m, err
}

func statements(text string) (list []string, err error) {
	stmts, err := migrate.Stmts(text)
	for _, s := range stmts {
		list = append(list, s.Text)
	}
	return list, err
}

// Up applies every pending migration in one transaction, under a lock: of two
// instances that start at once one applies and the other finds nothing to do.
func (m *Migrator) Up(ctx context.Context) (applied []Migration, err error) {
	err = m.locked(ctx, func(tx *sql.Tx, status []Migration) error {
		if err := m.judge(status); err != nil {
			return err
		}
		for _, step := range status {
			if step.AppliedAt != nil {
				continue
			}
			if err := run(ctx, tx, step, step.up); err != nil {
				return err
			}
			now := time.Now().UTC().Truncate(time.Microsecond)
			step.AppliedAt = &now
			if _, err := tx.ExecContext(ctx, "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ("+m.placeholders(4)+")", //nolint:gosec // placeholders alone
				step.Version, step.Name, step.checksum, now.Format(time.RFC3339Nano)); err != nil {
				return err
			}
			applied = append(applied, step)
		}
		if err := m.seal(ctx, tx, append(status, applied...)); err != nil {
			return err
		}
		return m.checkForeignKeys(ctx, tx, len(applied))
	})
	if err != nil {
		return nil, err
	}
	return applied, nil
}

// Down takes back the last n applied migrations in one transaction.
func (m *Migrator) Down(ctx context.Context, n int) (undone []Migration, err error) {
	err = m.locked(ctx, func(tx *sql.Tx, status []Migration) error {
		for _, step := range slices.Backward(status) {
			if len(undone) == n {
				break
			}
			if step.AppliedAt == nil {
				continue
			}
			if step.Unknown {
				return fmt.Errorf("migration %s is not known to this version: take it back with the version that applied it", step.Version)
			}
			if step.Version == sealedSince {
				if _, err := (vault{tx, m.dialect, m.secrets}).openAll(ctx); err != nil {
					return fmt.Errorf("migration %s encrypted second-factor secrets, which the version before it reads in clear, and they cannot be decrypted, so nothing was changed: %w", step.Version, err)
				}
			}
			if err := run(ctx, tx, step, step.down); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM schema_migrations WHERE version = "+m.placeholders(1), step.Version); err != nil { //nolint:gosec // a placeholder alone
				return err
			}
			step.AppliedAt = nil
			undone = append(undone, step)
		}
		return m.checkForeignKeys(ctx, tx, len(undone))
	})
	if err != nil {
		return nil, err
	}
	return undone, nil
}

func run(ctx context.Context, tx *sql.Tx, step Migration, stmts []string) error {
	for i, stmt := range stmts {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("migration %s_%s failed at statement %d and was rolled back whole: %w", step.Version, step.Name, i+1, err)
		}
	}
	return nil
}

// Status lists every migration, known or applied, the oldest first. It writes
// nothing and waits for nobody.
func (m *Migrator) Status(ctx context.Context) ([]Migration, error) {
	found := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
	if m.dialect == dialectPostgres {
		found = "SELECT COUNT(to_regclass('schema_migrations'))"
	}
	var tables int
	if err := m.db.QueryRowContext(ctx, found).Scan(&tables); err != nil {
		return nil, fmt.Errorf("store: the database cannot be reached: %w", err)
	}
	if tables == 0 {
		return slices.Clone(m.known), nil
	}
	return m.history(ctx, m.db)
}

// Check refuses a database that this binary cannot serve: migrations that are
// pending, unknown or changed, or a live schema that differs from schema.hcl.
func (m *Migrator) Check(ctx context.Context) error {
	status, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if err := m.judge(status); err != nil {
		return err
	}
	for _, step := range status {
		if step.AppliedAt == nil {
			return fmt.Errorf("migration %s_%s is pending: run `codexible migrate up`, or set MIGRATE_ON_START=true", step.Version, step.Name)
		}
	}
	drift, err := m.Drift(ctx)
	if err != nil {
		return err
	}
	if len(drift) > 0 {
		return fmt.Errorf("the live schema differs from the one this version expects (%s): undo the change made by hand, or restore a backup", strings.Join(drift, "; "))
	}
	return nil
}

// judge refuses a history that this binary did not write.
func (m *Migrator) judge(status []Migration) error {
	for _, step := range status {
		if step.Unknown {
			return fmt.Errorf("the database has migration %s_%s, which this version does not know: it was written by a newer version, so run that one, or take the migration back with it (`codexible migrate down`)", step.Version, step.Name)
		}
	}
	return nil
}

// locked runs work in a transaction that holds the migration lock, with the
// history as it stands.
func (m *Migrator) locked(ctx context.Context, work func(*sql.Tx, []Migration) error) error {
	tx, err := m.db.BeginTx(ctx, nil) // on SQLite this is BEGIN IMMEDIATE: the lock itself
	if err != nil {
		return fmt.Errorf("store: the database cannot be reached: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	if m.dialect == dialectPostgres {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtext('codexible schema_migrations'))"); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_migrations (version text NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at text NOT NULL)"); err != nil {
		return err
	}
	status, err := m.history(ctx, tx)
	if err != nil {
		return err
	}
	if err := work(tx, status); err != nil {
		return err
	}
	return tx.Commit()
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (m *Migrator) history(ctx context.Context, from querier) ([]Migration, error) {
	rows, err := from.QueryContext(ctx, "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	status := slices.Clone(m.known)
	for rows.Next() {
		var applied Migration
		var at string
		if err := rows.Scan(&applied.Version, &applied.Name, &applied.checksum, &at); err != nil {
			return nil, err
		}
		when, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return nil, fmt.Errorf("schema_migrations: %w", err)
		}
		i := slices.IndexFunc(status, func(s Migration) bool { return s.Version == applied.Version })
		if i < 0 {
			applied.Unknown, applied.AppliedAt = true, &when
			status = append(status, applied)
			continue
		}
		if status[i].checksum != applied.checksum {
			return nil, fmt.Errorf("migration %s_%s was changed after it had been applied: use the version of Codexible that applied it", applied.Version, applied.Name)
		}
		status[i].AppliedAt = &when
	}
	slices.SortFunc(status, func(a, b Migration) int { return strings.Compare(a.Version, b.Version) })
	return status, rows.Err()
}

// checkForeignKeys checks every row that refers to another: SQLite has not done so
// while tables were rebuilt. Where no step was run there is nothing to check.
func (m *Migrator) checkForeignKeys(ctx context.Context, tx *sql.Tx, steps int) error {
	if m.dialect != dialectSQLite || steps == 0 {
		return nil
	}
	rows, err := tx.QueryContext(ctx, "PRAGMA foreign_key_check")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	if rows.Next() {
		return errors.New("the migration would leave rows that refer to nothing; it was rolled back")
	}
	return rows.Err()
}

func (m *Migrator) placeholders(n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = "?"
		if m.dialect == dialectPostgres {
			marks[i] = fmt.Sprintf("$%d", i+1)
		}
	}
	return strings.Join(marks, ", ")
}
