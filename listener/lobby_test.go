package listener

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"codexible/handlers"
)

// gate is a listener whose connections a test opens, from any address.
type gate struct{ conns chan net.Conn }

func (g *gate) Accept() (net.Conn, error) {
	conn, open := <-g.conns
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (g *gate) Close() error {
	close(g.conns)
	return nil
}

func (*gate) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection of an address.
type from struct {
	net.Conn

	address string
}

func (c from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(c.address), 4711))
}

// lobbyTest is a listener on the clock of a test.
type lobbyTest struct {
	*testing.T

	listener *Listener
	gate     *gate
	// taken are the connections that the HTTP server was given.
	taken []*visitor
}

// onAListener runs a test on a listener of its own. 192.0.2.0/24 is exempt.
func onAListener(t *testing.T, places, perAddress int, test func(l *lobbyTest)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{conns: make(chan net.Conn)}
		l := &lobbyTest{T: t, listener: Open(g, Options{
			Places: places, PerAddress: perAddress, Exempt: netip.MustParsePrefix("192.0.2.0/24").Contains,
			ReadTimeout: handlers.ReadTimeout, IdleTimeout: handlers.IdleTimeout, MaxHeadBytes: handlers.MaxHeaderBytes,
		}), gate: g}
		defer l.end()
		test(l)
	})
}

// end closes the listener and checks that every place is free.
func (l *lobbyTest) end() {
	for _, v := range l.taken {
		_ = v.leave()
	}
	if err := l.listener.Close(); err != nil {
		l.Error(err)
	}
	synctest.Wait()
	if l.Failed() {
		return // what the test did not end is still open
	}
	if n := len(l.listener.places); n > 0 {
		l.Errorf("%d places were not given back", n)
	}
	if len(l.listener.addresses) > 0 || l.listener.heads != 0 {
		l.Errorf("not given back: addresses %v, %d bytes of heads", l.listener.addresses, l.listener.heads)
	}
}

// client is the other end of a connection.
type client struct {
	*lobbyTest
	net.Conn
}

func (l *lobbyTest) dial(address string) *client {
	l.Helper()
	near, far := net.Pipe()
	l.Cleanup(func() { _ = near.Close() })
	l.gate.conns <- from{far, address}
	synctest.Wait()
	return &client{l, near}
}

func (c *client) say(text string) {
	c.Helper()
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.Fatalf("%q could not be sent: %v", text, err)
	}
	synctest.Wait()
}

