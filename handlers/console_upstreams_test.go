package handlers_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"
	"codexible/handlers"
	"codexible/handlers/console"
	encryption "codexible/secrets"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// connect adds two upstreams: one whose second key the provider refused, and one without keys that is
// disabled. $upstream.vendor, $upstream.local, $upkey.main and $upkey.spare stand for them.
func (s *service) connect(t testing.TB) {
	t.Helper()
	ctx, by := context.Background(), accounts.Actor{Name: "root@example.com"}
	limit := new(int64(25_000_000))
	change := gateway.UpstreamChange{
		Name: new("Vendor"), Kind: new(gateway.OpenAI), BaseURL: new("https://api.example.com"), Headers: &map[string]string{"x-tenant": vendorHead}, DailyLimitMicros: &limit,
		Keys: &[]gateway.KeyChange{{Name: "main", Secret: gateway.NewSecret(vendorKey)}, {Name: "spare", Reference: "env:UPSTREAM_SPARE"}},
	}
	vendor, err := s.store.CreateUpstream(ctx, by, change)
	if errors.Is(err, encryption.ErrNoKey) { // a service without a key stores no secret
		change.Headers, change.Keys = nil, &[]gateway.KeyChange{{Name: "main", Reference: "env:UPSTREAM_MAIN"}, {Name: "spare", Reference: "env:UPSTREAM_SPARE"}}
		vendor, err = s.store.CreateUpstream(ctx, by, change)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.DisableUpstreamKey(ctx, vendor.ID, vendor.Keys[1].ID, "the provider answered with status 401"); err != nil {
		t.Fatal(err)
	}
	local, err := s.store.CreateUpstream(ctx, by, gateway.UpstreamChange{Name: new("Local"), Kind: new(gateway.Compatible), BaseURL: new("http://10.0.0.7:8000"), Enabled: new(false)})
	if err != nil {
		t.Fatal(err)
	}
	s.words["upstream.vendor"], s.words["upstream.local"] = vendor.ID.String(), local.ID.String()
	s.words["upkey.main"], s.words["upkey.spare"] = vendor.Keys[0].ID.String(), vendor.Keys[1].ID.String()
}

// sent are the fields of the form of an upstream.
func sent() []string {
	return []string{
		"name", "Other", "kind", "openai", "base_url", "https://other.example.com", "priority", "2", "weight", "0", "daily_limit_usd", "12.5",
		"first_byte_timeout_seconds", "20", "idle_timeout_seconds", "30", "on_client_gone", "",
	}
}

// upstreamNamed reads an upstream as it is stored.
func (s *service) upstreamNamed(t testing.TB, name string) gateway.Upstream {
	t.Helper()
	list, err := s.store.Upstreams(context.Background())
	i := slices.IndexFunc(list, func(u gateway.Upstream) bool { return u.Name == name })
	if err != nil || i < 0 {
		t.Fatal(name, err, list)
	}
	return list[i]
}

func TestAnUpstreamIsAddedChangedDisabledAndDeletedInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const add = "/admin/upstreams/new"
		v.get(add).submit(add, withChanges(sent(), "secret", vendorKey, "key_name", "first", "headers", "X-Tenant: "+vendorHead+"\r\n\r\nx-other:  a:b ")...)
		if v.status != http.StatusSeeOther {
			t.Fatal(v.status, v.page)
		}
		u := s.upstreamNamed(t, "Other")
		page := "/admin/upstreams/" + u.ID.String()
		v.redirected(page+"?done=upstream-created").sees(http.StatusOK, "Upstream added", "Ready", "Stored, ends with abcd", "x-other", "x-tenant", "https://other.example.com/v1", "of $12.50", "No model names it", "20 seconds", "30 seconds")
		if u.Keys[0].Secret.Reveal() != vendorKey || u.Headers["x-tenant"] != vendorHead || u.Headers["x-other"] != "a:b" || *u.DailyLimitMicros != 12_500_000 || u.Weight != 0 || u.Priority != 2 || u.OnClientGone != gateway.Cancel {
			t.Errorf("%+v", u)
		}
		edit := page + "/edit"
		v.get(edit).sees(http.StatusOK, `value="Other"`, `value="12.5"`, "Left empty, these stay: x-other, x-tenant.")
		v.submit(edit, withChanges(sent(), "name", "Another", "on_client_gone", "drain", "daily_limit_usd", "", "shared_state", "true", "base_url", "https://other.example.com")...)
		u = s.upstreamNamed(t, "Another")
		v.redirected(page+"?done=upstream-changed").sees(http.StatusOK, "Upstream changed", "no daily limit", "Read to the end", "Allowed")
		if u.Headers["x-tenant"] != vendorHead || len(u.Keys) != 1 || u.DailyLimitMicros != nil || !u.SharedState || u.OnClientGone != gateway.Drain {
			t.Errorf("what was left empty did not stay: %+v", u)
		}
		v.get(edit).submit(edit, withChanges(sent(), "drop_headers", "true", "on_client_gone", "cancel")...).redirected(page+"?done=upstream-changed").sees(http.StatusOK, "None")
		v.get(page+"/disable").sees(http.StatusOK, "No call goes to it").submit(page+"/disable").redirected(page+"?done=upstream-disabled").sees(http.StatusOK, "An operator has disabled it", page+"/enable")
		v.get("/admin/upstreams").sees(http.StatusOK, "Other", "Disabled", "Vendor", "Ready", "1 of 2", "Local", "No keys", "of $25.00", "3 upstreams")
		v.get(page+"/enable").submit(page+"/enable").redirected(page+"?done=upstream-enabled").sees(http.StatusOK, "Ready")
		v.get(page+"/delete").submit(page+"/delete").redirected("/admin/upstreams?done=upstream-deleted").sees(http.StatusOK, "Upstream deleted")
		for _, path := range []string{page, edit, page + "/delete", page + "/enable", page + "/disable", page + "/test", page + "/keys/new"} {
			v.get(path).sees(http.StatusNotFound)
		}
		v.get("/admin/audit?q=Other&action=upstream.deleted").sees(http.StatusOK, "Deleted upstream Other", "root@example.com")
	})
}

