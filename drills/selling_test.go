package drills

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/demo/upstream"
	calls "codexible/gateway"
	"codexible/store"
)

// sellModel offers the model coder on all wires for 3 dollars per million tokens. The
// upstream "failing" is asked first and answers 500, and "serving" answers.
func sellModel(t *testing.T, url string) {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var candidates []catalog.NewCandidate
	for i, name := range []string{"failing", "serving"} {
		script := upstream.Script{}
		if i == 0 {
			script.Status = http.StatusInternalServerError
		}
		server := httptest.NewServer(upstream.New(upstream.Options{Script: func(upstream.Request) upstream.Script { return script }}))
		t.Cleanup(server.Close)
		kind, base, wires, priority := calls.Compatible, server.URL+"/v1", []string{"chat", "responses", "messages"}, int64(i+1)
		if _, err := s.CreateUpstream(ctx, accounts.ActorCLI, calls.UpstreamChange{Name: &name, Kind: &kind, BaseURL: &base, Wires: &wires, Priority: &priority}); err != nil {
			t.Fatal(err)
		}
		candidates = append(candidates, catalog.NewCandidate{Upstream: name})
	}
	model, rates := "coder", catalog.Rates{Input: 3 * catalog.PicosPerMicro, Output: 3 * catalog.PicosPerMicro}
	if _, err := s.CreateModel(ctx, accounts.ActorCLI, catalog.ModelChange{Name: &model, Candidates: &candidates}); err != nil {
		t.Fatal(err)
	}
	terms := catalog.Terms{Base: catalog.Set{Rates: rates}, Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 1}}
	if _, err := s.SetPrice(ctx, accounts.ActorCLI, catalog.NewPrice{Model: model, Terms: terms}); err != nil {
		t.Fatal(err)
	}
}

// askModel calls a model with a stream, and returns the status and the answer.
func askModel(t *testing.T, url, secret, model string, header map[string]string) (status int, answer string) {
	t.Helper()
	body := `{"model":"` + model + `","stream":true,"messages":[{"role":"user","content":"Tell me a tale of the sea."}]}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := loadClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
