package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
)

// The statements of the ledger, hand-written: this is the hot path, and on it
// gorm's builder is work for nothing. What is read and what is inserted is the
// same on both databases; each finds the rows and adds to the totals in the way
// that is fastest on it.

// accountColumns are what most entries are decided on: the plan's limits, the
// day's sums, the user's last charge of any day, and whether the day has a row.
// Each database joins the plan p and the day d in its own way.
const accountColumns = `u.id, p.daily_credit_limit, COALESCE(p.monthly_credit_limit, -1), COALESCE(p.user_concurrency_limit, -1),
	COALESCE(d.millionths, 0), COALESCE(d.granted, 0), COALESCE(d.cost_micros, 0), COALESCE(d.last_charge_id,
	(SELECT l.last_charge_id FROM user_days AS l WHERE l.user_id = u.id AND l.last_charge_id IS NOT NULL ORDER BY l.day DESC LIMIT 1)),
	CASE WHEN d.user_id IS NULL THEN 0 ELSE 1 END FROM users AS u `

// selectMore finds the users whose accounts have more: holds, grants or limited
// keys. It is one statement a batch on Postgres, in place of three subqueries for each user.
const selectMore = `SELECT h.user_id FROM holds AS h WHERE h.status = 'open' AND h.user_id %[1]s
	UNION ALL SELECT g.user_id FROM grants AS g WHERE g.revoked_at IS NULL AND g.used < g.credits AND g.user_id %[1]s
	UNION ALL SELECT k.user_id FROM api_keys AS k WHERE (k.daily_credit_limit IS NOT NULL OR k.concurrency_limit IS NOT NULL) AND k.user_id %[1]s`

// accountRow is what accountColumns are read to.
type accountRow struct {
	user uuid.UUID
	usage.Account

	// known reports whether the day has a row.
	known bool
}

func (a *accountRow) scan(row scanner) error {
	var last uuid.NullUUID
	var known int64
	err := row.Scan(&a.user, &a.DailyLimit, &a.MonthlyLimit, &a.ConcurrencyLimit, &a.Day.Millionths, &a.Day.Granted, &a.Day.CostMicros, &last, &known)
	a.LastChargeID, a.known = last.UUID, known != 0
	return err
}

// scanner is a row of either database, by whichever driver.
type scanner interface{ Scan(dest ...any) error }

// The rest of an account, each part by its users. %s is the condition on the
// users, and at the moment and the day are the first parameters of a statement.
const (
	selectOpenHolds = "SELECT " + holdColumns + " FROM holds AS h WHERE h.status = 'open' AND h.user_id %s ORDER BY h.id"
	selectGrants    = `SELECT g.user_id, g.id, g.credits, g.used, g.expires_at FROM grants AS g
		WHERE (g.expires_at IS NULL OR g.expires_at > %s) AND g.revoked_at IS NULL AND `
	selectOpenGrants = selectGrants + "g.used < g.credits AND g.user_id %s"
	// A settlement may give back to a grant that is used up.
	selectDrawnGrants = selectGrants + "g.id %s"
	selectKeyLimits   = `SELECT k.user_id, k.id, COALESCE(k.daily_credit_limit, -1), COALESCE(k.concurrency_limit, -1),
		(SELECT COALESCE(SUM(r.credits), 0) FROM daily_usage AS r WHERE r.day = %s AND r.user_id = k.user_id AND r.key_id = k.id) FROM api_keys AS k
		WHERE (k.daily_credit_limit IS NOT NULL OR k.concurrency_limit IS NOT NULL) AND k.user_id %s`
	selectEarlierDays = "SELECT d.user_id, SUM(" + wholeCredits + " - d.granted) FROM user_days AS d WHERE d.day >= %s AND d.day < %s AND d.user_id %s GROUP BY d.user_id"
	selectHolds       = "SELECT " + holdColumns + " FROM holds AS h WHERE h.id %s"
	selectPastDays    = "SELECT d.user_id, d.day, d.millionths, d.granted, d.cost_micros, d.last_charge_id FROM user_days AS d WHERE "
)

// wholeCredits is a user's day in whole credits, rounded up as usage.WholeCredits does.
const wholeCredits = "(d.millionths + 999999) / 1000000" //nolint:gosec // no credential

// ledgerAccounts are what a batch reads before it is decided, by user.
type ledgerAccounts map[uuid.UUID]*usage.Account

func (a ledgerAccounts) addHold(row scanner) error {
	h, err := scanHold(row)
	if account := a[h.UserID]; err == nil && account != nil {
		account.Holds = append(account.Holds, h)
	}
	return err
}

func (a ledgerAccounts) addGrant(row scanner) error {
	var user uuid.UUID
	var g usage.Grant
	var end *time.Time
	err := row.Scan(&user, &g.ID, &g.Credits, &g.Used, &end)
	if end != nil {
		g.ExpiresAt = end.UTC()
	}
	if account := a[user]; err == nil && account != nil {
		account.AddGrant(g)
	}
	return err
}

