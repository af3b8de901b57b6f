//go:build agents

package drills

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// agent is a coding agent from npm, in the folder that CODEXIBLE_AGENTS names.
type agent struct {
	name string
	// program is a pattern for the path of its program.
	program string
	// args ask for one turn that may run commands.
	args func() []string
	// prepare writes what it needs to its home; env says the rest.
	prepare func(t *testing.T, home, address, key, model string)
	env     func(t *testing.T, address, key, model string) []string
	// says takes from its output what it said at the end, and whether it took the turn for a success.
	says func(t *testing.T, output []byte) (said string, succeeded bool)
	// titles are the calls that it makes beside its turn.
	titles int
}

const turn = "Print the word codexible-demo with a command."

var codex = agent{
	name:    "Codex",
	program: "@openai/codex-*/vendor/*/bin/codex",
	args: func() []string {
		return []string{"exec", "--skip-git-repo-check", "--json", "--dangerously-bypass-approvals-and-sandbox", turn}
	},
	prepare: func(t *testing.T, home, address, key, model string) {
		t.Helper()
		toolOf(t, "codex").writeFiles(t, home, address, key, model, false)
	},
	env: func(t *testing.T, address, key, model string) []string {
		t.Helper()
		return toolOf(t, "codex").environment(t, address, key, model)
	},
	says: func(t *testing.T, output []byte) (said string, succeeded bool) {
		t.Helper()
		for line := range bytes.Lines(output) {
			var event struct {
				Type    string `json:"type"`
				Message string `json:"message"`
				Error   struct {
					Message string `json:"message"`
				} `json:"error"`
				Item struct {
					Type string `json:"type"`
					Text string `json:"text"`
				} `json:"item"`
			}
			if json.Unmarshal(line, &event) != nil {
				continue // a warning
			}
			switch {
			case event.Item.Type == "agent_message":
				said = event.Item.Text
			case event.Type == "turn.completed":
				succeeded = true
			case event.Type == "turn.failed":
				said, succeeded = event.Error.Message, false
			}
		}
		return said, succeeded
	},
}

var claudeCode = agent{
	name:    "Claude Code",
	program: "@anthropic-ai/claude-code-linux-*/claude",
	args: func() []string {
		return []string{"--output-format", "json", "--allowedTools", "Bash", "-p", turn}
	},
	prepare: func(*testing.T, string, string, string, string) {},
	env: func(t *testing.T, address, key, model string) []string {
		t.Helper()
		return toolOf(t, "claude-code").environment(t, address, key, model)
	},
	says: func(t *testing.T, output []byte) (said string, succeeded bool) {
		t.Helper()
		for line := range bytes.Lines(output) {
			var result struct {
				Result  string `json:"result"`
				IsError bool   `json:"is_error"`
				Type    string `json:"type"`
			}
			if json.Unmarshal(line, &result) == nil && result.Result != "" {
				said, succeeded = result.Result, !result.IsError
			}
		}
		return said, succeeded
	},
}

// codexAsOpenAI takes the address for OpenAI's own: it tries a WebSocket first.
var codexAsOpenAI = func() agent {
	a := codex
	a.name = "Codex as at OpenAI"
	a.prepare = func(t *testing.T, home, address, _, model string) {
		t.Helper()
		write(t, filepath.Join(home, ".codex", "config.toml"), `model = "`+model+`"
openai_base_url = "`+address+`/v1"
`)
	}
	a.env = func(_ *testing.T, _, key, _ string) []string { return []string{"CODEX_API_KEY=" + key} }
	return a
}()

// impatientCodex gives up on a stream in which no event came for 20 s.
var impatientCodex = func() agent {
	a := codex
	a.prepare = func(t *testing.T, home, address, key, model string) {
		t.Helper()
		codex.prepare(t, home, address, key, model)
		path := filepath.Join(home, ".codex", "config.toml")
		config, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, string(config)+"stream_idle_timeout_ms = 20000\n")
	}
	return a
}()

