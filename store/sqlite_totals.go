package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"codexible/usage"

	"github.com/google/uuid"
	"gorm.io/gorm"
	sqlite3 "modernc.org/sqlite/lib"
)

// On SQLite a charge is one appended row. The totals follow: the charges after the
// one that the table counted names are not in user_days, daily_usage and daily_tokens yet. The
// meter needs neither, because it keeps the accounts in memory; who reads totals
// counts the charges first. So a batch writes the last pages of one table, where
// it would write a page of today's totals for nearly every charge.

// MostUncounted is how many charges may wait to be counted: counting them makes one batch wait.
const MostUncounted = 16384

// counting is what the meter's connection knows of the charges that are not counted yet.
type counting struct {
	// later reports whether charges of this process are counted later; without it each batch counts its own.
	later bool
	// upTo is the last charge that is counted, last the last one that there is.
	upTo, last uuid.UUID
	// users have uncounted charges, waiting is the number of those.
	users   map[uuid.UUID]struct{}
	waiting int
	// wrote reports whether the open transaction counted charges.
	wrote bool
}

const (
	selectCounted   = "SELECT (SELECT charge_id FROM counted WHERE id = 1), (SELECT MAX(id) FROM usage)"
	selectUncounted = "SELECT EXISTS (SELECT 1 FROM usage WHERE id > (SELECT charge_id FROM counted WHERE id = 1))"
	// The hours in which uncounted charges were made, nearly always one; in their order, for each sets a day's last
	// charge. With each is how many of its charges are priced.
	selectHours = "SELECT created_at / 3600000000 % 24 AS hour, COUNT(price_id) AS priced FROM usage WHERE id > ? GROUP BY 1 ORDER BY MIN(id)"
	setCounted  = "UPDATE counted SET charge_id = ? WHERE id = 1"

	countRows = intoDailyUsage + `SELECT day, user_id, key_id, model, SUM(adjusts_id IS NULL), SUM(credits), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost_micros)
		FROM usage WHERE id > ? GROUP BY day, user_id, key_id, model ON CONFLICT (day, user_id, key_id, model) DO UPDATE SET
		requests = requests + excluded.requests, credits = credits + excluded.credits, prompt_tokens = prompt_tokens + excluded.prompt_tokens,
		completion_tokens = completion_tokens + excluded.completion_tokens, cost_micros = cost_micros + excluded.cost_micros`
)

