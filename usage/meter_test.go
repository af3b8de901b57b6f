package usage

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/fault"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// gate is a ledger in memory that holds each batch until the test lets it go.
type gate struct {
	entered chan []Entry
	leave   chan error
}

func newGate() gate { return gate{make(chan []Entry), make(chan error)} }

func (g gate) Post(_ context.Context, now func() time.Time, entries []Entry) ([]Receipt, error) {
	g.entered <- slices.Clone(entries)
	if err := <-g.leave; err != nil {
		return nil, err
	}
	return accept(now(), entries), nil
}

// pass lets one batch through and gives it.
func (g gate) pass() []Entry {
	batch := <-g.entered
	g.leave <- nil
	return batch
}

// accept answers each charge with its own credits, so that a test sees whose answer came.
func accept(at time.Time, entries []Entry) (receipts []Receipt) {
	for i := range entries {
		receipts = append(receipts, accepted(at, entries[i].Credits))
	}
	return receipts
}

func accepted(at time.Time, credits int64) Receipt {
	return Receipt{Outcome: Accepted, Day: DayOf(at), Figures: Figures{CreditsUsed: credits, DailyLimit: 1000}}
}

// open is a ledger that accepts everything at once.
type open struct {
	mu      sync.Mutex
	batches []int
	at      []time.Time
}

func (o *open) Post(_ context.Context, now func() time.Time, entries []Entry) ([]Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.batches, o.at = append(o.batches, len(entries)), append(o.at, now())
	return accept(now(), entries), nil
}

func startMeter(t *testing.T, l Ledger, o Observer) *Meter {
	t.Helper()
	m := NewMeter(l, nil, func() time.Time { return noon.Add(1234567 * time.Nanosecond).In(time.FixedZone("east", 3600)) }, o)
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return m
}

type answer struct {
	receipt Receipt
	err     error
}

// charge sends charges of 1, 2, 3 … credits and waits until all of them are queued.
func charge(ctx context.Context, m *Meter, n int) []chan answer {
	answers := make([]chan answer, n)
	for i := range answers {
		answers[i] = make(chan answer, 1)
		go func() {
			r, err := m.Charge(ctx, Charge{Credits: int64(i + 1)})
			answers[i] <- answer{r, err}
		}()
	}
	for m.Waiting() < n {
		runtime.Gosched()
	}
	return answers
}

func wantUnavailable(t *testing.T, err error) {
	t.Helper()
	if f := fault.As(err); f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("%v is %s with RetryAfter %v, want service_unavailable and a moment to wait", err, f.Kind.Code(), f.RetryAfter)
	}
}

func TestALoneChargeIsPostedAloneAndAtOnce(t *testing.T) {
	ledger := &open{}
	m := startMeter(t, ledger, nil)
	for i := range 5 {
		r, err := m.Charge(context.Background(), Charge{Credits: int64(i)})
		if err != nil || r != accepted(noon, int64(i)) {
			t.Fatalf("charge %d: %v, %v", i, r, err)
		}
	}
	if diff := cmp.Diff([]int{1, 1, 1, 1, 1}, ledger.batches); diff != "" {
		t.Error(diff)
	}
	if want := noon.Add(1234 * time.Microsecond); ledger.at[0] != want {
		t.Errorf("the batch is decided at %v, want %v: UTC in whole microseconds", ledger.at[0], want)
	}
}

func TestChargesThatArriveDuringACommitArePostedTogether(t *testing.T) {
	g := newGate()
	m := startMeter(t, g, nil)
	go func() { _, _ = m.Charge(context.Background(), Charge{Credits: 100}) }()
	if first := <-g.entered; len(first) != 1 {
		t.Fatalf("the first batch holds %d charges", len(first))
	}
	answers := charge(context.Background(), m, 20)
	g.leave <- nil
	if batch := g.pass(); len(batch) != 20 {
		t.Errorf("the batch that gathered meanwhile holds %d charges, want 20", len(batch))
	}
	for i, a := range answers {
		if got := <-a; got.err != nil || got.receipt.CreditsUsed != int64(i+1) {
			t.Errorf("charge %d got the answer %v", i, got)
		}
	}
}

func TestAFailedBatchFailsAllOfItsChargesAsUnavailable(t *testing.T) {
	for name, cause := range map[string]error{
		"the database is away": fault.Away(errors.New("gone")), "an error that nobody classified": errors.New("odd"), "a fault of another kind": fault.New(fault.Conflict, "no"),
	} {
		t.Run(name, func(t *testing.T) {
			g, seen := newGate(), &observed{}
			m := startMeter(t, g, seen)
			go func() { _, _ = m.Charge(context.Background(), Charge{}) }()
			<-g.entered
			answers := charge(context.Background(), m, 3)
			g.leave <- nil
			<-g.entered
			g.leave <- cause
			for _, a := range answers {
				got := <-a
				wantUnavailable(t, got.err)
				if !errors.Is(got.err, cause) || got.receipt != (Receipt{}) {
					t.Errorf("the answer is %v, want no receipt and the cause %v", got, cause)
				}
			}
			go g.pass()
			if _, err := m.Charge(context.Background(), Charge{}); err != nil {
				t.Errorf("the next charge fails too: %v", err)
			}
			if len(seen.errs) != 3 || seen.errs[1] == nil || seen.errs[2] != nil {
				t.Errorf("the observer got %v", seen.errs)
			}
		})
	}
}

type observed struct {
	away     int
	sizes    []int
	receipts int
	errs     []error
}

func (o *observed) TurnedAway() { o.away++ }

