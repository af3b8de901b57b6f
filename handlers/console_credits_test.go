package handlers_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/store"
	"codexible/usage"

	"github.com/google/uuid"
)

// lend gives sam a grant, and makes a hold on sam's key, once for each service.
func (s *service) lend(t testing.TB) {
	t.Helper()
	if s.words["sam.grant"] != "" {
		return
	}
	g, _, err := s.store.Grant(context.Background(), accounts.ActorCLI, usage.NewGrant{UserID: s.id(t, "sam.user"), Credits: 100, Note: "A <b>gift</b>"})
	if err != nil {
		t.Fatal(err)
	}
	s.words["sam.grant"], s.words["sam.hold"] = g.ID.String(), s.hold(t, "sam", 5, usage.Entry{TTL: time.Hour}).String()
}

// hold sets credits of a person aside for the service gate.
func (s *service) hold(t testing.TB, name string, credits int64, e usage.Entry) uuid.UUID {
	t.Helper()
	e.Kind, e.OwnerID = usage.KindHold, s.id(t, "gate.user")
	if e.OnExpiry == "" {
		e.OnExpiry = usage.ReleaseOnExpiry
	}
	e.Charge = usage.Charge{UserID: s.id(t, name+".user"), KeyID: s.id(t, name+".id"), Credits: credits, Model: "codex-large"}
	return s.book(t, e).HoldID
}

// book posts one entry, which has to be accepted.
func (s *service) book(t testing.TB, e usage.Entry) usage.Receipt {
	t.Helper()
	receipts, err := s.store.Post(context.Background(), s.clock.Now, []usage.Entry{e})
	if err != nil || receipts[0].Outcome != usage.Accepted {
		t.Fatalf("%v, %v", receipts, err)
	}
	return receipts[0]
}

// room is what a person can use.
func (s *service) room(t testing.TB, name string) int64 {
	t.Helper()
	f, err := s.store.Figures(context.Background(), s.id(t, name+".user"), s.id(t, name+".id"))
	if err != nil {
		t.Fatal(err)
	}
	return f.Room
}

// audited counts the audit entries of an action.
func (s *service) audited(t testing.TB, action string) int {
	t.Helper()
	entries, err := s.store.Audit(context.Background(), store.AuditQuery{Action: action, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestAFormThatGivesCreditsTakesEffectOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		given := s.audited(t, "grant.created")
		const path = "/admin/users/$ada.user/grants/new"
		for name, wrong := range map[string][]string{
			"Must be a whole number.":                      {"credits", "1.5"},
			"Must be a whole number from 1 to 1000000000.": {"credits", "0"},
			"Must be a date and a time":                    {"credits", "5", "expires_at", "soon"},
			"Must be in the future.":                       {"credits", "5", "expires_at", "2026-03-04T11:59"},
			"Must have 0 to 500 characters.":               {"credits", "5", "note", strings.Repeat("é", 501)},
		} {
			v.get(path).submit(path, wrong...).sees(http.StatusUnprocessableEntity, name)
		}
		v.get(path)
		form := v.hidden(path)
		for name, value := range map[string]string{"credits": "40", "expires_at": "2026-04-01T00:00", "note": "For the <b>outage</b>"} {
			form.Set(name, value)
		}
		v.send(http.MethodPost, path, form.Encode()).redirected("/admin/users/$ada.user?done=grant-created").
			sees(http.StatusOK, "Credits given", "For the <b>outage</b>", "1 Apr 2026, 00:00", "290 credits")
		v.send(http.MethodPost, path, form.Encode()).redirected("/admin/users/$ada.user?done=credits-sent").sees(http.StatusOK, "already sent", "290 credits")
		form.Set("credits", "41")
		v.send(http.MethodPost, path, form.Encode()).sees(http.StatusUnprocessableEntity, "Nothing was given")
		form.Set("once", "none")
		v.send(http.MethodPost, path, form.Encode()).sees(http.StatusForbidden)
		if made := s.audited(t, "grant.created") - given; made != 1 || s.room(t, "ada") != 290 {
			t.Errorf("%d grants were made, and the room is %d", made, s.room(t, "ada"))
		}
	})
}

