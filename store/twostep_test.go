package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/store/storetest"
)

// withTwoStep turns two-factor authentication on for a user and gives the recovery codes.
func withTwoStep(t *testing.T, s *store.Store, u store.UserLine) (codes []string) {
	t.Helper()
	ctx := context.Background()
	codes, hashes := accounts.MintRecoveryCodes()
	if err := errors.Join(s.BeginTwoStep(ctx, u.ID, "JBSWY3DPEHPK3PXP"), s.ConfirmTwoStep(ctx, operator, u.ID, hashes)); err != nil {
		t.Fatal(err)
	}
	return codes
}

// recorded counts the latest entries of an action in the audit log.
func recorded(t *testing.T, s *store.Store, action string) (n int) {
	t.Helper()
	for _, e := range must[[]accounts.AuditEntry](t)(s.Audit(context.Background(), store.AuditQuery{Limit: 100, Action: action})) {
		if e.Action == action && e.Target == operator.Name {
			n++
		}
	}
	return n
}

func TestAHundredWrongCodesOfADayEvenAtOnceLockTheAppAndOneMoreIsNoSecondLock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		withTwoStep(t, s, u)
		wrong := func(n int) (locked int64) {
			t.Helper()
			var wg sync.WaitGroup
			var locks atomic.Int64
			for range n {
				wg.Go(func() {
					now, err := s.WrongCode(ctx, operator, u.ID)
					if err != nil {
						t.Error(err)
					}
					if now {
						locks.Add(1)
					}
				})
			}
			wg.Wait()
			return locks.Load()
		}
		isLocked := func() bool { return twoStepOf(t, s, u).LockedAt != nil }
		step := int64(1)
		takes := func() bool {
			step++
			return must[bool](t)(s.TakeStep(ctx, u.ID, step))
		}
		if wrong(99) != 0 || isLocked() || !takes() {
			t.Fatal("99 wrong codes lock, or a code of the app is refused")
		}
		clock.Set(time.Date(2026, 3, 5, 0, 0, 1, 0, time.UTC)) // another day
		if wrong(99) != 0 || isLocked() || !takes() {
			t.Fatal("wrong codes of two days add up")
		}
		if wrong(60) != 1 || !isLocked() || takes() {
			t.Error("the hundredth of a day does not lock exactly once")
		}
		if n := recorded(t, s, "user.two_step_locked"); n != 1 {
			t.Errorf("%d entries record the lock, want 1", n)
		}
		clock.Add(24 * time.Hour)
		if wrong(120) != 0 || !isLocked() || takes() {
			t.Error("a lock ends with the day, or is reported twice")
		}
	})
}

func TestALockedAppIsUnlockedByARecoveryCodeAPasswordOrBeginningAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		codes := withTwoStep(t, s, u)
		lock := func() {
			t.Helper()
			for range accounts.MaxWrongCodes {
				must[bool](t)(s.WrongCode(ctx, operator, u.ID))
			}
			if twoStepOf(t, s, u).LockedAt == nil {
				t.Fatal("a hundred wrong codes do not lock")
			}
		}
		opened := func(how string) {
			t.Helper()
			if two := twoStepOf(t, s, u); two.LockedAt != nil {
				t.Errorf("%s does not unlock", how)
			}
			if must[bool](t)(s.WrongCode(ctx, operator, u.ID)) {
				t.Errorf("after %s the next wrong code locks again", how)
			}
		}
		lock()
		if must[bool](t)(s.TakeRecoveryCode(ctx, operator, u.ID, accounts.HashRecoveryCode("no code"))) || twoStepOf(t, s, u).LockedAt == nil {
			t.Error("a wrong recovery code unlocks")
		}
		if !must[bool](t)(s.TakeRecoveryCode(ctx, operator, u.ID, accounts.HashRecoveryCode(codes[0]))) {
			t.Error("a recovery code is locked out")
		}
		opened("a recovery code")
		if n := recorded(t, s, "user.two_step_unlocked"); n != 1 {
			t.Errorf("%d entries record the unlocking, want 1", n)
		}
		lock()
		if err := s.SetPassword(ctx, operator, u.ID, "other"); err != nil {
			t.Fatal(err)
		}
		opened("a password")
		lock()
		if err := s.TurnOffTwoStep(ctx, operator, u.ID); err != nil {
			t.Fatal(err)
		}
		withTwoStep(t, s, u)
		opened("turning it off and on")
	})
}

func TestWrongCodesBeforeTheSecondStepIsOnLockNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u := admin(t, s)
		if err := s.BeginTwoStep(ctx, u.ID, "JBSWY3DPEHPK3PXP"); err != nil {
			t.Fatal(err)
		}
		for range accounts.MaxWrongCodes + 1 {
			if must[bool](t)(s.WrongCode(ctx, operator, u.ID)) {
				t.Fatal("a second step that is not on was locked")
			}
		}
		if twoStepOf(t, s, u).LockedAt != nil {
			t.Error("a second step that is not on is locked")
		}
	})
}
