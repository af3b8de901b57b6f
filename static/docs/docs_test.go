package docs_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"codexible/static/docs"

	swaggerui "github.com/swaggo/files/v2"
)

var update = flag.Bool("update", false, "copy Swagger UI's files from the module")

func TestSwaggerUIIsTheOneOfTheModuleInGoMod(t *testing.T) {
	for name, embedded := range map[string][]byte{
		"swagger-ui-bundle.js": docs.SwaggerScript, "swagger-ui.css": docs.SwaggerStyle, "favicon-32x32.png": docs.SwaggerIcon,
	} {
		want, err := fs.ReadFile(swaggerui.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(filepath.Join("swagger-ui", name), want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if !bytes.Equal(embedded, want) {
			t.Errorf("%s differs from the module's: run go test ./static/docs -update", name)
		}
	}
}
