package config

import (
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/gateway"
	"codexible/secrets"

	"github.com/google/go-cmp/cmp"
)

// environment is a Getenv over a test's variables.
func environment(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := vars[name]
		return value, found
	}
}

var asConfig = cmp.Options{cmp.AllowUnexported(SecretURL{}, SecretHeaders{}, gateway.Secret{}), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })}

func defaults() Config {
	return Config{
		Host: "0.0.0.0", Port: 3001, DatabaseURL: NewSecretURL("sqlite:data/codexible.db"), DatabasePooling: "auto", DataDir: "./data", AllowedOrigins: []string{"http://localhost:3000"}, ShowCost: true,
		RateLimitPerIP: 20, MaxConnectionsPerAddress: 512, SQLiteSynchronous: "FULL", MigrateOnStart: true, LogLevel: slog.LevelInfo, LogFormat: "json", ShutdownTimeout: 15 * time.Second,
		BodyBudget: 256 << 20, StreamShutdownTimeout: 2 * time.Minute,
		RequestLogRetentionDays: 30, CreditValue: 10_000, BackupInterval: 24 * time.Hour, BackupKeep: 7, TraceSampler: "parentbased_traceidratio", TraceRatio: 0.01,
		RegistrationDailyLimit: 100,
	}
}

func TestSettingsReadWhatTheContractSays(t *testing.T) {
	keyA, keyB := secrets.MintKey(), secrets.MintKey()
	for _, try := range []struct {
		name string
		env  map[string]string
		want func(*Config)
	}{
		{"nothing set", nil, func(*Config) {}},
		{"empty is as not set", map[string]string{"PORT": "", "VALKEY_URL": "", "LOG_LEVEL": " "}, func(*Config) {}},
		{"host and port", map[string]string{"HOST": "::1", "PORT": "0"}, func(c *Config) { c.Host, c.Port = "::1", 0 }},
		{"an address in brackets", map[string]string{"HOST": "[::1]"}, func(c *Config) { c.Host = "::1" }},
		{"a host's name", map[string]string{"HOST": "api.internal"}, func(c *Config) { c.Host = "api.internal" }},
		{"Postgres", map[string]string{"DATABASE_URL": "postgres://u:p@db/x?sslmode=require"}, func(c *Config) { c.DatabaseURL = NewSecretURL("postgres://u:p@db/x?sslmode=require") }},
		{"a SQLite file", map[string]string{"DATABASE_URL": "sqlite:/var/lib/c.db", "DATA_DIR": "/elsewhere"}, func(c *Config) {
			c.DatabaseURL, c.DataDir = NewSecretURL("sqlite:/var/lib/c.db"), "/elsewhere"
		}},
		{"a data folder", map[string]string{"DATA_DIR": "/var/lib/codexible"}, func(c *Config) {
			c.DataDir, c.DatabaseURL = "/var/lib/codexible", NewSecretURL("sqlite:/var/lib/codexible/codexible.db")
		}},
		{"Valkey", map[string]string{"VALKEY_URL": "valkey://:p@cache:6379/2"}, func(c *Config) { c.ValkeyURL = NewSecretURL("valkey://:p@cache:6379/2") }},
		{"a pooler", map[string]string{"DATABASE_URL": "postgres://u@pooler/n", "DATABASE_DIRECT_URL": "postgres://u@db/n", "DATABASE_POOLING": "Transaction"}, func(c *Config) {
			c.DatabaseURL, c.DatabaseDirectURL, c.DatabasePooling = NewSecretURL("postgres://u@pooler/n"), NewSecretURL("postgres://u@db/n"), "transaction"
		}},
		{"Redis's name for it", map[string]string{"REDIS_URL": "rediss://cache"}, func(c *Config) { c.ValkeyURL = NewSecretURL("rediss://cache") }},
		{"Valkey's name before Redis's", map[string]string{"VALKEY_URL": "redis://a", "REDIS_URL": "redis://b"}, func(c *Config) { c.ValkeyURL = NewSecretURL("redis://a") }},
		{"origins", map[string]string{"ALLOWED_ORIGINS": "https://a.example, http://localhost:3000,"}, func(c *Config) {
			c.AllowedOrigins = []string{"https://a.example", "http://localhost:3000"}
		}},
		{"every origin", map[string]string{"ALLOWED_ORIGINS": "*"}, func(c *Config) { c.AllowedOrigins = []string{"*"} }},
		{"proxies", map[string]string{"TRUSTED_PROXIES": "10.0.0.0/8,::1,192.0.2.1"}, func(c *Config) {
			c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.1/32")}
		}},
		{"networks of webhooks", map[string]string{"WEBHOOK_ALLOW_PRIVATE": "10.0.0.0/8,127.0.0.1"}, func(c *Config) {
			c.WebhookAllowPrivate = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
		}},
		{"numbers and words", map[string]string{
			"RATE_LIMIT_PER_IP": "7", "MAX_CONNECTIONS_PER_ADDRESS": "8", "SQLITE_SYNCHRONOUS": "normal", "MIGRATE_ON_START": "False", "USAGE_RETENTION_DAYS": "90", "REQUEST_LOG_RETENTION_DAYS": "7", "CREDIT_VALUE_USD": "0.000001",
			"LOG_LEVEL": "WARN", "LOG_FORMAT": "Text", "SHUTDOWN_TIMEOUT": "1m30s",
		}, func(c *Config) {
			c.RateLimitPerIP, c.MaxConnectionsPerAddress, c.SQLiteSynchronous, c.MigrateOnStart, c.UsageRetentionDays, c.RequestLogRetentionDays, c.CreditValue = 7, 8, "NORMAL", false, 90, 7, 1
			c.LogLevel, c.LogFormat, c.ShutdownTimeout = slog.LevelWarn, "text", 90*time.Second
		}},
		{"bodies and streams", map[string]string{"BODY_BUDGET": "1GiB", "STREAM_SHUTDOWN_TIMEOUT": "0s"}, func(c *Config) { c.BodyBudget, c.StreamShutdownTimeout = 1<<30, 0 }},
		{"bytes without a unit", map[string]string{"BODY_BUDGET": "67108864"}, func(c *Config) { c.BodyBudget = 64 << 20 }},
		{"the most of KiB", map[string]string{"BODY_BUDGET": "1073741824KiB"}, func(c *Config) { c.BodyBudget = 1 << 40 }},
		{"no cost for customers", map[string]string{"SHOW_COST": "FALSE"}, func(c *Config) { c.ShowCost = false }},
		{"a folder of upstreams' keys", map[string]string{"UPSTREAM_KEYS_DIR": "/run/secrets"}, func(c *Config) { c.UpstreamKeysDir = "/run/secrets" }},
		{"keys for secrets", map[string]string{"SECRET_KEY": keyA.Reveal(), "SECRET_KEY_PREVIOUS": keyB.Reveal()}, func(c *Config) { c.SecretKey, c.SecretKeyPrevious = keyA, keyB }},
		{"backups", map[string]string{"BACKUP_DIR": "/var/backups", "BACKUP_INTERVAL": "6h", "BACKUP_KEEP": "28"}, func(c *Config) {
			c.BackupDir, c.BackupInterval, c.BackupKeep = "/var/backups", 6*time.Hour, 28
		}},
		{"its own TLS and a delay for balancers", map[string]string{"TLS_CERT": "/etc/c.pem", "TLS_KEY": "/etc/k.pem", "DRAIN_DELAY": "5s"}, func(c *Config) {
			c.TLSCert, c.TLSKey, c.DrainDelay = "/etc/c.pem", "/etc/k.pem", 5*time.Second
		}},
		{"metrics and traces", map[string]string{"METRICS_ADDR": "127.0.0.1:9101", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_SAMPLER_ARG": "1"}, func(c *Config) {
			c.MetricsAddr, c.OTLPEndpoint, c.TraceRatio = "127.0.0.1:9101", NewSecretURL("http://127.0.0.1:4318"), 1
		}},
		{"a collector elsewhere, with a token and another sampler", map[string]string{
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c.example/in", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%20b%3D, tenant=x", "OTEL_TRACES_SAMPLER": "Always_On", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
		}, func(c *Config) {
			c.OTLPTracesEndpoint, c.OTLPHeaders, c.TraceSampler = NewSecretURL("https://c.example/in"), SecretHeaders{&map[string]string{"api-key": "a b=", "tenant": "x"}}, "always_on"
		}},
		{"traces switched off, whatever else is set", map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, func(c *Config) {
			c.OTLPEndpoint, c.TracesDisabled = NewSecretURL("http://127.0.0.1:4318"), true
		}},
		{"sign-ins of customers", map[string]string{"PUBLIC_URL": "https://api.example.com", "DASHBOARD_URL": "https://dash.example.com/", "SMTP_URL": "smtp://h:25", "MAIL_FROM": "c@example.com", "REGISTRATION_PLAN": " Free ", "REGISTRATION_DOMAINS": "Example.com, b\u00fccher.example", "REGISTRATION_DAILY_LIMIT": "3"}, func(c *Config) {
			c.PublicURL, c.DashboardURL, c.SMTPURL, c.MailFrom = "https://api.example.com", "https://dash.example.com", NewSecretURL("smtp://h:25"), "c@example.com"
			c.RegistrationPlan, c.RegistrationDomains, c.RegistrationDailyLimit = "Free", []string{"example.com", "b\u00fccher.example"}, 3
		}},
		{"customers alone with OpenID Connect", map[string]string{"PUBLIC_URL": "https://api.example.com", "OIDC_ISSUER": "http://127.0.0.1:9/x", "OIDC_CLIENT_ID": "codexible", "OIDC_CLIENT_SECRET": "sesame", "OIDC_CUSTOMERS": "true"}, func(c *Config) {
			c.PublicURL, c.DashboardURL, c.OIDCIssuer, c.OIDCClientID, c.OIDCClientSecret, c.OIDCCustomers = "https://api.example.com", "https://api.example.com", "http://127.0.0.1:9/x", "codexible", gateway.NewSecret("sesame"), true
		}},
		{"OpenID Connect", map[string]string{"PUBLIC_URL": "https://api.example.com/", "OIDC_ISSUER": "http://127.0.0.1:9/x", "OIDC_CLIENT_ID": "codexible", "OIDC_CLIENT_SECRET": "sesame", "OIDC_ADMINS": "ada@example.com, group:All Staff", "OIDC_VIEWERS": "group:x", "OIDC_ONLY": "true"}, func(c *Config) {
			c.PublicURL, c.DashboardURL, c.OIDCIssuer, c.OIDCClientID, c.OIDCClientSecret = "https://api.example.com", "https://api.example.com", "http://127.0.0.1:9/x", "codexible", gateway.NewSecret("sesame")
			c.OIDCAdmins, c.OIDCViewers, c.OIDCOnly = []string{"ada@example.com", "group:All Staff"}, []string{"group:x"}, true
		}},
		{"mail", map[string]string{"SMTP_URL": "smtp://codexible:s%40e@mail.example.com", "MAIL_FROM": "Codexible <codexible@example.com>"}, func(c *Config) {
			c.SMTPURL, c.MailFrom = NewSecretURL("smtp://codexible:s%40e@mail.example.com"), "Codexible <codexible@example.com>"
		}},
	} {
		t.Run(try.name, func(t *testing.T) {
			want := defaults()
			try.want(&want)
			got, err := Read(environment(try.env), t.TempDir(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, asConfig); diff != "" {
				t.Errorf("want - got +:\n%s", diff)
			}
		})
	}
}

func TestEveryProblemOfTheConfigurationIsNamedInOneLineWithoutSecrets(t *testing.T) {
	bad := map[string][]string{
		"HOST":                               {"host:80", "http://host", "a b"},
		"PORT":                               {"abc", "-1", "65536", "80.5"},
		"DATABASE_URL":                       {"mysql://u:sesame@h/d", "postgres:sesame", "sesame", "sqlite:", "postgres://u:se/same@h/d", "postgres://u:12#sesame@h/d", "host=h password=sesame"},
		"VALKEY_URL":                         {"http://u:sesame@h", "redis:///sesame", "sesame", "redis://%zz:sesame@h", "redis://:12/sesame@h"},
		"ALLOWED_ORIGINS":                    {"example.com", "https://a.example/path", "ftp://a.example", "https://a.example,null", "https://u:sesame@a.example"},
		"TRUSTED_PROXIES":                    {"10.0.0.0/33", "proxy", "10.0.0.0/8,x"},
		"WEBHOOK_ALLOW_PRIVATE":              {"10.0.0.0/33", "receiver"},
		"RATE_LIMIT_PER_IP":                  {"0", "many", "1000001"},
		"MAX_CONNECTIONS_PER_ADDRESS":        {"0", "some", "1000001"},
		"BODY_BUDGET":                        {"63MiB", "256MB", "MiB", "-256MiB", "1025GiB", "9223372036854775807GiB", "1.5GiB", "256 MiB", "0"},
		"STREAM_SHUTDOWN_TIMEOUT":            {"-1s", "61m", "120"},
		"SQLITE_SYNCHRONOUS":                 {"OFF", "EXTRA"},
		"DATABASE_DIRECT_URL":                {"sqlite:sesame.db", "mysql://u:sesame@h/n", "postgres://u:ses@me@h/n"},
		"DATABASE_POOLING":                   {"on", "statement"},
		"SHOW_COST":                          {"no", "-1"},
		"MIGRATE_ON_START":                   {"yes", "2"},
		"SECRET_KEY":                         {"sesame", "c2VzYW1l", "0000000000000000000000000000000000000000000000000000000000000000"},
		"SECRET_KEY_PREVIOUS":                {"sesame"},
		"USAGE_RETENTION_DAYS":               {"-1", "1.5", "36501"},
		"REQUEST_LOG_RETENTION_DAYS":         {"-1", "1.5", "36501"},
		"CREDIT_VALUE_USD":                   {"0", "-1", "1000.000001", "0.0000001", "a cent", "1e4"},
		"LOG_LEVEL":                          {"loud", "info+1", "5"},
		"LOG_FORMAT":                         {"xml"},
		"BACKUP_INTERVAL":                    {"0s", "daily", "59s", "8761h"},
		"BACKUP_KEEP":                        {"0", "-1", "all"},
		"METRICS_ADDR":                       {"9101", "127.0.0.1", "127.0.0.1:http", "::1:x", "http://u:sesame@h"},
		"PUBLIC_URL":                         {"api.example.com", "https://api.example.com/path", "*", "ftp://a.example", "https://u:sesame@a.example"},
		"OIDC_ISSUER":                        {"login.example.com", "http://login.example.com", "https://u:sesame@login.example.com", "https://a.example?x=sesame", "http://10.0.0.1"},
		"OIDC_CLIENT_ID":                     {strings.Repeat("x", 1001), "a\tb"},
		"OIDC_CLIENT_SECRET":                 {strings.Repeat("sesame", 200), "sesame\x01x"},
		"OIDC_ADMINS":                        {"ada", "group:", "@example.com", "ada@", "ada@example.com,bob", "a b@example.com", "*@example.com", "a@b@c"},
		"OIDC_VIEWERS":                       {"viewers"},
		"OIDC_ONLY":                          {"yes"},
		"DASHBOARD_URL":                      {"dash.example.com", "https://dash.example.com/dashboard", "*", "https://a.example?x=sesame"},
		"OIDC_CUSTOMERS":                     {"yes"},
		"REGISTRATION_PLAN":                  {strings.Repeat("x", 101), "a\x01b"},
		"REGISTRATION_DOMAINS":               {"@example.com", "ada@example.com", "example.com,a b", "*@example.com"},
		"REGISTRATION_DAILY_LIMIT":           {"0", "-1", "1000001", "all"},
		"SMTP_URL":                           {"mail.example.com:587", "http://u:sesame@h", "smtp://u:se/same@h", "smtp://sesame@h", "smtp://h:25/sesame", "smtps://u:sesame@h?tls=off", "smtp://u:sesame@h?tls=on", "smtp://h?x=sesame", "smtp://h?ca=/sesame", "smtp://u%0a:sesame@h"},
		"MAIL_FROM":                          {"codexible", "a@b@c", "A <a@example.com>, B <b@example.com>", "a@example.com\r\nBcc: sesame@example.com"},
		"OTEL_EXPORTER_OTLP_ENDPOINT":        {"127.0.0.1:4318", "http://u:sesame@h:1", "grpc://h:1"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": {"127.0.0.1:4318", "http://u:sesame@h:1", "grpc://h:1"},
		"OTEL_EXPORTER_OTLP_HEADERS":         {"sesame", "a=sesame,b", "=sesame", "a b=sesame", "a=%zzsesame", "a=%0Asesame"},
		"OTEL_TRACES_SAMPLER":                {"jaeger_remote", "xray"},
		"OTEL_SDK_DISABLED":                  {"1", "yes"},
		"OTEL_TRACES_SAMPLER_ARG":            {"2", "-0.1", "NaN", "all"},
		"DRAIN_DELAY":                        {"-1s", "2h", "5"},
		"SHUTDOWN_TIMEOUT":                   {"15", "-1s", "61m", "soon"},
	}
	for name, values := range bad {
		for _, value := range values {
			_, err := Read(environment(map[string]string{name: value}), t.TempDir(), nil)
			if err == nil || !strings.Contains(err.Error(), name+" must ") || strings.Contains(err.Error(), "sesame") {
				t.Errorf("%s=%s: %v, want the variable named with what it must be", name, value, err)
			}
		}
	}
	all := map[string]string{}
	for name, values := range bad {
		all[name] = values[0]
	}
	_, err := Read(environment(all), t.TempDir(), nil)
	if err == nil {
		t.Fatal("a configuration in which everything is wrong was read")
	}
	for name := range bad {
		if !strings.Contains(err.Error(), name+" must ") {
			t.Errorf("%s is not among the problems: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "sesame") {
		t.Errorf("the problems take more than a line, or contain a secret: %v", err)
	}
	for _, s := range settings {
		takesAnyText := slices.Contains([]string{"DATA_DIR", "BACKUP_DIR", "TLS_CERT", "TLS_KEY", "UPSTREAM_KEYS_DIR"}, s.name)
		if bad[s.name] == nil && !takesAnyText {
			t.Errorf("%s is not tried with bad values", s.name)
		}
	}
}

func TestSettingsThatContradictEachOtherAreNamed(t *testing.T) {
	for _, try := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{"TLS_CERT": "/c.pem"}, "TLS_CERT and TLS_KEY must both be set"},
		{map[string]string{"OIDC_ISSUER": "https://l.example", "OIDC_CLIENT_ID": "x"}, "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must all be set"},
		{map[string]string{"OIDC_CLIENT_SECRET": "sesame"}, "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must all be set"},
		{map[string]string{"OIDC_ISSUER": "https://l.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "sesame", "OIDC_ADMINS": "a@b.example"}, "PUBLIC_URL must be set beside OIDC_ISSUER"},
		{map[string]string{"OIDC_ISSUER": "https://l.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "sesame", "PUBLIC_URL": "https://a.example"}, "OIDC_ADMINS or OIDC_VIEWERS must be set"},
		{map[string]string{"OIDC_ISSUER": "https://l.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "sesame", "PUBLIC_URL": "https://a.example", "OIDC_VIEWERS": "a@b.example", "OIDC_ONLY": "true"}, "OIDC_ADMINS must be set beside OIDC_ONLY"},
		{map[string]string{"OIDC_CUSTOMERS": "true"}, "OIDC_ISSUER must be set beside OIDC_CUSTOMERS"},
		{map[string]string{"REGISTRATION_PLAN": "Free", "PUBLIC_URL": "https://a.example"}, "PUBLIC_URL and SMTP_URL must be set beside REGISTRATION_PLAN"},
		{map[string]string{"REGISTRATION_PLAN": "Free", "SMTP_URL": "smtp://u:sesame@h", "MAIL_FROM": "a@b.example"}, "PUBLIC_URL and SMTP_URL must be set beside REGISTRATION_PLAN"},
		{map[string]string{"REGISTRATION_DOMAINS": "example.com"}, "REGISTRATION_PLAN must be set beside REGISTRATION_DOMAINS"},
		{map[string]string{"SMTP_URL": "smtp://u:sesame@h"}, "SMTP_URL and MAIL_FROM must both be set"},
		{map[string]string{"MAIL_FROM": "a@b.example"}, "SMTP_URL and MAIL_FROM must both be set"},
		{map[string]string{"OIDC_ONLY": "true"}, "OIDC_ISSUER must be set beside"},
		{map[string]string{"TLS_KEY": "/k.pem"}, "TLS_CERT and TLS_KEY must both be set"},
		{map[string]string{"SECRET_KEY_PREVIOUS": secrets.MintKey().Reveal(), "DATABASE_URL": "postgres://u:sesame@h/d"}, "SECRET_KEY_PREVIOUS is read beside SECRET_KEY"},
		{map[string]string{"DATABASE_DIRECT_URL": "postgres://u:sesame@h/d"}, "DATABASE_URL must be a Postgres"},
		{map[string]string{"BACKUP_DIR": "/b", "DATABASE_URL": "postgres://u:sesame@h/d"}, "BACKUP_DIR is for the embedded database"},
	} {
		_, err := Read(environment(try.env), t.TempDir(), nil)
		if err == nil || !strings.Contains(err.Error(), try.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%v: %v", try.env, err)
		}
	}
}

func TestAProblemIsNamedByTheVariableThatWasSet(t *testing.T) {
	_, err := Read(environment(map[string]string{"REDIS_URL": "nonsense"}), t.TempDir(), nil)
	if err == nil || !strings.Contains(err.Error(), "REDIS_URL must ") || strings.Contains(err.Error(), "VALKEY_URL") {
		t.Errorf("%v, want REDIS_URL to be named", err)
	}
}

func TestTheEnvironmentWinsOverTheFileAndTheFileOverDefaults(t *testing.T) {
	folder := writeEnv(t, "# a comment\nPORT=4000\nHOST='127.0.0.1' # the proxy is here\nexport LOG_LEVEL=debug\nDATABASE_URL='postgres://u:pa$$word@db/x'\nVALKEY_URL=redis://cache\n")
	got, err := Read(environment(map[string]string{"PORT": "5000", "VALKEY_URL": ""}), folder, map[string]string{"LOG_FORMAT": "text", "PORT": "1"})
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Port, want.Host, want.LogLevel, want.LogFormat, want.DatabaseURL = 5000, "127.0.0.1", slog.LevelDebug, "text", NewSecretURL("postgres://u:pa$$word@db/x")
	if diff := cmp.Diff(want, got, asConfig); diff != "" {
		t.Errorf("want - got +:\n%s", diff)
	}
}

func writeEnv(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".env"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestABrokenEnvFileIsRefusedWithItsLineAndWithoutItsText(t *testing.T) {
	for _, try := range []struct {
		name, text string
		line       int
	}{
		{"a stray word", "PORT=3001\nsesame is no assignment\nHOST=::1\n", 2},
		{"a quote that is left open", "PORT=3001\n\n# comment\nSECRET=\"sesame\nHOST=::1\n", 4},
		{"a fault after a value of three lines", "A=\"one\ntwo\nthree\"\nB=1\n!sesame=2\n", 5},
		{"the last line without an equals sign", "PORT=3001\nsesame", 2},
		{"the first line", "=sesame\n", 1},
	} {
		t.Run(try.name, func(t *testing.T) {
			_, err := Read(environment(nil), writeEnv(t, try.text), nil)
			if err == nil {
				t.Fatal("the file was read")
			}
			if want := fmt.Sprintf(".env line %d ", try.line); !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("%q, want it to begin with %q and not to repeat the file", err, want)
			}
		})
	}
}

// The example file shows every variable as a comment with its default.
func TestTheExampleFileShowsEveryVariableWithItsDefault(t *testing.T) {
	example, err := os.ReadFile("../.env.example")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# ([A-Z][A-Z_]+)=(.*)$`).FindAllStringSubmatch(string(example), -1) {
		shown[m[1]] = m[2]
	}
	want := map[string]string{}
	for _, s := range settings {
		want[s.name] = s.fallback
		if s.alias != "" && !strings.Contains(string(example), s.alias+" is read too") {
			t.Errorf(".env.example does not say that %s is read too", s.alias)
		}
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf(".env.example, want - got +:\n%s", diff)
	}
	if _, err := Read(environment(nil), writeEnv(t, regexp.MustCompile(`(?m)^# ([A-Z][A-Z_]+=)`).ReplaceAllString(string(example), "$1")), nil); err != nil {
		t.Errorf(".env.example with every comment removed cannot be read: %v", err)
	}
}

var update = flag.Bool("update", false, "rewrite the table of variables in the guide")

// guidePage is where all variables are explained.
const guidePage = "../docs/guide/03a-configuration.md"

func TestTheGuideHasTheTableOfVariables(t *testing.T) {
	page, err := os.ReadFile(guidePage)
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`(?m)^\| variable \| default \| meaning \|\n(\|.*\n)+`)
	if shown := table.FindAllString(string(page), -1); len(shown) == 1 && shown[0] == settingsTable() {
		return
	}
	if !*update {
		t.Fatalf("%s does not have the table of variables as config has it; run: go test ./config -run TestTheGuideHasTheTableOfVariables -update", guidePage)
	}
	page = table.ReplaceAllLiteral(page, []byte(settingsTable()))
	if err := os.WriteFile(guidePage, page, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheReadmeSaysOfVariablesWhatTheGuideSays(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `[A-Z_]+` \\|.*\n").FindAllString(string(readme), -1)
	if len(rows) < 5 {
		t.Errorf("README.md has %d variables", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(settingsTable(), row) {
			t.Errorf("README.md says of a variable what %s does not:\n%s", guidePage, row)
		}
	}
}

// settingsTable is the table of variables as the guide shows it.
func settingsTable() string {
	var b strings.Builder
	b.WriteString("| variable | default | meaning |\n| --- | --- | --- |\n")
	for _, s := range settings {
		fallback := "empty"
		if s.fallback != "" {
			fallback = "`" + s.fallback + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.name, fallback, s.meaning)
	}
	return b.String()
}

func TestAVariableOfOpenTelemetryThatWouldBeIgnoredIsRefused(t *testing.T) {
	collector := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}
	for name, value := range map[string]string{"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_PROPAGATORS": "b3", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem"} {
		env := maps.Clone(collector)
		env[name] = value
		if _, err := Read(environment(env), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), name+" must ") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	for line, refused := range map[string]bool{"OTEL_SERVICE_NAME=a": true, "OTEL_TRACES_SAMPLER_ARG=1": false} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, ".env"), []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(environment(collector), folder, nil); (err != nil) != refused {
			t.Errorf("%s in the file .env: %v", line, err)
		}
	}
}
