package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

// writes counts the writes that reach it.
type writes struct {
	bytes.Buffer
	count int
}

func (w *writes) Write(p []byte) (int, error) {
	w.count++
	return w.Buffer.Write(p)
}

func TestLogLinesAreWrittenTogetherAndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w writes
		b := newLogBuffer(&w)
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			if _, err := b.Write([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		if w.count != 0 {
			t.Error("a line was written by itself")
		}
		<-time.After(logDelay) // in the bubble's own time
		synctest.Wait()
		if w.count != 1 || w.String() != "one\ntwo\nthree\n" {
			t.Errorf("%d writes of %q", w.count, w.String())
		}
		_, _ = b.Write([]byte("four\n"))
		b.flush()
		if w.String() != "one\ntwo\nthree\nfour\n" {
			t.Errorf("a flush left %q", w.String())
		}
		<-time.After(logDelay)
	})
}
