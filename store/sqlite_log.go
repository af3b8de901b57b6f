package store

import (
	"errors"
	"fmt"
	"os"
)

const (
	// logPages is how many pages the meter writes to the WAL between two checkpoints.
	logPages = 2048
	// longLogPages is the length of the WAL at which a checkpoint waits for readers,
	// and at which other writers checkpoint it themselves.
	longLogPages = 4 * logPages
	// readersWait is how long a checkpoint waits for readers, in milliseconds.
	readersWait = 100
)

// logBytes has space for logPages, each with its header, and for the batch that exceeds them.
const logBytes = (logPages + 256) * (4096 + 24)

// reserveLog allocates the WAL once, before anything is in it, so that a commit
// only overwrites data. A commit that extends the file also has to write the new
// length, and ext4 can lose that although fdatasync reports success: at the moment
// when an error makes it read-only. SQLite ends the WAL at the first page with a
// wrong checksum, so zeros after it mean nothing.
//
// The caller holds the write lock, without which nobody can append.
func reserveLog(path string) error {
	log, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the database's own WAL
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	info, err := log.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, 256<<10)
	for at := info.Size(); at < logBytes; at += int64(len(zeros)) {
		if _, err := log.WriteAt(zeros[:min(int64(len(zeros)), logBytes-at)], at); err != nil {
			return errors.Join(err, log.Truncate(info.Size()))
		}
	}
	return log.Sync()
}

// checkpoints decides when a meter's connection checkpoints the WAL.
type checkpoints struct {
	// every is the number of written pages between checkpoints, written the pages written since the last.
	every, written int
	// long is the number of pages from which the WAL is long, tooLong the number from which a checkpoint waits for readers.
	long, tooLong int
}

// checkpointWAL checkpoints the WAL when enough pages have been written to it. SQLite's
// own way is to try after every commit while the WAL is long, with two syncs each;
// and the WAL stays long where readers overlap, because it restarts only while
// nobody reads from it. So the meter counts the pages it wrote, and once the WAL is
// long waits a moment for its readers; readers that start meanwhile read the
// database file. After a reader that takes longer, the next wait is when the WAL
// has doubled.
//
// A checkpoint that fails is repeated later: the charges are on disk in the WAL.
func (b *sqliteLedger) checkpointWAL() {
	l := &b.checkpoints
	if l.written += b.handle.written(); l.written < l.every {
		return
	}
	l.written = 0
	pages, _, err := b.handle.checkpoint("PASSIVE")
	if err != nil || pages < l.tooLong {
		return
	}
	_ = b.handle.pragma(fmt.Sprintf("busy_timeout(%d)", readersWait))
	_, done, err := b.handle.checkpoint("RESTART")
	_ = b.handle.pragma(fmt.Sprintf("busy_timeout(%d)", busyWait))
	l.tooLong = 2 * pages
	if done && err == nil {
		l.tooLong = l.long
	}
}
