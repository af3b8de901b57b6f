package monitor

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// Failure is a route that answered with a status of 500 or above.
type Failure struct {
	Method, Route string
	Status        int
	// Times counts them since the process started; RequestID and At are of the last one.
	Times     int64
	RequestID string
	At        time.Time
}

// Failures keeps one Failure per route and status, which bounds its size. The zero value is ready.
type Failures struct {
	mu    sync.Mutex
	lines map[failureKey]Failure
}

type failureKey struct {
	method, route string
	status        int
}

// Add counts a failed answer. Times of the argument is ignored.
func (f *Failures) Add(failed Failure) {
	key := failureKey{failed.Method, failed.Route, failed.Status}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lines == nil {
		f.lines = map[failureKey]Failure{}
	}
	failed.Times = f.lines[key].Times + 1
	f.lines[key] = failed
}

// Latest returns the latest failures, at most so many, the newest first.
func (f *Failures) Latest(most int) []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.SortedFunc(maps.Values(f.lines), func(a, b Failure) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	return list[:min(len(list), most)]
}
