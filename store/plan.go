package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
var migrationTemplate = template.Must(template.New("migration").Parse(`-- +goose Up
{{ range .Changes }}{{ with .Comment }}-- {{ println . }}{{ end }}{{ printf "%s;\n" .Cmd }}{{ end }}
-- +goose Down
{{ range .Changes }}{{ range .ReverseStmts }}{{ printf "%s;\n" . }}{{ end }}{{ end }}`))

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
	drv, live, want, err := m.compared(ctx)
	if err != nil {
		return nil, err
	}
	plan, err := between(ctx, drv, name, live, want)
	if err != nil || len(plan.Changes) == 0 {
		return nil, err
	}
	back, err := between(ctx, drv, name, want, live)
	if err != nil {
		return nil, err
	}
	wayBack(plan, back)
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

// between plans what leads from one schema to another.
func between(ctx context.Context, drv migrate.Driver, name string, from, to *schema.Schema) (*migrate.Plan, error) {
	changes, err := drv.SchemaDiff(from, to, schema.DiffNormalized())
	if err != nil || len(changes) == 0 {
		return &migrate.Plan{}, err
	}
	return drv.PlanChanges(ctx, name, changes, func(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) })
}

// wayBack gives a plan the way back that was planned by itself. Atlas's own,
// statement by statement, leads nowhere from a table that SQLite had to rebuild.
func wayBack(plan, back *migrate.Plan) {
	statements := make([]string, len(back.Changes))
	for i, c := range back.Changes {
		statements[i] = c.Cmd
	}
	for _, c := range plan.Changes {
		c.Reverse = nil
	}
	plan.Changes[0].Reverse = statements
}

// compared gives the live schema and the declared one. The declared one is
// normalised by the database first: without that a changed check would be
// overlooked on Postgres.
func (m *Migrator) compared(ctx context.Context) (drv migrate.Driver, live, want *schema.Schema, err error) {
	realm, err := wanted(m.dialect, m.files.Schema)
	if err != nil {
		return nil, nil, nil, err
	}
	want = realm.Schemas[0]
	names := make([]string, len(want.Tables))
	for i, t := range want.Tables {
		names[i] = t.Name
	}
	if drv, err = planner(m.dialect, m.db); err != nil {
		return nil, nil, nil, err
	}
	if live, err = drv.InspectSchema(ctx, "", &schema.InspectOptions{Mode: schema.InspectTables, Tables: names}); err != nil {
		return nil, nil, nil, err
	}
	if want, err = m.normalised(ctx, want); err != nil {
		return nil, nil, nil, err
	}
	want.Name = live.Name
	return drv, live, want, nil
}

// normalised has the database write the declared schema in its own words, in a
// schema of that moment on Postgres and in memory on SQLite.
func (m *Migrator) normalised(ctx context.Context, want *schema.Schema) (*schema.Schema, error) {
	if m.dialect == dialectSQLite {
		inMemory, err := sql.Open("sqlite", ":memory:")
		if err != nil {
			return nil, err
		}
		defer func() { _ = inMemory.Close() }()
		inMemory.SetMaxOpenConns(1)
		return normalise(ctx, m.dialect, inMemory, want)
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
