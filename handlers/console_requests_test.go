package handlers_test

import (
	"context"
	"encoding/binary"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// arrived is the id of a request that arrived at a moment.
func arrived(at time.Time, n byte) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x7000)
	id[8], id[15] = 0x80, n
	return id
}

// open makes the hold of a call of the gateway.
func (s *service) openCall(t testing.TB, word, name, price string, credits int64) uuid.UUID {
	t.Helper()
	id := arrived(s.clock.Now(), byte(len(s.words)))
	c := usage.Charge{UserID: s.id(t, name+".user"), KeyID: s.id(t, name+".id"), Credits: credits, Model: "codex-large", Priced: &usage.Priced{PriceID: s.priceOf(t, price).ID}}
	s.book(t, usage.Entry{Kind: usage.KindHold, Charge: c, HoldID: id, OnExpiry: usage.ChargeOnExpiry, TTL: 20 * time.Minute})
	s.words[word] = id.String()
	return id
}

// vendor is the id of the upstream that connect adds, or of one that is made for tests of pages.
func (s *service) vendor(t testing.TB) uuid.UUID {
	t.Helper()
	if id := s.words["upstream.vendor"]; id != "" {
		return uuid.MustParse(id)
	}
	u, err := s.store.CreateUpstream(context.Background(), accounts.Actor{Name: "root@example.com"}, gateway.UpstreamChange{
		Name: new("vendor"), Kind: new(gateway.Compatible), BaseURL: new("https://api.vendor.example/v1"), Wires: &[]string{"chat"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.words["upstream.vendor"] = u.ID.String()
	return u.ID
}

// callOnce makes a call of gate's long ago, which has ended and was charged.
func (s *service) callOnce(t testing.TB, at time.Time) {
	t.Helper()
	id, price := arrived(at, 1), s.priceOf(t, "large").ID
	used := usage.Tokens{Input: 4001, Output: 1234}
	charge := s.charge(t, "gate", "large", used)
	hold := charge
	hold.Credits, hold.Millionths, hold.CostMicros, hold.Priced = 5, 0, 0, &usage.Priced{PriceID: price}
	charge.Call = &usage.Call{RequestID: id, Outcome: usage.CallComplete, Source: usage.SourceReported}
	for _, e := range []usage.Entry{
		{Kind: usage.KindHold, Charge: hold, HoldID: id, OnExpiry: usage.ChargeOnExpiry, TTL: 2 * time.Minute}, {Kind: usage.KindSettle, Charge: charge, HoldID: id},
	} {
		receipts, err := s.store.Post(context.Background(), usage.At(at), []usage.Entry{e})
		if err != nil || receipts[0].Outcome != usage.Accepted {
			t.Fatal(receipts, err)
		}
	}
	r := gateway.Record{
		ID: id, At: at, UserID: charge.UserID, KeyID: charge.KeyID, Model: "codex-large", Upstream: "vendor", UpstreamID: uuid.UUID{0xee, 1}, Status: 200, Outcome: usage.CallComplete, Source: usage.SourceReported,
		Attempts: []gateway.Attempt{{Upstream: "vendor", Status: 200, Start: 1000, Took: 2_000_000}}, Tokens: &used, PriceID: price, Held: 5, Credits: 4, CostMicros: charge.CostMicros, FirstByte: time.Second, FirstToken: 2 * time.Second, Took: 2 * time.Second,
	}
	if err := s.store.WriteRequests(context.Background(), []gateway.Record{r}, nil); err != nil {
		t.Fatal(err)
	}
	s.words["request.old"] = id.String()
}

// route logs calls of every kind: one that was served at the second attempt and charged, a refused one, one
// that an upstream failed, one whose client left; one is open on another instance.
func (s *service) route(t testing.TB) {
	t.Helper()
	s.sell(t)
	vendor, user, key, at := s.vendor(t), s.id(t, "ada.user"), s.id(t, "ada.id"), s.clock.Now()
	large := s.priceOf(t, "large")
	served := s.openCall(t, "request.served", "ada", "large", 12)
	s.clock.Add(5 * time.Second)
	tokens := usage.Tokens{Input: 1800, CacheRead: 9000, Output: 420, Reasoning: 100}
	charge := s.charge(t, "ada", "large", tokens)
	charge.Call = &usage.Call{RequestID: served, Outcome: usage.CallComplete, Source: usage.SourceReported}
	s.book(t, usage.Entry{Kind: usage.KindSettle, Charge: charge, HoldID: served})
	record := func(word string, after time.Duration) gateway.Record {
		id := arrived(at.Add(after), byte(len(s.words)))
		s.words[word] = id.String()
		return gateway.Record{ID: id, At: at.Add(after), UserID: user, KeyID: key, Model: "codex-large", Endpoint: gateway.Responses, Streamed: true, UpstreamID: vendor, Upstream: "vendor", UpstreamKey: "main"}
	}
	complete := record("request.first", 0)
	complete.ID = served
	complete.ClientRequestID, complete.Sticky, complete.Status, complete.Outcome, complete.Source = `mine-<b>"1"</b>`, true, 200, usage.CallComplete, usage.SourceReported
	complete.Attempts = []gateway.Attempt{
		{Upstream: `spare <i>"2"</i>`, Key: "main", Status: 529, Error: "status", Start: 2400, Took: 400_000, CostMicros: 7},
		{Upstream: "vendor", Key: "main", Status: 200, Start: 402_500, Took: 4_590_000},
	}
	complete.Tokens, complete.PriceID, complete.Held, complete.Credits, complete.CostMicros = &tokens, large.ID, 12, 3, charge.CostMicros+7
	complete.FirstByte, complete.FirstToken, complete.Took = 700*time.Millisecond, 1240*time.Millisecond, 5*time.Second
	refused := record("request.refused", time.Second)
	refused.UpstreamID, refused.Upstream, refused.UpstreamKey, refused.Endpoint, refused.Streamed = uuid.Nil, "", "", gateway.ChatCompletions, false
	refused.Model, refused.Status, refused.Outcome, refused.Code, refused.Took = `no <b>"model"</b>`, 404, usage.CallRefused, "model_not_found", 400*time.Microsecond
	failed := record("request.failed", 2*time.Second)
	failed.Status, failed.Outcome, failed.Code, failed.Held, failed.FirstByte, failed.Took = 200, usage.CallUpstreamError, "overloaded_error", 9, 90*time.Millisecond, 320*time.Millisecond
	failed.Attempts = []gateway.Attempt{{Upstream: "vendor", Key: "main", Status: 200, Error: "overloaded_error", Start: 1500, Took: 310_000}}
	left := record("request.left", 3*time.Second)
	left.Status, left.Outcome, left.Source, left.Tokens, left.PriceID, left.Credits, left.Uncollected = 200, usage.CallClientGone, usage.SourceEstimated, &usage.Tokens{Input: 900, Output: 33}, large.ID, 1, 1_500_000
	left.Attempts, left.FirstToken, left.Took = []gateway.Attempt{{Upstream: "vendor", Key: "main", Status: 200, Start: 1100, Took: 61_000_000}}, 800*time.Millisecond, 61*time.Second
	if err := s.store.WriteRequests(context.Background(), []gateway.Record{complete, refused, failed, left}, nil); err != nil {
		t.Fatal(err)
	}
	s.clock.Add(time.Minute)
	s.openCall(t, "request.open", "ada", "large", 5)
	s.clock.Add(time.Second)
}

// serving has the console show a call as one that this instance serves.
func serving(s **service) setting {
	return func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) { c.OpenCalls = func() []gateway.OpenCall { return (*s).openHere() } })
	}
}

