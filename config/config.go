// Package config is everything that an operator can choose: the settings, their
// defaults and rules. It alone reads the environment, and reports every problem
// at once.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/mail"
	"codexible/secrets"
	"codexible/store"
	"codexible/usage"

	"github.com/joho/godotenv"
)

// Config is everything that an operator can choose. The fields are in the order
// of the settings.
type Config struct {
	Host        string
	Port        int
	DatabaseURL SecretURL
	// DatabaseDirectURL leads to the same Postgres past a pooler; it is not set where there is none. DatabasePooling is one of store.Pooling….
	DatabaseDirectURL SecretURL
	DatabasePooling   string
	DataDir           string
	ValkeyURL         SecretURL
	AllowedOrigins    []string
	TrustedProxies    []netip.Prefix
	RateLimitPerIP    int64
	// MaxConnectionsPerAddress does not count for loopback and TrustedProxies.
	MaxConnectionsPerAddress int
	// BodyBudget bounds the bodies of calls of models in flight, in bytes.
	BodyBudget        int64
	SQLiteSynchronous string
	MigrateOnStart    bool
	// ShowCost is whether customers see what calls cost the operator.
	ShowCost bool
	// SecretKey encrypts the secrets in the database, SecretKeyPrevious only decrypts.
	// Without SecretKey the embedded database uses a file.
	SecretKey, SecretKeyPrevious secrets.Key
	// UpstreamKeysDir is where files with keys of upstreams are; empty for none.
	UpstreamKeysDir string
	// WebhookAllowPrivate are private addresses that webhooks may reach, also without TLS.
	WebhookAllowPrivate []netip.Prefix
	// UsageRetentionDays is how many days single charges are kept; 0 for ever.
	UsageRetentionDays int
	// RequestLogRetentionDays is how many days the log of requests is kept; 0 for ever.
	RequestLogRetentionDays int
	// CreditValue is what a credit is worth, in micro-dollars.
	CreditValue int64
	// BackupDir is the directory of scheduled backups; empty for none.
	BackupDir      string
	BackupInterval time.Duration
	BackupKeep     int
	LogLevel       slog.Level
	LogFormat      string
	// MetricsAddr is where /metrics listens; empty for the API's port.
	MetricsAddr string
	// TLSCert and TLSKey name files; both are empty for plain HTTP.
	TLSCert, TLSKey string
	// PublicURL is the address in links, an origin without a slash at its end; empty
	// where none was set.
	PublicURL string
	// DashboardURL is the address of the customers' dashboard in links, an origin like PublicURL, which it is where
	// none was set.
	DashboardURL string
	// OIDCIssuer is the OpenID Connect provider that operators sign in with; empty for
	// none. Then OIDCClientID and OIDCClientSecret are empty, too.
	OIDCIssuer, OIDCClientID string
	OIDCClientSecret         gateway.Secret
	// OIDCAdmins and OIDCViewers are who becomes what: e-mail addresses, and groups as group:NAME.
	OIDCAdmins, OIDCViewers []string
	// OIDCOnly turns sign-ins with a password off.
	OIDCOnly bool
	// OIDCCustomers lets customers sign in with the provider, too.
	OIDCCustomers bool
	// RegistrationPlan is what people get who make an account by signing in, RegistrationDomains are the mail
	// domains that they may have, and RegistrationDailyLimit is how many may in a day.
	RegistrationPlan       string
	RegistrationDomains    []string
	RegistrationDailyLimit int64
	// SMTP is the server that mails are sent by; none is sent without one. MailFrom is who they are from.
	SMTPURL  SecretURL
	MailFrom string
	// OTLPEndpoint is the collector; OTLPTracesEndpoint, used unchanged, overrides it.
	// Without both there are no traces.
	OTLPEndpoint, OTLPTracesEndpoint SecretURL
	// OTLPHeaders are sent to the collector.
	OTLPHeaders SecretHeaders
	// TraceSampler is one of the samplers of OpenTelemetry, TraceRatio the argument of those by ratio.
	TraceSampler    string
	TraceRatio      float64
	TracesDisabled  bool
	DrainDelay      time.Duration
	ShutdownTimeout time.Duration
	// StreamShutdownTimeout is how long open calls of models get at shutdown.
	StreamShutdownTimeout time.Duration
}

