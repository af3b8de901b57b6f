// Package demo is the data of serve --demo: users, keys and 30 days of usage.
package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/gateway"
	"codexible/keys"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// User is a user of a demo.
type User struct {
	Email string
	name  string
	Plan  string
	Role  accounts.Role
	Key   string
	label string
	// Limit is the plan's credits a day, UsedToday the credits used when the demo starts.
	Limit, UsedToday int64
}

// Users are the users and keys of a demo, as the contract publishes them. The keys work
// in a demo alone.
var Users = []User{
	{Email: "admin@codexible.me", name: "Ada Admin", Plan: "Business", Role: accounts.RoleAdmin, Key: "codexible_demo_admin_2026", label: "Operator scripts"},
	{Email: "service@codexible.me", name: "Gateway", Plan: "Business", Role: accounts.RoleService, Key: "codexible_demo_service_2026", label: "Gateway"},
	{Email: "demo@codexible.me", name: "Dana Demo", Plan: "Pro", Role: accounts.RoleUser, Key: "codexible_demo_pro_2026", label: "Editor", Limit: 250, UsedToday: 89},
	{Email: "team@codexible.me", name: "Team Tango", Plan: "Business", Role: accounts.RoleUser, Key: "codexible_demo_business_2026", label: "Continuous integration", Limit: 500, UsedToday: 146},
	{Email: "starter@codexible.me", name: "Sam Starter", Plan: "Starter", Role: accounts.RoleUser, Key: "codexible_demo_starter_2026", label: "Laptop", Limit: 75, UsedToday: 22},
}

// days is how many days of usage a demo has, today included.
const days = 30

// Admin is who signs in to the console of a demo.
const Admin = "admin@codexible.me"

// hours is the shape of a working day: how busy each UTC hour is.
var hours = [usage.HoursADay]float64{1, .5, .4, .3, .4, 1, 3, 6, 10, 12, 12, 9, 7, 11, 13, 12, 10, 7, 5, 5, 4, 3, 2, 1.5}

// charge is a charge of the past.
type charge struct {
	at time.Time
	usage.Charge
	// record is the call that it settled; nil where no gateway took one.
	record *gateway.Record
}

// Seed fills an empty, migrated database with usage up to now. The usage is settled
// like any other, so every total agrees with the single charges.
func Seed(ctx context.Context, databaseURL string, now time.Time, password, modelURL string) error {
	clock := now.AddDate(0, 0, -days-1)
	s, err := store.Open(ctx, store.Options{URL: databaseURL, Synchronous: "NORMAL", Now: func() time.Time { return clock }})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	var customers []customer
	for _, u := range Users {
		clock = clock.Add(17 * time.Minute)
		key, err := createUser(ctx, s, u, password)
		if err != nil {
			return fmt.Errorf("the demo user %s could not be created: %w", u.Email, err)
		}
		if u.Limit > 0 {
			customers = append(customers, customer{u, key})
		}
	}
	if err := limitMonths(ctx, s); err != nil {
		return fmt.Errorf("the plans of the demo could not be changed: %w", err)
	}
	upstream, err := createModels(ctx, s, now, modelURL)
	if err != nil {
		return fmt.Errorf("the models of the demo could not be created: %w", err)
	}
	book, err := s.Book(ctx)
	if err != nil {
		return err
	}
	charges, err := usageOf(customers, book, now)
	if err != nil {
		return err
	}
	var log []*gateway.Record
	if upstream != uuid.Nil {
		log = calls(charges, now)
	}
	if err := post(ctx, s, charges); err != nil {
		return err
	}
	clock = now
	if err := giveGrants(ctx, s, customers, now); err != nil {
		return fmt.Errorf("the grants of the demo could not be given: %w", err)
	}
	return writeLog(ctx, s, log, upstream)
}

func createUser(ctx context.Context, s *store.Store, u User, password string) (keys.Key, error) {
	n := accounts.NewUser{Email: u.Email, Name: u.name, Plan: u.Plan, Role: u.Role}
	if u.Email == Admin {
		var err error
		if n.PasswordHash, err = accounts.HashPassword(ctx, password); err != nil {
			return keys.Key{}, err
		}
	}
	user, err := s.CreateUser(ctx, accounts.ActorSystem, n)
	if err != nil {
		return keys.Key{}, err
	}
	k := keys.NewKey{UserID: user.ID, Label: u.label, Secret: keys.Fixed(u.Key)}
	if u.Role == accounts.RoleUser {
		k.Scopes = []string{"models", "usage", "keys", "charge"} // so that curl can charge it
	}
	return s.CreateKey(ctx, accounts.ActorSystem, k)
}

