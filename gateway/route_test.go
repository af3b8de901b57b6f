package gateway

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"codexible/catalog"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func fleetRoute(t testing.TB, h *harbour, m *catalog.Model, s Session) *Route {
	t.Helper()
	r, err := h.Route(t.Context(), m, usage.Chat, s, false)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func fleetNext(t testing.TB, h *harbour, m *catalog.Model, s Session) (Try, bool) {
	t.Helper()
	return fleetRoute(t, h, m, s).Next()
}

// way is the upstreams and keys that a call tries while each answers as given, such as "b0".
func way(t testing.TB, h *harbour, m *catalog.Model, s Session, answers ...Failure) []string {
	t.Helper()
	r := fleetRoute(t, h, m, s)
	var tried []string
	for _, f := range answers {
		try, ok := r.Next()
		if !ok {
			break
		}
		tried = append(tried, try.Name+try.Key.Name)
		r.Failed(try, f)
	}
	return tried
}

func TestAfter429AnotherKeyIsTriedAndAfter5xxAnotherUpstream(t *testing.T) {
	limited, broken, absent, overloaded := Failure{Status: 429}, Failure{Status: 500}, Failure{}, Failure{Status: 529}
	inside := Failure{Status: 200} // a failure inside a stream
	for says, c := range map[string]struct {
		answers []Failure
		want    []string
	}{
		"limits":             {[]Failure{limited, limited, limited, limited}, []string{"b0", "b1", "c0"}},
		"failures":           {[]Failure{broken, broken, broken, broken}, []string{"b0", "c0", "d0"}},
		"no connection":      {[]Failure{absent, overloaded, absent, absent}, []string{"b0", "c0", "d0"}},
		"in the stream":      {[]Failure{inside, inside, limited}, []string{"b0", "c0", "d0"}},
		"limit, then broken": {[]Failure{limited, broken, broken, broken}, []string{"b0", "b1", "c0"}},
		"refused":            {[]Failure{{Status: 401}, {Status: 403}, broken, broken}, []string{"b0", "b1", "c0"}},
	} {
		h := newHarbour(t, nil, fleetUpstream(1, 2), fleetUpstream(2, 2), fleetUpstream(3, 1))
		if got := way(t, h, fleetModel(1, 2, 3), Session{}, c.answers...); !slices.Equal(got, c.want) {
			t.Errorf("%s: tried are %v, not %v", says, got, c.want)
		}
		h.settle()
	}
}

func TestRetriedAre408429And5xx(t *testing.T) {
	for status := range 1000 {
		want := status == 408 || status == 429 || status >= 500 && status <= 599
		if got := Retryable(status); got != want {
			t.Errorf("%d: %t", status, got)
		}
	}
}

func TestA429RestsTheKeyAsLongAsItSays(t *testing.T) {
	for _, c := range []struct{ says, rests time.Duration }{
		{0, time.Minute}, {2 * time.Second, 2 * time.Second}, {time.Hour, time.Hour}, {5 * time.Hour, time.Hour},
	} {
		h := newHarbour(t, nil, fleetUpstream(1, 1))
		r := fleetRoute(t, h, fleetModel(1), Session{})
		try, _ := r.Next()
		r.Failed(try, Failure{Status: 429, RetryAfter: c.says})
		if got, want := r.Wait(), min(c.rests, time.Minute); got != want {
			t.Errorf("%s: the call waits %s, not %s", c.says, got, want)
		}
		want := UpstreamState{Keys: []KeyState{{ID: fleetID(16), RestsUntil: fleetNoon.Add(c.rests)}}}
		if diff := cmp.Diff(want, h.State(fleetID(1))); diff != "" {
			t.Errorf("%s: %s", c.says, diff)
		}
		h.pass(c.rests - time.Nanosecond)
		if _, ok := fleetNext(t, h, fleetModel(1), Session{}); ok {
			t.Errorf("%s: the key is tried before its rest ends", c.says)
		}
		h.pass(time.Nanosecond)
		if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok {
			t.Errorf("%s: the key is not tried after its rest", c.says)
		}
		if diff := cmp.Diff([]FleetEvent{{Kind: KeyRests, UpstreamID: fleetID(1), Upstream: "b", Key: "0", Status: 429, Rest: c.rests}}, h.events); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAShorterRestDoesNotEndALongerOne(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	r, other := fleetRoute(t, h, fleetModel(1), Session{}), fleetRoute(t, h, fleetModel(1), Session{})
	one, _ := r.Next()
	two, _ := other.Next()
	r.Failed(one, Failure{Status: 429, RetryAfter: 10 * time.Minute})
	other.Failed(two, Failure{Status: 429, RetryAfter: time.Second})
	h.pass(2 * time.Second)
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); ok {
		t.Error("the key is tried again")
	}
	h.pass(-2 * time.Hour)
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok {
		t.Error("a clock that was set back rests the key for hours")
	}
}

func TestAnUpstreamWithoutKeysIsCalledWithoutAndRestsItselfAfter429(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 0))
	r := fleetRoute(t, h, fleetModel(1), Session{})
	try, ok := r.Next()
	if !ok || try.Key == nil || try.Key.ID != uuid.Nil || !try.Key.Secret.IsZero() {
		t.Fatalf("%v, %t", try.Key, ok)
	}
	r.Failed(try, Failure{Status: 401})
	h.settle()
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok || len(h.disabled) > 0 {
		t.Errorf("a key that is not there is disabled: %v", h.disabled)
	}
	r.Failed(try, Failure{Status: 429, RetryAfter: 3 * time.Second})
	if s := h.State(fleetID(1)); !s.RestsUntil.Equal(fleetNoon.Add(3*time.Second)) || len(s.Keys) > 0 {
		t.Errorf("the state is %+v", s)
	}
	if r := fleetRoute(t, h, fleetModel(1), Session{}); r.Wait() != 3*time.Second {
		t.Errorf("wait %s", r.Wait())
	}
}

