package usage_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"codexible/usage"
)

func TestRules(t *testing.T) {
	for _, rules := range []map[string]func(*scene){chargeRules, holdRules, lateRules, limitRules, grantRules, correctionRules} {
		for name, play := range rules {
			t.Run(name, func(t *testing.T) { play(newScene(t)) })
		}
	}
}

var chargeRules = map[string]func(*scene){
	"a charge fits whole or is refused whole": func(s *scene) {
		s.want(s.charge(8*whole), accepted, 8, 0, 2)
		s.want(s.charge(3*whole), overQuota, 8, 0, 2)
		s.want(s.charge(2*whole), accepted, 10, 0, 0)
		s.want(s.charge(0), accepted, 10, 0, 0)
	},
	"a day of many priced calls costs at most one credit of rounding": func(s *scene) {
		for range 70 {
			s.charge(100_001)
		}
		s.want(s.now(), accepted, 8, 0, 2) // 7.00007
	},
	"a charge of n by hand costs exactly n, whatever fraction the day has": func(s *scene) {
		s.charge(300_000)
		s.want(s.charge(4*whole), accepted, 5, 0, 5)
		s.paid(s.charge(5*whole), 5, 0)
		s.want(s.charge(700_000), accepted, 10, 0, 0)
		s.want(s.charge(1), overQuota, 10, 0, 0)
	},
	"a new day begins at zero": func(s *scene) {
		s.charge(10 * whole)
		s.pass(4 * time.Hour)
		s.want(s.charge(1*whole), accepted, 1, 0, 9)
	},
	"who has no account has no room": func(s *scene) {
		p := usage.Decide(s.at, usage.ChargeEntries(usage.Charge{UserID: uuid.UUID{9}, Credits: 1}), usage.State{}, uuid.New)
		s.want(p.Receipts[0], overQuota, 0, 0, 0)
	},
	"the greatest charges do not overflow": func(s *scene) {
		s.plan(usage.MaxCredits, usage.NoLimit, usage.NoLimit)
		s.want(s.charge(usage.MaxCredits*whole), accepted, usage.MaxCredits, 0, 0)
		s.want(s.charge(usage.MaxCredits*whole), overQuota, usage.MaxCredits, 0, 0)
	},
}

