package main

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
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
}

// Read ends a connection that fails before it has said anything as if its client
// had closed it: there is no request to be answered.
func (v *visitor) Read(b []byte) (int, error) {
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

// Handshake is that of the connection.
func (v *encryptedVisitor) Handshake() error { return v.encrypted.Handshake() } //nolint:noctx // its deadline is that of the connection

// ConnectionState is that of the connection.
func (v *encryptedVisitor) ConnectionState() tls.ConnectionState {
	return v.encrypted.ConnectionState()
}
