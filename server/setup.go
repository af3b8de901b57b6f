package server

import (
	"context"
	"time"

	"codexible/handlers/console"
	"codexible/store"
)

// console is the operator's console of this process; life ends its downloads.
func (s *service) console(life context.Context) *console.Console {
	parts := console.Parts{Store: s.books, Counter: s.counter, Monitor: s.monitor, Now: time.Now, Log: s.Log, Version: s.Version, Life: life}
	for _, setting := range s.Config.Shown() {
		parts.Settings = append(parts.Settings, console.Setting(setting))
	}
	if s.Config.SQLiteFile() != "" {
		parts.Backup = func(ctx context.Context, file string) error {
			_, err := store.Backup(ctx, s.Config.DatabaseURL.Reveal(), file)
			return err
		}
	}
	return console.New(parts)
}

// offerSetup gives the one-time link that makes the first operator, while
// nobody can sign in to the console. That it cannot be made is no reason not to serve.
func (s *service) offerSetup(ctx context.Context, url string) string {
	link, err := console.SetupLink(ctx, s.books, url)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "no set-up link could be made; `codexible user set-password` sets the console up too", "error", err)
	case link != "":
		s.Log.InfoContext(ctx, "nobody can sign in to the console yet: open this link within a day; it works once", "setup_url", link)
	}
	return link
}
