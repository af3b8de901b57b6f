// Package storetest gives tests real databases: a fresh SQLite file and a fresh
// Postgres database each.
package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/secrets"
	"codexible/store"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", for making databases
)

// Start is where a test's clock stands at first: noon of a Wednesday, UTC.
var Start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// Clock is a clock that a test sets.
type Clock struct{ at atomic.Pointer[time.Time] }

// NewClock returns a clock that is set to an instant.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.Set(at)
	return c
}

// Now returns the time.
func (c *Clock) Now() time.Time { return *c.at.Load() }

// Set moves the clock to an instant.
func (c *Clock) Set(at time.Time) { c.at.Store(&at) }

// Add moves the clock on.
func (c *Clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

// Files is what the binary embeds, read from the source.
func Files() store.Files {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(file), "..", "..")
	hcl, err := os.ReadFile(filepath.Join(root, "schema.hcl"))
	if err != nil {
		panic(err)
	}
	return store.Files{Schema: hcl, Migrations: os.DirFS(filepath.Join(root, "store", "migrations"))}
}

// EachURL runs a test once on each database, given by the URL of an empty one.
func EachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, PostgresURL(t)) })
}

// EachMigratedURL runs a test once on each database, given by the URL of one that is migrated and empty.
func EachMigratedURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, migratedSQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, migratedPostgresURL(t)) })
}

// Each runs a test once on each database, migrated and open; the clock stands at Start.
func Each(t *testing.T, test func(t *testing.T, s *store.Store, clock *Clock)) {
	t.Helper()
	EachMigratedURL(t, func(t *testing.T, url string) {
		clock := NewClock(Start)
		test(t, Connect(t, url, clock.Now), clock)
	})
}

// Open migrates and opens a database, until the test ends.
func Open(t testing.TB, url string, now func() time.Time) *store.Store {
	t.Helper()
	Migrate(t, url)
	return Connect(t, url, now)
}

// Connect opens a migrated database, until the test ends.
func Connect(t testing.TB, url string, now func() time.Time) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url, Now: now, Synchronous: "NORMAL", Patience: time.Hour, Secrets: Secrets()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// SecretKey is the key of every store of a test.
var SecretKey = secrets.MintKey()

// Secrets are the keys of every store of a test.
func Secrets() *secrets.Ring { return secrets.NewRing(SecretKey, secrets.Key{}, "") }

// Migrate brings a database to the current schema.
func Migrate(t testing.TB, url string) {
	t.Helper()
	if err := migrate(url); err != nil {
		t.Fatal(err)
	}
}

func migrate(url string) error {
	m, err := store.NewMigrator(url, Files())
	if err != nil {
		return err
	}
	_, err = m.Up(context.Background())
	return errors.Join(err, m.Close())
}

// SQLiteURL names a SQLite file that does not exist yet, in the test's folder.
func SQLiteURL(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "codexible.db") }

var databases atomic.Int64

// PostgresURL makes an empty Postgres database, until the test ends. Without a
// server the test is skipped, or fails where CODEXIBLE_TEST_STRICT says that a
// server has to be there.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, postgresServer(t), "template1")
}

func postgresServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv("CODEXIBLE_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("CODEXIBLE_TEST_STRICT") != "" {
			t.Fatal("CODEXIBLE_TEST_POSTGRES names no server, and under make test nothing is skipped")
		}
		t.Skip("CODEXIBLE_TEST_POSTGRES names no Postgres server; make test starts one")
	}
	return server
}

func newDatabase(tb testing.TB, server, template string) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	exec(tb, server, "CREATE DATABASE "+name+" TEMPLATE "+template)
	tb.Cleanup(func() { exec(tb, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	if os.Getenv("CODEXIBLE_TEST_THROUGH") == "pgbouncer" {
		server = os.Getenv("CODEXIBLE_TEST_PGBOUNCER")
	}
	return databaseURL(server, name)
}

// PooledURL makes a migrated Postgres database and gives its address through PgBouncer and without it.
func PooledURL(t testing.TB) (pooled, direct string) {
	t.Helper()
	direct = migratedPostgresURL(t)
	return ThroughPooler(t, direct), direct
}

// ThroughPooler is the address of a Postgres database of a test through PgBouncer, which shares its connections between transactions.
func ThroughPooler(t testing.TB, direct string) string {
	t.Helper()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	return databaseURL(os.Getenv("CODEXIBLE_TEST_PGBOUNCER"), strings.TrimPrefix(u.Path, "/"))
}

func databaseURL(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic("CODEXIBLE_TEST_POSTGRES is no URL") // pgx has read it before
	}
	u.Path = "/" + name
	return u.String()
}

// creating keeps one process to one CREATE DATABASE at a time: each copies a
// database that nobody may use meanwhile.
var creating sync.Mutex

func exec(t testing.TB, url, statement string) {
	t.Helper()
	creating.Lock()
	defer creating.Unlock()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// Another test process may be using the template at this moment.
	for try := 0; ; try++ {
		_, err = db.ExecContext(context.Background(), statement)
		if err == nil {
			return
		}
		if try == 50 || !strings.Contains(err.Error(), "being accessed by other users") {
			t.Fatal(err)
		}
	}
}
