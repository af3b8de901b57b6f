package store

import (
	"os"
	"slices"
	"strings"
	"testing"

	"ariga.io/atlas/sql/schema"
	"github.com/google/go-cmp/cmp"
)

// The lists of columns in statements by hand: each column of the table is read,
// or named here as one that is not. Models are compared in models_test.go.
func TestEveryColumnIsReadOrKnownNotToBe(t *testing.T) {
	hcl, err := os.ReadFile("../schema.hcl")
	if err != nil {
		t.Fatal(err)
	}
	realm, err := declared(hcl)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ table, read, unread string }{
		{"users", userColumns, "email_folded password_hash search"},
		{"api_keys", keyColumns, "search"},
		{"usage", insertColumns(intoUsage), ""},
		{"daily_usage", insertColumns(intoDailyKeys), ""},
		{"model_usage", insertColumns(intoModels), ""},
		{"idempotency_keys", insertColumns(intoReplays), ""},
	} {
		table, found := realm.Schemas[0].Table(c.table)
		if !found {
			t.Fatalf("schema.hcl declares no table %s", c.table)
		}
		got := strings.Fields(c.unread)
		for column := range strings.SplitSeq(c.read, ",") {
			_, name, qualified := strings.Cut(column, ".")
			if !qualified {
				name = column
			}
			got = append(got, strings.TrimSpace(name))
		}
		slices.Sort(got)
		if diff := cmp.Diff(columnNames(table), got); diff != "" {
			t.Errorf("%s: %s", c.table, diff)
		}
	}
}

func insertColumns(statement string) string {
	_, list, _ := strings.Cut(statement, "(")
	list, _, _ = strings.Cut(list, ")")
	return list
}

func columnNames(t *schema.Table) (names []string) {
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func TestWhatSQLiteHasNotIsAnErrorAndNotLost(t *testing.T) {
	for name, hcl := range map[string]string{
		"a type":               `column "a" { type = inet }`,
		"an index's columns":   "column \"a\" { type = text }\ncolumn \"b\" { type = text }\nindex \"i\" {\ncolumns = [column.a]\ninclude = [column.b]\n}",
		"a table's partitions": "column \"a\" { type = text }\npartition {\ntype = HASH\ncolumns = [column.a]\n}",
		"a column's attribute": "column \"a\" {\ntype = text\ncomment = \"of note\"\n}",
	} {
		hcl = "schema \"public\" {}\ntable \"t\" {\nschema = schema.public\n" + hcl + "\n}\n"
		if _, err := wanted(dialectSQLite, []byte(hcl)); err == nil || !strings.Contains(err.Error(), "SQLite has no") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
