package drills

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/uuid"
)

// rounds is the number of kills: long under make torture, short otherwise.
func rounds(short, long int) int {
	if os.Getenv("CODEXIBLE_TORTURE") != "" {
		return long
	}
	return short
}

// drawn is a random number of responses before the kill, 1 to most.
func drawn(most int64) int64 { return 1 + rand.Int64N(most) }

// customer is a user with keys whose secrets a test knows.
type customer struct {
	userID  uuid.UUID
	secrets []string
}

// customerScopes are those of a customer's key that charges itself.
var customerScopes = []string{"models", "usage", "keys", "charge"}

// newCustomer creates a user on a plan of its own.
func newCustomer(t *testing.T, url string, creditsADay int64, keyCount int) customer {
	t.Helper()
	storetest.Migrate(t, url)
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	name, rate := "Torture "+uuid.NewString(), int64(accounts.MaxRatePerMinute)
	if _, err := s.CreatePlan(context.Background(), accounts.ActorCLI, accounts.PlanChange{Name: &name, DailyCreditLimit: &creditsADay, RateLimitPerMinute: &rate}); err != nil {
		t.Fatal(err)
	}
	u, err := s.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: uuid.NewString() + "@example.com", Plan: name})
	if err != nil {
		t.Fatal(err)
	}
	c := customer{userID: u.ID}
	for range keyCount {
		secret := keys.Mint()
		if _, err := s.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: secret, Scopes: customerScopes}); err != nil {
			t.Fatal(err)
		}
		c.secrets = append(c.secrets, secret.Reveal())
	}
	return c
}

// answer is the response to a charge; status is 0 where no answer came.
type answer struct {
	status      int
	Recorded    bool  `json:"recorded"`
	Duplicate   bool  `json:"duplicate"`
	CreditsUsed int64 `json:"credits_used"`
}

// loadClient accepts any certificate: those of the tests are self-signed.
var loadClient = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{
	MaxIdleConnsPerHost: 128, DisableCompression: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
}}

// chargeOver sends one charge of one credit.
func chargeOver(url, secret, idempotencyKey string) (a answer) {
	request, err := http.NewRequest(http.MethodPost, url+"/api/usage", bytes.NewReader([]byte(`{"credits":1,"model":"torture"}`)))
	if err != nil {
		return a
	}
	request.Header.Set("Authorization", "Bearer "+secret)
	request.Header.Set("Content-Type", "application/json")
	if idempotencyKey != "" {
		request.Header.Set("Idempotency-Key", idempotencyKey)
	}
	response, err := loadClient.Do(request)
	if err != nil {
		return a
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || (response.StatusCode == http.StatusOK && json.Unmarshal(body, &a) != nil) {
		return answer{}
	}
	a.status = response.StatusCode
	return a
}

// sentCharges is the test's own record of what it sent and what was acknowledged.
type sentCharges struct {
	mu sync.Mutex
	// byKey maps an idempotency key to the secret it was sent with and whether it was acknowledged.
	byKey map[string]*sent
}

type sent struct {
	secret       string
	acknowledged bool
}

func (b *sentCharges) note(idempotencyKey, secret string, a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byKey[idempotencyKey] == nil {
		b.byKey[idempotencyKey] = &sent{secret: secret}
	}
	if a.status == http.StatusOK {
		b.byKey[idempotencyKey].acknowledged = true
	}
}

// loadUntilKilled charges from many callers and kills after so many answers,
// while others are on their way: between two commits, in one, or before it.
func (b *sentCharges) loadUntilKilled(url string, c customer, answers int64, kill func()) {
	const callers = 32
	var answered atomic.Int64
	killed := make(chan struct{})
	var calling sync.WaitGroup
	for caller := range callers {
		calling.Go(func() {
			for {
				select {
				case <-killed:
					return
				default:
				}
				key, secret := uuid.NewString(), c.secrets[caller%len(c.secrets)]
				b.note(key, secret, chargeOver(url, secret, key))
				if answered.Add(1) == answers {
					kill()
					close(killed)
				}
			}
		})
	}
	calling.Wait()
}

// replay repeats everything ever sent: what was acknowledged has to be a
// duplicate, and the rest gets its answer.
func (b *sentCharges) replay(t *testing.T, url string) {
	t.Helper()
	var replaying sync.WaitGroup
	work := make(chan string)
	for range 16 {
		replaying.Go(func() {
			for key := range work {
				b.mu.Lock()
				s := b.byKey[key]
				b.mu.Unlock()
				a := chargeOver(url, s.secret, key)
				switch {
				case a.status != http.StatusOK:
					t.Errorf("the repeat of %s was answered %d", key, a.status)
				case s.acknowledged && !a.Duplicate:
					t.Errorf("the acknowledged charge %s was lost", key)
				}
				s.acknowledged = true
			}
		})
	}
	for key := range b.byKey {
		work <- key
	}
	close(work)
	replaying.Wait()
}

// checkLedger compares the service's own totals with what was sent, and recounts them.
func (b *sentCharges) checkLedger(t *testing.T, url string) {
	t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	r, err := s.Reconcile(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Differences) > 0 {
		t.Errorf("the totals differ from the charges: %v", r.Differences)
	}
	if r.Charges != int64(len(b.byKey)) {
		t.Errorf("the ledger has %d charges, %d were sent and repeated", r.Charges, len(b.byKey))
	}
}

func TestTortureKilledInstancesLoseNothing(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		c := newCustomer(t, database, accounts.MaxDailyCredits, 4)
		record := &sentCharges{byKey: map[string]*sent{}}
		kills := rounds(5, 50)
		for range kills {
			p := startProgram(t, "DATABASE_URL="+database)
			record.loadUntilKilled(p.url, c, drawn(600), p.kill)
		}
		p := startProgram(t, "DATABASE_URL="+database)
		record.replay(t, p.url)
		p.stop(t)
		record.checkLedger(t, database)
		t.Logf("%d kills, %d charges, none lost and none counted twice", kills, len(record.byKey))
	})
}

