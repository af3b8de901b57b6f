package drills

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Mail is a mail that the SMTP server of the tests has delivered.
type Mail struct {
	mail.Header

	// Subject and Text are decoded; lines of Text end with \n.
	Subject, Text string
}

// SMTP is the URL of the SMTP server that make test starts; the test is skipped without one,
// and fails where CODEXIBLE_TEST_STRICT is set. It takes mail for every mailbox of
// example.com but nobody, which it does not know, and later, to which it is to come again.
func SMTP(t testing.TB) string {
	t.Helper()
	url := os.Getenv("CODEXIBLE_TEST_SMTP")
	if url == "" {
		if os.Getenv("CODEXIBLE_TEST_STRICT") != "" {
			t.Fatal("CODEXIBLE_TEST_SMTP names no SMTP server, and under make test nothing is skipped")
		}
		t.Skip("CODEXIBLE_TEST_SMTP names no SMTP server; make test starts one")
	}
	return url
}

// Mailbox reads what the SMTP server has delivered to an address.
func Mailbox(t testing.TB, to string) (all []Mail) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("CODEXIBLE_TEST_MAILDIR"), "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if m.Header.Get("To") != "<"+to+">" {
			continue
		}
		body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatal(err)
		}
		one := Mail{Header: m.Header, Text: strings.ReplaceAll(string(body), "\r\n", "\n")}
		if one.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}
