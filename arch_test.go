package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// importMap says which packages of the module a package may import; "." is main.
// The imports of tests are not checked.
var importMap = map[string][]string{
	".":                 {"cli", "store"},
	"cli":               {"config", "server", "handlers", "demo", "store", "valkey", "accounts", "keys", "usage", "secrets", "fault"},
	"config":            {"store", "secrets"},
	"server":            {"config", "listener", "handlers", "handlers/console", "handlers/monitor", "valkey", "store", "accounts", "keys", "usage", "limits"},
	"listener":          {"limits"},
	"demo":              {"store", "accounts", "keys", "usage"},
	"drills":            {},
	"fault":             {},
	"static":            {},
	"static/docs":       {},
	"limits":            {},
	"accounts":          {"fault"},
	"secrets":           {"fault"},
	"usage":             {"fault"},
	"keys":              {"accounts", "limits", "usage", "fault"},
	"gateway":           {"keys", "usage", "fault"},
	"valkey":            {"limits", "keys", "usage", "fault", "accounts"},
	"store":             {"accounts", "keys", "usage", "limits", "secrets", "fault"},
	"views":             {"accounts", "keys", "usage", "limits", "static"},
	"handlers/console":  {"accounts", "keys", "usage", "limits", "fault", "store", "views", "handlers/monitor"},
	"handlers/monitor":  {"keys", "usage", "limits", "fault", "store"},
	"handlers":          {"handlers/console", "handlers/monitor", "handlers/openapi", "accounts", "keys", "usage", "limits", "gateway", "fault", "store", "views", "static", "static/docs"},
	"handlers/openapi":  {"accounts", "keys", "usage", "fault"},
	"limits/limitstest": {"limits"},
	"store/storetest":   {"store", "accounts", "keys", "usage", "limits", "secrets", "fault"},
}

// exempt packages are programs for developers, which may import what they need.
var exempt = []string{"bench", "tools"}

// onlyImportedBy names the only packages that may import a library, that is any path that
// begins with the name; a name that ends with a quote is the whole path.
var onlyImportedBy = map[string][]string{
	"github.com/gofiber/":             {"handlers"},
	"github.com/valyala/fasthttp":     {"handlers"},
	"gorm.io/":                        {"store"},
	"ariga.io/atlas":                  {"store"},
	"modernc.org/":                    {"store", "store/storetest"},
	"github.com/jackc/pgx":            {"store", "store/storetest"},
	"github.com/valkey-io/":           {"valkey"},
	"github.com/a-h/templ":            {"views", "handlers", "handlers/console"},
	"github.com/alexedwards/argon2id": {"accounts"},
	"golang.org/x/crypto/":            {"secrets"},
	"github.com/joho/godotenv":        {"config"},
	"github.com/alecthomas/kong":      {"cli"},
	"database/sql\"":                  {"store", "store/storetest"},
	"net/http\"":                      {"cli", "server", "handlers", "handlers/console", "gateway"},
	"testing\"":                       {"limits/limitstest", "store/storetest", "drills"},
	"go.opentelemetry.io/otel/sdk":    {"server"},
	"go.opentelemetry.io/":            {"server", "handlers", "keys", "usage"},
	"github.com/prometheus/":          {"server", "listener", "handlers"},
}

// genericNames are names that say nothing about what is in them.
var genericNames = []string{
	"utils", "util", "common", "helpers", "helper", "models", "model", "services", "service", "repository", "repositories", "middleware",
	"internal", "pkg", "shared", "misc", "types", "lib", "core", "base",
}

// listed is a package as go list prints it; test files are not in its imports.
type listed struct {
	ImportPath string   `json:"ImportPath"` //nolint:tagliatelle // as go list writes it
	Dir        string   `json:"Dir"`        //nolint:tagliatelle // as go list writes it
	Name       string   `json:"Name"`       //nolint:tagliatelle // as go list writes it
	GoFiles    []string `json:"GoFiles"`    //nolint:tagliatelle // as go list writes it
	Imports    []string `json:"Imports"`    //nolint:tagliatelle // as go list writes it
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,Name,GoFiles,Imports", "codexible/...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var all []listed
	for decoder := json.NewDecoder(out); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(all) < 8 {
		t.Fatalf("go list knows %d packages, the module has more", len(all))
	}
	return all
}

