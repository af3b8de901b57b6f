package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteLedger is the meter's own connection to the embedded database.
type sqliteLedger struct {
	mu      sync.Mutex
	path    string
	pragmas []string
	// handle is nil until the first batch, and after a transaction that could not be ended.
	handle *handle
	closed bool
	// accounts are the users as this connection left them. They hold while SQLite's
	// data version says that no other connection has committed since.
	accounts    ledgerAccounts
	day         usage.Day
	version     int64
	checkpoints checkpoints
	counting    counting
	// uncounted reports whether charges may wait to be counted; read without mu.
	uncounted atomic.Bool
}

// noVersion is none of SQLite's data versions.
const noVersion = -1

// mostAccounts bounds the cached accounts; beyond it the cache is cleared.
const mostAccounts = 8192

// post takes its turn with every other change: it holds the one connection
// that writes while its own does.
func (d sqliteDialect) post(ctx context.Context, now func() time.Time, entries []usage.Entry, to *audience) (receipts []usage.Receipt, err error) {
	err = d.onHandle(ctx, func() (err error) {
		receipts, err = d.decide(now, entries, to, d.mint)
		return err
	})
	return receipts, err
}

// onHandle gives work the meter's connection, and no other writes meanwhile.
func (d sqliteDialect) onHandle(ctx context.Context, work func() error) error {
	turn, err := d.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Close() }()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return sql.ErrConnDone
	case d.handle == nil:
		if err := d.open(); err != nil {
			return err
		}
	}
	return work()
}

// open opens the meter's connection, and allocates the WAL.
func (l *sqliteLedger) open() (err error) {
	if l.handle, err = openHandle(l.path, l.pragmas...); err != nil {
		return err
	}
	if err := l.handle.run("BEGIN IMMEDIATE"); err != nil {
		return errors.Join(err, l.shut())
	}
	_ = reserveLog(l.path + "-wal") // a disk without this space may still have enough for the charges
	if err := l.handle.run("ROLLBACK"); err != nil {
		return errors.Join(err, l.shut())
	}
	return nil
}

// decide takes the write lock first: what it reads is what it decides on.
func (l *sqliteLedger) decide(now func() time.Time, entries []usage.Entry, to *audience, mint func(time.Time) uuid.UUID) (receipts []usage.Receipt, err error) {
	if err := l.handle.run("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			clear(l.accounts) // they may hold what was not written
			l.counting.upTo, l.counting.last = uuid.Nil, uuid.Nil
			l.version = noVersion
		}
		if !l.handle.idle() && l.handle.run("ROLLBACK") != nil {
			err = errors.Join(err, l.shut()) // a connection that cannot roll back is not used again
			return
		}
		if e, is := errors.AsType[*sqliteError](err); is && e.code&0xff == sqlite3.SQLITE_FULL {
			// The log itself may be what fills the disk, and SQLite empties it after a commit alone.
			_ = l.handle.pragma("wal_checkpoint(PASSIVE)")
		}
	}()
	at := now()
	l.counting.wrote = false
	state, err := l.read(at, entries)
	if err != nil {
		return nil, err
	}
	posting := usage.Decide(at, entries, state, func() uuid.UUID { return mint(at) })
	later := l.counting.deferrable(&posting)
	switch {
	case !posting.Empty():
		if err = l.record(&posting, later); err == nil {
			err = l.tell(&posting, to, mint)
		}
	case len(entries) == 0 && l.counting.upTo != l.counting.last: // only the totals were asked for
		err = l.count()
	case !l.counting.wrote:
		l.uncounted.Store(l.counting.waiting > 0)
		return posting.Receipts, nil
	}
	if err == nil {
		err = l.handle.run("COMMIT")
	}
	if err != nil {
		return nil, err
	}
	if later {
		l.counting.countLater(&posting)
	}
	l.uncounted.Store(l.counting.waiting > 0)
	l.checkpointWAL()
	return posting.Receipts, nil
}

// shut closes the connection; the next batch opens another one.
func (l *sqliteLedger) shut() error {
	if l.handle == nil {
		return nil
	}
	err := l.handle.close()
	l.handle = nil
	clear(l.accounts) // another connection has other version numbers
	l.version = noVersion
	return err
}

const (
	ofUser      = "= ?1"
	whereUserID = "JOIN plans AS p ON p.id = u.plan_id LEFT JOIN user_days AS d ON d.day = ?2 AND d.user_id = u.id WHERE u.id = ?1"
)

// The statements that read one user, the parameters in one order: the user, and
// where it is needed the moment or the day, and the first day of the month.
var (
	selectAccountSQLite     = "SELECT " + accountColumns + whereUserID
	selectMoreSQLite        = fmt.Sprintf(selectMore, ofUser)
	selectOpenHoldsSQLite   = fmt.Sprintf(selectOpenHolds, ofUser)
	selectDrawnGrantSQLite  = fmt.Sprintf(selectDrawnGrants, "?2", ofUser)
	selectOpenGrantsSQLite  = fmt.Sprintf(selectOpenGrants, "?2", ofUser)
	selectKeyLimitsSQLite   = fmt.Sprintf(selectKeyLimits, "?2", ofUser)
	selectEarlierDaysSQLite = fmt.Sprintf(selectEarlierDays, "?3", "?2", ofUser)
	selectHoldSQLite        = fmt.Sprintf(selectHolds, ofUser)
	selectPastDaySQLite     = selectPastDays + "d.user_id = ?1 AND d.day = ?2"
	selectReplaySQLite      = replayColumns + "key_id = ?1 AND text = ?2 AND created_at > ?3"
)

