package usage_test

import (
	"time"

	"github.com/google/uuid"

	"codexible/usage"
)

var limitRules = map[string]func(*scene){
	"the month is enforced over its days": func(s *scene) {
		s.plan(10, 12, usage.NoLimit)
		s.charge(9 * whole)
		s.pass(5 * time.Hour)
		r := s.charge(4 * whole)
		s.want(r, overQuota, 0, 0, 3)
		if r.Limit != usage.LimitMonth {
			s.Errorf("the limit is %d", r.Limit)
		}
		s.want(s.charge(3*whole), accepted, 3, 0, 0)
		s.at = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
		s.want(s.charge(10*whole), accepted, 10, 0, 0)
	},
	"a key has no more room than its own day": func(s *scene) {
		s.charge(2 * whole)
		s.key = world[1]
		s.want(s.hold(4), accepted, 2, 4, 2)
		r := s.charge(3 * whole)
		s.want(r, overQuota, 2, 4, 2)
		if r.Limit != usage.LimitKey || !r.KeyLimited || r.UserRoom != 4 {
			s.Errorf("the limit is %d, the user has room for %d", r.Limit, r.UserRoom)
		}
		s.key = world[0]
		s.want(s.charge(4*whole), accepted, 6, 4, 0)
	},
	"an extension has no more room than the key's own day": func(s *scene) {
		s.key = world[1]
		h := s.hold(3)
		s.want(s.extend(h.HoldID, 7, -1), overQuota, 0, 3, 3)
		s.want(s.extend(h.HoldID, 6, -1), accepted, 0, 6, 0)
	},
	"a key's own day counts what grants gave": func(s *scene) {
		s.plan(0, usage.NoLimit, usage.NoLimit)
		s.grant(1, 20, 0)
		s.key = world[1]
		s.want(s.charge(5*whole), accepted, 5, 0, 1)
	},
	"requests at once are the open holds, of the user and of the key": func(s *scene) {
		s.plan(10, usage.NoLimit, 3)
		s.key = world[1] // two at once
		one := s.hold(0)
		s.hold(0)
		s.want(s.hold(0), atOnce, 0, 0, 6)
		s.key = world[0]
		s.want(s.hold(0), accepted, 0, 0, 10)
		s.want(s.hold(0), atOnce, 0, 0, 10)
		s.want(s.charge(whole), accepted, 1, 0, 9)
		s.settle(one.HoldID, 0)
		s.want(s.hold(0), accepted, 1, 0, 9)
		s.pass(10 * time.Minute)
		s.want(s.hold(0), accepted, 1, 0, 9)
	},
}

