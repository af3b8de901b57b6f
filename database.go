package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"codexible/store"
)

// withMigrator runs work on the configured database's schema.
func withMigrator(c *Config, work func(m *store.Migrator) error) error {
	if file := c.sqliteFile(); file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return fmt.Errorf("the folder of the embedded database cannot be made, check DATA_DIR: %w", err)
		}
	}
	m, err := store.NewMigrator(c.DatabaseURL.reveal(), schemaFiles())
	if err != nil {
		return err
	}
	m.UseSecrets(c.secrets())
	return errors.Join(work(m), m.Close())
}

// prepareDatabase applies what is pending if the configuration says so, and
// refuses a database that this version cannot serve.
func prepareDatabase(ctx context.Context, c *Config, log *slog.Logger) error {
	return withMigrator(c, func(m *store.Migrator) error {
		if c.MigrateOnStart {
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

// checkSecrets refuses a database whose secrets this service cannot decrypt.
func checkSecrets(ctx context.Context, books *store.Store, log *slog.Logger) error {
	state, err := books.CheckSecrets(ctx)
	if err == nil && state == store.SecretsToRotate {
		log.WarnContext(ctx, "the secrets in the database are encrypted with the key of before: run `codexible secrets rotate`, then unset SECRET_KEY_PREVIOUS")
	}
	return err
}

// needDatabase refuses an embedded database that does not exist: a command that
// works on what is there would make an empty one in the wrong place.
func needDatabase(c *Config) error {
	file := c.sqliteFile()
	if file == "" {
		return nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s: run this where the service runs, set DATABASE_URL or DATA_DIR as it has them, or make one with `codexible migrate up`", file)
	}
	return nil
}

// needSchema refuses a database that this version cannot use.
func needSchema(ctx context.Context, c *Config) error {
	if err := needDatabase(c); err != nil {
		return err
	}
	return withMigrator(c, func(m *store.Migrator) error { return m.Check(ctx) })
}

func openStore(ctx context.Context, c *Config, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Options{URL: c.DatabaseURL.reveal(), Synchronous: c.SQLiteSynchronous, Log: log, Secrets: c.secrets()})
}
