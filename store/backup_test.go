package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

func pathOf(url string) string { return strings.TrimPrefix(url, "sqlite:") }

// backedUp makes a database with charges on three days, and a backup of it.
func backedUp(t *testing.T) (url, file string) {
	t.Helper()
	url, file = storetest.SQLiteURL(t), filepath.Join(t.TempDir(), "copy.db")
	clock := storetest.NewClock(storetest.Start)
	chargeDays(t, storetest.Open(t, url, clock.Now), clock)
	if _, err := store.Backup(context.Background(), url, file); err != nil {
		t.Fatal(err)
	}
	return url, file
}

func TestABackupUnderLoadIsOneMomentOfTheLedger(t *testing.T) {
	url := storetest.SQLiteURL(t)
	s := storetest.Open(t, url, time.Now)
	customers := make([]storetest.Customer, 0, 8)
	for range 8 {
		customers = append(customers, storetest.NewCustomer(t, s, storetest.NewPlan(t, s, fmt.Sprint("Plan ", len(customers)), accounts.MaxDailyCredits).Name))
	}
	meter := usage.NewMeter(s, nil, time.Now, nil)
	var acknowledged atomic.Int64
	var calling sync.WaitGroup
	stop := make(chan struct{})
	for _, c := range customers {
		calling.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := meter.Charge(context.Background(), c.Charge(1)); err != nil {
					t.Error(err)
				}
				acknowledged.Add(1)
			}
		})
	}
	for round := range 5 {
		file := filepath.Join(t.TempDir(), "copy.db")
		before := acknowledged.Load()
		r, err := store.Backup(context.Background(), url, file)
		if err != nil {
			t.Fatal(err)
		}
		after := acknowledged.Load() + int64(len(customers))
		copied := "sqlite:" + filepath.Join(t.TempDir(), "restored.db")
		if _, err := store.Restore(context.Background(), copied, r.File, storetest.Files(), store.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		report := reconcile(t, storetest.Open(t, copied, time.Now))
		if len(report.Differences) > 0 {
			t.Errorf("the totals of the copy do not balance: %v", report.Differences)
		}
		if report.Charges < before || report.Charges > after {
			t.Errorf("round %d: %d charges were acknowledged before the backup and at most %d when it was done, it holds %d", round, before, after, report.Charges)
		}
	}
	close(stop)
	calling.Wait()
	if err := meter.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestABackupIsForItsOwnerAlone(t *testing.T) {
	_, file := backedUp(t)
	for _, name := range []string{file, file + ".sha256"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestABackupOverwritesNothing(t *testing.T) {
	url, file := backedUp(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Backup(context.Background(), url, file); err == nil || !strings.Contains(err.Error(), "another name") {
		t.Errorf("a second backup to the same file gave %v", err)
	}
	if after, _ := os.ReadFile(file); string(after) != string(before) {
		t.Error("the file has changed")
	}
}

func TestABackupOfNothingLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	if _, err := store.Backup(context.Background(), "sqlite:"+filepath.Join(folder, "none.db"), filepath.Join(folder, "copy.db")); err == nil {
		t.Error("a database that does not exist was backed up")
	}
	if entries, _ := os.ReadDir(folder); len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
}

func TestABackupOfDamagedDataIsRefused(t *testing.T) {
	url := storetest.SQLiteURL(t)
	storetest.Migrate(t, url)
	// A row of the totals whose user does not exist.
	storetest.Exec(t, url, "PRAGMA foreign_keys = off", "INSERT INTO daily_usage VALUES ('2026-03-04', zeroblob(16), x'01', 'm', 1, 1, 1, 1, 1)")
	folder := t.TempDir()
	_, err := store.Backup(context.Background(), url, filepath.Join(folder, "copy.db"))
	if err == nil || !strings.Contains(err.Error(), "daily_usage") {
		t.Errorf("the backup gave %v", err)
	}
	if entries, _ := os.ReadDir(folder); len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
}

func TestBackupAndRestoreOfPostgresSayWhatToUse(t *testing.T) {
	const url = "postgres://u:secret@127.0.0.1/db"
	_, backup := store.Backup(context.Background(), url, filepath.Join(t.TempDir(), "x"))
	_, restore := store.Restore(context.Background(), url, filepath.Join(t.TempDir(), "x"), storetest.Files(), store.RestoreOptions{Force: true})
	for _, err := range []error{backup, restore} {
		if !errors.Is(err, store.ErrPostgresBackup) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	}
}

func TestARestoreGivesTheDatabaseOfTheBackup(t *testing.T) {
	url, file := backedUp(t)
	target := storetest.SQLiteURL(t)
	r, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Replaced != "" || r.Pending != 0 || r.File != pathOf(target) {
		t.Errorf("%+v", r)
	}
	for _, table := range []string{"usage", "users", "api_keys", "key_secrets", "daily_usage", "audit_log", "users_search", "schema_migrations"} {
		had, has := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM "+table), storetest.Count(t, storetest.Raw(t, target), "SELECT COUNT(*) FROM "+table)
		if table == "audit_log" {
			had++ // the restore itself
		}
		if had == 0 || had != has {
			t.Errorf("%s: %d rows, restored %d", table, had, has)
		}
	}
	if info, err := os.Stat(pathOf(target)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the restored file: %v, %v", info.Mode(), err)
	}
}

func TestARestoreReplacesOnlyWithForceAndKeepsWhatWasThere(t *testing.T) {
	_, file := backedUp(t)
	target := storetest.SQLiteURL(t)
	storetest.Migrate(t, target)
	storetest.Exec(t, target, "UPDATE plans SET price_cents = 4711")
	if _, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{}); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Fatalf("without force: %v", err)
	}
	r, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := storetest.Count(t, storetest.Raw(t, target), "SELECT COUNT(*) FROM usage"); n != 60 {
		t.Errorf("the restored database holds %d charges", n)
	}
	if n := storetest.Count(t, storetest.Raw(t, "sqlite:"+r.Replaced), "SELECT COUNT(*) FROM plans WHERE price_cents = 4711"); n != 3 {
		t.Errorf("the replaced database holds %d of its plans", n)
	}
}

// SQLite would write what the log holds into the restored database.
func TestARestoreIsNotMixedWithTheLogOfADatabaseThatIsGone(t *testing.T) {
	_, file := backedUp(t)
	target := storetest.SQLiteURL(t)
	storetest.Migrate(t, target)
	open := storetest.Raw(t, target) // keeps the log
	if _, err := open.ExecContext(context.Background(), "UPDATE plans SET price_cents = 4711"); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(pathOf(target) + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatal("there is no log: ", err)
	}
	target = storetest.SQLiteURL(t)
	if err := os.WriteFile(pathOf(target)+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{}); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Fatalf("without force: %v", err)
	}
	r, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{Force: true})
	if err != nil {
		t.Fatal(err)
	}
	if replaced, err := os.ReadFile(r.Replaced + "-wal"); err != nil || !bytes.Equal(replaced, log) {
		t.Errorf("the log was not kept: %v", err)
	}
	db := storetest.Raw(t, target)
	if n := storetest.Count(t, db, "SELECT COUNT(*) FROM plans WHERE price_cents = 4711"); n != 0 {
		t.Errorf("%d plans of the other database are in the restored one", n)
	}
	if n := storetest.Count(t, db, "SELECT COUNT(*) FROM usage"); n != 60 {
		t.Errorf("the restored database holds %d charges", n)
	}
}

