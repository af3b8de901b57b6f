package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// certificate is the TLS certificate in use and the files it was read from.
// Connections opened after the files are replaced get the new one.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	// seen is the files' state when they were last read.
	seen    [2]fileState
	trouble trouble
}

// trouble is whether changed files can be used.
type trouble uint8

const (
	none trouble = iota
	// suspected: they could not be used at the last check, perhaps because only one was replaced yet.
	suspected
	logged
)

// fileState changes when a file is written or replaced.
type fileState struct {
	size     int64
	modified time.Time
	missing  bool
}

// certificateCheckInterval is the time between two checks of the files.
const certificateCheckInterval = time.Second

// openCertificate reads the files, and fails if they cannot be used.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.seen = c.fileStates()
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("TLS_CERT and TLS_KEY cannot be used: %w", err)
	}
	return c, nil
}

func (c *certificate) fileStates() (states [2]fileState) {
	for i, file := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			states[i].missing = true
			continue
		}
		states[i] = fileState{size: info.Size(), modified: info.ModTime()}
	}
	return states
}

func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.current.Store(&pair)
	return nil
}

// refresh reads the files again if they have changed. A pair that cannot be used is
// tried once more at the next check, because two files are not replaced at one
// moment. If it fails again, that is logged and the previous certificate stays.
func (c *certificate) refresh(ctx context.Context) {
	states := c.fileStates()
	changed := states != c.seen
	if !changed && c.trouble != suspected {
		return
	}
	c.seen = states
	err := c.read()
	switch {
	case err == nil:
		c.trouble = none
		c.log.InfoContext(ctx, "the TLS certificate was replaced", "valid_until", c.current.Load().Leaf.NotAfter)
	case changed:
		c.trouble = suspected
	default:
		c.trouble = logged
		c.log.ErrorContext(ctx, "the TLS certificate on the disk cannot be used and the previous one stays in use: write TLS_CERT and TLS_KEY again", "error", err)
	}
}

// config is the TLS configuration of the listener; the HTTP server speaks HTTP/1.1 only.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