// open reports whether the listener still has the connection.
func (c *client) open() bool {
	c.Helper()
	if err := c.SetReadDeadline(time.Now().Add(time.Nanosecond)); err != nil {
		return false
	}
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// accept returns the connection that the HTTP server gets next; nil if none is ready.
func (l *lobbyTest) accept() *visitor {
	l.Helper()
	synctest.Wait()
	select {
	case conn := <-l.listener.ready:
		v := conn.(*visitor)
		l.taken = append(l.taken, v)
		return v
	default:
		return nil
	}
}

// answer has the HTTP server answer a request: it reads it, and waits for the next one.
func (l *lobbyTest) answer(v *visitor) {
	l.Helper()
	b := make([]byte, handlers.MaxHeaderBytes)
	_ = v.SetReadDeadline(time.Now().Add(handlers.ReadTimeout))
	v.RequestBegins()
	if _, err := v.Read(b); err != nil {
		l.Fatal(err)
	}
	v.RequestEnds()
	_ = v.SetReadDeadline(time.Now().Add(handlers.IdleTimeout))
}

const wholeHead = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func TestAnAddressHasNoMoreConnectionsThanPerAddress(t *testing.T) {
	onAListener(t, 100, 2, func(l *lobbyTest) {
		for _, try := range []struct {
			address string
			open    bool
		}{
			{"198.51.100.1", true}, {"198.51.100.1", true}, {"198.51.100.1", false}, {"::ffff:198.51.100.1", false},
			{"198.51.100.2", true},
			{"2001:db8::1", true}, {"2001:db8::ffff:2", true}, {"2001:db8::3", false}, {"2001:db8:0:1::1", true},
			{"192.0.2.1", true}, {"192.0.2.1", true}, {"192.0.2.1", true},
		} {
			if open := l.dial(try.address).open(); open != try.open {
				t.Errorf("%s: open %v, want %v", try.address, open, try.open)
			}
		}
		if n := l.listener.refused.Load(); n != 3 {
			t.Errorf("%d are counted as refused, want 3", n)
		}
	})
	onAListener(t, 100, 1, func(l *lobbyTest) {
		first := l.dial("198.51.100.1")
		_ = first.Close()
		synctest.Wait()
		if !l.dial("198.51.100.1").open() {
			t.Error("the place of a connection that has ended is not free")
		}
	})
}

func TestConnectionsWithoutARequestAreEvictedAtTheLimit(t *testing.T) {
	onAListener(t, 6, 100, func(l *lobbyTest) {
		asked := func() *client { // a connection that has had an answer and waits in the lobby
			c := l.dial("192.0.2.1")
			c.say(wholeHead)
			v := l.accept()
			l.answer(v)
			if _, err := v.Read(make([]byte, 100)); !errors.Is(err, io.EOF) {
				t.Fatalf("an idle connection stays with the HTTP server: %v", err)
			}
			_ = v.Close()
			return c
		}
		unfinished := l.dial("192.0.2.1")
		unfinished.say("GET ")
		quiet := []*client{l.dial("192.0.2.1"), l.dial("192.0.2.1")}
		idle := []*client{asked(), asked()}
		busy := l.dial("192.0.2.1")
		busy.say(wholeHead)
		working := l.accept()

		// Those that had an answer, then the silent ones, then those with a part of a head; the longest first.
		for i, next := range []*client{idle[0], idle[1], quiet[0], quiet[1], unfinished} {
			if !next.open() {
				t.Fatalf("connection %d was closed before its turn", i)
			}
			incomer := l.dial("192.0.2.1")
			if next.open() {
				t.Fatalf("connection %d did not give way", i)
			}
			incomer.say(wholeHead)
			if l.accept() == nil {
				t.Fatalf("connection %d was not accepted at the limit", i)
			}
		}
		if !busy.open() || l.listener.evicted.Load() != 5 {
			t.Errorf("a request in progress was closed: %v, and %d connections in all", !busy.open(), l.listener.evicted.Load())
		}
		// With no idle connection, another one waits until one is closed.
		late := l.dial("192.0.2.1")
		sent := make(chan struct{})
		go func() {
			_, _ = io.WriteString(late.Conn, wholeHead)
			close(sent)
		}()
		if l.accept() != nil {
			t.Fatal("there was a place too many")
		}
		_ = working.Close()
		<-sent
		if l.accept() == nil {
			t.Error("a connection was not accepted when there was room")
		}
	})
}

func TestASlowHeadHas15SecondsInAll(t *testing.T) {
	for _, kept := range []bool{false, true} {
		onAListener(t, 10, 10, func(l *lobbyTest) {
			c := l.dial("192.0.2.1")
			if kept {
				c.say(wholeHead)
				v := l.accept()
				l.answer(v)
				go func() {
					if n, err := v.Read(make([]byte, 100)); n > 0 || !errors.Is(err, io.EOF) {
						t.Errorf("the HTTP server is given %d bytes of a head that is not whole, %v", n, err)
					}
					_ = v.Close()
				}()
				time.Sleep(time.Second)
			}
			began := time.Now()
			c.say("G")
			var v *visitor
			for text := "ET /" + strings.Repeat("x", 100); v == nil; text = text[1:] {
				time.Sleep(900 * time.Millisecond)
				if time.Since(began) > time.Minute {
					t.Fatal("the head goes on for a minute")
				}
				if v = l.accept(); v == nil {
					c.say(text[:1])
				}
			}
			if took := time.Since(began); took < handlers.ReadTimeout || took > handlers.ReadTimeout+time.Second {
				t.Errorf("kept %v: it was let go after %s", kept, took)
			}
			// The HTTP server reads what came, and then at once an error.
			_ = v.SetReadDeadline(time.Now().Add(handlers.ReadTimeout))
			v.RequestBegins()
			b := make([]byte, 100)
			if n, err := v.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), "GET /x") {
				t.Errorf("%q, %v", b[:n], err)
			}
			if _, err := v.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("a head that is late may go on: %v", err)
			}
			_ = v.Close()
		})
	}
}

