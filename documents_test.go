package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"codexible/cli"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// document is a Markdown file of the repository.
type document struct {
	file string
	// links are its links and pictures, anchors the ids of its headings.
	links, anchors []string
	// code is what it shows as code: spans, and whole blocks.
	code []string
}

// tracked lists the files that git knows or would add, without those that were deleted.
func tracked(t *testing.T) (files []string) {
	t.Helper()
	listed, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("the files are listed by git, from a clone of the repository:", err)
	}
	for file := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		if _, err := os.Stat(file); err == nil {
			files = append(files, file)
		}
	}
	return files
}

func documents(t *testing.T) map[string]*document {
	t.Helper()
	all := map[string]*document{}
	for _, file := range tracked(t) {
		if path.Ext(file) == ".md" {
			all[file] = readDocument(t, file)
		}
	}
	if len(all) < 40 || all["README.md"] == nil || all["docs/guide/01-index.md"] == nil {
		t.Fatalf("only %d documents were found", len(all))
	}
	return all
}

var addressInHTML = regexp.MustCompile(`(?:src|srcset|href)="([^"]*)"`)

func readDocument(t *testing.T, file string) *document {
	t.Helper()
	source, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{file: file}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Linkify), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	lines := func(node ast.Node) string {
		var b strings.Builder
		for i := range node.Lines().Len() {
			line := node.Lines().At(i)
			b.Write(line.Value(source))
		}
		return b.String()
	}
	err = ast.Walk(markdown.Parser().Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Heading:
			if id, found := n.AttributeString("id"); found {
				name, _ := id.([]byte)
				d.anchors = append(d.anchors, string(name))
			}
		case *ast.Link:
			d.links = append(d.links, string(n.Destination))
		case *ast.Image:
			d.links = append(d.links, string(n.Destination))
		case *ast.HTMLBlock:
			d.inHTML(lines(n))
		case *ast.RawHTML:
			d.inHTML(string(n.Segments.Value(source)))
		case *ast.CodeSpan:
			d.code = append(d.code, strings.Join(strings.Fields(string(n.Text(source))), " "))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			d.code = append(d.code, strings.ReplaceAll(lines(n), "\\\n", " "))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *document) inHTML(html string) {
	for _, m := range addressInHTML.FindAllStringSubmatch(html, -1) {
		d.links = append(d.links, m[1])
	}
}

// missing says what a link leads to that is not there; empty where it leads somewhere.
func (d *document) missing(link string, all map[string]*document) string {
	target, anchor, _ := strings.Cut(link, "#")
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://localhost:3000") {
		return ""
	}
	if strings.HasPrefix(link, "/") && strings.HasPrefix(d.file, "docs/guide/") {
		return "" // a page of the service, which the guide's own test follows
	}
	file := d.file
	if target != "" {
		file = path.Join(path.Dir(d.file), target)
	}
	if _, err := os.Stat(filepath.FromSlash(file)); err != nil || strings.HasPrefix(file, "..") || strings.HasPrefix(target, "/") {
		return "the file " + file
	}
	if anchor != "" && (all[file] == nil || !slices.Contains(all[file].anchors, anchor)) {
		return "the heading " + anchor + " of " + file
	}
	return ""
}

func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	all := documents(t)
	links := 0
	for _, d := range all {
		for _, link := range d.links {
			links++
			if missing := d.missing(link, all); missing != "" {
				t.Errorf("%s links to %s, and %s is not there", d.file, link, missing)
			}
		}
	}
	if links < 120 {
		t.Errorf("only %d links were found", links)
	}
}

func TestALinkThatLeadsNowhereIsFound(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) *document {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return readDocument(t, filepath.Join(folder, name))
	}
	a := write("a.md", "# One word\n\n[b](b.md#two-words) ![c](c.png) [d](#one-word)\n\n<img src=\"e.png\">\n\n[f](b.md#gone) [g](https://example.com/x)\n\n```\ncode `[h](i)`\n```\n")
	b := write("b.md", "# Two words\n")
	all := map[string]*document{a.file: a, b.file: b}
	var missing []string
	for _, link := range a.links {
		if a.missing(link, all) != "" {
			missing = append(missing, link)
		}
	}
	if want := []string{"c.png", "e.png", "b.md#gone"}; !slices.Equal(missing, want) {
		t.Errorf("found %q, want %q", missing, want)
	}
}

