package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresConns bounds the pool of one instance.
const postgresConns = 16

// notifyChannel carries the changes of keys, users and plans between instances.
const notifyChannel = "codexible_changes"

type postgresDialect struct {
	pool *pgxpool.Pool
	// ledger is the meter's own connections: no list or report can keep a charge waiting for one.
	ledger *pgxpool.Pool
	mint   func(time.Time) uuid.UUID
	rows   *knownRows
	// session is how a connection is made that keeps its server connection; nil where a pooler allows none.
	session *pgx.ConnConfig
	// limits and ledgerLimits are what a transaction sets first; empty where the connection has them.
	limits, ledgerLimits string
}

func (t target) openPostgres(ctx context.Context, o Options) (d postgresDialect, db *gorm.DB, err error) {
	d.rows = &knownRows{}
	config, err := poolConfig(t.url)
	if err != nil {
		return d, nil, fmt.Errorf("DATABASE_URL %w", errURL) // pgx repeats the URL, password masked or not
	}
	ledger := forLedger(config.Copy())
	pooled := o.Pooling == PoolingTransaction || o.Pooling != PoolingSession && poolsTransactions(ctx, config.ConnConfig, o.DirectURL != "")
	if pooled {
		throughPooler(config)
		throughPooler(ledger)
		d.limits, d.ledgerLimits = transactionLimits, inTransaction(sessionSettings(), ledgerSettings())
	} else {
		d.session = config.ConnConfig
	}
	if o.DirectURL != "" {
		direct, err := poolConfig(o.DirectURL)
		if err != nil {
			return d, nil, fmt.Errorf("DATABASE_DIRECT_URL %w", errURL)
		}
		d.session = direct.ConnConfig
	}
	if d.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return d, nil, err
	}
	if d.ledger, err = pgxpool.NewWithConfig(ctx, ledger); err != nil {
		return d, nil, err
	}
	d.sayHow(ctx, pooled, o.Log)
	var conn gorm.ConnPool = stdlib.OpenDBFromPool(d.pool)
	if pooled {
		conn = pooledDB{stdlib.OpenDBFromPool(d.pool)}
	}
	db, err = gorm.Open(gormpostgres.New(gormpostgres.Config{Conn: conn}), gormConfig(o))
	return d, db, err
}

// sayHow logs that a pooler was found, and how changes of other instances arrive then.
func (d postgresDialect) sayHow(ctx context.Context, pooled bool, log *slog.Logger) {
	if log == nil || !pooled {
		return
	}
	log.InfoContext(ctx, "the database is reached through a pooler that shares connections between transactions: no statements are prepared, and timeouts are set for each transaction. DATABASE_POOLING overrides this", "changes", d.changesBy())
}

func poolConfig(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = postgresConns
	config.ConnConfig.ConnectTimeout = 5 * time.Second
	config.MaxConnIdleTime = 5 * time.Minute
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{"application_name": "codexible", "timezone": "UTC"})
	maps.Copy(config.ConnConfig.RuntimeParams, sessionSettings())
	config.AfterConnect = readTimesInUTC
	return config, nil
}

// ledgerConns is how many connections the meter has: one that works, one for the
// moment in which another is being replaced.
const ledgerConns = 2

func forLedger(config *pgxpool.Config) *pgxpool.Config {
	config.MaxConns = ledgerConns
	maps.Copy(config.ConnConfig.RuntimeParams, ledgerSettings())
	return config
}

func (postgresDialect) name() string { return dialectPostgres }

// query goes past database/sql, which reads every value twice.
func (d postgresDialect) query(ctx context.Context, _ gorm.ConnPool, text string, args []any) (rows, error) {
	found, err := d.pool.Query(ctx, text, args...)
	return postgresRows{found}, err
}

// postgresRows are rows whose Close has no error.
type postgresRows struct{ pgx.Rows }

// Close implements rows.
func (r postgresRows) Close() error {
	r.Rows.Close()
	return nil
}

func (postgresDialect) numbered(statement string) string {
	text := make([]byte, 0, len(statement)+32) //nolint:mnd // room for the numbers
	for n := int64(1); ; n++ {
		before, after, more := strings.Cut(statement, "?")
		text = append(text, before...)
		if !more {
			return string(text)
		}
		text = strconv.AppendInt(append(text, '$'), n, 10)
		statement = after
	}
}

// onOneCore leaves the other cores to the requests.
func (postgresDialect) onOneCore(db *gorm.DB, read func(*gorm.DB) error) error {
	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SET LOCAL max_parallel_workers_per_gather = 0").Error; err != nil {
			return err
		}
		return read(tx)
	})
}

// readTimesInUTC keeps the machine's time zone out of what is read: pgx gives
// instants in it otherwise.
func readTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
	return nil
}

func (t target) openForMigration() (*sql.DB, error) {
	if t.dialect == dialectSQLite {
		return t.openSQLiteForMigration(), nil
	}
	config, err := pgx.ParseConfig(t.url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL %w", errURL)
	}
	config.ConnectTimeout = 5 * time.Second
	config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe // statements with a name do not survive a pooler
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	return db, nil
}

