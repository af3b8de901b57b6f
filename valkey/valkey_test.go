package valkey

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/limits"
)

func TestURLsThatCannotBeUsedAreRefusedWithoutQuotingThem(t *testing.T) {
	for _, address := range []string{
		"",
		"localhost:6379",
		"http://:hunter2@localhost",
		"unix:///run/hunter2.sock",
		"redis://",
		"redis://:hunter2@localhost:port",
		"redis://:hunter/2@localhost:6379",
		"redis://:12/hunter2@localhost:6379",
		"redis://:a@hunter2@localhost:6379",
		"redis://:hunter2@localhost:6379/hunter2",
		"redis://:hunter2@localhost:6379/0/1",
		"redis://:hunter2@localhost:6379?dial_timeout=hunter2",
		"redis://:hunter2@localhost:6379?addr=localhost:6380",
		"redis://:hunter2@localhost:6379?master_set=hunter2",
		"redis://:hunter2\x7f@localhost:6379",
	} {
		s, err := Open(t.Context(), address)
		if err == nil {
			s.Close()
			t.Errorf("%q was accepted", address)
			continue
		}
		if said := err.Error(); strings.Contains(said, "hunter") || !strings.Contains(said, "Valkey URL must") {
			t.Errorf("%q: %s", address, said)
		}
	}
}

func TestAServerThatIsAwayIsOpenedAndFoundLater(t *testing.T) {
	p := startProcess(t)
	p.kill()
	s := open(t, strings.Replace(p.url(), "redis", "valkey", 1)+"/3")
	if err := s.Ping(t.Context()); err == nil {
		t.Fatal("a server that is away answered")
	}
	p.start()
	eventually(t, "the server answers", func() bool { return s.Ping(t.Context()) == nil })
	if _, err := s.Counter().Hit(t.Context(), limits.Key(newID()), 1); err != nil {
		t.Fatal(err)
	}
	if err := open(t, p.url()+"/3").Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if held := do(t, open(t, p.url()+"/3"), "DBSIZE"); held != 1 {
		t.Errorf("database 3 holds %d entries, want the one that was put", held)
	}
}

func TestWrongCredentialsStopTheStartAndAreNotRepeated(t *testing.T) {
	p := startProcess(t, "--requirepass", "correct-horse")
	for _, address := range []string{
		p.url(),
		strings.Replace(p.url(), "//", "//:battery-staple@", 1),
		strings.Replace(p.url(), "//", "//nobody:battery-staple@", 1),
		strings.Replace(p.url(), "//", "//:correct-horse@", 1) + "/4711",
	} {
		s, err := Open(t.Context(), address)
		if err == nil {
			s.Close()
			t.Errorf("%s was accepted", address)
			continue
		}
		if said := err.Error(); strings.Contains(said, "staple") || strings.Contains(said, "horse") || !strings.Contains(said, "check user, password") {
			t.Errorf("%s: %s", address, said)
		}
	}
	if err := open(t, strings.Replace(p.url(), "//", "//:correct-horse@", 1)).Ping(t.Context()); err != nil {
		t.Errorf("the right password: %v", err)
	}
}

func TestTLSIsSpokenAndCertificatesAreChecked(t *testing.T) {
	certificate, key := selfSigned(t)
	tlsPort := freePort(t)
	p := startProcess(t, "--tls-port", tlsPort, "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-ca-cert-file", certificate,
		"--tls-auth-clients", "no")
	for _, scheme := range []string{"rediss", "valkeys"} {
		address := scheme + "://127.0.0.1:" + tlsPort
		if err := open(t, address+"?skip_verify=true").Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		if err := open(t, address).Ping(t.Context()); err == nil {
			t.Errorf("%s: a certificate that nobody vouches for was accepted", scheme)
		}
	}
	if err := open(t, "redis://127.0.0.1:"+tlsPort).Ping(t.Context()); err == nil {
		t.Error("a plain connection to the TLS port was accepted")
	}
	if err := open(t, p.url()).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func selfSigned(t *testing.T) (certificateFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("certificate.pem", "CERTIFICATE", certificate), write("key.pem", "PRIVATE KEY", private)
}

func TestAClosedServerFailsInsteadOfWaiting(t *testing.T) {
	s, err := Open(t.Context(), startProcess(t).url())
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := s.Ping(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("got %v, want an error at once", err)
	}
}
