package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/usage"

	"ariga.io/atlas/sql/schema"
	"github.com/google/uuid"
	"gorm.io/gorm"
	gormschema "gorm.io/gorm/schema"
)

// RotateFrom is the second half of a rotation: the one that was overtaken.
func (s *Store) RotateFrom(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID, current []byte) (keys.Key, error) {
	return s.rotateFrom(ctx, by, r, userID, current)
}

// MoveLog makes an embedded store's meter checkpoint the WAL after every pages,
// and wait for readers when the WAL has more than long pages.
func MoveLog(s *Store, every, long int) {
	s.dialect.(sqliteDialect).log = logMoves{every: every, long: long, tooLong: long}
}

// LogMoves counts the meter's checkpoints.
func LogMoves(s *Store) int { return s.dialect.(sqliteDialect).log.moves }

// Column is what a model, schema.hcl or a database says of a column.
type Column struct {
	Family        string
	Null, Primary bool
}

// Tables are columns by table and name.
type Tables map[string]map[string]Column

// ModelTables are the tables as the models have them.
func ModelTables(t *testing.T) Tables {
	t.Helper()
	tables := Tables{}
	for _, model := range models() {
		parsed, err := gormschema.Parse(model, &sync.Map{}, gormschema.NamingStrategy{})
		if err != nil {
			t.Fatal(err)
		}
		columns := map[string]Column{}
		for _, field := range parsed.Fields {
			if field.HasDefaultValue && !field.AutoIncrement || field.AutoCreateTime != 0 || field.AutoUpdateTime != 0 {
				t.Errorf("%s.%s: gorm fills a value of its own", parsed.Table, field.DBName)
			}
			columns[field.DBName] = Column{familyOf(field.IndirectFieldType), field.FieldType.Kind() == reflect.Pointer, field.PrimaryKey}
		}
		tables[parsed.Table] = columns
	}
	return tables
}

// familyOf is the family of the columns that hold a Go type.
func familyOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[uuid.UUID]():
		return "uuid"
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[usage.Day]():
		return "date"
	case reflect.TypeFor[[]byte]():
		return "bytes"
	case reflect.TypeFor[storedScopes](), reflect.TypeFor[storedAddresses]():
		return "text"
	}
	return map[reflect.Kind]string{reflect.String: "text", reflect.Int64: "integer", reflect.Bool: "boolean"}[t.Kind()]
}

// DeclaredTables are the tables as schema.hcl declares them.
func DeclaredTables(files Files) (Tables, error) {
	realm, err := declared(files.Schema)
	if err != nil {
		return nil, err
	}
	return tablesIn(realm.Schemas[0]), nil
}

// LiveTables are the tables as the migrator's database has them, of those that schema.hcl declares.
func LiveTables(ctx context.Context, m *Migrator) (Tables, error) {
	_, live, _, err := m.compared(ctx)
	if err != nil {
		return nil, err
	}
	return tablesIn(live), nil
}

func tablesIn(s *schema.Schema) Tables {
	tables := Tables{}
	for _, t := range s.Tables {
		columns := map[string]Column{}
		for _, c := range t.Columns {
			columns[c.Name] = Column{familyIn(c.Type.Type), c.Type.Null, t.PrimaryKey != nil && slices.ContainsFunc(t.PrimaryKey.Parts, func(p *schema.IndexPart) bool { return p.C == c })}
		}
		tables[t.Name] = columns
	}
	return tables
}

func familyIn(t schema.Type) string {
	switch t := t.(type) {
	case *schema.UUIDType:
		return "uuid"
	case *schema.IntegerType:
		return "integer"
	case *schema.StringType:
		return "text"
	case *schema.BoolType:
		return "boolean"
	case *schema.BinaryType:
		return "bytes"
	case *schema.TimeType:
		if t.T == "date" {
			return "date"
		}
		return "time"
	}
	return fmt.Sprintf("%T", t)
}

// ReadModels reads a row of each table by its model, and gives the tables that have none.
func ReadModels(ctx context.Context, s *Store) (empty []string, err error) {
	for _, model := range models() {
		read := s.read.WithContext(ctx).Session(&gorm.Session{QueryFields: true}).Take(model)
		if errors.Is(read.Error, gorm.ErrRecordNotFound) {
			empty = append(empty, read.Statement.Table)
		} else if read.Error != nil {
			return nil, fmt.Errorf("%s: %w", read.Statement.Table, read.Error)
		}
	}
	return empty, nil
}