// away reports whether a connection failed, or the SQLSTATE says so by its class:
// connection (08), resources such as disk and connections (53), intervention such
// as a shutdown (57), the system (58), a read-only server, and lock timeouts.
func (postgresDialect) away(err error) bool {
	if _, failed := errors.AsType[*pgconn.ConnectError](err); failed {
		return true
	}
	if pg, refused := errors.AsType[*pgconn.PgError](err); refused {
		class := pg.Code[:min(2, len(pg.Code))]
		return class == "08" || class == "53" || class == "57" || class == "58" || class == "28" || class == "3D" ||
			pg.Code == "25006" || pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "55P03"
	}
	var network net.Error
	return errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		strings.Contains(err.Error(), "conn closed") || strings.Contains(err.Error(), "closed pool") || strings.Contains(err.Error(), "unexpected EOF")
}

// lock leaves room for the foreign keys of charges: a batch that names the row does not wait for a change of it.
func (postgresDialect) lock(tx *gorm.DB, table string, id uuid.UUID) error {
	var found []uuid.UUID
	return tx.Raw("SELECT id FROM "+table+" WHERE id = ? FOR NO KEY UPDATE", id).Scan(&found).Error
}

// erasing has nothing to do: VACUUM removes what rows were before.
func (postgresDialect) erasing(*gorm.DB) error { return nil }

func (postgresDialect) erased(context.Context) error { return nil }

func (postgresDialect) takeTurn(tx *gorm.DB, name string) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(hashtext(?))", name).Error
}

func (postgresDialect) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (postgresDialect) beginSnapshot() string {
	return "BEGIN READ ONLY, ISOLATION LEVEL REPEATABLE READ"
}

// announce does both: a process behind a pooler that shares connections between transactions cannot listen and reads the table.
func (postgresDialect) announce(tx *gorm.DB, at time.Time, c accounts.Change) error {
	return tx.Exec("WITH made AS (INSERT INTO changes (at, change) VALUES (?, ?) RETURNING change) SELECT pg_notify(?, change) FROM made", at, c.String(), notifyChannel).Error
}

// changesBy is how the changes of other processes arrive.
func (d postgresDialect) changesBy() ChangesBy {
	if d.session == nil {
		return ChangesPolled
	}
	return ChangesNotified
}

// watch listens on a connection of its own and connects again when it is lost. Where there can be none it polls.
func (d postgresDialect) watch(ctx context.Context, w Watcher) {
	if d.session == nil {
		d.poll(ctx, w)
		return
	}
	const pause = time.Second
	for ctx.Err() == nil {
		heard, _ := d.listen(ctx, w) // why it ended does not matter: the next round says whether it is back
		w.Up(false)
		if heard && ctx.Err() == nil {
			// What ended this connection has most likely ended the others: none of them is to fail a request.
			d.pool.Reset()
			d.ledger.Reset()
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// silence is after how long without a notification the connection is pinged:
// entries of a cache may be stale for that long at most.
const silence = 2 * time.Second

// listen reports changes until its connection is lost; heard reports whether it had one.
func (d postgresDialect) listen(ctx context.Context, w Watcher) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, d.session)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return false, err
	}
	w.Up(true)
	for {
		wait, cancel := context.WithTimeout(ctx, silence)
		n, err := conn.WaitForNotification(wait)
		cancel()
		switch {
		case err == nil:
			if c, ok := accounts.ParseChange(n.Payload); ok {
				w.Changed(c)
			}
		case ctx.Err() == nil && wait.Err() != nil && !conn.IsClosed():
			ping, cancel := context.WithTimeout(ctx, silence)
			err := conn.Ping(ping)
			cancel()
			if err != nil {
				return true, err
			}
		default:
			return true, err
		}
	}
}

// poolStats leaves out the meter's own connections: all others may be busy for
// long, and charges go on.
func (d postgresDialect) poolStats() PoolStats {
	s := d.pool.Stat()
	return PoolStats{int(s.TotalConns()), int(s.AcquiredConns()), int(s.MaxConns())}
}

func (d postgresDialect) close() error {
	d.pool.Close()
	d.ledger.Close()
	return nil
}

func (postgresDialect) sumWords() sumWords {
	return sumWords{
		noID: "'00000000-0000-0000-0000-000000000000'::uuid",
		hour: func(charge string) string {
			return "EXTRACT(HOUR FROM " + charge + ".created_at AT TIME ZONE 'UTC')::bigint"
		},
		token: func(field string) string { return "COALESCE(b." + field + ", 0)" },
		buckets: func(fields []string) string {
			return " LEFT JOIN LATERAL json_to_record(c.tokens::json) AS b(" + strings.Join(fields, " bigint, ") + " bigint) ON c.tokens IS NOT NULL"
		},
	}
}
