package store

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"codexible/accounts"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// fieldMark stands before every field of a search text. With it a query of one
// or two characters, which matches the beginning of a field, is a text of three
// or more, which is what trigram indexes answer.
const fieldMark = "\n\n"

// shortQuery is the length below which a query matches only from the beginning.
const shortQuery = 3

func searchText(fields ...string) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(fieldMark)
		b.WriteString(accounts.Fold(f))
	}
	return b.String()
}

// needle is what a query has to be found as in a search text.
func needle(query string) string {
	query = accounts.Fold(query)
	if len([]rune(query)) < shortQuery {
		return fieldMark + query
	}
	return query
}

// storable reports whether a row can hold a text at all. Postgres fails on a query
// for any other, which is to find nothing.
func storable(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// searched is a table that can be searched by part, and how its rows are ordered.
type searched struct{ table, alias, id string }

var (
	searchedUsers = searched{"users", "u", "id"}
	searchedKeys  = searched{"api_keys", "k", "id"}
	searchedAudit = searched{"audit_log", "a", "seq"}
)

// search narrows a statement over a table to the rows that hold a query, newest
// first. from may carry on with joins; by is the column that orders the rows, tie the one
// that orders those of one value, where by is not unique. sorted is true where by is not the id.
type search struct {
	from               string
	where              []string
	args               []any
	by, tie, direction string
	sorted             bool
}

const descending = " DESC"

func (s *Store) search(t searched, query string) search {
	found := search{from: t.table + " AS " + t.alias, by: t.alias + "." + t.id, direction: descending}
	switch {
	case query == "":
	case !storable(query):
		found.and("1 = 0")
	default:
		s.dialect.narrow(&found, t, needle(query))
	}
	return found
}

func (f *search) and(condition string, args ...any) {
	f.where = append(f.where, condition)
	f.args = append(f.args, args...)
}

// whole narrows to a text as a whole. One that no row can hold finds nothing.
func (f *search) whole(condition, text string) {
	if !storable(text) {
		f.and("1 = 0")
		return
	}
	f.and(condition, text)
}

func (f *search) conditions() string {
	if len(f.where) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(f.where, " AND ")
}

func (f *search) order() string { return " ORDER BY " + f.by + f.direction + f.tied(f.tie) }

// tied adds a second column to an order, where the first is not unique.
func (f *search) tied(column string) string {
	if f.tie == "" {
		return ""
	}
	return ", " + column + f.direction
}

// onPage joins a statement over t to the rows of one page, in the page's order.
// What else the statement reads it reads for these rows alone: the ones that are
// passed over cost a step along an index each.
func (f *search) onPage(t searched, joins string, p Page) (from string, args []any) {
	row := t.alias + "." + t.id
	return " FROM (SELECT " + row + " AS id, " + f.by + " AS place FROM " + f.from + f.conditions() + f.order() + " LIMIT ? OFFSET ?) AS page JOIN " +
		t.table + " AS " + t.alias + " ON " + row + " = page.id" + joins + " ORDER BY page.place" + f.direction + f.tied("page.id"), append(f.args, p.Limit, p.Offset)
}

// escapeLike makes a text stand for itself in LIKE … ESCAPE '\'.
var escapeLike = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (d postgresDialect) narrow(f *search, t searched, needle string) {
	d.contains(f, t.alias+".search", needle)
}

func (postgresDialect) contains(f *search, column, needle string) {
	f.and(column+" LIKE ? ESCAPE '\\'", "%"+escapeLike.Replace(needle)+"%")
}

func (postgresDialect) index(*gorm.DB, searched, int64, uuid.UUID, string) error { return nil }

// anyCharacter widens a pattern to what SQLite's trigram index can answer: it
// knows no ESCAPE. The exact test beside it narrows the answer again.
var anyCharacter = strings.NewReplacer(`%`, `_`)

// narrow begins with the full-text table, whose row numbers rise with time: the
// newest matches come first, and a page ends the search.
func (d sqliteDialect) narrow(f *search, t searched, needle string) {
	f.from = t.table + "_search AS s CROSS JOIN " + t.table + " AS " + t.alias + " ON " + t.alias + "." + t.id + " = s.id"
	f.by = "s.rowid"
	f.and("s.search LIKE ?", "%"+anyCharacter.Replace(needle)+"%")
	d.contains(f, "s.search", needle)
}

func (sqliteDialect) contains(f *search, column, needle string) {
	f.and("instr("+column+", ?) > 0", needle)
}

// index writes a row's search text into the full-text table. Two processes can
// mint ids of one number: then each row moves up until it comes after those
// of smaller ids, so the order of the rows remains that of the ids. By hand:
// schema.hcl cannot describe full-text tables, so they have no models.
func (sqliteDialect) index(tx *gorm.DB, t searched, row int64, id uuid.UUID, text string) error {
	if t == searchedAudit {
		return tx.Exec("INSERT OR REPLACE INTO audit_log_search (rowid, search, id) VALUES (?, ?, ?)", row, text, row).Error
	}
	for carried := (indexed{id, text}); ; row++ {
		var there []indexed
		if err := tx.Raw("SELECT id, search FROM "+t.table+"_search WHERE rowid = ?", row).Scan(&there).Error; err != nil {
			return err
		}
		if len(there) == 1 && bytes.Compare(there[0].ID[:], carried.ID[:]) < 0 {
			continue
		}
		err := tx.Exec("INSERT OR REPLACE INTO "+t.table+"_search (rowid, search, id) VALUES (?, ?, ?)", row, carried.Search, carried.ID).Error
		if err != nil || len(there) == 0 || there[0].ID == carried.ID {
			return err
		}
		carried = there[0]
	}
}

// indexed is a row of a full-text table.
type indexed struct {
	ID     uuid.UUID
	Search string
}
