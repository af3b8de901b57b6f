package gateway

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"codexible/fault"
	"codexible/usage"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// shelf is a LogStore in memory.
type shelf struct {
	mu      sync.Mutex
	records map[uuid.UUID]Record
	days    upstreamDays
	// fail is returned in place of writing; lost after it.
	fail, lost error
	writes     int
	most       int
}

func newShelf() *shelf { return &shelf{records: map[uuid.UUID]Record{}, days: upstreamDays{}} }

func (s *shelf) WriteRequests(_ context.Context, records []Record, days []UpstreamDay) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	s.most = max(s.most, len(records))
	if s.fail != nil {
		return s.fail
	}
	known := len(records) > 0 && s.records[records[0].ID].ID != uuid.Nil
	for _, r := range records {
		s.records[r.ID] = r
	}
	for _, d := range days {
		if !known {
			s.days.count(d)
		}
	}
	return s.lost
}

func (s *shelf) set(fail, lost error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.lost = fail, lost
}

var (
	logged = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	vendor = uuid.UUID{0xee, 1}
	spare  = uuid.UUID{0xee, 2}
	away   = fault.Away(errors.New("the database is away"))
)

func recorded(cost int64) *Record {
	return &Record{ID: uuid.Must(uuid.NewV7()), At: logged, UpstreamID: vendor, CostMicros: cost, Attempts: []Attempt{{UpstreamID: vendor, Status: 200}}}
}

func openLog(t *testing.T, s *shelf) *Log {
	t.Helper()
	l := NewLog(s, nil)
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
}

// wantSpent checks what the upstream has cost as it is stored.
func (s *shelf) wantSpent(t *testing.T, want int64) {
	t.Helper()
	if got := s.days[upstreamDayID{"2026-03-04", vendor}].CostMicros; got != want {
		t.Errorf("the upstream has cost %d, want %d", got, want)
	}
}

func TestTheLogWritesInBatchesOfABoundedSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		l := openLog(t, s)
		for range 600 {
			l.Add(recorded(2))
		}
		time.Sleep(logInterval)
		synctest.Wait()
		if len(s.records) != 600 || s.writes != 3 || s.most != logBatch || l.Waiting() != 0 || l.Dropped() != 0 {
			t.Errorf("%d records in %d writes of up to %d; %d wait, %d were dropped", len(s.records), s.writes, s.most, l.Waiting(), l.Dropped())
		}
		s.wantSpent(t, 1200)
		if d := s.days[upstreamDayID{"2026-03-04", vendor}]; d.Requests != 600 || d.Failures != 0 {
			t.Errorf("%+v", d)
		}
	})
}

func TestTheLogNeverWaitsAndNeverLosesWhatUpstreamsCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		l := openLog(t, s)
		s.set(away, nil)
		for range mostUnwritten + logBatch + 500 {
			l.Add(recorded(1))
		}
		time.Sleep(10 * logInterval)
		synctest.Wait()
		dropped := l.Dropped()
		if dropped < 500 || dropped > 500+logBatch {
			t.Errorf("%d records were dropped", dropped)
		}
		s.set(nil, nil)
		time.Sleep(logInterval)
		synctest.Wait()
		if total := int64(mostUnwritten + logBatch + 500); int64(len(s.records)) != total-dropped {
			t.Errorf("%d records of %d were written", len(s.records), total)
		}
		s.wantSpent(t, mostUnwritten+logBatch+500)
	})
}

func TestABatchWhoseAnswerWasLostCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		l := openLog(t, s)
		s.set(nil, away)
		l.Add(recorded(7))
		time.Sleep(logInterval)
		synctest.Wait()
		s.set(nil, nil)
		l.Add(recorded(5))
		time.Sleep(logInterval)
		synctest.Wait()
		if len(s.records) != 2 || l.Waiting() != 0 {
			t.Errorf("%d records, %d wait", len(s.records), l.Waiting())
		}
		s.wantSpent(t, 12)
	})
}

func TestRecordsThatTheDatabaseNeverTakesAreDroppedAndTheirCostIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		l := openLog(t, s)
		s.set(errors.New("a check failed"), nil)
		l.Add(recorded(7))
		time.Sleep(logInterval)
		synctest.Wait()
		if l.Dropped() != 1 || l.Waiting() != 0 {
			t.Errorf("%d were dropped, %d wait", l.Dropped(), l.Waiting())
		}
		time.Sleep(3 * logInterval) // the costs alone fail too
		synctest.Wait()
		s.set(nil, nil)
		time.Sleep(logInterval)
		synctest.Wait()
		if len(s.records) != 0 {
			t.Error("the record was written")
		}
		s.wantSpent(t, 7)
	})
}

func TestTheEndOfTheLogWritesWhatWaits(t *testing.T) {
	s := newShelf()
	l := NewLog(s, nil)
	l.Add(recorded(1))
	if err := l.Close(context.Background()); err != nil || len(s.records) != 1 {
		t.Errorf("%v: %d records", err, len(s.records))
	}
	s.set(away, nil)
	l.Add(recorded(1))
	if err := l.Flush(context.Background()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a flush without a database: %v", err)
	}
}

func TestEachUpstreamCostsWhatItsAttemptsDid(t *testing.T) {
	failed := Record{At: logged, Took: time.Second, UpstreamID: spare, CostMicros: 10, Attempts: []Attempt{
		{UpstreamID: vendor, Status: 500, Error: "status", CostMicros: 3}, {UpstreamID: vendor, Error: "connection"}, {UpstreamID: spare, Status: 200},
	}}
	overnight := Record{At: logged.Add(12*time.Hour - time.Second), Took: time.Minute, UpstreamID: spare, CostMicros: 4, Attempts: []Attempt{{UpstreamID: spare, Status: 200}}}
	refused := Record{At: logged, Outcome: usage.CallRefused}
	days := upstreamDays{}
	for _, r := range []*Record{&failed, &overnight, &refused} {
		days.add(r)
	}
	want := upstreamDays{
		{"2026-03-04", vendor}: {"2026-03-04", vendor, 2, 2, 3},
		{"2026-03-04", spare}:  {"2026-03-04", spare, 1, 0, 7},
		{"2026-03-05", spare}:  {"2026-03-05", spare, 1, 0, 4},
	}
	if diff := cmp.Diff(want, days, cmp.AllowUnexported(upstreamDayID{})); diff != "" {
		t.Error(diff)
	}
}

func TestARecordIsMadeOfWhatEveryDatabaseTakes(t *testing.T) {
	r := recorded(-5)
	r.Model, r.ClientRequestID = strings.Repeat("é", 150), "a\x00b\xffc"
	r.Attempts[0].Error, r.Attempts[0].CostMicros, r.Took, r.Status = "x\x00", -1, -time.Second, -1
	r.clean()
	if len(r.Model) != usage.MaxModelLength || r.ClientRequestID != "abc" || r.CostMicros != 0 || r.Took != 0 || r.Status != 0 {
		t.Errorf("%+v", r)
	}
	if a := r.Attempts[0]; a.Error != "x" || a.CostMicros != 0 {
		t.Errorf("%+v", a)
	}
}

func TestEndpointsHaveTheirNamesBack(t *testing.T) {
	for _, e := range Endpoints() {
		if got, known := EndpointNamed(e.String()); got != e || !known {
			t.Errorf("%s is %s", e, got)
		}
	}
	if _, known := EndpointNamed("images"); known {
		t.Error("an unknown name is an endpoint")
	}
}