func (l *sqliteLedger) read(at time.Time, entries []usage.Entry) (usage.State, error) {
	state := usage.State{Accounts: l.accounts, Replays: map[usage.ReplayKey]usage.Replay{}, Named: map[uuid.UUID]*usage.Hold{}}
	day := usage.DayOf(at)
	if err := l.validate(day); err != nil {
		return state, err
	}
	for i := range entries {
		e := &entries[i]
		if a := l.accounts[e.UserID]; a != nil {
			a.PastDays = nil // read again where an entry needs them
		}
	}
	for i := range entries {
		if err := l.readEntry(at, &entries[i], state); err != nil {
			return state, err
		}
	}
	return state, nil
}

// readEntry reads what an entry is decided on and is not there yet.
func (l *sqliteLedger) readEntry(at time.Time, e *usage.Entry, state usage.State) error {
	if l.accounts[e.UserID] == nil {
		if err := l.countFor(e.UserID); err != nil {
			return err
		}
		if err := l.readAccount(at, usage.DayOf(at), e.UserID); err != nil {
			return err
		}
	}
	if e.IdempotencyKey != "" {
		if err := l.readReplays(at, e, state); err != nil {
			return err
		}
	}
	if e.HoldID != uuid.Nil {
		return l.readHold(at, e.UserID, e.HoldID, state)
	}
	return nil
}

func (l *sqliteLedger) readAccount(at time.Time, day usage.Day, user uuid.UUID) error {
	var row accountRow
	err := l.rows(selectAccountSQLite, row.scan, func(s *statement) { s.blob(user[:]); s.text(string(day)) })
	if err != nil || row.user == uuid.Nil {
		return err
	}
	l.accounts[user] = &row.Account
	more := row.MonthlyLimit != usage.NoLimit
	err = l.rows(selectMoreSQLite, func(scanner) error { more = true; return nil }, func(s *statement) { s.blob(user[:]) })
	if err != nil || !more {
		return err
	}
	return errors.Join(
		l.rows(selectOpenHoldsSQLite, l.accounts.addHold, func(s *statement) { s.blob(user[:]) }),
		l.rows(selectOpenGrantsSQLite, l.accounts.addGrant, func(s *statement) { s.blob(user[:]); s.integers(at.UnixMicro()) }),
		l.rows(selectKeyLimitsSQLite, l.accounts.addKey, func(s *statement) { s.blob(user[:]); s.text(string(day)) }),
		l.rows(selectEarlierDaysSQLite, l.accounts.addEarlierDays, func(s *statement) {
			s.blob(user[:])
			s.text(string(day))
			s.text(string(day.StartOfMonth()))
		}),
	)
}

// readReplays reads what the text of an idempotency key has answered, whoever charged.
func (l *sqliteLedger) readReplays(at time.Time, e *usage.Entry, state usage.State) error {
	return l.rows(selectReplaySQLite, func(row scanner) error {
		replay, err := scanReplay(row)
		state.Replays[replay.ReplayKey] = replay
		if err != nil || replay.Receipt.HoldID == uuid.Nil {
			return err
		}
		return l.readHold(at, e.UserID, replay.Receipt.HoldID, state)
	}, func(s *statement) {
		s.blob(e.KeyID[:])
		s.text(e.IdempotencyKey)
		s.integers(replaysSince(at).UnixMicro())
	})
}

// readHold reads a hold that is not open in the account, the grants that its charge drew on, and
// the past day on which its expiry charged.
func (l *sqliteLedger) readHold(at time.Time, user, id uuid.UUID, state usage.State) error {
	if a := l.accounts[user]; a == nil || a.HasOpen(id) {
		return nil
	}
	err := l.rows(selectHoldSQLite, func(row scanner) error {
		h, err := scanHold(row)
		if err == nil {
			state.Named[id] = h
		}
		return err
	}, func(s *statement) { s.blob(id[:]) })
	h := state.Named[id]
	if err != nil || h == nil || h.UserID != user || h.End.Day == "" {
		return err
	}
	for _, d := range h.Draws {
		if err := l.rows(selectDrawnGrantSQLite, l.accounts.addGrant, func(s *statement) { s.blob(d.GrantID[:]); s.integers(at.UnixMicro()) }); err != nil {
			return err
		}
	}
	if h.End.Day == usage.DayOf(at) {
		return nil
	}
	if err := l.countFor(user); err != nil {
		return err
	}
	return l.rows(selectPastDaySQLite, l.accounts.addPastDay, func(s *statement) { s.blob(user[:]); s.text(string(h.End.Day)) })
}

// rows runs a statement with the values that bind binds, and visits its rows.
func (l *sqliteLedger) rows(text string, visit func(scanner) error, bind func(*statement)) error {
	s, err := l.handle.statement(text)
	if err != nil {
		return err
	}
	bind(s)
	var failed error
	more, err := s.next()
	for ; more && err == nil; more, err = s.next() {
		failed = errors.Join(failed, visit(s))
	}
	return errors.Join(err, failed)
}

// validate clears the accounts that may have changed: those of another day, and
// all of them once another connection has committed, of this process or of any.
// The write lock keeps the rest valid until the batch is written.
func (l *sqliteLedger) validate(day usage.Day) error {
	s, err := l.handle.statement("PRAGMA data_version")
	if err != nil {
		return err
	}
	more, err := s.next()
	if err != nil {
		return err
	}
	version := s.integer(0)
	for more && err == nil {
		more, err = s.next()
	}
	if err != nil {
		return err
	}
	if version != l.version {
		if err := l.checkCounted(); err != nil {
			return err
		}
	}
	if version != l.version || day != l.day || len(l.accounts) > mostAccounts {
		clear(l.accounts)
		l.version, l.day = version, day
	}
	return nil
}
