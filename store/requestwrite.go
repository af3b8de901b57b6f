package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codexible/gateway"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// WriteRequests implements gateway.LogStore. Records that are there already mark a
// repetition: neither they nor the days are added again. The commit does not wait for the disk: a
// power cut may cost the last lines of the log, and no charge.
func (s *Store) WriteRequests(ctx context.Context, records []gateway.Record, days []gateway.UpstreamDay) error {
	rows := make([][]any, len(records))
	for i := range records {
		row := requestOf(&records[i])
		rows[i] = row.values()
	}
	days = slices.SortedFunc(slices.Values(days), func(a, b gateway.UpstreamDay) int { // the order in which every writer takes their rows
		return cmp.Or(cmp.Compare(a.Day, b.Day), bytes.Compare(a.UpstreamID[:], b.UpstreamID[:]))
	})
	return s.classify(s.dialect.writeRequests(ctx, rows, days))
}

// requestRowColumns are the columns of requests in the order of values.
var requestRowColumns = []string{
	"id", "at", "user_id", "key_id", "model", "endpoint", "streamed", "upstream_id", "upstream", "upstream_key", "attempts", "status", "outcome", "code", "source",
	"tokens", "price_id", "held", "credits", "uncollected", "cost_micros", "first_byte_micros", "first_token_micros", "took_micros", "sticky", "client_request_id",
}

// values are the row's columns, as both databases take them.
func (r *requestRow) values() []any {
	return []any{
		[16]byte(r.ID), r.At, [16]byte(r.UserID), [16]byte(r.KeyID), r.Model, r.Endpoint, r.Streamed, optionalID(r.UpstreamID), r.Upstream, r.UpstreamKey, r.Attempts,
		r.Status, r.Outcome, r.Code, r.Source, optionalValue(r.Tokens), optionalID(r.PriceID), r.Held, r.Credits, r.Uncollected, r.CostMicros,
		optionalValue(r.FirstByteMicros), optionalValue(r.FirstTokenMicros), r.TookMicros, r.Sticky, r.ClientRequestID,
	}
}

func optionalID(id *uuid.UUID) any {
	if id == nil {
		return nil
	}
	return [16]byte(*id)
}

func optionalValue[T any](value *T) any {
	if value == nil {
		return nil
	}
	return *value
}

// addUpstreamDay adds to the day of an upstream. The database adds, so instances do not overwrite each other.
const addUpstreamDay = `INSERT INTO upstream_days AS t (day, upstream_id, requests, failures, cost_micros) VALUES (%s, %s, %s, %s, %s)
	ON CONFLICT (day, upstream_id) DO UPDATE SET requests = t.requests + excluded.requests, failures = t.failures + excluded.failures,
	cost_micros = t.cost_micros + excluded.cost_micros`

var (
	addUpstreamDaySQLite   = fmt.Sprintf(addUpstreamDay, "?", "?", "?", "?", "?")
	addUpstreamDayPostgres = fmt.Sprintf(addUpstreamDay, "$1::date", "$2", "$3", "$4", "$5")
	insertRequestSQLite    = "INSERT OR IGNORE INTO requests (" + strings.Join(requestRowColumns, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(requestRowColumns)-1) + ")"
)

// writeRequests uses the meter's connection: a commit of another one would make the meter
// read all its accounts again.
func (d sqliteDialect) writeRequests(ctx context.Context, rows [][]any, days []gateway.UpstreamDay) error {
	return d.onHandle(ctx, func() error {
		if err := d.handle.pragma("synchronous = NORMAL"); err != nil { // commits of WAL mode then do not wait for the disk
			return err
		}
		err := d.transact(func() error { return d.handle.insertRequests(rows, days) })
		if d.handle == nil {
			return err
		}
		for _, pragma := range d.pragmas { // as it was opened
			if strings.HasPrefix(pragma, "synchronous") {
				if failed := d.handle.pragma(pragma); failed != nil {
					return errors.Join(err, failed, d.shut())
				}
			}
		}
		d.checkpointWAL()
		return err
	})
}

// transact runs work in a transaction of the handle.
func (l *sqliteLedger) transact(work func() error) (err error) {
	if err := l.handle.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err = work(); err == nil {
		err = l.handle.run("COMMIT")
	}
	if !l.handle.idle() && l.handle.run("ROLLBACK") != nil {
		err = errors.Join(err, l.shut()) // a connection that cannot roll back is not used again
	}
	return err
}

func (h *handle) insertRequests(rows [][]any, days []gateway.UpstreamDay) error {
	added := 0
	for _, row := range rows {
		s, err := h.statement(insertRequestSQLite)
		if err != nil {
			return err
		}
		for _, value := range row {
			s.value(value)
		}
		if err := s.exec(); err != nil {
			return err
		}
		added += s.changes()
	}
	if added == 0 && len(rows) > 0 {
		return nil // a repetition
	}
	for _, day := range days {
		s, err := h.statement(addUpstreamDaySQLite)
		if err != nil {
			return err
		}
		s.text(string(day.Day))
		s.blob(day.UpstreamID[:])
		s.integers(day.Requests, day.Failures, day.CostMicros)
		if err := s.exec(); err != nil {
			return err
		}
	}
	return nil
}

// value binds a value of any type that rows have.
func (s *statement) value(value any) {
	switch v := value.(type) {
	case nil:
		s.null()
	case [16]byte:
		s.blob(v[:])
	case string:
		s.text(v)
	case int64:
		s.integers(v)
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		s.integers(n)
	case time.Time:
		s.integers(v.UnixMicro())
	default:
		panic(fmt.Sprintf("store: no statement takes a %T", value))
	}
}

// writeRequests copies the rows. Where one is there already, rows that are not are added without it.
func (d postgresDialect) writeRequests(ctx context.Context, rows [][]any, days []gateway.UpstreamDay) error {
	err := d.copyRequests(ctx, "requests", rows, days)
	if failed, is := errors.AsType[*pgconn.PgError](err); is && failed.Code == uniqueViolation {
		return d.copyRequests(ctx, "more_requests", rows, days)
	}
	return err
}

// uniqueViolation is Postgres's code for a row that is there already.
const uniqueViolation = "23505"

// copyRequests copies the rows into a table. From another table than requests, those that are not
// there yet are taken over.
func (d postgresDialect) copyRequests(ctx context.Context, table string, rows [][]any, days []gateway.UpstreamDay) error {
	tx, err := d.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
	begin := &pgx.Batch{}
	if d.limits != "" {
		begin.Queue(d.limits)
	}
	begin.Queue("SET LOCAL synchronous_commit = off")
	if table != "requests" {
		begin.Queue("CREATE TEMP TABLE " + table + " (LIKE requests) ON COMMIT DROP")
	}
	if err := tx.SendBatch(ctx, begin).Close(); err != nil {
		return err
	}
	if len(rows) > 0 {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table}, requestRowColumns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
	}
	if table != "requests" {
		added, err := tx.Exec(ctx, "INSERT INTO requests SELECT * FROM "+table+" ON CONFLICT DO NOTHING")
		if err != nil || added.RowsAffected() == 0 {
			return err
		}
	}
	end := &pgx.Batch{}
	for _, day := range days {
		end.Queue(addUpstreamDayPostgres, string(day.Day), [16]byte(day.UpstreamID), day.Requests, day.Failures, day.CostMicros)
	}
	if err := tx.SendBatch(ctx, end).Close(); err != nil {
		return err
	}
	return tx.Commit(ctx)
}
