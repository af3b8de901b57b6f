package handlers

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// lookEvery is how often watched connections are looked at: a client's leaving is noticed
// within a second.
const lookEvery = 500 * time.Millisecond

// leaving notices that clients close their connections while their calls are answered:
// fasthttp notices when a write fails, and in silence never. One goroutine looks at all
// connections, and runs while there are any. The zero value is ready.
type leaving struct {
	mu      sync.Mutex
	watched map[*watched]struct{}
	running bool
}

// watched is a connection and what happens when its client has left.
type watched struct {
	raw  syscall.RawConn
	gone func()
}

// watch calls gone, once and briefly, when the client has closed its side of the connection,
// and never after unwatch has returned. Under TLS it is the raw connection that counts.
func (l *leaving) watch(conn net.Conn, gone func()) (unwatch func()) {
	raw := rawConn(conn)
	if raw == nil {
		return func() {}
	}
	w := &watched{raw, gone}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watched == nil {
		l.watched = map[*watched]struct{}{}
	}
	l.watched[w] = struct{}{}
	if !l.running {
		l.running = true
		go l.run()
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watched, w)
	}
}

// rawConn is the socket of a connection; nil for what is none, such as a pipe.
func rawConn(conn net.Conn) syscall.RawConn {
	for {
		if socket, is := conn.(syscall.Conn); is {
			raw, err := socket.SyscallConn()
			if err != nil {
				return nil
			}
			return raw
		}
		above, is := conn.(interface{ NetConn() net.Conn })
		if !is {
			return nil
		}
		conn = above.NetConn()
	}
}

// run looks at the connections until none is watched.
func (l *leaving) run() {
	ticks := time.NewTicker(lookEvery)
	defer ticks.Stop()
	var list []*watched
	for range ticks.C {
		if list = l.list(list[:0]); len(list) == 0 {
			return
		}
		// Looking takes no lock: a call that begins or ends must not wait for thousands of looks.
		for _, w := range list {
			if w.hasLeft() {
				l.left(w)
			}
		}
		clear(list)
	}
}

// list appends the connections that are watched; without one the goroutine has to end.
func (l *leaving) list(list []*watched) []*watched {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.watched {
		list = append(list, w)
	}
	l.running = len(list) > 0
	return list
}

// left tells a call that its client has left, unless it has ended meanwhile.
func (l *leaving) left(w *watched) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, still := l.watched[w]; still {
		delete(l.watched, w)
		w.gone()
	}
}

// hasLeft looks at the connection. One that this side has closed counts as left.
func (w *watched) hasLeft() bool {
	left := false
	err := w.raw.Control(func(fd uintptr) { left = closedByPeer(int(fd)) })
	return left || err != nil
}

// endOfStream reports whether the next read of a socket would find its end. Bytes that wait
// in front of the end hide it.
func endOfStream(fd int) bool {
	var next [1]byte
	n, _, err := syscall.Recvfrom(fd, next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	if err == nil {
		return n == 0
	}
	return !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EINTR)
}
