package drills

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/keys"
	"codexible/store"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
)

// kind is what a request of the mixed load asks for.
type kind int

const (
	checking kind = iota // verify, no charge
	charging             // verify or usage with a charge
	reading              // what a customer's dashboard shows
	managing             // an admin's lists, and keys that are created, relabelled and revoked
	kinds
)

func (k kind) String() string {
	return [kinds]string{"verify", "charge", "customer's reads", "admin"}[k]
}

// perMille is the share of each kind.
var perMille = [kinds]int{checking: 700, charging: 200, reading: 80, managing: 20}

// laneCallers is how many requests of a lane are open at most, so a machine that
// cannot follow makes latencies grow and nothing else. Charges have a lane of
// their own: checking a key waits for no charge, nor for the disk.
const laneCallers = 64

// mixedLoad sends the requests of a product and its operator to the instances in turn.
type mixedLoad struct {
	users, secrets         []string
	serviceKey, adminKey   string
	charging, others       [laneCallers]loadCaller
	took                   [kinds]stopwatch
	acknowledged, repeated atomic.Int64
	credits                atomic.Int64

	mu       sync.Mutex
	failures map[string]int
}

// newMixedLoad fills a migrated database with users of two keys each.
func newMixedLoad(t *testing.T, database string, people int, urls []string) *mixedLoad {
	t.Helper()
	l := &mixedLoad{failures: map[string]int{}}
	s, err := store.Open(context.Background(), store.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	plan, credits, rate := "Mixed load", int64(accounts.MaxDailyCredits), int64(accounts.MaxRatePerMinute)
	if _, err := s.CreatePlan(context.Background(), accounts.ActorCLI, accounts.PlanChange{Name: &plan, DailyCreditLimit: &credits, RateLimitPerMinute: &rate}); err != nil {
		t.Fatal(err)
	}
	users := make([]store.ImportUser, people+2)
	for i := range users {
		role := accounts.RoleUser
		switch i {
		case people:
			role = accounts.RoleService
		case people + 1:
			role = accounts.RoleAdmin
		}
		users[i].NewUser = accounts.NewUser{Email: fmt.Sprintf("person%d@example.com", i), Name: fmt.Sprintf("Person %d", i), Role: role}
		for range 2 {
			secret := keys.Mint()
			k := keys.NewKey{Secret: secret}
			if role == accounts.RoleUser {
				k.Scopes = customerScopes
			}
			users[i].Keys = append(users[i].Keys, k)
			l.secrets = append(l.secrets, secret.Reveal())
		}
	}
	made, err := s.Import(context.Background(), accounts.ActorCLI, plan, users)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range made[:people] {
		l.users = append(l.users, m.UserID.String())
	}
	l.serviceKey, l.adminKey, l.secrets = l.secrets[2*people], l.secrets[2*people+2], l.secrets[:2*people]
	for i := range laneCallers {
		l.charging[i].start(l, urls, 2*i)
		l.others[i].start(l, urls, 2*i+1)
	}
	return l
}

// flatOut sends every kind on one lane as fast as the instances answer, and returns the requests per second.
func flatOut(lane *[laneCallers]loadCaller, lasts time.Duration) (perSecond float64) {
	var asked atomic.Int64
	end := time.Now().Add(lasts)
	var calling sync.WaitGroup
	for i := range lane {
		c := &lane[i]
		calling.Go(func() {
			for began := time.Now(); began.Before(end); began = time.Now() {
				c.ask(drawKind(c.random), began)
				asked.Add(1)
			}
		})
	}
	calling.Wait()
	return float64(asked.Load()) / lasts.Seconds()
}

// offered is a request of the schedule.
type offered struct {
	kind kind
	due  time.Time
}

// offer sends at a fixed rate, whether or not earlier requests were answered. A
// latency starts at the scheduled time, so it includes the wait for a caller; the
// schedule is kept to about 0.2 ms.
func (l *mixedLoad) offer(perSecond float64, lasts time.Duration) {
	charges, rest := make(chan offered, 1<<16), make(chan offered, 1<<16)
	var calling sync.WaitGroup
	for i := range laneCallers {
		calling.Go(func() { l.charging[i].askAll(charges) })
		calling.Go(func() { l.others[i].askAll(rest) })
	}
	random := rand.New(rand.NewPCG(3, 7))
	began, sent := time.Now(), 0
	for passed := time.Duration(0); passed < lasts; passed = time.Since(began) {
		for ; float64(sent) < passed.Seconds()*perSecond; sent++ {
			r := offered{drawKind(random), began.Add(time.Duration(float64(sent) / perSecond * float64(time.Second)))}
			if r.kind == charging {
				charges <- r
			} else {
				rest <- r
			}
		}
		// A timer of the runtime may come a millisecond late, which is longer than most answers take.
		_ = syscall.Nanosleep(&syscall.Timespec{Nsec: 200_000}, nil)
	}
	close(charges)
	close(rest)
	calling.Wait()
}

// loadCaller has a connection to each instance and sends one request at a time.
type loadCaller struct {
	*mixedLoad
	instances []*fasthttp.HostClient
	turn      int
	random    *rand.Rand
	request   fasthttp.Request
	response  fasthttp.Response
	body      []byte
	// recent are charges with an idempotency key that were acknowledged.
	recent []loadCharge
	// minted is the key that this caller created and has not yet revoked.
	minted     string
	relabelled bool
}

type loadCharge struct {
	secret, idempotencyKey string
	credits                int64
	throughVerify          bool
}

func (c *loadCaller) start(l *mixedLoad, urls []string, number int) {
	c.mixedLoad, c.turn, c.random = l, number, rand.New(rand.NewPCG(uint64(number), 7))
	for _, url := range urls {
		c.instances = append(c.instances, &fasthttp.HostClient{
			Addr: strings.TrimPrefix(url, "http://"), MaxConns: 1, MaxIdleConnDuration: time.Hour, MaxIdemponentCallAttempts: 1,
			ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second, NoDefaultUserAgentHeader: true, DisablePathNormalizing: true,
		})
	}
}

func (c *loadCaller) askAll(of <-chan offered) {
	for r := range of {
		c.ask(r.kind, r.due)
	}
}

func drawKind(random *rand.Rand) (of kind) {
	for drawn := random.IntN(1000); drawn >= perMille[of]; of++ {
		drawn -= perMille[of]
	}
	return of
}

// ask sends one request, and measures from the time it was due.
func (c *loadCaller) ask(of kind, due time.Time) {
	c.turn++
	switch of {
	case checking:
		c.verify(loadCharge{secret: c.secret()})
		c.expect(of, `"code":"VALID"`)
	case charging:
		c.charge()
	case reading:
		c.send(http.MethodGet, pick(c.random, "/api/dashboard/overview", "/api/keys", "/api/usage/today", "/api/usage/history?days=30", "/api/usage/detailed?limit=50"), c.secret())
		c.expect(of, "")
	case managing:
		if c.random.IntN(4) == 0 {
			c.manageKey()
			break
		}
		c.send(http.MethodGet, "/api/admin/"+pick(c.random, "status", "users", "tokens", "plans", "logs"), c.adminKey)
		c.expect(of, "")
	}
	c.took[of].add(time.Since(due))
}

func pick[T any](random *rand.Rand, of ...T) T { return of[random.IntN(len(of))] }

func (c *loadCaller) secret() string { return pick(c.random, c.secrets...) }

// charge charges one to three credits, half of the time with an idempotency key;
// every tenth of those is a repeat, which has to be recognised.
func (c *loadCaller) charge() {
	what, repeat := loadCharge{secret: c.secret(), credits: 1 + c.random.Int64N(3), throughVerify: c.random.IntN(2) == 0}, false
	if c.random.IntN(2) == 0 {
		if repeat = len(c.recent) > 0 && c.random.IntN(10) == 0; repeat {
			what = pick(c.random, c.recent...)
		} else {
			what.idempotencyKey = uuid.NewString()
		}
	}
	accepted := `"recorded":true`
	if what.throughVerify {
		c.verify(what)
		accepted = `"code":"VALID"`
	} else {
		c.record(what)
	}
	if !c.expect(charging, accepted) || !c.expect(charging, `"duplicate":`+strconv.FormatBool(repeat)) {
		return
	}
	if repeat {
		c.repeated.Add(1)
		return
	}
	c.acknowledged.Add(1)
	c.credits.Add(what.credits)
	if what.idempotencyKey == "" {
		return
	}
	if len(c.recent) < 64 {
		c.recent = append(c.recent, what)
	} else {
		c.recent[c.random.IntN(len(c.recent))] = what
	}
}

func (c *loadCaller) verify(what loadCharge) {
	c.body = fmt.Appendf(c.body[:0], `{"key":%q,"credits":%d,"model":"mixed"`, what.secret, what.credits)
	if what.idempotencyKey != "" {
		c.body = fmt.Appendf(c.body, `,"idempotency_key":%q`, what.idempotencyKey)
	}
	c.body = append(c.body, '}')
	c.send(http.MethodPost, "/api/keys/verify", c.serviceKey)
}

func (c *loadCaller) record(what loadCharge) {
	c.body = fmt.Appendf(c.body[:0], `{"credits":%d,"model":"mixed"}`, what.credits)
	if what.idempotencyKey != "" {
		c.request.Header.Set("Idempotency-Key", what.idempotencyKey)
	}
	c.send(http.MethodPost, "/api/usage", what.secret)
}

// manageKey takes the next step in the life of a key: created, relabelled, revoked.
func (c *loadCaller) manageKey() {
	const path = "/api/admin/tokens"
	switch {
	case c.minted == "":
		c.body = fmt.Appendf(c.body[:0], `{"user_id":%q,"label":"soak"}`, pick(c.random, c.users...))
		c.send(http.MethodPost, path, c.adminKey)
		var made struct {
			ID string `json:"id"`
		}
		if c.expect(managing, `"key":"`) && json.Unmarshal(c.response.Body(), &made) == nil {
			c.minted, c.relabelled = made.ID, false
		}
	case !c.relabelled:
		c.body = append(c.body[:0], `{"label":"soak, relabelled"}`...)
		c.send(http.MethodPatch, path+"/"+c.minted, c.adminKey)
		c.relabelled = c.expect(managing, `"updated":true`)
	default:
		c.send(http.MethodDelete, path+"/"+c.minted, c.adminKey)
		c.expect(managing, `"deleted":true`)
		c.minted = ""
	}
}

// send sends the prepared request to the instance whose turn it is.
func (c *loadCaller) send(method, path, bearer string) {
	c.request.Header.SetMethod(method)
	c.request.SetRequestURI("http://instance" + path)
	c.request.Header.Set("Authorization", "Bearer "+bearer)
	if len(c.body) > 0 {
		c.request.Header.SetContentType("application/json")
		c.request.SetBodyRaw(c.body)
	}
	if err := c.instances[c.turn%len(c.instances)].Do(&c.request, &c.response); err != nil {
		c.response.Reset()
		c.response.SetStatusCode(0)
		c.response.SetBodyString(err.Error())
	}
	c.request.Reset()
	c.body = c.body[:0]
}

// expect records a response that is not 200 or lacks a text.
func (c *loadCaller) expect(of kind, holds string) bool {
	status, body := c.response.StatusCode(), c.response.Body()
	if status == http.StatusOK && bytes.Contains(body, []byte(holds)) {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures[fmt.Sprintf("%s: %d, wanted %s: %.200s", of, status, holds, body)]++
	return false
}

// stopwatch counts durations by their size, in steps of one per cent from a microsecond to a minute.
type stopwatch [1800]atomic.Int64

func (s *stopwatch) add(took time.Duration) {
	step := 100 * math.Log(max(float64(took.Nanoseconds())/1000, 1))
	s[min(int(step), len(s)-1)].Add(1)
}

// counts is a snapshot of a stopwatch.
type counts [len(stopwatch{})]int64

// since returns the counts since the snapshot before, and brings it up to date.
func (s *stopwatch) since(before *counts) (recent counts) {
	for step := range s {
		total := s[step].Load()
		recent[step], before[step] = total-before[step], total
	}
	return recent
}

func (l *counts) add(other *counts) {
	for step, n := range other {
		l[step] += n
	}
}

func (l *counts) count() (n int64) {
	for _, in := range l {
		n += in
	}
	return n
}

// quantile is the duration that a part of them, from 0 to 1, did not exceed.
func (l *counts) quantile(part float64) time.Duration {
	left := int64(math.Ceil(part * float64(l.count())))
	for step, in := range l {
		if left -= in; left <= 0 {
			return time.Duration(math.Exp(float64(step+1)/100) * 1000).Round(10 * time.Microsecond)
		}
	}
	return 0
}

func (l *counts) String() string {
	return fmt.Sprintf("%8d requests, p50 %s, p99 %s, p99.9 %s, slowest %s", l.count(), l.quantile(.5), l.quantile(.99), l.quantile(.999), l.quantile(1))
}