// countTokens adds the charges that have a price to the totals by price.
var countTokens = intoDailyTokens + `SELECT day, user_id, key_id, model, price_id, SUM(adjusts_id IS NULL), SUM(credits), SUM(cost_micros), SUM(prompt_tokens), SUM(completion_tokens)` +
	sumOfTokens("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "audio_input_tokens", "audio_output_tokens", "reasoning_tokens", "web_searches") + `
	FROM usage WHERE id > ? AND price_id IS NOT NULL GROUP BY day, user_id, key_id, model, price_id
	ON CONFLICT (day, user_id, key_id, model, price_id) DO UPDATE SET ` + addTokenSums("", "excluded.")

func sumOfTokens(fields ...string) string {
	return ", SUM(COALESCE(tokens ->> '" + strings.Join(fields, "', 0)), SUM(COALESCE(tokens ->> '") + "', 0))"
}

// uncountedHour is an hour in which uncounted charges were made, and how many of those are priced.
type uncountedHour struct{ Hour, Priced int64 }

// countUserDays are the statements of the 24 hours.
var countUserDays = func() (hours [usage.HoursADay]string) {
	for h := range hours {
		hour := hourColumn(h)
		hours[h] = intoUserDays(hour) + `SELECT day, user_id, SUM(adjusts_id IS NULL), SUM(credits) * 1000000 + SUM(millionths), SUM(granted), SUM(uncollected), 0,
			SUM(cost_micros), MAX(id), SUM(adjusts_id IS NULL) FROM usage WHERE id > ? AND created_at / 3600000000 % 24 = ` + strconv.Itoa(h) + `
			GROUP BY day, user_id ON CONFLICT (day, user_id) DO UPDATE SET requests = requests + excluded.requests, millionths = millionths + excluded.millionths,
			granted = granted + excluded.granted, uncollected = uncollected + excluded.uncollected, cost_micros = cost_micros + excluded.cost_micros,
			last_charge_id = excluded.last_charge_id, ` + hour + " = " + hour + " + excluded." + hour
	}
	return hours
}()

// countCharges adds the charges after upTo to the totals. exec runs a statement
// with an id; the hours are those in which the charges were made.
func countCharges(upTo, last uuid.UUID, hours []uncountedHour, exec func(statement string, id uuid.UUID) error) error {
	priced := int64(0)
	for _, h := range hours {
		if err := exec(countUserDays[h.Hour%usage.HoursADay], upTo); err != nil {
			return err
		}
		priced += h.Priced
	}
	if priced > 0 {
		if err := exec(countTokens, upTo); err != nil {
			return err
		}
	}
	return errors.Join(exec(countRows, upTo), exec(setCounted, last))
}

// count counts the charges that wait, in the transaction of the meter.
func (l *sqliteLedger) count() error {
	c := &l.counting
	var hours []uncountedHour
	err := l.rows(selectHours, func(row scanner) error {
		var h uncountedHour
		err := row.Scan(&h.Hour, &h.Priced)
		hours = append(hours, h)
		return err
	}, func(s *statement) { s.blob(c.upTo[:]) })
	if err != nil {
		return err
	}
	if err := countCharges(c.upTo, c.last, hours, l.execID); err != nil {
		return err
	}
	c.upTo, c.waiting, c.wrote = c.last, 0, true
	clear(c.users)
	return nil
}

// countFor counts the charges that wait where a user's are among them, before the user's totals are read.
func (l *sqliteLedger) countFor(user uuid.UUID) error {
	if _, waits := l.counting.users[user]; waits {
		return l.count()
	}
	return nil
}

func (l *sqliteLedger) execID(text string, id uuid.UUID) error {
	s, err := l.handle.statement(text)
	if err != nil {
		return err
	}
	s.blob(id[:])
	return s.exec()
}

// checkCounted counts charges of which this connection does not know: those of
// before a start, and those of another process.
func (l *sqliteLedger) checkCounted() error {
	var upTo, last uuid.UUID
	if err := l.rows(selectCounted, func(row scanner) error { return row.Scan(&upTo, &last) }, func(*statement) {}); err != nil {
		return err
	}
	c := &l.counting
	if upTo == c.upTo && last == c.last {
		return nil
	}
	c.upTo, c.last = upTo, last
	if last == upTo || last == uuid.Nil {
		clear(c.users)
		c.waiting = 0
		return nil
	}
	return l.count()
}

// deferrable reports whether the totals may follow the posting later: its charges
// come after all others by their ids, which they do not where the clock was set
// back, and none gives back: a sum below zero could not be inserted, only added.
func (c *counting) deferrable(p *usage.Posting) bool {
	return c.later && len(p.Records) > 0 && less(c.last, p.Records[0].ID) && c.waiting+len(p.Records) <= MostUncounted &&
		all(p.Records, func(r *usage.Record) bool { return r.Millionths >= 0 })
}

func less(a, b uuid.UUID) bool { return string(a[:]) < string(b[:]) }

// countNow writes the totals of a posting with it.
func (l *sqliteLedger) countNow(p *usage.Posting) error {
	c := &l.counting
	if c.upTo != c.last {
		if err := l.count(); err != nil {
			return err
		}
	}
	if err := errors.Join(l.writeUserDays(p), l.writeRows(p), l.writeTokens(p)); err != nil || len(p.Records) == 0 {
		return err
	}
	if last := p.Records[len(p.Records)-1].ID; less(c.last, last) {
		c.last = last
	}
	c.upTo = c.last
	return l.execID(setCounted, c.last)
}

// countLater notes a posting that was committed and whose charges are not counted.
func (c *counting) countLater(p *usage.Posting) {
	for i := range p.Records {
		c.users[p.Records[i].UserID] = struct{}{}
	}
	c.waiting += len(p.Records)
	c.last = p.Records[len(p.Records)-1].ID
}

// countTotals counts the charges that wait, for those who read totals. Where this
// process counts later nothing else does, and it knows whether some wait.
func (d sqliteDialect) countTotals(ctx context.Context) error {
	if d.counting.later && !d.uncounted.Load() {
		return nil
	}
	if !d.counting.later {
		var waiting bool
		if err := d.read.QueryRowContext(ctx, selectUncounted).Scan(&waiting); err != nil || !waiting {
			return err
		}
	}
	_, err := d.post(ctx, time.Now, nil, nil)
	if cannotWrite(err) {
		return nil // what is written can still be read: the totals lack what came in the second before
	}
	return err
}

// cannotWrite reports whether an error says that the disk takes no writes.
func cannotWrite(err error) bool {
	e, is := errors.AsType[*sqliteError](err)
	if !is {
		return false
	}
	switch e.code & 0xff {
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL:
		return true
	}
	return false
}

// eachUncounted reads the few charges that wait, whosever they are.
func (sqliteDialect) eachUncounted(db *gorm.DB, user uuid.UUID, visit func(*usage.Record)) error {
	return eachRecord(db, visit, "c.id > (SELECT charge_id FROM counted WHERE id = 1) AND c.user_id = ?", user)
}

// counted reads up to which charge the totals count.
func (sqliteDialect) counted(db *gorm.DB) (func(uuid.UUID) bool, error) {
	var row countedRow
	err := db.Take(&row).Error
	return func(charge uuid.UUID) bool { return !less(row.ChargeID, charge) }, err
}

// countTotalsIn counts them in a transaction that writes, which keeps the meter away.
func (sqliteDialect) countTotalsIn(tx *gorm.DB) error {
	var upTo, last uuid.UUID
	if err := tx.Raw(selectCounted).Row().Scan(&upTo, &last); err != nil || last == upTo || last == uuid.Nil {
		return err
	}
	var hours []uncountedHour
	if err := tx.Raw(selectHours, upTo).Scan(&hours).Error; err != nil {
		return err
	}
	return countCharges(upTo, last, hours, func(statement string, id uuid.UUID) error { return tx.Exec(statement, id).Error })
}
