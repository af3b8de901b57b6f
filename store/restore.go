package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// RestoreResult says what a restore did.
type RestoreResult struct {
	File   string
	Bytes  int64
	SHA256 string
	// Replaced is the name under which the earlier database is kept; empty if there was no database.
	Replaced string
	// Pending counts the migrations that the restored database lacks.
	Pending int
	// SessionsEnded, CustomerSessionsEnded and SetupLinksEnded count what the backup held of them: none is in the restored database.
	SessionsEnded, CustomerSessionsEnded, SetupLinksEnded int64
	// Unread is why the database that was there could not be compared with the backup; nil where
	// it was, and Revived is then all there is.
	Unread error
	// Revived is what that database had ended and the backup had not. Kept reports that it was
	// ended in the restored database too.
	Revived Revived
	Kept    bool
}

// RestoreOptions say what a restore may do.
type RestoreOptions struct {
	// Force replaces a database that is there.
	Force bool
	// KeepRevocations ends in the restored database what the one that is there had ended since the backup.
	KeepRevocations bool
}

// errNoBackup begins what is wrong with a file that cannot be restored.
var errNoBackup = errors.New("the backup cannot be used, and nothing was changed")

// Restore puts a backup in the place of an embedded database. The backup has to
// match its checksum, be sound and have a schema that this version knows. A
// database that is there is kept under another name, and replaced only with
// force; one that a program has open is not replaced at all. Console sessions and
// set-up links of the backup are ended, and the restore is in the audit log.
func Restore(ctx context.Context, databaseURL, backup string, files Files, o RestoreOptions) (r RestoreResult, err error) {
	target, err := fileOf(databaseURL)
	if err != nil {
		return r, err
	}
	exists, err := anyOf(target)
	if err != nil {
		return r, err
	}
	if exists && !o.Force {
		return r, fmt.Errorf("%s exists: --force replaces it, and keeps it under another name", target)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return r, fmt.Errorf("the folder of the database cannot be made: %w", err)
	}
	partial, err := partialFile(target)
	if err != nil {
		return r, err
	}
	defer func() {
		for _, suffix := range databaseFiles {
			_ = os.Remove(partial + suffix)
		}
	}()
	if err := r.fetch(ctx, backup, partial, files); err != nil {
		return r, fmt.Errorf("%w: %w", errNoBackup, err)
	}
	r.File = target
	if exists {
		if err := release(ctx, target); err != nil {
			return r, err
		}
	}
	if err := r.amend(ctx, partial, filepath.Base(backup), files, o); err != nil {
		return r, fmt.Errorf("nothing was changed: %w", err)
	}
	if exists {
		if r.Replaced, err = renameReplaced(target); err != nil {
			return r, err
		}
	}
	if err := os.Rename(partial, target); err != nil {
		if r.Replaced != "" {
			err = errors.Join(err, os.Rename(r.Replaced, target))
		}
		return r, err
	}
	return r, syncFile(filepath.Dir(target))
}

// fetch copies a backup and checks what has arrived.
func (r *RestoreResult) fetch(ctx context.Context, backup, partial string, files Files) error {
	sum, err := readChecksum(backup)
	if err != nil {
		return err
	}
	if err := copyFile(backup, partial); err != nil {
		return err
	}
	if r.Bytes, r.SHA256, err = digest(partial); err != nil {
		return err
	}
	if r.SHA256 != sum {
		return fmt.Errorf("its SHA-256 is %s, and %s says %s", r.SHA256, filepath.Base(backup)+checksumSuffix, sum)
	}
	if err := checkFile(ctx, partial); err != nil {
		return err
	}
	r.Pending, err = pendingIn(ctx, partial, files)
	return err
}

func copyFile(from, to string) error {
	source, err := os.Open(from) //nolint:gosec // the operator names it
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // it was made beside the database
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}

// pendingIn counts the migrations that a database file lacks; one that it has
// and this version does not know is an error.
func pendingIn(ctx context.Context, file string, files Files) (pending int, err error) {
	known, err := readMigrations(dialectSQLite, files.Migrations)
	if err != nil {
		return 0, err
	}
	m := &Migrator{db: openStillFile(file), dialect: dialectSQLite, files: files, known: known}
	defer func() { _ = m.Close() }()
	tables, err := firstCell(ctx, m.db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'schema_migrations'")
	if err != nil {
		return 0, err
	}
	if tables == "0" {
		return 0, errors.New("it is not a database of Codexible: it has no table schema_migrations")
	}
	tx, err := m.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }()
	status, err := m.history(ctx, tx)
	if err != nil {
		return 0, err
	}
	for _, step := range status {
		if step.AppliedAt == nil {
			pending++
		}
	}
	return pending, m.judge(status)
}

// release writes what waits in the WAL of a database into its file, where it can
// be read at all. That needs the file alone, so it fails while a program has it open.
func release(ctx context.Context, file string) error {
	if err := refuseHeld(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if isBusy(closeWAL(ctx, file)) {
		return fmt.Errorf("%s is in use: stop the service first", file)
	}
	return nil // it may be damaged beyond reading, which is when backups are restored: its WAL goes with it
}

// renameReplaced renames a database that was released, with the time in the name, and returns that name.
func renameReplaced(file string) (renamed string, err error) {
	renamed = file + replacedMark + time.Now().UTC().Format("20060102T150405.000Z")
	for _, suffix := range slices.Backward(databaseFiles) { // the database last: a restore that is killed on the way finds it, and starts over
		_ = makePrivate(file + suffix) // a file of another user is renamed as it is
		if err := os.Rename(file+suffix, renamed+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return renamed, nil
}

// replacedMark stands before the time in the name of a replaced database.
const replacedMark = ".replaced-"

// databaseFiles end the names of the files that one database is made of. SQLite
// writes what the others hold into whatever database lies beside them.
var databaseFiles = []string{"", "-shm", "-wal", "-journal"}

// anyOf reports whether any file of a database exists.
func anyOf(file string) (exists bool, err error) {
	for _, suffix := range databaseFiles {
		switch _, err := os.Lstat(file + suffix); {
		case err == nil:
			exists = true
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
	}
	return exists, nil
}

func closeWAL(ctx context.Context, file string) error {
	db := openPlainFile(file, "mode=rw")
	defer func() { _ = db.Close() }()
	_, err := firstCell(ctx, db, "PRAGMA journal_mode = DELETE")
	return err
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

// refuseHeld fails where another process has a database file open: SQLite keeps
// a lock on the bytes below for as long as a connection to a WAL database lives.
// It is not for a process that has the file open itself: closing any descriptor
// of a file gives up the process's own locks on it.
func refuseHeld(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0) //nolint:gosec // it is the database
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	const pendingByte, lockBytes = 0x40000000, 512
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: pendingByte, Len: lockBytes}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil || lock.Type == syscall.F_UNLCK {
		return nil // a file system without locks cannot answer, and the WAL's own lock is tested next
	}
	return fmt.Errorf("%s is in use by process %d: stop the service first", file, lock.Pid)
}