func TestARestoreReplacesADamagedDatabase(t *testing.T) {
	_, file := backedUp(t)
	target := storetest.SQLiteURL(t)
	if err := os.WriteFile(pathOf(target), []byte("this is not a database, it only resembles one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	if n := storetest.Count(t, storetest.Raw(t, target), "SELECT COUNT(*) FROM usage"); n != 60 {
		t.Errorf("the restored database holds %d charges", n)
	}
}

func TestARestoreRefusesADatabaseInUse(t *testing.T) {
	_, file := backedUp(t)
	target := storetest.SQLiteURL(t)
	s := storetest.Open(t, target, time.Now)
	if err := s.Ping(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{Force: true})
	if err == nil || !strings.Contains(err.Error(), "stop the service") {
		t.Errorf("got %v", err)
	}
	if entries, _ := filepath.Glob(pathOf(target) + ".replaced*"); len(entries) > 0 {
		t.Errorf("replaced: %v", entries)
	}
}

func TestARestoreRefusesWhatIsNoSoundBackup(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, file string)
		says  string
	}{
		{"a flipped bit", func(t *testing.T, file string) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			body[len(body)/2] ^= 1
			if err := os.WriteFile(file, body, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "SHA-256"},
		{"a truncated file", func(t *testing.T, file string) {
			if err := os.Truncate(file, 8192); err != nil {
				t.Fatal(err)
			}
		}, "SHA-256"},
		{"no checksum", func(t *testing.T, file string) {
			if err := os.Remove(file + ".sha256"); err != nil {
				t.Fatal(err)
			}
		}, "missing"},
		{"a checksum that is none", func(t *testing.T, file string) {
			if err := os.WriteFile(file+".sha256", []byte("abc  copy.db\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "does not begin with a SHA-256"},
		{"a database of another program", func(t *testing.T, file string) {
			storetest.Exec(t, "sqlite:"+file, "DROP TABLE schema_migrations")
			sign(t, file)
		}, "not a database of Codexible"},
		{"a newer schema", func(t *testing.T, file string) {
			storetest.Exec(t, "sqlite:"+file, "INSERT INTO schema_migrations VALUES ('9999', 'future', 'x', '2030-01-01T00:00:00Z')")
			sign(t, file)
		}, "newer version"},
		{"rows that refer to nothing", func(t *testing.T, file string) {
			storetest.Exec(t, "sqlite:"+file, "PRAGMA foreign_keys = off", "DELETE FROM api_keys")
			sign(t, file)
		}, "refer to nothing"},
		{"no database at all", func(t *testing.T, file string) {
			if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
			sign(t, file)
		}, "no readable SQLite database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, file := backedUp(t)
			c.spoil(t, file)
			target := storetest.SQLiteURL(t)
			_, err := store.Restore(context.Background(), target, file, storetest.Files(), store.RestoreOptions{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
			if entries, _ := os.ReadDir(filepath.Dir(pathOf(target))); len(entries) > 0 {
				t.Errorf("left: %v", entries)
			}
		})
	}
}

// sign writes the checksum that a file has.
func sign(t *testing.T, file string) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file+".sha256", fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(body), filepath.Base(file)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARestoreOfAnOlderSchemaSaysWhatIsPending(t *testing.T) {
	_, file := backedUp(t)
	files := withMigration(t, "sqlite", "9999_more.sql", "-- +goose Up\nCREATE TABLE more (id integer);\n-- +goose Down\nDROP TABLE more;\n")
	r, err := store.Restore(context.Background(), storetest.SQLiteURL(t), file, files, store.RestoreOptions{})
	if err != nil || r.Pending != 1 {
		t.Errorf("%+v: %v", r, err)
	}
}

func TestScheduledBackupsAreKeptByNumber(t *testing.T) {
	folder := t.TempDir()
	names := make([]string, 0, 5)
	for day := range 5 {
		name := store.BackupName(storetest.Start.AddDate(0, 0, day))
		names = append(names, name)
		for _, suffix := range []string{"", ".sha256"} {
			if err := os.WriteFile(filepath.Join(folder, name+suffix), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	interrupted := filepath.Join(folder, "."+names[0]+".partial-1")
	for _, foreign := range []string{"before-the-move.db", "codexible.db", filepath.Base(interrupted), "." + names[1] + ".partial-2"} {
		if err := os.WriteFile(filepath.Join(folder, foreign), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(interrupted, long, long); err != nil {
		t.Fatal(err)
	}
	removed, err := store.RemoveBackups(folder, 2)
	if err != nil || len(removed) != 3 {
		t.Fatalf("removed %v: %v", removed, err)
	}
	left := make([]string, 0, 8)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{"." + names[1] + ".partial-2", "before-the-move.db", names[3], names[3] + ".sha256", names[4], names[4] + ".sha256", "codexible.db"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Error(diff)
	}
	if at, ours := store.BackupTime(filepath.Join(folder, names[4])); !ours || !at.Equal(storetest.Start.AddDate(0, 0, 4)) {
		t.Errorf("%s is of %v, %v", names[4], at, ours)
	}
}
