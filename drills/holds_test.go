package drills

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// newServiceKey makes a user whose programs verify and hold, and a key of it.
func newServiceKey(t *testing.T, url string) string {
	t.Helper()
	s := openStore(t, url)
	u, err := s.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: uuid.NewString() + "@example.com", Plan: "Business", Role: accounts.RoleService})
	if err != nil {
		t.Fatal(err)
	}
	secret := keys.Mint()
	if _, err := s.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret}); err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// openStore opens the database beside the program until the test ends.
func openStore(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// reseller is a service that holds credits for calls and settles what they cost.
type reseller struct {
	secret, customer string

	mu sync.Mutex
	// settled are the settlements that were sent, by hold.
	settled map[string]*settledHold
	// left are the holds that nothing but their deadline ends, and whether it was acknowledged that each has delivered.
	left map[string]bool
}

// delivered is what the holds that are left to their deadline have delivered.
const delivered = 3

type settledHold struct {
	credits      int64
	acknowledged bool
}

// settleAnswer is the answer to a settlement.
type settleAnswer struct {
	Charged     int64 `json:"charged"`
	Uncollected int64 `json:"uncollected"`
	Duplicate   bool  `json:"duplicate"`
}

// ask sends a body with the service's key; status is 0 where no answer came.
func (g *reseller) ask(url, path string, body, into any) (status int) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0
	}
	request, err := http.NewRequest(http.MethodPost, url+path, bytes.NewReader(text))
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+g.secret)
	request.Header.Set("Content-Type", "application/json")
	response, err := loadClient.Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode == http.StatusOK && json.Unmarshal(answer, into) != nil {
		return 0
	}
	return response.StatusCode
}

// hold sets 10 credits aside for the shortest time; empty where no answer came.
func (g *reseller) hold(url string, onExpiry usage.OnExpiry) string {
	var verdict struct {
		HoldID string `json:"hold_id"`
	}
	hold := map[string]any{"credits": 10, "ttl_seconds": int(usage.MinHoldTTL.Seconds()), "on_expiry": onExpiry}
	g.ask(url, "/api/keys/verify", map[string]any{"key": g.customer, "hold": hold, "idempotency_key": uuid.NewString()}, &verdict)
	return verdict.HoldID
}

func (g *reseller) settle(url, hold string, credits int64) (a settleAnswer, status int) {
	status = g.ask(url, "/api/holds/"+hold+"/settle", map[string]any{"credits": credits}, &a)
	return a, status
}

// call holds credits for a call, and mostly settles what it cost: less than was
// held, all of it, or more. Some calls end without a settlement, as those of a
// gateway that crashes.
func (g *reseller) call(url string, n int64) {
	onExpiry := usage.ReleaseOnExpiry
	if n%8 == 0 {
		onExpiry = usage.ChargeOnExpiry
	}
	hold := g.hold(url, onExpiry)
	if hold == "" {
		return
	}
	switch n % 8 {
	case 0:
		status := g.ask(url, "/api/holds/"+hold+"/extend", map[string]any{"ttl_seconds": int(usage.MinHoldTTL.Seconds()), "delivered": map[string]int{"credits": delivered}}, new(any))
		g.mu.Lock()
		g.left[hold] = status == http.StatusOK
		g.mu.Unlock()
		return
	case 1:
		g.ask(url, "/api/holds/"+hold+"/release", map[string]any{}, new(any))
		return
	}
	credits := 7 + n%5
	g.mu.Lock()
	s := &settledHold{credits: credits}
	g.settled[hold] = s
	g.mu.Unlock()
	if _, status := g.settle(url, hold, credits); status == http.StatusOK {
		g.mu.Lock()
		s.acknowledged = true
		g.mu.Unlock()
	}
}

