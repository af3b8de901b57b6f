package limits

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWindowCountsEachSecondUntilItIsWhollyOutside(t *testing.T) {
	type call struct {
		second int32
		want   Decision
	}
	room := func(remaining int64) Decision { return Decision{Allowed: true, Limit: 3, Remaining: remaining} }
	last := func(reset int64) Decision { return Decision{Allowed: true, Limit: 3, ResetSeconds: reset} }
	full := func(reset int64) Decision { return Decision{Limit: 3, ResetSeconds: reset} }
	for name, calls := range map[string][]call{
		"all in one second":          {{0, room(2)}, {0, room(1)}, {0, last(60)}, {0, full(60)}, {60, full(1)}, {61, room(2)}},
		"places return one by one":   {{0, room(2)}, {5, room(1)}, {9, last(52)}, {61, last(5)}, {65, full(1)}, {66, last(4)}},
		"refused calls do not count": {{0, room(2)}, {0, room(1)}, {0, last(60)}, {30, full(31)}, {30, full(31)}, {61, room(2)}, {61, room(1)}},
		"a long pause empties it":    {{0, room(2)}, {1, room(1)}, {1_000_000, room(2)}},
		"before the start":           {{-10, room(2)}, {-1, room(1)}, {0, last(51)}, {50, full(1)}, {51, last(9)}},
		"the clock steps back":       {{100, room(2)}, {130, room(1)}, {50, last(31)}, {80, full(1)}, {81, last(30)}},
		"and by years":               {{2_000_000_000, room(2)}, {-5, room(1)}, {-5, last(60)}, {56, room(2)}},
		"a refusal steps back too":   {{500, room(2)}, {500, room(1)}, {500, last(60)}, {7, full(60)}, {67, full(1)}, {68, room(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			var w window
			for i, c := range calls {
				if diff := cmp.Diff(c.want, w.hit(c.second, 3)); diff != "" {
					t.Fatalf("call %d in second %d (-want +got):\n%s", i, c.second, diff)
				}
			}
		})
	}
}

func TestPeekingLeavesTheWindowAsItWas(t *testing.T) {
	var w window
	for _, second := range []int32{3, 3, 20, 41} {
		w.hit(second, 100)
	}
	before := window{buckets: append([]bucket(nil), w.buckets...), used: w.used}
	for _, c := range []struct {
		second int32
		want   Decision
	}{
		{41, Decision{Limit: 4, ResetSeconds: 23}},
		{64, Decision{Allowed: true, Limit: 4, Remaining: 2}},
		{500, Decision{Allowed: true, Limit: 4, Remaining: 4}},
		{-500, Decision{Limit: 4, ResetSeconds: 23}},
	} {
		if diff := cmp.Diff(c.want, w.peek(c.second, 4)); diff != "" {
			t.Errorf("second %d (-want +got):\n%s", c.second, diff)
		}
	}
	if diff := cmp.Diff(before, w, cmp.AllowUnexported(window{}, bucket{})); diff != "" {
		t.Errorf("the window changed (-before +after):\n%s", diff)
	}
}

func TestAWindowNeverHoldsMoreThanItsLimitOrSixtyOneBuckets(t *testing.T) {
	for _, limit := range []int64{1, 5, 61, 1_000_000} {
		var w window
		for second := range int32(1000) {
			w.hit(second, limit)
			w.hit(second, limit)
			if most := min(limit, bucketLife); int64(len(w.buckets)) > most {
				t.Fatalf("limit %d: %d buckets in second %d, want %d at most", limit, len(w.buckets), second, most)
			}
		}
		if cap(w.buckets) > 64 {
			t.Errorf("limit %d: the buckets grew to %d", limit, cap(w.buckets))
		}
	}
}

func TestAHitThatIsGivenBackNeverWas(t *testing.T) {
	var w window
	for _, second := range []int32{3, 3, 20, 41} {
		w.hit(second, 100)
	}
	for _, second := range []int32{20, 3, 99, 20} { // the last two are not there
		w.giveBack(second)
	}
	want := window{buckets: []bucket{{3, 1}, {41, 1}}, used: 2}
	if diff := cmp.Diff(want, w, cmp.AllowUnexported(window{}, bucket{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var empty window
	empty.giveBack(0)
	if empty.used != 0 {
		t.Errorf("an empty window holds %d", empty.used)
	}
}
