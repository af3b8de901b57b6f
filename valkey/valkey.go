// Package valkey is what several instances of the service share through a Valkey (or Redis) server: the rate counter, the
// change events, and a cache of today's totals. The database alone is authoritative: a Valkey server that is away, empty or
// restarted costs precision and speed, never charges.
package valkey

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"
)

const (
	// connectTimeout bounds a connection's dialing and its greeting, each.
	connectTimeout = time.Second

	// A silent connection is pinged every second and closed without an answer within another, so that the loss of a peer
	// that sends no FIN is known within about two.
	pingInterval = time.Second
	pingTimeout  = time.Second

	bufferBytes = 64 << 10
)

// Server is a Valkey server, whether it answers at the moment or not. It connects by itself when it is used, and again after
// every loss. It is safe for concurrent use.
type Server struct {
	counting valkeygo.Client // the rate counter alone, so that nothing else is in its queue
	general  valkeygo.Client
}

// Open prepares the server that the URL names: redis:// or valkey://, rediss:// or valkeys:// for TLS, with user, password,
// port and database number as usual. A server that is away is no error; a URL that cannot be used, or that the server
// refuses for its user, password or database, is one. Errors never hold the URL, which may hold a password.
func Open(ctx context.Context, rawURL string) (*Server, error) {
	options, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	var opened atomic.Bool
	options.DialCtxFn = func(ctx context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error) {
		if !opened.Load() {
			return nil, errNotOpened
		}
		if config != nil {
			return (&tls.Dialer{NetDialer: dialer, Config: config}).DialContext(ctx, "tcp", address)
		}
		return dialer.DialContext(ctx, "tcp", address)
	}
	counting := options
	counting.AlwaysPipelining = true
	// A call that gives up leaves its place in the queue only when the connection ends, and a full queue makes callers wait
	// beyond their deadline. 4096 places last for 25 ms of 160 000 calls a second, more than one server answers.
	counting.RingScaleEachConn = 12

	s := new(Server)
	if s.counting, err = lazyClient(counting); err != nil {
		return nil, err
	}
	if s.general, err = lazyClient(options); err != nil {
		s.counting.Close()
		return nil, err
	}
	opened.Store(true)
	if err := s.Ping(ctx); refused(err) {
		s.Close()
		return nil, fmt.Errorf("the Valkey server refuses the connection: check user, password and database number in the URL: %w", err)
	}
	return s, nil
}

var errNotOpened = errors.New("valkey: not opened")

// lazyClient makes a client that has no connection yet. The library's NewClient dials under a context of its own and blocks
// as long; here that dial fails at once, and the client that comes back with the error dials when it is used.
func lazyClient(options valkeygo.ClientOption) (valkeygo.Client, error) {
	c, err := valkeygo.NewClient(options)
	if c == nil {
		return nil, fmt.Errorf("valkey: %w", err)
	}
	return c, nil
}

func parse(rawURL string) (valkeygo.ClientOption, error) {
	// The causes are left out: they quote parts of the URL.
	errURL := errors.New("the Valkey URL must look like redis://[user:password@]host:port[/database], with rediss:// for TLS")
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Hostname() == "" || ambiguous(rawURL) {
		return valkeygo.ClientOption{}, errURL
	}
	switch u.Scheme {
	case "redis", "rediss", "valkey", "valkeys":
	default:
		return valkeygo.ClientOption{}, errURL
	}
	options, err := valkeygo.ParseURL(u.String())
	if err != nil {
		return valkeygo.ClientOption{}, errURL
	}
	if len(options.InitAddress) != 1 || options.Sentinel.MasterSet != "" {
		return valkeygo.ClientOption{}, errors.New("the Valkey URL must name one server, without addr or master_set")
	}
	options.ForceSingleClient = true // the kind of client that may be made while the server is away
	options.DisableCache = true
	options.DisableRetry = true // every caller has a way out of its own, and its own time for it
	options.PipelineMultiplex = -1
	options.Dialer.Timeout = connectTimeout
	options.Dialer.KeepAlive = pingInterval
	options.ConnWriteTimeout = pingTimeout
	options.ReadBufferEachConn, options.WriteBufferEachConn = bufferBytes, bufferBytes
	return options, nil
}

// ambiguous reports whether a URL has an @ that was not percent-encoded: more than one, or one after what the standard takes for the
// host. What is taken for the host may then be a part of the password, and errors name the host.
func ambiguous(rawURL string) bool {
	_, rest, _ := strings.Cut(rawURL, "//")
	end := strings.IndexAny(rest, "/?#")
	return strings.Count(rest, "@") > 1 || end >= 0 && strings.Contains(rest[end:], "@")
}

// refused reports whether the server answered that it will not serve us before the URL is corrected.
func refused(err error) bool {
	refusal := new(valkeygo.ValkeyError)
	if !errors.As(err, &refusal) {
		return false
	}
	said := strings.TrimPrefix(refusal.Error(), "ERR ")
	for _, reason := range []string{"WRONGPASS", "NOAUTH", "NOPERM", "AUTH", "DB index", "invalid DB index"} {
		if strings.HasPrefix(said, reason) {
			return true
		}
	}
	return false
}

// Ping pings the server, on the connections of the rate counter and of everything else. It waits
// for a second and a half at most, less if ctx ends before.
func (s *Server) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout+pingTimeout/2)
	defer cancel()
	for _, c := range []valkeygo.Client{s.general, s.counting} {
		if err := c.Do(ctx, c.B().Ping().Build()).Error(); err != nil {
			return fmt.Errorf("valkey: ping: %w", err)
		}
	}
	return nil
}

// Close ends the connections. Calls under way are answered first; later ones, and those of the parts, fail.
func (s *Server) Close() {
	s.counting.Close()
	s.general.Close()
}