func TestFiveFailuresInARowWithinHalfAMinuteRestTheUpstream(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	fail := func(times int) {
		for range times {
			r := fleetRoute(t, h, fleetModel(1), Session{})
			if try, ok := r.Next(); ok {
				r.Failed(try, Failure{Status: 503})
			}
		}
	}
	rests := func(says string, want time.Duration, failures int) {
		t.Helper()
		r := fleetRoute(t, h, fleetModel(1), Session{})
		try, ok := r.Next()
		if ok != (want == 0) || r.Wait() != want || h.State(fleetID(1)).Failures != failures {
			t.Errorf("%s: it is called %t, rests %s with %d failures", says, ok, r.Wait(), h.State(fleetID(1)).Failures)
		}
		if says == "four, one served" {
			r.Served(t.Context(), try)
		}
	}
	fail(4)
	rests("four, one served", 0, 4)
	rests("counted from the beginning", 0, 0)
	fail(4)
	h.pass(30 * time.Second)
	rests("four are too old", 0, 0)
	fail(4)
	h.pass(29 * time.Second)
	fail(1)
	rests("five", 30*time.Second, 0)
	h.pass(29 * time.Second)
	rests("a second before its end", time.Second, 0)
	h.pass(time.Second)
	rests("after it", 0, 0)
	if diff := cmp.Diff([]FleetEvent{{Kind: UpstreamRests, UpstreamID: fleetID(1), Upstream: "b", Status: 503, Rest: 30 * time.Second}}, h.events); diff != "" {
		t.Error(diff)
	}
	fail(5)
	changed := fleetUpstream(1, 1)
	changed.BaseURL = "https://other.example/v1"
	h.change(changed)
	rests("another base URL", 0, 0)
}

func TestTheClientsOwnFaultsAndLeavingCountAgainstNobody(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	for range 10 {
		for _, f := range []Failure{{Status: 400}, {Status: 404}, {Status: 302}, {Status: 413}, {Status: 500, Gone: true}, {Gone: true}, {Status: 429, Gone: true}} {
			r := fleetRoute(t, h, fleetModel(1), Session{})
			if try, ok := r.Next(); ok {
				r.Failed(try, f)
			}
		}
	}
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok || !cmp.Equal(h.State(fleetID(1)), UpstreamState{}) {
		t.Errorf("the upstream rests: %+v", h.State(fleetID(1)))
	}
}

func TestARefusedKeyIsDisabledAtOnceAndRecordedOnce(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 2))
	before, again := fleetRoute(t, h, fleetModel(1), Session{}), fleetRoute(t, h, fleetModel(1), Session{})
	one, _ := before.Next()
	two, _ := again.Next()
	before.Failed(one, Failure{Status: 401})
	if try, _ := fleetNext(t, h, fleetModel(1), Session{}); try.Key == nil || try.Key.Name != "1" {
		t.Error("the refused key is tried again")
	}
	again.Failed(two, Failure{Status: 403})
	h.settle()
	if want := []string{"1/10 the provider answered with status 401"}; !slices.Equal(h.disabled, want) {
		t.Errorf("recorded is %q", h.disabled)
	}
	if diff := cmp.Diff([]FleetEvent{{Kind: KeyDisabled, UpstreamID: fleetID(1), Upstream: "b", Key: "0", Status: 401}}, h.events); diff != "" {
		t.Error(diff)
	}
	// What is stored decides from here on: the key as it was recorded, and as a person enables it.
	at := fleetNoon
	off := fleetUpstream(1, 2)
	off.Keys[0].DisabledAt = &at
	h.change(off)
	if try, _ := fleetNext(t, h, fleetModel(1), Session{}); try.Key == nil || try.Key.Name != "1" {
		t.Error("a disabled key is tried")
	}
	h.change(fleetUpstream(1, 2))
	if try, _ := fleetNext(t, h, fleetModel(1), Session{}); try.Key == nil || try.Key.Name != "0" {
		t.Error("a key that a person has enabled is not tried")
	}
}

