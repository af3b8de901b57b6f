package drills

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/demo/upstream"
	"codexible/gateway"
	"codexible/store/storetest"
	"codexible/usage"

	"github.com/google/uuid"
)

// of is what a fake provider says so far of a call.
func (m *made) of(fake *upstream.Model) (found upstream.Record, ok bool) {
	for _, r := range fake.Requests() {
		if r.Header.Get(numberHeader) == strconv.Itoa(m.number) {
			return r, true
		}
	}
	return upstream.Record{}, false
}

// leave opens a call and leaves it when its provider has begun with it, or when some of its answer is there.
func (m *made) leave(t *testing.T, fake *upstream.Model, url, secret string) (at time.Time) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if strings.HasPrefix(m.script, "wait") {
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			if body, ok := m.open(ctx, url, secret); ok {
				_ = body.Close()
			}
		}()
		Eventually(t, 10*time.Second, "the provider to be asked", func() bool {
			_, asked := m.of(fake)
			return asked
		})
		cancel()
		<-answered
		return time.Now()
	}
	body, ok := m.open(ctx, url, secret)
	if !ok || m.status != http.StatusOK {
		t.Errorf("%s: %d %v", m.wire, m.status, m.err)
		return time.Now()
	}
	if _, err := io.ReadFull(body, make([]byte, 1500)); err != nil {
		t.Errorf("%s: %v", m.wire, err)
	}
	cancel()
	_ = body.Close()
	return time.Now()
}

// A client that leaves is noticed behind TLS too: its provider is cancelled, or read to its end, and the call is charged.
func TestClientsThatLeaveUnderTLSAreNoticedAndCharged(t *testing.T) { //nolint:tparallel // its cases wait together
	for _, gone := range []gateway.OnClientGone{gateway.Cancel, gateway.Drain} {
		t.Run(string(gone), func(t *testing.T) {
			t.Parallel()
			database, files := storetest.SQLiteURL(t), NewPairFiles(t)
			files.Write(t, 1)
			fake, provider := fakeProvider(t)
			s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gone)
			p := startProgram(t, "DATABASE_URL="+database, "TLS_CERT="+files.Cert, "TLS_KEY="+files.Key)
			scripts := []string{"wait-20000", "endless:pause-50", "endless:pause-5"}
			if gone == gateway.Drain {
				scripts = []string{"wait-2500", "words-100:pause-25", "words-500:pause-5"}
			}
			var calling sync.WaitGroup
			var calls []*made
			for i := range 4 * len(wires) {
				m := &made{number: i, wire: wires[i%len(wires)], model: finishing, script: scripts[i/len(wires)%len(scripts)], plain: i >= 3*len(wires)}
				calls = append(calls, m)
				calling.Go(func() {
					left := m.leave(t, fake, p.url, s.secrets[0])
					Eventually(t, 10*time.Second, "the provider's answer to end", func() bool {
						r, ok := m.of(fake)
						return ok && r.Done
					})
					r, _ := m.of(fake)
					if took := time.Since(left); r.Left != (gone == gateway.Cancel) || r.Left && took > 2*time.Second {
						t.Errorf("%s, %s: the provider was left: %v, after %s", m.wire, m.script, r.Left, took)
					}
				})
			}
			calling.Wait()
			s.settled(t, 5*time.Second)
			p.stop(t)
			s.reconciled(t)
			charges := map[string]*usage.Record{} // a client that left before the answer knows no id
			raw := storetest.Raw(t, database)
			if n := storetest.Count(t, raw, "SELECT COUNT(*) FROM requests WHERE outcome = 'client_gone'"); n != int64(len(calls)) {
				t.Errorf("the log has %d of %d calls whose clients have left", n, len(calls))
			}
			var tokens, served int64
			for id, c := range s.charges(t) {
				charges[id] = c
				tokens += c.Priced.Tokens.Output
				if c.Call.Outcome != usage.CallClientGone || (c.Call.Source == usage.SourceReported) != (gone == gateway.Drain) {
					t.Errorf("a call is charged as %s, %s", c.Call.Outcome, c.Call.Source)
				}
			}
			for _, r := range fake.Requests() {
				served += r.Usage.Output
			}
			if len(charges) != len(calls) || gone == gateway.Drain && tokens != served {
				t.Errorf("%d calls, %d charges; %d tokens were served, %d charged", len(calls), len(charges), served, tokens)
			}
		})
	}
}

