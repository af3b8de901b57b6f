package usage

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

// recounted is a day of one user with a charge and a correction, and its totals.
func recounted() (*Recount, DayTotals) {
	user, key := uuid.UUID{1}, uuid.UUID{2}
	c := Record{ID: uuid.UUID{3}, UserID: user, KeyID: key, Model: "m", Millionths: 2_500_000, Credits: 3, Granted: 1, Uncollected: 7, PromptTokens: 4, CompletionTokens: 5,
		CostMicros: 6, Day: today, CreatedAt: noon}
	r := NewRecount(today)
	r.Add(&c)
	r.Correct(user, -1)
	row := UserDay{UserID: user, Requests: 1, Millionths: 1_500_000, Granted: 1, Uncollected: 7, Corrected: -1, CostMicros: 6, LastChargeID: c.ID}
	row.Hours[12] = 1
	return r, DayTotals{Users: []UserDay{row}, Rows: []Total{{Day: today, UserID: user, KeyID: key, Model: "m", Requests: 1, Credits: 3, PromptTokens: 4, CompletionTokens: 5, CostMicros: 6}}}
}

func TestARecountNamesWhatDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*UserDay, *Total)
		want   []string
	}{
		"nothing":         {func(*UserDay, *Total) {}, nil},
		"requests":        {func(u *UserDay, r *Total) { u.Requests, r.Requests = 2, 2 }, []string{"requests", "requests"}},
		"a fraction":      {func(u *UserDay, _ *Total) { u.Millionths-- }, []string{"millionths"}},
		"a credit":        {func(u *UserDay, _ *Total) { u.Millionths -= Millionths }, []string{"millionths", "whole credits"}},
		"a correction":    {func(u *UserDay, _ *Total) { u.Corrected = 0 }, []string{"corrected"}},
		"grants":          {func(u *UserDay, _ *Total) { u.Granted = 0 }, []string{"granted"}},
		"uncollected":     {func(u *UserDay, _ *Total) { u.Uncollected = 0 }, []string{"uncollected"}},
		"cost":            {func(u *UserDay, r *Total) { u.CostMicros, r.CostMicros = 0, 0 }, []string{"cost_micros", "cost_micros"}},
		"the last charge": {func(u *UserDay, _ *Total) { u.LastChargeID = uuid.Nil }, []string{"charges reached from last_charge_id"}},
		"an hour":         {func(u *UserDay, _ *Total) { u.Hours[12], u.Hours[13] = 0, 1 }, []string{"h12", "h13"}},
		"a key's credits": {func(_ *UserDay, r *Total) { r.Credits = 2 }, []string{"credits"}},
		"tokens":          {func(_ *UserDay, r *Total) { r.PromptTokens, r.CompletionTokens = 0, 0 }, []string{"prompt_tokens", "completion_tokens"}},
		"a row of no charge": {func(_ *UserDay, r *Total) {
			r.Model = "n"
			*r = Total{Day: r.Day, UserID: r.UserID, KeyID: r.KeyID, Model: "n"}
		}, []string{"requests", "credits", "prompt_tokens", "completion_tokens", "cost_micros"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, totals := recounted()
			c.change(&totals.Users[0], &totals.Rows[0])
			var got []string
			for _, d := range r.Compare(totals) {
				got = append(got, d.Field)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q differ, want %q", got, c.want)
			}
		})
	}
}

func TestARecordThatMovesTheWrongCreditsIsFound(t *testing.T) {
	r, totals := recounted()
	// The charge says 2 credits, and so does the key's row; the day's sum went from 0 to 2.5.
	r.Add(&Record{ID: uuid.UUID{4}, UserID: uuid.UUID{1}, KeyID: uuid.UUID{2}, Model: "m", Credits: -1, AdjustsID: uuid.UUID{3}, Day: today, CreatedAt: noon, PreviousID: uuid.UUID{3}})
	totals.Users[0].LastChargeID = uuid.UUID{4}
	totals.Rows[0].Credits = 2
	if got := r.Compare(totals); len(got) != 1 || got[0].Field != "whole credits" {
		t.Errorf("the recount says %v", got)
	}
}

func TestAGrantIsAddedOnce(t *testing.T) {
	var a Account
	late, soon, never := Grant{ID: uuid.UUID{1}, ExpiresAt: noon.AddDate(0, 0, 1)}, Grant{ID: uuid.UUID{2}, ExpiresAt: noon}, Grant{ID: uuid.UUID{3}}
	for _, g := range []Grant{never, late, soon, late, never} {
		a.AddGrant(g)
	}
	if !slices.Equal(a.Grants, []Grant{soon, late, never}) {
		t.Errorf("the grants are %v", a.Grants)
	}
}
