package monitor

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFailedAnswersAreCountedByRouteAndStatusInBoundedMemory(t *testing.T) {
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	var f Failures
	for i := range 10_000 {
		now = now.Add(time.Second)
		f.Add(Failure{Method: "GET", Route: "/" + strconv.Itoa(i%2), Status: 500 + i%4/2*3, RequestID: "request " + strconv.Itoa(i), At: now})
	}
	want := []Failure{ // the last were 9999, 9998 and 9997
		{Method: "GET", Route: "/1", Status: 503, Times: 2500, RequestID: "request 9999", At: now},
		{Method: "GET", Route: "/0", Status: 503, Times: 2500, RequestID: "request 9998", At: now.Add(-time.Second)},
		{Method: "GET", Route: "/1", Status: 500, Times: 2500, RequestID: "request 9997", At: now.Add(-2 * time.Second)},
	}
	if diff := cmp.Diff(want, f.Latest(3)); diff != "" {
		t.Error(diff)
	}
	if n := len(f.Latest(100)); n != 4 {
		t.Errorf("two routes and two statuses take %d lines", n)
	}
}
