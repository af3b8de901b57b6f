package handlers_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/views"

	"github.com/google/uuid"
)

// thousand is how pages write store.MaxBulk.
var thousand = views.Number(store.MaxBulk)

// many makes keys of a user, the newest last, and returns their ids.
func (s *service) many(t testing.TB, n int) (ids []string) {
	t.Helper()
	most := int64(10_000)
	plans, err := s.store.Plans(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if _, err := s.store.ChangePlan(context.Background(), accounts.ActorCLI, p.ID, accounts.PlanChange{MaxKeys: &most}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		k, err := s.store.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: s.id(t, "ada.user"), Label: fmt.Sprintf("many %d", i), Secret: mint()})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, k.ID.String())
	}
	return ids
}

// entriesOf counts the entries of the audit log of an action since a mark.
func (s *service) entriesOf(t testing.TB, action string) (n int) {
	t.Helper()
	err := s.store.EachAudit(context.Background(), store.AuditQuery{Action: action}, func(accounts.AuditEntry) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestManyKeysAreRevokedAsPreviewedOnceEach(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		hook, err := s.store.CreateWebhook(context.Background(), accounts.ActorCLI, events.WebhookChange{URL: new("https://hooks.example.com/bulk"), Types: new([]string{"key.revoked"})})
		if err != nil {
			t.Fatal(err)
		}
		const list, act = "/admin/keys", "/admin/keys/bulk"
		v.get(list).sees(http.StatusOK, "Select Laptop, $ada.prefix", "on this page", `name="id" value="$bob.id"`)
		v.submit(act, "do", "revoke", "id", "$ada.id", "id", "$bob.id", "id", "$ada.revoked.id", "id", "$ada.id", "page", "").
			sees(http.StatusOK, "Revoke 2 keys. 1 is skipped", "It is already revoked.", "cannot be undone", "They belong to 2 users.", "$ada.prefix", "Revoke 2 keys")
		preview := v.hidden(act)
		if got := len(strings.Fields(preview.Get("id"))); got != 2 {
			t.Errorf("the form holds %d ids", got)
		}
		s.call(t, call{says: "a preview changes nothing", as: "ada", method: "GET", path: "/api/keys", status: 200})
		if err := s.store.RevokeKey(context.Background(), accounts.ActorCLI, s.id(t, "bob.id"), uuid.Nil); err != nil { // by somebody else meanwhile
			t.Fatal(err)
		}
		v.send(http.MethodPost, act, preview.Encode())
		v.sees(http.StatusOK, "1 done, 1 skipped, 0 failed.", "Done", "It is already revoked.")
		s.call(t, call{says: "a revoked key is refused at once", as: "ada", method: "GET", path: "/api/keys", status: 401})
		before := s.entriesOf(t, "key.revoked")
		v.send(http.MethodPost, act, preview.Encode())
		v.sees(http.StatusOK, "This form was already sent", "Unchanged")
		if after := s.entriesOf(t, "key.revoked"); after != before || before != 3 {
			t.Errorf("%d revocations, %d after the repeat", before, after)
		}
		if told, err := s.store.Deliveries(context.Background(), store.DeliveryQuery{WebhookID: hook.ID, Limit: 9}); err != nil || len(told) != 2 {
			t.Errorf("%d events, %v", len(told), err)
		}
	})
}

func TestKeysAreDisabledAndEnabledByThePageAndByTheFilter(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.many(t, 60)
		v := s.operator(t)
		const list, act = "/admin/keys?q=many", "/admin/keys/bulk"
		v.get(list).sees(http.StatusOK, "All 50 on this page", "All 60 that match").
			submit(act, "scope", "page", "do", "disable").sees(http.StatusOK, "Disable 50 keys. None is skipped.", "only an operator can enable", "many 59")
		if strings.Contains(v.page, "many 9<") {
			t.Error("the preview of the page has a key of the next one")
		}
		v.submit(act).sees(http.StatusOK, "50 done, 0 skipped, 0 failed.")
		v.get(list).submit(act, "scope", "all", "do", "disable").sees(http.StatusOK, "Disable 10 keys. 50 are skipped", "It is already disabled.")
		s.many(t, 1) // made after the preview: not taken
		v.submit(act).sees(http.StatusOK, "10 done, 0 skipped, 0 failed.")
		if n := s.entriesOf(t, "key.disabled"); n != 60 {
			t.Errorf("%d keys were disabled", n)
		}
		v.get(list+"&state=disabled").submit(act, "scope", "all", "do", "enable").sees(http.StatusOK, "Enable 60 keys. None is skipped.", "and 10 more keys").
			submit(act).sees(http.StatusOK, "60 done, 0 skipped, 0 failed.")
		v.get(list+"&state=disabled").sees(http.StatusOK, "No keys match")
	})
}

