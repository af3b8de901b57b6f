package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"codexible/config"
	"codexible/store"
)

// Database is the database of a configuration, with what this binary knows of its schema.
type Database struct {
	Config *config.Config
	Files  store.Files
}

// WithMigrator runs work on the database's schema.
func (d Database) WithMigrator(work func(m *store.Migrator) error) error {
	if file := d.Config.SQLiteFile(); file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return fmt.Errorf("the folder of the embedded database cannot be created, check DATA_DIR: %w", err)
		}
	}
	url := d.Config.DatabaseURL
	if d.Config.DatabaseDirectURL.IsSet() {
		url = d.Config.DatabaseDirectURL
	}
	m, err := store.NewMigrator(url.Reveal(), d.Files)
	if err != nil {
		return err
	}
	m.UseSecrets(d.Config.Secrets())
	return errors.Join(work(m), m.Close())
}

// Prepare applies pending migrations if MIGRATE_ON_START is set, and returns an
// error for a database that this version cannot serve.
func (d Database) Prepare(ctx context.Context, log *slog.Logger) error {
	return d.WithMigrator(func(m *store.Migrator) error {
		if d.Config.MigrateOnStart {
			applied, err := m.Up(ctx)
			if err != nil {
				return err
			}
			for _, step := range applied {
				log.InfoContext(ctx, "migration applied", "version", step.Version, "name", step.Name)
			}
		}
		if err := m.Check(ctx); err != nil {
			return err
		}
		if err := m.Seal(ctx); err != nil {
			return err
		}
		if n := m.Sealed(); n > 0 {
			log.InfoContext(ctx, "second-factor secrets encrypted; keep a copy of the key where the backups are not", "count", n)
		}
		return nil
	})
}

// checkSecrets returns an error if SECRET_KEY cannot decrypt the database's secrets.
func checkSecrets(ctx context.Context, s *store.Store, log *slog.Logger) error {
	state, err := s.CheckSecrets(ctx)
	if err == nil && state == store.SecretsToRotate {
		log.WarnContext(ctx, "the secrets in the database are encrypted with SECRET_KEY_PREVIOUS: run `codexible secrets rotate`, then unset SECRET_KEY_PREVIOUS")
	}
	return err
}

// Need returns an error if the embedded database does not exist, so that no
// command creates an empty one in the wrong place.
func (d Database) Need() error {
	file := d.Config.SQLiteFile()
	if file == "" {
		return nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s: run this where the service runs, set DATABASE_URL or DATA_DIR as it has them, or create one with `codexible migrate up`", file)
	}
	return nil
}

// NeedSchema returns an error for a database that this version cannot use.
func (d Database) NeedSchema(ctx context.Context) error {
	if err := d.Need(); err != nil {
		return err
	}
	return d.WithMigrator(func(m *store.Migrator) error { return m.Check(ctx) })
}

// Open opens the store; serves is true in the process that serves.
func (d Database) Open(ctx context.Context, log *slog.Logger, serves bool) (*store.Store, error) {
	return store.Open(ctx, store.Options{
		URL: d.Config.DatabaseURL.Reveal(), DirectURL: d.Config.DatabaseDirectURL.Reveal(), Pooling: d.Config.DatabasePooling,
		Synchronous: d.Config.SQLiteSynchronous, CountLater: serves, Log: log, Secrets: d.Config.Secrets(), Mail: d.Config.SMTPURL.IsSet(),
	})
}
