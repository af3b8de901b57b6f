package store

import (
	"errors"
	"os"
)

// logPages is how many pages the log has when SQLite moves it into the file.
const logPages = 2048

// logBytes is room for them, each with its header, and for the batch that passes the mark.
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
