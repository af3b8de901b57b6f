package keys

import (
	"context"
	"errors"
	"testing"
	"time"

	"codexible/accounts"

	"github.com/google/go-cmp/cmp"
)

// signedIn is somebody with a session in the place of a key.
func (d *desk) signedIn() (Secret, Identity) {
	s, id := MintSession(), someone()
	id.BySession, id.Key.ExpiresAt, id.Key.LastUsedAt = true, new(noon.Add(time.Hour)), new(noon.Add(-time.Hour))
	d.directory.set(s, id)
	return s, id
}

func (d *desk) wantSession(t *testing.T, s Secret, want Access, code Code) {
	t.Helper()
	if id, got, err := d.Identify(context.Background(), s.Reveal(), want); err != nil || got != code || (id == nil) != (code == NotFound) {
		t.Errorf("a session is %s for %+v, %v, want %s", got, want, err, code)
	}
}

func TestASessionIsAnUnknownKeyWhereSessionsAreNotTaken(t *testing.T) {
	d := newDesk(t)
	s, id := d.signedIn()
	for _, scope := range []Scope{ScopeModels, ScopeUsage, ScopeKeys, ScopeCharge, ScopeService, ScopeAdmin, AnyScope} {
		d.wantSession(t, s, Access{Scope: scope}, NotFound)
	}
	d.directory.wantReads(t, 0)
	if verdict, err := d.Verify(context.Background(), Request{Secret: s.Reveal()}); err != nil || verdict.Code != NotFound {
		t.Errorf("a session is verified: %v, %v", verdict.Code, err)
	}
	for scope, code := range map[Scope]Code{ScopeUsage: Valid, ScopeKeys: Valid, AnyScope: Valid, ScopeCharge: InsufficientScope, ScopeService: InsufficientScope, ScopeAdmin: InsufficientScope} {
		d.wantSession(t, s, Access{Scope: scope, Sessions: true}, code)
	}
	d.directory.wantReads(t, 1)
	for _, change := range []func(*Identity){
		func(id *Identity) { id.User.Status = accounts.StatusSuspended },
		func(id *Identity) { id.User.Role = accounts.RoleService },
		func(id *Identity) { id.User.Role = accounts.RoleAdmin },
		func(id *Identity) { id.Key.ExpiresAt = new(noon) },
	} {
		ended := id
		change(&ended)
		if code := ended.Decide(Access{Scope: ScopeUsage, Sessions: true}, noon); code != NotFound {
			t.Errorf("%+v opens: %s", ended, code)
		}
	}
}

func TestASessionEndsInTheCacheAtItsTimeAndWithItsChange(t *testing.T) {
	use := Access{Scope: ScopeUsage, Sessions: true}
	d := newDesk(t)
	s, id := d.signedIn()
	d.wantSession(t, s, use, Valid)
	delete(d.directory.rows, s.Hash())
	d.wantSession(t, s, use, Valid) // it is cached
	d.Changed(accounts.Change{Subject: accounts.SubjectSession, ID: id.Key.ID})
	d.wantSession(t, s, use, NotFound)
	s, id = d.signedIn()
	d.wantSession(t, s, use, Valid)
	delete(d.directory.rows, s.Hash())
	d.Changed(accounts.Change{Subject: accounts.SubjectUser, ID: id.User.ID})
	d.wantSession(t, s, use, NotFound)
	s, id = d.signedIn()
	id.Key.ExpiresAt = new(noon.Add(5 * time.Minute))
	d.directory.set(s, id)
	d.wantSession(t, s, use, Valid)
	reads := d.directory.reads
	d.pass(5 * time.Minute)
	d.wantSession(t, s, use, NotFound)
	d.directory.wantReads(t, reads)
}

func TestTheLastUseOfASessionIsWrittenBesideThoseOfKeys(t *testing.T) {
	d, key, other := newDesk(t), Mint(), someone()
	s, id := d.signedIn()
	d.directory.set(key, other)
	use := func() {
		d.wantSession(t, s, Access{Scope: ScopeUsage, Sessions: true}, Valid)
		d.wantCode(t, key, Valid)
	}
	use()
	d.directory.err = errors.New("away")
	if d.Flush(context.Background()) == nil {
		t.Error("what could not be written was dropped")
	}
	d.directory.err = nil
	if diff := cmp.Diff([]lastUsesAt{{other.Key.ID: noon}}, d.flush(t)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]lastUsesAt{{id.Key.ID: noon}}, d.directory.touchedSessions); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyATokenOfASessionIsOne(t *testing.T) {
	s := MintSession()
	if !IsSession(" "+s.Reveal()+"\n") || s == MintSession() || s.Prefix() != SessionPrefix {
		t.Errorf("%s", s)
	}
	if _, is := Parse(s.Reveal()); is {
		t.Error("a session is read as a key")
	}
	for _, text := range []string{"", Mint().Reveal(), s.Reveal()[1:], s.Reveal() + "0", SessionPrefix, SessionPrefix + "0123456789ABCDEF0123456789ABCDEF"} {
		if IsSession(text) {
			t.Errorf("%q is taken for a session", text)
		}
	}
	if got := Shorten("signed in by " + s.Reveal() + "."); got != "signed in by codexible_session_." {
		t.Errorf("shortened to %q", got)
	}
}
