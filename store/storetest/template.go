package storetest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Migrating takes longer than most tests. So it is done once, and a test gets a
// copy of the outcome.

func migratedSQLiteURL(t testing.TB) string {
	t.Helper()
	image, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	u := SQLiteURL(t)
	if err := os.WriteFile(strings.TrimPrefix(u, "sqlite:"), image, 0o600); err != nil {
		t.Fatal(err)
	}
	return u
}

// sqliteTemplate is the migrated file; its log is written back when the migrator closes it.
var sqliteTemplate = sync.OnceValues(func() (image []byte, err error) {
	folder, err := os.MkdirTemp("", "codexible")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migratedPostgresURL(t testing.TB) string {
	t.Helper()
	server := postgresServer(t)
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, server, template)
}

// postgresTemplate names the migrated database that the server keeps for this
// schema and these migrations. Of several test processes one makes it.
var postgresTemplate = sync.OnceValues(func() (name string, err error) {
	server := os.Getenv("CODEXIBLE_TEST_POSTGRES")
	if name, err = templateName(); err != nil {
		return "", err
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx := context.Background()
	lock, err := db.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext('codexible test template'))"); err != nil {
		return "", err
	}
	defer func() { _, _ = lock.ExecContext(ctx, "SELECT pg_advisory_unlock_all()") }()
	var exists bool
	if err := db.QueryRow("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	// Under its name there is only ever a finished one.
	const unfinished = "codexible_template_unfinished"
	for _, statement := range []string{"DROP DATABASE IF EXISTS " + unfinished, "CREATE DATABASE " + unfinished} {
		if _, err := db.Exec(statement); err != nil {
			return "", err
		}
	}
	if err := migrate(databaseURL(server, unfinished)); err != nil {
		return "", err
	}
	_, err = db.Exec("ALTER DATABASE " + unfinished + " RENAME TO " + name)
	return name, err
})

func templateName() (string, error) {
	files, sum := Files(), sha256.New()
	_, _ = sum.Write(files.Schema)
	err := fs.WalkDir(files.Migrations, "postgres", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files.Migrations, path)
		_, _ = sum.Write(body)
		return err
	})
	return "codexible_template_" + hex.EncodeToString(sum.Sum(nil)[:8]), err
}
