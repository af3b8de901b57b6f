package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/gateway"
)

func TestTheConsoleShowsEverySettingUnderItsNameAndNoPassword(t *testing.T) {
	c := Config{
		Host: "198.51.100.9", Port: 4711, DatabaseURL: NewSecretURL("postgres://me:topsecret@db/ledger"), ValkeyURL: NewSecretURL("redis://:topsecret@cache:6379"),
		OTLPEndpoint: NewSecretURL("https://me:topsecret@traces.example.com/v1?token=topsecret"), OTLPHeaders: SecretHeaders{&map[string]string{"api-key": "topsecret"}}, OIDCClientSecret: gateway.NewSecret("topsecret"), SQLiteSynchronous: "FULL", LogFormat: "json", ShutdownTimeout: 16 * time.Second,
		SMTPURL: NewSecretURL("smtps://me:topsecret@mail.example.com:465"),
	}
	if fields := reflect.TypeFor[Config]().NumField(); fields != len(settings) {
		t.Fatalf("a Config has %d fields and there are %d settings: they no longer go together", fields, len(settings))
	}
	shown := map[string]string{}
	for _, s := range c.Shown() {
		shown[s.Name] = s.Value
		if strings.Contains(s.Value, "topsecret") {
			t.Errorf("%s shows a password", s.Name)
		}
	}
	for name, want := range map[string]string{
		"HOST": "198.51.100.9", "PORT": "4711", "DATABASE_URL": "postgres://db/ledger", "VALKEY_URL": "redis://cache:6379", "SQLITE_SYNCHRONOUS": "FULL",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example.com/v1", "OTEL_EXPORTER_OTLP_HEADERS": "api-key", "LOG_FORMAT": "json", "SMTP_URL": "smtps://mail.example.com:465", "SHUTDOWN_TIMEOUT": "16s",
	} {
		if got, found := shown[name]; !found || got != want {
			t.Errorf("%s is shown as %q, want %q", name, got, want)
		}
	}
}
