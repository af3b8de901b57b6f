package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"codexible/store"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply every pending migration, all or none."`
	Down   migrateDown   `cmd:"" help:"Roll back the last migrations. Data in the tables and columns that they added is lost."`
	Status migrateStatus `cmd:"" help:"List every migration; exit 1 if one is pending or unknown, or the schema has drifted."`
}

// migrationJSON is a migration as --json prints it.
type migrationJSON struct {
	Version   string     `json:"version"`
	Name      string     `json:"name"`
	AppliedAt *time.Time `json:"applied_at"`
	// Unknown marks one that the database has and this version does not.
	Unknown bool `json:"unknown"`
}

func printMigrations(t *terminal, list []store.Migration, none string) error {
	answer := make([]migrationJSON, len(list))
	for i, m := range list {
		answer[i] = migrationJSON{m.Version, m.Name, m.AppliedAt, m.Unknown}
	}
	return t.print(answer, func(w io.Writer) {
		if len(list) == 0 {
			line(w, none)
		}
		for _, m := range answer {
			state := "pending"
			switch {
			case m.Unknown:
				state = "unknown to this version"
			case m.AppliedAt != nil:
				state = "applied " + m.AppliedAt.Format(time.RFC3339)
			}
			line(w, m.Version, m.Name, state)
		}
	})
}

// onExisting runs work on the schema of a database that is there.
func (t *terminal) onExisting(work func(m *store.Migrator) error) error {
	c, err := t.config(nil)
	if err != nil {
		return err
	}
	if err := t.database(&c).Need(); err != nil {
		return err
	}
	return t.database(&c).WithMigrator(work)
}

type migrateUp struct{}

// Run applies what is pending.
func (migrateUp) Run(ctx context.Context, t *terminal) error {
	c, err := t.config(nil)
	if err != nil {
		return err
	}
	return t.database(&c).WithMigrator(func(m *store.Migrator) error {
		applied, err := m.Up(ctx)
		if err != nil {
			return err
		}
		return printMigrations(t, applied, "nothing is pending")
	})
}

type migrateDown struct {
	N int `arg:"" optional:"" default:"1" help:"How many to roll back."`
}

// Help gives the examples that --help shows.
func (migrateDown) Help() string {
	return `Stop the services first and keep a backup: rolling a migration back drops the tables and columns that it added. Examples:

    codexible migrate status
    codexible migrate down
    codexible migrate down 3`
}

// Validate refuses a number that takes nothing back.
func (c migrateDown) Validate() error {
	if c.N < 1 {
		return errors.New("the number must be 1 or more")
	}
	return nil
}

// Run takes migrations back.
func (c migrateDown) Run(ctx context.Context, t *terminal) error {
	return t.onExisting(func(m *store.Migrator) error {
		undone, err := m.Down(ctx, c.N)
		if err != nil {
			return err
		}
		return printMigrations(t, undone, "nothing is applied")
	})
}

type migrateStatus struct{}

// Run lists the migrations and checks the schema.
func (migrateStatus) Run(ctx context.Context, t *terminal) error {
	return t.onExisting(func(m *store.Migrator) error {
		status, err := m.Status(ctx)
		if err != nil {
			return err
		}
		if err := printMigrations(t, status, "there are no migrations"); err != nil {
			return err
		}
		return m.Check(ctx)
	})
}
