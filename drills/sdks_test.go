//go:build agents

package drills

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Where the SDKs come from: what the table installs is what is pinned here.
const (
	pinnedPackages = "../tools/agents/package.json"
	pinnedModules  = "../tools/agents/go.mod"
)

var installs = regexp.MustCompile(`(?m)^(?:npm install|go get) (.+)$`)

// The SDKs of the table run as the table says, but for their installation, and are charged what the provider reports.
func TestAgentsSDKsCallTheService(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p)
	for _, id := range []string{"openai-typescript", "anthropic-typescript", "openai-go", "anthropic-go"} {
		t.Run(id, func(t *testing.T) {
			key, tool, work, before := newKey(t, database, 100_000), toolOf(t, id), t.TempDir(), len(p.Requests())
			tool.writeFiles(t, work, service.url, key, "plain", false)
			output := runSDK(t, tool, work, service.url, key)
			requests := p.Requests()[before:]
			if len(requests) != 1 || strings.TrimSpace(output) == "" {
				t.Fatalf("it called %d times and printed %q", len(requests), output)
			}
			charged(t, service.url, key, requests[0].Usage.Output)
		})
	}
}

// charged waits until the charges of a key are for as many tokens as the provider reported.
func charged(t *testing.T, address, key string, reported int64) {
	t.Helper()
	if reported == 0 {
		t.Error("the provider reported no tokens")
	}
	Eventually(t, 10*time.Second, fmt.Sprintf("%d tokens to be charged", reported), func() bool {
		var charges []struct {
			Outcome string `json:"outcome"`
			Tokens  int64  `json:"completion_tokens"`
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/api/usage/detailed?days=1", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if err := json.NewDecoder(response.Body).Decode(&charges); err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, c := range charges {
			if c.Outcome == "complete" {
				sum += c.Tokens
			}
		}
		return sum == reported
	})
}

// runSDK runs the last lines of the table in a folder that has the SDK, and returns what the program printed.
func runSDK(t *testing.T, o tool, work, address, key string) string {
	t.Helper()
	pinned := ""
	for _, file := range []string{pinnedPackages, pinnedModules} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pinned += string(text)
	}
	lines := o.commands(t, address, key, "plain", false)
	for _, names := range installs.FindAllStringSubmatch(lines, -1) {
		for name := range strings.FieldsSeq(names[1]) {
			if !strings.Contains(pinned, `"`+name+`"`) && !strings.Contains(pinned, "\t"+name+" v") {
				t.Errorf("the table installs %s, of which tools/agents pins no version", name)
			}
		}
	}
	if strings.Contains(lines, "npm install") {
		if err := os.Symlink(filepath.Join(os.Getenv("CODEXIBLE_AGENTS"), "node_modules"), filepath.Join(work, "node_modules")); err != nil {
			t.Fatal(err)
		}
	} else {
		for _, name := range []string{"go.mod", "go.sum"} {
			text, err := os.ReadFile(filepath.Join(filepath.Dir(pinnedModules), name))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(work, name), string(text))
		}
	}
	last := o.Parts[len(o.Parts)-1].filled(address, key, "plain")
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", last)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), append(o.environment(t, address, key, "plain"), "GOPROXY=off", "GOFLAGS=-mod=readonly")...)
	output, err := cmd.Output()
	if err != nil {
		complaints := ""
		if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
			complaints = string(failed.Stderr)
		}
		t.Fatalf("%s: %v\n%s%s", last, err, output, complaints)
	}
	return string(output)
}
