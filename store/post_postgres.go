package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"gorm.io/gorm"
)

// post needs two round trips. The first begins the transaction, takes the
// users' locks in the order of their ids and reads their accounts; the second
// writes and commits. Users with holds, grants, a month or limited keys need one
// more where the batch has charges alone. The locks are advisory: they leave no
// dead row, hold for users who have no row of the day yet, and keep only batches
// that share a user apart. Every instance takes them in one order, so none waits
// for another in a circle.
func (d postgresDialect) post(ctx context.Context, now func() time.Time, entries []usage.Entry, to *audience) ([]usage.Receipt, error) {
	conn, err := d.ledger.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release() // a connection still inside a transaction is closed, which rolls it back
	var at time.Time
	var r *postgresReading
	for day := usage.Day(""); day != usage.DayOf(at); {
		if day != "" { // it has ended while the batch waited for its users
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return nil, err
			}
		}
		asked := now()
		day = usage.DayOf(asked)
		if r, err = d.readBatch(ctx, conn, asked, entries); err != nil {
			return nil, err
		}
		at = now()
	}
	posting := usage.Decide(at, entries, r.state, func() uuid.UUID { return d.mint(at) })
	if posting.Empty() {
		_, err := conn.Exec(ctx, "ROLLBACK")
		return posting.Receipts, err
	}
	told, err := d.told(ctx, conn, &posting, r.state.Accounts, to)
	if err != nil {
		return nil, err
	}
	if err := d.record(ctx, conn, &posting, r.known, told); err != nil {
		return nil, err
	}
	d.rows.add(&posting)
	return posting.Receipts, nil
}

// countTotals has nothing to do: a batch counts its charges.
func (postgresDialect) countTotals(context.Context) error { return nil }

func (postgresDialect) countTotalsIn(*gorm.DB) error { return nil }

func (postgresDialect) eachUncounted(*gorm.DB, uuid.UUID, func(*usage.Record)) error { return nil }

func (postgresDialect) counted(*gorm.DB) (func(uuid.UUID) bool, error) {
	return func(uuid.UUID) bool { return true }, nil
}

// lockAccount takes the lock that batches take.
func (postgresDialect) lockAccount(tx *gorm.DB, user uuid.UUID) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(?)", locks([][16]byte{user})[0]).Error
}

// postgresReading is what a batch reads.
type postgresReading struct {
	state usage.State
	users [][16]byte
	// known are the users whose day has a row, more those whose accounts have more than accountColumns.
	known map[uuid.UUID]bool
	more  [][16]byte
}

func (r *postgresReading) addAccount(row scanner) error {
	var a accountRow
	if err := a.scan(row); err != nil {
		return err
	}
	r.state.Accounts[a.user] = &a.Account
	if a.known {
		r.known[a.user] = true
	}
	if a.MonthlyLimit != usage.NoLimit {
		r.more = append(r.more, a.user)
	}
	return nil
}

func (r *postgresReading) addMore(row scanner) error {
	var user uuid.UUID
	err := row.Scan(&user)
	r.more = append(r.more, user)
	return err
}

func (r *postgresReading) addReplay(row scanner) error {
	replay, err := scanReplay(row)
	r.state.Replays[replay.ReplayKey] = replay
	return err
}

func (r *postgresReading) addNamed(row scanner) error {
	h, err := scanHold(row)
	if err == nil {
		r.state.Named[h.ID] = h
	}
	return err
}

// The statements that read the users $1, and with them the moment $2 or the day,
// and the first day of the month $3.
var (
	// Plan and day are found for each user by itself, whatever is known of the tables: a planner
	// without statistics would read all users of each plan for them.
	selectAccounts = "SELECT " + accountColumns + "JOIN LATERAL (SELECT * FROM plans WHERE id = u.plan_id LIMIT 1) AS p ON TRUE " +
		"LEFT JOIN LATERAL (SELECT * FROM user_days WHERE day = $2::date AND user_id = u.id LIMIT 1) AS d ON TRUE WHERE u.id = ANY($1::uuid[])"
	selectMorePostgres  = fmt.Sprintf(selectMore, ofUsers)
	selectHoldsPostgres = fmt.Sprintf(selectHolds, "= ANY($1::uuid[])")
	selectReplayHolds   = fmt.Sprintf(selectHolds, "IN (SELECT x.hold_id FROM idempotency_keys AS x WHERE (x.key_id, x.text) IN (SELECT * FROM unnest($1::uuid[], $2::text[])) AND x.hold_id IS NOT NULL)")
	selectReplays       = replayColumns + "(key_id, text) IN (SELECT * FROM unnest($1::uuid[], $2::text[])) AND created_at > $3"
	// Sorted by the id itself, all holds would be read in the order of the primary key.
	selectOpenHoldsPostgres   = fmt.Sprintf(selectOpenHolds, ofUsers) + "::text"
	selectOpenGrantsPostgres  = fmt.Sprintf(selectOpenGrants, "$2::timestamptz", ofUsers)
	selectDrawnGrantsPostgres = fmt.Sprintf(selectDrawnGrants, "$2::timestamptz", ofUsers)
	selectKeyLimitsPostgres   = fmt.Sprintf(selectKeyLimits, "$2::date", ofUsers)
	selectEarlierDaysPostgres = fmt.Sprintf(selectEarlierDays, "$3::date", "$2::date", ofUsers)
	selectPastDaysPostgres    = selectPastDays + "(d.user_id, d.day) IN (SELECT * FROM unnest($1::uuid[], $2::date[]))"
)

