package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
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
	// balances are the days as this connection left them. They hold while SQLite's
	// data version says that no other connection has committed since.
	balances    map[uuid.UUID]usage.Balance
	day         usage.Day
	version     int64
	checkpoints checkpoints
}

// mostBalances bounds the cached balances; beyond it the cache is cleared.
const mostBalances = 8192

// settle takes its turn with every other change: it holds the one connection
// that writes while its own does.
func (d sqliteDialect) settle(ctx context.Context, now func() time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	turn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = turn.Close() }()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return nil, sql.ErrConnDone
	case d.handle == nil:
		if err := d.open(); err != nil {
			return nil, err
		}
	}
	return d.decide(now, charges, d.mint)
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
func (l *sqliteLedger) decide(now func() time.Time, charges []usage.Charge, mint func(time.Time) uuid.UUID) (receipts []usage.Receipt, err error) {
	if err := l.handle.run("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			clear(l.balances) // they may hold what was not written
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
	rows, err := l.read(at, charges)
	if err != nil {
		return nil, err
	}
	posting := usage.Decide(at, charges, rows.balances, rows.replays, func() uuid.UUID { return mint(at) })
	if len(posting.Records) == 0 {
		return posting.Receipts, nil
	}
	if err := l.post(posting); err != nil {
		return nil, err
	}
	if err := l.handle.run("COMMIT"); err != nil {
		return nil, err
	}
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
	clear(l.balances) // another connection has other version numbers
	return err
}

var selectOneBalance = selectBalance("LEFT JOIN user_days AS d ON d.day = ? AND d.user_id = u.id WHERE u.id = ?")

func (l *sqliteLedger) read(at time.Time, charges []usage.Charge) (ledgerRows, error) {
	rows := ledgerRows{l.balances, map[usage.ReplayKey]usage.Replay{}}
	day := usage.DayOf(at)
	if err := l.validate(day); err != nil {
		return rows, err
	}
	s, err := l.handle.statement(selectOneBalance)
	if err != nil {
		return rows, err
	}
	s.text(string(day))
	s.keep()
	for i := range charges {
		user := charges[i].UserID
		if _, known := rows.balances[user]; known {
			continue
		}
		s.blob(user[:])
		more, err := s.next()
		for ; more && err == nil; more, err = s.next() {
			balance := usage.Balance{Limit: s.integer(1), Used: s.integer(2), CostMicros: s.integer(3)}
			copy(balance.LastChargeID[:], s.bytesOf(4))
			rows.balances[user] = balance
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, l.readReplays(rows, at, charges)
}

// validate clears the balances that may have changed: those of another day, and
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
	if version != l.version || day != l.day || len(l.balances) > mostBalances {
		clear(l.balances)
		l.version, l.day = version, day
	}
	return err
}

func (l *sqliteLedger) readReplays(rows ledgerRows, at time.Time, charges []usage.Charge) error {
	s, err := l.handle.statement(selectReplay + "created_at > ? AND key_id = ? AND text = ?")
	if err != nil {
		return err
	}
	s.integers(replaysSince(at).UnixMicro())
	s.keep()
	for i := range charges {
		c := &charges[i]
		if c.IdempotencyKey == "" {
			continue
		}
		s.blob(c.KeyID[:])
		s.text(c.IdempotencyKey)
		more, err := s.next()
		for ; more && err == nil; more, err = s.next() {
			replay := usage.Replay{ReplayKey: usage.ReplayKey{KeyID: c.KeyID, Text: c.IdempotencyKey}, Receipt: usage.Receipt{
				Outcome: usage.Accepted, Day: usage.Day(s.bytesOf(3)), CreditsUsed: s.integer(4), DailyLimit: s.integer(5),
			}}
			copy(replay.Fingerprint[:], s.bytesOf(2))
			rows.replays[replay.ReplayKey] = replay
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) post(p usage.Posting) error {
	for _, write := range []func(usage.Posting) error{l.postCharges, l.postUsers, l.postKeys, l.postModels, l.postReplays} {
		if err := write(p); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) postCharges(p usage.Posting) error {
	s, err := l.handle.statement(intoUsage + "VALUES (?3, ?1, ?4, ?5, ?6, ?2, ?7, ?8, ?9, ?10, ?11)")
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Records {
		r := &p.Records[i]
		s.blob(r.ID[:])
		s.blob(r.UserID[:])
		s.blob(r.KeyID[:])
		if r.PreviousID == uuid.Nil {
			s.null()
		} else {
			s.blob(r.PreviousID[:])
		}
		s.integers(r.Credits)
		s.text(r.Model)
		s.integers(r.PromptTokens, r.CompletionTokens, r.CostMicros)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

// addUp adds to the rows of a table of totals: an UPDATE of those that exist
// and an INSERT of the others, which only the first of a day are. ON CONFLICT
// would make every row twice.
func (l *sqliteLedger) addUp(day usage.Day, rows int, update, insert string, bind func(row int, s *statement)) error {
	updating, err := l.handle.statement(update)
	if err != nil {
		return err
	}
	inserting, err := l.handle.statement(insert)
	if err != nil {
		return err
	}
	for _, s := range []*statement{updating, inserting} {
		s.text(string(day))
		s.keep()
	}
	for i := range rows {
		bind(i, updating)
		if err := updating.exec(); err != nil {
			return err
		}
		if updating.changes() > 0 {
			continue
		}
		bind(i, inserting)
		if err := inserting.exec(); err != nil {
			return err
		}
	}
	return nil
}

func (l *sqliteLedger) postUsers(p usage.Posting) error {
	hour := hourColumn(p.At.Hour())
	update := "UPDATE user_days SET requests = requests + ?3, credits = credits + ?4, cost_micros = cost_micros + ?5, last_charge_id = ?6, " +
		hour + " = " + hour + " + ?3 WHERE day = ?1 AND user_id = ?2"
	insert := intoUserDays(hour) + "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?3)"
	return l.addUp(p.Day, len(p.Users), update, insert, func(row int, s *statement) {
		t := &p.Users[row]
		s.blob(t.UserID[:])
		s.integers(t.Requests, t.Credits, t.CostMicros)
		s.blob(t.LastChargeID[:])
	})
}

const (
	plusTotals = ` SET requests = requests + ?4, credits = credits + ?5, prompt_tokens = prompt_tokens + ?6,
	completion_tokens = completion_tokens + ?7, cost_micros = cost_micros + ?8 WHERE day = ?1 AND user_id = ?2 AND `
	newTotals = "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

func (l *sqliteLedger) postKeys(p usage.Posting) error {
	return l.addUp(p.Day, len(p.Keys), "UPDATE daily_usage"+plusTotals+"key_id = ?3", intoDailyKeys+newTotals, func(row int, s *statement) {
		t := &p.Keys[row]
		s.blob(t.UserID[:])
		s.blob(t.KeyID[:])
		s.integers(t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	})
}

func (l *sqliteLedger) postModels(p usage.Posting) error {
	return l.addUp(p.Day, len(p.Models), "UPDATE model_usage"+plusTotals+"model = ?3", intoModels+newTotals, func(row int, s *statement) {
		t := &p.Models[row]
		s.blob(t.UserID[:])
		s.text(t.Model)
		s.integers(t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	})
}

func (l *sqliteLedger) postReplays(p usage.Posting) error {
	s, err := l.handle.statement(intoReplays + "VALUES (?3, ?4, ?5, ?1, ?6, ?7, ?2)" + renewReplay)
	if err != nil {
		return err
	}
	s.text(string(p.Day))
	s.integers(p.At.UnixMicro())
	s.keep()
	for i := range p.Replays {
		r := &p.Replays[i]
		s.blob(r.KeyID[:])
		s.text(r.Text)
		s.blob(r.Fingerprint[:])
		s.integers(r.Receipt.CreditsUsed, r.Receipt.DailyLimit)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}
