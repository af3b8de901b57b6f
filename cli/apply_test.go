package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codexible/store/storetest"
)

const teamFile = `
plans: [{name: Team, daily_credit_limit: 1000}]
upstreams: [{name: openai, kind: openai, base_url: "https://api.openai.com/v1", keys: [{ref: "env:UPSTREAM_OPENAI"}]}]
models: [{name: gpt-5-mini, candidates: [{upstream: openai}]}]
prices: [{model: gpt-5-mini, usd_per_million: {input: 0.25, output: 2}, charge: {mode: cost, percent: 120}}]
webhooks: [{url: "env:WEBHOOK_URL", secret: "env:WEBHOOK_SECRET"}]
settings: {usage_thresholds: [80]}
`

func TestApplyShowsWhatWouldChangeAndChangesItWithYes(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		file := filepath.Join(t.TempDir(), "codexible.yml")
		if err := os.WriteFile(file, []byte(teamFile), 0o600); err != nil {
			t.Fatal(err)
		}
		s.env["SECRET_KEY"], s.env["WEBHOOK_ALLOW_PRIVATE"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "127.0.0.0/8"
		s.env["WEBHOOK_URL"], s.env["WEBHOOK_SECRET"] = "http://127.0.0.1/hooks?token=private", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
		code, shown, errs := s.try("", "apply", file)
		if code != 0 || !strings.Contains(shown, "+ plan Team\n") || !strings.Contains(shown, "add --yes to make 6 changes") || strings.Contains(shown, "private") || strings.Contains(shown, "whsec_") {
			t.Errorf("exit %d: %s%s", code, shown, errs)
		}
		var answer struct {
			Applied bool
			Changes []struct{ Action, Target string }
		}
		s.json(&answer, "apply", file, "--yes")
		if !answer.Applied || len(answer.Changes) != 6 || answer.Changes[0].Action != "plan.created" || answer.Changes[3].Target != "gpt-5-mini" {
			t.Errorf("applied %+v", answer)
		}
		s.json(&answer, "apply", file, "--yes")
		if answer.Applied || len(answer.Changes) != 0 {
			t.Errorf("the second time %+v", answer)
		}
		code, shown, _ = s.try(strings.Replace(teamFile, "1000", "900", 1), "apply", "-")
		if want := "~ plan Team\n    daily_credit_limit: 1000 → 900\n\nNothing is changed yet: add --yes to make 1 change.\n"; code != 0 || shown != want {
			t.Errorf("exit %d: %q, want %q", code, shown, want)
		}
		code, _, errs = s.try("plans: [{nam: Team}]", "apply", "-", "--yes")
		if code != ExitFailed || !strings.Contains(errs, "plans[0].nam is not known here") {
			t.Errorf("exit %d: %s", code, errs)
		}
		if code, _, _ = s.try("", "apply"); code != ExitUsage {
			t.Errorf("without a file it exits with %d", code)
		}
		if code, shown, _ = s.try("", "apply", "--schema"); code != 0 || !strings.HasPrefix(shown, "{\n  \"$schema\"") {
			t.Errorf("exit %d: %.80s", code, shown)
		}
	})
}
