package cli

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"codexible/config"
	"codexible/server"
)

type serveCommand struct {
	Demo bool `help:"Serve demo data from a temporary folder, on 127.0.0.1 unless HOST is set; the configured database is not touched."`
}

// Help gives the examples that --help shows.
func (serveCommand) Help() string {
	return `Examples:

    codexible serve --demo
    PORT=8080 codexible serve
    DATABASE_URL=postgres://codexible@db/codexible VALKEY_URL=redis://cache:6379 codexible serve

Without DATABASE_URL the data is in DATA_DIR (./data), in one SQLite file. Pending migrations are applied first, unless MIGRATE_ON_START=false. On SIGTERM the open requests are finished and everything is written; a second signal ends the program at once.`
}

// Run serves.
func (c serveCommand) Run(ctx context.Context, t *terminal) error {
	if c.Demo {
		return t.serveDemo(ctx)
	}
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	log := server.NewLogBuffer(t.err)
	defer log.Flush()
	return server.Run(ctx, server.Options{Config: settings, UpstreamSecret: config.UpstreamSecrets(t.getenv, ".", settings.UpstreamKeysDir), Log: server.NewLogger(&settings, log), Files: t.files, Version: t.version, Listening: func(url, setup string) {
		_ = t.print(listeningJSON{url, t.version, setup}, func(w io.Writer) {
			line(w, "Codexible "+t.version+" listens on "+url)
			if setup != "" {
				line(w, "Nobody can sign in to the console yet. Open this link within a day; it works once:")
				line(w, "  "+setup)
			}
		})
	}})
}

type listeningJSON struct {
	URL     string `json:"url"`
	Version string `json:"version"`
	// SetupURL creates the console's first operator; left out when somebody can sign in.
	SetupURL string `json:"setup_url,omitempty"`
}

type versionCommand struct {
	Licences bool `help:"Print the licences of the libraries, fonts and lists that the program contains." aliases:"licenses"`
}

// Run prints the version or the licences.
func (c versionCommand) Run(t *terminal) error {
	if c.Licences {
		return t.print(licencesJSON{t.version, t.licences}, func(io.Writer) { _, _ = io.WriteString(t.out, t.licences) })
	}
	return t.print(versionJSON{t.version}, func(w io.Writer) { line(w, "codexible "+t.version) })
}

type versionJSON struct {
	Version string `json:"version"`
}

type licencesJSON struct {
	Version  string `json:"version"`
	Licences string `json:"licences"`
}

type healthCommand struct{}

// Help gives the examples that --help shows.
func (healthCommand) Help() string {
	return `Asks /health at HOST and PORT. Example, as the health check of a container without a shell:

    HEALTHCHECK CMD ["/codexible", "health"]`
}

// healthTimeout is how long a live service may take to say so.
const healthTimeout = 2 * time.Second

// Run asks the service on this machine.
func (healthCommand) Run(ctx context.Context, t *terminal) error {
	settings, err := t.config(nil)
	if err != nil {
		return err
	}
	host := server.Reachable(net.JoinHostPort(settings.Host, strconv.Itoa(settings.Port)))
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	scheme := "http"
	if settings.TLSCert != "" {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+host+"/health", nil)
	if err != nil {
		return err
	}
	// A transport of its own: the service is on this machine, behind no proxy, and its certificate names another host.
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // nothing but "ok" is asked, of this machine
	answer, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("the service does not answer, check that it runs and that HOST and PORT are as it has them: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the service at %s answers %s", host, answer.Status)
	}
	var health healthJSON
	if err := json.NewDecoder(io.LimitReader(answer.Body, 4096)).Decode(&health); err != nil {
		return fmt.Errorf("what answers at %s is another program: %w", host, err)
	}
	return t.print(health, func(w io.Writer) { line(w, health.Status+", version "+health.Version) })
}

type healthJSON struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}
