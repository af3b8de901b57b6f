package drills

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// faultLasts is how long something stays broken: long under make chaos.
func faultLasts(short, long time.Duration) time.Duration {
	if os.Getenv("CODEXIBLE_CHAOS") != "" {
		return long
	}
	return short
}

// drill is a load on a service during a fault.
type drill struct {
	t    *testing.T
	url  string
	c    customer
	sent *sentCharges
	stop chan struct{}
	done sync.WaitGroup

	mu       sync.Mutex
	statuses map[int]int
	slowest  time.Duration
}

// beginDrill charges from eight callers, each a hundred times a second at most.
func beginDrill(t *testing.T, url string, c customer) *drill {
	t.Helper()
	d := &drill{t: t, url: url, c: c, sent: &sentCharges{byKey: map[string]*sent{}}, stop: make(chan struct{}), statuses: map[int]int{}}
	for caller := range 8 {
		d.done.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-d.stop:
					return
				case <-tick.C:
					d.charge(c.secrets[caller%len(c.secrets)])
				}
			}
		})
	}
	Eventually(t, 30*time.Second, "the load to run", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.statuses[http.StatusOK] >= 50
	})
	return d
}

func (d *drill) charge(secret string) answer {
	key, began := uuid.NewString(), time.Now()
	a := chargeOver(d.url, secret, key)
	d.sent.note(key, secret, a)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.statuses[a.status]++
	d.slowest = max(d.slowest, time.Since(began))
	return a
}

// recovered waits until a charge is accepted, and returns how long that took.
func (d *drill) recovered(within time.Duration) time.Duration {
	d.t.Helper()
	began := time.Now()
	Eventually(d.t, within, "a charge to be accepted", func() bool { return d.charge(d.c.secrets[0]).status == http.StatusOK })
	return time.Since(began)
}

// count returns the statuses since the last call.
func (d *drill) count() (statuses map[int]int, slowest time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	statuses, slowest, d.statuses, d.slowest = d.statuses, d.slowest, map[int]int{}, 0
	return statuses, slowest
}

// expect fails if a status since the last call is not among these.
func (d *drill) expect(what string, recovery time.Duration, allowed ...int) {
	d.t.Helper()
	statuses, slowest := d.count()
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		if !slices.Contains(allowed, status) {
			d.t.Errorf("%s: %d charges were answered %d", what, statuses[status], status)
		}
	}
	d.t.Logf("%s: answers %v, the slowest after %s, recovered in %s", what, statuses, slowest.Round(time.Millisecond), recovery.Round(time.Millisecond))
}

// end stops the load, repeats everything and compares the ledger with it.
func (d *drill) end(database string) {
	d.t.Helper()
	d.repeat()
	d.check(database)
}

func (d *drill) repeat() {
	d.t.Helper()
	close(d.stop)
	d.done.Wait()
	d.sent.replay(d.t, d.url)
}

func (d *drill) check(database string) {
	d.t.Helper()
	d.sent.checkLedger(d.t, database)
	d.t.Logf("%d charges, none lost and none counted twice", len(d.sent.byKey))
}

// proxy is between the service and a server, and delays or drops packets.
type proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	delay  time.Duration
	// dark is closed when packets pass again; nil while they do.
	dark  chan struct{}
	conns map[net.Conn]bool
}

func startProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target, conns: map[net.Conn]bool{}}
	go p.run()
	t.Cleanup(func() {
		_ = listener.Close()
		p.set(0, false)
		p.cut()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// set delays every packet, or drops all.
func (p *proxy) set(delay time.Duration, dark bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
	if p.dark != nil {
		close(p.dark)
		p.dark = nil
	}
	if dark {
		p.dark = make(chan struct{})
	}
}

// aim sends later connections to another server.
func (p *proxy) aim(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// cut closes every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) run() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer p.remove(near)
			p.pass()
			p.mu.Lock()
			target := p.target
			p.conns[near] = true
			p.mu.Unlock()
			far, err := new(net.Dialer).DialContext(context.Background(), "tcp", target)
			if err != nil {
				return
			}
			defer p.remove(far)
			p.mu.Lock()
			p.conns[far] = true
			p.mu.Unlock()
			var both sync.WaitGroup
			both.Go(func() { p.copy(far, near) })
			both.Go(func() { p.copy(near, far) })
			both.Wait()
		}()
	}
}

