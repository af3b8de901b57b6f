package mail

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"codexible/drills"

	"github.com/google/uuid"
)

func TestARealServerTakesMailWithTLSAndAPassword(t *testing.T) {
	url := drills.SMTP(t)
	s := newSender(t, url)
	to := uuid.NewString() + "@example.com"
	// A line of a dot alone ends a mail, and long lines and other letters have to be encoded.
	text := "Grüße\n.\n..\n.x\nFrom here\n" + strings.Repeat("long ", 300) + "ends.\n\n=20\n"
	accepted, err := s.Send(context.Background(), Message{ID: "5f2c." + to[:8], To: to, Subject: "80 % — " + strings.Repeat("größer ", 20), Text: text, At: time.Now()})
	if err != nil || accepted.Code != 250 || !strings.Contains(accepted.Answer, "id=") {
		t.Fatal(accepted, err)
	}
	var got []drills.Mail
	drills.Eventually(t, 20*time.Second, "the mail to arrive", func() bool { got = drills.Mailbox(t, to); return len(got) > 0 })
	m := got[0]
	if m.Text != text || m.Subject != "80 % — "+strings.TrimSpace(strings.Repeat("größer ", 20)) {
		t.Errorf("%q: %q", m.Subject, m.Text)
	}
	if m.Get("Message-Id") != "<5f2c."+to[:8]+"@example.com>" || m.Get("Auto-Submitted") != "auto-generated" || !strings.Contains(m.Get("Received"), "esmtpsa") {
		t.Errorf("%v", m.Header)
	}
}

func TestARealServersRefusalsAreToldApart(t *testing.T) {
	url := drills.SMTP(t)
	plain, _, _ := strings.Cut(url, "?")
	for name, try := range map[string]struct {
		url, to string
		code    int
		refused bool
	}{
		"an unknown mailbox":    {url, "nobody@example.com", 550, true},
		"come again":            {url, "later@example.com", 451, false},
		"another domain":        {url, "ada@elsewhere.example", 550, true},
		"a wrong password":      {strings.Replace(url, "codexible:", "codexible:x", 1), "ada@example.com", 535, false},
		"no TLS, so no sign-in": {plain + "?tls=off", "ada@example.com", 0, false},
	} {
		_, err := newSender(t, try.url).Send(context.Background(), Message{ID: "1", To: try.to, Subject: "x", Text: "x", At: time.Now()})
		if failed, is := errors.AsType[*SendError](err); !is || failed.Code != try.code || failed.Refused != try.refused || strings.Contains(err.Error(), try.to) {
			t.Errorf("%s: %#v, %v", name, failed, err)
		}
	}
}

func TestACertificateOfAnotherIsRefused(t *testing.T) {
	s := newSender(t, drills.SMTP(t))
	s.server.roots = nil // those of the system
	_, err := s.Send(context.Background(), Message{ID: "1", To: "ada@example.com", Subject: "x", Text: "x", At: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "no TLS with the mail server") {
		t.Error(err)
	}
}
