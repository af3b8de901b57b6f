package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"
)

func testHandle(t *testing.T) *handle {
	t.Helper()
	file := filepath.Join(t.TempDir(), "handle.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(context.Background(), "CREATE TABLE t (id blob PRIMARY KEY, said text NOT NULL, n integer CHECK (n >= 0))"); err != nil {
		t.Fatal(err)
	}
	h, err := openHandle(file, "busy_timeout(100)", "synchronous(FULL)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func codeOf(err error) int {
	failure, is := errors.AsType[*sqliteError](err)
	if !is {
		return 0
	}
	return failure.code & 0xff
}

func TestAHandleStoresWhatIsBoundAndGivesItBack(t *testing.T) {
	h := testHandle(t)
	insert, err := h.statement("INSERT INTO t VALUES (?2, ?1, ?3)")
	if err != nil {
		t.Fatal(err)
	}
	insert.text("kept é")
	insert.keep()
	for i := range byte(3) {
		insert.blob([]byte{i, 0, 255})
		if i == 2 {
			insert.null()
		} else {
			insert.integers(int64(i) << 60)
		}
		if err := insert.exec(); err != nil || insert.changes() != 1 {
			t.Fatal(err, insert.changes())
		}
	}
	read, err := h.statement("SELECT id, said, n FROM t WHERE id >= ? ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a statement runs again after its last row
		read.blob([]byte{1})
		var rows []string
		for {
			more, err := read.next()
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				break
			}
			rows = append(rows, string(read.bytesOf(0))+string(read.bytesOf(1)))
			if want := []int64{1 << 60, 0}[len(rows)-1]; read.integer(2) != want {
				t.Errorf("row %d holds %d, want %d", len(rows), read.integer(2), want)
			}
		}
		if got := strings.Join(rows, "|"); got != "\x01\x00\xffkept é|\x02\x00\xffkept é" {
			t.Errorf("got %q", got)
		}
	}
}

func TestAHandleSaysWhyItFailsAndWorksAfterIt(t *testing.T) {
	if _, err := openHandle(filepath.Join(t.TempDir(), "none.db")); codeOf(err) != sqlite3.SQLITE_CANTOPEN {
		t.Errorf("a file that is not there: %v", err)
	}
	h := testHandle(t)
	if _, err := h.statement("SELECT * FROM elsewhere"); err == nil || !strings.Contains(err.Error(), "no such table: elsewhere") {
		t.Errorf("a table that is not there: %v", err)
	}
	insert := func(id, text string, n int64) error {
		s, err := h.statement("INSERT INTO t VALUES (?, ?, ?)")
		if err != nil {
			t.Fatal(err)
		}
		s.blob([]byte(id))
		s.text(text)
		s.integers(n)
		return s.exec()
	}
	if err := insert("a", "x", 1); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"a row twice": insert("a", "x", 1), "a check": insert("b", "x", -1),
	} {
		if codeOf(err) != sqlite3.SQLITE_CONSTRAINT {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := insert("c", strings.Repeat("x", roomBytes), 1); codeOf(err) != sqlite3.SQLITE_TOOBIG || !strings.Contains(err.Error(), "too big") {
		t.Errorf("a text that is too long: %v", err)
	}
	if err := insert("d", strings.Repeat("x", roomBytes-1), 1); err != nil || !h.idle() {
		t.Errorf("a row after the failures: %v", err)
	}
}

// execute runs a statement on a connection of the driver's to the same file.
func execute(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// beside opens the file of a handle by the driver, with one connection.
func beside(t *testing.T, h *handle) *sql.DB {
	t.Helper()
	s, err := h.statement("SELECT file FROM pragma_database_list")
	if err != nil {
		t.Fatal(err)
	}
	if more, err := s.next(); err != nil || !more {
		t.Fatal(more, err)
	}
	db, err := sql.Open("sqlite", string(s.bytesOf(0)))
	if err != nil {
		t.Fatal(err)
	}
	if more, err := s.next(); err != nil || more {
		t.Fatal(more, err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestAHandleSeesAnotherWriterAndWritesAfterIt(t *testing.T) {
	h := testHandle(t)
	other := beside(t, h)
	if err := h.pragma("busy_timeout(1)"); err != nil {
		t.Fatal(err)
	}
	execute(t, other, "BEGIN IMMEDIATE")
	if err := h.run("BEGIN IMMEDIATE"); codeOf(err) != sqlite3.SQLITE_BUSY || !(sqliteDialect{}).away(err) {
		t.Errorf("while another writes: %v", err)
	}
	execute(t, other, "ROLLBACK")
	for _, step := range []string{"BEGIN IMMEDIATE", "INSERT INTO t VALUES (x'00', 'x', 1)", "COMMIT"} {
		if err := h.run(step); err != nil {
			t.Error(step, err)
		}
	}
}

func TestAHandleThatHasNoRoomEndsItsTransactionAndGoesOn(t *testing.T) {
	h := testHandle(t)
	insert := func() error {
		s, err := h.statement("INSERT INTO t VALUES (randomblob(16), ?, 1)")
		if err != nil {
			t.Fatal(err)
		}
		s.text(strings.Repeat("x", roomBytes))
		return s.exec()
	}
	if err := errors.Join(h.pragma("max_page_count(8)"), h.run("BEGIN IMMEDIATE")); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 20 {
		if err = insert(); err != nil {
			break
		}
	}
	if codeOf(err) != sqlite3.SQLITE_FULL || !(sqliteDialect{}).away(err) {
		t.Fatalf("with no room: %v", err)
	}
	if !h.idle() {
		if err := h.run("ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(h.pragma("max_page_count(1000)"), h.run("BEGIN IMMEDIATE"), insert(), h.run("COMMIT")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestAKeptStatementOutlivesAChangeOfTheSchema(t *testing.T) {
	h := testHandle(t)
	s, err := h.statement("INSERT INTO t (said, id, n) VALUES (?, ?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	s.text("kept")
	s.keep()
	other := beside(t, h)
	for i := range byte(2) {
		s.blob([]byte{i})
		s.integers(int64(i))
		if err := s.exec(); err != nil {
			t.Fatal(err)
		}
		execute(t, other, "ALTER TABLE t ADD COLUMN more"+string('a'+i)+" integer")
	}
	var n int
	if err := other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM t WHERE said = 'kept' AND id = CAST(char(n) AS blob)").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d rows, %v", n, err)
	}
}
