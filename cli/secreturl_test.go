package cli

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"codexible/drills"
	"codexible/store/storetest"
)

func TestNoCommandPrintsThePasswordOfAnUnreachableDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "copy.db")
	for _, form := range []string{
		"postgres://me:%s@127.0.0.1:1/codexible?connect_timeout=1", "postgres://127.0.0.1:1/codexible?user=me&password=%s", "postgres://127.0.0.1:1/codexible?sslmode=%s",
		"host=127.0.0.1 port=1 user=me password=%s", "postgres:%s", "mysql://me:%s@127.0.0.1/codexible",
	} {
		for _, password := range drills.OddPasswords {
			url := fmt.Sprintf(form, password)
			for _, command := range [][]string{{"migrate", "status"}, {"user", "list", "--json"}, {"backup", file}, {"restore", file}, {"migrate-data", "--from", "sqlite:" + file}, {"serve"}} {
				out, code := runWith(t, map[string]string{"DATABASE_URL": url}, command...)
				if code == ExitOK || out == "" || strings.Contains(out, "ses") {
					t.Errorf("DATABASE_URL=%q codexible %v ended with %d:\n%s", url, command, code, out)
				}
			}
		}
	}
}

func TestNoCommandPrintsThePasswordOfAnUnreachableValkeyOrTheTokenOfACollector(t *testing.T) {
	data := t.TempDir()
	for _, password := range drills.OddPasswords {
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

func TestMigrateDataPrintsNoPasswordFromTheCommandLine(t *testing.T) {
	for _, password := range drills.OddPasswords {
		for _, form := range []string{"postgres://me:%s@127.0.0.1:1/codexible", "host=127.0.0.1 password=%s", "postgres://127.0.0.1:1/codexible?password=%s"} {
			for _, flag := range []string{"--from", "--to"} {
				if out, code := runWith(t, nil, "migrate-data", flag, fmt.Sprintf(form, password)); code == ExitOK || strings.Contains(out, "ses") {
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
	code = Run(ctx, Program{Args: args, Getenv: environment(env), In: strings.NewReader(""), Out: &printed, Err: &printed, Version: testVersion, Files: storetest.Files()})
	return printed.String(), code
}
