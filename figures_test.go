package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/catalog/pricelist"
	"codexible/fault"
	"codexible/gateway"
	"codexible/keys"
	"codexible/usage"
)

var update = flag.Bool("update", false, "copy the figures of BENCH.md into the documents")

func contentOf(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// tables are the tables of a Markdown text, as rows of cells; the first row has the heads.
func tables(text string) (all [][][]string) {
	for _, table := range regexp.MustCompile(`(?m)(^\|.*\n)+`).FindAllString(text, -1) {
		var rows [][]string
		for line := range strings.Lines(table) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			if !strings.HasPrefix(cells[0], "---") {
				rows = append(rows, cells)
			}
		}
		all = append(all, rows)
	}
	return all
}

// measured finds the figure of a row, named by its first cell, below a head. Heads and rows are named as BENCH.md names them.
func measured(bench [][][]string, first, row, head string) (string, bool) {
	for _, table := range bench {
		column := slices.Index(table[0], head)
		if column < 0 || table[0][0] != first {
			continue
		}
		for _, cells := range table[1:] {
			if cells[0] == row {
				return cells[column], true
			}
		}
	}
	return "", false
}

// benchmarked are the heads of tables in documents whose rows are copies from BENCH.md.
var benchmarked = [][]string{{"request", "requests/s"}, {"store", "first response ms"}}

