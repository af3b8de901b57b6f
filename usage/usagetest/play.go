package usagetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// Subject is a ledger under test. Batches hold no corrections but for Correct's.
type Subject interface {
	usage.Ledger
	// SetPlan changes the limits of a user's plan.
	SetPlan(ctx context.Context, user uuid.UUID, p Plan) error
	// PutGrant makes a grant, or gives one another end: then it is revoked at that moment.
	PutGrant(ctx context.Context, g Grant) error
	// Books are all totals that are stored.
	Books(ctx context.Context) (Books, error)
	// Calls are the stored charges of the gateway.
	Calls(ctx context.Context) (map[CallRow]int64, error)
}

// Play plays random entries against a ledger and the model.
type Play struct {
	Ledger Subject
	Model  *Model
	// At is the present moment.
	At time.Time
	// Keys are those that charge and hold; Services are the users who hold: uuid.Nil for the gateway.
	Keys     []Key
	Services []uuid.UUID
	// Name begins the ids of the gateway's holds: five bytes that no other play of the ledger has.
	Name   string
	minted int
	// Correct posts a correction; nil where the ledger takes it as an entry.
	Correct func(at time.Time, e usage.Entry) (usage.Receipt, error)
}

// Actions are what may happen, for rapid's Repeat.
func (p *Play) Actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"post":        p.post,
		"post again":  p.post,
		"settle late": p.settleLate,
		"correct":     p.correct,
		"change plan": p.changePlan,
		"grant":       p.grant,
		"revoke":      p.revoke,
		"pass time":   p.passTime,
		"":            p.check,
	}
}

func (p *Play) post(t *rapid.T) {
	entries := rapid.SliceOfN(rapid.Custom(p.entry), 1, 8).Draw(t, "entries")
	before := p.planTotals()
	p.compare(t, entries, p.Ledger.Post)
	for user, totals := range p.planTotals() {
		for i, limit := range []int64{p.Model.plans[user].Daily, p.Model.plans[user].Monthly} {
			if limit != usage.NoLimit && totals[i] > max(limit, before[user][i]) {
				t.Fatalf("%s: charges and holds count %d against a limit of %d, before it was %d", user, totals[i], limit, before[user][i])
			}
		}
	}
}

// planTotals are what accepted charges and open holds of each user count against the plan's day and month.
func (p *Play) planTotals() map[uuid.UUID][2]int64 {
	totals, day := map[uuid.UUID][2]int64{}, usage.DayOf(p.At)
	for user := range p.Model.plans {
		held := p.Model.heldOfPlan(user)
		totals[user] = [2]int64{p.Model.ofPlan(user, day) + held, p.Model.month(user, day.Month()) + held}
	}
	return totals
}

type poster func(ctx context.Context, now func() time.Time, entries []usage.Entry) ([]usage.Receipt, error)

// compare posts a batch, and compares each answer with the model's.
func (p *Play) compare(t *rapid.T, entries []usage.Entry, post poster) []usage.Receipt {
	got, err := post(context.Background(), usage.At(p.At), entries)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(entries) {
		t.Fatalf("%d answers to %d entries", len(got), len(entries))
	}
	want := p.Model.Post(p.At, entries, got)
	for i, e := range entries {
		if got[i].Outcome == usage.OverQuota && e.Kind != usage.KindExtend && up(amount(e)) <= got[i].Room {
			t.Fatalf("refused while there was room: %+v, %+v", e, got[i])
		}
		got[i].Moved = usage.Moved{} // for metrics: the model does not follow it
		if diff := cmp.Diff(want[i], got[i]); diff != "" {
			t.Fatalf("entry %d at %s: %+v\n(-model +ledger)\n%s", i, p.At, e, diff)
		}
	}
	return got
}

// check compares everything that is stored with the lists.
func (p *Play) check(t *rapid.T) {
	got, err := p.Ledger.Books(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Model.Books(), got); diff != "" {
		t.Fatalf("(-model +ledger)\n%s", diff)
	}
}

