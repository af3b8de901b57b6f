package listener

import (
	"net"
	"slices"
	"testing"
	"time"
)

// taking records what is written to a connection, and the deadlines.
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

func TestAResponseIsWrittenInPiecesWithADeadlineEach(t *testing.T) {
	conn := &taking{}
	v := &visitor{Conn: conn, listener: &Listener{Options: Options{WritePatience: writePatience}}}
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
		t.Errorf("%v: a deadline that would pass too early was not moved", err)
	}
}

// reading records the last read deadline of a connection.
type reading struct {
	net.Conn

	by time.Time
}

func (c *reading) SetReadDeadline(at time.Time) error {
	c.by = at
	return nil
}

func TestABodyThatTakesTimeIsNotBoundByTheDeadlineOfItsHead(t *testing.T) {
	head := time.Now().Add(time.Second)
	conn := &reading{}
	v := &visitor{Conn: conn, listener: &Listener{}, by: head}
	later := head.Add(time.Hour)
	if err := v.SetReadDeadline(later); err != nil || !conn.by.Equal(head) {
		t.Errorf("%v: the deadline is %s, want that of the head", err, conn.by)
	}
	v.TakesTime()
	if err := v.SetReadDeadline(later); err != nil || !conn.by.Equal(later) {
		t.Errorf("%v: the deadline is %s, want the one that was set", err, conn.by)
	}
}
