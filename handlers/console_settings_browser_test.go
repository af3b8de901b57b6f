package handlers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestInABrowserALookIsPreviewedSavedAndItsLogoUploaded(t *testing.T) {
	withAndWithoutScripts(t, func(t *testing.T, s *service, b *tab, _ bool) {
		file := func(name, text string) string {
			t.Helper()
			path := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		b.open("/admin/system")
		b.press("Settings")
		b.fill("name", "Acme AI")
		b.fill("accent", "#ffd400")
		b.fill("links", "Terms of use https://example.com/terms")
		b.press("Preview")
		b.sees("Not saved", "Acme AI")
		b.fits("settings-preview")
		b.press("Save the look")
		b.sees("Look saved", "#ffd400")
		b.do(chromedp.SetUploadFiles(`[name="logo"]`, []string{file("evil.svg", hostileDrawing)}))
		b.press("Upload the logo")
		b.sees("Must not have the element “script”")
		b.fits("settings-refused")
		b.do(chromedp.SetUploadFiles(`[name="logo"]`, []string{file("logo.svg", goodDrawing)}))
		b.press("Upload the logo")
		b.sees("Logo saved")
		b.fits("settings-saved")
		// The page's policy lets the logo in, and the drawing is one that browsers can show.
		b.do(chromedp.WaitReady("svg.preview image"))
		if now, err := s.store.Settings(t.Context()); err != nil || !now.Logo.IsSet() || now.Name != "Acme AI" || len(now.Links) != 1 {
			t.Errorf("saved %+v: %v", now, err)
		}
		b.press("Remove the logo")
		b.sees("Logo removed")
	})
}
