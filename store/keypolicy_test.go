package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/fault"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// policies is a customer with a key that acts for the customer.
type policies struct {
	*store.Store
	t        *testing.T
	customer storetest.Customer
	by       accounts.Actor
}

func eachPolicy(t *testing.T, test func(p policies)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c := storetest.NewCustomer(t, s, "Pro")
		test(policies{s, t, c, actor(c.User, c.Key)})
	})
}

// actor is who asks with a key.
func actor(u store.UserLine, k keys.Key) accounts.Actor {
	return accounts.Actor{Name: u.Email, UserID: u.ID, KeyID: k.ID, KeyPrefix: k.Prefix, Address: "10.1.2.3"}
}

// make makes a key for the customer; by an operator where by is zero.
func (p policies) make(by accounts.Actor, n keys.NewKey) (keys.Key, error) {
	n.UserID, n.Secret, n.ByOwner = p.customer.User.ID, keys.Mint(), by.KeyID != uuid.Nil
	if by.Name == "" {
		by = accounts.ActorCLI
	}
	return p.CreateKey(context.Background(), by, n)
}

func (p policies) must(k keys.Key, err error) keys.Key {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	return k
}

// own changes a key as the customer does with a key, operator as an operator does.
func (p policies) own(by accounts.Actor, id uuid.UUID, c keys.KeyChange) error {
	return second(p.ChangeKey(context.Background(), by, id, p.customer.User.ID, c))
}

func (p policies) operator(id uuid.UUID, c keys.KeyChange) {
	p.t.Helper()
	if _, err := p.ChangeKey(context.Background(), accounts.ActorCLI, id, uuid.Nil, c); err != nil {
		p.t.Fatal(err)
	}
}

func (p policies) refused(what string, err error) {
	p.t.Helper()
	if fault.KindOf(err) != fault.InsufficientScope {
		p.t.Errorf("%s: %v, want a refusal for its scope", what, err)
	}
}

func (p policies) allowed(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Errorf("%s: %v", what, err)
	}
}

func TestAKeyGivesNoMoreThanItHas(t *testing.T) {
	eachPolicy(t, func(p policies) {
		soon, late := storetest.Start.Add(time.Hour), storetest.Start.Add(2*time.Hour)
		narrow := p.must(p.make(accounts.Actor{}, keys.NewKey{Scopes: []string{"models", "keys"}, Addresses: []string{"10.0.0.0/8"}, Models: []string{"large", "small"}, ExpiresAt: &soon}))
		by := actor(p.customer.User, narrow)
		with := func(change func(*keys.NewKey)) keys.NewKey {
			n := keys.NewKey{Scopes: []string{"models"}, Addresses: []string{"10.1.0.0/16"}, Models: []string{"small"}, ExpiresAt: &soon}
			change(&n)
			return n
		}
		for name, n := range map[string]keys.NewKey{
			"another scope":   with(func(n *keys.NewKey) { n.Scopes = []string{"usage"} }),
			"charge":          with(func(n *keys.NewKey) { n.Scopes = []string{"charge"} }),
			"default scopes":  with(func(n *keys.NewKey) { n.Scopes = nil }),
			"everywhere":      with(func(n *keys.NewKey) { n.Addresses = nil }),
			"another address": with(func(n *keys.NewKey) { n.Addresses = []string{"11.0.0.1"} }),
			"all models":      with(func(n *keys.NewKey) { n.Models = nil }),
			"another model":   with(func(n *keys.NewKey) { n.Models = []string{"small", "tiny"} }),
			"for ever":        with(func(n *keys.NewKey) { n.ExpiresAt = nil }),
			"longer":          with(func(n *keys.NewKey) { n.ExpiresAt = &late }),
		} {
			p.refused("create with "+name, second(p.make(by, n)))
		}
		made := p.must(p.make(by, with(func(*keys.NewKey) {})))
		if made.CreatedBy != p.customer.User.Email || made.CreatedByKeyID == nil || *made.CreatedByKeyID != narrow.ID {
			t.Errorf("the key was made by %s with %v", made.CreatedBy, made.CreatedByKeyID)
		}
		for name, c := range map[string]keys.KeyChange{
			"another scope": {Scopes: []string{"models", "usage"}}, "everywhere": {Addresses: []string{}}, "for ever": {ExpiresAt: new((*time.Time)(nil))}, "longer": {ExpiresAt: new(&late)},
			"all models": {Models: new([]string(nil))}, "another model": {Models: new([]string{"small", "tiny"})},
		} {
			p.refused("change to "+name, p.own(by, made.ID, c))
			p.refused("change of itself to "+name, p.own(by, narrow.ID, c))
		}
		p.allowed("widen within the acting key", p.own(by, made.ID, keys.KeyChange{Scopes: []string{"models", "keys"}, Addresses: []string{"10.0.0.0/8"}, Models: new([]string{"small", "large"})}))
		// A wider key can only be switched off and revoked.
		p.refused("rename a wider key", p.own(by, p.customer.Key.ID, keys.KeyChange{Label: new("mine")}))
		p.refused("tighten a wider key", p.own(by, p.customer.Key.ID, keys.KeyChange{Scopes: []string{"models"}}))
		p.refused("disable and rename a wider key", p.own(by, p.customer.Key.ID, keys.KeyChange{Label: new("mine"), Status: new(keys.StatusDisabled)}))
		_, err := p.RotateKey(context.Background(), by, keys.Rotation{KeyID: p.customer.Key.ID, Secret: keys.Mint()}, p.customer.User.ID)
		p.refused("rotate a wider key", err)
		p.allowed("disable a wider key", p.own(by, p.customer.Key.ID, keys.KeyChange{Status: new(keys.StatusDisabled)}))
		p.refused("enable a wider key", p.own(by, p.customer.Key.ID, keys.KeyChange{Status: new(keys.StatusActive)}))
		p.allowed("revoke a wider key", p.RevokeKey(context.Background(), by, p.customer.Key.ID, p.customer.User.ID))
		// Itself it may rename, tighten and rotate.
		p.allowed("rename itself", p.own(by, narrow.ID, keys.KeyChange{Label: new("me")}))
		_, err = p.RotateKey(context.Background(), by, keys.Rotation{KeyID: narrow.ID, Secret: keys.Mint()}, p.customer.User.ID)
		p.allowed("rotate itself", err)
		p.allowed("tighten itself", p.own(by, narrow.ID, keys.KeyChange{Addresses: []string{"10.1.2.3"}, Scopes: []string{"keys"}}))
		p.refused("widen itself again", p.own(by, narrow.ID, keys.KeyChange{Addresses: []string{"10.0.0.0/8"}}))
		p.refused("change what is wider since", p.own(by, made.ID, keys.KeyChange{Label: new("x")}))
	})
}

