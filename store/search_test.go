package store_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func emails(t *testing.T, s *store.Store, text string) (found []string) {
	t.Helper()
	users, err := s.Users(context.Background(), store.UserQuery{Text: text, Page: store.Page{Limit: 50}})
	if err != nil {
		t.Fatalf("searching %q: %v", text, err)
	}
	for _, u := range users {
		found = append(found, u.Email)
	}
	return found
}

func labels(t *testing.T, s *store.Store, q store.KeyQuery) (found []string) {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 50
	}
	list, err := s.Keys(context.Background(), q)
	if err != nil {
		t.Fatalf("searching %q: %v", q.Text, err)
	}
	for _, k := range list {
		found = append(found, k.Label)
	}
	return found
}

func TestUsersAreFoundByAnyPartWithoutCaseAndWithNoWildcards(t *testing.T) {
	people := []struct{ email, name string }{
		{"ada@example.com", "Ada Lovelace"}, {"percent@example.com", "50% off"}, {"under@example.com", "a_b_c"}, {"slash@example.com", `back\slash`},
		{"quote@example.com", `O'Neil "Q"`}, {"umlaut@example.com", "ÄÖÜ ärgert Straße"}, {"dotted@example.com", "İstanbul"}, {"cyrillic@example.com", "Żółw Ёлка"},
		{"emoji@example.com", "smile 🙂🙃😉"}, {"nobody@example.com", ""}, {"plain@example.com", "50x off aXbXc backXslash"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		for _, p := range people {
			createUser(t, s, accounts.NewUser{Email: p.email, Name: p.name, Plan: "Pro"})
		}
		for _, c := range []struct {
			text string
			want []string
		}{
			{"LOVE", []string{"ada@example.com"}},
			{"a love", []string{"ada@example.com"}},
			{"50% o", []string{"percent@example.com"}},
			{"0% ", []string{"percent@example.com"}},
			{"%%%", nil},
			{"a_b_c", []string{"under@example.com"}},
			{"_b_", []string{"under@example.com"}},
			{`k\s`, []string{"slash@example.com"}},
			{`\\\`, nil},
			{"o'neil", []string{"quote@example.com"}},
			{`"q"`, []string{"quote@example.com"}},
			{"' OR 1=1 --", nil},
			{"äöü", []string{"umlaut@example.com"}},
			{"ÄRGERT STRASSE", nil},
			{"ÄRGERT STRAße", []string{"umlaut@example.com"}},
			{"istanbul", []string{"dotted@example.com"}},
			{"İSTAN", []string{"dotted@example.com"}},
			{"ŻÓŁW ёлка", []string{"cyrillic@example.com"}},
			{"🙂🙃😉", []string{"emoji@example.com"}},
			{"🙃😉", nil}, // two characters: from the beginning alone
			{"@example.com\nada", nil},
			{"\nada", []string{"ada@example.com"}}, // what stands between the fields is a blank to a reader
			{"example", []string{"plain@example.com", "nobody@example.com", "emoji@example.com", "cyrillic@example.com", "dotted@example.com", "umlaut@example.com",
				"quote@example.com", "slash@example.com", "under@example.com", "percent@example.com", "ada@example.com"}},
			{"zzz", nil},
			// One or two characters match from the beginning of a field.
			{"a", []string{"under@example.com", "ada@example.com"}},
			{"AD", []string{"ada@example.com"}},
			{"lo", nil},
			{"50", []string{"plain@example.com", "percent@example.com"}},
			{"5%", nil},
			{"a_", []string{"under@example.com"}},
			{"Ä", []string{"umlaut@example.com"}},
			{"İs", []string{"dotted@example.com"}},
			{"%", nil},
			{"_", nil},
			{`\`, nil},
			{"'", nil},
			{"x\x00y", nil},
			{"\xff\xfe\xfd", nil},
			{"\x00", nil},
		} {
			if diff := cmp.Diff(c.want, emails(t, s, c.text)); diff != "" {
				t.Errorf("searching %q: %s", c.text, diff)
			}
		}
	})
}

func TestKeysAreFoundByOwnerLabelAndPrefix(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		one := createUser(t, s, accounts.NewUser{Email: "one@example.com", Name: "First Person", Plan: "Pro"})
		two := createUser(t, s, accounts.NewUser{Email: "two@example.com", Name: "Second Person", Plan: "Pro"})
		var made []keys.Key
		for i, owner := range []uuid.UUID{one.ID, two.ID, one.ID} {
			k, err := s.CreateKey(ctx, ada, keys.NewKey{UserID: owner, Label: fmt.Sprintf("label-%d", i), Secret: keys.Mint()})
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, k)
		}
		if err := s.RevokeKey(ctx, ada, made[0].ID, uuid.Nil); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			query store.KeyQuery
			want  []string
		}{
			"e-mail":             {store.KeyQuery{Text: "ONE@EX"}, []string{"label-2", "label-0"}},
			"name":               {store.KeyQuery{Text: "second p"}, []string{"label-1"}},
			"label":              {store.KeyQuery{Text: "EL-2"}, []string{"label-2"}},
			"prefix":             {store.KeyQuery{Text: made[1].Prefix[6:]}, []string{"label-1"}},
			"beginning":          {store.KeyQuery{Text: "tw"}, []string{"label-1"}},
			"everything":         {store.KeyQuery{}, []string{"label-2", "label-1", "label-0"}},
			"owner":              {store.KeyQuery{UserID: one.ID}, []string{"label-2", "label-0"}},
			"owner and status":   {store.KeyQuery{UserID: one.ID, Status: keys.StatusActive}, []string{"label-2"}},
			"revoked and a part": {store.KeyQuery{Text: "person", Status: keys.StatusRevoked}, []string{"label-0"}},
			"a page":             {store.KeyQuery{Text: "label", Page: store.Page{Limit: 1, After: made[2].ID}}, []string{"label-1"}},
			"an offset":          {store.KeyQuery{Text: "label", Page: store.Page{Limit: 2, Offset: 1}}, []string{"label-1", "label-0"}},
			"another's prefix":   {store.KeyQuery{Text: made[1].Prefix[6:], UserID: one.ID}, nil},
		} {
			if diff := cmp.Diff(c.want, labels(t, s, c.query)); diff != "" {
				t.Errorf("by %s: %s", name, diff)
			}
		}
		list, err := s.Keys(ctx, store.KeyQuery{Page: store.Page{Limit: 3}})
		if err != nil || list[1].UserEmail != "two@example.com" || list[1].UserID != two.ID {
			t.Errorf("the owner of %v is wrong: %v", list, err)
		}
	})
}

func TestTheSearchFollowsRenamesRelabelsAndRotations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx := context.Background()
		u := createUser(t, s, accounts.NewUser{Email: "ada@example.com", Name: "Miss Byron", Plan: "Pro"})
		k, err := s.CreateKey(ctx, ada, keys.NewKey{UserID: u.ID, Label: "laptop", Secret: keys.Mint()})
		if err != nil {
			t.Fatal(err)
		}
		found := func(want int, texts ...string) {
			t.Helper()
			for _, text := range texts {
				if got := len(labels(t, s, store.KeyQuery{Text: text})); got != want {
					t.Errorf("%q finds %d keys, want %d", text, got, want)
				}
			}
		}
		found(1, "byron", "laptop", k.Prefix)
		if _, err := s.ChangeUser(ctx, ada, u.ID, accounts.UserChange{Name: new("Countess Lovelace")}); err != nil {
			t.Fatal(err)
		}
		found(0, "byron")
		found(1, "lovelace", "ada@", "laptop")
		if len(emails(t, s, "byron")) != 0 || len(emails(t, s, "lovelace")) != 1 {
			t.Error("the user is found by the old name")
		}
		if _, err := s.ChangeKey(ctx, ada, k.ID, u.ID, keys.KeyChange{Label: new("desktop")}); err != nil {
			t.Fatal(err)
		}
		found(0, "laptop")
		found(1, "desktop", "lovelace")
		rotated, err := s.RotateKey(ctx, ada, keys.Rotation{KeyID: k.ID, Secret: keys.Mint()}, u.ID)
		if err != nil {
			t.Fatal(err)
		}
		found(0, k.Prefix)
		found(1, rotated.Prefix, "desktop", "lovelace")
		if err := s.RevokeKey(ctx, ada, k.ID, u.ID); err != nil {
			t.Fatal(err)
		}
		found(1, rotated.Prefix)
	})
}

// Two processes whose clocks stand at the same instant mint ids of the same
// ticks: on SQLite an eighth of the pairs have one number in the full-text table.
func TestWhatTwoProcessesWriteInTheSameTickIsAllFoundInOrder(t *testing.T) {
	const users, page = 60, 7
	storetest.EachMigratedURL(t, func(t *testing.T, url string) {
		ctx, clock := context.Background(), storetest.NewClock(storetest.Start)
		var want []store.Imported
		for _, process := range []string{"here", "there"} {
			var people []store.ImportUser
			for i := range users {
				people = append(people, store.ImportUser{NewUser: accounts.NewUser{Email: fmt.Sprintf("%s-%d@example.com", process, i)}})
			}
			made, err := storetest.Connect(t, url, clock.Now).Import(ctx, ada, "Pro", people)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, made...)
		}
		slices.SortFunc(want, func(a, b store.Imported) int { return bytes.Compare(b.UserID[:], a.UserID[:]) })
		s := storetest.Connect(t, url, clock.Now)
		check := func(text string) {
			t.Helper()
			var got []store.Imported
			for after := (uuid.UUID{}); ; after = got[len(got)-1].UserID {
				list, err := s.Users(ctx, store.UserQuery{Text: text, Page: store.Page{Limit: page, After: after}})
				if err != nil {
					t.Fatal(err)
				}
				for _, u := range list {
					got = append(got, store.Imported{UserID: u.ID})
				}
				if len(list) < page {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("searching %q page by page: %s", text, diff)
			}
		}
		check("example.com")
		for i, u := range want {
			if _, err := s.ChangeUser(ctx, ada, u.UserID, accounts.UserChange{Name: new(fmt.Sprintf("renamed %d", i))}); err != nil {
				t.Fatal(err)
			}
		}
		check("renamed")
		check("example.com")
	})
}

// A rename writes what all the user's keys are found by, a relabel what one is;
// neither may write down what the other has just replaced.
func TestARenameAndARelabelAtOnceAreBothFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		ctx, c := context.Background(), storetest.NewCustomer(t, s, "Pro")
		for round := range 15 {
			name, label := fmt.Sprintf("name-%d-", round), fmt.Sprintf("label-%d-", round)
			var wg sync.WaitGroup
			var added keys.Key
			for _, work := range []func() error{
				func() error {
					return second(s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Name: &name}))
				},
				func() error {
					return second(s.ChangeKey(ctx, ada, c.Key.ID, uuid.Nil, keys.KeyChange{Label: &label}))
				},
				func() (err error) {
					added, err = s.CreateKey(ctx, ada, keys.NewKey{UserID: c.User.ID, Secret: keys.Mint()})
					return err
				},
			} {
				wg.Go(func() {
					if err := work(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if got := labels(t, s, store.KeyQuery{Text: label}); len(got) != 1 {
				t.Fatalf("the label %q finds %v", label, got)
			}
			if got := labels(t, s, store.KeyQuery{Text: name, Status: keys.StatusActive}); len(got) != 2 {
				t.Fatalf("the name %q finds %v, want both keys", name, got)
			}
			if err := s.RevokeKey(ctx, ada, added.ID, uuid.Nil); err != nil {
				t.Fatal(err)
			}
			if _, err := s.ChangeUser(ctx, ada, c.User.ID, accounts.UserChange{Name: new("nobody")}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
