package listener

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"codexible/limits"
)

// visitor is a connection. It is with the HTTP server while a request is
// answered, and in the lobby otherwise; its fields belong to the goroutine that
// serves it, or to the one that waits for it.
type visitor struct {
	net.Conn

	listener *Listener
	// address is what the connection is counted by, if it is counted.
	address limits.Subject
	counted bool
	// place is where it waits in the lobby; guarded by the listener's mu.
	place waitingPlace

	// early is what has arrived and was not read by the HTTP server yet.
	early []byte
	// by is the deadline of the request whose head the lobby has read; zero for others.
	by time.Time
	// writeBy is the deadline for the bytes that are being written.
	writeBy time.Time
	// served is whether a request was answered, idle whether the HTTP server waits for the next one.
	served, idle bool

	// parking is whether the HTTP server's next Close sends the connection back to the lobby.
	parking, left atomic.Bool
}

const (
	// deadlineSlack is how much earlier than set a write deadline may pass.
	deadlineSlack = time.Second
	// parkAfter is how long the HTTP server keeps a connection without a request.
	parkAfter = 500 * time.Millisecond
)

// RequestBegins implements handlers.Turns.
func (v *visitor) RequestBegins() { v.idle = false }

// RequestEnds implements handlers.Turns.
func (v *visitor) RequestEnds() { v.served, v.idle, v.by = true, true, time.Time{} }

// TakesTime lets the rest of the request arrive after ReadTimeout: who reads it sets the deadlines.
func (v *visitor) TakesTime() { v.by = time.Time{} }

// NetConn is the connection below, as tls.Conn has it.
func (v *visitor) NetConn() net.Conn { return v.Conn }

// SetReadDeadline implements net.Conn. While the HTTP server waits for a next
// request, IdleTimeout is parkAfter: the connection waits for the rest of it in
// the lobby.
func (v *visitor) SetReadDeadline(at time.Time) error {
	if !v.by.IsZero() && at.After(v.by) {
		at = v.by
	}
	if v.idle {
		at = at.Add(parkAfter - v.listener.IdleTimeout)
	}
	return v.Conn.SetReadDeadline(at)
}

// Read implements net.Conn.
func (v *visitor) Read(b []byte) (int, error) {
	if len(v.early) > 0 {
		n := copy(b, v.early)
		if v.early = v.early[n:]; len(v.early) == 0 {
			v.early = nil
		}
		return n, nil
	}
	if v.idle {
		return v.readNext(b)
	}
	return v.Conn.Read(b)
}

// readNext reads the beginning of the next request. If no complete head arrives
// within parkAfter, it returns io.EOF to the HTTP server, and the connection waits
// in the lobby.
func (v *visitor) readNext(b []byte) (int, error) {
	n, err := v.Conn.Read(b)
	switch {
	case n == 0 && errors.Is(err, os.ErrDeadlineExceeded):
	case n > 0 && n < len(b) && headEnd(b[:n], 0) < 0:
		v.early = append([]byte(nil), b[:n]...)
	default:
		return n, err
	}
	v.parking.Store(true)
	return 0, io.EOF
}

const (
	// writePatience is Options.WritePatience where that is zero.
	writePatience = 30 * time.Second
	writePiece    = 64 << 10
)

// Write fails when the client does not read: nothing else would end such a connection.
func (v *visitor) Write(b []byte) (written int, err error) {
	for {
		if now := time.Now(); v.writeBy.Sub(now) < v.listener.WritePatience-deadlineSlack {
			v.writeBy = now.Add(v.listener.WritePatience)
			if err := v.SetWriteDeadline(v.writeBy); err != nil {
				return written, err
			}
		}
		n, err := v.Conn.Write(b[:min(len(b), writePiece)])
		written += n
		if b = b[n:]; err != nil || len(b) == 0 {
			return written, err
		}
	}
}

// Close implements net.Conn.
func (v *visitor) Close() error {
	if v.parking.CompareAndSwap(true, false) {
		go v.wait()
		return nil
	}
	return v.leave()
}

// leave closes the connection for good.
func (v *visitor) leave() error {
	if v.left.CompareAndSwap(false, true) {
		v.listener.release(v)
	}
	return v.Conn.Close()
}

// encryptedVisitor has the methods by which the HTTP server recognises TLS.
type encryptedVisitor struct {
	*visitor

	encrypted *tls.Conn
}

// Handshake is that of the connection, within the deadline that was asked for.
func (v *encryptedVisitor) Handshake() error {
	return v.encrypted.Handshake() //nolint:noctx // its deadline is that of the connection
}

// ConnectionState is that of the connection.
func (v *encryptedVisitor) ConnectionState() tls.ConnectionState {
	return v.encrypted.ConnectionState()
}