// claudeCodeWithV1 is pointed at an address that ends in /v1, as OpenAI's do, and signs in with x-api-key.
var claudeCodeWithV1 = func() agent {
	a := claudeCode
	a.name = "Claude Code at /v1"
	a.env = func(_ *testing.T, address, key, model string) []string {
		return []string{"ANTHROPIC_BASE_URL=" + address + "/v1", "ANTHROPIC_API_KEY=" + key, "ANTHROPIC_MODEL=" + model}
	}
	return a
}()

// claudeCodeBySettings takes the file of the table instead of the environment.
var claudeCodeBySettings = func() agent {
	a := claudeCode
	a.name = "Claude Code by settings.json"
	a.prepare = func(t *testing.T, home, address, key, model string) {
		t.Helper()
		toolOf(t, "claude-code").writeFiles(t, home, address, key, model, true)
	}
	a.env = func(*testing.T, string, string, string) []string { return nil }
	return a
}()

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ran is how a turn of an agent went.
type ran struct {
	said      string
	succeeded bool
	output    string
	// sessions is what Codex wrote down of its session.
	sessions string
}

// installed is the path of a program that was installed from npm.
func installed(t *testing.T, program string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("CODEXIBLE_AGENTS"), "node_modules", program))
	if err != nil || len(found) == 0 {
		t.Fatalf("%s is not in the folder that CODEXIBLE_AGENTS names: make agents installs it", program)
	}
	return found[0]
}

// run runs one turn with a home of its own; it may take two minutes.
func (a agent) run(t *testing.T, address, key, model string) ran {
	t.Helper()
	home, work := t.TempDir(), t.TempDir()
	a.prepare(t, home, address, key, model)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, installed(t, a.program), a.args()...)
	cmd.Dir = work
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + t.TempDir(), "DISABLE_AUTOUPDATER=1"}, a.env(t, address, key, model)...)
	var output, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &complaints
	cmd.SysProcAttr, cmd.WaitDelay = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, 10*time.Second
	err := cmd.Run()
	r := ran{output: output.String() + complaints.String()}
	if ctx.Err() != nil {
		t.Fatalf("%s did not end in two minutes: %v\n%s", a.name, err, r.output)
	}
	r.said, r.succeeded = a.says(t, output.Bytes())
	if sessions, err := filepath.Glob(filepath.Join(home, ".codex", "sessions", "*", "*", "*", "*.jsonl")); err == nil {
		for _, path := range sessions {
			text, _ := os.ReadFile(path)
			r.sessions += string(text)
		}
	}
	return r
}

// front counts the calls of models on their way to a service.
type front struct {
	url string

	mu       sync.Mutex
	statuses []int
}

// newFront passes requests on to an address until the test ends.
func newFront(t *testing.T, address string) *front {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(to) },
		FlushInterval: -1,
		ModifyResponse: func(r *http.Response) error {
			if r.Request.Method == http.MethodPost && !strings.HasSuffix(r.Request.URL.Path, "/count_tokens") {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.statuses = append(f.statuses, r.StatusCode)
			}
			return nil
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// answered are the statuses of the calls in their order.
func (f *front) answered() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.statuses)
}

// finishATurn lets each agent run a command that the model asks for, with a key of its own.
func finishATurn(t *testing.T, p *provider, address string, keyOf func(*testing.T) string, check func(t *testing.T, key string, reported int64)) {
	t.Helper()
	for _, a := range []agent{codex, codexAsOpenAI, claudeCode, claudeCodeBySettings, claudeCodeWithV1, openCode, continueCLI, cline} {
		t.Run(a.name, func(t *testing.T) {
			f, key, before := newFront(t, address), keyOf(t), len(p.Requests())
			r := a.run(t, f.url, key, "tool")
			if !r.succeeded || !strings.Contains(r.said, "The tool answered:") || !strings.Contains(r.said, "codexible-demo") {
				t.Errorf("it said %q (succeeded: %t)\n%s", r.said, r.succeeded, r.output)
			}
			if got := f.answered(); !slices.Equal(got, slices.Repeat([]int{http.StatusOK}, 2+a.titles)) {
				t.Errorf("its calls were answered with %v, want %d successes: the call of the tool, its result and %d titles", got, 2+a.titles, a.titles)
			}
			var reported int64
			for _, request := range p.Requests()[before:] {
				reported += request.Usage.Output
			}
			check(t, key, reported)
		})
	}
}

