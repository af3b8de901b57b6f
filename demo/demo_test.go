package demo

import (
	"context"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// seeded returns the store of a demo that started at now.
func seeded(t *testing.T, now time.Time) *store.Store {
	t.Helper()
	url := storetest.SQLiteURL(t)
	storetest.Migrate(t, url)
	if err := Seed(context.Background(), url, now, "correct horse battery", "http://127.0.0.1:9/v1"); err != nil {
		t.Fatal(err)
	}
	return storetest.Open(t, url, func() time.Time { return now })
}

var demoStarts = map[string]time.Time{
	"at noon of a Wednesday":       time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC),
	"three seconds past midnight":  time.Date(2026, 3, 4, 0, 0, 3, 0, time.UTC),
	"at the very midnight":         time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC),
	"a second before midnight":     time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC),
	"on a Sunday":                  time.Date(2026, 3, 8, 17, 30, 0, 0, time.UTC),
	"where it is another day":      time.Date(2026, 3, 4, 20, 0, 0, 0, time.FixedZone("Kathmandu", 5*3600+45*60)),
	"on the day after a leap day":  time.Date(2028, 3, 1, 9, 0, 0, 0, time.UTC),
	"with a part of a microsecond": time.Date(2026, 3, 4, 15, 4, 5, 678_901_234, time.UTC),
}

func TestADemosTotalsAddUpEverywhere(t *testing.T) {
	for _, name := range []string{"three seconds past midnight", "where it is another day"} {
		t.Run(name, func(t *testing.T) {
			now := demoStarts[name]
			s := seeded(t, now)
			for _, u := range Users {
				checkUser(t, s, u, now)
			}
			r, err := s.Reconcile(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Differences) > 0 || r.Days != days {
				t.Errorf("%d days with %d differences, want %d and none: %v", r.Days, len(r.Differences), days, r.Differences)
			}
		})
	}
}

func TestADemosTodayIsExactAndInThePastWheneverItStarts(t *testing.T) {
	for name, now := range demoStarts {
		used := map[uuid.UUID]int64{}
		busy := map[usage.Day]bool{}
		last := time.Time{}
		for _, c := range demoUsage(t, now) {
			if c.at.After(now) || c.at.Before(last) {
				t.Fatalf("%s: a charge at %s after one at %s, the demo begins at %s", name, c.at, last, now)
			}
			last = c.at
			busy[usage.DayOf(c.at)] = true
			if usage.DayOf(c.at) == usage.DayOf(now) {
				used[c.UserID] += c.Millionths
			}
		}
		for _, c := range customers() {
			if got := usage.WholeCredits(used[c.key.UserID]); got != c.UsedToday {
				t.Errorf("%s: %s used %d credits today, want %d", name, c.Email, got, c.UsedToday)
			}
		}
		if len(busy) != days {
			t.Errorf("%s: %d days have usage, want %d", name, len(busy), days)
		}
	}
}

func checkUser(t *testing.T, s *store.Store, u User, now time.Time) {
	t.Helper()
	ctx, today := context.Background(), usage.DayOf(now)
	id, err := s.IdentityByHash(ctx, keys.Fixed(u.Key).Hash())
	if err != nil {
		t.Fatalf("%s: %v", u.Key, err)
	}
	if id.User.Email != u.Email || id.User.Role != u.Role || id.Plan.Name != u.Plan || id.User.Status != accounts.StatusActive {
		t.Errorf("%s is of %s, %s on %s", u.Key, id.User.Email, id.User.Role, id.Plan.Name)
	}
	if u.Limit > 0 && id.Plan.DailyCreditLimit != u.Limit {
		t.Errorf("%s: the plan gives %d credits, the demo says %d", u.Email, id.Plan.DailyCreditLimit, u.Limit)
	}
	used, err := s.Today(ctx, id.User.ID, today)
	if err != nil || used.CreditsUsed != u.UsedToday {
		t.Errorf("%s used %d credits today, %v; want %d", u.Email, used.CreditsUsed, err, u.UsedToday)
	}
	span := usage.LastDays(today, days)
	charges, err := s.Charges(ctx, id.User.ID, span.From().Add(-400), 100_000, 0)
	if err != nil {
		t.Fatal(err)
	}
	byDay, byModel := tally(t, charges, u, now)
	history, err := s.History(ctx, id.User.ID, span)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range history {
		if day.Credits > id.Plan.DailyCreditLimit {
			t.Errorf("%s used %d of %d credits on %s", u.Email, day.Credits, id.Plan.DailyCreditLimit, day.Day)
		}
	}
	if diff := cmp.Diff(usage.Fill(span, byDay), history); diff != "" {
		t.Errorf("%s: the days' totals, single charges - totals +:\n%s", u.Email, diff)
	}
	models, err := s.Models(ctx, id.User.ID, span, store.DearestFirst)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range models {
		if diff := cmp.Diff(byModel[m.Model], m); diff != "" {
			t.Errorf("%s: model %s, single charges - totals +:\n%s", u.Email, m.Model, diff)
		}
	}
	if len(models) != len(byModel) {
		t.Errorf("%s: %d models in the totals, %d in the charges", u.Email, len(models), len(byModel))
	}
	checkHours(t, s, id.User.ID, charges, span)
}

