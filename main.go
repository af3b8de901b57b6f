// Codexible gives an API product its keys, plans and daily credits: it checks
// each key, limits its rate, charges credits exactly once and stops at the limit.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	syscall.Umask(0o077) // what the program writes is for its own user: databases, backups, keys, and what libraries write for it
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes of the contract.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program: it reads the command line, does what it says until
// that is done or ctx ends, and gives the exit code. getenv tells a variable's
// value and whether it is set.
func run(ctx context.Context, args []string, getenv func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	t := &terminal{getenv: getenv, in: stdin, out: stdout, err: stderr}
	return t.exit(t.obey(ctx, args))
}
