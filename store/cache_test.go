package store

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnAnswerIsKeptForATimeInProportionToWhatItCost(t *testing.T) {
	for name, c := range map[string]struct {
		ages func(time.Duration) (renewed, over time.Duration)
		took time.Duration
		// of the answer 1: until when it is used as it is, and until when while another is made
		used, over time.Duration
	}{
		"a cheap count for the console": {consoleAges(40 * time.Millisecond), 39 * time.Millisecond, 0, 0},
		"a dear count for the console":  {consoleAges(40 * time.Millisecond), 100 * time.Millisecond, 2 * time.Second, time.Minute},
		"a cheap status":                {statusAges, time.Millisecond, 500 * time.Millisecond, time.Second},
		"a dear status":                 {statusAges, 100 * time.Millisecond, 5 * time.Second, 10 * time.Second},
		"a status that takes long":      {statusAges, 3 * time.Second, 30 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newCache[int](&Store{now: time.Now, life: t.Context()}, time.Hour, c.ages)
				made := 0
				ask := func(key string) int {
					t.Helper()
					answer, err := m.get(t.Context(), key, func(context.Context) (int, error) {
						time.Sleep(c.took)
						made++
						return made, nil
					})
					if err != nil {
						t.Fatal(err)
					}
					return answer
				}
				expect := func(when string, answer, want int) {
					t.Helper()
					if answer != want {
						t.Errorf("%s the answer is %d, want %d", when, answer, want)
					}
				}
				ask("a")
				if c.over == 0 {
					expect("at once", ask("a"), 2)
					return
				}
				time.Sleep(c.used - c.took - time.Microsecond)
				expect("before it is renewed", ask("a"), 1)
				synctest.Wait()
				expect("before it is renewed", made, 1)
				time.Sleep(time.Microsecond)
				expect("while it is renewed", ask("a"), 1)
				time.Sleep(c.took)
				synctest.Wait()
				expect("after it is renewed", ask("a"), 2)
				time.Sleep(c.over)
				expect("when it is over", ask("a"), 3)
				expect("under another key", ask("b"), 4)
				expect("under another key again", ask("b"), 4)
				m.invalidate()
				expect("after a change", ask("b"), 5)
			})
		})
	}
}
