package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// systems are those that the program is released for. Which modules are linked does not depend on the processor, because
// every release is built without cgo.
var systems = []string{"linux", "darwin"}

// A work is something that somebody else made and that the program contains: a module, Go, or embedded files.
type work struct {
	name string
	// dirs are the folders whose licences apply, the outermost first.
	dirs []string
}

// goPackage is what go list says of a package.
type goPackage struct {
	Dir, ImportPath string
	Standard        bool
	EmbedFiles      []string
	Module          *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{}
	}
}

// linked returns what is in the program of the module in root, sorted by name.
func linked(root string) ([]work, error) {
	goroot, err := goCommand(root, "linux", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	works := map[string]work{"Go": {name: "Go", dirs: []string{strings.TrimSpace(string(goroot))}}}
	for _, system := range systems {
		listed, err := goCommand(root, system, "list", "-deps", "-json=Dir,ImportPath,Standard,EmbedFiles,Module", ".")
		if err != nil {
			return nil, err
		}
		decoder := json.NewDecoder(bytes.NewReader(listed))
		for {
			var p goPackage
			if err := decoder.Decode(&p); errors.Is(err, io.EOF) { //nolint:musttag // go list names its fields so
				break
			} else if err != nil {
				return nil, err
			}
			if err := add(works, &p); err != nil {
				return nil, err
			}
		}
	}
	return slices.SortedFunc(maps.Values(works), func(a, b work) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)), cmp.Compare(a.name, b.name))
	}), nil
}

func goCommand(root, system string, args ...string) ([]byte, error) {
	list := exec.CommandContext(context.Background(), "go", args...) //nolint:gosec // of the two callers above
	list.Dir, list.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOOS="+system, "GOARCH=amd64")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	listed, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return listed, nil
}

// add adds a package's module, or what an own package embeds of others.
func add(works map[string]work, p *goPackage) error {
	switch {
	case p.Standard:
	case p.Module == nil || p.Module.Replace != nil:
		return fmt.Errorf("%s: it is not known which module's source this is", p.ImportPath)
	case p.Module.Main:
		return addEmbedded(works, p)
	default:
		name := p.Module.Path + " " + p.Module.Version
		w := works[name]
		w.name = name
		// A folder may have another licence than the module that it is in.
		for dir := p.Dir; ; dir = filepath.Dir(dir) {
			if !slices.Contains(w.dirs, dir) {
				w.dirs = append(w.dirs, dir)
			}
			if dir == p.Module.Dir {
				break
			}
		}
		slices.Sort(w.dirs)
		works[name] = w
	}
	return nil
}

// foreign are the kinds of files that nobody writes here: they come with a licence.
var foreign = regexp.MustCompile(`\.(woff2?|ttf|otf)$|(\.min|-bundle)\.(js|css)$`)

// addEmbedded adds the folders of embedded files that have a licence of their own.
func addEmbedded(works map[string]work, p *goPackage) error {
	for _, file := range p.EmbedFiles {
		dir := filepath.Dir(filepath.Join(p.Dir, file))
		licences, err := licenceFiles(dir)
		if err != nil {
			return err
		}
		if len(licences) == 0 && foreign.MatchString(file) {
			return fmt.Errorf("%s is embedded and has no licence beside it", filepath.Join(p.ImportPath, file))
		}
		if dir == p.Module.Dir || len(licences) == 0 {
			continue
		}
		relative, err := filepath.Rel(p.Module.Dir, dir)
		if err != nil {
			return err
		}
		name := "embedded: " + filepath.ToSlash(relative)
		works[name] = work{name: name, dirs: []string{dir}}
	}
	return nil
}

var licenceName = regexp.MustCompile(`(?i)(licen[cs]e|^copying|^notice|^patents|^copyright)`)

// licenceFiles returns the names of the files in dir that a licence, a notice or a grant of patents is in.
func licenceFiles(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		extension := strings.ToLower(filepath.Ext(e.Name()))
		if e.Type().IsRegular() && licenceName.MatchString(e.Name()) && !slices.Contains([]string{".go", ".sh", ".png", ".svg", ".js", ".tmpl"}, extension) && e.Name() != output {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
