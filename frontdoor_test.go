package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
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
