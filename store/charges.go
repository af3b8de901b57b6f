package store

import (
	"context"
	"fmt"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// The statements of the meter, hand-written: this is the hot path, and on it
// gorm's builder is work for nothing. What is read and what is inserted is the
// same on both databases; each finds the rows and adds to the totals in the way
// that is fastest on it.

// selectBalance reads what a user's day is decided on: the plan's limit, what
// is used and what it cost, and the user's last charge of any day. Each
// database joins the day d in its own way.
func selectBalance(joinDay string) string {
	return `SELECT u.id, p.daily_credit_limit, COALESCE(d.credits, 0), COALESCE(d.cost_micros, 0), COALESCE(d.last_charge_id,
	(SELECT l.last_charge_id FROM user_days AS l WHERE l.user_id = u.id ORDER BY l.day DESC LIMIT 1))
	FROM users AS u JOIN plans AS p ON p.id = u.plan_id ` + joinDay
}

const selectReplay = "SELECT key_id, text, fingerprint, day, credits_used, daily_limit FROM idempotency_keys WHERE "

const (
	intoUsage     = "INSERT INTO usage (id, day, user_id, key_id, previous_id, created_at, credits, model, prompt_tokens, completion_tokens, cost_micros) "
	intoDailyKeys = "INSERT INTO daily_usage (day, user_id, key_id, requests, credits, prompt_tokens, completion_tokens, cost_micros) "
	intoModels    = "INSERT INTO model_usage (day, user_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) "
	intoReplays   = "INSERT INTO idempotency_keys (key_id, text, fingerprint, day, credits_used, daily_limit, created_at) "

	// A text whose first charge is older than the replay window starts over.
	renewReplay = ` ON CONFLICT (key_id, text) DO UPDATE SET fingerprint = excluded.fingerprint, day = excluded.day,
	credits_used = excluded.credits_used, daily_limit = excluded.daily_limit, created_at = excluded.created_at`
)

// hourColumn is the counter of an hour's requests in user_days.
func hourColumn(hour int) string { return fmt.Sprintf("h%02d", hour) }

func hourColumns() []string {
	columns := make([]string, usage.HoursADay)
	for hour := range columns {
		columns[hour] = hourColumn(hour)
	}
	return columns
}

// intoUserDays names the counter of the hour in which the batch is decided.
func intoUserDays(hour string) string {
	return "INSERT INTO user_days (day, user_id, requests, credits, cost_micros, last_charge_id, " + hour + ") "
}

// ledgerRows is what a batch reads before it is decided.
type ledgerRows struct {
	balances map[uuid.UUID]usage.Balance
	replays  map[usage.ReplayKey]usage.Replay
}

func newLedgerRows(size int) ledgerRows {
	return ledgerRows{make(map[uuid.UUID]usage.Balance, size), map[usage.ReplayKey]usage.Replay{}}
}

// SweepReplays removes up to limit idempotency keys whose window is well over,
// and says how many there were. A key that a batch is renewing is left to it:
// waiting for the batch could be a circle, and its key would be new.
func (s *Store) SweepReplays(ctx context.Context, limit int) (int64, error) {
	// By hand: one bounded statement, which on Postgres leaves locked rows out.
	// Batches judge the window by the clock of their own instance and moment: what only one of them still takes is left.
	before := s.now().Add(-usage.ReplayWindow - sweepSlack)
	result := s.write.WithContext(ctx).Exec(`DELETE FROM idempotency_keys WHERE (key_id, text) IN
		(SELECT key_id, text FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?`+s.dialect.skipLocked()+`)
		AND created_at <= ?`, before, limit, before)
	return result.RowsAffected, s.classify(result.Error)
}

// sweepSlack is how much longer than its window an idempotency key is kept.
const sweepSlack = 10 * time.Minute

// replaysSince is the moment from which on an idempotency key still answers.
func replaysSince(at time.Time) time.Time { return at.Add(-usage.ReplayWindow) }
