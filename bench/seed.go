package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"codexible/accounts"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// shape is how much a store holds before it is measured.
type shape struct {
	Users, Keys, Charges int
}

const (
	benchPlan = "Bench"
	adminMail = "admin@bench.example"
	// seedDays is the past that the charges lie in; today begins empty.
	seedDays = 30
	// hotKeys is how many keys the load uses, each of a user of its own.
	hotKeys = 1000
)

// seeded is what the load needs to know of a store.
type seeded struct {
	// KeysFile lists the secrets that the load uses, one a line; AdminKey is an admin's.
	KeysFile, ServiceKey, AdminKey string
}

// seed fills an empty, migrated store: the first hotKeys users are hot, charges
// are spread over all users and the last seedDays days.
func seed(ctx context.Context, s *store.Store, sh shape, keysFile string) (made seeded, err error) {
	limit, rate := int64(accounts.MaxDailyCredits), int64(accounts.MaxRatePerMinute)
	name := benchPlan
	if _, err := s.CreatePlan(ctx, accounts.ActorCLI, accounts.PlanChange{Name: &name, DailyCreditLimit: &limit, RateLimitPerMinute: &rate}); err != nil {
		return made, err
	}
	made.KeysFile = keysFile
	for role, key := range map[accounts.Role]*string{accounts.RoleAdmin: &made.AdminKey, accounts.RoleService: &made.ServiceKey} {
		secret := keys.Mint()
		*key = secret.Reveal()
		user := store.ImportUser{NewUser: accounts.NewUser{Email: string(role) + "@bench.example", Role: role}, Keys: []keys.NewKey{{Secret: secret}}}
		if _, err := s.Import(ctx, accounts.ActorCLI, benchPlan, []store.ImportUser{user}); err != nil {
			return made, err
		}
	}
	owners, err := seedUsers(ctx, s, sh, keysFile)
	if err != nil {
		return made, err
	}
	if err := seedCharges(ctx, s, sh.Charges, owners); err != nil {
		return made, err
	}
	return made, seedRequests(ctx, s, sh.Charges/10, owners[:min(hotKeys, len(owners))])
}

// owner is a key to charge.
type owner struct{ user, key uuid.UUID }

func seedUsers(ctx context.Context, s *store.Store, sh shape, keysFile string) (owners []owner, err error) {
	file, err := os.OpenFile(keysFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	out := bufio.NewWriter(file)
	perUser := max(sh.Keys/sh.Users, 1)
	const step = 5000
	for from := 0; from < sh.Users; from += step {
		batch := make([]store.ImportUser, 0, step)
		for i := from; i < min(from+step, sh.Users); i++ {
			u := store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("user%06d@customers.example", i), Name: fmt.Sprintf("Customer %06d", i)}}
			for k := range perUser {
				secret := keys.Mint()
				u.Keys = append(u.Keys, keys.NewKey{Label: fmt.Sprintf("Key %d", k+1), Secret: secret})
				if i < hotKeys && k == 0 {
					_, _ = fmt.Fprintln(out, secret.Reveal())
				}
			}
			batch = append(batch, u)
		}
		made, err := s.Import(ctx, accounts.ActorCLI, benchPlan, batch)
		if err != nil {
			return nil, err
		}
		for _, m := range made {
			owners = append(owners, owner{m.UserID, m.KeyIDs[0]})
		}
	}
	return owners, out.Flush()
}

var models = []string{"gpt-5", "gpt-5-mini", "claude-sonnet", "claude-haiku", "qwen-coder"}

// settleAtOnce bounds the batches of the seed: Postgres has room for so many
// users' locks in one transaction.
const settleAtOnce = 5000

// seedCharges goes the way of the meter, in large batches, a day after the other.
func seedCharges(ctx context.Context, s *store.Store, n int, owners []owner) error {
	random := rand.New(rand.NewPCG(1, 2))
	today := usage.DayOf(s.Now())
	for day := range seedDays {
		at := today.Add(day - seedDays).Start().Add(time.Duration(day*7%24) * time.Hour)
		for left := n / seedDays; left > 0; left -= settleAtOnce {
			charges := make([]usage.Charge, min(left, settleAtOnce))
			for i := range charges {
				o := owners[random.IntN(len(owners))]
				tokens := random.Int64N(4000)
				charges[i] = usage.Charge{UserID: o.user, KeyID: o.key, Credits: 1 + random.Int64N(3), Model: models[random.IntN(len(models))],
					PromptTokens: tokens, CompletionTokens: tokens / 4, CostMicros: tokens * 3}
			}
			if err := settleAll(ctx, s, at, charges); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedRequests fills the log of requests of the users whom the load reads, for the last day. One
// in 20 was refused.
func seedRequests(ctx context.Context, s *store.Store, n int, owners []owner) error {
	random := rand.New(rand.NewPCG(3, 4))
	at, step := s.Now().Add(-24*time.Hour), 24*time.Hour/time.Duration(max(n, 1))
	for left := n; left > 0; left -= settleAtOnce {
		records := make([]gateway.Record, min(left, settleAtOnce))
		for i := range records {
			at = at.Add(step)
			o, first := owners[random.IntN(len(owners))], time.Duration(random.IntN(2000)+100)*time.Millisecond
			id := uuid.Must(uuid.NewV7())
			binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|uint64(id[6])<<8|uint64(id[7]))
			records[i] = gateway.Record{ID: id, At: at, UserID: o.user, KeyID: o.key, Model: models[random.IntN(len(models))], Endpoint: gateway.Responses, Streamed: true, Status: 200, Outcome: usage.CallComplete,
				Upstream: "vendor", UpstreamKey: "main", Attempts: []gateway.Attempt{{Upstream: "vendor", Key: "main", Status: 200, Took: first.Microseconds()}},
				Tokens: &usage.Tokens{Input: 4000, Output: random.Int64N(2000), Requests: 1}, FirstByte: first, FirstToken: first, Took: first + 5*time.Second}
			if i%20 == 0 {
				records[i] = gateway.Record{ID: id, At: at, UserID: o.user, KeyID: o.key, Model: models[0], Endpoint: gateway.Responses, Status: 429, Outcome: usage.CallRefused, Code: "insufficient_quota", Took: time.Millisecond}
			}
		}
		if err := s.WriteRequests(ctx, records, nil); err != nil {
			return err
		}
	}
	return nil
}

func settleAll(ctx context.Context, s *store.Store, at time.Time, charges []usage.Charge) error {
	receipts, err := s.Post(ctx, usage.At(at), usage.ChargeEntries(charges...))
	if err != nil {
		return err
	}
	for _, r := range receipts {
		if r.Outcome != usage.Accepted {
			return fmt.Errorf("a charge of the seed was not accepted: %v", r.Outcome)
		}
	}
	return nil
}

// migrate brings a database to the current schema. The harness runs in the
// project's folder.
func migrate(ctx context.Context, url string) error {
	hcl, err := os.ReadFile("schema.hcl")
	if err != nil {
		return fmt.Errorf("run the bench in the project's folder: %w", err)
	}
	m, err := store.NewMigrator(url, store.Files{Schema: hcl, Migrations: os.DirFS("store/migrations")})
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	_, err = m.Up(ctx)
	return err
}