// Paths of the repository that documents name as code are there.
func TestFilesThatDocumentsNameExist(t *testing.T) {
	files := tracked(t)
	folders := map[string]bool{}
	for _, file := range files {
		for folder := path.Dir(file); folder != "."; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	there := func(file string) bool { return folders[file] || slices.Contains(files, file) }
	looksLikePath := regexp.MustCompile(`^\w[\w.-]*(/[\w.\[\]-]+)+/?$`)
	named := 0
	for _, d := range documents(t) {
		for _, code := range d.code {
			if !looksLikePath.MatchString(code) {
				continue
			}
			first, _, _ := strings.Cut(code, "/")
			for _, root := range []string{".", path.Dir(d.file)} {
				if !folders[path.Join(root, first)] {
					continue
				}
				named++
				if !there(path.Join(root, code)) && !there(path.Clean(code)) && !isPackage(folders, code) {
					t.Errorf("%s names %s, which does not exist", d.file, code)
				}
				break
			}
		}
	}
	if named < 50 {
		t.Errorf("only %d files were found in the documents", named)
	}
}

// isPackage reports whether a name is one of Go, such as keys.Verifier or store/keys.Thing.
func isPackage(folders map[string]bool, code string) bool {
	before, _, found := strings.Cut(path.Base(code), ".")
	return found && folders[path.Join(path.Dir(code), before)]
}

// What documents call by a name with underscores is called so in the code.
func TestNamesThatDocumentsUseAreInTheCode(t *testing.T) {
	name := regexp.MustCompile(`\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+\b`)
	known := map[string]bool{"scrape_configs": true, "job_name": true, "static_configs": true} // Prometheus's
	for _, file := range tracked(t) {
		known[strings.TrimSuffix(path.Base(file), path.Ext(file))] = true
		if ext := path.Ext(file); ext == ".md" || ext == ".png" || ext == ".woff2" || file == "third-party-licences.txt" {
			continue
		}
		content, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range name.FindAll(content, -1) {
			known[string(found)] = true
		}
	}
	used := map[string]bool{}
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, found := range name.FindAllString(code, -1) {
				used[found] = true
				if !known[found] && !strings.HasPrefix(found, "codexible_") {
					t.Errorf("%s names %s, which nothing in the code is called", d.file, found)
				}
			}
		}
	}
	if len(used) < 200 {
		t.Errorf("only %d names were found", len(used))
	}
}

// made is a target of make or a script of npm that a document names.
var made = regexp.MustCompile(`(?m)(?:^|&& |; )\s*(make|npm run)( -s)? ([a-z][a-z0-9:-]*)\b`)

func TestTargetsThatDocumentsNameExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string]bool{}
	for _, file := range tracked(t) {
		if path.Base(file) != "package.json" {
			continue
		}
		content, err := os.ReadFile(filepath.Clean(file))
		var p struct {
			Scripts map[string]string `json:"scripts"`
		}
		if err != nil || json.Unmarshal(content, &p) != nil {
			t.Fatalf("%s cannot be read: %v", file, err)
		}
		for script := range p.Scripts {
			scripts[script] = true
		}
	}
	named := 0
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, m := range made.FindAllStringSubmatch(code, -1) {
				named++
				there := scripts[m[3]]
				if m[1] == "make" {
					there = regexp.MustCompile(`(?m)^` + m[3] + `:`).Match(makefile)
				}
				if !there {
					t.Errorf("%s names %s, which does not exist", d.file, m[0])
				}
			}
		}
	}
	if named < 40 {
		t.Errorf("only %d targets were found", named)
	}
}

