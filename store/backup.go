package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// checksumSuffix names the file beside a backup that holds its SHA-256, in the
// form that `sha256sum --check` reads.
const checksumSuffix = ".sha256"

// ErrPostgresBackup says how a database that is not a file is backed up.
var ErrPostgresBackup = errors.New(`on Postgres use pg_dump: PGPASSWORD=… pg_dump --format=custom --file=codexible.dump --host=HOST --username=USER DATABASE, and pg_restore --clean --if-exists --dbname=DATABASE codexible.dump to go back`)

// BackupResult is a finished backup.
type BackupResult struct {
	File   string
	Bytes  int64
	SHA256 string
}

// Backup writes a copy of an embedded database as it stood at one moment, also
// while services work on it: none of them waits for it. The copy is read again
// and checked, it is on the disk with its checksum beside it before it gets its
// name, and only its owner may read it. A file that exists is left as it is.
func Backup(ctx context.Context, databaseURL, file string) (r BackupResult, err error) {
	source, err := fileOf(databaseURL)
	if err != nil {
		return r, err
	}
	if err := mustExist(source, "there is no database at %s: set DATABASE_URL or DATA_DIR as the service has them"); err != nil {
		return r, err
	}
	if err := mustNotExist(file); err != nil {
		return r, err
	}
	partial, err := partialFile(file)
	if err != nil {
		return r, fmt.Errorf("the backup cannot be written there: %w", err)
	}
	defer func() { _ = os.Remove(partial) }()
	if err := copyMoment(ctx, source, partial); err != nil {
		return r, fmt.Errorf("the database cannot be copied: %w", err)
	}
	if err := checkFile(ctx, partial); err != nil {
		return r, fmt.Errorf("the copy is not sound, and was removed; check the database itself: %w", err)
	}
	r.File = file
	if r.Bytes, r.SHA256, err = digest(partial); err != nil {
		return r, err
	}
	return r, publishBackup(partial, r)
}

// publishBackup gives a backup its name, the checksum first: a backup that has
// its name is whole and can be verified.
func publishBackup(partial string, r BackupResult) error {
	if err := syncFile(partial); err != nil {
		return err
	}
	sum, err := partialFile(r.File + checksumSuffix)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(sum) }()
	if err := os.WriteFile(sum, []byte(r.SHA256+"  "+filepath.Base(r.File)+"\n"), 0o600); err != nil {
		return err
	}
	if err := syncFile(sum); err != nil {
		return err
	}
	// Somebody may have made the file meanwhile.
	if err := mustNotExist(r.File); err != nil {
		return err
	}
	return cmp.Or(os.Rename(sum, r.File+checksumSuffix), os.Rename(partial, r.File), syncFile(filepath.Dir(r.File)))
}

// copyMoment writes a database into an empty file. VACUUM INTO reads in one
// transaction, so it sees one moment and keeps no writer of a WAL waiting.
func copyMoment(ctx context.Context, source, target string) error {
	db := openSQLiteFile(source)
	defer func() { _ = db.Close() }()
	_, err := db.ExecContext(ctx, "VACUUM INTO ?", target)
	return err
}

// checkFile reads a whole database file and says what is wrong with it.
func checkFile(ctx context.Context, file string) error {
	db := openStillFile(file)
	defer func() { _ = db.Close() }()
	for _, check := range []struct{ pragma, sound, problem string }{
		{"PRAGMA integrity_check(1)", "ok", "the integrity check says"},
		{"PRAGMA foreign_key_check", "", "rows refer to nothing, the first in table"},
	} {
		found, err := firstCell(ctx, db, check.pragma)
		if err != nil {
			return fmt.Errorf("%s is no readable SQLite database: %w", filepath.Base(file), err)
		}
		if found != check.sound {
			return fmt.Errorf("%s: %s %s", filepath.Base(file), check.problem, found)
		}
	}
	return nil
}

// openStillFile opens a database file that nobody writes, without leaving a
// trace beside it.
func openStillFile(path string) *sql.DB { return openPlainFile(path, "mode=ro&immutable=1") }

// openPlainFile opens one connection to a database file as it is, with the
// options of SQLite's URIs and none of the service's.
func openPlainFile(path, options string) *sql.DB {
	db := sql.OpenDB(sqliteConnector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options})
	db.SetMaxOpenConns(1)
	return db
}

// firstCell is the first column of the first row; empty without rows.
func firstCell(ctx context.Context, db *sql.DB, query string) (text string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		return "", rows.Err()
	}
	columns, err := rows.Columns()
	if err != nil {
		return "", err
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(any)
	}
	cells[0] = &text
	return text, rows.Scan(cells...)
}

// fileOf is the path of an embedded database.
func fileOf(databaseURL string) (string, error) {
	t, err := parseURL(databaseURL)
	if err == nil && t.dialect != dialectSQLite {
		err = ErrPostgresBackup
	}
	return t.url, err
}

// partialFile makes an empty file beside another, which only its owner may read.
func partialFile(beside string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(beside), "."+filepath.Base(beside)+".partial-*")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

// digest reads a file from end to end.
func digest(file string) (bytes int64, sum string, err error) {
	f, err := os.Open(file) //nolint:gosec // the operator names it
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = f.Close() }()
	hash := sha256.New()
	bytes, err = io.Copy(hash, f)
	return bytes, hex.EncodeToString(hash.Sum(nil)), err
}

// syncFile waits until a file, or the names in a folder, are on the disk.
func syncFile(path string) error {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func mustExist(file, otherwise string) error {
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf(otherwise, file)
	}
	return err
}

func mustNotExist(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return fmt.Errorf("%s exists, and a backup overwrites nothing: give it another name", file)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// readChecksum is the SHA-256 that stands beside a backup.
func readChecksum(file string) (string, error) {
	text, err := os.ReadFile(file + checksumSuffix) //nolint:gosec // the operator names it
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is missing: a backup is restored only with the checksum that was written beside it", filepath.Base(file)+checksumSuffix)
	}
	if err != nil {
		return "", err
	}
	sum, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if decoded, err := hex.DecodeString(sum); err != nil || len(decoded) != sha256.Size {
		return "", fmt.Errorf("%s does not begin with a SHA-256", filepath.Base(file)+checksumSuffix)
	}
	return strings.ToLower(sum), nil
}
