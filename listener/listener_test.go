package listener

import (
	"net"
	"slices"
	"testing"
	"time"
)

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
	v := &visitor{Conn: conn, door: &Listener{}}
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
	v := &visitor{Conn: conn, door: &Listener{}}
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
