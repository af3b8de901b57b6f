package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCommittedLicencesAreOfWhatTheProgramContains(t *testing.T) {
	if err := run(filepath.Join("..", ".."), true); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherModuleMakesTheFileStale(t *testing.T) {
	root := t.TempDir()
	write(t, root, "go.mod", "module example.com/program\n\ngo 1.26\n")
	write(t, root, "main.go", "package main\n\nimport _ \"embed\"\n\n//go:embed font/a.woff2\nvar font []byte\n\nfunc main() { _ = font }\n")
	write(t, root, "font/a.woff2", "font")
	if err := run(root, false); err == nil || !strings.Contains(err.Error(), "font/a.woff2 is embedded and has no licence") {
		t.Fatalf("a font without a licence: %v", err)
	}
	write(t, root, "font/LICENSE.txt", mit("Ada"))
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Fatalf("just written: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(root, output))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"* Go (LICENSE)", "* embedded: font (LICENSE.txt)\n      Copyright (c) 2026 Ada"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("nothing of %q", want)
		}
	}
	write(t, root, "font/LICENSE.txt", mit("Eva"))
	if err := run(root, true); err == nil || !strings.Contains(err.Error(), "out of date") {
		t.Errorf("another licence: %v", err)
	}
}

func TestAWorkWithoutALicenceThatIsAllowedStopsTheCommand(t *testing.T) {
	for _, try := range []struct{ name, file, content, says string }{
		{"none", "README.md", "free as in beer", "has no licence that is known"},
		{"one that nobody knows", "LICENSE", "You may use it on Sundays.", "has no licence that is known"},
		{"copyleft", "COPYING", "SPDX-License-Identifier: GPL-3.0-only\n", "decide whether"},
		{"MIT", "LICENSE", mit("Ada"), ""},
	} {
		dir := t.TempDir()
		write(t, dir, try.file, try.content)
		w := work{name: "example.com/a v1", dirs: []string{dir}}
		_, err := w.texts()
		if (err == nil) != (try.says == "") || (err != nil && !strings.Contains(err.Error(), try.says)) {
			t.Errorf("%s: %v, want %q", try.name, err, try.says)
		}
	}
}

func TestEqualTextsArePrintedOnceWithEveryHolder(t *testing.T) {
	got := string(document([]text{
		{"a v1", "LICENSE", []string{"MIT"}, mit("Ada")}, {"b v1", "LICENSE", []string{"MIT"}, mit("Eva")}, {"c v1", "LICENSE", []string{"ISC"}, "another\n"},
	}))
	if n := strings.Count(got, "Permission is hereby granted"); n != 1 {
		t.Errorf("the text %d times", n)
	}
	for _, want := range []string{"Copyright (c) 2026 Ada", "Copyright (c) 2026 Eva", "* c v1 (LICENSE)", "another"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing of %q", want)
		}
	}
}

func mit(holder string) string {
	return "MIT License\n\nCopyright (c) 2026 " + holder + `

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
