package store

import (
	"errors"
	"fmt"
	"os"
)

const (
	// logPages is how many pages the meter writes to the log between two moves of the log into the file.
	logPages = 2048
	// longLogPages is how long the log becomes before readers are waited for, and
	// before those who write beside the meter move it themselves.
	longLogPages = 4 * logPages
	// readersWait is how long, in milliseconds.
	readersWait = 100
)

// logBytes is room for logPages, each with its header, and for the batch that passes the mark.
const logBytes = (logPages + 256) * (4096 + 24)

// reserveLog writes the room of the log once, before anything is in it: a
// commit is then nothing but data written over data. Where it makes the file
// longer, the disk has to write down the new length too, which ext4 can fail to
// do while fdatasync says that it was done: in the moment in which an error
// turns it read-only. SQLite ends the log at the first page whose checksum is
// not right, so that zeros behind it mean nothing.
//
// It is called with the write lock held, which alone lets anybody append.
func reserveLog(path string) error {
	log, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // it is the database's own
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

// logMoves is when a meter's connection moves the log into the file.
type logMoves struct {
	// every is after how many pages that it wrote, unmoved how many it has written since the last time, moves how often it has.
	every, unmoved, moves int
	// long is from how many pages on the log is long, tooLong from how many on it waits for readers.
	long, tooLong int
}

// moveLog moves the log into the file when a good deal has been written to it.
// SQLite's own way is to try again after every commit for as long as the log is
// long, with two waits for the disk each; and it stays long where readers
// overlap, since it is begun anew only while nobody reads from it. So the meter
// counts what it wrote, and once the log is long waits a moment for those who
// read: who comes meanwhile reads the file. A reader who stays longer is waited
// for again when the log has doubled.
//
// A log that cannot be moved is moved later: its charges are on the disk.
func (b *sqliteBooks) moveLog() {
	l := &b.log
	if l.unmoved += b.handle.written(); l.unmoved < l.every {
		return
	}
	l.unmoved = 0
	l.moves++
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