const ofUsers = "= ANY($1::uuid[])"

func (d postgresDialect) readBatch(ctx context.Context, conn *pgxpool.Conn, at time.Time, entries []usage.Entry) (*postgresReading, error) {
	t := touch(entries)
	r := &postgresReading{
		users: t.users, known: make(map[uuid.UUID]bool, len(t.users)),
		state: usage.State{Accounts: make(map[uuid.UUID]*usage.Account, len(t.users)), Replays: map[usage.ReplayKey]usage.Replay{}, Named: map[uuid.UUID]*usage.Hold{}},
	}
	batch := &pgx.Batch{}
	batch.Queue("BEGIN")
	if d.ledgerLimits != "" {
		batch.Queue(d.ledgerLimits)
	}
	batch.Queue("SELECT pg_advisory_xact_lock(l) FROM unnest($1::bigint[]) AS l", locks(t.users))
	queue(batch, r.addAccount, selectAccounts, t.users, string(usage.DayOf(at)))
	if len(t.replayKeys) > 0 {
		queue(batch, r.addReplay, selectReplays, t.replayKeys, t.replayTexts, replaysSince(at))
	}
	if !t.holding {
		queue(batch, r.addMore, selectMorePostgres, t.users)
	} else {
		r.queueMore(batch, at, t.users)
		queue(batch, r.addNamed, selectHoldsPostgres, t.holds)
		if len(t.replayKeys) > 0 {
			queue(batch, r.addNamed, selectReplayHolds, t.replayKeys, t.replayTexts)
		}
	}
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	batch = &pgx.Batch{}
	if !t.holding && len(r.more) > 0 {
		r.queueMore(batch, at, distinct(r.more))
	}
	r.queueCharged(batch, at)
	if batch.Len() == 0 {
		return r, nil
	}
	return r, conn.SendBatch(ctx, batch).Close()
}

// queue adds a statement whose rows are visited.
func queue(batch *pgx.Batch, visit func(scanner) error, text string, args ...any) {
	batch.Queue(text, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			if err := visit(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// queueMore reads the holds, grants, limited keys and months of users.
func (r *postgresReading) queueMore(batch *pgx.Batch, at time.Time, users [][16]byte) {
	found, day := ledgerAccounts(r.state.Accounts), usage.DayOf(at)
	queue(batch, found.addHold, selectOpenHoldsPostgres, users)
	queue(batch, found.addGrant, selectOpenGrantsPostgres, users, at)
	queue(batch, found.addKey, selectKeyLimitsPostgres, users, string(day))
	queue(batch, found.addEarlierDays, selectEarlierDaysPostgres, users, string(day), string(day.StartOfMonth()))
}

// queueCharged reads the days on which expired holds were charged, and the grants
// that those charges drew on.
func (r *postgresReading) queueCharged(batch *pgx.Batch, at time.Time) {
	var users, grants [][16]byte
	var days []time.Time
	for _, h := range r.state.Named {
		if h.Status == usage.HoldOpen {
			continue
		}
		for _, d := range h.Draws {
			grants = append(grants, d.GrantID)
		}
		if h.End.Day != "" && h.End.Day != usage.DayOf(at) {
			users, days = append(users, h.UserID), append(days, h.End.Day.Start())
		}
	}
	if len(grants) > 0 {
		queue(batch, ledgerAccounts(r.state.Accounts).addGrant, selectDrawnGrantsPostgres, grants, at)
	}
	if len(users) > 0 {
		queue(batch, ledgerAccounts(r.state.Accounts).addPastDay, selectPastDaysPostgres, users, days)
	}
}

// distinct sorts users and drops repetitions.
func distinct(users [][16]byte) [][16]byte {
	slices.SortFunc(users, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(users)
}

// touched is what a batch names: its users, each once and sorted, the scopes of
// its idempotency keys, and its holds.
type touched struct {
	users, replayKeys, holds [][16]byte
	replayTexts              []string
	// holding reports whether there are entries other than charges.
	holding bool
}

func touch(entries []usage.Entry) (t touched) {
	for i := range entries {
		e := &entries[i]
		t.users = append(t.users, e.UserID)
		if e.IdempotencyKey != "" {
			t.replayKeys = append(t.replayKeys, e.KeyID)
			t.replayTexts = append(t.replayTexts, e.IdempotencyKey)
		}
		if e.Kind != usage.KindCharge {
			t.holding = true
		}
		if e.HoldID != uuid.Nil {
			t.holds = append(t.holds, e.HoldID)
		}
	}
	t.users = distinct(t.users)
	return t
}

// locks names a lock for each user by the random half of the id, in ascending
// order: two users may share one, which only makes them wait for each other.
func locks(users [][16]byte) []int64 {
	names := make([]int64, len(users))
	for i, u := range users {
		names[i] = int64(binary.BigEndian.Uint64(u[8:]))
	}
	slices.Sort(names)
	return slices.Compact(names)
}
