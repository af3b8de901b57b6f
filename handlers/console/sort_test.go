package console

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"codexible/views"

	"github.com/google/go-cmp/cmp"
)

// sortVisit is a visit to a list with this query.
func sortVisit(t *testing.T, query string) *Visit {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return &Visit{Path: "/admin/list", Query: values}
}

type sample struct {
	name   string
	number int64
}

// samples are by name; many have equal numbers, and names hold what cursors are made of.
func samples() (list []sample) {
	for i := range 173 {
		list = append(list, sample{fmt.Sprintf("a~%03d b", i), int64(i*7%5) - 2})
	}
	return list
}

var sampleColumns = []views.Head{{Name: "name", Label: "Name"}, {Name: "number", Label: "Number", Down: true}, {Label: "Other"}}

func sampleRows() rows[sample] {
	return rows[sample]{samples(), func(s *sample) string { return s.name }, func(s *sample, column string) rank {
		if column == "number" {
			return byNumber(s.number)
		}
		return byText(s.name)
	}}
}

func TestASortedListInMemoryHasEachRowOnceOnItsPages(t *testing.T) {
	for order, less := range map[string]func(a, b sample) int{
		"":        func(a, b sample) int { return strings.Compare(a.name, b.name) },
		"-name":   func(a, b sample) int { return strings.Compare(b.name, a.name) },
		"number":  func(a, b sample) int { return int(a.number - b.number) },
		"-number": func(a, b sample) int { return int(b.number - a.number) },
		"unknown": func(a, b sample) int { return strings.Compare(a.name, b.name) },
		"--name":  func(a, b sample) int { return strings.Compare(a.name, b.name) },
	} {
		want := samples()
		slices.SortStableFunc(want, less)
		var got []sample
		next := "/admin/list?sort=" + order
		for next != "" {
			_, query, _ := strings.Cut(next, "?")
			v := sortVisit(t, query)
			s := v.sorting("name", sampleColumns)
			page, p := sampleRows().page(v, &s, "row")
			if len(page) > pageSize || len(got) > len(want) {
				t.Fatalf("%s: a page of %d after %d", order, len(page), len(got))
			}
			got, next = append(got, page...), p.Onward
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
			t.Errorf("sort=%s: %s", order, diff)
		}
	}
}

func TestACursorOfAnotherOrderIsTheFirstPage(t *testing.T) {
	for _, query := range []string{"sort=number&after=a~170 b", "sort=number&after=-number~7~a~010 b1 ", "sort=-number&after=-number~x", "sort=number&after=number~1~anothing", "sort=number&after=number~~",
		"sort=number&after=number~-1~a1 ", "sort=number&after=number~9~a1 ", "sort=number&after=number~1~a1 %00", "sort=name&after=", "after="} {
		v := sortVisit(t, query)
		s := v.sorting("name", sampleColumns)
		page, p := sampleRows().page(v, &s, "row")
		if len(page) != pageSize || p.Newest != "" {
			t.Errorf("%s begins at %v with %d rows", query, page[0], len(page))
		}
	}
}

func TestAHeadTurnsTheOrderRoundAndNamesNoOrderThatTheListHasAnyway(t *testing.T) {
	heads := func(query string) (list []string) {
		s := sortVisit(t, query).sorting("-number", sampleColumns)
		for _, h := range s.heads(func(order string) string { return "to " + order }) {
			list = append(list, fmt.Sprintf("%s up=%t down=%t", h.Path, h.Ascending, h.Descending))
		}
		return list
	}
	for query, want := range map[string][]string{
		"":             {"to name up=false down=false", "to number up=false down=true", " up=false down=false"},
		"sort=-number": {"to name up=false down=false", "to number up=false down=true", " up=false down=false"},
		"sort=number":  {"to name up=false down=false", "to  up=true down=false", " up=false down=false"},
		"sort=name":    {"to -name up=true down=false", "to  up=false down=false", " up=false down=false"},
		"sort=-name":   {"to name up=false down=true", "to  up=false down=false", " up=false down=false"},
		"sort=other":   {"to name up=false down=false", "to number up=false down=true", " up=false down=false"},
	} {
		if diff := cmp.Diff(want, heads(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
}
