package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"codexible/secrets"

	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
	"github.com/jackc/pgx/v5"
)

// MovedTable is a table that was moved: how many rows, and what each of its
// columns of numbers adds up to, the same in both databases.
type MovedTable struct {
	Table string
	Rows  int64
	Sums  map[string]int64
}

// Move copies every table of schema.hcl from an embedded database to a Postgres
// one, all or nothing: in one transaction there, which commits after every
// table was read back and compared. Both have to be at this version's schema,
// the target empty but for the plans that a fresh database has, and the source
// opened by no process, because what is written to it later would be lost.
//
// Secrets move encrypted as they are, so keys are those of the service on the
// target: the one that the source's are encrypted with has to be among them.
func Move(ctx context.Context, from, to string, files Files, keys *secrets.Ring) (moved []MovedTable, err error) {
	source, target, err := moveEnds(from, to)
	if err != nil {
		return nil, err
	}
	if err := refuseHeld(source.url); err != nil {
		return nil, err
	}
	for _, end := range []struct{ name, url string }{{"source", from}, {"target", to}} {
		if err := checkSchema(ctx, end.url, files); err != nil {
			return nil, fmt.Errorf("the %s: %w", end.name, err)
		}
	}
	if err := countSource(ctx, from); err != nil {
		return nil, err
	}
	realm, err := declared(files.Schema)
	if err != nil {
		return nil, err
	}
	tables, err := tablesOf(realm)
	if err != nil {
		return nil, err
	}
	sqliteDB := openSQLiteFile(source.url)
	defer func() { _ = sqliteDB.Close() }()
	reading, err := sqliteDB.BeginTx(ctx, nil) // it holds every writer off until all is compared
	if err != nil {
		return nil, err
	}
	defer func() { _ = reading.Rollback() }()
	if err := checkMovedSecrets(ctx, vault{reading, dialectSQLite, keys}, source.url); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(target.url)
	if err != nil {
		return nil, fmt.Errorf("the target %w", errURL) // pgx repeats the URL, password masked or not
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("the target does not answer: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = pgx.BeginFunc(ctx, conn, func(writing pgx.Tx) error {
		moved, err = moveTables(ctx, reading, writing, tables)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("nothing was moved: %w", err)
	}
	return moved, nil
}

func moveEnds(from, to string) (source, target target, err error) {
	if source, err = parseURL(from); err == nil && source.dialect != dialectSQLite {
		err = errors.New("what is moved has to be an embedded database, sqlite:PATH")
	}
	if err != nil {
		return source, target, err
	}
	if err := mustExist(source.url, "there is no database at %s"); err != nil {
		return source, target, err
	}
	if target, err = parseURL(to); err == nil && target.dialect != dialectPostgres {
		err = errors.New("the target has to be postgres://user@host/name: set it as DATABASE_URL")
	}
	return source, target, err
}

func checkSchema(ctx context.Context, url string, files Files) error {
	m, err := NewMigrator(url, files)
	if err != nil {
		return err
	}
	return errors.Join(m.Check(ctx), m.Close())
}

func moveTables(ctx context.Context, reading *sql.Tx, writing pgx.Tx, tables []movable) (moved []MovedTable, err error) {
	if err := clearSeeds(ctx, reading, writing, tables); err != nil {
		return nil, err
	}
	for _, t := range tables {
		sent, err := t.send(ctx, reading, writing)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
		arrived, err := t.readBack(ctx, writing)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", t.name, err)
		}
		if difference := sent.differs(arrived); difference != "" {
			return nil, fmt.Errorf("table %s arrived changed: %s", t.name, difference)
		}
		moved = append(moved, MovedTable{Table: t.name, Rows: sent.rows, Sums: sent.sums})
	}
	_, err = writing.Exec(ctx, "ANALYZE")
	return moved, err
}

// countSource counts the charges that the source's totals do not count yet: a
// service that was killed leaves some.
func countSource(ctx context.Context, url string) error {
	s, err := Open(ctx, Options{URL: url})
	if err != nil {
		return err
	}
	return errors.Join(s.CountTotals(ctx), s.Close())
}

// clearSeeds makes room for the source's plans. Whoever changed a plan of the
// target is in its audit log, so with that empty the plans are the seeded ones.
func clearSeeds(ctx context.Context, source *sql.Tx, writing pgx.Tx, tables []movable) error {
	for _, t := range tables {
		if _, err := writing.Exec(ctx, "LOCK TABLE "+t.quoted()+" IN EXCLUSIVE MODE"); err != nil {
			return err
		}
		var used bool
		if err := writing.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+t.quoted()+")").Scan(&used); err != nil {
			return err
		}
		if used && t.name == "secret_key" {
			if err := sameSecretKey(ctx, writing, source); err != nil {
				return err
			}
			continue
		}
		if used && t.name != "plans" {
			return fmt.Errorf("the target is in use, its table %s has rows: make an empty database and run `codexible migrate up` on it", t.name)
		}
	}
	_, err := writing.Exec(ctx, "DELETE FROM plans; DELETE FROM secret_key")
	return err
}

