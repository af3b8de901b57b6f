package store_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/fault"
	"codexible/gateway"
	"codexible/secrets"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

const upstreamSecret = "sk-vendor-0123456789abcd"

// upstreamChange creates an upstream with a stored key, a reference and a header.
func upstreamChange(name string) gateway.UpstreamChange {
	return gateway.UpstreamChange{
		Name: &name, Kind: new(gateway.OpenAI), BaseURL: new("https://api.example.com"),
		Keys:    new([]gateway.KeyChange{{Name: "main", Secret: gateway.NewSecret(upstreamSecret)}, {Reference: "env:UPSTREAM_SPARE"}}),
		Headers: new(map[string]string{"X-Tenant": "hidden-tenant"}),
	}
}

func newUpstream(t *testing.T, s *store.Store, name string) gateway.Upstream {
	t.Helper()
	return must[gateway.Upstream](t)(s.CreateUpstream(context.Background(), ada, upstreamChange(name)))
}

func upstreamOf(t *testing.T, s *store.Store, id uuid.UUID) gateway.Upstream {
	t.Helper()
	return must[gateway.Upstream](t)(s.Upstream(context.Background(), id))
}

// revealed compares secrets by what they hold.
var revealed = cmp.Comparer(func(a, b gateway.Secret) bool { return a == b })

func TestAnUpstreamReadsBackAsCreatedAndChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		changes := &recorder{changes: make(chan accounts.Change, 10)}
		s.Subscribe(changes)
		u := newUpstream(t, s, "Vendor")
		want := gateway.Upstream{
			ID: u.ID, Name: "Vendor", Kind: gateway.OpenAI, BaseURL: "https://api.example.com/v1", Wires: []usage.Wire{usage.Chat, usage.Responses},
			Keys: []gateway.UpstreamKey{
				{ID: u.Keys[0].ID, Name: "main", Source: gateway.KeyStored, EndsWith: "abcd", Secret: gateway.NewSecret(upstreamSecret)},
				{ID: u.Keys[1].ID, Name: "key 1", Source: gateway.KeyEnv, Reference: "UPSTREAM_SPARE"},
			},
			Headers: map[string]string{"x-tenant": "hidden-tenant"}, Weight: 1, Priority: 1, FirstByteTimeout: 300 * time.Second, IdleTimeout: 300 * time.Second,
			OnClientGone: gateway.Cancel, Enabled: true, CreatedAt: clock.Now(),
		}
		if diff := cmp.Diff(want, u, revealed); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want, upstreamOf(t, s, u.ID), revealed); diff != "" {
			t.Error(diff)
		}
		if got, made := <-changes.changes, (accounts.Change{Subject: accounts.SubjectUpstream, ID: u.ID}); got != made {
			t.Errorf("the change is of %v, not %v", got, made)
		}
		clock.Add(time.Second)
		changed := must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{
			Name: new("other"), Weight: new(int64(0)), IdleTimeout: new(time.Minute), DailyLimitMicros: new(new(int64(5_000_000))), SharedState: new(true), Enabled: new(false),
			Keys: new([]gateway.KeyChange{{Reference: "file:spare"}, {Name: "MAIN", Enabled: new(false)}}),
		}))
		want.Name, want.Weight, want.IdleTimeout, want.DailyLimitMicros, want.SharedState, want.Enabled = "other", 0, time.Minute, new(int64(5_000_000)), true, false
		main := want.Keys[0]
		main.DisabledAt, main.DisabledReason = new(clock.Now()), "disabled by an operator"
		want.Keys = []gateway.UpstreamKey{{ID: changed.Keys[0].ID, Name: "key 1", Source: gateway.KeyFile, Reference: "spare"}, main}
		if diff := cmp.Diff(want, changed, revealed); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]gateway.Upstream{want}, must[[]gateway.Upstream](t)(s.Upstreams(ctx)), revealed); diff != "" {
			t.Error(diff)
		}
		if err := s.DeleteUpstream(ctx, ada, u.ID); err != nil {
			t.Fatal(err)
		}
		wantAudit(t, s,
			"upstream.deleted other: Deleted upstream other. What its calls cost stays.",
			"upstream.changed other: Changed upstream Vendor: daily limit micros from nothing to 5000000, enabled from true to false, idle timeout from 5m0s to 1m0s, keys from main (stored …abcd), key 1 (env:UPSTREAM_SPARE) to key 1 (file:spare), main (stored …abcd, disabled), name from Vendor to other, shared state from false to true, weight from 1 to 0.",
			"upstream.created Vendor: Created upstream Vendor at https://api.example.com/v1.")
		for _, err := range []error{s.DeleteUpstream(ctx, ada, u.ID), second(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{})), second(s.Upstream(ctx, u.ID))} {
			if !errors.Is(err, gateway.ErrUpstreamNotFound) {
				t.Errorf("of a deleted upstream: %v", err)
			}
		}
	})
}

