package guide

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

func TestEveryLinkOfTheGuideLeadsSomewhere(t *testing.T) {
	anchors := map[string]bool{"/docs": true, "/admin": true}
	for _, p := range Pages() {
		anchors[Address(p.Slug)] = true
		for _, s := range p.Sections {
			if s.ID == "" || s.Title == "" {
				t.Errorf("%s has a section without a name: %+v", p.Title, s)
			}
			anchors[Address(p.Slug)+"#"+s.ID] = true
		}
		if p.Title == "" || p.Summary == "" {
			t.Errorf("the page %q has the title %q and begins with %q", p.Slug, p.Title, p.Summary)
		}
	}
	for _, p := range Pages() {
		for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(p.HTML, -1) {
			if !anchors[m[1]] && !strings.HasPrefix(m[1], "https://") {
				t.Errorf("%s links to %s, which does not exist", p.Title, m[1])
			}
		}
		if strings.Contains(p.HTML, "<td>") {
			t.Errorf("%s has a cell that does not name its column", p.Title)
		}
		if strings.Contains(p.HTML, "raw HTML omitted") {
			t.Errorf("%s has HTML of its own", p.Title)
		}
	}
	if names, err := fs.Glob(files, "*.md"); err != nil || len(names) != len(Pages()) || Find("") == nil || Find("nothing") != nil {
		t.Errorf("%d files are %d pages: %v", len(names), len(Pages()), err)
	}
}

func TestAPageWithALetterBelongsToTheOneBeforeIt(t *testing.T) {
	for slug, parent := range map[string]string{"codex": "agents", "anthropic-go": "agents", "keys": "concepts", "tour": "integrate"} {
		if p := Find(slug); p == nil || p.Parent == nil || p.Parent.Slug != parent {
			t.Errorf("%s does not belong to %s: %+v", slug, parent, p)
		}
	}
	for _, alone := range []string{"", "concepts", "alternatives"} {
		if p := Find(alone); p == nil || p.Parent != nil {
			t.Errorf("%q belongs to another page", alone)
		}
	}
}

func TestASearchFindsSectionsWithEveryWord(t *testing.T) {
	hits := Search("open HOLD room")
	if len(hits) == 0 || hits[0].Page.Slug != "concepts" {
		t.Fatalf("found %+v", hits)
	}
	for _, h := range hits {
		said := strings.ToLower(h.Section.Title + " " + h.Section.Text)
		for _, word := range []string{"open", "hold", "room"} {
			if !strings.Contains(said, word) {
				t.Errorf("%s has no %q", h.Section.Title, word)
			}
		}
		if whole := h.Before + h.Match + h.After; !strings.Contains(h.Section.Text, whole) || len(whole) > 250 {
			t.Errorf("the excerpt %q is not in %s", whole, h.Section.Title)
		}
	}
	if hits := Search("hold"); hits[0].Section.Title != "Hold" {
		t.Errorf("the first section for hold is %s", hits[0].Section.Title)
	}
	for _, nothing := range []string{"", " ", "?!", "holdroomnothing", strings.Repeat("x", 10_000), "\xff\xfe"} {
		if hits := Search(nothing); len(hits) != 0 {
			t.Errorf("%.20q finds %d sections", nothing, len(hits))
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("hold")
	f.Add("ſ İ ẞ")
	f.Fuzz(func(t *testing.T, query string) {
		for _, h := range Search(query) {
			if whole := h.Before + h.Match + h.After; !strings.Contains(h.Section.Text, whole) {
				t.Errorf("the excerpt %q is not in %s", whole, h.Section.Title)
			}
		}
	})
}
