package store_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"ariga.io/atlas/sql/migrate"
	"github.com/google/go-cmp/cmp"
)

var planName = flag.String("plan", "", "write the migration that schema.hcl asks for, under this name")

var sum = flag.Bool("sum", false, "write atlas.sum anew, after a migration that was not released was edited by hand")

func TestAtlasSumsCoverTheMigrations(t *testing.T) {
	for _, dialect := range []string{"sqlite", "postgres"} {
		dir, err := migrate.NewLocalDir(filepath.Join("migrations", dialect))
		if err != nil {
			t.Fatal(err)
		}
		if *sum {
			hash, err := dir.Checksum()
			if err != nil {
				t.Fatal(err)
			}
			if err := migrate.WriteSumFile(dir, hash); err != nil {
				t.Fatal(err)
			}
		}
		if err := migrate.Validate(dir); err != nil {
			t.Errorf("%s: %v", dialect, err)
		}
	}
}

// With -plan NAME this test writes what it would otherwise complain about.
func TestMigrationsMatchTheSchema(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		m, err := store.NewMigrator(url, storetest.Files())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		dialect, _, _ := strings.Cut(url, ":")
		dialect = strings.Replace(dialect, "postgresql", "postgres", 1)
		written, err := m.Plan(context.Background(), *planName)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) == 0 {
			return
		}
		if *planName == "" {
			t.Fatalf("schema.hcl asks for a migration that does not exist (make migration NAME=what_changes):\n%s", written[0].Body)
		}
		for _, f := range written {
			if err := os.WriteFile(filepath.Join("migrations", dialect, f.Name), f.Body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func newMigrator(t *testing.T, url string, files store.Files) *store.Migrator {
	t.Helper()
	m, err := store.NewMigrator(url, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func dialectOf(url string) string {
	dialect, _, _ := strings.Cut(url, ":")
	return dialect
}

// relations lists tables, indexes and whatever else a migration left in a database.
func relations(t *testing.T, db *sql.DB, url string) (names []string) {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
	if dialectOf(url) == "postgres" {
		query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname"
	}
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func versions(list []store.Migration) (versions []string) {
	for _, m := range list {
		versions = append(versions, m.Version+"_"+m.Name)
	}
	return versions
}

func TestMigrationsLeadUpFromNothingDownToNothingAndUpAgain(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx, m, db := context.Background(), newMigrator(t, url, storetest.Files()), storetest.Raw(t, url)
		pending, err := m.Status(ctx)
		if err != nil || len(pending) == 0 {
			t.Fatal(pending, err)
		}
		var before []string
		for round := range 2 {
			applied, err := m.Up(ctx)
			if diff := cmp.Diff(versions(pending), versions(applied)); diff != "" || err != nil {
				t.Fatal(err, diff)
			}
			if again, err := m.Up(ctx); err != nil || len(again) != 0 {
				t.Errorf("up on a database that is up to date applies %v: %v", versions(again), err)
			}
			status, err := m.Status(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range status {
				if step.AppliedAt == nil || step.AppliedAt.IsZero() || step.Unknown {
					t.Errorf("%s_%s is not applied: %+v", step.Version, step.Name, step)
				}
			}
			if err := m.Check(ctx); err != nil {
				t.Error(err)
			}
			if up := relations(t, db, url); round == 0 {
				before = up
			} else if diff := cmp.Diff(before, up); diff != "" {
				t.Errorf("the second way up leads elsewhere: %s", diff)
			}
			undone, err := m.Down(ctx, len(pending))
			want := versions(pending)
			slices.Reverse(want)
			if diff := cmp.Diff(want, versions(undone)); diff != "" || err != nil {
				t.Fatal(err, diff)
			}
			for _, name := range relations(t, db, url) {
				if !strings.HasPrefix(name, "schema_migrations") {
					t.Errorf("%s is left", name)
				}
			}
			if more, err := m.Down(ctx, 1); err != nil || len(more) != 0 {
				t.Errorf("down on an empty database undoes %v: %v", versions(more), err)
			}
		}
	})
}

func TestAFreshDatabaseHoldsTheThreePlansAndNothingElse(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s, db := storetest.Connect(t, url, storetest.NewClock(storetest.Start).Now), storetest.Raw(t, url)
		plans, err := s.Plans(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]accounts.Plan{}
		for _, p := range plans {
			got[p.Name] = p
		}
		for name, want := range map[string][2]int64{"Starter": {75, 1000}, "Pro": {250, 3000}, "Business": {500, 5000}} {
			p := got[name]
			if p.DailyCreditLimit != want[0] || p.PriceCents != want[1] || p.RateLimitPerMinute != 100 || string(p.Features) != "{}" || p.Archived || p.CreatedAt.IsZero() || p.ID.Version() != 7 {
				t.Errorf("%s: %+v", name, p)
			}
		}
		if len(plans) != 3 {
			t.Errorf("%d plans", len(plans))
		}
		for _, table := range []string{"users", "api_keys", "key_secrets", "usage", "daily_usage", "user_days", "idempotency_keys", "audit_log", "console_sessions"} {
			if n := storetest.Count(t, db, "SELECT COUNT(*) FROM "+table); n != 0 {
				t.Errorf("%s holds %d rows", table, n)
			}
		}
	})
}

func TestOfSeveralInstancesThatStartAtOnceExactlyOneMigrates(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		const instances = 6
		applied := make([]int, instances)
		var wg sync.WaitGroup
		for i := range applied {
			m := newMigrator(t, url, storetest.Files())
			wg.Go(func() {
				steps, err := m.Up(context.Background())
				if err != nil {
					t.Error(err)
				}
				applied[i] = len(steps)
			})
		}
		wg.Wait()
		slices.Sort(applied)
		if applied[instances-1] == 0 || applied[instances-2] != 0 {
			t.Errorf("the instances applied %v migrations", applied)
		}
		if err := newMigrator(t, url, storetest.Files()).Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// withMigration is the program's files with one more migration, or another text of a known one.
func withMigration(t *testing.T, dialect, name, body string) store.Files {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, storetest.Files().Migrations); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, dialect)
	if err := os.WriteFile(filepath.Join(path, name), []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	dir, err := migrate.NewLocalDir(path)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := dir.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.WriteSumFile(dir, hash); err != nil {
		t.Fatal(err)
	}
	return store.Files{Schema: storetest.Files().Schema, Migrations: os.DirFS(root)}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %v, want %q in it", err, part)
		}
	}
}

