package drills

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"codexible/store/storetest"
)

// residentMiB is the memory of a process; -1 where the system does not say.
func (p *process) residentMiB() int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		if value, is := strings.CutPrefix(line, "VmRSS:"); is {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			if err != nil {
				return -1
			}
			return kib >> 10
		}
	}
	return -1
}

// processorTime is the CPU time that a process has used.
func (p *process) processorTime(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	// After the name in brackets: state is field 3, the times in user and system mode are 14 and 15, in hundredths of a second.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// openAs opens a connection to a program from one of the addresses of 127.0.0.0/8.
func openAs(ctx context.Context, url string, host int) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(host>>8), byte(host))}}
	return dialer.DialContext(ctx, "tcp", strings.TrimPrefix(url, "http://"))
}

// megabyteForm is the head of a form that is too large without a session.
const megabyteForm = "POST /admin/login HTTP/1.1\r\nHost: x\r\nCookie: codexible_door=x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1048576\r\n\r\n"

func TestMegabyteFormsOfAttackersCostLessThan64MiB(t *testing.T) {
	const attackers, mostMiB = 1500, 64
	p := startProgram(t)
	quiet := p.residentMiB()
	if quiet < 0 {
		t.Skip("the system does not report a process's memory")
	}
	conns := make([]net.Conn, 0, attackers)
	for i := range attackers {
		conn, err := openAs(t.Context(), p.url, i)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = io.WriteString(conn, megabyteForm)
		conns = append(conns, conn)
	}
	most, piece := 0, strings.Repeat("a", 16<<10)
	for range 1 << 20 / len(piece) {
		for _, conn := range conns {
			_ = conn.SetWriteDeadline(time.Now().Add(time.Millisecond))
			_, _ = io.WriteString(conn, piece) // the program may have closed it, or read no more
		}
		most = max(most, p.residentMiB())
	}
	t.Logf("%d MiB before, %d MiB beside %d forms of a megabyte", quiet, most, attackers)
	if most-quiet > mostMiB {
		t.Errorf("%d forms of attackers cost %d MiB, want %d at most", attackers, most-quiet, mostMiB)
	}
	p.stop(t)
}

// attackers are clients that waste the service's resources. They run in a process
// of their own, which is limited to half a core.
type attackers struct {
	url   string
	stop  context.Context
	pause sync.RWMutex
	tries atomic.Int64
}

// attackersURL and attackersCount make this program one of attackers.
const (
	attackersURL   = "CODEXIBLE_TEST_ATTACKERS_URL"
	attackersCount = "CODEXIBLE_TEST_ATTACKERS"
)

// A process with attackersCount in its environment runs no test: it attacks until it is killed.
var _ = becomeAttackers()

func becomeAttackers() bool {
	count, err := strconv.Atoi(os.Getenv(attackersCount))
	if err != nil {
		return false
	}
	// Attackers have machines of their own: their work must not take the processor from the program here.
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 19)
	s := &attackers{url: os.Getenv(attackersURL), stop: context.Background()}
	s.attack(count)
	return true
}

// attack never ends.
func (s *attackers) attack(n int) {
	kinds := []func(net.Conn){s.dribble, s.stall, s.sendMegabyte, s.guess}
	for i := range n {
		go func() {
			s.rest(5 * time.Second) // they do not start at one moment
			for s.stop.Err() == nil {
				s.turn()
				if conn, err := s.dial(i); err == nil {
					kinds[i%len(kinds)](conn)
					_ = conn.Close()
				}
				s.rest(time.Second) // a closed one reconnects
			}
		}()
	}
	s.pace()
}

// startAttackers starts n of them, a quarter of each kind.
func startAttackers(t *testing.T, url string, n int) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), attackersURL+"="+url, attackersCount+"="+strconv.Itoa(n), "GOMAXPROCS=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func (s *attackers) dial(i int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(s.stop, 5*time.Second)
	defer cancel()
	return openAs(ctx, s.url, i)
}

// pace limits the process to half a core.
func (s *attackers) pace() {
	const window = 20 * time.Millisecond
	used := func() time.Duration {
		var usage syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	began, before := time.Now(), used()
	for s.stop.Err() == nil {
		s.sleep(window)
		if over := used() - before - time.Since(began)/2; over > 0 {
			s.pause.Lock()
			s.sleep(2 * over)
			s.pause.Unlock()
		}
		if time.Since(began) > time.Second {
			began, before = time.Now(), used()
		}
	}
}

// turn waits while pace pauses the process.
func (s *attackers) turn() {
	s.pause.RLock()
	s.pause.RUnlock()
}

func (s *attackers) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stop.Done():
	}
}

// rest waits for about d: independent clients do not act in step.
func (s *attackers) rest(d time.Duration) {
	s.sleep(d/2 + rand.N(d))
	s.turn()
}

// dribble sends a head a byte at a time.
func (s *attackers) dribble(conn net.Conn) {
	for text := "GET /health HTTP/1.1\r\nHost: x\r\nX-Padding: " + strings.Repeat("x", 1000); text != ""; text = text[1:] {
		if _, err := io.WriteString(conn, text[:1]); err != nil || s.stop.Err() != nil {
			return
		}
		s.rest(time.Second)
	}
}