func (a ledgerAccounts) addKey(row scanner) error {
	var user, key uuid.UUID
	var limits usage.KeyLimits
	err := row.Scan(&user, &key, &limits.DailyLimit, &limits.ConcurrencyLimit, &limits.Used)
	if account := a[user]; err == nil && account != nil {
		if account.Keys == nil {
			account.Keys = map[uuid.UUID]*usage.KeyLimits{}
		}
		account.Keys[key] = &limits
	}
	return err
}

func (a ledgerAccounts) addEarlierDays(row scanner) error {
	var user uuid.UUID
	var credits int64
	err := row.Scan(&user, &credits)
	if account := a[user]; err == nil && account != nil {
		account.EarlierDays = credits
	}
	return err
}

func (a ledgerAccounts) addPastDay(row scanner) error {
	var user uuid.UUID
	var day usage.Day
	var past usage.PastDay
	var last uuid.NullUUID
	err := row.Scan(&user, &day, &past.Millionths, &past.Granted, &past.CostMicros, &last)
	past.LastChargeID = last.UUID
	if account := a[user]; err == nil && account != nil {
		if account.PastDays == nil {
			account.PastDays = map[usage.Day]usage.PastDay{}
		}
		account.PastDays[day] = past
	}
	return err
}

const replayColumns = "SELECT key_id, charger_id, operation, text, fingerprint, day, credits_used, daily_limit, figures, hold_id FROM idempotency_keys WHERE "

// The operations of idempotency keys.
const (
	operationCharge = "charge"
	operationHold   = "hold"
)

func operationOf(kind usage.Kind) string {
	if kind == usage.KindHold {
		return operationHold
	}
	return operationCharge
}

func scanReplay(row scanner) (r usage.Replay, err error) {
	var fingerprint []byte
	var used, limit int64
	var operation, figures string
	var hold uuid.NullUUID
	if err := row.Scan(&r.KeyID, &r.ChargerID, &operation, &r.Text, &fingerprint, &r.Receipt.Day, &used, &limit, &figures, &hold); err != nil {
		return r, err
	}
	if operation == operationHold {
		r.Kind = usage.KindHold
	}
	copy(r.Fingerprint[:], fingerprint)
	r.Receipt.Outcome, r.Receipt.HoldID = usage.Accepted, hold.UUID
	var ok bool
	if r.Receipt.Figures, ok = usage.ParseFigures(figures); !ok { // of before all figures were kept
		r.Receipt.Figures = usage.Figures{CreditsUsed: used, DailyLimit: limit, Room: max(limit-used, 0), Month: usage.Month{Limit: usage.NoLimit}}
	}
	return r, nil
}

func figuresText(f usage.Figures) string {
	text, _ := f.AppendText(nil) // it never fails
	return string(text)
}

const (
	usageColumns = `id, day, user_id, key_id, previous_id, created_at, credits, model, prompt_tokens, completion_tokens, cost_micros,
		millionths, granted, uncollected, adjusts_id`
	intoUsage      = "INSERT INTO usage (" + usageColumns + ") "
	intoPriced     = "INSERT INTO usage (" + usageColumns + ", price_id, tokens, request_id, outcome, source, upstream_id) "
	intoDailyUsage = "INSERT INTO daily_usage (day, user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros) "
	intoReplays    = "INSERT INTO idempotency_keys (key_id, charger_id, operation, text, fingerprint, day, credits_used, daily_limit, figures, hold_id, created_at) "
	intoHolds      = `INSERT INTO holds (id, user_id, key_id, owner_id, credits, draws, delivered, on_expiry, model, request_id, price_id, created_at, expires_at,
		status, ended_at, charge_id, charged_day, charged, collected, uncollected, settlement, figures, tokens, cost_micros) `
	intoGrantDays = "INSERT INTO grant_days (grant_id, day, credits) "

	// A text whose first charge is older than the replay window starts over.
	renewReplay = ` ON CONFLICT (key_id, charger_id, operation, text) DO UPDATE SET fingerprint = excluded.fingerprint, day = excluded.day,
	credits_used = excluded.credits_used, daily_limit = excluded.daily_limit, figures = excluded.figures, hold_id = excluded.hold_id, created_at = excluded.created_at`
	// What is given back is below zero, which no row to insert could hold.
	addGrantDay = " ON CONFLICT (grant_id, day) DO UPDATE SET credits = grant_days.credits + "

	// A past day that changes is summed up again for the console.
	intoReopenedDays = "INSERT INTO reopened_days (day, change_id) "
	reopenAgain      = " ON CONFLICT (day) DO UPDATE SET change_id = excluded.change_id"
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
	return "INSERT INTO user_days (day, user_id, requests, millionths, granted, uncollected, corrected, cost_micros, last_charge_id, " + hour + ") "
}

// tokensText is what a priced charge used, as it is stored.
func tokensText(p *usage.Priced) string { return string(p.Tokens.AppendText(nil)) }