// Calls that are open when their process is killed are charged by what was delivered when their holds last grew.
func TestCallsOfEveryWireThatAKillCutsAreInterrupted(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		fake, provider := fakeProvider(t)
		s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
		p := startProgram(t, "DATABASE_URL="+database)
		calls := make([]*made, 2*len(wires))
		var calling sync.WaitGroup
		var grown atomic.Int64
		for i := range calls {
			m := &made{number: i, wire: wires[i%len(wires)], model: finishing, script: "endless:pause-1"}
			if m.plain = i >= len(wires); m.plain {
				m.script = "wait-60000"
			}
			calls[i] = m
			calling.Go(func() {
				body, ok := m.open(context.Background(), p.url, s.secrets[0])
				if !ok {
					return
				}
				defer func() { _ = body.Close() }()
				_, _ = io.ReadFull(body, make([]byte, 20_000))
				grown.Add(1)
				m.body, m.err = io.ReadAll(body)
			})
		}
		Eventually(t, 20*time.Second, "all calls to be on their way", func() bool { return grown.Load() == int64(len(wires)) && fake.Count() == len(calls) })
		p.kill()
		calling.Wait()
		raw := storetest.Raw(t, database)
		if open := storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status = 'open'"); open != int64(len(calls)) {
			t.Errorf("%d holds of %d calls are open", open, len(calls))
		}
		storetest.Run(t, raw, "UPDATE holds SET expires_at = created_at WHERE status = 'open'")
		again := startProgram(t, "DATABASE_URL="+database)
		s.settled(t, 10*time.Second)
		again.stop(t)
		s.reconciled(t)
		charges := s.charges(t)
		for _, m := range calls {
			if m.err == nil || m.whole() {
				t.Errorf("%s, plain %t: the client of a killed process saw no cut", m.wire, m.plain)
			}
			if m.plain { // its client knows no id
				continue
			}
			if c := charges[m.id]; c == nil || c.Call.Outcome != usage.CallInterrupted || c.Call.Source != usage.SourceEstimated || c.Priced == nil || c.Priced.Tokens.Output == 0 {
				t.Errorf("%s: charged as %+v", m.wire, c)
			}
		}
		if len(charges) != len(calls) {
			t.Errorf("%d calls, %d charges: %s", len(calls), len(charges), outcomes(charges))
		}
	})
}

// An operator ends a call on whichever instance he is: the one that serves it ends it in the way of its wire.
func TestAnOperatorEndsCallsOfAnotherInstance(t *testing.T) {
	database := storetest.PostgresURL(t)
	fake, provider := fakeProvider(t)
	s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
	serving, other := startProgram(t, "DATABASE_URL="+database), startProgram(t, "DATABASE_URL="+database)
	browser := operatorOf(t, other)
	calls := make([]*made, len(wires))
	var calling sync.WaitGroup
	for i, wire := range wires {
		m := &made{number: i, wire: wire, model: finishing, script: "endless:pause-5"}
		calls[i] = m
		body, ok := m.open(context.Background(), serving.url, s.secrets[0])
		if !ok {
			t.Fatal(m.err)
		}
		calling.Go(func() {
			defer func() { _ = body.Close() }()
			m.body, m.err = io.ReadAll(body)
		})
	}
	for _, m := range calls {
		path := fmt.Sprintf("/admin/requests/%s/end", m.id)
		status, page := other.page(t, browser, path, nil)
		if status != http.StatusOK {
			t.Fatalf("%d %s", status, page)
		}
		if status, page = other.page(t, browser, path, url.Values{"_csrf": {formTokenOf(t, page)}}); status != http.StatusOK || !strings.Contains(page, "The call is being ended") {
			t.Fatalf("%d %s", status, page)
		}
	}
	began := time.Now()
	calling.Wait()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the calls ended after %s", took)
	}
	s.settled(t, 5*time.Second)
	other.stop(t)
	serving.stop(t)
	s.reconciled(t)
	charges, by := s.charges(t), served(t, fake)
	for _, m := range calls {
		line, err := s.db.Request(context.Background(), uuid.MustParse(m.id))
		if err != nil || line.Outcome != usage.CallStopped || line.Code != "ended" {
			t.Errorf("%s: the log says %s, %q: %v", m.wire, line.Outcome, line.Code, err)
		}
		if m.err != nil || !m.failed() || !strings.Contains(string(m.body), "The operator has ended this request.") || !by[strconv.Itoa(m.number)].Left {
			t.Errorf("%s: %v, ends with %q", m.wire, m.err, m.body[max(0, len(m.body)-300):])
		}
		if c := charges[m.id]; c == nil || c.Call.Outcome != usage.CallStopped || c.Priced.Tokens.Output == 0 {
			t.Errorf("%s: charged as %+v", m.wire, c)
		}
	}
}
