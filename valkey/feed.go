package valkey

import (
	"context"

	"codexible/accounts"
)

// ChangeFeed carries changes of keys, users and plans between instances through
// Valkey, beside the database's own channel. It is the faster way, and the only
// one where LISTEN does not work, as through a pooler. Whether a cache is
// up to date is known from the database's channel alone: a message that Valkey
// loses is not noticed.
type ChangeFeed struct {
	channel *Changes
	queue   chan accounts.Change
	closing chan struct{}
	sent    chan struct{}
}

// feedQueue is how many changes may wait for Valkey; beyond it they go by the
// database alone.
const feedQueue = 1024

// StartFeed starts publishing; Close ends it, the end of ctx does not.
func StartFeed(ctx context.Context, channel *Changes) *ChangeFeed {
	f := &ChangeFeed{channel: channel, queue: make(chan accounts.Change, feedQueue), closing: make(chan struct{}), sent: make(chan struct{})}
	go f.run(context.WithoutCancel(ctx))
	return f
}

// Changed publishes a change of this process. It does not wait.
func (f *ChangeFeed) Changed(c accounts.Change) {
	select {
	case f.queue <- c:
	default:
	}
}

// Up does nothing: a publisher caches nothing.
func (*ChangeFeed) Up(bool) {}

func (f *ChangeFeed) run(ctx context.Context) {
	defer close(f.sent)
	for {
		select {
		case c := <-f.queue:
			f.publish(ctx, c)
			continue
		case <-f.closing:
		}
		for {
			select {
			case c := <-f.queue:
				f.publish(ctx, c)
			default:
				return
			}
		}
	}
}

// publish sends one change. That the server is away is known from the rate
// counter, and the database's own channel carries the change too.
func (f *ChangeFeed) publish(ctx context.Context, c accounts.Change) {
	_ = f.channel.Publish(ctx, []byte(c.String()))
}

// Close publishes what waits.
func (f *ChangeFeed) Close() error {
	close(f.closing)
	<-f.sent
	return nil
}

// ChangeListener is called for changes that other instances made.
type ChangeListener interface{ Changed(c accounts.Change) }

// Follow passes on what other instances publish, until ctx ends.
func (f *ChangeFeed) Follow(ctx context.Context, l ChangeListener) {
	f.channel.Subscribe(ctx, func(payload []byte) {
		if c, ok := accounts.ParseChange(string(payload)); ok {
			l.Changed(c)
		}
	}, func(bool) {})
}