func TestTheAuditLogSaysThatSecretsAreOthersAndNotWhich(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, u := context.Background(), newUpstream(t, s, "vendor")
		must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{
			Keys: new([]gateway.KeyChange{{Name: "main", Secret: gateway.NewSecret("sk-hidden-999999999abcd")}, {Name: "key 1"}}), Headers: new(map[string]string{"x-tenant": "hidden-other"}),
		}))
		entries := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Limit: 1}))
		if want := "Changed upstream vendor: headers from x-tenant to x-tenant (other values), keys from main (stored …abcd), key 1 (env:UPSTREAM_SPARE) to main (stored …abcd), key 1 (env:UPSTREAM_SPARE) (other secrets)."; entries[0].Details != want {
			t.Errorf("the log says %s", entries[0].Details)
		}
		for _, e := range must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Limit: 10})) {
			if text := fmt.Sprint(e); strings.Contains(text, "hidden") || strings.Contains(text, "sk-") {
				t.Errorf("the log has a secret: %s", text)
			}
		}
	})
}

func TestNamesOfUpstreamsAreUniqueWithoutCase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		newUpstream(t, s, "Vendor")
		u := newUpstream(t, s, "other")
		for _, err := range []error{second(s.CreateUpstream(ctx, ada, upstreamChange("VENDOR"))), second(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{Name: new("vendor")}))} {
			if !errors.Is(err, gateway.ErrUpstreamTaken) {
				t.Error(err)
			}
		}
	})
}

func TestAnUpstreamTooManyIsAConflict(t *testing.T) {
	s := storetest.Open(t, storetest.SQLiteURL(t), storetest.NewClock(storetest.Start).Now)
	ctx := context.Background()
	for i := range gateway.MaxUpstreams {
		must[gateway.Upstream](t)(s.CreateUpstream(ctx, ada, gateway.UpstreamChange{Name: new(fmt.Sprint("u", i)), Kind: new(gateway.Anthropic), BaseURL: new("https://api.example.com")}))
	}
	if err := second(s.CreateUpstream(ctx, ada, upstreamChange("more"))); !errors.Is(err, gateway.ErrTooManyUpstreams) {
		t.Error(err)
	}
}

