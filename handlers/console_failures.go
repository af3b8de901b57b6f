package handlers

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"codexible/views"
)

// failedAnswers are the answers of 5xx that this process gave, by route and
// status: however many fail, there are no more lines than routes and statuses.
type failedAnswers struct {
	mu    sync.Mutex
	lines map[failedLine]views.FailedAnswer
}

type failedLine struct {
	route  *route
	status int
}

// add counts an answer and keeps what its line in the log is found by.
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

// latest gives the lines that grew last, at most so many.
func (f *failedAnswers) latest(most int) []views.FailedAnswer {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.SortedFunc(maps.Values(f.lines), func(a, b views.FailedAnswer) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	return list[:min(len(list), most)]
}
