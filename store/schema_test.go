package store

import (
	"strings"
	"testing"
)

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
