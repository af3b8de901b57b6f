package handlers_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/logo"
)

const settingsPage = "/admin/settings"

// upload sends the form of the logo with a file, as browsers do.
func (v *visitor) upload(file string, change ...func(*multipart.Writer)) *visitor {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("_csrf", v.hidden(settingsPage+"/logo").Get("_csrf")); err != nil {
		v.t.Fatal(err)
	}
	part, err := w.CreateFormFile("logo", "logo.svg")
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := part.Write([]byte(file)); err != nil {
		v.t.Fatal(err)
	}
	for _, c := range change {
		c(w)
	}
	if err := w.Close(); err != nil {
		v.t.Fatal(err)
	}
	return v.sendAs(w.FormDataContentType(), settingsPage+"/logo", b.String())
}

func TestOperatorsSetTheLookInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin/system").sees(http.StatusOK, `href="/admin/settings"`)
		v.get(settingsPage).submit(settingsPage+"/look", "name", "Acme <AI>", "accent", "#0F766E", "support_email", "help@example.com", "links", "Terms of use https://example.com/terms\r\n\r\nhttps://example.com/x").
			sees(http.StatusUnprocessableEntity, "Line 2: the text before the address must have 1 to 40 characters")
		v.submit(settingsPage+"/look", "do", "preview", "name", "Acme <AI>", "accent", "#0F766E", "support_email", "help@example.com", "links", "Terms of use https://example.com/terms").
			sees(http.StatusOK, "Not saved", `fill="#0f766e"`, "Acme <AI>", "Terms of use https://example.com/terms")
		if now, err := s.store.Settings(t.Context()); err != nil || now.Name != "" {
			t.Errorf("a preview was saved: %+v %v", now, err)
		}
		v.submit(settingsPage+"/look", "name", "Acme <AI>", "accent", "#0F766E", "support_email", "help@example.com", "support_url", "", "links", "Terms of use https://example.com/terms").
			redirected(settingsPage+"?done=look-saved").sees(http.StatusOK, "Look saved", "Acme <AI>", "Terms of use")
		now, err := s.store.Settings(t.Context())
		if err != nil || now.Name != "Acme <AI>" || now.Accent != "#0f766e" || len(now.Links) != 1 || now.Links[0] != (accounts.LookLink{Label: "Terms of use", URL: "https://example.com/terms"}) {
			t.Errorf("saved %+v: %v", now, err)
		}
		v.upload(hostileDrawing).sees(http.StatusUnprocessableEntity, "Must not have the element “script”", "Acme <AI>")
		v.upload("").sees(http.StatusUnprocessableEntity, "Must be chosen first")
		v.upload(goodDrawing).redirected(settingsPage+"?done=logo-saved").sees(http.StatusOK, "Logo saved", "SVG, ", "/api/appearance/logo?v=")
		image, _ := logo.Rewrite([]byte(goodDrawing))
		if now, err = s.store.Settings(t.Context()); err != nil || now.Logo != image.Info() {
			t.Errorf("uploaded %+v: %v", now.Logo, err)
		}
		v.upload(goodDrawing+strings.Repeat(" ", 300_000)).sees(http.StatusRequestEntityTooLarge, "larger than 256 KiB")
		v.get(settingsPage).submit(settingsPage+"/thresholds", "usage_thresholds", "90, 5 % 101").sees(http.StatusUnprocessableEntity, "Must be up to 10 whole numbers", "90, 5 % 101")
		v.submit(settingsPage+"/thresholds", "usage_thresholds", "90, 5 %").redirected(settingsPage+"?done=thresholds-saved").sees(http.StatusOK, "5 %, 90 %")
		v.submit(settingsPage+"/logo/remove").redirected(settingsPage+"?done=logo-removed").sees(http.StatusOK, "Logo removed")
		if strings.Contains(v.page, "/logo/remove") || strings.Contains(v.page, "/api/appearance/logo") {
			t.Error("a logo that was removed is still shown")
		}
	})
}

func TestAFormWithAFileIsBoundedAndNeedsItsToken(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	v.get(settingsPage)
	const target, head = settingsPage + "/logo", "multipart/form-data; boundary=x"
	for name, c := range map[string]struct {
		kind, body string
		status     int
	}{
		"no token":        {head, "--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"a\"\r\n\r\n" + goodDrawing + "\r\n--x--\r\n", 403},
		"no boundary":     {"multipart/form-data", "--x--", 400},
		"cut":             {head, "--x\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n", 400},
		"nothing":         {head, "", 403},
		"a thousand":      {head, strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n", 1000) + "--x--\r\n", 400},
		"another type":    {"text/plain", "_csrf=x", 415},
		"multipart/mixed": {"multipart/mixed; boundary=x", "--x--", 415},
	} {
		if v.sendAs(c.kind, target, c.body); v.status != c.status {
			t.Errorf("%s answers %d, want %d", name, v.status, c.status)
		}
	}
	if v.sendAs(head, settingsPage+"/look", "--x--\r\n"); v.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form without a file takes one: %d", v.status)
	}
	v.get(settingsPage).upload(goodDrawing, func(w *multipart.Writer) {
		for range 20 {
			if err := w.WriteField("more", "x"); err != nil {
				t.Fatal(err)
			}
		}
	})
	if now, err := s.store.Settings(t.Context()); err != nil || now.Logo.IsSet() || v.status != http.StatusBadRequest {
		t.Errorf("answers %d and leaves %+v: %v", v.status, now.Logo, err)
	}
}

func TestViewersSeeTheSettingsAndCannotChangeThem(t *testing.T) {
	s := onSQLite(t)
	if _, err := s.store.ChangeSettings(t.Context(), accounts.ActorCLI, accounts.SettingsChange{Name: new("Acme AI"), SupportEmail: new("help@example.com")}); err != nil {
		t.Fatal(err)
	}
	s.operator(t)
	v := s.viewer(t)
	v.get(settingsPage).sees(http.StatusOK, "Acme AI", "help@example.com", "50 %, 80 %, 100 %")
	if strings.Contains(v.page, `action="/admin/settings`) || strings.Contains(v.page, "Save the") {
		t.Errorf("a viewer is shown a form: %s", v.page)
	}
	token := v.hidden("/admin/theme").Get("_csrf")
	for _, form := range []string{"look", "logo", "logo/remove", "thresholds"} {
		if v.send(http.MethodPost, settingsPage+"/"+form, "name=x&_csrf="+token); v.status != http.StatusForbidden {
			t.Errorf("a viewer's %s answers %d", form, v.status)
		}
	}
}