func TestARequestAndItsHeadHave15SecondsTogether(t *testing.T) {
	onAListener(t, 10, 10, func(l *lobbyTest) {
		c := l.dial("192.0.2.1")
		c.say("POST / HTTP/1.1\r\n")
		time.Sleep(10 * time.Second)
		c.say("Content-Length: 9\r\n\r\n")
		v := l.accept()
		began := time.Now()
		_ = v.SetReadDeadline(began.Add(handlers.ReadTimeout))
		v.RequestBegins()
		b := make([]byte, 100)
		if _, err := v.Read(b); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != handlers.ReadTimeout-10*time.Second {
			t.Errorf("the body is cut after %s: %v", time.Since(began), err)
		}
		_ = v.Close()
	})
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	onAListener(t, 10, 10, func(l *lobbyTest) {
		quiet, began := l.dial("192.0.2.1"), time.Now()
		if _, err := quiet.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) != handlers.ReadTimeout {
			t.Errorf("one that says nothing is let go after %s: %v", time.Since(began), err)
		}
		c := l.dial("192.0.2.1")
		c.say(wholeHead)
		v := l.accept()
		l.answer(v)
		began = time.Now()
		if _, err := v.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) > parkAfter {
			t.Errorf("the HTTP server keeps an idle one for %s: %v", time.Since(began), err)
		}
		_ = v.Close()
		time.Sleep(time.Minute)
		c.say(wholeHead)
		if v = l.accept(); v == nil {
			t.Fatal("a client that asks again after a minute is not heard")
		}
		l.answer(v)
		_, _ = v.Read(make([]byte, 1))
		_ = v.Close()
		began = time.Now()
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) != handlers.IdleTimeout {
			t.Errorf("one that asks no more is let go after %s: %v", time.Since(began), err)
		}
	})
}

func TestUnfinishedHeadsHold16MiBInAll(t *testing.T) {
	onAListener(t, 5000, 10, func(l *lobbyTest) {
		text := "GET / HTTP/1.1\r\nCookie: " + strings.Repeat("x", 14<<10)
		let := 0
		for ; let < 4000; let++ {
			c := l.dial("192.0.2.1")
			if _, err := io.WriteString(c.Conn, text); err != nil {
				break
			}
			synctest.Wait()
		}
		if l.listener.heads > mostHeads || let < 1000 || let > 1100 {
			t.Errorf("%d heads of 14 KiB hold %d bytes", let, l.listener.heads)
		}
		c := l.dial("192.0.2.1")
		c.say(wholeHead)
		if l.accept() == nil {
			t.Error("a short head finds no room beside them")
		}
	})
}

func TestWhereAHeadEnds(t *testing.T) {
	for text, whole := range map[string]bool{
		"": false, "GET / HTTP/1.1": false, "GET / HTTP/1.1\r\n": false, "GET / HTTP/1.1\r\nA: b\r\n": false, "\r\n": false,
		wholeHead: true, wholeHead + "body": true, "GET / HTTP/1.1\nA: b\n\n": true, "GET / HTTP/1.1\r\nA: b\n\r\n": true,
	} {
		if got := headEnd([]byte(text), 0) >= 0; got != whole {
			t.Errorf("%q: whole %v, want %v", text, got, whole)
		}
		for from := range text {
			early := headEnd([]byte(text[:from]), 0)
			if got := headEnd([]byte(text), from) >= 0; early < 0 && got != whole {
				t.Errorf("%q, searched from %d: whole %v, want %v", text, from, got, whole)
			}
		}
	}
}