func TestAnUpstreamThatAModelNamesIsNotDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, u, v := context.Background(), newUpstream(t, s, "vendor"), newUpstream(t, s, "spare")
		list := []catalog.NewCandidate{{Upstream: "SPARE", Model: "large-2", Weight: new(int64(0)), Priority: new(int64(2))}, {Upstream: "vendor"}}
		m := must[catalog.Model](t)(s.CreateModel(ctx, ada, catalog.ModelChange{
			Name: new("large"), Overrun: new(catalog.OverrunStop), HostedTools: new([]string{"code_interpreter"}), Candidates: &list,
		}))
		newModel(t, s, "plain")
		want := []catalog.Candidate{{UpstreamID: v.ID, Model: "large-2", Weight: 0, Priority: 2}, {UpstreamID: u.ID, Weight: 1, Priority: 1}}
		for _, read := range []*catalog.Model{&m, readBook(t, s).Model("large"), new(must[catalog.Model](t)(s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{})))} {
			if diff := cmp.Diff(want, read.Candidates); diff != "" || read.Overrun != catalog.OverrunStop || !reflect.DeepEqual(read.HostedTools, []string{"code_interpreter"}) {
				t.Errorf("%+v %s", read, diff)
			}
		}
		if plain := readBook(t, s).Model("plain"); len(plain.Candidates) != 0 || plain.Overrun != catalog.OverrunFinish {
			t.Errorf("another model has candidates: %+v", plain)
		}
		err := s.DeleteUpstream(ctx, ada, u.ID)
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(fmt.Sprint(err), "serves models: large.") {
			t.Errorf("an upstream that serves is deleted: %v", err)
		}
		for problem, wrong := range map[string][]catalog.NewCandidate{
			"no upstream": {{Upstream: "nobody"}}, "each upstream once": {{Upstream: "vendor"}, {Upstream: "Vendor"}}, "weights": {{Upstream: "vendor", Weight: new(int64(1001))}},
			"priorities": {{Upstream: "vendor", Priority: new(int64(0))}}, "names": {{Upstream: "vendor", Model: "a b"}}, "at most 20": make([]catalog.NewCandidate, 21),
		} {
			_, err := s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Candidates: &wrong})
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.As(err).Fields["candidates"], problem) {
				t.Errorf("%s: %v", problem, err)
			}
		}
		must[catalog.Model](t)(s.ChangeModel(ctx, ada, m.ID, catalog.ModelChange{Candidates: new(list[:1])}))
		if err := s.DeleteUpstream(ctx, ada, u.ID); err != nil {
			t.Error(err)
		}
		if err := errors.Join(s.DeleteModel(ctx, ada, m.ID), s.DeleteUpstream(ctx, ada, v.ID)); err != nil {
			t.Error(err)
		}
		wantAudit(t, s,
			"upstream.deleted spare: Deleted upstream spare. What its calls cost stays.",
			"model.deleted large: Deleted model large. Its prices and charges stay.",
			"upstream.deleted vendor: Deleted upstream vendor. What its calls cost stays.",

			"model.changed large: Changed model large: candidates from spare as large-2 (weight 0, priority 2), vendor (weight 1, priority 1) to spare as large-2 (weight 0, priority 2).")
	})
}

func TestOfManyInstancesThatDisableAKeyAtOnceOneSaysSo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx, u := context.Background(), newUpstream(t, s, "vendor")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := s.DisableUpstreamKey(ctx, u.ID, u.Keys[0].ID, "the provider answered 401"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		k := upstreamOf(t, s, u.ID).Keys[0]
		if k.DisabledAt == nil || !k.DisabledAt.Equal(clock.Now()) || k.DisabledReason != "the provider answered 401" || k.Usable() {
			t.Errorf("the key is %+v", k)
		}
		entries := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{Limit: 10}))
		if e := entries[0]; len(entries) < 2 || entries[1].Action != "upstream.created" || e.Actor != "system" || e.Action != "upstream.key_disabled" ||
			e.Details != "Disabled key main of upstream vendor: the provider answered 401. No call uses it until it is enabled again or replaced." {
			t.Errorf("the log says %+v", entries[:2])
		}
		after := must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{Keys: new([]gateway.KeyChange{{Name: "main", Enabled: new(true)}})}))
		if k := after.Keys[0]; !k.Usable() || k.ID != u.Keys[0].ID || k.DisabledReason != "" {
			t.Errorf("enabled again it is %+v", k)
		}
		// A key that was replaced meanwhile stays as it is.
		if err := s.DisableUpstreamKey(ctx, u.ID, u.Keys[1].ID, "late"); err != nil {
			t.Error(err)
		}
	})
}

