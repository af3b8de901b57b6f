package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// headerWriters are the methods and functions of libraries that write response
// headers, by type and package. A star matches any ending; unwritten are exceptions.
var headerWriters = map[string][]string{
	"(*github.com/gofiber/fiber/v2.Ctx)": {
		"Append", "Attachment", "AutoFormat", "ClearCookie", "Cookie", "Download", "Format", "JSON", "JSONP", "Links", "Location", "Redirect", "RedirectBack", "RedirectToRoute", "Render", "SendFile",
		"Set", "Type", "Vary", "XML",
	},
	"(*github.com/valyala/fasthttp.ResponseHeader)": {"Set*", "Add*"},
	"(*github.com/valyala/fasthttp.RequestCtx)":     {"SetContentType*", "Redirect*", "Error", "Success*", "SendFile*", "NotModified"},
	"(*github.com/valyala/fasthttp.Response)":       {"SendFile"},
	"(net/http.Header)":                             {"Set", "Add"},
	"net/http":                                      {"SetCookie", "Error", "Redirect", "NotFound", "ServeContent", "ServeFile"},
}

var unwritten = []string{"SetStatusCode", "SetConnectionClose"}

// mayWrite are the files that may call them, with the reason.
var mayWrite = map[string]string{
	"handlers/headers.go":             "it checks every value",
	"server/traces.go":                "it sends requests to the collector",
	"openid/openidtest/openidtest.go": "it plays an OpenID Connect provider, which the tests alone call",
	"demo/upstream/serve.go":          "it plays a provider of models, which nobody but a demo and the tests calls",
}

func TestOnlyOneFileWritesResponseHeaders(t *testing.T) {
	fset := token.NewFileSet()
	libraries := importer.ForCompiler(fset, "gc", exports(t))
	writes := map[string]int{}
	for _, p := range packages(t) {
		if p.exempt() {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
		info := types.Info{Uses: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: libraries}
		if _, err := config.Check(p.ImportPath, fset, files, &info); err != nil {
			t.Fatal(err)
		}
		for name, object := range info.Uses {
			f, is := object.(*types.Func)
			if !is || !writesHeaders(f) {
				continue
			}
			at := fset.Position(name.Pos())
			file := filepath.ToSlash(filepath.Join(p.path(), filepath.Base(at.Filename)))
			if writes[file]++; mayWrite[file] == "" {
				t.Errorf("%s:%d calls %s: headers and cookies are written in handlers/headers.go alone, which refuses values that would split the answer", file, at.Line, f.FullName())
			}
		}
	}
	for file := range mayWrite {
		if writes[file] == 0 {
			t.Errorf("%s writes no header: remove it from this table, or correct this test", file)
		}
	}
}

func writesHeaders(f *types.Func) bool {
	name, of := f.Name(), ""
	if receiver := f.Signature().Recv(); receiver != nil {
		of = "(" + receiver.Type().String() + ")"
	} else if f.Pkg() != nil {
		of = f.Pkg().Path()
	}
	return !slices.Contains(unwritten, name) && slices.ContainsFunc(headerWriters[of], func(pattern string) bool {
		prefix, all := strings.CutSuffix(pattern, "*")
		return name == pattern || all && strings.HasPrefix(name, prefix)
	})
}

// exports finds what the compiler wrote about each package that the module uses.
func exports(t *testing.T) importer.Lookup {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}", "codexible/...").Output()
	if err != nil {
		if failed := new(exec.ExitError); errors.As(err, &failed) {
			t.Fatalf("%v: %s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	files := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		path, file, _ := strings.Cut(lines.Text(), " ")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("go list gave nothing for %s", path)
		}
		return os.Open(files[path])
	}
}
