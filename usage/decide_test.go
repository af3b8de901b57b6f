package usage

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// model is what a ledger promises, in a few lines: credits by user and day,
// limits by user, and what each idempotency key was first answered with.
type model struct {
	used  map[string]int64
	limit map[uuid.UUID]int64
	first map[ReplayKey]modelReplay
}

type modelReplay struct {
	mark    [16]byte
	receipt Receipt
	at      time.Time
}

func newModel() *model {
	return &model{map[string]int64{}, map[uuid.UUID]int64{}, map[ReplayKey]modelReplay{}}
}

func (m *model) charge(at time.Time, c Charge) Receipt {
	scope, mark := ReplayKey{c.KeyID, c.IdempotencyKey}, c.Fingerprint()
	if r, found := m.first[scope]; c.IdempotencyKey != "" && found && at.Sub(r.at) < ReplayWindow {
		r.receipt.Outcome = map[bool]Outcome{true: Duplicate, false: Mismatch}[r.mark == mark]
		return r.receipt
	}
	row := c.UserID.String() + string(DayOf(at))
	receipt := Receipt{OverQuota, m.used[row], m.limit[c.UserID], DayOf(at)}
	if m.used[row]+c.Credits <= m.limit[c.UserID] {
		m.used[row] += c.Credits
		receipt.Outcome, receipt.CreditsUsed = Accepted, m.used[row]
		m.first[scope] = modelReplay{mark, receipt, at}
	}
	return receipt
}

// ledger keeps the totals in memory, as the databases do: it reads what Decide
// needs and writes what Decide says.
type ledger struct {
	limit   map[uuid.UUID]int64
	days    map[rowID]int64
	last    map[uuid.UUID]uuid.UUID
	replays map[ReplayKey]modelReplay
	records []Record
	minted  uint64
}

func newLedger() *ledger {
	return &ledger{limit: map[uuid.UUID]int64{}, days: map[rowID]int64{}, last: map[uuid.UUID]uuid.UUID{}, replays: map[ReplayKey]modelReplay{}}
}

func (l *ledger) settle(at time.Time, charges []Charge) Posting {
	balances, replays := map[uuid.UUID]Balance{}, map[ReplayKey]Replay{}
	for user, limit := range l.limit {
		balances[user] = Balance{Limit: limit, Used: l.days[rowID{user: user, model: string(DayOf(at))}], LastChargeID: l.last[user]}
	}
	for key, r := range l.replays {
		if at.Sub(r.at) < ReplayWindow {
			replays[key] = Replay{ReplayKey: key, Fingerprint: r.mark, Receipt: r.receipt}
		}
	}
	p := Decide(at, charges, balances, replays, l.mint)
	for _, t := range p.Users {
		l.days[rowID{user: t.UserID, model: string(p.Day)}] += t.Credits
		l.last[t.UserID] = t.LastChargeID
	}
	for _, r := range p.Replays {
		l.replays[r.ReplayKey] = modelReplay{r.Fingerprint, r.Receipt, at}
	}
	l.records = append(l.records, p.Records...)
	return p
}

func (l *ledger) mint() uuid.UUID {
	l.minted++
	return uuid.UUID([]byte(fmt.Sprintf("%016d", l.minted)))
}

var people = [...]struct{ user, key, other uuid.UUID }{
	{uuid.UUID{1}, uuid.UUID{0x11}, uuid.UUID{0x12}}, {uuid.UUID{2}, uuid.UUID{0x21}, uuid.UUID{0x22}},
}

func drawCharge(t *rapid.T) Charge {
	who := people[rapid.IntRange(0, len(people)-1).Draw(t, "user")]
	return Charge{
		UserID: who.user, KeyID: rapid.SampledFrom([]uuid.UUID{who.key, who.other}).Draw(t, "key"), Credits: rapid.Int64Range(0, 4).Draw(t, "credits"),
		Model: rapid.SampledFrom([]string{"gpt-5", "unknown"}).Draw(t, "model"), PromptTokens: rapid.Int64Range(0, 2).Draw(t, "prompt"), CompletionTokens: 1, CostMicros: 5,
		IdempotencyKey: rapid.SampledFrom([]string{"", "", "a", "b", "c"}).Draw(t, "idempotency key"),
	}
}

func TestDecideAnswersEveryInterleavingAsTheModelDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, l := newModel(), newLedger()
		at := time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC)
		setLimit := func(user uuid.UUID, limit int64) { m.limit[user], l.limit[user] = limit, limit }
		for _, p := range people {
			setLimit(p.user, 10)
		}
		t.Repeat(map[string]func(*rapid.T){
			"charge": func(t *rapid.T) {
				charges := rapid.SliceOfN(rapid.Custom(drawCharge), 1, 12).Draw(t, "batch")
				want := make([]Receipt, len(charges))
				for i, c := range charges {
					want[i] = m.charge(at, c)
				}
				posting := l.settle(at, charges)
				if diff := cmp.Diff(want, posting.Receipts); diff != "" {
					t.Fatal(diff)
				}
				checkPosting(t, posting, charges)
			},
			"change plan": func(t *rapid.T) {
				setLimit(people[rapid.IntRange(0, 1).Draw(t, "user")].user, rapid.Int64Range(0, 30).Draw(t, "limit"))
			},
			"pass time": func(t *rapid.T) { at = at.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "minutes")) * time.Minute) },
			"":          func(t *rapid.T) { checkLedger(t, m, l) },
		})
	})
}