// tally adds up single charges, and checks each.
func tally(t *testing.T, charges []usage.Record, u User, now time.Time) (days []usage.DayTotal, models map[string]usage.ModelTotal) {
	t.Helper()
	models, byDay := map[string]usage.ModelTotal{}, map[usage.Day]usage.DayTotal{}
	for _, c := range charges {
		if c.CreatedAt.After(now) || usage.DayOf(c.CreatedAt) != c.Day {
			t.Errorf("%s: a charge of %s at %s, the demo began at %s", u.Email, c.Day, c.CreatedAt, now)
		}
		if c.Millionths < 1 || c.PromptTokens < 1 || c.CompletionTokens < 1 || c.CostMicros < 1 || c.Priced == nil {
			t.Errorf("%s: an implausible charge %+v", u.Email, c)
		}
		d, m := byDay[c.Day], models[c.Model]
		d.Day, d.Credits, d.Requests, d.CostMicros = c.Day, d.Credits+c.Credits, d.Requests+1, d.CostMicros+c.CostMicros
		m.Model, m.Requests, m.CostMicros = c.Model, m.Requests+1, m.CostMicros+c.CostMicros
		m.PromptTokens, m.CompletionTokens = m.PromptTokens+c.PromptTokens, m.CompletionTokens+c.CompletionTokens
		byDay[c.Day], models[c.Model] = d, m
	}
	for _, d := range byDay {
		days = append(days, d)
	}
	return days, models
}

func checkHours(t *testing.T, s *store.Store, userID uuid.UUID, charges []usage.Record, span usage.Range) {
	t.Helper()
	counted := map[usage.Day][usage.HoursADay]int64{}
	for _, c := range charges {
		hours := counted[c.Day]
		hours[c.CreatedAt.Hour()]++
		counted[c.Day] = hours
	}
	span.Each(func(day usage.Day) {
		hours, err := s.Hourly(context.Background(), userID, day)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(counted[day], hours); diff != "" {
			t.Errorf("the hours of %s, single charges - totals +:\n%s", day, diff)
		}
	})
}

// customers are the demo's users as usageOf takes them, without a store.
func customers() (list []customer) {
	for i, u := range Users {
		if u.Limit > 0 {
			list = append(list, customer{u, keys.Key{ID: uuid.UUID{1, byte(i)}, UserID: uuid.UUID{2, byte(i)}}})
		}
	}
	return list
}

// demoUsage is the usage of a demo, as one without a store has it.
func demoUsage(t *testing.T, now time.Time) []charge {
	t.Helper()
	list := prices(now)
	for i := range list {
		list[i].ID = uuid.UUID{15: byte(i + 1)}
	}
	charges, err := usageOf(customers(), catalog.NewBook(nil, list), now)
	if err != nil {
		t.Fatal(err)
	}
	return charges
}

