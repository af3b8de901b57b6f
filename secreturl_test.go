package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// printings is everything that can be made of an address and of what holds it, short of reveal.
func printings(t testing.TB, secret secretURL) string {
	t.Helper()
	config := Config{DatabaseURL: secret, ValkeyURL: secret, OTLPEndpoint: secret}
	hidden := struct{ config *Config }{&config}
	unexported := struct{ inner struct{ url secretURL } }{}
	unexported.inner.url = secret
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%8.3s"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+verb, secret, &secret, config, hidden, unexported)
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil), config.logger(&out).Handler()} {
		slog.New(handler).Info("x", "url", secret, "pointer", &secret, "config", config, "unexported", unexported, "error", fmt.Errorf("%v: %w", secret, errors.ErrUnsupported))
	}
	encoded, err := json.Marshal(map[string]any{"url": secret, "pointer": &secret, "config": config, "setting": config.shown()})
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
		secret := newSecretURL(text)
		if got := secret.String(); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if secret.reveal() != text {
			t.Errorf("%q is revealed as %q", text, secret.reveal())
		}
		printed := strings.ToLower(printings(t, secret))
		for _, part := range []string{"sesame", "ses%ame", "ses ame", "ses[ame", fmt.Sprintf("%x", "sesame"), "me:12"} {
			if strings.Contains(printed, part) {
				t.Errorf("%q tells %q: %s", text, part, printed)
			}
		}
	}
}

func TestEverySettingThatIsAnAddressIsASecretURL(t *testing.T) {
	config := reflect.TypeFor[Config]()
	for i, s := range settings {
		field := config.Field(i)
		if regexp.MustCompile(`_URL$|_ENDPOINT$`).MatchString(s.name) && field.Type != reflect.TypeFor[secretURL]() {
			t.Errorf("%s is kept as a %v: what is logged of it is not masked", s.name, field.Type)
		}
	}
}

// oddPasswords are hard to write into a URL; each holds the word sesame, or parts of it.
var oddPasswords = []string{
	"sesame", "ses@ame", "ses/ame", "ses?ame", "ses#ame", "ses%ame", "ses%40ame", "ses ame", "ses:ame", "[sesame]", "ses\\ame", "12/ses@ame", "12@34/ses", "@sesame", "ses%2", "ses\tame", "%zzses", "ses'ame", "ses\"ame",
}

func TestNoCommandTellsThePasswordOfADatabaseThatIsAway(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy.db")
	for _, form := range []string{
		"postgres://me:%s@127.0.0.1:1/codexible?connect_timeout=1", "postgres://127.0.0.1:1/codexible?user=me&password=%s", "postgres://127.0.0.1:1/codexible?sslmode=%s",
		"host=127.0.0.1 port=1 user=me password=%s", "postgres:%s", "mysql://me:%s@127.0.0.1/codexible",
	} {
		for _, password := range oddPasswords {
			url := fmt.Sprintf(form, password)
			for _, command := range [][]string{{"migrate", "status"}, {"user", "list", "--json"}, {"backup", file}, {"restore", file}, {"migrate-data", "--from", "sqlite:" + file}, {"serve"}} {
				out, code := runWith(t, map[string]string{"DATABASE_URL": url}, command...)
				if code == exitOK || out == "" || strings.Contains(out, "ses") {
					t.Errorf("DATABASE_URL=%q codexible %v ended with %d:\n%s", url, command, code, out)
				}
			}
		}
	}
}

func TestNoCommandTellsThePasswordOfAValkeyThatIsAwayOrTheTokenOfACollector(t *testing.T) {
	data := t.TempDir()
	for _, password := range oddPasswords {
		for name, form := range map[string]string{
			"VALKEY_URL": "redis://me:%s@127.0.0.1:1/x%[1]s", "REDIS_URL": "rediss://:%s@127.0.0.1:1", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:%s@127.0.0.1:1", "ALLOWED_ORIGINS": "https://me:%s@a.example", "METRICS_ADDR": "http://me:%s@h",
		} {
			value := fmt.Sprintf(form, password)
			for _, command := range [][]string{{"serve"}, {"user", "list", "--json"}} {
				out, code := runWith(t, map[string]string{name: value, "DATA_DIR": data, "HOST": "127.0.0.1", "PORT": "0"}, command...)
				if strings.Contains(out, "ses") {
					t.Errorf("%s=%q codexible %v ended with %d:\n%s", name, value, command, code, out)
				}
			}
		}
	}
}

func TestMovingTellsNoPasswordThatWasGivenOnTheCommandLine(t *testing.T) {
	for _, password := range oddPasswords {
		for _, form := range []string{"postgres://me:%s@127.0.0.1:1/codexible", "host=127.0.0.1 password=%s", "postgres://127.0.0.1:1/codexible?password=%s"} {
			for _, flag := range []string{"--from", "--to"} {
				if out, code := runWith(t, nil, "migrate-data", flag, fmt.Sprintf(form, password)); code == exitOK || strings.Contains(out, "ses") {
					t.Errorf("%s %s ended with %d:\n%s", flag, fmt.Sprintf(form, password), code, out)
				}
			}
		}
	}
}

// runWith runs a command in this process, with a signal that has come already; out is all that it prints.
func runWith(t *testing.T, env map[string]string, args ...string) (out string, code int) {
	t.Helper()
	t.Chdir(t.TempDir()) // no .env of the project is read
	ctx, cancel := context.WithCancel(context.Background())
	if args[0] == "serve" {
		cancel()
	}
	defer cancel()
	var printed bytes.Buffer
	code = run(ctx, args, environment(env), strings.NewReader(""), &printed, &printed)
	return printed.String(), code
}

// What comes before the @ of an address, or after its path, is in nothing that is made of it.
func FuzzASecretURLTellsNoSecret(f *testing.F) {
	for _, password := range oddPasswords {
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
		shown := newSecretURL(text).String()
		if shown == unreadable || shown == "" && text == "" {
			return
		}
		// What is shown is what was written outside of the secret parts, however it was escaped.
		if want, ok := readURL(known); !ok || shown != want.Scheme+"://"+want.Host+want.EscapedPath() {
			t.Errorf("%q is shown as %q", text, shown)
		}
	})
}