// callUntilKilled makes calls from many callers and kills after so many of them.
func (g *reseller) callUntilKilled(url string, calls int64, kill func()) {
	const callers = 32
	var made atomic.Int64
	killed := make(chan struct{})
	var calling sync.WaitGroup
	for range callers {
		calling.Go(func() {
			for {
				select {
				case <-killed:
					return
				default:
				}
				n := made.Add(1)
				g.call(url, n)
				if n == calls {
					kill()
					close(killed)
				}
			}
		})
	}
	calling.Wait()
}

// repeat sends every settlement again: what was acknowledged has to be a
// duplicate, and the rest gets its answer.
func (g *reseller) repeat(t *testing.T, url string) (credits int64) {
	t.Helper()
	for hold, s := range g.settled {
		a, status := g.settle(url, hold, s.credits)
		switch {
		case status != http.StatusOK:
			t.Errorf("the repeated settlement of %s was answered %d", hold, status)
		case s.acknowledged && !a.Duplicate:
			t.Errorf("the acknowledged settlement of %s was lost", hold)
		case a.Charged != s.credits || a.Uncollected != 0:
			t.Errorf("the settlement of %s charged %d of %d, uncollected %d", hold, a.Charged, s.credits, a.Uncollected)
		}
		credits += s.credits
	}
	return credits
}

// expired checks the holds that were left to their deadline: it charged what was
// acknowledged as delivered, once. It returns what it charged of all of them.
func (g *reseller) expired(t *testing.T, s *store.Store) (charges, credits int64) {
	t.Helper()
	for id, acknowledged := range g.left {
		h, err := s.Hold(context.Background(), uuid.MustParse(id))
		switch {
		case err != nil:
			t.Fatal(err)
		case h.Status != usage.HoldExpired, acknowledged && h.End.Charged != delivered:
			t.Errorf("the hold %s is %s and has charged %d, acknowledged %v", id, h.Status, h.End.Charged, acknowledged)
		case h.End.Charged > 0:
			charges++
			credits += h.End.Charged
		}
	}
	return charges, credits
}

func TestTortureKilledInstancesLeaveNoHoldAndLoseNoSettlement(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		c := newCustomer(t, database, accounts.MaxDailyCredits, 1)
		g := &reseller{secret: newServiceKey(t, database), customer: c.secrets[0], settled: map[string]*settledHold{}, left: map[string]bool{}}
		kills := rounds(3, 50)
		for range kills {
			p := startProgram(t, "DATABASE_URL="+database)
			g.callUntilKilled(p.url, drawn(300), p.kill)
		}
		p := startProgram(t, "DATABASE_URL="+database)
		want := g.repeat(t, p.url)
		s := openStore(t, database)
		var f usage.Figures
		Eventually(t, usage.MinHoldTTL+5*time.Second, "every hold to end", func() bool {
			var err error
			if f, err = s.Figures(context.Background(), c.userID, uuid.Nil); err != nil {
				t.Fatal(err)
			}
			return f.Held == 0
		})
		// Past their deadline holds count no more; the job also ends them in the database.
		raw := storetest.Raw(t, database)
		Eventually(t, 5*time.Second, "every hold to be ended", func() bool {
			return storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status = 'open'") == 0
		})
		p.stop(t)
		r, err := s.Reconcile(context.Background())
		if err != nil || len(r.Differences) > 0 {
			t.Errorf("the recount: %v, %v", r.Differences, err)
		}
		charges, credits := g.expired(t, s)
		charged := storetest.Count(t, raw, "SELECT COALESCE(SUM(credits), 0) FROM usage")
		if r.Charges != int64(len(g.settled))+charges || charged != want+credits {
			t.Errorf("%d charges of %d credits; %d settlements of %d credits were sent, and %d expiries charged %d", r.Charges, charged, len(g.settled), want, charges, credits)
		}
		if len(g.settled) == 0 || charges == 0 {
			t.Errorf("the load made %d settlements and %d expiries that charge", len(g.settled), charges)
		}
		t.Logf("%d kills, %d settlements, %d holds left to their deadline", kills, len(g.settled), len(g.left))
	})
}
