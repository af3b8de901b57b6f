// Package listener accepts connections for the HTTP server: it bounds their number,
// per address and in all, and hands one over when a request's head has arrived.
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

// Listener bounds the number of connections, per address and in all. The HTTP
// server gets a connection when the head of a request has arrived, and returns it
// when its client is idle (lobby.go). A connection that waits for a head costs
// little, and is closed for others when all places are taken.
type Listener struct {
	net.Listener
	Options

	// places has an entry for each open connection.
	places chan struct{}
	// ready hands connections to the HTTP server; failed has the error that ended accepting.
	ready  chan net.Conn
	failed chan error
	// parked has an entry when a connection has begun to wait.
	parked chan struct{}
	closed chan struct{}
	close  sync.Once
	// stop ends accepting; stopped is its error.
	stop    sync.Once
	stopped error

	mu        sync.Mutex
	addresses map[limits.Subject]int
	waiting   [queues]linked.List
	// draining is whether no connection may begin to wait any more; leaving counts the
	// connections between the lobby and the HTTP server, and emptied has an entry when
	// the lobby has no unfinished head and none is leaving.
	draining bool
	leaving  int
	emptied  chan struct{}
	// heads is how many bytes the unfinished heads hold beyond their first piece.
	heads int

	refused, evicted atomic.Int64
	// crowded is whether there are many connections, for which garbage is collected earlier.
	crowded atomic.Bool
}

// Options are the bounds of a Listener.
type Options struct {
	// Places is the most connections; Room is how many the process has files for.
	Places int
	// PerAddress is the most connections of one client address (IPv6: /64).
	PerAddress int
	// Exempt reports whether an address may have any number.
	Exempt func(netip.Addr) bool
	// ReadTimeout is how long a request may take to arrive, IdleTimeout how long a
	// connection may wait for its next one, MaxHeadBytes how long a head may be.
	ReadTimeout, IdleTimeout time.Duration
	MaxHeadBytes             int
	// WritePatience is how long a client may take to read 64 KiB; a whole response has no
	// deadline. 30 s where zero.
	WritePatience time.Duration
}

// Open starts to accept connections from a listener.
func Open(listener net.Listener, o Options) *Listener {
	if o.WritePatience == 0 {
		o.WritePatience = writePatience
	}
	d := &Listener{
		Listener: listener, Options: o, places: make(chan struct{}, o.Places),
		ready: make(chan net.Conn), failed: make(chan error, 1), parked: make(chan struct{}, 1), closed: make(chan struct{}),
		emptied: make(chan struct{}, 1), addresses: map[limits.Subject]int{},
	}
	go d.run()
	return d
}

const (
	// mostConnections is the most that Room returns.
	mostConnections = 8192
	// manyConnections is the number from which garbage is collected earlier: with the
	// usual GOGC it could grow to the size of all that the connections hold.
	manyConnections = 1024
	// OtherFiles is how many files are reserved for everything but clients' connections.
	OtherFiles = 128
	// acceptPause is the wait after an accept failed for lack of files or memory.
	acceptPause = 50 * time.Millisecond
)

// Room is how many connections the process can accept and still have OtherFiles.
func Room() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return mostConnections
	}
	return int(max(min(files.Cur, mostConnections+OtherFiles), 2*OtherFiles)) - OtherFiles
}

// Accept implements net.Listener: it returns a connection with the head of a request.
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

// run accepts connections until the listener is closed.
func (d *Listener) run() {
	for {
		conn, err := d.accept()
		if err != nil {
			d.waitForDrain()
			d.failed <- err
			return
		}
		v := &visitor{Conn: conn, listener: d}
		if !d.count(v) {
			d.refused.Add(1)
			abort(conn)
			continue
		}
		if !d.takePlace() {
			_ = conn.Close()
			continue // the next accept returns the error
		}
		if len(d.places) >= manyConnections && d.crowded.CompareAndSwap(false, true) {
			collectGarbage(frugally)
		}
		go v.wait()
	}
}

// waitForDrain keeps Accept open while a shutdown waits for unfinished heads.
func (d *Listener) waitForDrain() {
	d.mu.Lock()
	draining := d.draining
	d.mu.Unlock()
	if draining {
		<-d.closed
	}
}

// count counts a connection for its address, and reports whether it is within the limit.
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

// takePlace waits for a place, and evicts a waiting connection if all are taken. It
// returns false when the listener is closed.
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

// release frees a connection's place.
func (d *Listener) release(v *visitor) {
	if v.counted {
		d.mu.Lock()
		if d.addresses[v.address]--; d.addresses[v.address] == 0 {
			delete(d.addresses, v.address)
		}
		d.mu.Unlock()
	}
	<-d.places
	if len(d.places) <= manyConnections/2 && d.crowded.CompareAndSwap(true, false) {
		collectGarbage(usually)
	}
}

// abort resets a connection: no TLS close message, no TIME_WAIT in the kernel.
func abort(conn net.Conn) {
	if encrypted, is := conn.(*tls.Conn); is {
		conn = encrypted.NetConn()
	}
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// Watch registers the listener's metrics.
func (d *Listener) Watch(registry prometheus.Registerer) {
	registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "codexible_connections_open", Help: "Connections of clients.",
		}, func() float64 { return float64(len(d.places)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "codexible_connections_max", Help: "Most connections of clients.",
		}, func() float64 { return float64(cap(d.places)) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "codexible_connections_refused_total", Help: "Connections closed at once because their address had MAX_CONNECTIONS_PER_ADDRESS.",
		}, func() float64 { return float64(d.refused.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "codexible_connections_evicted_total", Help: "Connections without a request in progress that were closed to make room for others.",
		}, func() float64 { return float64(d.evicted.Load()) }),
	)
}

// accept retries while files or memory are short: the HTTP server would stop at
// that error.
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
