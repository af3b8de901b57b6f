package main

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// frontDoor is a listener that lets so many connections in and has the others
// wait outside, in the kernel's queue: each costs memory and a file, and a
// process without files could open neither its database nor a door again.
//
// It knows which connections have said nothing yet. Browsers and clients open
// some to have them ready. The HTTP server takes them for requests on their
// way: it would wait for each at its end, and answer a client that never asked.
type frontDoor struct {
	net.Listener

	// places has an entry for each connection that is in.
	places chan struct{}
	closed chan struct{}
	close  sync.Once

	mu     sync.Mutex
	silent map[net.Conn]struct{}
}

func openFrontDoor(listener net.Listener, places int) *frontDoor {
	return &frontDoor{Listener: listener, places: make(chan struct{}, places), closed: make(chan struct{}), silent: map[net.Conn]struct{}{}}
}

const (
	// mostConnections is how many connections are let in at the most.
	mostConnections = 8192
	// otherFiles is how many files are kept for all that is no client's connection.
	otherFiles = 128
	// acceptPause is how long a machine that is short of files or memory is left alone.
	acceptPause = 50 * time.Millisecond
)

// roomForConnections is how many connections the process may let in: no more
// than leave the rest of it its files.
func roomForConnections() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return mostConnections
	}
	return int(max(min(files.Cur, mostConnections+otherFiles), 2*otherFiles)) - otherFiles
}

// Accept implements net.Listener.
func (d *frontDoor) Accept() (net.Conn, error) {
	select {
	case d.places <- struct{}{}:
	case <-d.closed:
		return nil, net.ErrClosed
	}
	conn, err := d.accept()
	if err != nil {
		<-d.places
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.silent[conn] = struct{}{}
	v := &visitor{Conn: conn, door: d}
	if encrypted, is := conn.(*tls.Conn); is {
		return &encryptedVisitor{visitor: v, encrypted: encrypted}, nil
	}
	return v, nil
}

// accept waits out a shortage of files or memory: the HTTP server takes it for
// the end of the listener.
func (d *frontDoor) accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) && !errors.Is(err, syscall.ENOBUFS) && !errors.Is(err, syscall.ENOMEM) {
			return conn, err
		}
		select {
		case <-d.closed:
			return nil, net.ErrClosed
		case <-time.After(acceptPause):
		}
	}
}

// Close implements net.Listener.
func (d *frontDoor) Close() error {
	d.close.Do(func() { close(d.closed) })
	return d.Listener.Close()
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

	door        *frontDoor
	spoke, left atomic.Bool
	// asked is the deadline that the HTTP server set last, set the one that the
	// connection has. Both belong to the goroutine that serves the connection.
	asked, set time.Time
	// writeBy is until when the client has to have taken what is being written.
	writeBy time.Time
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

const (
	// writePatience is how long a client may take for writePiece bytes of its
	// answer. A whole answer may take as long as it likes.
	writePatience = 30 * time.Second
	writePiece    = 64 << 10
)

// Write ends a connection whose client does not read: nothing else would.
func (v *visitor) Write(b []byte) (written int, err error) {
	for {
		if now := time.Now(); v.writeBy.Sub(now) < writePatience-deadlineSlack {
			v.writeBy = now.Add(writePatience)
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
	if v.left.CompareAndSwap(false, true) {
		v.door.forget(v.Conn)
		<-v.door.places
	}
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
