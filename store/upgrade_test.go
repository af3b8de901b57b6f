package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
)

// nextVersion is what a version after this one would bring: a column of users,
// on SQLite by the rebuild that most changes of a table need there.
func nextVersion(t *testing.T, url string) store.Files {
	t.Helper()
	up, down := "ALTER TABLE users ADD COLUMN remark text NOT NULL DEFAULT 'none';", "ALTER TABLE users DROP COLUMN remark;"
	if dialectOf(url) == "sqlite" {
		db := storetest.Raw(t, url)
		columns := strings.Join(texts(t, db, "SELECT name FROM pragma_table_info('users')"), ", ")
		table := texts(t, db, "SELECT sql FROM sqlite_schema WHERE name = 'users'")[0]
		indexes := strings.Join(texts(t, db, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'users' AND sql IS NOT NULL"), ";\n")
		rebuild := func(more string) string {
			return strings.Join([]string{
				"CREATE TABLE `rebuilt` (" + more + table[strings.Index(table, "(")+1:],
				"INSERT INTO rebuilt (" + columns + ") SELECT " + columns + " FROM users", "DROP TABLE users", "ALTER TABLE rebuilt RENAME TO users", indexes,
			}, ";\n") + ";"
		}
		up, down = rebuild("`remark` text NOT NULL DEFAULT 'none', "), rebuild("")
	}
	return withMigration(t, dialectOf(url), "9999_remarks.sql", "-- +goose Up\n"+up+"\n-- +goose Down\n"+down+"\n")
}

// contents is every row of every table of schema.hcl that a database has.
func contents(t *testing.T, url string) map[string][]string {
	t.Helper()
	all, db := map[string][]string{}, storetest.Raw(t, url) // a connection that has planned nothing before the schema changed
	for _, table := range regexp.MustCompile(`(?m)^table "(\w+)"`).FindAllStringSubmatch(string(storetest.Files().Schema), -1) {
		if exists(t, db, url, table[1]) {
			all[table[1]] = rowsOf(t, db, table[1], "*")
		}
	}
	return all
}

func exists(t *testing.T, db *sql.DB, url, table string) bool {
	t.Helper()
	return slices.Contains(relations(t, db, url), table)
}

func rowsOf(t *testing.T, db *sql.DB, table, columns string) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT "+columns+" FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		cells, to := make([]any, len(names)), make([]any, len(names))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprint(cells...))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestAnUpgradeAndTheWayBackKeepEveryRow(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Open(t, url, clock.Now)
		chargeDays(t, s, clock)
		for range 3 {
			storetest.NewCustomer(t, s, "Pro")
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before := contents(t, url)
		newer, older := newMigrator(t, url, nextVersion(t, url)), newMigrator(t, url, storetest.Files())

		applied, err := newer.Up(ctx)
		if err != nil || len(applied) != 1 {
			t.Fatalf("the newer version applied %v: %v", versions(applied), err)
		}
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM users WHERE remark = 'none'"); n != int64(len(before["users"])) {
			t.Errorf("after the upgrade %d of %d users have what it added", n, len(before["users"]))
		}
		upgraded := contents(t, url)
		for table, rows := range before {
			if table != "users" {
				if diff := cmp.Diff(rows, upgraded[table]); diff != "" {
					t.Errorf("the upgrade changed %s: %s", table, diff)
				}
			}
		}
		_, err = older.Up(ctx)
		wantError(t, err, "newer version", "codexible migrate down")

		undone, err := newer.Down(ctx, 1)
		if err != nil || len(undone) != 1 {
			t.Fatalf("the way back took %v: %v", versions(undone), err)
		}
		if diff := cmp.Diff(before, contents(t, url)); diff != "" {
			t.Errorf("the way back changed rows: %s", diff)
		}
		if err := older.Check(ctx); err != nil {
			t.Errorf("the older version does not start again: %v", err)
		}
		again := storetest.Open(t, url, clock.Now)
		if r := reconcile(t, again); len(r.Differences) > 0 || r.Charges != 60 {
			t.Errorf("the ledger holds %d charges and its totals differ: %v", r.Charges, r.Differences)
		}
	})
}

// columnsOf lists the columns of every table of schema.hcl that a database has.
func columnsOf(t *testing.T, url string) map[string]string {
	t.Helper()
	all, db := map[string]string{}, storetest.Raw(t, url)
	question := "SELECT name FROM pragma_table_info('%s') ORDER BY cid"
	if dialectOf(url) == "postgres" {
		question = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '%s' ORDER BY ordinal_position"
	}
	for table := range contents(t, url) {
		all[table] = strings.Join(quoted(texts(t, db, fmt.Sprintf(question, table))), ", ")
	}
	return all
}

func quoted(names []string) []string {
	for i := range names {
		names[i] = `"` + names[i] + `"`
	}
	return names
}

// takenBack takes migrations back until one is undone, that one included.
func takenBack(t *testing.T, m *store.Migrator, version string) (undone []store.Migration) {
	t.Helper()
	for {
		steps, err := m.Down(context.Background(), 1)
		if err != nil || len(steps) != 1 {
			t.Fatalf("%v: %v", versions(steps), err)
		}
		if undone = append(undone, steps[0]); steps[0].Version == version {
			return undone
		}
	}
}

// keyDays are the days of keys, as a table of their own had them.
const keyDays = `(SELECT day, user_id, key_id, CAST(SUM(requests) AS bigint) AS requests, CAST(SUM(credits) AS bigint) AS credits, CAST(SUM(prompt_tokens) AS bigint) AS prompt_tokens,
	CAST(SUM(completion_tokens) AS bigint) AS completion_tokens, CAST(SUM(cost_micros) AS bigint) AS cost_micros FROM daily_usage GROUP BY day, user_id, key_id) AS key_days`

