package handlers

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"codexible/views"
)

// failedAnswers counts the 5xx responses of this process by route and status,
// which also bounds its size.
type failedAnswers struct {
	mu    sync.Mutex
	lines map[failedLine]views.FailedAnswer
}

type failedLine struct {
	route  *route
	status int
}

// add counts a response and keeps its request ID, which finds it in the log.
func (f *failedAnswers) add(x *exchange, status int) {
	at, key := x.api.Now(), failedLine{x.route, status}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lines == nil {
		f.lines = map[failedLine]views.FailedAnswer{}
	}
	f.lines[key] = views.FailedAnswer{
		Method: x.route.method, Route: x.route.path, Status: status, Times: f.lines[key].Times + 1, RequestID: x.requestID, At: at,
	}
}

// latest returns the lines that changed last, at most so many.
func (f *failedAnswers) latest(most int) []views.FailedAnswer {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.SortedFunc(maps.Values(f.lines), func(a, b views.FailedAnswer) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	return list[:min(len(list), most)]
}