var holdRules = map[string]func(*scene){
	"a hold sets its credits aside, and its settlement gives the rest back": func(s *scene) {
		h := s.hold(6)
		s.want(h, accepted, 0, 6, 4)
		s.want(s.charge(5*whole), overQuota, 0, 6, 4)
		r := s.settle(h.HoldID, 2*whole)
		s.want(r, accepted, 2, 0, 8)
		s.paid(r, 2, 0)
	},
	"a hold of a fraction sets whole credits aside": func(s *scene) {
		s.charge(900_000)
		r := s.post(entry(usage.KindHold, uuid.Nil, 1_000_001))[0]
		s.want(r, accepted, 1, 2, 7)
		s.want(s.settle(r.HoldID, 1_000_001), accepted, 2, 0, 8)
	},
	"a settlement takes its own amount and what room there is; the rest is uncollected": func(s *scene) {
		h := s.hold(3)
		s.hold(5)
		r := s.settle(h.HoldID, 7_250_000)
		s.want(r, accepted, 5, 5, 0)
		s.paid(r, 5, 2_250_000)
	},
	"what is collected fills the day's fraction": func(s *scene) {
		s.charge(9_500_000)
		h := s.hold(0)
		r := s.settle(h.HoldID, 900_000)
		s.want(r, accepted, 10, 0, 0)
		s.paid(r, 0, 400_000)
	},
	"a hold's own amount fits also after the plan was lowered": func(s *scene) {
		h := s.hold(8)
		s.plan(3, usage.NoLimit, usage.NoLimit)
		s.want(s.now(), accepted, 0, 8, 0)
		r := s.settle(h.HoldID, 9*whole)
		s.want(r, accepted, 8, 0, 0)
		s.paid(r, 8, 1*whole)
	},
	"a hold over midnight counts on both days, and is charged on the second": func(s *scene) {
		s.at = time.Date(2026, 3, 30, 23, 55, 0, 0, time.UTC)
		s.charge(4 * whole)
		h := s.hold(6)
		s.want(h, accepted, 4, 6, 0)
		s.pass(6 * time.Minute)
		s.want(s.now(), accepted, 0, 6, 4)
		s.want(s.settle(h.HoldID, 5*whole), accepted, 5, 0, 5)
	},
	"a hold over the end of a month counts in both months": func(s *scene) {
		s.plan(10, 8, usage.NoLimit)
		s.at = time.Date(2026, 3, 31, 23, 55, 0, 0, time.UTC)
		h := s.hold(6)
		s.want(s.charge(2*whole), accepted, 2, 6, 0)
		s.pass(6 * time.Minute)
		s.want(s.charge(3*whole), overQuota, 0, 6, 2)
		r := s.settle(h.HoldID, 7*whole)
		s.want(r, accepted, 7, 0, 1)
		if r.Month != (usage.Month{Limit: 8, Used: 7}) {
			s.Errorf("April has %+v", r.Month)
		}
	},
	"a settlement repeated is answered as the first, another body is a mismatch": func(s *scene) {
		h := s.hold(3)
		first := s.settle(h.HoldID, 2*whole)
		s.charge(1 * whole)
		again := s.settle(h.HoldID, 2*whole)
		s.want(again, duplicate, 2, 0, 8)
		s.paid(again, first.Charged, first.Uncollected)
		s.want(s.settle(h.HoldID, 3*whole), mismatch, 2, 0, 8)
		s.want(s.release(h.HoldID), holdEnded, 3, 0, 7)
	},
	"a settlement repeated in one batch is answered once and repeated once": func(s *scene) {
		h := s.hold(3)
		r := s.post(entry(usage.KindSettle, h.HoldID, whole), entry(usage.KindSettle, h.HoldID, whole), entry(usage.KindRelease, h.HoldID, 0))
		s.want(r[0], accepted, 1, 0, 9)
		s.want(r[1], duplicate, 1, 0, 9)
		s.want(r[2], holdEnded, 1, 0, 9)
	},
	"a settlement is forgotten after 30 days": func(s *scene) {
		h := s.hold(3)
		s.settle(h.HoldID, whole)
		s.pass(usage.HoldsKept)
		s.want(s.settle(h.HoldID, whole), duplicate, 1, 0, 9)
		s.pass(time.Microsecond)
		s.want(s.settle(h.HoldID, whole), noHold, 0, 0, 10)
	},
	"a release gives the credits back, again too, and refuses a settlement": func(s *scene) {
		h := s.hold(3)
		s.want(s.release(h.HoldID), accepted, 0, 0, 10)
		s.want(s.release(h.HoldID), accepted, 0, 0, 10)
		s.want(s.settle(h.HoldID, whole), holdEnded, 0, 0, 10)
		s.want(s.extend(h.HoldID, 4, -1), holdEnded, 0, 0, 10)
	},
	"a hold that was released after its deadline cannot be settled": func(s *scene) {
		h := s.hold(3)
		s.pass(10 * time.Minute)
		s.want(s.release(h.HoldID), accepted, 0, 0, 10)
		s.want(s.settle(h.HoldID, whole), holdEnded, 0, 0, 10)
	},
	"only the service that holds ends a hold": func(s *scene) {
		e := entry(usage.KindHold, uuid.Nil, 3*whole)
		e.OwnerID = uuid.UUID{0xa1}
		id := s.post(e)[0].HoldID
		other := entry(usage.KindSettle, id, whole)
		other.OwnerID = uuid.UUID{0xa2}
		s.want(s.post(other)[0], noHold, 0, 3, 7)
		s.want(s.settle(id, whole), accepted, 1, 0, 9) // the operator, who has no owner's id
	},
	"an extension raises a hold to a new total": func(s *scene) {
		h := s.hold(3)
		s.want(s.extend(h.HoldID, 7, -1), accepted, 0, 7, 3)
		s.want(s.extend(h.HoldID, 0, -1), accepted, 0, 7, 3)
	},
	"an extension that does not fit leaves the hold as it was": func(s *scene) {
		h := s.hold(3)
		s.charge(5 * whole)
		s.pass(time.Minute)
		r := s.extend(h.HoldID, 6, 9*whole)
		s.want(r, overQuota, 5, 3, 2)
		if !r.ExpiresAt.Equal(h.ExpiresAt) {
			s.Errorf("its deadline moved from %s to %s", h.ExpiresAt, r.ExpiresAt)
		}
		s.want(s.extend(h.HoldID, 2, -1), belowHold, 5, 3, 2)
	},
	"an extension's time runs from the call": func(s *scene) {
		h := s.hold(3)
		s.pass(9 * time.Minute)
		if r := s.extend(h.HoldID, 0, -1); !r.ExpiresAt.Equal(s.at.Add(10 * time.Minute)) {
			s.Errorf("it ends at %s", r.ExpiresAt)
		}
	},
}

func TestTheNaiveGatewayServesNothingForFree(t *testing.T) {
	s := newScene(t)
	s.charge(1 * whole) // 9 credits are left
	var open []uuid.UUID
	for range 20 { // at once; a credit is set aside for each, for the cost is known at the end alone
		r := s.hold(1)
		if r.Outcome == accepted {
			open = append(open, r.HoldID)
		} else {
			s.want(r, overQuota, 1, 9, 0)
		}
	}
	if len(open) != 9 {
		t.Errorf("%d of 20 calls are served with 9 credits", len(open))
	}
	const cost = 1_400_000
	var charged, uncollected int64
	for _, id := range open {
		r := s.settle(id, cost)
		if r.Outcome != accepted || r.Charged < 1 {
			t.Errorf("a served call was charged %d: %s", r.Charged, r.Outcome)
		}
		charged, uncollected = charged+r.Charged, uncollected+r.Uncollected
	}
	s.want(s.now(), accepted, 10, 0, 0)
	if charged != 9 || uncollected != 9*cost-9*whole {
		t.Errorf("%d charged, %d millionths uncollected", charged, uncollected)
	}
}