func TestADemosModelsArePricedAndUsedAsTheirPlansAllow(t *testing.T) {
	now := demoStarts["at noon of a Wednesday"]
	book, err := seeded(t, now).Book(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	used, twice := map[string]int{}, false
	for _, c := range demoUsage(t, now) {
		used[c.Model]++
		if c.Model == "claude-opus-4-5" && c.UserID == customers()[2].key.UserID {
			t.Errorf("%s is on the plan %s, which does not see %s", customers()[2].Email, customers()[2].Plan, c.Model)
		}
	}
	for _, m := range book.Models() {
		twice = twice || len(book.Prices(m.Name)) > 1
		if book.PriceAt(m.Name, now) == nil || used[m.Name] < 10 {
			t.Errorf("%s is called %d times and priced %v", m.Name, used[m.Name], book.PriceAt(m.Name, now))
		}
	}
	if len(book.Models()) != 5 || len(used) != 5 || !twice {
		t.Errorf("%d models of which %d are used; one has had another price: %v", len(book.Models()), len(used), twice)
	}
}

// One plan has a limit of a month, and its customer credits beside it, of which nothing is used.
func TestADemoShowsAMonthAndGrants(t *testing.T) {
	now := demoStarts["at noon of a Wednesday"]
	s, ctx := seeded(t, now), context.Background()
	for _, u := range Users {
		if u.Limit == 0 {
			continue
		}
		id, err := s.IdentityByHash(ctx, keys.Fixed(u.Key).Hash())
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Credits(ctx, id.User.ID, id.Key.ID)
		if err != nil {
			t.Fatal(err)
		}
		granted, grants, month := int64(0), 0, int64(usage.NoLimit)
		if u.Plan == "Business" {
			granted, grants, month = 400, 2, monthly
		}
		if c.Granted != granted || len(c.Grants) != grants || c.Month.Limit != month || c.Room != u.Limit-u.UsedToday+granted {
			t.Errorf("%s: %+v with the grants %+v", u.Email, c.Figures, c.Grants)
		}
	}
}

func TestADemoIsTheSameEveryTime(t *testing.T) {
	now := demoStarts["at noon of a Wednesday"]
	first, second := demoUsage(t, now), demoUsage(t, now)
	if diff := cmp.Diff(calls(first, now), calls(second, now)); diff != "" {
		t.Errorf("the logs of two demos differ:\n%s", diff)
	}
	if diff := cmp.Diff(first, second, cmp.AllowUnexported(charge{})); diff != "" {
		t.Errorf("two demos differ:\n%s", diff)
	}
}

func TestADemosUsageHasTheShapeOfWork(t *testing.T) {
	credits, worked := map[bool]int64{}, map[bool]int64{}
	var night, office int
	now := demoStarts["at noon of a Wednesday"]
	seen := map[usage.Day]bool{}
	for _, c := range demoUsage(t, now) {
		day := usage.DayOf(c.at)
		if day == usage.DayOf(now) {
			continue
		}
		weekday := day.Start().Weekday()
		weekend := weekday == time.Saturday || weekday == time.Sunday
		credits[weekend] += c.Millionths
		if !seen[day] {
			seen[day] = true
			worked[weekend]++
		}
		switch hour := c.at.Hour(); {
		case hour >= 1 && hour < 5:
			night++
		case hour >= 8 && hour < 18:
			office++
		}
	}
	if got, most := credits[true]/worked[true]/usage.Millionths, credits[false]/worked[false]/2/usage.Millionths; got > most {
		t.Errorf("%d credits on a day of a weekend, want %d at most: half of a working day's", got, most)
	}
	if office < 10*night {
		t.Errorf("%d requests in ten office hours, %d in four at night: the day has no shape", office, night)
	}
	if len(seen) != days-1 {
		t.Errorf("%d days before today have usage, want %d", len(seen), days-1)
	}
}

func TestACustomerOfADemoHasNoTwoChargesInOneMoment(t *testing.T) {
	seen := map[uuid.UUID]map[time.Time]bool{}
	for _, c := range demoUsage(t, demoStarts["at noon of a Wednesday"]) {
		if seen[c.UserID] == nil {
			seen[c.UserID] = map[time.Time]bool{}
		}
		if seen[c.UserID][c.at] {
			t.Errorf("two charges of one user at %s", c.at)
		}
		seen[c.UserID][c.at] = true
	}
}

func TestTheDemosAdminSignsInWithThePasswordOfThatStart(t *testing.T) {
	s := seeded(t, storetest.Start)
	for _, u := range Users {
		c, err := s.CredentialsByEmail(context.Background(), u.Email)
		if err != nil {
			t.Fatal(err)
		}
		match, err := accounts.CheckPassword(context.Background(), "correct horse battery", c.PasswordHash)
		if err != nil || match != (u.Email == Admin) {
			t.Errorf("%s: the password matches = %v, %v", u.Email, match, err)
		}
	}
}
