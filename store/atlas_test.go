package store_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/hcl/v2/hclparse"
)

func TestTheFileForTheAtlasCLINamesWhatIsThere(t *testing.T) {
	text, err := os.ReadFile("../atlas.hcl")
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := hclparse.NewParser().ParseHCL(text, "atlas.hcl"); problems.HasErrors() {
		t.Error(problems)
	}
	named := regexp.MustCompile(`"file://([^"?]+)`).FindAllSubmatch(text, -1)
	if len(named) != 2 {
		t.Errorf("it names %d files, want the schema and the migrations", len(named))
	}
	for _, path := range named {
		if _, err := os.Stat(filepath.Join("..", string(path[1]))); err != nil {
			t.Error(err)
		}
	}
}