func TestAnUpstreamThatAModelNamesIsNotDeletedAndThePageSaysWhy(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	const remove = "/admin/upstreams/$upstream.vendor/delete"
	v.get(remove).sees(http.StatusOK, "It serves models", "codex-large").submit(remove).sees(http.StatusConflict, "Nothing was changed", "The upstream Vendor serves models: codex-large. Remove it from their candidates first, or disable it.")
	v.get("/admin/upstreams/$upstream.vendor").sees(http.StatusOK, "codex-large", "gpt-5.1")
}

func TestASecretOfAnUpstreamIsNeverShownAndIsTypedAgain(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	typed := []string{"secret", vendorKey, "headers", "x-tenant: " + vendorHead}
	hidden := func(what string) {
		t.Helper()
		if strings.Contains(v.html+v.page+v.location, vendorKey) || strings.Contains(v.html+v.page+v.location, vendorHead) || strings.Contains(v.page, "cut-off") {
			t.Errorf("%s shows a secret: %s", what, v.page)
		}
	}
	again := "Type it again: a secret is never sent back to the browser."
	for what, changes := range map[string][]string{
		"a name":          {"name", "a:b"},
		"a taken name":    {"name", "vendor"},
		"a number":        {"weight", "many"},
		"a base URL":      {"base_url", "http://example.com"},
		"a kind":          {"kind", "azure"},
		"formats":         {"kind", "compatible"},
		"a limit":         {"daily_limit_usd", "1e9"},
		"a time":          {"idle_timeout_seconds", "9223372036854775807"},
		"a leaving":       {"on_client_gone", "wait"},
		"a key's name":    {"key_name", "a:b"},
		"two keys in one": {"ref", "env:UPSTREAM_X"},
	} {
		v.get("/admin/upstreams/new").submit("/admin/upstreams/new", withChanges(sent(), slices.Concat(typed, changes)...)...)
		if hidden(what); v.status != http.StatusUnprocessableEntity || strings.Count(html.UnescapeString(v.page), again) != 2 {
			t.Errorf("%s: answered %d with %s", what, v.status, v.page)
		}
	}
	for what, changes := range map[string][]string{
		"a blank in a key":   {"secret", vendorKey + " cut-off"},
		"a long key":         {"secret", vendorKey + strings.Repeat("x", gateway.MaxSecret)},
		"a line without one": {"headers", vendorHead},
		"a header twice":     {"headers", "x-a: " + vendorHead + "\nX-A: " + vendorHead},
		"our own header":     {"headers", "host: " + vendorHead},
		"a control":          {"headers", "x-a: " + vendorHead + "\x00"},
		"many headers":       {"headers", strings.Repeat("x-a: "+vendorHead+"\n", 21)},
		"a reference":        {"secret", "", "ref", "env:SECRET_KEY"},
		"a name alone":       {"secret", "", "key_name", "main"},
	} {
		v.get("/admin/upstreams/new").submit("/admin/upstreams/new", withChanges(sent(), slices.Concat(typed, changes)...)...)
		if hidden(what); v.status != http.StatusUnprocessableEntity || !strings.Contains(v.page, `class="problem"`) {
			t.Errorf("%s: answered %d with %s", what, v.status, v.page)
		}
	}
	const add, edit = "/admin/upstreams/$upstream.vendor/keys/new", "/admin/upstreams/$upstream.vendor/edit"
	for _, fields := range [][]string{{"secret", vendorKey, "key_name", "MAIN"}, {"secret", vendorKey, "key_name", "a:b"}, {"secret", vendorKey, "ref", "file:x"}, {"secret", vendorKey + " x"}, {}} {
		v.get(add).submit(add, fields...).sees(http.StatusUnprocessableEntity)
		hidden("a key to add")
	}
	v.get(edit).submit(edit, withChanges(sent(), "priority", "0", "headers", "x-b: "+vendorHead)...).sees(http.StatusUnprocessableEntity, again)
	hidden("an edit")
	v.get(add + "?secret=" + vendorKey + "&key_name=x")
	if strings.Contains(v.page, `value="`+vendorKey) {
		t.Error("a form takes a secret of the address")
	}
	for _, path := range slices.Concat(consolePages, []string{"/admin/audit?q=upstream"}) {
		v.get(path)
		hidden(path)
	}
	if u := s.upstreamNamed(t, "Vendor"); len(u.Keys) != 2 || u.Headers["x-tenant"] != vendorHead {
		t.Errorf("a refused form changed %+v", u)
	}
	if strings.Contains(logged.String(), vendorKey) || strings.Contains(logged.String(), vendorHead) {
		t.Error("a secret of an upstream is in the log")
	}
}

