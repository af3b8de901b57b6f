package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// BackupsIn lists the backups of a folder that were named by BackupName, the oldest first.
func BackupsIn(folder string) (files []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if _, ours := BackupTime(e.Name()); ours {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files, err
}

// KeepBackupsPrivate takes the scheduled backups of a folder and their checksums
// from everybody but their owner.
func KeepBackupsPrivate(folder string) error {
	files, err := BackupsIn(folder)
	for _, file := range files {
		err = errors.Join(err, makePrivate(file), makePrivate(file+checksumSuffix))
	}
	return err
}

const backupLayout = "codexible-20060102T150405Z.db"

// BackupName is the name of the scheduled backup of an instant.
func BackupName(at time.Time) string { return at.UTC().Format(backupLayout) }

// BackupTime is the instant of a scheduled backup; false for any other file.
func BackupTime(file string) (at time.Time, ours bool) {
	at, err := time.Parse(backupLayout, filepath.Base(file))
	return at, err == nil
}

// RemoveBackups removes all but the latest backups of a folder with their checksums,
// and what an interrupted backup left.
func RemoveBackups(folder string, keep int) (removed []string, err error) {
	files, err := BackupsIn(folder)
	if err != nil {
		return nil, err
	}
	for _, file := range files[:max(len(files)-keep, 0)] {
		if err := errors.Join(os.Remove(file), ignoreMissing(os.Remove(file+checksumSuffix))); err != nil {
			return removed, err
		}
		removed = append(removed, file)
	}
	return removed, removeInterrupted(folder)
}

// interruptedAfter is after how long a half-written backup is taken for one whose process died.
const interruptedAfter = 24 * time.Hour

func removeInterrupted(folder string) error {
	left, err := filepath.Glob(filepath.Join(folder, ".codexible-*Z.db*.partial-*"))
	for _, file := range left {
		if info, found := os.Stat(file); found == nil && time.Since(info.ModTime()) > interruptedAfter {
			err = errors.Join(err, ignoreMissing(os.Remove(file)))
		}
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
