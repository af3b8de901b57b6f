package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"

	"codexible/drills"
)

func TestAReplacedCertificateIsServedAndABrokenOneIsNot(t *testing.T) {
	files := drills.NewPairFiles(t)
	files.Write(t, 1)
	var log bytes.Buffer
	c, err := openCertificate(files.Cert, files.Key, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	encrypted := tls.NewListener(listener, c.config())
	t.Cleanup(func() { _ = encrypted.Close() })
	go func() {
		for {
			conn, err := encrypted.Accept()
			if err != nil {
				return
			}
			go func() {
				if encrypted, is := conn.(*tls.Conn); is {
					_ = encrypted.HandshakeContext(ctx)
				}
				_ = conn.Close()
			}()
		}
	}()
	third, thirdKey := drills.NewPair(t, 3)
	for _, step := range []struct {
		name   string
		do     func()
		serial int64
		logs   string
	}{
		{"unchanged", func() {}, 1, ""},
		{"both replaced", func() { files.Write(t, 2) }, 2, "was replaced"},
		{"a broken one", func() { drills.Replace(t, files.Cert, []byte("no certificate")) }, 2, ""},
		{"still broken", func() {}, 2, "cannot be used"},
		{"broken and logged", func() {}, 2, ""},
		{"another, whose key is to come", func() { drills.Replace(t, files.Cert, third) }, 2, ""},
		{"the key has come", func() { drills.Replace(t, files.Key, thirdKey) }, 3, "was replaced"},
		{"the files are deleted", func() { _ = os.Remove(files.Cert) }, 3, ""},
		{"still deleted", func() {}, 3, "cannot be used"},
		{"they are back", func() { files.Write(t, 4) }, 4, "was replaced"},
	} {
		log.Reset()
		step.do()
		c.refresh(ctx)
		if serial := drills.ShownSerial(t, listener.Addr().String()); serial != step.serial {
			t.Errorf("%s: certificate %d is shown, want %d", step.name, serial, step.serial)
		}
		if (step.logs == "") != (log.Len() == 0) || !strings.Contains(log.String(), step.logs) {
			t.Errorf("%s: it was logged %q, want %q", step.name, log.String(), step.logs)
		}
	}
}

func TestACertificateThatCannotBeUsedStopsTheStart(t *testing.T) {
	files := drills.NewPairFiles(t)
	files.Write(t, 1)
	_, otherKey := drills.NewPair(t, 2)
	drills.Replace(t, files.Key, otherKey)
	for _, broken := range []drills.PairFiles{files, drills.NewPairFiles(t)} {
		if _, err := openCertificate(broken.Cert, broken.Key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "TLS_CERT and TLS_KEY cannot be used") {
			t.Errorf("got %v", err)
		}
	}
}
