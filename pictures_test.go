package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxPicture is how many bytes a picture of the documents may have.
const maxPicture = 120 << 10

// picture is an entry of docs/pictures/manifest.json, which make pictures writes.
type picture struct {
	File   string   `json:"file"`
	Page   string   `json:"page"`
	Width  int      `json:"width"`
	Height int      `json:"height"`
	SHA256 string   `json:"sha256"`
	Labels []string `json:"labels"`
}

func pictures(t *testing.T) (all []picture) {
	t.Helper()
	if err := json.Unmarshal([]byte(contentOf(t, "docs/pictures/manifest.json")), &all); err != nil || len(all) != 4 {
		t.Fatalf("docs/pictures/manifest.json has %d pictures: %v; run: make pictures", len(all), err)
	}
	return all
}

func TestPicturesOfTheDocumentsAreSmallAndTaken(t *testing.T) {
	for _, p := range pictures(t) {
		content := []byte(contentOf(t, "docs/pictures/"+p.File))
		sum := sha256.Sum256(content)
		if len(content) > maxPicture || hex.EncodeToString(sum[:]) != p.SHA256 {
			t.Errorf("%s has %d bytes, at most %d are meant, or is not the one that was taken; run: make pictures", p.File, len(content), maxPicture)
		}
		if shape, err := png.DecodeConfig(bytes.NewReader(content)); err != nil || shape.Width != p.Width || shape.Height != p.Height {
			t.Errorf("%s is %d by %d, want %d by %d: %v", p.File, shape.Width, shape.Height, p.Width, p.Height, err)
		}
	}
}

// Every picture is in both themes, is shown by a document, and no other file lies beside them.
func TestEveryPictureIsShownInBothThemes(t *testing.T) {
	shown := map[string]bool{}
	for _, d := range documents(t) {
		for _, link := range d.links {
			shown[path.Join(path.Dir(d.file), link)] = true
		}
	}
	files, err := filepath.Glob("docs/pictures/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file = filepath.ToSlash(file); path.Base(file) == "manifest.json" {
			continue
		}
		if !shown[file] {
			t.Errorf("no document shows %s", file)
		}
		if light, found := strings.CutSuffix(file, "-light.png"); found && !slices.Contains(files, filepath.FromSlash(light+"-dark.png")) {
			t.Errorf("%s has no dark picture beside it", file)
		}
		if path.Ext(file) == ".svg" {
			drawing(t, file)
		}
	}
}

// drawing checks an SVG: well-formed, small, described, for both themes, without scripts and addresses.
func drawing(t *testing.T, file string) {
	t.Helper()
	text := contentOf(t, file)
	elements := map[string]int{}
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if start, is := token.(xml.StartElement); is {
			elements[start.Name.Local]++
		}
	}
	if elements["title"] != 1 || elements["desc"] != 1 || elements["script"]+elements["image"]+elements["a"]+elements["foreignObject"] > 0 {
		t.Errorf("%s has the elements %v", file, elements)
	}
	if len(text) > maxPicture || !strings.Contains(text, "prefers-color-scheme: dark") || strings.Count(text, "://") != 1 {
		t.Errorf("%s is too large, is for one theme, or loads something", file)
	}
}

var (
	// label is an element of a page that a picture's labels are read from.
	label      = regexp.MustCompile(`(?s)<(h1|h2|h3|dt)\b[^>]*>(.*?)</(?:h1|h2|h3|dt)>`)
	navigation = regexp.MustCompile(`(?s)<nav\b.*?</nav>`)
	anchor     = regexp.MustCompile(`(?s)<(a)\b[^>]*>(.*?)</a>`)
	tag        = regexp.MustCompile(`<[^>]*>`)
)

// labelsOf are the headings, names of figures and links of the navigation of a page of HTML.
func labelsOf(page string) (all []string) {
	found := label.FindAllStringSubmatch(page, -1)
	for _, nav := range navigation.FindAllString(page, -1) {
		found = append(found, anchor.FindAllStringSubmatch(nav, -1)...)
	}
	for _, m := range found {
		all = append(all, strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(m[2], ""))), " "))
	}
	return all
}

// What the pictures of the console show is on its page. The dashboard's own tests do the same with its pictures.
func TestPicturesOfTheConsoleShowWhatIsThere(t *testing.T) {
	golden := map[string]string{"/admin": "handlers/testdata/golden/overview.html"}
	compared := 0
	for _, p := range pictures(t) {
		file, found := golden[p.Page]
		if !found {
			continue
		}
		compared++
		there := labelsOf(contentOf(t, file))
		if len(p.Labels) < 10 {
			t.Errorf("%s has %d labels", p.File, len(p.Labels))
		}
		for _, shown := range p.Labels {
			if !slices.Contains(there, shown) {
				t.Errorf("%s shows %q, which %s does not have; run: make pictures", p.File, shown, p.Page)
			}
		}
	}
	if _, err := os.Stat("dashboard/e2e/pictures.e2e.ts"); err != nil || compared != 2 {
		t.Errorf("%d pictures of the console were compared: %v", compared, err)
	}
}
