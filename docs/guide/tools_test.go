package guide

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the pages of tools from the dashboard's table")

// toolsTable says how each tool is set up: the dashboard shows it, and the pages 05a to 05z are made from it.
const toolsTable = "../../dashboard/app/lib/tools.json"

type tool struct {
	ID    string              `json:"id"`
	Name  string              `json:"name"`
	Kind  string              `json:"kind"`
	Wire  string              `json:"wire"`
	Parts []part              `json:"parts"`
	Notes []map[string]string `json:"notes"`
}

// part is lines for a terminal, or a file where it has a path, or settings to type in.
type part struct {
	Path     string      `json:"path"`
	Content  []string    `json:"content"`
	Settings [][2]string `json:"settings"`
	Instead  bool        `json:"instead"`
}

// wires are the paths that tools call, with what the address has at its end.
var wires = map[string][2]string{
	"chat":      {"/v1/chat/completions", "The address ends with `/v1`."},
	"responses": {"/v1/responses", "The address ends with `/v1`."},
	"messages":  {"/v1/messages", "The address has no `/v1` at its end: the tool adds it."},
}

// languages are those of files, by the ends of their names.
var languages = map[string]string{".toml": "toml", ".json": "json", ".yml": "yaml", ".yaml": "yaml", ".py": "python", ".mts": "ts", ".go": "go"}

// filler puts in words for what a customer puts in.
var filler = strings.NewReplacer("{{address}}", "https://YOUR_ADDRESS", "{{key}}", "YOUR_KEY", "{{model}}", "YOUR_MODEL")

// page is what the guide says of a tool.
func (o *tool) page() string {
	var b strings.Builder
	wire := wires[o.Wire]
	fmt.Fprintf(&b, "# %s\n\n", o.Name)
	fmt.Fprintf(&b, "%s calls `%s`. It needs the address of the service, a key with the scopes `models` and `usage`, and the name of a model.\n", o.Name, wire[0])
	b.WriteString("The page *Connect* of the customers' dashboard shows the same with your own values, and tests the key.\n\n## Set it up\n\n")
	for i, p := range o.Parts {
		p.write(&b, i, o.ID == "curl")
	}
	b.WriteString("## Good to know\n\n- " + wire[1] + "\n")
	for _, note := range o.Notes {
		b.WriteString("- " + note["en"] + "\n")
	}
	b.WriteString("\n[Agents and SDKs](05-agents.md#when-something-is-wrong) says what errors look like, and [Troubleshoot](04c-trouble.md) what to do.\n")
	return b.String()
}

func (p *part) write(b *strings.Builder, i int, runs bool) {
	where, language := "In a terminal", "shell"
	if runs { // by the test of the guide's commands
		language = "sh"
	}
	switch {
	case p.Path != "":
		where, language = "In `"+p.Path+"`", languages[path.Ext(p.Path)]
	case p.Settings != nil:
		where = "In its settings"
	}
	if p.Instead {
		where = "Or, instead of that, " + strings.ToLower(where[:1]) + where[1:]
	} else if i > 0 {
		where = "Then " + strings.ToLower(where[:1]) + where[1:]
	}
	b.WriteString(where + ":\n\n")
	if p.Settings != nil {
		b.WriteString("| setting | value |\n| --- | --- |\n")
		for _, s := range p.Settings {
			fmt.Fprintf(b, "| %s | `%s` |\n", s[0], filler.Replace(s[1]))
		}
		b.WriteByte('\n')
		return
	}
	fmt.Fprintf(b, "```%s\n%s\n```\n\n", language, filler.Replace(strings.Join(p.Content, "\n")))
}

func TestEveryToolOfTheDashboardHasItsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash(toolsTable))
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Tools []tool `json:"tools"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for i, o := range table.Tools {
		if i >= len(letters) || wires[o.Wire] == [2]string{} {
			t.Fatalf("there is no page for %s: it is the %d. tool and speaks %s", o.Name, i+1, o.Wire)
		}
		want[fmt.Sprintf("05%c-%s.md", letters[i], o.ID)] = o.page()
	}
	agents, err := os.ReadFile("05-agents.md")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := filepath.Glob("05[a-z]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		for _, name := range committed {
			_ = os.Remove(name)
		}
		for name, page := range want {
			if err := os.WriteFile(name, []byte(page), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for _, name := range committed {
		if want[name] == "" {
			t.Errorf("%s is the page of no tool", name)
		}
	}
	for name, page := range want {
		if is, err := os.ReadFile(filepath.Clean(name)); err != nil || string(is) != page {
			t.Errorf("%s does not say what %s says; run: go test ./docs/guide -run TestEveryTool -update (%v)", name, toolsTable, err)
		}
		if !strings.Contains(string(agents), "]("+name+")") {
			t.Errorf("05-agents.md does not link to %s", name)
		}
	}
}