var grantRules = map[string]func(*scene){
	"the plan is used before grants, the earliest end first": func(s *scene) {
		s.grant(1, 5, 0)
		s.grant(2, 5, time.Hour)
		s.want(s.charge(12*whole), accepted, 12, 0, 8)
		s.gave(0, 2)
		s.want(s.charge(4*whole), accepted, 16, 0, 4)
		s.gave(1, 5)
		s.pass(5 * time.Hour)
		s.want(s.now(), accepted, 0, 0, 14) // the next day has all of the plan
	},
	"an extension takes the plan's credits before grants": func(s *scene) {
		s.grant(1, 5, 0)
		h := s.hold(3)
		r := s.extend(h.HoldID, 12, -1)
		s.want(r, accepted, 0, 12, 3)
		if r.Granted != 3 {
			s.Errorf("grants have %d left", r.Granted)
		}
	},
	"a grant that has ended gives nothing": func(s *scene) {
		s.grant(1, 5, time.Hour)
		s.pass(time.Hour)
		s.want(s.charge(11*whole), overQuota, 0, 0, 10)
	},
	"a grant that ends while its account is cached gives nothing": func(s *scene) {
		a := &usage.Account{MonthlyLimit: usage.NoLimit, ConcurrencyLimit: usage.NoLimit, Grants: []usage.Grant{{ID: uuid.UUID{1}, Credits: 5, ExpiresAt: s.at}}}
		if room := a.Figures(uuid.UUID{}, s.at.Add(-1)).Room; room != 5 {
			s.Errorf("before its end there is room for %d", room)
		}
		if room := a.Figures(uuid.UUID{}, s.at).Room; room != 0 {
			s.Errorf("at its end there is room for %d", room)
		}
	},
	"a hold keeps what it drew on a grant past the grant's end": func(s *scene) {
		s.grant(1, 5, 5*time.Minute)
		h := s.hold(14)
		s.want(h, accepted, 0, 14, 1)
		s.pass(6 * time.Minute)
		r := s.settle(h.HoldID, 15*whole)
		s.want(r, accepted, 14, 0, 0)
		s.paid(r, 14, whole)
		s.gave(4)
	},
	"at its settlement a hold gives grants back what the plan can give": func(s *scene) {
		s.grant(1, 5, 0)
		other := s.hold(8)
		h := s.hold(5)
		s.release(other.HoldID)
		s.want(s.settle(h.HoldID, 5*whole), accepted, 5, 0, 10)
		s.gave(0)
	},
	"a settlement uses up the draws on ended grants first": func(s *scene) {
		s.plan(0, usage.NoLimit, usage.NoLimit)
		s.grant(1, 3, 20*time.Minute)
		s.grant(2, 3, 5*time.Minute)
		first := s.hold(3) // all of grant 2
		h := s.hold(2)     // of grant 1
		s.release(first.HoldID)
		s.extend(h.HoldID, 4, -1) // and of grant 2
		s.pass(6 * time.Minute)
		s.settle(h.HoldID, 3*whole)
		s.gave(1, 2)
	},
	"a settlement beyond the hold takes no more of a grant than it has": func(s *scene) {
		s.plan(0, usage.NoLimit, usage.NoLimit)
		s.grant(1, 3, time.Hour)
		s.grant(2, 9, 0)
		h := s.hold(2)
		s.want(s.settle(h.HoldID, 7*whole), accepted, 7, 0, 5)
		s.gave(3, 4)
	},
}

var correctionRules = map[string]func(*scene){
	"a correction takes beside the limit, and gives back room": func(s *scene) {
		s.charge(9 * whole)
		s.want(s.correct("", 3), accepted, 12, 0, 0)
		s.want(s.correct("", -5), accepted, 7, 0, 3)
	},
	"a correction does not leave less than zero": func(s *scene) {
		s.charge(9 * whole)
		s.want(s.correct("", -10), belowZero, 9, 0, 1)
		s.want(s.correct("2026-03-29", -1), belowZero, 9, 0, 1)
	},
	"a correction gives back what the day shows, the rounding included": func(s *scene) {
		s.charge(8_500_000)
		s.want(s.correct("", -9), accepted, 0, 0, 10)
		s.want(s.charge(500_000), accepted, 0, 0, 10) // it was paid for
		s.want(s.charge(whole), accepted, 1, 0, 9)
	},
	"a correction gives back no more than the plan gave": func(s *scene) {
		s.grant(1, 6, 0)
		s.charge(13 * whole)
		s.want(s.correct("", -11), belowZero, 13, 0, 3)
		s.want(s.correct("", -10), accepted, 3, 0, 13)
		s.gave(3)
	},
	"a correction of a past day counts in the month": func(s *scene) {
		s.plan(10, 20, usage.NoLimit)
		s.want(s.correct("2026-03-02", 12), accepted, 0, 0, 8)
		s.want(s.correct("2026-02-28", 12), accepted, 0, 0, 8)
		s.want(s.correct("2026-03-02", -4), accepted, 0, 0, 10)
	},
	"a correction counts no request, no key and no grant": func(s *scene) {
		s.key = world[1]
		s.want(s.correct("", 3), accepted, 3, 0, 6)
	},
}
