package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Order is how a list is sorted: by a column, with a minus for downwards. Rows of one
// value are in the order of their ids, in the same direction. Lists are sorted only by
// columns with an index, so that a page costs the same wherever it is.
type Order string

// The orders of lists of users and keys. The zero value is the newest first.
const (
	ByCreation Order = "created"
	ByStatus   Order = "status"
	// ByEmail and ByRole are of users.
	ByEmail Order = "email"
	ByRole  Order = "role"
	// ByLastUse is of keys: those that were never used come first.
	ByLastUse Order = "used"
)

// Down is the order downwards.
func (o Order) Down() Order { return "-" + o }

func (o Order) split() (column Order, down bool) {
	text, down := strings.CutPrefix(string(o), "-")
	return Order(text), down
}

// KeyPlace is the value of a key that a page goes on behind.
func (o Order) KeyPlace(k *keys.Key) string {
	switch column, _ := o.split(); {
	case column == ByStatus:
		return string(k.Status)
	case column == ByLastUse && k.LastUsedAt != nil:
		return k.LastUsedAt.UTC().Format(time.RFC3339Nano)
	}
	return ""
}

// sort orders the rows by a column, from behind the row of p.After, whose value p.Place
// is. A column without a tie is unique.
func (f *search) sort(column, tie string, down bool, p Page) {
	f.by, f.tie, f.direction, f.sorted = column, tie, "", true
	than := " > "
	if down {
		f.direction, than = descending, " < "
	}
	switch {
	case p.After == uuid.Nil:
	case tie == "":
		f.and(column+than+"?", p.Place)
	default:
		f.and("("+column+", "+tie+")"+than+"(?, ?)", p.Place, p.After)
	}
}

// sortByID orders the rows by their ids.
func (f *search) sortByID(t searched, down bool, p Page) {
	f.by, f.tie, f.direction = t.alias+"."+t.id, "", ""
	than := " > ?"
	if down {
		f.direction, than = descending, " < ?"
	}
	if p.After != uuid.Nil {
		f.and(f.by+than, p.After)
	}
}

// SortedRows is up to how many users that filters find are sorted by something else: they
// are read for it, because no index has both.
const SortedRows = 1000

// Sortable reports whether the users that the filters of a query find can be sorted by each
// column: whether there is no filter, or at most SortedRows are found.
func (s *Store) Sortable(ctx context.Context, q UserQuery) (sortable bool, err error) {
	found := s.search(searchedUsers, "")
	if q.narrow(&found); len(found.where) == 0 {
		return true, nil
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		sortable, err = found.few(db)
		return err
	})
	return sortable, err
}

// few counts the rows up to the bound.
func (f *search) few(db *gorm.DB) (bool, error) {
	var n int64
	err := db.Raw("SELECT COUNT(*) FROM (SELECT 1 AS one FROM "+f.from+f.conditions()+" LIMIT ?) AS few", slices.Concat(f.args, []any{SortedRows + 1})...).Scan(&n).Error
	return n <= SortedRows, err
}

// inMemory has a statement read the rows that it finds before it sorts them.
func (f *search) inMemory(columns string) {
	*f = search{from: "(SELECT " + columns + " FROM " + f.from + f.conditions() + " LIMIT ?) AS u", args: append(f.args, SortedRows)}
}

// useStep is a part of the keys in the order of their last use.
type useStep struct {
	by, where string
	args      []any
}

// keysByUse lists keys by their last use. Those that were never used are sorted by their ids;
// q.Place is empty where the page before ended among them.
func (s *Store) keysByUse(ctx context.Context, q KeyQuery, down bool) (found []KeyLine, err error) {
	than, direction, at, id := ">", "", time.Time{}, uuid.Nil
	if down {
		than, direction, at, id = "<", descending, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), uuid.Max
	}
	place, err := time.Parse(time.RFC3339Nano, q.Place)
	amongUsed := q.After != uuid.Nil && err == nil
	amongNever := q.After != uuid.Nil && !amongUsed
	if amongUsed {
		at, id = place, q.After
	}
	never := useStep{by: "k.id", where: "k.last_used_at IS NULL"}
	if amongNever {
		never.where, never.args = never.where+" AND k.id "+than+" ?", []any{q.After}
	}
	used := useStep{by: "k.last_used_at", where: "(k.last_used_at, k.id) " + than + " (?, ?)", args: []any{at, id}}
	steps := []useStep{never, used}
	if down {
		steps = []useStep{used, never}
	}
	if amongUsed && !down || amongNever && down {
		steps = steps[1:] // the first part was on earlier pages
	}
	for _, step := range steps {
		if len(found) == q.Limit {
			break
		}
		list, err := s.keysOfStep(ctx, q.Status, step, direction, q.Limit-len(found))
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, nil
}

// keysOfStep reads the first keys of a step. By hand: the index is of one status, so those
// of each are read, and the first of them all.
func (s *Store) keysOfStep(ctx context.Context, status keys.Status, step useStep, direction string, limit int) ([]KeyLine, error) {
	statuses := []keys.Status{keys.StatusActive, keys.StatusDisabled, keys.StatusRevoked}
	if status != "" {
		statuses = []keys.Status{status}
	}
	var parts []string
	var args []any
	order := step.by + direction
	if step.by != "k.id" {
		order += ", k.id" + direction
	}
	for _, status := range statuses {
		parts = append(parts, "SELECT * FROM (SELECT k.id AS id, "+step.by+" AS place FROM api_keys AS k WHERE k.status = ? AND "+step.where+" ORDER BY "+order+" LIMIT ?) AS part")
		args = append(append(append(args, status), step.args...), limit)
	}
	return list(ctx, s, (*KeyLine).fields, "SELECT "+keyLineColumns+" FROM (SELECT id, place FROM ("+strings.Join(parts, " UNION ALL ")+") AS parts ORDER BY place"+direction+", id"+direction+
		" LIMIT ?) AS page JOIN api_keys AS k ON k.id = page.id JOIN users AS u ON u.id = k.user_id ORDER BY page.place"+direction+", page.id"+direction, append(args, limit)...)
}