// openHere is the call that the tests have this instance serve.
func (s *service) openHere() []gateway.OpenCall {
	id, err := uuid.Parse(s.words["request.here"])
	if err != nil {
		return nil
	}
	return []gateway.OpenCall{{
		ID: id, UserID: uuid.MustParse(s.words["ada.user"]), KeyID: uuid.MustParse(s.words["ada.id"]), Email: "ada@example.com", Prefix: s.words["ada.prefix"], Model: "codex-large",
		Endpoint: gateway.Messages, Streamed: true, Upstream: `vendor <b>"1"</b>`, Since: s.clock.Now().Add(-71 * time.Second), Held: 7, OutputTokens: 1234,
	}}
}

func TestTheLogOfRequestsIsFilteredAndPaged(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.route(t)
		v := s.operator(t)
		const served, refused, failed, left = "$request.served", "$request.refused", "$request.failed", "$request.left"
		all := []string{served, refused, failed, left}
		for query, want := range map[string][]string{
			"": all, "?user=ADA@example.com": all, "?user=bob@example.com": nil, "?key=$ada.prefix": all, "?key=$ada.id": all, "?key=$bob.id": nil, "?model=codex-large": {served, failed, left},
			"?upstream=$upstream.vendor": {served, failed, left}, "?upstream=$ada.id": nil, "?outcome=refused": {refused}, "?status=404": {refused}, "?status=2xx": {served, failed, left}, "?status=4XX&outcome=complete": nil,
			"?since=15m": all, "?since=15m&model=codex-large&outcome=client_gone": {left}, "?until=2026-03-04T12:00": nil, "?until=2026-03-05T00:00": all,
		} {
			v.get("/admin/requests" + query).sees(http.StatusOK)
			for _, id := range all {
				link := `href="/admin/requests/` + s.fill(id) + `"`
				if found := strings.Contains(v.page, link); found != slices.Contains(want, id) {
					t.Errorf("%s: the list has %s: %t", query, id, found)
				}
			}
		}
		for query, want := range map[string]string{
			"?user=nobody@example.com": "There is no user with this e-mail.", "?key=none": "There is no key with this ID or prefix.", "?upstream=none": "There is no such upstream.", "?outcome=fine": "Unknown outcome.",
			"?status=99": "A status is a number", "?status=9xx": "A status is a number", "?status=2x": "A status is a number", "?since=1s": "Unknown time.", "?until=soon": "A time must look like", "?until=1999-12-31T23:59": "in the years 2000 to 2100", "?model=%00": "control characters",
		} {
			v.get("/admin/requests"+query).sees(http.StatusUnprocessableEntity, want)
		}
		batch := make([]gateway.Record, 60)
		for i := range batch {
			at := s.clock.Now().Add(time.Duration(i) * time.Second)
			batch[i] = gateway.Record{ID: arrived(at, byte(i)), At: at, UserID: s.id(t, "bob.user"), KeyID: s.id(t, "bob.id"), Model: "codex-mini", Outcome: usage.CallRefused, Status: 429, Code: "insufficient_quota"}
		}
		if err := s.store.WriteRequests(t.Context(), batch, nil); err != nil {
			t.Fatal(err)
		}
		v.get("/admin/requests?user=bob@example.com").sees(http.StatusOK, batch[59].ID.String(), batch[10].ID.String(), ">Older<").lacks(batch[9].ID.String(), ">First page<")
		v.get("/admin/requests?user=bob@example.com&after="+batch[10].ID.String()).sees(http.StatusOK, batch[9].ID.String(), batch[0].ID.String(), ">First page<").lacks(`href="/admin/requests/`+batch[10].ID.String(), ">Older<")
	})
}

