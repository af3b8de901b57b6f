package accounts

import (
	"context"
	"strings"
	"testing"

	"codexible/fault"

	"github.com/alexedwards/argon2id"
)

func TestPasswordsMatchTheirOwnHashAlone(t *testing.T) {
	ctx := context.Background()
	const password = "correct horse battery"
	hash, err := HashPassword(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	again, err := HashPassword(ctx, password)
	if err != nil {
		t.Fatal(err)
	}
	if hash == again {
		t.Error("two hashes of one password are equal: the salt is not random")
	}
	if strings.Contains(hash, password) {
		t.Error("the hash holds the password")
	}
	for _, try := range []struct {
		name, password, hash string
		match                bool
	}{
		{"its own", password, hash, true},
		{"another", "correct horse batterz", hash, false},
		{"no password", "", hash, false},
		{"a longer one", password + " ", hash, false},
		{"no user", password, "", false},
		{"no user and no password", "", "", false},
		{"far too long", strings.Repeat("a", MaxPasswordLength+1), hash, false},
		{"of nobody", "", nobody, false},
	} {
		got, err := CheckPassword(ctx, try.password, try.hash)
		if err != nil || got != try.match {
			t.Errorf("%s: matches = %v, %v; want %v", try.name, got, err, try.match)
		}
	}
}

func TestShortAndEndlessPasswordsAreRefusedWithTheBounds(t *testing.T) {
	for _, try := range []struct {
		password string
		accepted bool
	}{
		{"", false},
		{"elevenchars", false},
		{"twelve chars", true},
		{"zwölf Zeiche", true}, // 12 characters in 13 bytes
		{"elf Zeichön", false}, // 11 characters in 12 bytes
		{strings.Repeat("é", MaxPasswordLength), true},
		{strings.Repeat("a", MaxPasswordLength+1), false},
	} {
		_, err := HashPassword(context.Background(), try.password)
		if accepted := err == nil; accepted != try.accepted {
			t.Errorf("%.20q: accepted = %v (%v), want %v", try.password, accepted, err, try.accepted)
		}
		if err == nil {
			continue
		}
		f := fault.As(err)
		if f.Kind != fault.Invalid || !strings.Contains(f.Fields["password"], "12 to 1000 characters") {
			t.Errorf("%.20q: refused with %v %q, want the field with its bounds", try.password, f.Kind.Code(), f.Fields)
		}
		if try.password != "" && strings.Contains(err.Error(), try.password) {
			t.Errorf("%.20q: the refusal repeats the password", try.password)
		}
	}
}

func TestTwoStrangersAndOneWhoIsKnownAreHashedAtOnce(t *testing.T) {
	if cap(strangers) != 2 || cap(known) != 1 {
		t.Errorf("%d turns for strangers and %d for the known, want 2 and 1", cap(strangers), cap(known))
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for range cap(strangers) {
		if err := strangers.takeTurn(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := CheckPassword(ended, "twelve chars", nobody); fault.KindOf(err) != fault.Unavailable || fault.As(err).RetryAfter == 0 {
		t.Errorf("a third stranger: %v, want a wait and then 503 with when to come back", err)
	}
	if _, err := CheckKnownPassword(ended, "twelve chars", nobody); err != nil {
		t.Errorf("who is known waits for strangers: %v", err)
	}
	if _, err := HashPassword(ended, "twelve chars"); err != nil {
		t.Errorf("who sets a password waits for strangers: %v", err)
	}
	for range cap(strangers) {
		strangers.endTurn()
	}
	if err := known.takeTurn(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := CheckKnownPassword(ended, "twelve chars", nobody); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a second who is known: %v, want a wait and then 503", err)
	}
	known.endTurn()
	if _, err := CheckPassword(ended, "twelve chars", nobody); err != nil {
		t.Errorf("with a free turn nobody has to wait: %v", err)
	}
}

func TestUnknownUsersCostAsMuchAsKnownOnes(t *testing.T) {
	hash, err := HashPassword(context.Background(), "twelve chars")
	if err != nil {
		t.Fatal(err)
	}
	cost := func(hash string) argon2id.Params {
		p, _, _, err := argon2id.DecodeHash(hash)
		if err != nil {
			t.Fatal(err)
		}
		return *p
	}
	if cost(hash) != cost(nobody) {
		t.Errorf("a user's hash costs %+v, nobody's %+v", cost(hash), cost(nobody))
	}
	if least := uint32(19 * 1024); cost(hash).Memory < least || cost(hash).Iterations < 2 {
		t.Errorf("hashes cost %+v, want 19 MiB and 2 passes at least", cost(hash))
	}
}

func TestAHashThatCannotBeReadIsAFaultOfOurs(t *testing.T) {
	match, err := CheckPassword(context.Background(), "twelve chars", "$2a$10$something")
	if match || err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("CheckPassword = %v, %v; want an internal fault", match, err)
	}
}
