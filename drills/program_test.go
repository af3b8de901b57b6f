package drills

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test started and stops by its own id.
type process struct {
	url    string
	cmd    *exec.Cmd
	output string
	ended  chan struct{}
}

// theProgram is the real binary, built once for all tests, without cgo as it is released.
var theProgram = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "codexible-program-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "codexible")
	build := exec.Command("go", "build", "-o", path, "codexible")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// startProgram serves on a free loopback port until the test ends.
func startProgram(t *testing.T, env ...string) *process {
	t.Helper()
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, exec.Command(path, "serve"), env...)
}

// serveWith starts a command that serves, and waits until it answers.
func serveWith(t *testing.T, cmd *exec.Cmd, env ...string) *process {
	t.Helper()
	port := FreePort(t)
	p := &process{url: "http://127.0.0.1:" + port, cmd: cmd, output: filepath.Join(t.TempDir(), "output"), ended: make(chan struct{})}
	out, err := os.Create(p.output)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = t.TempDir() // no .env of the project is read
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOST=127.0.0.1", "PORT=" + port, "RATE_LIMIT_PER_IP=1000"}, env...)
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "TLS_CERT=") }) {
		p.url = "https" + strings.TrimPrefix(p.url, "http")
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		_ = out.Close()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	Eventually(t, 30*time.Second, "the program to answer", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("the program ended:\n%s", p.printed())
		default:
		}
		answer, err := loadClient.Get(p.url + "/health")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return p
}

func (p *process) printed() string {
	text, _ := os.ReadFile(p.output)
	return string(text)
}

// kill sends SIGKILL.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop sends SIGTERM; the process has to exit with 0.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the program did not end within 30 s of SIGTERM")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the program ended with code %d after SIGTERM:\n%s", code, p.printed())
	}
}

// cluster is a Postgres of the test's own, which waits for the disk and can be killed.
type cluster struct {
	bin, folder, port, log string
	cmd                    *exec.Cmd
	// ended is closed when the process has.
	ended chan struct{}
}

// newCluster creates an empty cluster; without Postgres's programs the test is
// skipped, or fails where skipping is not allowed.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	bin := os.Getenv("CODEXIBLE_TEST_PG_BIN")
	if bin == "" {
		missing(t, "CODEXIBLE_TEST_PG_BIN names no folder with Postgres's programs; make test does")
	}
	folder, err := os.MkdirTemp("", "codexible-cluster-") //nolint:usetesting // the test's own folder is closed to the user that Postgres runs as
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	c := &cluster{bin: bin, folder: folder, port: FreePort(t), log: filepath.Join(t.TempDir(), "postgres.log")}
	if os.Geteuid() == 0 {
		if out, err := exec.Command("chown", "postgres", folder).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if out, err := c.command("initdb", "-D", folder, "-A", "trust", "-U", "postgres", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	return c
}

// missing skips a test that lacks something, or fails it where skipping is not allowed.
func missing(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CODEXIBLE_TEST_STRICT") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// command runs one of Postgres's programs, which refuse to run as root.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	path := filepath.Join(c.bin, name)
	if os.Geteuid() != 0 {
		return exec.Command(path, args...)
	}
	return exec.Command("setpriv", append([]string{"--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--pdeathsig", "INT", path}, args...)...)
}

func (c *cluster) url() string { return "postgres://postgres@127.0.0.1:" + c.port + "/postgres" }

// start starts the server, again where it ends at once: while it was down a
// client's connection may have taken its port for itself.
func (c *cluster) start(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { c.kill(t) })
	c.launch(t)
	defer func() {
		if t.Failed() {
			said, _ := os.ReadFile(c.log)
			t.Logf("Postgres said:\n%s", said)
		}
	}()
	Eventually(t, 30*time.Second, "Postgres to accept connections", func() bool {
		select {
		case <-c.ended:
			c.launch(t)
		default:
		}
		return c.command("pg_isready", "-q", "-h", "127.0.0.1", "-p", c.port).Run() == nil
	})
}

// launch starts the server once.
func (c *cluster) launch(t *testing.T) {
	t.Helper()
	log, err := os.Create(c.log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd := c.command("postgres", "-D", c.folder, "-p", c.port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
	cmd.SysProcAttr, cmd.Stderr = &syscall.SysProcAttr{Setpgid: true}, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	c.cmd, c.ended = cmd, ended
}

// kill ends the server and all of its processes at once. It is halted first:
// a process that it starts meanwhile would live on and keep its memory.
func (c *cluster) kill(t *testing.T) {
	t.Helper()
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGSTOP)
	for _, pid := range c.children() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	c.cmd = nil
	_ = os.Remove(filepath.Join(c.folder, "postmaster.pid"))
}

// children are the server's own processes.
func (c *cluster) children() (pids []int) {
	own := strconv.Itoa(c.cmd.Process.Pid)
	text, err := os.ReadFile("/proc/" + own + "/task/" + own + "/children")
	if err != nil {
		return nil
	}
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// valkeyServer is a Valkey (or Redis) of the test's own.
type valkeyServer struct {
	url string
	cmd *exec.Cmd
}

func startValkey(t *testing.T) *valkeyServer {
	t.Helper()
	address := "127.0.0.1:" + FreePort(t)
	_, port, _ := net.SplitHostPort(address)
	v := runValkey(t, exec.Command(valkeyProgram(t), "--port", port, "--bind", "127.0.0.1", "--save", ""))
	v.url = "redis://" + address
	Eventually(t, 10*time.Second, "Valkey to accept connections", func() bool { return connects(address) })
	return v
}

func valkeyProgram(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("valkey-server")
	if err != nil {
		if path, err = exec.LookPath("redis-server"); err != nil {
			missing(t, "neither valkey-server nor redis-server is installed; make test installs one")
		}
	}
	return path
}

// runValkey starts the command that is a Valkey; it ends with the test.
func runValkey(t *testing.T, cmd *exec.Cmd) *valkeyServer {
	t.Helper()
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &valkeyServer{cmd: cmd}
	t.Cleanup(v.kill)
	return v
}

// connects reports whether a program listens.
func connects(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (v *valkeyServer) kill() {
	_ = v.cmd.Process.Kill()
	_ = v.cmd.Wait()
}
