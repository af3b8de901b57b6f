package cli

import (
	"strings"
	"testing"

	"codexible/store/storetest"
)

// The command line holds its texts and times to the rules of the API.
func TestTheCommandLineTakesTheTextsAndTimesOfTheAPI(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		run := func(args ...string) (int, string) {
			code, stdout, stderr := s.try("", args...)
			return code, stdout + stderr
		}
		if code, said := run("migrate", "up"); code != ExitOK {
			t.Fatal(said)
		}
		if code, said := run("user", "create", "--email", "ada@example.com", "--plan", "Pro"); code != ExitOK {
			t.Fatal(said)
		}
		for _, try := range []struct {
			exit int
			says string
			args []string
		}{
			{ExitFailed, "email must be", []string{"user", "create", "--plan", "Pro", "--email", "a\u200bda@example.com"}},
			{ExitUsage, "not in UTF-8", []string{"user", "create", "--plan", "Pro", "--email", "bo\xffb@example.com"}},
			{ExitFailed, "already exists", []string{"user", "create", "--plan", "Pro", "--email", "ＡＤＡ＠example.com"}},
			{ExitUsage, "not in UTF-8", []string{"user", "create", "--plan", "Pro", "--email", "b@x.de", "--name", "a\xff"}},
			{ExitFailed, "email must be", []string{"user", "create", "--plan", "Pro", "--email", "bo\ufffdb@example.com"}},
			{ExitFailed, "name must have", []string{"user", "create", "--plan", "Pro", "--email", "b@x.de", "--name", strings.Repeat("a", 101)}},
			{ExitFailed, "plan must", []string{"user", "create", "--email", "b@x.de", "--plan", "\u200b"}},
			{ExitFailed, "label must be plain text", []string{"key", "create", "--user", "ada@example.com", "--label", "a\uffff"}},
			{ExitUsage, "not in UTF-8", []string{"key", "create", "--user", "ada@example.com", "--label", "a\xff"}},
			{ExitUsage, "not in UTF-8", []string{"key", "create", "--user", "\xff"}},
			{ExitOK, "label  Default", []string{"key", "create", "--user", "ada@example.com", "--label", "\u202e\u200b \u3000"}},
			{ExitOK, "label  ab", []string{"key", "create", "--user", "ada@example.com", "--label", "a\u202eb"}},
			{ExitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "9999-12-31T23:59:59Z"}},
			{ExitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "2101-01-01T00:00:00Z"}},
			{ExitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "0001-01-01T00:00:00Z"}},
			{ExitUsage, "RFC 3339", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "tomorrow"}},
			{ExitFailed, "must be in the future", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "2000-01-01T00:00:00Z"}},
			{ExitFailed, "display_name must be plain text", []string{"model", "create", "coder", "--display-name", "a\uffff"}},
			{ExitFailed, "name must have 1 to 200 printable", []string{"model", "create", "co\u200bder"}},
			{ExitUsage, "not in UTF-8", []string{"price", "list", "--model", "\xff"}},
			{ExitUsage, "RFC 3339", []string{"price", "set", "coder", "--input", "1", "--output", "1", "--from", "tomorrow"}},
			{ExitUsage, "from 2000-01-01 to 2100-12-31", []string{"price", "quote", "coder", "--at", "9999-12-31T23:59:59Z"}},
			{ExitUsage, "not in UTF-8", []string{"user", "list", "-q", "\xff"}},
			{ExitUsage, "-q must have", []string{"key", "list", "-q", strings.Repeat("a", 201)}},
			{ExitOK, "ada@example.com", []string{"user", "list", "-q", "\u200bADA@"}},
		} {
			code, said := run(try.args...)
			if code != try.exit || !strings.Contains(strings.ToLower(said), strings.ToLower(try.says)) {
				t.Errorf("codexible %+q: exit %d, want %d with %q: %s", try.args, code, try.exit, try.says, said)
			}
		}
	})
}