// lacks asserts that texts are not on the current page.
func (v *visitor) lacks(texts ...string) *visitor {
	v.t.Helper()
	for _, text := range texts {
		if strings.Contains(v.page, text) {
			v.t.Errorf("the page has %q: %s", text, v.page)
		}
	}
	return v
}

func TestALiveTailIsRefreshedWithItsFiltersForAWhileAndNoLonger(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	for _, page := range []string{"/admin/requests?user=ada%40example.com", "/admin/live?user=ada%40example.com"} {
		v.get(page).sees(http.StatusOK)
		if got := v.answer.Header.Get("Refresh"); got != "" {
			t.Errorf("%s is refreshed: %q", page, got)
		}
		live := v.link(map[bool]string{true: "Live tail", false: "Refresh by itself"}[strings.Contains(page, "requests")])
		v.get(live).sees(http.StatusOK, "ada@example.com", "Refreshed every 5 seconds until 12:15 UTC", "Stop refreshing")
		if got := v.answer.Header.Get("Refresh"); got != "5" {
			t.Errorf("%s: Refresh: %q", live, got)
		}
		if stop := v.link("Stop refreshing"); strings.Contains(stop, "live=") || !strings.Contains(stop, "user=ada") {
			t.Errorf("stopping leads to %s", stop)
		}
		s.clock.Add(16 * time.Minute)
		v.get(live).sees(http.StatusOK)
		if got := v.answer.Header.Get("Refresh"); got != "" {
			t.Errorf("%s is refreshed after its time", live)
		}
		v.get(page + "&live=99999999999").sees(http.StatusOK)
		if got := v.answer.Header.Get("Refresh"); got != "" {
			t.Errorf("%s is refreshed for ever", page)
		}
		s.clock.Add(-16 * time.Minute)
	}
}

