package store_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ariga.io/atlas/sql/migrate"

	"codexible/store"
	"codexible/store/storetest"
)

var planName = flag.String("plan", "", "write the migration that schema.hcl asks for, under this name")

var sum = flag.Bool("sum", false, "write atlas.sum anew, after a migration that was not released was edited by hand")

func TestAtlasSumsCoverTheMigrations(t *testing.T) {
	for _, dialect := range []string{"sqlite", "postgres"} {
		dir, err := migrate.NewLocalDir(filepath.Join("migrations", dialect))
		if err != nil {
			t.Fatal(err)
		}
		if *sum {
			hash, err := dir.Checksum()
			if err != nil {
				t.Fatal(err)
			}
			if err := migrate.WriteSumFile(dir, hash); err != nil {
				t.Fatal(err)
			}
		}
		if err := migrate.Validate(dir); err != nil {
			t.Errorf("%s: %v", dialect, err)
		}
	}
}

// With -plan NAME this test writes what it would otherwise complain about.
func TestMigrationsMatchTheSchema(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		m, err := store.NewMigrator(url, storetest.Files())
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		dialect, _, _ := strings.Cut(url, ":")
		dialect = strings.Replace(dialect, "postgresql", "postgres", 1)
		written, err := m.Plan(context.Background(), *planName)
		if err != nil {
			t.Fatal(err)
		}
		if len(written) == 0 {
			return
		}
		if *planName == "" {
			t.Fatalf("schema.hcl asks for a migration that does not exist (make migration NAME=what_changes):\n%s", written[0].Body)
		}
		for _, f := range written {
			if err := os.WriteFile(filepath.Join("migrations", dialect, f.Name), f.Body, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}
