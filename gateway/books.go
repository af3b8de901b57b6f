package gateway

import (
	"context"
	"errors"
	"sync"
	"time"

	"codexible/catalog"
	"codexible/fault"
	"codexible/usage"

	"github.com/google/uuid"
)

const (
	// holdTTL is how long a hold outlives the process that made it.
	holdTTL = 2 * time.Minute
	// entryWait is how long an entry may take that nobody waits for.
	entryWait = 2 * time.Second
	// holdWait is how long a call waits for its hold.
	holdWait = 5 * time.Second
	// holdTries is how often a hold is tried with what is left, which others may take in between.
	holdTries = 3
)

// books are a call's hold and its settlement. Its methods are safe for concurrent use.
type books struct {
	// turn is taken by who raises the hold.
	turn sync.Mutex
	mu   sync.Mutex
	// held is what the hold sets aside, first what it set aside when it was made, in credits.
	held, first int64
	open        bool
	// renewed is when the deadline was moved last.
	renewed time.Time
}

func (b *books) credits() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.held
}

func (b *books) isOld(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open && now.Sub(b.renewed) >= renewAfter
}

func (b *books) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

func (b *books) begin(credits int64, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held, b.first, b.open, b.renewed = credits, credits, true, now
}

// extended notes that the deadline was moved, and the hold raised to a total where that is not 0.
func (b *books) extended(total int64, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.renewed = now
	if total > 0 {
		b.held = total
	}
}

// withOverrun is what the call may deliver where it goes on without credits, in millionths.
func (b *books) withOverrun() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return (b.held + b.first) * usage.Millionths
}

// shut ends the hold for this process, once; false where it was ended before or never made.
func (b *books) shut() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.open
	b.open = false
	return was
}

// millionths are those of a quote; all that a hold can have where the usage is beyond what can be quoted.
func millionths(p *catalog.Price, t *usage.Tokens) int64 {
	q, err := p.Quote(t)
	if err != nil {
		return usage.MaxCredits * usage.Millionths
	}
	return q.Millionths
}

// hold sets the estimate aside, or what is left where at least a credit is.
func (c *call) hold() *Refusal {
	t := usage.Tokens{Input: c.est.input, Output: c.est.output, Requests: 1}
	whole := min(usage.WholeCredits(millionths(c.price, &t)), usage.MaxCredits)
	credits := whole
	// A client that leaves does not end the wait: whether there is a hold would not be known.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.client), holdWait)
	defer cancel()
	for range holdTries {
		receipt, err := c.g.Verifier.Hold(ctx, c.Identity, usage.Entry{
			Charge: usage.Charge{Credits: credits, Model: c.model.Name, Priced: &usage.Priced{PriceID: c.price.ID}},
			HoldID: c.ID, TTL: holdTTL, OnExpiry: usage.ChargeOnExpiry, RequestID: c.ID.String(),
		})
		if err != nil {
			return c.away(err)
		}
		c.figures, c.day = receipt.Figures, receipt.Day
		switch {
		case receipt.Outcome == usage.Accepted:
			c.books.begin(credits, c.g.Now())
			c.record.Held = credits
			c.cover(credits == whole)
			return nil
		case receipt.Outcome == usage.Concurrent:
			return &Refusal{Reason: ReasonConcurrency, RetryAfter: time.Second, Message: refusals[ReasonConcurrency].says}
		case receipt.Room < 1 || receipt.Room >= credits:
			return c.usedUp(&receipt)
		}
		credits = receipt.Room
	}
	return &Refusal{Reason: ReasonRate, RetryAfter: time.Second, Message: refusals[ReasonRate].says}
}

// usedUp is the refusal where no credits are left.
func (c *call) usedUp(r *usage.Receipt) *Refusal {
	f := r.OverQuota(c.g.Now())
	return &Refusal{Reason: ReasonCredits, RetryAfter: f.RetryAfter, ResetsAt: r.ResetsAt(), Message: f.Message}
}

// away is the refusal where our database does not answer.
func (c *call) away(err error) *Refusal {
	c.cause = err
	f := fault.As(err)
	if f.Kind != fault.Unavailable {
		return &Refusal{Reason: ReasonInternal, Message: f.Message}
	}
	return &Refusal{Reason: ReasonAway, RetryAfter: max(f.RetryAfter, time.Second), Message: "The service cannot record this request right now, so nothing was sent to the model. Try again shortly."}
}