func TestAMigrationThatIsPendingUnknownOrChangedStopsTheStartWithASentence(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx, dialect := context.Background(), dialectOf(url)
		ours := newMigrator(t, url, storetest.Files())
		wantError(t, ours.Check(ctx), "0001_init is pending", "codexible migrate up", "MIGRATE_ON_START")
		storetest.Migrate(t, url)

		newer := newMigrator(t, url, withMigration(t, dialect, "9998_newer.sql", "-- +goose Up\nCREATE TABLE newer (id text);\n-- +goose Down\nDROP TABLE newer;\n"))
		wantError(t, newer.Check(ctx), "9998_newer is pending")
		if applied, err := newer.Up(ctx); err != nil || len(applied) != 1 {
			t.Fatal(applied, err)
		}
		_, err := ours.Up(ctx)
		_, down := ours.Down(ctx, 1)
		wantError(t, ours.Check(ctx), "9998_newer", "does not know", "newer version")
		wantError(t, err, "9998_newer", "does not know")
		wantError(t, down, "9998", "not known to this version")
		if status, err := ours.Status(ctx); err != nil || !status[len(status)-1].Unknown || status[len(status)-1].Name != "newer" {
			t.Errorf("the status does not show the unknown migration: %v, %v", status, err)
		}
		if undone, err := newer.Down(ctx, 1); err != nil || len(undone) != 1 {
			t.Fatal(undone, err)
		}
		if err := ours.Check(ctx); err != nil {
			t.Error(err)
		}

		text, err := os.ReadFile(filepath.Join("migrations", dialect, "0001_init.sql"))
		if err != nil {
			t.Fatal(err)
		}
		changed := newMigrator(t, url, withMigration(t, dialect, "0001_init.sql", strings.Replace(string(text), "75, 1000", "76, 1000", 1)))
		_, err = changed.Up(ctx)
		wantError(t, err, "0001_init was changed after it had been applied")
		wantError(t, changed.Check(ctx), "0001_init was changed")
	})
}

