package store

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// sqliteBooks holds the meter's prepared statements. The writer is one
// connection, so they are prepared once.
type sqliteBooks struct {
	mu   sync.Mutex
	hour string
	stmt struct{ balance, replay, charge, userDay, key, model, putReplay *sql.Stmt }
}

// settle takes the write lock first: what it reads is what it decides on.
func (d sqliteDialect) settle(ctx context.Context, at time.Time, charges []usage.Charge) ([]usage.Receipt, error) {
	// Each statement under a context that can end costs a goroutine; the busy timeout bounds the wait.
	ctx = context.WithoutCancel(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.prepare(ctx, hourColumn(at.Hour())); err != nil {
		return nil, err
	}
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	rows, err := d.readLedger(ctx, tx, at, charges)
	if err != nil {
		return nil, err
	}
	posting := usage.Decide(at, charges, rows.balances, rows.replays, func() uuid.UUID { return d.mint(at) })
	if len(posting.Records) == 0 {
		return posting.Receipts, nil
	}
	if err := d.post(ctx, tx, posting); err != nil {
		return nil, err
	}
	return posting.Receipts, tx.Commit()
}

func (d sqliteDialect) prepare(ctx context.Context, hour string) (err error) {
	prepare := func(to **sql.Stmt, query string) {
		if err == nil && *to == nil {
			*to, err = d.write.PrepareContext(ctx, query)
		}
	}
	s := &d.stmt
	if d.hour != hour && s.userDay != nil {
		_ = s.userDay.Close()
		s.userDay = nil
	}
	d.hour = hour
	prepare(&s.balance, selectBalance+"? AND d.user_id = u.id WHERE u.id = ?")
	prepare(&s.replay, selectReplay+"key_id = ? AND text = ? AND created_at > ?")
	prepare(&s.charge, intoUsage+"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	prepare(&s.userDay, intoUserDays(hour)+"VALUES (?, ?, ?, ?, ?, ?, ?)"+addUserDay(hour))
	prepare(&s.key, intoDailyKeys+"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, key_id)"+addTotals)
	prepare(&s.model, intoModels+"VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day, user_id, model)"+addTotals)
	prepare(&s.putReplay, intoReplays+"VALUES (?, ?, ?, ?, ?, ?, ?)"+renewReplay)
	return err
}

func (d sqliteDialect) readLedger(ctx context.Context, tx *sql.Tx, at time.Time, charges []usage.Charge) (ledgerRows, error) {
	rows := newLedgerRows(len(charges))
	balance, replay := tx.StmtContext(ctx, d.stmt.balance), tx.StmtContext(ctx, d.stmt.replay)
	day := usage.DayOf(at)
	for i := range charges {
		c := &charges[i]
		if _, known := rows.balances[c.UserID]; !known {
			if err := rows.addBalance(balance.QueryRowContext(ctx, string(day), c.UserID)); err != nil {
				return rows, err
			}
		}
		if c.IdempotencyKey == "" {
			continue
		}
		err := rows.addReplay(replay.QueryRowContext(ctx, c.KeyID, c.IdempotencyKey, replaysSince(at)))
		if err != nil && err != sql.ErrNoRows {
			return rows, err
		}
	}
	return rows, nil
}

func (d sqliteDialect) post(ctx context.Context, tx *sql.Tx, p usage.Posting) error {
	var failed error
	exec := func(stmt *sql.Stmt, args ...any) {
		if failed == nil {
			_, failed = stmt.ExecContext(ctx, args...)
		}
	}
	day := string(p.Day)
	charge := tx.StmtContext(ctx, d.stmt.charge)
	for i := range p.Records {
		r := &p.Records[i]
		exec(charge, r.ID, day, r.UserID, r.KeyID, optional(r.PreviousID), p.At, r.Credits, r.Model, r.PromptTokens, r.CompletionTokens, r.CostMicros)
	}
	userDay := tx.StmtContext(ctx, d.stmt.userDay)
	for i := range p.Users {
		t := &p.Users[i]
		exec(userDay, day, t.UserID, t.Requests, t.Credits, t.CostMicros, t.LastChargeID, t.Requests)
	}
	key := tx.StmtContext(ctx, d.stmt.key)
	for i := range p.Keys {
		t := &p.Keys[i]
		exec(key, day, t.UserID, t.KeyID, t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	}
	model := tx.StmtContext(ctx, d.stmt.model)
	for i := range p.Models {
		t := &p.Models[i]
		exec(model, day, t.UserID, t.Model, t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	}
	putReplay := tx.StmtContext(ctx, d.stmt.putReplay)
	for i := range p.Replays {
		r := &p.Replays[i]
		exec(putReplay, r.KeyID, r.Text, r.Fingerprint[:], day, r.Receipt.CreditsUsed, r.Receipt.DailyLimit, p.At)
	}
	return failed
}
