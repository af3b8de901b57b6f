package drills

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codexible/store/storetest"

	"github.com/google/uuid"
)

// hearer is a receiver that accepts everything and keeps what happened to whom, each event once.
type hearer struct {
	mu   sync.Mutex
	seen map[string]bool
	of   map[string][]string
}

func (l *hearer) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var event struct {
		Type string `json:"type"`
		Data struct {
			User struct {
				ID string `json:"id"`
			} `json:"user"`
			Credits struct {
				Threshold int `json:"threshold"`
			} `json:"credits"`
		} `json:"data"`
	}
	_ = json.Unmarshal(body, &event)
	what := event.Type
	if event.Data.Credits.Threshold > 0 {
		what += fmt.Sprintf(" %d", event.Data.Credits.Threshold)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if id := r.Header.Get("Webhook-Id"); !l.seen[id] {
		l.seen[id] = true
		l.of[event.Data.User.ID] = append(l.of[event.Data.User.ID], what)
	}
}

func (l *hearer) heard(user uuid.UUID) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.of[user.String()])
}

// toggle suspends or reactivates a user, and reports whether it was acknowledged.
func toggle(url, admin string, user uuid.UUID, status string) bool {
	request, err := http.NewRequest(http.MethodPatch, url+"/api/admin/users/"+user.String(), strings.NewReader(`{"status":"`+status+`"}`))
	if err != nil {
		return false
	}
	request.Header = http.Header{"Authorization": {"Bearer " + admin}, "Content-Type": {"application/json"}}
	answer, err := loadClient.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode == http.StatusOK
}

// Every change and every charge that was acknowledged, and none that was not made, is an event
// that arrives, in order, though the service is killed between and in the middle of them.
func TestWhatIsDoneIsToldOnceInOrderThoughTheServiceIsKilled(t *testing.T) {
	const toggles, credits = 24, 40
	storetest.EachURL(t, func(t *testing.T, database string) {
		t.Parallel() // it waits most of its time
		hears := &hearer{seen: map[string]bool{}, of: map[string][]string{}}
		receiver := httptest.NewServer(hears)
		t.Cleanup(receiver.Close)
		people := []customer{newCustomer(t, database, 100, 1), newCustomer(t, database, 100, 1)}
		spender := newCustomer(t, database, credits, 1)
		admin := newAdminKey(t, database)
		env := []string{"DATABASE_URL=" + database, "WEBHOOK_ALLOW_PRIVATE=127.0.0.0/8", "SECRET_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}
		service := startProgram(t, env...)
		addWebhook(t, service, admin, receiver.URL)
		var at sync.Mutex
		url := func() string { at.Lock(); defer at.Unlock(); return service.url }
		var callers sync.WaitGroup
		again := func(do func() bool) { // until it is acknowledged
			for deadline := time.After(time.Minute); !do(); {
				select {
				case <-deadline:
					t.Error("a request was not acknowledged within a minute")
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
		for _, person := range people {
			callers.Go(func() {
				for i := range toggles {
					again(func() bool { return toggle(url(), admin, person.userID, [...]string{"suspended", "active"}[i%2]) })
				}
			})
		}
		callers.Go(func() {
			for i := range credits + 1 {
				again(func() bool { return chargeOver(url(), spender.secrets[0], fmt.Sprintf("charge-%d", i)).status != 0 })
			}
		})
		for kill := range rounds(1, 4) {
			Eventually(t, time.Minute, "some events to arrive", func() bool { return len(hears.heard(people[0].userID)) > 5*(kill+1) })
			service.kill()
			next := startProgram(t, env...)
			at.Lock()
			service = next
			at.Unlock()
		}
		callers.Wait()
		var want []string
		for i := range toggles {
			want = append(want, [...]string{"user.suspended", "user.reactivated"}[i%2])
		}
		// What was under way at a kill is sent again after its lease of 30 s.
		whole := func() bool {
			return len(hears.heard(people[0].userID)) >= toggles && len(hears.heard(people[1].userID)) >= toggles && len(hears.heard(spender.userID)) >= 4
		}
		Eventually(t, 2*time.Minute, "every event to arrive", whole)
		service.stop(t)
		for _, person := range people {
			if got := hears.heard(person.userID); !slices.Equal(got, want) {
				t.Errorf("of a person whose status changed %d times it was told %v", toggles, got)
			}
		}
		spent := []string{"usage.threshold_reached 50", "usage.threshold_reached 80", "usage.threshold_reached 100", "usage.quota_exceeded"}
		if got := hears.heard(spender.userID); !slices.Equal(got, spent) {
			t.Errorf("of the customer who used up his credits it was told %v, want %v", got, spent)
		}
	})
}
