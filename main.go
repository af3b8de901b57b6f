// Codexible gives an API product its keys, plans and daily credits: it checks
// each key, limits its rate, charges credits exactly once and stops at the limit.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"codexible/cli"
)

func main() {
	syscall.Umask(0o077) // what the program writes is for its own user: databases, backups, keys, and what libraries write for it
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(cli.Run(ctx, cli.Program{
		Args: os.Args[1:], Getenv: os.LookupEnv, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Version: currentVersion(), Licences: thirdPartyLicences,
		Files: schemaFiles(),
	}))
}