func TestARefusalThatCannotBeRecordedIsTriedAgainLater(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	h.refuse = errors.New("away")
	for n := range 2 {
		r := fleetRoute(t, h, fleetModel(1), Session{})
		try, ok := r.Next()
		if !ok {
			t.Fatalf("the key is not tried the %dth time", n)
		}
		r.Failed(try, Failure{Status: 401})
		h.settle()
		if _, ok := fleetNext(t, h, fleetModel(1), Session{}); ok {
			t.Fatal("a refused key is tried")
		}
		h.pass(5 * time.Minute)
	}
	want := []FleetEventKind{KeyDisabled, KeyDisableFailed, KeyDisabled, KeyDisableFailed}
	if diff := cmp.Diff(want, h.kinds()); diff != "" || len(h.disabled) != 2 {
		t.Errorf("%q %s", h.disabled, diff)
	}
}

func TestARefusalOfAReplacedSecretDisablesNothing(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	r := fleetRoute(t, h, fleetModel(1), Session{})
	try, _ := r.Next()
	replaced := fleetUpstream(1, 1)
	replaced.Keys[0].Secret = NewSecret("another")
	h.change(replaced)
	if _, err := h.Upstreams(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Failed(try, Failure{Status: 401})
	h.settle()
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok || len(h.disabled) > 0 {
		t.Errorf("disabled is %v", h.disabled)
	}
	// A rest belongs to the secret that was answered with 429.
	r = fleetRoute(t, h, fleetModel(1), Session{})
	try, _ = r.Next()
	r.Failed(try, Failure{Status: 429})
	h.change(fleetUpstream(1, 1))
	if _, ok := fleetNext(t, h, fleetModel(1), Session{}); !ok {
		t.Error("the other secret rests")
	}
}

func TestOnlyUpstreamsThatCanTakeACallAreTried(t *testing.T) {
	disabled, otherWire, shared, keyless := fleetUpstream(1, 1), fleetUpstream(2, 1), fleetUpstream(3, 1), fleetUpstream(4, 1)
	disabled.Enabled = false
	otherWire.Wires = []usage.Wire{usage.Messages}
	shared.SharedState = true
	keyless.Keys[0].Secret = Secret{}
	h := newHarbour(t, nil, disabled, otherWire, shared, keyless, fleetUpstream(5, 1))
	if got := way(t, h, fleetModel(1, 2, 4, 5, 9), Session{}, Failure{}, Failure{}); !slices.Equal(got, []string{"f0"}) {
		t.Errorf("tried are %v", got)
	}
	for _, c := range []struct {
		m    *catalog.Model
		want string
		err  error
	}{
		{fleetModel(5, 3), "d", nil}, {fleetModel(5), "", ErrNoSharedState}, {fleetModel(1), "", nil}, {fleetModel(), "", nil},
	} {
		r, err := h.Route(t.Context(), c.m, usage.Chat, Session{}, true)
		if !errors.Is(err, c.err) {
			t.Errorf("%v: %v", c.m.Candidates, err)
		}
		if err != nil {
			continue
		}
		got := ""
		if try, ok := r.Next(); ok {
			got = try.Name
		}
		if got != c.want || r.Wait() != 0 {
			t.Errorf("%v: %q, wait %s", c.m.Candidates, got, r.Wait())
		}
	}
}

func TestTheUpstreamsNameOfAModelIsItsOwnOrTheModels(t *testing.T) {
	h := newHarbour(t, nil, fleetUpstream(1, 1))
	m := fleetModel(1)
	for _, own := range []string{"", "vendor/large"} {
		m.Candidates[0].Model = own
		want := own
		if own == "" {
			want = "large"
		}
		if try, _ := fleetNext(t, h, m, Session{}); try.Model != want {
			t.Errorf("%q, not %q", try.Model, want)
		}
	}
}

func TestDrawsFollowTheProductOfWeights(t *testing.T) {
	heavy, light, none := fleetUpstream(1, 1), fleetUpstream(2, 1), fleetUpstream(3, 1)
	heavy.Weight, none.Weight, none.Priority = 3, 0, 1
	later := fleetUpstream(4, 1)
	later.Priority = 2
	h := newHarbour(t, nil, heavy, light, none, later)
	source := rand.New(rand.NewPCG(1, 2))
	h.draw = source.Int64N
	m := fleetModel(3, 4, 2, 1)
	m.Candidates[3].Weight = 2 // 3 × 2 lots against 1
	first := map[string]int{}
	for range 7000 {
		got := way(t, h, m, Session{}, Failure{Status: 400}, Failure{Status: 400}, Failure{Status: 400})
		if got[2] != "e0" {
			t.Fatalf("an upstream without weight or of a later priority is tried before its time: %v", got)
		}
		first[got[0]]++
	}
	if n := first["b0"]; n < 5850 || n > 6150 || first["c0"] != 7000-n {
		t.Errorf("of 7000 draws %v", first)
	}
}

// Whatever the upstreams answer: at most three tries, each of another key, in the order of
// priorities, of keys that can be used, after a 429 of the same upstream where it has another
// key and after a failure of another upstream.
func TestRoutesKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(0, 6).Draw(rt, "upstreams")
		var all []Upstream
		m := fleetModel()
		for n := range count {
			u := fleetUpstream(n, rapid.IntRange(0, 3).Draw(rt, "keys"))
			u.Weight = rapid.Int64Range(0, 3).Draw(rt, "weight")
			u.Priority = rapid.Int64Range(1, 2).Draw(rt, "priority")
			u.Enabled = rapid.IntRange(0, 9).Draw(rt, "enabled") > 0
			for i := range u.Keys {
				if rapid.IntRange(0, 4).Draw(rt, "off") == 0 {
					u.Keys[i].DisabledAt = &fleetNoon
				}
			}
			all = append(all, u)
			m.Candidates = append(m.Candidates, catalog.Candidate{UpstreamID: u.ID, Weight: rapid.Int64Range(0, 3).Draw(rt, "weight"), Priority: rapid.Int64Range(1, 2).Draw(rt, "priority")})
		}
		h := newHarbour(t, nil, all...)
		seed := rapid.Uint64().Draw(rt, "seed")
		h.draw = rand.New(rand.NewPCG(seed, 0)).Int64N
		usable := func(u *Upstream) (n int) {
			if !u.Enabled {
				return 0
			}
			for i := range u.Keys {
				if u.Keys[i].Usable() {
					n++
				}
			}
			return n + btoi(len(u.Keys) == 0)
		}
		rank := func(id uuid.UUID) string {
			for n, c := range m.Candidates {
				if c.UpstreamID == id {
					return fmt.Sprint(btoi(c.Weight*all[n].Weight == 0), c.Priority, all[n].Priority)
				}
			}
			return ""
		}
		r := fleetRoute(t, h, m, Session{})
		var tries []Try
		left := map[uuid.UUID]int{}
		for i := range all {
			left[all[i].ID] = usable(&all[i])
		}
		for try, ok := r.Next(); ok; try, ok = r.Next() {
			if !try.Enabled || left[try.Upstream.ID] == 0 || len(try.Keys) > 0 && !try.Key.Usable() {
				rt.Fatalf("a try that cannot be: %v %v", try.Name, try.Key.Name)
			}
			for id, n := range left {
				if n > 0 && rank(id) < rank(try.Upstream.ID) {
					rt.Fatalf("%v is tried before %v", try.Upstream.ID, id)
				}
			}
			if len(tries) > 0 {
				if last := tries[len(tries)-1]; left[last.Upstream.ID] > 0 && last.Upstream.ID != try.Upstream.ID {
					rt.Fatalf("%v has another key, and %v is tried", last.Name, try.Name)
				}
			}
			for _, earlier := range tries {
				if earlier.place() == try.place() {
					rt.Fatalf("%v is tried twice", try.place())
				}
			}
			tries = append(tries, try)
			status := rapid.SampledFrom([]int{0, 200, 401, 408, 429, 500, 529}).Draw(rt, "status")
			if status == 429 || status == 401 {
				left[try.Upstream.ID]--
			} else {
				left[try.Upstream.ID] = 0
			}
			r.Failed(try, Failure{Status: status})
		}
		total := 0
		for _, n := range left {
			total += n
		}
		if len(tries) > MaxAttempts || len(tries) < MaxAttempts && total > 0 {
			rt.Fatalf("%d tries, and %d more were possible", len(tries), total)
		}
		h.settle()
	})
}
