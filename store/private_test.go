package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
)

// withoutUmask has files get the mode that they are created with, until the test ends.
func withoutUmask(t *testing.T) {
	t.Helper()
	before := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(before) })
}

// wantPrivate fails for every file under a folder that others may read, and for a folder that was made there.
func wantPrivate(t *testing.T, folder string, atLeast int) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // SQLite removes its files as it closes them
			return nil
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		files++
		return err
	})
	if err != nil || files < atLeast {
		t.Errorf("%d files, want at least %d: %v", files, atLeast, err)
	}
}

func TestTheDatabaseIsForItsOwnerAloneWhateverTheUmask(t *testing.T) {
	withoutUmask(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "codexible.db")
	s := storetest.Open(t, "sqlite:"+file, time.Now)
	storetest.NewPlan(t, s, "Any", 1)
	wantPrivate(t, folder, 3) // the database, its WAL and its index
	backup := filepath.Join(folder, "copy.db")
	if _, err := store.Backup(context.Background(), "sqlite:"+file, backup); err != nil {
		t.Fatal(err)
	}
	wantPrivate(t, folder, 5)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(context.Background(), "sqlite:"+file, backup, storetest.Files(), store.RestoreOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	wantPrivate(t, folder, 4)
}

// A file must not be readable for the moment between its creation and a change of its mode.
func TestAFreshDatabaseIsNeverReadableByOthers(t *testing.T) {
	withoutUmask(t)
	for round := range 20 {
		folder := t.TempDir()
		file := filepath.Join(folder, "codexible.db")
		ended := make(chan struct{})
		watched := make(chan error, 1)
		go func() {
			for {
				for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
					if info, err := os.Stat(file + suffix); err == nil && info.Mode().Perm()&0o077 != 0 {
						watched <- errors.New(suffix + " was seen with mode " + info.Mode().String())
						return
					}
				}
				select {
				case <-ended:
					watched <- nil
					return
				default:
				}
			}
		}()
		m, err := store.NewMigrator("sqlite:"+file, storetest.Files())
		if err == nil {
			_, err = m.Status(context.Background())
			err = errors.Join(err, m.Close())
		}
		close(ended)
		if err := errors.Join(err, <-watched); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func TestFilesThatOthersMayReadAreCorrectedWhenTheDatabaseIsOpened(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(t *testing.T, url string)
	}{
		{"by the service", func(t *testing.T, url string) {
			t.Helper()
			if err := storetest.Connect(t, url, time.Now).Ping(context.Background()); err != nil {
				t.Fatal(err)
			}
		}},
		{"by a command that reads the schema", func(t *testing.T, url string) {
			t.Helper()
			m, err := store.NewMigrator(url, storetest.Files())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = m.Close() }()
			if err := m.Check(context.Background()); err != nil {
				t.Fatal(err)
			}
		}},
		{"for a backup", func(t *testing.T, url string) {
			t.Helper()
			if _, err := store.Backup(context.Background(), url, filepath.Join(t.TempDir(), "copy.db")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			withoutUmask(t)
			url := storetest.SQLiteURL(t)
			file := strings.TrimPrefix(url, "sqlite:")
			s := storetest.Open(t, url, time.Now) // keeps the WAL and its index there
			storetest.NewPlan(t, s, "Any", 1)
			replaced := file + ".replaced-20260304T120000.000Z"
			if err := os.WriteFile(replaced, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{file, file + "-wal", file + "-shm", replaced} {
				if err := os.Chmod(name, 0o644); err != nil { // what an earlier version left
					t.Fatal(err)
				}
			}
			c.open(t, url)
			wantPrivate(t, filepath.Dir(file), 4)
		})
	}
}

func TestADatabaseThroughALinkIsMadeForItsOwnerAlone(t *testing.T) {
	withoutUmask(t)
	folder := t.TempDir()
	if err := os.Symlink("real.db", filepath.Join(folder, "link.db")); err != nil {
		t.Fatal(err)
	}
	storetest.Migrate(t, "sqlite:"+filepath.Join(folder, "link.db"))
	info, err := os.Stat(filepath.Join(folder, "real.db"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database has mode %v: %v", info.Mode(), err)
	}
}

func TestScheduledBackupsThatOthersMayReadAreCorrected(t *testing.T) {
	withoutUmask(t)
	folder := t.TempDir()
	name := filepath.Join(folder, store.BackupName(storetest.Start))
	foreign := filepath.Join(folder, "notes.txt")
	for _, file := range []string{name, name + ".sha256", foreign} {
		if err := os.WriteFile(file, nil, 0o644); err != nil { // what a copy with cp leaves
			t.Fatal(err)
		}
	}
	if err := store.KeepBackupsPrivate(folder); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]fs.FileMode{name: 0o600, name + ".sha256": 0o600, foreign: 0o644} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v: %v", filepath.Base(file), info.Mode(), want, err)
		}
	}
}
