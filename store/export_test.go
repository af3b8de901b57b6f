package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/keys"
	"codexible/usage"

	"ariga.io/atlas/sql/schema"
	"github.com/google/uuid"
	"gorm.io/gorm"
	gormschema "gorm.io/gorm/schema"
	sqlite3 "modernc.org/sqlite/lib"
)

// RotateFrom is the second half of a rotation: the one that was overtaken.
func (s *Store) RotateFrom(ctx context.Context, by accounts.Actor, r keys.Rotation, userID uuid.UUID, current []byte) (keys.Key, error) {
	return s.rotateFrom(ctx, by, r, userID, current)
}

// CheckpointEvery makes an embedded store's meter checkpoint the WAL after so many
// pages, and wait for readers when the WAL has more than long pages.
func CheckpointEvery(s *Store, pages, long int) {
	s.dialect.(sqliteDialect).checkpoints = checkpoints{every: pages, long: long, tooLong: long}
}

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

// ReadModels reads a row of each table by its model, and returns the tables without rows.
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

// onSent calls visit for each statement that list sends, too, until the function that it returns is called.
func (s *Store) onSent(visit func(text string, args []any)) (end func()) {
	before := s.sent
	s.sent = visit
	return func() { s.sent = before }
}

// AfterReads runs something after each statement that reads, until t ends.
func AfterReads(t *testing.T, s *Store, run func()) {
	t.Helper()
	record := s.read.Callback().Row()
	if err := record.After("gorm:row").Register("test:after", func(*gorm.DB) { run() }); err != nil {
		t.Fatal(err)
	}
	end := s.onSent(func(string, []any) { run() })
	t.Cleanup(func() {
		end()
		if err := record.Remove("test:after"); err != nil {
			t.Error(err)
		}
	})
}

// Cost runs a read and then measures its statements, which it says the number of:
// the steps of SQLite's machine, or the rows and pages that Postgres visits.
func Cost(ctx context.Context, s *Store, read func() error) (statements int, visited int64, err error) {
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
		return 0, 0, err
	}
	end := s.onSent(func(text string, args []any) { sent = append(sent, statement{text, args}) })
	err = read()
	end()
	if err := errors.Join(err, record.Remove("test:record")); err != nil {
		return 0, 0, err
	}
	for _, one := range sent {
		var n int64
		if d, isSQLite := s.dialect.(sqliteDialect); isSQLite {
			n, err = stepsOf(d.path, one.sql, one.vars)
		} else {
			n, err = visitsOf(ctx, s.read, one.sql, one.vars)
		}
		if err != nil {
			return 0, 0, err
		}
		visited += n
	}
	return len(sent), visited, nil
}

// stepsOf counts the steps of SQLite's machine: some for every row that a statement visits.
func stepsOf(path, text string, vars []any) (int64, error) {
	h, err := openHandle(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = h.close() }()
	one, err := h.statement(text)
	if err != nil {
		return 0, err
	}
	for _, v := range vars {
		if id, is := v.(uuid.UUID); is {
			one.blob(id[:])
			continue
		}
		value, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return 0, err
		}
		switch value := value.(type) {
		case int64:
			one.integers(value)
		case []byte:
			one.blob(value)
		case string:
			one.text(value)
		case time.Time:
			one.integers(value.UnixMicro())
		default:
			return 0, fmt.Errorf("a %T is bound", value)
		}
	}
	for more := true; more && err == nil; {
		more, err = one.next()
	}
	return int64(sqlite3.Xsqlite3_stmt_status(h.tls, one.stmt, sqlite3.SQLITE_STMTSTATUS_VM_STEP, 0)), err
}

