package store

import (
	"context"
	"time"

	"codexible/accounts"
)

const (
	// pollWindow is how far back each poll reads: transactions do not commit in the order of their seq, so a change may
	// appear behind others. None takes longer than its time limits allow.
	pollWindow = 2 * time.Minute
	// pollAhead is how many changes before the first poll can appear after it.
	pollAhead = 1000
	// pollMost bounds what one poll reads. Where there is more, everything counts as changed.
	pollMost = 10_000
)

// poll reads the table of changes until ctx ends, in the place of LISTEN.
func (d postgresDialect) poll(ctx context.Context, w Watcher) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	p, up := newChangePoll(time.Now), false
	for {
		changes, gap, err := d.pollOnce(ctx, p)
		if ok := err == nil && !gap; ok != up && ctx.Err() == nil {
			up = ok
			w.Up(up)
		}
		for _, c := range changes {
			w.Changed(c)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// pollOnce gives the changes that appeared since the last time. gap is true where there may be more.
func (d postgresDialect) pollOnce(ctx context.Context, p *changePoll) (changes []accounts.Change, gap bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	rows, err := d.pool.Query(ctx, "SELECT seq, change FROM changes WHERE seq > CASE WHEN $1::bigint < 0 THEN COALESCE((SELECT MAX(seq) FROM changes), 0) - $2 ELSE $1 END ORDER BY seq LIMIT $3",
		p.after, int64(pollAhead), int64(pollMost))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var seqs []int64
	var texts []string
	for rows.Next() {
		var seq int64
		var text string
		if err := rows.Scan(&seq, &text); err != nil {
			return nil, false, err
		}
		seqs, texts = append(seqs, seq), append(texts, text)
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	for _, i := range p.unseen(seqs) {
		if c, ok := accounts.ParseChange(texts[i]); ok {
			changes = append(changes, c)
		}
	}
	return changes, len(seqs) == pollMost, nil
}

// changePoll is which changes were read.
type changePoll struct {
	now   func() time.Time
	begun bool
	// after is the seq behind which the next poll reads; negative before the first.
	after int64
	seen  map[int64]bool
	// tops are the largest seq at a time, the oldest first.
	tops []topSeq
}

type topSeq struct {
	at  time.Time
	seq int64
}

func newChangePoll(now func() time.Time) *changePoll {
	return &changePoll{now: now, after: -1, seen: map[int64]bool{}}
}

// unseen gives the places in seqs that were not read before, none of the first time, and moves the window on.
func (p *changePoll) unseen(seqs []int64) (places []int) {
	for i, seq := range seqs {
		if !p.seen[seq] {
			p.seen[seq] = true
			if p.begun {
				places = append(places, i)
			}
		}
	}
	if !p.begun {
		p.begun, p.after = true, 0
		if len(seqs) > 0 {
			p.after = seqs[0] - 1
		}
	}
	p.moveOn(seqs)
	return places
}

func (p *changePoll) moveOn(seqs []int64) {
	at := p.now()
	if n := len(seqs); n > 0 && (len(p.tops) == 0 || seqs[n-1] > p.tops[len(p.tops)-1].seq) {
		p.tops = append(p.tops, topSeq{at, seqs[n-1]})
	}
	if len(seqs) == pollMost { // the rest counts as changed
		p.after = seqs[len(seqs)-1]
	}
	for len(p.tops) > 0 && at.Sub(p.tops[0].at) >= pollWindow {
		p.after = max(p.after, p.tops[0].seq)
		p.tops = p.tops[1:]
	}
	for seq := range p.seen {
		if seq <= p.after {
			delete(p.seen, seq)
		}
	}
}
