package store

import (
	"slices"
	"testing"
	"time"
)

func TestAChangeThatCommitsBehindOthersIsPolled(t *testing.T) {
	now := time.Unix(0, 0)
	p := newChangePoll(func() time.Time { return now })
	read := func(want []int, seqs ...int64) {
		t.Helper()
		if got := p.unseen(seqs); !slices.Equal(got, want) {
			t.Errorf("of %v the places %v are new, want %v", seqs, got, want)
		}
	}
	read(nil, 5, 7) // before the first poll
	read(nil, 5, 7)
	read([]int{1}, 5, 6, 7) // 6 began earlier and committed later
	now = now.Add(pollWindow - time.Second)
	read([]int{3}, 5, 6, 7, 9)
	read([]int{3}, 5, 6, 7, 8, 9)
	if p.after != 4 {
		t.Errorf("it reads behind %d, and 5 is not 2 minutes old", p.after)
	}
	now = now.Add(time.Second)
	read(nil, 5, 6, 7, 8, 9)
	if p.after != 7 || len(p.seen) != 2 {
		t.Errorf("after the window it reads behind %d and keeps %v", p.after, p.seen)
	}
	read([]int{2}, 8, 9, 10)
}

func TestChangesInAnEmptyTableArePolledFromTheFirst(t *testing.T) {
	p := newChangePoll(time.Now)
	p.unseen(nil)
	if got := p.unseen([]int64{1, 2}); len(got) != 2 || p.after != 0 {
		t.Errorf("places %v, behind %d", got, p.after)
	}
}
