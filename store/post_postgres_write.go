package store

import (
	"context"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// totals is a table of totals and how a batch adds to it.
type totals struct {
	// update adds to the rows that exist; addUp inserts those that do not, too.
	update, addUp string
}

// totalsOf writes the statements for a table. addUp is an UPDATE of the rows that
// exist and an INSERT of the others. ON CONFLICT would lock every row before it
// updates it; the users' locks already keep other writers away. The day is a column
// of the rows to add: as a constant it would let a planner without statistics of
// today read the whole day for them.
func totalsOf(into, table, key, rows, sums, values string) totals {
	const with = "WITH excluded AS MATERIALIZED (SELECT $1::date AS on_day, r.* FROM "
	update := "UPDATE " + table + " AS t SET " + sums + " FROM excluded WHERE t.day = excluded.on_day AND t.user_id = excluded.user_id" + key
	return totals{
		update: with + rows + ") " + update,
		addUp: with + rows + "), updated AS (" + update + " RETURNING t.*) " +
			into + "SELECT $1::date, " + values + " FROM excluded WHERE NOT EXISTS (SELECT FROM updated AS t WHERE t.user_id = excluded.user_id" + key + ")",
	}
}

var dailyUsage = totalsOf(intoDailyUsage, "daily_usage", " AND t.key_id = excluded.key_id AND t.model = excluded.model",
	`unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
		AS r(user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros)`,
	`requests = t.requests + excluded.requests, credits = t.credits + excluded.credits, prompt_tokens = t.prompt_tokens + excluded.prompt_tokens,
		completion_tokens = t.completion_tokens + excluded.completion_tokens, cost_micros = t.cost_micros + excluded.cost_micros`,
	"user_id, key_id, model, requests, credits, prompt_tokens, completion_tokens, cost_micros")

var dailyTokens = totalsOf(intoDailyTokens, "daily_tokens", " AND t.key_id = excluded.key_id AND t.model = excluded.model AND t.price_id = excluded.price_id",
	`unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[],
		$13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::bigint[]) AS r(user_id, key_id, model, price_id, `+tokenSumColumns+")",
	addTokenSums("t.", "excluded."), "user_id, key_id, model, price_id, "+tokenSumColumns)

// userDays has the statements of each hour of the day.
var userDays = func() (hours [usage.HoursADay]totals) {
	for h := range hours {
		hour := hourColumn(h)
		columns := "user_id, requests, millionths, granted, uncollected, corrected, cost_micros, last_charge_id, " + hour
		hours[h] = totalsOf(intoUserDays(hour), "user_days", "",
			"unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::uuid[], $3::bigint[]) AS r("+columns+")",
			`requests = t.requests + excluded.requests, millionths = t.millionths + excluded.millionths, granted = t.granted + excluded.granted,
			uncollected = t.uncollected + excluded.uncollected, corrected = t.corrected + excluded.corrected, cost_micros = t.cost_micros + excluded.cost_micros,
			last_charge_id = COALESCE(excluded.last_charge_id, t.last_charge_id), `+hour+" = t."+hour+" + excluded."+hour, columns)
	}
	return hours
}()

// record writes a posting with its events and commits. known are the users whose day has a row.
func (d postgresDialect) record(ctx context.Context, conn *pgxpool.Conn, p *usage.Posting, known map[uuid.UUID]bool, told []ledgerEvent) error {
	batch := &pgx.Batch{}
	queueCharges(batch, p)
	for _, past := range append(pastDays(p), usage.Total{Day: p.Day}) {
		day, today := past.Day, past.Day == p.Day
		users, rows := ofDay(p.Users, day, dayOfTotal), ofDay(p.Rows, day, dayOfTotal)
		queueUserDays(batch, userDays[p.At.Hour()], day, users, today && all(users, func(t *usage.Total) bool { return known[t.UserID] }))
		queueRows(batch, day, rows, today && all(rows, d.rows.known))
		tokens := ofDay(p.Tokens, day, dayOfTokens)
		queueTokens(batch, day, tokens, today && all(tokens, d.rows.knownTokens))
		if !today {
			batch.Queue(intoReopenedDays+"VALUES ($1::date, $2)"+reopenAgain, string(day), past.LastChargeID)
		}
	}
	queueHolds(batch, p)
	for i := range p.Uses {
		use := &p.Uses[i]
		batch.Queue("UPDATE grants SET used = used + $2 WHERE id = $1", use.GrantID, use.Credits)
		batch.Queue(intoGrantDays+"VALUES ($1, $2::date, $3)"+addGrantDay+"$4", use.GrantID, string(use.Day), max(use.Credits, 0), use.Credits)
	}
	for i := range p.Replays {
		x := &p.Replays[i]
		batch.Queue(intoReplays+"VALUES ($1, $2, $3, $4, $5, $6::date, $7, $8, $9, $10, $11)"+renewReplay,
			[16]byte(x.KeyID), [16]byte(x.ChargerID), operationOf(x.Kind), x.Text, x.Fingerprint[:], string(p.Day), x.Receipt.CreditsUsed, x.Receipt.DailyLimit,
			figuresText(x.Receipt.Figures), orNull(x.Receipt.HoldID), p.At)
	}
	queueEvents(batch, told)
	batch.Queue("COMMIT")
	return conn.SendBatch(ctx, batch).Close()
}

func all[T any](list []T, is func(*T) bool) bool {
	for i := range list {
		if !is(&list[i]) {
			return false
		}
	}
	return true
}

// ofDay is the part of totals that belongs to a day; nearly always all of them.
func ofDay[T any](list []T, day usage.Day, of func(*T) usage.Day) []T {
	if all(list, func(t *T) bool { return of(t) == day }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(t T) bool { return of(&t) != day })
}

func dayOfTotal(t *usage.Total) usage.Day       { return t.Day }
func dayOfTokens(t *usage.TokenTotal) usage.Day { return t.Day }

// The statements that insert the charges of a batch. Batches without a priced charge and
// without a call of the gateway need no arrays for what those alone have.
var (
	insertCharges = chargesFrom(intoUsage, "", "", "")
	insertPriced  = chargesFrom(intoPriced, ", r.price_id, r.tokens, r.request_id, r.outcome, r.source, r.upstream_id",
		", $16::uuid[], $17::text[], $18::uuid[], $19::text[], $20::text[], $21::uuid[]", ", price_id, tokens, request_id, outcome, source, upstream_id")
)

func chargesFrom(into, values, arrays, names string) string {
	return into + `SELECT r.id, r.day, r.user_id, r.key_id, r.previous_id, $1::timestamptz, r.credits, r.model, r.prompt, r.completion, r.cost,
			r.millionths, r.granted, r.uncollected, r.adjusts_id` + values + `
		FROM unnest($2::uuid[], $3::date[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],
			$12::bigint[], $13::bigint[], $14::bigint[], $15::uuid[]` + arrays + `)
		AS r(id, day, user_id, key_id, previous_id, credits, model, prompt, completion, cost, millionths, granted, uncollected, adjusts_id` + names + ")"
}

func queueCharges(batch *pgx.Batch, p *usage.Posting) {
	if len(p.Records) == 0 {
		return
	}
	var c columns
	days := make([]time.Time, len(p.Records))
	for i := range p.Records {
		r := &p.Records[i]
		c.add(r.ID, r.UserID, r.KeyID, r.Model, r.Credits, r.PromptTokens, r.CompletionTokens, r.CostMicros, remainder(r), r.Granted, r.Uncollected)
		c.previous, c.adjusts, days[i] = append(c.previous, orNull(r.PreviousID)), append(c.adjusts, orNull(r.AdjustsID)), r.Day.Start()
	}
	args := []any{
		p.At, c.ids, days, c.users, c.keys, c.previous, c.numbers[0], c.models, c.numbers[1], c.numbers[2], c.numbers[3],
		c.numbers[4], c.numbers[5], c.numbers[6], c.adjusts,
	}
	if !all(p.Records, byHand) {
		batch.Queue(insertPriced, append(args, pricedColumns(p.Records)...)...)
		return
	}
	batch.Queue(insertCharges, args...)
}

// byHand reports whether a charge has neither a price nor a call of the gateway.
func byHand(r *usage.Record) bool { return r.Priced == nil && r.Call == nil }

// pricedColumns are what charges have that are not by hand.
func pricedColumns(records []usage.Record) []any {
	prices, requests, upstreams := make([]*[16]byte, len(records)), make([]*[16]byte, len(records)), make([]*[16]byte, len(records))
	tokens, outcomes, sources := make([]*string, len(records)), make([]*string, len(records)), make([]*string, len(records))
	for i := range records {
		if priced := records[i].Priced; priced != nil {
			prices[i], tokens[i] = orNull(priced.PriceID), new(tokensText(priced))
		}
		if call := records[i].Call; call != nil {
			requests[i], outcomes[i], sources[i] = orNull(call.RequestID), new(string(call.Outcome)), new(string(call.Source))
			upstreams[i] = orNull(call.UpstreamID)
		}
	}
	return []any{prices, tokens, requests, outcomes, sources, upstreams}
}

func queueUserDays(batch *pgx.Batch, table totals, day usage.Day, list []usage.Total, known bool) {
	if len(list) == 0 {
		return
	}
	var c columns
	for i := range list {
		t := &list[i]
		c.add(uuid.Nil, t.UserID, uuid.Nil, "", t.Requests, t.Millionths, t.Granted, t.Uncollected, t.Corrected, t.CostMicros)
		c.previous = append(c.previous, orNull(t.LastChargeID))
	}
	batch.Queue(table.statement(known), string(day), c.users, c.numbers[0], c.numbers[1], c.numbers[2], c.numbers[3], c.numbers[4], c.numbers[5], c.previous)
}

func queueRows(batch *pgx.Batch, day usage.Day, list []usage.Total, known bool) {
	if len(list) == 0 {
		return
	}
	var c columns
	for i := range list {
		t := &list[i]
		c.add(uuid.Nil, t.UserID, t.KeyID, t.Model, t.Requests, t.Credits, t.PromptTokens, t.CompletionTokens, t.CostMicros)
	}
	batch.Queue(dailyUsage.statement(known), string(day), c.users, c.keys, c.models, c.numbers[0], c.numbers[1], c.numbers[2], c.numbers[3], c.numbers[4])
}

func queueTokens(batch *pgx.Batch, day usage.Day, list []usage.TokenTotal, known bool) {
	if len(list) == 0 {
		return
	}
	var c columns
	prices := make([][16]byte, len(list))
	numbers := [12][]int64{}
	for i := range list {
		t := &list[i]
		c.add(uuid.Nil, t.UserID, t.KeyID, t.Model)
		prices[i] = t.PriceID
		for k, n := range tokenSums(t) {
			numbers[k] = append(numbers[k], n)
		}
	}
	args := []any{string(day), c.users, c.keys, c.models, prices}
	for _, column := range numbers {
		args = append(args, column)
	}
	batch.Queue(dailyTokens.statement(known), args...)
}

func (t totals) statement(known bool) string {
	if known {
		return t.update
	}
	return t.addUp
}

// columns are the rows of a batch turned on their side, as unnest takes them.
type columns struct {
	ids, users, keys  [][16]byte
	previous, adjusts []*[16]byte
	models            []string
	numbers           [7][]int64
}

func (c *columns) add(id, user, key uuid.UUID, model string, numbers ...int64) {
	c.ids, c.users, c.keys, c.models = append(c.ids, id), append(c.users, user), append(c.keys, key), append(c.models, model)
	for i, n := range numbers {
		c.numbers[i] = append(c.numbers[i], n)
	}
}

// orNull is an id as a column that may be null.
func orNull(id uuid.UUID) *[16]byte {
	if id == uuid.Nil {
		return nil
	}
	return (*[16]byte)(&id)
}

// queueHolds writes the holds that were made as open ones, and then how those of
// the batch that were changed or ended are now.
func queueHolds(batch *pgx.Batch, p *usage.Posting) {
	changed := p.Changed
	if len(p.Held) > 0 {
		var c holdArrays
		for _, h := range p.Held {
			c.add(h)
			if h.Status != usage.HoldOpen {
				changed = append(slices.Clip(changed), h)
			}
		}
		batch.Queue(`INSERT INTO holds (id, user_id, key_id, owner_id, credits, draws, delivered, on_expiry, model, request_id, price_id, created_at, expires_at, status)
			SELECT r.*, 'open' FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::text[],
				$11::uuid[], $12::timestamptz[], $13::timestamptz[]) AS r`,
			c.ids, c.users, c.keys, c.owners, c.credits, c.draws, c.delivered, c.onExpiry, c.models, c.requests, c.prices, c.created, c.expires)
	}
	if len(changed) == 0 {
		return
	}
	var c holdArrays
	for _, h := range changed {
		c.add(h)
	}
	batch.Queue(`UPDATE holds AS t SET credits = r.credits, draws = r.draws, delivered = r.delivered, expires_at = r.expires_at, status = r.status,
			ended_at = r.ended_at, charge_id = r.charge_id, charged_day = r.charged_day, charged = r.charged, collected = r.collected,
			uncollected = r.uncollected, settlement = r.settlement, figures = r.figures, tokens = r.tokens, cost_micros = r.cost_micros
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::timestamptz[], $8::uuid[], $9::date[],
			$10::bigint[], $11::bigint[], $12::bigint[], $13::bytea[], $14::text[], $15::text[], $16::bigint[])
		AS r(id, credits, draws, delivered, expires_at, status, ended_at, charge_id, charged_day, charged, collected, uncollected, settlement, figures, tokens, cost_micros)
		WHERE t.id = r.id`,
		c.ids, c.credits, c.draws, c.delivered, c.expires, c.status, c.ended, c.charges, c.days, c.charged, c.collected, c.uncollected, c.settlements, c.figures,
		c.tokens, c.costs)
}

// holdArrays are holds turned on their side, as unnest takes them.
type holdArrays struct {
	ids, users, keys, owners                            [][16]byte
	credits, delivered, charged, collected, uncollected []int64
	costs                                               []int64
	tokens                                              []*string
	draws, onExpiry, models, requests, status, figures  []string
	created, expires                                    []time.Time
	ended, days                                         []*time.Time
	charges, prices                                     []*[16]byte
	settlements                                         [][]byte
}

func (c *holdArrays) add(h *usage.Hold) {
	c.ids, c.users, c.keys, c.owners = append(c.ids, h.ID), append(c.users, h.UserID), append(c.keys, h.KeyID), append(c.owners, h.OwnerID)
	c.credits, c.delivered = append(c.credits, h.Credits), append(c.delivered, h.Delivered)
	c.draws, c.onExpiry, c.models = append(c.draws, drawsText(h.Draws)), append(c.onExpiry, string(h.OnExpiry)), append(c.models, h.Model)
	c.requests, c.status = append(c.requests, h.RequestID), append(c.status, string(h.Status))
	c.prices = append(c.prices, orNull(h.PriceID))
	c.tokens, c.costs = append(c.tokens, deliveredText(h)), append(c.costs, h.DeliveredMicros)
	c.created, c.expires = append(c.created, h.CreatedAt), append(c.expires, h.ExpiresAt)
	c.charged, c.collected, c.uncollected = append(c.charged, h.End.Charged), append(c.collected, h.End.Collected), append(c.uncollected, h.End.Uncollected)
	var ended, day *time.Time
	if !h.End.At.IsZero() {
		ended = &h.End.At
	}
	if h.End.Day != "" {
		day = new(h.End.Day.Start())
	}
	var settlement []byte
	figures := ""
	if h.End.Fingerprint != ([16]byte{}) {
		settlement, figures = h.End.Fingerprint[:], figuresText(h.End.Figures)
	}
	c.ended, c.days, c.charges = append(c.ended, ended), append(c.days, day), append(c.charges, orNull(h.End.ChargeID))
	c.settlements, c.figures = append(c.settlements, settlement), append(c.figures, figures)
}
