package store

import (
	"context"
	"slices"
	"time"

	"codexible/keys"
	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// UnusedKeys lists active keys that were neither used nor made since an
// instant: those that never were used first, then the longest idle.
func (s *Store) UnusedKeys(ctx context.Context, since time.Time, p Page) (unused []KeyLine, err error) {
	var last KeyLine
	if p.After != uuid.Nil {
		if last, err = s.Key(ctx, p.After, uuid.Nil); err != nil {
			return nil, err
		}
	}
	if last.LastUsedAt == nil {
		unused, err = s.keysWhere(ctx, "k.last_used_at IS NULL AND k.id < ? AND k.id > ? ORDER BY k.id LIMIT ?", firstID(since), p.After, p.Limit)
		if err != nil || len(unused) == p.Limit {
			return unused, err
		}
	}
	var from time.Time
	if last.LastUsedAt != nil {
		from = *last.LastUsedAt
	}
	idle, err := s.keysWhere(ctx, "k.last_used_at < ? AND (k.last_used_at, k.id) > (?, ?) ORDER BY k.last_used_at, k.id LIMIT ?", since, from, last.ID, p.Limit-len(unused))
	return append(unused, idle...), err
}

// keysWhere is by hand: a list with its owners.
func (s *Store) keysWhere(ctx context.Context, condition string, args ...any) ([]KeyLine, error) {
	return list(ctx, s, (*KeyLine).fields, "SELECT "+keyLineColumns+" FROM api_keys AS k JOIN users AS u ON u.id = k.user_id WHERE k.status = 'active' AND "+condition, args...)
}

// KeysOf lists a user's keys, the active ones, then the disabled and the revoked,
// the newest first. By hand: see list.
func (s *Store) KeysOf(ctx context.Context, userID uuid.UUID, limit int) ([]keys.Key, error) {
	return list(ctx, s, keyDest, "SELECT "+keyColumns+" FROM api_keys AS k WHERE k.user_id = ? ORDER BY k.status, k.id DESC LIMIT ?", userID, limit)
}

// GraceEnds is when the secret that a rotation replaced stops; nil outside a grace period.
func (s *Store) GraceEnds(ctx context.Context, keyID uuid.UUID) (*time.Time, error) {
	var replaced secretRow
	err := s.read.WithContext(ctx).Take(&replaced, "key_id = ? AND ends_at > ?", keyID, s.now()).Error
	return replaced.EndsAt, s.classify(missing(err, nil))
}

// UsersByPlan counts the users of every plan.
func (s *Store) UsersByPlan(ctx context.Context) (map[uuid.UUID]int64, error) {
	return s.planUsers.get(ctx, "", func(ctx context.Context) (map[uuid.UUID]int64, error) {
		// By hand: a count, not rows.
		var rows []struct {
			PlanID uuid.UUID
			Users  int64
		}
		err := s.reading(ctx, func(db *gorm.DB) error {
			return db.Raw("SELECT plan_id, COUNT(*) AS users FROM users GROUP BY plan_id").Scan(&rows).Error
		})
		counts := map[uuid.UUID]int64{}
		for _, r := range rows {
			counts[r.PlanID] = r.Users
		}
		return counts, err
	})
}

// AddRefusals adds to the refused requests of a day, by reason. By hand: the
// database adds, so that instances do not overwrite each other.
func (s *Store) AddRefusals(ctx context.Context, day usage.Day, byReason map[string]int64) error {
	return s.classify(s.write.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, code := range sortedNames(byReason) {
			err := tx.Exec("INSERT INTO refusals AS t (day, code, requests) VALUES (?, ?, ?) ON CONFLICT (day, code) DO UPDATE SET requests = t.requests + excluded.requests",
				string(day), code, byReason[code]).Error
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// sortedNames puts rows into the order in which every writer takes them.
func sortedNames(rows map[string]int64) []string {
	names := make([]string, 0, len(rows))
	for name := range rows {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Refusals reads the refused requests of a day, by reason.
func (s *Store) Refusals(ctx context.Context, day usage.Day) (map[string]int64, error) {
	var rows []refusalRow
	err := s.reading(ctx, func(db *gorm.DB) error { return db.Find(&rows, "day = ?", day).Error })
	byReason := map[string]int64{}
	for _, r := range rows {
		byReason[r.Code] = r.Requests
	}
	return byReason, err
}

// AppliedMigrations lists the steps of the schema that were applied, the oldest
// first. By hand: the migrator's table is not in schema.hcl and has no model.
func (s *Store) AppliedMigrations(ctx context.Context) (list []Migration, err error) {
	var rows []struct{ Version, Name, AppliedAt string }
	err = s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT version, name, applied_at FROM schema_migrations ORDER BY version").Scan(&rows).Error
	})
	for _, r := range rows {
		at, parseErr := time.Parse(time.RFC3339Nano, r.AppliedAt)
		if parseErr != nil {
			return nil, s.classify(parseErr)
		}
		list = append(list, Migration{Version: r.Version, Name: r.Name, AppliedAt: &at})
	}
	return list, err
}

// About is what a database says of itself.
type About struct {
	Name, Version string
	Bytes         int64
}

// About asks the database for its version and size.
func (s *Store) About(ctx context.Context) (a About, err error) {
	err = s.reading(ctx, func(db *gorm.DB) error {
		a, err = s.dialect.about(db)
		return err
	})
	return a, err
}

func (sqliteDialect) about(db *gorm.DB) (a About, err error) {
	err = db.Raw("SELECT 'SQLite' AS name, sqlite_version() AS version, (SELECT page_count FROM pragma_page_count()) * (SELECT page_size FROM pragma_page_size()) AS bytes").Scan(&a).Error
	return a, err
}

func (postgresDialect) about(db *gorm.DB) (a About, err error) {
	err = db.Raw("SELECT 'PostgreSQL' AS name, current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes").Scan(&a).Error
	return a, err
}