// deliveredText are the tokens of what a hold has delivered, as they are stored; nil where they are not known.
func deliveredText(h *usage.Hold) *string {
	if h.DeliveredTokens == nil {
		return nil
	}
	return new(string(h.DeliveredTokens.AppendText(nil)))
}

// remainder is what a charge cost beyond its whole credits.
func remainder(r *usage.Record) int64 { return r.Millionths - r.Credits*usage.Millionths }

// pastDays gives a total of each day of a posting that is over, the days in their
// order: every writer takes their rows in it.
func pastDays(p *usage.Posting) (days []usage.Total) {
	for i := range p.Users {
		if p.Users[i].Day != p.Day {
			days = append(days, p.Users[i])
		}
	}
	slices.SortFunc(days, func(a, b usage.Total) int { return cmp.Compare(a.Day, b.Day) })
	return slices.CompactFunc(days, func(a, b usage.Total) bool { return a.Day == b.Day })
}

// SweepReplays removes up to limit idempotency keys whose window is well over,
// and says how many there were. A key that a batch is renewing is left to it:
// waiting for the batch could be a circle, and its key would be new.
func (s *Store) SweepReplays(ctx context.Context, limit int) (int64, error) {
	// By hand: one bounded statement, which on Postgres leaves locked rows out.
	// Batches judge the window by the clock of their own instance and moment: what only one of them still takes is left.
	before := s.now().Add(-usage.ReplayWindow - sweepSlack)
	result := s.write.WithContext(ctx).Exec(`DELETE FROM idempotency_keys WHERE (key_id, charger_id, operation, text) IN
		(SELECT key_id, charger_id, operation, text FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?`+s.dialect.skipLocked()+`)
		AND created_at <= ?`, before, limit, before)
	return result.RowsAffected, s.classify(result.Error)
}

// sweepSlack is how much longer than its window an idempotency key is kept.
const sweepSlack = 10 * time.Minute

// replaysSince is the moment from which on an idempotency key still answers.
func replaysSince(at time.Time) time.Time { return at.Add(-usage.ReplayWindow) }

const holdColumns = `h.id, h.user_id, h.key_id, h.owner_id, h.credits, h.draws, h.delivered, h.on_expiry, h.model, h.request_id, h.price_id, h.created_at,
	h.expires_at, h.status, h.ended_at, h.charge_id, h.charged_day, h.charged, h.collected, h.uncollected, h.settlement, h.figures, COALESCE(h.tokens, ''), h.cost_micros`

func scanHold(row scanner) (*usage.Hold, error) {
	var h usage.Hold
	var draws, onExpiry, status, figures, tokens string
	var ended *time.Time
	var charge, price uuid.NullUUID
	var day *usage.Day
	var settlement []byte
	err := row.Scan(&h.ID, &h.UserID, &h.KeyID, &h.OwnerID, &h.Credits, &draws, &h.Delivered, &onExpiry, &h.Model, &h.RequestID, &price, &h.CreatedAt,
		&h.ExpiresAt, &status, &ended, &charge, &day, &h.End.Charged, &h.End.Collected, &h.End.Uncollected, &settlement, &figures, &tokens, &h.DeliveredMicros)
	if err != nil {
		return &h, err
	}
	h.OnExpiry, h.Status = usage.OnExpiry(onExpiry), usage.HoldStatus(status)
	h.CreatedAt, h.ExpiresAt = h.CreatedAt.UTC(), h.ExpiresAt.UTC()
	if ended != nil {
		h.End.At = ended.UTC()
	}
	if day != nil {
		h.End.Day = *day
	}
	h.PriceID, h.End.ChargeID = price.UUID, charge.UUID
	copy(h.End.Fingerprint[:], settlement)
	h.End.Figures, _ = usage.ParseFigures(figures)
	if tokens != "" {
		delivered, _ := usage.ParseTokens(tokens) // what cannot be read is read as none: no hold may block its user
		h.DeliveredTokens = &delivered
	}
	h.Draws, err = parseDraws(draws)
	return &h, err
}

// drawsText writes what a hold draws on grants: a grant's id, a colon and credits, separated by blanks.
func drawsText(draws []usage.Draw) string {
	if len(draws) == 0 {
		return ""
	}
	var b strings.Builder
	for i, d := range draws {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(d.GrantID.String())
		b.WriteByte(':')
		b.WriteString(strconv.FormatInt(d.Credits, 10))
	}
	return b.String()
}

func parseDraws(text string) (draws []usage.Draw, err error) {
	for part := range strings.FieldsSeq(text) {
		id, credits, _ := strings.Cut(part, ":")
		var d usage.Draw
		if d.GrantID, err = uuid.Parse(id); err == nil {
			d.Credits, err = strconv.ParseInt(credits, 10, 64)
		}
		if err != nil {
			return nil, fmt.Errorf("store: the draws of a hold cannot be read: %w", err)
		}
		draws = append(draws, d)
	}
	return draws, nil
}