// visitedNode is a step of a plan as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) returns it.
type visitedNode struct {
	Rows    float64       `json:"Actual Rows"`            //nolint:tagliatelle // as EXPLAIN writes it
	Removed float64       `json:"Rows Removed by Filter"` //nolint:tagliatelle // as EXPLAIN writes it
	Loops   float64       `json:"Actual Loops"`           //nolint:tagliatelle // as EXPLAIN writes it
	Hit     int64         `json:"Shared Hit Blocks"`      //nolint:tagliatelle // as EXPLAIN writes it
	Read    int64         `json:"Shared Read Blocks"`     //nolint:tagliatelle // as EXPLAIN writes it
	Plans   []visitedNode `json:"Plans"`                  //nolint:tagliatelle // as EXPLAIN writes it
}

func (n *visitedNode) rows() (sum int64) {
	sum = int64((n.Rows + n.Removed) * n.Loops)
	for i := range n.Plans {
		sum += n.Plans[i].rows()
	}
	return sum
}

func visitsOf(ctx context.Context, db *gorm.DB, text string, vars []any) (visited int64, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// A small table is read whole and hashed whatever indexes it has, unless that is made dear.
		for _, cheap := range []string{"enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"} {
			if err := tx.Exec("SET LOCAL " + cheap + " = off").Error; err != nil {
				return err
			}
		}
		var plan string
		if err := tx.Statement.ConnPool.QueryRowContext(ctx, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+text, vars...).Scan(&plan); err != nil {
			return err
		}
		var explained []struct {
			Plan visitedNode `json:"Plan"` //nolint:tagliatelle // as EXPLAIN writes it
		}
		if err := json.Unmarshal([]byte(plan), &explained); err != nil {
			return err
		}
		top := &explained[0].Plan // its pages are those of all steps
		visited = top.rows() + top.Hit + top.Read
		return nil
	})
	return visited, err
}

// ReconcileDay is what a recount does with a day that it has listed.
func ReconcileDay(ctx context.Context, s *Store, day usage.Day) (r Reconciliation, err error) {
	return r, s.reconcileDay(ctx, day, &recheck{book: catalog.NewBook(nil, nil), newer: map[uuid.UUID]*catalog.Price{}}, &r)
}

// SumUp reads the sums of a day; the function that it returns stores them.
func SumUp(t *testing.T, s *Store, day usage.Day) func(context.Context) error {
	t.Helper()
	reopened, sums, err := s.sumsOf(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error { return s.keepSums(ctx, day, reopened, sums) }
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

// CountInBackground starts a background count that never ends by itself; over reports
// its end.
func CountInBackground(s *Store) (over <-chan error) {
	began, ended := make(chan struct{}), make(chan error, 1)
	m := newCache[int](s, maxCacheAge, func(time.Duration) (renewed, over time.Duration) { return 0, maxCacheAge })
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

// PutPrices stores prices.
func PutPrices(ctx context.Context, s *Store, prices ...catalog.Price) error {
	for i := range prices {
		p := &prices[i]
		row := priceRow{ID: p.ID, Model: p.Model, ValidFrom: p.ValidFrom, Terms: string(p.Terms.AppendText(nil)), Source: p.Source, CreatedAt: p.CreatedAt, CreatedBy: p.CreatedBy}
		if err := s.write.WithContext(ctx).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// Synchronous is how the meter's connection of an embedded store commits: 2 waits for the disk.
func Synchronous(s *Store) (level int64) {
	l := s.dialect.(sqliteDialect).sqliteLedger
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.rows("PRAGMA synchronous", func(row scanner) error { return row.Scan(&level) }, func(*statement) {})
	return level
}

// LedgerAccounts is how many accounts the meter of an embedded store keeps.
func LedgerAccounts(s *Store) int { return len(s.dialect.(sqliteDialect).accounts) }

// LimitsInTransaction are the time limits that a transaction has.
func LimitsInTransaction(t testing.TB, s *Store) (limits string) {
	t.Helper()
	err := s.changing(context.Background(), accounts.Actor{}, func(tx *change) error {
		return tx.Raw("SELECT current_setting('statement_timeout') || ' ' || current_setting('lock_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout')").Scan(&limits).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return limits
}
