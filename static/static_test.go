package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"
)

func TestEveryAssetIsServedUnderANameThatChangesWithItsContent(t *testing.T) {
	hashed := regexp.MustCompile(`^/static/[\w-]+-[0-9a-f]{8}\.(css|js|svg|woff2)$`)
	for name, served := range all().named {
		url := URL(name)
		if !hashed.MatchString(url) || url != Prefix+served {
			t.Errorf("%s is served as %s", name, url)
		}
		f, found := Open(served)
		if !found || f.ContentType == "" || len(f.Body) == 0 {
			t.Errorf("%s is not found under its own name", name)
		}
		if _, found := Open(name); found {
			t.Errorf("%s is served under its plain name, which a browser would keep for good", name)
		}
	}
	if URL("nothing.css") != "" {
		t.Error("a file that does not exist has an address")
	}
	other := assets{served: map[string]File{}, named: map[string]string{}}
	other.add("console.js", []byte("changed"))
	if other.named["console.js"] == all().named["console.js"] {
		t.Error("a changed file keeps its name")
	}
}

func TestTheStylesheetNamesOnlyFilesThatAreServed(t *testing.T) {
	css, _ := Open(strings.TrimPrefix(URL("console.css"), Prefix))
	named := regexp.MustCompile(`url\("([^"]+)"\)`).FindAllSubmatch(css.Body, -1)
	if len(named) != 4 {
		t.Fatalf("%d files are named, want the four fonts", len(named))
	}
	for _, m := range named {
		if _, found := Open(strings.TrimPrefix(string(m[1]), Prefix)); !found {
			t.Errorf("%s is named and not served", m[1])
		}
	}
}

func TestACompressedAssetIsTheAssetItself(t *testing.T) {
	for name, f := range all().served {
		if f.Gzip == nil {
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(f.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || !bytes.Equal(body, f.Body) {
			t.Errorf("%s differs when unpacked: %v", name, err)
		}
	}
}