// customer is a user of the demo with a key that is charged.
type customer struct {
	User
	key keys.Key
}

// usageOf is what the customers used in the days of the demo, in the order of
// time: today exactly usedToday, before now. Customers share moments, so that
// fewer transactions record it; no customer has two charges in one moment of
// a day that is longer than they are many.
func usageOf(customers []customer, book *catalog.Book, now time.Time) (charges []charge, err error) {
	random := rand.New(rand.NewPCG(2026, 11)) //nolint:gosec // the same plausible usage in every demo, no secret
	today := usage.DayOf(now)
	usage.LastDays(today, days).Each(func(day usage.Day) {
		end, most := day.End(), 0
		perCustomer := make([][]usage.Charge, len(customers))
		for i, c := range customers {
			credits := c.creditsOn(random, day)
			if day == today {
				credits, end = c.UsedToday, now
			}
			requests, failed := c.requests(random, book, day, credits)
			perCustomer[i], err = requests, errors.Join(err, failed)
			most = max(most, len(perCustomer[i]))
		}
		moments := instants(random, most, day.Start(), end)
		for _, requests := range perCustomer {
			chosen := random.Perm(most)[:len(requests)]
			slices.Sort(chosen)
			for i, moment := range chosen {
				charges = append(charges, charge{at: moments[moment], Charge: requests[i]})
			}
		}
	})
	slices.SortStableFunc(charges, func(a, b charge) int { return a.at.Compare(b.at) })
	return charges, err
}

// requests returns random requests of a day that cost the given credits in total, as
// the day's sum is rounded.
func (c *customer) requests(random *rand.Rand, book *catalog.Book, day usage.Day, credits int64) (charges []usage.Charge, err error) {
	for left := credits * usage.Millionths; left >= usage.Millionths; {
		charge, err := request(random, book, c.Plan, day.Start(), left)
		if err != nil {
			return nil, err
		}
		charge.UserID, charge.KeyID = c.key.UserID, c.key.ID
		charges = append(charges, charge)
		left -= charge.Millionths
	}
	return charges, nil
}

// creditsOn returns a day's random credits: most of the plan on a working day,
// little at a weekend, never more than the plan's.
func (u *User) creditsOn(random *rand.Rand, day usage.Day) int64 {
	least, spread := 0.5, 0.4
	if weekday := day.Start().Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		least, spread = 0.08, 0.17
	}
	return int64(float64(u.Limit) * (least + spread*random.Float64()))
}

// instants returns n random ascending moments from begin up to end, weighted by hours.
func instants(random *rand.Rand, n int, begin, end time.Time) []time.Time {
	var until [usage.HoursADay]float64
	total := 0.0
	for hour := range until {
		part := end.Sub(begin.Add(time.Duration(hour) * time.Hour)).Hours()
		total += hours[hour] * min(max(part, 0), 1)
		until[hour] = total
	}
	moments := make([]time.Time, n)
	for i := range moments {
		drawn := random.Float64() * total
		hour, _ := slices.BinarySearch(until[:], drawn)
		before := 0.0
		if hour > 0 {
			before = until[hour-1] //nolint:gosec // the last hour holds the whole total, so a search ends there
		}
		into := (drawn - before) / hours[hour]
		moments[i] = begin.Add(time.Duration((float64(hour) + into) * float64(time.Hour))).Truncate(time.Microsecond)
	}
	slices.SortFunc(moments, time.Time.Compare)
	return moments
}

// post settles charges in order, those of one moment in one batch.
func post(ctx context.Context, s *store.Store, charges []charge) error {
	used := map[uuid.UUID]time.Time{}
	for len(charges) > 0 {
		at, batch, settled := charges[0].at, []usage.Charge(nil), charges
		for len(charges) > 0 && charges[0].at.Equal(at) {
			batch = append(batch, charges[0].Charge)
			used[charges[0].KeyID] = at
			charges = charges[1:]
		}
		receipts, err := s.Post(ctx, usage.At(at), usage.ChargeEntries(batch...))
		if err != nil {
			return fmt.Errorf("the usage of the demo could not be recorded: %w", err)
		}
		for i, r := range receipts {
			if r.Outcome != usage.Accepted {
				return fmt.Errorf("the usage of the demo does not fit: %s at %d of %d credits on %s", r.Outcome, r.CreditsUsed, r.DailyLimit, r.Day)
			}
			if record := settled[i].record; record != nil {
				record.Credits = r.Charged
			}
		}
	}
	return s.TouchKeys(ctx, used)
}