// setting is one variable of the environment. The table below is the only place
// that knows them; .env.example and the README are checked against it.
type setting struct {
	name     string
	fallback string
	meaning  string
	// alias is read where name is not set.
	alias string
	// set parses a value that is not empty and returns what is wrong with it. It may
	// hold a secret: a problem never repeats it.
	set func(c *Config, value string) (problem string)
}

// encodeHint says how to write a password in a URL.
const encodeHint = "; in a password write @ as %40, / as %2F, ? as %3F, # as %23 and % as %25"

var settings = []setting{
	{name: "HOST", fallback: "0.0.0.0", meaning: "address to listen on; 127.0.0.1 behind a proxy on the same machine", set: func(c *Config, v string) string {
		c.Host = strings.Trim(v, "[]")
		return problemIf(strings.ContainsAny(v, "/ @?#") || strings.Contains(v, ":") && !isAddress(c.Host), "must be an IP address or a host name without a port")
	}},
	{name: "PORT", fallback: "3001", meaning: "port to listen on; 0 picks a free one", set: func(c *Config, v string) string {
		return whole(&c.Port, v, 0, 65535)
	}},
	{name: "DATABASE_URL", meaning: "`postgres://…` or `sqlite:PATH`; empty: SQLite at `DATA_DIR/codexible.db`", set: func(c *Config, v string) string {
		c.DatabaseURL = NewSecretURL(v)
		return problemIf(store.CheckURL(v) != nil, "must be postgres://user@host/name or sqlite:PATH"+encodeHint)
	}},
	{name: "DATABASE_DIRECT_URL", meaning: "the same Postgres without a pooler in between, where `DATABASE_URL` leads through one: for migrations and for hearing of changes; empty: `DATABASE_URL`, and behind a pooler in transaction mode changes are polled", set: func(c *Config, v string) string {
		c.DatabaseDirectURL = NewSecretURL(v)
		return problemIf(store.CheckURL(v) != nil || strings.HasPrefix(v, "sqlite:"), "must be postgres://user@host/name"+encodeHint)
	}},
	{name: "DATABASE_POOLING", fallback: store.PoolingAuto, meaning: "how a pooler before Postgres, such as PgBouncer, shares its connections: `transaction`, `session` (as without one), or `auto` to find out at the start", set: func(c *Config, v string) string {
		return choice(&c.DatabasePooling, strings.ToLower(v), store.PoolingAuto, store.PoolingSession, store.PoolingTransaction)
	}},
	{name: "DATA_DIR", fallback: "./data", meaning: "directory of the embedded database", set: func(c *Config, v string) string {
		c.DataDir = v
		return ""
	}},
	{name: "VALKEY_URL", alias: "REDIS_URL", meaning: "`redis://`, `rediss://` or `valkey://`, shared by all instances (`REDIS_URL` is also read); empty: each instance counts rate limits by itself", set: func(c *Config, v string) string {
		c.ValkeyURL = NewSecretURL(v)
		u, ok := readURL(v)
		return problemIf(!ok || !slices.Contains([]string{"redis", "rediss", "valkey", "valkeys"}, u.Scheme), "must look like redis://[user:password@]host:port[/database], with rediss:// for TLS"+encodeHint)
	}},
	{name: "ALLOWED_ORIGINS", fallback: "http://localhost:3000", meaning: "origins of pages that may call the API (the dashboard's), comma-separated; `*` allows every page", set: func(c *Config, v string) string {
		return list(&c.AllowedOrigins, v, origin)
	}},
	{name: "TRUSTED_PROXIES", meaning: "CIDRs of proxies whose `X-Forwarded-For` is trusted, comma-separated; empty: none", set: func(c *Config, v string) string {
		return list(&c.TrustedProxies, v, network)
	}},
	{name: "RATE_LIMIT_PER_IP", fallback: "20", meaning: "requests per minute from an address without a valid key", set: func(c *Config, v string) string {
		return whole(&c.RateLimitPerIP, v, 1, 1_000_000)
	}},
	{name: "MAX_CONNECTIONS_PER_ADDRESS", fallback: "512", meaning: "connections per client address (IPv6: per /64); trusted proxies and loopback are exempt", set: func(c *Config, v string) string {
		return whole(&c.MaxConnectionsPerAddress, v, 1, 1_000_000)
	}},
	{name: "BODY_BUDGET", fallback: "256MiB", meaning: "memory for the bodies of `/v1` in flight, at least 64MiB; one user gets at most an eighth of it, and no body is larger than that or than 32 MiB", set: func(c *Config, v string) string {
		return bytesOf(&c.BodyBudget, v, 64<<20, 1<<40, "from 64MiB to 1024GiB")
	}},
	{name: "SQLITE_SYNCHRONOUS", fallback: "FULL", meaning: "`FULL`: a power failure loses nothing; `NORMAL`: faster, a power failure may lose the last commits but never corrupts the database", set: func(c *Config, v string) string {
		return choice(&c.SQLiteSynchronous, strings.ToUpper(v), "FULL", "NORMAL")
	}},
	{name: "SHOW_COST", fallback: "true", meaning: "whether customers see `cost_usd`, which tells them your margin; false: it is 0 for them", set: func(c *Config, v string) string {
		return yesNo(&c.ShowCost, v)
	}},
	{name: "MIGRATE_ON_START", fallback: "true", meaning: "apply pending migrations before listening", set: func(c *Config, v string) string {
		return yesNo(&c.MigrateOnStart, v)
	}},
	{name: "SECRET_KEY", meaning: "encrypts second-factor secrets in the database: 32 random bytes in base64 (`openssl rand -base64 32`); never part of a backup; empty: `secret.key` beside the embedded database, created when first needed; required on Postgres before the first secret", set: func(c *Config, v string) string {
		return secretKey(&c.SecretKey, v)
	}},
	{name: "SECRET_KEY_PREVIOUS", meaning: "the previous key, for decryption only, until `codexible secrets rotate` has re-encrypted everything", set: func(c *Config, v string) string {
		return secretKey(&c.SecretKeyPrevious, v)
	}},
	{name: "UPSTREAM_KEYS_DIR", meaning: "directory of files that each hold a key of an upstream, which names it as `file:NAME`; empty: upstreams name no files (`env:UPSTREAM_…` names a variable)", set: func(c *Config, v string) string {
		c.UpstreamKeysDir = v
		return ""
	}},
	{name: "WEBHOOK_ALLOW_PRIVATE", meaning: "CIDRs of loopback and private addresses that webhooks may reach, also by `http://`, comma-separated; empty: none", set: func(c *Config, v string) string {
		return list(&c.WebhookAllowPrivate, v, network)
	}},
	{name: "USAGE_RETENTION_DAYS", fallback: "0", meaning: "days to keep single charges; daily totals are always kept; 0: keep everything", set: func(c *Config, v string) string {
		return whole(&c.UsageRetentionDays, v, 0, 36_500)
	}},
	{name: "REQUEST_LOG_RETENTION_DAYS", fallback: "30", meaning: "days to keep the log of calls of models; charges and totals are kept apart from it; 0: keep everything", set: func(c *Config, v string) string {
		return whole(&c.RequestLogRetentionDays, v, 0, 36_500)
	}},
	{name: "CREDIT_VALUE_USD", fallback: "0.01", meaning: "what a credit is worth in dollars, at most 6 decimals: the default for new prices, each of which keeps its own, and the income of charges without a price", set: func(c *Config, v string) string {
		var ok bool
		c.CreditValue, ok = usage.ParseDecimal(v, 6, 1000*usage.MicrosPerUSD)
		return problemIf(!ok || c.CreditValue == 0, "must be a number of dollars from 0.000001 to 1000 with at most 6 decimals, not "+quoted(v))
	}},
	{name: "BACKUP_DIR", meaning: "directory for scheduled backups of the embedded database; empty: no scheduled backups", set: func(c *Config, v string) string {
		c.BackupDir = v
		return ""
	}},
	{name: "BACKUP_INTERVAL", fallback: "24h", meaning: "time between scheduled backups", set: func(c *Config, v string) string {
		return duration(&c.BackupInterval, v, time.Minute, 365*24*time.Hour, "from 1m to 8760h")
	}},
	{name: "BACKUP_KEEP", fallback: "7", meaning: "number of scheduled backups to keep", set: func(c *Config, v string) string {
		return whole(&c.BackupKeep, v, 1, 10_000)
	}},
	{name: "LOG_LEVEL", fallback: "info", meaning: "`debug`, `info`, `warn` or `error`", set: func(c *Config, v string) string {
		return problemIf(c.LogLevel.UnmarshalText([]byte(v)) != nil || strings.ContainsAny(v, "+-"), "must be debug, info, warn or error, not "+quoted(v))
	}},
	{name: "LOG_FORMAT", fallback: "json", meaning: "`json` or `text`, written to stderr", set: func(c *Config, v string) string {
		return choice(&c.LogFormat, strings.ToLower(v), "json", "text")
	}},
	{name: "METRICS_ADDR", meaning: "address for a separate `/metrics` listener, such as `127.0.0.1:9101`; empty: on the API's port", set: func(c *Config, v string) string {
		c.MetricsAddr = v
		_, port, err := net.SplitHostPort(v)
		return problemIf(err != nil || !isPort(port), "must be an address and a port such as 127.0.0.1:9101, not "+quoted(v))
	}},
	{name: "TLS_CERT", meaning: "certificate file, with the chain, for HTTPS without a proxy; reloaded when it changes", set: func(c *Config, v string) string {
		c.TLSCert = v
		return ""
	}},
	{name: "TLS_KEY", meaning: "private key file of `TLS_CERT`", set: func(c *Config, v string) string {
		c.TLSKey = v
		return ""
	}},
	{name: "PUBLIC_URL", meaning: "address that browsers use for the console, such as `https://api.example.com`, without a path: it is in links and in addresses for other services; required for `OIDC_ISSUER`", set: func(c *Config, v string) string {
		c.PublicURL = strings.TrimSuffix(v, "/")
		_, problem := origin(c.PublicURL)
		return problemIf(problem != "" || c.PublicURL == "*", "must look like https://api.example.com, without a path")
	}},
	{name: "DASHBOARD_URL", meaning: "address that browsers use for the customers' dashboard, without a path: links to sign in lead there; empty: `PUBLIC_URL`", set: func(c *Config, v string) string {
		c.DashboardURL = strings.TrimSuffix(v, "/")
		_, problem := origin(c.DashboardURL)
		return problemIf(problem != "" || c.DashboardURL == "*", "must look like https://dashboard.example.com, without a path")
	}},
	{name: "OIDC_ISSUER", meaning: "OpenID Connect provider that operators can sign in with, such as `https://login.example.com`, exactly as the provider names itself; its redirect address for Codexible is `PUBLIC_URL/admin/openid/callback`; empty: passwords only", set: func(c *Config, v string) string {
		c.OIDCIssuer = v
		return problemIf(!isIssuer(v), "must be an https:// address without user, query and fragment (http:// on this machine alone)")
	}},
	{name: "OIDC_CLIENT_ID", meaning: "Codexible's client ID at the provider", set: func(c *Config, v string) string {
		c.OIDCClientID = v
		return problemIf(len(v) > maxClientText || strings.ContainsFunc(v, isControl), "must be at most 1000 printable characters")
	}},
	{name: "OIDC_CLIENT_SECRET", meaning: "Codexible's client secret at the provider", set: func(c *Config, v string) string {
		c.OIDCClientSecret = gateway.NewSecret(v)
		return problemIf(len(v) > maxClientText || strings.ContainsFunc(v, isControl), "must be at most 1000 printable characters")
	}},
	{name: "OIDC_ADMINS", meaning: "who becomes an admin at a sign-in with the provider: e-mail addresses that it has verified, and groups as `group:NAME`, comma-separated", set: func(c *Config, v string) string {
		return list(&c.OIDCAdmins, v, rule)
	}},
	{name: "OIDC_VIEWERS", meaning: "who becomes a viewer, who sees the console and changes nothing, as `OIDC_ADMINS`; an admin stays one. Who is in neither loses an operator's role at the next sign-in with the provider", set: func(c *Config, v string) string {
		return list(&c.OIDCViewers, v, rule)
	}},
	{name: "OIDC_ONLY", fallback: "false", meaning: "`true`: operators sign in with the provider alone; passwords and set-up links are off", set: func(c *Config, v string) string {
		return yesNo(&c.OIDCOnly, v)
	}},
	{name: "OIDC_CUSTOMERS", fallback: "false", meaning: "`true`: customers can sign in to the dashboard with the provider, too; the redirect address for it is `DASHBOARD_URL/dashboard/login/openid`", set: func(c *Config, v string) string {
		return yesNo(&c.OIDCCustomers, v)
	}},
	{name: "REGISTRATION_PLAN", meaning: "plan that people get who sign in to the dashboard without an account, which makes one; needs `PUBLIC_URL` and `SMTP_URL`; empty: accounts are made by operators alone", set: func(c *Config, v string) string {
		c.RegistrationPlan = accounts.Clean(v)
		return problemIf(accounts.CheckText(c.RegistrationPlan, 1, accounts.MaxPlanNameLength) != "", "must be the name of a plan")
	}},
	{name: "REGISTRATION_DOMAINS", meaning: "mail domains that such people may have, such as `example.com`, comma-separated, without those below them; empty: all", set: func(c *Config, v string) string {
		return list(&c.RegistrationDomains, v, mailDomain)
	}},
	{name: "REGISTRATION_DAILY_LIMIT", fallback: "100", meaning: "accounts that such people can make in a UTC day", set: func(c *Config, v string) string {
		return whole(&c.RegistrationDailyLimit, v, 1, 1_000_000)
	}},
	{name: "SMTP_URL", meaning: "mail server as `smtp://user:password@host:587` or `smtps://user:password@host:465`; `smtp` uses STARTTLS, which only a server on this machine may lack; `?tls=off` sends without TLS, `?ca=FILE` names the authorities to trust instead of the system's; empty: no mail", set: func(c *Config, v string) string {
		c.SMTPURL = NewSecretURL(v)
		_, err := c.MailServer()
		return problemOf(err)
	}},
	{name: "MAIL_FROM", meaning: "who mails are from: an address, or `Codexible <codexible@example.com>`; required for `SMTP_URL`", set: func(c *Config, v string) string {
		c.MailFrom = v
		_, err := mail.ParseFrom(v)
		return problemOf(err)
	}},
	{name: "OTEL_EXPORTER_OTLP_ENDPOINT", meaning: "OTLP collector for traces, such as `http://127.0.0.1:4318`; empty: no traces", set: func(c *Config, v string) string {
		c.OTLPEndpoint = NewSecretURL(v)
		u, ok := readURL(v)
		return problemIf(!ok || u.User != nil || (u.Scheme != "http" && u.Scheme != "https"), "must look like http://127.0.0.1:4318, without a password")
	}},
	{name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", meaning: "the whole address, such as `http://127.0.0.1:4318/v1/traces`, where it is not `/v1/traces` below the endpoint", set: func(c *Config, v string) string {
		c.OTLPTracesEndpoint = NewSecretURL(v)
		u, ok := readURL(v)
		return problemIf(!ok || u.User != nil || (u.Scheme != "http" && u.Scheme != "https"), "must look like http://127.0.0.1:4318/v1/traces, without a password")
	}},
	{name: "OTEL_EXPORTER_OTLP_HEADERS", meaning: "headers for the collector, such as `api-key=…,tenant=a`, with percent-encoded values", set: func(c *Config, v string) string {
		var ok bool
		c.OTLPHeaders, ok = NewSecretHeaders(v)
		return problemIf(!ok, "must list name=value pairs, comma-separated, with percent-encoded values")
	}},
	{name: "OTEL_TRACES_SAMPLER", fallback: "parentbased_traceidratio", meaning: "sampler of OpenTelemetry: `always_on`, `always_off`, `traceidratio`, or one of them after `parentbased_`, which follows the caller's decision if it sends one", set: func(c *Config, v string) string {
		return choice(&c.TraceSampler, strings.ToLower(v), "always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio")
	}},
	{name: "OTEL_TRACES_SAMPLER_ARG", fallback: "0.01", meaning: "fraction of requests that the samplers by ratio trace, 0 to 1", set: func(c *Config, v string) string {
		var err error
		c.TraceRatio, err = strconv.ParseFloat(v, 64)
		return problemIf(err != nil || !(c.TraceRatio >= 0 && c.TraceRatio <= 1), "must be a number from 0 to 1, not "+quoted(v))
	}},
	{name: "OTEL_SDK_DISABLED", fallback: "false", meaning: "`true`: no traces", set: func(c *Config, v string) string {
		c.TracesDisabled = strings.EqualFold(v, "true")
		return problemIf(!c.TracesDisabled && !strings.EqualFold(v, "false"), "must be true or false, not "+quoted(v))
	}},
	{name: "DRAIN_DELAY", fallback: "0s", meaning: "time after SIGTERM in which requests are still accepted while `/health/ready` returns 503, so that load balancers can react", set: func(c *Config, v string) string {
		return duration(&c.DrainDelay, v, 0, time.Hour, "from 0s to 1h")
	}},
	{name: "SHUTDOWN_TIMEOUT", fallback: "15s", meaning: "time that open requests have to finish after SIGTERM", set: func(c *Config, v string) string {
		return duration(&c.ShutdownTimeout, v, 0, time.Hour, "from 0s to 1h")
	}},
	{name: "STREAM_SHUTDOWN_TIMEOUT", fallback: "120s", meaning: "time that open calls of `/v1` have to finish after SIGTERM; then their streams end with an error that clients understand", set: func(c *Config, v string) string {
		return duration(&c.StreamShutdownTimeout, v, 0, time.Hour, "from 0s to 1h")
	}},
}

