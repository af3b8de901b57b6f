package handlers_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/handlers"
	"codexible/listener"
)

// behind serves a service on one more port, behind the listener of the program; over TLS if encrypted.
func (s *service) behind(t *testing.T, encrypted bool, o listener.Options) (dial func() net.Conn) {
	t.Helper()
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	opened := port
	if encrypted {
		server := httptest.NewTLSServer(nil)
		server.Close()
		opened = tls.NewListener(port, &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12})
	}
	o.Places, o.PerAddress, o.Exempt = 64, 64, func(netip.Addr) bool { return true }
	o.ReadTimeout, o.IdleTimeout, o.MaxHeadBytes = max(o.ReadTimeout, handlers.ReadTimeout), handlers.IdleTimeout, handlers.MaxHeaderBytes
	connections := listener.Open(opened, o)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.app.Listener(connections)
	}()
	t.Cleanup(func() {
		_ = connections.Close()
		<-done
	})
	return func() net.Conn {
		conn, err := net.Dial("tcp", port.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if encrypted {
			conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

func TestAClientThatLeavesIsNoticedWithinASecond(t *testing.T) { //nolint:tparallel // its cases wait together
	const before, silence, between = "before the answer", "in silence", "between events"
	for _, encrypted := range []bool{false, true} {
		for _, moment := range []string{before, silence, between} {
			t.Run(fmt.Sprintf("%s, TLS %t", moment, encrypted), func(t *testing.T) {
				t.Parallel()
				left := make(chan time.Time, 1)
				waits := make(chan struct{})
				var stream *script
				s := onSQLite(t, through(func(ctx context.Context, _ *gateway.Request) *gateway.Answer {
					context.AfterFunc(ctx, func() {
						if !errors.Is(context.Cause(ctx), gateway.ErrClientGone) {
							t.Errorf("%s: the call ends with %v", moment, context.Cause(ctx))
						}
						left <- time.Now()
					})
					stream = newScript(ctx)
					close(waits)
					if moment == before {
						<-ctx.Done()
						return &gateway.Answer{Status: http.StatusOK}
					}
					return stream.answer()
				}))
				conn := s.behind(t, encrypted, listener.Options{})()
				if _, err := io.WriteString(conn, s.post("/v1/responses", "ada", 2)+"{}"); err != nil {
					t.Fatal(err)
				}
				<-waits
				if moment == between {
					stream.events <- "data: 1\n\n"
					response, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(response.Body, make([]byte, len("data: 1\n\n"))); err != nil {
						t.Fatal(err)
					}
				}
				began := time.Now()
				_ = conn.Close()
				select {
				case at := <-left:
					if took := at.Sub(began); took > time.Second {
						t.Errorf("%s, TLS %t: noticed after %s", moment, encrypted, took)
					}
				case <-time.After(patience):
					t.Fatalf("%s, TLS %t: never noticed", moment, encrypted)
				}
				if moment != before {
					<-stream.closed
				}
			})
		}
	}
}

func TestAClientThatStaysOrSendsEarlyHasNotLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	pair := func() (client *net.TCPConn, server net.Conn) {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		server, err = l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = c.Close()
			_ = server.Close()
		})
		return c.(*net.TCPConn), server
	}
	eventually := func(says string, look func(net.Conn) bool, conn net.Conn) {
		t.Helper()
		for end := time.Now().Add(patience); !look(conn); runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("%s is not noticed", says)
			}
		}
	}
	client, server := pair()
	if handlers.ClosedByPeer(server) || handlers.EndOfStream(server) {
		t.Error("a client that waits counts as left")
	}
	if _, err := client.Write([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil { // the rest waits
		t.Fatal(err)
	}
	if handlers.ClosedByPeer(server) || handlers.EndOfStream(server) {
		t.Error("a client that sends its next request early counts as left")
	}
	_ = client.Close()
	if runtime.GOOS == "linux" {
		eventually("a client that leaves behind bytes of its own", handlers.ClosedByPeer, server)
	}

	for says, look := range map[string]func(net.Conn) bool{"here": handlers.ClosedByPeer, "on other systems": handlers.EndOfStream} {
		client, server = pair()
		_ = client.CloseWrite()
		eventually("a half-closed connection "+says, look, server)
		client, server = pair()
		_ = client.SetLinger(0)
		_ = client.Close()
		eventually("a reset "+says, look, server)
		client, server = pair()
		_ = server.Close()
		if says == "here" && !handlers.ClosedByPeer(server) {
			t.Error("a connection that this side has closed counts as open")
		}
		_ = client.Close()
	}
}

func TestAReaderThatStallsEndsItsCall(t *testing.T) {
	closed := make(chan struct{})
	s := onSQLite(t, through(func(context.Context, *gateway.Request) *gateway.Answer {
		return &gateway.Answer{Status: 200, Stream: &endless{closed: closed}}
	}))
	for _, encrypted := range []bool{false, true} {
		closed = make(chan struct{})
		conn := s.behind(t, encrypted, listener.Options{WritePatience: 1200 * time.Millisecond})()
		if _, err := io.WriteString(conn, s.post("/v1/messages", "ada", 2)+"{}"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-closed:
		case <-time.After(patience):
			t.Fatalf("TLS %t: the call of a client that does not read goes on", encrypted)
		}
	}
}

// endless is a stream without an end.
type endless struct{ closed chan struct{} }

func (*endless) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func (e *endless) Close() error {
	close(e.closed)
	return nil
}
