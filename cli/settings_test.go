package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codexible/store/storetest"
)

const (
	goodDrawing    = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><path d="M1 1h8v8z"/></svg>`
	hostileDrawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10" onload="alert(1)"/>`
)

// shownSettings are settings as --json prints them.
type shownSettings struct {
	Name, Accent    string
	Links           []struct{ Label, URL string }
	UsageThresholds []int `json:"usage_thresholds"`
	Logo            *struct {
		SHA256    string
		MediaType string `json:"media_type"`
	}
}

func TestSettingsAreShownAndSet(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		folder := t.TempDir()
		file := func(name, text string) string {
			t.Helper()
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		var set shownSettings
		s.json(&set, "settings", "set", "--name", "Acme, Inc.", "--accent", "#0F766E", "--logo", file("logo.svg", goodDrawing), "--link", "Terms=https://example.com/terms?a=b,c", "--usage-threshold", "90")
		if set.Name != "Acme, Inc." || set.Accent != "#0f766e" || len(set.Links) != 1 || set.Links[0].URL != "https://example.com/terms?a=b,c" || len(set.UsageThresholds) != 1 || set.Logo == nil || set.Logo.MediaType != "image/svg+xml" {
			t.Errorf("set %+v", set)
		}
		if code, out, errs := s.try("", "settings", "show"); code != 0 || !strings.Contains(out, "Acme, Inc.") || !strings.Contains(out, set.Logo.SHA256) || !strings.Contains(out, "Terms = https://example.com/terms") {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
		for _, wrong := range []struct {
			says string
			args []string
		}{
			{"attribute “onload”", []string{"--logo", file("evil.svg", hostileDrawing)}}, {"accent must be a colour", []string{"--accent", "red"}}, {"exclude each other", []string{"--link", "a=https://a.example", "--remove-links"}},
			{"links[0].url", []string{"--link", "Terms"}}, {"no such file", []string{"--logo", filepath.Join(folder, "nothing")}}, {"larger than", []string{"--logo", file("large.svg", goodDrawing+strings.Repeat(" ", 300_000))}},
		} {
			if code, out, errs := s.try("", append([]string{"settings", "set"}, wrong.args...)...); code == 0 || !strings.Contains(errs, wrong.says) {
				t.Errorf("%q: exit %d: %s%s, want %s", wrong.args, code, out, errs, wrong.says)
			}
		}
		var removed shownSettings
		s.json(&removed, "settings", "set", "--name", "", "--accent", "", "--logo", "", "--remove-links", "--remove-usage-thresholds")
		if removed.Name != "Codexible" || removed.Accent != "" || len(removed.Links)+len(removed.UsageThresholds) != 0 || removed.Logo != nil {
			t.Errorf("removed: %+v", removed)
		}
		// A file of apply names the logo as seen from its own folder.
		applied := file("codexible.yml", "settings: {name: Acme, accent: \"#0f766e\", support_email: help@example.com, logo: logo.svg, links: [{label: Terms, url: \"https://example.com\"}]}")
		if code, out, errs := s.try("", "apply", applied, "--yes"); code != 0 || !strings.Contains(out, "name:  → Acme") || strings.Contains(out, "<svg") {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
		var after shownSettings
		if s.json(&after, "settings", "show"); after.Name != "Acme" || after.Logo == nil || after.Logo.SHA256 != set.Logo.SHA256 || len(after.Links) != 1 {
			t.Errorf("applied %+v", after)
		}
		if code, out, errs := s.try("", "apply", applied, "--yes"); code != 0 || !strings.Contains(out, "Nothing changes") {
			t.Errorf("the second time: exit %d: %s%s", code, out, errs)
		}
		for text, says := range map[string]string{"settings: {logo: evil.svg}": "settings.logo must not have the attribute", "settings: {logo: nothing.svg}": "no such file", "settings: {links: [{label: x, url: y}]}": "settings.links[0].url"} {
			if code, _, errs := s.try("", "apply", file("wrong.yml", text), "--yes"); code == 0 || !strings.Contains(errs, says) {
				t.Errorf("%s: exit %d: %s, want %s", text, code, errs, says)
			}
		}
	})
}
