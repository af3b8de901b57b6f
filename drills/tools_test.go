//go:build agents

package drills

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tool is a row of the dashboard's table of tools: how customers are told to set it up.
type tool struct {
	ID    string `json:"id"`
	Parts []part `json:"parts"`
}

// part is lines for a terminal, or a file where it has a path.
type part struct {
	Path    string   `json:"path"`
	Content []string `json:"content"`
	Instead bool     `json:"instead"`
}

func toolOf(t *testing.T, id string) tool {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../dashboard/app/lib/tools.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Tools []tool `json:"tools"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	for _, each := range table.Tools {
		if each.ID == id {
			return each
		}
	}
	t.Fatalf("the dashboard's table of tools has no %s", id)
	return tool{}
}

// filled is the content of a part as a customer copies it.
func (p part) filled(address, key, model string) string {
	return strings.NewReplacer("{{address}}", address, "{{key}}", key, "{{model}}", model).Replace(strings.Join(p.Content, "\n") + "\n")
}

// writeFiles writes the tool's files; with instead, those that replace the other parts.
func (o tool) writeFiles(t *testing.T, home, address, key, model string, instead bool) {
	t.Helper()
	written := 0
	for _, p := range o.Parts {
		if p.Path != "" && p.Instead == instead {
			write(t, filepath.Join(home, strings.TrimPrefix(p.Path, "~/")), p.filled(address, key, model))
			written++
		}
	}
	if written == 0 {
		t.Fatalf("%s has no files in the dashboard's table of tools", o.ID)
	}
}

// commands are the tool's lines for a terminal; with instead, those that replace the other parts.
func (o tool) commands(t *testing.T, address, key, model string, instead bool) (lines string) {
	t.Helper()
	for _, p := range o.Parts {
		if p.Path == "" && p.Instead == instead && len(p.Content) > 0 {
			lines += p.filled(address, key, model)
		}
	}
	if lines == "" {
		t.Fatalf("%s has no lines for a terminal in the dashboard's table of tools", o.ID)
	}
	return lines
}

var exported = regexp.MustCompile(`(?m)^export (\w+)='([^']*)'$`)

// environment is what the tool's lines for a terminal export.
func (o tool) environment(t *testing.T, address, key, model string) (env []string) {
	t.Helper()
	for _, found := range exported.FindAllStringSubmatch(o.commands(t, address, key, model, false), -1) {
		env = append(env, found[1]+"="+found[2])
	}
	if len(env) == 0 {
		t.Fatalf("%s exports nothing in the dashboard's table of tools", o.ID)
	}
	return env
}

// The lines of the table for curl run as they stand.
func TestAgentsCurlCallsTheService(t *testing.T) {
	service, database := startGateway(t, startProvider(t, scripted()))
	key := newKey(t, database, 100_000)
	output, err := exec.CommandContext(t.Context(), "sh", "-ec", toolOf(t, "curl").commands(t, service.url, key, "plain", false)).Output()
	var answer struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err != nil || json.Unmarshal(output, &answer) != nil || len(answer.Choices) != 1 || answer.Choices[0].Message.Content == "" {
		t.Errorf("curl got (error %v): %s", err, output)
	}
}