func (o *observed) BatchPosted(entries []Entry, took time.Duration, receipts []Receipt, err error) {
	if took < 0 {
		panic("a batch took less than no time")
	}
	o.sizes, o.errs = append(o.sizes, len(entries)), append(o.errs, err)
	o.receipts += len(receipts)
}

func TestAFullQueueRefusesAndABatchIsNeverLargerThanItsBound(t *testing.T) {
	g, seen := newGate(), &observed{}
	m := NewMeter(g, nil, func() time.Time { return noon }, seen)
	go func() { _, _ = m.Charge(context.Background(), Charge{}) }()
	<-g.entered
	waiting := make([]*pending, MaxQueue)
	for i := range waiting {
		waiting[i] = &pending{entry: Entry{Charge: Charge{Credits: int64(i)}}, posted: make(chan struct{}, 1)}
		if err := m.enqueue(waiting[i]); err != nil {
			t.Fatalf("charge %d of %d: %v", i, MaxQueue, err)
		}
	}
	if m.Waiting() != MaxQueue {
		t.Errorf("%d charges wait, want %d", m.Waiting(), MaxQueue)
	}
	_, err := m.Charge(context.Background(), Charge{})
	wantUnavailable(t, err)
	if seen.away != 1 {
		t.Errorf("the observer counted %d refused charges, want the one", seen.away)
	}
	if !errors.Is(err, errBusy) {
		t.Errorf("a charge beyond the queue answers %v", err)
	}
	g.leave <- nil
	for range MaxQueue / MaxBatch {
		if batch := g.pass(); len(batch) > MaxBatch {
			t.Errorf("a batch holds %d charges, want %d at most", len(batch), MaxBatch)
		}
	}
	for i, p := range waiting {
		if <-p.posted; p.err != nil || p.receipt.CreditsUsed != int64(i) {
			t.Fatalf("charge %d got %v, %v", i, p.receipt, p.err)
		}
	}
	if err := m.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if slices.Max(seen.sizes) != MaxBatch || seen.receipts != MaxQueue+1 {
		t.Errorf("the largest batch is %d, and %d charges were observed", slices.Max(seen.sizes), seen.receipts)
	}
}

func TestClosePostsWhatWaitsAndThenRefuses(t *testing.T) {
	g := newGate()
	m := NewMeter(g, nil, func() time.Time { return noon }, nil)
	go func() { _, _ = m.Charge(context.Background(), Charge{}) }()
	<-g.entered
	answers := charge(context.Background(), m, 7)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if err := m.Close(over); !errors.Is(err, context.Canceled) {
		t.Errorf("Close did not wait: %v", err)
	}
	_, err := m.Charge(context.Background(), Charge{})
	wantUnavailable(t, err)
	if !errors.Is(err, errClosing) {
		t.Errorf("a charge after Close answers %v", err)
	}
	g.leave <- nil
	if batch := g.pass(); len(batch) != 7 {
		t.Errorf("the last batch holds %d charges, want 7", len(batch))
	}
	for i, a := range answers {
		if got := <-a; got.err != nil || got.receipt.CreditsUsed != int64(i+1) {
			t.Errorf("charge %d got %v", i, got)
		}
	}
	for range 2 {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestACallerWhoLeavesLearnsNothingAndTheChargeStillCounts(t *testing.T) {
	g := newGate()
	m := startMeter(t, g, nil)
	go func() { _, _ = m.Charge(context.Background(), Charge{}) }()
	<-g.entered
	ctx, leave := context.WithCancelCause(context.Background())
	answers := charge(ctx, m, 1)
	leave(nil)
	got := <-answers[0]
	wantUnavailable(t, got.err)
	if !errors.Is(got.err, errUnsure) || !errors.Is(got.err, context.Canceled) {
		t.Errorf("the answer is %v", got.err)
	}
	g.leave <- nil
	if batch := g.pass(); len(batch) != 1 || batch[0].Credits != 1 {
		t.Errorf("the charge of the caller who left is not posted: %v", batch)
	}
	go g.pass()
	if r, err := m.Charge(context.Background(), Charge{Credits: 5}); err != nil || r.CreditsUsed != 5 {
		t.Errorf("the caller after got %v, %v", r, err)
	}
}

func TestEveryoneGetsTheirOwnAnswer(t *testing.T) {
	ledger := &open{}
	m := startMeter(t, ledger, nil)
	var wg sync.WaitGroup
	for caller := range 32 {
		wg.Go(func() {
			for i := range 100 {
				credits := int64(caller*1000 + i)
				if r, err := m.Charge(context.Background(), Charge{UserID: uuid.UUID{byte(caller)}, Credits: credits}); err != nil || r.CreditsUsed != credits {
					t.Errorf("a charge of %d got %v, %v", credits, r, err)
					return
				}
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, size := range ledger.batches {
		sum += size
	}
	if sum != 3200 || slices.Max(ledger.batches) > MaxBatch {
		t.Errorf("%d charges were posted in batches of up to %d", sum, slices.Max(ledger.batches))
	}
}

func TestTheMeterKeepsTheCachedFiguresUpToDate(t *testing.T) {
	user := uuid.New()
	ledger := &library{figures: map[uuid.UUID]Figures{}}
	totals := NewTotals(ledger, 0, func() time.Time { return noon })
	m := NewMeter(&open{}, totals, func() time.Time { return noon }, nil)
	if _, err := m.Charge(context.Background(), Charge{UserID: user, Credits: 7}); err != nil {
		t.Fatal(err)
	}
	wantUsed(t, totals, FiguresOf{UserID: user}, today, 7)
	if ledger.asked != 0 {
		t.Error("the ledger was read all the same")
	}
	if err := m.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
