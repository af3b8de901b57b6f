package mail

import (
	"context"
	"log/slog"
	"net/mail"
	"strings"
	"testing"
	"time"

	"codexible/events"
)

func TestMailsToCustomersHaveTheProductsName(t *testing.T) {
	plain := Message{ID: "1", To: "ada@example.com", Subject: "Your link", Text: "Open it.\n", At: noon}
	if got := (Brand{}).On(plain); got != plain {
		t.Errorf("without a brand a mail becomes %+v", got)
	}
	got := Brand{Name: "Acme\r\nBcc: eve@example.com", Help: []string{"help@example.com", "", "https://example.com/help"}}.On(plain)
	if got.FromName != "Acme Bcc: eve@example.com" || got.Subject != "Acme Bcc: eve@example.com: Your link" || got.Text != "Open it.\n\n-- \nAcme Bcc: eve@example.com\nhelp@example.com\nhttps://example.com/help\n" {
		t.Errorf("with a brand it becomes %+v", got)
	}
	if got := (Brand{Help: []string{"help@example.com"}}).On(plain); got.Subject != plain.Subject || got.FromName != "" || !strings.HasSuffix(got.Text, "-- \nhelp@example.com\n") {
		t.Errorf("with an address alone it becomes %+v", got)
	}
	from := &mail.Address{Name: "Service", Address: "service@example.com"}
	for name, want := range map[string]string{"": `"Service" <service@example.com>`, "Acme AI": `"Acme AI" <service@example.com>`, "Ü": `=?utf-8?q?=C3=9C?= <service@example.com>`} {
		written, err := NewSender(Server{}, from).write(Message{ID: "1", To: "ada@example.com", FromName: name, At: noon})
		if err != nil {
			t.Fatal(err)
		}
		if got := written.GetFromString(); len(got) != 1 || got[0] != want {
			t.Errorf("the sender of %q is %q, want %q", name, got, want)
		}
	}
	if from.Name != "Service" {
		t.Error("a mail changed the sender of all")
	}
}

// brandTurns lets every mail go to one customer and one operator.
type brandTurns struct{ Turns }

func (brandTurns) MailRecipients(context.Context, *events.Event) ([]events.Recipient, error) {
	return []events.Recipient{{Email: "ada@example.com"}, {Email: "root@example.com", Operates: true}}, nil
}

func (brandTurns) TakeMailTurn(context.Context, []byte, time.Time, time.Time) (bool, time.Time, error) {
	return true, time.Time{}, nil
}

func (brandTurns) MailSentAt(context.Context, []byte) (time.Time, error) { return time.Time{}, nil }

func (brandTurns) NoteMailSent(context.Context, ...[]byte) error { return nil }

func TestOperatorsGetMailsWithoutTheProductsName(t *testing.T) {
	sent := map[string]Message{}
	c := &Courier{
		Turns: brandTurns{}, Now: func() time.Time { return noon }, Observe: func(string) {}, Log: slog.New(slog.DiscardHandler),
		Brand: func(context.Context) Brand { return Brand{Name: "Acme AI"} },
		Send: func(_ context.Context, m Message) (Accepted, error) {
			sent[m.To] = m
			return Accepted{Code: 250}, nil
		},
	}
	c.Deliver(t.Context(), nil, samples("")[0])
	if mine, others := sent["ada@example.com"], sent["root@example.com"]; mine.FromName != "Acme AI" || !strings.HasPrefix(mine.Subject, "Acme AI: ") || others.FromName != "" || others.Subject == "" || strings.Contains(others.Subject+others.Text, "Acme") {
		t.Errorf("sent %+v", sent)
	}
}
