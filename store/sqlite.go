package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteReaders is how many connections read beside the one that writes.
const sqliteReaders = 4

// pollInterval is how often changes of other processes are read: they
// have to be seen within a second.
const pollInterval = 250 * time.Millisecond

// busyWait is for how many milliseconds a connection waits for another one's lock.
const busyWait = 5000

type sqliteDialect struct {
	*sqliteLedger
	write, read *sql.DB
	mint        func(time.Time) uuid.UUID
}

func (t target) openSQLite(ctx context.Context, o Options) (d sqliteDialect, write, read *gorm.DB, err error) {
	if err := os.MkdirAll(filepath.Dir(t.url), 0o700); err != nil {
		return d, nil, nil, fmt.Errorf("the folder of the database cannot be made: %w", err)
	}
	warnOfReaders(ctx, o.Log, keepPrivate(t.url))
	// Today's pages are written to the WAL again and again, so the WAL is checkpointed only when it is long: see checkpointWAL.
	writing := []string{"foreign_keys(1)", "synchronous(" + o.Synchronous + ")"}
	// What a change removes is overwritten: the database keeps no text that was erased.
	d.write = openSQLiteFile(t.url, slices.Concat(writing, []string{"secure_delete(1)", fmt.Sprintf("wal_autocheckpoint(%d)", longLogPages), "cache_size(-8192)"})...)
	d.write.SetMaxOpenConns(1)
	d.read = openSQLiteFile(t.url, "query_only(1)", "cache_size(-8192)")
	d.read.SetMaxOpenConns(sqliteReaders)
	d.read.SetMaxIdleConns(sqliteReaders)
	if write, err = d.gorm(d.write, o); err != nil {
		return d, nil, nil, err
	}
	read, err = d.gorm(d.read, o)
	d.sqliteLedger = &sqliteLedger{
		path: t.url, accounts: ledgerAccounts{}, version: noVersion, counting: counting{later: o.CountLater, users: map[uuid.UUID]struct{}{}}, checkpoints: checkpoints{every: logPages, long: longLogPages, tooLong: longLogPages},
		pragmas: slices.Concat([]string{fmt.Sprintf("busy_timeout(%d)", busyWait)}, writing, []string{"wal_autocheckpoint(0)", "cache_size(-24576)"}),
	}
	d.uncounted.Store(true) // charges of before a crash
	return d, write, read, err
}

// lockAccount needs no lock of its own: the transaction that writes keeps all others away.
func (sqliteDialect) lockAccount(*gorm.DB, uuid.UUID) error { return nil }

func (sqliteDialect) name() string { return dialectSQLite }

func (sqliteDialect) numbered(statement string) string { return statement }

// query has gorm keep the prepared statement.
func (sqliteDialect) query(ctx context.Context, conn gorm.ConnPool, text string, args []any) (rows, error) {
	return conn.QueryContext(ctx, text, args...) //nolint:rowserrcheck // list checks them
}

// onOneCore changes nothing: SQLite never takes more.
func (sqliteDialect) onOneCore(db *gorm.DB, read func(*gorm.DB) error) error { return read(db) }

func (sqliteDialect) gorm(db *sql.DB, o Options) (*gorm.DB, error) {
	config := gormConfig(o)
	config.PrepareStmt = true
	return gorm.Open(sqliteDialector{&gormsqlite.Dialector{Conn: db}}, config)
}

func (t target) openSQLiteForMigration() *sql.DB {
	db := openSQLiteFile(t.url, "foreign_keys(0)", "synchronous(FULL)")
	db.SetMaxOpenConns(1)
	return db
}

// openSQLiteFile opens a file with the pragmas given, in WAL mode; times are
// kept as whole microseconds, transactions begin as writers. Its files are for
// their owner alone.
func openSQLiteFile(path string, pragmas ...string) *sql.DB {
	_ = keepPrivate(path) // a service warns of what cannot be changed
	query := url.Values{"_txlock": {"immediate"}, "_time_integer_format": {"unix_micro"}, "_inttotime": {"1"}}
	query["_pragma"] = append([]string{fmt.Sprintf("busy_timeout(%d)", busyWait), "journal_mode(WAL)"}, pragmas...)
	return sql.OpenDB(sqliteConnector{"file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()})
}

// sqliteConnector opens connections that keep UUIDs as 16 bytes. As text they
// would more than double the rows of the ledger, and with them the pages that a
// commit has to write.
type sqliteConnector struct{ dsn string }

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return sqliteConn{conn.(sqliteDriverConn)}, nil
}

var sqliteDriver = sync.OnceValue(func() driver.Driver {
	// As SQLite's own builds do on Linux: what a commit waits for is then its data,
	// not the time stamps of the file. Where there is no such call fsync stays.
	_, _ = sqlite.Fdatasync(true)
	db, _ := sql.Open("sqlite", "") // opens nothing: it gives the registered driver
	defer func() { _ = db.Close() }()
	return db.Driver()
})

func (sqliteConnector) Driver() driver.Driver { return sqliteDriver() }

type sqliteDriverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type sqliteConn struct{ sqliteDriverConn }

// CheckNamedValue turns UUIDs into bytes and leaves the rest to database/sql.
func (sqliteConn) CheckNamedValue(v *driver.NamedValue) error {
	switch id := v.Value.(type) {
	case uuid.UUID:
		v.Value = id[:]
		return nil
	case *uuid.UUID:
		v.Value = nil
		if id != nil {
			v.Value = id[:]
		}
		return nil
	case uuid.NullUUID:
		v.Value = nil
		if id.Valid {
			v.Value = id.UUID[:]
		}
		return nil
	}
	return driver.ErrSkip
}

// sqliteDialector translates the errors of the pure Go driver, which gorm's
// dialector, made for the cgo one, does not know.
type sqliteDialector struct{ *gormsqlite.Dialector }

func (sqliteDialector) Translate(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return gorm.ErrDuplicatedKey
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return gorm.ErrForeignKeyViolated
	case sqlite3.SQLITE_CONSTRAINT_CHECK:
		return gorm.ErrCheckConstraintViolated
	}
	return err
}

