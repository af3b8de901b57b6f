package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"codexible/accounts"
	"codexible/events"
	"codexible/mail"
	"codexible/store"
	"codexible/store/storetest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// postOffice is a mail server of a test: what it has taken, and whom it fails.
type postOffice struct {
	mu      sync.Mutex
	got     []string
	fails   map[string]error
	results []string
}

func (p *postOffice) send(_ context.Context, m mail.Message) (mail.Accepted, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.fails[m.To]; err != nil {
		return mail.Accepted{}, err
	}
	p.got = append(p.got, m.To+": "+m.Subject)
	return mail.Accepted{Code: 250, Answer: "queued"}, nil
}

// took are the mails since the last call.
func (p *postOffice) took() (got []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	got, p.got = p.got, nil
	return got
}

// courier is a store with mail and what sends it.
func courier(s *store.Store) (*mail.Courier, *postOffice) {
	store.SendsMail(s)
	p := &postOffice{fails: map[string]error{}}
	return &mail.Courier{Turns: s, Send: p.send, Now: s.Now, Log: slog.New(slog.DiscardHandler), Observe: func(result string) {
		p.mu.Lock()
		p.results = append(p.results, result)
		p.mu.Unlock()
	}}, p
}

// round makes an attempt for everything that is due, and returns what became of it.
func round(t *testing.T, s *store.Store, c *mail.Courier) (all []events.Delivery) {
	t.Helper()
	list, _ := claimAll(t, s, events.Claim{Mail: true})
	for i := range list {
		d := &list[i]
		conclude(t, s, d, c.Deliver(context.Background(), nil, &d.Event))
		all = append(all, *d)
	}
	return all
}

// happens emits an event of a type about a subject and a user.
func happens(t *testing.T, s *store.Store, kind events.Type, user, subject uuid.UUID, d events.Data) {
	t.Helper()
	if err := store.Emit(s, events.Event{Type: kind, UserID: user, SubjectID: subject, Data: d.Encode()}, nil); err != nil {
		t.Fatal(err)
	}
}

func newUser(t *testing.T, s *store.Store, email string, role accounts.Role) uuid.UUID {
	t.Helper()
	return must[store.UserLine](t)(s.CreateUser(context.Background(), ada, accounts.NewUser{Email: email, Plan: "Pro", Role: role})).ID
}

func suspend(t *testing.T, s *store.Store, id uuid.UUID) {
	t.Helper()
	must[store.UserLine](t)(s.ChangeUser(context.Background(), ada, id, accounts.UserChange{Status: new(accounts.StatusSuspended)}))
}

func TestMailGoesToTheActiveUserOrToEveryActiveAdmin(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *storetest.Clock) {
		c, p := courier(s)
		user, gone := newUser(t, s, "user@example.com", accounts.RoleUser), newUser(t, s, "gone@example.com", accounts.RoleUser)
		newUser(t, s, "root@example.com", accounts.RoleAdmin)
		newUser(t, s, "boss@example.com", accounts.RoleAdmin)
		newUser(t, s, "viewer@example.com", accounts.RoleViewer)
		left := newUser(t, s, "left@example.com", accounts.RoleAdmin)
		suspend(t, s, left)
		suspend(t, s, gone)
		credits := &events.Credits{Limit: "day", Threshold: 80, Date: "2026-03-04"}
		happens(t, s, events.ThresholdReached, user, user, events.Data{Credits: credits})
		happens(t, s, events.ThresholdReached, gone, gone, events.Data{Credits: credits})
		happens(t, s, events.BackupFailed, uuid.Nil, uuid.Nil, events.Data{})
		ended := round(t, s, c)
		want := []string{"boss@example.com: A backup failed", "root@example.com: A backup failed", "user@example.com: 80 % of your credits for 4 March 2026 are used"}
		got := p.took()
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		for _, d := range ended {
			if skipped := d.Event.UserID == gone; d.Status != events.Delivered || (d.Attempts == 0) != skipped || skipped != (d.Answer == "skipped: nobody is to be told: there is no active user for it who wants such mails") {
				t.Errorf("%+v", d)
			}
		}
		if len(ended) != 3 || len(round(t, s, c)) != 0 {
			t.Errorf("%d deliveries, or some are made again", len(ended))
		}
		happens(t, s, events.KeyExpiring, user, user, events.Data{})
		if err := second(s.EraseUser(context.Background(), ada, user, "user@example.com")); err != nil {
			t.Fatal(err)
		}
		if round(t, s, c); len(p.took()) != 0 {
			t.Error("an erased user gets mail")
		}
	})
}

func TestOneMailASubjectAndHour(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, p := courier(s)
		newUser(t, s, "root@example.com", accounts.RoleAdmin)
		for i, want := range []struct {
			after time.Duration
			mails int
		}{{0, 1}, {time.Minute, 0}, {58 * time.Minute, 0}, {time.Minute, 1}, {59 * time.Minute, 0}} {
			clock.Add(want.after)
			happens(t, s, events.BackupFailed, uuid.Nil, uuid.Nil, events.Data{})
			ended := round(t, s, c)
			if got := len(p.took()); got != want.mails || ended[0].Status != events.Delivered || (ended[0].Attempts == 0) != (want.mails == 0) {
				t.Errorf("event %d: %d mails, want %d; %+v", i, got, want.mails, ended)
			}
		}
		if stats := must[map[uuid.UUID]store.DeliveryStats](t)(s.DeliveryStats(context.Background())); len(stats) != 0 {
			t.Errorf("what was left out counts: %v", stats)
		}
		if want := []string{mail.Sent, mail.Skipped, mail.Skipped, mail.Sent, mail.Skipped}; !slices.Equal(p.results, want) {
			t.Errorf("counted are %v", p.results)
		}
		happens(t, s, events.LedgerMismatch, uuid.Nil, uuid.Nil, events.Data{}) // another subject
		if round(t, s, c); len(p.took()) != 1 {
			t.Error("another subject has to wait")
		}
		clock.Add(5 * 24 * time.Hour)
		if n := must[int64](t)(s.SweepMailTurns(context.Background(), 100)); n != 7 {
			t.Errorf("%d turns and notes are forgotten, want those of 3 mails: 7", n)
		}
	})
}

