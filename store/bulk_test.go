package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

func TestAKeyThatIsBroughtIntoAStatusChangesOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		k := storetest.NewCustomer(t, s, "Pro").Key
		for _, step := range []struct {
			to      keys.Status
			stays   string
			entries int
		}{
			{keys.StatusActive, "already active", 0}, {keys.StatusDisabled, "", 1}, {keys.StatusDisabled, "already disabled", 1}, {keys.StatusActive, "", 2},
			{keys.StatusRevoked, "", 3}, {keys.StatusRevoked, "already revoked", 3}, {keys.StatusActive, "cannot be undone", 3}, {keys.StatusDisabled, "cannot be undone", 3},
		} {
			stays, err := s.BringKey(ctx, ada, k.ID, step.to)
			if err != nil || (stays == "") != (step.stays == "") || !strings.Contains(stays, step.stays) {
				t.Errorf("to %s: %q, %v", step.to, stays, err)
			}
			made := must[[]accounts.AuditEntry](t)(s.Audit(ctx, store.AuditQuery{SubjectID: k.ID, Limit: 20}))
			if len(made) != step.entries+1 { // and that of its creation
				t.Errorf("after %s there are %d entries", step.to, len(made))
			}
		}
		if _, err := s.BringKey(ctx, ada, uuid.New(), keys.StatusActive); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("a key of nowhere: %v", err)
		}
	})
}

func TestABulkActionSuspendsNoLastOperatorAndNobodyErased(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		off, on := accounts.UserChange{Status: new(accounts.StatusSuspended)}, accounts.UserChange{Status: new(accounts.StatusActive)}
		operator := func(email string) store.UserLine {
			return must[store.UserLine](t)(s.CreateUser(ctx, ada, accounts.NewUser{Email: email, Plan: "Pro", Role: accounts.RoleAdmin, PasswordHash: "hash"}))
		}
		first, second := operator("first@example.com"), operator("second@example.com")
		gone := storetest.NewCustomer(t, s, "Pro").User
		must[store.Erasure](t)(s.EraseUser(ctx, ada, gone.ID, gone.Email))
		for _, step := range []struct {
			says  string
			user  store.UserLine
			to    accounts.UserChange
			stays string
		}{
			{"one of two operators", first, off, ""}, {"again", first, off, "already suspended"}, {"the last operator", second, off, "last admin"},
			{"back", first, on, ""}, {"then the other one", second, off, ""}, {"erased", gone, on, "erased"}, {"erased", gone, accounts.UserChange{Plan: new("Business")}, "erased"},
			{"a plan", first, accounts.UserChange{Plan: new("Business")}, ""}, {"the same plan", first, accounts.UserChange{Plan: new("business")}, "already has the plan Business"},
		} {
			stays, err := s.BringUser(ctx, ada, step.user.ID, step.to)
			if err != nil || (stays == "") != (step.stays == "") || !strings.Contains(stays, step.stays) {
				t.Errorf("%s: %q, %v", step.says, stays, err)
			}
		}
		if _, err := s.BringUser(ctx, ada, uuid.New(), on); !errors.Is(err, accounts.ErrUserNotFound) {
			t.Errorf("a user of nowhere: %v", err)
		}
	})
}