// helpOf is what --help prints of a command; empty where there is none.
var helpOf = sync.OnceValue(func() func(command string) string {
	known := map[string]string{}
	return func(command string) string {
		if _, asked := known[command]; !asked {
			var out bytes.Buffer
			code := cli.Run(context.Background(), cli.Program{
				Args: append(strings.Fields(command), "--help"), Getenv: func(string) (string, bool) { return "", false },
				In: strings.NewReader(""), Out: &out, Err: &out,
			})
			known[command] = ""
			if help := out.String(); code == cli.ExitOK && strings.HasPrefix(help, "Usage: codexible "+command) {
				known[command] = help
			}
		}
		return known[command]
	}
})

var (
	// program is a call of the command line: its words up to the end of the command.
	program     = regexp.MustCompile(`(?:^\s*|[|(] ?| -- |[A-Z_]+=\S* )codexible((?: [^\s|;&<>()]+)+)`)
	commandWord = regexp.MustCompile(`^[a-z][a-z-]*$`)
	flagWord    = regexp.MustCompile(`^--[a-z][a-z-]*`)
)

// wrongCommand says what of a command line does not exist; empty where all does.
func wrongCommand(line string) string {
	words := strings.Fields(line)
	command, help := "", ""
	for n := range min(len(words), 2) {
		if !commandWord.MatchString(words[n]) {
			break
		}
		longer := strings.TrimSpace(command + " " + words[n])
		found := helpOf()(longer)
		if found == "" {
			if command == "" || strings.Contains(help, "Usage: codexible "+command+" <command>") {
				return "command " + longer
			}
			break
		}
		command, help = longer, found
	}
	if command == "" {
		help = helpOf()("serve") + " --version"
	}
	for _, word := range words {
		if flag := flagWord.FindString(word); flag != "" && !regexp.MustCompile(regexp.QuoteMeta(flag)+`\b`).MatchString(help) {
			return "flag " + flag + " of " + command
		}
	}
	return ""
}

func TestCommandsOfTheProgramThatDocumentsNameExist(t *testing.T) {
	named := 0
	for _, d := range documents(t) {
		for _, code := range d.code {
			for line := range strings.Lines(code) {
				line, _, _ = strings.Cut(line, " # ")
				for _, m := range program.FindAllStringSubmatch(line, -1) {
					named++
					if wrong := wrongCommand(m[1]); wrong != "" {
						t.Errorf("%s has `codexible%s`: there is no %s", d.file, m[1], wrong)
					}
				}
			}
		}
	}
	if named < 80 {
		t.Errorf("only %d commands were found", named)
	}
	for line, wrong := range map[string]string{"user create --email x --plan y": "", "user invent": "command user invent", "invent": "command invent", "serve --dema": "flag --dema of serve", "backup x.db": "", "--version": ""} {
		if got := wrongCommand(line); got != wrong {
			t.Errorf("%s: %q, want %q", line, got, wrong)
		}
	}
}

func TestPathsOfTheAPIThatDocumentsNameExist(t *testing.T) {
	content, err := os.ReadFile("docs/openapi.json")
	var api struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err != nil || json.Unmarshal(content, &api) != nil {
		t.Fatal(err)
	}
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	there := map[string]bool{}
	for address, methods := range api.Paths {
		for method := range methods {
			there[strings.ToUpper(method)+" "+parameter.ReplaceAllString(address, "{}")] = true
		}
	}
	request := regexp.MustCompile(`\b((?:GET|POST|PUT|PATCH|DELETE)(?:\|(?:GET|POST|PATCH|DELETE))*) (/api/[\w/{}-]+)`)
	named := 0
	for _, d := range documents(t) {
		for _, code := range d.code {
			for _, m := range request.FindAllStringSubmatch(code, -1) {
				for method := range strings.SplitSeq(m[1], "|") {
					named++
					if !there[method+" "+parameter.ReplaceAllString(m[2], "{}")] {
						t.Errorf("%s names %s %s, which does not exist", d.file, method, m[2])
					}
				}
			}
		}
	}
	if named < 25 {
		t.Errorf("only %d paths were found", named)
	}
}
