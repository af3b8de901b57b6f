package usage

import (
	"fmt"

	"github.com/google/uuid"
)

// UserDay is a user's row of a day as it is stored.
type UserDay struct {
	UserID      uuid.UUID
	Requests    int64
	Millionths  int64
	Granted     int64
	Uncollected int64
	Corrected   int64
	CostMicros  int64
	// LastChargeID is zero where the day has corrections alone.
	LastChargeID uuid.UUID
	Hours        [HoursADay]int64
}

// DayTotals are the totals of one day as they are stored.
type DayTotals struct {
	Users []UserDay
	// Rows are those of users, keys and models; Tokens those of them and the prices.
	Rows   []Total
	Tokens []TokenTotal
}

// Difference is a stored total that is not the sum of its charges, or a charge that is
// not what its price makes of its usage.
type Difference struct {
	// Day is empty for a grant or a hold that belongs to none.
	Day Day
	// Table names what is stored: totals, charges, holds or grants.
	Table  string
	UserID uuid.UUID
	// Row names the row of the user: a key and a model, a hold, a grant, or nothing.
	Row string
	// Field is what differs; Stored is the row's value and Charges what it should be: what the
	// charges add up to, or with ByPrice what a price makes of usage.
	Field   string
	Stored  int64
	Charges int64
	ByPrice bool
}

// String is the difference in a line, such as
// "2026-03-04 daily_usage user 0195… key 0195…: credits is 12, the charges say 11".
func (d Difference) String() string {
	row := ""
	if d.Row != "" {
		row = " " + d.Row
	}
	day := ""
	if d.Day != "" {
		day = string(d.Day) + " "
	}
	says := "the charges say"
	if d.ByPrice {
		says = "its usage and price say"
	}
	return fmt.Sprintf("%s%s user %s%s: %s is %d, %s %d", day, d.Table, d.UserID, row, d.Field, d.Stored, says, d.Charges)
}

// Recount adds up the single charges and corrections of a day, to be compared with the stored totals.
type Recount struct {
	day     Day
	sums    sums
	hours   map[uuid.UUID]*[HoursADay]int64
	chains  map[uuid.UUID]map[uuid.UUID]uuid.UUID
	Charges int64
}

// NewRecount begins the recount of a day.
func NewRecount(day Day) *Recount {
	return &Recount{day: day, sums: newSums(0), hours: map[uuid.UUID]*[HoursADay]int64{}, chains: map[uuid.UUID]map[uuid.UUID]uuid.UUID{}}
}

// Add counts a charge.
func (r *Recount) Add(c *Record) {
	r.Charges++
	r.sums.add(c)
	hours := r.hours[c.UserID]
	if hours == nil {
		hours = new([HoursADay]int64)
		r.hours[c.UserID], r.chains[c.UserID] = hours, map[uuid.UUID]uuid.UUID{}
	}
	hours[c.CreatedAt.UTC().Hour()] += c.Requests()
	r.chains[c.UserID][c.ID] = c.PreviousID
}

// Correct counts a correction.
func (r *Recount) Correct(user uuid.UUID, credits int64) {
	total := r.sums.user(user, r.day)
	total.Corrected += credits
	total.Millionths += credits * Millionths
}

// Compare says where the stored totals differ from the charges; nothing where they agree.
func (r *Recount) Compare(b DayTotals) []Difference {
	differences := r.compareUsers(b.Users)
	differences = append(differences, r.compareTotals("daily_usage", b.Rows, r.sums.rows)...)
	return append(differences, r.compareTokens(b.Tokens)...)
}

func (r *Recount) compareTokens(have []TokenTotal) (differences []Difference) {
	seen := make(map[tokenID]bool, len(have))
	compare := func(stored, charges TokenTotal) {
		row := fmt.Sprintf("key %s model %q price %s", stored.KeyID, stored.Model, stored.PriceID)
		fields := []field{
			{"requests", stored.Requests, charges.Requests}, {"credits", stored.Credits, charges.Credits}, {"cost_micros", stored.CostMicros, charges.CostMicros},
			{"reasoning", stored.Tokens.Reasoning, charges.Tokens.Reasoning}, {"web_searches", stored.Tokens.WebSearches, charges.Tokens.WebSearches},
		}
		for b := range NumBuckets {
			fields = append(fields, field{b.String(), stored.Tokens.Of(b), charges.Tokens.Of(b)})
		}
		differences = append(differences, r.fields("daily_tokens", stored.UserID, row, fields)...)
	}
	for _, row := range have {
		id := tokenID{rowID{row.UserID, row.KeyID, row.Model, r.day}, row.PriceID}
		seen[id] = true
		var charges TokenTotal
		if c := r.sums.tokens[id]; c != nil {
			charges = *c
		}
		compare(row, charges)
	}
	for _, charges := range r.sums.tokens.sorted() {
		if !seen[tokenID{rowID{charges.UserID, charges.KeyID, charges.Model, r.day}, charges.PriceID}] {
			compare(TokenTotal{UserID: charges.UserID, KeyID: charges.KeyID, Model: charges.Model, PriceID: charges.PriceID}, charges)
		}
	}
	return differences
}