// checkPosting proves that what a batch writes is what it accepted, once.
func checkPosting(t *rapid.T, p Posting, charges []Charge) {
	var accepted []Charge
	for i, r := range p.Receipts {
		if r.Outcome == Accepted {
			accepted = append(accepted, charges[i])
		}
	}
	if len(p.Records) != len(accepted) {
		t.Fatalf("%d records of %d accepted charges", len(p.Records), len(accepted))
	}
	replays := 0
	for i, r := range p.Records {
		c := accepted[i]
		want := Record{ID: r.ID, PreviousID: r.PreviousID, UserID: c.UserID, KeyID: c.KeyID, Model: c.Model, Credits: c.Credits,
			PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, CostMicros: c.CostMicros, Day: p.Day, CreatedAt: p.At}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Fatal(diff)
		}
		if c.IdempotencyKey != "" {
			replays++
		}
	}
	if len(p.Replays) != replays {
		t.Fatalf("%d idempotency keys are kept of %d accepted charges that had one", len(p.Replays), replays)
	}
	checkTotals(t, "user", p.Users, p.Records, func(r Record) rowID { return rowID{user: r.UserID} })
	checkTotals(t, "key", p.Keys, p.Records, func(r Record) rowID { return rowID{user: r.UserID, key: r.KeyID} })
	checkTotals(t, "model", p.Models, p.Records, func(r Record) rowID { return rowID{user: r.UserID, model: r.Model} })
}

func checkTotals(t *rapid.T, name string, totals []Total, records []Record, row func(Record) rowID) {
	want := map[rowID]Total{}
	for _, r := range records {
		id := row(r)
		sum := want[id]
		want[id] = Total{id.user, id.key, id.model, sum.Requests + 1, sum.Credits + r.Credits, sum.PromptTokens + r.PromptTokens,
			sum.CompletionTokens + r.CompletionTokens, sum.CostMicros + r.CostMicros, r.ID}
	}
	got := map[rowID]Total{}
	for _, total := range totals {
		got[rowID{total.UserID, total.KeyID, total.Model}] = total
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(rowID{})); diff != "" || len(got) != len(totals) {
		t.Fatalf("the totals by %s are not the sums of the records:\n%s", name, diff)
	}
	if !slices.IsSortedFunc(totals, func(a, b Total) int {
		return bytes.Compare(slices.Concat(a.UserID[:], a.KeyID[:], []byte(a.Model)), slices.Concat(b.UserID[:], b.KeyID[:], []byte(b.Model)))
	}) {
		t.Fatalf("the totals by %s are not in the order in which every writer takes rows", name)
	}
}

// checkLedger proves that the totals hold what the model holds, and that each
// user's charges can be walked from the last to the first.
func checkLedger(t *rapid.T, m *model, l *ledger) {
	byID, count := map[uuid.UUID]Record{}, map[uuid.UUID]int{}
	for _, r := range l.records {
		byID[r.ID] = r
		count[r.UserID]++
	}
	for row, used := range l.days {
		if want := m.used[row.user.String()+row.model]; used != want {
			t.Fatalf("%s has used %d on %s, want %d", row.user, used, row.model, want)
		}
	}
	for _, p := range people {
		steps := 0
		for id := l.last[p.user]; id != uuid.Nil; id = byID[id].PreviousID {
			if byID[id].UserID != p.user {
				t.Fatalf("the chain of %s leads to %s", p.user, byID[id].UserID)
			}
			steps++
		}
		if steps != count[p.user] {
			t.Fatalf("the chain of %s has %d charges of %d", p.user, steps, count[p.user])
		}
	}
}

func TestAChargeFitsWholeOrIsRefusedWhole(t *testing.T) {
	user, at := people[0].user, time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	charge := func(credits int64) Charge {
		return Charge{UserID: user, KeyID: people[0].key, Credits: credits, Model: "m"}
	}
	minted := 0
	p := Decide(at, []Charge{charge(8), charge(3), charge(2), charge(1), charge(0)}, map[uuid.UUID]Balance{user: {Limit: 10}}, nil, func() uuid.UUID {
		minted++
		return uuid.UUID{15: byte(minted)}
	})
	want := []Receipt{{Accepted, 8, 10, "2026-03-04"}, {OverQuota, 8, 10, "2026-03-04"}, {Accepted, 10, 10, "2026-03-04"}, {OverQuota, 10, 10, "2026-03-04"}, {Accepted, 10, 10, "2026-03-04"}}
	if diff := cmp.Diff(want, p.Receipts); diff != "" {
		t.Error(diff)
	}
	if minted != 3 {
		t.Errorf("%d ids were minted for 3 accepted charges", minted)
	}
}

func TestTheGreatestChargesDoNotOverflowTheLimit(t *testing.T) {
	user := people[0].user
	for _, used := range []int64{0, 1, MaxCredits} {
		balance := map[uuid.UUID]Balance{user: {Limit: used, Used: MaxCredits}}
		p := Decide(time.Now(), []Charge{{UserID: user, Credits: MaxCredits}}, balance, nil, uuid.New)
		if p.Receipts[0].Outcome != OverQuota || len(p.Records)+len(p.Users)+len(p.Keys)+len(p.Models)+len(p.Replays) != 0 {
			t.Errorf("with %d of %d used, %v", MaxCredits, used, p)
		}
	}
}

func TestSomeoneWithoutABalanceMayChargeNothing(t *testing.T) {
	p := Decide(time.Now(), []Charge{{UserID: uuid.New(), Credits: 1}}, map[uuid.UUID]Balance{}, nil, uuid.New)
	if p.Receipts[0].Outcome != OverQuota || len(p.Records) != 0 {
		t.Errorf("a charge of nobody is %v", p.Receipts[0])
	}
}