// AfterReads runs something after each statement that reads, until t ends.
func AfterReads(t *testing.T, s *Store, run func()) {
	t.Helper()
	record := s.read.Callback().Row()
	if err := record.After("gorm:row").Register("test:after", func(*gorm.DB) { run() }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := record.Remove("test:after"); err != nil {
			t.Error(err)
		}
	})
}

// QueryPlans gives how the database goes about each statement that reading sends,
// a line a step. SQLite's name the step they belong to: "page > SCAN u".
func QueryPlans(ctx context.Context, s *Store, reading func() error) (plans [][]string, err error) {
	type statement struct {
		sql  string
		vars []any
	}
	var sent []statement
	record := s.read.Callback().Row()
	err = record.After("gorm:row").Register("test:record", func(db *gorm.DB) {
		sent = append(sent, statement{db.Statement.SQL.String(), db.Statement.Vars})
	})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(reading(), record.Remove("test:record")); err != nil {
		return nil, err
	}
	err = s.read.WithContext(ctx).Connection(func(db *gorm.DB) error {
		for _, one := range sent {
			plan, err := s.plan(ctx, db.Statement.ConnPool, one.sql, one.vars)
			if err != nil {
				return err
			}
			plans = append(plans, plan)
		}
		return nil
	})
	return plans, err
}

func (s *Store) plan(ctx context.Context, conn gorm.ConnPool, sql string, vars []any) (plan []string, err error) {
	_, isSQLite := s.dialect.(sqliteDialect)
	explain := "EXPLAIN QUERY PLAN "
	if !isSQLite {
		explain = "EXPLAIN "
		// A table of three rows is read whole and sorted whatever indexes it has, unless that is made dear.
		for _, cheap := range []string{"enable_seqscan", "enable_bitmapscan", "enable_sort"} {
			if _, err := conn.ExecContext(ctx, "SET "+cheap+" = off"); err != nil {
				return nil, err
			}
		}
	}
	rows, err := conn.QueryContext(ctx, explain+sql, vars...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	names := map[int]string{}
	for rows.Next() {
		var step string
		if !isSQLite {
			err = rows.Scan(&step)
		} else {
			var id, parent, unused int
			err = rows.Scan(&id, &parent, &unused, &step)
			_, names[id], _ = strings.Cut(step, " ")
			if parent != 0 {
				step = names[parent] + " > " + step
			}
		}
		if err != nil {
			return nil, err
		}
		plan = append(plan, step)
	}
	return plan, rows.Err()
}

// ReconcileDay is what a recount does with a day that it has listed.
func ReconcileDay(ctx context.Context, s *Store, day usage.Day) (r Reconciliation, err error) {
	r.Days = 1
	return r, s.reconcileDay(ctx, day, &r)
}

// OutlastedTransaction is a change whose time is over before its commit.
func OutlastedTransaction(t *testing.T, s *Store) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return s.changing(ctx, accounts.ActorSystem, func(tx *change) error {
		cancel()
		// The transaction is rolled back beside us; a statement that may take its time sees that it is done.
		for range 1_000_000 {
			if err := tx.WithContext(context.Background()).Exec("UPDATE users SET name = name WHERE 1 = 0").Error; errors.Is(err, sql.ErrTxDone) {
				return nil
			}
		}
		t.Error("the transaction outlives its context")
		return nil
	})
}

// Endless reads what no database finishes, until ctx ends.
func Endless(ctx context.Context, s *Store) error {
	var n int64
	return s.reading(ctx, func(db *gorm.DB) error {
		return db.Raw("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT (i + 1) % 1000 FROM n) SELECT COUNT(*) FROM n").Scan(&n).Error
	})
}

// CountBehind begins a count for which nobody waits, that never ends by itself;
// it says when the count is over.
func CountBehind(s *Store) (over <-chan error) {
	began, ended := make(chan struct{}), make(chan error, 1)
	m := newMemo[int](s, memoLongest, func(time.Duration) (renewed, over time.Duration) { return 0, memoLongest })
	count := func(context.Context) (int, error) { return 0, nil }
	_, _ = m.get(context.Background(), "slow", count) // kept, and old enough to be counted again
	_, _ = m.get(context.Background(), "slow", func(ctx context.Context) (int, error) {
		close(began)
		err := Endless(ctx, s)
		ended <- err
		return 0, err
	})
	<-began
	return ended
}