func TestTortureKilledPostgresLosesNothing(t *testing.T) {
	cluster := newCluster(t)
	cluster.start(t)
	c := newCustomer(t, cluster.url(), accounts.MaxDailyCredits, 4)
	record := &sentCharges{byKey: map[string]*sent{}}
	p := startProgram(t, "DATABASE_URL="+cluster.url())
	kills := rounds(5, 50)
	for range kills {
		record.loadUntilKilled(p.url, c, drawn(900), func() { cluster.kill(t) })
		cluster.start(t)
		// The instance finds its database again by itself.
		Eventually(t, 30*time.Second, "a charge to be accepted again", func() bool {
			key := uuid.NewString()
			a := chargeOver(p.url, c.secrets[0], key)
			record.note(key, c.secrets[0], a)
			return a.status == http.StatusOK
		})
	}
	record.replay(t, p.url)
	p.stop(t)
	record.checkLedger(t, cluster.url())
	t.Logf("%d kills, %d charges, none lost and none counted twice", kills, len(record.byKey))
}

// attempts sends so many charges of one credit from 64 connections over the
// instances and counts the outcomes by status.
func attempts(urls []string, c customer, n int, halfway func()) map[int]int {
	var mu sync.Mutex
	outcomes := map[int]int{}
	work := make(chan int)
	var calling sync.WaitGroup
	for range 64 {
		calling.Go(func() {
			for i := range work {
				a := chargeOver(urls[i%len(urls)], c.secrets[i%len(c.secrets)], "")
				for try := 0; a.status == http.StatusServiceUnavailable && try < 20; try++ {
					a = chargeOver(urls[i%len(urls)], c.secrets[i%len(c.secrets)], "")
				}
				mu.Lock()
				outcomes[a.status]++
				mu.Unlock()
			}
		})
	}
	for i := range n {
		if i == n/2 && halfway != nil {
			halfway()
		}
		work <- i
	}
	close(work)
	calling.Wait()
	return outcomes
}

func TestThreeInstancesNeverOverspend(t *testing.T) {
	for _, valkeyDies := range []bool{false, true} {
		t.Run("valkey dies "+strconv.FormatBool(valkeyDies), func(t *testing.T) {
			database := storetest.PostgresURL(t)
			c := newCustomer(t, database, 1000, 4)
			shared := startValkey(t)
			var urls []string
			for range 3 {
				urls = append(urls, startProgram(t, "DATABASE_URL="+database, "VALKEY_URL="+shared.url).url)
			}
			halfway := func() {}
			if valkeyDies {
				halfway = shared.kill
			}
			outcomes := attempts(urls, c, 5000, halfway)
			if outcomes[http.StatusOK] != 1000 || outcomes[http.StatusTooManyRequests] != 4000 {
				t.Errorf("of 5000 charges against 1000 credits: %v", outcomes)
			}
		})
	}
}

func TestOneInstanceNeverOverspends(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		cold, warm := newCustomer(t, database, 1000, 4), newCustomer(t, database, 1000, 4)
		p := startProgram(t, "DATABASE_URL="+database)
		if a := chargeOver(p.url, warm.secrets[0], ""); a.status != http.StatusOK {
			t.Fatal(a)
		}
		for _, try := range []struct {
			key  string
			c    customer
			want map[int]int
		}{
			{"never used before", cold, map[int]int{http.StatusOK: 1000, http.StatusTooManyRequests: 4000}},
			{"that is warm", warm, map[int]int{http.StatusOK: 999, http.StatusTooManyRequests: 4001}},
			{"that is used up", cold, map[int]int{http.StatusTooManyRequests: 5000}},
		} {
			if got := attempts([]string{p.url}, try.c, 5000, nil); fmt.Sprint(got) != fmt.Sprint(try.want) {
				t.Errorf("a key %s: %v, want %v", try.key, got, try.want)
			}
		}
	})
}
