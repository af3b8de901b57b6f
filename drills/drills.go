// Package drills tests the built binary under faults: it kills it, stops its
// database, floods it, and checks the ledger. Its tests start it as users do.
package drills

import (
	"bytes"
	"context"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// FreePort is a port that no program listens on.
func FreePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// Eventually checks until a condition holds, and fails after a time.
func Eventually(t *testing.T, within time.Duration, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	for pause := 5 * time.Millisecond; !so(); pause = min(2*pause, 50*time.Millisecond) { // what asks over HTTP is not to meet a limit of its rate
		select {
		case <-ctx.Done():
			t.Fatalf("waited %s for %s", within, what)
		case <-time.After(pause):
		}
	}
}

// Log is a log that several runs write to.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is what was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// ValkeyURL is the address of the tests' Valkey; without one the test is skipped, or
// fails where skipping is not allowed.
func ValkeyURL(t *testing.T) string {
	t.Helper()
	url := os.Getenv("CODEXIBLE_TEST_VALKEY")
	switch {
	case url != "":
	case os.Getenv("CODEXIBLE_TEST_STRICT") == "1":
		t.Fatal("CODEXIBLE_TEST_VALKEY names no server; make test starts one")
	default:
		t.Skip("CODEXIBLE_TEST_VALKEY names no server; make test starts one")
	}
	return url
}

// OddPasswords are hard to write into a URL; each holds the word sesame, or parts of it.
var OddPasswords = []string{
	"sesame", "ses@ame", "ses/ame", "ses?ame", "ses#ame", "ses%ame", "ses%40ame", "ses ame", "ses:ame", "[sesame]", "ses\\ame", "12/ses@ame", "12@34/ses", "@sesame", "ses%2", "ses\tame", "%zzses", "ses'ame", "ses\"ame",
}
