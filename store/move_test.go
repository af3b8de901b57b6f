package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/events"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
)

// nasty are texts that have broken an export somewhere.
var nasty = []string{
	`a'b"c\d`, `\N`, `\.`, "%_%", "{}", "NULL", "null", "  ", "a,b;c|d", "--", "/* */", "$1 $$ ?", "Ünïcödé", "नमस्ते", "🦊👩‍👩‍👧", "e\u0301", "\u200f\u202e", "\ufeff", "İıſß",
	strings.Repeat("x", 99),
}

// furnish fills every table of a database.
func furnish(t *testing.T, url string) {
	t.Helper()
	ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
	s := storetest.Open(t, url, clock.Now)
	defer func() { _ = s.Close() }()
	chargeDays(t, s, clock)
	features, err := json.Marshal(map[string]any{"models": nasty, "deep": map[string]any{"n": 1.5, "null": nil}})
	if err != nil {
		t.Fatal(err)
	}
	name := "Lüttich „Pläne“ '2026'"
	plan, err := s.CreatePlan(ctx, ada, accounts.PlanChange{Name: &name, DailyCreditLimit: new(int64(accounts.MaxDailyCredits)), Features: features})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChangePlan(ctx, ada, plan.ID, accounts.PlanChange{Archived: new(true)}); err != nil {
		t.Fatal(err)
	}
	for i, text := range nasty {
		clock.Add(time.Duration(i)*time.Hour + 123457*time.Microsecond)
		u, err := s.CreateUser(ctx, ada, accounts.NewUser{Email: fmt.Sprintf("o'brien+%d@example.com", i), Name: text, Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Secret: keys.Mint(), Label: "k" + text})
		if err != nil {
			t.Fatal(err)
		}
		receipts, err := s.Post(ctx, clock.Now, usage.ChargeEntries(usage.Charge{UserID: u.ID, KeyID: k.ID, Credits: 3, Model: text, PromptTokens: usage.MaxTokens, CostMicros: 999_999_999_999, IdempotencyKey: fmt.Sprintf("~!%d", i)}))
		if err != nil || receipts[0].Outcome != usage.Accepted {
			t.Fatal(receipts, err)
		}
		if i%3 == 0 {
			if err := s.RevokeKey(ctx, ada, k.ID, u.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := furnishLedger(ctx, s, storetest.NewCustomer(t, s, "Starter"), clock.Now()); err != nil {
		t.Fatal(err)
	}
	priceDays(t, s)
	reconcile(t, s)
	operator := createUser(t, s, accounts.NewUser{Email: "operator@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
	if err := s.BeginTwoStep(ctx, operator.ID, "SECRET"); err != nil {
		t.Fatal(err)
	}
	w := newWebhook(t, s, events.WebhookChange{})
	must[events.Delivery](t)(s.TestWebhook(ctx, ada, w.ID, func(context.Context, *events.Webhook, *events.Event) events.Answer { return broken }))
	newUpstream(t, s, "vendor")
	if _, err := s.CreateModel(ctx, ada, catalog.ModelChange{Name: new("large"), Candidates: new([]catalog.NewCandidate{{Upstream: "vendor"}})}); err != nil {
		t.Fatal(err)
	}
	fillEmptyTables(t, storetest.Raw(t, url))
}

// fillEmptyTables gives every table that the test has not filled by the store a
// row of made-up values; a reference takes a row that is there.
func fillEmptyTables(t *testing.T, db *sql.DB) {
	t.Helper()
	for _, table := range texts(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%search%' AND name NOT LIKE 'sqlite_%' AND name <> 'schema_migrations' ORDER BY (SELECT COUNT(*) FROM pragma_foreign_key_list(name)), name") {
		if storetest.Count(t, db, "SELECT COUNT(*) FROM "+table) > 0 {
			continue
		}
		values := texts(t, db, `SELECT COALESCE('(SELECT MAX(' || f."to" || ') FROM ' || f."table" || ')', CASE lower(c.type)
			WHEN 'uuid' THEN 'randomblob(16)' WHEN 'blob' THEN 'randomblob(32)' WHEN 'date' THEN '''2026-01-02''' WHEN 'text' THEN '''it''''s'''
			ELSE '1' END) FROM pragma_table_info('`+table+`') AS c LEFT JOIN pragma_foreign_key_list('`+table+`') AS f ON f."from" = c.name ORDER BY c.cid`)
		storetest.Run(t, db, "INSERT INTO "+table+" VALUES ("+strings.Join(values, ", ")+")")
	}
}

func texts(t *testing.T, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMovedDataIsExactlyTheSame(t *testing.T) {
	to := storetest.PostgresURL(t)
	from := storetest.SQLiteURL(t)
	furnish(t, from)
	storetest.Migrate(t, to)
	moved, err := store.Move(context.Background(), from, to, storetest.Files(), storetest.Secrets())
	if err != nil {
		t.Fatal(err)
	}
	old, fresh := storetest.Raw(t, from), storetest.Raw(t, to)
	for _, m := range moved {
		if m.Rows == 0 {
			t.Errorf("the test has nothing in table %s", m.Table)
		}
		if had, has := storetest.Count(t, old, "SELECT COUNT(*) FROM "+m.Table), storetest.Count(t, fresh, "SELECT COUNT(*) FROM "+m.Table); had != m.Rows || has != m.Rows {
			t.Errorf("%s: %d rows, moved %d, there are %d", m.Table, had, m.Rows, has)
		}
		for column, sum := range m.Sums {
			if has := storetest.Count(t, fresh, "SELECT COALESCE(SUM("+column+"), 0)::bigint FROM "+m.Table); has != sum {
				t.Errorf("%s.%s adds up to %d, moved %d", m.Table, column, has, sum)
			}
		}
	}
	if declared := strings.Count(string(storetest.Files().Schema), "\ntable "); len(moved) != declared {
		t.Errorf("%d of %d tables were moved", len(moved), declared)
	}
	ctx := context.Background()
	a, b := storetest.Open(t, from, storetest.NewClock(storetest.Start).Now), storetest.Open(t, to, storetest.NewClock(storetest.Start).Now)
	sameAnswer(t, "users", a, b, func(s *store.Store) (any, error) {
		return s.Users(ctx, store.UserQuery{Text: "o'brien", Page: store.Page{Limit: 100}})
	})
	sameAnswer(t, "keys", a, b, func(s *store.Store) (any, error) { return s.Keys(ctx, store.KeyQuery{Page: store.Page{Limit: 200}}) })
	sameAnswer(t, "plans", a, b, func(s *store.Store) (any, error) { return s.Plans(ctx) })
	sameAnswer(t, "prices and models", a, b, func(s *store.Store) (any, error) {
		book, err := s.Book(ctx)
		return []any{book.Models(), book.Prices("opus")}, err
	})
	for _, by := range []store.Grouping{store.ByModel, store.ByDay} {
		sameAnswer(t, "what calls used", a, b, func(s *store.Store) (any, error) {
			return s.TokenTotals(ctx, store.TokenQuery{Span: storetest.Span("2026-03-01", "2026-03-31"), By: by})
		})
	}
	sameAnswer(t, "priced charges", a, b, func(s *store.Store) (any, error) {
		users, err := s.Users(ctx, store.UserQuery{Page: store.Page{Limit: 100}})
		var all [][]usage.Record
		for _, u := range users {
			charges, failed := s.Charges(ctx, u.ID, "2026-03-01", 100, 0)
			all, err = append(all, charges), errors.Join(err, failed)
			for i := range charges {
				charges[i].CreatedAt = charges[i].CreatedAt.UTC()
			}
		}
		return all, err
	})
	sameAnswer(t, "audit log", a, b, func(s *store.Store) (any, error) { return s.Audit(ctx, store.AuditQuery{Limit: 500}) })
	if r := reconcile(t, b); len(r.Differences) > 0 || r.Charges != 60+int64(len(nasty))+1+pricedDayCharges {
		t.Errorf("the moved ledger holds %d charges and its totals differ: %v", r.Charges, r.Differences)
	}
	// The target numbers on: an entry of its own comes after all that were moved.
	last := storetest.Count(t, old, "SELECT MAX(seq) FROM audit_log")
	storetest.NewPlan(t, b, "After the move", 1)
	if seq := storetest.Count(t, fresh, "SELECT MAX(seq) FROM audit_log"); seq != last+1 {
		t.Errorf("the first entry after the move is number %d, the last before %d", seq, last)
	}
}

func sameAnswer(t *testing.T, what string, a, b *store.Store, ask func(*store.Store) (any, error)) {
	t.Helper()
	was, err := ask(a)
	if err != nil {
		t.Fatal(what, err)
	}
	is, err := ask(b)
	if err != nil {
		t.Fatal(what, err)
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func TestAMoveThatCannotBeWholeMovesNothing(t *testing.T) {
	for _, c := range []struct {
		name, spoil, says string
		target            []string
	}{
		{name: "a NUL in a text", spoil: "UPDATE usage SET model = 'a' || char(0) || 'b' WHERE id = (SELECT MAX(id) FROM usage)", says: "table usage: "},
		{name: "a text where a number belongs", spoil: "UPDATE daily_usage SET credits = 1.5 WHERE day = '2026-03-04'", says: "table daily_usage"},
		{name: "a target in use", spoil: "SELECT 1", says: "in use", target: []string{"INSERT INTO retention VALUES (1, '2026-01-01')"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			to := storetest.PostgresURL(t)
			from := storetest.SQLiteURL(t)
			furnish(t, from)
			storetest.Exec(t, from, c.spoil)
			storetest.Migrate(t, to)
			storetest.Exec(t, to, c.target...)
			_, err := store.Move(context.Background(), from, to, storetest.Files(), storetest.Secrets())
			wantError(t, err, "nothing was moved", c.says)
			db := storetest.Raw(t, to)
			if users, plans := storetest.Count(t, db, "SELECT COUNT(*) FROM users"), storetest.Count(t, db, "SELECT COUNT(*) FROM plans"); users != 0 || plans != 3 {
				t.Errorf("the target has %d users and %d plans", users, plans)
			}
		})
	}
}

func TestAMoveNeedsBothSchemasToBeThisVersions(t *testing.T) {
	to, from := storetest.PostgresURL(t), storetest.SQLiteURL(t)
	storetest.Migrate(t, from)
	_, err := store.Move(context.Background(), from, to, storetest.Files(), storetest.Secrets())
	wantError(t, err, "the target", "codexible migrate up")
	_, err = store.Move(context.Background(), "sqlite:"+t.TempDir()+"/none.db", to, storetest.Files(), storetest.Secrets())
	wantError(t, err, "there is no database")
	_, err = store.Move(context.Background(), from, from, storetest.Files(), storetest.Secrets())
	wantError(t, err, "the target has to be postgres://")
	_, err = store.Move(context.Background(), to, to, storetest.Files(), storetest.Secrets())
	wantError(t, err, "embedded database")
}

func TestAColumnThatArrivesChangedIsNoticed(t *testing.T) {
	to, from := storetest.PostgresURL(t), storetest.SQLiteURL(t)
	furnish(t, from)
	storetest.Migrate(t, to)
	// The target changes what it is given, as a trigger or a wrong encoding would.
	storetest.Exec(t, to, "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.label := NEW.label || ' '; RETURN NEW; END $$",
		"CREATE TRIGGER spoil BEFORE INSERT ON api_keys FOR EACH ROW EXECUTE FUNCTION spoil()")
	_, err := store.Move(context.Background(), from, to, storetest.Files(), storetest.Secrets())
	wantError(t, err, "table api_keys arrived changed", "a text")
}
