package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"text/template"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/schema"
)

// MigrationFile is a file of a migration folder.
type MigrationFile struct {
	Name string
	Body []byte
}

// migrationTemplate is the way goose writes a migration: one file, both ways.
var migrationTemplate = template.Must(template.New("migration").Funcs(template.FuncMap{"rev": reversed}).Parse(`-- +goose Up
{{ range .Changes }}{{ with .Comment }}-- {{ println . }}{{ end }}{{ printf "%s;\n" .Cmd }}{{ end }}
-- +goose Down
{{ range rev .Changes }}{{ with .ReverseStmts }}{{ range . }}{{ printf "%s;\n" . }}{{ end }}{{ end }}{{ end }}`))

func reversed(changes []*migrate.Change) []*migrate.Change {
	back := slices.Clone(changes)
	slices.Reverse(back)
	return back
}

// Plan compares schema.hcl with what the migrations lead to, and gives the
// migration that is missing between them with the atlas.sum that goes with it;
// nothing where they agree. The migrator's database has to be empty: it is used
// for the replay, and left empty.
func (m *Migrator) Plan(ctx context.Context, name string) ([]MigrationFile, error) {
	dir, err := migrationDir(m.dialect, m.files.Migrations)
	if err != nil {
		return nil, err
	}
	replayed, err := m.Up(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := m.missing(ctx)
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	drv, err := planner(m.dialect, m.db)
	if err != nil {
		return nil, err
	}
	plan, err := drv.PlanChanges(ctx, name, changes, func(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) })
	if err != nil {
		return nil, err
	}
	plan.Name, plan.Version = name, fmt.Sprintf("%04d", len(m.known)+1)
	format, err := migrate.NewTemplateFormatter(template.Must(template.New("name").Parse("{{ .Version }}_{{ .Name }}.sql")), migrationTemplate)
	if err != nil {
		return nil, err
	}
	if err := migrate.NewPlanner(drv, dir, migrate.PlanFormat(format)).WritePlan(plan); err != nil {
		return nil, err
	}
	if _, err := m.Down(ctx, len(replayed)); err != nil {
		return nil, err
	}
	return contents(dir)
}

// missing is what leads from the live schema to the declared one. The declared
// one is normalised by the database first: without that a changed check would
// be overlooked on Postgres.
func (m *Migrator) missing(ctx context.Context) ([]schema.Change, error) {
	realm, err := wanted(m.dialect, m.files.Schema)
	if err != nil {
		return nil, err
	}
	want := realm.Schemas[0]
	names := make([]string, len(want.Tables))
	for i, t := range want.Tables {
		names[i] = t.Name
	}
	drv, err := planner(m.dialect, m.db)
	if err != nil {
		return nil, err
	}
	live, err := drv.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectTables, Tables: names})
	if err != nil {
		return nil, err
	}
	if want, err = m.normalised(ctx, want); err != nil {
		return nil, err
	}
	want.Name = live.Name
	return drv.SchemaDiff(live, want, schema.DiffNormalized())
}

// normalised has the database write the declared schema in its own words, in a
// schema of that moment on Postgres and in memory on SQLite.
func (m *Migrator) normalised(ctx context.Context, want *schema.Schema) (*schema.Schema, error) {
	if m.dialect == dialectSQLite {
		memory, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		defer func() { _ = memory.Close() }()
		memory.SetMaxOpenConns(1)
		return normalise(ctx, m.dialect, memory, want)
	}
	const scratch = "codexible_plan"
	// The trigram indexes need their operators; the first migration brings them to a database of its own.
	if _, err := m.db.ExecContext(ctx, "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE SCHEMA "+scratch); err != nil {
		return nil, err
	}
	drop := func() error {
		_, err := m.db.ExecContext(ctx, "DROP SCHEMA "+scratch+" CASCADE")
		return err
	}
	want.Name = scratch
	normal, err := normalise(ctx, m.dialect, m.db, want)
	return normal, errors.Join(err, drop())
}

func normalise(ctx context.Context, dialect string, db *sql.DB, want *schema.Schema) (*schema.Schema, error) {
	drv, err := planner(dialect, db)
	if err != nil {
		return nil, err
	}
	var changes []schema.Change
	for _, t := range want.Tables {
		changes = append(changes, &schema.AddTable{T: t})
	}
	if err := drv.ApplyChanges(ctx, changes); err != nil {
		return nil, err
	}
	return drv.InspectSchema(ctx, want.Name, &schema.InspectOptions{Mode: schema.InspectTables})
}

func contents(dir *migrate.MemDir) ([]MigrationFile, error) {
	list, err := dir.Files()
	if err != nil {
		return nil, err
	}
	sums, err := dir.Checksum()
	if err != nil {
		return nil, err
	}
	text, err := sums.MarshalText()
	if err != nil {
		return nil, err
	}
	last := list[len(list)-1]
	return []MigrationFile{{Name: last.Name(), Body: last.Bytes()}, {Name: migrate.HashFileName, Body: text}}, nil
}