// The schema of an earlier release, with data: what a version before this one leaves.
func TestThePreviousSchemaIsUpgradedWithItsData(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		s := storetest.Open(t, url, clock.Now)
		chargeDays(t, s, clock)
		if _, err := s.ChangePlan(ctx, ada, planID(t, s, "Business"), accounts.PlanChange{MaxKeys: new(int64(25))}); err != nil {
			t.Fatal(err)
		}
		for i, role := range []accounts.Role{accounts.RoleUser, accounts.RoleService, accounts.RoleAdmin} {
			u := createUser(t, s, accounts.NewUser{Email: fmt.Sprintf("%s@example.com", role), Name: "Upgraded " + string(role), Plan: "Business", Role: role})
			for range i*12 + 1 {
				if _, err := s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Label: "before", Secret: keys.Mint()}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, row := range []string{
			"INSERT INTO idempotency_keys (key_id, charger_id, operation, text, fingerprint, day, credits_used, daily_limit, created_at) SELECT k.id, k.user_id, 'charge', 'order-1', x.hash, '2026-03-04', 3, 250, k.created_at FROM api_keys AS k JOIN key_secrets AS x ON x.key_id = k.id",
			"INSERT INTO refusals VALUES ('2026-03-03', 'RATE_LIMITED', 7)",
			"INSERT INTO closed_days VALUES ('2026-03-03', 5, 6, 7, 2, 3)",
			"INSERT INTO closed_day_models VALUES ('2026-03-03', 'gpt-5', 5, 6, 7)",
			"INSERT INTO closed_day_plans SELECT '2026-03-03', id, 5, 6, 7 FROM plans",
		} {
			storetest.Exec(t, url, row)
		}
		m := newMigrator(t, url, storetest.Files())
		current := contents(t, url)
		undone := takenBack(t, m, "0004")
		last := undone[len(undone)-1]
		wantError(t, m.Check(ctx), last.Version+"_"+last.Name+" is pending")
		before := contents(t, url)
		for table, rows := range before {
			if len(rows) != len(current[table]) && table != "changes" && table != "daily_usage" { // it has a row for each model, too
				t.Errorf("the previous schema has %d rows in %s, not %d", len(rows), table, len(current[table]))
			}
		}
		// Keys were found by their owner's e-mail and name too.
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM api_keys WHERE search LIKE '%upgraded service%before%codexible_%'"); n != 13 {
			t.Errorf("%d keys of the previous schema are found by their owner, not 13", n)
		}
		old := columnsOf(t, url)
		old["api_keys"] = strings.Replace(old["api_keys"], `, "search"`, "", 1)
		before["api_keys"] = rowsOf(t, storetest.Raw(t, url), "api_keys", old["api_keys"])

		if applied, err := m.Up(ctx); err != nil || len(applied) != len(undone) {
			t.Fatalf("%v: %v", versions(applied), err)
		}
		if err := m.Check(ctx); err != nil {
			t.Error(err)
		}
		upgraded := storetest.Raw(t, url)
		old["user_days"] = strings.Replace(old["user_days"], `"credits"`, "(millionths + 999999) / 1000000", 1)
		for table, rows := range before {
			from := table
			if table == "daily_usage" {
				from = keyDays
			}
			if diff := cmp.Diff(rows, rowsOf(t, upgraded, from, old[table])); diff != "" {
				t.Errorf("the upgrade changed rows of %s: %s", table, diff)
			}
		}
		for question, want := range map[string]int64{
			"api_keys WHERE scopes = 'models usage keys charge service'":        1 + 12,
			"api_keys WHERE scopes = 'models usage keys charge admin'":          1 + 24,
			"api_keys WHERE scopes = 'models usage keys charge'":                int64(len(before["api_keys"])) - 38,
			"api_keys WHERE search LIKE '%upgraded%'":                           0,
			"api_keys WHERE search LIKE '%before%codexible_%'":                  1 + 13 + 25,
			"plans WHERE name = 'Business' AND max_keys = 25":                   1,
			"plans WHERE max_keys = 20 AND user_rate_limit_per_minute IS NULL":  2,
			"plans WHERE name = 'Starter' AND is_default AND position = 0":      1,
			"plans WHERE name = 'Business' AND NOT is_default AND position = 2": 1,
			"audit_log WHERE key_id IS NULL AND key_prefix = ''":                int64(len(before["audit_log"])),
		} {
			if n := storetest.Count(t, upgraded, "SELECT COUNT(*) FROM "+question); n != want {
				t.Errorf("%s: %d after the upgrade, want %d", question, n, want)
			}
		}
		again := storetest.Open(t, url, clock.Now)
		if found := labels(t, again, store.KeyQuery{Text: "upgraded serv"}); len(found) != 13 {
			t.Errorf("%d keys are found by their owner, not 13", len(found))
		}
		if r := reconcile(t, again); len(r.Differences) > 0 || r.Charges != 60 {
			t.Errorf("the ledger holds %d charges and its totals differ: %v", r.Charges, r.Differences)
		}
	})
}

// A version before disabled keys must not take one for an active key.
func TestTheWayBackRevokesDisabledKeys(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(storetest.Start)
		s := storetest.Open(t, url, clock.Now)
		storetest.NewCustomer(t, s, "Pro")
		storetest.NewCustomer(t, s, "Pro")
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Exec(t, url, "UPDATE api_keys SET status = 'disabled'")
		m := newMigrator(t, url, storetest.Files())
		takenBack(t, m, "0004")
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM api_keys WHERE status = 'revoked' AND revoked_at IS NOT NULL"); n != 2 {
			t.Errorf("%d keys are revoked, not 2", n)
		}
	})
}