// withChanges are pairs of which some have other values; those that are not there are added.
func withChanges(pairs []string, changes ...string) []string {
	pairs = slices.Clone(pairs)
	for i := 0; i < len(changes); i += 2 {
		found := false
		for j := 0; j < len(pairs); j += 2 {
			if pairs[j] == changes[i] {
				pairs[j+1], found = changes[i+1], true
			}
		}
		if !found {
			pairs = append(pairs, changes[i], changes[i+1])
		}
	}
	return pairs
}

func TestKeysOfAnUpstreamAreAddedSwitchedAndRemovedInTheConsole(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const page = "/admin/upstreams/$upstream.vendor"
		v.get(page).sees(http.StatusOK, "Ready", "Refused by the provider", "The provider answered with status 401.", "env:UPSTREAM_SPARE", "/admin/upstream-keys/$upkey.spare/enable", "upstream.key_disabled")
		v.get("/admin/upstream-keys/$upkey.spare/enable").sees(http.StatusOK, "Where the provider refuses it again").submit("/admin/upstream-keys/$upkey.spare/enable").redirected(page+"?done=upstream-key-enabled").sees(http.StatusOK, "Key enabled")
		if k := s.upstreamNamed(t, "Vendor").Keys[1]; k.DisabledAt != nil || k.DisabledReason != "" {
			t.Errorf("%+v", k)
		}
		v.get(page+"/keys/new").submit(page+"/keys/new", "ref", " file:third ").redirected(page+"?done=upstream-key-added").sees(http.StatusOK, "Key added", "key 1", "file:third")
		v.get("/admin/upstream-keys/$upkey.main/disable").submit("/admin/upstream-keys/$upkey.main/disable").redirected(page+"?done=upstream-key-disabled").sees(http.StatusOK, "An operator has disabled it.")
		v.get("/admin/upstream-keys/$upkey.main/remove").submit("/admin/upstream-keys/$upkey.main/remove").redirected(page+"?done=upstream-key-removed").sees(http.StatusOK, "Key removed")
		keys := s.upstreamNamed(t, "Vendor").Keys
		if len(keys) != 2 || keys[0].Ref() != "env:UPSTREAM_SPARE" || keys[1].Ref() != "file:third" {
			t.Errorf("%+v", keys)
		}
		for _, to := range []string{"enable", "disable", "remove"} {
			v.get("/admin/upstream-keys/$upkey.main/"+to).sees(http.StatusNotFound, "may have been removed or replaced")
		}
	})
}