func secretKey(to *secrets.Key, value string) string {
	var err error
	if *to, err = secrets.ParseKey(value); err != nil {
		return err.Error()
	}
	return ""
}

// Secrets are the keys for what is encrypted in the configured database.
func (c *Config) Secrets() *secrets.Ring {
	return secrets.NewRing(c.SecretKey, c.SecretKeyPrevious, secrets.FileIn(c.SQLiteFile()))
}

// Read reads the settings from the environment, then from the file .env
// of the folder, then from their defaults, and reports every problem at once in
// one line. instead replaces defaults; nil leaves them.
func Read(getenv func(string) (string, bool), folder string, instead map[string]string) (Config, error) {
	file, err := readEnvFile(filepath.Join(folder, ".env"))
	if err != nil {
		return Config{}, err
	}
	lookup := func(name string) string {
		value, found := getenv(name)
		if !found {
			value = file[name]
		}
		return strings.TrimSpace(value)
	}
	var c Config
	var problems []string
	for _, s := range settings {
		name, value := s.name, lookup(s.name)
		if value == "" && s.alias != "" {
			name, value = s.alias, lookup(s.alias)
		}
		if value == "" {
			name, value = s.name, instead[s.name]
		}
		if value == "" {
			value = s.fallback
		}
		if value == "" {
			continue
		}
		if problem := s.set(&c, value); problem != "" {
			problems = append(problems, name+" "+problem)
		}
	}
	problems = append(problems, c.contradictions()...)
	if c.Traces() {
		problems = append(problems, otelProblems(lookup, file)...)
	}
	if len(problems) > 0 {
		return Config{}, errors.New("the configuration cannot be used: " + strings.Join(problems, "; "))
	}
	if !c.DatabaseURL.IsSet() {
		c.DatabaseURL = c.EmbeddedURL()
	}
	if c.DashboardURL == "" {
		c.DashboardURL = c.PublicURL
	}
	return c, nil
}

