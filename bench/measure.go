package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// charge is the body of a verification that charges: as much as a gateway sends.
const charge = `,"credits":1,"model":"gpt-5","prompt_tokens":812,"completion_tokens":240,"cost_usd":0.00321`

// connections of the throughput runs, and of the latency runs.
const (
	busy = 64
	// many fills the batches of the meter, as a busy gateway with many workers does.
	many = 256
	few  = 4
)

func (b *bench) measure(ctx context.Context) error {
	services, err := b.services(ctx)
	if err != nil {
		return err
	}
	for _, p := range b.parts {
		if err := p.run(b, ctx, services); err != nil {
			return err
		}
	}
	return b.report.write(b)
}

// services serves the stores that the chosen parts need, each by its database and size.
func (b *bench) services(ctx context.Context) (map[string]*service, error) {
	services := map[string]*service{}
	for _, database := range []string{"sqlite", "postgres"} {
		for _, size := range []struct {
			name  string
			shape shape
		}{{"small", small}, {"large", large}} {
			if !slices.ContainsFunc(b.parts, func(p part) bool { return slices.Contains(p.sizes, size.name) }) {
				continue
			}
			s, err := b.service(ctx, database, size.name, size.shape)
			if err != nil {
				return nil, err
			}
			services[database+" "+size.name] = s
		}
	}
	return services, nil
}

// service fills a store and serves it.
func (b *bench) service(ctx context.Context, database, size string, sh shape) (*service, error) {
	url := "sqlite:" + filepath.Join(b.folder, size+".db")
	if database == "postgres" {
		var err error
		if url, err = b.newPostgres(ctx, size); err != nil {
			return nil, err
		}
	}
	progress("filling %s %s: %d users, %d keys, %d charges", database, size, sh.Users, sh.Keys, sh.Charges)
	made, err := fill(ctx, url, sh, filepath.Join(b.folder, database+size+".keys"))
	if err != nil {
		return nil, err
	}
	if database == "postgres" {
		if err := analyze(ctx, url); err != nil {
			return nil, err
		}
	}
	// Otherwise the service would recount a minute after its start, in the middle of a measurement.
	if err := recount(ctx, b.program, url); err != nil {
		return nil, err
	}
	server, err := start(ctx, "/health", []string{"DATABASE_URL=" + url, "VALKEY_URL=", "REDIS_URL="}, b.program, "serve")
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, server)
	return &service{server: server, seeded: made, database: database, size: size, idleMB: server.residentMB()}, nil
}

func recount(ctx context.Context, program, url string) error {
	cmd := exec.CommandContext(ctx, program, "usage", "reconcile")
	cmd.Env = append(os.Environ(), "DATABASE_URL="+url)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("usage reconcile: %w\n%s", err, out)
	}
	return nil
}

func (s *service) verify(name, body string, connections int) load {
	return load{Name: name, URL: s.URL, Kind: "verify", Body: body, Bearer: s.ServiceKey, Keys: s.KeysFile, Connections: connections}
}

func (s *service) overview(name string) load {
	return load{Name: name, URL: s.URL, Kind: "customer", Path: "/api/dashboard/overview", Keys: s.KeysFile, Connections: busy}
}

func (b *bench) throughput(ctx context.Context, services map[string]*service) error {
	sqlite, postgres := services["sqlite small"], services["postgres small"]
	naiveSQLite, err := b.naive(ctx, sqlite, "sqlite:"+filepath.Join(b.folder, "naive.db"))
	if err != nil {
		return err
	}
	url, err := b.newPostgres(ctx, "naive")
	if err != nil {
		return err
	}
	naivePostgres, err := b.naive(ctx, postgres, url)
	if err != nil {
		return err
	}
	loads := []load{
		{Name: "bare Fiber hello", URL: b.hello.URL, Kind: "plain", Path: "/", Connections: busy},
		sqlite.verify("verify, no charge", "", busy),
		sqlite.verify("verify and charge, SQLite FULL", charge, busy),
		sqlite.verify("the same, 256 connections", charge, many),
		naiveSQLite.verify("the same, a transaction per charge", charge, busy),
		postgres.verify("verify and charge, Postgres", charge, busy),
		postgres.verify("the same, 256 connections", charge, many),
		naivePostgres.verify("the same, a transaction per charge", charge, busy),
		sqlite.overview("dashboard overview, SQLite"),
		postgres.overview("dashboard overview, Postgres"),
	}
	progress("throughput: %d kinds of request, %d rounds of %d s", len(loads), b.rounds, b.seconds)
	samples, err := interleave(ctx, loads, b.rounds, b.seconds)
	if err != nil {
		return err
	}
	b.report.throughput(loads, samples)
	return nil
}

