package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEachFaultIsNamedAndAGoodFileHasNone(t *testing.T) {
	const hardened = "    security_opt: ['no-new-privileges:true']\n    healthcheck: {test: [CMD, 'true']}\n    deploy: {resources: {limits: {cpus: '1', memory: 64m}}}\n"
	cases := []struct {
		name, file, content string
		want                []string
	}{
		{"a good Dockerfile", "Dockerfile", "FROM scratch\nCOPY a /a\nENTRYPOINT [\"/a\"]\n", nil},
		{"a shell as entry point, a secret, mixed case", "Dockerfile", "from scratch\nENV API_TOKEN=abc\nENTRYPOINT /a\n",
			[]string{"ConsistentInstructionCasing", "SecretsUsedInArgOrEnv", "JSONArgsRecommended"}},
		{"an instruction that does not exist", "Dockerfile", "FROM scratch\nFETCH a\n", []string{"FETCH"}},
		{"a good Compose file", "compose.yml", "services:\n  a:\n    image: a:1\n" + hardened, nil},
		{"a word the schema does not know", "compose.yml", "services:\n  a:\n    imag: a:1\n" + hardened, []string{"imag"}},
		{"a dependency that is not there", "compose.yml", "services:\n  a:\n    image: a:1\n    depends_on: [b]\n" + hardened, []string{"b"}},
		{"nothing hardened", "compose.yml", "services:\n  a:\n    image: a\n    profiles: [p]\n    ports: ['80:80']\n",
			[]string{"no health check", "no limit", "may gain privileges", "beyond 127.0.0.1", "which version"}},
		{"a database on a port", "compose.yml", "services:\n  a:\n    image: postgres:16\n    ports: ['127.0.0.1:5432:5432']\n" + hardened,
			[]string{"is a database and publishes a port"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.file)
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			problems := check(t.Context(), path)
			if len(problems) != len(c.want) {
				t.Fatalf("%d problems, want %d: %q", len(problems), len(c.want), problems)
			}
			all := strings.Join(problems, "\n")
			for _, want := range c.want {
				if !strings.Contains(all, want) {
					t.Errorf("nothing about %q in:\n%s", want, all)
				}
			}
		})
	}
}
