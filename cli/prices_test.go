package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"codexible/drills"
	"codexible/store/storetest"
)

// operatorKey makes an admin with a key.
func (s *shell) operatorKey() (key shownKey) {
	s.t.Helper()
	// A test that waits asks often.
	if code, _, stderr := s.try("plans: [{name: Business, rate_limit_per_minute: 100000}]", "apply", "-", "--yes"); code != ExitOK {
		s.t.Fatal(stderr)
	}
	s.json(new(any), "user", "create", "--email", "root@example.com", "--plan", "Business", "--role", "admin")
	s.json(&key, "key", "create", "--user", "root@example.com")
	s.addSecret(key.Key)
	return key
}

// list asks for a list.
func (r *serving) list(t *testing.T, path, key string) (answer any) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d %v, %v", path, response.StatusCode, answer, err)
	}
	return answer
}

// wantOf reads JSON as it is compared with what was printed or answered.
func wantOf(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// Each command prints what the API of a running service answers, of what the other one did.
func TestModelsAndPricesAreTheSameOnTheCommandLineAndInTheAPI(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		s.env["CREDIT_VALUE_USD"] = "0.02"
		r := s.serve()
		key := s.operatorKey()
		same := func(path string, args ...string) any {
			t.Helper()
			var printed any
			s.json(&printed, args...)
			// A change of another process is seen within the second of the contract.
			drills.Eventually(t, time.Second, "codexible "+strings.Join(args, " ")+" prints what GET "+path+" answers", func() bool { return reflect.DeepEqual(printed, r.list(t, path, key.Key)) })
			return printed
		}
		var m map[string]any
		s.json(&m, "model", "create", "large", "--alias", "big", "--alias", "largest", "--display-name", "Large", "--context-window", "200000", "--plan", "Pro", "--plan", "Business")
		same("/api/admin/models", "model", "list")
		s.json(new(any), "price", "set", "big", "--input", "3", "--output", "15", "--cache-read", "0.003625", "--cache-write-1h", "6", "--per-request", "0.000000000001", "--per-web-search", "0.01", "--charge-percent", "120.5")
		s.json(new(any), "price", "set", "flat", "--input", "0", "--output", "0", "--charge-credits", "0.25", "--credit-value", "0.01", "--from", time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339))
		file := t.TempDir() + "/price.json"
		price := `{"model":"tiered","usd_per_million":{"input":1,"output":2},"bands":[{"above_input_tokens":272000,"usd_per_million":{"input":2,"output":3}}],"tiers":{"flex":{"input":0.5,"output":1}},"charge":{"mode":"cost"}}`
		if err := os.WriteFile(file, []byte(price), 0o600); err != nil {
			t.Fatal(err)
		}
		s.json(new(any), "price", "set", "--file", file)
		if status, answer := r.ask(t, http.MethodPost, "/api/admin/prices", key.Key, price); status != http.StatusOK {
			t.Fatal(status, answer)
		}
		same("/api/admin/prices", "price", "list")
		if list := same("/api/admin/prices?model=big&limit=1", "price", "list", "--model", "big", "--limit", "1").([]any); len(list) != 1 || list[0].(map[string]any)["charge"].(map[string]any)["credit_value_usd"] != 0.02 {
			t.Errorf("the list is %v", list)
		}

		var quoted any
		s.json(&quoted, "price", "quote", "big", "--input-tokens", "1000", "--cache-read-tokens", "10", "--output-tokens", "7", "--web-searches", "2", "--service-tier", "flex")
		_, answer := r.ask(t, http.MethodPost, "/api/admin/prices/quote", key.Key, `{"model":"big","usage":{"input_tokens":1000,"cache_read_tokens":10,"output_tokens":7,"web_searches":2,"service_tier":"flex"}}`)
		if !reflect.DeepEqual(quoted, any(answer)) {
			t.Errorf("quoted are %v and %v", quoted, answer)
		}
		code, out, stderr := s.try("", "price", "quote", "big", "--input-tokens", "1000", "--web-searches", "2")
		if code != ExitOK || !strings.Contains(out, "0.023000000001\n") || !strings.Contains(out, "1.38575") || !strings.Contains(out, "120.5% of the cost, a credit is $0.02") {
			t.Errorf("exit %d, %q, %q", code, out, stderr)
		}

		list := `{"coder":{"mode":"chat","input_cost_per_token":3e-06,"output_cost_per_token":1.5e-05},"big":{"mode":"chat","input_cost_per_token":4e-06,"output_cost_per_token":1.5e-05},"free":{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0}}`
		_, shown := r.ask(t, http.MethodPost, "/api/admin/prices/import", key.Key, `{"source":"litellm","percent":110,"list":`+list+`}`)
		code, out, _ = s.try(list, "price", "import", "-", "--percent", "110")
		if code != ExitOK || !strings.Contains(out, "LiteLLM: 1 new, 1 changed, 0 unchanged, 1 not read. Nothing is set: add --yes") || !strings.Contains(out, "it costs nothing in the list") {
			t.Errorf("exit %d, %q", code, out)
		}
		code, out, stderr = s.try(list, "price", "import", "-", "--percent", "110", "--json")
		counts := func(value any) any { return value.(map[string]any)["counts"] }
		if printed := wantOf(t, out); code != ExitOK || !reflect.DeepEqual(counts(printed), counts(any(shown))) || !reflect.DeepEqual(printed.(map[string]any)["unread"], shown["unread"]) {
			t.Errorf("exit %d, %q, %s, and the API %v", code, stderr, out, shown)
		}
		if code, out, stderr = s.try(list, "price", "import", "-", "--percent", "110", "--yes"); code != ExitOK || !strings.Contains(out, "They are set.") {
			t.Errorf("exit %d, %q, %q", code, out, stderr)
		}
		if code, out, _ = s.try(list, "price", "import", "-", "--percent", "110", "--yes"); code != ExitOK || !strings.Contains(out, "0 new, 0 changed, 2 unchanged") {
			t.Errorf("a second time: exit %d, %q", code, out)
		}
		same("/api/admin/prices?model=coder", "price", "list", "--model", "coder")
		var imported map[string]any
		s.json(&imported, "price", "import", "--shipped", "--model", "claude-*", "--yes")
		if n := imported["counts"].(map[string]any)["new"].(float64); n < 5 {
			t.Errorf("of the shipped list %v models are new", n)
		}

		s.json(&m, "model", "change", "largest", "--name", "largest", "--no-aliases", "--all-plans", "--description", "Writes code.")
		if m["name"] != "largest" || m["plans"] != nil || len(m["aliases"].([]any)) != 0 || m["price"] == nil {
			t.Errorf("the model is %v", m)
		}
		same("/api/admin/models", "model", "list")
		s.json(&m, "model", "delete", m["id"].(string))
		if list := same("/api/admin/models", "model", "list").([]any); len(list) != 0 || m["deleted"] != true {
			t.Errorf("the list is %v, and the answer %v", list, m)
		}
	})
}