func TestKeysAndHeadersOfUpstreamsLieEncryptedAndBoundToTheirRows(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, key := context.Background(), secrets.MintKey()
		s := openWith(t, url, only(key))
		u, v := newUpstream(t, s, "one"), newUpstream(t, s, "two")
		sealed := append(texts(t, storetest.Raw(t, url), "SELECT secret FROM upstream_keys WHERE source = 'stored'"), texts(t, storetest.Raw(t, url), "SELECT headers FROM upstreams")...)
		for _, text := range sealed {
			if !secrets.IsSealed(text) || strings.Contains(text, "vendor") || strings.Contains(text, "tenant") {
				t.Errorf("a secret lies there as %q", text)
			}
		}
		if len(sealed) != 4 {
			t.Errorf("%d values are encrypted", len(sealed))
		}
		// Who writes to the database cannot give an upstream the secrets of another.
		storetest.Exec(t, url, "UPDATE upstreams SET headers = (SELECT o.headers FROM upstreams AS o WHERE o.name = 'two') WHERE name = 'one'")
		storetest.Exec(t, url, "UPDATE upstream_keys SET secret = (SELECT MIN(o.secret) FROM upstream_keys AS o WHERE o.secret <> '') WHERE secret <> ''")
		unusable := 0
		for _, u := range must[[]gateway.Upstream](t)(s.Upstreams(ctx)) {
			if k := u.Keys[0]; k.Problem != "" && k.Secret.IsZero() && !k.Usable() {
				unusable++
			}
			if (u.Problem != "") != (u.Name == "one") || (u.Headers == nil) != (u.Name == "one") {
				t.Errorf("the headers of %s: %q", u.Name, u.Problem)
			}
		}
		if unusable != 1 {
			t.Errorf("%d of 2 keys cannot be used, want 1", unusable)
		}
		// Sent again they work, and a change of something else leaves the others as they are.
		must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{Weight: new(int64(3))}))
		if got := upstreamOf(t, s, u.ID); got.Problem == "" || got.Weight != 3 {
			t.Errorf("a change of the weight: %q", got.Problem)
		}
		again := upstreamChange("one")
		must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, u.ID, gateway.UpstreamChange{Headers: again.Headers, Keys: again.Keys}))
		if got := upstreamOf(t, s, u.ID); got.Problem != "" || got.Headers["x-tenant"] != "hidden-tenant" || got.Keys[0].Secret.Reveal() != upstreamSecret {
			t.Errorf("sent again: %+v", got)
		}
		must[gateway.Upstream](t)(s.ChangeUpstream(ctx, ada, v.ID, gateway.UpstreamChange{BaseURL: new("https://other.example.com")}))
		if got := upstreamOf(t, s, v.ID); len(got.Keys) != 0 || got.Headers != nil || got.BaseURL != "https://other.example.com/v1" {
			t.Errorf("at another address it has %+v", got)
		}
		if n := storetest.Count(t, storetest.Raw(t, url), "SELECT COUNT(*) FROM upstream_keys"); n != 2 {
			t.Errorf("%d keys are kept", n)
		}
	})
}

