package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/demo/upstream"
	"codexible/fault"
	"codexible/gateway"
	"codexible/keys"
	"codexible/limits"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// rig is a gateway over a real database, and fake upstreams.
type rig struct {
	*gateway.Gateway

	db       *store.Store
	ledger   *ledger
	meter    *usage.Meter
	holds    *usage.Holds
	customer storetest.Customer
	identity *keys.Identity
	price    catalog.Price
	log      *recorder

	mu        sync.Mutex
	upstreams []gateway.Upstream
	models    []catalog.Model
	// models of the fake upstreams, in the order of upstreams
	fakes []*upstream.Model
}

// recorder keeps the lines of the log.
type recorder struct {
	mu    sync.Mutex
	lines []gateway.Record
}

// WriteRequests implements gateway.LogStore.
func (r *recorder) WriteRequests(_ context.Context, lines []gateway.Record, _ []gateway.UpstreamDay) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, lines...)
	return nil
}

// Spent is what upstreams have cost: nothing.
func (*recorder) Spent(context.Context, usage.Day) (map[uuid.UUID]int64, error) {
	return map[uuid.UUID]int64{}, nil
}

// The price of the rig's model: a dollar per million tokens in, three out; a credit is worth a cent.
const (
	inputRate  = catalog.PicosPerMicro
	outputRate = 3 * catalog.PicosPerMicro
)

func newRig(t *testing.T, db *store.Store, credits int64, scripts ...func(upstream.Request) upstream.Script) *rig {
	t.Helper()
	return newRigWith(t, db, credits, func(*gateway.Parts) {}, scripts...)
}

// ledger is the database's, which can be away.
type ledger struct {
	usage.Ledger

	away atomic.Bool
}

// Post implements usage.Ledger.
func (l *ledger) Post(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error) {
	if l.away.Load() {
		return nil, fault.Away(errAway)
	}
	return l.Ledger.Post(ctx, now, entries)
}

var errAway = errors.New("the database is away")