// erasing has full-text tables forget what is removed from them at once, for good.
func (sqliteDialect) erasing(tx *gorm.DB) error {
	for _, t := range []searched{searchedUsers, searchedKeys, searchedAudit} {
		if err := tx.Exec("INSERT INTO " + t.table + "_search (" + t.table + "_search, rank) VALUES ('secure-delete', 1)").Error; err != nil {
			return err
		}
	}
	return nil
}

var errLogKept = errors.New("store: a reader keeps the log of the database")

// erased copies the WAL into the database and empties it. Nobody can append while it is reserved again.
func (d sqliteDialect) erased(ctx context.Context) error {
	turn, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Close() }()
	var busy, pages, copied int
	if err := turn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied); err != nil {
		return err
	}
	if busy != 0 {
		return errLogKept
	}
	tx, err := turn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	return errors.Join(reserveLog(d.path+"-wal"), tx.Rollback())
}

func (sqliteDialect) away(err error) bool {
	var e interface { // the driver's error or a sqliteError
		error
		Code() int
	}
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_PERM, sqlite3.SQLITE_INTERRUPT,
		sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM:
		return true
	}
	return false
}

// lock has nothing to do: a transaction is the only writer from its beginning.
func (sqliteDialect) lock(*gorm.DB, string, uuid.UUID) error { return nil }

// takeTurn has nothing to do either.
func (sqliteDialect) takeTurn(*gorm.DB, string) error { return nil }

// beginSnapshot is not immediate: a view must not keep the writer waiting.
// skipLocked is empty: there is one writer at a time.
func (sqliteDialect) skipLocked() string { return "" }

func (sqliteDialect) beginSnapshot() string { return "BEGIN DEFERRED" }

func (sqliteDialect) announce(tx *gorm.DB, at time.Time, c accounts.Change) error {
	return tx.Create(&changeRow{At: at, Change: c.String()}).Error
}

func (sqliteDialect) changesBy() ChangesBy { return ChangesPolled }

// watch reads what was added to the changes since its last poll. There is one
// writer at a time, so seq follows the order of the commits and no change is missed.
func (d sqliteDialect) watch(ctx context.Context, w Watcher) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	seen, up := int64(-1), false
	for {
		changes, last, err := d.changesAfter(ctx, seen)
		if (err == nil) != up && ctx.Err() == nil {
			up = err == nil
			w.Up(up)
		}
		if err == nil && seen >= 0 {
			for _, c := range changes {
				w.Changed(c)
			}
		}
		if err == nil {
			seen = last
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (d sqliteDialect) changesAfter(ctx context.Context, seen int64) (changes []accounts.Change, last int64, err error) {
	if seen < 0 {
		err = d.read.QueryRowContext(ctx, "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0)").Scan(&last)
		return nil, last, err
	}
	rows, err := d.read.QueryContext(ctx, "SELECT seq, change FROM changes WHERE seq > ? ORDER BY seq", seen)
	if err != nil {
		return nil, seen, err
	}
	defer func() { _ = rows.Close() }()
	last = seen
	for rows.Next() {
		var text string
		if err := rows.Scan(&last, &text); err != nil {
			return nil, seen, err
		}
		if c, ok := accounts.ParseChange(text); ok {
			changes = append(changes, c)
		}
	}
	return changes, last, rows.Err()
}

// poolStats leaves out the meter's own connection, which is always there.
func (d sqliteDialect) poolStats() PoolStats {
	w, r := d.write.Stats(), d.read.Stats()
	return PoolStats{w.OpenConnections + r.OpenConnections, w.InUse + r.InUse, w.MaxOpenConnections + r.MaxOpenConnections}
}

func (d sqliteDialect) close() error {
	if d.counting.later {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = d.countTotals(ctx) // else the next start does
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	return errors.Join(d.shut(), d.read.Close(), d.write.Close())
}

func (sqliteDialect) sumWords() sumWords {
	return sumWords{
		noID: "x'00000000000000000000000000000000'",
		hour: func(charge string) string { return "(" + charge + ".created_at / 3600000000) % 24" },
		// The text is parsed once for all of its fields, and is one that the totals were made of.
		token:   func(field string) string { return "COALESCE(c.tokens ->> '" + field + "', 0)" },
		buckets: func([]string) string { return "" },
	}
}
