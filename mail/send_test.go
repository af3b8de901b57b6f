package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

func TestAMailIsPlainTextThatSaysWhatMadeIt(t *testing.T) {
	f := newFake(t, nil)
	accepted, err := sends(t, f, nil)
	if err != nil || accepted.Code != 250 || !strings.Contains(accepted.Answer, "queued as 42") {
		t.Fatal(accepted, err)
	}
	m := f.taken(t)[0]
	for name, want := range map[string]string{
		"To": "<ada@example.com>", "Message-Id": "<5f2c@example.com>", "Auto-Submitted": "auto-generated",
		"Content-Type": "text/plain; charset=UTF-8", "Date": "Wed, 04 Mar 2026 05:06:07 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if from, _ := netmail.ParseAddress(m.Header.Get("From")); subject != "Grüße" || err != nil || from.Name != "Codexible Köln" || from.Address != "codexible@example.com" {
		t.Errorf("%q from %v, %v", subject, from, err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if want := strings.Repeat("A line — of text.\r\n", 20); err != nil || string(text) != want {
		t.Errorf("the text is %q, %v", text, err)
	}
}

func TestNothingInAMailMakesAnotherHeaderOrCommand(t *testing.T) {
	f := newFake(t, nil)
	s := newSender(t, "smtp://"+f.Addr().String())
	for _, odd := range []string{"x\r\nBcc: eve@example.com", "x\nBcc: eve@example.com\n\nbody", "x\rBcc: eve@example.com", "x\u2028Bcc: eve@example.com", "=?utf-8?q?x=0D=0ABcc:_eve@example.com?=", strings.Repeat("long word ", 60) + "\r\nBcc: eve@example.com"} {
		if _, err := s.Send(context.Background(), Message{ID: "1", To: "ada@example.com", Subject: odd, Text: odd + "\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"}); err != nil {
			t.Fatalf("%q: %v", odd, err)
		}
	}
	for _, m := range f.taken(t) {
		if len(m.Header["Bcc"]) > 0 || len(m.Header["To"]) != 1 {
			t.Errorf("the headers are %v", m.Header)
		}
	}
	for _, to := range []string{"ada@example.com>\r\nRCPT TO:<eve@example.com", "ada", "", "Ada <ada@example.com>", "ada@example.com\r\nBcc: eve@example.com"} {
		_, err := s.Send(context.Background(), Message{ID: "1", To: to, Subject: "x", Text: "x"})
		if failed, is := errors.AsType[*SendError](err); !is || !failed.Refused {
			t.Errorf("a mail to %q: %v", to, err)
		}
	}
	for _, command := range f.asked() {
		if strings.Contains(command, "eve@") {
			t.Errorf("the server got %q", command)
		}
	}
}

func TestWhatTheServerAnswersDecidesWhetherAMailIsTriedAgain(t *testing.T) {
	for name, try := range map[string]struct {
		command, answer string
		code            int
		refused         bool
		says            string
	}{
		"a greeting of another program": {"", "554 not here", 554, false, "does not greet: 554 not here"},
		"a refused greeting":            {"EHLO", "", 0, false, "within 1 s"},
		"a wrong password":              {"AUTH", "535 5.7.8 topsecret is wrong", 535, false, "refuses the sign-in of SMTP_URL: 535 5.7.8 *** is wrong"},
		"a sender that is not allowed":  {"MAIL", "550 not yours", 550, false, "refuses MAIL_FROM: 550"},
		"an unknown mailbox":            {"RCPT", "550 5.1.1 ada@example.com unknown\x1b[2J", 550, true, "refuses the recipient: 550 5.1.1 the recipient unknown"},
		"greylisting":                   {"RCPT", "450 4.2.0 come again", 450, false, "450 4.2.0 come again"},
		"no room":                       {"DATA", "452 4.3.1 full", 452, false, "452"},
		"a mail that is not wanted":     {".", "554 5.7.1 spam", 554, true, "refuses the mail: 554"},
		"a queue that is full":          {".", "451 4.3.0 later", 451, false, "451"},
		"an answer that never comes":    {".", "", 0, false, "within 1 s"},
		"an answer without an end":      {"MAIL", strings.Repeat("250-more\r\n", 200_000), 0, false, "sends too much"},
		"an answer that is none":        {"RCPT", "hello", 0, false, "refuses the recipient"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, func(f *fake) { f.answers[try.command] = try.answer })
			_, err := sends(t, f, func(s *Sender) {
				if try.answer == "" {
					s.patience = time.Second
				}
			})
			failed, is := errors.AsType[*SendError](err)
			if !is || failed.Code != try.code || failed.Refused != try.refused || !strings.Contains(err.Error(), try.says) || strings.ContainsAny(err.Error(), "\r\n\x1b") || strings.Contains(err.Error(), "topsecret") {
				t.Errorf("%#v: %v", failed, err)
			}
		})
	}
}

func TestAMailWhoseConnectionBreaksOffIsTriedAgain(t *testing.T) {
	f := newFake(t, func(f *fake) { f.drops = 3 })
	_, err := sends(t, f, nil)
	if failed, is := errors.AsType[*SendError](err); !is || failed.Refused || failed.Code != 0 || len(f.taken(t)) != 0 {
		t.Errorf("%v", err)
	}
	_, err = sends(t, f, func(s *Sender) {
		s.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }
	})
	if err == nil || err.Error() != "no connection to the mail server: connection refused" {
		t.Error(err)
	}
}

func TestNothingIsSentWithoutTLSUnlessItIsOnThisMachine(t *testing.T) {
	f := newFake(t, nil)
	for _, server := range []string{"smtp://me:topsecret@mail.example.com:587", "smtps://me:topsecret@mail.example.com:465"} {
		_, err := sends(t, f, func(s *Sender) {
			s.server, _ = parse(t, server)
			s.patience = time.Second
			s.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, f.Addr().String())
			}
		})
		if failed, is := errors.AsType[*SendError](err); !is || failed.Refused {
			t.Errorf("%s: %v", server, err)
		}
	}
	for _, command := range f.asked() {
		if command, _, _ := strings.Cut(command, " "); command != "EHLO" && strings.ToUpper(command) == command && len(command) == 4 {
			t.Errorf("the server got %q", command)
		}
	}
	if len(f.asked()) == 0 {
		t.Error("the server was not asked for STARTTLS")
	}
	if _, err := sends(t, f, func(s *Sender) {
		s.server, _ = parse(t, "smtp://me:topsecret@mail.example.com:587?tls=off")
		s.dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, f.Addr().String())
		}
	}); err != nil {
		t.Errorf("with tls=off: %v", err)
	}
}

func TestTheServerAndItsPasswordAreReadFromOneURL(t *testing.T) {
	for text, want := range map[string]string{
		"smtp://mail.example.com": "smtp://mail.example.com:587", "smtps://u:p@mail.example.com": "smtps://mail.example.com:465", "smtp://u:p%40@[::1]:2525/": "smtp://[::1]:2525", "smtp://u:p@h?tls=off": "smtp://h:587",
	} {
		s, err := parse(t, text)
		if err != nil || s.String() != want || fmt.Sprintf("%v %+v %#v %s", s, s, s, s) != strings.Join([]string{want, want, want, want}, " ") {
			t.Errorf("%s is %s, %v, want %s", text, s, err, want)
		}
	}
	s := newSender(t, "smtp://me:topsecret@127.0.0.1")
	if text := fmt.Sprintf("%v %+v %#v %v", s, s, *s, []Server{s.server}); strings.Contains(text, "topsecret") {
		t.Errorf("printed, a Sender shows the password: %s", text)
	}
}
