package valkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// unavailable ends a test that lacks something outside the module: by failing under make test, where nothing may be
// missing, and otherwise by saying what was not tested and why.
func unavailable(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CODEXIBLE_TEST_STRICT") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// openTestServer opens the server that the tests were given.
func openTestServer(t testing.TB) *Server {
	t.Helper()
	address := os.Getenv("CODEXIBLE_TEST_VALKEY")
	if address == "" {
		unavailable(t, "set CODEXIBLE_TEST_VALKEY to the redis:// URL of a throw-away server to test against Valkey")
	}
	s := open(t, address)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatalf("the server of CODEXIBLE_TEST_VALKEY does not answer: %v", err)
	}
	return s
}

func open(t testing.TB, address string) *Server {
	t.Helper()
	s, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// A process is a server of a test's own, which may be killed, hung and started again on the same port.
type process struct {
	t      *testing.T
	binary string
	port   string
	args   []string
	cmd    *exec.Cmd
}

// startProcess starts the valkey-server or redis-server in PATH on a free port of the loopback interface.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, port: freePort(t)}
	for _, name := range []string{"valkey-server", "redis-server"} {
		if path, err := exec.LookPath(name); err == nil {
			p.binary = path
			break
		}
	}
	if p.binary == "" {
		unavailable(t, "install valkey-server or redis-server to test what happens when the server goes away")
	}
	p.args = append([]string{"--port", p.port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)
	p.start()
	t.Cleanup(p.kill)
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func (p *process) url() string { return "redis://127.0.0.1:" + p.port }

// start returns when the server listens.
func (p *process) start() {
	p.t.Helper()
	var output bytes.Buffer
	p.cmd = exec.CommandContext(p.t.Context(), p.binary, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = &output, &output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	eventually(p.t, "the server listens", func() bool {
		c, err := new(net.Dialer).DialContext(p.t.Context(), "tcp", "127.0.0.1:"+p.port)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
}

func (p *process) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// eventually waits until holds is true, and fails after ten seconds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

// A journal is a log that several goroutines write.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

func newID() (id [16]byte) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// do sends one command as it is, past the package.
func do(t *testing.T, s *Server, words ...string) (n int64) {
	t.Helper()
	n, err := s.general.Do(context.Background(), s.general.B().Arbitrary(words...).Build()).AsInt64()
	if err != nil {
		t.Fatal(fmt.Errorf("%v: %w", words, err))
	}
	return n
}
