package drills

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// The headers of a drill's calls, which the service passes on to its provider.
const (
	// scriptHeader says how the fake provider answers, as upstream.ParseScript reads it.
	scriptHeader = "X-Session-Script"
	// numberHeader numbers the calls.
	numberHeader = "X-Session-Number"
)

// seller is the database of a service that sells models of one provider to a customer.
type seller struct {
	customer

	database string
	db       *store.Store
	book     *catalog.Book
}

// The drill's models cost a micro-dollar per token that they read and three per token that they write.
const (
	inputPrice  = 1
	outputPrice = 3
)

// The models: what happens where the credits are used up is the only difference.
const (
	finishing = "finishing"
	stopping  = "stopping"
)

// newSeller prepares a database. creditValue is what a credit is worth in micro-dollars, and allowance the tokens of output that a call holds.
func newSeller(t *testing.T, database, provider string, credits, creditValue, allowance int64, gone gateway.OnClientGone) *seller {
	t.Helper()
	s := &seller{customer: newCustomer(t, database, credits, 1), database: database, db: openStore(t, database)}
	ctx := context.Background()
	name, kind, wires := "fake", gateway.Compatible, []string{usage.Chat.String(), usage.Responses.String(), usage.Messages.String()}
	url := provider + "/v1"
	if _, err := s.db.CreateUpstream(ctx, accounts.ActorCLI, gateway.UpstreamChange{Name: &name, Kind: &kind, BaseURL: &url, Wires: &wires, OnClientGone: &gone}); err != nil {
		t.Fatal(err)
	}
	var models []catalog.Model
	var prices []catalog.Price
	for _, model := range []string{finishing, stopping} {
		overrun := map[string]catalog.Overrun{finishing: catalog.OverrunFinish, stopping: catalog.OverrunStop}[model]
		m, err := s.db.CreateModel(ctx, accounts.ActorCLI, catalog.ModelChange{Name: &model, OutputAllowance: &allowance, Overrun: &overrun, Candidates: &[]catalog.NewCandidate{{Upstream: name}}})
		if err != nil {
			t.Fatal(err)
		}
		price, err := s.db.SetPrice(ctx, accounts.ActorCLI, catalog.NewPrice{Model: model, Terms: catalog.Terms{
			Base:   catalog.Set{Rates: catalog.Rates{Input: inputPrice * catalog.PicosPerMicro, Output: outputPrice * catalog.PicosPerMicro}},
			Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: creditValue},
		}})
		if err != nil {
			t.Fatal(err)
		}
		models, prices = append(models, m), append(prices, price)
	}
	s.book = catalog.NewBook(models, prices)
	return s
}

// fakeProvider serves a fake provider that answers as the call's script says, until the test ends.
func fakeProvider(t *testing.T) (fake *upstream.Model, url string) {
	t.Helper()
	fake = upstream.New(upstream.Options{Keep: 100_000, Script: func(r upstream.Request) upstream.Script {
		return upstream.ParseScript(":" + r.Header.Get(scriptHeader))
	}})
	return fake, serveProvider(t, fake)
}