func TestManyUsersAreSuspendedReactivatedAndMoved(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		ctx := context.Background()
		gone, err := s.store.CreateUser(ctx, accounts.ActorCLI, accounts.NewUser{Email: "gone@example.com", Plan: "Pro"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.EraseUser(ctx, accounts.ActorCLI, gone.ID, "gone@example.com"); err != nil {
			t.Fatal(err)
		}
		const list, act = "/admin/users", "/admin/users/bulk"
		v.get(list).submit(act, "scope", "page", "do", "suspend").
			sees(http.StatusOK, "Suspend 3 users. 3 are skipped", "This is you.", "The user was erased.", "The user is already suspended.", "The 4 active keys stop working").
			submit(act).sees(http.StatusOK, "3 done, 0 skipped, 0 failed.")
		s.call(t, call{says: "a suspended user is refused", as: "ada", method: "GET", path: "/api/keys", status: 403})
		v.get(list).submit(act, "id", "$ada.user", "id", "$bob.user", "do", "reactivate", "page", "").sees(http.StatusOK, "Reactivate 2 users").submit(act).sees(http.StatusOK, "2 done")
		s.call(t, call{says: "a user who is back works", as: "ada", method: "GET", path: "/api/keys", status: 200})
		move := "plan:" + s.words["plan.business"]
		v.get(list+"?plan=$plan.pro").submit(act, "id", "$ada.user", "id", "$bob.user", "id", "$root.user", "do", move).
			sees(http.StatusOK, "Move 2 users to Business. 1 is skipped", "The user already has the plan Business.", "They move immediately: 1 from Pro, 1 from Starter.")
		preview := v.hidden(act)
		archived, yes := s.id(t, "plan.business"), true
		if _, err := s.store.ChangePlan(ctx, accounts.ActorCLI, archived, accounts.PlanChange{Archived: &yes}); err != nil {
			t.Fatal(err)
		}
		v.send(http.MethodPost, act, preview.Encode())
		v.sees(http.StatusUnprocessableEntity, "Choose an action", "archived")
		no := false
		if _, err := s.store.ChangePlan(ctx, accounts.ActorCLI, archived, accounts.PlanChange{Archived: &no}); err != nil {
			t.Fatal(err)
		}
		v.send(http.MethodPost, act, preview.Encode())
		v.sees(http.StatusOK, "2 done, 0 skipped, 0 failed.")
		for _, who := range []string{"ada.user", "bob.user"} {
			if u, err := s.store.User(ctx, s.id(t, who)); err != nil || u.PlanName != "Business" {
				t.Errorf("%s is on %s, %v", who, u.PlanName, err)
			}
		}
	})
}

func TestAPlanThatDoesNotFitSaysSoInThePreview(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	one, few := int64(1), int64(5)
	if _, err := s.store.ChangePlan(context.Background(), accounts.ActorCLI, s.id(t, "plan.starter"), accounts.PlanChange{MaxKeys: &one, DailyCreditLimit: &few}); err != nil {
		t.Fatal(err)
	}
	s.key(t, "ada", "second", nil)
	s.call(t, call{says: "usage of today", as: "ada", method: "POST", path: "/api/usage", body: `{"credits":5}`, status: 200})
	v.get("/admin/users").submit("/admin/users/bulk", "id", "$ada.user", "do", "plan:$plan.starter").sees(http.StatusOK,
		"1 of them has used the new daily limit today", "1 of them has more active keys than the plan allows", "Used today: 5. The next charge is refused.", "and the plan allows 1: all keep working")
}

func TestABulkActionIsBounded(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	const list, act = "/admin/keys", "/admin/keys/bulk"
	v.get(list)
	form := v.hidden(act)
	ids := make([]string, store.MaxBulk+1)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	send := func(pairs ...string) {
		t.Helper()
		f := url.Values{"_csrf": form["_csrf"]}
		for i := 0; i < len(pairs); i += 2 {
			f.Add(pairs[i], pairs[i+1])
		}
		v.send(http.MethodPost, act, f.Encode())
	}
	send("do", "revoke", "id", strings.Join(ids, " "))
	v.sees(http.StatusUnprocessableEntity, "Too many were selected", "at most "+thousand+" keys")
	send("do", "revoke", "id", strings.Join(ids[1:], " "), "confirmed", "yes", "once", uuid.NewString())
	v.sees(http.StatusOK, "0 done, 0 skipped, "+thousand+" failed.")
	send("do", "revoke", "id", strings.Join(ids[1:], " ")) // what does not exist is skipped
	v.sees(http.StatusOK, "Nothing to do", "It does not exist.", "and 950 more keys")
	send("do", "revoke", "id", strings.Repeat(strings.Join(ids, " ")+" ", 2))
	v.sees(http.StatusRequestEntityTooLarge)
	send("do", "revoke")
	v.sees(http.StatusUnprocessableEntity, "Nothing was selected")
	send("do", "destroy", "id", ids[0])
	v.sees(http.StatusUnprocessableEntity, "Choose an action")
	send("do", "revoke", "id", "nonsense")
	v.sees(http.StatusUnprocessableEntity, "cannot be read")
	send("do", "revoke", "scope", "all", "filter", "q=%zz")
	v.sees(http.StatusForbidden)
	send("do", "revoke", "id", ids[0], "confirmed", "yes")
	v.sees(http.StatusForbidden) // without the number of the form it could be sent twice
	if n := s.entriesOf(t, "key.revoked"); n != 1 {
		t.Errorf("%d keys were revoked", n)
	}
}

