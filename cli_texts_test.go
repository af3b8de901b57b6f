package main

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
		if code, said := run("migrate", "up"); code != exitOK {
			t.Fatal(said)
		}
		if code, said := run("user", "create", "--email", "ada@example.com", "--plan", "Pro"); code != exitOK {
			t.Fatal(said)
		}
		for _, try := range []struct {
			exit int
			says string
			args []string
		}{
			{exitFailed, "email must be", []string{"user", "create", "--plan", "Pro", "--email", "a\u200bda@example.com"}},
			{exitUsage, "not in UTF-8", []string{"user", "create", "--plan", "Pro", "--email", "bo\xffb@example.com"}},
			{exitFailed, "exists already", []string{"user", "create", "--plan", "Pro", "--email", "ＡＤＡ＠example.com"}},
			{exitUsage, "not in UTF-8", []string{"user", "create", "--plan", "Pro", "--email", "b@x.de", "--name", "a\xff"}},
			{exitFailed, "email must be", []string{"user", "create", "--plan", "Pro", "--email", "bo\ufffdb@example.com"}},
			{exitFailed, "name must have", []string{"user", "create", "--plan", "Pro", "--email", "b@x.de", "--name", strings.Repeat("a", 101)}},
			{exitFailed, "plan must", []string{"user", "create", "--email", "b@x.de", "--plan", "\u200b"}},
			{exitFailed, "label must be plain text", []string{"key", "create", "--user", "ada@example.com", "--label", "a\uffff"}},
			{exitUsage, "not in UTF-8", []string{"key", "create", "--user", "ada@example.com", "--label", "a\xff"}},
			{exitUsage, "not in UTF-8", []string{"key", "create", "--user", "\xff"}},
			{exitOK, "label  Default", []string{"key", "create", "--user", "ada@example.com", "--label", "\u202e\u200b \u3000"}},
			{exitOK, "label  ab", []string{"key", "create", "--user", "ada@example.com", "--label", "a\u202eb"}},
			{exitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "9999-12-31T23:59:59Z"}},
			{exitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "2101-01-01T00:00:00Z"}},
			{exitUsage, "from 2000-01-01 to 2100-12-31", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "0001-01-01T00:00:00Z"}},
			{exitUsage, "RFC 3339", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "tomorrow"}},
			{exitFailed, "must lie in the future", []string{"key", "create", "--user", "ada@example.com", "--expires-at", "2000-01-01T00:00:00Z"}},
			{exitUsage, "not in UTF-8", []string{"user", "list", "-q", "\xff"}},
			{exitUsage, "-q must have", []string{"key", "list", "-q", strings.Repeat("a", 201)}},
			{exitOK, "ada@example.com", []string{"user", "list", "-q", "\u200bADA@"}},
		} {
			code, said := run(try.args...)
			if code != try.exit || !strings.Contains(strings.ToLower(said), strings.ToLower(try.says)) {
				t.Errorf("codexible %+q: exit %d, want %d with %q: %s", try.args, code, try.exit, try.says, said)
			}
		}
	})
}
