package mail

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"codexible/events"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var update = flag.Bool("update", false, "rewrite testdata/mails.txt")

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	person = uuid.MustParse("0193575d-0c00-7000-8000-000000000001")
)

// sample is an event of a type with everything that its data can have.
func sample(t events.Type, odd string, c *events.Credits) *events.Event {
	expires := noon.Add(7 * 24 * time.Hour)
	d := events.Data{User: &events.User{ID: person, Email: "ada@example.com" + odd, Plan: "Pro" + odd, Name: &odd}, Credits: c}
	switch t {
	case events.KeyExpiring:
		d.Key = &events.Key{Prefix: "cx-live-4f2a" + odd, Label: "laptop" + odd, ExpiresAt: &expires}
	case events.UpstreamDown, events.UpstreamRecovered:
		d.User, d.Upstream = nil, &events.Upstream{ID: person, Name: "vendor" + odd}
	case events.LedgerMismatch:
		d.User, d.Ledger = nil, &events.Ledger{Differences: 1234, First: []string{"2026-11-22 ada@example.com: 5 credits are stored, 6 were charged" + odd}}
	case events.BackupFailed:
		d.User, d.Failure = nil, &events.Failure{What: "backup", Details: "A scheduled backup failed. It is tried again every minute; the service's log says why it fails." + odd}
	default:
		if c != nil && c.Limit == "key" {
			d.Key = &events.Key{Prefix: "cx-live-4f2a" + odd, Label: "laptop" + odd}
		}
	}
	return &events.Event{ID: uuid.MustParse("0193575d-0c00-7000-8000-00000000000e"), At: noon, Type: t, UserID: person, Data: d.Encode()}
}

// samples are an event of every kind of mail.
func samples(odd string) (all []*events.Event) {
	for _, t := range events.ByMail() {
		switch t {
		case events.ThresholdReached:
			all = append(all, sample(t, odd, &events.Credits{Limit: "day", Threshold: 80, Date: "2026-11-23", CreditsUsed: 1200, CreditLimit: 1500, ResetsAt: noon.Add(12 * time.Hour)}),
				sample(t, odd, &events.Credits{Limit: "month", Threshold: 50, Date: "2026-11-23", CreditsUsed: 1_000_000, CreditLimit: 2_000_000, ResetsAt: noon.Add(180 * time.Hour)}))
		case events.QuotaExceeded:
			for _, limit := range []string{"day", "month", "key"} {
				all = append(all, sample(t, odd, &events.Credits{Limit: limit, Date: "2026-11-23", CreditsUsed: 1500, CreditLimit: 1500, ResetsAt: noon.Add(12 * time.Hour)}))
			}
		default:
			all = append(all, sample(t, odd, nil))
		}
	}
	return all
}

func written(m Message) string {
	return fmt.Sprintf("To: %s\nSubject: %s\nMessage-ID: %s\n\n%s\n----------\n\n", m.To, m.Subject, m.ID, m.Text)
}

func TestEveryMailIsAsCommitted(t *testing.T) {
	var got strings.Builder
	for _, e := range samples("") {
		to := events.Recipient{Email: "ada@example.com", Operates: !events.ToUser(e.Type)}
		got.WriteString(written(Compose(e, to, "https://api.example.com")))
	}
	got.WriteString(written(Compose(samples("")[0], events.Recipient{Email: "root@example.com", Operates: true}, "https://api.example.com")))
	got.WriteString(written(Compose(sample(events.UpstreamDown, "", nil), events.Recipient{Email: "root@example.com", Operates: true}, "")))
	got.WriteString(written(Reset("root@example.com", "https://api.example.com/admin/reset?token=TOKEN", "0193", noon, noon.Add(30*time.Minute))))
	got.WriteString(written(Test("root@example.com", "0193", noon)))
	if *update {
		if err := os.WriteFile("testdata/mails.txt", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/mails.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("run go test ./mail -run TestEveryMailIsAsCommitted -update and review the change; want - got +:\n%s", diff)
	}
}

func TestEveryTypeByMailHasAMailAndLinesThatFit(t *testing.T) {
	subjects := map[string]bool{}
	for _, e := range samples("") {
		m := Compose(e, events.Recipient{Email: "ada@example.com"}, "https://api.example.com")
		if subjects[m.Subject] || m.Subject == string(e.Type) || strings.Contains(m.Text, "https://") {
			t.Errorf("%s: another mail has the subject %q, or there is a link for somebody who cannot follow it", e.Type, m.Subject)
		}
		subjects[m.Subject] = true
		for line := range strings.SplitSeq(m.Text, "\n") {
			if utf8.RuneCountInString(line) > width && strings.Contains(line, " ") && !strings.Contains(line, ":") {
				t.Errorf("%s: the line %q is too long", e.Type, line)
			}
		}
	}
	for _, e := range samples("") { // what is missing in the data is left out
		for _, data := range []string{"{}", "not JSON", `{"user":null,"credits":{},"key":{}}`} {
			e.Data = []byte(data)
			if m := Compose(e, events.Recipient{Email: "ada@example.com", Operates: true}, "https://api.example.com"); m.Subject == "" || !strings.Contains(m.Text, e.ID.String()) {
				t.Errorf("%s with %s: %+v", e.Type, data, m)
			}
		}
	}
}

func TestNamesAndLabelsMakeNoLinesOfTheirOwn(t *testing.T) {
	for _, odd := range []string{"\r\nBcc: eve@example.com", "\n\nYour account is closed. Sign in at https://evil.example", "\x1b[2J\u2028x", strings.Repeat("x", 5000) + "\n.\n"} {
		for _, e := range samples(odd) {
			m := Compose(e, events.Recipient{Email: "ada@example.com", Operates: true}, "https://api.example.com")
			usual := Compose(samples("")[slices.IndexFunc(samples(odd), func(o *events.Event) bool { return string(o.Data) == string(e.Data) && o.Type == e.Type })], events.Recipient{Email: "ada@example.com", Operates: true}, "https://api.example.com")
			if strings.ContainsAny(oneLine(m.Subject)+m.Text, "\r\x1b\u2028") || strings.Count(m.Text, "\n\n") != strings.Count(usual.Text, "\n\n") {
				t.Errorf("%s with %q:\n%s", e.Type, odd, m.Text)
			}
		}
	}
}
