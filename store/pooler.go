package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
)

// What DATABASE_POOLING can be. A pooler such as PgBouncer in transaction mode gives a client another server
// connection for each transaction: what a client sets, prepares or listens to on one is lost with it.
const (
	// PoolingAuto finds out which of the others it is.
	PoolingAuto = "auto"
	// PoolingSession is one server connection for as long as a connection lives, as without a pooler.
	PoolingSession = "session"
	// PoolingTransaction is a server connection for as long as a transaction takes.
	PoolingTransaction = "transaction"
)

// statementTimeout bounds each statement, the time for its rows included.
const statementTimeout = 15 * time.Second

// sessionSettings are those of each connection to Postgres.
func sessionSettings() map[string]string {
	return map[string]string{
		"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s",
	}
}

// ledgerSettings are those of the meter's connections beside. Its statements find every row by its primary
// key, and must also before the first ANALYZE of a new table, when the planner takes it for empty and would read
// all of it, also along an index to join it. Each is planned once.
func ledgerSettings() map[string]string {
	return map[string]string{"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
}

// inTransaction is a statement that makes settings hold until the transaction ends.
func inTransaction(settings ...map[string]string) string {
	var calls []string
	for _, some := range settings {
		for _, name := range slices.Sorted(maps.Keys(some)) {
			calls = append(calls, fmt.Sprintf("set_config('%s', '%s', true)", name, some[name]))
		}
	}
	return "SELECT " + strings.Join(calls, ", ")
}

// poolsTransactions finds out whether a pooler changes the server connection between transactions. Such a pooler
// refuses settings at the start of a connection, or leaves them out, because they would be lost. A database that does not
// answer is what unknown says; what uses it next reports it.
func poolsTransactions(ctx context.Context, config *pgx.ConnConfig, unknown bool) bool {
	conn, err := pgx.ConnectConfig(ctx, config)
	if refused, is := errors.AsType[*pgconn.PgError](err); is && refused.Code == protocolViolation {
		return true
	}
	if err != nil {
		return unknown
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var held bool
	err = conn.QueryRow(ctx, "SELECT current_setting('statement_timeout') = '15s' AND current_setting('lock_timeout') = '5s'", pgx.QueryExecModeSimpleProtocol).Scan(&held)
	return err == nil && !held
}

// protocolViolation is Postgres's code for a start that is refused: PgBouncer says with it that it does not know a setting.
const protocolViolation = "08P01"

// throughPooler makes a pool work where the server connection changes between transactions: nothing is set at the start
// but what every pooler keeps, and no statement is prepared under a name. Transactions set their limits themselves; a
// statement outside of one is given up at the deadline of statementDeadline.
func throughPooler(config *pgxpool.Config) {
	for _, settings := range []map[string]string{sessionSettings(), ledgerSettings()} {
		for name := range settings {
			delete(config.ConnConfig.RuntimeParams, name)
		}
	}
	// The types of a statement are asked for once, without a name, and kept by the client.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.ConnConfig.Tracer = statementDeadline{statementTimeout}
	config.BeforeConnect = sendNoCancel
}

// sendNoCancel keeps a connection from asking the server to end a statement: PgBouncer 1.18 ends itself in a race with such a
// request. Of a client that leaves in the middle of a statement a pooler closes the server connection.
func sendNoCancel(_ context.Context, config *pgx.ConnConfig) error {
	var connected atomic.Bool
	dial, after := config.DialFunc, config.AfterConnect
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		if connected.Load() { // only a cancel dials again
			return nil, errNoCancel
		}
		return dial(ctx, network, address)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		connected.Store(true)
		if after != nil {
			return after(ctx, conn)
		}
		return nil
	}
	return nil
}

var errNoCancel = errors.New("store: no statement is cancelled through a pooler")

// statementDeadline gives statements up after a time. The server's own limit for them is the role's, or the pooler's.
type statementDeadline struct{ after time.Duration }

type endOfStatement struct{}

// TraceQueryStart gives a statement its deadline.
func (s statementDeadline) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return s.start(ctx)
}

// TraceQueryEnd frees the deadline after the last row was read.
func (statementDeadline) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	freeDeadline(ctx)
}

// TraceBatchStart gives a batch its deadline.
func (s statementDeadline) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return s.start(ctx)
}

// TraceBatchQuery does nothing.
func (statementDeadline) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd frees the deadline.
func (statementDeadline) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	freeDeadline(ctx)
}

func (s statementDeadline) start(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeout(ctx, s.after)
	return context.WithValue(ctx, endOfStatement{}, cancel)
}

func freeDeadline(ctx context.Context) {
	if cancel, ok := ctx.Value(endOfStatement{}).(context.CancelFunc); ok {
		cancel()
	}
}

// pooledDB gives each transaction its limits, which no pooler keeps for a connection.
type pooledDB struct{ *sql.DB }

var transactionLimits = inTransaction(sessionSettings())

// BeginTx implements gorm.ConnPoolBeginner.
func (p pooledDB) BeginTx(ctx context.Context, opts *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := p.DB.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, transactionLimits); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// GetDBConn implements gorm.GetDBConnector.
func (p pooledDB) GetDBConn() (*sql.DB, error) { return p.DB, nil }
