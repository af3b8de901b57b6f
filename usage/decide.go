package usage

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Kind is what an entry asks of the ledger.
type Kind uint8

// The kinds of entries.
const (
	// KindCharge takes credits; it fits whole or is refused.
	KindCharge Kind = iota
	// KindHold sets credits aside.
	KindHold
	// KindExtend raises a hold and moves its deadline.
	KindExtend
	// KindSettle ends a hold by the real charge, or corrects what its expiry charged.
	KindSettle
	// KindRelease ends a hold without a charge.
	KindRelease
	// KindExpire ends the user's holds whose deadline has passed, as every other entry does first.
	KindExpire
	// KindCorrect takes credits on a day or gives them back, beside every limit.
	KindCorrect
)

// Entry is one step that the ledger decides. The charge in it says whose it is:
// of a hold, Credits and Millionths are the amount to set aside (rounded up),
// of an extension the new amount, or 0 to leave it; of a settlement the real charge.
type Entry struct {
	Kind Kind
	Charge

	// HoldID is the hold to extend, settle or release. To a new hold it gives its id; zero to
	// have one made. An id that a hold has already is a Mismatch.
	HoldID uuid.UUID
	// OwnerID is the user who holds; only this user's keys extend, settle and release.
	OwnerID uuid.UUID
	// TTL is how long a hold is open, from the decision on.
	TTL      time.Duration
	OnExpiry OnExpiry
	// Delivered is what an extension records as delivered so far, in millionths of a credit; negative to leave it.
	Delivered int64
	// DeliveredTokens and DeliveredMicros are the tokens and the cost of Delivered; nil and 0 where they are not known.
	DeliveredTokens *Tokens
	DeliveredMicros int64
	// RequestID names the call of a hold.
	RequestID string
	// Day is the day that a correction changes; empty for the day of the decision.
	Day Day
}

// ChargeEntries are entries for plain charges.
func ChargeEntries(charges ...Charge) []Entry {
	entries := make([]Entry, len(charges))
	for i := range charges {
		entries[i].Charge = charges[i]
	}
	return entries
}

// State is what a batch is decided on: the accounts of its users, the replays
// that are within ReplayWindow, and the holds that its entries or those replays
// name. Those that are open in an account may be left out.
type State struct {
	Accounts map[uuid.UUID]*Account
	Replays  map[ReplayKey]Replay
	Named    map[uuid.UUID]*Hold
}

// Decide decides a batch of entries in their order. It is pure: the caller holds
// the accounts locked, has read the state, and writes the posting in the same
// transaction. Ids are minted for what is written alone; the state is brought
// up to date as the batch goes.
//
// Accepted charges and open holds never take more than there is room. A hold
// whose deadline has passed is ended before anything else of its user is
// decided, so it never blocks, whether or not a sweeper has been there.
func Decide(at time.Time, entries []Entry, state State, mint func() uuid.UUID) Posting {
	d := decider{Posting: Posting{At: at, Day: DayOf(at), Receipts: make([]Receipt, len(entries))}, state: state, mint: mint, sums: newSums(len(entries))}
	if d.state.Replays == nil {
		d.state.Replays = map[ReplayKey]Replay{}
	}
	if d.state.Named == nil {
		d.state.Named = map[uuid.UUID]*Hold{}
	}
	for i := range entries {
		e := &entries[i]
		a := state.Accounts[e.UserID]
		if a == nil {
			d.Receipts[i] = Receipt{Outcome: OverQuota, Day: d.Day, Figures: Figures{Month: Month{Limit: NoLimit}}}
			continue
		}
		began := d.mark(e, a)
		d.expire(a)
		expired := d.mark(e, a)
		d.Receipts[i] = d.decide(e, a)
		d.Receipts[i].Moved = d.moved(e, a, began, expired)
	}
	d.Users, d.Rows, d.Tokens = sorted(d.sums.users), sorted(d.sums.rows), d.sums.tokens.sorted()
	return d.Posting
}

type decider struct {
	Posting

	state State
	mint  func() uuid.UUID
	sums  sums
	// listed are the holds that the posting has.
	listed map[*Hold]bool
}

func (d *decider) decide(e *Entry, a *Account) Receipt {
	switch e.Kind {
	case KindHold:
		return d.once(e, a, d.hold)
	case KindExtend:
		return d.extend(e, a)
	case KindSettle:
		return d.settle(e, a)
	case KindRelease:
		return d.release(e, a)
	case KindExpire:
		return d.receipt(Accepted, e.KeyID, a)
	case KindCorrect:
		return d.correct(e, a)
	case KindCharge:
	}
	return d.once(e, a, d.charge)
}

// receipt answers with the account's figures of the moment, as they are for a key.
func (d *decider) receipt(outcome Outcome, key uuid.UUID, a *Account) Receipt {
	left := a.left(d.At)
	_, limited := a.keyRoom(key)
	return Receipt{Outcome: outcome, Day: d.Day, Figures: a.figures(key, left), UserRoom: left.room(), KeyLimited: limited}
}

func (d *decider) overQuota(key uuid.UUID, a *Account) Receipt {
	r := d.receipt(OverQuota, key, a)
	if r.Limit = a.binding(key, a.left(d.At)); r.Limit == LimitKey {
		r.KeyUsed, r.KeyLimit = a.Keys[key].Used, a.Keys[key].DailyLimit
	}
	return r
}

