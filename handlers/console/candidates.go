package console

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"codexible/catalog"
	"codexible/views"

	"github.com/google/uuid"
)

// emptyRows is how many rows a form has for further candidates.
const emptyRows = 3

// candidateTable is the table of a model's candidates, with what was typed or with what there is.
func candidateTable(v *Visit, m *catalog.Model, names map[uuid.UUID]string) *views.CandidateTable {
	t := &views.CandidateTable{}
	for _, name := range names {
		t.Upstreams = append(t.Upstreams, name)
	}
	slices.Sort(t.Upstreams)
	if v.Post {
		t.Rows = typedRows(v)
	} else {
		for _, c := range m.Candidates {
			t.Rows = append(t.Rows, views.CandidateRow{Upstream: names[c.UpstreamID], Model: c.Model, Weight: strconv.FormatInt(c.Weight, 10), Priority: strconv.FormatInt(c.Priority, 10)})
		}
	}
	for range min(emptyRows, catalog.MaxCandidates-len(t.Rows)) {
		t.Rows = append(t.Rows, views.CandidateRow{})
	}
	return t
}

// typedRows are the rows of the form that are not empty. The form repeats the name of a
// column in each row, so that the values of a row have the same place.
func typedRows(v *Visit) (rows []views.CandidateRow) {
	at := func(name string, i int) string {
		if list := v.Form[name]; i < len(list) {
			return strings.TrimSpace(list[i])
		}
		return ""
	}
	for i := range v.Form["candidate_upstream"] {
		row := views.CandidateRow{Upstream: at("candidate_upstream", i), Model: at("candidate_model", i), Weight: at("candidate_weight", i), Priority: at("candidate_priority", i)}
		if row != (views.CandidateRow{}) && len(rows) <= catalog.MaxCandidates {
			rows = append(rows, row)
		}
	}
	return rows
}

// readCandidates reads the table, and says below it what is wrong.
func readCandidates(t *views.CandidateTable) (list []catalog.NewCandidate) {
	list = []catalog.NewCandidate{}
	wrong := func(row int, text string) {
		if t.Problem == "" {
			t.Problem = fmt.Sprintf("Row %d: %s", row+1, text)
		}
	}
	number := func(row int, text, what string) *int64 {
		if text == "" {
			return nil
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			wrong(row, "the "+what+" must be a whole number.")
		}
		return &n
	}
	for i, row := range t.Rows {
		if row == (views.CandidateRow{}) {
			continue
		}
		c := catalog.NewCandidate{Upstream: row.Upstream, Model: row.Model, Weight: number(i, row.Weight, "weight"), Priority: number(i, row.Priority, "priority")}
		if row.Upstream == "" {
			if row.Model == "" { // what is left of a candidate that was taken out
				continue
			}
			wrong(i, "choose the upstream.")
		}
		list = append(list, c)
	}
	return list
}