func TestAMailThatFailsKeepsItsTurnAndARefusedOneEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, p := courier(s)
		newUser(t, s, "root@example.com", accounts.RoleAdmin)
		newUser(t, s, "boss@example.com", accounts.RoleAdmin)
		p.fails["root@example.com"] = &mail.SendError{Code: 450}
		happens(t, s, events.BackupFailed, uuid.Nil, uuid.Nil, events.Data{})
		if d := round(t, s, c)[0]; d.Status != events.Pending || d.Tries[0].Status != 450 {
			t.Fatalf("%+v", d)
		}
		delete(p.fails, "root@example.com")
		clock.Add(time.Minute)
		if d := round(t, s, c)[0]; d.Status != events.Delivered || d.Attempts != 2 {
			t.Errorf("%+v", d)
		}
		got := p.took()
		if slices.Sort(got); !slices.Equal(got, []string{"boss@example.com: A backup failed", "root@example.com: A backup failed"}) {
			t.Errorf("after the second attempt there are %v, want one for each", got)
		}
		// While the server is away the newest of one subject takes the place of the ones before.
		clock.Add(2 * time.Hour)
		for range 3 {
			p.fails["root@example.com"], p.fails["boss@example.com"] = &mail.SendError{}, &mail.SendError{}
			happens(t, s, events.BackupFailed, uuid.Nil, uuid.Nil, events.Data{})
			round(t, s, c)
			clock.Add(2 * time.Hour)
		}
		clear(p.fails)
		round(t, s, c)
		if got := p.took(); len(got) != 2 {
			t.Errorf("after three events in an outage there are %v, want one for each", got)
		}
		p.fails["boss@example.com"] = &mail.SendError{Code: 550, Refused: true}
		happens(t, s, events.LedgerMismatch, uuid.Nil, uuid.Nil, events.Data{})
		if d := round(t, s, c)[0]; d.Status != events.Failed || d.EndedAt == nil || len(p.took()) != 1 {
			t.Errorf("a refused mail: %+v", d)
		}
	})
}

func TestOfAnUpstreamThatComesAndGoesTheLastStateIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, p := courier(s)
		newUser(t, s, "root@example.com", accounts.RoleAdmin)
		upstream := must[uuid.UUID](t)(uuid.NewV7())
		turns := func(down bool) {
			if err := s.TellUpstream(context.Background(), upstream, "vendor", down); err != nil {
				t.Fatal(err)
			}
			round(t, s, c)
			clock.Add(10 * time.Minute)
		}
		turns(true)
		turns(false)
		if got := p.took(); !slices.Equal(got, []string{"root@example.com: Upstream vendor is down", "root@example.com: Upstream vendor serves again"}) {
			t.Fatalf("%v", got)
		}
		turns(true)
		turns(false)
		turns(true) // it stays down
		if got := p.took(); got != nil {
			t.Errorf("within the hour: %v", got)
		}
		clock.Add(10 * time.Minute)
		round(t, s, c)
		if got := p.took(); !slices.Equal(got, []string{"root@example.com: Upstream vendor is down"}) {
			t.Errorf("after the hour: %v", got)
		}
		clock.Add(2 * time.Hour)
		for _, d := range round(t, s, c) {
			if d.Status != events.Delivered || d.Answer != "skipped: it no longer holds: a later event of the same upstream follows" {
				t.Errorf("left over: %+v", d)
			}
		}
		if got := p.took(); got != nil {
			t.Errorf("of what no longer holds: %v", got)
		}
	})
}

func TestInstancesThatSendAtOnceSendOneMail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		c, p := courier(s)
		newUser(t, s, "root@example.com", accounts.RoleAdmin)
		var sending errgroup.Group
		for i := range 8 {
			clock.Add(time.Second)
			e := events.Event{ID: uuid.Must(uuid.NewV7()), At: clock.Now(), Type: events.BackupFailed, Data: []byte("{}")}
			sending.Go(func() error {
				if a := c.Deliver(context.Background(), nil, &e); !a.OK() {
					return fmt.Errorf("event %d: %+v", i, a)
				}
				return nil
			})
		}
		if err := sending.Wait(); err != nil {
			t.Fatal(err)
		}
		if got := p.took(); len(got) != 1 {
			t.Errorf("there are %d mails: %v", len(got), got)
		}
	})
}

func TestMailThatWaitsEndsWhereMailWasTurnedOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *storetest.Clock) {
		store.Emitted(t, s, clock.Now(), uuid.Nil, events.MailID)
		clock.Add(events.Patience + time.Minute)
		if n := must[int64](t)(s.FailAbandoned(context.Background(), 10)); n != 1 {
			t.Errorf("%d ended", n)
		}
		store.SendsMail(s)
		store.Emitted(t, s, clock.Now(), uuid.Nil, events.MailID)
		clock.Add(events.Patience + time.Minute)
		if n := must[int64](t)(s.FailAbandoned(context.Background(), 10)); n != 0 {
			t.Errorf("%d ended that mail would send", n)
		}
	})
}