// naive serves a small store of its own over the naive ledger.
func (b *bench) naive(ctx context.Context, like *service, url string) (*service, error) {
	made, err := fill(ctx, url, small, filepath.Join(b.folder, "naive-"+like.database+".keys"))
	if err != nil {
		return nil, err
	}
	server, err := start(ctx, "/health", nil, b.self, "naive", url)
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, server)
	return &service{server: server, seeded: made, database: like.database}, nil
}

// loneCharge compares one caller's charge with one bare commit of the same database.
func (b *bench) loneCharge(ctx context.Context, services map[string]*service) error {
	for _, database := range []string{"sqlite", "postgres"} {
		s := services[database+" small"]
		progress("single charge, %s", database)
		samples, err := interleave(ctx, []load{s.verify("single charge", charge, 1)}, b.rounds, b.seconds)
		if err != nil {
			return err
		}
		commit, err := b.bareCommit(ctx, database)
		if err != nil {
			return err
		}
		b.report.lone(database, time.Duration(median(pick(samples[0], p50)))*time.Microsecond, commit)
	}
	return nil
}

// reads measures every read endpoint and first page of a large store.
func (b *bench) reads(ctx context.Context, services map[string]*service) error {
	for _, database := range []string{"sqlite", "postgres"} {
		s := services[database+" large"]
		var loads []load
		for _, path := range customerReads {
			loads = append(loads, load{Name: "GET " + path, URL: s.URL, Kind: "customer", Path: path, Keys: s.KeysFile, Connections: few})
		}
		for _, path := range adminReads {
			loads = append(loads, load{Name: "GET " + path, URL: s.URL, Kind: "admin", Path: path, Bearer: s.AdminKey, Connections: few})
		}
		progress("reads on %s, %d paths", database, len(loads))
		samples, err := interleave(ctx, loads, b.rounds, max(b.seconds/2, 1))
		if err != nil {
			return err
		}
		b.report.reads(database, loads, samples)
	}
	return nil
}

var customerReads = []string{
	"/api/dashboard/overview", "/api/keys", "/api/usage/today", "/api/usage/history?days=365", "/api/usage/detailed?days=365&limit=100",
	"/api/usage/models?days=365", "/api/usage/hourly", "/api/usage/credits", "/api/usage/refusals", "/api/usage/speed", "/api/models",
}

var adminReads = []string{
	"/api/admin/status", "/api/admin/users", "/api/admin/users?offset=10000&limit=200", "/api/admin/tokens", "/api/admin/plans", "/api/admin/logs",
	searchUsers + "042", searchUsers + "no-such-customer", "/api/admin/users?q=us", "/api/admin/tokens?q=customer%20099", "/api/admin/tokens?q=nobody",
}

const searchUsers = "/api/admin/users?q="

// flatness compares the small store with the large one, in pairs.
func (b *bench) flatness(ctx context.Context, services map[string]*service) error {
	type pair struct {
		name         string
		small, large load
	}
	var pairs []pair
	for _, database := range []string{"sqlite", "postgres"} {
		s, l := services[database+" small"], services[database+" large"]
		pairs = append(pairs,
			pair{"verify, no charge, " + database, s.verify("", "", busy), l.verify("", "", busy)},
			pair{"verify and charge, " + database, s.verify("", charge, busy), l.verify("", charge, busy)},
			pair{"dashboard overview, " + database, s.overview(""), l.overview("")})
	}
	const count = 7
	for _, p := range pairs {
		progress("flat? %s", p.name)
		samples, err := interleave(ctx, []load{p.small, p.large}, min(count, b.rounds+2), max(b.seconds/2, 1))
		if err != nil {
			return err
		}
		b.report.flat(p.name, samples[0], samples[1])
	}
	return nil
}

func (b *bench) memory(_ context.Context, services map[string]*service) error {
	for _, name := range []string{"sqlite small", "sqlite large", "postgres small", "postgres large"} {
		s := services[name]
		b.report.memory(fmt.Sprintf("%s store, %s", s.size, s.database), s.answered, s.idleMB, s.residentMB())
	}
	return nil
}
