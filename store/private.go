package store

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// keepPrivate makes the files of an embedded database readable and writable for
// their owner alone, whatever the umask: a database that is missing is created
// so before SQLite opens it, and files that others may read are corrected.
// SQLite gives the files beside a database the database's own mode. It fails
// where a mode cannot be changed, as on a file of another user.
//
// No file that exists is opened: closing a descriptor of a database gives up
// the locks that this process has on it.
func keepPrivate(file string) error {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		// SQLite opens the file next, and reports a failure.
		if f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600); err == nil { //nolint:gosec // it is the database
			_ = f.Close()
		}
	}
	var failed error
	for _, suffix := range databaseFiles {
		failed = errors.Join(failed, makePrivate(file+suffix))
	}
	replaced, err := filepath.Glob(globQuote(file) + replacedMark + "*")
	for _, old := range replaced {
		failed = errors.Join(failed, makePrivate(old))
	}
	return errors.Join(failed, err)
}

// makePrivate takes a file from everybody but its owner; one that is missing is no error.
func makePrivate(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return ignoreMissing(err)
	}
	if mode := info.Mode().Perm(); info.Mode().IsRegular() && mode&0o077 != 0 {
		return ignoreMissing(os.Chmod(file, mode&^0o077))
	}
	return nil
}

// globQuote is a path as a pattern that matches it alone.
func globQuote(path string) string {
	quoted := make([]byte, 0, len(path))
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, path[i])
	}
	return string(quoted)
}

// warnOfReaders says which file of the database others may read.
func warnOfReaders(ctx context.Context, log *slog.Logger, cause error) {
	if cause != nil && log != nil {
		log.WarnContext(ctx, "other users of this machine may read the database: make the user of the service the owner of its files, with mode 0600", "error", cause)
	}
}