func (p *proxy) remove(conn net.Conn) {
	_ = conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// pass waits for the delay of a packet.
func (p *proxy) pass() {
	p.mu.Lock()
	delay, dark := p.delay, p.dark
	p.mu.Unlock()
	if dark != nil {
		<-dark
	}
	if delay > 0 {
		<-time.After(delay)
	}
}

func (p *proxy) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	packet := make([]byte, 64<<10)
	for {
		n, err := from.Read(packet)
		if n > 0 {
			p.pass()
			if _, err := to.Write(packet[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestChaosPostgres(t *testing.T) {
	server := newCluster(t)
	server.start(t)
	c := newCustomer(t, server.url(), accounts.MaxDailyCredits, 4)
	between := startProxy(t, "127.0.0.1:"+server.port)
	p := startProgram(t, "DATABASE_URL=postgres://postgres@"+between.address()+"/postgres?sslmode=disable")
	d := beginDrill(t, p.url, c)
	d.expect("before", 0, http.StatusOK)

	between.set(200*time.Millisecond, false)
	<-time.After(faultLasts(3*time.Second, 30*time.Second))
	between.set(0, false)
	d.expect("Postgres 200 ms slower", d.recovered(10*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	between.set(0, true)
	<-time.After(faultLasts(2*time.Second, 30*time.Second))
	between.set(0, false)
	d.expect("Postgres cut off from the network", d.recovered(30*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	server.shutDown(t)
	refused := d.charge(c.secrets[0])
	if refused.status != http.StatusServiceUnavailable {
		t.Errorf("with Postgres stopped a charge is answered %d", refused.status)
	}
	if a := get(t, p.url+"/health/ready"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"database":"unavailable"`) {
		t.Errorf("with Postgres stopped the readiness is %d %s", a.status, a.body)
	}
	<-time.After(faultLasts(time.Second, 30*time.Second))
	server.start(t)
	d.expect("Postgres stopped", d.recovered(30*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	server.shutDown(t)
	server.start(t)
	d.expect("Postgres restarted", d.recovered(30*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	taken := takeEveryConnection(t, server.url())
	refused = d.charge(c.secrets[0])
	<-time.After(faultLasts(time.Second, 30*time.Second))
	for _, conn := range taken {
		_ = conn.Close(context.Background())
	}
	// The meter may still have had a connection of its own: then the charge is honoured.
	if refused.status != http.StatusServiceUnavailable && refused.status != http.StatusOK {
		t.Errorf("with no connection to be had a charge is answered %d", refused.status)
	}
	d.expect("Postgres out of connections", d.recovered(30*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	d.end(server.url())
	p.stop(t)
}

// shutDown stops the server as an operator does.
func (c *cluster) shutDown(t *testing.T) {
	t.Helper()
	if out, err := c.command("pg_ctl", "--pgdata="+c.folder, "--mode=fast", "stop").CombinedOutput(); err != nil {
		t.Fatalf("pg_ctl stop: %v\n%s", err, out)
	}
	<-c.ended
	c.cmd = nil
}

// takeEveryConnection leaves the service without connections: it ends its own and
// opens as many as the server accepts.
func takeEveryConnection(t *testing.T, url string) (taken []*pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	for range 1000 {
		conn, err := pgx.Connect(ctx, url)
		if err != nil && len(taken) == 0 {
			t.Fatal(err)
		}
		if err == nil {
			taken = append(taken, conn)
			continue
		}
		var others int
		if err := taken[0].QueryRow(ctx, "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'codexible'").Scan(&others); err != nil {
			t.Fatal(err)
		}
		if others == 0 {
			return taken
		}
	}
	t.Fatal("the server accepts connections without limit")
	return nil
}

func TestChaosValkey(t *testing.T) {
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
	server := startValkey(t)
	address := func() string { return strings.TrimPrefix(server.url, "redis://") }
	between := startProxy(t, address())
	p := startProgram(t, "DATABASE_URL="+database, "VALKEY_URL=redis://"+between.address())
	d := beginDrill(t, p.url, c)
	said := func(valkey string) func() bool { return func() bool { return saysValkeyIs(t, p, valkey) } }
	Eventually(t, 10*time.Second, "Valkey to be used", said("ok"))
	d.expect("before", 0, http.StatusOK)
	for _, fault := range []struct {
		name          string
		begin, repair func()
	}{
		{"Valkey stopped", func() { server.kill(); between.cut() }, func() { server = startValkey(t); between.aim(address()) }},
		{"Valkey 200 ms slower", func() { between.set(200*time.Millisecond, false) }, func() { between.set(0, false) }},
	} {
		fault.begin()
		Eventually(t, 10*time.Second, fault.name+" to be noticed", said("unavailable"))
		<-time.After(faultLasts(200*time.Millisecond, 30*time.Second))
		fault.repair()
		repaired := time.Now()
		Eventually(t, 20*time.Second, "Valkey to be used again", said("ok"))
		d.expect(fault.name, time.Since(repaired), http.StatusOK)
	}
	server.kill()
	between.cut()
	server = startValkey(t)
	between.aim(address())
	repaired := time.Now()
	Eventually(t, 20*time.Second, "Valkey to be used again", said("ok"))
	d.expect("Valkey restarted", time.Since(repaired), http.StatusOK)
	d.end(database)
	p.stop(t)
}

// saysValkeyIs checks the readiness, which Valkey never makes fail.
func saysValkeyIs(t *testing.T, p *process, valkey string) bool {
	t.Helper()
	a := get(t, p.url+"/health/ready")
	return a.status == http.StatusOK && strings.Contains(a.body, `"valkey":"`+valkey+`"`)
}

func TestChaosDiskFull(t *testing.T) {
	if _, err := exec.LookPath("unshare"); err != nil {
		missing(t, "unshare is not installed, and a disk of the test's own needs it")
	}
	seeded := storetest.SQLiteURL(t)
	c := newCustomer(t, seeded, accounts.MaxDailyCredits, 4)
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	// The database is on a disk of 32 MiB that the service alone sees: the log takes 9 of them, the charges of a minute about as many.
	disk, source := t.TempDir(), filepath.Dir(strings.TrimPrefix(seeded, "sqlite:"))
	namespace := "-m"
	if os.Geteuid() != 0 {
		namespace = "-Urm"
	}
	p := serveWith(t, exec.CommandContext(t.Context(), "unshare", namespace, "sh", "-c", `mount -t tmpfs -o size=32m,mode=700 tmpfs "$1" && cp "$2"/* "$1"/ && exec "$3" serve`, "sh", disk, source, path), "DATA_DIR="+disk)
	inside := fmt.Sprintf("/proc/%d/root%s", p.cmd.Process.Pid, disk)
	d := beginDrill(t, p.url, c)
	d.expect("before", 0, http.StatusOK)

	filler := filepath.Join(inside, "filler")
	fill(t, filler)
	Eventually(t, 20*time.Second, "a charge to be refused", func() bool { return d.charge(c.secrets[0]).status == http.StatusServiceUnavailable })
	<-time.After(faultLasts(time.Second, 30*time.Second))
	if a := get(t, p.url+"/health/ready"); !strings.Contains(a.body, `"disk":"low"`) {
		t.Errorf("with the disk full the readiness is %d %s", a.status, a.body)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	d.expect("disk full", d.recovered(20*time.Second), http.StatusOK, http.StatusServiceUnavailable)
	<-time.After(faultLasts(5*time.Second, 30*time.Second))
	if statuses, _ := d.count(); statuses[http.StatusOK] < 9*statuses[http.StatusServiceUnavailable] {
		t.Errorf("with room again the answers are %v", statuses)
	}
	d.expect("room again", d.recovered(20*time.Second), http.StatusOK, http.StatusServiceUnavailable)
	d.repeat()
	d.check(stopAndCopy(t, p, inside))
}

// stopAndCopy stops a service whose disk goes with it, and returns a copy of its database.
func stopAndCopy(t *testing.T, p *process, folder string) (database string) {
	t.Helper()
	// The disk stays while a process uses it. SQLite follows links, and so would not find it itself.
	held, err := os.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	p.stop(t)
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(fmt.Sprintf("/proc/self/fd/%d", held.Fd()))); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + filepath.Join(left, "codexible.db")
}

// fill writes a file until the disk is full.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestChaosSignals(t *testing.T) {
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
	p := startProgram(t, "DATABASE_URL="+database)
	d := beginDrill(t, p.url, c)
	d.expect("before", 0, http.StatusOK)

	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-time.After(faultLasts(time.Second, 10*time.Second))
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	d.expect("SIGSTOP and SIGCONT", d.recovered(10*time.Second), http.StatusOK, http.StatusServiceUnavailable)

	// Where no program listens there is no answer: that is status 0.
	began := time.Now()
	p.stop(t)
	ended := time.Since(began)
	close(d.stop)
	d.done.Wait()
	d.expect("SIGTERM, ended in "+ended.Round(time.Millisecond).String(), 0, 0, http.StatusOK, http.StatusServiceUnavailable)
	p = d.restart(database)
	d.expect("started again after SIGTERM", d.recovered(10*time.Second), http.StatusOK)
	d.end(database)
	p.stop(t)
}

// restart starts the service again, while no load runs.
func (d *drill) restart(database string) *process {
	d.t.Helper()
	p := startProgram(d.t, "DATABASE_URL="+database)
	d.url, d.stop = p.url, make(chan struct{})
	return p
}

func TestChaosKilled(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
		p := startProgram(t, "DATABASE_URL="+database)
		d := beginDrill(t, p.url, c)
		d.expect("before", 0, http.StatusOK)
		p.kill()
		killed := time.Now()
		close(d.stop)
		d.done.Wait()
		// What was on its way got no answer: that is status 0.
		d.expect("SIGKILL", 0, 0, http.StatusOK)
		p = d.restart(database)
		d.recovered(10 * time.Second)
		d.expect("started again after SIGKILL", time.Since(killed), http.StatusOK)
		d.end(database)
		p.stop(t)
	})
}

func TestChaosCertificateReplaced(t *testing.T) {
	database, files := storetest.SQLiteURL(t), NewPairFiles(t)
	files.Write(t, 1)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
	p := startProgram(t, "DATABASE_URL="+database, "TLS_CERT="+files.Cert, "TLS_KEY="+files.Key)
	d := beginDrill(t, p.url, c)
	address := strings.TrimPrefix(p.url, "https://")
	for serial := int64(2); serial < 4; serial++ {
		files.Write(t, serial)
		replaced := time.Now()
		Eventually(t, 10*time.Second, "the new certificate to be shown", func() bool { return ShownSerial(t, address) == serial })
		d.expect("certificate replaced", time.Since(replaced), http.StatusOK)
	}
	Replace(t, files.Cert, []byte("broken"))
	Eventually(t, 10*time.Second, "the broken certificate to be logged", func() bool { return strings.Contains(p.printed(), "cannot be used") })
	if serial := ShownSerial(t, address); serial != 3 {
		t.Errorf("after a broken certificate number %d is shown", serial)
	}
	d.expect("certificate broken", 0, http.StatusOK)
	d.end(database)
	p.stop(t)
}

func TestChaosClockStepsAndMidnight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		const credits = 50
		c := storetest.NewCustomer(t, s, storetest.NewPlan(t, s, "Fifty", credits).Name)
		meter := usage.NewMeter(s, nil, clock.Now, nil)
		var mu sync.Mutex
		accepted := map[usage.Day]int64{}
		var again int64
		for _, step := range []struct {
			name string
			by   time.Duration
		}{
			{"noon", 0}, {"a moment before midnight", 12*time.Hour - time.Millisecond}, {"midnight", time.Millisecond},
			{"an hour back, into yesterday", -time.Hour}, {"forward again", time.Hour + time.Second}, {"three days on", 72 * time.Hour}, {"a year back", -366 * 24 * time.Hour},
		} {
			outcomes := map[usage.Outcome]int{}
			// Half of the callers are on their way when the clock steps.
			var calling sync.WaitGroup
			for caller := range 40 {
				if caller == 20 {
					clock.Add(step.by)
				}
				calling.Go(func() {
					charge := c.Charge(2)
					if caller%2 == 0 {
						charge.IdempotencyKey = uuid.NewString()
					}
					r, err := meter.Charge(context.Background(), charge)
					if err != nil {
						t.Error(err)
						return
					}
					var repeat usage.Receipt
					// A clock that steps over the window of the repeats ends it for those that are on their way.
					if r.Outcome == usage.Accepted && charge.IdempotencyKey != "" && step.by < usage.ReplayWindow {
						if repeat, err = meter.Charge(context.Background(), charge); err != nil || repeat.Outcome != usage.Duplicate || repeat.Day != r.Day || repeat.CreditsUsed != r.CreditsUsed {
							t.Errorf("%s: a repeat returned %+v, %v; the first %+v", step.name, repeat, err, r)
						}
					}
					mu.Lock()
					defer mu.Unlock()
					outcomes[r.Outcome]++
					if r.Outcome == usage.Accepted {
						accepted[r.Day] += 2
					}
					if repeat.Outcome == usage.Duplicate {
						again++
					}
				})
			}
			calling.Wait()
			t.Logf("clock: %s: %d charges accepted, %d over the quota, none failed; %d repeats so far recognised; now it is %s", step.name, outcomes[usage.Accepted], outcomes[usage.OverQuota], again, clock.Now().Format(time.DateTime))
			for day, sum := range accepted {
				if sum > credits {
					t.Errorf("%s: %d of %d credits were accepted on %s", step.name, sum, credits, day)
				}
			}
			if day := usage.DayOf(clock.Now()); accepted[day] == 0 {
				t.Errorf("%s: nothing was accepted on %s", step.name, day)
			}
		}
		if err := meter.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		r, err := s.Reconcile(context.Background())
		if err != nil || len(r.Differences) > 0 {
			t.Errorf("the totals differ from the charges: %v, %v", r.Differences, err)
		}
		for day, sum := range accepted {
			if today, err := s.Today(context.Background(), c.User.ID, day); err != nil || today.CreditsUsed != sum {
				t.Errorf("the ledger has %d for %s, accepted were %d: %v", today.CreditsUsed, day, sum, err)
			}
		}
	})
}
