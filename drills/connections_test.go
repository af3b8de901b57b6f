package drills

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/listener"
	"codexible/store/storetest"
)

func TestSilentConnectionsDoNotDelayShutdown(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		var env []string
		if encrypted {
			files := NewPairFiles(t)
			files.Write(t, 1)
			env = []string{"TLS_CERT=" + files.Cert, "TLS_KEY=" + files.Key}
		}
		p := startProgram(t, env...)
		silent := make([]net.Conn, 0, 5)
		for range 5 {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.url[strings.Index(p.url, "//")+2:])
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			silent = append(silent, conn)
		}
		get(t, p.url+"/health") // it was accepted after them
		began := time.Now()
		p.stop(t)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("encrypted %v: it took %s to end", encrypted, took)
		}
		for _, conn := range silent {
			if text, err := io.ReadAll(conn); len(text) > 0 || (err != nil && !errors.Is(err, syscall.ECONNRESET)) {
				t.Errorf("encrypted %v: a client that sent nothing got %q, %v", encrypted, text, err)
			}
		}
	}
}

func TestMoreConnectionsThanFilesDoNotStopTheService(t *testing.T) {
	const files, callers = 300, 400
	path, err := theProgram()
	if err != nil {
		t.Fatal(err)
	}
	database := storetest.SQLiteURL(t)
	c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
	p := serveWith(t, exec.Command("sh", "-c", "ulimit -n "+strconv.Itoa(files)+` && exec "$0" serve`, path), "DATABASE_URL="+database)
	conns := make([]net.Conn, 0, callers)
	for range callers {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		conns = append(conns, conn)
	}
	if p.openFiles() >= 0 {
		Eventually(t, 10*time.Second, "the places to be taken", func() bool { return p.openFiles() > files-listener.OtherFiles })
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	Eventually(t, 10*time.Second, "a charge to be accepted", func() bool { return chargeOver(p.url, c.secrets[0], "").status == http.StatusOK })
	if printed := p.printed(); strings.Contains(printed, "too many open files") {
		t.Errorf("it ran out of files:\n%s", printed)
	}
	p.stop(t)
}
