// Package clientgen holds what generates the Go client of clients/go, and its test.
package clientgen

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestTheGoClientIsWhatTheGeneratorMakes(t *testing.T) {
	made := filepath.Join(t.TempDir(), "api.gen.go")
	out, err := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-config", "../../clients/go/generate.yaml", "-o", made, "../../docs/openapi.json").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile("../../clients/go/api.gen.go")
	if err != nil || !bytes.Equal(committed, want) {
		t.Errorf("clients/go/api.gen.go is out of date; run: make clients (%v)", err)
	}
}