func TestAnotherAddressOfAnUpstreamNeedsConsentToLoseItsKeys(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	const page, edit = "/admin/upstreams/$upstream.vendor", "/admin/upstreams/$upstream.vendor/edit"
	moved := withChanges(sent(), "name", "Vendor", "on_client_gone", "cancel")
	v.get(edit).submit(edit, moved...).sees(http.StatusUnprocessableEntity, "The keys and the extra headers are removed with this change.", `value="https://other.example.com"`)
	if len(s.upstreamNamed(t, "Vendor").Keys) != 2 {
		t.Fatal("the keys are gone without consent")
	}
	v.submit(edit, append(moved, "moved", "true")...).redirected(page+"?done=upstream-moved").sees(http.StatusOK, "Upstream changed, without its keys", "Calls are made without credentials")
	u := s.upstreamNamed(t, "Vendor")
	if len(u.Keys) != 0 || len(u.Headers) != 0 || u.BaseURL != "https://other.example.com/v1" {
		t.Errorf("%+v", u)
	}
	// Without anything to lose, no consent is asked for.
	v.get(edit)
	if strings.Contains(v.page, `name="moved"`) {
		t.Error("the form asks for consent to nothing")
	}
}

func TestTheStateOfAnUpstreamIsSaidInWords(t *testing.T) {
	var state gateway.UpstreamState
	var unread error
	s := onSQLite(t, func(p *handlers.Parts) {
		withConsole(p, func(c *console.Parts) {
			c.UpstreamState = func(uuid.UUID) gateway.UpstreamState { return state }
			c.UpstreamSecret = func(gateway.KeySource, string) (gateway.Secret, error) { return gateway.NewSecret("x"), unread }
		})
	})
	v := s.operator(t)
	id, until := s.id(t, "upstream.vendor"), s.clock.Now().Add(30*time.Second)
	change := func(c gateway.UpstreamChange) {
		t.Helper()
		if _, err := s.store.ChangeUpstream(context.Background(), accounts.ActorCLI, id, c); err != nil {
			t.Fatal(err)
		}
	}
	sees := func(words, why, usable string) {
		t.Helper()
		v.get("/admin/upstreams").sees(http.StatusOK, words, usable)
		v.get("/admin/upstreams/$upstream.vendor").sees(http.StatusOK, words, why)
	}
	spare := &gateway.OneKeyChange{ID: s.id(t, "upkey.spare"), Enabled: true}
	sees("Ready", "Refused by the provider", "1 of 2")
	change(gateway.UpstreamChange{Key: spare})
	sees("Ready", "Usable", "2 of 2")
	unread = errors.New("env:UPSTREAM_SPARE: the variable is not set: set it where the service runs")
	sees("Ready", "Env:UPSTREAM_SPARE: the variable is not set", "1 of 2")
	unread = nil
	state.RestsUntil = until
	sees("Resting", "Several calls failed one after the other.", "until")
	sees(until.UTC().Format("15:04:05"), "then it is tried again", "2 of 2")
	state = gateway.UpstreamState{Keys: []gateway.KeyState{{ID: s.id(t, "upkey.main"), RestsUntil: until}}}
	sees("Ready", "The provider answered that it was called too often.", "1 of 2")
	state.Keys = append(state.Keys, gateway.KeyState{ID: s.id(t, "upkey.spare"), RestsUntil: until.Add(-5 * time.Second)})
	sees("Resting", "Every key rests", "0 of 2")
	sees(until.Add(-5*time.Second).UTC().Format("15:04:05"), "Every key rests", "0 of 2")
	state = gateway.UpstreamState{}
	// Today's calls cost what the limit allows.
	day := gateway.UpstreamDay{Day: usage.DayOf(s.clock.Now()), UpstreamID: id, Requests: 3, Failures: 1, CostMicros: 25_000_000}
	if err := s.store.WriteRequests(context.Background(), nil, []gateway.UpstreamDay{day}); err != nil {
		t.Fatal(err)
	}
	sees("Over its daily limit", "Today's calls cost $25.00 of $25.00.", "of $25.00")
	v.sees(http.StatusOK, "Cost by day", "00:00:00 UTC")
	for _, key := range []string{"upkey.main", "upkey.spare"} {
		if err := s.store.DisableUpstreamKey(context.Background(), id, s.id(t, key), "the provider answered with status 403"); err != nil {
			t.Fatal(err)
		}
	}
	sees("Key refused", "The provider refused its key, and no other can be used.", "0 of 2")
	change(gateway.UpstreamChange{Keys: &[]gateway.KeyChange{{Name: "spare", Enabled: new(true)}}})
	unread = errors.New("env:UPSTREAM_SPARE: the variable is not set")
	sees("No usable key", "Each key is disabled or cannot be read.", "0 of 1")
	change(gateway.UpstreamChange{Enabled: new(false)})
	sees("Disabled", "An operator has disabled it. No call goes to it.", "0 of 1")
}

