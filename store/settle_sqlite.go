package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// sqliteBooks is the meter's side of the one connection that writes. It speaks
// to the driver itself: database/sql prepares a statement anew in every
// transaction and converts every argument.
type sqliteBooks struct {
	mu   sync.Mutex
	conn driver.Conn
	stmt map[string]driver.Stmt
	args []driver.NamedValue
}

// settle takes its turn on the write connection with every other change.
func (d sqliteDialect) settle(ctx context.Context, at time.Time, charges []usage.Charge) (receipts []usage.Receipt, err error) {
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(driverConn any) error { //nolint:contextcheck // see exec: the busy timeout bounds it
		d.mu.Lock()
		defer d.mu.Unlock()
		d.use(driverConn.(sqliteConn))
		receipts, err = d.decide(at, charges, func() uuid.UUID { return d.mint(at) })
		return err
	})
	return receipts, err
}

// use begins with no statements on a connection that was opened anew.
func (b *sqliteBooks) use(conn sqliteConn) {
	if b.conn != conn.sqliteDriverConn {
		b.conn, b.stmt = conn.sqliteDriverConn, map[string]driver.Stmt{}
	}
}

// decide takes the write lock first: what it reads is what it decides on.
func (b *sqliteBooks) decide(at time.Time, charges []usage.Charge, mint func() uuid.UUID) (receipts []usage.Receipt, err error) {
	if err := b.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	committed := false
	defer func() {
		if !committed && b.exec("ROLLBACK") != nil {
			err = errors.Join(err, driver.ErrBadConn) // a connection that cannot roll back is not used again
		}
	}()
	rows, err := b.read(at, charges)
	if err != nil {
		return nil, err
	}
	posting := usage.Decide(at, charges, rows.balances, rows.replays, mint)
	if len(posting.Records) == 0 {
		return posting.Receipts, nil
	}
	if err := b.post(posting); err != nil {
		return nil, err
	}
	if err := b.exec("COMMIT"); err != nil {
		return nil, err
	}
	committed = true
	return posting.Receipts, nil
}

// balancesAtOnce is how many users one statement reads: starting a statement
// costs as much as finding a row.
const balancesAtOnce = 16

var selectBalances = selectBalance + "? AND d.user_id = u.id WHERE u.id IN (?" + strings.Repeat(", ?", balancesAtOnce-1) + ")"

func (b *sqliteBooks) read(at time.Time, charges []usage.Charge) (ledgerRows, error) {
	rows := newLedgerRows(len(charges))
	users, _, _ := touched(charges)
	args := make([]any, 1+balancesAtOnce)
	args[0] = string(usage.DayOf(at))
	for len(users) > 0 {
		for i := range balancesAtOnce {
			args[1+i] = users[min(i, len(users)-1)][:] // the last one fills up
		}
		if err := b.query(rows.addBalance, selectBalances, args...); err != nil {
			return rows, err
		}
		users = users[min(balancesAtOnce, len(users)):]
	}
	for i := range charges {
		c := &charges[i]
		if c.IdempotencyKey == "" {
			continue
		}
		err := b.query(rows.addReplay, selectReplay+"key_id = ? AND text = ? AND created_at > ?",
			c.KeyID[:], c.IdempotencyKey, replaysSince(at).UnixMicro())
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (b *sqliteBooks) post(p usage.Posting) error {
	day, at, hour := string(p.Day), p.At.UnixMicro(), hourColumn(p.At.Hour())
	for i := range p.Records {
		r := &p.Records[i]
		var previous any
		if r.PreviousID != uuid.Nil {
			previous = r.PreviousID[:]
		}
		if err := b.exec(intoUsage+"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			r.ID[:], day, r.UserID[:], r.KeyID[:], previous, at, r.Credits, r.Model, r.PromptTokens, r.CompletionTokens, r.CostMicros); err != nil {
			return err
		}
	}
	userDay := intoUserDays(hour) + "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id) DO UPDATE" + addUserDay(hour)
	for i := range p.Users {
		t := &p.Users[i]
		if err := b.exec(userDay, day, t.UserID[:], t.Requests, t.Credits, t.CostMicros, t.LastChargeID[:], t.Requests); err != nil {
			return err
		}
	}
	for i := range p.Keys {
		t := &p.Keys[i]
		if err := b.exec(intoDailyKeys+"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, key_id) DO UPDATE"+addTotals,
			day, t.UserID[:], t.KeyID[:], t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros); err != nil {
			return err
		}
	}
	for i := range p.Models {
		t := &p.Models[i]
		if err := b.exec(intoModels+"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, model) DO UPDATE"+addTotals,
			day, t.UserID[:], t.Model, t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros); err != nil {
			return err
		}
	}
	for i := range p.Replays {
		r := &p.Replays[i]
		if err := b.exec(intoReplays+"VALUES (?, ?, ?, ?, ?, ?, ?)"+renewReplay,
			r.KeyID[:], r.Text, r.Fingerprint[:], day, r.Receipt.CreditsUsed, r.Receipt.DailyLimit, at); err != nil {
			return err
		}
	}
	return nil
}

func (b *sqliteBooks) exec(query string, args ...any) error {
	stmt, err := b.prepared(query)
	if err != nil {
		return err
	}
	// A context that can end would cost a goroutine a statement; the busy timeout bounds the wait.
	_, err = stmt.(driver.StmtExecContext).ExecContext(context.Background(), b.values(args))
	return err
}

// query visits every row of the answer.
func (b *sqliteBooks) query(visit func(scanner) error, query string, args ...any) error {
	stmt, err := b.prepared(query)
	if err != nil {
		return err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(context.Background(), b.values(args))
	if err != nil {
		return err
	}
	row := make(driverRow, len(rows.Columns()))
	for {
		if err = rows.Next(row); err != nil {
			break
		}
		if err = visit(row); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, rows.Close())
}

func (b *sqliteBooks) prepared(query string) (driver.Stmt, error) {
	stmt, found := b.stmt[query]
	if found {
		return stmt, nil
	}
	stmt, err := b.conn.Prepare(query)
	if err == nil {
		b.stmt[query] = stmt
	}
	return stmt, err
}

func (b *sqliteBooks) values(args []any) []driver.NamedValue {
	b.args = b.args[:0]
	for i, v := range args {
		b.args = append(b.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return b.args
}

// driverRow is a row as the driver gives it.
type driverRow []driver.Value

// Scan fills the kinds of destinations that the ledger reads into.
func (r driverRow) Scan(dest ...any) error {
	for i, to := range dest {
		var err error
		switch to := to.(type) {
		case *int64:
			*to, _ = r[i].(int64)
		case *string:
			*to, _ = r[i].(string)
		case *[]byte:
			*to, _ = r[i].([]byte)
		case interface{ Scan(any) error }:
			err = to.Scan(r[i])
		default:
			err = fmt.Errorf("store: a ledger row is not read into %T", to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