func newRigWith(t *testing.T, db *store.Store, credits int64, set func(*gateway.Parts), scripts ...func(upstream.Request) upstream.Script) *rig {
	t.Helper()
	ctx := context.Background()
	plan := storetest.NewPlan(t, db, fmt.Sprintf("plan %d", time.Now().UnixNano()), credits)
	r := &rig{db: db, ledger: &ledger{Ledger: db}, customer: storetest.NewCustomer(t, db, plan.Name), log: &recorder{}}
	price, err := db.SetPrice(ctx, accounts.ActorCLI, catalog.NewPrice{Model: "coder", Terms: catalog.Terms{
		Base:   catalog.Set{Rates: catalog.Rates{Input: inputRate, Output: outputRate}},
		Charge: catalog.Charge{Mode: catalog.ByCost, Percent: 100 * catalog.Hundredths, CreditValue: 1}, // a credit is a micro-dollar: whole tokens are whole credits
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.price = price
	model := catalog.Model{ID: uuid.New(), Name: "coder", Aliases: []string{"coder-latest"}, OutputAllowance: 100, Overrun: catalog.OverrunFinish}
	for i, script := range scripts {
		r.add(t, script, func(u *gateway.Upstream) { u.Priority = int64(i + 1) })
	}
	for i := range r.upstreams {
		model.Candidates = append(model.Candidates, catalog.Candidate{UpstreamID: r.upstreams[i].ID, Weight: 1, Priority: 1})
	}
	r.models = []catalog.Model{model}
	totals := usage.NewTotals(db, 0, time.Now)
	r.meter = usage.NewMeter(r.ledger, totals, time.Now, nil)
	r.holds = usage.NewHolds(db, r.meter)
	book := catalog.NewCache(func(context.Context) (*catalog.Book, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		return catalog.NewBook(append([]catalog.Model(nil), r.models...), []catalog.Price{price}), nil
	}, time.Now)
	verifier := keys.NewVerifier(keys.Parts{Directory: db, Meter: r.meter, Totals: totals, Counter: limits.NewLocal(time.Now), Catalog: book, Now: time.Now})
	fleet := gateway.NewFleet(gateway.FleetParts{
		Read: func(context.Context) ([]gateway.Upstream, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return append([]gateway.Upstream(nil), r.upstreams...), nil
		},
		Disable: func(context.Context, uuid.UUID, uuid.UUID, string) error { return nil },
		Spent:   r.log.Spent,
		Now:     time.Now,
	})
	log := gateway.NewLog(r.log, nil)
	parts := gateway.Parts{Verifier: verifier, Holds: r.holds, Catalog: book, Fleet: fleet, Log: log, Now: time.Now}
	set(&parts)
	r.Gateway = gateway.New(parts)
	id, code, err := verifier.Identify(ctx, r.customer.Secret.Reveal(), keys.Access{Scope: keys.ScopeModels})
	if err != nil || code != keys.Valid {
		t.Fatal(code, err)
	}
	r.identity = id
	t.Cleanup(func() {
		r.Close()
		_ = fleet.Close()
		_ = log.Close(ctx)
		_ = r.meter.Close(ctx)
	})
	return r
}

// add starts one more upstream.
func (r *rig) add(t *testing.T, script func(upstream.Request) upstream.Script, set func(*gateway.Upstream)) {
	t.Helper()
	fake := upstream.New(upstream.Options{Script: script})
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	u := gateway.Upstream{
		ID: uuid.New(), Name: fmt.Sprintf("upstream %d", len(r.upstreams)+1), Kind: gateway.Compatible, BaseURL: server.URL + "/v1",
		Wires: []usage.Wire{usage.Chat, usage.Responses, usage.Messages}, Keys: []gateway.UpstreamKey{{ID: uuid.New(), Name: "first", Source: gateway.KeyStored, Secret: gateway.NewSecret("secret-1")}},
		Weight: 1, Priority: 1, FirstByteTimeout: time.Minute, IdleTimeout: time.Minute, OnClientGone: gateway.Cancel, Enabled: true,
	}
	if set != nil {
		set(&u)
	}
	r.upstreams = append(r.upstreams, u)
	r.fakes = append(r.fakes, fake)
}

// ask is a request to an endpoint with a body.
func (r *rig) ask(e gateway.Endpoint, body string) *gateway.Request {
	return &gateway.Request{ID: uuid.Must(uuid.NewV7()), Endpoint: e, Identity: r.identity, Body: []byte(body), ReceivedAt: time.Now()}
}

// answered is a whole answer.
type answered struct {
	*gateway.Answer

	body string
	err  error
}

// call makes a call and reads its answer to the end.
func (r *rig) call(ctx context.Context, request *gateway.Request) answered {
	a := r.Call(ctx, request)
	if a.Stream == nil {
		return answered{a, string(a.Body), nil}
	}
	body, err := io.ReadAll(a.Stream)
	_ = a.Stream.Close()
	return answered{a, string(body), err}
}

// line is the call's line in the log.
func (r *rig) line(t *testing.T, id uuid.UUID) gateway.Record {
	t.Helper()
	if err := r.Log.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, line := range r.log.lines {
		if line.ID == id {
			return line
		}
	}
	t.Fatalf("the log has no line of %s", id)
	return gateway.Record{}
}

// booked is the charge of a call; nil for none. It waits until nothing is held.
func (r *rig) booked(t *testing.T, id uuid.UUID) *usage.Record {
	t.Helper()
	ctx := context.Background()
	holds, err := r.db.OpenHolds(ctx, store.HoldQuery{Limit: 100})
	if err != nil || len(holds) > 0 {
		t.Fatalf("%d holds are open (%v)", len(holds), err)
	}
	charges, err := r.db.Charges(ctx, r.customer.User.ID, usage.DayOf(time.Now().Add(-time.Hour)), 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range charges {
		if call := charges[i].Call; call != nil && call.RequestID == id {
			return &charges[i]
		}
	}
	return nil
}

// reconciled fails where the books do not add up.
func (r *rig) reconciled(t *testing.T) {
	t.Helper()
	if report, err := r.db.Reconcile(context.Background()); err != nil || len(report.Differences) > 0 {
		t.Errorf("the books differ: %v %v", report.Differences, err)
	}
}

// bodies are requests of each wire.
func body(e gateway.Endpoint, model string, stream bool) string {
	const text = "Say hello to the people of this town in a few friendly words."
	switch e {
	case gateway.Responses:
		return fmt.Sprintf(`{"model":%q,"stream":%v,"input":%q}`, model, stream, text)
	case gateway.Messages:
		return fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":4096,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
	default:
		options := ""
		if stream {
			options = `,"stream_options":{"include_usage":true}`
		}
		return fmt.Sprintf(`{"model":%q,"stream":%v%s,"messages":[{"role":"user","content":%q}]}`, model, stream, options, text)
	}
}

// served is what a fake upstream says that its first call used.
func (r *rig) served(t *testing.T, i int) usage.Tokens {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.fakes[i].Wait(ctx); err != nil {
		t.Fatal(err)
	}
	u := r.fakes[i].Requests()[0].Usage
	return usage.Tokens{Input: u.Input, CacheRead: u.CacheRead, CacheWrite: u.CacheWrite, CacheWrite1h: u.CacheWriteHour, Output: u.Output, Reasoning: u.Reasoning, WebSearches: u.WebSearches, Requests: 1}
}

func hasText(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("no %q in %.600q", want, got)
	}
}