func TestThePagesOfUpstreamsShowHowTheLastHourWent(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	at := s.clock.Now()
	record := func(n int, of gateway.Record) gateway.Record {
		of.ID, of.At = uuid.UUID{6: 0x70, 8: 0x80, 15: byte(n)}, at
		binary.BigEndian.PutUint64(of.ID[:8], uint64(at.UnixMilli())<<16|0x7000)
		of.UserID, of.KeyID, of.Model, of.Endpoint, of.Source = s.id(t, "ada.user"), s.id(t, "ada.id"), "codex-large", gateway.Responses, usage.SourceReported
		return of
	}
	vendor, local := s.id(t, "upstream.vendor"), s.id(t, "upstream.local")
	err := s.store.WriteRequests(context.Background(), []gateway.Record{
		record(1, gateway.Record{UpstreamID: vendor, Upstream: "Vendor", Status: 200, Outcome: usage.CallComplete, FirstByte: 120 * time.Millisecond, Took: time.Second, Attempts: []gateway.Attempt{{Upstream: "Vendor", Status: 200}}}),
		record(2, gateway.Record{UpstreamID: vendor, Upstream: "Vendor", Status: 200, Outcome: usage.CallComplete, FirstByte: 12_345 * time.Millisecond, Took: 13 * time.Second, Attempts: []gateway.Attempt{{Upstream: "Vendor", Status: 200}}}),
		record(3, gateway.Record{UpstreamID: local, Upstream: "Local", Status: 200, Outcome: usage.CallComplete, FirstByte: time.Millisecond, Took: time.Second, Attempts: []gateway.Attempt{{Upstream: "Vendor", Status: 500, Error: "status"}, {Upstream: "Vendor", Error: "cut"}, {Upstream: "Local", Status: 200}}}),
		record(4, gateway.Record{UpstreamID: vendor, Upstream: "Vendor", Status: 502, Outcome: usage.CallUpstreamError, Took: time.Second, Attempts: []gateway.Attempt{{Upstream: "Vendor", Status: 500, Error: "status"}}}),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	v.get("/admin/upstreams").sees(http.StatusOK, "3 of 5", "120 ms", "95%: 12.3 s", "0 of 1", "1 ms")
	v.get("/admin/upstreams/$upstream.vendor").sees(http.StatusOK, "120 ms", "95% within 12.3 s", "/admin/requests?upstream=$upstream.vendor")
	v.get("/admin/requests?upstream=$upstream.vendor").sees(http.StatusOK, `<option value="$upstream.vendor" selected>Vendor`)
	s.clock.Add(2 * time.Hour)
	v.get("/admin/upstreams").sees(http.StatusOK, "Vendor")
	if strings.Contains(v.page, "3 of 5") {
		t.Error("what is older than an hour is shown")
	}
}

func TestATestOfAnUpstreamShowsItsResult(t *testing.T) {
	var asked []string
	var result gateway.TestResult
	var failure error
	s := onSQLite(t, func(p *handlers.Parts) {
		p.TestUpstream = func(_ context.Context, id uuid.UUID, model string) (gateway.TestResult, error) {
			asked = append(asked, id.String()+" "+model)
			return result, failure
		}
	})
	v := s.operator(t)
	const page, test = "/admin/upstreams/$upstream.vendor", "/admin/upstreams/$upstream.vendor/test"
	result = gateway.TestResult{OK: true, Status: 200, FirstByte: 212 * time.Millisecond, Message: "the upstream answers"}
	v.get(page).sees(http.StatusOK, `<option value="codex-large">`).submit(test, "model", "").sees(http.StatusOK, "The test passed", "The upstream answers. Status 200, the first byte after 212 ms.")
	result = gateway.TestResult{Status: 401, FirstByte: time.Millisecond, Message: `the upstream answered with status 401: <b>no</b>`}
	v.submit(test, "model", "codex").sees(http.StatusOK, "The test failed", "<b>no</b>", `value="codex"`)
	if strings.Contains(v.page, "<b>no</b>") {
		t.Error("what the upstream answered is shown as markup")
	}
	result = gateway.TestResult{Message: "nothing listens at the address of the base URL"}
	v.submit(test, "model", "gpt-other").sees(http.StatusOK, "The test failed", "Nothing listens at the address of the base URL.")
	v.submit(test, "model", "with a blank").sees(http.StatusUnprocessableEntity, "without blanks")
	failure = fault.New(fault.Unavailable, "The database is away.")
	v.submit(test, "model", "").sees(http.StatusServiceUnavailable, "The database is away.")
	vendor := s.words["upstream.vendor"]
	if want := []string{vendor + " ", vendor + " gpt-5.1", vendor + " gpt-other", vendor + " "}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestTheCandidatesOfAModelAreSetInItsForm(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		const edit = "/admin/models/$model.mini/edit"
		base := []string{"name", "codex-mini", "output_allowance", "4096", "visible", "all", "overrun", "stop", "hosted_tools", "code_interpreter\r\nfile_search"}
		v.get("/admin/models").sees(http.StatusOK, "Vendor, Local", "Nothing")
		v.get("/admin/models/$model.mini").sees(http.StatusOK, "No upstream serves this model", "answered with 404")
		v.get(edit).sees(http.StatusOK, `aria-label="Upstream, row 3"`)
		v.submit(edit, append(base, "candidate_upstream", "Local", "candidate_model", "qwen", "candidate_priority", "", "candidate_weight", "7",
			"candidate_upstream", "", "candidate_model", "", "candidate_priority", "3", "candidate_weight", "",
			"candidate_upstream", "Vendor", "candidate_model", "", "candidate_priority", "2", "candidate_weight", "0")...)
		v.redirected("/admin/models/$model.mini?done=model-changed").sees(http.StatusOK, "qwen", "2, 0", "1, 7", "Not tried", "First", "Stops at once", "code_interpreter, file_search", "No price for web searches")
		m := s.modelNamed(t, "codex-mini")
		want := []catalog.Candidate{{UpstreamID: s.id(t, "upstream.local"), Model: "qwen", Weight: 7, Priority: 1}, {UpstreamID: s.id(t, "upstream.vendor"), Weight: 0, Priority: 2}}
		if diff := cmp.Diff(want, m.Candidates); diff != "" || m.Overrun != catalog.OverrunStop || len(m.HostedTools) != 2 {
			t.Error(diff, m)
		}
		v.get(edit).sees(http.StatusOK, `value="qwen"`, `<option value="Local" selected>`, `aria-label="Upstream, row 5"`)
		for problem, rows := range map[string][]string{
			"Row 1: choose the upstream.":                  {"candidate_upstream", "", "candidate_model", "qwen"},
			"Row 1: the weight must be a whole number.":    {"candidate_upstream", "Local", "candidate_weight", "some"},
			"Must have weights from 0 to 1000.":            {"candidate_upstream", "Local", "candidate_weight", "1001"},
			"Must have priorities from 1 to 1000.":         {"candidate_upstream", "Local", "candidate_priority", "0"},
			`Must name upstreams; there is no upstream`:    {"candidate_upstream", "Nobody"},
			"Must have each upstream once for each of its": {"candidate_upstream", "Local", "candidate_upstream", "Local"},
			"Must have at most 20 candidates.":             slices.Repeat([]string{"candidate_upstream", "Local"}, 700),
			"Must have models whose names have 1 to 200":   {"candidate_upstream", "Local", "candidate_model", "a b"},
		} {
			v.get(edit).submit(edit, slices.Concat(base, rows)...).sees(http.StatusUnprocessableEntity, problem)
		}
		v.get(edit).submit(edit, withChanges(base, "overrun", "go")...).sees(http.StatusUnprocessableEntity, "Must be finish or stop.")
		v.get(edit).submit(edit, append(base, "candidate_upstream", "", "candidate_weight", "7")...).redirected("/admin/models/$model.mini?done=model-changed").sees(http.StatusOK, "No upstream serves this model")
		if diff := cmp.Diff([]catalog.Candidate(nil), s.modelNamed(t, "codex-mini").Candidates); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAModelsPageWarnsWhereNothingServesOrPricesIt(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	lacks := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if strings.Contains(v.page, text) {
				t.Errorf("the page has %q", text)
			}
		}
	}
	v.get("/admin/models/$model.large").sees(http.StatusOK, "Vendor", "gpt-5.1", "Ready", "First", "Not tried")
	lacks("No upstream", "No price", "100%")
	if _, err := s.store.ChangeUpstream(context.Background(), accounts.ActorCLI, s.id(t, "upstream.vendor"), gateway.UpstreamChange{Enabled: new(false)}); err != nil {
		t.Fatal(err)
	}
	v.get("/admin/models/$model.large").sees(http.StatusOK, "No upstream can take its calls at the moment", "503")
	s.model(t, "free", catalog.ModelChange{Name: new("codex-free"), Candidates: &[]catalog.NewCandidate{{Upstream: "Vendor"}, {Upstream: "Vendor", Model: "other", Weight: new(int64(3))}}})
	if _, err := s.store.ChangeUpstream(context.Background(), accounts.ActorCLI, s.id(t, "upstream.vendor"), gateway.UpstreamChange{Enabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	v.get("/admin/models/$model.free").sees(http.StatusOK, "No price", "Calls of it are answered with 404 until it has a price.", "25% of them", "75% of them")
	lacks("web searches")
	terms := s.priceOf(t, "large").Terms
	terms.PerWebSearch = 0
	s.price(t, "free", "codex-free", nil, terms)
	v.get("/admin/models/$model.free").sees(http.StatusOK, "No price for web searches", "web_search")
	// A server that only speaks chat runs no searches.
	s.model(t, "local", catalog.ModelChange{Name: new("codex-local"), Candidates: &[]catalog.NewCandidate{{Upstream: "Local"}}})
	s.price(t, "local", "codex-local", nil, terms)
	v.get("/admin/models/$model.local").sees(http.StatusOK, "Local")
	lacks("web searches")
}

func TestTwoHundredUpstreamsMakeNoPageHeavyOrSlow(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	var keys []gateway.KeyChange
	for range gateway.MaxUpstreamKeys {
		keys = append(keys, gateway.KeyChange{Secret: gateway.NewSecret(vendorKey)})
	}
	for n := range gateway.MaxUpstreams - 2 {
		c := gateway.UpstreamChange{Name: new(fmt.Sprintf("upstream-%03d", n)), Kind: new(gateway.OpenAI), BaseURL: new("https://api.example.com"), Keys: &keys}
		if _, err := s.store.CreateUpstream(context.Background(), accounts.ActorCLI, c); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/admin/upstreams", "/admin/upstreams?after=upstream-100", "/admin/upstreams/$upstream.vendor", "/admin/models", "/admin/models/$model.large", "/admin/models/$model.large/edit", "/admin/upstream-keys/$upkey.main/disable"} {
		v.get(path).sees(http.StatusOK)
		began := time.Now()
		v.get(path).sees(http.StatusOK)
		if took := time.Since(began); took > consoleTime {
			t.Errorf("%s takes %v", path, took)
		} else {
			t.Logf("%-50s %5.1f ms %4d KB", path, took.Seconds()*1000, len(v.html)>>10)
		}
		if len(v.html) > consoleWeight {
			t.Errorf("%s has %d bytes", path, len(v.html))
		}
	}
	v.get("/admin/upstreams").sees(http.StatusOK, "50 of 200 upstreams", "Next page")
}
