package usage_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"codexible/usage"
)

var lateRules = map[string]func(*scene){
	"an expired hold never blocks, though nobody ended it": func(s *scene) {
		h := s.hold(10)
		s.pass(10*time.Minute - time.Microsecond)
		s.want(s.charge(whole), overQuota, 0, 10, 0)
		s.pass(time.Microsecond)
		s.want(s.charge(10*whole), accepted, 10, 0, 0)
		s.want(s.extend(h.HoldID, 0, -1), holdEnded, 10, 0, 0)
	},
	"a settlement after the deadline is a new charge: what fits, the rest uncollected": func(s *scene) {
		h := s.hold(6)
		s.pass(10 * time.Minute)
		s.charge(7 * whole)
		r := s.settle(h.HoldID, 5*whole)
		s.want(r, accepted, 10, 0, 0)
		s.paid(r, 3, 2*whole)
		s.want(s.settle(h.HoldID, 5*whole), duplicate, 10, 0, 0)
	},
	"an expiry charges what was delivered": func(s *scene) {
		s.expired(6, 2_500_000)
		s.want(s.now(), accepted, 3, 0, 7)
	},
	"a hold that is released at its deadline leaves its room to one that is charged at the same": func(s *scene) {
		e := entry(usage.KindHold, uuid.Nil, 0)
		e.OnExpiry = usage.ChargeOnExpiry
		id := s.post(e)[0].HoldID
		s.hold(10)
		s.extend(id, 0, 4*whole)
		s.pass(10 * time.Minute)
		s.want(s.now(), accepted, 4, 0, 6)
	},
	"of holds that are charged at once the earliest deadline is first": func(s *scene) {
		hold := func(ttl time.Duration) uuid.UUID {
			e := entry(usage.KindHold, uuid.Nil, 0)
			e.OnExpiry = usage.ChargeOnExpiry
			id := s.post(e)[0].HoldID
			e = entry(usage.KindExtend, id, 0)
			e.TTL, e.Delivered = ttl, 6*whole
			s.post(e)
			return id
		}
		later, earlier := hold(10*time.Minute), hold(9*time.Minute)
		s.pass(10 * time.Minute)
		s.paid(s.settle(earlier, 6*whole), 6, 0)
		s.paid(s.settle(later, 6*whole), 4, 2*whole)
	},
	"what was delivered beyond the hold takes the room; the rest is never charged": func(s *scene) {
		id := s.expired(2, 13*whole)
		s.want(s.now(), accepted, 10, 0, 0)
		s.pass(24 * time.Hour) // there is room again
		r := s.settle(id, 12*whole)
		s.want(r, accepted, 0, 0, 10)
		s.paid(r, 10, 2*whole)
	},
	"an adjustment takes on this day": func(s *scene) {
		id := s.expired(6, 2*whole)
		r := s.settle(id, 5_500_000)
		s.want(r, accepted, 6, 0, 4)
		s.paid(r, 6, 0)
		s.want(s.settle(id, 5_500_000), duplicate, 6, 0, 4)
		s.want(s.release(id), holdEnded, 6, 0, 4)
	},
	"an adjustment takes no more than the room": func(s *scene) {
		id := s.expired(6, 2*whole)
		s.charge(7 * whole)
		r := s.settle(id, 6*whole)
		s.want(r, accepted, 10, 0, 0)
		s.paid(r, 3, 3*whole)
	},
	"an adjustment gives back on this day": func(s *scene) {
		id := s.expired(6, 5*whole)
		r := s.settle(id, 1_500_000)
		s.want(r, accepted, 2, 0, 8)
		s.paid(r, 2, 0)
	},
	"an adjustment after midnight takes on the new day": func(s *scene) {
		id := s.expired(6, 2*whole)
		s.pass(5 * time.Hour)
		r := s.settle(id, 5*whole)
		s.want(r, accepted, 3, 0, 7)
		s.paid(r, 5, 0)
	},
	"an adjustment after midnight gives back on the old day and its month": func(s *scene) {
		s.plan(10, 20, usage.NoLimit)
		id := s.expired(6, 5*whole)
		s.charge(1 * whole)
		s.pass(5 * time.Hour)
		s.charge(2 * whole)
		r := s.settle(id, 1*whole)
		s.want(r, accepted, 2, 0, 8)
		s.paid(r, 1, 0)
		if r.Month.Used != 4 {
			s.Errorf("the month used %d, want 2 of yesterday and 2", r.Month.Used)
		}
		again := s.settle(id, 1*whole)
		s.want(again, duplicate, 2, 0, 8)
		if again.Day != r.Day {
			s.Errorf("it is answered for %s, and again for %s", r.Day, again.Day)
		}
	},
	"an adjustment gives back to grants first, what was drawn last before": func(s *scene) {
		s.charge(8 * whole)
		s.grant(1, 2, time.Hour)
		s.grant(2, 9, 2*time.Hour)
		id := s.expired(7, 7*whole)
		s.gave(2, 3)
		s.settle(id, 3*whole)
		s.gave(1, 0)
		s.want(s.charge(10*whole), accepted, 21, 0, 0) // all of it can be used again
	},
	"an adjustment never gives back what a correction has given back": func(s *scene) {
		id := s.expired(10, 10*whole)
		s.grant(1, 6, 0)
		s.charge(6 * whole)
		s.correct("", -10)
		s.want(s.now(), accepted, 6, 0, 10)
		r := s.settle(id, 0)
		s.want(r, accepted, 6, 0, 10)
		s.gave(6)
	},
	"an adjustment of a fraction leaves what other grants gave": func(s *scene) {
		s.plan(0, usage.NoLimit, usage.NoLimit)
		s.grant(1, 5, 0)
		s.charge(500_000)
		id := s.expired(0, 400_000)
		s.charge(200_000)
		r := s.settle(id, 0)
		s.want(r, accepted, 2, 0, 3)
		s.paid(r, 0, 0)
	},
	"a call that others' rounding paid for was not charged less than nothing": func(s *scene) {
		s.charge(500_000)
		id := s.expired(0, 400_000)
		s.charge(200_000)
		r := s.settle(id, 0)
		s.want(r, accepted, 1, 0, 9)
		s.paid(r, 0, 0)
	},
	"two adjustments of one old day are both in its chain": func(s *scene) {
		one, two := s.expired(1, whole), s.expired(1, whole)
		s.pass(5 * time.Hour)
		s.post(entry(usage.KindSettle, one, 0), entry(usage.KindSettle, two, 0))
	},
	"an adjustment's cost counts on the day that it is booked on": func(s *scene) {
		id := s.expired(2, 2*whole)
		s.pass(5 * time.Hour)
		dear := entry(usage.KindCharge, uuid.Nil, 0)
		dear.CostMicros = usage.MaxDayCostUSD * usage.MicrosPerUSD
		s.post(dear)
		less := entry(usage.KindSettle, id, whole)
		less.CostMicros = 1
		s.want(s.post(less)[0], accepted, 0, 0, 10)
	},
}

