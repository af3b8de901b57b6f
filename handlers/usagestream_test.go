package handlers_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/catalog"
	"codexible/drills"
	"codexible/keys"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// bulk is what many charges add up to: whole credits are what the receipts said.
type bulk struct {
	requests, credits, exact, cost, input, cached, output int64
}

// spendMuch leaves n charges of 24 users and three upstreams on the 30 days from the clock's.
func (s *service) spendMuch(t testing.TB, n int) (sum bulk) {
	t.Helper()
	s.sell(t)
	limit, often := int64(accounts.MaxDailyCredits), int64(plenty)
	plan, err := s.store.CreatePlan(context.Background(), accounts.ActorCLI, accounts.PlanChange{Name: new("Large"), DailyCreditLimit: &limit, RateLimitPerMinute: &often})
	if err != nil {
		t.Fatal(err)
	}
	type owner struct{ user, key uuid.UUID }
	var owners []owner
	for i := range 24 {
		u, err := s.store.CreateUser(context.Background(), accounts.ActorCLI, accounts.NewUser{Email: "bulk" + strconv.Itoa(i) + "@example.com", Plan: plan.Name})
		if err != nil {
			t.Fatal(err)
		}
		k, err := s.store.CreateKey(context.Background(), accounts.ActorCLI, keys.NewKey{UserID: u.ID, Secret: mint()})
		if err != nil {
			t.Fatal(err)
		}
		owners = append(owners, owner{u.ID, k.ID})
	}
	prices := []*catalog.Price{s.priceOf(t, "large"), s.priceOf(t, "mini")}
	random, upstreams, begin := rand.New(rand.NewPCG(3, 4)), []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}, s.clock.Now()
	const batch = 500
	for i := 0; i < n; i += batch {
		at := begin.Add(29 * 24 * time.Hour / time.Duration(n/batch) * time.Duration(i/batch))
		entries := make([]usage.Entry, min(batch, n-i))
		for j := range entries {
			p, o := prices[random.IntN(len(prices))], owners[random.IntN(len(owners))]
			tokens := usage.Tokens{Input: random.Int64N(2000), CacheRead: random.Int64N(9000), Output: random.Int64N(500)}
			q, err := p.Quote(&tokens)
			if err != nil {
				t.Fatal(err)
			}
			c := usage.Charge{UserID: o.user, KeyID: o.key, Model: p.Model, Millionths: q.Millionths, CostMicros: q.CostMicros,
				PromptTokens: tokens.Prompt(), CompletionTokens: tokens.Completion(), Priced: &usage.Priced{PriceID: p.ID, Tokens: tokens}}
			c.Call = &usage.Call{RequestID: uuid.New(), Outcome: usage.CallComplete, Source: usage.SourceReported, UpstreamID: upstreams[random.IntN(3)]}
			entries[j].Charge = c
		}
		receipts, err := s.store.Post(context.Background(), usage.At(at), entries)
		if err != nil {
			t.Fatal(err)
		}
		for j, r := range receipts {
			c := &entries[j].Charge
			if r.Outcome != usage.Accepted {
				t.Fatal(r.Outcome)
			}
			sum.requests, sum.credits, sum.exact, sum.cost = sum.requests+1, sum.credits+r.Charged, sum.exact+c.Millionths, sum.cost+c.CostMicros
			sum.input, sum.cached, sum.output = sum.input+c.Priced.Tokens.Input, sum.cached+c.Priced.Tokens.CacheRead, sum.output+c.Priced.Tokens.Output
		}
	}
	s.clock.Add(29 * 24 * time.Hour)
	return sum
}

const muchUsage = "from=2026-03-04&to=2026-04-30"

