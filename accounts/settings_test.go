package accounts_test

import (
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/fault"
	"codexible/logo"
)

func TestALookIsCleanedAndItsFaultsAreAllNamed(t *testing.T) {
	image, problem := logo.Rewrite([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>`))
	if problem != "" {
		t.Fatal(problem)
	}
	set, err := accounts.SettingsChange{
		Name: new(" Acme\u200b AI "), Accent: new("#0F766E"), SupportEmail: new(" help@example.com"), SupportURL: new("http://127.0.0.1:3000/help?a=b#c"),
		Links: &[]accounts.LookLink{{Label: " Terms ", URL: "https://example.com/terms"}}, Logo: &image,
	}.Apply(accounts.DefaultSettings())
	want := accounts.Look{Name: "Acme AI", Accent: "#0f766e", SupportEmail: "help@example.com", SupportURL: "http://127.0.0.1:3000/help?a=b#c", Logo: image.Info()}
	if links := set.Links; err != nil || len(links) != 1 || links[0] != (accounts.LookLink{Label: "Terms", URL: "https://example.com/terms"}) || set.ProductName() != "Acme AI" {
		t.Errorf("set to %+v: %v", set, err)
	} else if set.Links = nil; set.Name != want.Name || set.Accent != want.Accent || set.SupportEmail != want.SupportEmail || set.SupportURL != want.SupportURL || set.Logo != want.Logo || len(set.UsageThresholds) != 3 {
		t.Errorf("set to %+v, want %+v", set.Look, want)
	}
	removed, err := accounts.SettingsChange{Name: new(accounts.DefaultName), Accent: new(""), SupportEmail: new(" "), SupportURL: new(""), Links: &[]accounts.LookLink{}, Logo: new(logo.Image)}.Apply(set)
	if err != nil || removed.Name != "" || removed.ProductName() != "Codexible" || removed.Accent+removed.SupportEmail+removed.SupportURL != "" || len(removed.Links) != 0 || removed.Logo.IsSet() {
		t.Errorf("removed: %+v: %v", removed, err)
	}
	seven := make([]accounts.LookLink, 7)
	for field, c := range map[string]accounts.SettingsChange{
		"name":           {Name: new(strings.Repeat("x", 61))},
		"accent":         {Accent: new("red")},
		"support_email":  {SupportEmail: new("nobody")},
		"support_url":    {SupportURL: new("ftp://example.com")},
		"links":          {Links: &seven},
		"links[1].label": {Links: &[]accounts.LookLink{{Label: "a", URL: "https://a.example"}, {URL: "https://a.example"}}},
		"links[0].url":   {Links: &[]accounts.LookLink{{Label: "a"}}},
	} {
		if _, err := c.Apply(accounts.DefaultSettings()); err == nil || len(fault.As(err).Fields) != 1 || fault.As(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := (accounts.SettingsChange{Name: new("a\nb"), Accent: new("#12345g")}).Apply(accounts.DefaultSettings()); len(fault.As(err).Fields) != 2 {
		t.Errorf("two faults: %v", err)
	}
}

func TestLinksOfALookLeadToPagesOfOthersAlone(t *testing.T) {
	good := []string{"https://example.com", "https://example.com:8443/a?b=c&d#e", "http://localhost:3000", "http://127.0.0.1", "http://[::1]:3000/x", "HTTPS://example.com/%C3%A9"}
	bad := []string{
		"http://example.com", "javascript:alert(1)", "JavaScript://example.com/%0aalert(1)", "data:text/html,x", "//example.com", "/help", "https:example.com", "https://", "https://user:pass@example.com", "https://user@example.com",
		"https://exa mple.com", "https://example.com/\"onload=x", "https://example.com/<x>", "https://example.com/é", "https://example.com\\@evil.example", "mailto:a@example.com", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
		"http://10.0.0.1", "https://example.com/" + strings.Repeat("x", 300), "\x00https://example.com",
	}
	for _, text := range slices.Concat(good, bad) {
		_, err := accounts.SettingsChange{SupportURL: &text}.Apply(accounts.DefaultSettings())
		if want := slices.Contains(good, text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