// checkMovedSecrets fails where the service on the target could not decrypt what moves.
func checkMovedSecrets(ctx context.Context, v vault, source string) error {
	fingerprint, err := v.fingerprint(ctx)
	if err != nil || fingerprint == nil {
		return err
	}
	if _, err := v.ring.ByFingerprint(fingerprint); err != nil {
		return fmt.Errorf("nothing was moved: the source has secrets, and SECRET_KEY is not the key that they are encrypted with: set it to the key of before, or to what %s holds; the service needs it on the target too", secrets.FileIn(source))
	}
	_, unreadable, err := v.split(ctx)
	if err == nil && len(unreadable) > 0 {
		err = fmt.Errorf("nothing was moved: %d secrets of the source cannot be decrypted: drop them with `codexible secrets forget` on the source first", len(unreadable))
	}
	return err
}

// sameSecretKey fails where the target has secrets of another key than the source.
func sameSecretKey(ctx context.Context, writing pgx.Tx, source *sql.Tx) error {
	moving, err := vault{conn: source, dialect: dialectSQLite}.fingerprint(ctx)
	if err != nil {
		return err
	}
	var there []byte
	if err := writing.QueryRow(ctx, "SELECT fingerprint FROM secret_key").Scan(&there); err != nil {
		return err
	}
	if moving != nil && !bytes.Equal(moving, there) {
		return errors.New("the target's secrets are encrypted with another key than the source's: use an empty database, or rotate one of them to the other's key first (`codexible secrets rotate`)")
	}
	return nil
}

// movable is a table of schema.hcl.
type movable struct {
	name    string
	columns []movableColumn
	// identity is the column that the database numbers; empty for none.
	identity string
	refersTo map[string]bool
}

type movableColumn struct {
	name string
	kind columnKind
}

func (t *movable) quoted() string { return pgx.Identifier{t.name}.Sanitize() }

// tablesOf lists the tables of a schema, each after those that it refers to.
func tablesOf(realm *schema.Realm) (ordered []movable, err error) {
	waiting := map[string]movable{}
	for _, declared := range realm.Schemas[0].Tables {
		if waiting[declared.Name], err = movableOf(declared); err != nil {
			return nil, fmt.Errorf("table %s: %w", declared.Name, err)
		}
	}
	placed := map[string]bool{}
	for len(waiting) > 0 {
		before := len(ordered)
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			t := waiting[name]
			ready := true
			for other := range t.refersTo {
				ready = ready && placed[other]
			}
			if ready {
				ordered, placed[name] = append(ordered, t), true
				delete(waiting, name)
			}
		}
		if len(ordered) == before {
			return nil, errors.New("the tables refer to each other in a circle")
		}
	}
	return ordered, nil
}

func movableOf(declared *schema.Table) (t movable, err error) {
	t = movable{name: declared.Name, refersTo: map[string]bool{}}
	for _, key := range declared.ForeignKeys {
		if key.RefTable.Name != t.name {
			t.refersTo[key.RefTable.Name] = true
		}
	}
	for _, c := range declared.Columns {
		kind, err := kindOf(c.Type.Type)
		if err != nil {
			return t, fmt.Errorf("column %s: %w", c.Name, err)
		}
		t.columns = append(t.columns, movableColumn{c.Name, kind})
		if slices.ContainsFunc(c.Attrs, func(a schema.Attr) bool { _, is := a.(*postgres.Identity); return is }) {
			t.identity = c.Name
		}
	}
	return t, nil
}

// send streams a table's rows to the target.
func (t *movable) send(ctx context.Context, reading *sql.Tx, writing pgx.Tx) (*tally, error) {
	names, cells := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		// An expression has no declared type, so the driver gives the stored value as it is.
		names[i], cells[i] = c.name, "+"+pgx.Identifier{c.name}.Sanitize()
	}
	rows, err := reading.QueryContext(ctx, "SELECT "+strings.Join(cells, ", ")+" FROM "+t.quoted()) //nolint:gosec // the names are those of schema.hcl
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	sent := newTally(t)
	_, err = writing.CopyFrom(ctx, pgx.Identifier{t.name}, names, pgx.CopyFromFunc(func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		return t.scan(rows, sent)
	}))
	if err != nil || t.identity == "" {
		return sent, err
	}
	return sent, t.continueNumbers(ctx, reading, writing)
}

func (t *movable) scan(rows *sql.Rows, sent *tally) ([]any, error) {
	stored, to := make([]any, len(t.columns)), make([]any, len(t.columns))
	for i := range stored {
		to[i] = &stored[i]
	}
	if err := rows.Scan(to...); err != nil {
		return nil, err
	}
	for i, c := range t.columns {
		var err error
		if stored[i], err = c.kind.fromSQLite(stored[i]); err != nil {
			return nil, fmt.Errorf("column %s of the %d. row: %w", c.name, sent.rows+1, err)
		}
	}
	return stored, sent.add(stored)
}