func (r *Recount) compareTotals(table string, have []Total, counted map[rowID]*Total) (differences []Difference) {
	seen := make(map[rowID]bool, len(have))
	compare := func(stored, charges Total) {
		differences = append(differences, r.fields(table, stored.UserID, rowName(stored), []field{
			{"requests", stored.Requests, charges.Requests}, {"credits", stored.Credits, charges.Credits},
			{"prompt_tokens", stored.PromptTokens, charges.PromptTokens}, {"completion_tokens", stored.CompletionTokens, charges.CompletionTokens},
			{"cost_micros", stored.CostMicros, charges.CostMicros},
		})...)
	}
	for _, row := range have {
		id := rowID{user: row.UserID, key: row.KeyID, model: row.Model, day: r.day}
		seen[id] = true
		var charges Total
		if c := counted[id]; c != nil {
			charges = *c
		}
		compare(row, charges)
	}
	for _, charges := range sorted(counted) {
		if !seen[rowID{user: charges.UserID, key: charges.KeyID, model: charges.Model, day: r.day}] {
			compare(Total{UserID: charges.UserID, KeyID: charges.KeyID, Model: charges.Model}, charges)
		}
	}
	return differences
}

func rowName(t Total) string {
	return fmt.Sprintf("key %s model %q", t.KeyID, t.Model)
}

func (r *Recount) compareUsers(have []UserDay) (differences []Difference) {
	seen := make(map[uuid.UUID]bool, len(have))
	for _, row := range have {
		seen[row.UserID] = true
		differences = append(differences, r.compareUser(row)...)
	}
	for _, charges := range sorted(r.sums.users) {
		if !seen[charges.UserID] {
			differences = append(differences, r.compareUser(UserDay{UserID: charges.UserID})...)
		}
	}
	return differences
}

func (r *Recount) compareUser(row UserDay) []Difference {
	var charges Total
	if c := r.sums.users[rowID{user: row.UserID, day: r.day}]; c != nil {
		charges = *c
	}
	fields := []field{
		{"requests", row.Requests, charges.Requests}, {"millionths", row.Millionths, charges.Millionths}, {"corrected", row.Corrected, charges.Corrected},
		{"granted", row.Granted, charges.Granted}, {"uncollected", row.Uncollected, charges.Uncollected}, {"cost_micros", row.CostMicros, charges.CostMicros},
		{"whole credits", DaySums{Millionths: row.Millionths}.Used(), charges.Credits + charges.Corrected},
		{"charges reached from last_charge_id", r.reached(row), int64(len(r.chains[row.UserID]))},
	}
	var counted [HoursADay]int64
	if hours := r.hours[row.UserID]; hours != nil {
		counted = *hours
	}
	for hour := range counted {
		fields = append(fields, field{fmt.Sprintf("h%02d", hour), row.Hours[hour], counted[hour]})
	}
	return r.fields("user_days", row.UserID, "", fields)
}

// reached walks from the day's last charge back, and counts what it meets of the day.
func (r *Recount) reached(row UserDay) (n int64) {
	chain := r.chains[row.UserID]
	for id := row.LastChargeID; n <= int64(len(chain)); n++ {
		previous, found := chain[id]
		if !found {
			break
		}
		id = previous
	}
	return n
}

type field struct {
	name            string
	stored, charges int64
}

func (r *Recount) fields(table string, user uuid.UUID, row string, fields []field) (differences []Difference) {
	for _, f := range fields {
		if f.stored != f.charges {
			differences = append(differences, Difference{Day: r.day, Table: table, UserID: user, Row: row, Field: f.name, Stored: f.stored, Charges: f.charges})
		}
	}
	return differences
}
