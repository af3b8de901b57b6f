package drills

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/secrets"
	"codexible/store/storetest"
)

// An empty database behind PgBouncer in transaction mode is migrated, sold from by two instances and counted again, by
// settings of which none speaks of PgBouncer.
func TestTwoInstancesSellThroughAPoolerExactlyWhatThereIs(t *testing.T) {
	database := storetest.ThroughPooler(t, storetest.PostgresURL(t))
	env := []string{"DATABASE_URL=" + database, "SECRET_KEY=" + secrets.MintKey().Reveal()}
	instances := []*process{startProgram(t, env...), startProgram(t, env...)}
	for _, p := range instances {
		if a := get(t, p.url+"/health/ready"); a.status != http.StatusOK || !strings.Contains(a.body, `"changes":"polled"`) {
			t.Errorf("readiness is %d: %s", a.status, a.body)
		}
	}
	command := func(args ...string) (made createdKey) {
		t.Helper()
		out, errs, code := codexible(t, env, append(args, "--json")...)
		if err := json.Unmarshal([]byte(out), &made); err != nil || code != 0 {
			t.Fatalf("%v: code %d, %q, %q", args, code, out, errs)
		}
		return made
	}
	command("user", "create", "--email", "ada@example.com", "--plan", "Starter")
	customer := command("key", "create", "--user", "ada@example.com")
	command("user", "create", "--email", "gateway@example.com", "--plan", "Business", "--role", "service")
	service := command("key", "create", "--user", "gateway@example.com")

	var mu sync.Mutex
	codes := map[string]int{}
	var sending sync.WaitGroup
	for n := range 20 {
		sending.Go(func() {
			code := verify(t, instances[n%2].url, service.Key, fmt.Sprintf(`{"key": %q, "credits": 5}`, customer.Key))
			mu.Lock()
			defer mu.Unlock()
			codes[code]++
		})
	}
	sending.Wait()
	if codes["VALID"] != 15 || codes["QUOTA_EXCEEDED"] != 5 {
		t.Errorf("of 75 credits, charged by 5, the answers are %v", codes)
	}
	if _, errs, code := codexible(t, env, "key", "revoke", customer.ID); code != 0 {
		t.Fatal(errs)
	}
	for _, p := range instances {
		Eventually(t, 5*time.Second, "a revoked key to be refused", func() bool {
			return verify(t, p.url, service.Key, fmt.Sprintf(`{"key": %q}`, customer.Key)) == "REVOKED"
		})
	}
	if out, errs, code := codexible(t, env, "usage", "reconcile"); code != 0 {
		t.Errorf("reconcile: code %d, %q, %q", code, out, errs)
	}
	for _, p := range instances {
		p.stop(t)
	}
}

// createdKey is what creating a key prints.
type createdKey struct {
	ID  string `json:"id"`
	Key string `json:"key"`
}

// verify asks a service about a key and gives the code of its answer.
func verify(t *testing.T, url, key, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/keys/verify", strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return ""
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := loadClient.Do(request)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(answer.Body)
	var verdict struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(text, &verdict); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("verify answers %d: %s", answer.StatusCode, text)
	}
	return verdict.Code
}
