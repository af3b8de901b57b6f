package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"codexible/usage"

	"github.com/google/uuid"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// handle is a connection to SQLite by its C functions. The driver copies every
// value into fresh memory and takes a lock for each, which was a third of what
// a charge cost; here a value is copied once, into memory that its statement
// keeps, and there is no lock: one goroutine at a time uses a handle.
type handle struct {
	tls  *libc.TLS
	db   uintptr
	kept map[string]*statement
}

// sqliteError is what SQLite says of a call that failed.
type sqliteError struct {
	code int
	text string
}

func (f *sqliteError) Error() string { return fmt.Sprintf("sqlite: %s (%d)", f.text, f.code) }

// Code is SQLite's extended result code.
func (f *sqliteError) Code() int { return f.code }

// openHandle opens a database that exists and runs pragmas on it.
func openHandle(path string, pragmas ...string) (*handle, error) {
	h := &handle{tls: libc.NewTLS(), kept: map[string]*statement{}}
	err := h.open(path)
	for _, pragma := range pragmas {
		if err == nil {
			err = h.pragma(pragma)
		}
	}
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func (h *handle) open(path string) error {
	name, err := libc.CString(path)
	if err != nil {
		return err
	}
	defer libc.Xfree(h.tls, name)
	out := h.tls.Alloc(pointerBytes)
	defer h.tls.Free(pointerBytes)
	rc := sqlite3.Xsqlite3_open_v2(h.tls, name, out, sqlite3.SQLITE_OPEN_READWRITE|sqlite3.SQLITE_OPEN_NOMUTEX, 0)
	h.db = pointerAt(out) // also where it fails: it holds the reason
	if rc != sqlite3.SQLITE_OK {
		return h.failure(rc)
	}
	sqlite3.Xsqlite3_extended_result_codes(h.tls, h.db, 1)
	return nil
}

// pragma runs a pragma, whether it answers with a row or not.
func (h *handle) pragma(text string) error {
	s, err := h.prepare("PRAGMA " + text)
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		more, err = s.next()
	}
	return errors.Join(err, s.finalize())
}

// written is how many pages the connection has written since the last call:
// in WAL mode, to the log.
func (h *handle) written() int {
	out := h.tls.Alloc(2 * intBytes) // the number, and a highest one that is always zero
	defer h.tls.Free(2 * intBytes)
	if sqlite3.Xsqlite3_db_status(h.tls, h.db, sqlite3.SQLITE_DBSTATUS_CACHE_WRITE, out, out+intBytes, 1) != sqlite3.SQLITE_OK {
		return 0
	}
	return int(binary.NativeEndian.Uint32(memoryAt(out, intBytes)))
}

// checkpoint checkpoints the WAL in one of SQLite's modes. It returns the pages of
// the WAL, and whether the mode could be carried out completely.
func (h *handle) checkpoint(mode string) (pages int, done bool, err error) {
	s, err := h.statement("PRAGMA wal_checkpoint(" + mode + ")")
	if err != nil {
		return 0, false, err
	}
	more, err := s.next()
	if more {
		pages, done = int(s.integer(1)), s.integer(0) == 0
	}
	for more && err == nil {
		more, err = s.next()
	}
	return pages, done, err
}

// close frees everything. The handle is not used after it.
func (h *handle) close() error {
	for _, s := range h.kept {
		_ = s.finalize() // returns the failure of its last run, which is known
	}
	var err error
	if h.db != 0 {
		if rc := sqlite3.Xsqlite3_close_v2(h.tls, h.db); rc != sqlite3.SQLITE_OK {
			err = h.failure(rc)
		}
	}
	h.tls.Close()
	return err
}

// failure explains a code, in the words for this very failure where there are any.
func (h *handle) failure(rc int32) error {
	text := sqlite3.Xsqlite3_errstr(h.tls, rc)
	if h.db == 0 || sqlite3.Xsqlite3_extended_errcode(h.tls, h.db) == rc {
		text = sqlite3.Xsqlite3_errmsg(h.tls, h.db)
	}
	return &sqliteError{int(rc), libc.GoString(text)}
}