func TestAGrantIsRevokedAfterAConfirmation(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		s.book(t, usage.Entry{Charge: usage.Charge{UserID: s.id(t, "sam.user"), KeyID: s.id(t, "sam.id"), Credits: 80, Model: "m"}}) // 5 are held of the plan's 75, so grants give 10
		const path = "/admin/grants/$sam.grant/revoke"
		v.get(path).sees(http.StatusOK, "90 credits of 100 are left")
		if s.room(t, "sam") != 90 {
			t.Fatalf("the room is %d before", s.room(t, "sam"))
		}
		v.submit(path).redirected("/admin/users/$sam.user?done=grant-revoked").sees(http.StatusOK, "Grant revoked", "A <b>gift</b>", ">Revoked<")
		if s.room(t, "sam") != 0 || s.audited(t, "grant.revoked") != 1 {
			t.Errorf("the room is %d, and %d entries are in the audit log", s.room(t, "sam"), s.audited(t, "grant.revoked"))
		}
		v.get(path).submit(path).sees(http.StatusNotFound)
		v.get("/admin/grants/" + uuid.NewString() + "/revoke").sees(http.StatusNotFound)
	})
}

func TestACorrectionIsPreviewedAndMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		s.clock.Set(s.clock.Now().AddDate(0, 0, -1))
		s.book(t, usage.Entry{Charge: usage.Charge{UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada.id"), Credits: 120, Model: "m"}})
		s.clock.Set(s.clock.Now().AddDate(0, 0, 1))
		const path = "/admin/users/$ada.user/corrections/new"
		fields := []string{"direction", "give_back", "credits", "20", "day", "2026-03-03", "reason", "The <b>outage</b>"}
		with := func(name, value string) []string {
			changed := append([]string{}, fields...)
			for i := range changed {
				if i%2 == 0 && changed[i] == name {
					changed[i+1] = value
				}
			}
			return changed
		}
		for says, wrong := range map[string][]string{
			"Choose one of the corrections.":                          with("direction", "steal"),
			"Must be a whole number from 1 to 1000000000.":            with("credits", "-5"),
			"Gives back more credits than the plan gave on that day.": with("credits", "121"),
			"Must be a day from 2000-01-01 to today.":                 with("day", "2026-03-05"),
			"Must have 1 to 500 characters.":                          with("reason", " "),
		} {
			v.get(path).submit(path, wrong...).sees(http.StatusUnprocessableEntity, says)
		}
		v.get(path).submit(path, with("day", "yesterday")...).sees(http.StatusUnprocessableEntity)
		v.get(path).submit(path, with("direction", "take")...).sees(http.StatusOK, "On 2026-03-03: 120 used → 140 used of 250.", "Take 20 credits")
		v.get(path).submit(path, fields...).sees(http.StatusOK, "On 2026-03-03: 120 used → 100 used of 250.", "The <b>outage</b>", "Give back 20 credits")
		if s.audited(t, "usage.corrected") != 0 {
			t.Fatal("the preview has made a correction")
		}
		form := v.hidden(path)
		v.send(http.MethodPost, path, form.Encode()).redirected("/admin/users/$ada.user?done=day-corrected").sees(http.StatusOK, "Day corrected", "−20", "The <b>outage</b>", "3 Mar 2026")
		v.send(http.MethodPost, path, form.Encode()).redirected("/admin/users/$ada.user?done=credits-sent")
		days, err := s.store.History(context.Background(), s.id(t, "ada.user"), usage.OneDay("2026-03-03"))
		if err != nil || days[0].Credits != 100 || s.audited(t, "usage.corrected") != 1 {
			t.Errorf("%v, %v, %d entries in the audit log", days, err, s.audited(t, "usage.corrected"))
		}
		v.get("/admin/audit?action=usage.corrected").sees(http.StatusOK, "Gave back 20 credits on 2026-03-03")
	})
}

