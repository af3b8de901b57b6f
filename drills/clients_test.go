package drills

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codexible/demo/upstream"
	"codexible/store/storetest"
)

// scenarios are the models that clients ask for, with what the provider does behind each, as upstream.ParseScript reads it.
var scenarios = map[string]string{
	"plain":                "",
	"tool":                 ":tool",
	"thinking":             ":reasoning-5",
	"cached":               ":cached-100:written-20",
	"silent":               ":silence-40000",
	"odd":                  ":words-2000:chunk-613:padding-100000:crlf",
	"flaky-chat":           ":status-503:times-1",
	"flaky-messages":       ":status-529:times-1",
	"refused":              ":status-400:code-context_length_exceeded",
	"refused-messages":     ":status-400",
	"refused-chat-ai":      ":status-400",
	"refused-responses-ai": ":status-400",
	"refused-messages-ai":  ":status-400",
	"failing-chat":         ":fail-3",
	"failing-responses":    ":fail-3",
	"failing-messages":     ":fail-3",
	"failing-chat-ai":      ":fail-3",
	"failing-responses-ai": ":fail-3",
	"failing-messages-ai":  ":fail-3",
	"endless-chat":         ":endless:pause-1",
	"endless-responses":    ":endless:pause-1",
	"endless-messages":     ":endless:pause-1",
}

// provider is a fake provider of models on a loopback port. At control its requests can be asked for.
type provider struct {
	*upstream.Model

	url, control string
}

// startProvider serves scenarios until the test ends.
func startProvider(t *testing.T, scenarios map[string]string) *provider {
	t.Helper()
	names := []string{}
	for name := range scenarios {
		names = append(names, name)
	}
	p := &provider{Model: upstream.New(upstream.Options{Models: names, Script: func(r upstream.Request) upstream.Script {
		s := upstream.ParseScript(r.Model + scenarios[r.Model])
		if s.Times > 0 && r.Nth > s.Times {
			return upstream.Script{}
		}
		if s.Status == http.StatusBadRequest {
			s.Message = "The prompt is too long."
		}
		return s
	}})}
	serving := httptest.NewServer(p.Model)
	t.Cleanup(serving.Close)
	control := httptest.NewServer(http.HandlerFunc(p.report))
	t.Cleanup(control.Close)
	p.url, p.control = serving.URL, control.URL
	return p
}

// report answers with the requests for the model that the query names.
func (p *provider) report(w http.ResponseWriter, r *http.Request) {
	type seen struct {
		Status int   `json:"status"`
		Left   bool  `json:"left"`
		Done   bool  `json:"done"`
		Output int64 `json:"output"`
	}
	all := []seen{}
	for _, request := range p.Requests() {
		if request.Model == r.URL.Query().Get("model") {
			all = append(all, seen{request.Status, request.Left, request.Done, request.Usage.Output})
		}
	}
	if err := json.NewEncoder(w).Encode(all); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// runClients runs the tests in clients/ with an environment; each is a test of its own.
func runClients(t *testing.T, env ...string) {
	t.Helper()
	folder, err := filepath.Abs("../clients")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "the clients need Node.js 20.19 or later on the PATH")
	}
	vitest := filepath.Join(folder, "node_modules", "vitest", "vitest.mjs")
	if _, err := os.Stat(vitest); err != nil {
		missing(t, "run npm ci in clients first; make test does")
	}
	results := filepath.Join(t.TempDir(), "results.json")
	cmd := exec.CommandContext(t.Context(), node, vitest, "run", "--reporter=json", "--outputFile="+results)
	cmd.Dir = folder
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "CI=true"}, env...)
	out, failed := cmd.CombinedOutput()
	text, err := os.ReadFile(results)
	if err != nil {
		t.Fatalf("the clients' tests did not run: %v, %v\n%s", failed, err, out)
	}
	var report struct {
		TestResults []struct {
			Name             string `json:"name"`
			Status           string `json:"status"`
			Message          string `json:"message"`
			AssertionResults []struct {
				FullName        string   `json:"fullName"` //nolint:tagliatelle // as vitest writes it
				Status          string   `json:"status"`
				FailureMessages []string `json:"failureMessages"` //nolint:tagliatelle // as vitest writes it
			} `json:"assertionResults"` //nolint:tagliatelle // as vitest writes it
		} `json:"testResults"` //nolint:tagliatelle // as vitest writes it
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range report.TestResults {
		if file.Status != "passed" && len(file.AssertionResults) == 0 {
			t.Errorf("%s: %s", filepath.Base(file.Name), file.Message)
		}
		for _, result := range file.AssertionResults {
			ran++
			t.Run(filepath.Base(file.Name)+"/"+strings.TrimSpace(result.FullName), func(t *testing.T) {
				if result.Status != "passed" { // a client's test is never skipped
					t.Errorf("%s: %s", result.Status, strings.Join(result.FailureMessages, "\n"))
				}
			})
		}
	}
	if ran == 0 || failed != nil && !t.Failed() {
		t.Errorf("%d of the clients' tests ran: %v\n%s", ran, failed, out)
	}
}

func TestClientsTakeTheFakeProviderForAVendor(t *testing.T) {
	p := startProvider(t, scenarios)
	runClients(t, "CLIENTS_URL="+p.url, "CLIENTS_KEY=any", "CLIENTS_CONTROL="+p.control)
}

func TestClientsTakeTheServiceForAVendor(t *testing.T) {
	p := startProvider(t, scripted())
	service, database := startGateway(t, p, "WEBHOOK_ALLOW_PRIVATE=127.0.0.0/8")
	keys, err := json.Marshal(map[string]string{
		"empty": newEmptyKey(t, service, database), "chat": newKey(t, database, 30), "responses": newKey(t, database, 30), "messages": newKey(t, database, 30),
	})
	if err != nil {
		t.Fatal(err)
	}
	runClients(t, "CLIENTS_URL="+service.url, "CLIENTS_KEY="+newKey(t, database, 100_000), "CLIENTS_CONTROL="+p.control, "CLIENTS_SERVICE=yes", "CLIENTS_ADMIN="+newAdminKey(t, database), "CLIENTS_GATEWAY="+newServiceKey(t, database), "CLIENTS_KEYS="+string(keys))
	raw := storetest.Raw(t, database)
	Eventually(t, 30*time.Second, "every hold to be settled", func() bool {
		return storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status = 'open'") == 0
	})
	reported := map[string]int64{}
	for _, r := range p.Requests() {
		if r.Key != "the-providers-key" {
			t.Errorf("the provider was called with the key %q", r.Key)
		}
		reported[r.Model] += r.Usage.Output
	}
	for _, model := range []string{"plain", "tool", "thinking", "cached", "odd", "flaky-chat", "flaky-messages"} {
		charged := storetest.Count(t, raw, "SELECT COALESCE(SUM(completion_tokens), 0) FROM usage WHERE model = ? AND outcome = 'complete' AND source = 'reported'", model)
		if charged != reported[model] || charged == 0 {
			t.Errorf("the provider reported %d tokens of %s, and %d are in the ledger", reported[model], model, charged)
		}
	}
	for outcome, model := range map[string]string{"client_gone": "endless-chat", "stopped": "dear-chat", "upstream_error": "failing-chat"} {
		if storetest.Count(t, raw, "SELECT COUNT(*) FROM usage WHERE model = ? AND outcome = ?", model, outcome) != 1 {
			t.Errorf("the call of %s is not in the ledger once as %s", model, outcome)
		}
	}
}
