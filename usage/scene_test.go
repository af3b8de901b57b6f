package usage_test

import (
	"context"
	"testing"
	"time"

	"codexible/usage"
	"codexible/usage/usagetest"

	"github.com/google/uuid"
)

const whole = usage.Millionths

var evening = time.Date(2026, 3, 30, 20, 0, 0, 0, time.UTC)

// scene is a user with 10 credits a day, a service, and a ledger in memory.
type scene struct {
	*testing.T

	ledger *usagetest.Memory
	at     time.Time
	key    usagetest.Key
}

func newScene(t *testing.T) *scene {
	t.Helper()
	plans := map[uuid.UUID]usagetest.Plan{anna: {Daily: 10, Monthly: usage.NoLimit, Concurrency: usage.NoLimit}}
	return &scene{t, usagetest.NewMemory(plans, world), evening, world[0]}
}

func (s *scene) plan(daily, monthly, atOnce int64) {
	if err := s.ledger.SetPlan(context.Background(), anna, usagetest.Plan{Daily: daily, Monthly: monthly, Concurrency: atOnce}); err != nil {
		s.Fatal(err)
	}
}

// grant gives credits that end after a time; 0 for no end.
func (s *scene) grant(id byte, credits int64, ends time.Duration) {
	g := usagetest.Grant{ID: uuid.UUID{0xee, id}, UserID: anna, Credits: credits}
	if ends > 0 {
		g.Ends = s.at.Add(ends)
	}
	if err := s.ledger.PutGrant(context.Background(), g); err != nil {
		s.Fatal(err)
	}
}

func (s *scene) pass(d time.Duration) { s.at = s.at.Add(d) }

func (s *scene) post(entries ...usage.Entry) []usage.Receipt {
	s.Helper()
	for i := range entries {
		entries[i].UserID, entries[i].KeyID, entries[i].Model = anna, s.key.ID, "m"
	}
	receipts, err := s.ledger.Post(context.Background(), usage.At(s.at), entries)
	if err != nil {
		s.Fatal(err)
	}
	for _, d := range s.ledger.Recount() {
		s.Error(d)
	}
	return receipts
}

func entry(kind usage.Kind, hold uuid.UUID, millionths int64) usage.Entry {
	return usage.Entry{Kind: kind, Charge: usage.Charge{Millionths: millionths}, HoldID: hold, OwnerID: uuid.UUID{0xa1}, TTL: 10 * time.Minute, OnExpiry: usage.ReleaseOnExpiry, Delivered: -1}
}

func (s *scene) charge(millionths int64) usage.Receipt {
	return s.post(entry(usage.KindCharge, uuid.Nil, millionths))[0]
}

func (s *scene) hold(credits int64) usage.Receipt {
	return s.post(entry(usage.KindHold, uuid.Nil, credits*whole))[0]
}

func (s *scene) settle(hold uuid.UUID, millionths int64) usage.Receipt {
	return s.post(entry(usage.KindSettle, hold, millionths))[0]
}

func (s *scene) release(hold uuid.UUID) usage.Receipt {
	return s.post(entry(usage.KindRelease, hold, 0))[0]
}

func (s *scene) extend(hold uuid.UUID, credits, delivered int64) usage.Receipt {
	e := entry(usage.KindExtend, hold, credits*whole)
	e.Delivered = delivered
	return s.post(e)[0]
}

// expired is a hold whose expiry has charged what was delivered.
func (s *scene) expired(credits, delivered int64) uuid.UUID {
	e := entry(usage.KindHold, uuid.Nil, credits*whole)
	e.OnExpiry = usage.ChargeOnExpiry
	id := s.post(e)[0].HoldID
	s.extend(id, 0, delivered)
	s.pass(10 * time.Minute)
	s.now()
	return id
}

func (s *scene) correct(day usage.Day, credits int64) usage.Receipt {
	e := usage.Entry{Kind: usage.KindCorrect, Day: day}
	e.Credits = credits
	return s.post(e)[0]
}

// now ends what is past its deadline, and answers with the figures of the moment.
func (s *scene) now() usage.Receipt { return s.post(usage.Entry{Kind: usage.KindExpire})[0] }

func (s *scene) want(r usage.Receipt, outcome usage.Outcome, used, held, room int64) {
	s.Helper()
	if r.Outcome != outcome || r.CreditsUsed != used || r.Held != held || r.Room != room {
		s.Errorf("%s, %d used, %d held, room for %d; want %s, %d, %d, %d", r.Outcome, r.CreditsUsed, r.Held, r.Room, outcome, used, held, room)
	}
}

// paid checks what a settlement charged in credits, and left uncollected in millionths.
func (s *scene) paid(r usage.Receipt, charged, uncollected int64) {
	s.Helper()
	if r.Charged != charged || r.Uncollected != uncollected {
		s.Errorf("%d charged, %d uncollected; want %d, %d", r.Charged, r.Uncollected, charged, uncollected)
	}
}

// gave checks what grants gave until now.
func (s *scene) gave(want ...int64) {
	s.Helper()
	books, err := s.ledger.Books(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	for i, credits := range want {
		var gave int64
		for id, n := range books.Grants {
			if id.Grant == (uuid.UUID{0xee, byte(i + 1)}) {
				gave += n
			}
		}
		if gave != credits {
			s.Errorf("grant %d gave %d, want %d", i+1, gave, credits)
		}
	}
}

const (
	accepted, duplicate, mismatch, overQuota, atOnce = usage.Accepted, usage.Duplicate, usage.Mismatch, usage.OverQuota, usage.Concurrent
	holdEnded, belowHold, noHold, belowZero          = usage.HoldEnded, usage.BelowHold, usage.NoHold, usage.BelowZero
)
