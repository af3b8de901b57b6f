package keys

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"codexible/accounts"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

type lastUsesAt = map[uuid.UUID]time.Time

func (d *desk) flush(t *testing.T) (written []lastUsesAt) {
	t.Helper()
	if err := d.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	written, d.directory.touched = d.directory.touched, nil
	return written
}

func TestAFirstUseIsWrittenWithTheNextFlushAndABusyKeyOnceAMinute(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	d.directory.set(s, id)
	var writes []lastUsesAt
	for range 180 { // three minutes of uses, a flush each second
		d.wantCode(t, s, Valid)
		d.wantCode(t, s, Valid)
		writes = append(writes, d.flush(t)...)
		d.pass(time.Second)
	}
	want := []lastUsesAt{{id.Key.ID: noon}, {id.Key.ID: noon.Add(time.Minute)}, {id.Key.ID: noon.Add(2 * time.Minute)}}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheDirectoryKnowsOfTheLastUseIsNotWrittenAgain(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	id.Key.LastUsedAt = new(noon.Add(-59 * time.Second))
	d.directory.set(s, id)
	d.wantCode(t, s, Valid)
	if writes := d.flush(t); len(writes) != 0 {
		t.Errorf("written: %v", writes)
	}
	d.pass(time.Second)
	d.wantCode(t, s, Valid)
	if diff := cmp.Diff([]lastUsesAt{{id.Key.ID: noon.Add(time.Second)}}, d.flush(t)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyAKeyThatWorksIsUsed(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	id.User.Status = accounts.StatusSuspended
	d.directory.set(s, id)
	d.wantCode(t, s, Suspended)
	if writes := d.flush(t); len(writes) != 0 {
		t.Errorf("a refused use is written: %v", writes)
	}
}

func TestALastUseThatCouldNotBeWrittenWaits(t *testing.T) {
	d := newDesk(t)
	want := lastUsesAt{}
	for range flushBatch + 1 {
		s, id := Mint(), someone()
		d.directory.set(s, id)
		d.wantCode(t, s, Valid)
		want[id.Key.ID] = noon
	}
	d.directory.err = errors.New("gone")
	for range 2 {
		if err := d.Flush(context.Background()); !errors.Is(err, d.directory.err) {
			t.Errorf("the failure is not returned: %v", err)
		}
	}
	d.directory.err = nil
	got := lastUsesAt{}
	for _, batch := range d.flush(t) {
		if len(batch) > flushBatch {
			t.Errorf("a batch writes %d keys, want %d at most", len(batch), flushBatch)
		}
		maps.Copy(got, batch)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if writes := d.flush(t); len(writes) != 0 {
		t.Errorf("written twice: %v", writes)
	}
}

func TestASweepKeepsALastUseThatWaits(t *testing.T) {
	d, s, id := newDesk(t), Mint(), someone()
	d.directory.set(s, id)
	d.wantCode(t, s, Valid)
	d.pass(time.Hour)
	d.cache.sweep(d.now())
	d.wantCode(t, s, Valid)
	var latest time.Time
	for _, batch := range d.flush(t) {
		latest = batch[id.Key.ID]
	}
	if latest != noon.Add(time.Hour) {
		t.Errorf("the last use is written as %v", latest)
	}
}

func TestTwoSecretsOfAKeyShareItsLastUse(t *testing.T) {
	d, old, s, id := newDesk(t), Mint(), Mint(), someone()
	d.directory.set(s, id)
	id.SecretEndsAt = new(noon.Add(time.Hour))
	d.directory.set(old, id)
	d.wantCode(t, s, Valid)
	d.pass(time.Second)
	d.wantCode(t, old, Valid)
	if diff := cmp.Diff([]lastUsesAt{{id.Key.ID: noon.Add(time.Second)}}, d.flush(t)); diff != "" {
		t.Error(diff)
	}
	third := Mint()
	d.directory.set(third, id)
	d.pass(2 * time.Minute)
	d.wantCode(t, s, Valid)
	d.pass(-time.Second) // the clock is set back: the later use was recorded first
	d.wantCode(t, third, Valid)
	if diff := cmp.Diff([]lastUsesAt{{id.Key.ID: noon.Add(121 * time.Second)}}, d.flush(t)); diff != "" {
		t.Error(diff)
	}
}