func TestAFailedMigrationIsRolledBackWhole(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		db := storetest.Raw(t, url)
		before := relations(t, db, url)
		m := newMigrator(t, url, withMigration(t, dialectOf(url), "9998_broken.sql",
			"-- +goose Up\nCREATE TABLE half (id text);\nDELETE FROM plans;\nALTER TABLE nowhere ADD COLUMN a text;\n-- +goose Down\nDROP TABLE half;\n"))
		_, err := m.Up(context.Background())
		wantError(t, err, "9998_broken failed at statement 3", "rolled back whole", "nowhere")
		if diff := cmp.Diff(before, relations(t, db, url)); diff != "" {
			t.Error(diff)
		}
		if n := storetest.Count(t, db, "SELECT COUNT(*) FROM plans"); n != 3 {
			t.Errorf("%d plans are left", n)
		}
	})
}

func TestMigrationsThatWereTamperedWithAreRefused(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, storetest.Files().Migrations); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(root, "sqlite", "0001_init.sql"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("DROP TABLE plans;\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = store.NewMigrator(storetest.SQLiteURL(t), store.Files{Schema: storetest.Files().Schema, Migrations: os.DirFS(root)})
	wantError(t, err, "do not match their atlas.sum")
	_, err = store.NewMigrator(storetest.SQLiteURL(t), withMigration(t, "sqlite", "9998_oneway.sql", "-- +goose Up\nCREATE TABLE a (id text);\n"))
	wantError(t, err, "9998_oneway", "no way back")
}

// A rebuild drops a table that others refer to with ON DELETE CASCADE. With
// foreign keys on, their rows would be gone with it.
func TestARebuiltTableOnSQLiteKeepsTheRowsThatReferToIt(t *testing.T) {
	url := storetest.SQLiteURL(t)
	s := storetest.Open(t, url, storetest.NewClock(storetest.Start).Now)
	c := storetest.NewCustomer(t, s, "Pro")
	if _, err := s.Post(context.Background(), usage.At(storetest.Start), usage.ChargeEntries(c.Charge(3))); err != nil {
		t.Fatal(err)
	}
	db := storetest.Raw(t, url)
	addSession(t, db, "sqlite", c.User.ID)
	rebuild := rebuildUsers(t, db)
	m := newMigrator(t, url, withMigration(t, "sqlite", "9998_rebuild.sql", "-- +goose Up\n"+rebuild+";\n-- +goose Down\nSELECT 1;\n"))
	tables := []string{"users", "api_keys", "key_secrets", "console_sessions", "usage", "daily_usage", "user_days"}
	if applied, err := m.Up(context.Background()); err != nil || len(applied) != 1 {
		t.Fatal(applied, err)
	}
	for _, table := range tables {
		if n := storetest.Count(t, db, "SELECT COUNT(*) FROM "+table); n != 1 {
			t.Errorf("%s holds %d rows after the rebuild, want 1", table, n)
		}
	}
	if err := m.Check(context.Background()); err != nil {
		t.Error(err)
	}
	orphan := newMigrator(t, url, withMigration(t, "sqlite", "9998_rebuild.sql", "-- +goose Up\n"+rebuild+";\n-- +goose Down\nDELETE FROM users;\n"))
	_, err := orphan.Down(context.Background(), 1)
	wantError(t, err, "9998_rebuild was changed")
	_, err = newMigrator(t, url, withTwo(t, rebuild)).Up(context.Background())
	wantError(t, err, "refer to nothing", "rolled back")
	if n := storetest.Count(t, db, "SELECT COUNT(*) FROM users"); n != 1 {
		t.Errorf("%d users are left", n)
	}
}

// rebuildUsers is what a planner writes to change what SQLite cannot alter in place.
func rebuildUsers(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "SELECT sql FROM sqlite_master WHERE tbl_name = 'users' AND sql IS NOT NULL ORDER BY type DESC, name")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var ddl []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			t.Fatal(err)
		}
		ddl = append(ddl, one)
	}
	steps := []string{"PRAGMA foreign_keys = off", "CREATE TABLE `new_users` (" + ddl[0][strings.Index(ddl[0], "(")+1:], "INSERT INTO `new_users` SELECT * FROM `users`", "DROP TABLE `users`",
		"ALTER TABLE `new_users` RENAME TO `users`"}
	return strings.Join(append(append(steps, ddl[1:]...), "PRAGMA foreign_keys = on"), ";\n")
}

