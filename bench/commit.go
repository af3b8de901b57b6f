package main

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// bareCommit is the median of one commit of one small row, on one connection,
// with the durability that the service uses.
func (b *bench) bareCommit(ctx context.Context, database string) (time.Duration, error) {
	driver, source := "sqlite", "file:"+filepath.Join(b.folder, "commit.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	insert := "INSERT INTO commits (n) VALUES (?)"
	if database == "postgres" {
		url, err := b.newPostgres(ctx, "commit")
		if err != nil {
			return 0, err
		}
		driver, source, insert = "pgx", url, "INSERT INTO commits (n) VALUES ($1)"
	}
	_, _ = sqlite.Fdatasync(true) // as the store does
	db, err := sql.Open(driver, source)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE TABLE commits (n bigint)"); err != nil {
		return 0, err
	}
	took := make([]time.Duration, 2000)
	for i := range took {
		began := time.Now()
		if _, err := db.ExecContext(ctx, insert, i); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	return median(took), nil
}

var benchLine = regexp.MustCompile(`^(Benchmark\S+)\s+\d+\s+([\d.]+) ns/op.*?(\d+) B/op\s+(\d+) allocs/op`)

// allocations runs the Go benchmarks of a verification.
func (b *bench) allocations(ctx context.Context, _ map[string]*service) error {
	progress("allocations")
	out, err := exec.CommandContext(ctx, "go", "test", "./handlers", "-run", "^$", "-bench", "Verify", "-benchmem", "-benchtime", "1s").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the Go benchmarks: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if m := benchLine.FindStringSubmatch(line); m != nil {
			b.report.allocation(m[1], m[2], m[3], m[4])
		}
	}
	return nil
}