func TestAnAdjustmentOfTheLastDayIsTheUsersLastCharge(t *testing.T) {
	first, yesterday := uuid.UUID{7}, usage.DayOf(evening).Add(-1)
	hold := &usage.Hold{ID: uuid.UUID{8}, UserID: anna, OwnerID: uuid.UUID{0xa1}, Status: usage.HoldExpired}
	hold.End = usage.HoldEnd{At: evening, ChargeID: first, Day: yesterday, Collected: 2 * whole, Charged: 2}
	state := usage.State{
		Accounts: map[uuid.UUID]*usage.Account{anna: {
			DailyLimit: 10, MonthlyLimit: usage.NoLimit, ConcurrencyLimit: usage.NoLimit, LastChargeID: first,
			PastDays: map[usage.Day]usage.PastDay{yesterday: {DaySums: usage.DaySums{Millionths: 2 * whole}, LastChargeID: first}},
		}},
		Named: map[uuid.UUID]*usage.Hold{hold.ID: hold},
	}
	entries := []usage.Entry{entry(usage.KindSettle, hold.ID, whole), entry(usage.KindCharge, uuid.Nil, whole)}
	entries[0].UserID, entries[1].UserID = anna, anna
	records := usage.Decide(evening, entries, state, uuid.New).Records
	if len(records) != 2 || records[0].PreviousID != first || records[0].Day != yesterday || records[1].PreviousID != records[0].ID {
		t.Errorf("the records are %+v", records)
	}
}