// stall sends requests and reads no answer; half stop in the middle of a body.
func (s *attackers) stall(conn net.Conn) {
	text := "GET /docs HTTP/1.1\r\nHost: x\r\n\r\nGET /"
	if s.tries.Load()%2 == 0 {
		text = "POST /api/auth/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
	}
	_, _ = io.WriteString(conn, text)
	s.rest(20 * time.Second)
}

// sendMegabyte sends a form that is too large, 16 KiB at a time.
func (s *attackers) sendMegabyte(conn net.Conn) {
	piece := strings.Repeat("a", 16<<10)
	_, err := io.WriteString(conn, megabyteForm)
	for sent := 0; err == nil && sent < 1<<20; sent += len(piece) {
		s.rest(200 * time.Millisecond)
		_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
		_, err = io.WriteString(conn, piece)
	}
}

// guess tries keys, one after the other on one connection.
func (s *attackers) guess(conn net.Conn) {
	answer := make([]byte, 4<<10)
	for s.stop.Err() == nil {
		text := fmt.Sprintf("GET /api/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer codexible_%032x\r\n\r\n", s.tries.Add(1))
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(answer); err != nil {
			return
		}
		s.rest(500 * time.Millisecond)
	}
}

// verifying verifies customers' keys at a fixed rate, and returns how long that took.
func verifying(l *mixedLoad, perSecond float64, lasts time.Duration) *counts {
	var before counts
	l.took[checking].since(&before)
	due := make(chan time.Time, 1<<16)
	var calling sync.WaitGroup
	for i := range 16 {
		c := &l.others[i]
		calling.Go(func() {
			for at := range due {
				c.ask(checking, at)
			}
		})
	}
	began, sent := time.Now(), 0
	for passed := time.Duration(0); passed < lasts; passed = time.Since(began) {
		for ; float64(sent) < passed.Seconds()*perSecond; sent++ {
			due <- began.Add(time.Duration(float64(sent) / perSecond * float64(time.Second)))
		}
		_ = syscall.Nanosleep(&syscall.Timespec{Nsec: 200_000}, nil)
	}
	close(due)
	calling.Wait()
	took := l.took[checking].since(&before)
	return &took
}

func TestChaosAttackersDoNotSlowCustomers(t *testing.T) {
	const perSecond, mostMiB = 200, 200
	count := 300
	if faultLasts(0, 1) > 0 {
		count = 5000
	}
	raiseFiles(t, 2*count)
	database := storetest.SQLiteURL(t)
	p := startProgram(t, "DATABASE_URL="+database, "RATE_LIMIT_PER_IP=20", "LOG_LEVEL=error")
	l := newMixedLoad(t, database, 20, []string{p.url})
	verifying(l, perSecond, faultLasts(time.Second, 5*time.Second)) // every key is cached, every connection open
	quiet, quietMiB, quietFiles := verifying(l, perSecond, faultLasts(2*time.Second, 15*time.Second)), p.residentMiB(), p.openFiles()
	t.Logf("quiet:         %s; %d MiB, %d files", quiet, quietMiB, quietFiles)

	spent := p.processorTime(t)
	attack := startAttackers(t, p.url, count)
	began := time.Now()
	Eventually(t, time.Minute, "the attackers to come", func() bool { return p.openFiles() > quietFiles+count*2/5 })
	loadedMiB := 0
	var loaded counts
	for range 5 {
		loaded.add(verifying(l, perSecond, faultLasts(500*time.Millisecond, 3*time.Second)))
		loadedMiB = max(loadedMiB, p.residentMiB())
	}
	files := p.openFiles()
	_ = attack.Process.Kill()
	_ = attack.Wait()
	own := (p.processorTime(t) - spent).Seconds() / time.Since(began).Seconds()
	cores := (attack.ProcessState.UserTime() + attack.ProcessState.SystemTime()).Seconds() / time.Since(began).Seconds()
	t.Logf("beside %5d:  %s; %d MiB, %d files; the attackers had %.2f cores, the program %.2f", count, &loaded, loadedMiB, files, cores, own)
	ended := time.Now()
	Eventually(t, 5*time.Second, "the connections to be gone", func() bool { return p.openFiles() <= quietFiles+8 })
	after := verifying(l, perSecond, faultLasts(time.Second, 5*time.Second-time.Since(ended)))
	t.Logf("5 s after it:  %s; %d MiB", after, p.residentMiB())

	// A machine that other programs share is allowed a few milliseconds.
	for when, took := range map[string]*counts{"beside attackers": &loaded, "after them": after} {
		if p99, most := took.quantile(.99), max(3*quiet.quantile(.99), faultLasts(50*time.Millisecond, 5*time.Millisecond)); p99 > most {
			t.Errorf("%s customers' p99 on verify is %s, want %s at most: quiet it is %s", when, p99, most, quiet.quantile(.99))
		}
	}
	if loadedMiB > mostMiB || p.residentMiB() > mostMiB {
		t.Errorf("the program holds %d MiB beside attackers and %d MiB after them, want %d at most", loadedMiB, p.residentMiB(), mostMiB)
	}
	for failure, n := range l.failures {
		t.Errorf("%d times %s", n, failure)
	}
	p.stop(t)
}

// raiseFiles raises this process's limit of open files.
func raiseFiles(t *testing.T, files int) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if limit.Cur < uint64(files) {
		missing(t, fmt.Sprintf("%d files may be open here, %d are needed: raise ulimit -n", limit.Cur, files))
	}
}
