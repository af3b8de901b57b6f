package usage_test

import (
	"testing"
	"time"

	"codexible/usage"
	"codexible/usage/usagetest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	anna, bert = uuid.UUID{1}, uuid.UUID{2}
	world      = []usagetest.Key{
		{ID: uuid.UUID{0x11}, UserID: anna, Daily: usage.NoLimit, Concurrency: usage.NoLimit},
		{ID: uuid.UUID{0x12}, UserID: anna, Daily: 6, Concurrency: 2},
		{ID: uuid.UUID{0x21}, UserID: bert, Daily: usage.NoLimit, Concurrency: usage.NoLimit},
		{ID: uuid.UUID{0x22}, UserID: bert, Daily: 4, Concurrency: usage.NoLimit},
	}
)

func TestEveryInterleavingIsAnsweredAsTheModelDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plans := map[uuid.UUID]usagetest.Plan{
			anna: {Daily: 10, Monthly: usage.NoLimit, Concurrency: usage.NoLimit},
			bert: {Daily: 10, Monthly: 15, Concurrency: 3},
		}
		ledger := usagetest.NewMemory(plans, world)
		p := usagetest.Play{
			Ledger: ledger, Model: usagetest.NewModel(plans, world), Keys: world, Services: []uuid.UUID{{0xa1}, {0xa2}, uuid.Nil}, Name: "play ",
			At: time.Date(2026, 2, 28, 18, 0, 0, 0, time.UTC),
		}
		t.Repeat(p.Actions())
		p.CheckEnd(t)
		for _, d := range ledger.Recount() {
			t.Errorf("the recount says: %s", d)
		}
	})
}
