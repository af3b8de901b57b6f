package cli

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"codexible/store/storetest"
)

// whole asks for a report in a format, and returns its bytes.
func (r *serving) whole(t *testing.T, path, key, accept string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %s, %v", path, response.StatusCode, text, err)
	}
	return string(text)
}

func TestAnExportOfUsageHasTheBytesOfTheAPI(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()
		root := s.operatorKey()
		var user shownUser
		var key, other shownKey
		s.json(&user, "user", "create", "--email", "ada@example.com", "--plan", "Pro", "--external-id", "crm-7")
		s.json(&key, "key", "create", "--user", "ada@example.com", "--scope", "models,usage,keys,charge", "--label", "=1+1")
		s.json(&other, "key", "create", "--user", "root@example.com", "--scope", "charge")
		s.addSecret(key.Key)
		s.addSecret(other.Key)
		for _, model := range []string{"a", "-b", "a"} {
			for _, by := range []string{key.Key, other.Key} {
				if status, answer := r.ask(t, http.MethodPost, "/api/usage", by, `{"credits": 3, "model": "`+model+`", "prompt_tokens": 11, "cost_usd": 0.25}`); status != http.StatusOK {
					t.Fatal(status, answer)
				}
			}
		}
		s.json(new(any), "correct", "--user", "ada@example.com", "--credits=-2", "--reason", "test")
		for _, c := range []struct {
			query string
			args  []string
		}{
			{"/api/admin/usage?group_by=day,hour,user,key,model,plan,upstream", []string{"--group-by", "upstream,day,hour,user,key,model,plan"}},
			{"/api/admin/usage?group_by=model&user_id=" + user.ID.String(), []string{"--group-by", "model", "--user", "external:crm-7"}},
			{"/api/admin/usage?group_by=user&key_id=" + key.ID.String() + "&model=-b", []string{"--group-by", "user", "--key", key.Key[:18], "--model=-b"}},
			{"/api/admin/usage?group_by=plan&plan=pro", []string{"--group-by", "plan", "--plan", "PRO"}},
			{"/api/admin/usage?group_by=day&from=2020-02-01&to=2021-01-31", []string{"--group-by", "day", "--from", "2020-02-01", "--to", "2021-01-31"}},
			{"/api/admin/usage/charges?", []string{"--charges"}},
			{"/api/admin/usage/charges?user_id=" + user.ID.String() + "&model=a", []string{"--charges", "--user", "ada@example.com", "--model", "a"}},
			{"/api/admin/usage/charges?key_id=" + other.ID.String() + "&plan=business", []string{"--charges", "--key", other.ID.String(), "--plan", "business"}},
		} {
			for accept, format := range map[string][]string{"text/csv": {}, "text/csv;q=0.9": {"--format", "csv"}, "application/json": {"--format", "json"}, "*/*": {"--json"}} {
				want := r.whole(t, c.query, root.Key, accept)
				code, stdout, stderr := s.try("", append(append([]string{"usage", "export"}, c.args...), format...)...)
				if code != ExitOK || stdout != want || strings.Count(want, "\n") < 1 {
					t.Errorf("%v %v: exit %d, %s\n%s, want\n%s", c.args, format, code, stderr, stdout, want)
				}
			}
		}
		if text := r.whole(t, "/api/admin/logs?action=export.made&actor=cli&limit=500", root.Key, ""); strings.Count(text, `"Exported the charges for `) != 12 || strings.Count(text, `"Exported the usage for 2020-02-01 to 2021-01-31."`) != 4 {
			t.Errorf("the exports are recorded as %s", text)
		}
		for _, try := range []struct {
			code int
			says string
			args []string
		}{
			{ExitUsage, "--group-by is missing", nil},
			{ExitUsage, "leave out --group-by", []string{"--charges", "--group-by", "day"}},
			{ExitUsage, "--format must be one of", []string{"--charges", "--format", "xml"}},
			{ExitFailed, "group_by must be one or several of day, hour, user, key, model, plan, upstream", []string{"--group-by", "day,week"}},
			{ExitFailed, "from must be a date", []string{"--charges", "--from", "yesterday"}},
			{ExitFailed, "from must be at most 365 days before to", []string{"--charges", "--from", "2024-01-01", "--to", "2025-01-01"}},
			{ExitFailed, "plan must be the name of a plan", []string{"--charges", "--plan", "none"}},
			{ExitFailed, "user does not exist", []string{"--charges", "--user", "nobody@example.com"}},
			{ExitFailed, "key does not exist", []string{"--charges", "--key", "codexible_00000000"}},
		} {
			code, stdout, stderr := s.try("", append([]string{"usage", "export"}, try.args...)...)
			if code != try.code || stdout != "" || !strings.Contains(stderr, try.says) {
				t.Errorf("%v: exit %d, stdout %q, stderr %q; want exit %d with %q", try.args, code, stdout, stderr, try.code, try.says)
			}
		}
	})
}
