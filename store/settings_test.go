package store_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/logo"
	"codexible/store"
	"codexible/store/storetest"
)

func drawing(t *testing.T, path string) *logo.Image {
	t.Helper()
	image, problem := logo.Rewrite([]byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="` + path + `"/></svg>`))
	if problem != "" {
		t.Fatal(problem)
	}
	return &image
}

func TestALogoIsKeptAndTheAuditLogDescribesIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, first, second := context.Background(), drawing(t, "M1 2h3"), drawing(t, "M4 5h6")
		change := accounts.SettingsChange{Name: new("Acme AI"), Accent: new("#0f766e"), SupportEmail: new("help@example.com"), SupportURL: new("https://example.com/help"), Links: &[]accounts.LookLink{{Label: "Terms", URL: "https://example.com"}}, Logo: first}
		if _, found, err := s.Logo(ctx, first.Info()); err != nil || found {
			t.Errorf("there is a logo before one was set: %v", err)
		}
		for range 2 { // the second time nothing changes
			must[accounts.Settings](t)(s.ChangeSettings(ctx, ada, change))
		}
		now := must[accounts.Settings](t)(s.Settings(ctx))
		if now.Name != "Acme AI" || now.Accent != "#0f766e" || now.SupportEmail != "help@example.com" || now.SupportURL != "https://example.com/help" || len(now.Links) != 1 || now.Links[0].Label != "Terms" || now.Logo != first.Info() || len(now.UsageThresholds) != 3 {
			t.Errorf("the settings are %+v", now)
		}
		if image, found, err := s.Logo(ctx, now.Logo); err != nil || !found || !bytes.Equal(image.Content(), first.Content()) || image.Info() != first.Info() {
			t.Errorf("the logo is %q: %v %v", image.Content(), found, err)
		}
		must[accounts.Settings](t)(s.ChangeSettings(ctx, ada, accounts.SettingsChange{Logo: second}))
		if _, found, err := s.Logo(ctx, first.Info()); err != nil || found {
			t.Errorf("a logo that was replaced is found: %v", err)
		}
		must[accounts.Settings](t)(s.ChangeSettings(ctx, ada, accounts.SettingsChange{Logo: new(logo.Image), Accent: new("")}))
		if _, found, err := s.Logo(ctx, second.Info()); err != nil || found {
			t.Errorf("a logo that was removed is found: %v", err)
		}
		if now := must[accounts.Settings](t)(s.Settings(ctx)); now.Logo.IsSet() || now.Accent != "" || now.Name != "Acme AI" {
			t.Errorf("without a logo the settings are %+v", now)
		}
		log := auditLog(t, s)
		if len(log) != 3 || log[0].Target != "accent, logo" || log[1].Target != "logo" || log[2].Target != "accent, links, logo, name, support_email, support_url" {
			t.Fatalf("the audit log has %+v", log)
		}
		for i, has := range []string{"accent from #0f766e to nothing", second.Info().Hash, "name from nothing to Acme AI"} {
			text := log[i].Details + log[i].Before + log[i].After
			if !strings.Contains(text, has) || strings.Contains(text, "path") || strings.Contains(text, base64.StdEncoding.EncodeToString(first.Content())[:40]) || !strings.Contains(text, "image/svg+xml") {
				t.Errorf("entry %d: %s", i, text)
			}
		}
	})
}

func TestALookThatAnotherInstanceChangesIsSeenWithinASecond(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		here, there := storetest.Connect(t, url, time.Now), storetest.Connect(t, url, time.Now)
		ctx, stop := context.WithCancel(context.Background())
		w := &watcher{seen: make(chan accounts.Change, 100), ups: make(chan bool, 100)}
		done := make(chan struct{})
		go func() {
			defer close(done)
			here.Watch(ctx, w)
		}()
		defer func() {
			stop()
			<-done
		}()
		<-w.ups
		if look := must[accounts.Look](t)(here.Look(ctx)); look.ProductName() != accounts.DefaultName {
			t.Errorf("at first the name is %q", look.ProductName())
		}
		began := time.Now()
		must[accounts.Settings](t)(there.ChangeSettings(ctx, ada, accounts.SettingsChange{Name: new("Acme AI")}))
		select {
		case <-w.seen:
		case <-time.After(10 * time.Second):
			t.Fatal("not told of the change")
		}
		if look := must[accounts.Look](t)(here.Look(ctx)); look.Name != "Acme AI" {
			t.Errorf("%s after the change the name is %q", time.Since(began), look.ProductName())
		}
	})
}
