package drills

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
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

// Many streams on few credits: the customer never pays beyond the limit, and every token is accounted for.
func TestTortureStreamsAtOnceNeverOverspend(t *testing.T) {
	const credits = 1000
	clients := rounds(20, 500)
	for name, instances := range map[string]int{"sqlite": 1, "postgres": 3} {
		t.Run(name, func(t *testing.T) {
			database, env := storetest.SQLiteURL(t), []string{}
			if instances > 1 {
				database, env = storetest.PostgresURL(t), append(env, "VALKEY_URL="+startValkey(t).url)
			}
			fake, provider := fakeProvider(t)
			// Each call holds some tens of micro-dollars at first and costs up to 250: all are admitted, and the credits last for about half.
			s := newSeller(t, database, provider, credits, int64(clients/10), 20, gateway.Cancel)
			urls := make([]string, instances)
			for i := range urls {
				urls[i] = startProgram(t, append(env, "DATABASE_URL="+database)...).url
			}
			most := s.watchSpending(t)
			calls := make([]*made, clients)
			var calling sync.WaitGroup
			for i := range calls {
				m := &made{number: i, wire: wires[i%len(wires)], model: []string{finishing, stopping}[i%2], plain: i%10 == 9}
				m.script = fmt.Sprintf("words-%d:pause-%d", 1+rand.IntN(80), rand.IntN(8))
				calls[i] = m
				calling.Go(func() { m.make(urls[i%instances], s.secrets[0]) })
			}
			calling.Wait()
			s.settled(t, 10*time.Second)
			if spent := most(); spent > credits {
				t.Errorf("%d of %d credits were used and held at once", spent, credits)
			}
			s.reconciled(t)
			charges := s.charges(t)
			s.exactlyCharged(t, fake, calls, charges)
			t.Logf("%d calls over %d instances: %s", clients, instances, outcomes(charges))
		})
	}
}

// watchSpending looks at what the customer has used and holds; the returned function says what the most was.
func (s *seller) watchSpending(t *testing.T) func() int64 {
	t.Helper()
	stop, stopped := make(chan struct{}), make(chan struct{})
	var most int64
	go func() {
		defer close(stopped)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			if f, err := s.db.Figures(context.Background(), s.userID, uuid.Nil); err == nil {
				most = max(most, f.CreditsUsed+f.Held)
			}
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return most
	}
}

// exactlyCharged compares the charges with what the clients saw and what the provider served.
func (s *seller) exactlyCharged(t *testing.T, fake *upstream.Model, calls []*made, charges map[string]*usage.Record) {
	t.Helper()
	by, answered, refused := served(t, fake), 0, 0
	var used, uncollected, price int64
	for _, m := range calls {
		charge, served := charges[m.id], by[fmt.Sprint(m.number)]
		switch {
		case m.status == http.StatusTooManyRequests:
			if refused++; charge != nil || served.Number != 0 {
				t.Errorf("the refused call %s was charged or reached the provider", m.id)
			}
			continue
		case m.err != nil || m.status != http.StatusOK:
			t.Errorf("the call %s of %s was answered %d: %v %.200s", m.id, m.wire, m.status, m.err, m.body)
		case m.whole():
			if isCharged(t, m, charge, &served); charge != nil && charge.Call.Outcome != usage.CallComplete {
				t.Errorf("the complete call %s is charged as %s", m.id, charge.Call.Outcome)
			}
		case !m.failed():
			t.Errorf("the call %s of %s ends barely: %.200q", m.id, m.wire, m.body[max(0, len(m.body)-200):])
		case charge == nil || charge.Call.Outcome != usage.CallStopped || charge.Priced.Tokens.Output > 2*served.Usage.Output+1:
			t.Errorf("the stopped call %s is charged as %+v; its provider served %+v", m.id, charge, served.Usage)
		}
		answered++
	}
	for _, c := range charges {
		q, _ := s.book.PriceAt(c.Model, c.CreatedAt).Quote(&c.Priced.Tokens)
		used, uncollected, price = used+c.Millionths, uncollected+c.Uncollected, price+q.Millionths
	}
	f, err := s.db.Figures(context.Background(), s.userID, uuid.Nil)
	if err != nil || f.CreditsUsed > f.DailyLimit || f.CreditsUsed != usage.WholeCredits(used) || used+uncollected != price || len(charges) != answered {
		t.Errorf("%d credits of %d used by %d charges of %d millionths and %d uncollected, which cost %d; %d calls were answered: %v", f.CreditsUsed, f.DailyLimit, len(charges), used, uncollected, price, answered, err)
	}
	if uncollected == 0 {
		t.Error("the credits were never used up: nothing was tried")
	}
	t.Logf("%d answered, %d refused; %d of %d credits used, %d uncollected", answered, refused, f.CreditsUsed, f.DailyLimit, uncollected/usage.Millionths)
}

