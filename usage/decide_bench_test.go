package usage

import (
	"strconv"
	"testing"

	"github.com/google/uuid"
)

func BenchmarkHoldAndSettleBesideOpenHolds(b *testing.B) {
	for _, open := range []int{0, 64, 1000} {
		b.Run(strconv.Itoa(open), func(b *testing.B) {
			n := uint64(0)
			mint := func() uuid.UUID {
				n++
				return uuid.UUID{8: byte(n >> 24), 9: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
			}
			user := uuid.UUID{1}
			a := &Account{DailyLimit: 1 << 40, MonthlyLimit: NoLimit, ConcurrencyLimit: NoLimit}
			state := State{Accounts: map[uuid.UUID]*Account{user: a}}
			hold := Entry{Kind: KindHold, Charge: Charge{UserID: user, Credits: 1}, TTL: MaxHoldTTL}
			for range open {
				Decide(noon, []Entry{hold}, state, mint)
			}
			batch := make([]Entry, 64)
			for i := range batch {
				batch[i] = hold
			}
			b.ResetTimer()
			for b.Loop() {
				p := Decide(noon, batch, state, mint)
				ends := make([]Entry, len(p.Held))
				for i, h := range p.Held {
					ends[i] = Entry{Kind: KindSettle, Charge: Charge{UserID: user, Credits: 1}, HoldID: h.ID}
				}
				Decide(noon, ends, state, mint)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/64, "ns/pair")
		})
	}
}
