package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"codexible/drills"
)

// printings is everything that prints an address or a value with one, except Reveal.
func printings(t testing.TB, secret SecretURL) string {
	t.Helper()
	config := Config{DatabaseURL: secret, ValkeyURL: secret, OTLPEndpoint: secret}
	hidden := struct{ config *Config }{&config}
	unexported := struct{ inner struct{ url SecretURL } }{}
	unexported.inner.url = secret
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%8.3s"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+verb, secret, &secret, config, hidden, unexported)
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		slog.New(handler).Info("x", "url", secret, "pointer", &secret, "config", config, "unexported", unexported, "error", fmt.Errorf("%v: %w", secret, errors.ErrUnsupported))
	}
	encoded, err := json.Marshal(map[string]any{"url": secret, "pointer": &secret, "config": config, "setting": config.Shown()})
	if err != nil {
		t.Fatal(err)
	}
	return out.String() + string(encoded)
}

func TestURLsShowSchemeHostAndPathAlone(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		"redis://cache":                "redis://cache",
		"redis://:sesame@cache:6379/1": "redis://cache:6379/1",
		"postgres://me:sesame@db:5432/codexible?password=sesame#sesame": "postgres://db:5432/codexible",
		"postgres://sesame@[2001:db8::1]:5432/codexible":                "postgres://[2001:db8::1]:5432/codexible",
		"https://traces.example.com:4318/otlp/?token=sesame":            "https://traces.example.com:4318/otlp/",
		"https://traces.example.com/a%0Ab?token=sesame":                 "https://traces.example.com/a%0Ab",
		"sqlite:/var/lib/codexible.db":                                  "sqlite:/var/lib/codexible.db",
		"sqlite:/var/lib/codexible.db?key=sesame":                       "sqlite:/var/lib/codexible.db",
		"sqlite:///home/me@example.com/c.db":                            "sqlite:///home/me@example.com/c.db",
		"sqlite://me:sesame@db/c.db":                                    unreadable,
		"postgres://me:two@sesame@db/codexible":                         unreadable,
		"postgres://me:12/sesame@db/codexible":                          unreadable,
		"postgres://me:12?sesame@db/codexible":                          unreadable,
		"postgres://me:12#sesame@db/codexible":                          unreadable,
		"postgres://me:sesame/12@db/codexible":                          unreadable,
		"postgres://me:p@sesame/12@db/codexible":                        unreadable,
		"postgres://me:ses%ame@db/codexible":                            unreadable,
		"postgres://me:ses ame@db/codexible":                            unreadable,
		"postgres://me:ses[ame]@db/codexible":                           unreadable,
		"postgres://me:[sesame@db/codexible":                            unreadable,
		"postgres://me:ses\\ame@db/codexible":                           unreadable,
		"postgres://me:ses\name@db/codexible":                           unreadable,
		"host=db user=me password=sesame dbname=codexible":              unreadable,
		"host=db user=me password='a://sesame@b/c' dbname=codexible":    unreadable,
		"postgres:me:sesame@db/codexible":                               unreadable,
		"//me:sesame@db/codexible":                                      unreadable,
		"sesame":                                                        unreadable,
	} {
		secret := NewSecretURL(text)
		if got := secret.String(); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if secret.Reveal() != text {
			t.Errorf("%q is revealed as %q", text, secret.Reveal())
		}
		printed := strings.ToLower(printings(t, secret))
		for _, part := range []string{"sesame", "ses%ame", "ses ame", "ses[ame", fmt.Sprintf("%x", "sesame"), "me:12"} {
			if strings.Contains(printed, part) {
				t.Errorf("%q reveals %q: %s", text, part, printed)
			}
		}
	}
}

func TestEverySettingThatIsAnAddressIsASecretURL(t *testing.T) {
	config := reflect.TypeFor[Config]()
	for i, s := range settings {
		field := config.Field(i)
		public := s.name == "PUBLIC_URL" || s.name == "DASHBOARD_URL" // origins: they have neither a user nor a query
		if regexp.MustCompile(`_URL$|_ENDPOINT$`).MatchString(s.name) && !public && field.Type != reflect.TypeFor[SecretURL]() {
			t.Errorf("%s is kept as a %v: what is logged of it is not masked", s.name, field.Type)
		}
	}
}

// What comes before the @ of an address, or after its path, is in nothing that is made of it.
func FuzzASecretURLShowsNoSecret(f *testing.F) {
	for _, password := range drills.OddPasswords {
		f.Add("postgres", "me", password, "db:5432", "/codexible", "?sslmode=require")
		f.Add("redis", "", password, "cache", "", "")
	}
	f.Add("https", "", "", "traces.example.com", "/otlp", "?token=topsecret")
	f.Fuzz(func(t *testing.T, scheme, user, password, host, path, query string) {
		known := scheme + "://" + host + path
		if strings.ContainsAny(host+path, "@?#") || query != "" && query[0] != '?' && query[0] != '#' || path != "" && path[0] != '/' || strings.ContainsAny(host, "/") || strings.Contains(scheme, ":") {
			return // it would not be put together as it is meant
		}
		text := known + query
		if password != "" {
			text = scheme + "://" + user + ":" + password + "@" + host + path + query
		}
		if strings.HasPrefix(text, "sqlite:") {
			return // a file has no password
		}
		shown := NewSecretURL(text).String()
		if shown == unreadable || shown == "" && text == "" {
			return
		}
		// What is shown is what was written outside of the secret parts, however it was escaped.
		if want, ok := readURL(known); !ok || shown != want.Scheme+"://"+want.Host+want.EscapedPath() {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}
