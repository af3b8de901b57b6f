package mail

import (
	"bufio"
	"context"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is an SMTP server that fails as a test says.
type fake struct {
	net.Listener

	mu sync.Mutex
	// answers replace those to commands, by the first word of a command; "." answers a mail, and an
	// empty answer never comes.
	answers map[string]string
	// drops is after which line of a mail the connection ends; 0 for never.
	drops int
	// commands are all that came, mails the texts of those that were taken.
	commands, mails []string
}

// newFake starts a server that fails as set says.
func newFake(t *testing.T, set func(*fake)) *fake {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Listener: l, answers: map[string]string{}}
	if set != nil {
		set(f)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return f
}

func (f *fake) answer(command, usual string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if other, is := f.answers[command]; is {
		return other
	}
	return usual
}

func (f *fake) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	lines := bufio.NewReader(conn)
	say := func(text string) bool {
		if text == "" { // until the client leaves
			_, _ = lines.ReadString(0)
			return false
		}
		_, err := conn.Write([]byte(text + "\r\n"))
		return err == nil
	}
	if !say(f.answer("", "220 fake")) {
		return
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		f.mu.Lock()
		f.commands = append(f.commands, line)
		f.mu.Unlock()
		command, _, _ := strings.Cut(line, " ")
		usual := map[string]string{"EHLO": "250-fake\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8", "AUTH": "235 welcome", "DATA": "354 go on", "QUIT": "221 bye"}[command]
		if usual == "" {
			usual = "250 ok"
		}
		if !say(f.answer(command, usual)) || command == "QUIT" {
			return
		}
		if command == "DATA" && strings.HasPrefix(f.answer("DATA", usual), "354") && !f.take(lines, say) {
			return
		}
	}
}

func (f *fake) take(lines *bufio.Reader, say func(string) bool) bool {
	var text strings.Builder
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err != nil || n == f.drops {
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(line)
	}
	answer := f.answer(".", "250 2.0.0 queued as 42")
	if strings.HasPrefix(answer, "250") {
		f.mu.Lock()
		f.mails = append(f.mails, text.String())
		f.mu.Unlock()
	}
	return say(answer)
}

// asked are the commands that came.
func (f *fake) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.commands)
}

// taken are the mails that the server has.
func (f *fake) taken(t *testing.T) (all []*mail.Message) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range f.mails {
		m, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		all = append(all, m)
	}
	return all
}

// parse reads the URL of a server.
func parse(t *testing.T, text string) (Server, error) {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return ParseServer(u)
}

func newSender(t *testing.T, server string) *Sender {
	t.Helper()
	to, err := parse(t, server)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(to, &mail.Address{Name: "Codexible Köln", Address: "codexible@example.com"})
	s.patience = 5 * time.Second
	return s
}

// sends tries one mail by a fake.
func sends(t *testing.T, f *fake, change func(*Sender)) (Accepted, error) {
	t.Helper()
	s := newSender(t, "smtp://me:topsecret@"+f.Addr().String())
	if change != nil {
		change(s)
	}
	return s.Send(context.Background(), Message{ID: "5f2c", To: "ada@example.com", Subject: "Grüße", Text: strings.Repeat("A line — of text.\n", 20), At: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)})
}