// streamUntilKilled streams to many clients, some without end, and kills after so many whole answers.
func (s *seller) streamUntilKilled(url string, from int, answers int64, kill func()) (calls []*made) {
	const clients = 24
	var mu sync.Mutex
	var whole atomic.Int64
	killed := make(chan struct{})
	var calling sync.WaitGroup
	for range clients {
		calling.Go(func() {
			for {
				select {
				case <-killed:
					return
				default:
				}
				m := &made{model: finishing, script: fmt.Sprintf("words-%d:pause-%d", 1+rand.IntN(120), rand.IntN(3)), plain: rand.IntN(8) == 0}
				if !m.plain && rand.IntN(6) == 0 {
					m.script = "endless:pause-5"
				}
				mu.Lock()
				m.number = from + len(calls)
				m.wire = wires[m.number%len(wires)]
				calls = append(calls, m)
				mu.Unlock()
				if m.make(url, s.secrets[0]); m.whole() && whole.Add(1) == answers {
					kill()
					close(killed)
				}
			}
		})
	}
	calling.Wait()
	return calls
}

// Killed instances lose no answer that a client has seen to its end, and leave no hold.
func TestTortureKilledInstancesSettleEveryStream(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		fake, provider := fakeProvider(t)
		s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
		raw := storetest.Raw(t, database)
		var calls []*made
		kills := rounds(2, 50)
		for range kills {
			p := startProgram(t, "DATABASE_URL="+database)
			calls = append(calls, s.streamUntilKilled(p.url, len(calls), drawn(100), p.kill)...)
		}
		open := storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status = 'open'")
		within := 10 * time.Second
		if kills > 2 {
			within += 2 * time.Minute // their own deadline
		} else {
			storetest.Run(t, raw, "UPDATE holds SET expires_at = created_at WHERE status = 'open'")
		}
		p := startProgram(t, "DATABASE_URL="+database)
		s.settled(t, within)
		p.stop(t)
		s.reconciled(t)
		charges, by := s.charges(t), served(t, fake)
		whole := s.chargedAsSeen(t, calls, charges, by)
		interrupted := 0
		for _, c := range charges {
			if c.Call.Outcome == usage.CallInterrupted {
				interrupted++
			}
		}
		// A call that no client knows the id of was settled, or ended at its deadline as well.
		holds := storetest.Count(t, raw, "SELECT COUNT(*) FROM holds WHERE status IN ('settled', 'expired')")
		if all := storetest.Count(t, raw, "SELECT COUNT(*) FROM holds"); holds != all || int64(len(charges)) != all || int64(interrupted) != open {
			t.Errorf("%d of %d holds are settled or expired, with %d charges; %d were open and %d are interrupted", holds, all, len(charges), open, interrupted)
		}
		if whole == 0 || interrupted == 0 {
			t.Errorf("%d whole answers and %d interrupted calls show nothing", whole, interrupted)
		}
		t.Logf("%d kills, %d calls, %d seen to their end; charges: %s", kills, len(calls), whole, outcomes(charges))
	})
}

