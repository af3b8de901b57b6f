package cli

import (
	"strings"
	"testing"

	"codexible/drills"

	"github.com/google/uuid"
)

func TestATestMailSaysWhatTheServerAnswers(t *testing.T) {
	server := drills.SMTP(t)
	s := newShell(t, "sqlite:"+t.TempDir()+"/none.db")
	if code, _, stderr := s.try("", "mail", "test", "ada@example.com"); code != ExitFailed || !strings.Contains(stderr, "set SMTP_URL and MAIL_FROM") {
		t.Errorf("without SMTP_URL: exit %d, %s", code, stderr)
	}
	s.env["SMTP_URL"], s.env["MAIL_FROM"] = server, "Codexible <codexible@example.com>"
	to := uuid.NewString() + "@example.com"
	var sent mailTestJSON
	s.json(&sent, "mail", "test", to)
	if !sent.Accepted || sent.Code != 250 || sent.To != to || !strings.Contains(sent.Answer, "id=") || !strings.HasPrefix(server, "smtp://codexible:") || strings.Contains(sent.Server, "codexible") {
		t.Errorf("%+v", sent)
	}
	if code, stdout, stderr := s.try("", "mail", "test", "nobody@example.com"); code != ExitFailed || stdout != "" || !strings.Contains(stderr, "did not take the mail: the mail server refuses the recipient: 550 no such mailbox") {
		t.Errorf("to an unknown mailbox: exit %d, %s%s", code, stdout, stderr)
	}
	s.env["SMTP_URL"] = strings.Replace(server, "codexible:", "codexible:topsecret", 1)
	if code, stdout, stderr := s.try("", "--json", "mail", "test", to); code != ExitFailed || !strings.Contains(stdout, `"code":535`) || strings.Contains(stdout+stderr, "topsecret") {
		t.Errorf("with a wrong password: exit %d, %s%s", code, stdout, stderr)
	}
}