// link is where a link with a text leads.
func (v *visitor) link(text string) string {
	v.t.Helper()
	before, _, found := strings.Cut(v.page, `">`+text+"<")
	if !found {
		v.t.Fatalf("no link says %q", text)
	}
	path := before[strings.LastIndex(before, `href="`)+len(`href="`):]
	return strings.ReplaceAll(path, "&amp;", "&")
}

func TestARequestsPageSaysWhatHappenedAndWhyItCostWhatItDid(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.route(t)
		v := s.operator(t)
		v.get("/admin/requests/$request.served").sees(http.StatusOK, "Complete", "Answered with status 529", "700 ms", "1.24 s", "5.00 s", "2 attempts in 5.00 s.", "The session had been served there before.",
			"The upstream reported these tokens", "Step by step", "/admin/prices/"+s.words["price.large"], "420 output tokens", ">111<", "12 credits")
		if !strings.Contains(v.page, "mine-&lt;b&gt;") || strings.Contains(v.page, `<i>"2"</i>`) {
			t.Error("texts of clients and upstreams are not escaped")
		}
		v.get(v.link2("/admin/charges/")).sees(http.StatusOK, "Why it cost this", s.words["request.served"])
		v.get("/admin/requests/$request.refused").sees(http.StatusOK, "It was refused before anything was sent to an upstream.", "The model is unknown, hidden from the plan", "so nothing was charged", "Nothing").lacks("<figure>")
		v.get("/admin/requests/$request.failed").sees(http.StatusOK, "The upstream failed.", "The upstream's own word for the error.", "reported no usage, so nothing was charged")
		v.get("/admin/requests/$request.left").sees(http.StatusOK, "The client left before its end.", "The upstream reported no tokens.", "Delivered beyond what the user had left.", "No charge of this call is in the books")
		v.get("/admin/requests/$ada.id").sees(http.StatusNotFound, "not in the log")
	})
}

// link2 is the first link of the page whose path begins so.
func (v *visitor) link2(begin string) string {
	v.t.Helper()
	_, after, found := strings.Cut(v.page, `href="`+begin)
	if !found {
		v.t.Fatalf("no link leads to %s", begin)
	}
	id, _, _ := strings.Cut(after, `"`)
	return begin + id
}

