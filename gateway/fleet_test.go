package gateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var fleetNoon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func fleetID(n int) uuid.UUID { return uuid.UUID{14: byte(n >> 8), 15: byte(n)} }

// harbour is a fleet whose parts are at hand. Its time stands until it is set.
type harbour struct {
	*Fleet

	mu       sync.Mutex
	now      time.Time
	stored   []Upstream
	readErr  error
	reads    int
	secrets  map[string]string
	spent    map[uuid.UUID]int64
	spentErr error
	disabled []string
	refuse   error // what Disable returns
	events   []FleetEvent
	draw     func(n int64) int64
}

func newHarbour(t *testing.T, store StickyStore, upstreams ...Upstream) *harbour {
	t.Helper()
	h := &harbour{now: fleetNoon, stored: upstreams, secrets: map[string]string{}, draw: func(int64) int64 { return 0 }}
	h.Fleet = NewFleet(FleetParts{
		Read: func(context.Context) ([]Upstream, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.reads++
			return slices.Clone(h.stored), h.readErr
		},
		Resolve: func(source KeySource, reference string) (Secret, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			if text := h.secrets[string(source)+":"+reference]; text != "" {
				return NewSecret(text), nil
			}
			return Secret{}, errors.New("there is no such secret")
		},
		Disable: func(_ context.Context, upstream, key uuid.UUID, reason string) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.disabled = append(h.disabled, upstream.String()[35:]+"/"+key.String()[34:]+" "+reason)
			return h.refuse
		},
		Spent: func(context.Context, usage.Day) (map[uuid.UUID]int64, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return maps.Clone(h.spent), h.spentErr
		},
		Sticky: store,
		Now: func() time.Time {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.now
		},
		Observe: func(e FleetEvent) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.events = append(h.events, e)
		},
		Draw: func(n int64) int64 { return h.draw(n) },
	})
	h.Up(true)
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func (h *harbour) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// change replaces what is stored, as an operator does.
func (h *harbour) change(upstreams ...Upstream) {
	h.mu.Lock()
	h.stored = upstreams
	h.mu.Unlock()
	h.Changed(accounts.Change{Subject: accounts.SubjectUpstream})
}

// settle waits for what runs in the background.
func (h *harbour) settle() { h.background.running.Wait() }

func (h *harbour) kinds() []FleetEventKind {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kinds []FleetEventKind
	for _, e := range h.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// fleetUpstream is an upstream with as many stored keys; its keys have the ids 16 times its own and up.
func fleetUpstream(n, keys int) Upstream {
	u := Upstream{
		ID: fleetID(n), Name: string(rune('a' + n)), Kind: Compatible, BaseURL: "https://upstream.example/v1",
		Wires: []usage.Wire{usage.Chat}, Weight: 1, Priority: 1, Enabled: true,
	}
	for i := range keys {
		u.Keys = append(u.Keys, UpstreamKey{ID: fleetID(16*n + i), Name: string(rune('0' + i)), Source: KeyStored, Secret: NewSecret("secret of " + u.Name + string(rune('0'+i)))})
	}
	return u
}

// fleetModel is a model that these upstreams serve.
func fleetModel(upstreams ...int) *catalog.Model {
	m := &catalog.Model{Name: "large"}
	for _, n := range upstreams {
		m.Candidates = append(m.Candidates, catalog.Candidate{UpstreamID: fleetID(n), Weight: 1, Priority: 1})
	}
	return m
}

func TestUpstreamsAreReadAgainAfterAChange(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	expect := func(says string, reads int, names ...string) {
		t.Helper()
		all, err := h.Upstreams(t.Context())
		var got []string
		for _, u := range all {
			got = append(got, u.Name)
		}
		if err != nil || h.reads != reads || !slices.Equal(got, names) {
			t.Errorf("%s: %v after %d reads, not %v after %d (%v)", says, got, h.reads, names, reads, err)
		}
	}
	expect("the first", 1, "b")
	h.pass(time.Hour)
	expect("no change in an hour", 1, "b")
	h.change(fleetUpstream(2, 1), fleetUpstream(1, 1))
	expect("another one", 2, "b", "c")
	h.Changed(accounts.Change{Subject: accounts.SubjectModel})
	expect("a model changed", 2, "b", "c")
	h.Up(false)
	expect("changes do not arrive", 3, "b", "c")
	h.pass(4 * time.Second)
	expect("a moment later", 3, "b", "c")
	h.pass(time.Second)
	expect("five seconds later", 4, "b", "c")
	h.readErr = errors.New("away")
	h.Up(true)
	if _, err := h.Upstreams(t.Context()); !errors.Is(err, h.readErr) {
		t.Errorf("a failed read is %v", err)
	}
}

func TestAModelIsOnTheWiresOfItsUpstreams(t *testing.T) {
	one, two, away := fleetUpstream(1, 1), fleetUpstream(2, 1), fleetUpstream(3, 1)
	two.Wires = []usage.Wire{usage.Responses, usage.Chat}
	away.Wires, away.Enabled = []usage.Wire{usage.Messages}, false
	h := newHarbour(t, nil, one, two, away)
	for _, c := range []struct {
		m    *catalog.Model
		want []usage.Wire
	}{
		{fleetModel(), nil},
		{fleetModel(9), nil},
		{fleetModel(1), []usage.Wire{usage.Chat}},
		{fleetModel(2, 1), []usage.Wire{usage.Chat, usage.Responses}},
		{fleetModel(3, 1), []usage.Wire{usage.Chat, usage.Messages}},
	} {
		got, err := h.Wires(t.Context(), c.m)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v is on %v, not on %v (%v)", c.m.Candidates, got, c.want, err)
		}
		for _, w := range []usage.Wire{usage.Chat, usage.Responses, usage.Messages} {
			if on, err := h.Serves(t.Context(), c.m, w); err != nil || on != slices.Contains(c.want, w) {
				t.Errorf("%v on wire %d: %t (%v)", c.m.Candidates, w, on, err)
			}
		}
	}
}

