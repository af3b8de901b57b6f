package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/drills"
	"codexible/store/storetest"
)

const (
	stdinKey  = "sk-stdin-0123456789abcd"
	fileKey   = "sk-file-0123456789abcdef"
	headValue = "tenant-value-of-a-header"
)

// Each command prints what the API of a running service answers, and no secret.
func TestUpstreamsAreTheSameOnTheCommandLineAndInTheAPI(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.env["SECRET_KEY"], s.env["UPSTREAM_A"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "the-key-of-a-provider"
		s.env["UPSTREAM_KEYS_DIR"] = t.TempDir()
		if err := os.WriteFile(filepath.Join(s.env["UPSTREAM_KEYS_DIR"], "b"), []byte("another-key-of-a-provider"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{stdinKey, headValue} {
			s.addSecret(secret)
		}
		r := s.serve()
		key := s.operatorKey()
		same := func(path string, args ...string) any {
			t.Helper()
			var printed any
			s.json(&printed, args...)
			drills.Eventually(t, time.Second, "codexible "+strings.Join(args, " ")+" prints what GET "+path+" answers", func() bool { return reflect.DeepEqual(printed, r.list(t, path, key.Key)) })
			return printed
		}
		run := func(stdin string, args ...string) {
			t.Helper()
			code, stdout, stderr := s.try(stdin, args...)
			if code != ExitOK {
				t.Fatalf("codexible %s: exit %d: %s", strings.Join(args, " "), code, stderr)
			}
			for _, secret := range []string{stdinKey, headValue} {
				if strings.Contains(stdout+stderr, secret) {
					t.Errorf("codexible %s prints a secret", strings.Join(args, " "))
				}
			}
		}
		headers := t.TempDir() + "/headers.json"
		if err := os.WriteFile(headers, []byte(`{"X-Tenant":"`+headValue+`"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		run(stdinKey+"\n", "upstream", "create", "Vendor", "--kind", "openai", "--base-url", "https://api.example.com", "--key-ref", "env:UPSTREAM_A", "--key-stdin", "--headers-file", headers, "--daily-limit-usd", "12.5", "--weight", "2", "--priority", "3",
			"--first-byte-timeout", "60", "--idle-timeout", "30", "--on-client-gone", "drain", "--shared-state")
		same("/api/admin/upstreams", "upstream", "list")
		run("", "upstream", "create", "local", "--kind", "compatible", "--base-url", "http://127.0.0.1:1", "--wire", "chat,messages", "--enabled=false")
		run("", "upstream", "change", "vendor", "--disable-key", "KEY 2", "--name", "openai")
		list := same("/api/admin/upstreams", "upstream", "list").([]any)
		if vendor := list[1].(map[string]any); vendor["name"] != "openai" || vendor["keys"].([]any)[1].(map[string]any)["enabled"] != false || vendor["daily_limit_usd"] != 12.5 || vendor["shared_state"] != true || !reflect.DeepEqual(vendor["headers"], []any{"x-tenant"}) {
			t.Errorf("the upstream is %v", vendor)
		}
		run("", "upstream", "change", "openai", "--enable-key", "key 2", "--no-headers", "--no-daily-limit", "--shared-state=false")
		run("", "upstream", "change", "openai", "--keep-key", "key 2", "--key-ref", "file:b")
		vendor := same("/api/admin/upstreams", "upstream", "list").([]any)[1].(map[string]any)
		keys := vendor["keys"].([]any)
		if len(keys) != 2 || keys[0].(map[string]any)["ends_with"] != "abcd" || keys[0].(map[string]any)["enabled"] != true || keys[1].(map[string]any)["ref"] != "file:b" || vendor["daily_limit_usd"] != nil || len(vendor["headers"].([]any)) != 0 {
			t.Errorf("the upstream is %v", vendor)
		}
		run("", "model", "create", "large", "--candidate", "openai=vendor/large:8b:3:2", "--candidate", "local", "--overrun", "stop", "--hosted-tool", "code_interpreter")
		model := same("/api/admin/models", "model", "list").([]any)[0].(map[string]any)
		want := wantOf(t, `[{"upstream":"openai","model":"vendor/large:8b","weight":3,"priority":2},{"upstream":"local","model":null,"weight":1,"priority":1}]`)
		if !reflect.DeepEqual(model["candidates"], want) || model["overrun"] != "stop" || !reflect.DeepEqual(model["hosted_tools"], []any{"code_interpreter"}) {
			t.Errorf("the model is %v", model)
		}
		for _, try := range []struct {
			exit int
			says string
			args []string
		}{
			{ExitFailed, "serves models: large", []string{"upstream", "delete", "openai"}},
			{ExitFailed, "there is no upstream nobody", []string{"upstream", "delete", "nobody"}},
			{ExitFailed, `no key "other"`, []string{"upstream", "change", "openai", "--enable-key", "other"}},
			{ExitFailed, "base_url must begin with https", []string{"upstream", "change", "openai", "--base-url", "http://api.example.com"}},
			{ExitFailed, "first_byte_timeout_seconds must", []string{"upstream", "change", "openai", "--first-byte-timeout", "9223372036854775807"}},
			{ExitFailed, "stdin has no key", []string{"upstream", "change", "openai", "--key-stdin"}},
			{ExitFailed, "candidates must name upstreams", []string{"model", "change", "large", "--candidate", "nobody"}},
			{ExitUsage, "exclude each other", []string{"upstream", "change", "openai", "--no-keys", "--enable-key", "key 2"}},
			{ExitUsage, "exclude each other", []string{"upstream", "change", "openai", "--no-headers", "--headers-file", headers}},
			{ExitUsage, "exclude each other", []string{"upstream", "change", "openai", "--no-daily-limit", "--daily-limit-usd", "1"}},
			{ExitUsage, "both read stdin", []string{"upstream", "change", "openai", "--key-stdin", "--headers-file", "-"}},
			{ExitUsage, "exclude each other", []string{"model", "change", "large", "--no-candidates", "--candidate", "local"}},
			{ExitUsage, "number from 0 to 1000000", []string{"upstream", "change", "openai", "--daily-limit-usd", "0.0000001"}},
		} {
			code, stdout, stderr := s.try("", try.args...)
			if code != try.exit || !strings.Contains(stdout+stderr, try.says) {
				t.Errorf("codexible %q: exit %d, want %d with %q: %s", try.args, code, try.exit, try.says, stdout+stderr)
			}
		}
		code, _, stderr := s.try(`{"x": ["`+headValue+`"]}`, "upstream", "change", "openai", "--headers-file", "-")
		if code != ExitFailed || !strings.Contains(stderr, "JSON object") || strings.Contains(stderr, headValue) {
			t.Errorf("wrong headers: exit %d: %s", code, stderr)
		}
		run("", "model", "change", "large", "--no-candidates", "--no-hosted-tools", "--overrun", "finish")
		run("", "upstream", "change", "openai", "--no-keys")
		run("", "upstream", "delete", "openai")
		same("/api/admin/upstreams", "upstream", "list")
		same("/api/admin/models", "model", "list")
	})
}

func TestTheCommandLineTestsAnUpstreamWithTheKeyOfAFile(t *testing.T) {
	var asked, authorization string
	status := http.StatusOK
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, authorization = r.Method+" "+r.URL.Path, r.Header.Get("Authorization")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"error":{"message":"Incorrect API key provided: ` + fileKey + `"}}`))
	}))
	t.Cleanup(provider.Close)
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/vendor", []byte(fileKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newShell(t, storetest.SQLiteURL(t))
	s.addSecret(fileKey)
	s.env["UPSTREAM_KEYS_DIR"] = dir
	for _, args := range [][]string{{"migrate", "up"}, {"upstream", "create", "vendor", "--kind", "openai", "--base-url", provider.URL, "--key-ref", "file:vendor"}} {
		if code, _, stderr := s.try("", args...); code != ExitOK {
			t.Fatal(stderr)
		}
	}
	code, stdout, stderr := s.try("", "upstream", "test", "VENDOR")
	if code != ExitOK || !strings.Contains(stdout, "vendor: the upstream answers") || asked != "GET /v1/models" || authorization != "Bearer "+fileKey {
		t.Errorf("exit %d, %q with %q was asked: %s%s", code, asked, authorization, stdout, stderr)
	}
	status = http.StatusUnauthorized
	code, stdout, stderr = s.try("", "upstream", "test", "vendor", "--model", "large", "--json")
	if code != ExitFailed || !strings.Contains(stdout, `"ok":false,"status":401`) || !strings.Contains(stderr, "vendor: the upstream answered with status 401") || asked != "POST /v1/chat/completions" || strings.Contains(stdout+stderr, fileKey) {
		t.Errorf("exit %d, %q was asked: %s%s", code, asked, stdout, stderr)
	}
	if err := os.Remove(dir + "/vendor"); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = s.try("", "upstream", "test", "vendor")
	if code != ExitFailed || !strings.Contains(stderr, "cannot be read") {
		t.Errorf("without its file: exit %d: %s%s", code, stdout, stderr)
	}
}

func TestSecretsOfUpstreamsThatNoKeyDecryptsAreForgotten(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	s.addSecret(stdinKey)
	s.env["SECRET_KEY"] = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	for _, args := range [][]string{{"migrate", "up"}, {"upstream", "create", "vendor", "--kind", "openai", "--base-url", "https://api.example.com", "--key-stdin"}} {
		if code, _, stderr := s.try(stdinKey, args...); code != ExitOK {
			t.Fatal(stderr)
		}
	}
	s.env["SECRET_KEY"] = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
	code, _, stderr := s.try("", "secrets", "forget")
	if code != ExitFailed || !strings.Contains(stderr, "keys or headers of these upstreams cannot be decrypted: vendor") || strings.Contains(stderr, "second factors") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, stdout, stderr := s.try("", "secrets", "forget", "--yes", "--json"); code != ExitOK || stdout != `{"users":[],"upstreams":["vendor"],"webhooks":[],"dropped":true}`+"\n" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	var list []map[string]any
	s.json(&list, "upstream", "list")
	if k := list[0]["keys"].([]any)[0].(map[string]any); k["enabled"] != false || k["problem"] == nil {
		t.Errorf("the key is %v", k)
	}
}