func TestAnOperatorEndsACallOfAnyInstanceFromThePageLive(t *testing.T) {
	var s *service
	s = onSQLite(t, serving(&s))
	s.route(t)
	s.openCall(t, "request.here", "ada", "large", 7)
	s.words["bob.hold"] = s.hold(t, "bob", 4, usage.Entry{TTL: time.Hour}).String()
	changes := make(changeList, 8)
	s.store.Subscribe(changes)
	v := s.operator(t)
	v.get("/admin/live").sees(http.StatusOK, "1 open call", "1 min 11 s", "about 1,234", "Call, on this instance", "Call, on another instance", "A service's hold", "ada@example.com", "bob@example.com",
		"/admin/holds/"+s.words["bob.hold"]+"/release", "vendor <b>")
	v.get("/admin/live?user=bob@example.com").sees(http.StatusOK, "No open calls", "A service's hold").lacks("Call, on", "Open holds by user")
	v.get("/admin/live?user=nobody@example.com").sees(http.StatusUnprocessableEntity, "There is no user with this e-mail.")
	end := "/admin/requests/" + s.words["request.open"] + "/end"
	v.get("/admin/requests/$request.here/end").sees(http.StatusOK, "This instance cancels", "holds 7 credits")
	v.get(end).sees(http.StatusOK, "End a call of ada@example.com", "The instance that serves it", "What was delivered is charged")
	v.submit(end).redirected("/admin/live?done=call-ended").sees(http.StatusOK, "The call is being ended")
	if got, want := <-changes, (accounts.Change{Subject: accounts.SubjectRequest, ID: uuid.MustParse(s.words["request.open"])}); got != want {
		t.Errorf("announced %v, want %v", got, want)
	}
	entries, err := s.store.Audit(t.Context(), store.AuditQuery{Action: "request.ended", Limit: 2})
	if err != nil || len(entries) != 1 || entries[0].Actor != "root@example.com" || entries[0].Target != "ada@example.com" || entries[0].RequestID == "" {
		t.Errorf("%v: recorded %+v", err, entries)
	}
	v.get("/admin/audit?action=request.ended").sees(http.StatusOK, "Ended a call of ada@example.com to codex-large.", `href="/admin/requests/`+s.words["request.open"]+`"`)
	v.get(end).sees(http.StatusOK)
	s.clock.Add(21 * time.Minute)
	v.submit(end).redirected("/admin/live?done=call-over")
	v.get(end).sees(http.StatusOK, "This call has ended already.")
	v.get("/admin/requests/"+s.words["bob.hold"]+"/end").sees(http.StatusNotFound, "of a service")
	v.get("/admin/requests/$ada.id/end").sees(http.StatusNotFound, "This request is not in the log")
}

// changeList passes changes of calls on.
type changeList chan accounts.Change

// Changed implements store.Watcher.
func (l changeList) Changed(c accounts.Change) {
	if c.Subject == accounts.SubjectRequest {
		l <- c
	}
}

// Up implements store.Watcher.
func (changeList) Up(bool) {}

func TestTheOverviewShowsCallsOfModelsWhereThereAreSome(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		v.get("/admin").sees(http.StatusOK).lacks("Calls of models")
		s.route(t)
		s.clock.Add(2 * time.Minute)
		v.get("/admin").sees(http.StatusOK, "Calls of models, 24 hours", "1 refused", "33.3% of 3 that reached an upstream", "76.9%", "of 11,700 input tokens", "median; 95% within 1.24 s", ">800 ms<",
			"/admin/requests?model=codex-large&since=24h", "/admin/requests?since=24h&upstream="+s.words["upstream.vendor"], "From each request of the last 24 hours.")
	})
}

func TestAnExportOfRequestsHasEachThatTheFiltersFind(t *testing.T) {
	s := onSQLite(t)
	s.route(t)
	v := s.operator(t)
	v.get("/admin/requests?outcome=complete&since=24h").submit("/admin/requests/export?outcome=complete&since=24h").sees(http.StatusOK)
	lines := strings.Split(strings.TrimSpace(v.page), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "time_utc,request_id,client_request_id,user_email") {
		t.Fatalf("%q", lines)
	}
	for _, want := range []string{s.words["request.served"], "ada@example.com", ",codex-large,responses,true,vendor,main,true,complete,,reported,", ",200,2,12,3,0,0.014407,", ",700,1240,5000,10800,420,1800,9000,0,0,0,420,0,100,0"} {
		if !strings.Contains(lines[1], want) {
			t.Errorf("%s\nlacks %s", lines[1], want)
		}
	}
	v.get("/admin/requests").submit("/admin/requests/export").sees(http.StatusOK)
	if n := strings.Count(strings.TrimSpace(v.page), "\n"); n != 5 {
		t.Errorf("%d requests are exported, want 5", n)
	}
	if made, err := s.store.Audit(t.Context(), store.AuditQuery{Action: "export.made", Limit: 3}); err != nil || len(made) != 2 || made[1].Details != "Exported the requests for the filters outcome=complete&since=24h." {
		t.Errorf("%v: recorded %+v", err, made)
	}
}