func TestAnOperatorReleasesAnOpenHold(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		id := s.hold(t, "ada", 30, usage.Entry{TTL: 10 * time.Minute, OnExpiry: usage.ChargeOnExpiry})
		s.book(t, usage.Entry{Kind: usage.KindExtend, Charge: usage.Charge{UserID: s.id(t, "ada.user")}, HoldID: id, TTL: 5 * time.Minute, Delivered: 7_200_000})
		path := "/admin/holds/" + id.String() + "/release"
		s.clock.Add(90 * time.Second)
		v.get("/admin/users/$ada.user").sees(http.StatusOK, "30 credits in 1 open hold", "220 credits", ">Laptop<", "1 minute ago", "3 minutes", "Charged: 8 credits delivered", path)
		v.get(path).sees(http.StatusOK, "30 credits can be used again", "charged: 8 credits delivered")
		form := v.hidden(path)
		for range 2 { // a form that is sent again changes nothing
			v.send(http.MethodPost, path, form.Encode()).redirected("/admin/users/$ada.user?done=hold-released").sees(http.StatusOK, "Hold released", "No open holds")
		}
		if s.room(t, "ada") != 250 || s.audited(t, "hold.released") != 1 {
			t.Errorf("the room is %d, and %d entries are in the audit log", s.room(t, "ada"), s.audited(t, "hold.released"))
		}
		receipts, err := s.store.Post(context.Background(), s.clock.Now, []usage.Entry{{Kind: usage.KindSettle, Charge: usage.Charge{UserID: s.id(t, "ada.user"), KeyID: s.id(t, "ada.id"), Credits: 10}, HoldID: id}})
		if err != nil || receipts[0].Outcome != usage.HoldEnded {
			t.Errorf("a settlement after the release: %v, %v", receipts, err)
		}
		late := s.hold(t, "ada", 30, usage.Entry{TTL: usage.MinHoldTTL})
		path = "/admin/holds/" + late.String() + "/release"
		v.get(path)
		s.clock.Add(usage.MinHoldTTL)
		v.submit(path).redirected("/admin/users/$ada.user?done=hold-ended").sees(http.StatusOK, "had already ended")
		v.get("/admin/holds/" + uuid.NewString() + "/release").sees(http.StatusNotFound)
	})
}

func TestTheConsoleShowsUncollectedCredits(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		v := s.operator(t)
		id := s.hold(t, "bob", 75, usage.Entry{TTL: 10 * time.Minute})
		v.get("/admin").sees(http.StatusOK, "80 credits in 2 open holds")
		if strings.Contains(v.page, "ncollected") {
			t.Error("the overview shows uncollected credits where there are none")
		}
		s.book(t, usage.Entry{Kind: usage.KindSettle, Charge: usage.Charge{UserID: s.id(t, "bob.user"), KeyID: s.id(t, "bob.id"), Credits: 76, Millionths: 1}, HoldID: id})
		v.get("/admin/users/$bob.user").sees(http.StatusOK, "2 credits", "It is not charged later.")
		v.get("/admin").sees(http.StatusOK, "2 credits uncollected in 7 days")
		v.get("/admin/system").sees(http.StatusOK, "1, 5 credits", "2 credits")
	})
}

func TestTheListsOfAUsersCreditsHavePages(t *testing.T) {
	s := onSQLite(t)
	v := s.operator(t)
	for i := range 21 {
		s.clock.Add(time.Second)
		s.hold(t, "ada", 1, usage.Entry{TTL: time.Hour})
		if _, _, err := s.store.Grant(context.Background(), accounts.ActorCLI, usage.NewGrant{UserID: s.id(t, "ada.user"), Credits: 1, Note: fmt.Sprintf("grant %d.", i)}); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := s.store.Correct(context.Background(), accounts.ActorCLI, usage.NewCorrection{UserID: s.id(t, "ada.user"), Credits: 1, Reason: fmt.Sprintf("correction %d.", i)}); err != nil {
			t.Fatal(err)
		}
	}
	older := regexp.MustCompile(`href="([^"]*)" rel="next">Older`)
	released := regexp.MustCompile(`/admin/holds/[0-9a-f-]{36}/release`)
	v.get("/admin/users/$ada.user").sees(http.StatusOK, "21 credits in 21 open holds", "grant 20.", "grant 1.", "correction 20.", "correction 11.")
	links := older.FindAllStringSubmatch(v.page, -1)
	if len(links) != 3 || strings.Contains(v.page, "grant 0.") || strings.Contains(v.page, "correction 10.") {
		t.Fatalf("%v: %s", links, v.page)
	}
	first := released.FindAllString(v.page, -1)
	for i, has := range []string{"grant 0.", "", "correction 10."} {
		v.get(html.UnescapeString(links[i][1])).sees(http.StatusOK, has, "First page")
		if i != 1 {
			continue
		}
		if second := released.FindAllString(v.page, -1); len(first) != 20 || len(second) != 1 || slices.Contains(first, second[0]) {
			t.Errorf("the pages show %d holds and %v", len(first), second)
		}
	}
}