// Traces reports whether traces are sent.
func (c *Config) Traces() bool {
	return !c.TracesDisabled && (c.OTLPEndpoint.IsSet() || c.OTLPTracesEndpoint.IsSet())
}

// otelUnsupported are variables of OpenTelemetry that would be ignored.
var otelUnsupported = []string{
	"OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_CLIENT_KEY", "OTEL_EXPORTER_OTLP_COMPRESSION",
	"OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
	"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_PROPAGATORS", "OTEL_TRACES_EXPORTER",
}

// otelProblems refuses what would be ignored. The SDK reads its own variables,
// such as OTEL_SERVICE_NAME, from the environment: it does not know the file .env.
func otelProblems(lookup func(string) string, file map[string]string) (problems []string) {
	for _, name := range otelUnsupported {
		if lookup(name) != "" {
			problems = append(problems, name+" must not be set, because it is not supported")
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if value := lookup(name); value != "" && value != "http/json" {
			problems = append(problems, name+" must be http/json, not "+quoted(value))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(file)) {
		known := slices.ContainsFunc(settings, func(s setting) bool { return s.name == name }) || slices.Contains(otelUnsupported, name) || strings.HasSuffix(name, "_PROTOCOL")
		if strings.HasPrefix(name, "OTEL_") && !known {
			problems = append(problems, name+" must be set in the environment, not in the file .env")
		}
	}
	return problems
}

// EmbeddedURL is the database in DATA_DIR.
func (c *Config) EmbeddedURL() SecretURL {
	return NewSecretURL("sqlite:" + filepath.Join(c.DataDir, "codexible.db"))
}

// MailServer is the server of SMTPURL.
func (c *Config) MailServer() (mail.Server, error) {
	u, ok := c.SMTPURL.Parse()
	if !ok {
		return mail.Server{}, errors.New("must look like smtp://user:password@host:587 or smtps://user:password@host:465" + encodeHint)
	}
	return mail.ParseServer(u)
}

// contradictions returns the settings that exclude each other.
func (c *Config) contradictions() (problems []string) {
	if c.DatabaseDirectURL.IsSet() && !strings.HasPrefix(c.DatabaseURL.Reveal(), "postgres") {
		problems = append(problems, "DATABASE_URL must be a Postgres beside DATABASE_DIRECT_URL")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		problems = append(problems, "TLS_CERT and TLS_KEY must both be set, or neither")
	}
	if c.BackupDir != "" && strings.HasPrefix(c.DatabaseURL.Reveal(), "postgres") {
		problems = append(problems, "BACKUP_DIR is for the embedded database: leave it empty on Postgres, and schedule pg_dump")
	}
	if set := c.OIDCIssuer != ""; set != (c.OIDCClientID != "") || set != !c.OIDCClientSecret.IsZero() {
		problems = append(problems, "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must all be set, or none")
	}
	if c.OIDCIssuer != "" && c.PublicURL == "" {
		problems = append(problems, "PUBLIC_URL must be set beside OIDC_ISSUER: the provider sends operators back to it")
	}
	if c.OIDCIssuer != "" && !c.OIDCOperators() && !c.OIDCCustomers {
		problems = append(problems, "OIDC_ADMINS or OIDC_VIEWERS must be set beside OIDC_ISSUER: nobody could sign in with the provider")
	}
	if c.OIDCIssuer == "" && (len(c.OIDCAdmins) > 0 || len(c.OIDCViewers) > 0 || c.OIDCOnly) {
		problems = append(problems, "OIDC_ISSUER must be set beside OIDC_ADMINS, OIDC_VIEWERS and OIDC_ONLY")
	}
	if c.SMTPURL.IsSet() != (c.MailFrom != "") {
		problems = append(problems, "SMTP_URL and MAIL_FROM must both be set, or neither")
	}
	if c.OIDCOnly && len(c.OIDCAdmins) == 0 {
		problems = append(problems, "OIDC_ADMINS must be set beside OIDC_ONLY: nobody could change anything in the console")
	}
	if c.SecretKey.IsZero() && !c.SecretKeyPrevious.IsZero() && strings.HasPrefix(c.DatabaseURL.Reveal(), "postgres") {
		problems = append(problems, "SECRET_KEY_PREVIOUS is read beside SECRET_KEY: set both, or neither")
	}
	return append(problems, c.contradictionsOfCustomers()...)
}

// contradictionsOfCustomers are those of the settings by which customers sign in.
func (c *Config) contradictionsOfCustomers() (problems []string) {
	if c.OIDCCustomers && c.OIDCIssuer == "" {
		problems = append(problems, "OIDC_ISSUER must be set beside OIDC_CUSTOMERS")
	}
	if c.RegistrationPlan != "" && (c.PublicURL == "" || !c.SMTPURL.IsSet()) {
		problems = append(problems, "PUBLIC_URL and SMTP_URL must be set beside REGISTRATION_PLAN: who makes an account confirms it by mail")
	}
	if len(c.RegistrationDomains) > 0 && c.RegistrationPlan == "" {
		problems = append(problems, "REGISTRATION_PLAN must be set beside REGISTRATION_DOMAINS")
	}
	return problems
}

// readEnvFile reads a .env file; one that does not exist is empty. The parser's
// own complaint is left out, because it quotes the lines that follow.
func readEnvFile(path string) (map[string]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the file .env of a folder that the program was started in
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf(".env cannot be read: %w", err)
	}
	values, ok := parseEnv(string(text))
	if ok {
		return values, nil
	}
	// A value may span lines, so the error is after the longest prefix that parses.
	lines := strings.SplitAfter(string(text), "\n")
	good := len(lines)
	for good > 0 && !ok {
		good--
		_, ok = parseEnv(strings.Join(lines[:good], ""))
	}
	return nil, fmt.Errorf(".env line %d cannot be read: write NAME=value, and close every quote", good+1)
}

func parseEnv(text string) (map[string]string, bool) {
	values, err := godotenv.Unmarshal(text)
	_, nameless := values[""] // a last line without an equals sign
	return values, err == nil && !nameless
}

func problemOf(err error) string {
	if err != nil {
		return err.Error()
	}
	return ""
}

func problemIf(wrong bool, problem string) string {
	if wrong {
		return problem
	}
	return ""
}

func whole[T int | int64](to *T, value string, least, most int64) string {
	n, err := strconv.ParseInt(value, 10, 64)
	*to = T(n)
	return problemIf(err != nil || n < least || n > most, fmt.Sprintf("must be a whole number, %d to %d, not %s", least, most, quoted(value)))
}

func duration(to *time.Duration, value string, least, most time.Duration, bounds string) string {
	var err error
	*to, err = time.ParseDuration(value)
	return problemIf(err != nil || *to < least || *to > most, "must be a duration "+bounds+" such as 15s, not "+quoted(value))
}

// bytesOf reads an amount of memory: a whole number with the unit KiB, MiB or GiB, or of bytes.
func bytesOf(to *int64, value string, least, most int64, bounds string) string {
	digits, unit := strings.TrimRight(value, "KMGiB"), int64(1)
	switch value[len(digits):] {
	case "", "B":
	case "KiB":
		unit = 1 << 10
	case "MiB":
		unit = 1 << 20
	case "GiB":
		unit = 1 << 30
	default:
		digits = ""
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	*to = n * unit
	return problemIf(err != nil || n < 0 || n > most/unit || *to < least, "must be an amount of memory "+bounds+" such as 256MiB, not "+quoted(value))
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func choice(to *string, value string, among ...string) string {
	*to = value
	return problemIf(!slices.Contains(among, value), "must be "+strings.Join(among[:len(among)-1], ", ")+" or "+among[len(among)-1]+", not "+quoted(value))
}

func list[T any](to *[]T, value string, parse func(string) (T, string)) string {
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		item, problem := parse(part)
		if problem != "" {
			return problem + ", not " + quoted(part)
		}
		*to = append(*to, item)
	}
	return ""
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

func origin(text string) (string, string) {
	if text == "*" {
		return text, ""
	}
	u, err := url.Parse(text)
	wrong := err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil
	return text, problemIf(wrong, "must list origins such as https://dashboard.example.com, without a path")
}

func network(text string) (netip.Prefix, string) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), ""
	}
	prefix, err := netip.ParsePrefix(text)
	return prefix, problemIf(err != nil, "must list networks such as 10.0.0.0/8")
}

// SQLiteFile is the path of the embedded database; empty on Postgres.
func (c *Config) SQLiteFile() string {
	path, isFile := strings.CutPrefix(c.DatabaseURL.Reveal(), "sqlite:")
	if !isFile {
		return ""
	}
	return strings.TrimPrefix(path, "//")
}

// yesNo reads true or false.
func yesNo(into *bool, v string) (problem string) {
	var err error
	*into, err = strconv.ParseBool(strings.ToLower(v))
	return problemIf(err != nil, "must be true or false, not "+quoted(v))
}
