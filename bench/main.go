// Bench measures the service as a client sees it: it starts the real binary on
// SQLite and on Postgres, fills both, drives them with wrk beside a bare Fiber
// server in the same minutes, and writes the results to BENCH.md.
//
//	make bench                 the whole of it
//	make bench ARGS=-quick     a small one, to check that it works; it writes no file
//	make bench ARGS="-only reads"   one section of it; it writes no file
//	make bench ARGS="-only against -against v1.2.3"   this revision beside an older one
//	go run ./bench seed -url sqlite:/tmp/big.db   fills a database and prints its keys' file
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"codexible/store"

	"github.com/gofiber/fiber/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "hello":
			return serveHello()
		case "model":
			return serveModel()
		case "proxy":
			return serveProxy(args[1])
		case "naive":
			return serveNaive(ctx, args[1])
		case "seed":
			return runSeed(ctx, args[1:])
		}
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "small stores and short runs; writes no file")
	rounds := flags.Int("rounds", 5, "how often each load is run")
	only := flags.String("only", "", "sections to measure, separated by commas: "+partNames()+"; prints them and writes no file")
	revision := flags.String("against", "", "an older revision, built and run beside this one: the section against, which is left out without it")
	seconds := flags.Int("seconds", 4, "how long a run of the throughput table takes; the others take half of it")
	flags.IntVar(&large.Users, "users", large.Users, "users of the large store")
	flags.IntVar(&large.Keys, "keys", large.Keys, "keys of the large store")
	flags.IntVar(&large.Charges, "charges", large.Charges, "charges of the large store")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *quick {
		*rounds, *seconds = 1, 1
		large = shape{Users: 2000, Keys: 6000, Charges: 50_000}
	}
	parts, err := chosen(*only)
	if err != nil {
		return err
	}
	b, err := prepare(ctx, &bench{quick: *quick, partial: *only != "", parts: parts, rounds: *rounds, seconds: *seconds, revision: *revision})
	if err != nil {
		return err
	}
	defer b.cleanup()
	return b.measure(ctx)
}

// serveHello is the yardstick: Fiber with nothing in it.
func serveHello() error {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error { return c.JSON(fiber.Map{"message": "hello"}) })
	return app.Listen(os.Getenv("HOST") + ":" + os.Getenv("PORT"))
}

func runSeed(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench seed", flag.ContinueOnError)
	url := flags.String("url", "", "the database: postgres://… or sqlite:PATH")
	keys := flags.String("keys", "bench-keys.txt", "where to write the secrets of the hot keys")
	var sh shape
	flags.IntVar(&sh.Users, "users", large.Users, "how many users")
	flags.IntVar(&sh.Keys, "keys-total", large.Keys, "how many keys")
	flags.IntVar(&sh.Charges, "charges", large.Charges, "how many charges")
	if err := flags.Parse(args); err != nil {
		return err
	}
	made, err := fill(ctx, *url, sh, *keys)
	if err != nil {
		return err
	}
	fmt.Printf("filled; secrets of %d hot keys in %s\nadmin key   %s\nservice key %s\n", min(hotKeys, sh.Users), made.KeysFile, made.AdminKey, made.ServiceKey)
	return nil
}

func fill(ctx context.Context, url string, sh shape, keysFile string) (seeded, error) {
	if err := migrate(ctx, url); err != nil {
		return seeded{}, err
	}
	s, err := store.Open(ctx, store.Options{URL: url, Synchronous: "NORMAL"})
	if err != nil {
		return seeded{}, err
	}
	defer func() { _ = s.Close() }()
	return seed(ctx, s, sh, keysFile)
}

// The two sizes of a store between which no figure should move.
var (
	small = shape{Users: 1000, Keys: 1000, Charges: 10_000}
	large = shape{Users: 100_000, Keys: 300_000, Charges: 3_000_000}
)

// bench is a prepared run: programs built, stores filled, servers up.
type bench struct {
	quick, partial bool
	parts          []part
	folder         string
	program, self  string
	// revision is the older one to compare with; empty for none.
	revision        string
	rounds, seconds int
	servers         []*server
	hello           *server
	started         time.Time
	dropDatabases   []string
	report          report
}

// service is a server with its store.
type service struct {
	*server
	seeded
	database, size string
	idleMB         float64
}

func prepare(ctx context.Context, b *bench) (_ *bench, err error) {
	b.started = time.Now()
	if b.folder, err = os.MkdirTemp("", "codexible-bench-"); err != nil {
		return nil, err
	}
	if b.program, b.self, err = build(ctx, ".", b.folder); err != nil {
		return nil, err
	}
	b.hello, err = start(ctx, "/", nil, b.self, "hello")
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, b.hello)
	return b, nil
}

func (b *bench) cleanup() {
	for _, s := range b.servers {
		s.stop()
	}
	b.dropPostgres()
	_ = os.RemoveAll(b.folder)
}

func progress(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", args...)
}