// withTwo adds the rebuild and after it a migration that orphans rows.
func withTwo(t *testing.T, rebuild string) store.Files {
	t.Helper()
	files := withMigration(t, "sqlite", "9998_rebuild.sql", "-- +goose Up\n"+rebuild+";\n-- +goose Down\nSELECT 1;\n")
	root := t.TempDir()
	if err := os.CopyFS(root, files.Migrations); err != nil {
		t.Fatal(err)
	}
	dir, err := migrate.NewLocalDir(filepath.Join(root, "sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.WriteFile("9999_orphans.sql", []byte("-- +goose Up\nDELETE FROM users;\n-- +goose Down\nSELECT 1;\n")); err != nil {
		t.Fatal(err)
	}
	hash, err := dir.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.WriteSumFile(dir, hash); err != nil {
		t.Fatal(err)
	}
	return store.Files{Schema: files.Schema, Migrations: os.DirFS(root)}
}

func TestTheStateOfTheSchemaIsReadBesideAWriter(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx := context.Background()
		writing, err := storetest.Raw(t, url).Conn(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = writing.Close() })
		begin := "BEGIN IMMEDIATE"
		if dialectOf(url) == "postgres" {
			begin = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('codexible schema_migrations'))"
		}
		for statement := range strings.SplitSeq(begin, "; ") {
			if _, err := writing.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		if err := newMigrator(t, url, storetest.Files()).Check(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 4*time.Second { // SQLite waits five for a lock
			t.Errorf("it took %s", took)
		}
		if _, err := writing.ExecContext(ctx, "ROLLBACK"); err != nil {
			t.Error(err)
		}
	})
}

