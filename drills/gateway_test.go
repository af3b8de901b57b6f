package drills

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
	"codexible/store/storetest"
	"codexible/usage"
)

// dear are models of which a token costs a tenth of a credit and that write without end: a call is
// stopped where no credits are left.
var dear = map[string]string{"dear-chat": ":endless:pause-1", "dear-responses": ":endless:pause-1", "dear-messages": ":endless:pause-1"}

// scripted are the models that startGateway serves.
func scripted() map[string]string {
	all := maps.Clone(scenarios)
	maps.Copy(all, dear)
	return all
}

// startGateway serves what a provider offers until the test ends. Each model has an upstream of its
// own: one that fails rests.
func startGateway(t *testing.T, p *provider, env ...string) (service *process, database string) {
	t.Helper()
	ctx, database := context.Background(), storetest.SQLiteURL(t)
	storetest.Migrate(t, database)
	s := openStore(t, database)
	for name := range scripted() {
		kind, base, wires, gone := gateway.Compatible, p.url+"/v1", []string{"chat", "responses", "messages"}, gateway.Cancel
		keys := []gateway.KeyChange{{Reference: "env:UPSTREAM_PROVIDER"}}
		u, err := s.CreateUpstream(ctx, accounts.ActorCLI, gateway.UpstreamChange{Name: &name, Kind: &kind, BaseURL: &base, Wires: &wires, Keys: &keys, OnClientGone: &gone})
		if err != nil {
			t.Fatal(err)
		}
		overrun, perToken := catalog.OverrunFinish, int64(1_000_000)
		if strings.HasPrefix(name, "dear-") {
			overrun, perToken = catalog.OverrunStop, 1_000_000_000
		}
		candidates := []catalog.NewCandidate{{Upstream: u.Name}}
		if _, err := s.CreateModel(ctx, accounts.ActorCLI, catalog.ModelChange{Name: &name, Overrun: &overrun, Candidates: &candidates}); err != nil {
			t.Fatal(err)
		}
		terms := catalog.Terms{
			Base:   catalog.Set{Rates: catalog.Rates{Output: perToken}},
			Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: usage.MicrosPerUSD / 100},
		}
		if _, err := s.SetPrice(ctx, accounts.ActorCLI, catalog.NewPrice{Model: name, Terms: terms}); err != nil {
			t.Fatal(err)
		}
	}
	env = append([]string{"DATABASE_URL=" + database, "UPSTREAM_PROVIDER=the-providers-key"}, env...)
	return startProgram(t, env...), database
}

// newKey is the key of a customer with this many credits a day.
func newKey(t *testing.T, database string, credits int64) string {
	t.Helper()
	return newCustomer(t, database, credits, 1).secrets[0]
}

// newEmptyKey is the key of a customer whose credits are used up.
func newEmptyKey(t *testing.T, service *process, database string) string {
	t.Helper()
	key := newKey(t, database, 1)
	if a := chargeOver(service.url, key, ""); a.status != http.StatusOK {
		t.Fatalf("the only credit could not be charged: %+v", a)
	}
	return key
}