// serveProvider serves a provider on a loopback port until the test ends.
func serveProvider(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// callClient reads streams, however long they are.
var callClient = &http.Client{Transport: &http.Transport{
	MaxIdleConnsPerHost: 1000, DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
}}

// wires are the paths of the three wires.
var wires = []upstream.Endpoint{upstream.Chat, upstream.Responses, upstream.Messages}

// made is a call and what its client has seen of it.
type made struct {
	number int
	wire   upstream.Endpoint
	model  string
	script string
	// plain is whether it asks for no stream.
	plain bool

	// status is 0 and id empty where no head came.
	status int
	id     string
	body   []byte
	err    error
}

// asks is the body of a call.
func (m *made) asks() string {
	const text = "Say hello to the people of this town in a few friendly words."
	switch m.wire {
	case upstream.Responses:
		return fmt.Sprintf(`{"model":%q,"stream":%v,"input":%q}`, m.model, !m.plain, text)
	case upstream.Messages:
		return fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":100000,"messages":[{"role":"user","content":%q}]}`, m.model, !m.plain, text)
	default:
		options := `,"stream_options":{"include_usage":true}`
		if m.plain {
			options = ""
		}
		return fmt.Sprintf(`{"model":%q,"stream":%v%s,"messages":[{"role":"user","content":%q}]}`, m.model, !m.plain, options, text)
	}
}

// request is the call's HTTP request to a service.
func (m *made) request(ctx context.Context, url, secret string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1"+string(m.wire), strings.NewReader(m.asks()))
	if err != nil {
		panic(err) // the URL is the test's
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(scriptHeader, m.script)
	r.Header.Set(numberHeader, strconv.Itoa(m.number))
	return r
}

// open sends the call and reads the head of its answer.
func (m *made) open(ctx context.Context, url, secret string) (io.ReadCloser, bool) {
	response, err := callClient.Do(m.request(ctx, url, secret))
	if m.err = err; err != nil {
		return nil, false
	}
	m.status, m.id = response.StatusCode, response.Header.Get("X-Request-Id")
	return response.Body, true
}

// make sends the call and reads its answer to the end.
func (m *made) make(url, secret string) {
	body, ok := m.open(context.Background(), url, secret)
	if !ok {
		return
	}
	defer func() { _ = body.Close() }()
	m.body, m.err = io.ReadAll(body)
}

// whole is whether the client has seen that the model has said everything.
func (m *made) whole() bool {
	if m.status != http.StatusOK || m.failed() {
		return false
	}
	switch {
	case m.plain:
		return m.err == nil
	case m.wire == upstream.Responses:
		return bytes.Contains(m.body, []byte("event: response.completed\n")) && bytes.HasSuffix(m.body, []byte("\n\n"))
	case m.wire == upstream.Messages:
		return bytes.Contains(m.body, []byte("event: message_stop\n")) && bytes.HasSuffix(m.body, []byte("\n\n"))
	}
	return bytes.HasSuffix(m.body, []byte("data: [DONE]\n\n"))
}

// failed is whether the answer ends with an error in the way of its wire.
func (m *made) failed() bool {
	switch m.wire {
	case upstream.Responses:
		return bytes.Contains(m.body, []byte("event: response.failed\n")) && bytes.HasSuffix(m.body, []byte("\n\n"))
	case upstream.Messages:
		return bytes.Contains(m.body, []byte("event: error\n")) && bytes.HasSuffix(m.body, []byte("\n\n"))
	default:
		return bytes.Contains(m.body, []byte(`data: {"error":`)) && bytes.HasSuffix(m.body, []byte("data: [DONE]\n\n"))
	}
}

// served is what a fake provider says of each call, by its number.
func served(t *testing.T, fake *upstream.Model) map[string]upstream.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := fake.Wait(ctx); err != nil {
		t.Fatal("the provider is still asked:", err)
	}
	all := map[string]upstream.Record{}
	for _, r := range fake.Requests() {
		all[r.Header.Get(numberHeader)] = r
	}
	return all
}

// charges are the customer's by the id of their call; each has to add up to its price.
func (s *seller) charges(t *testing.T) map[string]*usage.Record {
	t.Helper()
	list, err := s.db.Charges(context.Background(), s.userID, usage.DayOf(time.Now().AddDate(0, 0, -1)), 1<<20, 0)
	if err != nil {
		t.Fatal(err)
	}
	byCall := map[string]*usage.Record{}
	for i := range list {
		r := &list[i]
		switch {
		case r.Call == nil:
			t.Errorf("the charge %s is of no call", r.ID)
			continue
		case byCall[r.Call.RequestID.String()] != nil:
			t.Errorf("the call %s was charged twice", r.Call.RequestID)
		}
		byCall[r.Call.RequestID.String()] = r
		if r.Priced == nil && r.Call.Outcome == usage.CallInterrupted && r.Millionths == 0 && r.Uncollected == 0 {
			continue // its hold had not grown: nothing is known of what was delivered
		}
		if r.Priced == nil || r.Priced.PriceID == uuid.Nil {
			t.Errorf("the charge of the call %s (%s) has no price", r.Call.RequestID, r.Call.Outcome)
			continue
		}
		price := s.book.PriceAt(r.Model, r.CreatedAt)
		q, err := price.Quote(&r.Priced.Tokens)
		if err != nil {
			t.Fatal(err)
		}
		if r.Millionths+r.Uncollected != q.Millionths || r.CostMicros != q.CostMicros {
			t.Errorf("the call %s (%s) took %d millionths of a credit and left %d uncollected; its price is %d", r.Call.RequestID, r.Call.Outcome, r.Millionths, r.Uncollected, q.Millionths)
		}
	}
	return byCall
}

// tokensOf are the tokens of what a provider served.
func tokensOf(r *upstream.Record) usage.Tokens {
	u := r.Usage
	return usage.Tokens{Input: u.Input, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite, CacheWrite1h: u.CacheWriteHour, Output: u.Output, Reasoning: u.Reasoning, WebSearches: u.WebSearches, Requests: 1}
}

// isCharged fails where a complete call was not charged by what its provider served.
func isCharged(t *testing.T, m *made, charge *usage.Record, by *upstream.Record) {
	t.Helper()
	if charge == nil {
		t.Errorf("the complete call %s was not charged", m.id)
		return
	}
	got, want := charge.Priced.Tokens, tokensOf(by)
	got.ServiceTier = ""
	if charge.Call.Source != usage.SourceReported || got != want {
		t.Errorf("the call %s is charged as %s, %s, with %+v; its provider served %+v", m.id, charge.Call.Outcome, charge.Call.Source, got, want)
	}
}

// settled waits until nothing is held.
func (s *seller) settled(t *testing.T, within time.Duration) {
	t.Helper()
	raw := storetest.Raw(t, s.database)
	Eventually(t, within, "every hold to be ended", func() bool {
		return storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status = 'open'") == 0
	})
	f, err := s.db.Figures(context.Background(), s.userID, uuid.Nil)
	if err != nil || f.Held != 0 {
		t.Errorf("%d credits are held: %v", f.Held, err)
	}
}

// reconciled fails where the books do not add up.
func (s *seller) reconciled(t *testing.T) {
	t.Helper()
	if r, err := s.db.Reconcile(context.Background()); err != nil || len(r.Differences) > 0 {
		t.Errorf("the recount: %v, %v", r.Differences, err)
	}
}

// outcomes counts the charges by their outcome.
func outcomes(charges map[string]*usage.Record) string {
	n := map[usage.CallOutcome]int{}
	for _, c := range charges {
		n[c.Call.Outcome]++
	}
	var words []string
	for outcome, count := range n {
		words = append(words, fmt.Sprintf("%d %s", count, outcome))
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