// path is a package's path inside the module, "." for main.
func (p listed) path() string {
	if p.ImportPath == "codexible" {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, "codexible/")
}

func (p listed) exempt() bool {
	first, _, _ := strings.Cut(p.path(), "/")
	return slices.Contains(exempt, first)
}

func TestPackagesImportOnlyWhatTheImportMapAllows(t *testing.T) {
	for _, p := range packages(t) {
		if p.exempt() {
			continue
		}
		allowed, known := importMap[p.path()]
		if !known {
			t.Errorf("package %s is not in the import map: say in it what the package may import, and in ARCHITECTURE.md why it exists", p.path())
			continue
		}
		for _, path := range p.Imports {
			if inside, ours := strings.CutPrefix(path, "codexible/"); ours && !slices.Contains(allowed, inside) {
				t.Errorf("package %s imports %s, which it may not", p.path(), inside)
			}
		}
	}
}

func TestOnlyTheNamedPackagesImportALibrary(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		if p.exempt() {
			continue
		}
		for _, path := range p.Imports {
			for library, importers := range onlyImportedBy {
				if !strings.HasPrefix(path+`"`, library) {
					continue
				}
				used[library] = true
				if !slices.Contains(importers, p.path()) {
					t.Errorf("package %s imports %s, which only %s may import", p.path(), path, strings.Join(importers, " and "))
				}
			}
		}
	}
	for library := range onlyImportedBy {
		if !used[library] {
			t.Errorf("nothing imports %s: remove it from this table, or correct its name", library)
		}
	}
}

func TestNoPackageHasAGenericName(t *testing.T) {
	for _, p := range packages(t) {
		for part := range strings.SplitSeq(p.path(), "/") {
			if slices.Contains(genericNames, part) || slices.Contains(genericNames, p.Name) {
				t.Errorf("package %s has a name that says nothing about what is in it", p.path())
			}
		}
	}
}

func TestOnlyMainReadsTheEnvironment(t *testing.T) {
	readers := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}
	found := 0
	for _, p := range packages(t) {
		if p.exempt() || p.path() == "store/storetest" || p.path() == "limits/limitstest" || p.path() == "drills" {
			continue // tests get their servers from the environment
		}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok || !slices.Contains(readers, selector.Sel.Name) {
					return true
				}
				if of, ok := selector.X.(*ast.Ident); ok && (of.Name == "os" || of.Name == "syscall") {
					found++
					if p.path() != "." || name != "main.go" {
						t.Errorf("%s/%s reads the environment: only config may", p.path(), name)
					}
				}
				return true
			})
		}
	}
	if found == 0 {
		t.Error("nothing reads the environment: this test searches for the wrong names")
	}
}

// make test runs everything with -race, and by their names what is not built with it.
func TestWhatIsNotBuiltWithTheRaceDetectorIsRunWithoutIt(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^WITHOUT_RACE := (.+)$`).FindSubmatch(makefile)
	if named == nil {
		t.Fatal("the Makefile has no WITHOUT_RACE")
	}
	run, declared, found := regexp.MustCompile(string(named[1])), regexp.MustCompile(`(?m)^func (Test\w+)\(`), 0
	for _, p := range packages(t) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(text, []byte("//go:build !race\n")) {
				continue
			}
			for _, test := range declared.FindAllSubmatch(text, -1) {
				found++
				if !run.Match(test[1]) || p.path() != "handlers" {
					t.Errorf("%s: nothing runs %s: name it in WITHOUT_RACE", file, test[1])
				}
			}
		}
	}
	if found == 0 {
		t.Error("no test was found")
	}
}
