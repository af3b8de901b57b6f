package valkey

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A listener is a subscription of a test. Other tests may use the same server, so it passes on only what begins with its mark.
type listener struct {
	mark     string
	messages chan string
	states   chan bool
	stop     context.CancelFunc
	ended    chan struct{}
}

func listenTo(t testing.TB, s *Server) *listener {
	t.Helper()
	id := newID()
	ctx, stop := context.WithCancel(t.Context())
	l := &listener{
		mark: string(id[:]), messages: make(chan string, 1_000), states: make(chan bool, 100), stop: stop, ended: make(chan struct{}),
	}
	go func() {
		defer close(l.ended)
		s.Changes().Subscribe(ctx, func(payload []byte) {
			if text, ours := strings.CutPrefix(string(payload), l.mark); ours {
				l.messages <- text
			}
		}, func(up bool) { l.states <- up })
	}()
	t.Cleanup(func() { stop(); <-l.ended })
	return l
}

func (l *listener) publish(t testing.TB, s *Server, text string) {
	t.Helper()
	if err := s.Changes().Publish(t.Context(), []byte(l.mark+text)); err != nil {
		t.Fatal(err)
	}
}

// within receives one value, or fails after ten seconds.
func within[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("not within ten seconds: %s", what)
		panic("unreachable")
	}
}

func TestEverySubscriberGetsEachPublishedPayloadAsItWas(t *testing.T) {
	publisher := openTestServer(t)
	first, second := listenTo(t, openTestServer(t)), listenTo(t, publisher)
	second.mark = first.mark
	for _, l := range []*listener{first, second} {
		if up := within(t, "the channel is up", l.states); !up {
			t.Fatal("the first state must be up")
		}
	}
	payloads := []string{"", "user", "\x00\xff\r\n$3\r\nabc", strings.Repeat("x", 10_000)}
	for _, p := range payloads {
		first.publish(t, publisher, p)
	}
	for i, l := range []*listener{first, second} {
		for _, want := range payloads {
			if got := within(t, "a payload", l.messages); got != want {
				t.Errorf("subscriber %d got %q, want %q", i, got, want)
			}
		}
	}
}

func TestASubscriptionEndsWithItsContextAndSaysSo(t *testing.T) {
	l := listenTo(t, openTestServer(t))
	within(t, "the channel is up", l.states)
	l.stop()
	within(t, "the subscription ends", l.ended)
	if up := within(t, "the last state", l.states); up {
		t.Error("the channel is still called up")
	}
	if len(l.states) != 0 {
		t.Errorf("%d states after the last", len(l.states))
	}
}

func TestALostChannelIsReportedAndComesBack(t *testing.T) {
	for name, loss := range map[string]struct{ take, back func(*process) }{
		"killed": {(*process).kill, (*process).start},
		"hung": {
			func(p *process) { p.signal(syscall.SIGSTOP) },
			func(p *process) { p.signal(syscall.SIGCONT) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProcess(t)
			s := open(t, p.url())
			l := listenTo(t, s)
			if !within(t, "the channel is up", l.states) {
				t.Fatal("the first state must be up")
			}
			lost := time.Now()
			loss.take(p)
			if within(t, "the loss is reported", l.states) {
				t.Fatal("the state after a loss must be down")
			}
			if took := time.Since(lost); took > 5*time.Second {
				t.Errorf("the loss was noticed after %v", took)
			}
			loss.back(p)
			if !within(t, "the channel comes back", l.states) {
				t.Fatal("the state after the return must be up")
			}
			eventually(t, "the publisher is connected again", func() bool { return s.Ping(t.Context()) == nil })
			l.publish(t, s, "again")
			if got := within(t, "a message", l.messages); got != "again" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestASubscriptionThatStartsWithoutAServerWaitsForOne(t *testing.T) {
	p := startProcess(t)
	p.kill()
	s := open(t, p.url())
	l := listenTo(t, s)
	if err := s.Changes().Publish(t.Context(), []byte("nobody hears this")); err == nil {
		t.Error("a message was published without a server")
	}
	p.start()
	if !within(t, "the channel is up", l.states) {
		t.Error("the first state must be up")
	}
}

func TestCallbacksComeOneAtATime(t *testing.T) {
	p := startProcess(t)
	s := open(t, p.url())
	var inside, overlaps atomic.Int64
	var order []bool
	once := func(f func()) {
		if inside.Add(1) != 1 {
			overlaps.Add(1)
		}
		f()
		inside.Add(-1)
	}
	ups, messages := make(chan bool, 100), make(chan struct{}, 10_000)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Changes().Subscribe(ctx,
			func([]byte) { once(func() { messages <- struct{}{} }) },
			func(up bool) { once(func() { order = append(order, up); ups <- up }) })
	}()
	for range 3 {
		within(t, "the channel is up", ups)
		eventually(t, "messages arrive", func() bool {
			_ = s.Changes().Publish(t.Context(), []byte("x"))
			return len(messages) > 50
		})
		for len(messages) > 0 {
			<-messages
		}
		p.kill()
		within(t, "the channel is down", ups)
		p.start()
	}
	within(t, "the channel is up", ups)
	stop()
	within(t, "the subscription ends", ended)
	if want := []bool{true, false, true, false, true, false, true, false}; !slices.Equal(order, want) {
		t.Errorf("states %v, want %v", order, want)
	}
	if n := overlaps.Load(); n != 0 {
		t.Errorf("%d callbacks overlapped", n)
	}
}

// BenchmarkChangeReachesASubscriber is the time from the call of Publish until another instance has the message.
func BenchmarkChangeReachesASubscriber(b *testing.B) {
	publisher, l := openTestServer(b), listenTo(b, openTestServer(b))
	within(b, "the channel is up", l.states)
	for b.Loop() {
		l.publish(b, publisher, "user")
		within(b, "the message", l.messages)
	}
}
