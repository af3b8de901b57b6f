package store

import (
	"context"
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
	Status keys.Status
	// UnusedSince keeps active keys that were neither used nor created since then.
	UnusedSince time.Time
	Page
}

func (q KeyQuery) narrow(f *search) {
	if q.UserID != uuid.Nil {
		f.and("k.user_id = ?", q.UserID)
	}
	if q.Status != "" {
		f.and("k.status = ?", q.Status)
	}
	if !q.UnusedSince.IsZero() {
		f.and("k.status = 'active' AND COALESCE(k.last_used_at, k.created_at) < ?", q.UnusedSince)
	}
	f.page(searchedKeys, q.Page)
}

// Keys lists keys across all users, the newest first.
func (s *Store) Keys(ctx context.Context, q KeyQuery) ([]KeyLine, error) {
	if q.Text != "" {
		return s.keysFound(ctx, q)
	}
	all := s.search(searchedKeys, "")
	q.narrow(&all)
	from, args := all.onPage(searchedKeys, " JOIN users AS u ON u.id = k.user_id", q.Page)
	return list(ctx, s, (*KeyLine).fields, "SELECT "+keyColumns+", u.email"+from, args...)
}

// keysFound joins the keys that a text finds themselves with those whose owner
// it finds. Each half stops at the end of the page, so a text that everybody's
// e-mail has reads no more rows than a rare one.
func (s *Store) keysFound(ctx context.Context, q KeyQuery) (found []KeyLine, err error) {
	if !storable(q.Text) {
		return nil, nil
	}
	own, owners := s.search(searchedKeys, q.Text), search{by: "k.id", direction: descending}
	err = s.reading(ctx, func(db *gorm.DB) error {
		if err := s.dialect.narrowOwners(db, &owners, needle(q.Text)); err != nil {
			return err
		}
		q.narrow(&own)
		q.narrow(&owners)
		args := append(own.args, q.Limit+q.Offset)
		args = append(append(args, owners.args...), q.Limit+q.Offset)
		found, err = listOn(db, (*KeyLine).fields, "SELECT "+keyColumns+", u.email FROM (SELECT id FROM ("+own.firstIDs()+" UNION "+owners.firstIDs()+
			") AS found ORDER BY id DESC LIMIT ? OFFSET ?) AS page JOIN api_keys AS k ON k.id = page.id JOIN users AS u ON u.id = k.user_id ORDER BY k.id DESC",
			append(args, q.Limit, q.Offset)...)
		return err
	})
	return found, err
}

// firstIDs selects the ids of the first rows of a search over keys.
func (f *search) firstIDs() string {
	return "SELECT id FROM (SELECT k.id AS id FROM " + f.from + f.conditions() + f.order() + " LIMIT ?) AS first"
}

func (postgresDialect) narrowOwners(_ *gorm.DB, f *search, needle string) error {
	f.from = "api_keys AS k JOIN users AS u ON u.id = k.user_id"
	f.and("u.search LIKE ? ESCAPE '\\'", "%"+escapeLike.Replace(needle)+"%")
	return nil
}

// manyOwners is from how many found users on SQLite walks the keys, the newest
// first, in place of the users: it plans without knowing how many match.
const manyOwners = 1000

func (sqliteDialect) narrowOwners(db *gorm.DB, f *search, needle string) error {
	pattern := "%" + anyCharacter.Replace(needle) + "%"
	var n int
	err := db.Raw("SELECT COUNT(*) FROM (SELECT 1 FROM users_search AS s WHERE s.search LIKE ? AND instr(s.search, ?) > 0 LIMIT ?)", pattern, needle, manyOwners).Scan(&n).Error
	if err != nil {
		return err
	}
	if n == manyOwners {
		f.from = "api_keys AS k CROSS JOIN users AS u ON u.id = k.user_id"
		f.and("instr(u.search, ?) > 0", needle)
		return nil
	}
	f.from = "users_search AS s CROSS JOIN api_keys AS k ON k.user_id = s.id"
	f.and("s.search LIKE ?", pattern)
	f.and("instr(s.search, ?) > 0", needle)
	return nil
}
