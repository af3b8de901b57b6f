package handlers

import (
	"strconv"
	"testing"
	"time"

	"codexible/views"

	"github.com/google/go-cmp/cmp"
)

func TestFailedAnswersAreCountedByRouteAndStatusAndTakeNoMoreRoom(t *testing.T) {
	began := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	now := began
	a := newAPI(Parts{Now: func() time.Time { return now }})
	for i := range 10_000 {
		now = began.Add(time.Duration(i) * time.Second)
		x := &exchange{api: a, route: a.table[i%2], requestID: "request " + strconv.Itoa(i)}
		a.Console.failed.add(x, 500+i%4/2*3)
	}
	want := []views.FailedAnswer{ // the last were 9999, 9998 and 9997
		{Method: a.table[1].method, Route: a.table[1].path, Status: 503, Times: 2500, RequestID: "request 9999", At: now},
		{Method: a.table[0].method, Route: a.table[0].path, Status: 503, Times: 2500, RequestID: "request 9998", At: now.Add(-time.Second)},
		{Method: a.table[1].method, Route: a.table[1].path, Status: 500, Times: 2500, RequestID: "request 9997", At: now.Add(-2 * time.Second)},
	}
	if diff := cmp.Diff(want, a.Console.failed.latest(3)); diff != "" {
		t.Error(diff)
	}
	if n := len(a.Console.failed.latest(100)); n != 4 {
		t.Errorf("two routes and two statuses take %d lines", n)
	}
}
