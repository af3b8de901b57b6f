package limits_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"codexible/limits"
)

// bounded fails the benchmark when call allocates more than mostAllocs times, and measures it otherwise.
func bounded(b *testing.B, mostAllocs float64, call func()) {
	b.Helper()
	if got := testing.AllocsPerRun(1_000, call); got > mostAllocs {
		b.Fatalf("%v allocations, want %v at most", got, mostAllocs)
	}
	b.ReportAllocs()
	for b.Loop() {
		call()
	}
}

func BenchmarkLocalHit(b *testing.B) {
	ctx, local := context.Background(), limits.NewLocal(time.Now)
	bounded(b, 0, func() { _, _ = local.Hit(ctx, numbered(1), 1_000_000) })
}

func BenchmarkLocalHitAmong300000Subjects(b *testing.B) {
	ctx, local := context.Background(), limits.NewLocal(time.Now)
	const subjects = 300_000
	for n := range subjects {
		pass(b, local, numbered(n), 100)
	}
	n := 0
	bounded(b, 0, func() {
		n = (n + 7919) % subjects
		_, _ = local.Hit(ctx, numbered(n), 100)
	})
}

func BenchmarkLocalHitParallel(b *testing.B) {
	local := limits.NewLocal(time.Now)
	var next atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx, s := context.Background(), numbered(int(next.Add(1)))
		for pb.Next() {
			_, _ = local.Hit(ctx, s, 1_000_000)
		}
	})
}

func BenchmarkLocalRefusal(b *testing.B) {
	ctx, local := context.Background(), limits.NewLocal(time.Now)
	pass(b, local, numbered(1), 1)
	bounded(b, 0, func() { _, _ = local.Hit(ctx, numbered(1), 1) })
}

// BenchmarkFailoverHit is what Failover adds to its shared counter.
func BenchmarkFailoverHit(b *testing.B) {
	ctx := context.Background()
	f := limits.StartFailover(limits.NewLocal(time.Now), limits.NewLocal(time.Now), slog.New(slog.DiscardHandler))
	defer f.Close()
	bounded(b, 6, func() { _, _ = f.Hit(ctx, numbered(1), 1_000_000_000) })
}