// cover computes up to which byte of output the hold goes. whole is whether all of the estimate is held.
func (c *call) cover(whole bool) {
	if !c.in.stream {
		return
	}
	tokens := c.est.output
	if !whole {
		tokens = covered(c.price, c.progress(0), c.books.credits()*usage.Millionths)
	}
	c.coveredBytes = c.est.outputBytes(tokens)
}

// progress is what was used after so many bytes of output: what the upstream has said of the
// prompt, or else the estimate of it.
func (c *call) progress(outputBytes int64) usage.Tokens {
	t := c.est.tokens(outputBytes)
	if said := c.prompt.Load(); said != nil {
		output := t.Output
		t = *said
		t.Output = max(output, t.Output)
	}
	return t
}

// grow raises the hold for output beyond what it covers, by a slice or by what is left. It
// returns false where nothing is left and the overrun does not let the call go on.
func (c *call) grow() bool {
	delivered := c.delivered.Load()
	if c.overrun { // what may go uncollected is used up
		return false
	}
	t := c.progress(delivered)
	base := t.Output
	t.Output = min(t.Output+slice, usage.MaxTokens)
	want := min(usage.WholeCredits(millionths(c.price, &t)), usage.MaxCredits)
	if want <= c.books.credits() {
		c.coveredBytes = c.est.outputBytes(base + slice)
		return true
	}
	for range holdTries {
		receipt, err := c.extend(want, delivered)
		switch {
		case err != nil: // the database is away: the stream goes on, and the next slice tries again
			c.coveredBytes = c.est.outputBytes(base + slice)
			return true
		case receipt.Outcome == usage.Accepted:
			c.g.Observer.Grown(true)
			c.coveredBytes = c.est.outputBytes(base + slice)
			if c.partial {
				c.coveredBytes = c.est.outputBytes(covered(c.price, c.progress(delivered), c.books.credits()*usage.Millionths))
			}
			return c.coveredBytes > delivered || c.leave()
		case receipt.Room < 1:
			c.g.Observer.Grown(false)
			return c.leave()
		}
		want, c.partial = c.books.credits()+receipt.Room, true
	}
	return c.leave()
}

// leave decides what happens where no credits are left: whether the call may go on, as the
// model's overrun says, for as much again as its first hold.
func (c *call) leave() bool {
	if c.model.Overrun == catalog.OverrunStop || c.overrun {
		return false
	}
	c.overrun = true
	c.coveredBytes = c.est.outputBytes(covered(c.price, c.progress(0), c.books.withOverrun()))
	return c.coveredBytes > c.delivered.Load()
}

// extend raises the hold to a total, or leaves it where that is 0, moves its deadline and
// records what was delivered.
func (c *call) extend(total, delivered int64) (usage.Receipt, error) {
	ctx, cancel := context.WithTimeout(c.background(), entryWait)
	defer cancel()
	x := usage.Extension{TTL: holdTTL, Delivered: 0}
	if total > 0 {
		x.Credits = &total
	}
	if c.answered.Load() {
		t := c.progress(delivered)
		if q, err := c.price.Quote(&t); err == nil {
			x.Delivered, x.DeliveredMicros, x.DeliveredTokens = q.Millionths, q.CostMicros, &t
		}
	}
	c.books.turn.Lock()
	defer c.books.turn.Unlock()
	if !c.books.isOpen() {
		return usage.Receipt{Outcome: usage.OverQuota}, nil
	}
	receipt, err := c.g.Holds.Extend(ctx, uuid.Nil, c.ID, x)
	if err == nil && receipt.Outcome == usage.Accepted {
		c.books.extended(total, c.g.Now())
	}
	return receipt, err
}

// renew moves the deadline of the hold.
func (c *call) renew() error {
	_, err := c.extend(0, c.delivered.Load())
	return err
}

// release ends the hold without a charge.
func (c *call) release() {
	if c.books.shut() {
		c.post(func(ctx context.Context) error {
			_, err := c.g.Holds.Release(ctx, uuid.Nil, c.ID)
			return err
		})
	}
}

// used is what the call used, and where that comes from.
func (c *call) used() (usage.Tokens, usage.Source) {
	delivered := c.delivered.Load()
	t, reported := c.report.Tokens()
	switch reported {
	case usage.Whole:
		if unbelievable(&t) {
			return c.disbelieve(&t)
		}
		c.g.ratios.learn(c.model.Name, c.in.text, delivered, c.in.media, &t)
		return t, usage.SourceReported
	case usage.PromptOnly:
		if unbelievable(&t) {
			return c.disbelieve(&t)
		}
		t.Output = max(t.Output, c.est.outputTokens(delivered))
		return t, usage.SourceCounted
	case usage.Nothing:
	}
	return c.est.tokens(delivered), usage.SourceEstimated
}

