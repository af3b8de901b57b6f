package main

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"codexible/handlers"
	"codexible/store"
)

// console is the operator's console of this process.
func (s *service) console() *handlers.Console {
	options := handlers.ConsoleOptions{Settings: s.config.shown()}
	if s.config.sqliteFile() != "" {
		options.Backup = func(ctx context.Context, file string) error {
			_, err := store.Backup(ctx, s.config.DatabaseURL.reveal(), file)
			return err
		}
	}
	return handlers.NewConsole(options)
}

// shown is the configuration as the console may show it: what may hold a
// password is masked. The fields of a Config are in the order of the settings.
func (c *Config) shown() []handlers.Setting {
	fields := reflect.ValueOf(*c)
	list := make([]handlers.Setting, 0, len(settings))
	for i := range min(len(settings), fields.NumField()) {
		value := fmt.Sprint(fields.Field(i).Interface())
		if fields.Field(i).Kind() == reflect.String && strings.Contains(value, "://") {
			value = newSecretURL(value).String()
		}
		list = append(list, handlers.Setting{Name: settings[i].name, Value: strings.Trim(value, "[]")})
	}
	return list
}

// offerSetup gives the one-time link that makes the first operator, while
// nobody can sign in to the console. That it cannot be made is no reason not to serve.
func (s *service) offerSetup(ctx context.Context, url string) string {
	link, err := handlers.SetupLink(ctx, s.books, url)
	switch {
	case err != nil:
		s.log.WarnContext(ctx, "no set-up link could be made; `codexible user set-password` sets the console up too", "error", err)
	case link != "":
		s.log.InfoContext(ctx, "nobody can sign in to the console yet: open this link within a day; it works once", "setup_url", link)
	}
	return link
}