// settleLate settles a hold whose expiry has charged what was delivered: each step
// alone is likely, all of them in a row are not.
func (p *Play) settleLate(t *rapid.T) {
	key := rapid.SampledFrom(p.Keys).Draw(t, "key")
	e := usage.Entry{Kind: usage.KindHold, OwnerID: rapid.SampledFrom(p.Services).Draw(t, "service"), TTL: usage.MinHoldTTL, OnExpiry: usage.ChargeOnExpiry, RequestID: "request"}
	e.UserID, e.KeyID, e.Model = key.UserID, key.ID, "gpt-5"
	e.Credits = rapid.SampledFrom([]int64{0, 1, 4, 7}).Draw(t, "credits")
	p.price(t, &e)
	e.HoldID = p.compare(t, []usage.Entry{e}, p.Ledger.Post)[0].HoldID
	if e.HoldID == uuid.Nil {
		return
	}
	e.Kind, e.Credits = usage.KindExtend, 0
	e.Priced, e.Delivered = nil, rapid.SampledFrom([]int64{400_000, 500_000, 2_000_000, 5_500_000}).Draw(t, "delivered")
	p.deliver(t, &e)
	p.compare(t, []usage.Entry{e}, p.Ledger.Post)
	p.passTime(t)
	p.At = p.At.Add(usage.MinHoldTTL)
	p.post(t)
	p.compare(t, []usage.Entry{{Kind: usage.KindExpire, Charge: usage.Charge{UserID: key.UserID}}}, p.Ledger.Post)
	p.passTime(t)
	if rapid.Bool().Draw(t, "corrected") {
		p.correct(t)
	}
	e.Kind, e.Model = usage.KindSettle, ""
	var settlements []usage.Entry
	for range rapid.IntRange(1, 2).Draw(t, "settlements") {
		e.Millionths = rapid.SampledFrom([]int64{0, 100_000, 900_000, 2_000_000, 3_000_000, 9_500_000}).Draw(t, "real")
		e.CostMicros = rapid.SampledFrom([]int64{0, 5, 600_000_000_000_000}).Draw(t, "cost")
		e.Priced = nil
		p.price(t, &e)
		p.call(t, &e)
		settlements = append(settlements, e)
	}
	p.compare(t, append(settlements, p.entry(t)), p.Ledger.Post)
}

func (p *Play) correct(t *rapid.T) {
	day := rapid.SampledFrom([]usage.Day{"", usage.DayOf(p.At), usage.DayOf(p.At).Add(-1), usage.DayOf(p.At).Add(-2)}).Draw(t, "day")
	e := usage.Entry{
		Kind: usage.KindCorrect, Day: day,
		Charge: usage.Charge{UserID: rapid.SampledFrom(p.Keys).Draw(t, "key").UserID, Credits: rapid.SampledFrom([]int64{-8, -3, -1, 1, 3}).Draw(t, "credits")},
	}
	if p.Correct == nil {
		p.compare(t, []usage.Entry{e}, p.Ledger.Post)
		return
	}
	p.compare(t, []usage.Entry{e}, func(context.Context, func() time.Time, []usage.Entry) ([]usage.Receipt, error) {
		r, err := p.Correct(p.At, e)
		return []usage.Receipt{r}, err
	})
}

func (p *Play) changePlan(t *rapid.T) {
	plan := Plan{
		Daily:       rapid.Int64Range(0, 20).Draw(t, "daily"),
		Monthly:     rapid.SampledFrom([]int64{usage.NoLimit, usage.NoLimit, 0, 15, 40}).Draw(t, "monthly"),
		Concurrency: rapid.SampledFrom([]int64{usage.NoLimit, usage.NoLimit, 1, 3}).Draw(t, "at once"),
	}
	user := rapid.SampledFrom(p.Keys).Draw(t, "key").UserID
	p.must(t, p.Ledger.SetPlan(context.Background(), user, plan))
	p.Model.plans[user] = plan
}

func (p *Play) grant(t *rapid.T) {
	g := Grant{ID: uuid.UUID([]byte(fmt.Sprintf("grant %010d", len(p.Model.grants)))), UserID: rapid.SampledFrom(p.Keys).Draw(t, "key").UserID, Credits: rapid.Int64Range(1, 12).Draw(t, "credits")}
	if ends := rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour, 30 * time.Hour}).Draw(t, "ends"); ends > 0 {
		g.Ends = p.At.Add(ends)
	}
	p.must(t, p.Ledger.PutGrant(context.Background(), g))
	p.Model.grants = append(p.Model.grants, g)
}