// once decides an entry whose idempotency key is new, and answers a repeat as
// its first was. Only an accepted entry takes its idempotency key.
func (d *decider) once(e *Entry, a *Account, decide func(*Entry, *Account) Receipt) Receipt {
	if e.IdempotencyKey == "" {
		return decide(e, a)
	}
	key := e.replayKey()
	for _, known := range []ReplayKey{key, key.ofAnybody()} {
		if first, found := d.state.Replays[known]; found {
			return d.answer(first, e, a)
		}
	}
	receipt := decide(e, a)
	if receipt.Outcome == Accepted {
		// Only what is stored of a receipt is kept, so that repeats in one batch are answered as later ones are.
		kept := Receipt{Outcome: Accepted, Figures: receipt.Figures, Day: receipt.Day, HoldID: receipt.HoldID}
		replay := Replay{ReplayKey: key, Fingerprint: e.fingerprint(), Receipt: kept}
		d.state.Replays[key] = replay
		d.Replays = append(d.Replays, replay)
	}
	return receipt
}

// answer answers a repeat with the figures of the first, and what became of its hold.
func (d *decider) answer(first Replay, e *Entry, a *Account) Receipt {
	r := first.Receipt
	r.Outcome = Duplicate
	if first.Fingerprint != e.fingerprint() {
		r.Outcome = Mismatch
	}
	if h := d.lookup(r.HoldID, a); h != nil {
		r = of(r, h)
	}
	return r
}

func (d *decider) charge(e *Entry, a *Account) Receipt {
	left := a.left(d.At)
	collected, credits := fit(a.Day, e.millionths(), a.room(e.KeyID, left))
	if collected < e.millionths() {
		return d.overQuota(e.KeyID, a)
	}
	if e.CostMicros > MaxDayCostUSD*MicrosPerUSD-a.Day.CostMicros {
		return d.receipt(OverRange, e.KeyID, a)
	}
	d.book(&e.Charge, a, collected, credits, d.drawBeyond(a, credits, left.plan, nil))
	r := d.receipt(Accepted, e.KeyID, a)
	r.Charged = credits
	return r
}

// fit is how much of a charge the room takes: in millionths, and in the whole
// credits by which the day's rounded sum moves.
func fit(day DaySums, millionths, room int64) (collected, credits int64) {
	credits = WholeCredits(day.Millionths+millionths) - day.Used()
	if credits <= room {
		return millionths, credits
	}
	return (day.Used()+room)*Millionths - day.Millionths, room
}

// drawBeyond takes what the plan does not give from a hold's own draws, and then
// from the grants that have some left.
func (d *decider) drawBeyond(a *Account, credits, ofPlan int64, own []Draw) (draws []Draw) {
	rest := max(credits-ofPlan, 0)
	for _, o := range own {
		if take := min(rest, o.Credits); take > 0 {
			draws = append(draws, Draw{o.GrantID, take})
			rest -= take
		}
	}
	return addDraws(draws, a.draw(rest, d.At, draws))
}

// addDraws adds draws up by grant.
func addDraws(draws, more []Draw) []Draw {
	for _, m := range more {
		if i := slices.IndexFunc(draws, func(d Draw) bool { return d.GrantID == m.GrantID }); i >= 0 {
			draws[i].Credits += m.Credits
		} else {
			draws = append(draws, m)
		}
	}
	return draws
}

// book records a charge on the day of the decision: the millionths that it
// collects, the whole credits by which they move the day, and what of them
// grants give. The rest of the charge is uncollected.
func (d *decider) book(c *Charge, a *Account, collected, credits int64, draws []Draw) *Record {
	r := d.record(c, d.Day)
	r.Millionths, r.Credits, r.Granted = collected, credits, granted(draws)
	r.Uncollected = c.millionths() - collected
	d.count(a, r, draws)
	return r
}

// record appends a record of a charge whose credits are not set. The prompt and the
// completion of a priced one are those of its buckets.
func (d *decider) record(c *Charge, day Day) *Record {
	d.Records = append(d.Records, Record{ID: d.mint(), UserID: c.UserID, KeyID: c.KeyID, Model: c.Model,
		PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, CostMicros: c.CostMicros, Priced: c.Priced, Call: c.Call, Day: day, CreatedAt: d.At})
	r := &d.Records[len(d.Records)-1]
	if r.Priced != nil {
		r.PromptTokens, r.CompletionTokens = r.Priced.Tokens.Prompt(), r.Priced.Tokens.Completion()
	}
	return r
}

// count adds a record to every sum of its day, and puts it at the end of the
// user's charges of that day.
func (d *decider) count(a *Account, r *Record, draws []Draw) {
	if r.Day == d.Day {
		r.PreviousID, a.LastChargeID = a.LastChargeID, r.ID
	} else {
		past := a.PastDays[r.Day]
		if a.LastChargeID == past.LastChargeID {
			a.LastChargeID = r.ID
		}
		r.PreviousID, past.LastChargeID = past.LastChargeID, r.ID
		a.setPastDay(r.Day, past)
	}
	d.moveDay(a, r.Day, DaySums{r.Millionths, r.Granted, r.CostMicros})
	if limits := a.Keys[r.KeyID]; limits != nil && r.Day == d.Day {
		limits.Used += r.Credits
	}
	d.use(a, r.Day, draws)
	d.sums.add(r)
}

// use books draws on grants.
func (d *decider) use(a *Account, day Day, draws []Draw) {
	for _, w := range draws {
		for i := range a.Grants {
			if g := &a.Grants[i]; g.ID == w.GrantID {
				g.Used += w.Credits
			}
		}
		d.Uses = append(d.Uses, GrantUse{GrantID: w.GrantID, Day: day, Credits: w.Credits})
	}
}
