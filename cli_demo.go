package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/secrets"
)

// serveDemo serves demo data that is gone when it ends. Nothing of the
// configuration that leads to data is followed.
func (t *terminal) serveDemo(ctx context.Context) error {
	config, err := t.config(map[string]string{"HOST": "127.0.0.1", "LOG_FORMAT": "text"})
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "codexible-demo-")
	if err != nil {
		return fmt.Errorf("the demo needs a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config.DataDir = folder
	config.DatabaseURL = newSecretURL("sqlite:" + filepath.Join(folder, "codexible.db"))
	config.ValkeyURL = secretURL{}
	config.SecretKey, config.SecretKeyPrevious = secrets.Key{}, secrets.Key{}
	config.MigrateOnStart, config.UsageRetentionDays, config.BackupDir = true, 0, ""

	if err := prepareDatabase(ctx, &config, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	password := rand.Text()
	if err := seedDemo(ctx, config.DatabaseURL.reveal(), time.Now(), password); err != nil {
		return err
	}
	log := newLogBuffer(t.err)
	defer log.flush()
	s := &service{config: config, log: config.logger(log), listening: func(url, _ string) { _ = t.welcome(url, password) }}
	for _, u := range demoUsers {
		s.fixed = append(s.fixed, keys.Fixed(u.key))
	}
	return s.serve(ctx)
}

type demoJSON struct {
	URL          string        `json:"url"`
	Version      string        `json:"version"`
	Console      consoleJSON   `json:"console"`
	APIReference string        `json:"api_reference"`
	Health       string        `json:"health"`
	Keys         []demoKeyJSON `json:"keys"`
	Try          string        `json:"try"`
}

type consoleJSON struct {
	URL      string `json:"url"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

type demoKeyJSON struct {
	Key   string        `json:"key"`
	Email string        `json:"email"`
	Plan  string        `json:"plan"`
	Role  accounts.Role `json:"role"`
}

// welcome prints what a newcomer needs.
func (t *terminal) welcome(url, password string) error {
	d := demoJSON{
		URL: url, Version: currentVersion(), Console: consoleJSON{url + "/admin", demoAdmin, password}, APIReference: url + "/docs", Health: url + "/health",
		Try: fmt.Sprintf("curl -H 'Authorization: Bearer %s' %s/api/usage/today", demoUsers[2].key, url),
	}
	for _, u := range demoUsers {
		d.Keys = append(d.Keys, demoKeyJSON{u.key, u.email, u.plan, u.role})
	}
	return t.print(d, func(w io.Writer) {
		line(w, "\nCodexible "+d.Version+" with demo data, which is gone when it stops (Ctrl+C).\n")
		line(w, "  Console", d.Console.URL, "sign in as "+d.Console.Email+" with "+d.Console.Password)
		line(w, "  API reference", d.APIReference)
		line(w, "  Health", d.Health)
		line(w, "\n  Demo keys")
		for _, u := range demoUsers {
			line(w, "  "+u.email, u.key, u.purpose())
		}
		line(w, "\n  Try\n  "+d.Try+"\n")
	})
}

// purpose says what a demo key is good for.
func (u *demoUser) purpose() string {
	if u.role != accounts.RoleUser {
		return "role " + string(u.role)
	}
	return fmt.Sprintf("%s, %d of %d credits used today", u.plan, u.usedToday, u.limit)
}