func TestSecretsOfUpstreamsAreRotatedAndForgotten(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, before, after := context.Background(), secrets.MintKey(), secrets.MintKey()
		u := newUpstream(t, openWith(t, url, only(before)), "vendor")
		s := openWith(t, url, only(after))
		if err := second(s.CreateUpstream(ctx, ada, upstreamChange("other"))); !errors.Is(err, secrets.ErrOtherKey) {
			t.Errorf("with another key: %v", err)
		}
		if n := must[int](t)(openWith(t, url, secrets.NewRing(after, before, "")).RotateSecrets(ctx, operator)); n != 2 {
			t.Errorf("%d were encrypted again", n)
		}
		if got := upstreamOf(t, s, u.ID); got.Keys[0].Secret.Reveal() != upstreamSecret || got.Headers["x-tenant"] != "hidden-tenant" {
			t.Errorf("after the rotation it reads %+v", got)
		}
		lost := openWith(t, url, only(before))
		for _, drop := range []bool{false, true} {
			of := must[store.DroppedSecrets](t)(lost.DropSecrets(ctx, operator, drop))
			if !reflect.DeepEqual(of, store.DroppedSecrets{Upstreams: []string{"vendor"}}) {
				t.Errorf("dropped %+v", of)
			}
			if got := upstreamOf(t, s, u.ID); (got.Keys[0].Secret.Reveal() == upstreamSecret) == drop || (got.Headers != nil) == drop || got.Enabled == drop || (got.Keys[0].DisabledAt != nil) != drop {
				t.Errorf("dropped: %v, and it reads %+v", drop, got)
			}
		}
		if of := must[store.DroppedSecrets](t)(lost.DropSecrets(ctx, operator, true)); !of.None() {
			t.Errorf("dropped again: %+v", of)
		}
		again := upstreamChange("vendor")
		again.Enabled = new(true)
		must[gateway.Upstream](t)(lost.ChangeUpstream(ctx, ada, u.ID, again))
		if got := upstreamOf(t, lost, u.ID); !got.Keys[0].Usable() || got.Problem != "" || !got.Enabled {
			t.Errorf("sent again it reads %+v", got)
		}
		bare := openWith(t, url, only(secrets.Key{}))
		for _, u := range must[[]gateway.Upstream](t)(bare.Upstreams(ctx)) {
			if u.Problem == "" || u.Keys[0].Problem == "" || u.Keys[1].Problem != "" {
				t.Errorf("without a key it reads %+v", u)
			}
		}
	})
}

func TestAnUpstreamWithoutStoredSecretsNeedsNoKeyOfTheService(t *testing.T) {
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, bare := context.Background(), openWith(t, url, only(secrets.Key{}))
		u := must[gateway.Upstream](t)(bare.CreateUpstream(ctx, ada, gateway.UpstreamChange{
			Name: new("local"), Kind: new(gateway.Compatible), BaseURL: new("http://127.0.0.1:8000"), Keys: new([]gateway.KeyChange{{Reference: "file:local"}}),
		}))
		if got := upstreamOf(t, bare, u.ID); got.OnClientGone != gateway.Drain || got.Keys[0].Ref() != "file:local" {
			t.Errorf("it reads %+v", got)
		}
		if err := second(bare.CreateUpstream(ctx, ada, upstreamChange("vendor"))); !errors.Is(err, secrets.ErrNoKey) {
			t.Errorf("a stored key without a key of the service: %v", err)
		}
		if list := must[[]gateway.Upstream](t)(bare.Upstreams(ctx)); len(list) != 1 {
			t.Errorf("%d upstreams are kept", len(list))
		}
	})
}

func TestAMoveTakesUpstreamsWithTheirSecrets(t *testing.T) {
	to, from, ctx, key := storetest.PostgresURL(t), storetest.SQLiteURL(t), context.Background(), secrets.MintKey()
	storetest.Migrate(t, from)
	storetest.Migrate(t, to)
	s := openWith(t, from, only(key))
	u := newUpstream(t, s, "vendor")
	must[catalog.Model](t)(s.CreateModel(ctx, ada, catalog.ModelChange{Name: new("large"), Candidates: new([]catalog.NewCandidate{{Upstream: "vendor"}})}))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Move(ctx, from, to, storetest.Files(), only(key)); err != nil {
		t.Fatal(err)
	}
	moved := openWith(t, to, only(key))
	if got := upstreamOf(t, moved, u.ID); got.Keys[0].Secret.Reveal() != upstreamSecret || got.Headers["x-tenant"] != "hidden-tenant" || len(readBook(t, moved).Model("large").Candidates) != 1 {
		t.Errorf("the moved upstream is %+v", got)
	}
}