func TestEachKindOfDriftIsNamed(t *testing.T) {
	rewrite := func(table, old, text string) []string {
		return []string{"PRAGMA writable_schema = on", fmt.Sprintf("UPDATE sqlite_master SET sql = replace(sql, '%s', '%s') WHERE name = '%s'", strings.ReplaceAll(old, "'", "''"), strings.ReplaceAll(text, "'", "''"), table), "PRAGMA writable_schema = off"}
	}
	drifts := []struct {
		want             string
		sqlite, postgres []string
	}{
		{"table setup_links is missing", []string{"DROP TABLE setup_links"}, []string{"DROP TABLE setup_links"}},
		{"table api_keys_search is missing", []string{"DROP TABLE api_keys_search"}, nil},
		{"table users: column name is missing", []string{"ALTER TABLE users DROP COLUMN name"}, []string{"ALTER TABLE users DROP COLUMN name"}},
		{"table users: column extra is unknown", []string{"ALTER TABLE users ADD COLUMN extra text"}, []string{"ALTER TABLE users ADD COLUMN extra text"}},
		{"table plans: column price_cents differs", rewrite("plans", "`price_cents` integer", "`price_cents` text"), []string{"ALTER TABLE plans ALTER COLUMN price_cents TYPE integer"}},
		{"table users: column password_hash differs", rewrite("users", "`password_hash` text NOT NULL", "`password_hash` text NULL"), []string{"ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL"}},
		{"table user_days: column h07 differs", rewrite("user_days", "`h07` integer NOT NULL DEFAULT 0", "`h07` integer NOT NULL DEFAULT 1"), []string{"ALTER TABLE user_days ALTER COLUMN h07 SET DEFAULT 1"}},
		{"table users: index users_plan_id is missing", []string{"DROP INDEX users_plan_id"}, []string{"DROP INDEX users_plan_id"}},
		{"table users: index extra is unknown", []string{"CREATE INDEX extra ON users (role)"}, []string{"CREATE INDEX extra ON users (role)"}},
		{"table users: index users_email differs", []string{"DROP INDEX users_email", "CREATE INDEX users_email ON users (email_folded)"}, []string{"DROP INDEX users_email", "CREATE INDEX users_email ON users (email_folded)"}},
		{"table key_secrets: index key_secrets_own differs", []string{"DROP INDEX key_secrets_own", "CREATE UNIQUE INDEX key_secrets_own ON key_secrets (key_id) WHERE ends_at IS NOT NULL"},
			[]string{"DROP INDEX key_secrets_own", "CREATE UNIQUE INDEX key_secrets_own ON key_secrets (key_id) WHERE ends_at IS NOT NULL"}},
		{"table plans: check plans_price_cents is missing", rewrite("plans", ", CONSTRAINT `plans_price_cents` CHECK (price_cents >= 0)", ""), []string{"ALTER TABLE plans DROP CONSTRAINT plans_price_cents"}},
		{"table plans: check plans_rate_limit_per_minute differs", rewrite("plans", "CHECK (rate_limit_per_minute >= 1)", "CHECK (rate_limit_per_minute >= 0)"),
			[]string{"ALTER TABLE plans DROP CONSTRAINT plans_rate_limit_per_minute", "ALTER TABLE plans ADD CONSTRAINT plans_rate_limit_per_minute CHECK (rate_limit_per_minute >= 0)"}},
		{"table audit_log: check audit_log_subject_kind differs", rewrite("audit_log", "'plan', ", ""),
			[]string{"ALTER TABLE audit_log DROP CONSTRAINT audit_log_subject_kind", "ALTER TABLE audit_log ADD CONSTRAINT audit_log_subject_kind CHECK (subject IN ('user', 'key', 'session', 'system'))"}},
		{"table usage: check extra is unknown", rewrite("usage", ", CONSTRAINT `usage_amounts`", ", CONSTRAINT `extra` CHECK (credits < 9), CONSTRAINT `usage_amounts`"),
			[]string{"ALTER TABLE usage ADD CONSTRAINT extra CHECK (credits < 9)"}},
		{"table api_keys: foreign key api_keys_user is missing", rewrite("api_keys", ", CONSTRAINT `api_keys_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT", ""),
			[]string{"ALTER TABLE api_keys DROP CONSTRAINT api_keys_user"}},
		{"table daily_usage: foreign key daily_usage_user differs", rewrite("daily_usage", "REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE RESTRICT", "REFERENCES `users` (`id`) ON UPDATE NO ACTION ON DELETE CASCADE"),
			[]string{"ALTER TABLE daily_usage DROP CONSTRAINT daily_usage_user", "ALTER TABLE daily_usage ADD CONSTRAINT daily_usage_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE"}},
	}
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		db, m := storetest.Raw(t, url), newMigrator(t, url, storetest.Files())
		var want []string
		for _, d := range drifts {
			statements := d.sqlite
			if dialectOf(url) == "postgres" {
				statements = d.postgres
			}
			if statements == nil {
				continue
			}
			storetest.Run(t, db, statements...)
			want = append(want, d.want)
		}
		drift, err := m.Drift(context.Background())
		slices.Sort(drift)
		slices.Sort(want)
		if diff := cmp.Diff(want, drift); diff != "" || err != nil {
			t.Error(err, diff)
		}
		wantError(t, m.Check(context.Background()), "the live schema differs", want[0], want[len(want)-1], "restore a backup")
	})
}

func TestTablesOfOthersAreNoDrift(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		storetest.Run(t, storetest.Raw(t, url), "CREATE TABLE of_someone_else (id text)")
		if err := newMigrator(t, url, storetest.Files()).Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}
