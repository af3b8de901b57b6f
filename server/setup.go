package server

import (
	"context"

	"codexible/handlers"
	"codexible/store"
)

// console is the operator's console of this process.
func (s *service) console() *handlers.Console {
	options := handlers.ConsoleOptions{}
	for _, setting := range s.Config.Shown() {
		options.Settings = append(options.Settings, handlers.Setting(setting))
	}
	if s.Config.SQLiteFile() != "" {
		options.Backup = func(ctx context.Context, file string) error {
			_, err := store.Backup(ctx, s.Config.DatabaseURL.Reveal(), file)
			return err
		}
	}
	return handlers.NewConsole(options)
}

// offerSetup gives the one-time link that makes the first operator, while
// nobody can sign in to the console. That it cannot be made is no reason not to serve.
func (s *service) offerSetup(ctx context.Context, url string) string {
	link, err := handlers.SetupLink(ctx, s.books, url)
	switch {
	case err != nil:
		s.Log.WarnContext(ctx, "no set-up link could be made; `codexible user set-password` sets the console up too", "error", err)
	case link != "":
		s.Log.InfoContext(ctx, "nobody can sign in to the console yet: open this link within a day; it works once", "setup_url", link)
	}
	return link
}
