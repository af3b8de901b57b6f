package cli

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

type shownGrant struct {
	ID        uuid.UUID `json:"id"`
	Left      int64     `json:"left"`
	Duplicate bool      `json:"duplicate"`
}

// beside opens the database of a running service, for what no command makes.
func beside(t *testing.T, url string) *store.Store {
	t.Helper()
	return storetest.Connect(t, url, time.Now)
}

func TestGrantsAndCorrectionsCountInARunningService(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()
		key := s.chargingKey()
		charge := func(want int, credits string) {
			t.Helper()
			if status, answer := r.ask(t, http.MethodPost, "/api/usage", key.Key, `{"credits": `+credits+`}`); status != want {
				t.Errorf("a charge of %s: %d, want %d: %v", credits, status, want, answer)
			}
		}
		charge(http.StatusOK, "250")
		charge(http.StatusTooManyRequests, "1")

		var g, again shownGrant
		give := []string{"grant", "create", "--user", "a@example.com", "--credits", "10", "--note", "Invoice 4711", "--idempotency-key", "invoice-4711"}
		s.json(&g, give...)
		s.json(&again, give...)
		if g.Left != 10 || g.Duplicate || again.ID != g.ID || !again.Duplicate {
			t.Errorf("given %+v, and again %+v", g, again)
		}
		if code, _, stderr := s.try("", append(give, "--expires-at", "2099-01-01T00:00:00Z")...); code != ExitFailed || !strings.Contains(stderr, "was used for another grant") {
			t.Errorf("another grant with the same key: exit %d, %q", code, stderr)
		}
		charge(http.StatusOK, "7")
		var list []shownGrant
		if s.json(&list, "grant", "list", "--user", "a@example.com"); len(list) != 1 || list[0].Left != 3 {
			t.Errorf("the list is %+v", list)
		}
		s.json(new(any), "grant", "revoke", g.ID.String())
		charge(http.StatusTooManyRequests, "1")
		if code, _, stderr := s.try("", "grant", "revoke", g.ID.String()); code != ExitFailed || !strings.Contains(stderr, "grant does not exist") {
			t.Errorf("a second revocation: exit %d, %q", code, stderr)
		}

		code, out, stderr := s.try("", "correct", "--user", "a@example.com", "--credits=-20", "--reason", "The model returned errors", "--idempotency-key", "ticket-1")
		if want := "on " + string(usage.DayOf(time.Now())) + ": 237 used, before 257, of 250\n"; code != ExitOK || out != want {
			t.Errorf("exit %d, %q, %q, want %q", code, out, stderr, want)
		}
		if code, out, _ := s.try("", "correct", "--user", "a@example.com", "--credits=-20", "--reason", "The model returned errors", "--idempotency-key", "ticket-1"); code != ExitOK || !strings.Contains(out, "corrected before") {
			t.Errorf("the same again: exit %d, %q", code, out)
		}
		charge(http.StatusOK, "20")
		charge(http.StatusTooManyRequests, "1")
		for says, args := range map[string][]string{
			"gives back more credits": {"--credits=-1000"}, "to today": {"--credits=1", "--day", "2100-01-01"}, "and not 0": {"--credits=0"}, "plain text": {"--credits=1", "--reason", "a\x01b"},
		} {
			args = append([]string{"correct", "--user", "a@example.com", "--reason", "why"}, args...)
			if code, _, stderr := s.try("", args...); code != ExitFailed || !strings.Contains(stderr, says) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("codexible %q: exit %d, %q, want %q", args, code, stderr, says)
			}
		}
		var result reconciliationJSON
		if s.json(&result, "usage", "reconcile"); len(result.Differences) != 0 {
			t.Errorf("the reconciliation: %+v", result)
		}
	})
}

func TestAHoldThatIsReleasedOnTheCommandLineIsGoneInARunningService(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newShell(t, url)
		r := s.serve()
		key := s.chargingKey()
		db := beside(t, url)
		k, err := db.Key(context.Background(), key.ID, uuid.Nil)
		if err != nil {
			t.Fatal(err)
		}
		receipts, err := db.Post(context.Background(), time.Now, []usage.Entry{{
			Kind: usage.KindHold, Charge: usage.Charge{UserID: k.UserID, KeyID: k.ID, Credits: 200, Model: "m"}, OwnerID: k.UserID, TTL: time.Hour, OnExpiry: usage.ReleaseOnExpiry,
		}})
		if err != nil || receipts[0].Outcome != usage.Accepted {
			t.Fatal(receipts, err)
		}
		if status, answer := r.ask(t, http.MethodPost, "/api/usage", key.Key, `{"credits": 51}`); status != http.StatusTooManyRequests {
			t.Fatalf("a charge beside the hold: %d %v", status, answer)
		}
		var holds []shownUser
		if s.json(&holds, "hold", "list", "--user", "a@example.com"); len(holds) != 1 || holds[0].ID != receipts[0].HoldID {
			t.Fatalf("the list is %+v", holds)
		}
		var shown []map[string]any
		s.json(&shown, "hold", "list", "--user", k.UserID.String())
		if names := strings.Join(slices.Sorted(maps.Keys(shown[0])), " "); names != "created_at credits delivered expires_at id key_id model on_expiry owner_id request_id user_id" {
			t.Errorf("the fields of a hold are %s", names)
		}
		for range 2 { // again does nothing
			if code, out, stderr := s.try("", "hold", "release", holds[0].ID.String()); code != ExitOK || out != "released: 200 credits\n" {
				t.Errorf("exit %d, %q, %q", code, out, stderr)
			}
		}
		if status, answer := r.ask(t, http.MethodPost, "/api/usage", key.Key, `{"credits": 250}`); status != http.StatusOK {
			t.Errorf("a charge after the release: %d %v", status, answer)
		}
		var answer struct {
			Released bool `json:"released"`
		}
		if s.json(&answer, "hold", "release", holds[0].ID.String()); !answer.Released {
			t.Errorf("the answer is %+v", answer)
		}
		if s.json(&holds, "hold", "list"); len(holds) != 0 {
			t.Errorf("the list is %+v", holds)
		}
		if code, _, stderr := s.try("", "hold", "release", uuid.NewString()); code != ExitFailed || !strings.Contains(stderr, "hold does not exist") {
			t.Errorf("a hold that does not exist: exit %d, %q", code, stderr)
		}
	})
}
