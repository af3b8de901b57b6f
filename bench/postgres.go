package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", for making databases
)

// newPostgres makes an empty database on the server that make bench started.
func (b *bench) newPostgres(ctx context.Context, name string) (string, error) {
	name = fmt.Sprintf("bench_%s_%d", name, os.Getpid())
	if err := onPostgres(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	b.dropDatabases = append(b.dropDatabases, name)
	u, err := url.Parse(os.Getenv("CODEXIBLE_TEST_POSTGRES"))
	if err != nil {
		return "", errors.New("CODEXIBLE_TEST_POSTGRES is no URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}

func (b *bench) dropPostgres() {
	for _, name := range b.dropDatabases {
		_ = onPostgres(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
	}
}

func onPostgres(ctx context.Context, statement string) error {
	server := os.Getenv("CODEXIBLE_TEST_POSTGRES")
	if server == "" {
		return errors.New("CODEXIBLE_TEST_POSTGRES names no server: run `make bench`, which starts one")
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, statement)
	return err
}

// analyze brings the planner's statistics up to date, as autovacuum does in time.
func analyze(ctx context.Context, url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, "VACUUM (ANALYZE)")
	return err
}
