package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"codexible/config"
	"codexible/demo/upstream"

	"codexible/accounts"
	"codexible/demo"
	"codexible/keys"
	"codexible/secrets"
	"codexible/server"
)

// serveDemo serves demo data and deletes it at the end. It ignores the settings
// that lead to configured data.
func (t *terminal) serveDemo(ctx context.Context) error {
	settings, err := t.config(map[string]string{"HOST": "127.0.0.1", "LOG_FORMAT": "text"})
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "codexible-demo-")
	if err != nil {
		return fmt.Errorf("the demo needs a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	settings.DataDir = folder
	settings.DatabaseURL = config.NewSecretURL("sqlite:" + filepath.Join(folder, "codexible.db"))
	settings.ValkeyURL = config.SecretURL{}
	settings.SecretKey, settings.SecretKeyPrevious = secrets.Key{}, secrets.Key{}
	settings.SMTPURL, settings.MailFrom = config.SecretURL{}, "" // the people of the demo have no mailboxes
	settings.MigrateOnStart, settings.UsageRetentionDays, settings.BackupDir = true, 0, ""

	if err := t.database(&settings).Prepare(ctx, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	password := rand.Text()
	modelURL, stop, err := serveModel(ctx)
	if err != nil {
		return fmt.Errorf("the demo's own model cannot listen: %w", err)
	}
	defer stop()
	if err := demo.Seed(ctx, settings.DatabaseURL.Reveal(), time.Now(), password, modelURL); err != nil {
		return err
	}
	log := server.NewLogBuffer(t.err)
	defer log.Flush()
	o := server.Options{
		Config: settings, Log: server.NewLogger(&settings, log), Files: t.files, Version: t.version,
		Listening: func(url, _ string) { _ = t.welcome(url, password) },
	}
	for _, u := range demo.Users {
		o.FixedKeys = append(o.FixedKeys, keys.Fixed(u.Key))
	}
	return server.Run(ctx, o)
}

// serveModel starts the demo's own model on a free port of this machine. stop ends it.
func serveModel(ctx context.Context) (url string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: upstream.New(upstream.Options{Keep: -1}), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String() + "/v1", func() { _ = server.Close() }, nil
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

// welcome prints the addresses, the sign-in, the keys and a curl line.
func (t *terminal) welcome(url, password string) error {
	d := demoJSON{
		URL: url, Version: t.version, Console: consoleJSON{url + "/admin", demo.Admin, password}, APIReference: url + "/docs", Health: url + "/health",
		Try: fmt.Sprintf(`curl %s/v1/chat/completions -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hello"}]}'`, url, demo.Users[2].Key),
	}
	for _, u := range demo.Users {
		d.Keys = append(d.Keys, demoKeyJSON{u.Key, u.Email, u.Plan, u.Role})
	}
	return t.print(d, func(w io.Writer) {
		line(w, "\nCodexible "+d.Version+" with demo data, which is deleted when it stops (Ctrl+C).\n")
		line(w, "  Console", d.Console.URL, "sign in as "+d.Console.Email+" with "+d.Console.Password)
		line(w, "  API reference", d.APIReference)
		line(w, "  Health", d.Health)
		line(w, "\n  Demo keys")
		for _, u := range demo.Users {
			line(w, "  "+u.Email, u.Key, purpose(&u))
		}
		line(w, "\n  Try\n  "+d.Try+"\n")
	})
}

// purpose says what a demo key is good for.
func purpose(u *demo.User) string {
	if u.Role != accounts.RoleUser {
		return "role " + string(u.Role)
	}
	return fmt.Sprintf("%s, %d of %d credits used today", u.Plan, u.UsedToday, u.Limit)
}
