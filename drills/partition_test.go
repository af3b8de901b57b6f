package drills

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store/storetest"
)

// farValkey is a Valkey whose network can be partitioned silently: packets stop,
// but no connection is refused, reset or closed.
type farValkey struct {
	address     string
	cut, repair func()
}

// startFarValkey runs the server in a network namespace with one link to it. Without
// the right to create one it uses a proxy that drops packets but, unlike a link,
// keeps connections open.
func startFarValkey(t *testing.T) (far farValkey, behind string) {
	t.Helper()
	far, err := startValkeyInNamespace(t)
	if err == nil {
		return far, "a network namespace"
	}
	if os.Getenv("CODEXIBLE_CHAOS") != "" {
		t.Fatalf("Valkey has no network of its own here: %v", err)
	}
	t.Logf("Valkey has no network of its own here (%v): a proxy that swallows packets stands in for the cable", err)
	between := startProxy(t, strings.TrimPrefix(startValkey(t).url, "redis://"))
	return farValkey{between.address(), func() { between.set(0, true) }, func() { between.set(0, false) }}, "a silent proxy"
}

// startValkeyInNamespace makes a namespace and a pair of virtual interfaces; both
// end with the server's process, however the test ends.
func startValkeyInNamespace(t *testing.T) (far farValkey, err error) {
	t.Helper()
	if os.Geteuid() != 0 {
		return far, errors.New("only root may make one")
	}
	for _, program := range []string{"unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			return far, err
		}
	}
	const port = "6379"
	v := runValkey(t, exec.Command("unshare", "--net", valkeyProgram(t), "--port", port, "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""))
	pid := v.cmd.Process.Pid
	namespace := fmt.Sprintf("/proc/%d/ns/net", pid)
	if err := waitForNamespace(namespace); err != nil {
		return far, err
	}
	// 198.18.0.0/15 is set aside for tests of networks; four addresses of it are this pair's.
	at := func(host int) string { return fmt.Sprintf("198.18.%d.%d", pid>>6&255, pid<<2&252|host) }
	near := "cdx" + strconv.Itoa(pid)
	inside := []string{"nsenter", "--net=" + namespace, "ip"}
	for _, command := range [][]string{
		{"ip", "link", "add", near, "type", "veth", "peer", "name", "cable", "netns", strconv.Itoa(pid)},
		{"ip", "address", "add", at(1) + "/30", "dev", near},
		{"ip", "link", "set", near, "up"},
		append(inside, "address", "add", at(2)+"/30", "dev", "cable"),
		append(inside, "link", "set", "cable", "up"),
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return far, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, out)
		}
	}
	far.address = net.JoinHostPort(at(2), port)
	Eventually(t, 10*time.Second, "Valkey to accept connections at "+far.address, func() bool { return connects(far.address) })
	cable := func(state string) func() {
		return func() {
			if out, err := exec.Command(inside[0], append(inside[1:], "link", "set", "cable", state)...).CombinedOutput(); err != nil {
				t.Fatalf("the cable cannot be set %s: %v\n%s", state, err, out)
			}
		}
	}
	far.cut, far.repair = cable("down"), cable("up")
	return far, nil
}

// waitForNamespace waits until a process that was just started has left this
// one's network.
func waitForNamespace(namespace string) error {
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		its, err := os.Readlink(namespace)
		if err != nil {
			return fmt.Errorf("none could be made: %w", err)
		}
		if its != own {
			return nil
		}
	}
	return errors.New("none was made within 5 s")
}

func TestChaosValkeyPartitioned(t *testing.T) {
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
	far, behind := startFarValkey(t)
	p := startProgram(t, "DATABASE_URL="+database, "VALKEY_URL=redis://"+far.address)
	d := beginDrill(t, p.url, c)
	used := func() bool { return saysValkeyIs(t, p, "ok") }
	Eventually(t, 10*time.Second, "Valkey to be used", used)
	d.expect("before", 0, http.StatusOK)
	lost := func() int { return strings.Count(p.printed(), "the shared counter is away") }
	for _, lasts := range []time.Duration{200 * time.Millisecond, faultLasts(time.Second, 30*time.Second)} {
		before := lost()
		far.cut()
		began := time.Now()
		// A request finds out within 50 ms of the first that fails; the rest is this loop's, and a busy machine's.
		Eventually(t, faultLasts(10*time.Second, 250*time.Millisecond), "the partition to be noticed", func() bool { return saysValkeyIs(t, p, "unavailable") })
		noticed := time.Since(began)
		<-time.After(lasts)
		if lines := lost() - before; lines > 1 {
			t.Errorf("one partition made %d lines in the log", lines)
		}
		far.repair()
		repaired := time.Now()
		Eventually(t, 20*time.Second, "Valkey to be used again", used)
		d.expect(fmt.Sprintf("Valkey behind %s partitioned for %s, noticed after %s", behind, lasts, noticed.Round(time.Millisecond)), time.Since(repaired), http.StatusOK)
	}
	d.end(database)
	p.stop(t)
}