// idle reports whether no transaction is open: SQLite ends one by itself where the
// disk is full.
func (h *handle) idle() bool { return sqlite3.Xsqlite3_get_autocommit(h.tls, h.db) != 0 }

// statement returns the prepared statement of a text, with nothing bound.
func (h *handle) statement(text string) (*statement, error) {
	s, found := h.kept[text]
	if !found {
		var err error
		if s, err = h.prepare(text); err != nil {
			return nil, err
		}
		h.kept[text] = s
	}
	s.keptValues, s.keptBytes = 0, 0
	s.rewind()
	return s, nil
}

// run executes a statement without values and without rows.
func (h *handle) run(text string) error {
	s, err := h.statement(text)
	if err != nil {
		return err
	}
	return s.exec()
}

// roomBytes is how much the texts and bytes of one run of a statement may
// take: a request of the log whose every attempt has the longest texts, escaped.
const roomBytes = 32 << 10

func (h *handle) prepare(text string) (*statement, error) {
	sql, err := libc.CString(text)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(h.tls, sql)
	out := h.tls.Alloc(pointerBytes)
	defer h.tls.Free(pointerBytes)
	if rc := sqlite3.Xsqlite3_prepare_v3(h.tls, h.db, sql, -1, sqlite3.SQLITE_PREPARE_PERSISTENT, out, 0); rc != sqlite3.SQLITE_OK {
		return nil, h.failure(rc)
	}
	s := &statement{handle: h, stmt: pointerAt(out), room: libc.Xmalloc(h.tls, roomBytes)}
	if s.room == 0 {
		return nil, errors.Join(errors.New("store: out of memory for a statement"), s.finalize())
	}
	s.memory = memoryAt(s.room, roomBytes)
	return s, nil
}

// statement is a prepared statement. Its values are bound one after another;
// a run keeps those that were bound before keep, and drops the rest.
type statement struct {
	*handle

	stmt   uintptr
	room   uintptr
	memory []byte

	values, keptValues int32
	bytes, keptBytes   int
	rc                 int32
}

func (s *statement) finalize() error {
	rc := sqlite3.Xsqlite3_finalize(s.tls, s.stmt)
	libc.Xfree(s.tls, s.room)
	s.stmt, s.room, s.memory = 0, 0, nil
	if rc != sqlite3.SQLITE_OK {
		return s.failure(rc)
	}
	return nil
}

func (s *statement) rewind() { s.values, s.bytes, s.rc = s.keptValues, s.keptBytes, sqlite3.SQLITE_OK }

// keep makes what is bound so far stay for the runs to come.
func (s *statement) keep() { s.keptValues, s.keptBytes = s.values, s.bytes }

func (s *statement) bound(rc int32) {
	if rc != sqlite3.SQLITE_OK {
		s.rc = rc
	}
}

func (s *statement) integers(values ...int64) {
	for _, v := range values {
		s.values++
		s.bound(sqlite3.Xsqlite3_bind_int64(s.tls, s.stmt, s.values, v))
	}
}

func (s *statement) null() {
	s.values++
	s.bound(sqlite3.Xsqlite3_bind_null(s.tls, s.stmt, s.values))
}

// static promises SQLite that a value stays where it is until the next is bound.
const static = 0

// id binds an id, null where it is zero.
func (s *statement) id(value uuid.UUID) {
	if value == uuid.Nil {
		s.null()
		return
	}
	s.blob(value[:])
}

func (s *statement) blob(value []byte) {
	s.values++
	if s.bytes+len(value) > roomBytes {
		s.rc = sqlite3.SQLITE_TOOBIG
		return
	}
	copy(s.memory[s.bytes:], value)
	s.bound(sqlite3.Xsqlite3_bind_blob(s.tls, s.stmt, s.values, s.room+uintptr(s.bytes), int32(len(value)), static))
	s.bytes += len(value)
}

