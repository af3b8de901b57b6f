package handlers_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"codexible/logo"
)

const (
	goodDrawing    = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><title>made with care</title><path d="M1 1h8v8z" fill="#e07a45"/></svg>`
	hostileDrawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><script>alert(1)</script></svg>`
)

func encoded(file string) string {
	return `"` + base64.StdEncoding.EncodeToString([]byte(file)) + `"`
}

func TestTheLookIsOpenToAllAndItsLogoCanDoNothing(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		open := func(path string, status int, header ...string) answer {
			t.Helper()
			c := call{method: http.MethodGet, path: path, status: status, header: http.Header{}}
			if len(header) == 2 {
				c.header.Set(header[0], header[1])
			}
			return s.call(t, c)
		}
		const plain = `{"name":"Codexible","accent":null,"support_email":null,"support_url":null,"links":[],"logo":null}` + "\n"
		before := open("/api/appearance", 200)
		if text := string(before.text); text != strings.TrimSpace(plain) {
			t.Errorf("at first the look is %s", text)
		}
		open("/api/appearance/logo", 404)
		image, problem := logo.Rewrite([]byte(goodDrawing))
		if problem != "" {
			t.Fatal(problem)
		}
		hash := image.Info().Hash
		const settings = "/api/admin/settings"
		look := `"name":"Acme AI","accent":"#0f766e","support_email":"help@example.com","support_url":"https://example.com/help","links":[{"label":"Terms","url":"https://example.com/terms"}]`
		changed := s.call(t, asRoot("PATCH", settings, `{`+look+`,"logo":`+encoded(goodDrawing)+`}`, 200,
			`{"usage_thresholds":[50,80,100],`+look+`,"logo":{"url":"/api/appearance/logo?v=`+hash+`","media_type":"image/svg+xml","bytes":"*","sha256":"`+hash+`"}}`))
		if bytes.Contains(changed.text, []byte("care")) {
			t.Errorf("the answer has the file: %s", changed.text)
		}
		a := open("/api/appearance", 200)
		if want := `{` + look + `,"logo":"/api/appearance/logo?v=` + hash + `"}`; string(a.text) != want || a.Header.Get("Cache-Control") != "public, max-age=60" || a.Header.Get("ETag") == before.Header.Get("ETag") {
			t.Errorf("the look is %s with %v, want %s", a.text, a.Header, want)
		}
		if same := open("/api/appearance", 304, "If-None-Match", a.Header.Get("ETag")); len(same.text) > 0 {
			t.Errorf("a look that is known is sent again: %s", same.text)
		}
		shown := open("/api/appearance/logo?v="+hash, 200)
		for name, want := range map[string]string{
			"Content-Type": "image/svg+xml", "Cache-Control": "public, max-age=31536000, immutable", "ETag": `"` + hash + `"`, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cross-Origin-Resource-Policy": "cross-origin",
		} {
			if got := shown.Header.Get(name); got != want {
				t.Errorf("%s of the logo is %q, want %q", name, got, want)
			}
		}
		if !bytes.Equal(shown.text, image.Content()) || bytes.Contains(shown.text, []byte("care")) {
			t.Errorf("the logo is %s", shown.text)
		}
		if a := open("/api/appearance/logo?v=other", 200); a.Header.Get("Cache-Control") != "public, max-age=60" {
			t.Errorf("under another address it is kept for good: %q", a.Header.Get("Cache-Control"))
		}
		open("/api/appearance/logo", 304, "If-None-Match", `"other", W/"`+hash+`"`)
		s.wrongFields(t, "PATCH", settings, map[string]string{
			`{"logo":` + encoded(hostileDrawing) + `}`: "logo", `{"logo":"not base64!"}`: "logo", `{"logo":` + encoded("GIF89a") + `}`: "logo", `{"logo":5}`: "logo",
			`{"accent":"red"}`: "accent", `{"support_email":"x"}`: "support_email", `{"support_url":"javascript:alert(1)"}`: "support_url", `{"links":[{"label":"x","url":"http://example.com"}]}`: "links[0].url",
			`{"links":[{"label":"x"}]}`: "links[0].url", `{"name":"` + strings.Repeat("x", 61) + `"}`: "name", `{"links":{}}`: "links",
		})
		if a := open("/api/appearance/logo?v="+hash, 200); !bytes.Equal(a.text, image.Content()) {
			t.Error("a logo that was refused replaced the one of before")
		}
		s.call(t, asRoot("PATCH", settings, `{"name":null,"accent":"","support_email":null,"support_url":null,"links":[],"logo":null}`, 200, ""))
		if a := open("/api/appearance", 200); string(a.text) != strings.TrimSpace(plain) || a.Header.Get("ETag") != before.Header.Get("ETag") {
			t.Errorf("without settings the look is %s", a.text)
		}
		open("/api/appearance/logo?v="+hash, 404)
	})
}
