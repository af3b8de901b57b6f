package guide

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testedAs are the packages by which make agents runs the tools of the dashboard's table; of the others it runs none.
var testedAs = map[string]string{
	"codex": "@openai/codex", "claude-code": "@anthropic-ai/claude-code", "opencode": "opencode-linux-x64", "cline": "@cline/cli-linux-x64", "continue": "@continuedev/cli",
	"openai-typescript": "openai", "openai-go": "github.com/openai/openai-go/v3", "anthropic-typescript": "@anthropic-ai/sdk", "anthropic-go": "github.com/anthropics/anthropic-sdk-go",
}

func TestThePageOfAgentsNamesTheVersionOfEachToolThatIsRun(t *testing.T) {
	root := filepath.Join("..", "..")
	read := func(path string) []byte {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var packages struct{ Dependencies, OptionalDependencies map[string]string }
	var table struct{ Tools []struct{ ID, Name string } }
	for path, into := range map[string]any{"tools/agents/package.json": &packages, "dashboard/app/lib/tools.json": &table} {
		if err := json.Unmarshal(read(path), into); err != nil {
			t.Fatal(err)
		}
	}
	versions := packages.Dependencies
	maps.Copy(versions, packages.OptionalDependencies)
	for _, found := range regexp.MustCompile(`(?m)^\t(\S+) v(\S+)$`).FindAllSubmatch(read("tools/agents/go.mod"), -1) {
		versions[string(found[1])] = string(found[2])
	}
	page := string(read("docs/guide/05-agents.md"))
	for _, tool := range table.Tools {
		want := "not run"
		switch name := testedAs[tool.ID]; {
		case tool.ID == "curl":
			want = "the system's"
		case name != "" && versions[name] == "":
			t.Errorf("tools/agents pins no version of %s", name)
		case name != "":
			want = versions[name]
		}
		if !strings.Contains(page, "\n| "+tool.Name+" | "+want) {
			t.Errorf("the page has no row of %s that begins with %q", tool.Name, want)
		}
	}
	if len(table.Tools) < 10 {
		t.Errorf("the dashboard's table has %d tools", len(table.Tools))
	}
}