func (s *statement) text(value string) {
	s.values++
	if s.bytes+len(value) > roomBytes {
		s.rc = sqlite3.SQLITE_TOOBIG
		return
	}
	copy(s.memory[s.bytes:], value)
	s.bound(sqlite3.Xsqlite3_bind_text(s.tls, s.stmt, s.values, s.room+uintptr(s.bytes), int32(len(value)), static))
	s.bytes += len(value)
}

// exec runs a statement that gives no rows.
func (s *statement) exec() error {
	_, err := s.next()
	return err
}

// next steps to the next row; after the last, or a failure, the statement can
// be bound and run again.
func (s *statement) next() (row bool, err error) {
	if s.rc == sqlite3.SQLITE_OK {
		if s.rc = sqlite3.Xsqlite3_step(s.tls, s.stmt); s.rc == sqlite3.SQLITE_ROW {
			s.rc = sqlite3.SQLITE_OK
			return true, nil
		}
	}
	if s.rc != sqlite3.SQLITE_DONE {
		err = s.failure(s.rc)
	}
	sqlite3.Xsqlite3_reset(s.tls, s.stmt) // returns the failure of the run once more
	s.rewind()
	return false, err
}

// changes is how many rows the last run changed.
func (s *statement) changes() int { return int(sqlite3.Xsqlite3_changes(s.tls, s.db)) }

func (s *statement) integer(column int32) int64 {
	return sqlite3.Xsqlite3_column_int64(s.tls, s.stmt, column)
}

// bytesOf is a blob or a text of the row, until the next row; nothing for NULL.
func (s *statement) bytesOf(column int32) []byte {
	from := sqlite3.Xsqlite3_column_blob(s.tls, s.stmt, column)
	n := sqlite3.Xsqlite3_column_bytes(s.tls, s.stmt, column)
	if from == 0 || n == 0 {
		return nil
	}
	return memoryAt(from, int(n))
}

// Scan reads the columns of the row from the first on. It knows the types that
// the ledger reads; a null leaves a pointer nil and anything else zero.
func (s *statement) Scan(dest ...any) error {
	for i, d := range dest {
		column := int32(i)
		null := sqlite3.Xsqlite3_column_type(s.tls, s.stmt, column) == sqlite3.SQLITE_NULL
		switch into := d.(type) {
		case *int64:
			*into = s.integer(column)
		case *uuid.UUID:
			*into = uuid.UUID{}
			copy(into[:], s.bytesOf(column))
		case *uuid.NullUUID:
			*into = uuid.NullUUID{Valid: !null}
			copy(into.UUID[:], s.bytesOf(column))
		case *string:
			*into = string(s.bytesOf(column))
		case *[]byte:
			*into = bytes.Clone(s.bytesOf(column))
		case *usage.Day:
			*into = usage.Day(s.bytesOf(column))
		case **usage.Day:
			if *into = nil; !null {
				*into = new(usage.Day(s.bytesOf(column)))
			}
		case *time.Time:
			*into = time.UnixMicro(s.integer(column)).UTC()
		case **time.Time:
			if *into = nil; !null {
				*into = new(time.UnixMicro(s.integer(column)).UTC())
			}
		default:
			return fmt.Errorf("sqlite: a column cannot be read to a %T", d)
		}
	}
	return nil
}

const (
	pointerBytes = 8
	intBytes     = 4
)

// memoryAt is C memory, outside Go's garbage collector.
func memoryAt(address uintptr, size int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), size) //nolint:gosec // SQLite gave the address, and says how much is there
}

func pointerAt(address uintptr) uintptr {
	return uintptr(binary.NativeEndian.Uint64(memoryAt(address, pointerBytes)))
}