// continueNumbers has the target number on where the source would.
func (t *movable) continueNumbers(ctx context.Context, reading *sql.Tx, writing pgx.Tx) error {
	var last int64
	if err := reading.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = ?", t.name).Scan(&last); err != nil {
		return err
	}
	_, err := writing.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, $2), $3 + 1, false)", t.name, t.identity, last)
	return err
}

func (t *movable) readBack(ctx context.Context, writing pgx.Tx) (*tally, error) {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = pgx.Identifier{c.name}.Sanitize()
	}
	rows, err := writing.Query(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+t.quoted())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	arrived := newTally(t)
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		if err := arrived.add(values); err != nil {
			return nil, err
		}
	}
	return arrived, rows.Err()
}

// tally is what a table holds, whatever the order of its rows: how many there
// are, what the numbers add up to, and the sum of the rows' hashes.
type tally struct {
	columns []movableColumn
	rows    int64
	sums    map[string]int64
	content [4]uint64
	row     []byte
}

func newTally(t *movable) *tally { return &tally{columns: t.columns, sums: map[string]int64{}} }

func (n *tally) add(row []any) error {
	n.rows++
	n.row = n.row[:0]
	for i, value := range row {
		if number, is := value.(int64); is {
			n.sums[n.columns[i].name] += number
		}
		var err error
		if n.row, err = appendCell(n.row, value); err != nil {
			return fmt.Errorf("column %s: %w", n.columns[i].name, err)
		}
	}
	sum := sha256.Sum256(n.row)
	for lane := range n.content {
		n.content[lane] += binary.BigEndian.Uint64(sum[lane*8:])
	}
	return nil
}

// differs says what two tallies do not agree on; nothing where they are equal.
func (n *tally) differs(other *tally) string {
	if n.rows != other.rows {
		return fmt.Sprintf("%d rows were sent, %d are there", n.rows, other.rows)
	}
	for _, c := range n.columns {
		if n.sums[c.name] != other.sums[c.name] {
			return fmt.Sprintf("%s added up to %d, and is %d", c.name, n.sums[c.name], other.sums[c.name])
		}
	}
	if n.content != other.content {
		return "the numbers agree, and a text, a time or an id does not"
	}
	return ""
}

// appendCell writes a value so that no two rows are written alike.
func appendCell(b []byte, value any) ([]byte, error) {
	var cell []byte
	switch v := value.(type) {
	case nil:
		return append(b, 'n'), nil
	case int64:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v)), nil
	case bool:
		if v {
			return append(b, 't'), nil
		}
		return append(b, 'f'), nil
	case time.Time:
		return binary.BigEndian.AppendUint64(append(b, 'm'), uint64(v.UnixMicro())), nil
	case [16]byte:
		return append(append(b, 'u'), v[:]...), nil
	case []byte:
		b, cell = append(b, 'b'), v
	case string:
		b, cell = append(b, 's'), []byte(v)
	default:
		return b, fmt.Errorf("a %T is not expected here", value)
	}
	return append(binary.BigEndian.AppendUint64(b, uint64(len(cell))), cell...), nil
}

// columnKind is a type of schema.hcl.
type columnKind uint8

const (
	kindNumber columnKind = iota
	kindText
	kindBool
	kindBytes
	kindUUID
	kindInstant
	kindDate
)

func kindOf(t schema.Type) (columnKind, error) {
	switch t := t.(type) {
	case *schema.IntegerType:
		return kindNumber, nil
	case *schema.StringType:
		return kindText, nil
	case *schema.BoolType:
		return kindBool, nil
	case *schema.BinaryType:
		return kindBytes, nil
	case *schema.UUIDType:
		return kindUUID, nil
	case *schema.TimeType:
		if t.T == "date" {
			return kindDate, nil
		}
		return kindInstant, nil
	}
	return 0, fmt.Errorf("it is not known how to move a %T", t)
}

var errText = errors.New("a text with a NUL, or with bytes that are not UTF-8, is not for Postgres: change it, then move")

var errStored = errors.New("it is stored in a way that this version does not write")

// fromSQLite turns a stored value into the one that the target gives back: ids
// are stored as 16 bytes, instants as microseconds, dates as text.
func (k columnKind) fromSQLite(stored any) (any, error) {
	switch v := stored.(type) {
	case nil:
		return nil, nil //nolint:nilnil // NULL is a value
	case int64:
		switch k {
		case kindNumber:
			return v, nil
		case kindBool:
			return v != 0, nil
		case kindInstant:
			return time.UnixMicro(v).UTC(), nil
		default:
		}
	case []byte:
		switch {
		case k == kindBytes:
			return v, nil
		case k == kindUUID && len(v) == 16:
			return [16]byte(v), nil
		}
	case string:
		switch k {
		case kindText:
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, errText
			}
			return v, nil
		case kindDate:
			return time.Parse(time.DateOnly, v)
		default:
		}
	}
	return nil, errStored
}