func (p *Play) revoke(t *rapid.T) {
	open := slices.DeleteFunc(slices.Clone(p.Model.grants), func(g Grant) bool { return g.ended(p.At) })
	if len(open) == 0 {
		t.Skip("no grant is open")
	}
	g := rapid.SampledFrom(open).Draw(t, "grant")
	g.Ends = p.At
	p.must(t, p.Ledger.PutGrant(context.Background(), g))
	p.Model.grants[slices.IndexFunc(p.Model.grants, func(o Grant) bool { return o.ID == g.ID })] = g
}

func (p *Play) passTime(t *rapid.T) {
	p.At = p.At.Add(rapid.SampledFrom([]time.Duration{time.Microsecond, 9 * time.Second, 11 * time.Second, 2 * time.Minute, 30 * time.Minute, 5 * time.Hour, 25 * time.Hour}).Draw(t, "time"))
}

func (p *Play) must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// CheckEnd lets every hold's time pass, and proves that nothing stays held.
func (p *Play) CheckEnd(t *rapid.T) {
	p.At = p.At.Add(usage.MaxHoldTTL)
	for _, user := range slices.SortedFunc(maps.Keys(p.Model.plans), func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }) {
		p.compare(t, []usage.Entry{{Kind: usage.KindExpire, Charge: usage.Charge{UserID: user}}}, p.Ledger.Post)
		if held := p.Model.held(user); held != 0 {
			t.Fatalf("%s has %d held after every deadline", user, held)
		}
	}
	p.check(t)
	calls, err := p.Ledger.Calls(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Model.Calls(), calls); diff != "" {
		t.Fatalf("the calls: (-model +ledger)\n%s", diff)
	}
}

// entry draws any entry but a correction.
func (p *Play) entry(t *rapid.T) usage.Entry {
	key := rapid.SampledFrom(p.Keys).Draw(t, "key")
	e := usage.Entry{
		Kind: rapid.SampledFrom([]usage.Kind{
			usage.KindCharge, usage.KindCharge, usage.KindHold, usage.KindHold, usage.KindSettle, usage.KindSettle, usage.KindExtend, usage.KindRelease, usage.KindExpire,
		}).Draw(t, "kind"),
		Delivered: -1,
	}
	e.UserID, e.KeyID = key.UserID, key.ID
	e.Credits = rapid.SampledFrom([]int64{0, 0, 1, 2, 3, 7}).Draw(t, "credits")
	e.Millionths = rapid.SampledFrom([]int64{0, 0, 0, 1, 400_000, 500_000, 999_999}).Draw(t, "millionths")
	e.CostMicros = rapid.SampledFrom([]int64{0, 5, 5, 600_000_000_000_000}).Draw(t, "cost")
	e.PromptTokens = rapid.Int64Range(0, 2).Draw(t, "tokens")
	p.price(t, &e)
	service := rapid.SampledFrom(p.Services).Draw(t, "service")
	switch e.Kind {
	case usage.KindCharge, usage.KindHold:
		e.Model = rapid.SampledFrom([]string{"gpt-5", "unknown"}).Draw(t, "model")
		e.ChargerID = rapid.SampledFrom([]uuid.UUID{key.ID, service, uuid.Nil}).Draw(t, "charger")
		e.IdempotencyKey = rapid.SampledFrom([]string{"", "", "", "a", "b"}).Draw(t, "idempotency key")
		if e.Kind == usage.KindHold {
			e.CostMicros, e.OwnerID, e.RequestID = 0, service, "request"
			e.TTL = rapid.SampledFrom([]time.Duration{usage.MinHoldTTL, usage.DefaultHoldTTL, usage.MaxHoldTTL}).Draw(t, "time")
			e.OnExpiry = rapid.SampledFrom([]usage.OnExpiry{usage.ReleaseOnExpiry, usage.ChargeOnExpiry}).Draw(t, "on expiry")
			if service == uuid.Nil {
				e.HoldID = p.requestID(t)
			}
		}
	case usage.KindExtend, usage.KindSettle, usage.KindRelease:
		p.name(t, &e)
	case usage.KindExpire, usage.KindCorrect:
	}
	return e
}

// Prices are the prices of entries; what they make of usage is drawn apart from it.
func Prices() []uuid.UUID { return []uuid.UUID{{0xc1}, {0xc2}} }

