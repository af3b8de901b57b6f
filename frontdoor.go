package main

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// frontDoor is a listener that knows which connections have said nothing yet.
// Browsers and clients open some to have them ready. The HTTP server takes them
// for requests on their way: it would wait for each at its end, and answer a
// client that never asked.
type frontDoor struct {
	net.Listener

	mu     sync.Mutex
	silent map[net.Conn]struct{}
}

// Accept implements net.Listener.
func (d *frontDoor) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.silent == nil {
		d.silent = map[net.Conn]struct{}{}
	}
	d.silent[conn] = struct{}{}
	v := &visitor{Conn: conn, door: d}
	if encrypted, is := conn.(*tls.Conn); is {
		return &encryptedVisitor{visitor: v, encrypted: encrypted}, nil
	}
	return v, nil
}

// dismiss closes the connections that have said nothing.
func (d *frontDoor) dismiss() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.silent {
		_ = conn.Close()
	}
}

func (d *frontDoor) forget(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.silent, conn)
}

// visitor is a connection that remembers whether it has said anything.
type visitor struct {
	net.Conn

	door  *frontDoor
	spoke atomic.Bool
	// asked is the deadline that the HTTP server set last, set the one that the
	// connection has. Both belong to the goroutine that serves the connection.
	asked, set time.Time
}

// deadlineSlack is how much earlier than asked a deadline may strike.
const deadlineSlack = time.Second

// SetReadDeadline implements net.Conn. The HTTP server asks for two deadlines a
// request, and moves a timer for each, before it knows whether anything has to
// be read: here the timer moves when something is, and when it makes a difference.
func (v *visitor) SetReadDeadline(at time.Time) error {
	v.asked = at
	return nil
}

// SetDeadline implements net.Conn.
func (v *visitor) SetDeadline(at time.Time) error {
	v.asked, v.set = at, at
	return v.Conn.SetDeadline(at)
}

// arm gives the connection the deadline that was asked for.
func (v *visitor) arm() error {
	late := v.asked.Sub(v.set)
	if v.asked.IsZero() == v.set.IsZero() && late >= 0 && late < deadlineSlack {
		return nil
	}
	v.set = v.asked
	return v.Conn.SetReadDeadline(v.asked)
}

// Read ends a connection that fails before it has said anything as if its client
// had closed it: there is no request to be answered.
func (v *visitor) Read(b []byte) (int, error) {
	if err := v.arm(); err != nil {
		return 0, err
	}
	n, err := v.Conn.Read(b)
	if v.spoke.Load() {
		return n, err
	}
	if n > 0 {
		v.spoke.Store(true)
		v.door.forget(v.Conn)
	} else if err != nil {
		err = io.EOF
	}
	return n, err
}

// Close implements net.Conn.
func (v *visitor) Close() error {
	v.door.forget(v.Conn)
	return v.Conn.Close()
}

// encryptedVisitor shows its TLS to the HTTP server, which tells an encrypted
// connection by these methods.
type encryptedVisitor struct {
	*visitor

	encrypted *tls.Conn
}

// Handshake is that of the connection, within the deadline that was asked for.
func (v *encryptedVisitor) Handshake() error {
	if err := v.arm(); err != nil {
		return err
	}
	return v.encrypted.Handshake() //nolint:noctx // its deadline is that of the connection
}

// ConnectionState is that of the connection.
func (v *encryptedVisitor) ConnectionState() tls.ConnectionState {
	return v.encrypted.ConnectionState()
}