func TestTheCommandLineRefusesWhatIsNoModelAndNoPrice(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	if code, _, stderr := s.try("", "migrate", "up"); code != ExitOK {
		t.Fatal(stderr)
	}
	s.json(new(any), "model", "create", "large")
	for _, try := range []struct {
		exit int
		says string
		args []string
	}{
		{ExitFailed, "already", []string{"model", "create", "large"}},
		{ExitFailed, "name must have", []string{"model", "create", "a b"}},
		{ExitFailed, "aliases must have", []string{"model", "create", "x", "--alias", "x"}},
		{ExitFailed, `there is no plan "None"`, []string{"model", "create", "x", "--plan", "None"}},
		{ExitFailed, "output_allowance must be", []string{"model", "create", "x", "--output-allowance", "0"}},
		{ExitUsage, "exclude each other", []string{"model", "create", "x", "--plan", "Pro", "--no-plans"}},
		{ExitUsage, "exclude each other", []string{"model", "change", "large", "--all-plans", "--no-plans"}},
		{ExitUsage, "exclude each other", []string{"model", "change", "large", "--alias", "x", "--no-aliases"}},
		{ExitFailed, "there is no model nothing", []string{"model", "change", "nothing", "--no-aliases"}},
		{ExitFailed, "there is no model nothing", []string{"model", "delete", "nothing"}},
		{ExitUsage, "at most 6 decimals", []string{"price", "set", "large", "--input", "0.0000001", "--output", "1"}},
		{ExitUsage, "from 0 to 1000000 ", []string{"price", "set", "large", "--input", "1000001", "--output", "1"}},
		{ExitUsage, "at most 2 decimals", []string{"price", "set", "large", "--input", "1", "--output", "1", "--charge-percent", "0.001"}},
		{ExitUsage, "needs its model", []string{"price", "set", "large", "--input", "1"}},
		{ExitUsage, "exclude each other", []string{"price", "set", "large", "--input", "1", "--output", "1", "--charge-percent", "1", "--charge-credits", "1"}},
		{ExitUsage, "--file has the whole price", []string{"price", "set", "large", "--file", "x"}},
		{ExitFailed, "no such file", []string{"price", "set", "--file", "nothing.json"}},
		{ExitFailed, "usd_per_million is required", []string{"price", "set", "--file", "-"}},
		{ExitFailed, "must not be in the past", []string{"price", "set", "large", "--input", "1", "--output", "1", "--from", "2020-01-01T00:00:00Z"}},
		{ExitFailed, "charge.credit_value_usd must be", []string{"price", "set", "large", "--input", "1", "--output", "1", "--credit-value", "0"}},
		{ExitFailed, "must be a model that has a price", []string{"price", "quote", "large"}},
		{ExitFailed, "input_tokens must be", []string{"price", "quote", "large", "--input-tokens=-1"}},
		{ExitUsage, "--requests must be", []string{"price", "quote", "large", "--requests", "0"}},
		{ExitUsage, "--limit must be", []string{"price", "list", "--limit", "501"}},
		{ExitUsage, "give --shipped", []string{"price", "import"}},
		{ExitUsage, "give --shipped", []string{"price", "import", "x", "--shipped"}},
		{ExitFailed, "models must have", []string{"price", "import", "--shipped", "--model", "a b"}},
	} {
		code, _, stderr := s.try(`{"model":"m","charge":{"mode":"cost"}}`, try.args...)
		if code != try.exit || !strings.Contains(stderr, try.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("codexible %q: exit %d, want %d with %q: %s", try.args, code, try.exit, try.says, stderr)
		}
	}
	if code, _, stderr := s.try("[]", "price", "import", "-"); code != ExitFailed || !strings.Contains(stderr, "not a price list") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

func TestASignalEndsAtOnceACommandThatWaitsForItsInput(t *testing.T) {
	s := newShell(t, storetest.SQLiteURL(t))
	if code, _, stderr := s.try("", "migrate", "up"); code != ExitOK {
		t.Fatal(stderr)
	}
	silent, _ := io.Pipe()
	for _, args := range [][]string{
		{"price", "import", "-"},
		{"price", "set", "--file", "-"},
		{"user", "create", "--email", "a@example.com", "--plan", "Pro", "--password-stdin"},
	} {
		ctx, stop := context.WithCancel(context.Background())
		done, errs := make(chan int), bytes.Buffer{}
		go func() { done <- Run(ctx, s.program(args, silent, io.Discard, &errs)) }()
		stop()
		select {
		case code := <-done:
			if code != ExitFailed || !strings.Contains(errs.String(), "stopped before the input came") {
				t.Errorf("%v: exit %d: %s", args, code, errs.String())
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%v goes on", args)
		}
	}
}
