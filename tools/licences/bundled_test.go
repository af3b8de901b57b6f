package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var packageOf = regexp.MustCompile(`.*node_modules/((?:@[^/]+/)?[^/]+)`)

func TestTheLicencesOfSwaggerUIsBundleAreOfThePackagesInItsSourceMap(t *testing.T) {
	root := filepath.Join("..", "..")
	dir, err := goCommand(root, "linux", "list", "-m", "-f", "{{.Dir}}", "github.com/swaggo/files/v2")
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "dist", "swagger-ui-bundle.js.map"))
	if err != nil {
		t.Fatal(err)
	}
	var sourceMap struct {
		Sources []string `json:"sources"`
	}
	if err := json.Unmarshal(content, &sourceMap); err != nil {
		t.Fatal(err)
	}
	inBundle := map[string]bool{}
	for _, source := range sourceMap.Sources {
		if found := packageOf.FindStringSubmatch(source); found != nil {
			inBundle[found[1]] = true
		}
	}
	b, err := readBundle(filepath.Join(root, "static", "docs", "swagger-ui", packagesFile))
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, p := range b.Packages {
		listed = append(listed, p.Name)
	}
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(inBundle)); len(want) < 50 || !slices.Equal(listed, want) {
		t.Errorf("the licences are of %q, the bundle has %q: run make licences", listed, want)
	}
}

func TestAPackageOfABundleWithoutALicenceThatIsAllowedStopsTheCommand(t *testing.T) {
	for what, content := range map[string]string{
		"decide whether": `{"packages": [{"name": "a", "licence": "GPL-3.0-only"}]}`,
		`under ""`:       `{"packages": [{"name": "a"}]}`,
		"has no text 1":  `{"packages": [{"name": "a", "files": [{"name": "LICENSE", "text": 1}]}], "texts": ["MIT"]}`,
		"invalid":        `[`,
	} {
		dir := t.TempDir()
		write(t, dir, packagesFile, content)
		if what == "invalid" {
			what = "JSON"
		}
		if _, err := bundled("embedded: a", dir); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v, want %q", content, err, what)
		}
	}
}
