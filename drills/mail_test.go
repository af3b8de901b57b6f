package drills

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"codexible/store/storetest"

	"github.com/google/uuid"
)

// emailOf is a customer's address.
func emailOf(t *testing.T, database string, c customer) string {
	t.Helper()
	u, err := openStore(t, database).User(context.Background(), c.userID)
	if err != nil {
		t.Fatal(err)
	}
	return u.Email
}

func charges(t *testing.T, p *process, c customer, n int) {
	t.Helper()
	for range n {
		if a := chargeOver(p.url, c.secrets[0], ""); a.status != http.StatusOK {
			t.Fatalf("a charge: %d", a.status)
		}
	}
}

// mailed are the settings with which a program sends mail.
func mailed(database, server string) []string {
	return []string{"DATABASE_URL=" + database, "SMTP_URL=" + server, "MAIL_FROM=Codexible <codexible@example.com>", "PUBLIC_URL=https://console.example.com"}
}

func TestAChargeThatReachesAThresholdSendsAMail(t *testing.T) {
	server := SMTP(t)
	storetest.EachURL(t, func(t *testing.T, database string) {
		c := newCustomer(t, database, 10, 1)
		to := emailOf(t, database, c)
		service := startProgram(t, mailed(database, server)...)
		charges(t, service, c, 8)
		var got []Mail
		Eventually(t, 20*time.Second, "mails of two thresholds", func() bool { got = Mailbox(t, to); return len(got) == 2 })
		for _, percent := range []string{"50", "80"} {
			found := false
			for _, m := range got {
				found = found || strings.HasPrefix(m.Subject, percent+" % of your credits for ") && strings.Contains(m.Text, "Account:      "+to) && strings.Contains(m.Header.Get("From"), "codexible@example.com")
			}
			if !found {
				t.Errorf("no mail of %s %% in %+v", percent, got)
			}
		}
		charges(t, service, c, 2)
		Eventually(t, 20*time.Second, "the mail of all credits", func() bool { return len(Mailbox(t, to)) == 3 })
		for range 3 {
			if a := chargeOver(service.url, c.secrets[0], ""); a.status != http.StatusTooManyRequests {
				t.Fatalf("a charge too many: %d", a.status)
			}
		}
		Eventually(t, 20*time.Second, "one mail of the refusals", func() bool { return len(Mailbox(t, to)) == 4 })
		if page := get(t, service.url+"/metrics").body; !strings.Contains(page, `codexible_mail_attempts_total{result="sent"} 4`) {
			t.Errorf("/metrics has %s", regexp.MustCompile(`codexible_mail.*`).FindAllString(page, -1))
		}
		service.stop(t)
		if text := service.printed(); strings.Contains(text, to) || strings.Contains(text, strings.Split(strings.TrimPrefix(server, "smtp://codexible:"), "@")[0]) {
			t.Errorf("the log has the address or the password of a mail: %s", text)
		}
	})
}

func TestMailArrivesOnceThoughTheServiceIsKilled(t *testing.T) {
	server := SMTP(t)
	stalling, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan net.Conn, 100)
	go func() {
		for {
			conn, err := stalling.Accept()
			if err != nil {
				close(asked)
				return
			}
			asked <- conn // and it never greets
		}
	}()
	t.Cleanup(func() { _ = stalling.Close() })
	storetest.EachURL(t, func(t *testing.T, database string) {
		c := newCustomer(t, database, 10, 1)
		to := emailOf(t, database, c)
		service := startProgram(t, mailed(database, "smtp://"+stalling.Addr().String())...)
		charges(t, service, c, 5)
		select { // the event is committed, its mail is under way
		case conn := <-asked:
			defer func() { _ = conn.Close() }()
		case <-time.After(20 * time.Second):
			t.Fatal("no mail is tried")
		}
		service.kill()
		charged := time.Now()
		// A command that happens while no service runs leaves its mail to the next one.
		if _, stderr, code := codexible(t, mailed(database, server), "key", "create", "--user", to, "--label", "soon over", "--expires-at", charged.Add(72*time.Hour).UTC().Format(time.RFC3339)); code != 0 {
			t.Fatal(stderr)
		}
		if n := len(Mailbox(t, to)); n != 0 {
			t.Fatalf("%d mails came before", n)
		}
		// As if the lease of the killed attempt were over.
		storetest.Exec(t, database, "UPDATE deliveries SET due_at = (SELECT e.at FROM events AS e WHERE e.id = deliveries.event_id)")
		service = startProgram(t, mailed(database, server)...)
		var got []Mail
		Eventually(t, 30*time.Second, "both mails to arrive", func() bool { got = Mailbox(t, to); return len(got) >= 2 })
		raw := storetest.Raw(t, database)
		Eventually(t, 20*time.Second, "every delivery to end", func() bool {
			return storetest.Count(t, raw, "SELECT COUNT(*) FROM deliveries WHERE status <> 'delivered'") == 0
		})
		service.stop(t)
		if got = Mailbox(t, to); len(got) != 2 {
			t.Errorf("there are %d mails: %+v", len(got), got)
		}
	})
}

func TestAForgottenPasswordIsChosenAgainByARealMail(t *testing.T) {
	server, database, host := SMTP(t), storetest.SQLiteURL(t), "https://"+uuid.NewString()+".example"
	service := startProgram(t, "DATABASE_URL="+database, "SMTP_URL="+server, "MAIL_FROM=codexible@example.com", "PUBLIC_URL="+host)
	browser := operatorOf(t, service)
	_, page := service.page(t, browser, "/admin/forgot", nil)
	if status, page := service.page(t, browser, "/admin/forgot", url.Values{"_csrf": {formTokenOf(t, page)}, "email": {"OPS@example.com"}}); status != http.StatusOK {
		t.Fatal(status, page)
	}
	var link string
	Eventually(t, 20*time.Second, "the link to arrive", func() bool {
		for _, m := range Mailbox(t, "ops@example.com") {
			if found := regexp.MustCompile(host + `/admin/reset\?token=\S+`).FindString(m.Text); found != "" {
				link = found
			}
		}
		return link != ""
	})
	path, token := strings.TrimPrefix(link, host), link[strings.Index(link, "=")+1:]
	_, page = service.page(t, browser, path, nil)
	status, page := service.page(t, browser, "/admin/reset", url.Values{"_csrf": {formTokenOf(t, page)}, "token": {token}, "password": {"another long password"}})
	if status != http.StatusOK || !strings.Contains(page, "Password changed") {
		t.Fatal(status, page)
	}
	if status, page := service.page(t, browser, "/admin/login", url.Values{"_csrf": {formTokenOf(t, page)}, "email": {"ops@example.com"}, "password": {"another long password"}}); status != http.StatusOK || !strings.Contains(page, "/admin/logout") {
		t.Fatal(status, page)
	}
	answer := service.open(t, browser, path, nil)
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("the used link answers %d", answer.StatusCode)
	}
	service.stop(t)
	raw := storetest.Raw(t, database)
	if strings.Contains(service.printed(), token) || storetest.Count(t, raw, "SELECT COUNT(*) FROM audit_log WHERE details LIKE '%"+token+"%' OR search LIKE '%"+token+"%'") != 0 {
		t.Error("the token is in the log or in the audit log")
	}
}