// price makes a third of the charges, holds and settlements priced ones.
func (p *Play) price(t *rapid.T, e *usage.Entry) {
	if rapid.IntRange(0, 2).Draw(t, "priced") > 0 {
		return
	}
	count := rapid.SampledFrom([]int64{0, 0, 1, 2})
	priced := usage.Priced{PriceID: rapid.SampledFrom(Prices()).Draw(t, "price")}
	priced.Tokens = usage.Tokens{Input: count.Draw(t, "input"), CacheRead: count.Draw(t, "cached"), Output: count.Draw(t, "output")}
	if rapid.Bool().Draw(t, "more") {
		priced.Tokens.CacheWrite, priced.Tokens.CacheWrite1h, priced.Tokens.AudioInput, priced.Tokens.AudioOutput = 3, 4, 5, 6
		priced.Tokens.Reasoning, priced.Tokens.WebSearches, priced.Tokens.ServiceTier, priced.Tokens.Clamped = priced.Tokens.Output, 7, "flex", 1
	}
	e.Priced = &priced
}

// name makes an entry name a hold: mostly one that exists, by the user and the service it belongs to.
func (p *Play) name(t *rapid.T, e *usage.Entry) {
	e.HoldID = uuid.UUID{0xff}
	if len(p.Model.holds) > 0 && rapid.IntRange(0, 20).Draw(t, "known") > 0 {
		// Of the last ones: shrinking leads to the latest.
		back := rapid.IntRange(1, min(len(p.Model.holds), 6)).Draw(t, "hold")
		h := p.Model.holds[len(p.Model.holds)-back]
		e.HoldID, e.OwnerID = h.id, h.entry.OwnerID
		if rapid.IntRange(0, 20).Draw(t, "of its user") > 0 {
			e.UserID, e.KeyID = h.entry.UserID, h.entry.KeyID
		}
	}
	e.OwnerID = rapid.SampledFrom([]uuid.UUID{e.OwnerID, e.OwnerID, e.OwnerID, uuid.Nil, p.Services[0]}).Draw(t, "owner")
	e.Model = rapid.SampledFrom([]string{"", "gpt-5"}).Draw(t, "model")
	if e.Kind == usage.KindExtend {
		e.TTL = rapid.SampledFrom([]time.Duration{usage.MinHoldTTL, usage.DefaultHoldTTL}).Draw(t, "time")
		e.Delivered = rapid.SampledFrom([]int64{-1, 0, 400_000, 2_000_000, 5_500_000}).Draw(t, "delivered")
		p.deliver(t, e)
	}
	p.call(t, e)
}

// requestID is the id of a hold of the gateway, rarely one that another hold has.
func (p *Play) requestID(t *rapid.T) uuid.UUID {
	if len(p.Model.holds) > 0 && rapid.IntRange(0, 10).Draw(t, "taken") == 0 {
		return rapid.SampledFrom(p.Model.holds).Draw(t, "hold").id
	}
	p.minted++
	return uuid.UUID([]byte(fmt.Sprintf("%s %010d", p.Name, p.minted)))
}

// deliver says what of tokens and cost was delivered, where anything was.
func (p *Play) deliver(t *rapid.T, e *usage.Entry) {
	if rapid.Bool().Draw(t, "tokens delivered") {
		count := rapid.SampledFrom([]int64{0, 1, 3})
		e.DeliveredTokens = &usage.Tokens{Input: count.Draw(t, "input"), CacheRead: count.Draw(t, "cached"), Output: count.Draw(t, "output"), WebSearches: count.Draw(t, "searches")}
		e.DeliveredMicros = rapid.SampledFrom([]int64{0, 3, 7, 700_000_000_000_000}).Draw(t, "delivered cost")
	}
}

// call makes a settlement that of a call of the gateway where its hold is.
func (p *Play) call(t *rapid.T, e *usage.Entry) {
	e.Call = nil
	if h := p.Model.hold(e.HoldID); e.Kind == usage.KindSettle && h != nil && h.entry.OwnerID == uuid.Nil {
		e.Call = &usage.Call{
			RequestID: e.HoldID, Outcome: rapid.SampledFrom([]usage.CallOutcome{usage.CallComplete, usage.CallClientGone}).Draw(t, "outcome"),
			Source:     rapid.SampledFrom([]usage.Source{usage.SourceReported, usage.SourceCounted}).Draw(t, "source"),
			UpstreamID: rapid.SampledFrom([]uuid.UUID{uuid.Nil, {1}, {2}}).Draw(t, "upstream"),
		}
	}
}
