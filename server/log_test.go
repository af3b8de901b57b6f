package server

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writes keeps the writes that reach it.
type writes struct {
	mu   sync.Mutex
	list []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, string(p))
	return len(p), nil
}

func (w *writes) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

func TestLogLinesAreWrittenTogetherAndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		b := NewLogBuffer(&w)
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			if _, err := b.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.all(); len(got) != 0 {
			t.Errorf("lines were written by themselves: %q", got)
		}
		<-time.After(logDelay) // in the bubble's own time
		synctest.Wait()
		if diff := cmp.Diff([]string{"one\ntwo\nthree\n"}, w.all()); diff != "" {
			t.Errorf("writes, want - got +:\n%s", diff)
		}
		_, _ = b.Write([]byte("four\n"))
		b.Flush()
		if diff := cmp.Diff([]string{"one\ntwo\nthree\n", "four\n"}, w.all()); diff != "" {
			t.Errorf("after a flush, want - got +:\n%s", diff)
		}
		<-time.After(2 * logDelay)
	})
}