func TestAReferenceIsResolvedEveryMinuteAndSaidOnceWhereItCannotBe(t *testing.T) {
	u := fleetUpstream(1, 0)
	u.Keys = []UpstreamKey{{ID: fleetID(16), Name: "main", Source: KeyFile, Reference: "openai"}, {ID: fleetID(17), Name: "spare", Source: KeyEnv, Reference: "UPSTREAM_SPARE"}}
	h := newHarbour(t, nil, u)
	h.secrets["env:UPSTREAM_SPARE"] = "spare secret"
	expect := func(says string, keys ...string) {
		t.Helper()
		all, err := h.Upstreams(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range all[0].Keys {
			got = append(got, k.Secret.Reveal())
		}
		if !slices.Equal(got, keys) {
			t.Errorf("%s: %q, not %q", says, got, keys)
		}
	}
	expect("a file that is not there", "", "spare secret")
	if try, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok || try.Key.Name != "spare" {
		t.Errorf("a key without a secret is tried: %v", try.Key)
	}
	h.secrets["file:openai"] = "first"
	expect("within the minute", "", "spare secret")
	h.pass(time.Minute)
	expect("a minute later", "first", "spare secret")
	h.secrets["file:openai"] = "second"
	h.pass(time.Minute)
	expect("rotated", "second", "spare secret")
	delete(h.secrets, "file:openai")
	for range 3 {
		h.pass(time.Minute)
		expect("gone", "", "spare secret")
	}
	if diff := cmp.Diff([]FleetEventKind{KeyUnreadable, KeyUnreadable}, h.kinds()); diff != "" || h.reads != 1 {
		t.Errorf("%d reads; events %s", h.reads, diff)
	}
}

func TestManyCallersAtOnceSeeNoUpstreamFromBeforeAChange(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			left, leave := context.WithCancel(context.Background())
			leave()
			for i := range 50 {
				h.mu.Lock()
				least := len(h.stored)
				h.mu.Unlock()
				h.Changed(accounts.Change{Subject: accounts.SubjectUpstream})
				all, err := h.Upstreams(left)
				if err != nil || len(all) < least {
					t.Errorf("%d upstreams, %d were stored before (%v)", len(all), least, err)
				}
				h.mu.Lock()
				if i%10 == 0 {
					h.stored = append(slices.Clone(h.stored), fleetUpstream(1+len(h.stored), 1))
				}
				h.mu.Unlock()
			}
		})
	}
	done.Wait()
}

func TestALateReadFromBeforeAChangeReplacesNothingInTheBackground(t *testing.T) {
	h := newHarbour(t, nil)
	reads := make(chan chan []Upstream, 2)
	h.parts.Read = func(context.Context) ([]Upstream, error) {
		answer := make(chan []Upstream)
		reads <- answer
		return <-answer, nil
	}
	var done sync.WaitGroup
	ask := func() (answer chan []Upstream, got *[]*Upstream) {
		got = new([]*Upstream)
		done.Go(func() { *got, _ = h.Upstreams(context.Background()) })
		return <-reads, got
	}
	early, before := ask()
	h.Changed(accounts.Change{Subject: accounts.SubjectUpstream})
	late, after := ask()
	late <- []Upstream{fleetUpstream(2, 1)}
	eventuallyTrue(t, "the later read is kept", func() bool { return h.kept.Load() != nil })
	early <- []Upstream{fleetUpstream(1, 1)}
	done.Wait()
	for says, got := range map[string][]*Upstream{"before": *before, "after": *after, "kept": h.kept.Load().list} {
		if len(got) != 1 || got[0].ID != fleetID(2) {
			t.Errorf("%s the change: %v", says, got)
		}
	}
}