// chargedAsSeen compares the charges with what the clients saw until their instance was killed.
func (s *seller) chargedAsSeen(t *testing.T, calls []*made, charges map[string]*usage.Record, by map[string]upstream.Record) (whole int) {
	t.Helper()
	for _, m := range calls {
		charge, served := charges[m.id], by[fmt.Sprint(m.number)]
		switch {
		case m.id == "":
		case m.whole():
			whole++
			if isCharged(t, m, charge, &served); charge != nil && charge.Call.Outcome != usage.CallComplete {
				t.Errorf("the complete call %s is charged as %s", m.id, charge.Call.Outcome)
			}
		case charge == nil:
			t.Errorf("the call %s, of which its client saw a part, was not charged", m.id)
		case charge.Call.Outcome == usage.CallComplete: // the instance was killed between the commit and the last event
			isCharged(t, m, charge, &served)
		case charge.Call.Outcome != usage.CallInterrupted || charge.Call.Source != usage.SourceEstimated:
			t.Errorf("the call %s, of which its client saw a part, is charged as %s, %s", m.id, charge.Call.Outcome, charge.Call.Source)
		}
	}
	return whole
}

// At a shutdown streams end in the way of their wire, and are settled.
func TestStreamsEndInBandAtSIGTERM(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, database string) {
		fake, provider := fakeProvider(t)
		s := newSeller(t, database, provider, accounts.MaxDailyCredits, 1, 20, gateway.Cancel)
		p := startProgram(t, "DATABASE_URL="+database, "STREAM_SHUTDOWN_TIMEOUT=1s")
		var calling sync.WaitGroup
		var begun atomic.Int64
		calls := make([]*made, 12)
		for i := range calls {
			m := &made{number: i, wire: wires[i%len(wires)], model: finishing, script: "endless:pause-20"}
			switch {
			case i >= 9:
				m.script, m.plain = "wait-60000", true
				begun.Add(1)
			case i >= 6: // it ends within the time
				m.script = "words-20:pause-20"
			}
			calls[i] = m
			calling.Go(func() {
				body, ok := m.open(context.Background(), p.url, s.secrets[0])
				if !m.plain {
					begun.Add(1)
				}
				if !ok {
					return
				}
				defer func() { _ = body.Close() }()
				m.body, m.err = io.ReadAll(body)
			})
		}
		Eventually(t, 10*time.Second, "all calls to begin", func() bool { return begun.Load() == int64(len(calls)) && fake.Count() == len(calls) })
		p.stop(t)
		calling.Wait()
		s.settled(t, time.Second)
		s.reconciled(t)
		charges := s.charges(t)
		for i, m := range calls {
			want, ended := usage.CallInterrupted, m.failed()
			switch {
			case m.plain:
				ended = m.status == http.StatusServiceUnavailable && bytes.Contains(m.body, []byte("shutting down. Try again."))
			case i >= 6:
				want, ended = usage.CallComplete, m.whole()
			}
			charge := charges[m.id]
			charged := charge != nil && charge.Call.Outcome == want
			if m.plain { // nothing was delivered
				charged = charge == nil
			}
			if m.err != nil || !ended || !charged {
				t.Errorf("%s: %v, charged as %+v, ends with %.300q", m.wire, m.err, charge, m.body[max(0, len(m.body)-300):])
			}
			if line, err := s.db.Request(context.Background(), uuid.MustParse(m.id)); err != nil || line.Outcome != want {
				t.Errorf("%s, plain %t: the log says %s: %v", m.wire, m.plain, line.Outcome, err)
			}
		}
		if said := p.printed(); strings.Contains(said, `"level":"ERROR"`) {
			t.Errorf("it logged errors:\n%s", said)
		}
	})
}
