package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func TestTheBillNamesEveryModuleAndIsTheSameEachTime(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := run(self, "v1.2.3", out); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() {
		t.Error("two runs over one binary differ")
	}

	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(&first, cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		t.Fatal(err)
	}
	if got := bom.Metadata.Component.Version; got != "v1.2.3" {
		t.Errorf("version %q, want v1.2.3", got)
	}
	names := map[string]cdx.Component{}
	for _, c := range *bom.Components {
		names[c.Name] = c
	}
	if c := names["std"]; !strings.HasPrefix(c.PackageURL, "pkg:golang/std@1.") {
		t.Errorf("Go's own library is %q", c.PackageURL)
	}
	c, ok := names["github.com/CycloneDX/cyclonedx-go"]
	if !ok || c.Properties == nil || !strings.HasPrefix((*c.Properties)[0].Value, "h1:") {
		t.Errorf("the module this test uses is missing or has no checksum: %+v", c)
	}
}

func TestAFileThatIsNoGoBinaryIsRefused(t *testing.T) {
	var out bytes.Buffer
	if err := run("main_test.go", "v1", &out); err == nil || out.Len() > 0 {
		t.Errorf("error %v, output %q", err, out.String())
	}
}
