package main

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestConnectionsThatSaidNothingKeepNobodyFromEnding(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		var env []string
		if encrypted {
			files := newPairFiles(t)
			files.write(t, 1)
			env = []string{"TLS_CERT=" + files.cert, "TLS_KEY=" + files.key}
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
				t.Errorf("encrypted %v: a client that asked nothing was told %q, %v", encrypted, text, err)
			}
		}
	}
}