func TestAgentsFinishATurnAtTheFakeProvider(t *testing.T) {
	p := startProvider(t, scenarios)
	finishATurn(t, p, p.url, func(*testing.T) string { return "any" }, func(*testing.T, string, int64) {})
}

// What agents do after an answer decides which answers a gateway gives; it changes with their versions.
func TestAgentsDoWhatTheGatewayIsMadeFor(t *testing.T) {
	for _, c := range []struct {
		what, script string
		agent        agent
		calls        int
	}{
		{"a quota that is used up", ":status-429:type-usage_limit_reached:code-insufficient_quota", codex, 1},
		{"a quota that is used up", ":status-429:retry-3600:final", claudeCode, 1},
		{"a quota that is used up in the stream", ":fail-3:code-insufficient_quota", codex, 1},
		{"a model that is not there", ":status-404:code-model_not_found", codex, 1},
		{"a wrong key", ":status-401:final", claudeCode, 1},
		{"an error in a body that it sent", ":status-400", codex, 1},
		{"a stream that ends early", ":end-3", codex, 6},
	} {
		t.Run(c.agent.name+" and "+c.what, func(t *testing.T) {
			f := newFront(t, startProvider(t, map[string]string{"demo": c.script}).url)
			r := c.agent.run(t, f.url, "any", "demo")
			if r.succeeded {
				t.Errorf("it took the turn for a success and said %q", r.said)
			}
			if got := f.answered(); len(got) != c.calls {
				t.Errorf("its calls were answered with %v, want %d calls\n%s", got, c.calls, r.output)
			}
		})
	}
}

func TestAgentsFinishATurnAtTheService(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p)
	finishATurn(t, p, service.url, func(t *testing.T) string {
		t.Helper()
		return newKey(t, database, 100_000)
	}, func(t *testing.T, key string, reported int64) {
		t.Helper()
		charged(t, service.url, key, reported)
	})
}

func TestAgentsEndWhereCreditsAreUsedUp(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p)
	for _, c := range []struct {
		agent       agent
		when, model string
		key         string
		statuses    []int
	}{
		{codex, "before the turn", "plain", newEmptyKey(t, service, database), []int{429}},
		{claudeCode, "before the turn", "plain", newEmptyKey(t, service, database), []int{429}},
		{codex, "during the turn", "dear-responses", newKey(t, database, 30), []int{200}},
		// It asks once more without a stream.
		{claudeCode, "during the turn", "dear-messages", newKey(t, database, 30), []int{200, 429}},
	} {
		t.Run(c.agent.name+" "+c.when, func(t *testing.T) {
			f := newFront(t, service.url)
			r := c.agent.run(t, f.url, c.key, c.model)
			if got := f.answered(); !slices.Equal(got, c.statuses) {
				t.Errorf("its calls were answered with %v, want %v\n%s", got, c.statuses, r.output)
			}
			if r.succeeded {
				t.Errorf("it took the turn for a success and said %q", r.said)
			}
		})
	}
}

func TestAgentsOutliveASilentProvider(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p)
	r := impatientCodex.run(t, service.url, newKey(t, database, 100_000), "silent")
	if seen := p.Requests(); !r.succeeded || len(seen) != 1 {
		t.Errorf("it called %d times in 40 s of silence and said %q (succeeded: %t)\n%s", len(seen), r.said, r.succeeded, r.output)
	}
}

func TestAgentsShowTheCreditsOfTheService(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p)
	key := newKey(t, database, 100)
	for range 50 {
		chargeOver(service.url, key, "")
	}
	// What the call itself holds may be counted.
	half := regexp.MustCompile(`"used_percent":5[01]\.\d+,"window_minutes":1440,.*"balance":"(49|50)"`)
	if r := codex.run(t, service.url, key, "plain"); !r.succeeded || !half.MatchString(r.sessions) {
		t.Errorf("half of the credits are used, and Codex noted: %s", regexp.MustCompile(`"rate_limits":.*`).FindString(r.sessions))
	}
	r := codex.run(t, service.url, newEmptyKey(t, service, database), "plain")
	if !strings.Contains(r.said, "hit your usage limit. Daily credit limit reached (1/1)") {
		t.Errorf("no credits are left, and Codex said %q", r.said)
	}
}
