package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// settle needs two round trips. The first begins the transaction, takes the
// users' locks in the order of their ids and reads their days; the second
// writes and commits. The locks are advisory: they leave no dead row,
// hold for users who have no row of the day yet, and keep only batches that
// share a user apart. Every instance takes them in one order, so none waits
// for another in a circle.
func (d postgresDialect) settle(ctx context.Context, now func() time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	conn, err := d.ledger.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release() // a connection still inside a transaction is closed, which rolls it back
	var at time.Time
	var rows ledgerRows
	for day := usage.Day(""); day != usage.DayOf(at); {
		if day != "" { // it has ended while the batch waited for its users
			if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
				return nil, err
			}
		}
		asked := now()
		day = usage.DayOf(asked)
		if rows, err = readPostgresLedger(ctx, conn, asked, charges); err != nil {
			return nil, err
		}
		at = now()
	}
	posting := usage.Decide(at, charges, rows.balances, rows.replays, func() uuid.UUID { return d.mint(at) })
	if len(posting.Records) == 0 {
		_, err := conn.Exec(ctx, "ROLLBACK")
		return posting.Receipts, err
	}
	return posting.Receipts, postPostgres(ctx, conn, posting)
}

func readPostgresLedger(ctx context.Context, conn *pgxpool.Conn, at time.Time, charges []usage.Charge) (ledgerRows, error) {
	users, replayKeys, replayTexts := touched(charges)
	rows := newLedgerRows(len(users))
	batch := &pgx.Batch{}
	batch.Queue("BEGIN")
	batch.Queue("SELECT pg_advisory_xact_lock(l) FROM unnest($1::bigint[]) AS l", locks(users))
	batch.Queue(selectBalances, string(usage.DayOf(at)), users).
		Query(func(r pgx.Rows) error { return each(r, rows.addBalance) })
	if len(replayKeys) > 0 {
		batch.Queue(selectReplay+"(key_id, text) IN (SELECT * FROM unnest($1::uuid[], $2::text[])) AND created_at > $3",
			replayKeys, replayTexts, replaysSince(at)).Query(func(r pgx.Rows) error { return each(r, rows.addReplay) })
	}
	return rows, conn.SendBatch(ctx, batch).Close()
}