// unbelievable reports whether a figure was beyond what any call can have.
func unbelievable(t *usage.Tokens) bool {
	return t.Clamped > 0 && (t.Prompt() >= usage.MaxTokens || t.Output >= usage.MaxTokens)
}

// disbelieve is an estimate in the place of usage that no call can have.
func (c *call) disbelieve(said *usage.Tokens) (usage.Tokens, usage.Source) {
	c.g.Logger.Error("an upstream reported usage that no call can have; the call is charged by an estimate", "request_id", c.ID, "upstream", c.record.Upstream, "model", c.model.Name)
	t := c.est.tokens(c.delivered.Load())
	t.Clamped = max(said.Clamped, 1)
	return t, usage.SourceEstimated
}

// settle ends the hold by what was used. It returns when that is in the books, or after
// Waits.Settle: then it is repeated in the background until it is.
func (c *call) settle(outcome usage.CallOutcome) {
	c.record.Outcome = outcome
	if c.Endpoint == CountTokens || !c.books.shut() {
		return
	}
	began := time.Now()
	t, source := c.used()
	q, err := c.price.Quote(&t)
	if err != nil { // more than any call can cost
		t, source = c.disbelieve(&t)
		q, _ = c.price.Quote(&t)
	}
	charge := usage.Charge{ChargerID: c.Identity.Key.ID, Call: &usage.Call{RequestID: c.ID, Outcome: outcome, Source: source, UpstreamID: c.record.UpstreamID}}
	q.SetOn(&charge, &t)
	c.record.Source, c.record.Tokens, c.record.PriceID, c.record.CostMicros = source, &t, c.price.ID, q.CostMicros
	c.g.Fleet.Spend(c.record.UpstreamID, q.CostMicros)
	c.post(func(ctx context.Context) error {
		receipt, err := c.g.Holds.Settle(ctx, uuid.Nil, c.ID, charge)
		if err == nil {
			c.settled.Store(&receipt)
		}
		return err
	})
	if receipt := c.settled.Load(); receipt != nil {
		c.record.Credits, c.record.Uncollected = receipt.Charged, receipt.Uncollected
		c.figures, c.day = receipt.Figures, receipt.Day
	} else {
		c.record.Credits, c.record.Uncollected = 0, 0
	}
	c.timing.Settling += time.Since(began)
}

// post makes an entry in the books. Where that is not possible within Waits.Settle, it is
// repeated in the background.
func (c *call) post(entry func(context.Context) error) {
	ctx, cancel := context.WithTimeout(c.background(), c.g.Waits.Settle)
	defer cancel()
	err := entry(ctx)
	if err == nil {
		return
	}
	if !repeatable(err) {
		c.lost(err)
		return
	}
	go c.repeat(entry)
}

// repeatable reports whether a repeat of an entry can succeed.
func repeatable(err error) bool {
	kind := fault.As(err).Kind
	return kind == fault.Unavailable || kind == fault.Internal
}

// lost logs an entry that the books do not take: the deadline of the hold ends the call.
func (c *call) lost(err error) {
	if errors.Is(err, usage.ErrNoHold) || errors.Is(err, usage.ErrHoldEnded) {
		c.g.Logger.Warn("the hold of a call had ended before the call", "request_id", c.ID, "error", err)
		return
	}
	c.g.Logger.Error("a call could not be settled; the deadline of its hold settles it by what was delivered", "request_id", c.ID, "error", err)
}

// The pauses between repeats of an entry.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 5 * time.Second
)

// repeat makes an entry until it is in the books, or the gateway is closed.
func (c *call) repeat(entry func(context.Context) error) {
	c.g.repeating.Add(1)
	defer c.g.repeating.Add(-1)
	c.g.Logger.Warn("a settlement is repeated until it is in the books", "request_id", c.ID)
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		select {
		case <-time.After(pause):
		case <-c.g.life.Done():
			c.g.Observer.SettledLate(false)
			return
		}
		ctx, cancel := context.WithTimeout(c.g.life, entryWait)
		err := entry(ctx)
		cancel()
		switch {
		case err == nil:
			c.g.Logger.Info("a settlement is in the books", "request_id", c.ID)
			c.g.Observer.SettledLate(true)
			return
		case !repeatable(err):
			c.lost(err)
			c.g.Observer.SettledLate(false)
			return
		}
	}
}
