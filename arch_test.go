package main

import (
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
	"cli":               {"apply", "logo", "config", "mail", "server", "handlers", "demo", "demo/upstream", "store", "valkey", "accounts", "keys", "catalog", "catalog/pricelist", "usage", "gateway", "secrets", "fault", "events"},
	"config":            {"store", "gateway", "mail", "secrets", "usage", "accounts"},
	"server":            {"config", "listener", "handlers", "handlers/console", "handlers/monitor", "valkey", "store", "accounts", "keys", "catalog", "usage", "limits", "gateway", "events", "openid", "mail"},
	"listener":          {"limits"},
	"demo":              {"store", "accounts", "keys", "catalog", "usage", "gateway", "events"},
	"demo/upstream":     {},
	"drills":            {},
	"fault":             {},
	"static":            {},
	"static/docs":       {},
	"docs/guide":        {},
	"limits":            {},
	"accounts":          {"logo", "fault"},
	"logo":              {},
	"secrets":           {"fault"},
	"usage":             {"accounts", "fault"},
	"catalog":           {"accounts", "usage", "fault"},
	"catalog/pricelist": {"catalog", "usage", "fault"},
	"events":            {"fault"},
	"mail":              {"events"},
	"apply":             {"store", "accounts", "catalog", "gateway", "events", "fault"},
	"openid":            {"accounts", "fault"},
	"openid/openidtest": {},
	"keys":              {"accounts", "limits", "catalog", "usage", "fault"},
	"gateway":           {"accounts", "keys", "catalog", "usage", "fault"},
	"valkey":            {"limits", "keys", "usage", "gateway", "fault", "accounts", "events"},
	"store":             {"accounts", "logo", "keys", "catalog", "usage", "limits", "gateway", "secrets", "fault", "events"},
	"views":             {"accounts", "keys", "catalog", "usage", "limits", "gateway", "static", "events", "docs/guide"},
	"handlers/console":  {"accounts", "logo", "keys", "catalog", "catalog/pricelist", "usage", "limits", "gateway", "fault", "store", "views", "handlers/monitor", "events", "openid"},
	"handlers/monitor":  {"keys", "usage", "limits", "fault", "store"},
	"handlers":          {"apply", "handlers/console", "handlers/monitor", "handlers/openapi", "accounts", "logo", "keys", "catalog", "catalog/pricelist", "usage", "limits", "gateway", "fault", "store", "views", "static", "static/docs", "events", "docs/guide", "openid"},
	"handlers/openapi":  {"accounts", "keys", "usage", "fault"},
	"limits/limitstest": {"limits"},
	"usage/usagetest":   {"usage"},
	"store/storetest":   {"store", "accounts", "keys", "catalog", "usage", "limits", "secrets", "fault"},
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
	"golang.org/x/image/":             {"logo"},
	"github.com/joho/godotenv":        {"config"},
	"github.com/alecthomas/kong":      {"cli"},
	"go.yaml.in/yaml/":                {"apply"},
	"github.com/yuin/goldmark":        {"docs/guide"},
	"database/sql\"":                  {"store", "store/storetest"},
	"net/http\"":                      {"cli", "server", "handlers", "handlers/console", "gateway", "events", "openid", "openid/openidtest", "demo/upstream"},
	"github.com/coreos/go-oidc":       {"openid"},
	"golang.org/x/oauth2":             {"openid"},
	"github.com/wneessen/go-mail":     {"mail"},
	"testing\"":                       {"limits/limitstest", "store/storetest", "drills"},
	"go.opentelemetry.io/otel/sdk":    {"server"},
	"go.opentelemetry.io/":            {"server", "handlers", "keys", "usage", "gateway"},
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

// withoutRace are tests and helpers that start a goroutine and are not run with -race, although their package is slow with it.
var withoutRace = map[string]string{
	"handlers.TestABodyThatNeverEndsIsCutAfterItsAnswer": "only the client sends and reads at once",
	"handlers.TestAScrapeReadsNoBody":                    "only the client sends and reads at once",
	"handlers.attack":                                    "only the client sends and reads at once",
	"store.TestAFreshDatabaseIsNeverReadableByOthers":    "the goroutine reads the mode of a file",
	"store.newFront":                                     "requests follow one another beside one watcher, as in TestARevocationInOneInstanceEndsTheKeyInAnother",
	"cli.serve":                                          "requests follow one another; TestSIGTERMFinishesOpenRequestsAndFailsReadiness starts and stops the same service",
}

// In packages that are slow with -race, make test runs it on the tests whose names match WITH_RACE.
func TestTestsThatStartGoroutinesRunWithTheRaceDetector(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	variable := func(name string) string {
		found := regexp.MustCompile(`(?m)^` + name + ` := (.+)$`).FindSubmatch(makefile)
		if found == nil {
			t.Fatalf("the Makefile has no %s", name)
		}
		return string(found[1])
	}
	run, used := regexp.MustCompile(variable("WITH_RACE")), map[string]bool{}
	for path := range strings.FieldsSeq(variable("SLOW_WITH_RACE")) {
		functions := testFunctions(t, path)
		starts := func(name string) bool {
			f := functions[name]
			if _, excepted := withoutRace[path+"."+name]; excepted && f.starts {
				used[path+"."+name] = true
				return false
			}
			return f.starts
		}
		for name, f := range functions {
			test := strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz")
			if test && !run.MatchString(name) && (starts(name) || slices.ContainsFunc(f.names, starts)) {
				t.Errorf("%s: %s starts a goroutine and is not run with -race: give it a name that matches WITH_RACE in the Makefile", path, name)
			}
		}
	}
	for name := range withoutRace {
		if !used[name] {
			t.Errorf("%s needs no exception: remove it from this table", name)
		}
	}
}

// testFunction is a function of a test file, or all methods of one name.
type testFunction struct {
	starts bool     // it has a go statement or a call of a method Go
	names  []string // the identifiers in it, and so the functions that it calls
}

func testFunctions(t *testing.T, path string) map[string]testFunction {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: correct SLOW_WITH_RACE in the Makefile (%v)", path, err)
	}
	functions := map[string]testFunction{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declared := range file.Decls {
			function, ok := declared.(*ast.FuncDecl)
			if !ok {
				continue
			}
			f := functions[function.Name.Name]
			ast.Inspect(function.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					f.starts = true
				case *ast.SelectorExpr:
					f.starts = f.starts || n.Sel.Name == "Go"
				case *ast.Ident:
					f.names = append(f.names, n.Name)
				}
				return true
			})
			functions[function.Name.Name] = f
		}
	}
	return functions
}
