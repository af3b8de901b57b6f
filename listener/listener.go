// Package listener is the network's edge of the front door: it bounds how many
// connections there are, of one address and in all, and gives the HTTP server a
// connection only when the head of a request has arrived.
package listener

import (
	linked "container/list"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"codexible/limits"

	"github.com/prometheus/client_golang/prometheus"
)

// Listener bounds what connections may cost. So many are let
// in, and so many of one address; the HTTP server gets a connection only when the
// head of a request is there, and gives it back when its client has nothing more
// to ask (lobby.go). What waits for a head costs little, and makes room for
// others when the house is full.
type Listener struct {
	net.Listener
	Options

	// places has an entry for each connection that is in.
	places chan struct{}
	// ready hands connections to the HTTP server; failed says why there are no more.
	ready  chan net.Conn
	failed chan error
	// parked has an entry when a connection has begun to wait.
	parked chan struct{}
	closed chan struct{}
	close  sync.Once
	// stop ends accepting; stopped is what came of it.
	stop    sync.Once
	stopped error

	mu        sync.Mutex
	addresses map[limits.Subject]int
	waiting   [queues]linked.List
	// dismissed tells that nobody may begin to wait any more; leaving counts the
	// connections between the lobby and the HTTP server, and emptied has an entry
	// once neither has one.
	dismissed bool
	leaving   int
	emptied   chan struct{}
	// heads is how many bytes the unfinished heads hold beyond their first piece.
	heads int

	refused, evicted atomic.Int64
	// crowded tells that there are many connections; the garbage collector is more frugal then.
	crowded atomic.Bool
}

// Options are the bounds of a Listener.
type Options struct {
	// Places is how many connections are let in; Room is the most that the process has files for.
	Places int
	// PerAddress is how many connections one client address may have; an IPv6 client is its /64.
	PerAddress int
	// Exempt addresses may have any number.
	Exempt func(netip.Addr) bool
	// ReadTimeout is how long a request may take to arrive, IdleTimeout how long a
	// connection may wait for its next one, MaxHeadBytes how long a head may be.
	ReadTimeout, IdleTimeout time.Duration
	MaxHeadBytes             int
}

// Open begins to accept connections from a listener.
func Open(listener net.Listener, o Options) *Listener {
	d := &Listener{
		Listener: listener, Options: o, places: make(chan struct{}, o.Places),
		ready: make(chan net.Conn), failed: make(chan error, 1), parked: make(chan struct{}, 1), closed: make(chan struct{}),
		emptied: make(chan struct{}, 1), addresses: map[limits.Subject]int{},
	}
	go d.run()
	return d
}

const (
	// mostConnections is how many connections are let in at the most.
	mostConnections = 8192
	// crowd is from how many connections on the garbage collector is frugal: what
	// they hold would let it leave as much again lying about.
	crowd = 1024
	// OtherFiles is how many files are kept for all that is no client's connection.
	OtherFiles = 128
	// acceptPause is how long a machine that is short of files or memory is left alone.
	acceptPause = 50 * time.Millisecond
)

// Room is how many connections the process may let in: no more
// than leave the rest of it its files.
func Room() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return mostConnections
	}
	return int(max(min(files.Cur, mostConnections+OtherFiles), 2*OtherFiles)) - OtherFiles
}

// Accept implements net.Listener: it gives a connection on which a request has begun.
func (d *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-d.ready:
		return conn, nil
	case err := <-d.failed:
		return nil, err
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// run lets connections in until the listener ends.
func (d *Listener) run() {
	for {
		conn, err := d.accept()
		if err != nil {
			d.waitForDismissed()
			d.failed <- err
			return
		}
		v := &visitor{Conn: conn, door: d}
		if !d.count(v) {
			d.refused.Add(1)
			abort(conn)
			continue
		}
		if !d.takePlace() {
			_ = conn.Close()
			continue // the next accept says that the listener is closed
		}
		if len(d.places) >= crowd && d.crowded.CompareAndSwap(false, true) {
			collectGarbage(frugally)
		}
		go v.wait()
	}
}

// waitForDismissed keeps Accept from ending while a shutdown lets begun heads
// arrive.
func (d *Listener) waitForDismissed() {
	d.mu.Lock()
	dismissed := d.dismissed
	d.mu.Unlock()
	if dismissed {
		<-d.closed
	}
}

// count takes a connection in among those of its address.
func (d *Listener) count(v *visitor) bool {
	tcp, is := v.RemoteAddr().(*net.TCPAddr)
	if !is {
		return true
	}
	address := tcp.AddrPort().Addr().Unmap()
	if d.Exempt(address) {
		return true
	}
	v.address, v.counted = limits.Address(address), true
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.addresses[v.address] >= d.PerAddress {
		return false
	}
	d.addresses[v.address]++
	return true
}

// takePlace waits for a place. Where there is none it closes the connection that
// has waited longest for nothing. It answers false when the door is closed.
func (d *Listener) takePlace() bool {
	for {
		select {
		case d.places <- struct{}{}:
			return true
		default:
		}
		parked := d.parked
		if d.evict() {
			parked = nil // its place is about to be free
		}
		select {
		case d.places <- struct{}{}:
			return true
		case <-parked:
		case <-d.closed:
			return false
		}
	}
}

// release gives back what a connection held.
func (d *Listener) release(v *visitor) {
	if v.counted {
		d.mu.Lock()
		if d.addresses[v.address]--; d.addresses[v.address] == 0 {
			delete(d.addresses, v.address)
		}
		d.mu.Unlock()
	}
	<-d.places
	if len(d.places) <= crowd/2 && d.crowded.CompareAndSwap(true, false) {
		collectGarbage(usually)
	}
}

// abort closes a connection without a last word, and without the state that the
// kernel keeps of one that was closed in order.
func abort(conn net.Conn) {
	if encrypted, is := conn.(*tls.Conn); is {
		conn = encrypted.NetConn()
	}
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Watch shows the door's figures.
func (d *Listener) Watch(registry prometheus.Registerer) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "codexible_connections_open", Help: "Connections of clients.",
		}, func() float64 { return float64(len(d.places)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "codexible_connections_max", Help: "Connections of clients that there may be.",
		}, func() float64 { return float64(cap(d.places)) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "codexible_connections_refused_total", Help: "Connections closed at once because their address had MAX_CONNECTIONS_PER_ADDRESS.",
		}, func() float64 { return float64(d.refused.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "codexible_connections_evicted_total", Help: "Connections without a request in progress that were closed to make room for others.",
		}, func() float64 { return float64(d.evicted.Load()) }),
	)
}

// accept waits out a shortage of files or memory: the HTTP server takes it for
// the end of the listener.
func (d *Listener) accept() (net.Conn, error) {
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
func (d *Listener) Close() error {
	d.close.Do(func() { close(d.closed) })
	d.Drain(0)
	return d.stopped
}