func each(rows pgx.Rows, visit func(pgx.Rows) error) error {
	for rows.Next() {
		if err := visit(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r ledgerRows) addBalance(row pgx.Rows) error {
	var user uuid.UUID
	var b usage.Balance
	var last uuid.NullUUID
	if err := row.Scan(&user, &b.Limit, &b.Used, &b.CostMicros, &last); err != nil {
		return err
	}
	b.LastChargeID = last.UUID
	r.balances[user] = b
	return nil
}

func (r ledgerRows) addReplay(row pgx.Rows) error {
	replay := usage.Replay{Receipt: usage.Receipt{Outcome: usage.Accepted}}
	var fingerprint []byte
	if err := row.Scan(&replay.KeyID, &replay.Text, &fingerprint, &replay.Receipt.Day, &replay.Receipt.CreditsUsed, &replay.Receipt.DailyLimit); err != nil {
		return err
	}
	copy(replay.Fingerprint[:], fingerprint)
	r.replays[replay.ReplayKey] = replay
	return nil
}

// selectBalances finds each user's day by itself, whatever is known of the table.
var selectBalances = selectBalance("LEFT JOIN LATERAL (SELECT * FROM user_days WHERE day = $1::date AND user_id = u.id LIMIT 1) AS d ON TRUE WHERE u.id = ANY($2::uuid[])")

// touched lists the users of a batch, each once and sorted, and the scopes of
// its idempotency keys.
func touched(charges []usage.Charge) (users, replayKeys [][16]byte, replayTexts []string) {
	for i := range charges {
		c := &charges[i]
		users = append(users, c.UserID)
		if c.IdempotencyKey != "" {
			replayKeys = append(replayKeys, c.KeyID)
			replayTexts = append(replayTexts, c.IdempotencyKey)
		}
	}
	slices.SortFunc(users, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(users), replayKeys, replayTexts
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

// addUp adds rows to a table of totals: an UPDATE of those that exist and an
// INSERT of the others, which only the first of a day are. ON CONFLICT would
// lock every row before it updates it; the users' locks already keep other
// writers away. The day is a column of the rows to add: as a constant it would
// let a planner without statistics of today read the whole day for them.
func addUp(into, table, key, rows, sums, values string) string {
	return "WITH excluded AS MATERIALIZED (SELECT $1::date AS on_day, r.* FROM " + rows + "), updated AS (UPDATE " + table + " AS t" + sums +
		" FROM excluded WHERE t.day = excluded.on_day AND t.user_id = excluded.user_id" + key + " RETURNING t.*) " +
		into + "SELECT $1::date, " + values + " FROM excluded WHERE NOT EXISTS (SELECT FROM updated AS t WHERE t.user_id = excluded.user_id" + key + ")"
}

const addTotals = ` SET requests = t.requests + excluded.requests, credits = t.credits + excluded.credits,
	prompt_tokens = t.prompt_tokens + excluded.prompt_tokens, completion_tokens = t.completion_tokens + excluded.completion_tokens,
	cost_micros = t.cost_micros + excluded.cost_micros`

func addUserDay(hour string) string {
	return ` SET requests = t.requests + excluded.requests, credits = t.credits + excluded.credits,
	cost_micros = t.cost_micros + excluded.cost_micros, last_charge_id = excluded.last_charge_id, ` + hour + " = t." + hour + " + excluded." + hour
}

const totalRows = "unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], "

var (
	addKeyDays = addUp(intoDailyKeys, "daily_usage", " AND t.key_id = excluded.key_id",
		totalRows+"$8::uuid[]) AS r(user_id, requests, credits, prompt_tokens, completion_tokens, cost_micros, key_id)", addTotals,
		"user_id, key_id, requests, credits, prompt_tokens, completion_tokens, cost_micros")
	addModelDays = addUp(intoModels, "model_usage", " AND t.model = excluded.model",
		totalRows+"$8::text[]) AS r(user_id, requests, credits, prompt_tokens, completion_tokens, cost_micros, model)", addTotals,
		"user_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros")
)

func addUserDays(hour string) string {
	return addUp(intoUserDays(hour), "user_days", "",
		"unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::uuid[], $3::bigint[]) AS r(user_id, requests, credits, cost_micros, last_charge_id, "+hour+")",
		addUserDay(hour), "user_id, requests, credits, cost_micros, last_charge_id, "+hour)
}

func postPostgres(ctx context.Context, conn *pgxpool.Conn, p usage.Posting) error {
	day := string(p.Day)
	batch := &pgx.Batch{}
	r := recordColumns(p.Records)
	batch.Queue(intoUsage+`SELECT r.id, $1::date, r.user_id, r.key_id, r.previous_id, $2::timestamptz, r.credits, r.model, r.prompt, r.completion, r.cost
		FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[])
		AS r(id, user_id, key_id, previous_id, credits, model, prompt, completion, cost)`,
		day, p.At, r.ids, r.users, r.keys, r.previous, r.credits, r.models, r.prompt, r.completion, r.cost)
	t := totalColumns(p.Users)
	batch.Queue(addUserDays(hourColumn(p.At.Hour())), day, t.users, t.requests, t.credits, t.cost, t.last)
	t = totalColumns(p.Keys)
	batch.Queue(addKeyDays, day, t.users, t.requests, t.credits, t.prompt, t.completion, t.cost, t.keys)
	t = totalColumns(p.Models)
	batch.Queue(addModelDays, day, t.users, t.requests, t.credits, t.prompt, t.completion, t.cost, t.models)
	for i := range p.Replays {
		x := &p.Replays[i]
		batch.Queue(intoReplays+"VALUES ($1, $2, $3, $4, $5, $6, $7)"+renewReplay,
			[16]byte(x.KeyID), x.Text, x.Fingerprint[:], day, x.Receipt.CreditsUsed, x.Receipt.DailyLimit, p.At)
	}
	batch.Queue("COMMIT")
	return conn.SendBatch(ctx, batch).Close()
}

// columns are the rows of a batch turned on their side, as unnest takes them.
type columns struct {
	ids, users, keys, last                      [][16]byte
	previous                                    []*[16]byte
	requests, credits, prompt, completion, cost []int64
	models                                      []string
}

func recordColumns(records []usage.Record) (c columns) {
	for i := range records {
		r := &records[i]
		var previous *[16]byte
		if r.PreviousID != uuid.Nil {
			previous = (*[16]byte)(&r.PreviousID)
		}
		c.ids, c.users, c.keys, c.previous = append(c.ids, r.ID), append(c.users, r.UserID), append(c.keys, r.KeyID), append(c.previous, previous)
		c.credits, c.prompt, c.completion = append(c.credits, r.Credits), append(c.prompt, r.PromptTokens), append(c.completion, r.CompletionTokens)
		c.cost, c.models = append(c.cost, r.CostMicros), append(c.models, r.Model)
	}
	return c
}

func totalColumns(totals []usage.Total) (c columns) {
	for i := range totals {
		t := &totals[i]
		c.users, c.keys, c.last, c.models = append(c.users, t.UserID), append(c.keys, t.KeyID), append(c.last, t.LastChargeID), append(c.models, t.Model)
		c.requests, c.credits, c.prompt = append(c.requests, t.Requests), append(c.credits, t.Credits), append(c.prompt, t.PromptTokens)
		c.completion, c.cost = append(c.completion, t.CompletionTokens), append(c.cost, t.CostMicros)
	}
	return c
}
