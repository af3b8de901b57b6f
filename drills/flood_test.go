package drills

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store/storetest"
)

// openFiles counts a process's open files; -1 where the system does not say.
func (p *process) openFiles() int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	return len(entries)
}

// latencies charges so many times in turn, and returns how long each took.
func latencies(t *testing.T, url, secret string, n int) []time.Duration {
	t.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if a := chargeOver(url, secret, ""); a.status != http.StatusOK {
			t.Errorf("a customer's charge is answered %d", a.status)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took
}

func TestChaosSlowClients(t *testing.T) {
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	p := startProgram(t, "DATABASE_URL="+database, "SHUTDOWN_TIMEOUT=2s")
	before := p.openFiles()
	const slow = 500
	conns := make([]net.Conn, slow)
	for i := range conns {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		// Half never end their headers, half never send the body that they announce.
		text := "POST /api/usage HTTP/1.1\r\nHost: slow\r\n"
		if i%2 == 1 {
			text += "Authorization: Bearer " + c.secrets[0] + "\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
	}
	took := latencies(t, p.url, c.secrets[0], 100)
	if worst := took[len(took)-1]; worst > time.Second {
		t.Errorf("beside %d slow clients a charge took %s", slow, worst)
	}
	t.Logf("beside %d slow clients: median %s, slowest %s", slow, took[50].Round(10*time.Microsecond), took[99].Round(10*time.Microsecond))
	if faultLasts(0, 1) == 0 {
		p.stop(t)
		return
	}
	// A client that keeps sending a byte at a time is closed all the same.
	began := time.Now()
	var waiting sync.WaitGroup
	for _, conn := range conns {
		waiting.Go(func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for range tick.C {
				if _, err := conn.Write([]byte("x")); err != nil || time.Since(began) > 30*time.Second {
					return
				}
			}
		})
	}
	waiting.Wait()
	gone := time.Since(began)
	if gone > 25*time.Second {
		t.Errorf("slow clients held their connections for %s", gone)
	}
	if before >= 0 {
		Eventually(t, 5*time.Second, "their files to be closed", func() bool { return p.openFiles() <= before+4 })
	}
	t.Logf("%d slow clients were closed within %s, with no file left open", slow, gone.Round(time.Second))
	p.stop(t)
}

func TestChaosFloodWithoutKeys(t *testing.T) {
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	p := startProgram(t, "DATABASE_URL="+database, "RATE_LIMIT_PER_IP=20", "LOG_LEVEL=error")
	// A recently used key still works from an address that is throttled.
	if a := chargeOver(p.url, c.secrets[0], ""); a.status != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	ctx, stop := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for caller := range 32 {
		flood.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				a := chargeOver(p.url, fmt.Sprintf("codexible_%032x", caller<<32|i), "")
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	<-time.After(faultLasts(300*time.Millisecond, 10*time.Second))
	took := latencies(t, p.url, c.secrets[0], 100)
	stop()
	flood.Wait()
	if statuses[http.StatusUnauthorized] != 20 || len(statuses) != 2 || statuses[http.StatusTooManyRequests] == 0 {
		t.Errorf("guesses were answered %v, want 20 times 401 and then 429", statuses)
	}
	if worst := took[len(took)-1]; worst > 2*time.Second {
		t.Errorf("beside a flood a customer's charge took %s", worst)
	}
	t.Logf("beside %d guesses from 32 connections: median %s, slowest %s; answers %v",
		statuses[http.StatusTooManyRequests]+20, took[50].Round(10*time.Microsecond), took[99].Round(10*time.Microsecond), statuses)
	p.stop(t)
}
