package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store/storetest"
)

func TestConnectionsThatSaidNothingKeepNobodyFromEnding(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		var env []string
		if encrypted {
			files := newPairFiles(t)
			files.write(t, 1)
			env = []string{"TLS_CERT=" + files.cert, "TLS_KEY=" + files.key}
		}
		p := startProgram(t, env...)
		silent := make([]net.Conn, 0, 5)
		for range 5 {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.url[strings.Index(p.url, "//")+2:])
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			silent = append(silent, conn)
		}
		get(t, p.url+"/health") // it was accepted after them
		began := time.Now()
		p.stop(t)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("encrypted %v: it took %s to end", encrypted, took)
		}
		for _, conn := range silent {
			if text, err := io.ReadAll(conn); len(text) > 0 || (err != nil && !errors.Is(err, syscall.ECONNRESET)) {
				t.Errorf("encrypted %v: a client that asked nothing was told %q, %v", encrypted, text, err)
			}
		}
	}
}

// ticking notes the deadlines that a connection is given.
type ticking struct {
	net.Conn

	deadlines []time.Time
}

func (c *ticking) SetReadDeadline(at time.Time) error {
	c.deadlines = append(c.deadlines, at)
	return nil
}

func (*ticking) Read([]byte) (int, error) { return 1, nil }

func TestADeadlineIsMovedOnlyWhenItMakesADifference(t *testing.T) {
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	conn := &ticking{}
	v := &visitor{Conn: conn, door: &frontDoor{}}
	for _, step := range []struct {
		name  string
		asked time.Time
		moved bool
	}{
		{"the first one", start, true},
		{"a little later", start.Add(deadlineSlack - 1), false},
		{"so much later that the first would strike too early", start.Add(deadlineSlack), true},
		{"earlier than the one that is set", start.Add(deadlineSlack / 2), true},
		{"none", time.Time{}, true},
		{"none again", time.Time{}, false},
		{"one after none", start, true},
	} {
		before := len(conn.deadlines)
		for range 3 { // what is asked for between two reads costs nothing
			if err := v.SetReadDeadline(step.asked.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.SetReadDeadline(step.asked); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		if moved := conn.deadlines[before:]; len(moved) > 1 || (len(moved) == 1) != step.moved || (step.moved && !moved[0].Equal(step.asked)) {
			t.Errorf("%s: set %v for %s", step.name, moved, step.asked)
		}
	}
}

// taking notes what a connection is given to write, and by when.
type taking struct {
	net.Conn

	pieces    []int
	deadlines int
}

func (c *taking) SetWriteDeadline(time.Time) error {
	c.deadlines++
	return nil
}

func (c *taking) Write(b []byte) (int, error) {
	c.pieces = append(c.pieces, len(b))
	return len(b), nil
}

func TestAnAnswerIsWrittenInPiecesThatAClientHasToTakeInTime(t *testing.T) {
	conn := &taking{}
	v := &visitor{Conn: conn, door: &frontDoor{}}
	for range 10 {
		if n, err := v.Write(make([]byte, 100)); n != 100 || err != nil {
			t.Fatal(n, err)
		}
	}
	if conn.deadlines != 1 {
		t.Errorf("the deadline was moved %d times for ten answers of a moment", conn.deadlines)
	}
	conn.pieces = nil
	if n, err := v.Write(make([]byte, 2*writePiece+1)); n != 2*writePiece+1 || err != nil || !slices.Equal(conn.pieces, []int{writePiece, writePiece, 1}) {
		t.Errorf("%d bytes, %v, were written as %v", n, err, conn.pieces)
	}
	v.writeBy = time.Now().Add(writePatience - 2*deadlineSlack)
	if _, err := v.Write(nil); err != nil || conn.deadlines != 2 {
		t.Errorf("%v: a deadline that would strike too early was not moved", err)
	}
}

func TestMoreConnectionsThanThereAreFilesEndNothing(t *testing.T) {
	const files, callers = 300, 400
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	p := serveWith(t, exec.Command("sh", "-c", "ulimit -n "+strconv.Itoa(files)+` && exec "$0" serve`, path), "DATABASE_URL="+database)
	conns := make([]net.Conn, 0, callers)
	for range callers {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		conns = append(conns, conn)
	}
	if p.openFiles() >= 0 {
		eventually(t, 10*time.Second, "the places to be taken", func() bool { return p.openFiles() > files-otherFiles })
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	eventually(t, 10*time.Second, "a charge to be accepted", func() bool { return chargeOver(p.url, c.secrets[0], "").status == http.StatusOK })
	if printed := p.printed(); strings.Contains(printed, "too many open files") {
		t.Errorf("it ran out of files:\n%s", printed)
	}
	p.stop(t)
}
