package main

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A phrase is a text that no file may have, and what to write instead.
type phrase struct{ text, instead string }

// vocabulary reads the list of phrases: see its first lines.
func vocabulary(t *testing.T) (list []phrase) {
	t.Helper()
	text, err := os.ReadFile("testdata/vocabulary.txt")
	if err != nil {
		t.Fatal(err)
	}
	instead := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if advice, found := strings.CutPrefix(line, "# instead: "); found {
			instead = advice
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if instead == "" {
			t.Fatalf("testdata/vocabulary.txt does not say what to write instead of %q", line)
		}
		list = append(list, phrase{line, instead})
	}
	return list
}

// found is a phrase in a file.
type found struct {
	phrase
	line int
}

// searcher finds the phrases of a vocabulary in texts and in the names that they hold.
type searcher struct {
	list        []phrase
	text, names *regexp.Regexp
}

func newSearcher(list []phrase) *searcher {
	var everywhere, exact []string
	for _, p := range list {
		pattern := `\b` + strings.Join(strings.Fields(regexp.QuoteMeta(p.text)), `\s+`) + `\b`
		if strings.ToLower(p.text[:1]) == p.text[:1] {
			everywhere = append(everywhere, pattern)
		} else {
			exact = append(exact, pattern)
		}
	}
	return &searcher{
		list:  list,
		text:  regexp.MustCompile(strings.Join(append([]string{`(?i:` + strings.Join(everywhere, "|") + `)`}, exact...), "|")),
		names: regexp.MustCompile(`(?i:` + strings.Join(everywhere, "|") + `)`),
	}
}

var (
	// comment is what stands before a line of a comment or of a paragraph.
	comment = regexp.MustCompile(`(?m)^[ \t]*(?://+|#+|\*+|--|>)?[ \t]*`)
	name    = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_]+`)
	hump    = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])|_`)
)

// search returns the phrases of a text, also those that a line break divides.
func (s *searcher) search(text string) (all []found) {
	plain := comment.ReplaceAllString(text, "")
	if !s.likely(plain) {
		return nil
	}
	for _, at := range s.text.FindAllStringIndex(plain, -1) {
		all = append(all, found{s.named(plain[at[0]:at[1]]), 1 + strings.Count(plain[:at[0]], "\n")})
	}
	for _, at := range name.FindAllStringIndex(plain, -1) {
		words := hump.ReplaceAllString(plain[at[0]:at[1]], "$1$3 $2$4")
		if hit := s.names.FindString(words); strings.Contains(hit, " ") {
			all = append(all, found{s.named(hit), 1 + strings.Count(plain[:at[0]], "\n")})
		}
	}
	return all
}

// likely reports, in a fraction of the time, whether a text can have a phrase at all.
func (s *searcher) likely(text string) bool {
	letters := squeeze(text)
	return slices.ContainsFunc(s.list, func(p phrase) bool { return strings.Contains(letters, squeeze(p.text)) })
}

// squeezer leaves out what may stand between the words of a phrase.
var squeezer = strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "", "_", "")

func squeeze(text string) string { return squeezer.Replace(strings.ToLower(text)) }

// named is the phrase that was found as text.
func (s *searcher) named(text string) phrase {
	text = strings.Join(strings.Fields(text), " ")
	i := slices.IndexFunc(s.list, func(p phrase) bool { return strings.EqualFold(p.text, text) })
	return s.list[i]
}

// notOurs reports whether a file is generated, copied, not text, or the list itself.
func notOurs(file string) bool {
	for _, pattern := range []string{"*_templ.go", "*LICENSE*", "NOTICE.txt", "third-party-licences.txt", "*.woff2", "*.sum", "*.min.js", "package-lock.json", "openapi.json", "api-types.ts", "vocabulary.txt"} {
		if match, _ := path.Match(pattern, path.Base(file)); match {
			return true
		}
	}
	return false
}

func TestThePhrasesOfTheVocabularyDoNotComeBack(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("the files are listed by git, from a clone of the repository:", err)
	}
	s := newSearcher(vocabulary(t))
	var searched []string
	for file := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		if notOurs(file) {
			continue
		}
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) { // deleted, and not yet committed
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		searched = append(searched, file)
		for _, f := range s.search(string(text)) {
			t.Errorf("%s:%d: %q; write instead: %s", file, f.line, f.text, f.instead)
		}
	}
	for _, file := range []string{"README.md", "SECURITY.md", "deploy/README.md", "deploy/alerts.yml", "views/overview.templ", "dashboard/app/lib/messages/en.ts", "main.go", "Makefile"} {
		if !slices.Contains(searched, file) {
			t.Errorf("%s was not searched", file)
		}
	}
}

func TestPhrasesAreFoundInTextsAndNames(t *testing.T) {
	s := newSearcher([]phrase{{"pour tea", "serve"}, {"March on", "continue"}, {"odd phrase", "plain one"}})
	for text, want := range map[string]string{
		"nothing at all":               "",
		"They pour tea.":               "pour tea",
		"Pour  tea":                    "pour tea",
		"// pour\n// tea at night":     "pour tea",
		" * pour\n * tea":              "pour tea",
		"func pourTea() {}":            "pour tea",
		"TestPourTeaEnds":              "pour tea",
		"POUR_TEA=1":                   "pour tea",
		"a downpour teaches":           "",
		"pourTeas()":                   "",
		`b.press("March on")`:          "March on",
		"they march on; marchOn()":     "",
		"this is an odd\nphrase, so":   "odd phrase",
		"HTTPOddPhrase":                "odd phrase",
		"odd phrases, odder phrase":    "",
		"pour tea, and an odd phrase.": "pour teaodd phrase",
	} {
		got := ""
		for _, f := range s.search(text) {
			got += f.text
		}
		if got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
	if at := s.search("one\n\n// two pour\n// tea\n"); len(at) != 1 || at[0].line != 3 {
		t.Errorf("%+v, want line 3", at)
	}
}
