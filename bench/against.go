package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// build builds the program and the benchmark from a checkout into a folder.
func build(ctx context.Context, checkout, folder string) (program, self string, err error) {
	program, self = filepath.Join(folder, "codexible"), filepath.Join(folder, "bench")
	for target, pkg := range map[string]string{program: ".", self: "./bench"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", target, pkg)
		cmd.Dir, cmd.Env = checkout, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", "", fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	return program, self, nil
}

// older is another revision, built from a checkout of its own, which holds its migrations too.
type older struct{ checkout, program, self string }

func (b *bench) buildOlder(ctx context.Context, revision string) (o older, err error) {
	o.checkout = filepath.Join(b.folder, "checkout")
	folder := filepath.Join(b.folder, "older")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return o, err
	}
	out, err := exec.CommandContext(ctx, "git", "worktree", "add", "--detach", o.checkout, revision).CombinedOutput()
	if err != nil {
		return o, fmt.Errorf("-against %s: git worktree: %w\n%s", revision, err, out)
	}
	progress("building %s", revision)
	o.program, o.self, err = build(ctx, o.checkout, folder)
	return o, err
}

// remove removes the checkout, also when ctx has ended.
func (o older) remove(ctx context.Context) {
	_ = exec.CommandContext(context.WithoutCancel(ctx), "git", "worktree", "remove", "--force", o.checkout).Run()
}

// serve fills a small store with the older benchmark, so that it has the older
// schema, and serves it with the older program.
func (b *bench) serveOlder(ctx context.Context, o older, database string) (*service, error) {
	url := "sqlite:" + filepath.Join(b.folder, "older.db")
	if database == "postgres" {
		var err error
		if url, err = b.newPostgres(ctx, "older"); err != nil {
			return nil, err
		}
	}
	made := seeded{KeysFile: filepath.Join(b.folder, "older-"+database+".keys")}
	seeding := exec.CommandContext(ctx, o.self, "seed", "-url", url, "-keys", made.KeysFile,
		"-users", strconv.Itoa(small.Users), "-keys-total", strconv.Itoa(small.Keys), "-charges", strconv.Itoa(small.Charges))
	seeding.Dir = o.checkout
	out, err := seeding.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("bench seed of the older revision: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if key, is := strings.CutPrefix(line, "admin key"); is {
			made.AdminKey = strings.TrimSpace(key)
		}
		if key, is := strings.CutPrefix(line, "service key"); is {
			made.ServiceKey = strings.TrimSpace(key)
		}
	}
	if database == "postgres" {
		if err := analyze(ctx, url); err != nil {
			return nil, err
		}
	}
	if err := recount(ctx, o.program, url); err != nil {
		return nil, err
	}
	server, err := start(ctx, "/health", []string{"DATABASE_URL=" + url, "VALKEY_URL=", "REDIS_URL="}, o.program, "serve")
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, server)
	return &service{server: server, seeded: made, database: database, size: "small", idleMB: server.residentMB()}, nil
}

// against compares this revision with an older one: each request of both in turn, in the same rounds.
func (b *bench) against(ctx context.Context, services map[string]*service) error {
	if b.revision == "" {
		return nil
	}
	o, err := b.buildOlder(ctx, b.revision)
	defer o.remove(ctx)
	if err != nil {
		return err
	}
	loads := []load{{Name: "bare Fiber hello", URL: b.hello.URL, Kind: "plain", Path: "/", Connections: busy}}
	for _, database := range []string{"sqlite", "postgres"} {
		before, err := b.serveOlder(ctx, o, database)
		if err != nil {
			return err
		}
		was, is := before.comparable(), services[database+" small"].comparable()
		for i := range was {
			loads = append(loads, was[i], is[i])
		}
	}
	progress("against %s: %d kinds of request, %d rounds of %d s", b.revision, len(loads)/2, b.rounds, b.seconds)
	compared := len(loads)
	for _, database := range []string{"sqlite", "postgres"} {
		s := services[database+" small"]
		for _, connections := range []int{busy, many} {
			one := s.verify(fmt.Sprintf("%s, %d connections", database, connections), charge, connections)
			two := one
			two.Kind, two.Body = "hold", `,"hold":{"credits":2,"ttl_seconds":60}`
			loads = append(loads, one, two)
		}
	}
	samples, err := interleave(ctx, loads, b.rounds, b.seconds)
	if err != nil {
		return err
	}
	b.report.against(b.revision, loads[:compared], samples[:compared])
	b.report.holds(loads[compared:], samples[compared:])
	return nil
}

// comparable are the requests that two revisions are compared by.
func (s *service) comparable() []load {
	name := func(text string) string { return text + ", " + s.database }
	read := func(path string, connections int) load {
		return load{Name: name("`GET " + path + "`"), URL: s.URL, Kind: "customer", Path: path, Keys: s.KeysFile, Connections: connections}
	}
	return []load{
		s.verify(name("verify, no charge"), "", busy), s.verify(name("verify and charge"), charge, busy), s.verify(name("verify and charge, 256 connections"), charge, many),
		read("/api/dashboard/overview", busy), read("/api/keys", busy), read("/api/usage/detailed?days=365&limit=100", busy),
		{Name: name("`GET /api/admin/users`"), URL: s.URL, Kind: "admin", Path: "/api/admin/users", Bearer: s.AdminKey, Connections: few},
	}
}