func TestTheFirstThousandAreTakenAndNoIDIsInAnAddress(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.many(t, store.MaxBulk+5)
		v := s.operator(t)
		s.hook(t)
		const act = "/admin/keys/bulk"
		v.get("/admin/keys?q=many").sees(http.StatusOK, "The first "+thousand+" that match; one action takes no more").submit(act, "scope", "all", "do", "disable").
			sees(http.StatusOK, "Disable "+thousand+" keys", "More than "+thousand+" keys match", "and 950 more keys")
		for _, link := range regexp.MustCompile(`(?:href|action)="([^"]*)"`).FindAllStringSubmatch(v.html, -1) {
			if len(link[1]) > 100 {
				t.Errorf("an address of %d characters", len(link[1]))
			}
		}
		began := time.Now()
		v.submit(act).sees(http.StatusOK, thousand+" done, 0 skipped, 0 failed.")
		t.Logf("%d keys are disabled in %v", store.MaxBulk, time.Since(began))
		v.get("/admin/keys?q=many&state=active").sees(http.StatusOK, "5 keys on this page")
	})
}

func TestAViewerHasNoBoxesAndAForeignFormActsOnNothing(t *testing.T) {
	s := onSQLite(t)
	s.operator(t)
	v := s.viewer(t)
	token := v.get("/admin").hidden("/admin/theme").Get("_csrf")
	for _, path := range []string{"/admin/keys", "/admin/users"} {
		v.get(path).sees(http.StatusOK, "@example.com").lacks(`type="checkbox"`, path+"/bulk", "on this page</label>")
		v.send(http.MethodPost, path+"/bulk", url.Values{"_csrf": {token}, "do": {"revoke", "suspend"}, "id": {s.words["ada.id"]}}.Encode())
		v.sees(http.StatusForbidden, "role viewer")
	}
	s.call(t, call{says: "nothing changed", as: "ada", method: "GET", path: "/api/keys", status: 200})
}

func TestABulkActionThatTheStorageEndsSaysWhatWasDone(t *testing.T) {
	clock, url := storetest.NewClock(storetest.Start), storetest.SQLiteURL(t)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	ids := s.many(t, 6)
	v := s.operator(t)
	const act = "/admin/keys/bulk"
	v.get("/admin/keys?q=many").submit(act, "scope", "page", "do", "disable")
	preview := v.hidden(act)
	storetest.Run(t, storetest.Raw(t, url), "CREATE TRIGGER broken BEFORE UPDATE ON api_keys WHEN OLD.id = X'"+strings.ReplaceAll(ids[3], "-", "")+"' BEGIN SELECT RAISE(ABORT, 'broken'); END")
	v.send(http.MethodPost, act, preview.Encode())
	v.sees(http.StatusOK, "The action stopped early", "2 done, 0 skipped, 1 failed. 3 not tried.", "It is not certain that nothing changed", "Not tried")
}

func TestAConfirmationThatIsSentTwiceAtOnceActsOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.many(t, 20)
		v := s.operator(t)
		const act = "/admin/keys/bulk"
		v.get("/admin/keys?q=many").submit(act, "scope", "page", "do", "disable").sees(http.StatusOK, "Disable 20 keys")
		form := v.hidden(act).Encode()
		var sent sync.WaitGroup
		var again atomic.Int64
		for range 4 {
			sent.Go(func() {
				w := *v
				if w.send(http.MethodPost, act, form); w.status != http.StatusOK {
					t.Errorf("answered %d", w.status)
				}
				if strings.Contains(w.page, "This form was already sent") {
					again.Add(1)
				}
			})
		}
		sent.Wait()
		if n := s.entriesOf(t, "key.disabled"); n != 20 || again.Load() != 3 {
			t.Errorf("%d keys were disabled, %d forms were repeats", n, again.Load())
		}
	})
}