func TestFiguresInDocumentsAreThoseOfTheBenchmarks(t *testing.T) {
	text := contentOf(t, "BENCH.md")
	bench := tables(text)
	machine := regexp.MustCompile(`Machine: (\d+ cores \([^\n]*\)), linux`).FindStringSubmatch(text)
	day := regexp.MustCompile(`\bon (\d{4}-\d\d-\d\d), revision`).FindStringSubmatch(text)
	if machine == nil || day == nil {
		t.Fatal("BENCH.md names no machine and no day")
	}
	said := regexp.MustCompile(`easured on \d{4}-\d\d-\d\d on \d+ cores \(.*\),`)
	now := "easured on " + day[1] + " on " + machine[1] + ","
	for _, file := range []string{"README.md", "docs/guide/04a-scale.md"} {
		is := contentOf(t, file)
		want := said.ReplaceAllLiteralString(is, now)
		if !strings.Contains(want, now) {
			t.Errorf("%s does not say when and where its figures were measured", file)
		}
		copied := 0
		for _, table := range tables(is) {
			if !slices.ContainsFunc(benchmarked, func(heads []string) bool { return slices.Equal(table[0][:2], heads) }) {
				continue
			}
			for _, cells := range table[1:] {
				was := "| " + strings.Join(cells, " | ") + " |\n"
				for i := 1; i < len(cells); i++ {
					figure, found := measured(bench, table[0][0], cells[0], table[0][i])
					if !found {
						t.Errorf("%s has %s of %q, and BENCH.md has not", file, table[0][i], cells[0])
					}
					cells[i] = figure
					copied++
				}
				want = strings.ReplaceAll(want, was, "| "+strings.Join(cells, " | ")+" |\n")
			}
		}
		if copied < 6 {
			t.Errorf("%s has %d figures of BENCH.md", file, copied)
		}
		if want == is {
			continue
		}
		if !*update {
			t.Errorf("%s has other figures than BENCH.md; run: go test . -run TestFiguresInDocuments -update", file)
		} else if err := os.WriteFile(filepath.Clean(file), []byte(want), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// limits are sentences of documents with figures from the code.
func limits() map[string][]string {
	priced := map[string]bool{}
	for _, entry := range pricelist.Shipped().Entries {
		priced[entry.Model] = true
	}
	attempts := map[int]string{2: "two", 3: "three", 4: "four"}[gateway.MaxAttempts]
	return map[string][]string{
		"docs/guide/02a-keys.md": {
			fmt.Sprintf("up to %d addresses or networks", keys.MaxAddresses),
			fmt.Sprintf("1 to %d names or aliases", catalog.MaxModelsOfPlan),
			fmt.Sprintf("`max_keys`, default %d)", accounts.DefaultMaxKeys),
			fmt.Sprintf("`daily_credit_limit`, 0 to 10^%d)", zeros(accounts.MaxDailyCredits)),
			fmt.Sprintf("`monthly_credit_limit`, 0 to 10^%d)", zeros(accounts.MaxMonthlyCredits)),
			fmt.Sprintf("`user_concurrency_limit`, 1 to 10^%d)", zeros(accounts.MaxConcurrency)),
			fmt.Sprintf("both 1 to 10^%d", zeros(accounts.MaxRatePerMinute)),
		},
		"docs/guide/02b-prices.md":  {fmt.Sprintf("# %d models", len(priced))},
		"docs/guide/03-install.md":  {fmt.Sprintf("A list of %d models", len(priced))},
		"docs/guide/06a-api.md":     {fmt.Sprintf("`Idempotency-Key` of up to %d characters", usage.MaxIdempotencyKey)},
		"docs/guide/08-glossary.md": {"a call has at most " + attempts},
		"README.md":                 {"A call is tried at most " + attempts + " times"},
	}
}

func zeros(n int64) (count int) {
	for ; n%10 == 0; n /= 10 {
		count++
	}
	return count
}

func TestLimitsThatDocumentsNameAreThoseOfTheCode(t *testing.T) {
	for file, sentences := range limits() {
		text := strings.Join(strings.Fields(contentOf(t, file)), " ")
		for _, sentence := range sentences {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s does not say %q", file, sentence)
			}
		}
	}
}

// The page on the API lists every error that there is, and no other.
func TestTheGuideListsEveryErrorOfTheAPI(t *testing.T) {
	page := contentOf(t, "docs/guide/06a-api.md")
	errors, ofCalls, found := strings.Cut(page, "## Errors of `/v1`")
	if !found {
		t.Fatal("the guide has no section on the errors of /v1")
	}
	var want, wantOfCalls []string
	for _, kind := range fault.Kinds() {
		want = append(want, kind.Code())
	}
	for reason := gateway.ReasonBadKey; reason <= gateway.ReasonInternal; reason++ {
		r := gateway.Refusal{Reason: reason}
		wantOfCalls = append(wantOfCalls, fmt.Sprintf("%d %s", r.Status(), r.Code()))
	}
	row := regexp.MustCompile("(?m)^\\| (\\d{3}) \\| `([a-z_]+)` \\|")
	var listed, listedOfCalls []string
	for _, m := range row.FindAllStringSubmatch(errors, -1) {
		listed = append(listed, m[2])
	}
	for _, m := range row.FindAllStringSubmatch(ofCalls, -1) {
		listedOfCalls = append(listedOfCalls, m[1]+" "+m[2])
	}
	for _, both := range [][2][]string{{want, listed}, {wantOfCalls, listedOfCalls}} {
		slices.Sort(both[0])
		slices.Sort(both[1])
		if !slices.Equal(both[0], both[1]) {
			t.Errorf("the guide lists %q, want %q", both[1], both[0])
		}
	}
}

func TestTheReadmeComparesAsTheGuideDoes(t *testing.T) {
	table := regexp.MustCompile(`(?m)^\| product .*\n(\|.*\n)+`)
	guide := table.FindString(contentOf(t, "docs/guide/09-alternatives.md"))
	if guide == "" || table.FindString(contentOf(t, "README.md")) != guide {
		t.Error("the README's table of alternatives is not the one of docs/guide/09-alternatives.md")
	}
	for _, product := range []string{"Unkey", "LiteLLM", "Bifrost", "new-api", "CLIProxyAPI", "Tyk"} {
		if !regexp.MustCompile(`(?m)^\| \[` + product + `.*\]\(https://`).MatchString(guide) {
			t.Errorf("%s is not compared with a source", product)
		}
	}
}
