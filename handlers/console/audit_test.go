package console

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"codexible/views"
)

// action finds the names of actions in Go code: no other text has their form.
var action = regexp.MustCompile(`"((?:user|key|plan|grant|usage|hold|request|model|upstream|price|prices|session|export|backup|setting|database|console|secrets|revocations)\.[a-z_]{3,})"`)

func TestEveryActionOfTheAuditLogCanBeFilteredBy(t *testing.T) {
	found := 0
	for _, pattern := range []string{"*.go", "../../store/*.go", "../../cli/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range action.FindAllStringSubmatch(string(text), -1) {
				found++
				if !slices.ContainsFunc(auditActions, func(o views.Option) bool { return o.Value == match[1] }) {
					t.Errorf("%s records %s, which the filter does not offer", file, match[1])
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("%d actions were found", found)
	}
}
