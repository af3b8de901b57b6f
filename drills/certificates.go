package drills

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// PairFiles are a certificate and its key on the disk.
type PairFiles struct{ Cert, Key string }

// NewPairFiles names the files in a folder of the test's.
func NewPairFiles(t *testing.T) PairFiles {
	t.Helper()
	folder := t.TempDir()
	return PairFiles{filepath.Join(folder, "fullchain.pem"), filepath.Join(folder, "privkey.pem")}
}

// NewPair makes a certificate for 127.0.0.1 with a serial number of its own.
func NewPair(t *testing.T, serial int64) (certPEM, keyPEM []byte) {
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

// Replace replaces a file by a rename, as certbot and Kubernetes do.
func Replace(t *testing.T, file string, body []byte) {
	t.Helper()
	if err := os.WriteFile(file+".next", body, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".next", file); err != nil {
		t.Fatal(err)
	}
}

// Write writes a new pair.
func (p PairFiles) Write(t *testing.T, serial int64) {
	t.Helper()
	cert, key := NewPair(t, serial)
	Replace(t, p.Cert, cert)
	Replace(t, p.Key, key)
}

// ShownSerial connects and returns the serial number of the certificate.
func ShownSerial(t *testing.T, address string) int64 {
	t.Helper()
	dialed, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, _ := dialed.(*tls.Conn)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}
