package store

import (
	"context"
	"slices"
	"time"

	"codexible/keys"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// KeyQuery narrows the list of keys. Zero values leave a condition out.
type KeyQuery struct {
	// Text is a part of the owner's e-mail or name, the label or the prefix, without case; the beginning where it is shorter than three characters.
	Text   string
	UserID uuid.UUID
	// ExternalID is the owner's, exactly.
	ExternalID string
	Status     keys.Status
	// UnusedSince keeps active keys that were neither used nor created since then.
	UnusedSince time.Time
	// Order applies without a Text: a search lists the newest first. ByLastUse applies beside a Status alone.
	Order Order
	Page
}

func (q KeyQuery) narrow(f *search) {
	if q.UserID != uuid.Nil {
		f.and("k.user_id = ?", q.UserID)
	}
	if q.ExternalID != "" {
		f.whole("k.user_id IN (SELECT o.id FROM users AS o WHERE o.external_id = ?)", q.ExternalID)
	}
	if q.Status != "" {
		f.and("k.status = ?", q.Status)
	}
	if !q.UnusedSince.IsZero() {
		f.and("k.status = 'active' AND COALESCE(k.last_used_at, k.created_at) < ?", q.UnusedSince)
	}
	switch column, down := q.Order.split(); {
	case q.Text != "" || q.Order == "":
		f.page(searchedKeys, q.Page)
	case column == ByStatus && q.Status == "":
		f.sort("k.status", "k.id", down, q.Page)
	default:
		f.sortByID(searchedKeys, down, q.Page)
	}
}

// Keys lists keys across all users, the newest first. Lists and searches of keys are
// by hand: the page is found in a statement of its own, and its owners beside it.
func (s *Store) Keys(ctx context.Context, q KeyQuery) ([]KeyLine, error) {
	if q.Text != "" {
		return s.keysFound(ctx, q)
	}
	column, down := q.Order.split()
	if column == ByLastUse && q.UserID == uuid.Nil && q.ExternalID == "" && q.UnusedSince.IsZero() {
		return s.keysByUse(ctx, q, down)
	}
	all := s.search(searchedKeys, "")
	q.narrow(&all)
	from, args := all.onPage(searchedKeys, " JOIN users AS u ON u.id = k.user_id", q.Page)
	return list(ctx, s, (*KeyLine).fields, "SELECT "+keyLineColumns+from, args...)
}

// manyOwners is from how many found owners on the keys are walked, the newest
// first, in place of the owners.
const manyOwners = 1000

// keysFound joins the keys that a text finds themselves with those whose owner
// it finds. Each half stops at the end of the page, and the owners are read
// first: neither database knows how many of them a part of a text matches.
func (s *Store) keysFound(ctx context.Context, q KeyQuery) (found []KeyLine, err error) {
	if !storable(q.Text) {
		return nil, nil
	}
	err = s.reading(ctx, func(db *gorm.DB) error {
		byOwner, err := s.searchByOwner(db, q.Text)
		if err != nil {
			return err
		}
		own := s.search(searchedKeys, q.Text)
		q.narrow(&own)
		q.narrow(&byOwner)
		args := slices.Concat(own.args, []any{q.Limit + q.Offset}, byOwner.args, []any{q.Limit + q.Offset, q.Limit, q.Offset})
		found, err = listOn(db, (*KeyLine).fields, "SELECT "+keyLineColumns+" FROM (SELECT id FROM ("+own.firstIDs()+" UNION "+byOwner.firstIDs()+
			") AS found ORDER BY id DESC LIMIT ? OFFSET ?) AS page JOIN api_keys AS k ON k.id = page.id JOIN users AS u ON u.id = k.user_id ORDER BY k.id DESC",
			args...)
		return err
	})
	return found, err
}

// searchByOwner begins a statement over the keys whose owner a text finds.
func (s *Store) searchByOwner(db *gorm.DB, text string) (search, error) {
	var owners []uuid.UUID
	users := s.search(searchedUsers, text)
	if err := db.Raw("SELECT u.id FROM "+users.from+users.conditions()+" LIMIT ?", append(users.args, manyOwners)...).Scan(&owners).Error; err != nil {
		return search{}, err
	}
	f := search{from: "api_keys AS k", by: "k.id", direction: descending}
	switch len(owners) {
	case 0:
		f.and("1 = 0")
	case manyOwners:
		f.from = "api_keys AS k CROSS JOIN users AS u" // CROSS JOIN has SQLite keep this order
		f.and("u.id = k.user_id")
		s.dialect.contains(&f, "u.search", needle(text))
	default:
		f.and("k.user_id IN ?", owners)
	}
	return f, nil
}

// firstIDs selects the ids of the first rows of a search over keys.
func (f *search) firstIDs() string {
	return "SELECT id FROM (SELECT k.id AS id FROM " + f.from + f.conditions() + f.order() + " LIMIT ?) AS first"
}
