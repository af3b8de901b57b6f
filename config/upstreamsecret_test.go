package config

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"codexible/gateway"
)

func TestKeysOfUpstreamsComeFromVariablesAndFilesAlone(t *testing.T) {
	folder, dir, outside := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "outside")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(folder, ".env"), "UPSTREAM_FILE=sk-from-env-file\nUPSTREAM_BOTH=sk-other\nSECRET_KEY=sesame\n")
	write(outside, "sesame")
	for name, text := range map[string]string{"plain": "  sk-plain\n", "long": strings.Repeat("a", maxSecretFile+1), "full": strings.Repeat("a", maxSecretFile), "two": "sk-sesame\nsk-other", "empty": "\n", "control": "sesame\x00x", "..data": "sk-linked"} {
		write(filepath.Join(dir, name), text)
	}
	for link, to := range map[string]string{"linked": "..data", "escape": outside, "climb": "../" + filepath.Base(filepath.Dir(outside)) + "/outside"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	read := UpstreamSecrets(environment(map[string]string{"UPSTREAM_A": " sk-a ", "UPSTREAM_BOTH": "sk-both", "UPSTREAM_BAD": "sesame two", "UPSTREAM_EMPTY": "", "SECRET_KEY": "sesame"}), folder, dir)
	for reference, want := range map[string]string{
		"env:UPSTREAM_A": "sk-a", "env:UPSTREAM_BOTH": "sk-both", "env:UPSTREAM_FILE": "sk-from-env-file", "file:plain": "sk-plain", "file:full": strings.Repeat("a", maxSecretFile), "file:linked": "sk-linked",
		"env:UPSTREAM_BAD": "", "env:UPSTREAM_EMPTY": "", "env:UPSTREAM_NONE": "", "env:SECRET_KEY": "", "env:UPSTREAM_KEYS_DIR": "", "file:long": "", "file:two": "", "file:empty": "", "file:control": "", "file:escape": "", "file:climb": "",
		"file:pipe": "", "file:folder": "", "file:nothing": "", "file:../outside": "", "file:..data": "", "file:.": "", "stored:x": "", ":": "",
	} {
		source, name, _ := strings.Cut(reference, ":")
		secret, err := read(gateway.KeySource(source), name)
		if secret.Reveal() != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, %v", reference, secret.Reveal(), err)
		}
		if err != nil && (strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), reference)) {
			t.Errorf("%s: the error is %v", reference, err)
		}
	}
	write(filepath.Join(dir, "plain"), "sk-replaced")
	if secret, err := read(gateway.KeyFile, "plain"); err != nil || secret.Reveal() != "sk-replaced" {
		t.Errorf("after it was replaced the file is %q, %v", secret.Reveal(), err)
	}
	if _, err := UpstreamSecrets(environment(nil), folder, "")(gateway.KeyFile, "plain"); err == nil || !strings.Contains(err.Error(), "UPSTREAM_KEYS_DIR is not set") {
		t.Errorf("without a directory: %v", err)
	}
}

func TestVariablesOfWebhooksAreThoseOfTheirOwnNames(t *testing.T) {
	environment := map[string]string{"WEBHOOK_URL": " https://example.com/hooks\n", "WEBHOOK_ALLOW_PRIVATE": "10.0.0.0/8", "SECRET_KEY": "secret"}
	read := WebhookVariable(func(name string) (string, bool) { value, found := environment[name]; return value, found }, t.TempDir())
	if text, err := read("WEBHOOK_URL"); err != nil || text != "https://example.com/hooks" {
		t.Errorf("read %q: %v", text, err)
	}
	for _, name := range []string{"SECRET_KEY", "WEBHOOK_ALLOW_PRIVATE", "WEBHOOK_", "WEBHOOK_GONE", "webhook_url", "WEBHOOK_URL\n", ""} {
		if text, err := read(name); err == nil || text != "" {
			t.Errorf("%q: read %q", name, text)
		}
	}
}