// ask sends a request on a connection of its own, and reads nothing.
func (s *service) ask(t *testing.T, path, accept string) net.Conn {
	t.Helper()
	conn := s.dial(t)
	if _, err := io.WriteString(conn, s.fill("GET "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer $root.key\r\nAccept: "+accept+"\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	return conn
}

// tooLong is a number of charges whose export fits into no buffers of sockets.
const tooLong = 40_000

func TestDownloadsOfUsageTakeTheSlotsOfDownloadsAndAClientThatLeavesFreesItsOwn(t *testing.T) {
	s := onSQLite(t)
	s.spendMuch(t, tooLong)
	var open []net.Conn
	for range 2 {
		conn := s.ask(t, chargesPath+"?"+muchUsage, "text/csv")
		open = append(open, conn)
		if _, err := io.ReadFull(conn, make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
	}
	inCSV := http.Header{"Accept": {"text/csv"}}
	for _, path := range []string{usagePath + "?group_by=day", chargesPath, "/api/admin/users/$ada.user/export"} {
		s.call(t, call{as: "root", method: "GET", path: path, header: inCSV, status: 503})
	}
	s.call(t, call{as: "root", method: "GET", path: usagePath + "?group_by=day", status: 200}) // a page is no download
	for _, conn := range open {
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		drills.Eventually(t, patience, "a slot", func() bool {
			return s.send(t, call{as: "root", method: "GET", path: usagePath + "?group_by=day", header: inCSV}).StatusCode == 200
		})
	}
	if failed := s.failures(t, "export.failed"); len(failed) != 0 {
		t.Errorf("clients that left are recorded as failures: %v", failed)
	}
}

func TestADownloadOfUsageThatFailsOnTheWayBreaksItsConnection(t *testing.T) {
	each(t, func(t *testing.T, s *service) {
		s.spendMuch(t, tooLong)
		answer, err := http.ReadResponse(bufio.NewReader(s.ask(t, chargesPath+"?"+muchUsage, "text/csv")), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		if _, err := io.ReadFull(answer.Body, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		if err := s.store.Close(); err != nil {
			t.Fatal(err)
		}
		if rest, err := io.ReadAll(answer.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a file that is not whole ends after %d bytes with %v", len(rest), err)
		}
	})
}

// Of a client that has left, what the database was asked ends at once, although nothing was
// written that could fail.
func TestAClientThatLeavesEndsTheQueryOfItsReport(t *testing.T) {
	url, clock := storetest.PostgresURL(t), storetest.NewClock(storetest.Start)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	lock, watch := storetest.Raw(t, url), storetest.Raw(t, url)
	tx, err := lock.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE usage IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	waiting := func(n int64) func() bool {
		return func() bool {
			return storetest.Count(t, watch, "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'usage'::regclass") == n
		}
	}
	for _, c := range [][2]string{{usagePath + "?group_by=hour", "text/csv"}, {chargesPath, "text/csv"}, {usagePath + "?group_by=hour", "application/json"}} {
		conns := []net.Conn{s.ask(t, c[0], c[1]), s.ask(t, c[0], c[1])}
		drills.Eventually(t, patience, "two queries to wait", waiting(2))
		for _, conn := range conns {
			_ = conn.Close()
		}
		drills.Eventually(t, patience/2, "the queries of clients who left to end", waiting(0))
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, accept := range []string{"text/csv", "application/json"} {
		drills.Eventually(t, patience, "a slot", func() bool {
			return s.send(t, call{as: "root", method: "GET", path: usagePath + "?group_by=hour", header: http.Header{"Accept": {accept}}}).StatusCode == 200
		})
	}
}

// The third page of sums waits for its turn, and is refused when its time is over.
func TestOnlyTwoPagesOfSumsAreReadAtOnce(t *testing.T) {
	url, clock := storetest.PostgresURL(t), storetest.NewClock(storetest.Start)
	s := start(t, storetest.Open(t, url, clock.Now), clock)
	s.cast(t)
	lock, watch := storetest.Raw(t, url), storetest.Raw(t, url)
	tx, err := lock.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "LOCK TABLE usage IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	const waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = 'usage'::regclass"
	answered := make(chan int, 3)
	for range 3 {
		go func() {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.address+usagePath+"?group_by=hour", http.NoBody)
			r.Header.Set("Authorization", "Bearer "+s.fill("$root.key"))
			answer, err := client.Do(r)
			if err != nil {
				answered <- 0
				return
			}
			_ = answer.Body.Close()
			answered <- answer.StatusCode
		}()
	}
	drills.Eventually(t, patience, "two queries to wait", func() bool { return storetest.Count(t, watch, waiting) == 2 })
	s.call(t, call{as: "root", method: "GET", path: chargesPath + "?from=2020-01-01&to=2019-01-01", status: 422}) // the service is not stuck
	if n := storetest.Count(t, watch, waiting); n != 2 {
		t.Errorf("%d sums are read at once", n)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if status := <-answered; status != 200 {
			t.Errorf("a page is answered %d", status)
		}
	}
}

// residentBytes is the memory of this process.
func residentBytes(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// flatMemory is by how much the memory of a service and its test may grow while a report is read.
const flatMemory = 96 << 20

func TestReportsOfManyChargesAreExactInFlatMemory(t *testing.T) {
	n := 30_000
	if os.Getenv("CODEXIBLE_TORTURE") != "" {
		n = 1_000_000
	}
	each(t, func(t *testing.T, s *service) {
		began := time.Now()
		want := s.spendMuch(t, n)
		t.Logf("%d charges were made in %v", n, time.Since(began))
		before := residentBytes(t)
		peak := before
		stream := func(path string) (sum bulk, rows int) {
			t.Helper()
			began := time.Now()
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.address+path, http.NoBody)
			r.Header.Set("Authorization", "Bearer "+s.fill("$root.key"))
			r.Header.Set("Accept", "text/csv")
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			lines := csv.NewReader(answer.Body)
			lines.ReuseRecord = true
			head, err := lines.Read()
			if err != nil {
				t.Fatal(err)
			}
			head = slices.Clone(head)
			for {
				line, err := lines.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if rows++; rows%10_000 == 0 {
					peak = max(peak, residentBytes(t))
				}
				sum.add(t, head, line)
			}
			t.Logf("%s: %d rows in %v", path, rows, time.Since(began))
			return sum, rows
		}
		charges, rows := stream(chargesPath + "?plan=large&" + muchUsage)
		if charges != want || rows != n {
			t.Errorf("%d single charges add up to %+v, want %d and %+v", rows, charges, n, want)
		}
		want.exact = 0
		for _, by := range []string{"day,hour,user,key,model,plan,upstream", "user,upstream", "hour", "day,user,key,model", "model"} {
			if sums, _ := stream(usagePath + "?plan=large&group_by=" + by + "&" + muchUsage); sums != want {
				t.Errorf("by %s they add up to %+v, want %+v", by, sums, want)
			}
		}
		began = time.Now()
		page := s.call(t, call{as: "root", method: "GET", path: usagePath + "?limit=1000&group_by=day,hour,user,key,model,plan,upstream&" + muchUsage, status: 200})
		t.Logf("the first 1000 sums: %v", time.Since(began))
		if list, next := rowsOf(t, page.text); len(list) != 1000 || next == nil {
			t.Errorf("the first page has %d sums, and goes on at %v", len(list), next)
		}
		t.Logf("%d MiB before, at most %d MiB", before>>20, peak>>20)
		if peak-before > flatMemory {
			t.Errorf("the memory grew from %d to %d MiB", before>>20, peak>>20)
		}
		if r, err := s.store.Reconcile(t.Context()); err != nil || len(r.Differences) > 0 {
			t.Errorf("%v: %d differences", err, len(r.Differences))
		}
	})
}

// add adds a row of CSV.
func (b *bulk) add(t testing.TB, head, line []string) {
	t.Helper()
	for i, column := range head {
		to := map[string]*int64{"requests": &b.requests, "credits": &b.credits, "exact_credits": &b.exact, "cost_usd": &b.cost, "input_tokens": &b.input, "cache_read_tokens": &b.cached, "output_tokens": &b.output}[column]
		if to == nil {
			continue
		}
		whole, rest, _ := strings.Cut(line[i], ".")
		scale := ""
		if to == &b.exact || to == &b.cost {
			scale = rest + "000000"[len(rest):]
		}
		n, err := strconv.ParseInt(whole+scale, 10, 64)
		if err != nil {
			t.Fatal(column, line[i], err)
		}
		*to += n
	}
}