func TestOnlyAnOperatorRelaxesAnOperatorsLimit(t *testing.T) {
	eachPolicy(t, func(p policies) {
		later := storetest.Start.Add(time.Hour)
		other := p.must(p.make(p.by, keys.NewKey{}))
		owners := []keys.KeyChange{
			{Scopes: []string{"models", "usage", "keys"}}, {Addresses: []string{}}, {ExpiresAt: new((*time.Time)(nil))}, {Models: new([]string(nil))}, {Status: new(keys.StatusActive)},
		}
		for i, c := range []keys.KeyChange{
			{Scopes: []string{"models", "usage"}}, {Addresses: []string{"10.0.0.0/8"}}, {ExpiresAt: new(&later)}, {Models: new([]string{"large", "small"})}, {Status: new(keys.StatusDisabled)},
		} {
			p.allowed("an owner tightens", p.own(p.by, other.ID, c))
			p.allowed("an owner loosens again", p.own(p.by, other.ID, owners[i]))
			p.operator(other.ID, c)
			p.refused("an owner loosens what an operator has set", p.own(p.by, other.ID, owners[i]))
			// The owner's own tightening in between is no way around.
			p.allowed("an owner tightens further", p.own(p.by, other.ID, []keys.KeyChange{
				{Scopes: []string{"models"}}, {Addresses: []string{"10.1.0.0/16"}}, {ExpiresAt: new(new(later.Add(-time.Minute)))}, {Models: new([]string{"small"})}, {Status: new(keys.StatusDisabled)}}[i]))
			p.refused("an owner loosens beyond what an operator has set", p.own(p.by, other.ID, owners[i]))
			if i < 4 {
				p.allowed("an owner loosens up to what an operator has set", p.own(p.by, other.ID, c))
			}
			p.operator(other.ID, owners[i])
			p.allowed("after an operator has loosened it", p.own(p.by, other.ID, owners[i]))
		}
		// What an operator made narrow stays so.
		made := p.must(p.make(accounts.Actor{}, keys.NewKey{Scopes: []string{"usage"}, Addresses: []string{"10.0.0.1"}, ExpiresAt: &later, Models: []string{"large"}}))
		for _, c := range owners[:4] {
			p.refused("an owner loosens what an operator made", p.own(p.by, made.ID, c))
		}
		// An admin's key acts as an operator.
		root := createUser(p.t, p.Store, accounts.NewUser{Email: "root@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		k, _ := storetest.NewKey(p.t, p.Store, root)
		if _, err := p.ChangeKey(context.Background(), actor(root, k), other.ID, uuid.Nil, keys.KeyChange{Addresses: []string{"10.0.0.0/8"}}); err != nil {
			t.Fatal(err)
		}
		p.refused("an owner loosens what an admin's key has set", p.own(p.by, other.ID, owners[1]))
	})
}

func TestAKeyWithALongHistoryIsLoosenedByAnOperatorAlone(t *testing.T) {
	eachPolicy(t, func(p policies) {
		other := p.must(p.make(p.by, keys.NewKey{Scopes: []string{"models"}}))
		for i := range 1000 {
			if err := p.own(p.by, other.ID, keys.KeyChange{Label: new(fmt.Sprint(i))}); err != nil {
				t.Fatal(err)
			}
		}
		p.refused("loosen", p.own(p.by, other.ID, keys.KeyChange{Scopes: []string{"models", "usage"}}))
		p.allowed("rename", p.own(p.by, other.ID, keys.KeyChange{Label: new("x")}))
	})
}

// The acting key is read in the transaction: what was done to it since the request was let in counts.
func TestTheActingKeyIsJudgedAsItIsThen(t *testing.T) {
	eachPolicy(t, func(p policies) {
		ctx := context.Background()
		for name, step := range map[string]struct {
			change keys.KeyChange
			kind   fault.Kind
		}{
			"disabled":             {keys.KeyChange{Status: new(keys.StatusDisabled)}, fault.Unauthorized},
			"without keys":         {keys.KeyChange{Scopes: []string{"models", "usage"}}, fault.InsufficientScope},
			"from another address": {keys.KeyChange{Addresses: []string{"192.0.2.1"}}, fault.AddressNotAllowed},
		} {
			k := p.must(p.make(accounts.Actor{}, keys.NewKey{}))
			other := p.must(p.make(accounts.Actor{}, keys.NewKey{Scopes: []string{"models"}}))
			by := actor(p.customer.User, k)
			p.operator(k.ID, step.change)
			_, rotate := p.RotateKey(ctx, by, keys.Rotation{KeyID: other.ID, Secret: keys.Mint()}, p.customer.User.ID)
			_, created := p.RevokeKeyWithCreated(ctx, by, other.ID, p.customer.User.ID)
			for what, err := range map[string]error{
				"create": second(p.make(by, keys.NewKey{})), "change": p.own(by, other.ID, keys.KeyChange{Label: new("x")}), "rotate": rotate,
				"revoke": p.RevokeKey(ctx, by, other.ID, p.customer.User.ID), "revoke with created": created,
			} {
				if fault.KindOf(err) != step.kind {
					t.Errorf("%s with a key that is %s: %v", what, name, err)
				}
			}
		}
	})
}

func TestAUserHasNoMoreKeysThanThePlanAllowsEvenOfThoseMadeAtOnce(t *testing.T) {
	eachPolicy(t, func(p policies) {
		ctx := context.Background()
		if _, err := p.ChangePlan(ctx, ada, p.customer.User.PlanID, accounts.PlanChange{MaxKeys: new(int64(5))}); err != nil {
			t.Fatal(err)
		}
		var made atomic.Int64
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				_, err := p.make(p.by, keys.NewKey{})
				switch {
				case err == nil:
					made.Add(1)
				case fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "has 5 keys that are not revoked, the maximum of the plan Pro"):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if made.Load() != 4 {
			t.Errorf("%d keys were made at once beside the one there was, want 4", made.Load())
		}
		list, err := p.UsableKeys(ctx, p.customer.User.ID, store.Page{Limit: 100})
		if err != nil || len(list) != 5 {
			t.Fatalf("%d keys, %v", len(list), err)
		}
		// A disabled key takes a place, a revoked one gives it back.
		p.operator(list[0].ID, keys.KeyChange{Status: new(keys.StatusDisabled)})
		if fault.KindOf(second(p.make(accounts.Actor{}, keys.NewKey{}))) != fault.Conflict {
			t.Error("disabling a key makes room for one more")
		}
		if err := p.RevokeKey(ctx, ada, list[0].ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		p.must(p.make(accounts.Actor{}, keys.NewKey{}))
		_, err = p.Import(ctx, ada, "Pro", []store.ImportUser{{NewUser: accounts.NewUser{Email: "many@example.com"}, Keys: slices.Repeat([]keys.NewKey{{}}, 6)}})
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("an import of 6 keys: %v", err)
		}
	})
}

func TestAUsersKeysArePagedTheNewestFirst(t *testing.T) {
	eachPolicy(t, func(p policies) {
		ctx, want := context.Background(), []uuid.UUID{p.customer.Key.ID}
		for i := range 9 {
			k := p.must(p.make(accounts.Actor{}, keys.NewKey{}))
			switch i % 3 {
			case 0:
				p.operator(k.ID, keys.KeyChange{Status: new(keys.StatusDisabled)})
			case 1:
				if err := p.RevokeKey(ctx, ada, k.ID, uuid.Nil); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want = append([]uuid.UUID{k.ID}, want...)
		}
		var got []uuid.UUID
		for page := (store.Page{Limit: 2}); len(got) < 20; page.After = got[len(got)-1] {
			list, err := p.UsableKeys(ctx, p.customer.User.ID, page)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			for _, k := range list {
				got = append(got, k.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRevokingTakesAlongWhatAKeyMade(t *testing.T) {
	eachPolicy(t, func(p policies) {
		ctx := context.Background()
		leaked := p.must(p.make(p.by, keys.NewKey{}))
		child := p.must(p.make(actor(p.customer.User, leaked), keys.NewKey{}))
		gone := p.must(p.make(actor(p.customer.User, leaked), keys.NewKey{}))
		grandchild := p.must(p.make(actor(p.customer.User, gone), keys.NewKey{}))
		p.operator(grandchild.ID, keys.KeyChange{Status: new(keys.StatusDisabled)})
		if err := p.RevokeKey(ctx, ada, gone.ID, uuid.Nil); err != nil { // alone: what it made stays
			t.Fatal(err)
		}
		also, err := p.RevokeKeyWithCreated(ctx, p.by, leaked.ID, p.customer.User.ID)
		if err != nil || also != 2 {
			t.Errorf("%d keys went along, %v, want 2", also, err)
		}
		for name, want := range map[uuid.UUID]keys.Status{leaked.ID: keys.StatusRevoked, child.ID: keys.StatusRevoked, grandchild.ID: keys.StatusRevoked, p.customer.Key.ID: keys.StatusActive} {
			if k, err := p.Key(ctx, name, uuid.Nil); err != nil || k.Status != want {
				t.Errorf("%s is %s, %v, want %s", name, k.Status, err, want)
			}
		}
		if _, err := p.RevokeKeyWithCreated(ctx, p.by, leaked.ID, p.customer.User.ID); !errors.Is(err, keys.ErrNotFound) {
			t.Errorf("a second time: %v", err)
		}
		lines, err := p.Audit(ctx, store.AuditQuery{Text: p.by.KeyPrefix, Limit: 100})
		if err != nil || len(lines) < 4 {
			t.Fatalf("%d lines of what the key did, %v", len(lines), err)
		}
		for _, line := range lines[:3] {
			if line.Action != "key.revoked" || line.KeyID == nil || *line.KeyID != p.by.KeyID || line.KeyPrefix != p.by.KeyPrefix {
				t.Errorf("the line does not say which key acted: %+v", line)
			}
		}
	})
}

// An owner takes along the owner's keys alone, an operator everybody's.
func TestWhatAnAdminsKeyMadeForOthersGoesByAnOperatorAlone(t *testing.T) {
	eachPolicy(t, func(p policies) {
		ctx := context.Background()
		root := createUser(p.t, p.Store, accounts.NewUser{Email: "root@example.com", Plan: "Pro", Role: accounts.RoleAdmin})
		first, _ := storetest.NewKey(p.t, p.Store, root)
		second, _ := storetest.NewKey(p.t, p.Store, root)
		makers := []keys.Key{first, second}
		for i, revoke := range []func(keys.Key) (int64, error){
			func(k keys.Key) (int64, error) { return p.RevokeKeyWithCreated(ctx, actor(root, k), k.ID, root.ID) },
			func(k keys.Key) (int64, error) { return p.RevokeKeyWithCreated(ctx, accounts.ActorCLI, k.ID, uuid.Nil) },
		} {
			made, err := p.CreateKey(ctx, actor(root, makers[i]), keys.NewKey{UserID: p.customer.User.ID, Secret: keys.Mint()})
			if err != nil {
				t.Fatal(err)
			}
			also, err := revoke(makers[i])
			k, readErr := p.Key(ctx, made.ID, uuid.Nil)
			if err != nil || readErr != nil || also != int64(i) || (k.Status == keys.StatusRevoked) != (i == 1) {
				t.Errorf("%d went along, the customer's key is %s; %v, %v", also, k.Status, err, readErr)
			}
		}
	})
}
