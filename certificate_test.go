package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pairFiles are a certificate and its key on the disk.
type pairFiles struct{ cert, key string }

func newPairFiles(t *testing.T) pairFiles {
	t.Helper()
	folder := t.TempDir()
	return pairFiles{filepath.Join(folder, "fullchain.pem"), filepath.Join(folder, "privkey.pem")}
}

// newPair makes a certificate for 127.0.0.1 with a serial number by which it is told from others.
func newPair(t *testing.T, serial int64) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// replace puts a file in the place of another, as certbot and Kubernetes do.
func replace(t *testing.T, file string, body []byte) {
	t.Helper()
	if err := os.WriteFile(file+".next", body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".next", file); err != nil {
		t.Fatal(err)
	}
}

func (p pairFiles) write(t *testing.T, serial int64) {
	t.Helper()
	cert, key := newPair(t, serial)
	replace(t, p.cert, cert)
	replace(t, p.key, key)
}

// shownSerial connects and says which certificate is shown.
func shownSerial(t *testing.T, address string) int64 {
	t.Helper()
	dialed, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, _ := dialed.(*tls.Conn)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestAReplacedCertificateIsShownAndABrokenOneIsNot(t *testing.T) {
	files := newPairFiles(t)
	files.write(t, 1)
	var log bytes.Buffer
	c, err := openCertificate(files.cert, files.key, slog.New(slog.NewTextHandler(&log, nil)))
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
	third, thirdKey := newPair(t, 3)
	for _, step := range []struct {
		name   string
		do     func()
		serial int64
		logs   string
	}{
		{"unchanged", func() {}, 1, ""},
		{"both replaced", func() { files.write(t, 2) }, 2, "was replaced"},
		{"a broken one", func() { replace(t, files.cert, []byte("no certificate")) }, 2, ""},
		{"still broken", func() {}, 2, "cannot be used"},
		{"broken and told", func() {}, 2, ""},
		{"another, whose key is to come", func() { replace(t, files.cert, third) }, 2, ""},
		{"the key has come", func() { replace(t, files.key, thirdKey) }, 3, "was replaced"},
		{"the files are gone", func() { _ = os.Remove(files.cert) }, 3, ""},
		{"still gone", func() {}, 3, "cannot be used"},
		{"they are back", func() { files.write(t, 4) }, 4, "was replaced"},
	} {
		log.Reset()
		step.do()
		c.refresh(ctx)
		if serial := shownSerial(t, listener.Addr().String()); serial != step.serial {
			t.Errorf("%s: certificate %d is shown, want %d", step.name, serial, step.serial)
		}
		if (step.logs == "") != (log.Len() == 0) || !strings.Contains(log.String(), step.logs) {
			t.Errorf("%s: it was logged %q, want %q", step.name, log.String(), step.logs)
		}
	}
}

func TestACertificateThatCannotBeUsedStopsTheStart(t *testing.T) {
	files := newPairFiles(t)
	files.write(t, 1)
	_, otherKey := newPair(t, 2)
	replace(t, files.key, otherKey)
	for _, broken := range []pairFiles{files, newPairFiles(t)} {
		if _, err := openCertificate(broken.cert, broken.key, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "TLS_CERT and TLS_KEY cannot be used") {
			t.Errorf("got %v", err)
		}
	}
}
