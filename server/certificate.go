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

// certificate is the certificate that the service shows, and the files that it
// is read from. One that is replaced on the disk is shown to the connections
// that are opened after it, without a restart.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	current           atomic.Pointer[tls.Certificate]

	// seen is how the files looked when they were last read.
	seen    [2]fileState
	trouble trouble
}

// trouble is what is known of files that have changed.
type trouble uint8

const (
	none trouble = iota
	// suspected: they could not be used at the last look, perhaps because one was not yet there.
	suspected
	told
)

// fileState changes when a file is written or replaced.
type fileState struct {
	size     int64
	modified time.Time
	missing  bool
}

// certificateLook is how often the files are looked at.
const certificateLook = time.Second

// openCertificate reads the files; they have to be right at the start.
func openCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	c.seen = c.look()
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("TLS_CERT and TLS_KEY cannot be used: %w", err)
	}
	return c, nil
}

func (c *certificate) look() (states [2]fileState) {
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

// refresh reads the files again where they have changed. A pair that cannot be
// used is tried once more at the next look, for two files are not replaced at
// one moment; where it is still so then it is logged, and the one before stays.
func (c *certificate) refresh(ctx context.Context) {
	states := c.look()
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
		c.trouble = told
		c.log.ErrorContext(ctx, "the TLS certificate on the disk cannot be used, and the one before it stays in use: write TLS_CERT and TLS_KEY again", "error", err)
	}
}

// config is how connections are encrypted. The front door speaks HTTP/1.1.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current.Load(), nil },
	}
}
